#include "policy/functions/implementations.h"
#include "policy/values.h"

static bool contains(struct policy_run *run, const struct policy_values *set, const struct att_value *v)
{
    for (size_t i = 0; i < set->count; i++) {
        if (!policy_run_charge(run, 1))
            return false;
        if (policy_run_equal(run, &set->items[i].value, v))
            return true;
    }
    return false;
}

/* Pairs are compared, and every comparison is paid for: large sets run out of steps, not of time. The answer says
 * something about read-only values, but not what they are: it may be issued. */
bool policy_function_is_subset_of(const struct policy_call *call, struct policy_values *ret)
{
    const struct policy_values *a = &call->arguments[0];
    struct att_value v = { .kind = ATT_CLAIM_BOOL, .boolean = true };

    for (size_t i = 0; i < a->count && v.boolean; i++)
        v.boolean = contains(call->run, &call->arguments[1], &a->items[i].value);
    return !policy_run_stopped(call->run) && policy_values_one(call->run, v, false, ret);
}
