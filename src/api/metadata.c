#include "api/internal.h"

void api_certs(struct api_call *call)
{
    api_answer_json(call, 200, service_certs_json(call->service));
}

void api_openid(struct api_call *call)
{
    api_answer_json(call, 200, service_openid_json(call->service));
}
