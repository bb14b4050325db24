/* crypto/core.h - what struct att_crypto and struct att_key hold; for the files of this folder only. */
#ifndef CRYPTO_CORE_H
#define CRYPTO_CORE_H

#include "crypto/crypto.h"

#include <openssl/evp.h>
#include <stdatomic.h>

#include "base/auto.h"

enum {
    ATT_CURVE_COUNT = 3,        /* ATT_KEY_P256, ATT_KEY_P384, ATT_KEY_P521 are its indexes */
    ATT_FIELD_BYTES_MAX = 66,   /* P-521 */
    ATT_RSA_BITS_MIN = 1024,    /* what test suites of official clients still use */
    ATT_RSA_BITS_MAX = 8192,    /* a verification with more costs milliseconds */
    ATT_RSA_EXPONENT_BYTES = 8, /* e below 2^64 */
};

struct att_curve {
    const char *group; /* OpenSSL's name */
    size_t field_bytes;
    unsigned bits;
    /* Public half only: what EVP_PKEY_dup copies must not carry a private key under somebody's public one. */
    EVP_PKEY *template_key;
    uint8_t order[ATT_FIELD_BYTES_MAX]; /* big-endian, field_bytes of it */
};

struct att_crypto {
    EVP_MD *md[ATT_HASH_COUNT];
    struct att_curve curves[ATT_CURVE_COUNT];
};

/* How a signature is made, with the key type left open: certificates combine hashes and curves freely. */
enum att_family {
    ATT_FAMILY_ECDSA,
    ATT_FAMILY_PKCS1,
    ATT_FAMILY_PSS,
    ATT_FAMILY_PSS_ANY_SALT, /* att_verify_rsa alone: no JOSE name and no certificate leads here */
};

struct att_scheme {
    enum att_family family;
    enum att_hash hash;
};

struct att_key {
    atomic_uint refs;
    enum att_key_type type;
    unsigned bits;
    EVP_PKEY *pkey; /* only read after the key was made: shared by threads, each with its own EVP_PKEY_CTX */
    bool only_pss;  /* id-RSASSA-PSS: never for PKCS#1 v1.5 (RFC 4055 1.2) */
    bool one_hash;  /* ... and then only with pss_hash */
    enum att_hash pss_hash;
    struct att_span point, n, e; /* into bytes */
    uint8_t bytes[];
};

ATT_AUTO_PTR(att_key_auto, struct att_key, att_key_free)
ATT_AUTO_PTR(att_pkey_auto, EVP_PKEY, EVP_PKEY_free)

/* A public key from x||y (2 * field_bytes). VALID, BAD_KEY (not on the curve) or FAILED. */
enum att_sig att_curve_point(const struct att_curve *curve, const uint8_t *xy, EVP_PKEY **ret);

/* ECDSA signatures are raw r||s here, and DER in the second (certificates, revocation lists). RSA: as they
 * are. */
enum att_sig att_scheme_verify(const struct att_crypto *c, const struct att_key *k, struct att_scheme scheme,
                               struct att_span message, struct att_span signature);
enum att_sig att_scheme_verify_der(const struct att_crypto *c, const struct att_key *k,
                                   struct att_scheme scheme, struct att_span message,
                                   struct att_span signature);

/* Why OpenSSL said no: many of its functions answer alike to bad input and to a failure of their own. */
struct att_openssl_reasons {
    bool no_memory;
    bool bad_point;     /* no point of the curve */
    bool infinity;      /* a computation met the point at infinity */
    bool bad_signature; /* PSS: it was looked at and is wrong; the others may leave no reason */
};
/* Empties this thread's OpenSSL error queue. */
struct att_openssl_reasons att_openssl_reasons(void);

#endif
