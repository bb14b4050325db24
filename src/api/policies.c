/* /policies/TYPE: get, set, reset, history. */
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

static struct service_sent sent_of(const struct api_call *call, struct att_span body)
{
    return (struct service_sent){ .body = body, .by = call->changed_by, .request_id = call->request_id };
}

bool api_policy_put(struct api_call *call, struct att_err *err)
{
    const struct service_sent sent = sent_of(call, call->http->body);
    struct att_span token = { 0 };
    const char *type = NULL;

    return type_of(call, &type, err) &&
           service_policy_set(call->service, call->change, call->provider, call->arena, type, &sent, &token,
                              err) &&
           api_answer_token(call, token, err);
}

bool api_policy_reset(struct api_call *call, struct att_err *err)
{
    const struct service_sent sent = sent_of(call, call->http->body);
    struct att_span token = { 0 };
    const char *type = NULL;

    return type_of(call, &type, err) &&
           service_policy_reset(call->service, call->change, call->provider, call->arena, type, &sent, &token,
                                err) &&
           api_answer_token(call, token, err);
}

bool api_policy_history(struct api_call *call, struct att_err *err)
{
    struct att_span json = { 0 };
    const char *type = NULL;
    uint64_t before = 0;

    if (!type_of(call, &type, err) || !api_query_number(call, "before", 1, INT64_MAX, &before, err) ||
        !service_policy_history(call->service, call->provider, call->arena, type, before, &json, err))
        return false;
    api_answer_json(call, 200, json);
    return true;
}
