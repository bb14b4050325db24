/* base/err.h - filling an error.
 *
 * att_fail always returns false, so that a check reads
 *
 *     if (h.version != 3)
 *         return att_fail(err, ATT_QUOTE_VERSION, "sgx.quote.header.version", "3 or 4", "%u", h.version);
 *
 * The sentence is made from the code's row, `found` and `expected`. An error that is already set is not
 * overwritten: the first failure wins. A NULL err is allowed.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <attest/error.h>

bool att_fail(struct att_err *err, enum att_code code, const char *where, const char *expected,
              const char *found_format, ...) __attribute__((format(printf, 5, 6)));
/* The same failure under another code and place: for a caller that knows what the bytes were meant to be.
 * `where` is put in front of the old place, with a dot. */
bool att_fail_as(struct att_err *err, enum att_code code, const char *where);
/* Replaces the sentence (documented texts that clients know). */
void att_err_text(struct att_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool att_fail_memory(struct att_err *err, const char *where);

/* Input bytes made printable and cut, for `found`: att_shown(&(struct att_shown){0}, span). */
struct att_shown {
    char text[72];
};
const char *att_shown(struct att_shown *room, struct att_span bytes);

#endif
