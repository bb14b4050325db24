#include "signer/keypair.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/secret.h"
#include "signer/private_key.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)

static bool keep(struct att_arena *arena, uint8_t *der, int len, struct att_span *ret)
{
    if (len <= 0)
        return false;
    char *copy = att_arena_dup(arena, att_span_of(der, (size_t)len));
    att_wipe(der, (size_t)len);
    OPENSSL_free(der);
    if (!copy)
        return false;
    *ret = att_span_of(copy, (size_t)len);
    return true;
}

bool signer_keypair_new(const char *alg, struct att_arena *arena, struct signer_keypair *ret,
                        struct att_err *err)
{
    ATT_AUTO(pkey_auto) EVP_PKEY *key = NULL;
    struct signer_keypair pair = { 0 };
    uint8_t *der = NULL;

    if (strcmp(alg, "RS256") == 0)
        key = EVP_RSA_gen(2048);
    else if (strcmp(alg, "ES256") == 0)
        key = EVP_EC_gen("P-256");
    else
        return att_fail(err, ATT_TOKEN_ALGORITHM, "signer.key.alg", "RS256 or ES256", "%s", alg);
    if (!key)
        return att_fail(err, ATT_CRYPTO_FAILED, "signer.key", "a fresh key pair", "none made");

    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    if (!info)
        return att_fail(err, ATT_CRYPTO_FAILED, "signer.key.pkcs8", "PKCS#8", "no encoding");
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    PKCS8_PRIV_KEY_INFO_free(info);
    if (!keep(arena, der, len, &pair.pkcs8))
        return att_fail_memory(err, "signer.key.pkcs8");
    der = NULL;
    len = i2d_PUBKEY(key, &der);
    if (!keep(arena, der, len, &pair.spki))
        return att_fail_memory(err, "signer.key.spki");
    *ret = pair;
    return true;
}

bool signer_keypair_fits(const struct signer_keypair *pair, struct att_err *err)
{
    ATT_AUTO(pkey_auto) EVP_PKEY *key = NULL;
    uint8_t *der = NULL;

    if (!signer_private_key(pair->pkcs8, &key, err))
        return false;
    /* By the bytes that signer_keypair_new made: OpenSSL compares keys, too, but says "no" when memory runs out. */
    int len = i2d_PUBKEY(key, &der);
    bool same = len > 0 && att_span_eq(pair->spki, att_span_of(der, (size_t)len));
    OPENSSL_free(der);
    if (len <= 0)
        return att_fail(err, ATT_CRYPTO_FAILED, "signer.key.spki", "the public half",
                        "a failure inside OpenSSL");
    if (!same)
        return att_fail(err, ATT_KEY_INVALID, "signer.key.spki", "the public half of the sealed key",
                        "that of another");
    return true;
}
