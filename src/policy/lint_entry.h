/* policy/lint_entry.h - the lint as policy.c sees it: att_policy_lint, on the checked tree. */
#ifndef POLICY_LINT_ENTRY_H
#define POLICY_LINT_ENTRY_H

#include <attest/policy.h>

#include "policy/ast.h"

ATT_CHECK bool policy_lint(const struct policy_ast *ast, struct att_span text, const char *evidence_type,
                           struct att_arena *arena, const struct att_policy_finding **ret, size_t *ret_count,
                           struct att_err *err);

#endif
