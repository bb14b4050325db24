#include "policy/values.h"

#include "policy/functions/function.h"

struct policy_member *policy_values_room(struct policy_run *run, size_t count)
{
    struct att_arena *passing = policy_work_passing(&run->work);
    struct policy_member *room = passing ? att_arena_alloc(passing, count ? count : 1, sizeof *room) : NULL;

    if (!room)
        (void)policy_run_no_memory(run, passing);
    return room;
}

bool policy_values_one(struct policy_run *run, struct att_value value, bool read_only,
                       struct policy_values *ret)
{
    struct policy_member *m = policy_values_room(run, 1);

    if (!m)
        return false;
    *m = (struct policy_member){ .value = value, .read_only = read_only };
    *ret = (struct policy_values){ m, 1 };
    return true;
}

/* `NAME.property`: of all claims that the condition selected (4.3), not one evaluation for each. */
static bool values_of_access(struct policy_run *run, const struct policy_expr *e, struct policy_values *ret)
{
    size_t count = policy_run_bound_count(run, e->condition);
    struct policy_member *m = policy_run_charge(run, count) ? policy_values_room(run, count) : NULL;

    if (!m)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct att_claim *claim = policy_run_bound(run, e->condition, i);
        m[i].value = policy_property_of(claim, e->property);
        m[i].read_only = e->property == PROPERTY_VALUE && (claim->flags & ATT_CLAIM_READ_ONLY);
    }
    *ret = (struct policy_values){ m, count };
    return true;
}

bool policy_values_of(struct policy_run *run, const struct policy_expr *e, struct policy_values *ret)
{
    switch (e->kind) {
    case EXPR_LITERAL:
        return policy_values_one(run, e->literal, false, ret);
    case EXPR_ACCESS:
        return values_of_access(run, e, ret);
    case EXPR_CALL:
        return policy_call_run(run, e, ret);
    }
    return false;
}
