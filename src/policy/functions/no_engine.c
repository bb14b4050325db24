/* Until the query engine is merged. */
#include <attest/jmespath.h>

#include "base/err.h"
#include "policy/functions/implementations.h"

bool att_jmespath_compile(struct att_span text, const struct att_limits *limits, struct att_jmespath **ret,
                          unsigned *ret_column, struct att_err *err)
{
    (void)text, (void)limits, (void)ret, (void)ret_column;
    return att_fail(err, ATT_JMESPATH_SYNTAX, "jmespath:1", "an engine", "none");
}

void att_jmespath_free(struct att_jmespath *query)
{
    (void)query;
}

bool policy_function_jmes_path(const struct policy_call *call, struct policy_values *ret)
{
    (void)ret;
    return policy_call_fail(call, 1, "an engine", "none");
}
