/* signer/signer.h - sign bytes with a named key.
 *
 * A struct signer is shared by all threads. Keys are added at start and on rotation; signing takes no lock.
 * The signature is what JWS wants: RSASSA-PKCS1-v1_5 bytes for RS256, raw r||s for ES256.
 */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include <attest/arena.h>
#include <attest/error.h>

struct signer;

struct signer_ops {
    const char *scheme; /* "local" */
    bool (*sign)(struct signer *s, const char *kid, struct att_span input, struct att_arena *arena,
                 struct att_span *ret, struct att_err *err);
    void (*close)(struct signer *s);
};
struct signer {
    const struct signer_ops *ops; /* each back end embeds it as its first member */
};

/* Signature over `input` by the key `kid`, in the arena. TOKEN_KEY_UNKNOWN, CRYPTO_FAILED. */
ATT_CHECK bool signer_sign(struct signer *s, const char *kid, struct att_span input, struct att_arena *arena,
                           struct att_span *ret, struct att_err *err);
void signer_close(struct signer *s); /* NULL is fine; wipes the keys */

/* Keys in this process. `max_keys` bounds how many it will ever hold. */
ATT_CHECK bool signer_local_new(size_t max_keys, struct signer **ret, struct att_err *err);
/* Adds a key from PKCS#8 DER. Refused when its type does not fit `alg` ("RS256": RSA >= 2048, "ES256":
 * P-256). */
ATT_CHECK bool signer_local_add(struct signer *s, const char *kid, const char *alg, struct att_span pkcs8,
                                struct att_err *err);

#endif
