/* policy/ast.h - a policy as a tree. The parser fills it, the checker resolves names and picks out what an
 * action needs; from then on it is read only, and shared by all threads that evaluate it. Everything lives in
 * one arena.
 *
 * Lists are in the order of the text. Fields under "checker" are zero after parsing.
 */
#ifndef POLICY_AST_H
#define POLICY_AST_H

#include <attest/claims.h>

#include "policy/token.h"

enum policy_section { SECTION_CONFIGURATION, SECTION_AUTHORIZATION, SECTION_ISSUANCE, SECTION_COUNT };
enum policy_property { PROPERTY_TYPE, PROPERTY_VALUE, PROPERTY_VALUE_TYPE, PROPERTY_ISSUER };
enum policy_compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };
enum policy_action_kind { ACTION_PERMIT, ACTION_DENY, ACTION_ADD, ACTION_ISSUE, ACTION_ISSUE_PROPERTY };
enum policy_expr_kind { EXPR_LITERAL, EXPR_ACCESS, EXPR_CALL };

struct policy_function; /* a row of functions/functions.def */
struct att_jmespath;

/* A literal, `name.property` (that property of all claims which the condition `name` selected), or a call. */
struct policy_expr {
    enum policy_expr_kind kind;
    struct policy_mark at;
    struct att_value literal;
    struct policy_mark name;
    enum policy_property property;
    const struct policy_function *function;
    struct policy_expr *arguments; /* of a call, in order, by `next` */
    struct policy_expr *next;
    /* checker */
    const struct policy_condition *condition;
    const struct att_jmespath
        *query; /* a literal that is a query, compiles as one, and is kept compiled; owned by the
                                       * policy. NULL does not say that it is wrong: see queries.c */
};

/* Queries that were compiled with the policy, and are freed with it. */
struct policy_query {
    struct att_jmespath *query;
    struct policy_query *next;
};

/* `value >= 5` inside brackets. */
struct policy_test {
    struct policy_mark at;
    struct policy_mark op_at;
    enum policy_property property;
    enum policy_compare op;
    struct policy_expr right;
    struct policy_test *next;
    /* checker */
    unsigned
        slot; /* from 1: where an evaluation keeps the value of a right side that is a call; 0 for others */
};

/* `! name:[test, test]` */
struct policy_condition {
    struct policy_mark at;
    bool negated;
    struct policy_mark name; /* empty text when it has none */
    unsigned number;         /* in its rule, from 1 */
    struct policy_test *tests;
    struct policy_condition *next;
    /* checker */
    bool used; /* something refers to it: all its claims are needed, not only the first */
    const struct policy_test *type_test; /* `type == literal`, the test worth trying first; or NULL */
};

/* `value = c.value` inside an action. */
struct policy_assignment {
    enum policy_property property;
    struct policy_mark at;
    struct policy_expr right;
    struct policy_assignment *next;
};

struct policy_action {
    enum policy_action_kind kind;
    struct policy_mark at;
    struct policy_mark copied; /* `claim = NAME`; empty text when the claim is spelled out */
    struct policy_assignment *assignments;
    /* checker */
    const struct policy_condition *copied_condition;
    struct att_span type;
    const struct policy_expr *value;
    bool has_kind; /* valueType was given: every value must be of this kind */
    enum att_claim_kind kind_wanted;
};

struct policy_rule {
    enum policy_section section;
    struct policy_mark at; /* from its first token to its semicolon */
    struct policy_condition *conditions;
    unsigned condition_count;
    unsigned number; /* in the policy, from 0 */
    struct policy_action action;
    struct policy_rule *next;
};

struct policy_ast {
    unsigned minor; /* of version 1.minor */
    struct policy_rule *rules[SECTION_COUNT];
    unsigned rule_count;
    unsigned conditions_max; /* conditions of the rule that has most */
    /* checker */
    unsigned slots_max; /* calls as right sides, in the condition that has most */
    struct policy_query *queries;
    size_t query_count;
    size_t query_bytes; /* of their texts */
};

#endif
