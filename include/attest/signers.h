/* attest/signers.h - policy signers: the certificates that an isolated provider trusts to sign policies.
 *
 * They arrive as a JWK set, {"keys":[{"kty":"RSA","alg":"RS256","use":"sig","x5c":["MII...","MII..."]}]}, when a provider
 * is made. Reading one checks every key and gives the set in the one form that is kept, so that two sets with the same
 * certificates are the same bytes, whatever else their senders wrote and in which order:
 *
 *     struct att_span kept = { 0 };
 *     size_t count = 0;
 *     if (!att_signers_read(arena, body, NULL, &kept, &count, &err))
 *         return false;
 *     bool isolated = count > 0;
 *
 * A key must have x5c: certificates of version 3, standard base64 of DER, at most 10, each signed by the next one. The
 * last one must be a CA (basic constraints CA:TRUE, and keyCertSign when it has a key usage); those before it between
 * leaf and end must be CAs too, the first of several need not be one. `kty`, `alg`, `use`, `key_ops`, n, e, x, y must
 * agree with the first certificate's key where they are there; members of a private key are refused. RSA has a
 * smallest size; EC keys are on P-256, P-384 or P-521.
 *
 * Path lengths count, and a chain must have no critical extension besides basic constraints, key usage, extended key usage,
 * alternative names and certificate policies. Not checked: dates and revocation, since these keys are trusted because
 * somebody put them there; what those extensions say.
 *
 * Ownership: results are in the arena; inputs are borrowed for the call. Threads: no shared state.
 * Errors: JSON_*, KEY_INVALID, BASE64_INVALID, CERT_MALFORMED, CERT_CHAIN_INVALID, LIMIT_EXCEEDED, OUT_OF_MEMORY,
 * CRYPTO_FAILED; `where` is "keys[I]..." .
 * Spec: RFC 7517 4, RFC 5280 4.2.1.9 and 4.2.1.3.
 */
#ifndef ATTEST_SIGNERS_H
#define ATTEST_SIGNERS_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ATT_SIGNERS_MAX = 32, ATT_SIGNER_RSA_BITS = 2048 };

struct att_signers_options {
    size_t size;                     /* sizeof(struct att_signers_options) */
    const struct att_limits *limits; /* NULL: att_limits_default */
    unsigned rsa_bits_min;           /* 0: ATT_SIGNER_RSA_BITS; never under 1024 */
};

/* `json`: the set as sent, names exact. No key at all is fine: *ret_count is 0 and *ret_json is {"keys":[]}. */
ATT_API ATT_CHECK bool att_signers_read(struct att_arena *arena, struct att_span json,
                                        const struct att_signers_options *options, struct att_span *ret_json,
                                        size_t *ret_count, struct att_err *err);

/* A set in the kept form with one key more, or less. `key` is what att_policy_token gives as key_json; keys are the same when
 * their first certificates are. *ret_changed false: it was there already, or was not. An empty `kept` is an empty set.
 * POLICY_SIGNER_LAST: removing it would leave nobody. LIMIT_EXCEEDED beyond ATT_SIGNERS_MAX. */
ATT_API ATT_CHECK bool att_signers_add(struct att_arena *arena, struct att_span kept, struct att_span key,
                                       struct att_span *ret_json, bool *ret_changed, struct att_err *err);
ATT_API ATT_CHECK bool att_signers_remove(struct att_arena *arena, struct att_span kept, struct att_span key,
                                          struct att_span *ret_json, bool *ret_changed, struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
