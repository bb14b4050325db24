/* Digests, keys, signatures. Signatures are made by OpenSSL; the edges (zero, order, infinity, foreign forms) by hand. */
#include "made.h"

#include <openssl/obj_mac.h>

#include "base/hex.h"
#include "crypto/core.h"

static struct att_crypto *c;

static const char order_p256[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

struct signer {
    EVP_PKEY *pkey;
    struct att_key *key;
};

static struct made public_der(EVP_PKEY *pkey)
{
    struct made m = { NULL, 0 };
    int len = i2d_PUBKEY(pkey, &m.ptr);
    assert_true(len > 0);
    m.len = (size_t)len;
    return m;
}

static struct signer signer_of(EVP_PKEY *pkey)
{
    struct signer s = { pkey, NULL };
    struct made der = public_der(pkey);
    struct att_err err = { .code = ATT_OK };
    assert_non_null(pkey);
    if (!att_key_from_spki(c, made_span(der), &s.key, &err))
        fail_msg("%s", err.text);
    free(der.ptr);
    return s;
}

static void signer_free(struct signer *s)
{
    EVP_PKEY_free(s->pkey);
    att_key_free(s->key);
}

/* DER for ECDSA. */
static size_t sign(const struct signer *s, const char *md, int salt, struct att_span message,
                   uint8_t sig[1024])
{
    size_t len = 1024;
    EVP_MD_CTX *ctx = made_signer(s->pkey, md, salt);
    assert_int_equal(EVP_DigestSign(ctx, sig, &len, message.ptr, message.len), 1);
    EVP_MD_CTX_free(ctx);
    return len;
}

static size_t sign_raw(const struct signer *s, const char *md, struct att_span message, uint8_t *raw)
{
    uint8_t der[1024];
    const uint8_t *p = der;
    int half = (int)att_key_point(s->key).len / 2;
    size_t len = sign(s, md, 0, message, der);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
    assert_true(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, half) > 0);
    assert_true(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, half) > 0);
    ECDSA_SIG_free(sig);
    return 2 * (size_t)half;
}

