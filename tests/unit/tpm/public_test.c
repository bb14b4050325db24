/* layers: tpm crypto codec base */
/* TPMT_PUBLIC: keys, names, and one field wrong at a time. The points are generators of their curves, the modulus is any odd one. */
#include "tpm_made.h"

static struct att_crypto *c;
static struct att_key *rsa, *ec;

static int setup(void **state)
{
    (void)state;
    uint8_t n[256] = { 0xc1 };
    EVP_PKEY *pkey = EVP_EC_gen("P-256");

    n[255] = 1;
    c = att_crypto_new();
    assert_non_null(c);
    assert_true(att_key_from_rsa(c, att_span_of(n, sizeof n), att_span_of("\1\0\1", 3), &rsa, NULL));
    ec = key_of(c, pkey);
    EVP_PKEY_free(pkey);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    att_key_free(rsa);
    att_key_free(ec);
    att_crypto_free(c);
    return 0;
}

static void fields(void **state)
{
    (void)state;
    struct made_public o = public_of(rsa, true);
    struct wire w = made_public(&o);
    struct wire sized = made_sized(&w);
    struct tpm_public pub;
    struct att_err err = { .code = ATT_OK };

    assert_true(tpm_public_read_sized(wire_span(&sized), "ek", ATT_EK_MISMATCH, &pub, &err));
    assert_true(att_span_eq(pub.whole, wire_span(&w)));
    assert_false(pub.ecc);
    assert_int_equal(pub.name_hash, ATT_SHA256);
    assert_int_equal(pub.attributes, EK_ATTRIBUTES);
    assert_int_equal(pub.auth_policy.len, 32);
    assert_true(pub.symmetric == 6 && pub.symmetric_bits == 128 && pub.symmetric_mode == 0x43);
    assert_true(pub.scheme == 0x10 && pub.scheme_hash == 0x10 && pub.key_bits == 2048);
    assert_int_equal(pub.exponent, 65537);
    assert_true(att_span_eq(pub.modulus, att_key_rsa_n(rsa)));

    o = public_of(ec, false);
    w = made_public(&o);
    assert_true(tpm_public_read(wire_span(&w), "aik", ATT_AIK_UNFIT, &pub, &err));
    assert_true(pub.ecc && pub.curve == 3 && pub.scheme == 0x18 && pub.scheme_hash == 0x0b);
    assert_true(pub.symmetric == 0x10 && pub.symmetric_bits == 0);
    assert_true(att_span_eq(pub.x, o.x) && att_span_eq(pub.y, o.y));
}

static void exponents(void **state)
{
    (void)state;
    static const struct {
        uint32_t in, out;
        bool key;
    } rows[] = {
        { 0, 65537, true }, { 3, 3, true }, { 65537, 65537, true }, { 1, 1, false }, { 65536, 65536, false }
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_public o = public_of(rsa, false);
        struct tpm_public pub;
        struct att_key *key = NULL;
        struct att_err err = { .code = ATT_OK };
        o.exponent = rows[i].in;
        struct wire w = made_public(&o);
        assert_true(tpm_public_read(wire_span(&w), "aik", ATT_AIK_UNFIT, &pub, &err));
        assert_int_equal(pub.exponent, rows[i].out);
        assert_int_equal(tpm_public_key(c, &pub, &key, &err), rows[i].key);
        if (!rows[i].key)
            made_check_refusal(&err, ATT_KEY_INVALID);
        att_key_free(key);
    }
}

static void short_coordinates(void **state)
{
    (void)state;
    struct made_public o = public_of(ec, false);
    struct tpm_public pub;
    struct att_key *key = NULL;
    struct att_err err = { .code = ATT_OK };
    uint8_t longer[33] = { 0 };

    /* A leading zero that is not sent is the same number; here the whole of y is not what it was. */
    o.y = att_span_of(o.y.ptr + 1, 31);
    struct wire w = made_public(&o);
    assert_true(tpm_public_read(wire_span(&w), "aik", ATT_AIK_UNFIT, &pub, &err));
    assert_false(tpm_public_key(c, &pub, &key, &err));
    made_check_refusal(&err, ATT_KEY_INVALID);

    /* A zero too many is longer than the field. */
    o = public_of(ec, false);
    memcpy(longer + 1, o.x.ptr, 32);
    o.x = att_span_of(longer, sizeof longer);
    w = made_public(&o);
    err = (struct att_err){ .code = ATT_OK };
    assert_false(tpm_public_read(wire_span(&w), "aik", ATT_AIK_UNFIT, &pub, &err));
    made_check_refusal(&err, ATT_AIK_UNFIT);

    o.x = o.y = att_span_of(NULL, 0);
    w = made_public(&o);
    err = (struct att_err){ .code = ATT_OK };
    assert_true(tpm_public_read(wire_span(&w), "aik", ATT_AIK_UNFIT, &pub, &err));
    assert_false(tpm_public_key(c, &pub, &key, &err));
    made_check_refusal(&err, ATT_KEY_INVALID);
}

