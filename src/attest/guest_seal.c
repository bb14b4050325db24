/* Answers to Azure guests: the token under a fresh AES key, that one under a key of the guest's TPM. Whoever reads the answer on its
 * way, or takes it to another machine, has nothing. */
#include <attest/tpm.h>

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "codec/json.h"
#include "collateral/context.h"
#include "tpm/tpm.h"

ATT_AUTO_PTR(cipher_auto, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(pkey_ctx_auto, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
ATT_AUTO_PTR(params_auto, OSSL_PARAM, OSSL_PARAM_free)
ATT_AUTO_PTR(builder_auto, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
ATT_AUTO_PTR(number_auto, BIGNUM, BN_free)

enum { KEY_BYTES = 32, IV_BYTES = 12, TAG_BYTES = 16, RSA_BYTES_MAX = 1024 };

/* What the clients of this protocol authenticate besides the token. */
static const char aad[] = "Transport Key";
static const char where[] = "guest.answer";

static bool crypto_failed(struct att_err *err, const char *what)
{
    ERR_clear_error();
    return att_fail(err, ATT_CRYPTO_FAILED, where, what, "a failure of the library");
}

/* -- the token under the inner key -------------------------------------------------------------------------------- */

static bool gcm_start(EVP_CIPHER_CTX *ctx, bool seal, const uint8_t *key, const uint8_t *iv)
{
    int len = 0;

    return EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key, iv, seal, NULL) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &len, (const uint8_t *)aad, (int)sizeof aad - 1) == 1;
}

static bool gcm_update(EVP_CIPHER_CTX *ctx, uint8_t *to, struct att_span from)
{
    int len = 0;

    return from.len == 0 ||
           (EVP_CipherUpdate(ctx, to, &len, from.ptr, (int)from.len) == 1 && (size_t)len == from.len);
}

static bool encrypt(const uint8_t key[KEY_BYTES], const uint8_t iv[IV_BYTES], struct att_span token,
                    uint8_t *to, uint8_t tag[TAG_BYTES])
{
    ATT_AUTO(cipher_auto) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t none[1];
    int len = 0;

    return ctx && gcm_start(ctx, true, key, iv) && gcm_update(ctx, to, token) &&
           EVP_CipherFinal_ex(ctx, none, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1;
}

/* -- the inner key under the TPM's -------------------------------------------------------------------------------- */

static EVP_PKEY *rsa_of(struct att_span modulus, uint32_t exponent)
{
    ATT_AUTO(number_auto) BIGNUM *n = BN_bin2bn(modulus.ptr, (int)modulus.len, NULL);
    ATT_AUTO(number_auto) BIGNUM *e = BN_new();
    ATT_AUTO(builder_auto) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    ATT_AUTO(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    ATT_AUTO(params_auto) OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    if (!n || !e || !builder || !ctx || BN_set_word(e, exponent) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
        return NULL;
    params = OSSL_PARAM_BLD_to_param(builder);
    if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}

/* RSAES-PKCS1-v1_5: what clients ask their TPM to decrypt. No oracle for its padding is made here: only the TPM decrypts. */
static bool wrap(EVP_PKEY *rsa, const uint8_t key[KEY_BYTES], uint8_t ret[RSA_BYTES_MAX], size_t *ret_len)
{
    ATT_AUTO(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, rsa, NULL);

    *ret_len = RSA_BYTES_MAX;
    return ctx && EVP_PKEY_encrypt_init(ctx) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_encrypt(ctx, ret, ret_len, key, KEY_BYTES) == 1;
}

static bool rsa_read(struct att_span seal_to, EVP_PKEY **ret, struct att_err *err)
{
    struct tpm_public pub;

    if (!tpm_public_read(seal_to, where, ATT_KEY_INVALID, &pub, err))
        return false;
    if (pub.ecc || pub.modulus.len > RSA_BYTES_MAX)
        return att_fail(err, ATT_KEY_INVALID, where, "an RSA key of at most 8192 bits", "another key");
    *ret = rsa_of(pub.modulus, pub.exponent);
    return *ret || crypto_failed(err, "an RSA key");
}

/* -- JSON --------------------------------------------------------------------------------------------------------- */

static void put_base64(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64_put(&text, bytes);
    w->out->failed = w->out->failed || text.failed;
    att_jw_key(w, name);
    att_jw_string(w, att_buf_span(&text));
}

/* Names of Windows' cryptography: clients refuse an answer without them, or with others. */
static void put_params(struct att_json_writer *w, struct att_span iv)
{
    att_jw_key(w, "EncryptionParams");
    att_jw_object(w);
    att_jw_key(w, "BlockMode");
    att_jw_str(w, "ChainingModeGCM");
    att_jw_key(w, "BlockPadding");
    att_jw_str(w, "PKCS7");
    att_jw_key(w, "Cipher");
    att_jw_str(w, "AES");
    put_base64(w, "Iv", iv);
    att_jw_key(w, "KeySizeInBits");
    att_jw_int(w, 8 * KEY_BYTES);
    att_jw_end_object(w);
}

static bool sealed_json(struct att_arena *arena, const struct att_guest_sealed *s, struct att_span *ret,
                        struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    att_jw_object(&w);
    put_base64(&w, "AuthenticationData", s->tag);
    put_base64(&w, "EncryptedInnerKey", s->encrypted_key);
    put_params(&w, s->iv);
    put_base64(&w, "Jwt", s->ciphertext);
    att_jw_end_object(&w);
    char *copy = b.failed ? NULL : att_arena_dup(arena, att_buf_span(&b));
    if (!copy)
        return att_fail_memory(err, where);
    *ret = att_span_of(copy, b.len);
    return true;
}

bool att_guest_seal(const struct att_lib *lib, struct att_arena *arena, struct att_span seal_to,
                    struct att_span token, struct att_span *ret_json, struct att_err *err)
{
    uint8_t key[KEY_BYTES], iv[IV_BYTES], tag[TAG_BYTES], wrapped[RSA_BYTES_MAX];
    ATT_AUTO(pkey_auto) EVP_PKEY *rsa = NULL;
    size_t wrapped_len = 0;

    if (token.len == 0 || token.len > lib->limits.token_bytes_max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "a token within token_bytes_max", "%zu bytes",
                        token.len);
    if (!rsa_read(seal_to, &rsa, err))
        return false;
    uint8_t *ciphertext = att_arena_alloc(arena, token.len, 1);
    if (!ciphertext)
        return att_fail_memory(err, where);
    bool ok = RAND_bytes(key, sizeof key) == 1 && RAND_bytes(iv, sizeof iv) == 1 &&
              encrypt(key, iv, token, ciphertext, tag) && wrap(rsa, key, wrapped, &wrapped_len);
    att_wipe(key, sizeof key);
    if (!ok)
        return crypto_failed(err, "a key of AES under one of RSA");
    const struct att_guest_sealed sealed = { att_span_of(wrapped, wrapped_len), att_span_of(iv, sizeof iv),
                                             att_span_of(tag, sizeof tag),
                                             att_span_of(ciphertext, token.len) };
    return sealed_json(arena, &sealed, ret_json, err);
}

/* -- the other end ------------------------------------------------------------------------------------------------ */

static bool member_read(struct att_arena *arena, const struct att_json *doc, att_json_id obj,
                        const char *name, size_t len, struct att_span *ret, struct att_err *err)
{
    struct att_span text = { 0 };

    if (!att_json_string(doc, arena, att_json_get(doc, obj, name), &text) ||
        !att_base64_decode(arena, ATT_BASE64_LENIENT, text, where, ret, NULL) || ret->len == 0 ||
        (len > 0 && ret->len != len))
        return att_fail(err, ATT_SEAL_INVALID, where, name, "no such member, or another value");
    return true;
}

bool att_guest_sealed_read(const struct att_lib *lib, struct att_arena *arena, struct att_span json,
                           struct att_guest_sealed *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = &lib->limits };
    struct att_guest_sealed s = { 0 };
    struct att_json doc;

    if (!att_json_parse(arena, json, &options, &doc, err))
        return att_fail_as(err, ATT_SEAL_INVALID, where);
    att_json_id params = att_json_get(&doc, ATT_JSON_ROOT, "EncryptionParams");
    if (!member_read(arena, &doc, ATT_JSON_ROOT, "AuthenticationData", TAG_BYTES, &s.tag, err) ||
        !member_read(arena, &doc, ATT_JSON_ROOT, "EncryptedInnerKey", 0, &s.encrypted_key, err) ||
        !member_read(arena, &doc, params, "Iv", IV_BYTES, &s.iv, err) ||
        !member_read(arena, &doc, ATT_JSON_ROOT, "Jwt", 0, &s.ciphertext, err))
        return false;
    *ret = s;
    return true;
}

bool att_guest_open(struct att_arena *arena, const struct att_guest_sealed *s, struct att_span inner_key,
                    struct att_span *ret_token, struct att_err *err)
{
    ATT_AUTO(cipher_auto) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t tag[TAG_BYTES], none[1];
    int len = 0;

    if (inner_key.len != KEY_BYTES || s->iv.len != IV_BYTES || s->tag.len != TAG_BYTES ||
        s->ciphertext.len > INT_MAX)
        return att_fail(err, ATT_SEAL_INVALID, where, "a key of 32 bytes", "%zu bytes", inner_key.len);
    uint8_t *out = att_arena_alloc(arena, s->ciphertext.len + 1, 1);
    if (!out)
        return att_fail_memory(err, where);
    memcpy(tag, s->tag.ptr, sizeof tag);
    if (!ctx || !gcm_start(ctx, false, inner_key.ptr, s->iv.ptr) || !gcm_update(ctx, out, s->ciphertext) ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1) {
        att_wipe(out, s->ciphertext.len);
        return crypto_failed(err, "AES-256-GCM");
    }
    if (EVP_CipherFinal_ex(ctx, none, &len) != 1) {
        att_wipe(out, s->ciphertext.len); /* decrypted, but by whom it was written is not known */
        ERR_clear_error();
        return att_fail(err, ATT_SEAL_INVALID, where, "the key that it was sealed with",
                        "another, or a change");
    }
    *ret_token = att_span_of(out, s->ciphertext.len);
    return true;
}
