/* GET /certs and /.well-known/openid-configuration: for everybody. */
#include "api/internal.h"

bool api_certs(struct api_call *call, struct att_err *err)
{
    struct att_span json = { 0 };

    return service_certs_json(call->service, call->provider, call->arena, &json, err) &&
           api_answer_cached(call, json, err);
}

bool api_openid(struct api_call *call, struct att_err *err)
{
    struct att_span json = { 0 };

    return service_openid_json(call->service, call->provider, call->arena, &json, err) &&
           api_answer_cached(call, json, err);
}
