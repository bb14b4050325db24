#include "evidence/common/bound_data.h"
#include "evidence/tdx/tdx.h"

static const struct att_bound_kind runtime_kind = { "runtimeData.data", "first 32 bytes of REPORTDATA",
                                                    ATT_RUNTIME_DATA_MISMATCH };
static const struct att_bound_kind init_time_kind = { "initTimeData.data", "first 32 bytes of MRCONFIGID",
                                                      ATT_INIT_TIME_DATA_MISMATCH };

static bool bound(struct att_ctx *ctx, struct tdx_evidence *ev, struct att_err *err)
{
    return att_bound_check(ctx, &runtime_kind, ctx->runtime, ev->report.report_data.ptr, &ev->runtime_json,
                           err) &&
           att_bound_check(ctx, &init_time_kind, ctx->init_time, ev->report.mrconfigid.ptr,
                           &ev->init_time_json, err);
}

static bool trusted(struct att_ctx *ctx, struct tdx_evidence *ev, const struct att_collateral *c,
                    struct att_err *err)
{
    const struct dcap_measured_td td = { .tee_tcb_svn = ev->report.tee_tcb_svn,
                                         .tee_tcb_svn2 = ev->report.tee_tcb_svn2,
                                         .mrsignerseam = ev->report.mrsignerseam,
                                         .seam_attributes = ev->report.seam_attributes };

    return dcap_verify(ctx, &ev->quote, &td, c, &ev->verification, err) &&
           dcap_verify_tcb(ctx, &ev->quote, c, &ev->verification, err);
}

/* Cheap checks first: the hashes turn junk away before any certificate is looked at. Whoever asks for a diagnosis
 * is told the platform's level all the same; the reason stays the first one, and the answer stays no. */
static bool verified(struct att_ctx *ctx, struct tdx_evidence *ev, const struct att_collateral *c,
                     struct att_err *err)
{
    struct att_err second = { 0 };

    if (bound(ctx, ev, err))
        return trusted(ctx, ev, c, err);
    if (ctx->diagnose)
        (void)trusted(ctx, ev, c, &second); /* only what it measured is wanted */
    return false;
}

bool tdx_verify(struct att_ctx *ctx, struct att_evidence *base, const struct att_collateral *c,
                struct att_err *err)
{
    struct tdx_evidence *ev = (struct tdx_evidence *)base; /* first member */
    bool ok = verified(ctx, ev, c, err);

    dcap_verification_told(&ev->verification, err, base);
    return ok;
}
