#include "policy/functions/implementations.h"
#include "policy/values.h"

/* As with IsSubsetOf the answer may be issued, whatever was looked at. */
bool policy_function_contains_only_value(const struct policy_call *call, struct policy_values *ret)
{
    const struct policy_values *set = &call->arguments[0];
    struct att_value v = { .kind = ATT_CLAIM_BOOL, .boolean = set->count > 0 };

    for (size_t i = 0; i < set->count && v.boolean; i++)
        v.boolean = policy_run_charge(call->run, 1) &&
                    policy_run_equal(call->run, &set->items[i].value, policy_call_value(call, 1));
    return !policy_run_stopped(call->run) && policy_values_one(call->run, v, false, ret);
}
