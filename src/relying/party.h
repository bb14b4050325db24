/* relying/party.h - what the files of a relying party's object share (attest/relying_party.h). */
#ifndef RELYING_PARTY_H
#define RELYING_PARTY_H

#include <attest/relying_party.h>

#include "relying/relying.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    PARTY_ISSUERS_MAX = 16,
    PARTY_CLAIMS_MAX = 64,
    PARTY_VALUES_MAX = 64,
    PARTY_SKEW_MAX_S = 600,
    PARTY_OPTIONS_BYTES_MAX = 8 << 20, /* the copy of the options, key sets at hand among them */
};
/* No period of the options is longer: sums with times stay far from the ends of int64_t. */
#define PARTY_PERIOD_MAX_S (INT64_C(366) * 86400)
#define PARTY_NOW_MAX      (INT64_C(1) << 53)

/* A key set as it was published; shared by whoever checks with it, never changed. */
struct party_keys {
    atomic_uint refs;
    struct att_arena *arena;
    struct att_jwk_set set;
    int64_t fetched_unix_s;
    int64_t fresh_s; /* from then on */
};

/* Under the party's lock, but for the issuer's name. */
struct party_source {
    const char *issuer; /* NULL: any */
    bool at_hand;
    struct party_keys *keys; /* NULL: none so far */
    pthread_cond_t settled;  /* a fetch has ended */
    bool fetching;
    bool tried;
    int64_t tried_unix_s;
    uint64_t fetches;
    uint64_t failures;
    struct att_err last;
};

struct att_relying_party {
    struct att_arena *arena;            /* the copy of the options */
    struct att_relying_options options; /* defaults filled in */
    struct att_limits limits;
    struct att_jws_rules rules;
    struct att_crypto *crypto;
    pthread_mutex_t lock;
    struct party_source *sources;
    size_t sources_count; /* those whose `settled` is to be destroyed */
};

/* party_keys.c: where keys come from, and when. */
ATT_CHECK bool party_keys_new(const struct att_relying_party *p, struct att_span json,
                              struct party_keys **ret, struct att_err *err);
void party_keys_unref(struct party_keys *k); /* NULL is fine */
/* The key that the token names, with a reference to the set that holds it. TOKEN_KEY_UNKNOWN, TOKEN_KEY_INVALID, or why
 * there are no keys. */
ATT_CHECK bool party_key_for(struct att_relying_party *p, struct party_source *s, const struct att_jws *jws,
                             int64_t now, struct party_keys **ret_keys, const struct att_jwk **ret_key,
                             struct att_err *err);
/* Keys that count now, fetched first when that is due. */
ATT_CHECK bool party_keys_due(struct att_relying_party *p, struct party_source *s, int64_t now,
                              struct party_keys **ret, struct att_err *err);

/* require.c: what the claims must be. */
ATT_CHECK bool party_claims_usable(const struct att_required_claim *claims, size_t count, const char *where,
                                   struct att_err *err);
ATT_CHECK bool party_claims_copy(struct att_arena *a, const struct att_required_claim **io, size_t count,
                                 struct att_err *err);
ATT_CHECK bool party_require(struct att_arena *a, const struct att_json *claims,
                             const struct att_required_claim *wanted, struct att_err *err);
/* `aud` (RFC 7519 4.1.3); expected NULL: there must be none. */
ATT_CHECK bool party_audience(struct att_arena *a, const struct att_json *claims, const char *expected,
                              struct att_err *err);
ATT_CHECK bool party_nonce(struct att_arena *a, const struct att_json *claims, const char *expected,
                           struct att_err *err);
/* No x-attestd-unsafe, whatever its value. */
ATT_CHECK bool party_safe(const struct att_json *claims, struct att_err *err);

#endif
