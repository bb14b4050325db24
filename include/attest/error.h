/* attest/error.h - how libattest says no.
 *
 * Every function that can fail takes a `struct att_err *` and returns false with it filled: a code for
 * programs, a place for finding, what was found and what was expected for people. The first failure wins. On
 * success the error is left alone. The caller owns the struct; it holds no pointers and needs no freeing.
 *
 * Example:
 *     struct att_err err = { 0 };
 *     if (!att_policy_compile(text, NULL, &policy, NULL, &err))
 *         fprintf(stderr, "%s at %s: found %s, expected %s\n",
 *                 att_code_name(err.code), err.where, err.found, err.expected);
 *
 * Nothing in an error is secret, and nothing in it is raw input: bytes that an attacker chose are escaped and cut
 * before they get here. Start with { 0 } (in C++: { }): an error that is already filled stays as it is.
 *
 * Threads: no shared state. Every code with its meaning: errors.def, from which the enum is made, or docs/errors.md.
 */
#ifndef ATTEST_ERROR_H
#define ATTEST_ERROR_H

#include <attest/span.h>

#ifdef __cplusplus
extern "C" {
#endif

enum att_code {
    ATT_OK = 0,
#define X(code, class_, text) ATT_##code,
#include <attest/errors.def>
#undef X
    ATT_CODE_COUNT
};

/* Who has to act: the sender, whoever runs the service, the author of the policy, the relying party. */
enum att_class {
    ATT_CLASS_NONE = 0,
    ATT_CLASS_EVIDENCE,
    ATT_CLASS_COLLATERAL,
    ATT_CLASS_POLICY,
    ATT_CLASS_TOKEN,
    ATT_CLASS_REQUEST,
    ATT_CLASS_INTERNAL
};

struct att_err {
    enum att_code code;
    char where[96];     /* dotted path of the field: "sgx.quote.header.version" */
    char found[192];    /* what was there; printable */
    char expected[192]; /* what should have been there; printable */
    char text[640];     /* a sentence for people, complete in itself */
};

/* "QUOTE_LENGTH"; "OK" for ATT_OK; never NULL. */
ATT_API const char *att_code_name(enum att_code code);
/* The sentence of the table; never NULL. */
ATT_API const char *att_code_text(enum att_code code);
ATT_API enum att_class att_code_class(enum att_code code);
/* "evidence", "collateral", "policy", "token", "request", "internal"; never NULL. */
ATT_API const char *att_class_name(enum att_class c);

#ifdef __cplusplus
}
#endif
#endif
