#include "base/err.h"
#include "evidence/sgx/sgx.h"

bool sgx_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret, struct att_err *err)
{
    const struct dcap_quote_wanted wanted = { DCAP_SGX, "sgx", ctx->lib->limits.quote_bytes_max };
    struct dcap_quote quote;

    if (!dcap_quote_parse(raw, &wanted, &quote, err))
        return false;
    struct sgx_evidence *ev = att_arena_alloc(ctx->arena, 1, sizeof *ev);
    if (!ev)
        return att_fail_memory(err, "sgx");
    ev->quote = quote;
    ev->body = dcap_enclave_read(quote.body);
    *ret = &ev->base;
    return true;
}

void sgx_destroy(struct att_evidence *base)
{
    struct sgx_evidence *ev = (struct sgx_evidence *)base; /* first member */

    if (!ev)
        return;
    dcap_pck_drop(ev->verification.pck);
    ev->verification.pck = NULL;
}
