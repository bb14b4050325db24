/* attest/seal.h - secrets at rest: AES-256-GCM with a key from outside the database.
 *
 * A sealed secret is: version byte 0x01, 12 random bytes of nonce, ciphertext, 16 bytes of tag. `label` says
 * what the secret is for ("signing-key:KID") and is authenticated: a sealed value moved to another row does
 * not open.
 *
 * Example:
 *     struct att_span sealed, secret;
 *     if (!att_seal(arena, key, att_str("signing-key:1"), pkcs8, &sealed, &err)) ...           into the database
 *     if (!att_unseal(arena, key, att_str("signing-key:1"), sealed, &secret, &err)) ...        and out again
 *
 * Ownership: results are in the arena, which wipes them when it is freed. Wipe the key yourself.
 * Errors: SEAL_INVALID (wrong key, wrong label, changed bytes: not told apart), CRYPTO_FAILED, OUT_OF_MEMORY.
 * Threads: no shared state. Nonces are random, so seal at most 2^32 secrets under one key.
 * Spec: NIST SP 800-38D; random nonces of 96 bits are its section 8.2.2.
 */
#ifndef ATTEST_SEAL_H
#define ATTEST_SEAL_H

#include <attest/arena.h>
#include <attest/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ATT_SEAL_KEY_BYTES 32

/* Seals `secret` under `key` for the use that `label` names. */
ATT_API ATT_CHECK bool att_seal(struct att_arena *a, const uint8_t key[ATT_SEAL_KEY_BYTES],
                                struct att_span label, struct att_span secret, struct att_span *ret,
                                struct att_err *err);
/* The secret again; only with the key and the label that sealed it. */
ATT_API ATT_CHECK bool att_unseal(struct att_arena *a, const uint8_t key[ATT_SEAL_KEY_BYTES],
                                  struct att_span label, struct att_span sealed, struct att_span *ret,
                                  struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
