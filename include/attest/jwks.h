/* attest/jwks.h - publishing signing keys: the name of a key, and its entry in a JWK set.
 *
 * Example:
 *     char kid[ATT_KID_SIZE];
 *     struct att_span jwk;
 *     if (!att_kid_of_spki(spki, kid, &err) ||
 *         !att_jwk_of_certificate(arena, certificate, "RS256", att_str(kid), &jwk, &err))
 *         return false;
 *     printf("{\"keys\":[%.*s]}", (int)jwk.len, (const char *)jwk.ptr);          what /certs answers
 *
 * A kid is made from the key alone, so it stays the same when the key gets another certificate.
 *
 * Ownership: inputs are borrowed for the call; the JWK is in the arena.
 * Errors: KEY_INVALID, CERT_MALFORMED, OUT_OF_MEMORY, CRYPTO_FAILED.
 * Threads: no shared state. Spec: RFC 7517 4, RFC 7518 6.
 */
#ifndef ATTEST_JWKS_H
#define ATTEST_JWKS_H

#include <attest/arena.h>
#include <attest/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ATT_KID_SIZE = 45 }; /* 44 characters and a NUL */

/* The name that Azure Attestation gives to a key: standard base64, padded, of SHA-256 over the
 * SubjectPublicKeyInfo as PEM (lines of 64 characters, each ended by LF, the last one too) and one NUL byte.
 * `spki` is DER or PEM; PEM is laid out anew, so its line ends do not matter. KEY_INVALID. */
ATT_API ATT_CHECK bool att_kid_of_spki(struct att_span spki, char ret[ATT_KID_SIZE], struct att_err *err);

/* One JWK, members sorted: {"alg","e","kid","kty","n","use":"sig","x5c":["..."]} for RSA,
 * {"alg","crv","kid","kty","use":"sig","x","x5c":["..."],"y"} for EC. The certificate (DER) stands alone in x5c.
 * KEY_INVALID: `alg` does not fit its key. */
ATT_API ATT_CHECK bool att_jwk_of_certificate(struct att_arena *arena, struct att_span certificate,
                                              const char *alg, struct att_span kid, struct att_span *ret_json,
                                              struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
