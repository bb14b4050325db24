#include "evidence/tpm/verifier.h"

#include "base/err.h"

static bool parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret, struct att_err *err)
{
    (void)ctx, (void)raw, (void)ret;
    return att_fail(err, ATT_EVIDENCE_TYPE_UNKNOWN, "evidence_type", "a type that can be judged", "tpm");
}

static void destroy(struct att_evidence *ev)
{
    (void)ev;
}

const struct att_verifier tpm_verifier = {
    .name = "tpm", .attestation_type = "tpm", .parse = parse, .destroy = destroy
};
