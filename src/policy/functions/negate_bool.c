#include "policy/functions/implementations.h"
#include "policy/values.h"

bool policy_function_negate_bool(const struct policy_call *call, struct policy_values *ret)
{
    struct att_value v = { .kind = ATT_CLAIM_BOOL, .boolean = !policy_call_value(call, 0)->boolean };

    return policy_values_one(call->run, v, policy_call_read_only(call), ret);
}
