/* attest/relying_party.h - the object that a service keeps to decide whether tokens are good.
 *
 * It pins who may issue, keeps the issuer's keys, asks for new ones when that is due, and knows what tokens must say.
 * attest/relying.h judges one token with keys that the caller looks after; this is for a service that sees many, over
 * years, while the issuer changes its keys.
 *
 * Example: a service that hands out a secret to one program, not to its debug build
 *     static const struct att_required_claim wanted[] = {
 *         { .path = "x-ms-sgx-mrenclave", .kind = ATT_REQUIRE_EQUAL, .value = "7b1e..." },
 *         { .path = "x-ms-sgx-is-debuggable", .kind = ATT_REQUIRE_BOOLEAN, .boolean = false },
 *         { .path = "x-ms-sgx-svn", .kind = ATT_REQUIRE_AT_LEAST, .at_least = 3 },
 *     };
 *     struct att_relying_issuer issuer = { .issuer = "https://attest.example" };
 *     struct att_relying_options options = { .size = sizeof options, .issuers = &issuer, .issuers_count = 1,
 *                                            .fetch = my_https_get, .skew_s = 30,
 *                                            .claims = wanted, .claims_count = 3 };
 *     if (!att_relying_party_new(&options, &party, &err)) ...                               once
 *
 *     struct att_relying_check check = { .size = sizeof check, .now_unix_s = now, .nonce = nonce };
 *     if (!att_relying_party_check(party, arena, text, &check, &token, &err)) ...           for each token
 *
 * examples/relying_party.c is that service.
 *
 * What is checked, in this order: form; algorithm; issuer; key and signature; times; x-attestd-unsafe; audience; nonce;
 * required claims. What the token says about keys (jku, x5u, jwk, x5c) is never looked at.
 *
 * Freshness. `nonce` shows that the token is new; it is not bound to the evidence, which has no time of its own and may be
 * an old one. Who must know that the machine is alive has it put a challenge into the runtime data that the evidence is
 * bound to, and requires it of this one check: { .path = "x-ms-runtime.challenge", .value = mine }. Which nonces and
 * challenges were used before is for the caller to know.
 *
 * Keys. They come from the issuer's metadata and the key set that it names, on the issuer's own origin; both documents
 * together are one fetch. A set is replaced whole, so a key that the issuer has taken away is refused from the next
 * fetch on. A fetch is due when
 *     there are no keys yet;
 *     the keys are older than the callback reported (max-age), within max_age_min_s and max_age_max_s;
 *     a token names a kid that is not in the set: this is how a key that was published since gets in.
 * Whatever tokens come, an issuer is asked at most once in refetch_min_s seconds: made-up kids cannot be used to flood
 * it. While a fetch fails the old keys count until they are stale_max_s old, then no token is good.
 *
 * Units: seconds since 1970-01-01T00:00:00Z and seconds. The caller's clock is the only one; it may go back a little.
 * Ownership: options and all they point to are copied by _new (not fetch_ctx); the result of a check is in the caller's
 * arena; token text and check are borrowed for the call.
 * Errors: class TOKEN, codes TOKEN_. TOKEN_CLAIM: `where` is the claim, `found` and `expected` say the rest.
 * What is no verdict on the token: what the fetch callback refused with (IO_FAILED when it did not say), TOKEN_KEYS_INVALID
 * (the issuer's documents), OUT_OF_MEMORY, CRYPTO_FAILED, INTERNAL (wrong options). All of them mean no.
 * Threads: any number may check with one object at once. One of them makes a due fetch, inside its own check; others go on
 * with the old keys, and wait for it only when those do not serve them. No lock is held while the callback runs; it must
 * not use the object, and must end in bounded time. _free when nobody uses the object any more.
 * Spec: RFC 7515, 7517, 7519, 8725; OpenID Connect Discovery 1.0 section 4.
 */
#ifndef ATTEST_RELYING_PARTY_H
#define ATTEST_RELYING_PARTY_H

#include <attest/relying.h>

