/* GET /certs and /.well-known/openid-configuration: for everybody. */
#include "api/internal.h"

#include "base/err.h"

/* Copied: the provider that the text belongs to may go before the answer has left. */
static bool answer(struct api_call *call, struct att_span json, struct att_err *err)
{
    char *copy = att_arena_dup(call->arena, json);

    if (!copy)
        return att_fail_memory(err, "answer");
    api_answer_json(call, 200, att_span_of(copy, json.len));
    return true;
}

bool api_certs(struct api_call *call, struct att_err *err)
{
    struct att_span json = { 0 };

    return service_certs_json(call->service, call->provider, &json, err) && answer(call, json, err);
}

bool api_openid(struct api_call *call, struct att_err *err)
{
    struct att_span json = { 0 };

    return service_openid_json(call->service, call->provider, &json, err) && answer(call, json, err);
}
