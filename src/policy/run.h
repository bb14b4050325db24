/* policy/run.h - the state of one evaluation, and which claims a condition selects.
 *
 * Work is counted: every claim that a condition or a set looks at is a step, and long texts that have to be
 * compared byte by byte cost a step for each 64 bytes. When the steps are used up `exhausted` is set and
 * stays; selections made after that mean nothing, so the evaluator looks at it before it believes any of
 * them.
 */
#ifndef POLICY_RUN_H
#define POLICY_RUN_H

#include <attest/policy.h>

#include "policy/ast.h"

struct policy_trace;

/* The claims that a condition selected: indices into the incoming set, hits[first] to hits[first + count -
 * 1]. */
struct policy_binding {
    size_t first;
    size_t count;
};

struct policy_run {
    const struct policy_ast *ast;
    struct att_arena *arena;
    struct att_claims *incoming;
    const struct att_limits *limits;
    size_t steps_left;
    bool exhausted;
    bool out_of_memory;

    uint32_t *hits;
    size_t hit_count;
    size_t hit_capacity;
    struct policy_binding *bindings; /* of the current rule, by condition number - 1 */

    struct policy_trace *trace; /* NULL unless asked for */
    struct att_err *err;
};

/* Takes `n` steps; false when there are not so many left. */
bool policy_run_charge(struct policy_run *run, size_t n);

/* Steps that adding this claim takes: it is compared with every claim of the set. */
size_t policy_run_add_cost(const struct att_claims *set, const struct att_claim *claim);

/* Selects the claims that meet `c`, and binds them; false when there are none. A condition that nothing
 * refers to stops at the first one. */
bool policy_run_select(struct policy_run *run, const struct policy_condition *c);
/* One test against one claim. */
bool policy_run_test(struct policy_run *run, const struct policy_test *t, const struct att_claim *claim);

/* `property` of a claim as a value. */
struct att_value policy_property_of(const struct att_claim *claim, enum policy_property property);
/* The claim numbered `i` among those bound to `c`. Valid until a claim is added. */
const struct att_claim *policy_run_bound(const struct policy_run *run, const struct policy_condition *c,
                                         size_t i);
static inline size_t policy_run_bound_count(const struct policy_run *run, const struct policy_condition *c)
{
    return run->bindings[c->number - 1].count;
}

/* Policies never meet a JSON value: it is neither String nor Integer nor Boolean. */
static inline bool policy_sees(const struct att_claim *claim)
{
    return claim->value.kind != ATT_CLAIM_JSON;
}

#endif
