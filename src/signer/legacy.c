/* Keys in this process. The table of keys only grows, and a slot is complete before the count that makes it
 * visible is published, so that signing needs no lock. */
#include "signer/signer.h"

#include "base/auto.h"
#include "base/err.h"
#include "signer/private_key.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { KID_BYTES_MAX = 128, P256_HALF = 32 };

struct slot {
    char kid[KID_BYTES_MAX];
    bool raw_ecdsa; /* ES256: DER from OpenSSL becomes r||s */
    EVP_PKEY *key;
};

struct local {
    struct signer base;
    pthread_mutex_t adding;
    EVP_MD *sha256;
    size_t max;
    atomic_size_t count;
    struct slot slots[];
};

ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(mdctx_auto, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(ecsig_auto, ECDSA_SIG, ECDSA_SIG_free)

static struct local *local_of(struct signer *s)
{
    return (struct local *)(void *)s;
}

static const struct slot *slot_of(struct local *l, const char *kid)
{
    size_t count = atomic_load_explicit(&l->count, memory_order_acquire);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(l->slots[i].kid, kid) == 0)
            return &l->slots[i];
    }
    return NULL;
}

static bool raw_of(struct att_arena *arena, const uint8_t *der, size_t len, struct att_span *ret)
{
    ATT_AUTO(ecsig_auto) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    uint8_t *raw = att_arena_alloc(arena, 2, P256_HALF);

    if (!sig || !raw || BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, P256_HALF) != P256_HALF ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + P256_HALF, P256_HALF) != P256_HALF)
        return false;
    *ret = att_span_of(raw, 2 * (size_t)P256_HALF);
    return true;
}

static bool local_sign(struct signer *s, const char *kid, struct att_span input, struct att_arena *arena,
                       struct att_span *ret, struct att_err *err)
{
    struct local *l = local_of(s);
    const struct slot *slot = slot_of(l, kid);

    if (!slot)
        return att_fail(err, ATT_TOKEN_KEY_UNKNOWN, "signer.kid", "a key that was added", "another one");
    ATT_AUTO(mdctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = (size_t)EVP_PKEY_get_size(slot->key);
    uint8_t *sig = att_arena_alloc(arena, len, 1);
    if (!ctx || !sig)
        return att_fail_memory(err, "signer.sign");
    if (EVP_DigestSignInit(ctx, NULL, l->sha256, NULL, slot->key) != 1 ||
        EVP_DigestSign(ctx, sig, &len, input.ptr, input.len) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "signer.sign", "a signature",
                        "a failure of the crypto library");
    if (!slot->raw_ecdsa) {
        *ret = att_span_of(sig, len);
        return true;
    }
    if (!raw_of(arena, sig, len, ret))
        return att_fail(err, ATT_CRYPTO_FAILED, "signer.sign", "r and s", "no ECDSA signature");
    return true;
}

static void local_close(struct signer *s)
{
    struct local *l = local_of(s);
    size_t count = atomic_load(&l->count);

    for (size_t i = 0; i < count; i++)
        EVP_PKEY_free(l->slots[i].key); /* OpenSSL wipes private numbers */
    EVP_MD_free(l->sha256);
    pthread_mutex_destroy(&l->adding);
    free(l);
}

static const struct signer_ops local_ops = { .scheme = "local", .sign = local_sign, .close = local_close };

bool signer_local_new(size_t max_keys, struct signer **ret, struct att_err *err)
{
    struct local *l = calloc(1, sizeof *l + max_keys * sizeof l->slots[0]);

    if (!l)
        return att_fail_memory(err, "signer");
    l->base.ops = &local_ops;
    l->max = max_keys;
    l->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    if (!l->sha256 || pthread_mutex_init(&l->adding, NULL) != 0) {
        EVP_MD_free(l->sha256);
        free(l);
        return att_fail(err, ATT_CRYPTO_FAILED, "signer", "SHA-256 and a mutex", "none to be had");
    }
    *ret = &l->base;
    return true;
}

static bool fits(const EVP_PKEY *key, const char *alg, struct att_err *err)
{
    char curve[64] = "";
    size_t len = 0;
    bool ok = false;

    ERR_clear_error();
    if (strcmp(alg, "RS256") == 0)
        ok = EVP_PKEY_get_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= 2048;
    else if (strcmp(alg, "ES256") == 0)
        ok = EVP_PKEY_get_id(key) == EVP_PKEY_EC &&
             EVP_PKEY_get_group_name(key, curve, sizeof curve, &len) == 1 && strcmp(curve, "prime256v1") == 0;
    bool memory = signer_out_of_memory();
    if (ok)
        return true;
    return memory ? att_fail_memory(err, "signer.key")
                  : att_fail(err, ATT_KEY_INVALID, "signer.key", "a key that fits its algorithm",
                             "another kind for %s", alg);
}

bool signer_local_add(struct signer *s, const char *kid, const char *alg, struct att_span pkcs8,
                      struct att_err *err)
{
    struct local *l = local_of(s);
    ATT_AUTO(pkey_auto) EVP_PKEY *key = NULL;

    if (strlen(kid) >= KID_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "signer.kid", "a short key id", "%zu bytes", strlen(kid));
    if (!signer_private_key(pkcs8, &key, err))
        return false;
    if (!fits(key, alg, err))
        return false;

    bool added = false;
    pthread_mutex_lock(&l->adding);
    size_t at = atomic_load(&l->count);
    if (slot_of(l, kid)) {
        added = true; /* the same key again, after a reload */
    } else if (at < l->max) {
        struct slot *slot = &l->slots[at];
        memcpy(slot->kid, kid, strlen(kid) + 1);
        slot->raw_ecdsa = strcmp(alg, "ES256") == 0;
        slot->key = ATT_MOVE(key);
        atomic_store_explicit(&l->count, at + 1, memory_order_release);
        added = true;
    }
    pthread_mutex_unlock(&l->adding);
    if (!added)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "signer.keys", "room for another key", "%zu keys", at);
    return true;
}
