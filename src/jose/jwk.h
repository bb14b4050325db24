/* jose/jwk.h - public keys as JSON (RFC 7517, RFC 7518 6), alone and in sets.
 *
 * Taken: RSA (n, e), EC on P-256, P-384, P-521 (crv, x, y), or the key of the certificate x5c[0] when those
 * members are missing; when both stand there they must be the same key. The certificate is only a container:
 * no chain and no dates are checked. Refused: other key types (oct above all), private members, `use` other
 * than sig, key_ops without verify, an `alg` that does not fit the key, coordinates of a wrong length or off
 * the curve, integers with leading zeros, RSA keys with the mark of CVE-2017-15361 (ROCA), more than 10
 * certificates.
 *
 * In a set a refused key does not spoil the others (RFC 7517 5: a set may hold what a reader does not know),
 * but a token that names it is refused for that key's reason.
 */
#ifndef JOSE_JWK_H
#define JOSE_JWK_H

#include "codec/json.h"
#include "jose/alg.h"

struct att_jwk {
    struct att_key *key; /* NULL when refused */
    struct att_span kid;
    bool has_kid;
    bool has_alg;
    enum att_sig_alg alg;
    const struct att_err *refusal; /* NULL when usable */
};

/* The object `id` of a document. TOKEN_KEY_INVALID, the place begins with `where`. On success the caller owns
 * the key: att_jwk_free. */
ATT_CHECK bool att_jwk_read(const struct att_crypto *c, struct att_arena *a, const struct att_limits *limits,
                            const struct att_json *doc, att_json_id id, const char *where,
                            struct att_jwk *ret, struct att_err *err);
/* The key of the first certificate of an x5c array; one reference. TOKEN_KEY_INVALID. */
ATT_CHECK bool att_jwk_x5c_key(const struct att_crypto *c, struct att_arena *a,
                               const struct att_limits *limits, const struct att_json *doc, att_json_id id,
                               const char *where, struct att_key **ret, struct att_err *err);
void att_jwk_free(struct att_jwk *jwk); /* drops the key; NULL is fine */
bool att_jwk_same_key(const struct att_key *a, const struct att_key *b);
/* RFC 7638 with SHA-256, base64url: 43 characters in the arena. */
ATT_CHECK bool att_jwk_thumbprint(const struct att_crypto *c, struct att_arena *a, const struct att_key *key,
                                  struct att_span *ret, struct att_err *err);
/* Does the modulus carry the mark of the ROCA generator? Big-endian. */
bool att_jwk_roca(struct att_span n);

enum { ATT_JWK_SET_MAX = 128 }; /* live sets hold about 20 */

struct att_jwk_set {
    struct att_jwk *keys;
    size_t count;
};

/* {"keys":[...]}, or one JWK alone. TOKEN_KEYS_INVALID. att_jwk_set_free drops the keys. */
ATT_CHECK bool att_jwk_set_read(const struct att_crypto *c, struct att_arena *a,
                                const struct att_limits *limits, struct att_span json,
                                struct att_jwk_set *ret, struct att_err *err);
void att_jwk_set_free(struct att_jwk_set *set);
/* The key that a token's kid names: byte for byte. Without a kid, or when the key has none, only if the set
 * holds exactly one key. Several keys of one kid are refused unless they are the same key. TOKEN_KEY_UNKNOWN,
 * TOKEN_KEY_INVALID. Borrowed from the set. kid NULL: the token has none. */
ATT_CHECK bool att_jwk_set_find(const struct att_jwk_set *set, const struct att_span *kid,
                                const struct att_jwk **ret, struct att_err *err);

#endif