#ifdef __cplusplus
extern "C" {
#endif

struct att_relying_party;

/* GET url; the body into the arena; false with err when there is none. *ret_max_age_s is -1 when called: leave it so when
 * the answer's Cache-Control has no max-age; 0 for no-cache and no-store. Only https, a checked certificate, a bounded
 * body, bounded time, no redirect to another origin: that is the callback's duty. */
typedef bool (*att_relying_fetch_fn)(void *ctx, const char *url, struct att_arena *arena,
                                     struct att_span *ret_body, int64_t *ret_max_age_s, struct att_err *err);

struct att_relying_issuer {
    const char *issuer;   /* `iss`, exact: an https URL. NULL with `jwks` and as the only one: any issuer */
    struct att_span jwks; /* its key set at hand: then nothing is fetched for it, and nothing grows old */
};

enum att_require {
    ATT_REQUIRE_EQUAL, /* `value`: a string by its content, anything else by its JSON text, as att_token_expect */
    ATT_REQUIRE_ONE_OF,  /* one of `values`, each as above */
    ATT_REQUIRE_BOOLEAN, /* `boolean`: a JSON true or false, no text */
    ATT_REQUIRE_AT_LEAST /* a JSON integer that is `at_least` or more: security version numbers */
};

/* A claim that is not there never fits. */
struct att_required_claim {
    const char *path; /* dotted, as att_token_expect: the longest name wins */
    enum att_require kind;
    const char *value;
    const char *const *values;
    size_t values_count; /* 1 to 64 */
    bool boolean;
    int64_t at_least;
};

struct att_relying_options {
    size_t size; /* sizeof(struct att_relying_options) */
    const struct att_relying_issuer *issuers;
    size_t issuers_count;       /* 1 to 16 */
    att_relying_fetch_fn fetch; /* may be NULL when every issuer's keys are at hand */
    void *fetch_ctx;
    int64_t max_age_default_s; /* when the callback reports none; 0: 3600 */
    int64_t max_age_min_s;     /* what it reports counts as at least; 0: 60 */
    int64_t max_age_max_s;     /* and at most; 0: 86400 */
    int64_t stale_max_s;       /* age at which keys count no more when newer ones cannot be had; 0: 86400 */
    int64_t refetch_min_s;     /* at most one fetch for an issuer in this time; 0: 30. At most stale_max_s */
    int64_t skew_s;            /* for clocks that differ, 0 to 600; 0 by default */
    const char *algs;          /* as in struct att_token_check */
    unsigned rsa_bits_min;     /* 0: 2048 */
    const char
        *audience; /* `aud` is this, or a list that holds it; NULL: tokens that have `aud` are refused */
    const struct att_required_claim *claims;
    size_t claims_count;  /* 0 to 64 */
    bool allow_unsafe;    /* tokens that say x-attestd-unsafe: test hardware, which proves nothing */
    bool allow_unsecured; /* alg none: claims are then nobody's word */
    const struct att_limits *limits; /* NULL: defaults; copied */
};

struct att_relying_check {
    size_t size; /* sizeof(struct att_relying_check) */
    int64_t now_unix_s;
    const char *nonce;                       /* the claim `nonce` is exactly this; NULL: not looked at */
    const struct att_required_claim *claims; /* of this token, beside those of the options */
    size_t claims_count;                     /* 0 to 64 */
};

/* Keys of one issuer, for a service's own metrics. */
struct att_relying_status {
    int64_t keys_unix_s; /* when the keys in use were fetched; 0: none, or at hand */
    uint64_t fetches;
    uint64_t failures;
    struct att_err last; /* of the last fetch; code ATT_OK when it was good */
};

/* INTERNAL: an option is out of its range, `where` names it; TOKEN_KEYS_INVALID, TOKEN_ALGORITHM. Nothing is fetched. */
ATT_API ATT_CHECK bool att_relying_party_new(const struct att_relying_options *options,
                                             struct att_relying_party **ret, struct att_err *err);
ATT_API void att_relying_party_free(struct att_relying_party *party); /* NULL is fine */
/* Is this token good? `ret` is filled as far as it was read; it means something only when true was returned. The text is
 * taken byte for byte: cut white space off first. */
ATT_API ATT_CHECK bool att_relying_party_check(struct att_relying_party *party, struct att_arena *arena,
                                               struct att_span text, const struct att_relying_check *check,
                                               struct att_token *ret, struct att_err *err);
/* Fetches what is due, for a timer, so that no token has to wait for it. True when every issuer has keys that count. */
ATT_API ATT_CHECK bool att_relying_party_refresh(struct att_relying_party *party, int64_t now_unix_s,
                                                 struct att_err *err);
/* The issuer at this place of the options. False: there is none there. */
ATT_API ATT_CHECK bool att_relying_party_status(struct att_relying_party *party, size_t issuer,
                                                struct att_relying_status *ret);

#ifdef __cplusplus
}
#endif
#endif
