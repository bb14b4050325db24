/* authority/authority.h - the built-in OAuth 2.0 authority: client credentials, for sites without an identity provider.
 *
 * Principals are rows of the site. A principal proves who it is with a secret (scrypt), with an assertion signed by the
 * key of a certificate that is listed for it (RFC 7523), or - on a unix socket - by being the unix user that it is bound
 * to. The answer is an access token (a JWT, RS256) for one resource, which access/ takes like any other issuer's.
 *
 * The same tokens come from three paths: /TENANT/oauth2/v2.0/token with /TENANT/v2.0/.well-known/openid-configuration
 * (what @azure/identity asks), and /adfs/... (what az asks; the tenant is then the principal's).
 *
 *     struct authority_token_in in = { .tenant = tenant, .form = body, .peer = http->client, .trace_id = request_id };
 *     struct authority_answer answer;
 *     authority_token(authority, arena, &in, &answer);
 *     ... send answer.status and answer.json, log answer.refusal ...
 *
 * Guessing. Every request with a secret costs exactly one scrypt, whoever it names, so that time does not tell which
 * clients exist. A secret begins with a part of its salt, which says which credential it wants to be: requests that miss
 * that part - guesses - are counted for each pair of client id and network, and in all; beyond the bounds they are
 * answered 429 without any scrypt. Nobody is locked out by another's guesses: who has the secret has that part, too.
 *
 * Assertions count once for each resource while they live. Remembering is this process's business: after a restart, and
 * on another replica, an assertion that has not expired is taken once more.
 *
 * Threads: all functions from any thread. authority_token takes tens of milliseconds (scrypt): not on a loop.
 * Ownership: results are in the arena. A new authority borrows what its options point at.
 * Spec: RFC 6749 2.3.1, 4.4, 5.1, 5.2; RFC 7521, 7523; RFC 7914; OpenID Connect Discovery 1.0.
 */
#ifndef AUTHORITY_AUTHORITY_H
#define AUTHORITY_AUTHORITY_H

#include "site/site.h"

struct authority;
struct keyring;
struct signer;

struct authority_options {
    struct site *site;
    struct signer *signer;
    struct keyring *keys;         /* of purpose "authority", RS256; its keys are in the signer */
    const char *base_url;         /* no trailing slash; the issuer is BASE/TENANT/v2.0 */
    const char *const *resources; /* audiences that tokens are made for, NULL-terminated; base_url is one */
    int64_t token_lifetime_s;     /* 0: 3600 */
    int64_t (*now_unix_s)(void *ctx);
    void *now_ctx;
};
/* CONFIG_INVALID when something is missing. */
ATT_CHECK bool authority_new(const struct authority_options *options, struct authority **ret,
                             struct att_err *err);
void authority_free(struct authority *a); /* NULL is fine */

/* An answer to send as it is: JSON, with Cache-Control: no-store. */
struct authority_answer {
    int status;
    struct att_span json;
    int retry_after_s;    /* 0: no such header */
    bool challenge_basic; /* RFC 6749 5.2: WWW-Authenticate: Basic, since that is how the client tried */
    /* For the operator's log and the audit trail: who asked, and why not. Never a secret. The answer itself says less:
     * it does not tell a client that does not exist from a wrong secret. */
    const char *client_id;  /* NULL when the request named none that can be read */
    const char *resource;   /* NULL unless a token was issued */
    struct att_err refusal; /* code ATT_OK: a token was issued */
};

enum { AUTHORITY_FORM_BYTES_MAX = 64 * 1024 };

struct authority_token_in {
    const char *tenant;    /* of the path, lower case; NULL: /adfs */
    struct att_span form;  /* body: application/x-www-form-urlencoded */
    struct att_span basic; /* what stands behind "Authorization: Basic "; empty: none (RFC 6749 2.3.1) */
    const char *peer; /* numeric address of who asks; NULL: unknown, all such share one count of guesses */
    const char *trace_id; /* the request's id, repeated in refusals; NULL: none */
};
/* An assertion's aud is the token URL of the path (BASE/TENANT/oauth2/v2.0/token, BASE/TENANT/oauth2/token, the same below
 * BASE/adfs) or the issuer; ASCII case makes no difference, as in paths. */
void authority_token(struct authority *a, struct att_arena *arena, const struct authority_token_in *in,
                     struct authority_answer *ret);
/* A machine's token: the peer is a unix user as the kernel says. `resource` as in the query of the managed identity
 * endpoint, client_id NULL or the one wanted. The answer is shaped as IMDS's. */
void authority_machine_token(struct authority *a, struct att_arena *arena, uint32_t uid,
                             struct att_span resource, const char *client_id, struct authority_answer *ret);
/* Discovery document; tenant NULL: that of /adfs. False when there is no such tenant: TENANT_NOT_FOUND. */
ATT_CHECK bool authority_metadata(struct authority *a, struct att_arena *arena, const char *tenant,
                                  struct att_span *ret_json, struct att_err *err);
/* Public JWK set of the keys that are published now: {"keys":[...]}, in the arena. */
ATT_CHECK bool authority_keys(struct authority *a, struct att_arena *arena, struct att_span *ret_json,
                              struct att_err *err);
/* "BASE/TENANT/v2.0" */
ATT_CHECK bool authority_issuer(const struct authority *a, struct att_arena *arena, const char *tenant,
                                const char **ret, struct att_err *err);

/* -- credentials ------------------------------------------------------------------------------------------ */

/* A fresh secret (256 random bits behind the part that names it; letters, digits, '-' and '_', a letter first) and the
 * text that is stored in its place. */
ATT_CHECK bool authority_secret_new(struct att_arena *arena, const char **ret_secret, const char **ret_hash,
                                    struct att_err *err);
/* One scrypt; constant time in the secret; SECRET_INVALID. */
ATT_CHECK bool authority_secret_check(const char *hash, struct att_span secret, struct att_err *err);

enum { AUTHORITY_THUMBPRINT_SIZE = 65 };
struct authority_certificate {
    int64_t not_before_unix_s, not_after_unix_s;
    char thumbprint[AUTHORITY_THUMBPRINT_SIZE]; /* SHA-256 of the DER, lower-case hexadecimal */
};
/* A certificate that a client may prove itself with: strict DER, an RSA key of at least 2048 bits or a P-256 key. Nobody
 * needs to have issued it: it is trusted because it is listed. CERT_MALFORMED, KEY_INVALID. */
ATT_CHECK bool authority_certificate_read(struct att_arena *arena, struct att_span der,
                                          struct authority_certificate *ret, struct att_err *err);

#endif
