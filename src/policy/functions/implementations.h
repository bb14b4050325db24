/* policy/functions/implementations.h - the C function of each row of functions.def. */
#ifndef POLICY_FUNCTIONS_IMPLEMENTATIONS_H
#define POLICY_FUNCTIONS_IMPLEMENTATIONS_H

#include "policy/functions/function.h"

#define X(name, implementation, since, first, second, result, cost, doc)                                     \
    ATT_CHECK bool policy_function_##implementation(const struct policy_call *call,                          \
                                                    struct policy_values *ret);
#include "policy/functions/functions.def"
#undef X

#endif
