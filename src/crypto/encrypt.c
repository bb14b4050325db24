#include "crypto/encrypt.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "base/err.h"
#include "base/secret.h"
#include "crypto/core.h"

ATT_AUTO_PTR(pkey_ctx_auto, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
ATT_AUTO_PTR(cipher_auto, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
ATT_AUTO_PTR(mac_auto, EVP_MAC, EVP_MAC_free)
ATT_AUTO_PTR(mac_ctx_auto, EVP_MAC_CTX, EVP_MAC_CTX_free)

static bool library_failed(struct att_err *err, const char *where)
{
    ERR_clear_error();
    return att_fail(err, ATT_CRYPTO_FAILED, where, "an answer", "none");
}

/* OpenSSL takes the label over: it is freed with the context, so it gets a copy of its own. */
static bool set_label(EVP_PKEY_CTX *ctx, struct att_span label)
{
    void *copy;

    if (label.len == 0)
        return true;
    copy = OPENSSL_memdup(label.ptr, label.len);
    if (!copy)
        return false;
    if (EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, (int)label.len) > 0)
        return true;
    OPENSSL_free(copy);
    return false;
}

bool att_oaep_encrypt(struct att_arena *arena, const struct att_crypto *c, const struct att_key *k,
                      enum att_hash hash, struct att_span label, struct att_span plain, struct att_span *ret,
                      struct att_err *err)
{
    static const char where[] = "encrypt.oaep";
    size_t len = k->n.len;

    if (k->type != ATT_KEY_RSA || k->only_pss)
        return att_fail(err, ATT_KEY_INVALID, where, "an RSA key for encryption", "another");
    if (label.len > INT_MAX || plain.len + 2 * att_hash_size(hash) + 2 > len)
        return att_fail(err, ATT_KEY_INVALID, where, "a modulus long enough for the secret", "%u bits",
                        k->bits);
    uint8_t *out = att_arena_alloc(arena, len, 1);
    if (!out)
        return att_fail_memory(err, where);
    ERR_clear_error();
    ATT_AUTO(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
    if (!ctx || EVP_PKEY_encrypt_init(ctx) <= 0 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, c->md[hash]) <= 0 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, c->md[hash]) <= 0 || !set_label(ctx, label) ||
        EVP_PKEY_encrypt(ctx, out, &len, plain.ptr, plain.len) <= 0 || len != k->n.len)
        return library_failed(err, where);
    *ret = att_span_of(out, len);
    return true;
}

static bool derive(EVP_PKEY *own, EVP_PKEY *peer, uint8_t *ret, size_t size)
{
    ATT_AUTO(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    size_t len = size;

    return ctx && EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, peer) > 0 &&
           EVP_PKEY_derive(ctx, ret, &len) > 0 && len == size;
}

/* x||y without the octet that says "uncompressed". */
static bool point_of(EVP_PKEY *key, uint8_t *ret, size_t size)
{
    uint8_t encoded[1 + ATT_POINT_BYTES_MAX];
    size_t len = 0;

    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded, &len) != 1 ||
        len != 1 + size || encoded[0] != POINT_CONVERSION_UNCOMPRESSED)
        return false;
    memcpy(ret, encoded + 1, size);
    return true;
}

bool att_agree(const struct att_crypto *c, const struct att_key *k, struct att_agreement *ret,
               struct att_err *err)
{
    static const char where[] = "encrypt.agree";
    struct att_agreement a = { .field_bytes = 0 };

    if (k->type == ATT_KEY_RSA)
        return att_fail(err, ATT_KEY_INVALID, where, "an EC key", "an RSA key");
    const struct att_curve *curve = &c->curves[k->type];
    a.field_bytes = curve->field_bytes;
    ERR_clear_error();
    ATT_AUTO(att_pkey_auto) EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve->group);
    bool ok =
        own && point_of(own, a.point, 2 * a.field_bytes) && derive(own, k->pkey, a.shared, a.field_bytes);
    if (ok)
        *ret = a;
    att_wipe(&a, sizeof a);
    return ok || library_failed(err, where);
}

bool att_hmac(const struct att_crypto *c, enum att_hash h, struct att_span key, const struct att_span *parts,
              size_t count, uint8_t *ret)
{
    ATT_AUTO(mac_auto) EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    ATT_AUTO(mac_ctx_auto) EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    char name[16];
    uint8_t whole[EVP_MAX_MD_SIZE];
    size_t len = 0;

    (void)snprintf(name, sizeof name, "%s", EVP_MD_get0_name(c->md[h]));
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                  OSSL_PARAM_construct_end() };
    bool ok = ctx && EVP_MAC_init(ctx, key.ptr, key.len, params) == 1;
    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_MAC_update(ctx, parts[i].ptr, parts[i].len) == 1;
    ok = ok && EVP_MAC_final(ctx, whole, &len, sizeof whole) == 1 && len == att_hash_size(h);
    ERR_clear_error();
    if (ok)
        memcpy(ret, whole, len);
    att_wipe(whole, sizeof whole);
    return ok;
}

bool att_aes_cfb(struct att_span key, struct att_span plain, uint8_t *ret)
{
    static const uint8_t iv[16] = { 0 };
    const EVP_CIPHER *cipher = key.len == 16   ? EVP_aes_128_cfb128()
                               : key.len == 24 ? EVP_aes_192_cfb128()
                               : key.len == 32 ? EVP_aes_256_cfb128()
                                               : NULL;
    ATT_AUTO(cipher_auto) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    bool ok = ctx && cipher && plain.len <= INT_MAX &&
              EVP_EncryptInit_ex2(ctx, cipher, key.ptr, iv, NULL) == 1 &&
              EVP_EncryptUpdate(ctx, ret, &len, plain.ptr, (int)plain.len) == 1 && (size_t)len == plain.len;

    ERR_clear_error();
    return ok;
}
