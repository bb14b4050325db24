/* authority/form.h - application/x-www-form-urlencoded, read strictly.
 *
 * A token request is read by one reader only, so nothing may be ambiguous in it: a parameter twice is refused (RFC 6749
 * 3.2), also when one of the two is empty or escaped in another way; names are compared after decoding, with case; broken
 * escapes, NUL and bytes that are not UTF-8 are refused wherever they stand. A parameter without a value counts as not
 * sent (RFC 6749 3.1).
 *
 * Ownership: names and values are decoded into the arena. Errors: REQUEST_MALFORMED, LIMIT_EXCEEDED, OUT_OF_MEMORY; no
 * value is ever shown in one.
 * Spec: RFC 6749 appendix B; WHATWG URL, "application/x-www-form-urlencoded parsing".
 */
#ifndef AUTHORITY_FORM_H
#define AUTHORITY_FORM_H

#include <attest/arena.h>
#include <attest/error.h>

enum {
    FORM_BYTES_MAX = 64 * 1024, /* AUTHORITY_FORM_BYTES_MAX; an assertion with a chain in its header fits */
    FORM_PAIRS_MAX = 64,        /* MSAL sends about a dozen */
    FORM_NAME_BYTES_MAX = 64,
};

struct form_pair {
    struct att_span name, value;
};
struct form {
    struct form_pair pairs[FORM_PAIRS_MAX];
    size_t count;
};

ATT_CHECK bool form_parse(struct att_arena *arena, struct att_span text, struct form *ret,
                          struct att_err *err);
/* The value; empty when it was not sent. */
struct att_span form_get(const struct form *form, const char *name);
/* One name or value: '+' is a space, %XX a byte. */
ATT_CHECK bool form_decode(struct att_arena *arena, struct att_span text, struct att_span *ret,
                           struct att_err *err);

#endif
