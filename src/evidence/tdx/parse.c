#include "base/err.h"
#include "base/reader.h"
#include "evidence/tdx/tdx.h"

static uint64_t bits_of(struct att_span eight)
{
    struct att_reader r = att_reader_of(eight);

    return att_take_u64le(&r);
}

struct tdx_report tdx_report_read(struct att_span body)
{
    struct att_reader r = att_reader_of(body);
    struct tdx_report t = { 0 };

    t.tee_tcb_svn = att_take(&r, 16);
    t.mrseam = att_take(&r, 48);
    t.mrsignerseam = att_take(&r, 48);
    t.seam_attributes = att_take(&r, 8);
    t.td_attributes = att_take(&r, 8);
    t.xfam = att_take(&r, 8);
    t.mrtd = att_take(&r, 48);
    t.mrconfigid = att_take(&r, 48);
    t.mrowner = att_take(&r, 48);
    t.mrownerconfig = att_take(&r, 48);
    for (size_t i = 0; i < 4; i++)
        t.rtmr[i] = att_take(&r, 48);
    t.report_data = att_take(&r, 64);
    if (body.len == DCAP_TD15_BODY_BYTES) {
        t.tee_tcb_svn2 = att_take(&r, 16);
        t.mrservicetd = att_take(&r, 48);
    }
    t.td_attribute_bits = bits_of(t.td_attributes);
    t.xfam_bits = bits_of(t.xfam);
    return t;
}

bool tdx_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret, struct att_err *err)
{
    const struct dcap_quote_wanted wanted = { DCAP_TDX, "tdx", ctx->lib->limits.quote_bytes_max };
    struct dcap_quote quote;

    if (!dcap_quote_parse(raw, &wanted, &quote, err))
        return false;
    struct tdx_evidence *ev = att_arena_alloc(ctx->arena, 1, sizeof *ev);
    if (!ev)
        return att_fail_memory(err, "tdx");
    ev->quote = quote;
    ev->report = tdx_report_read(quote.body);
    *ret = &ev->base;
    return true;
}

void tdx_destroy(struct att_evidence *base)
{
    struct tdx_evidence *ev = (struct tdx_evidence *)base; /* first member */

    if (!ev)
        return;
    dcap_pck_drop(ev->verification.pck);
    ev->verification.pck = NULL;
}
