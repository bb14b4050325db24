/* The hardware's evidence inside: judged by the row of its own type, as if it had come alone with the runtime claims as its runtime
 * data. */
#include "base/err.h"
#include "evidence/guest/guest.h"

static const char *const inner_types[] = {
    [GUEST_TRUSTED_LAUNCH] = NULL, [GUEST_SNP] = "sev-snp", [GUEST_TDX] = "tdx"
};

/* What was given for the guest's evidence holds for the inner one, but for the bytes that are judged: certificates, bound data and
 * endorsements of others are not this report's. */
static void inner_prepare(const struct att_ctx *ctx, struct guest_evidence *ev)
{
    ev->inner_in = *ctx->in;
    ev->inner_in.evidence_type = inner_types[ev->isolation];
    ev->inner_in.evidence = ev->inner_raw;
    ev->inner_in.cert_chain = ev->inner_chain;
    ev->inner_in.uvm_endorsements = NULL;
    ev->inner_in.uvm_endorsement_count = 0;
    ev->inner_in.runtime =
        (struct att_bound_data){ .present = true, .json = true, .bytes = ev->runtime_data };
    ev->inner_in.init_time = (struct att_bound_data){ 0 };
    ev->inner_ctx = *ctx;
    ev->inner_ctx.in = &ev->inner_in;
    ev->inner_ctx.runtime = &ev->inner_in.runtime;
    ev->inner_ctx.init_time = &ev->inner_in.init_time;
}

bool guest_inner_parse(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err)
{
    const char *name = inner_types[ev->isolation];

    if (!name || ev->inner_raw.len == 0) /* the latter: a TDREPORT without a quote, which can be shown */
        return true;
    const struct att_verifier *type = ctx->verifier ? ctx->verifier(name) : NULL;
    if (!type)
        return att_fail(err, ATT_INTERNAL, "guest.IsolationInfo", "a verifier of the evidence inside",
                        "none");
    inner_prepare(ctx, ev);
    if (!type->parse(&ev->inner_ctx, ev->inner_raw, &ev->inner, err))
        return false;
    ev->inner_type = type;
    return true;
}

/* The caller's floor for Intel's evaluation sets: the pipeline looks at it for types of Intel's alone. */
static bool floor_kept(const struct guest_evidence *ev, struct att_err *err)
{
    uint32_t number = ev->inner->tcb.evaluation_number, floor = ev->inner_in.evaluation_number_min;

    return ev->isolation != GUEST_TDX || number >= floor ||
           att_fail(err, ATT_TCB_EVAL_NUMBER_TOO_LOW, "collateral.tcbEvaluationDataNumber",
                    "the caller's least number, or more", "%u", number);
}

bool guest_inner_verify(struct guest_evidence *ev, const struct att_collateral *c, struct att_err *err)
{
    struct att_err why = { 0 };

    if (ev->isolation == GUEST_TRUSTED_LAUNCH) {
        /* There are no levels of a launch that no hardware vouches for: trusted means trusted. */
        ev->base.tcb.status = ATT_STATUS_UP_TO_DATE;
        ev->base.tcb.platform = ATT_STATUS_UP_TO_DATE;
        return true;
    }
    bool ok = ev->inner_type->verify(&ev->inner_ctx, ev->inner, c, &why);
    ev->base.tcb = ev->inner->tcb;
    ev->base.test_root = ev->base.test_root || ev->inner->test_root;
    ev->base.missing = ev->inner->missing;
    ev->base.collateral_age_s = ev->inner->collateral_age_s;
    if (ok)
        return floor_kept(ev, err);
    if (why.code == ATT_RUNTIME_DATA_MISMATCH)
        why.code = ATT_HCL_RUNTIME_HASH_MISMATCH;
    if (err && err->code == ATT_OK)
        *err = why;
    return false;
}
