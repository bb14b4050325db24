/* jmespath/number.h - numbers as decimal text.
 *
 * Two numbers are equal when their decimals are: 1, 1.0 and 10e-1 are, 9007199254740992 and ...993 are not. Only
 * computing goes through doubles. Nothing here depends on the locale.
 */
#ifndef JMESPATH_NUMBER_H
#define JMESPATH_NUMBER_H

#include <attest/span.h>

/* A number of RFC 8259, section 6, and nothing else? */
bool jmes_number_is(struct att_span text);
/* -1, 0, 1. False when an exponent has more than fifteen digits: then nothing can be said. */
ATT_CHECK bool jmes_number_order(struct att_span a, struct att_span b, int *ret);
/* The nearest double; false when it is not finite. */
ATT_CHECK bool jmes_number_read(struct att_span text, double *ret);

struct jmes_number_text {
    char text[32];
};
/* The shortest text that reads back as the same double, which is finite; whole numbers below 2^53 without
 * fraction and exponent, zero without sign. */
struct att_span jmes_number_write(struct jmes_number_text *room, double value);

#endif
