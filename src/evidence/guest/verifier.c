#include "evidence/guest/verifier.h"

#include "base/err.h"

static bool parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret, struct att_err *err)
{
    (void)ctx, (void)raw, (void)ret;
    return att_fail(err, ATT_EVIDENCE_TYPE_UNKNOWN, "evidence_type", "a type that can be judged",
                    "azure-guest");
}

static void destroy(struct att_evidence *ev)
{
    (void)ev;
}

const struct att_verifier guest_verifier = {
    .name = "azure-guest", .attestation_type = "azurevm", .parse = parse, .destroy = destroy
};
