#include "policy/functions/implementations.h"
#include "policy/values.h"

#include <stdio.h>

/* Memory is zeroed, written and wiped: more than comparing costs. */
enum { MADE_BYTES_PER_STEP = 8 };

bool policy_function_append_string(const struct policy_call *call, struct policy_values *ret)
{
    struct policy_run *run = call->run;
    struct att_span a = policy_call_value(call, 0)->text;
    struct att_span b = policy_call_value(call, 1)->text;
    size_t max = run->limits->policy_json_bytes_max;
    struct policy_member *m = NULL;
    char expected[64];

    if (a.len > max || b.len > max - a.len) {
        (void)snprintf(expected, sizeof expected, "texts of together at most %zu bytes", max);
        return policy_call_fail(call, 1, expected, "found %zu bytes behind %zu", b.len, a.len);
    }
    if (!policy_run_charge(run, (a.len + b.len) / MADE_BYTES_PER_STEP) || !(m = policy_values_room(run, 1)))
        return false;
    uint8_t *text = att_arena_alloc(run->work.passing, a.len + b.len + 1, 1);
    if (!text)
        return policy_run_no_memory(run, run->work.passing);
    if (a.len > 0)
        memcpy(text, a.ptr, a.len);
    if (b.len > 0)
        memcpy(text + a.len, b.ptr, b.len);
    m->value = (struct att_value){ .kind = ATT_CLAIM_STRING, .text = { text, a.len + b.len } };
    m->passing = true;
    m->read_only = policy_call_read_only(call);
    *ret = (struct policy_values){ m, 1 };
    return true;
}
