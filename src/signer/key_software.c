/* A private key as OpenSSL holds it, in this process. */
#include "signer/key.h"

#include "base/auto.h"
#include "base/err.h"
#include "signer/private_key.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <stdlib.h>

enum { P256_HALF = 32 };

struct software {
    struct key base;
    EVP_PKEY *pkey;
    EVP_MD *sha256;
    bool raw_ecdsa; /* ES256: DER from OpenSSL becomes r||s */
};

ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(mdctx_auto, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(ecsig_auto, ECDSA_SIG, ECDSA_SIG_free)

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

static bool sign_with(const struct software *s, EVP_PKEY *pkey, struct att_span input, uint8_t *sig,
                      size_t *len)
{
    ATT_AUTO(mdctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    return ctx && EVP_DigestSignInit(ctx, NULL, s->sha256, NULL, pkey) == 1 &&
           EVP_DigestSign(ctx, sig, len, input.ptr, input.len) == 1;
}

static bool holds(const struct software *s, EVP_PKEY *pkey, struct att_span input, const uint8_t *sig,
                  size_t len)
{
    ATT_AUTO(mdctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    return ctx && EVP_DigestVerifyInit(ctx, NULL, s->sha256, NULL, pkey) == 1 &&
           EVP_DigestVerify(ctx, sig, len, input.ptr, input.len) == 1;
}

/* OpenSSL blinds RSA with numbers that it keeps in the key. Memory that is missing while they change leaves halves that do not belong
 * together, and what follows is answered as signatures that do not hold. So each is checked (a thirtieth of its price) before it
 * leaves; a copy of the key begins with numbers of its own, and those of this one are made anew after 32 uses. */
static bool sign_surely(const struct software *s, struct att_span input, uint8_t *sig, size_t *len)
{
    size_t room = *len;

    if (!sign_with(s, s->pkey, input, sig, len))
        return false;
    if (s->raw_ecdsa || holds(s, s->pkey, input, sig, *len))
        return true;
    ATT_AUTO(pkey_auto) EVP_PKEY *copy = EVP_PKEY_dup(s->pkey);
    *len = room;
    return copy && sign_with(s, copy, input, sig, len) && holds(s, copy, input, sig, *len);
}

static bool software_sign(struct key *k, struct att_span input, struct att_arena *arena, struct att_span *ret,
                          struct att_err *err)
{
    const struct software *s = (const struct software *)(const void *)k;
    size_t len = (size_t)EVP_PKEY_get_size(s->pkey);
    uint8_t *sig = att_arena_alloc(arena, len, 1);

    if (!sig)
        return att_fail_memory(err, "signer.sign");
    if (!sign_surely(s, input, sig, &len))
        return att_fail(err, ATT_CRYPTO_FAILED, "signer.sign", "a signature",
                        "a failure of the crypto library");
    if (!s->raw_ecdsa) {
        *ret = att_span_of(sig, len);
        return true;
    }
    /* The signature is there: only memory for its other form can be missing. */
    return raw_of(arena, sig, len, ret) || att_fail_memory(err, "signer.sign");
}

static void software_free(struct key *k)
{
    struct software *s = (struct software *)(void *)k;

    EVP_PKEY_free(s->pkey); /* OpenSSL wipes private numbers */
    EVP_MD_free(s->sha256);
    free(s);
}

static const struct key_ops software_ops = { .sign = software_sign, .free = software_free };

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
                             "another kind");
}

bool key_software_new(const char *alg, struct att_span pkcs8, struct key **ret, struct att_err *err)
{
    ATT_AUTO(pkey_auto) EVP_PKEY *pkey = NULL;
    struct software *s = NULL;

    if (!signer_private_key(pkcs8, &pkey, err) || !fits(pkey, alg, err))
        return false;
    s = calloc(1, sizeof *s);
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    if (!s || !sha256) {
        EVP_MD_free(sha256);
        free(s);
        return att_fail_memory(err, "signer.key");
    }
    *s = (struct software){ .base.ops = &software_ops,
                            .pkey = ATT_MOVE(pkey),
                            .sha256 = sha256,
                            .raw_ecdsa = strcmp(alg, "ES256") == 0 };
    *ret = &s->base;
    return true;
}
