#include "makers/plan.h"

#include "base/err.h"
#include "base/timetext.h"

#include <stdio.h>

#define DAY_S ((int64_t)86400)
/* PCK certificates: 2025-01-01 to 2032-01-01, or wider where the time of judgement needs it. */
#define PCK_FROM_UNIX_S ((int64_t)1735689600)
#define PCK_TO_UNIX_S   ((int64_t)1956528000)

static const uint8_t vendor_id[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                       0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
/* MRSIGNER of the production quoting enclaves: QE identities name them. */
static const uint8_t qe_mrsigner[32] = { 0x8c, 0x4f, 0x57, 0x75, 0xd7, 0x96, 0x50, 0x3e, 0x96, 0x13, 0x7f,
                                         0x77, 0xc6, 0x8a, 0x82, 0x9a, 0x00, 0x56, 0xac, 0x8d, 0xed, 0x70,
                                         0x14, 0x0b, 0x08, 0x1b, 0x09, 0x44, 0x90, 0xc5, 0x7b, 0xff };

static const uint8_t td_qe_mrsigner[32] = { 0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34,
                                            0xa7, 0xfc, 0x43, 0xed, 0x03, 0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba,
                                            0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5 };

/* What TCB info and quoting enclave are called for each kind. */
static const struct {
    const char *tcb_info_id, *qe_id;
    const uint8_t *qe_mrsigner;
    unsigned qe_product_id;
    uint32_t tee_type;
} kinds[] = {
    [ATT_TEE_SGX] = { "SGX", "QE", qe_mrsigner, 1, MK_TEE_SGX },
    [ATT_TEE_TDX] = { "TDX", "TD_QE", td_qe_mrsigner, 2, MK_TEE_TDX },
};

enum { FLAG_INIT = 0x01, FLAG_MODE64 = 0x04, FLAG_PROVISION_KEY = 0x10 };

static void put_le(uint8_t *to, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

static void fill_header(const struct mk_request *o, struct mk_header *h)
{
    *h = (struct mk_header){ .version = (uint16_t)o->quote_version, .key_type = 2 };
    h->tee_type = kinds[o->tee].tee_type;
    if (o->quote_version == 3) { /* reserved in the later versions */
        h->qe_svn = o->qe_isv_svn;
        h->pce_svn = o->platform.pce_svn;
    }
    memcpy(h->vendor_id, vendor_id, sizeof vendor_id);
    memset(h->user_data, 0x5a, 16); /* the QE id of this machine */
}

static void fill_qe_report(const struct mk_request *o, uint8_t report[MK_BODY_BYTES])
{
    memcpy(report, o->platform.cpu_svn, 16);
    put_le(report + 48, FLAG_INIT | FLAG_MODE64 | FLAG_PROVISION_KEY, 8);
    put_le(report + 56, 0xe7, 8);
    memset(report + 64, 0x51, 32);
    memcpy(report + 128, kinds[o->tee].qe_mrsigner, 32);
    put_le(report + 256, kinds[o->tee].qe_product_id, 2);
    put_le(report + 258, o->qe_isv_svn, 2);
}

static bool fill_quote(struct mk_plan *p, struct att_err *err)
{
    const struct mk_request *o = &p->o;
    struct mk_quote_plan *q = &p->quote;

    fill_header(o, &q->header);
    fill_qe_report(o, q->qe_report);
    q->signer = p->hw->key[MK_KEY_ATTESTATION];
    q->qe_signer = p->hw->key[MK_KEY_PCK];
    q->shape = o->signatures;
    q->auth_bytes = o->qe_auth_bytes;
    q->outer_type = 6;
    q->cert_type = 5;
    q->trailing_zeros = o->trailing_zeros;
    p->oe = (struct mk_oe_plan){ .version = 1, .type = 2 };
    return mk_body_fill(o, q, err) && mk_key_point(q->signer, q->key_point, err);
}

static bool fill_pck(struct mk_plan *p, enum mk_key ca, struct att_err *err)
{
    int64_t at = p->o.at_unix_s;

    if (!mk_hardware_cert_spec(p->hw, ca, &p->ca, err) ||
        !mk_hardware_cert_spec(p->hw, MK_KEY_ROOT, &p->root, err))
        return false;
    p->pck = (struct mk_cert_spec){
        .subject_cn = MK_CN_PCK,
        .issuer_cn = p->ca.subject_cn,
        .subject_key = p->hw->key[MK_KEY_PCK],
        .issuer_key = p->ca.subject_key,
        .signer = p->ca.subject_key,
        .not_before = at - DAY_S < PCK_FROM_UNIX_S ? at - DAY_S : PCK_FROM_UNIX_S,
        .not_after = at + 30 * DAY_S > PCK_TO_UNIX_S ? at + 30 * DAY_S : PCK_TO_UNIX_S,
        .ext_copies = 1,
    };
    mk_pck_extension_fill(&p->o.platform, p->o.ca, &p->pck.ext);
    if (!mk_serial_new(p->pck.serial, err))
        return false;
    p->chain[0] = &p->pck;
    p->chain[1] = &p->ca;
    p->chain[2] = &p->root;
    p->chain_count = 3;
    p->true_ca = p->ca;
    p->true_root = p->root;
    return true;
}

static bool fill_collateral(struct mk_plan *p, enum mk_key ca, struct att_err *err)
{
    const struct mk_hardware *hw = p->hw;
    int64_t at = p->o.at_unix_s;

    if (!mk_hardware_cert_spec(hw, MK_KEY_TCB_SIGNING, &p->tcb_chain.signer, err))
        return false;
    p->tcb_chain.root = p->root;
    p->qe_chain = p->tcb_chain;
    p->pck_crl = (struct mk_crl_spec){
        .issuer_cn = p->ca.subject_cn,
        .issuer_key = hw->key[ca],
        .signer = hw->key[ca],
        .this_update = at - DAY_S,
        .next_update = at + 29 * DAY_S,
    };
    p->root_crl = (struct mk_crl_spec){
        .issuer_cn = MK_CN_ROOT,
        .issuer_key = hw->key[MK_KEY_ROOT],
        .signer = hw->key[MK_KEY_ROOT],
        .this_update = at - DAY_S,
        .next_update = at + 364 * DAY_S,
    };
    return true;
}

static void fill_texts(struct mk_plan *p)
{
    struct att_time_text issued, next;
    struct mk_tcb_info_plan *t = &p->tcb_info;
    struct mk_qe_identity_plan *q = &p->qe_identity;
    struct mk_envelope_plan envelope = { .signer = p->hw->key[MK_KEY_TCB_SIGNING], .shape = p->o.signatures };

    (void)att_time_text(&issued, p->o.at_unix_s - DAY_S);
    (void)att_time_text(&next, p->o.at_unix_s + 29 * DAY_S);

    *t = (struct mk_tcb_info_plan){ .envelope = envelope,
                                    .id = kinds[p->o.tee].tcb_info_id,
                                    .first_level_components = 16,
                                    .first_level_tdx_components = 16 };
    t->envelope.name = "tcbInfo";
    t->version = t->version_named = p->o.tcb_info_version;
    memcpy(t->issued, issued.text, sizeof issued.text);
    memcpy(t->next, next.text, sizeof next.text);
    memcpy(t->fmspc, p->o.platform.fmspc, sizeof t->fmspc);
    memcpy(t->pce_id, p->o.platform.pce_id, sizeof t->pce_id);

    *q = (struct mk_qe_identity_plan){ .envelope = envelope,
                                       .id = kinds[p->o.tee].qe_id,
                                       .product_id = kinds[p->o.tee].qe_product_id };
    q->envelope.name = "enclaveIdentity";
    memcpy(q->issued, issued.text, sizeof issued.text);
    memcpy(q->next, next.text, sizeof next.text);
    memcpy(q->mrsigner, kinds[p->o.tee].qe_mrsigner, sizeof q->mrsigner);
    q->attributes[0] = FLAG_INIT | FLAG_PROVISION_KEY;
}

bool mk_plan_fill(const struct mk_hardware *hw, const struct mk_request *o, struct mk_plan *ret,
                  struct att_err *err)
{
    enum mk_key ca = o->ca == MK_CA_PLATFORM ? MK_KEY_PLATFORM_CA : MK_KEY_PROCESSOR_CA;

    *ret = (struct mk_plan){ .hw = hw, .o = *o };
    if (!fill_quote(ret, err) || !fill_pck(ret, ca, err) || !fill_collateral(ret, ca, err))
        return false;
    fill_texts(ret);
    return true;
}
