/* POST /attest/SgxEnclave, /attest/OpenEnclave. From 2020 on the answer is {"token": ...}; the 2018 form
 * answers the bare JSON string. */
#include "api/internal.h"

#include "base/buf.h"
#include "base/err.h"

static void answer_token(struct api_call *call, struct att_span token)
{
    bool bare = call->version == API_2018_09_01_PREVIEW;
    struct att_buf text = { 0 };

    /* A compact JWS needs no escaping. */
    att_buf_puts(&text, bare ? "\"" : "{\"token\":\"");
    att_buf_put(&text, token);
    att_buf_puts(&text, bare ? "\"" : "\"}");
    char *copy = text.failed ? NULL : att_arena_dup(call->http->arena, att_buf_span(&text));
    struct att_span body = att_span_of(copy, copy ? text.len : 0);
    att_buf_free(&text);
    if (copy) {
        api_answer_json(call, 200, body);
        return;
    }
    struct att_err err = { 0 };
    (void)att_fail_memory(&err, "answer");
    api_answer_error(call, &err, false);
}

/* Why a stored policy said no is for those who may read the policy. Who sent the draft knows it already. */
static bool may_know(const struct service_attest_in *in, const struct att_err *err)
{
    return in->has_draft_policy || att_code_class(err->code) != ATT_CLASS_POLICY;
}

static void attest(struct api_call *call, const char *type, const char *evidence_name, const char *operation)
{
    struct att_err err = { 0 };
    struct service_attest_in in = { .evidence_type = type };
    struct att_span token = { 0 };
    struct api_envelope envelope = { .arena = call->http->arena,
                                     .body = call->http->body,
                                     .limits = service_limits(call->service),
                                     .version = call->version,
                                     .evidence_name = evidence_name };

    if (api_envelope_read(&envelope, &in, &err) &&
        service_attest(call->service, call->http->arena, &in, &token, &err)) {
        answer_token(call, token);
        return;
    }
    api_answer_error(call, &err, may_know(&in, &err));
    if (call->api->options.on_refusal)
        call->api->options.on_refusal(call->api->options.on_refusal_ctx, call->request_id, operation, &err);
}

void api_attest_sgx(struct api_call *call)
{
    attest(call, "sgx", "quote", "attest.sgx");
}

void api_attest_open_enclave(struct api_call *call)
{
    attest(call, "open-enclave", "report", "attest.open-enclave");
}
