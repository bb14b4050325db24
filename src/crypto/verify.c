/* Checking signatures. One path for raw and DER forms: an ECDSA signature becomes r and s of fixed length,
 * these are checked against the order of the group, and only then go to OpenSSL in the DER that we wrote
 * ourselves. */
#include "crypto/core.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "codec/der.h"

enum {
    DIGEST_BYTES_MAX = 64,
    /* SEQUENCE and length (3), two INTEGERs with tag, length, maybe a zero, value */
    DER_SIGNATURE_MAX = 3 + 2 * (3 + ATT_FIELD_BYTES_MAX),
};

ATT_AUTO_PTR(pkey_ctx_auto, EVP_PKEY_CTX, EVP_PKEY_CTX_free)

/* Which JOSE algorithm takes which key; an algorithm never picks another curve than its own (RFC 7518 3.4).
 */
static const struct {
    struct att_scheme scheme;
    enum att_key_type key;
} algorithms[] = {
    [ATT_ES256] = { { ATT_FAMILY_ECDSA, ATT_SHA256 }, ATT_KEY_P256 },
    [ATT_ES384] = { { ATT_FAMILY_ECDSA, ATT_SHA384 }, ATT_KEY_P384 },
    [ATT_ES512] = { { ATT_FAMILY_ECDSA, ATT_SHA512 }, ATT_KEY_P521 },
    [ATT_RS256] = { { ATT_FAMILY_PKCS1, ATT_SHA256 }, ATT_KEY_RSA },
    [ATT_RS384] = { { ATT_FAMILY_PKCS1, ATT_SHA384 }, ATT_KEY_RSA },
    [ATT_RS512] = { { ATT_FAMILY_PKCS1, ATT_SHA512 }, ATT_KEY_RSA },
    [ATT_PS256] = { { ATT_FAMILY_PSS, ATT_SHA256 }, ATT_KEY_RSA },
    [ATT_PS384] = { { ATT_FAMILY_PSS, ATT_SHA384 }, ATT_KEY_RSA },
    [ATT_PS512] = { { ATT_FAMILY_PSS, ATT_SHA512 }, ATT_KEY_RSA },
};

static bool is_pss(enum att_family family)
{
    return family == ATT_FAMILY_PSS || family == ATT_FAMILY_PSS_ANY_SALT;
}

static bool rsa_setup(EVP_PKEY_CTX *ctx, const struct att_crypto *c, struct att_scheme scheme)
{
    const EVP_MD *md = c->md[scheme.hash];
    bool pss = is_pss(scheme.family);
    int salt = scheme.family == ATT_FAMILY_PSS ? RSA_PSS_SALTLEN_DIGEST : RSA_PSS_SALTLEN_AUTO;

    if (EVP_PKEY_CTX_set_rsa_padding(ctx, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0)
        return false;
    return !pss ||
           (EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) > 0 && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) > 0);
}

/* A context per call: it is what makes one EVP_PKEY usable from many threads, and reusing it gains nothing
 * measurable. */
static enum att_sig run_verify(const struct att_crypto *c, EVP_PKEY *key, struct att_scheme scheme,
                               struct att_span message, struct att_span signature)
{
    uint8_t digest[DIGEST_BYTES_MAX];

    ERR_clear_error();
    if (!att_digest(c, scheme.hash, message, digest))
        return ATT_SIG_FAILED;
    ATT_AUTO(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (!ctx || EVP_PKEY_verify_init(ctx) <= 0)
        return ATT_SIG_FAILED;
    if (scheme.family != ATT_FAMILY_ECDSA && !rsa_setup(ctx, c, scheme))
        return ATT_SIG_FAILED;
    int got = EVP_PKEY_verify(ctx, signature.ptr, signature.len, digest, att_hash_size(scheme.hash));
    if (got == 1)
        return ATT_SIG_VALID;
    struct att_openssl_reasons why = att_openssl_reasons();
    if (why.no_memory)
        return ATT_SIG_FAILED;
    /* Zero is a bad signature, but for PSS it is also said when a digest fails inside: only a bad signature leaves a
     * reason of RSA's own there (a bad one of PKCS#1 v1.5 need not). */
    if (is_pss(scheme.family))
        return why.bad_signature ? ATT_SIG_INVALID : ATT_SIG_FAILED;
    /* Below zero OpenSSL says "could not do it". One such case is in the hands of whoever made the key: u1*G
     * + u2*Q being the point at infinity, which is a bad signature (SEC 1, 4.1.4 step 5) and no failure of
     * ours. */
    return got < 0 && !why.infinity ? ATT_SIG_FAILED : ATT_SIG_INVALID;
}

/* 1 <= value < order */
static bool in_range(struct att_span value, const struct att_curve *curve)
{
    uint8_t any = 0;

    for (size_t i = 0; i < value.len; i++)
        any |= value.ptr[i];
    return any != 0 && memcmp(value.ptr, curve->order, curve->field_bytes) < 0;
}

static size_t put_integer(uint8_t *to, struct att_span value)
{
    size_t at = 0;

    while (value.len > 1 && value.ptr[0] == 0) {
        value.ptr++;
        value.len--;
    }
    bool pad = value.ptr[0] >= 0x80;
    to[at++] = ATT_DER_INTEGER;
    to[at++] = (uint8_t)(value.len + pad); /* at most 67 */
    if (pad)
        to[at++] = 0;
    memcpy(to + at, value.ptr, value.len);
    return at + value.len;
}

static struct att_span put_signature(uint8_t room[DER_SIGNATURE_MAX], struct att_span r, struct att_span s)
{
    uint8_t *body = room + 3;
    size_t len = put_integer(body, r);
    len += put_integer(body + len, s); /* at most 138: one length byte more above 127 */
    uint8_t *start = len > 127 ? room : room + 1;
    start[0] = ATT_DER_SEQUENCE;
    if (len > 127)
        start[1] = 0x81;
    body[-1] = (uint8_t)len;
    return att_span_of(start, (size_t)(body - start) + len);
}

static enum att_sig ecdsa_verify(const struct att_crypto *c, const struct att_curve *curve, EVP_PKEY *key,
                                 enum att_hash hash, struct att_span message, struct att_span signature)
{
    uint8_t room[DER_SIGNATURE_MAX];

