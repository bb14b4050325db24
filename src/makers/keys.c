#include "makers/keys.h"

#include "base/buf.h"
#include "base/err.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>

enum { SIGN_TRIES_MAX = 1 << 20 };

ATT_AUTO_PTR(md_ctx_auto, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(ecdsa_sig_auto, ECDSA_SIG, ECDSA_SIG_free)

static bool crypto_failed(struct att_err *err, const char *where)
{
    return att_fail(err, ATT_CRYPTO_FAILED, where, "success", "a failure inside OpenSSL");
}

bool mk_key_new(EVP_PKEY **ret, struct att_err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (!key)
        return crypto_failed(err, "makers.key");
    *ret = key;
    return true;
}

bool mk_key_point(const EVP_PKEY *key, uint8_t ret[64], struct att_err *err)
{
    uint8_t encoded[65];
    size_t len = 0;

    if (EVP_PKEY_get_octet_string_param(key, "pub", encoded, sizeof encoded, &len) != 1 ||
        len != sizeof encoded || encoded[0] != 0x04)
        return crypto_failed(err, "makers.key.point");
    memcpy(ret, encoded + 1, 64);
    return true;
}

static bool sign_once(EVP_PKEY *key, struct att_span message, uint8_t ret[64])
{
    uint8_t der[80];
    size_t len = sizeof der;

    ATT_AUTO(md_ctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, der, &len, message.ptr, message.len) != 1)
        return false;
    const uint8_t *cursor = der;
    ATT_AUTO(ecdsa_sig_auto) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &cursor, (long)len);
    return sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + 32, 32) == 32;
}

static bool shape_holds(enum mk_signature_shape shape, const uint8_t sig[64])
{
    bool r = sig[0] == 0, s = sig[32] == 0;

    switch (shape) {
    case MK_SIGNATURE_SHORT_R:
        return r;
    case MK_SIGNATURE_SHORT_S:
        return s;
    case MK_SIGNATURE_SHORT_BOTH:
        return r && s;
    case MK_SIGNATURE_ANY:
        break;
    }
    return true;
}

bool mk_sign_raw(EVP_PKEY *key, struct att_span message, enum mk_signature_shape shape, uint8_t ret[64],
                 struct att_err *err)
{
    for (int i = 0; i < SIGN_TRIES_MAX; i++) {
        uint8_t sig[64];
        if (!sign_once(key, message, sig))
            return crypto_failed(err, "makers.sign");
        if (shape_holds(shape, sig)) {
            memcpy(ret, sig, 64);
            return true;
        }
    }
    return att_fail(err, ATT_LIMIT_EXCEEDED, "makers.sign", "a signature of the wanted shape",
                    "none in %d tries", SIGN_TRIES_MAX);
}

bool mk_sha256(struct att_span data, uint8_t ret[32], struct att_err *err)
{
    if (EVP_Digest(data.len > 0 ? data.ptr : (const uint8_t *)"", data.len, ret, NULL, EVP_sha256(), NULL) !=
        1)
        return crypto_failed(err, "makers.sha256");
    return true;
}

bool mk_key_id(const EVP_PKEY *key, uint8_t ret[20], struct att_err *err)
{
    uint8_t encoded[65] = { 0x04 };

    if (!mk_key_point(key, encoded + 1, err))
        return false;
    if (EVP_Digest(encoded, sizeof encoded, ret, NULL, EVP_sha1(), NULL) != 1)
        return crypto_failed(err, "makers.key.id");
    return true;
}

bool mk_bio_drain(BIO *bio, struct att_buf *out, struct att_err *err)
{
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);

    if (len < 0)
        return crypto_failed(err, "makers.bio");
    att_buf_put(out, att_span_of(text, (size_t)len));
    return out->failed ? att_fail_memory(err, "makers.bio") : true;
}

bool mk_key_pem(EVP_PKEY *key, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(mk_bio_auto) BIO *bio = BIO_new(BIO_s_secmem());
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return crypto_failed(err, "makers.key.pem");
    return mk_bio_drain(bio, out, err);
}

bool mk_key_from_pem(struct att_span pem, EVP_PKEY **ret, struct att_err *err)
{
    ATT_AUTO(mk_bio_auto) BIO *bio = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
    ATT_AUTO(mk_pkey_auto) EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    uint8_t point[64];

    if (!key)
        return att_fail(err, ATT_KEY_INVALID, "makers.key", "a private key in PEM", "none");
    if (EVP_PKEY_get_bits(key) != 256 || !EVP_PKEY_is_a(key, "EC") || !mk_key_point(key, point, NULL))
        return att_fail(err, ATT_KEY_INVALID, "makers.key", "a P-256 key", "another kind of key");
    *ret = ATT_MOVE(key);
    return true;
}
