/* attest/relying.h - the other end: is this token good?
 *
 * Pure: the caller gives the time and, where keys are looked up, a fetch callback. The token's own `jku`,
 * `jwk` and `x5c` are never trusted: keys come from the issuer the CALLER names, through its metadata.
 *
 * Example:
 *     struct att_token_check check = { .size = sizeof check, .issuer = "https://localhost:8443",
 *                                      .fetch = my_https_get, .now_unix_s = now };
 *     struct att_token token;
 *     if (!att_token_verify(arena, text, &check, &token, &err)) ...
 *
 * examples/check_token.c is a whole program, with a key set at hand in place of fetch. A service that sees many tokens keeps
 * the object of attest/relying_party.h instead, which remembers the keys.
 *
 * Refused: anything but a compact JWS; alg none unless allow_unsecured; algorithms not in the list; `crit`;
 * b64 false; a missing or unknown kid (when the key set has more than one key); duplicate members; exp in the
 * past or missing; nbf or iat in the future (beyond leeway_s); another issuer. NOT looked at: what the claims say.
 * A good token proves who made it; demand the claims you need with att_token_expect, x-attestd-unsafe among them.
 *
 * Units: seconds since 1970-01-01T00:00:00Z. Ownership: what is returned lives in the arena; inputs are borrowed for
 * the call. Errors: class TOKEN, codes TOKEN_; a fetch callback's own refusal is passed on. Threads: no shared state.
 * Spec: RFC 7515, 7517, 7519, 8725; OpenID Connect Discovery 1.0 section 4.
 */
#ifndef ATTEST_RELYING_H
#define ATTEST_RELYING_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* GET url; the body into the arena; false with err when there is none. Only https, a checked certificate, a bounded
 * body, and no redirect to another origin: that is the callback's duty. */
typedef bool (*att_fetch_fn)(void *ctx, const char *url, struct att_arena *arena, struct att_span *ret_body,
                             struct att_err *err);

struct att_token_check {
    size_t size; /* sizeof(struct att_token_check) */
    /* Expected `iss`, exact; with fetch, its /.well-known/openid-configuration is asked. NULL with a key set at hand:
     * any issuer. */
    const char *issuer;
    struct att_span jwks; /* a key set at hand; then nothing is fetched */
    att_fetch_fn fetch;   /* may be NULL when jwks is given */
    void *fetch_ctx;
    int64_t now_unix_s;
    int64_t leeway_s;      /* for clocks that differ, 0 to 86400; 0 by default */
    const char *algs;      /* "RS256 ES256"; NULL: RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 */
    unsigned rsa_bits_min; /* 0: 2048 */
    bool allow_unsecured;  /* alg none: claims are then nobody's word */
    const struct att_limits *limits; /* NULL: defaults */
};

struct att_token {
    struct att_span header;  /* JSON text */
    struct att_span payload; /* JSON text */
    struct att_span kid;
    const char *alg;                /* from the list; "none" */
    bool signature_valid;           /* starts false */
    struct att_span key_thumbprint; /* RFC 7638 SHA-256 of the key that signed, base64url */
};

/* Splits and decodes without believing anything. TOKEN_MALFORMED. */
ATT_API ATT_CHECK bool att_token_decode(struct att_arena *arena, struct att_span text,
                                        const struct att_limits *limits, struct att_token *ret,
                                        struct att_err *err);
/* Decodes, finds the key, checks signature, times, issuer. `ret` is filled as far as it was read. */
ATT_API ATT_CHECK bool att_token_verify(struct att_arena *arena, struct att_span text,
                                        const struct att_token_check *check, struct att_token *ret,
                                        struct att_err *err);
/* Claim at a dotted path ("x-ms-runtime.keys" does not split names that hold dots: the longest name wins)
 * equals the expected text: strings by content, others by their JSON text. TOKEN_CLAIM. */
ATT_API ATT_CHECK bool att_token_expect(struct att_arena *arena, const struct att_token *token,
                                        struct att_span path, struct att_span expected, struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
