/* crypto/encrypt.h - what it takes to hand a secret to a key: encryption to RSA keys, agreement with EC keys, HMAC, AES in CFB mode.
 *
 * For protocols that are fixed by others (credentials of TPMs); what we seal for ourselves is attest/seal.h. The randomness is
 * OpenSSL's. Errors: KEY_INVALID for a key of the wrong kind, CRYPTO_FAILED. Functions leave this thread's OpenSSL error queue
 * empty. Callers wipe what is secret.
 */
#ifndef CRYPTO_ENCRYPT_H
#define CRYPTO_ENCRYPT_H

#include "crypto/crypto.h"

enum { ATT_AGREED_BYTES_MAX = 66, ATT_POINT_BYTES_MAX = 132 };

/* RSAES-OAEP (RFC 8017 7.1), MGF1 with the same hash; the label's bytes as they are, a NUL at its end included if it is to be
 * there. As many bytes as the modulus has, in the arena. */
ATT_CHECK bool att_oaep_encrypt(struct att_arena *arena, const struct att_crypto *c, const struct att_key *k,
                                enum att_hash hash, struct att_span label, struct att_span plain,
                                struct att_span *ret, struct att_err *err);

/* A key made for this one agreement, and what it gives with `k`: x||y of its point, x of the shared point; field-sized each. */
struct att_agreement {
    uint8_t point[ATT_POINT_BYTES_MAX];
    uint8_t shared[ATT_AGREED_BYTES_MAX];
    size_t field_bytes;
};
ATT_CHECK bool att_agree(const struct att_crypto *c, const struct att_key *k, struct att_agreement *ret,
                         struct att_err *err);

/* att_hash_size(h) bytes. False: the library failed. */
ATT_CHECK bool att_hmac(const struct att_crypto *c, enum att_hash h, struct att_span key,
                        const struct att_span *parts, size_t count, uint8_t *ret);
/* AES with a key of 16, 24 or 32 bytes, full-block CFB, an IV of zeros: for keys that encrypt once. `ret` has room for as many
 * bytes as `plain`. False: the library failed, or another length of key. */
ATT_CHECK bool att_aes_cfb(struct att_span key, struct att_span plain, uint8_t *ret);

#endif
