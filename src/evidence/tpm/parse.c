#include "base/err.h"
#include "evidence/tpm/tpm.h"

bool tpm_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret, struct att_err *err)
{
    struct tpm_evidence *ev = att_arena_alloc(ctx->arena, 1, sizeof *ev);

    if (!ev)
        return att_fail_memory(err, "tpm");
    if (!tpm_request_read(ctx->arena, &ctx->lib->limits, raw, &ev->request, err))
        return false;
    *ret = &ev->base;
    return true;
}

void tpm_destroy(struct att_evidence *base)
{
    struct tpm_evidence *ev = (struct tpm_evidence *)base; /* first member */

    if (!ev)
        return;
    att_jwk_free(&ev->signer);
    att_jwk_free(&ev->aik);
}
