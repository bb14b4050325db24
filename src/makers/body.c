/* The report body of a quote: an enclave's or a trust domain's. */
#include "makers/plan.h"

enum { FLAG_INIT = 0x01, FLAG_DEBUG = 0x02, FLAG_MODE64 = 0x04, FLAG_KSS = 0x80 };
enum { TD_ATTRIBUTE_DEBUG = 0x01 };

static void put_le(uint8_t *to, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

/* Offsets: SGX enclave report body, Intel SGX ECDSA quote format. */
static bool fill_sgx(const struct mk_request *o, uint8_t *body, struct att_err *err)
{
    const struct mk_enclave *e = &o->enclave;
    uint64_t flags = FLAG_INIT | FLAG_MODE64;

    flags |= e->debug ? FLAG_DEBUG : 0;
    flags |= e->kss || o->has_init_time_data ? FLAG_KSS : 0;
    memcpy(body, o->platform.cpu_svn, 16);
    put_le(body + 16, e->misc_select, 4);
    memcpy(body + 32, e->ext_product_id, 16);
    put_le(body + 48, flags, 8);
    put_le(body + 56, e->xfrm, 8);
    memcpy(body + 64, e->mrenclave, 32);
    memcpy(body + 128, e->mrsigner, 32);
    memcpy(body + 192, e->config_id, 64);
    put_le(body + 256, e->product_id, 2);
    put_le(body + 258, e->svn, 2);
    put_le(body + 260, e->config_svn, 2);
    memcpy(body + 304, e->family_id, 16);
    memcpy(body + 320, e->report_data, 64);
    if (o->has_runtime_data && !mk_sha256(o->runtime_data, body + 320, err))
        return false;
    return !o->has_init_time_data || mk_sha256(o->init_time_data, body + 192, err);
}

/* Offsets: TD report, Intel TDX DCAP quote format. */
static bool fill_td(const struct mk_request *o, uint8_t *body, struct att_err *err)
{
    const struct mk_td *td = &o->td;

    memcpy(body, td->tee_tcb_svn, 16);
    memcpy(body + 16, td->mrseam, 48);
    memcpy(body + 64, td->mrsignerseam, 48);
    memcpy(body + 112, td->seam_attributes, 8);
    memcpy(body + 120, td->td_attributes, 8);
    body[120] |= td->debug ? TD_ATTRIBUTE_DEBUG : 0;
    memcpy(body + 128, td->xfam, 8);
    memcpy(body + 136, td->mrtd, 48);
    memcpy(body + 184, td->mrconfigid, 48);
    memcpy(body + 232, td->mrowner, 48);
    memcpy(body + 280, td->mrownerconfig, 48);
    for (size_t i = 0; i < 4; i++)
        memcpy(body + 328 + 48 * i, td->rtmr[i], 48);
    memcpy(body + 520, td->report_data, 64);
    if (td->report_15) {
        memcpy(body + 584, td->tee_tcb_svn2, 16);
        memcpy(body + 600, td->mrservicetd, 48);
    }
    if (o->has_runtime_data && !mk_sha256(o->runtime_data, body + 520, err))
        return false;
    return !o->has_init_time_data || mk_sha256(o->init_time_data, body + 184, err);
}

bool mk_body_fill(const struct mk_request *o, struct mk_quote_plan *q, struct att_err *err)
{
    if (o->tee == ATT_TEE_SGX) {
        q->body_type = MK_BODY_SGX;
        q->body_len = MK_BODY_BYTES;
        return fill_sgx(o, q->body, err);
    }
    q->body_type = o->td.report_15 ? MK_BODY_TD_15 : MK_BODY_TD_10;
    q->body_len = o->td.report_15 ? MK_TD_15_BODY_BYTES : MK_TD_BODY_BYTES;
    return fill_td(o, q->body, err);
}

size_t mk_body_measurement_at(const struct mk_request *o)
{
    return o->tee == ATT_TEE_SGX ? 64 : 136;
}
