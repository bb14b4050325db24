/* policy/literal.h - the values of literal tokens. */
#ifndef POLICY_LITERAL_H
#define POLICY_LITERAL_H

#include <attest/arena.h>

/* A STRING token, quotes included, to its text: \" and \\ are resolved, other backslashes stay as they are
 * (A18 of the reference: "\." is a backslash and a dot). Borrowed from the token when there is nothing to
 * resolve. False only when memory runs out. */
ATT_CHECK bool policy_string_read(struct att_arena *arena, struct att_span token, struct att_span *ret);
/* An INT token; false when it does not fit 64 bits. */
ATT_CHECK bool policy_int_read(struct att_span token, int64_t *ret);

#endif