static void digests(void **state)
{
    (void)state;
    static const struct {
        enum att_hash hash;
        const char *hex; /* of "abc": FIPS 180-4 examples */
    } rows[] = {
        { ATT_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { ATT_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { ATT_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baec"
                      "a134c825a7" },
        { ATT_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t got[64];
        char hex[129];
        assert_int_equal(att_hash_size(rows[i].hash) * 2, strlen(rows[i].hex));
        assert_true(att_digest(c, rows[i].hash, att_str("abc"), got));
        att_hex_text(hex, att_span_of(got, att_hash_size(rows[i].hash)));
        assert_string_equal(hex, rows[i].hex);
        struct att_span parts[] = { att_str("a"), { NULL, 0 }, att_str(""), att_str("bc") };
        memset(got, 0, sizeof got);
        assert_true(att_digest_parts(c, rows[i].hash, parts, 4, got));
        att_hex_text(hex, att_span_of(got, att_hash_size(rows[i].hash)));
        assert_string_equal(hex, rows[i].hex);
    }
    uint8_t none[32];
    uint8_t nothing[32];
    assert_true(att_digest(c, ATT_SHA256, (struct att_span){ NULL, 0 }, none));
    assert_true(att_digest_parts(c, ATT_SHA256, NULL, 0, nothing));
    assert_memory_equal(none, nothing, 32);
    assert_int_equal(none[0], 0xe3);
}

static const struct {
    const char *name, *group, *md;
    enum att_key_type type;
    enum att_sig_alg alg;
    unsigned bits;
} curves[] = {
    { "P-256", "P-256", "SHA256", ATT_KEY_P256, ATT_ES256, 256 },
    { "P-384", "P-384", "SHA384", ATT_KEY_P384, ATT_ES384, 384 },
    { "P-521", "P-521", "SHA512", ATT_KEY_P521, ATT_ES512, 521 },
};
enum { CURVES = sizeof curves / sizeof curves[0] };

static void ec_signatures(void **state)
{
    (void)state;
    struct att_span message = att_str("what was attested");
    for (size_t i = 0; i < CURVES; i++) {
        struct signer s = signer_of(EVP_EC_gen(curves[i].group));
        uint8_t raw[132 + 1];
        size_t len = sign_raw(&s, curves[i].md, message, raw);
        assert_int_equal(att_key_type(s.key), curves[i].type);
        assert_int_equal(att_key_bits(s.key), curves[i].bits);
        assert_int_equal(att_key_rsa_n(s.key).len + att_key_rsa_e(s.key).len, 0);
        assert_int_equal(att_verify(c, s.key, curves[i].alg, message, att_span_of(raw, len)), ATT_SIG_VALID);
        assert_int_equal(
            att_verify(c, s.key, curves[i].alg, att_str("what was attestes"), att_span_of(raw, len)),
            ATT_SIG_INVALID);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(att_verify(c, s.key, curves[i].alg, message, att_span_of(raw, len)),
                             ATT_SIG_INVALID);
            raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        raw[len] = 0;
        for (size_t n = 0; n <= len + 1; n++)
            assert_int_equal(att_verify(c, s.key, curves[i].alg, message, att_span_of(raw, n)),
                             n == len ? ATT_SIG_VALID : ATT_SIG_INVALID);
        assert_int_equal(att_verify(c, s.key, curves[i].alg, message, att_span_of(NULL, 0)), ATT_SIG_INVALID);
        assert_int_equal(att_verify(c, s.key, curves[i].alg, message, att_span_of(raw, SIZE_MAX)),
                         ATT_SIG_INVALID);
        for (enum att_sig_alg alg = ATT_ES256; alg <= ATT_PS512; alg++) {
            if (alg != curves[i].alg)
                assert_int_equal(att_verify(c, s.key, alg, message, att_span_of(raw, len)), ATT_SIG_BAD_KEY);
        }
        signer_free(&s);
    }
}

/* DER where raw is wanted and the reverse, and DER that is not the one encoding there is. */
static void foreign_forms(void **state)
{
    (void)state;
    struct att_span message = att_str("what was attested");
    struct signer s = signer_of(EVP_EC_gen("P-256"));
    struct att_scheme scheme = { ATT_FAMILY_ECDSA, ATT_SHA256 };
    uint8_t der[1024];
    uint8_t raw[64];
    size_t len = sign(&s, "SHA256", 0, message, der);
    assert_int_equal(sign_raw(&s, "SHA256", message, raw), 64);
    assert_int_equal(att_scheme_verify_der(c, s.key, scheme, message, att_span_of(der, len)), ATT_SIG_VALID);
    assert_int_equal(att_verify(c, s.key, ATT_ES256, message, att_span_of(der, len)), ATT_SIG_INVALID);
    assert_int_equal(att_scheme_verify_der(c, s.key, scheme, message, att_span_of(raw, 64)), ATT_SIG_INVALID);
    for (size_t n = 0; n < len; n++)
        assert_int_equal(att_scheme_verify_der(c, s.key, scheme, message, att_span_of(der, n)),
                         ATT_SIG_INVALID);
    der[len] = 0;
    assert_int_equal(att_scheme_verify_der(c, s.key, scheme, message, att_span_of(der, len + 1)),
                     ATT_SIG_INVALID);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        der[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(att_scheme_verify_der(c, s.key, scheme, message, att_span_of(der, len)),
                         ATT_SIG_INVALID);
        der[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    static const struct att_scheme others[] = { { ATT_FAMILY_PKCS1, ATT_SHA256 },
                                                { ATT_FAMILY_PSS, ATT_SHA256 } };
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(att_scheme_verify_der(c, s.key, others[i], message, att_span_of(der, len)),
                         ATT_SIG_BAD_KEY);
    signer_free(&s);
}

/* High s is valid: a signature is no identity. */
static void high_s(void **state)
{
    (void)state;
    struct att_span message = att_str("x");
    struct signer s = signer_of(EVP_EC_gen("P-256"));
    uint8_t raw[64];
    uint8_t order[32];
    assert_true(att_hex_read(att_str(order_p256), order, 32));
    (void)sign_raw(&s, "SHA256", message, raw);
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int d = order[i] - raw[32 + i] - borrow;
        borrow = d < 0;
        raw[32 + i] = (uint8_t)(d & 0xff);
    }
    assert_int_equal(att_verify(c, s.key, ATT_ES256, message, att_span_of(raw, 64)), ATT_SIG_VALID);
    assert_int_equal(att_verify_p256_raw(c, att_key_point(s.key).ptr, message, raw), ATT_SIG_VALID);
    signer_free(&s);
}

static void range_of_r_and_s(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int add; /* to the order; -256: zero */
    } values[] = { { "0", -256 }, { "n", 0 }, { "n+1", 1 } };
    struct att_span message = att_str("x");
    struct signer s = signer_of(EVP_EC_gen("P-256"));
    uint8_t good[64];
    (void)sign_raw(&s, "SHA256", message, good);
    assert_int_equal(att_verify_p256_raw(c, att_key_point(s.key).ptr, message, good), ATT_SIG_VALID);
    for (size_t v = 0; v < 3; v++) {
        for (int which = 1; which <= 3; which++) {
            uint8_t raw[64];
            uint8_t edge[32] = { 0 };
            memcpy(raw, good, 64);
            if (values[v].add != -256) {
                assert_true(att_hex_read(att_str(order_p256), edge, 32));
                edge[31] = (uint8_t)(edge[31] + values[v].add);
            }
            if (which & 1)
                memcpy(raw, edge, 32);
            if (which & 2)
                memcpy(raw + 32, edge, 32);
            assert_int_equal(att_verify(c, s.key, ATT_ES256, message, att_span_of(raw, 64)), ATT_SIG_INVALID);
            assert_int_equal(att_verify_p256_raw(c, att_key_point(s.key).ptr, message, raw), ATT_SIG_INVALID);
        }
    }
    signer_free(&s);
}

/* With the private key d one can choose r and s so that u1*G + u2*Q is the point at infinity: z = -r*d. With the
 * generator as key (d = 1) and r = -z mod n that holds for every s. OpenSSL reports an error there, not "bad". */
static void infinity(void **state)
{
    (void)state;
    static const char generator[] = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                                    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    uint8_t xy[64];
    uint8_t z[32];
    uint8_t raw[64] = { 0 };
    BIGNUM *n = NULL;
    BIGNUM *r = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    assert_true(att_hex_read(att_str(generator), xy, 64));
    assert_true(att_digest(c, ATT_SHA256, att_str("x"), z));
    assert_true(BN_hex2bn(&n, order_p256) > 0);
    BIGNUM *bz = BN_bin2bn(z, 32, NULL);
    BN_zero(r);
    assert_int_equal(BN_mod_sub(r, r, bz, n, ctx), 1);
    assert_true(BN_bn2binpad(r, raw, 32) > 0);
    for (uint8_t s = 1; s < 4; s++) {
        raw[63] = s;
        assert_int_equal(att_verify_p256_raw(c, xy, att_str("x"), raw), ATT_SIG_INVALID);
    }
    BN_free(n);
    BN_free(r);
    BN_free(bz);
    BN_CTX_free(ctx);
}

static void refuse_point(enum att_key_type type, const uint8_t *xy, size_t len)
{
    struct att_key *k = (void *)0x1; /* must not change */
    struct att_err err = { .code = ATT_OK };
    assert_false(att_key_from_point(c, type, att_span_of(xy, len), &k, &err));
    assert_ptr_equal(k, (void *)0x1);
    made_check_refusal(&err, ATT_KEY_INVALID);
}

static void points(void **state)
{
    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        struct signer s = signer_of(EVP_EC_gen(curves[i].group));
        struct att_span xy = att_key_point(s.key);
        uint8_t bad[132 + 2];
        memset(bad, 0, sizeof bad);
        for (size_t n = 0; n <= sizeof bad; n++) /* every length, all zeros: infinity in some encodings */
            refuse_point(curves[i].type, bad, n);
        refuse_point(curves[i].type, NULL, 0);
        memset(bad, 0xff, sizeof bad); /* x and y above the field */
        refuse_point(curves[i].type, bad, xy.len);
        for (size_t bit = 0; bit < 8 * xy.len; bit += 7) { /* one bit beside the curve */
            memcpy(bad, xy.ptr, xy.len);
            bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
            refuse_point(curves[i].type, bad, xy.len);
        }
        for (size_t j = 0; j < CURVES; j++) {
            if (j != i)
                refuse_point(curves[j].type, xy.ptr, xy.len);
        }
        refuse_point(ATT_KEY_RSA, xy.ptr, xy.len);
        struct att_key *again = NULL;
        assert_true(att_key_from_point(c, curves[i].type, xy, &again, NULL));
        assert_true(att_span_eq(att_key_point(again), xy));
        att_key_free(again);
        signer_free(&s);
    }
    uint8_t zero[64] = { 0 };
    uint8_t sig[64] = { [31] = 1, [63] = 1 };
    assert_int_equal(att_verify_p256_raw(c, zero, att_str("x"), sig), ATT_SIG_BAD_KEY);
}

static void rsa_signatures(void **state)
{
    (void)state;
    static const struct {
        const char *md;
        enum att_sig_alg pkcs1, pss;
        int salt;
    } rows[] = {
        { "SHA256", ATT_RS256, ATT_PS256, 32 },
        { "SHA384", ATT_RS384, ATT_PS384, 48 },
        { "SHA512", ATT_RS512, ATT_PS512, 64 },
    };
    struct att_span message = att_str("what was attested");
    struct signer s = signer_of(EVP_RSA_gen(2048));
    uint8_t sig[1024] = { 0 };
    assert_int_equal(att_key_type(s.key), ATT_KEY_RSA);
    assert_int_equal(att_key_bits(s.key), 2048);
    assert_int_equal(att_key_point(s.key).len, 0);
    for (size_t i = 0; i < 3; i++) {
        for (int pss = 0; pss < 2; pss++) {
            enum att_sig_alg alg = pss ? rows[i].pss : rows[i].pkcs1;
            size_t len = sign(&s, rows[i].md, pss ? rows[i].salt : 0, message, sig);
            for (enum att_sig_alg other = ATT_RS256; other <= ATT_PS512; other++)
                assert_int_equal(att_verify(c, s.key, other, message, att_span_of(sig, len)),
                                 other == alg ? ATT_SIG_VALID : ATT_SIG_INVALID);
            assert_int_equal(att_verify(c, s.key, ATT_ES256, message, att_span_of(sig, len)),
                             ATT_SIG_BAD_KEY);
            for (size_t n = 0; n <= len + 1; n++)
                assert_int_equal(att_verify(c, s.key, alg, message, att_span_of(sig, n)),
                                 n == len ? ATT_SIG_VALID : ATT_SIG_INVALID);
            for (size_t bit = 0; bit < 8 * len; bit += 3) {
                sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
                assert_int_equal(att_verify(c, s.key, alg, message, att_span_of(sig, len)), ATT_SIG_INVALID);
                sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
        }
        /* a salt of another length than the hash is another algorithm */
        size_t len = sign(&s, rows[i].md, rows[i].salt - 1, message, sig);
        assert_int_equal(att_verify(c, s.key, rows[i].pss, message, att_span_of(sig, len)), ATT_SIG_INVALID);
    }
    memset(sig, 0xff, 256); /* above the modulus */
    assert_int_equal(att_verify(c, s.key, ATT_RS256, message, att_span_of(sig, 256)), ATT_SIG_INVALID);
    memset(sig, 0, 256);
    assert_int_equal(att_verify(c, s.key, ATT_PS256, message, att_span_of(sig, 256)), ATT_SIG_INVALID);
    signer_free(&s);
}

/* e = 3 and garbage behind a short DigestInfo: Bleichenbacher's forgery of 2006. The cube root of a block that only
 * starts right has the right cube in its upper bytes. */
static void cube_root_forgery(void **state)
{
    (void)state;
    static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
    uint8_t block[384] = { 0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };
    uint8_t n[384];
    uint8_t sig[384] = { 0 };
    struct att_key *k = NULL;
    memset(n, 0xff, sizeof n); /* 2^3072 - 1: any odd modulus will do, the forger never reduces by it */
    assert_true(att_key_from_rsa(c, att_span_of(n, sizeof n), att_span_of("\x03", 1), &k, NULL));
    memcpy(block + 11, info, sizeof info);
    assert_true(att_digest(c, ATT_SHA256, att_str("x"), block + 11 + sizeof info));
    memset(block + 62, 0xff, sizeof block - 62); /* root rounded down from the largest block that starts so */

    BIGNUM *target = BN_bin2bn(block, sizeof block, NULL);
    BIGNUM *root = BN_new();
    BIGNUM *cube = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    BN_zero(root);
    for (int bit = 1030; bit >= 0; bit--) {
        assert_int_equal(BN_set_bit(root, bit), 1);
        assert_int_equal(BN_sqr(cube, root, ctx), 1);
        assert_int_equal(BN_mul(cube, cube, root, ctx), 1);
        if (BN_cmp(cube, target) > 0)
            assert_int_equal(BN_clear_bit(root, bit), 1);
    }
    assert_int_equal(BN_sqr(cube, root, ctx), 1);
    assert_int_equal(BN_mul(cube, cube, root, ctx), 1);
    uint8_t made[384];
    assert_true(BN_bn2binpad(cube, made, sizeof made) > 0);
    assert_memory_equal(made, block,
                        62); /* the forgery is a real one: a verifier that ignores the rest would fall */
    assert_true(BN_bn2binpad(root, sig, sizeof sig) > 0);
    assert_int_equal(att_verify(c, k, ATT_RS256, att_str("x"), att_span_of(sig, sizeof sig)),
                     ATT_SIG_INVALID);
    BN_free(target);
    BN_free(root);
    BN_free(cube);
    BN_CTX_free(ctx);
    att_key_free(k);
}

static void rsa_numbers(void **state)
{
    (void)state;
    uint8_t n[1100];
    static const struct {
        const char *name;
        size_t n_len;
        uint8_t first, last;
        struct att_span e;
        bool ok;
    } rows[] = {
        { "1024 bits", 128, 0x80, 1, { (const uint8_t *)"\x03", 1 }, true },
        { "8192 bits", 1024, 0x80, 1, { (const uint8_t *)"\x01\x00\x01", 3 }, true },
        { "zeros in front of e", 128, 0x80, 1, { (const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\x03", 11 }, true },
        { "largest e", 128, 0x80, 1, { (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff", 8 }, true },
        { "1023 bits", 128, 0x7f, 1, { (const uint8_t *)"\x03", 1 }, false },
        { "8193 bits", 1025, 0x01, 1, { (const uint8_t *)"\x03", 1 }, false },
        { "even n", 128, 0x80, 2, { (const uint8_t *)"\x03", 1 }, false },
        { "zero n", 128, 0, 0, { (const uint8_t *)"\x03", 1 }, false },
        { "no n", 0, 0, 0, { (const uint8_t *)"\x03", 1 }, false },
        { "no e", 128, 0x80, 1, { NULL, 0 }, false },
        { "e = 0", 128, 0x80, 1, { (const uint8_t *)"\0", 1 }, false },
        { "e = 1", 128, 0x80, 1, { (const uint8_t *)"\x01", 1 }, false },
        { "e = 2", 128, 0x80, 1, { (const uint8_t *)"\x02", 1 }, false },
        { "e = 65536", 128, 0x80, 1, { (const uint8_t *)"\x01\x00\x00", 3 }, false },
        { "e = 2^64 + 1", 128, 0x80, 1, { (const uint8_t *)"\x01\0\0\0\0\0\0\0\x01", 9 }, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_key *k = NULL;
        struct att_err err = { .code = ATT_OK };
        memset(n, 0, sizeof n);
        if (rows[i].n_len > 0) {
            n[0] = rows[i].first;
            n[rows[i].n_len - 1] = rows[i].last;
        }
        bool ok = att_key_from_rsa(c, att_span_of(n, rows[i].n_len), rows[i].e, &k, &err);
        if (ok != rows[i].ok)
            fail_msg("%s: %s", rows[i].name, err.text);
        if (!ok)
            made_check_refusal(&err, ATT_KEY_INVALID);
        att_key_free(k);
    }
}

/* SubjectPublicKeyInfo: every byte cut, every bit flipped. A changed key may still be a key, but never this one. */
static void spki_changes(void **state)
{
    (void)state;
    EVP_PKEY *keys[] = { EVP_EC_gen("P-256"), EVP_EC_gen("P-384"), EVP_EC_gen("P-521"), EVP_RSA_gen(1024) };
    for (size_t i = 0; i < 4; i++) {
        struct made der = public_der(keys[i]);
        struct att_key *k = NULL;
        uint8_t longer[1024];
        for (size_t n = 0; n < der.len; n++) {
            struct att_err err = { .code = ATT_OK };
            assert_false(att_key_from_spki(c, att_span_of(der.ptr, n), &k, &err));
            made_check_refusal(&err, ATT_KEY_INVALID);
        }
        memcpy(longer, der.ptr, der.len);
        longer[der.len] = 0;
        assert_false(att_key_from_spki(c, att_span_of(longer, der.len + 1), &k, NULL));
        unsigned kept = 0;
        for (size_t bit = 0; bit < 8 * der.len; bit++) {
            longer[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (att_key_from_spki(c, att_span_of(longer, der.len), &k, NULL)) {
                const uint8_t *p = longer;
                EVP_PKEY *theirs = d2i_PUBKEY(NULL, &p, (long)der.len);
                assert_non_null(theirs); /* what we take, OpenSSL takes */
                assert_int_not_equal(EVP_PKEY_eq(theirs, keys[i]), 1);
                EVP_PKEY_free(theirs);
                att_key_free(k);
                k = NULL;
                kept++;
            }
            longer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        if (i < CURVES)
            assert_int_equal(kept, 0); /* a neighbour of a point is not on the curve */
        free(der.ptr);
        EVP_PKEY_free(keys[i]);
    }
}

/* Keys that are refused by what they are. */
static void spki_kinds(void **state)
{
    (void)state;
    static const char *const groups[] = { "P-192", "P-224", "secp256k1", "brainpoolP256r1" };
    struct att_key *k = NULL;
    for (size_t i = 0; i < 4; i++) {
        EVP_PKEY *pkey = EVP_EC_gen(groups[i]);
        if (!pkey)
            continue; /* a build of OpenSSL without it */
        struct made der = public_der(pkey);
        struct att_err err = { .code = ATT_OK };
        assert_false(att_key_from_spki(c, made_span(der), &k, &err));
        made_check_refusal(&err, ATT_KEY_INVALID);
        free(der.ptr);
        EVP_PKEY_free(pkey);
    }
    EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    EVP_PKEY *small = EVP_RSA_gen(1016);
    EVP_PKEY *others[] = { ed, small };
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(others[i]);
        struct made der = public_der(others[i]);
        assert_false(att_key_from_spki(c, made_span(der), &k, NULL));
        free(der.ptr);
        EVP_PKEY_free(others[i]);
    }
    /* the same point compressed, and as infinity */
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, "point-format", "compressed"), 1);
    struct made der = public_der(pkey);
    assert_true(der.len < 65);
    assert_false(att_key_from_spki(c, made_span(der), &k, NULL));
    free(der.ptr);
    EVP_PKEY_free(pkey);
    static const uint8_t at_infinity[] = { 0x30, 0x19, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x02, 0x00, 0x00 };
    assert_false(att_key_from_spki(c, att_span_of(at_infinity, sizeof at_infinity), &k, NULL));
}

static void pss_only_key(void **state)
{
    (void)state;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *pkey = NULL;
    assert_true(EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, EVP_sha256()) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx, EVP_sha256()) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, 32) > 0);
    assert_true(EVP_PKEY_generate(ctx, &pkey) > 0);
    EVP_PKEY_CTX_free(ctx);
    struct signer s = signer_of(pkey);
    struct att_span message = att_str("x");
    uint8_t sig[1024];
    size_t len = sign(&s, "SHA256", 32, message, sig);
    assert_int_equal(att_verify(c, s.key, ATT_PS256, message, att_span_of(sig, len)), ATT_SIG_VALID);
    assert_int_equal(att_verify(c, s.key, ATT_PS384, message, att_span_of(sig, len)), ATT_SIG_BAD_KEY);
    assert_int_equal(att_verify(c, s.key, ATT_RS256, message, att_span_of(sig, len)), ATT_SIG_BAD_KEY);
    signer_free(&s);
}

static void references(void **state)
{
    (void)state;
    struct signer s = signer_of(EVP_EC_gen("P-256"));
    struct att_key *second = att_key_ref(s.key);
    assert_ptr_equal(second, s.key);
    att_key_free(second);
    assert_int_equal(att_key_bits(s.key), 256); /* still there: the address sanitizer would say otherwise */
    signer_free(&s);
    att_key_free(NULL);
    att_crypto_free(NULL);
}

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    return c ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    att_crypto_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
        cmocka_unit_test(ec_signatures),
        cmocka_unit_test(foreign_forms),
        cmocka_unit_test(high_s),
        cmocka_unit_test(range_of_r_and_s),
        cmocka_unit_test(infinity),
        cmocka_unit_test(points),
        cmocka_unit_test(rsa_signatures),
        cmocka_unit_test(cube_root_forgery),
        cmocka_unit_test(rsa_numbers),
        cmocka_unit_test(spki_changes),
        cmocka_unit_test(spki_kinds),
        cmocka_unit_test(pss_only_key),
        cmocka_unit_test(references),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
