/* jmespath/complain.h - saying no to a query, or to what it meets. */
#ifndef JMESPATH_COMPLAIN_H
#define JMESPATH_COMPLAIN_H

#include <attest/error.h>

struct jmes_complaint {
    struct att_err *err;  /* may be NULL */
    unsigned *ret_column; /* may be NULL */
};

/* Fills both, err unless it holds an earlier failure; always false. `column` counts code points from 1; 0: the refusal
 * has no place in the query. `expected` and what `found_format` makes are printable and never raw input. */
bool jmes_complain(const struct jmes_complaint *to, enum att_code code, unsigned column, const char *expected,
                   const char *found_format, ...) __attribute__((format(printf, 5, 6)));

#endif
