/* policy/parser.h - tokens to tree. Spec: policy language, section 3, and the error shapes of section 12. */
#ifndef POLICY_PARSER_H
#define POLICY_PARSER_H

#include "policy/ast.h"
#include "policy/complain.h"

/* Parses the whole text; the first error ends it. The tree and everything in it live in `arena`, its marks
 * borrow from `text`. Errors: POLICY_SYNTAX, POLICY_VERSION (a construct of another version), POLICY_RULE (an
 * unknown function), POLICY_LIMIT, OUT_OF_MEMORY. */
ATT_CHECK bool policy_parse(struct att_arena *arena, struct att_span text, const struct att_limits *limits,
                            const struct policy_complaint *to, struct policy_ast *ret);

#endif
