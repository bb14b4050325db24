/* TPMT_PUBLIC (Part 2, 12.2.4): public areas of asymmetric keys. */
#include <stdio.h>

#include "tpm/read.h"

enum { EXPONENT_DEFAULT = 65537 };

static const struct {
    uint16_t curve;
    enum att_key_type type;
    size_t field_bytes;
} curves[] = {
    { 3, ATT_KEY_P256, 32 },
    { 4, ATT_KEY_P384, 48 },
    { 5, ATT_KEY_P521, 66 },
};
enum { CURVES = sizeof curves / sizeof curves[0], FIELD_BYTES_MAX = 66 };

/* What follows the number of a scheme: a hash or nothing, and ECDAA's count. */
static const struct scheme {
    uint16_t alg;
    bool rsa, ecc, hash, count;
} schemes[] = {
    { .alg = TPM_ALG_NULL, .rsa = true, .ecc = true },
    { .alg = TPM_ALG_RSASSA, .rsa = true, .hash = true },
    { .alg = TPM_ALG_RSAES, .rsa = true },
    { .alg = TPM_ALG_RSAPSS, .rsa = true, .hash = true },
    { .alg = TPM_ALG_OAEP, .rsa = true, .hash = true },
    { .alg = TPM_ALG_ECDSA, .ecc = true, .hash = true },
    { .alg = TPM_ALG_ECDH, .ecc = true, .hash = true },
    { .alg = TPM_ALG_SM2, .ecc = true, .hash = true },
    { .alg = TPM_ALG_ECSCHNORR, .ecc = true, .hash = true },
    { .alg = TPM_ALG_ECMQV, .ecc = true, .hash = true },
    { .alg = TPM_ALG_ECDAA, .ecc = true, .hash = true, .count = true },
};

/* What the readers of this file hand down. */
struct place {
    const char *where;
    enum att_code code;
    struct att_err *err;
};

static bool bad(const struct place *p, const char *field, const char *expected, unsigned found)
{
    char place[64];

    (void)snprintf(place, sizeof place, "%s.%s", p->where, field);
    return att_fail(p->err, p->code, place, expected, "0x%x", found);
}

static bool read_symmetric(struct att_reader *r, struct tpm_public *pub, const struct place *p)
{
    pub->symmetric = att_take_u16be(r);
    switch (pub->symmetric) {
    case TPM_ALG_NULL:
        return true;
    case TPM_ALG_AES:
    case TPM_ALG_SM4:
    case TPM_ALG_CAMELLIA:
        pub->symmetric_bits = att_take_u16be(r);
        pub->symmetric_mode = att_take_u16be(r);
        return true;
    default:
        return bad(p, "symmetric", "a block cipher or none", pub->symmetric);
    }
}

static bool read_scheme(struct att_reader *r, struct tpm_public *pub, const struct place *p)
{
    pub->scheme = att_take_u16be(r);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const struct scheme *s = &schemes[i];
        if (s->alg != pub->scheme || !(pub->ecc ? s->ecc : s->rsa))
            continue;
        pub->scheme_hash = s->hash ? att_take_u16be(r) : TPM_ALG_NULL;
        if (s->count)
            (void)att_take_u16be(r); /* of ECDAA; failures stick */
        return true;
    }
    return bad(p, "scheme", "a scheme for this kind of key, or none", pub->scheme);
}

static bool read_rsa(struct att_reader *r, struct tpm_public *pub, const struct place *p)
{
    if (!read_symmetric(r, pub, p) || !read_scheme(r, pub, p))
        return false;
    pub->key_bits = att_take_u16be(r);
    pub->exponent = att_take_u32be(r);
    if (pub->exponent == 0)
        pub->exponent = EXPONENT_DEFAULT;
    pub->modulus = tpm_take_sized(r, TPM_RSA_BYTES_MAX);
    if (!r->failed && pub->modulus.len * 8 != pub->key_bits)
        return bad(p, "unique", "a modulus as long as keyBits says", (unsigned)pub->modulus.len * 8);
    return true;
}

static bool read_kdf(struct att_reader *r, const struct place *p)
{
    uint16_t kdf = att_take_u16be(r);

    switch (kdf) {
    case TPM_ALG_NULL:
        return true;
    case TPM_ALG_MGF1:
    case TPM_ALG_KDF1_SP800_56A:
    case TPM_ALG_KDF2:
    case TPM_ALG_KDF1_SP800_108:
        (void)att_take_u16be(r); /* its hash: nobody here derives by it; failures stick */
        return true;
    default:
        return bad(p, "kdf", "a derivation or none", kdf);
    }
}

