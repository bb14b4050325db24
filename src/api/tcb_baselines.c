/* GET /tcbbaselines/TYPE: which evaluation sets there are, and which one the provider's policy asks for. */
#include "api/internal.h"

#include "base/err.h"

bool api_tcb_baselines(struct api_call *call, struct att_err *err)
{
    struct att_span segment = att_str(api_param(call, "type")), json = { 0 };
    const char *type = service_policy_type(segment);
    struct att_shown shown;

    if (!type)
        return att_fail(err, ATT_EVIDENCE_TYPE_UNKNOWN, "path.attestationType", "a type this service knows",
                        "%s", att_shown(&shown, segment));
    if (!service_tcb_baselines(call->service, call->provider, call->arena, type, &json, err))
        return false;
    api_answer_json(call, 200, json);
    return true;
}
