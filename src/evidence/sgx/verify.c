#include "base/err.h"
#include "evidence/common/bound_data.h"
#include "evidence/sgx/sgx.h"

static const struct att_bound_kind runtime_kind = { "runtimeData.data", "first 32 bytes of REPORTDATA",
                                                    ATT_RUNTIME_DATA_MISMATCH };
static const struct att_bound_kind init_time_kind = { "initTimeData.data", "first 32 bytes of CONFIGID",
                                                      ATT_INIT_TIME_DATA_MISMATCH };

/* CONFIGID means something only when the enclave runs with KSS; zeros elsewhere must not match anything. */
static bool init_time_bound(struct att_ctx *ctx, struct sgx_evidence *ev, struct att_err *err)
{
    if (ctx->init_time->present && !ev->body.kss)
        return att_fail(err, ATT_INIT_TIME_DATA_MISMATCH, "sgx.quote.body.attributes",
                        "an enclave with KSS, whose CONFIGID holds the hash of the init-time data",
                        "an enclave without KSS");
    return att_bound_check(ctx, &init_time_kind, ctx->init_time, ev->body.config_id.ptr, &ev->init_time_json,
                           err);
}

static bool bound(struct att_ctx *ctx, struct sgx_evidence *ev, struct att_err *err)
{
    return att_bound_check(ctx, &runtime_kind, ctx->runtime, ev->body.report_data.ptr, &ev->runtime_json,
                           err) &&
           init_time_bound(ctx, ev, err);
}

static bool trusted(struct att_ctx *ctx, struct sgx_evidence *ev, const struct att_collateral *c,
                    struct att_err *err)
{
    return dcap_verify(ctx, &ev->quote, NULL, c, &ev->verification, err) &&
           dcap_verify_tcb(ctx, &ev->quote, c, &ev->verification, err);
}

/* Cheap checks first: the hashes turn junk away before any certificate is looked at. Whoever asks for a diagnosis
 * is told the platform's level all the same; the reason stays the first one, and the answer stays no. */
static bool verified(struct att_ctx *ctx, struct sgx_evidence *ev, const struct att_collateral *c,
                     struct att_err *err)
{
    struct att_err second = { 0 };

    if (bound(ctx, ev, err))
        return trusted(ctx, ev, c, err);
    if (ctx->diagnose)
        (void)trusted(ctx, ev, c, &second); /* only what it measured is wanted */
    return false;
}

bool sgx_verify(struct att_ctx *ctx, struct att_evidence *base, const struct att_collateral *c,
                struct att_err *err)
{
    struct sgx_evidence *ev = (struct sgx_evidence *)base; /* first member */
    bool ok = verified(ctx, ev, c, err);

    dcap_verification_told(&ev->verification, err, base);
    return ok;
}
