/* POST /attest/SgxEnclave, /attest/OpenEnclave. */
#include "api/internal.h"

#include "base/err.h"

/* Why a stored policy said no is for those who may read the policy. Who sent the draft knows it already. */
static bool may_know(const struct service_attest_in *in, const struct att_err *err)
{
    return in->has_draft_policy || att_code_class(err->code) != ATT_CLASS_POLICY;
}

static bool attest(struct api_call *call, const char *type, const char *evidence_name)
{
    struct att_err err = { 0 };
    struct service_attest_in in = { .evidence_type = type };
    struct att_span token = { 0 };
    struct api_envelope envelope = { .arena = call->arena,
                                     .body = call->http->body,
                                     .limits = service_limits(call->service),
                                     .version = call->version,
                                     .evidence_name = evidence_name };

    if (!api_envelope_read(&envelope, &in, &err) ||
        !service_attest(call->service, call->provider, call->arena, &in, &token, &err) ||
        !api_answer_token(call, token, &err))
        api_refuse(call, &err, may_know(&in, &err));
    return true; /* answered, either way */
}

bool api_attest_sgx(struct api_call *call, struct att_err *err)
{
    (void)err; /* refusals are told here: how much of them depends on the caller's draft */
    return attest(call, "sgx", "quote");
}

bool api_attest_open_enclave(struct api_call *call, struct att_err *err)
{
    (void)err;
    return attest(call, "open-enclave", "report");
}
