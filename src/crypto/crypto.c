/* What is fetched once. An implicit fetch (EVP_sha256()) inside EVP_Digest takes a global lock each time and
 * costs more than the hash of a short message. */
#include "crypto/core.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <stdlib.h>

static const struct {
    const char *name;
    size_t bytes;
} hashes[ATT_HASH_COUNT] = {
    [ATT_SHA1] = { "SHA1", 20 },
    [ATT_SHA256] = { "SHA2-256", 32 },
    [ATT_SHA384] = { "SHA2-384", 48 },
    [ATT_SHA512] = { "SHA2-512", 64 },
};

static const struct {
    const char *group;
    int nid;
    size_t field_bytes;
    unsigned bits;
} curves[ATT_CURVE_COUNT] = {
    [ATT_KEY_P256] = { "P-256", NID_X9_62_prime256v1, 32, 256 },
    [ATT_KEY_P384] = { "P-384", NID_secp384r1, 48, 384 },
    [ATT_KEY_P521] = { "P-521", NID_secp521r1, 66, 521 },
};

ATT_AUTO_PTR(group_auto, EC_GROUP, EC_GROUP_free)
ATT_AUTO_PTR(pkey_ctx_auto, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
ATT_AUTO_PTR(md_ctx_auto, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)

/* The curve's generator serves as the public key of the template: it has no private half that anyone stored.
 */
static EVP_PKEY *generator_key(const EC_GROUP *group, const char *name)
{
    uint8_t point[1 + 2 * ATT_FIELD_BYTES_MAX];
    size_t len = EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED,
                                    point, sizeof point, NULL);
    if (len == 0)
        return NULL;
    char group_name[16];
    (void)snprintf(group_name, sizeof group_name, "%s", name);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group_name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, len),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = NULL;
    ATT_AUTO(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        return NULL;
    return key;
}

static bool curve_init(struct att_curve *curve, size_t i)
{
    *curve = (struct att_curve){ .group = curves[i].group,
                                 .field_bytes = curves[i].field_bytes,
                                 .bits = curves[i].bits };
    ATT_AUTO(group_auto) EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[i].nid);
    if (!group)
        return false;
    if (BN_bn2binpad(EC_GROUP_get0_order(group), curve->order, (int)curve->field_bytes) < 0)
        return false;
    curve->template_key = generator_key(group, curve->group);
    return curve->template_key != NULL;
}

struct att_crypto *att_crypto_new(void)
{
    ATT_AUTO(crypto_auto) struct att_crypto *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    for (size_t i = 0; i < ATT_HASH_COUNT; i++) {
        c->md[i] = EVP_MD_fetch(NULL, hashes[i].name, NULL);
        if (!c->md[i])
            return NULL;
    }
    for (size_t i = 0; i < ATT_CURVE_COUNT; i++) {
        if (!curve_init(&c->curves[i], i))
            return NULL;
    }
    return ATT_MOVE(c);
}

void att_crypto_free(struct att_crypto *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < ATT_HASH_COUNT; i++)
        EVP_MD_free(c->md[i]);
    for (size_t i = 0; i < ATT_CURVE_COUNT; i++)
        EVP_PKEY_free(c->curves[i].template_key);
    free(c);
}

size_t att_hash_size(enum att_hash h)
{
    return hashes[h].bytes;
}

bool att_digest(const struct att_crypto *c, enum att_hash h, struct att_span data, uint8_t *ret)
{
    return EVP_Digest(data.ptr, data.len, ret, NULL, c->md[h], NULL) == 1;
}

bool att_digest_parts(const struct att_crypto *c, enum att_hash h, const struct att_span *parts, size_t count,
                      uint8_t *ret)
{
    ATT_AUTO(md_ctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t whole[EVP_MAX_MD_SIZE];

    if (!ctx || EVP_DigestInit_ex2(ctx, c->md[h], NULL) != 1)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) != 1)
            return false;
    }
    if (EVP_DigestFinal_ex(ctx, whole, NULL) != 1)
        return false;
    memcpy(ret, whole, hashes[h].bytes);
    return true;
}

enum att_sig att_curve_point(const struct att_curve *curve, const uint8_t *xy, EVP_PKEY **ret)
{
    uint8_t encoded[1 + 2 * ATT_FIELD_BYTES_MAX];

    /* Always the full uncompressed form: set1_encoded_public_key would also take the one-byte point at
     * infinity and compressed points. Range of x and y, and the curve equation, are checked by OpenSSL. */
    encoded[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(encoded + 1, xy, 2 * curve->field_bytes);
    ERR_clear_error();
    ATT_AUTO(att_pkey_auto) EVP_PKEY *key = EVP_PKEY_dup(curve->template_key);
    if (!key)
        return ATT_SIG_FAILED;
    if (EVP_PKEY_set1_encoded_public_key(key, encoded, 1 + 2 * curve->field_bytes) != 1) {
        struct att_openssl_reasons why = att_openssl_reasons();
        return why.bad_point && !why.no_memory ? ATT_SIG_BAD_KEY : ATT_SIG_FAILED;
    }
    *ret = ATT_MOVE(key);
    return ATT_SIG_VALID;
}

struct att_openssl_reasons att_openssl_reasons(void)
{
    struct att_openssl_reasons r = { .no_memory = false };

    for (unsigned long e = ERR_get_error(); e != 0; e = ERR_get_error()) {
        int reason = ERR_GET_REASON(e);
        bool common =
            reason & ERR_RFLAG_COMMON; /* "failed in library X", not a reason of the library itself */
        bool ec = ERR_GET_LIB(e) == ERR_LIB_EC;
        r.no_memory = r.no_memory || reason == ERR_R_MALLOC_FAILURE;
        r.bad_point =
            r.bad_point || (ec && (reason == EC_R_POINT_IS_NOT_ON_CURVE || reason == EC_R_INVALID_ENCODING ||
                                   reason == EC_R_COORDINATES_OUT_OF_RANGE));
        r.infinity = r.infinity || (ec && reason == EC_R_POINT_AT_INFINITY);
        r.bad_signature = r.bad_signature || (ERR_GET_LIB(e) == ERR_LIB_RSA && !common);
    }
    return r;
}
