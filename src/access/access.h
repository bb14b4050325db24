/* access/access.h - who is calling: bearer tokens of the configured issuers.
 *
 * A struct access holds the issuers and their keys. Checking a token takes no I/O: when an issuer's keys are not here
 * (never fetched, or the token names a kid that is not among them) the check says which issuer to refresh, at most as
 * often as the bounds allow, and the caller does that off its loop and asks again.
 *
 *     struct access_check in = { .token = bearer, .audience = ACCESS_DATA, .now_unix_s = now };
 *     struct access_identity who;
 *     size_t refresh;
 *     bool good = access_token_check(access, arena, &in, &who, &refresh, &err);
 *     if (refresh != ACCESS_NO_REFRESH && good) ...                    in the background: access_refresh, nobody waits
 *     if (refresh != ACCESS_NO_REFRESH && !good && access_refresh(access, refresh, now, &why)) ...     check once more
 *
 * Refused, besides what attest/relying.h refuses: an issuer that is not configured, an algorithm that its issuer's list
 * does not have, another audience, a tenant (`tid`) that is not the issuer's, a token without principal, attestation
 * tokens and policy tokens (`typ` and shape), times beyond the leeway. What is checked and why so: README.md here and
 * docs/decisions/0013-bearer-tokens.md.
 *
 * Threads: all functions from any thread; no lock is held during crypto or a fetch. Ownership: identities live in the
 * arena, options and their texts are copied. A check needs up to 2 MiB of arena for the largest token.
 * Errors: class TOKEN; ACCESS_TOKEN_MISSING, ACCESS_ISSUER_UNKNOWN, ACCESS_AUDIENCE, ACCESS_TENANT, ACCESS_PRINCIPAL;
 * INTERNAL for a time that is none, OUT_OF_MEMORY.
 */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/relying.h>

struct access;

enum access_audience { ACCESS_CONTROL, ACCESS_DATA, ACCESS_AUDIENCES };
#define ACCESS_NO_REFRESH SIZE_MAX

enum {
    ACCESS_ISSUERS_MAX = 32,
    ACCESS_GROUPS_MAX = 256,
    ACCESS_TOKEN_BYTES_MAX = 16 * 1024,
    ACCESS_KEYS_LIFE_S = 24 * 3600,
};

struct access_issuer {
    const char *name;   /* of its section in the configuration */
    const char *issuer; /* exact value of `iss` */
    const char
        *tenant; /* GUID: whose principals these are; a token's `tid`, when it has one, must be the same */
    const char *metadata_url;  /* discovery document; NULL: keys_json */
    const char *ca_file;       /* PEM for metadata_url; NULL: the system's CAs */
    struct att_span keys_json; /* a local JWK set; without both no token is good until access_keys_set */
    const char *algorithms;    /* "RS256 ES256"; NULL: RS256 PS256 ES256 */
    const char *const
        *audiences[ACCESS_AUDIENCES]; /* NULL-terminated; a trailing slash makes no difference */
    const char *principal_claim;      /* NULL: "oid", and "sub" when there is none */
    const char *groups_claim;         /* NULL: "groups" */
    int64_t leeway_s;                 /* at most 300 */
};

struct access_options {
    const struct access_issuer *issuers; /* copied */
    size_t issuer_count;
    /* GET an https URL with the issuer's CA; called from access_refresh only. May be NULL when all keys are local. */
    bool (*fetch)(void *ctx, const char *url, const char *ca_file, struct att_arena *arena,
                  struct att_span *ret_body, struct att_err *err);
    void *fetch_ctx;
    int64_t refresh_min_s; /* least time between two refreshes of an issuer; 0: 60 */
    int64_t
        keys_max_age_s; /* keys are refreshed when older; 0: 3600. Old keys stay in use while a refresh fails */
};

/* CONFIG_INVALID; where names the issuer. */
ATT_CHECK bool access_new(const struct access_options *options, struct access **ret, struct att_err *err);
void access_free(struct access *a); /* NULL is fine */

struct access_identity {
    const char *issuer_name;
    const char *tenant;      /* lower case */
    const char *principal;   /* lower case: what role assignments name */
    const char *application; /* appid or azp; NULL */
    const char *name; /* for records: upn, preferred_username, app_displayname; printable, cut; never NULL */
    const char *const *groups; /* like principal */
    size_t group_count;
    int64_t expires_unix_s;
};

struct access_check {
    struct att_span token; /* what stands behind "Bearer " */
    enum access_audience audience;
    int64_t now_unix_s;
};
/* *ret_refresh is always set: ACCESS_NO_REFRESH, or the issuer that should be asked for its keys - after a refusal before
 * the token is given up; after a yes because the keys in use are old (said once in refresh_min_s). Whoever never follows
 * it keeps retired keys for a day and has none then. */
ATT_CHECK bool access_token_check(struct access *a, struct att_arena *arena, const struct access_check *in,
                                  struct access_identity *ret, size_t *ret_refresh, struct att_err *err);
/* Discovery and keys of one issuer. Blocks for the fetches. At once and without I/O, with the outcome of that time, when
 * it was done within refresh_min_s; threads that come during a running refresh wait for it. What the fetch says,
 * TOKEN_KEYS_INVALID; CONFIG_INVALID for an issuer with local keys. */
ATT_CHECK bool access_refresh(struct access *a, size_t issuer, int64_t now_unix_s, struct att_err *err);
/* Replaces the local key set of an issuer (the built-in authority's after a rotation, a file on SIGHUP). CONFIG_INVALID,
 * and the old keys stay: no such issuer, one with a metadata_url, a set that cannot be read or is empty. */
ATT_CHECK bool access_keys_set(struct access *a, const char *issuer_name, struct att_span keys_json,
                               struct att_err *err);

#endif
