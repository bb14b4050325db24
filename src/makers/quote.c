#include "makers/plan.h"

#include "base/err.h"

static uint64_t length_of(struct mk_length l, size_t right)
{
    switch (l.how) {
    case MK_LENGTH_ADD:
        return (uint64_t)((int64_t)right + l.value);
    case MK_LENGTH_SET:
        return (uint64_t)l.value;
    case MK_LENGTH_RIGHT:
        break;
    }
    return right;
}

size_t mk_quote_section_at(const struct mk_plan *p)
{
    return MK_HEADER_BYTES + (p->o.quote_version == 5 ? 6u : 0u) + p->quote.body_len;
}

size_t mk_quote_qe_at(const struct mk_plan *p)
{
    /* behind: u32 length, signature, attestation key, and from version 4 on the head of the outer data */
    return mk_quote_section_at(p) + 4 + 64 + 64 + (p->o.quote_version >= 4 ? 6u : 0u);
}

static void put_header(const struct mk_plan *p, struct att_buf *out)
{
    const struct mk_quote_plan *q = &p->quote;

    att_buf_u16le(out, q->header.version);
    att_buf_u16le(out, q->header.key_type);
    att_buf_u32le(out, q->header.tee_type);
    att_buf_u16le(out, q->header.qe_svn);
    att_buf_u16le(out, q->header.pce_svn);
    att_buf_put(out, att_span_of(q->header.vendor_id, sizeof q->header.vendor_id));
    att_buf_put(out, att_span_of(q->header.user_data, sizeof q->header.user_data));
    if (p->o.quote_version == 5) {
        att_buf_u16le(out, q->body_type);
        att_buf_u32le(out, (uint32_t)length_of(q->body_size, q->body_len));
    }
    att_buf_put(out, att_span_of(q->body, q->body_len));
}

/* REPORTDATA of the QE report: SHA-256(attestation key || authentication data) and 32 zero bytes. */
static bool bind_key(const struct mk_quote_plan *q, struct att_span auth, uint8_t report[MK_BODY_BYTES],
                     struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf bound = { 0 };
    uint8_t *data = report + 320;

    memcpy(report, q->qe_report, MK_BODY_BYTES);
    att_buf_put(&bound, att_span_of(q->key_point, sizeof q->key_point));
    att_buf_put(&bound, auth);
    if (bound.failed)
        return att_fail_memory(err, "makers.quote");
    if (!mk_sha256(att_buf_span(&bound), data, err))
        return false;
    for (size_t i = 0; i < 64; i++)
        data[i] ^= q->qe_data_xor[i];
    return true;
}

/* QE report, its signature, authentication data, certification data. */
static bool put_qe_part(const struct mk_plan *p, struct att_span chain, struct att_buf *out,
                        struct att_err *err)
{
    const struct mk_quote_plan *q = &p->quote;
    ATT_AUTO(att_buf_free) struct att_buf auth = { 0 };
    uint8_t report[MK_BODY_BYTES], sig[64];

    for (size_t i = 0; i < q->auth_bytes; i++)
        att_buf_putc(&auth, (char)(uint8_t)i);
    if (auth.failed)
        return att_fail_memory(err, "makers.quote");
    if (!bind_key(q, att_buf_span(&auth), report, err) ||
        !mk_sign_raw(q->qe_signer, att_span_of(report, sizeof report), q->shape, sig, err))
        return false;
    att_buf_put(out, att_span_of(report, sizeof report));
    att_buf_put(out, att_span_of(sig, sizeof sig));
    att_buf_u16le(out, (uint16_t)length_of(q->auth_length, auth.len));
    att_buf_put(out, att_buf_span(&auth));
    att_buf_u16le(out, q->cert_type);
    att_buf_u32le(out, (uint32_t)length_of(q->cert_length, chain.len));
    att_buf_put(out, chain);
    return true;
}

static bool put_section(const struct mk_plan *p, struct att_span chain, struct att_span signed_bytes,
                        struct att_buf *out, struct att_err *err)
{
    const struct mk_quote_plan *q = &p->quote;
    ATT_AUTO(att_buf_free) struct att_buf inner = { 0 };
    uint8_t sig[64] = { 0 };

    if (!put_qe_part(p, chain, &inner, err))
        return false;
    if (!q->zero_signature && !mk_sign_raw(q->signer, signed_bytes, q->shape, sig, err))
        return false;
    att_buf_put(out, att_span_of(sig, sizeof sig));
    att_buf_put(out, att_span_of(q->key_point, sizeof q->key_point));
    if (p->o.quote_version >= 4) {
        att_buf_u16le(out, q->outer_type);
        att_buf_u32le(out, (uint32_t)length_of(q->outer_length, inner.len));
    }
    att_buf_put(out, att_buf_span(&inner));
    out->failed |= inner.failed;
    return true;
}

static void spoil(const struct mk_plan *p, struct att_buf *out)
{
    if (p->flip.used && p->flip.at < out->len)
        out->ptr[p->flip.at] ^= p->flip.bits;
    if (p->cut.used && p->cut.len <= out->len)
        out->len = p->cut.from_end ? out->len - p->cut.len : p->cut.len;
}

bool mk_quote_put(const struct mk_plan *p, struct att_span chain, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf section = { 0 };

    put_header(p, out);
    if (out->failed || !put_section(p, chain, att_buf_span(out), &section, err))
        return out->failed ? att_fail_memory(err, "makers.quote") : false;
    att_buf_u32le(out, (uint32_t)length_of(p->quote.sig_length, section.len));
    att_buf_put(out, att_buf_span(&section));
    att_buf_fill(out, 0, p->quote.trailing_zeros);
    if (out->failed || section.failed)
        return att_fail_memory(err, "makers.quote");
    spoil(p, out);
    return true;
}

void mk_oe_put(const struct mk_oe_plan *oe, struct att_span quote, struct att_buf *out)
{
    att_buf_u32le(out, oe->version);
    att_buf_u32le(out, oe->type);
    att_buf_u64le(out, length_of(oe->size, quote.len));
    att_buf_put(out, quote);
    if (oe->trailing)
        att_buf_putc(out, '\0');
    if (!out->failed && oe->cut.used && oe->cut.len <= out->len)
        out->len = oe->cut.len;
}
