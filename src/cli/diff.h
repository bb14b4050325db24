/* cli/diff.h - what is another line in one text than in another, as diff -u shows it.
 *
 * The shortest script of lines taken and put (Myers 1986), as long as it is no longer than DIFF_EDITS_MAX; beyond that the
 * part that differs is shown as replaced whole, so that work and memory are bounded whatever the texts are.
 *
 * Control characters are shown as question marks: the texts come from elsewhere and go to a terminal. A line that differs
 * in nothing else still shows as another.
 */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include <attest/error.h>

#include "base/buf.h"

enum { DIFF_LINES_MAX = 10000, DIFF_EDITS_MAX = 1000, DIFF_CONTEXT = 3 };

struct diff_text {
    const char *name; /* for the lines --- and +++ */
    struct att_span text;
};

/* Appends nothing when they are the same. *ret_lines: how many lines were taken and put. LIMIT_EXCEEDED, OUT_OF_MEMORY. */
ATT_CHECK bool diff_unified(const struct diff_text *from, const struct diff_text *to, struct att_buf *out,
                            size_t *ret_lines, struct att_err *err);

#endif
