/* policy/hints.h - what somebody who wrote this probably wanted, and what the language has for it. */
#ifndef POLICY_HINTS_H
#define POLICY_HINTS_H

#include "policy/token.h"

struct policy_hint {
    char text[192];
};

/* A sentence for "found `now` after `before` where one of `expected` was due", or NULL when there is no more
 * to say than the list. */
const char *policy_hint_for(struct policy_hint *room, const struct policy_token *before,
                            const struct policy_token *now, uint64_t expected);

/* For a call of a function that this version (its minor number) does not know. */
const char *policy_hint_function(struct policy_hint *room, struct att_span name, unsigned minor);

#endif
