/* store/store.h - signing keys and certificates at rest.
 *
 * Every function returns false with STORE_FAILED (the store's own trouble) or a more exact code. Rows
 * returned live in the caller's arena. A struct store may be used by one thread at a time.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <attest/arena.h>
#include <attest/error.h>

struct store;

/* A token signing key. One per region and algorithm; the private half is sealed under label
 * "signing-key:KID". */
struct store_key {
    const char *kid;
    const char *alg; /* "RS256", "ES256" */
    struct att_span sealed;
    struct att_span spki;
    int64_t created_unix_s;
};

/* A provider's own certificate for such a key. */
struct store_certificate {
    const char *provider; /* "default" */
    const char *kid;
    const char *attest_uri; /* the endpoint it names */
    struct att_span der;
};

struct store_ops {
    const char *scheme; /* "sqlite" */
    bool (*key_put)(struct store *, const struct store_key *row, struct att_err *);
    bool (*key_put_first)(struct store *, const struct store_key *row, bool *ret_put, struct att_err *);
    bool (*key_list)(struct store *, struct att_arena *, struct store_key **ret, size_t *ret_count,
                     struct att_err *);
    bool (*certificate_put)(struct store *, const struct store_certificate *row, struct att_err *);
    /* ret_found false: there is none for this endpoint */
    bool (*certificate_get)(struct store *, struct att_arena *, const char *provider, const char *kid,
                            const char *attest_uri, struct att_span *ret_der, bool *ret_found,
                            struct att_err *);
    unsigned (*schema_version)(struct store *);
    void (*close)(struct store *);
};
struct store {
    const struct store_ops *ops; /* each back end embeds it as its first member */
};

/* A key with this kid that is already there is refused: keys are never replaced. */
ATT_CHECK bool store_key_put(struct store *s, const struct store_key *row, struct att_err *err);
/* Only when there is no key of its algorithm yet, in one step: of two processes that start on an empty store one
 * wins, and *ret_put tells each which it was. */
ATT_CHECK bool store_key_put_first(struct store *s, const struct store_key *row, bool *ret_put,
                                   struct att_err *err);
/* Oldest first. */
ATT_CHECK bool store_key_list(struct store *s, struct att_arena *arena, struct store_key **ret,
                              size_t *ret_count, struct att_err *err);
ATT_CHECK bool store_certificate_put(struct store *s, const struct store_certificate *row,
                                     struct att_err *err);
ATT_CHECK bool store_certificate_get(struct store *s, struct att_arena *arena, const char *provider,
                                     const char *kid, const char *attest_uri, struct att_span *ret_der,
                                     bool *ret_found, struct att_err *err);
unsigned store_schema_version(struct store *s);
void store_close(struct store *s); /* NULL is fine */

#endif
