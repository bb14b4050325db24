#include "cli/tpm_key.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/tpm_shot.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

enum { RSA_BITS = 2048, SHA256_BYTES = 32 };

ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(mdctx_auto, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(bn_auto, BIGNUM, BN_free)

static bool failed(struct att_err *err)
{
    return att_fail(err, ATT_CRYPTO_FAILED, "key", "success", "a failure of the crypto library");
}

/* -- making --------------------------------------------------------------------------------------------------- */

static bool number(struct att_arena *arena, EVP_PKEY *key, const char *name, struct att_span *ret)
{
    ATT_AUTO(bn_auto) BIGNUM *n = NULL;

    if (EVP_PKEY_get_bn_param(key, name, &n) != 1)
        return false;
    int len = BN_num_bytes(n);
    uint8_t *bytes = att_arena_alloc(arena, 1, (size_t)len);
    if (!bytes || BN_bn2binpad(n, bytes, len) != len)
        return false;
    *ret = att_span_of(bytes, (size_t)len);
    return true;
}

static bool make_software(struct cli *c, struct tpm_key *k, struct att_err *err)
{
    ATT_AUTO(pkey_auto) EVP_PKEY *key = EVP_RSA_gen((unsigned)RSA_BITS);

    if (!key || !number(c->arena, key, OSSL_PKEY_PARAM_RSA_N, &k->numbers.n) ||
        !number(c->arena, key, OSSL_PKEY_PARAM_RSA_E, &k->numbers.e))
        return failed(err);
    k->software = ATT_MOVE(key);
    return true;
}

static bool make_in_tpm(struct cli *c, struct tss *tpm, struct tpm_key *k, struct att_err *err)
{
    struct tss_key blobs;

    return tpm->ops->create(tpm, TSS_USE_REQUEST, k->type, c->arena, &blobs, err) &&
           tpm->ops->load(tpm, &blobs, &k->loaded, err) &&
           tpm->ops->public_read(blobs.public_area, c->arena, &k->numbers, err);
}

void tpm_key_put_jwk(struct att_json_writer *w, const struct tss_public *numbers)
{
    att_jw_object(w);
    att_jw_key(w, "kty");
    att_jw_str(w, numbers->ecc ? "EC" : "RSA");
    if (numbers->ecc) {
        att_jw_key(w, "crv");
        att_jw_str(w, "P-256");
    }
    att_jw_key(w, numbers->ecc ? "x" : "n");
    tpm_put_base64url(w, numbers->ecc ? numbers->x : numbers->n);
    att_jw_key(w, numbers->ecc ? "y" : "e");
    tpm_put_base64url(w, numbers->ecc ? numbers->y : numbers->e);
    att_jw_end_object(w);
}

static bool jwk_text(struct att_arena *arena, struct tpm_key *k, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    struct att_json_writer w = { .out = &text };

    tpm_key_put_jwk(&w, &k->numbers);
    char *copy = text.failed ? NULL : att_arena_dup(arena, att_buf_span(&text));
    k->jwk = att_span_of(copy, text.len);
    return copy || att_fail_memory(err, "key");
}

bool tpm_key_make(struct cli *c, const char *kind, struct tss *tpm, struct tpm_key *ret, struct att_err *err)
{
    struct tpm_key k = { .alg = "PS256" };
    struct att_shown shown;

    if (kind && strcmp(kind, "tpm") == 0) {
        k.in_tpm = true;
    } else if (kind && strcmp(kind, "tpm-ecc") == 0) {
        k = (struct tpm_key){ .in_tpm = true, .type = TSS_ECC_P256, .alg = "ES256" };
    } else if (kind && strcmp(kind, "software") != 0) {
        return att_fail(err, ATT_USAGE, "key", "software, tpm or tpm-ecc", "%s",
                        att_shown(&shown, att_str(kind)));
    }
    if (!(k.in_tpm ? make_in_tpm(c, tpm, &k, err) : make_software(c, &k, err)) ||
        !jwk_text(c->arena, &k, err)) {
        tpm_key_free(&k);
        return false;
    }
    *ret = k;
    return true;
}

void tpm_key_free(struct tpm_key *k)
{
    EVP_PKEY_free(k->software);
    k->software = NULL;
}

/* -- signing -------------------------------------------------------------------------------------------------- */

static bool pss(EVP_PKEY_CTX *how)
{
    return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool sign_software(struct cli *c, EVP_PKEY *key, struct att_span input, struct att_span *ret,
                          struct att_err *err)
{
    ATT_AUTO(mdctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL; /* the context's own */
    size_t len = RSA_BITS / 8;
    uint8_t *sig = att_arena_alloc(c->arena, 1, len);

    if (!ctx || !sig || EVP_DigestSignInit_ex(ctx, &how, "SHA2-256", NULL, NULL, key, NULL) != 1 ||
        !pss(how) || EVP_DigestSign(ctx, sig, &len, input.ptr, input.len) != 1)
        return failed(err);
    *ret = att_span_of(sig, len);
    return true;
}

static EVP_PKEY *rsa_of(const struct tss_public *numbers)
{
    ATT_AUTO(bn_auto) BIGNUM *n = BN_bin2bn(numbers->n.ptr, (int)numbers->n.len, NULL);
    ATT_AUTO(bn_auto) BIGNUM *e = BN_bin2bn(numbers->e.ptr, (int)numbers->e.len, NULL);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    if (n && e && ctx && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params); /* NULL tells */
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* PS256 wants a salt as long as the digest; a TPM may use the longest that fits. A service would only say that the
 * signature is wrong. */
static bool salt_fits(const struct tpm_key *k, struct att_span input, struct att_span signature,
                      struct att_err *err)
{
    ATT_AUTO(pkey_auto) EVP_PKEY *key = rsa_of(&k->numbers);
    ATT_AUTO(mdctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;

    if (!key || !ctx || EVP_DigestVerifyInit_ex(ctx, &how, "SHA2-256", NULL, NULL, key, NULL) != 1 ||
        !pss(how))
        return failed(err);
    return EVP_DigestVerify(ctx, signature.ptr, signature.len, input.ptr, input.len) == 1 ||
           att_fail(err, ATT_IO_FAILED, "key", "a TPM that salts as PS256 wants it: use --key tpm-ecc",
                    "another length of salt");
}

bool tpm_key_sign(struct cli *c, const struct tpm_key *k, struct tss *tpm, struct att_span input,
                  struct att_span *ret, struct att_err *err)
{
    uint8_t digest[SHA256_BYTES];

    if (!k->in_tpm)
        return sign_software(c, k->software, input, ret, err);
    if (EVP_Q_digest(NULL, "SHA2-256", NULL, input.ptr, input.len, digest, NULL) != 1)
        return failed(err);
    return tpm->ops->sign(tpm, k->loaded, k->type, digest, c->arena, ret, err) &&
           (k->type == TSS_ECC_P256 || salt_fits(k, input, *ret, err));
}
