/* attest/claims.h - what is said about an attester: a set of typed statements.
 *
 * A claim has a type (its name), a value, and an issuer: the service (from evidence), the policy, or the
 * client (custom). Adding a claim that equals one already there (type, value, issuer) changes nothing;
 * several values under one type are several claims and become a JSON array in a token.
 *
 * Example: what a policy is to be tried on (examples/policy_try.c)
 *     struct att_claims set;
 *     att_claims_init(&set, arena, &att_limits_default);
 *     if (!att_claims_add_int(&set, "svn", 3, 0, &err))
 *         return false;
 *     const struct att_claim *svn = att_claims_find(&set, "svn", ATT_ISSUER_SERVICE);
 *
 * Ownership: claims live in the arena of their set and need no freeing; type names and spans given to
 * att_claims_add and its sisters are borrowed and must live as long as the set.
 * Errors: LIMIT_EXCEEDED beyond limits->policy_claims_max, OUT_OF_MEMORY; the set is then as it was.
 * Threads: one set, one thread. Spec: docs/policy-language.md (what a policy sees), docs/api.md (names in tokens).
 */
#ifndef ATTEST_CLAIMS_H
#define ATTEST_CLAIMS_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

enum att_claim_kind { ATT_CLAIM_BOOL, ATT_CLAIM_INT, ATT_CLAIM_STRING, ATT_CLAIM_JSON };
enum att_claim_issuer { ATT_ISSUER_SERVICE, ATT_ISSUER_POLICY, ATT_ISSUER_CUSTOM };

struct att_value {
    enum att_claim_kind kind;
    bool boolean;
    int64_t integer;
    struct att_span text; /* STRING: UTF-8; JSON: one compact, sorted JSON value (never seen by a policy) */
};

enum {
    ATT_CLAIM_IN_TOKEN = 1,  /* goes into the token whatever the policy issues */
    ATT_CLAIM_READ_ONLY = 2, /* a policy may test it but not issue it */
};

struct att_claim {
    struct att_span type;
    struct att_value value;
    enum att_claim_issuer issuer;
    unsigned flags; /* ATT_CLAIM_IN_TOKEN, ATT_CLAIM_READ_ONLY, or 0 */
};

struct att_claims {
    struct att_arena *arena;
    struct att_claim *items; /* in order of insertion */
    size_t count;
    size_t capacity;
    size_t max; /* most claims the set may hold */
};

/* An empty set; limits must not be NULL (att_limits_default will do). */
ATT_API void att_claims_init(struct att_claims *set, struct att_arena *arena,
                             const struct att_limits *limits);
/* Adds unless an equal claim is there: then only the flags are joined. */
ATT_API ATT_CHECK bool att_claims_add(struct att_claims *set, const struct att_claim *claim,
                                      struct att_err *err);
/* The typed forms make claims of the service, ATT_ISSUER_SERVICE. `flags` as in struct att_claim. */
ATT_API ATT_CHECK bool att_claims_add_bool(struct att_claims *set, const char *type, bool v, unsigned flags,
                                           struct att_err *err);
ATT_API ATT_CHECK bool att_claims_add_int(struct att_claims *set, const char *type, int64_t v, unsigned flags,
                                          struct att_err *err);
ATT_API ATT_CHECK bool att_claims_add_text(struct att_claims *set, const char *type, struct att_span v,
                                           unsigned flags, struct att_err *err);
/* Lower-case hex of the bytes, as text. */
ATT_API ATT_CHECK bool att_claims_add_hex(struct att_claims *set, const char *type, struct att_span bytes,
                                          unsigned flags, struct att_err *err);
/* One JSON value that is already compact and sorted. */
ATT_API ATT_CHECK bool att_claims_add_json(struct att_claims *set, const char *type, struct att_span json,
                                           unsigned flags, struct att_err *err);
/* The first claim of this type and issuer, or NULL. */
ATT_API const struct att_claim *att_claims_find(const struct att_claims *set, const char *type,
                                                enum att_claim_issuer issuer);
/* "AttestationService", "AttestationPolicy", "CustomClaim". */
ATT_API const char *att_issuer_name(enum att_claim_issuer issuer);
/* Same kind and same value. */
ATT_API bool att_value_eq(const struct att_value *a, const struct att_value *b);
/* Claims from a JSON array of {"type","value","issuer"?} or an object {"name": value, ...}; for files of cases. A
 * value may be an array: several claims. No issuer means CustomClaim. Copies what it keeps; adds all or nothing.
 * Codes JSON_ name what cannot be read. */
ATT_API ATT_CHECK bool att_claims_read_json(struct att_claims *set, struct att_span json,
                                            struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
