/* policy/eval.h - running a checked policy over claims. Spec: policy language, sections 4 and 5. */
#ifndef POLICY_EVAL_H
#define POLICY_EVAL_H

#include <attest/policy.h>

#include "policy/ast.h"

/* All sections. See att_policy_eval. */
ATT_CHECK bool policy_eval(const struct policy_ast *ast, struct att_arena *arena, struct att_claims *incoming,
                           const struct att_policy_options *options, struct att_policy_result *ret,
                           struct att_err *err);
/* The configuration section only. */
ATT_CHECK bool policy_eval_configuration(const struct policy_ast *ast, struct att_arena *arena,
                                         struct att_claims *incoming, const struct att_limits *limits,
                                         struct att_claims *ret_properties, struct att_err *err);

#endif
