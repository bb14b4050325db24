/* A report of the paravisor, alone or with a quote of the guest's TPM: what tools read out of a machine. There is no key in it
 * that an answer could be sealed to, and no word of the guest about itself. */
#include "base/err.h"
#include "evidence/guest/guest.h"
#include "evidence/guest/members.h"

static bool hcl_taken(struct att_ctx *ctx, struct att_span raw, struct guest_evidence *ev,
                      struct att_err *err)
{
    if (!hcl_read(raw, &ev->hcl, err))
        return false;
    ev->hcl_form = true;
    ev->isolation = ev->hcl.kind == HCL_SNP ? GUEST_SNP : GUEST_TDX;
    ev->runtime_data = ev->hcl.runtime;
    if (ev->isolation == GUEST_SNP) {
        ev->inner_raw = ev->hcl.hw_report;
        ev->inner_chain = ctx->in->cert_chain;
    }
    return true;
}

bool guest_hcl_read(struct att_ctx *ctx, struct att_span raw, struct guest_evidence *ev, struct att_err *err)
{
    return hcl_taken(ctx, raw, ev, err) && guest_inner_parse(ctx, ev, err);
}

/* A TDREPORT can be checked on its own machine alone: elsewhere it takes a quote made of it. */
static bool td_quote_read(const struct guest_members *m, struct guest_evidence *ev, struct att_err *err)
{
    struct att_span quote = { 0 };

    if (!guest_member_bytes(m, "TdQuote", GUEST_OPTIONAL, &quote, err))
        return false;
    if (ev->isolation == GUEST_TDX)
        ev->inner_raw = quote;
    else if (quote.len > 0)
        return guest_member_bad(m, "TdQuote", "none beside an SNP report", "one", err);
    return true;
}

static bool quote_read(const struct guest_members *m, struct guest_evidence *ev, struct att_err *err)
{
    struct guest_tpm *t = &ev->tpm;

    if (guest_member(m, "PcrQuote") == ATT_JSON_NONE)
        return true;
    return guest_member_bytes(m, "PcrQuote", GUEST_REQUIRED, &t->quote, err) &&
           guest_member_bytes(m, "PcrSignature", GUEST_REQUIRED, &t->quote_signature, err) &&
           guest_member_pcrs(m, &t->pcrs, err) &&
           guest_member_bytes(m, "TcgLogs", GUEST_OPTIONAL, &ev->logs, err);
}

bool guest_bundle_read(struct att_ctx *ctx, const struct att_json *doc, struct guest_evidence *ev,
                       struct att_err *err)
{
    const struct guest_members m = { doc, ctx->arena, "guest", ATT_JSON_ROOT };
    struct att_span raw = { 0 };

    return guest_member_bytes(&m, "HclReport", GUEST_REQUIRED, &raw, err) && hcl_taken(ctx, raw, ev, err) &&
           td_quote_read(&m, ev, err) && quote_read(&m, ev, err) && guest_inner_parse(ctx, ev, err);
}
