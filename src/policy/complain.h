/* policy/complain.h - saying no to a policy text, in the form that clients of the service know. */
#ifndef POLICY_COMPLAIN_H
#define POLICY_COMPLAIN_H

#include <attest/error.h>
#include <attest/policy.h>

#include "policy/token.h"

struct policy_complaint {
    struct att_err *err;            /* may be NULL */
    struct att_policy_place *place; /* may be NULL */
};

/* "policy > versionInfo": names from the outermost rule inwards. */
struct policy_path {
    char text[192];
};
void policy_path_add(struct policy_path *path, const char *name);

/* Fills err (unless it holds an earlier failure) and place; always false. `symbol` is the offending text at
 * `at`, an empty one is the end of the text. `expected` is for people, `message` becomes "Failure message".
 */
bool policy_complain(const struct policy_complaint *to, enum att_code code, const struct policy_mark *at,
                     const char *path, const char *expected, const char *message, ...)
    __attribute__((format(printf, 6, 7)));

/* The same for the evaluator: code, place and sentence of a denial. */
bool policy_engine_fail(struct att_err *err, enum att_code code, const struct policy_mark *at,
                        const char *expected, const char *sentence, const char *found, ...)
    __attribute__((format(printf, 6, 7)));

/* "'['" with the text made printable and cut; "'<EOF>'" for an empty one. */
struct policy_symbol {
    char text[76];
};
const char *policy_symbol_of(struct policy_symbol *room, struct att_span text);

#endif
