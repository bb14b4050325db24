/* policy/queries.h - JMESPath queries that stand in the policy as literals: compiled once, with the policy. */
#ifndef POLICY_QUERIES_H
#define POLICY_QUERIES_H

#include <attest/error.h>
#include <attest/limits.h>

#include "policy/ast.h"

/* The query arguments of this call that are literals. One that does not compile stays without `query`: it refuses when,
 * and if, it is reached, because published policies carry such queries in rules that never run. There is a limit to how
 * many are kept, too. False only when memory runs out. */
ATT_CHECK bool policy_queries_compile(struct att_arena *arena, struct policy_ast *ast,
                                      struct policy_expr *call, const struct att_limits *limits,
                                      struct att_err *err);
void policy_queries_free(struct policy_ast *ast);

#endif
