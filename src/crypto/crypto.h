/* crypto/crypto.h - the thin layer on OpenSSL 3: digests fetched once, signatures checked from raw keys.
 *
 * A struct att_crypto holds what is fetched at start (EVP_MD, template keys) and is immutable afterwards: share it
 * between threads. No function here knows about evidence. Functions leave this thread's OpenSSL error queue empty.
 *
 * A signature is either good, or it is not, or the key is unusable, or the library failed: four different answers,
 * since "bad key" has its own error code and a library failure must never look like a bad signature.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <attest/arena.h>
#include <attest/error.h>

struct att_crypto;
struct att_key; /* a public key, reference counted, immutable; P-256, P-384, P-521 or RSA */

enum att_hash { ATT_SHA1, ATT_SHA256, ATT_SHA384, ATT_SHA512, ATT_HASH_COUNT };
enum att_sig { ATT_SIG_FAILED = 0, ATT_SIG_INVALID, ATT_SIG_BAD_KEY, ATT_SIG_VALID };
enum att_key_type { ATT_KEY_P256, ATT_KEY_P384, ATT_KEY_P521, ATT_KEY_RSA };

/* How a signature is made: name of the JOSE algorithm where there is one. */
enum att_sig_alg {
    ATT_ES256, /* raw r||s, 64 bytes */
    ATT_ES384, /* raw r||s, 96 bytes */
    ATT_ES512, /* raw r||s, 132 bytes */
    /* RSASSA-PKCS1-v1_5 */
    ATT_RS256,
    ATT_RS384,
    ATT_RS512,
    /* RSASSA-PSS, MGF1 with the same hash, salt as long as the hash */
    ATT_PS256,
    ATT_PS384,
    ATT_PS512,
};

struct att_crypto *att_crypto_new(void); /* NULL: OpenSSL cannot give an algorithm */
void att_crypto_free(struct att_crypto *c);

size_t att_hash_size(enum att_hash h);
ATT_CHECK bool att_digest(const struct att_crypto *c, enum att_hash h, struct att_span data, uint8_t *ret);
/* The digest of several parts one after the other. */
ATT_CHECK bool att_digest_parts(const struct att_crypto *c, enum att_hash h, const struct att_span *parts,
                                size_t count, uint8_t *ret);

/* P-256, P-384 or P-521 from x||y (64, 96 or 132 bytes). KEY_INVALID when the point is not on the curve. One reference. */
ATT_CHECK bool att_key_from_point(const struct att_crypto *c, enum att_key_type curve, struct att_span xy,
                                  struct att_key **ret, struct att_err *err);
/* RSA from big-endian n and e. Refused: n under 1024 or over 8192 bits, even n, e even or below 3 or over 2^64. The
 * caller applies its own smallest size with att_key_bits. */
ATT_CHECK bool att_key_from_rsa(const struct att_crypto *c, struct att_span n, struct att_span e,
                                struct att_key **ret, struct att_err *err);
/* DER SubjectPublicKeyInfo: EC with a named curve and an uncompressed point, or RSA under the limits above. A key of
 * type id-RSASSA-PSS verifies PSS only, and with one hash when its parameters name one. KEY_INVALID. */
ATT_CHECK bool att_key_from_spki(const struct att_crypto *c, struct att_span der, struct att_key **ret,
                                 struct att_err *err);
/* The other way: DER in the arena. An id-RSASSA-PSS key comes out as rsaEncryption. */
ATT_CHECK bool att_key_spki(struct att_arena *arena, const struct att_key *k, struct att_span *ret,
                            struct att_err *err);
struct att_key *att_key_ref(struct att_key *k);
void att_key_free(struct att_key *k); /* drops one reference; NULL is fine */
enum att_key_type att_key_type(const struct att_key *k);
unsigned att_key_bits(const struct att_key *k);
/* EC keys: x||y; an empty span for RSA. Borrowed. */
struct att_span att_key_point(const struct att_key *k);
/* RSA keys: modulus and exponent, big-endian, minimal. Borrowed; empty for EC. */
struct att_span att_key_rsa_n(const struct att_key *k);
struct att_span att_key_rsa_e(const struct att_key *k);

/* Checks a signature over `message` (hashed here). BAD_KEY when the key cannot be used with the algorithm (an
 * algorithm never picks another curve or padding than its own). r and s must be in 1..n-1; high s is valid. */
enum att_sig att_verify(const struct att_crypto *c, const struct att_key *k, enum att_sig_alg alg,
                        struct att_span message, struct att_span signature);
/* RSA signatures of formats that name padding and hash apart from each other, as TPMs do. Not in enum att_sig_alg, on purpose:
 * SHA-1 and a salt of any length have no JOSE name, so no token, policy or certificate can ask for them. Whether SHA-1 is
 * good enough is the caller's question. BAD_KEY for a key that is not RSA, or bound to other parameters. */
enum att_rsa_form { ATT_RSA_PKCS1, ATT_RSA_PSS_ANY_SALT };
enum att_sig att_verify_rsa(const struct att_crypto *c, const struct att_key *k, enum att_rsa_form form,
                            enum att_hash hash, struct att_span message, struct att_span signature);
/* The hot path of quotes: a P-256 key never seen before (x||y), ES256. BAD_KEY when not on the curve. */
enum att_sig att_verify_p256_raw(const struct att_crypto *c, const uint8_t xy[64], struct att_span message,
                                 const uint8_t signature[64]);

#endif
