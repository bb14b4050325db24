/* policy/checker.h - the rules that the grammar cannot say. Spec: policy language, "static checks after
 * parsing", sections 7 and 8. */
#ifndef POLICY_CHECKER_H
#define POLICY_CHECKER_H

#include "policy/ast.h"
#include "policy/complain.h"

/* Checks every rule and fills the checker's fields of the tree; the first error ends it (POLICY_RULE,
 * OUT_OF_MEMORY). Queries that are literals and compile are in ast->queries then, and the caller's to free, also after a
 * failure. */
ATT_CHECK bool policy_check(struct att_arena *arena, struct policy_ast *ast, const struct att_limits *limits,
                            const struct policy_complaint *to);

#endif
