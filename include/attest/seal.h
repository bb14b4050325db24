/* attest/seal.h - secrets at rest: AES-256-GCM with a key from outside the database.
 *
 * A sealed secret is: version byte 0x01, 12 random bytes of nonce, ciphertext, 16 bytes of tag. `label` says
 * what the secret is for ("signing-key:KID") and is authenticated: a sealed value moved to another row does
 * not open.
 *
 * Errors: SEAL_INVALID (wrong key, wrong label, changed bytes: not told apart), CRYPTO_FAILED.
 */
#ifndef ATTEST_SEAL_H
#define ATTEST_SEAL_H

#include <attest/arena.h>
#include <attest/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ATT_SEAL_KEY_BYTES 32

ATT_API ATT_CHECK bool att_seal(struct att_arena *a, const uint8_t key[ATT_SEAL_KEY_BYTES],
                                struct att_span label, struct att_span secret, struct att_span *ret,
                                struct att_err *err);
ATT_API ATT_CHECK bool att_unseal(struct att_arena *a, const uint8_t key[ATT_SEAL_KEY_BYTES],
                                  struct att_span label, struct att_span sealed, struct att_span *ret,
                                  struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
