/* policy/checker.h - the rules that the grammar cannot say. Spec: policy language, "static checks after
 * parsing", sections 7 and 8. */
#ifndef POLICY_CHECKER_H
#define POLICY_CHECKER_H

#include "policy/ast.h"
#include "policy/complain.h"

/* Checks every rule and fills the checker's fields of the tree; the first error ends it (POLICY_RULE). */
ATT_CHECK bool policy_check(struct policy_ast *ast, const struct policy_complaint *to);

#endif
