#include <attest/seal.h>

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/secret.h"

enum { VERSION = 0x01, NONCE_BYTES = 12, TAG_BYTES = 16, HEAD_BYTES = 1 + NONCE_BYTES };

ATT_AUTO_PTR(cipher_auto, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static bool crypto_failed(struct att_err *err)
{
    return att_fail(err, ATT_CRYPTO_FAILED, "seal", "AES-256-GCM", "a failure of the library");
}

/* Version and label are authenticated, the label with nothing behind it that could be taken for a part of it.
 */
static bool start(EVP_CIPHER_CTX *ctx, bool seal, const uint8_t *key, const uint8_t *head,
                  struct att_span label)
{
    int len = 0;

    return EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key, head + 1, seal, NULL) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &len, head, 1) == 1 &&
           (label.len == 0 || EVP_CipherUpdate(ctx, NULL, &len, label.ptr, (int)label.len) == 1);
}

static bool update(EVP_CIPHER_CTX *ctx, uint8_t *to, struct att_span from)
{
    int len = 0;

    return from.len == 0 ||
           (EVP_CipherUpdate(ctx, to, &len, from.ptr, (int)from.len) == 1 && (size_t)len == from.len);
}

static bool too_long(struct att_span label, struct att_span bytes)
{
    return label.len > INT_MAX || bytes.len > (size_t)INT_MAX - HEAD_BYTES - TAG_BYTES;
}

bool att_seal(struct att_arena *a, const uint8_t key[ATT_SEAL_KEY_BYTES], struct att_span label,
              struct att_span secret, struct att_span *ret, struct att_err *err)
{
    uint8_t none[1];
    int len = 0;

    if (too_long(label, secret))
        return att_fail(err, ATT_LIMIT_EXCEEDED, "seal", "less than 2 GiB", "more");
    size_t size = HEAD_BYTES + secret.len + TAG_BYTES;
    uint8_t *out = att_arena_alloc(a, size, 1);
    if (!out)
        return att_fail_memory(err, "seal");
    out[0] = VERSION;
    ATT_AUTO(cipher_auto) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (!ctx || RAND_bytes(out + 1, NONCE_BYTES) != 1 || !start(ctx, true, key, out, label) ||
        !update(ctx, out + HEAD_BYTES, secret) || EVP_CipherFinal_ex(ctx, none, &len) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out + HEAD_BYTES + secret.len) != 1)
        return crypto_failed(err);
    *ret = att_span_of(out, size);
    return true;
}

bool att_unseal(struct att_arena *a, const uint8_t key[ATT_SEAL_KEY_BYTES], struct att_span label,
                struct att_span sealed, struct att_span *ret, struct att_err *err)
{
    uint8_t tag[TAG_BYTES];
    uint8_t none[1];
    int len = 0;

    if (too_long(label, sealed) || sealed.len < HEAD_BYTES + TAG_BYTES || sealed.ptr[0] != VERSION)
        return att_fail(err, ATT_SEAL_INVALID, "seal", "version, nonce, ciphertext and tag",
                        "%zu bytes of another form", sealed.len);
    struct att_span body = { sealed.ptr + HEAD_BYTES, sealed.len - HEAD_BYTES - TAG_BYTES };
    memcpy(tag, body.ptr + body.len, TAG_BYTES);
    uint8_t *out = att_arena_alloc(a, body.len + 1, 1); /* + 1: never ask for nothing */
    if (!out)
        return att_fail_memory(err, "seal");
    ATT_AUTO(cipher_auto) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (!ctx || !start(ctx, false, key, sealed.ptr, label) ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1 || !update(ctx, out, body)) {
        att_wipe(out, body.len);
        return crypto_failed(err);
    }
    if (EVP_CipherFinal_ex(ctx, none, &len) != 1) {
        att_wipe(out, body.len); /* decrypted, but by whom it was written is not known */
        return att_fail(err, ATT_SEAL_INVALID, "seal", "the key and label it was sealed with",
                        "other ones, or a change");
    }
    *ret = att_span_of(out, body.len);
    return true;
}
