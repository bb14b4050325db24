/* The compiled policy: its text, its checked tree and the arena that both live in. Immutable once made. */
#include <attest/policy.h>

#include "base/err.h"
#include "policy/ast.h"
#include "policy/checker.h"
#include "policy/complain.h"
#include "policy/eval.h"
#include "policy/language.h"
#include "policy/lint_entry.h"
#include "policy/parser.h"
#include "policy/queries.h"

#include <stdio.h>
#include <stdlib.h>

struct att_policy {
    struct att_arena *arena;
    struct att_span text;
    struct policy_ast ast;
};

/* The densest text is a rule of conditions without tests, `[]&&[]&&...`: 4 bytes for one node of under 256.
 */
enum { TREE_BYTES_PER_TEXT_BYTE = 64, TREE_BYTES_LEAST = 64 * 1024 };
_Static_assert(sizeof(struct policy_condition) <= (size_t)4 * TREE_BYTES_PER_TEXT_BYTE,
               "[]&& makes a condition");
_Static_assert(sizeof(struct policy_rule) <= (size_t)10 * TREE_BYTES_PER_TEXT_BYTE,
               "=>permit(); makes a rule");
_Static_assert(sizeof(struct policy_test) <= (size_t)7 * TREE_BYTES_PER_TEXT_BYTE, "type<1, makes a test");
_Static_assert(2 * sizeof(struct policy_expr) + sizeof(struct policy_query) <=
                   (size_t)16 * TREE_BYTES_PER_TEXT_BYTE,
               "JmesPath(1,\"2\"), is a call");
_Static_assert(sizeof(struct policy_assignment) <= (size_t)7 * TREE_BYTES_PER_TEXT_BYTE,
               "type=1, is assigned");

static bool check_size(struct att_span text, const struct att_limits *limits,
                       const struct policy_complaint *to)
{
    char expected[64];

    if (text.len <= limits->policy_bytes_max)
        return true;
    if (to->place)
        *to->place = (struct att_policy_place){ 1, 1 };
    (void)snprintf(expected, sizeof expected, "at most %zu bytes", limits->policy_bytes_max);
    return att_fail(to->err, ATT_POLICY_LIMIT, "policy:1:1", expected, "%zu bytes of text", text.len);
}

static bool compile(struct att_policy *p, const struct att_limits *limits, const struct policy_complaint *to)
{
    return policy_parse(p->arena, p->text, limits, to, &p->ast) &&
           policy_check(p->arena, &p->ast, limits, to);
}

bool att_policy_compile(struct att_span text, const struct att_limits *limits, struct att_policy **ret,
                        struct att_policy_place *ret_place, struct att_err *err)
{
    const struct att_limits *l = limits ? limits : &att_limits_default;
    const struct policy_complaint to = { err, ret_place };

    if (!check_size(text, l, &to))
        return false;
    struct att_policy *p = calloc(1, sizeof *p);
    if (!p)
        return att_fail_memory(err, "policy");
    p->arena = att_arena_new(TREE_BYTES_LEAST + (text.len + 1) * (TREE_BYTES_PER_TEXT_BYTE + 1));
    const char *copy = p->arena ? att_arena_dup(p->arena, text) : NULL;
    p->text = att_span_of(copy, text.len);
    if (!copy || !compile(p, l, &to)) {
        att_policy_free(p);
        return copy ? false : att_fail_memory(err, "policy");
    }
    *ret = p;
    return true;
}

void att_policy_free(struct att_policy *policy)
{
    if (!policy)
        return;
    policy_queries_free(&policy->ast);
    att_arena_free(policy->arena);
    free(policy);
}

struct att_span att_policy_text(const struct att_policy *policy)
{
    return policy->text;
}

const char *att_policy_version(const struct att_policy *policy)
{
    return policy_version_text(policy->ast.minor);
}

bool att_policy_eval(const struct att_policy *policy, struct att_arena *arena, struct att_claims *incoming,
                     const struct att_policy_options *options, struct att_policy_result *ret,
                     struct att_err *err)
{
    return policy_eval(&policy->ast, arena, incoming, options, ret, err);
}

bool att_policy_configure(const struct att_policy *policy, struct att_arena *arena,
                          struct att_claims *incoming, const struct att_limits *limits,
                          struct att_claims *ret_properties, struct att_err *err)
{
    return policy_eval_configuration(&policy->ast, arena, incoming, limits, ret_properties, err);
}

/* A condition whose test of the type is a literal looks at claims of that type alone; every other one at all of them. */
static bool condition_reads(const struct policy_condition *c, struct att_span type)
{
    const struct policy_test *t = c->type_test;

    return !t || att_span_eq(t->right.literal.text, type);
}

bool att_policy_reads(const struct att_policy *policy, const char *claim_type)
{
    struct att_span type = att_str(claim_type);

    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (const struct policy_rule *r = policy->ast.rules[s]; r; r = r->next)
            for (const struct policy_condition *c = r->conditions; c; c = c->next)
                if (condition_reads(c, type))
                    return true;
    return false;
}

bool att_policy_lint(const struct att_policy *policy, const char *evidence_type, struct att_arena *arena,
                     const struct att_policy_finding **ret, size_t *ret_count, struct att_err *err)
{
    return policy_lint(&policy->ast, policy->text, evidence_type, arena, ret, ret_count, err);
}
