/* service/keyring.h - the signing keys of one purpose: loaded from the store, or made at the first start.
 *
 * A key is a row of kind "signing-key": its private half sealed under a label that names purpose and kid, its public
 * half, its algorithm. The newest key of the wanted algorithm signs; all of them are published. Of two processes that
 * start on the same empty store one makes the key, and both use it.
 *
 * Threads: a ring is read-only after it was opened. Ownership: caller frees.
 * Errors: STORE_FAILED, SEAL_INVALID, CRYPTO_FAILED, OUT_OF_MEMORY.
 */
#ifndef SERVICE_KEYRING_H
#define SERVICE_KEYRING_H

#include <attest/arena.h>
#include <attest/error.h>

struct signer;
struct store;

enum { KEYRING_KEYS_MAX = 64 };

struct keyring_key {
    const char *kid;
    const char *alg;
    struct att_span spki;
    struct att_span pkcs8; /* secret; wiped when the ring is freed: makes certificates */
};

struct keyring {
    struct keyring_key keys[KEYRING_KEYS_MAX]; /* RS256 first, newest first */
    size_t count;
    const char *kid; /* of the one that signs; it is in the signer */
    const char *alg;
};

struct keyring_options {
    struct store *store;
    struct signer *signer; /* signer_local_*: the signing key is added */
    const uint8_t *kek;    /* ATT_SEAL_KEY_BYTES */
    const char *purpose;   /* "attestation", "authority" */
    const char *alg;       /* "RS256", "ES256" */
    int64_t now_unix_s;
};
ATT_CHECK bool keyring_open(const struct keyring_options *options, struct keyring **ret, struct att_err *err);
void keyring_free(struct keyring *r); /* NULL is fine; wipes */

/* A self-signed certificate of this key that names the endpoint (docs/api.md, "certificates"): DER in the arena. */
ATT_CHECK bool keyring_certificate(const struct keyring_key *key, const char *name, const char *uri,
                                   struct att_arena *arena, struct att_span *ret_der, struct att_err *err);

#endif
