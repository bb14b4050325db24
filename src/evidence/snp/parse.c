/* A bare report, or a report with a certificate table behind it (extended report). */
#include "base/err.h"
#include "evidence/snp/snp.h"

static bool length_good(const struct att_ctx *ctx, struct att_span raw, struct att_err *err)
{
    static const char expected[] = "1184 bytes, or as many and a certificate table";
    const char *form = snp_recognised(raw);

    if (raw.len == SNP_REPORT_BYTES)
        return true;
    if (raw.len > ctx->lib->limits.quote_bytes_max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "sevsnp", "evidence within quote_bytes_max", "%zu bytes",
                        raw.len);
    if (form)
        return att_fail(err, ATT_SNP_LENGTH, "sevsnp", expected, "%s", form);
    if (raw.len < SNP_REPORT_BYTES + SNP_TABLE_ENTRY_BYTES)
        return att_fail(err, ATT_SNP_LENGTH, "sevsnp", expected, "%zu bytes", raw.len);
    return true;
}

bool snp_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret, struct att_err *err)
{
    if (!length_good(ctx, raw, err))
        return false;
    struct snp_evidence *ev = att_arena_alloc(ctx->arena, 1, sizeof *ev);
    if (!ev)
        return att_fail_memory(err, "sevsnp");
    if (!snp_report_parse(att_span_of(raw.ptr, SNP_REPORT_BYTES), &ev->report, err))
        return false;
    ev->has_table = raw.len > SNP_REPORT_BYTES;
    if (ev->has_table &&
        !snp_cert_table_parse(att_span_of(raw.ptr + SNP_REPORT_BYTES, raw.len - SNP_REPORT_BYTES), &ev->table,
                              err))
        return false;
    *ret = &ev->base;
    return true;
}

bool snp_chain_find(const struct att_ctx *ctx, const struct snp_evidence *ev, struct snp_chain_in *ret)
{
    const struct att_span *certs = ev->table.certs;
    bool vlek = ev->report.signing_key == SNP_KEY_VLEK;
    struct snp_chain_in in = { .pem = ctx->in->cert_chain };

    if (in.pem.len == 0) {
        in.der[SNP_CHAIN_LEAF] = certs[vlek ? SNP_TABLE_VLEK : SNP_TABLE_VCEK];
        in.der[SNP_CHAIN_ASK] = certs[SNP_TABLE_ASK];
        in.der[SNP_CHAIN_ARK] = certs[SNP_TABLE_ARK];
        for (size_t i = 0; i < SNP_CHAIN_CERTS; i++)
            if (in.der[i].len == 0)
                return false;
    }
    *ret = in;
    return true;
}

void snp_destroy(struct att_evidence *base)
{
    struct snp_evidence *ev = (struct snp_evidence *)base; /* first member */

    if (!ev)
        return;
    snp_chain_drop(ev->chain);
    ev->chain = NULL;
}
