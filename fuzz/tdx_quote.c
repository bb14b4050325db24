/* layers: evidence/tdx evidence/common collateral crypto claims codec base */
/* TDX quotes, versions 4 and 5, TD report 1.0 and 1.5: every part lies where the lengths say, together they are the whole
 * input, and the fields of the report are its bytes in order. */
#include "evidence/common/dcap_quote.h"
#include "evidence/tdx/tdx.h"

static void in_order(const uint8_t **at, struct att_span s)
{
    if (s.len > 0 && s.ptr < *at)
        __builtin_trap();
    if (s.len > 0)
        *at = s.ptr + s.len;
}

static void sections(const uint8_t *data, size_t size, const struct dcap_quote *q)
{
    const uint8_t *at = data;
    const uint8_t *end = data + size - q->trailing_bytes;
    size_t descriptor = q->version == 5 ? 6 : 0;

    if (q->tee != DCAP_TDX || q->version < 4 || q->version > 5)
        __builtin_trap();
    if (q->signed_bytes.ptr != data || q->body.ptr + q->body.len != data + q->signed_bytes.len ||
        q->signed_bytes.len != DCAP_HEADER_BYTES + descriptor + q->body.len)
        __builtin_trap();
    if (q->signature.len != 64 || q->att_key.len != 64 || q->qe_report.len != 384 ||
        q->qe_signature.len != 64)
        __builtin_trap();
    in_order(&at, q->signed_bytes);
    in_order(&at, q->signature);
    in_order(&at, q->att_key);
    in_order(&at, q->qe_report);
    in_order(&at, q->qe_signature);
    in_order(&at, q->qe_auth);
    in_order(&at, q->pck_chain);
    /* Nothing is left unread between the chain and what trails the section. */
    if (q->pck_chain.len > 0 && at != end)
        __builtin_trap();
    if (q->signed_bytes.len + 4 + 64 + 64 + 6 + 384 + 64 + 2 + q->qe_auth.len + 6 + q->pck_chain.len +
            q->trailing_bytes !=
        size)
        __builtin_trap();
}

static void field(const uint8_t **at, struct att_span s, size_t len)
{
    if (s.len != len || (len > 0 && s.ptr != *at))
        __builtin_trap();
    *at += len;
}

static void report(const struct dcap_quote *q)
{
    struct tdx_report t = tdx_report_read(q->body);
    bool later = q->body.len == DCAP_TD15_BODY_BYTES;
    const uint8_t *at = q->body.ptr;

    if ((!later && q->body.len != DCAP_TD10_BODY_BYTES) || (later && q->version != 5))
        __builtin_trap();
    field(&at, t.tee_tcb_svn, 16);
    field(&at, t.mrseam, 48);
    field(&at, t.mrsignerseam, 48);
    field(&at, t.seam_attributes, 8);
    field(&at, t.td_attributes, 8);
    field(&at, t.xfam, 8);
    field(&at, t.mrtd, 48);
    field(&at, t.mrconfigid, 48);
    field(&at, t.mrowner, 48);
    field(&at, t.mrownerconfig, 48);
    for (size_t i = 0; i < 4; i++)
        field(&at, t.rtmr[i], 48);
    field(&at, t.report_data, 64);
    field(&at, t.tee_tcb_svn2, later ? 16 : 0);
    field(&at, t.mrservicetd, later ? 48 : 0);
    if (at != q->body.ptr + q->body.len)
        __builtin_trap();
    if (tdx_debuggable(&t) != (t.td_attributes.ptr[0] != 0) ||
        tdx_bit(t.td_attribute_bits, TDX_PERFMON) != (t.td_attributes.ptr[7] >> 7) ||
        tdx_bit(t.xfam_bits, TDX_CET_U) != (t.xfam.ptr[1] >> 3 & 1))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dcap_quote_wanted wanted = { DCAP_TDX, "tdx", (size_t)64 * 1024 };
    struct dcap_quote q = { .version = 77 };
    struct att_err err = { 0 };

    if (dcap_quote_parse(att_span_of(data, size), &wanted, &q, &err)) {
        sections(data, size, &q);
        report(&q);
    } else if (err.code == ATT_OK || !err.where[0] || !err.text[0] || q.version != 77) {
        __builtin_trap();
    }
    return 0;
}