static void really_short(void **state)
{
    (void)state;
    struct att_key *found = NULL;

    /* One key in 256 begins with a zero: it reads back as itself from the short form. */
    for (int i = 0; i < 20000 && !found; i++) {
        EVP_PKEY *pkey = EVP_EC_gen("P-256");
        uint8_t point[65];
        size_t len = 0;
        assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, "pub", point, sizeof point, &len), 1);
        if (point[1] == 0)
            found = key_of(c, pkey);
        EVP_PKEY_free(pkey);
    }
    assert_non_null(found);
    struct made_public o = public_of(found, false);
    o.x = att_span_of(o.x.ptr + 1, 31);
    struct wire w = made_public(&o);
    struct tpm_public pub;
    struct att_key *key = NULL;
    struct att_err err = { .code = ATT_OK };
    assert_true(tpm_public_read(wire_span(&w), "aik", ATT_AIK_UNFIT, &pub, &err));
    assert_true(tpm_public_key(c, &pub, &key, &err));
    assert_true(att_span_eq(att_key_point(key), att_key_point(found)));
    att_key_free(key);
    att_key_free(found);
}

static void names(void **state)
{
    (void)state;
    static const struct {
        uint16_t alg;
        enum att_hash hash;
        size_t len;
    } rows[] = {
        { 0x04, ATT_SHA1, 22 }, { 0x0b, ATT_SHA256, 34 }, { 0x0c, ATT_SHA384, 50 }, { 0x0d, ATT_SHA512, 66 }
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_public o = public_of(rsa, false);
        struct tpm_public pub;
        uint8_t name[TPM_NAME_BYTES_MAX], digest[64];
        size_t len = 0;
        o.name_alg = rows[i].alg;
        struct wire w = made_public(&o);
        assert_true(tpm_public_read(wire_span(&w), "aik", ATT_AIK_UNFIT, &pub, NULL));
        assert_true(tpm_public_name(c, &pub, name, &len));
        assert_int_equal(len, rows[i].len);
        assert_true(name[0] == 0 && name[1] == rows[i].alg);
        assert_true(att_digest(c, rows[i].hash, wire_span(&w), digest));
        assert_memory_equal(name + 2, digest, len - 2);
    }
}

struct row {
    const char *name;
    bool good;
    struct made_public made;
};

static void check(const struct row *row)
{
    struct wire w = made_public(&row->made);
    struct tpm_public pub = { .key_bits = 77 };
    struct att_err err = { .code = ATT_OK };
    bool got = tpm_public_read(wire_span(&w), "aik", ATT_AIK_UNFIT, &pub, &err);

    if (got != row->good)
        fail_msg("%s: %s", row->name, err.text);
    if (got)
        return;
    made_check_refusal(&err, ATT_AIK_UNFIT);
    assert_int_equal(pub.key_bits, 77);
}

