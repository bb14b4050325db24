/* POST /attest/SgxEnclave, /attest/OpenEnclave, /attest/TdxVm, /attest/SevSnpVm, /attest/AzureGuest. */
#include "api/internal.h"

#include "base/buf.h"
#include "base/err.h"

/* Why a stored policy said no is for those who may read the policy. Who sent the draft knows it already. */
static bool may_know(const struct api_call *call, const struct service_attest_in *in,
                     const struct att_err *err)
{
    return call->explain || in->has_draft_policy || att_code_class(err->code) != ATT_CLASS_POLICY;
}

/* Where an evaluation stopped tells of the policy: others read the documented sentence alone. */
static void documented_only(struct att_err *err)
{
    if (err->code == ATT_POLICY_EVALUATION)
        att_err_text(err, "Policy Evaluation Error has occurred");
}

static void refuse(struct api_call *call, const struct service_attest_in *in,
                   const struct service_attest_out *out, const struct att_err *err)
{
    bool tell = may_know(call, in, err);

    call->explanation = out->explanation;
    call->tcb = out->tcb;
    if (tell) {
        api_refuse(call, err, true);
        return;
    }
    struct att_err told = *err;
    documented_only(&told);
    api_refuse_telling(call, err, &told);
}

static void put_member(struct att_buf *text, const char *name, struct att_span json)
{
    if (json.len == 0)
        return;
    att_buf_printf(text, ",\"%s\":", name);
    att_buf_put(text, json);
}

static bool answer(struct api_call *call, const struct service_attest_out *out, struct att_err *err)
{
    struct att_buf text = { 0 };

    /* The 2018 form is a bare string, which has no room for more. */
    if ((out->explanation.len == 0 && out->tcb.len == 0) || call->version == API_2018_09_01_PREVIEW)
        return api_answer_token(call, out->token, err);
    att_buf_puts(&text, "{\"token\":\"");
    att_buf_put(&text, out->token);
    att_buf_putc(&text, '"');
    put_member(&text, "x-attestd-explanation", out->explanation);
    put_member(&text, "x-attestd-tcb", out->tcb);
    att_buf_putc(&text, '}');
    return api_answer_buf(call, 200, &text, err);
}

/* One more time when the item that was missing has come; this thread is not the loop's. What the collateral service says
 * about it explains more than that it is missing. */
static bool wait_for_item(struct api_call *call, const struct service_attest_out *out)
{
    if (out->missing.kind == ATT_ITEM_NONE || call->waited)
        return false;
    call->want = att_arena_alloc(call->arena, 1, sizeof *call->want);
    if (!call->want)
        return false;
    *call->want = out->missing;
    return true;
}

static bool attest(struct api_call *call, const char *type, const char *evidence_name)
{
    struct att_err err = { 0 };
    struct service_attest_in in = { .evidence_type = type };
    struct service_attest_out out = { 0 };
    struct api_envelope envelope = { .arena = call->arena,
                                     .body = call->http->body,
                                     .limits = service_limits(call->service),
                                     .version = call->version,
                                     .evidence_name = evidence_name };

    bool ok = api_envelope_read(&envelope, &in, &err);
    in.explain = call->explain; /* the caller's right, not the body's: the reader writes all the rest anew */
    in.newer_claims = call->version >= API_2023_04_01_PREVIEW;
    ok = ok && service_attest(call->service, call->provider, call->arena, &in, &out, &err) &&
         answer(call, &out, &err);
    if (ok || wait_for_item(call, &out))
        return true;
    bool told = err.code == ATT_COLLATERAL_MISSING && call->missing_why;
    refuse(call, &in, &out, told ? call->missing_why : &err);
    return true; /* answered, either way */
}

/* Refusals are told above: how much of them depends on the caller. */
bool api_attest_sgx(struct api_call *call, struct att_err *err)
{
    (void)err;
    return attest(call, "sgx", "quote");
}

bool api_attest_open_enclave(struct api_call *call, struct att_err *err)
{
    (void)err;
    return attest(call, "open-enclave", "report");
}

bool api_attest_tdx(struct api_call *call, struct att_err *err)
{
    (void)err;
    return attest(call, "tdx", "quote");
}

bool api_attest_sev_snp(struct api_call *call, struct att_err *err)
{
    (void)err;
    return attest(call, "sev-snp", "report");
}

bool api_attest_azure_guest(struct api_call *call, struct att_err *err)
{
    (void)err;
    return attest(call, "azure-guest", "attestationInfo");
}