static bool read_ecc(struct att_reader *r, struct tpm_public *pub, const struct place *p)
{
    if (!read_symmetric(r, pub, p) || !read_scheme(r, pub, p))
        return false;
    pub->curve = att_take_u16be(r);
    for (size_t i = 0; i < CURVES; i++) {
        if (curves[i].curve != pub->curve)
            continue;
        if (!read_kdf(r, p))
            return false;
        pub->x = tpm_take_sized(r, curves[i].field_bytes);
        pub->y = tpm_take_sized(r, curves[i].field_bytes);
        return true;
    }
    return bad(p, "curve", "P-256, P-384 or P-521", pub->curve);
}

static bool read_head(struct att_reader *r, struct tpm_public *pub, const struct place *p)
{
    uint16_t type = att_take_u16be(r);

    if (type != TPM_ALG_RSA && type != TPM_ALG_ECC) /* keyed hashes and symmetric keys have no public key */
        return bad(p, "type", "an RSA or ECC key", type);
    pub->ecc = type == TPM_ALG_ECC;
    uint16_t name = att_take_u16be(r);
    if (!tpm_hash_of(name, &pub->name_hash))
        return bad(p, "nameAlg", "SHA-1, SHA-256, SHA-384 or SHA-512", name);
    pub->attributes = att_take_u32be(r);
    pub->auth_policy = tpm_take_sized(r, TPM_DIGEST_BYTES_MAX);
    if (pub->auth_policy.len != 0 && pub->auth_policy.len != att_hash_size(pub->name_hash))
        return bad(p, "authPolicy", "nothing, or a digest of nameAlg", (unsigned)pub->auth_policy.len);
    return true;
}

static bool read_all(struct att_reader *r, struct tpm_public *ret, const struct place *p)
{
    struct tpm_public pub = { .whole = att_span_of(r->cur, r->left) };

    if (!read_head(r, &pub, p) || !(pub.ecc ? read_ecc : read_rsa)(r, &pub, p))
        return false;
    if (!tpm_read_whole(r, p->code, p->where, "one TPMT_PUBLIC and nothing behind it", p->err))
        return false;
    *ret = pub;
    return true;
}

bool tpm_public_read(struct att_span bytes, const char *where, enum att_code code, struct tpm_public *ret,
                     struct att_err *err)
{
    const struct place place = { where, code, err };
    struct att_reader r = att_reader_of(bytes);

    return read_all(&r, ret, &place);
}

bool tpm_public_read_sized(struct att_span bytes, const char *where, enum att_code code,
                           struct tpm_public *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    uint16_t size = att_take_u16be(&r);

    if (r.failed || r.left != size)
        return att_fail(err, code, where, "a TPM2B_PUBLIC: its size, and as many bytes", "%zu bytes",
                        bytes.len);
    return tpm_public_read(att_take_rest(&r), where, code, ret, err);
}

bool tpm_public_name(const struct att_crypto *c, const struct tpm_public *pub,
                     uint8_t ret[TPM_NAME_BYTES_MAX], size_t *ret_len)
{
    uint8_t name[TPM_NAME_BYTES_MAX];
    uint16_t alg = tpm_alg_of(pub->name_hash);
    size_t len = 2 + att_hash_size(pub->name_hash);

    name[0] = (uint8_t)(alg >> 8);
    name[1] = (uint8_t)alg;
    if (!att_digest(c, pub->name_hash, pub->whole, name + 2))
        return false;
    memcpy(ret, name, len);
    *ret_len = len;
    return true;
}

static void align(uint8_t *to, size_t size, struct att_span value)
{
    if (value.len > 0)
        memcpy(to + size - value.len, value.ptr, value.len);
}

static bool ecc_key(const struct att_crypto *c, const struct tpm_public *pub, struct att_key **ret,
                    struct att_err *err)
{
    uint8_t xy[2 * FIELD_BYTES_MAX] = { 0 };

    for (size_t i = 0; i < CURVES; i++) {
        size_t half = curves[i].field_bytes;
        if (curves[i].curve != pub->curve)
            continue;
        align(xy, half, pub->x);
        align(xy + half, half, pub->y);
        return att_key_from_point(c, curves[i].type, att_span_of(xy, 2 * half), ret, err);
    }
    return att_fail(err, ATT_KEY_INVALID, "key.curve", "P-256, P-384 or P-521", "0x%x", pub->curve);
}

bool tpm_public_key(const struct att_crypto *c, const struct tpm_public *pub, struct att_key **ret,
                    struct att_err *err)
{
    const uint8_t exponent[] = { (uint8_t)(pub->exponent >> 24), (uint8_t)(pub->exponent >> 16),
                                 (uint8_t)(pub->exponent >> 8), (uint8_t)pub->exponent };

    if (pub->ecc)
        return ecc_key(c, pub, ret, err);
    return att_key_from_rsa(c, pub->modulus, att_span_of(exponent, sizeof exponent), ret, err);
}