static void wrong_fields(void **state)
{
    (void)state;
    struct made_public r = public_of(rsa, false), e = public_of(ec, false);
    uint8_t half[257] = { 1 };
#define R(...)                                                                                               \
    (__extension__({                                                                                         \
        struct made_public o = r;                                                                            \
        __VA_ARGS__;                                                                                         \
        o;                                                                                                   \
    }))
#define E(...)                                                                                               \
    (__extension__({                                                                                         \
        struct made_public o = e;                                                                            \
        __VA_ARGS__;                                                                                         \
        o;                                                                                                   \
    }))
    const struct row rows[] = {
        { "RSA", true, r },
        { "ECC", true, e },
        { "a keyed hash", false, R(o.type = 0x0008) },
        { "a symmetric key", false, R(o.type = 0x0025) },
        { "type 0", false, R(o.type = 0) },
        { "RSA fields as ECC", false, E(o.type = 0x0001) },
        { "no name", false, R(o.name_alg = 0x10) },
        { "SM3", false, R(o.name_alg = 0x12) },
        { "a policy", true, R(o.policy_len = 32) },
        { "a policy by another hash", false, R(o.policy_len = 20) },
        { "a policy too long by one", false, R(o.policy_len = 33) },
        { "a policy of 65 bytes", false, R(o.policy_len = 65) },
        { "AES", true, R(o.symmetric = 6) },
        { "3DES", false, R(o.symmetric = 3) },
        { "XOR as cipher", false, R(o.symmetric = 0x0a) },
        { "a hash as cipher", false, R(o.symmetric = 0x0b) },
        { "RSAPSS", true, R(o.scheme = 0x16) },
        { "RSAES has no hash", true, R(o.scheme = 0x15) },
        { "OAEP", true, R(o.scheme = 0x17) },
        { "no scheme", true, R(o.scheme = 0x10) },
        { "ECDSA for RSA", false, R(o.scheme = 0x18) },
        { "scheme 0", false, R(o.scheme = 0) },
        { "RSASSA for ECC", false, E(o.scheme = 0x14) },
        { "ECDAA has a count", true, E(o.scheme = 0x1a) },
        { "ECDH", true, E(o.scheme = 0x19) },
        { "no ECC scheme", true, E(o.scheme = 0x10) },
        { "OAEP for ECC", false, E(o.scheme = 0x17) },
        { "keyBits of another size", false, R(o.key_bits = 1024) },
        { "keyBits one more", false, R(o.key_bits = 2049) },
        { "a modulus one byte short", false, R(o.n.len--) },
        { "a modulus one byte long", false, R(o.n = att_span_of(half, 257)) },
        { "an empty modulus", false, R(o.n.len = 0) },
        { "BN P256", false, E(o.curve = 0x10) },
        { "curve 0", false, E(o.curve = 0) },
        { "P-224", false, E(o.curve = 2) },
        { "x longer than P-256", false, E(o.x = att_span_of(half, 33)) },
        { "a KDF", true, E(o.kdf = 0x20) },
        { "a hash as KDF", false, E(o.kdf = 0x0b) },
    };
#undef R
#undef E
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&rows[i]);
}

/* Every truncation, sizes off by one, and one byte more. */
static void cuts(void **state)
{
    (void)state;
    struct made_public made[] = { public_of(rsa, false), public_of(ec, false), public_of(rsa, true) };
    for (size_t k = 0; k < 3; k++) {
        struct wire w = made_public(&made[k]);
        struct wire sized = made_sized(&w);
        struct tpm_public pub;
        for (size_t n = 0; n < sized.len; n++) {
            struct att_err err = { .code = ATT_OK };
            uint8_t *exact = malloc(n + !n);
            assert_non_null(exact);
            memcpy(exact, sized.bytes, n);
            assert_false(tpm_public_read_sized(att_span_of(exact, n), "ek", ATT_EK_MISMATCH, &pub, &err));
            made_check_refusal(&err, ATT_EK_MISMATCH);
            free(exact);
        }
        for (size_t n = 0; n < w.len; n++)
            assert_false(tpm_public_read(att_span_of(w.bytes, n), "ek", ATT_EK_MISMATCH, &pub, NULL));
        put_number(&w, 0, 1);
        assert_false(tpm_public_read(wire_span(&w), "ek", ATT_EK_MISMATCH, &pub, NULL));
        struct wire more = made_sized(&w); /* the size is right, the content is not */
        assert_false(tpm_public_read_sized(wire_span(&more), "ek", ATT_EK_MISMATCH, &pub, NULL));
        put_number(&sized, 0, 1);
        assert_false(tpm_public_read_sized(wire_span(&sized), "ek", ATT_EK_MISMATCH, &pub, NULL));
        sized.bytes[1]++; /* and now the other way round: announced, and inside */
        assert_false(tpm_public_read_sized(wire_span(&sized), "ek", ATT_EK_MISMATCH, &pub, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),       cmocka_unit_test(exponents), cmocka_unit_test(short_coordinates),
        cmocka_unit_test(really_short), cmocka_unit_test(names),     cmocka_unit_test(wrong_fields),
        cmocka_unit_test(cuts),
    };
    return cmocka_run_group_tests_name("tpm/public", tests, setup, teardown);
}
