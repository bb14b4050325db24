/* policy/values.h - what expressions are worth. Spec: policy language, 4.3. */
#ifndef POLICY_VALUES_H
#define POLICY_VALUES_H

#include "policy/run.h"

/* Texts that are compared or made cost a step for as many bytes. */
enum { POLICY_BYTES_PER_STEP = 64 };

/* Evaluates an expression. The members live in working memory, until the next rule; false when the run stopped. */
ATT_CHECK bool policy_values_of(struct policy_run *run, const struct policy_expr *e,
                                struct policy_values *ret);
/* Room for `count` members in working memory, zeroed; NULL when the run stopped. For 0 members: not NULL either. */
ATT_CHECK struct policy_member *policy_values_room(struct policy_run *run, size_t count);
/* The set of this one value. */
ATT_CHECK bool policy_values_one(struct policy_run *run, struct att_value value, bool read_only,
                                 struct policy_values *ret);

#endif
