/* policy/run.h - the state of one evaluation, and which claims a condition selects.
 *
 * Work is counted: every claim that a condition or a set looks at is a step, and long texts that have to be compared or
 * copied cost a step for each 64 bytes; what functions do has prices of its own (functions/functions.def). When the
 * steps are used up `exhausted` is set and stays; selections made after that mean nothing, so the evaluator looks at it
 * before it believes any of them.
 */
#ifndef POLICY_RUN_H
#define POLICY_RUN_H

#include <attest/policy.h>

#include "policy/ast.h"
#include "policy/work.h"

struct policy_trace;

/* What an expression is worth: nothing, one value, or several. It may hold equal members: they count as one. */
struct policy_member {
    struct att_value value;
    bool read_only; /* may be tested and added, but not issued */
    bool passing;   /* a text in working memory: dies with the rule */
};
struct policy_values {
    const struct policy_member *items;
    size_t count;
};

/* The claims that a condition selected: indices into the incoming set, hits[first] to hits[first + count -
 * 1]. */
struct policy_binding {
    size_t first;
    size_t count;
};

/* The right side of a test that is a call: evaluated when the first claim gets as far as this test, then kept. */
struct policy_slot {
    bool known;
    struct policy_values values;
};

struct policy_run {
    const struct policy_ast *ast;
    struct att_arena *arena;
    struct att_claims *incoming;
    const struct att_limits *limits;
    size_t steps_left;
    size_t text_bytes_left;
    bool exhausted;
    bool out_of_memory;
    bool failed; /* policy_run_fail has said why */
    struct policy_work work;

    uint32_t *hits;
    size_t hit_count;
    size_t hit_capacity;
    struct policy_binding *bindings; /* of the current rule, by condition number - 1 */
    struct policy_slot *slots;       /* of the condition being looked at, by test slot - 1 */
    const struct policy_rule *rule;  /* the current one */

    struct policy_trace *trace; /* NULL unless asked for */
    struct att_err *err;
};

/* Takes `n` steps; false when there are not so many left. */
bool policy_run_charge(struct policy_run *run, size_t n);
/* Ends the evaluation with POLICY_EVALUATION at this place: "The rule at line N cannot be evaluated: FOUND."; always
 * false. */
bool policy_run_fail(struct policy_run *run, const struct policy_mark *at, const char *expected,
                     const char *found, ...) __attribute__((format(printf, 4, 5)));
/* A piece of working memory was refused by this arena: the policy's fault at its ceiling, else the machine's. False. */
bool policy_run_no_memory(struct policy_run *run, const struct att_arena *arena);
/* Selections and values mean nothing any more. */
static inline bool policy_run_stopped(const struct policy_run *run)
{
    return run->failed || run->exhausted || run->out_of_memory;
}

/* Steps that adding this claim takes: it is compared with every claim of the set. */
size_t policy_run_add_cost(const struct att_claims *set, const struct att_claim *claim);

/* Selects the claims that meet `c`, and binds them; false when there are none. A condition that nothing
 * refers to stops at the first one. */
bool policy_run_select(struct policy_run *run, const struct policy_condition *c);
/* One test against one claim. */
bool policy_run_test(struct policy_run *run, const struct policy_test *t, const struct att_claim *claim);
/* Same kind, same value; long texts are paid for. */
bool policy_run_equal(struct policy_run *run, const struct att_value *a, const struct att_value *b);

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
/* What the current rule may look at. Configuration rules act before evidence is judged: they see what the caller sent and
 * what they made themselves (A13 of the reference). */
static inline bool policy_run_sees(const struct policy_run *run, const struct att_claim *claim)
{
    return policy_sees(claim) &&
           (run->rule->section != SECTION_CONFIGURATION || claim->issuer != ATT_ISSUER_SERVICE);
}

#endif
