/* access/internal.h - what the files of this folder share. */
#ifndef ACCESS_INTERNAL_H
#define ACCESS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "access/access.h"
#include "access/text.h"

enum {
    ACCESS_DOCUMENT_BYTES_MAX = 256 * 1024, /* discovery document, key set */
    ACCESS_KEYS_MAX = 128,                  /* of one set; live sets hold about 20 */
    ACCESS_DOCUMENT_ARENA_BYTES = 8 << 20,  /* reading one document: 28 bytes for each of its values, twice */
    ACCESS_ID_BYTES_MAX = 128,              /* principal, group, application */
};

/* One published key set. Never changes once it is made; who uses it holds a reference, so that a refresh can put another
 * one in its place at any time. */
struct access_key {
    bool has_kid;
    struct att_span kid;
    struct att_span json; /* this JWK alone */
};
struct access_keys {
    atomic_uint refs;
    struct att_arena *arena;
    struct att_span json; /* all of it */
    struct access_key *keys;
    size_t count;
};
/* `json` is a JWK set or one JWK. Whether a key can be used is seen when a token names it: a bad one spoils no other.
 * TOKEN_KEYS_INVALID. One reference. */
ATT_CHECK bool access_keys_new(struct att_span json, struct access_keys **ret, struct att_err *err);
struct access_keys *access_keys_ref(struct access_keys *k);
void access_keys_unref(struct access_keys *k); /* NULL is fine */
/* The part of the set that a token with this kid (empty: none) can be checked against, as a JWK set: the keys of that name
 * alone, so that reading all the others, with their certificates, is not paid for each token. *ret_found false: none,
 * and the set is empty. */
ATT_CHECK bool access_keys_for(const struct access_keys *k, struct att_arena *a, struct att_span kid,
                               bool *ret_found, struct att_span *ret_json, struct att_err *err);

/* An issuer: what is configured, and its keys of the moment. */
struct access_source {
    struct access_issuer is; /* texts in the arena of struct access; groups_claim and algorithms filled in */

    pthread_mutex_t lock; /* of all below; never held during crypto or I/O */
    pthread_cond_t refreshed;
    struct access_keys *keys; /* NULL: none yet */
    int64_t keys_unix_s;      /* when they came */
    bool refreshing, tried;   /* tried: tried_unix_s and last count */
    int64_t tried_unix_s;
    struct att_err last; /* of the last refresh; ATT_OK: it went well */
    bool hinted;         /* somebody was told that the keys are old, at hinted_unix_s */
    int64_t hinted_unix_s;
};

struct access {
    struct att_arena *arena;
    struct access_options options; /* issuers NULL: they are in sources */
    struct access_source *sources;
    size_t count;
};

/* CONFIG_INVALID: says what is wrong with issuers[i], seen on its own and against those before it. */
ATT_CHECK bool access_issuer_usable(const struct access_options *options, size_t i, struct att_err *err);

/* A server's wrong clock. INTERNAL. */
ATT_CHECK bool access_time_usable(int64_t now_unix_s, struct att_err *err);
/* What a check says about the keys that it used. */
enum access_keys_found {
    ACCESS_KEYS_NOT_USED, /* it ended before them */
    ACCESS_KEYS_USED,
    ACCESS_KEY_UNKNOWN, /* the token's key is not among them */
};
/* Should the issuer be asked for its keys, after a check with `used` (NULL: there were none)? */
bool access_worth_refresh(const struct access *a, struct access_source *source,
                          const struct access_keys *used, enum access_keys_found found, int64_t now_unix_s);
/* The keys of the moment with a reference; NULL when there are none, or none that are young enough to be trusted. */
struct access_keys *access_keys_now(struct access_source *source, int64_t now_unix_s);

/* jwks_uri of a discovery document. TOKEN_KEYS_INVALID. */
ATT_CHECK bool access_metadata_read(struct att_arena *a, const struct access_issuer *issuer,
                                    struct att_span body, const char **ret_jwks_uri, struct att_err *err);

/* What a verified token says, read strictly: exact names, exact types. */
ATT_CHECK bool access_header_read(struct att_arena *a, struct att_span header, struct att_err *err);
ATT_CHECK bool access_claims_read(struct att_arena *a, const struct access_issuer *issuer,
                                  enum access_audience audience, struct att_span payload,
                                  struct access_identity *ret, struct att_err *err);

#endif
