/* policy/lint.h - what compiles and is probably not what was meant. The rules that the lint knows, and what its parts share.
 *
 * Nothing is guessed: a finding says something that holds for all evidence, or names a text that means something else than
 * it says. Rules are walked in the order in which they run; what an earlier rule can make is a source for later ones.
 */
#ifndef POLICY_LINT_H
#define POLICY_LINT_H

#include <attest/policy.h>

#include "policy/ast.h"
#include "policy/lint_claims.h"

/* Stable names; docs/policies-as-code.md has a line for each. X(ID, NAME) */
#define LINT_RULES(X)                                                                                        \
    X(PERMITS_EVERYTHING, "permits-everything")                                                              \
    X(PERMITS_NOTHING, "permits-nothing")                                                                    \
    X(DEBUG_ALLOWED, "debug-allowed")                                                                        \
    X(DEBUG_REQUIRED, "debug-required")                                                                      \
    X(ISSUER_NOT_TESTED, "issuer-not-tested")                                                                \
    X(CONTRADICTION, "contradiction")                                                                        \
    X(WRONG_KIND, "wrong-kind")                                                                              \
    X(UNKNOWN_CLAIM, "unknown-claim")                                                                        \
    X(NEVER_MADE, "never-made")                                                                              \
    X(ALWAYS_TRUE, "always-true")                                                                            \
    X(DUPLICATE_RULE, "duplicate-rule")                                                                      \
    X(UNUSED_NAME, "unused-name")                                                                            \
    X(UNUSED_CLAIM, "unused-claim")                                                                          \
    X(READ_ONLY_ISSUED, "read-only-issued")                                                                  \
    X(RESERVED_COPIED, "reserved-copied")                                                                    \
    X(SERVICE_CLAIM_ISSUED, "service-claim-issued")                                                          \
    X(UNKNOWN_PROPERTY, "unknown-property")                                                                  \
    X(QUERY_SYNTAX, "query-syntax")                                                                          \
    X(QUERY_BARE_WORD, "query-bare-word")                                                                    \
    X(QUERY_NEVER_NULL, "query-never-null")

enum lint_rule {
#define X(id, name) LINT_##id,
    LINT_RULES(X)
#undef X
        LINT_RULE_COUNT
};

struct lint_note {
    struct att_policy_finding finding;
    struct lint_note *next;
};

struct lint {
    const struct policy_ast *ast;
    struct att_span text;
    unsigned evidence; /* 0: not known */
    struct att_arena *arena;
    struct lint_work work;
    bool out_of_memory;

    struct lint_source *sources; /* what the rules so far can make is at the end */
    size_t source_count;
    size_t source_capacity;

    struct lint_note *notes;
    size_t note_count;
};

/* Writes a finding down. The message ends with what to do. */
void lint_note(struct lint *l, enum lint_rule rule, const struct policy_mark *at, const char *message, ...)
    __attribute__((format(printf, 4, 5)));

/* Text of the policy as it may stand in a message: cut, printable. */
struct lint_shown {
    char text[76];
};
const char *lint_shown(struct lint_shown *room, struct att_span text);

/* Queries that are literals, in every expression of a rule: do they compile, do they compare with what they seem to? */
void lint_queries(struct lint *l, const struct policy_rule *r);

/* Why nothing can meet this condition. */
void lint_explain_never(struct lint *l, const struct policy_condition *c);

#endif
