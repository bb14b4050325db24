/* Public halves of keys in a token. */
#include "signer/p11_internal.h"

#include "base/auto.h"
#include "base/err.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

enum { RSA_BYTES = 256, EXPONENT_BYTES_MAX = 8, POINT_BYTES = 65, POINT_HEAD_BYTES = 2, P256_HALF = 32 };

ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(pkeyctx_auto, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
ATT_AUTO_PTR(mdctx_auto, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(bld_auto, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
ATT_AUTO_PTR(params_auto, OSSL_PARAM, OSSL_PARAM_free)
ATT_AUTO_PTR(bn_auto, BIGNUM, BN_free)
ATT_AUTO_PTR(ecsig_auto, ECDSA_SIG, ECDSA_SIG_free)

static bool key_of(const char *type, OSSL_PARAM *params, EVP_PKEY **ret)
{
    ATT_AUTO(pkeyctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    return params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
           EVP_PKEY_fromdata(ctx, ret, EVP_PKEY_PUBLIC_KEY, params) == 1;
}

static bool spki_of(EVP_PKEY *key, struct att_arena *arena, struct att_span *ret)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    char *copy = len > 0 ? att_arena_dup(arena, att_span_of(der, (size_t)len)) : NULL;

    OPENSSL_free(der);
    if (!copy)
        return false;
    *ret = att_span_of(copy, (size_t)len);
    return true;
}

static bool rsa_spki(struct att_span n, struct att_span e, struct att_arena *arena, struct att_span *ret)
{
    ATT_AUTO(bn_auto) BIGNUM *modulus = BN_bin2bn(n.ptr, (int)n.len, NULL);
    ATT_AUTO(bn_auto) BIGNUM *exponent = BN_bin2bn(e.ptr, (int)e.len, NULL);
    ATT_AUTO(bld_auto) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    ATT_AUTO(pkey_auto) EVP_PKEY *key = NULL;

    if (!modulus || !exponent || !build ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        return false;
    ATT_AUTO(params_auto) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    return key_of("RSA", params, &key) && spki_of(key, arena, ret);
}

static bool ec_spki(uint8_t *point, struct att_arena *arena, struct att_span *ret)
{
    char group[] = "P-256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, POINT_BYTES),
        OSSL_PARAM_construct_end(),
    };
    ATT_AUTO(pkey_auto) EVP_PKEY *key = NULL;

    return key_of("EC", params, &key) && spki_of(key, arena, ret);
}

static CK_RV no_key(struct att_err *err, const char *found)
{
    (void)att_fail(err, ATT_PKCS11_FAILED, "pkcs11.key", "a public key as asked for", "%s", found);
    return CKR_FUNCTION_FAILED;
}

static CK_RV read_rsa(struct p11_session *s, CK_OBJECT_HANDLE key, struct att_arena *arena,
                      struct att_span *ret, struct att_err *err)
{
    uint8_t n[RSA_BYTES + 1], e[EXPONENT_BYTES_MAX];
    CK_ATTRIBUTE want[] = { { CKA_MODULUS, n, sizeof n }, { CKA_PUBLIC_EXPONENT, e, sizeof e } };

    CK_RV rv = P11_CALL(s, C_GetAttributeValue, s->handle, key, want, 2);
    if (rv != CKR_OK)
        return rv;
    if (want[0].ulValueLen > sizeof n || want[1].ulValueLen > sizeof e ||
        !rsa_spki(att_span_of(n, want[0].ulValueLen), att_span_of(e, want[1].ulValueLen), arena, ret))
        return no_key(err, "no RSA key of 2048 bits");
    return CKR_OK;
}

/* The standard wants the point in an OCTET STRING; some tokens give it bare. */
static CK_RV read_ec(struct p11_session *s, CK_OBJECT_HANDLE key, struct att_arena *arena,
                     struct att_span *ret, struct att_err *err)
{
    uint8_t der[POINT_HEAD_BYTES + POINT_BYTES];
    CK_ATTRIBUTE want[] = { { CKA_EC_POINT, der, sizeof der } };

    CK_RV rv = P11_CALL(s, C_GetAttributeValue, s->handle, key, want, 1);
    if (rv != CKR_OK)
        return rv;
    bool wrapped = want[0].ulValueLen == sizeof der && der[0] == 0x04 && der[1] == POINT_BYTES;
    uint8_t *point = wrapped ? der + POINT_HEAD_BYTES : der;
    if ((!wrapped && want[0].ulValueLen != POINT_BYTES) || !ec_spki(point, arena, ret))
        return no_key(err, "no point of P-256");
    return CKR_OK;
}

CK_RV p11_spki_read(struct p11_session *s, CK_OBJECT_HANDLE public_key, CK_KEY_TYPE type,
                    struct att_arena *arena, struct att_span *ret, struct att_err *err)
{
    return type == CKK_RSA ? read_rsa(s, public_key, arena, ret, err)
                           : read_ec(s, public_key, arena, ret, err);
}

/* DER of raw r and s; OpenSSL frees. */
static int der_of(struct att_span raw, uint8_t **ret)
{
    ATT_AUTO(ecsig_auto) ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.ptr, P256_HALF, NULL), *s = BN_bin2bn(raw.ptr + P256_HALF, P256_HALF, NULL);

    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return 0;
    }
    return i2d_ECDSA_SIG(sig, ret);
}

static bool kind_is(const EVP_PKEY *key, CK_KEY_TYPE type)
{
    char curve[64] = "";
    size_t len = 0;

    if (type == CKK_RSA)
        return EVP_PKEY_get_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) == 8 * RSA_BYTES;
    return EVP_PKEY_get_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, curve, sizeof curve, &len) == 1 && strcmp(curve, "prime256v1") == 0;
}

static bool verify(EVP_PKEY *key, struct att_span input, struct att_span signature)
{
    ATT_AUTO(mdctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    return ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestVerify(ctx, signature.ptr, signature.len, input.ptr, input.len) == 1;
}

bool p11_spki_verifies(struct att_span spki, CK_KEY_TYPE type, struct att_span input,
                       struct att_span signature, struct att_err *err)
{
    const uint8_t *p = spki.ptr;
    ATT_AUTO(pkey_auto) EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)spki.len);
    uint8_t *der = NULL;
    bool ok = key && p == spki.ptr + spki.len && kind_is(key, type);

    if (ok && type == CKK_EC) {
        int len = signature.len == 2 * (size_t)P256_HALF ? der_of(signature, &der) : 0;
        signature = att_span_of(der, len > 0 ? (size_t)len : 0);
        ok = len > 0;
    }
    ok = ok && verify(key, input, signature);
    OPENSSL_free(der);
    ERR_clear_error();
    return ok || att_fail(err, ATT_KEY_INVALID, "signer.key.spki", "the public half of the key in the token",
                          "that of another");
}
