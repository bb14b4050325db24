/* P-384 keys and signatures by OpenSSL, for the tests of prepared tables. */
#ifndef TESTS_UNIT_CRYPTO_P384_MADE_H
#define TESTS_UNIT_CRYPTO_P384_MADE_H

#include "made.h"

#include <openssl/err.h>

#include "crypto/core.h"

enum { P384_SIG = 96 };

struct p384_made {
    EVP_PKEY *pkey;
    struct att_key *key;
    uint8_t sig[P384_SIG]; /* of "m" */
};

static inline void p384_raw_of(const uint8_t *der, size_t len, uint8_t raw[P384_SIG])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 48), 48);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 48, 48), 48);
    ECDSA_SIG_free(sig);
}

static inline void p384_sign(EVP_PKEY *pkey, struct att_span message, uint8_t raw[P384_SIG])
{
    uint8_t der[120];
    size_t len = sizeof der;
    EVP_MD_CTX *ctx = made_signer(pkey, "SHA384", 0);
    assert_int_equal(EVP_DigestSign(ctx, der, &len, message.ptr, message.len), 1);
    EVP_MD_CTX_free(ctx);
    p384_raw_of(der, len, raw);
}

/* x||y */
static inline void p384_point(EVP_PKEY *pkey, uint8_t xy[P384_SIG])
{
    uint8_t encoded[1 + P384_SIG];
    size_t len = 0;
    assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, "pub", encoded, sizeof encoded, &len), 1);
    assert_int_equal(len, sizeof encoded);
    memcpy(xy, encoded + 1, P384_SIG);
}

static inline struct p384_made p384_made_new(const struct att_crypto *c)
{
    struct p384_made m = { .pkey = EVP_EC_gen("P-384") };
    uint8_t xy[P384_SIG];
    struct att_err err = { .code = ATT_OK };
    assert_non_null(m.pkey);
    p384_point(m.pkey, xy);
    if (!att_key_from_point(c, ATT_KEY_P384, att_span_of(xy, sizeof xy), &m.key, &err))
        fail_msg("%s", err.text);
    p384_sign(m.pkey, att_str("m"), m.sig);
    return m;
}

static inline void p384_made_free(struct p384_made *m)
{
    EVP_PKEY_free(m->pkey);
    att_key_free(m->key);
}

#endif
