/* GET and PUT /policies/TYPE, GET /certificates. */
#include "api/internal.h"

#include "base/buf.h"
#include "base/err.h"

bool api_answer_token(struct api_call *call, struct att_span token, struct att_err *err)
{
    bool bare = call->version == API_2018_09_01_PREVIEW;
    struct att_buf text = { 0 };

    /* A compact JWS needs no escaping. */
    att_buf_puts(&text, bare ? "\"" : "{\"token\":\"");
    att_buf_put(&text, token);
    att_buf_puts(&text, bare ? "\"" : "\"}");
    return api_answer_buf(call, 200, &text, err);
}

static bool type_of(const struct api_call *call, const char **ret, struct att_err *err)
{
    struct att_shown shown;
    struct att_span segment = att_str(api_param(call, "type"));

    *ret = service_policy_type(segment);
    return *ret || att_fail(err, ATT_EVIDENCE_TYPE_UNKNOWN, "path.attestationType",
                            "a type this service knows", "%s", att_shown(&shown, segment));
}

bool api_policy_get(struct api_call *call, struct att_err *err)
{
    struct att_span token = { 0 };
    const char *type = NULL;

    return type_of(call, &type, err) &&
           service_policy_get(call->service, call->provider, call->arena, type, &token, err) &&
           api_answer_token(call, token, err);
}

bool api_policy_put(struct api_call *call, struct att_err *err)
{
    struct att_span token = { 0 };
    const char *type = NULL;

    return type_of(call, &type, err) &&
           service_policy_set(call->service, call->change, call->provider, call->arena, type,
                              call->http->body, call->changed_by, &token, err) &&
           api_answer_token(call, token, err);
}

bool api_signers_get(struct api_call *call, struct att_err *err)
{
    struct att_span token = { 0 };

    return service_signers_get(call->service, call->provider, call->arena, &token, err) &&
           api_answer_token(call, token, err);
}