    if (signature.len != 2 * curve->field_bytes)
        return ATT_SIG_INVALID;
    struct att_span r = { signature.ptr, curve->field_bytes };
    struct att_span s = { signature.ptr + curve->field_bytes, curve->field_bytes };
    if (!in_range(r, curve) || !in_range(s, curve))
        return ATT_SIG_INVALID;
    return run_verify(c, key, (struct att_scheme){ ATT_FAMILY_ECDSA, hash }, message,
                      put_signature(room, r, s));
}

/* RFC 4055 1.2. Parameters of a key also say the least salt: such a key is not for salts of any length. */
static bool key_allows(const struct att_key *k, struct att_scheme scheme)
{
    if (!k->only_pss)
        return true;
    if (k->one_hash)
        return scheme.family == ATT_FAMILY_PSS && scheme.hash == k->pss_hash;
    return is_pss(scheme.family);
}

static enum att_sig rsa_verify(const struct att_crypto *c, const struct att_key *k, struct att_scheme scheme,
                               struct att_span message, struct att_span signature)
{
    if (!key_allows(k, scheme))
        return ATT_SIG_BAD_KEY;
    if (signature.len != k->n.len) /* RFC 8017 8.1.2 and 8.2.2, step 1 */
        return ATT_SIG_INVALID;
    return run_verify(c, k->pkey, scheme, message, signature);
}

enum att_sig att_scheme_verify(const struct att_crypto *c, const struct att_key *k, struct att_scheme scheme,
                               struct att_span message, struct att_span signature)
{
    bool rsa = k->type == ATT_KEY_RSA;

    if (rsa != (scheme.family != ATT_FAMILY_ECDSA))
        return ATT_SIG_BAD_KEY;
    if (rsa)
        return rsa_verify(c, k, scheme, message, signature);
    return ecdsa_verify(c, &c->curves[k->type], k->pkey, scheme.hash, message, signature);
}

/* INTEGER, positive and minimal, right-aligned into `size` bytes. */
static bool take_integer(struct att_reader *r, uint8_t *to, size_t size)
{
    struct att_span v;

    if (!att_der_take(r, ATT_DER_INTEGER, &v) || v.len == 0 || v.ptr[0] >= 0x80)
        return false;
    if (v.ptr[0] == 0 && v.len > 1) {
        if (v.ptr[1] < 0x80)
            return false;
        v = att_span_of(v.ptr + 1, v.len - 1);
    }
    if (v.len > size)
        return false;
    memset(to, 0, size - v.len);
    memcpy(to + size - v.len, v.ptr, v.len);
    return true;
}

enum att_sig att_scheme_verify_der(const struct att_crypto *c, const struct att_key *k,
                                   struct att_scheme scheme, struct att_span message,
                                   struct att_span signature)
{
    if (scheme.family != ATT_FAMILY_ECDSA || k->type == ATT_KEY_RSA)
        return att_scheme_verify(c, k, scheme, message, signature);

    uint8_t raw[2 * ATT_FIELD_BYTES_MAX];
    size_t half = c->curves[k->type].field_bytes;
    struct att_reader whole = att_reader_of(signature);
    struct att_span body;
    if (!att_der_take(&whole, ATT_DER_SEQUENCE, &body) || !att_all_read(&whole))
        return ATT_SIG_INVALID;
    struct att_reader in = att_reader_of(body);
    if (!take_integer(&in, raw, half) || !take_integer(&in, raw + half, half) || !att_all_read(&in))
        return ATT_SIG_INVALID;
    return att_scheme_verify(c, k, scheme, message, att_span_of(raw, 2 * half));
}

enum att_sig att_verify(const struct att_crypto *c, const struct att_key *k, enum att_sig_alg alg,
                        struct att_span message, struct att_span signature)
{
    if ((size_t)alg >= sizeof algorithms / sizeof algorithms[0] || k->type != algorithms[alg].key)
        return ATT_SIG_BAD_KEY;
    return att_scheme_verify(c, k, algorithms[alg].scheme, message, signature);
}

enum att_sig att_verify_rsa(const struct att_crypto *c, const struct att_key *k, enum att_rsa_form form,
                            enum att_hash hash, struct att_span message, struct att_span signature)
{
    static const enum att_family families[] = {
        [ATT_RSA_PKCS1] = ATT_FAMILY_PKCS1,
        [ATT_RSA_PSS_ANY_SALT] = ATT_FAMILY_PSS_ANY_SALT,
    };

    if ((size_t)form >= sizeof families / sizeof families[0] || (size_t)hash >= ATT_HASH_COUNT)
        return ATT_SIG_BAD_KEY;
    return att_scheme_verify(c, k, (struct att_scheme){ families[form], hash }, message, signature);
}

enum att_sig att_verify_p256_raw(const struct att_crypto *c, const uint8_t xy[64], struct att_span message,
                                 const uint8_t signature[64])
{
    const struct att_curve *curve = &c->curves[ATT_KEY_P256];
    ATT_AUTO(att_pkey_auto) EVP_PKEY *key = NULL;
    enum att_sig made = att_curve_point(curve, xy, &key);

    if (made != ATT_SIG_VALID)
        return made;
    return ecdsa_verify(c, curve, key, ATT_SHA256, message, att_span_of(signature, 64));
}
