/* Reading one certificate. OpenSSL makes them and is the oracle for what stands in them. */
#include "made.h"

#include "base/timetext.h"

static struct att_crypto *c;
static EVP_PKEY *key;

static struct made good(void)
{
    struct made_cert o = { .subject = "leaf",
                           .issuer = "issuer",
                           .key = key,
                           .constraints = "critical,CA:FALSE",
                           .usage = "critical,digitalSignature",
                           .more_oid = "1.2.840.113741.1.13.1",
                           .serial = "0A0B0C" };
    return made_certificate(&o);
}

static int64_t at(const char *text)
{
    int64_t t = 0;
    assert_true(att_time_read(att_str(text), &t));
    return t;
}

/* 50 arcs: more octets than we look for. */
static const char long_oid[] = "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28"
                               ".29.30.31.32.33.34.35.36.37.38.39.40.41.42.43.44.45.46.47.48.49.50.51";

static void fields(void **state)
{
    (void)state;
    struct made m = good();
    struct att_cert *cert = NULL;
    struct att_err err = { .code = ATT_OK };
    struct att_span v;
    assert_true(att_cert_from_der(c, made_span(m), NULL, &cert, &err));
    assert_int_equal(err.code, ATT_OK);
    assert_true(att_span_eq(att_cert_der(cert), made_span(m)));
    assert_ptr_not_equal(att_cert_der(cert).ptr, m.ptr); /* a copy: the input may go */

    const uint8_t *p = m.ptr;
    X509 *x = d2i_X509(NULL, &p, (long)m.len);
    const unsigned char *name = NULL;
    size_t len = 0;
    assert_int_equal(X509_NAME_get0_der(X509_get_subject_name(x), &name, &len), 1);
    assert_true(att_span_eq(att_cert_subject(cert), att_span_of(name, len)));
    assert_int_equal(X509_NAME_get0_der(X509_get_issuer_name(x), &name, &len), 1);
    assert_true(att_span_eq(att_cert_issuer(cert), att_span_of(name, len)));
    uint8_t *spki = NULL;
    uint8_t theirs[32];
    uint8_t ours[32];
    int spki_len = i2d_PUBKEY(X509_get0_pubkey(x), &spki);
    assert_true(att_digest(c, ATT_SHA256, att_span_of(spki, (size_t)spki_len), theirs));
    assert_true(att_cert_spki_sha256(c, cert, ours));
    assert_memory_equal(ours, theirs, 32);
    OPENSSL_free(spki);
    X509_free(x);

    assert_true(att_span_eq(att_cert_serial(cert), att_span_of("\x0a\x0b\x0c", 3)));
    assert_string_equal(att_cert_subject_cn(cert), "leaf");
    assert_int_equal(att_cert_not_before(cert), at("2020-01-01T00:00:00Z"));
    assert_int_equal(att_cert_not_after(cert), at("2050-01-01T00:00:00Z"));
    assert_int_equal(att_key_type(att_cert_key(cert)), ATT_KEY_P256);
    assert_false(att_cert_is_ca(cert));
    assert_true(att_cert_extension(cert, "1.2.840.113741.1.13.1", &v));
    assert_true(att_span_eq(v, att_span_of("\x05\x00", 2)));
    assert_false(att_cert_extension(cert, "1.2.840.113741.1.13", &v));
    static const char *const no_oids[] = {
        "",
        "1",
        "1.",
        ".1",
        "1.2.",
        "1..2",
        "3.1",
        "1.40",
        "1.2.x",
        "1.2.-1",
        "1.2.99999999999999999999",
        "2.5.29.19 ",
        long_oid,
    };
    for (size_t i = 0; i < sizeof no_oids / sizeof no_oids[0]; i++)
        assert_false(att_cert_extension(cert, no_oids[i], &v));
    struct att_cert *second = att_cert_ref(cert);
    att_cert_free(cert);
    assert_string_equal(att_cert_subject_cn(second), "leaf");
    att_cert_free(second);
    att_cert_free(NULL);
    free(m.ptr);
}

static X509 *empty_issuer(X509 *x)
{
    X509_NAME *n = X509_NAME_new();
    assert_int_equal(X509_set_issuer_name(x, n), 1);
    X509_NAME_free(n);
    return x;
}

static X509 *empty_subject(X509 *x)
{
    X509_NAME *n = X509_NAME_new();
    assert_int_equal(X509_set_subject_name(x, n), 1);
    X509_NAME_free(n);
    return x;
}

static X509 *two_common_names(X509 *x)
{
    X509_NAME *n = X509_NAME_dup(X509_get_subject_name(x));
    assert_int_equal(
        X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)"b", -1, -1, 0), 1);
    assert_int_equal(X509_set_subject_name(x, n), 1);
    X509_NAME_free(n);
    return x;
}

static X509 *set_common_name(X509 *x, int type, const char *text, int len)
{
    X509_NAME *n = X509_NAME_new();
    assert_int_equal(X509_NAME_add_entry_by_txt(n, "CN", type, (const unsigned char *)text, len, -1, 0), 1);
    assert_int_equal(X509_set_subject_name(x, n), 1);
    X509_NAME_free(n);
    return x;
}

static X509 *nul_in_common_name(X509 *x)
{
    return set_common_name(x, V_ASN1_UTF8STRING, "leaf\0evil", 9);
}
static X509 *newline_in_common_name(X509 *x)
{
    return set_common_name(x, V_ASN1_UTF8STRING, "leaf\nevil", 9);
}
static X509 *bmp_common_name(X509 *x)
{
    return set_common_name(x, V_ASN1_BMPSTRING, "\0l\0e", 4);
}
static X509 *printable_common_name(X509 *x)
{
    return set_common_name(x, V_ASN1_PRINTABLESTRING, "leaf", 4);
}

static X509 *add_raw(X509 *x, const char *oid, const char *bytes, int len)
{
    X509_EXTENSION *e = made_raw_extension(oid, true, bytes, len);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
    return x;
}

static X509 *constraints_empty(X509 *x)
{
    return add_raw(x, "2.5.29.19", "", 0);
}
static X509 *constraints_trailing(X509 *x)
{
    return add_raw(x, "2.5.29.19", "\x30\x03\x01\x01\xff\x00", 6);
}
static X509 *constraints_inner_trailing(X509 *x)
{
    return add_raw(x, "2.5.29.19", "\x30\x05\x01\x01\xff\x05\x00", 7);
}
static X509 *constraints_negative(X509 *x)
{
    return add_raw(x, "2.5.29.19", "\x30\x06\x01\x01\xff\x02\x01\xff", 8);
}
static X509 *constraints_bool(X509 *x)
{
    return add_raw(x, "2.5.29.19", "\x30\x03\x01\x01\x01", 5);
}
static X509 *usage_empty(X509 *x)
{
    return add_raw(x, "2.5.29.15", "\x03\x01\x00", 3);
}
static X509 *usage_unused_set(X509 *x)
{
    return add_raw(x, "2.5.29.15", "\x03\x02\x03\x07", 4);
}
static X509 *usage_unused_8(X509 *x)
{
    return add_raw(x, "2.5.29.15", "\x03\x02\x08\x00", 4);
}
static X509 *usage_long(X509 *x)
{
    return add_raw(x, "2.5.29.15", "\x03\x04\x00\x01\x01\x01", 6);
}

static X509 *many_extensions(X509 *x)
{
    char oid[32];
    for (unsigned i = 0; i < 31; i++) { /* one is there */
        (void)snprintf(oid, sizeof oid, "1.2.3.4.%u", i);
        add_raw(x, oid, "\x05\x00", 2);
    }
    return x;
}

static X509 *too_many_extensions(X509 *x)
{
    return add_raw(many_extensions(x), "1.2.3.5", "\x05\x00", 2);
}

static void rows(void **state)
{
    (void)state;
    static const struct {
        const char *name, *where; /* NULL: it is read */
        struct made_cert o;
    } list[] = {
        { "as it should be", NULL, { .version = 2 } },
        { "version 1", "certificate.version", { .version = -1 } },
        { "version 2", "certificate.version", { .version = 1 } },
        { "version 4", "certificate.version", { .version = 3 } },
        { "serial 0 (AMD's VCEK have it; chains refuse it)", NULL, { .serial = "00" } },
        { "serial negative", "certificate.serialNumber", { .serial = "0A", .serial_negative = true } },
        { "serial of 20 octets", NULL, { .serial = "FF00000000000000000000000000000000000001" } },
        { "serial of 21 octets",
          "certificate.serialNumber",
          { .serial = "01FF00000000000000000000000000000000000001" } },
        { "the same extension twice", "certificate.extensions", { .more_oid = "1.2.3", .more_twice = true } },
        { "issuer empty", "certificate.issuer", { .twist = empty_issuer } },
        { "subject empty", NULL, { .twist = empty_subject } },
        { "basicConstraints empty",
          "certificate.extensions.basicConstraints",
          { .twist = constraints_empty } },
        { "basicConstraints with a byte behind",
          "certificate.extensions.basicConstraints",
          { .twist = constraints_trailing } },
        { "basicConstraints with a field behind",
          "certificate.extensions.basicConstraints",
          { .twist = constraints_inner_trailing } },
        { "basicConstraints with a negative length",
          "certificate.extensions.basicConstraints",
          { .twist = constraints_negative } },
        { "basicConstraints with TRUE as 01",
          "certificate.extensions.basicConstraints",
          { .twist = constraints_bool } },
        { "keyUsage without bits", "certificate.extensions.keyUsage", { .twist = usage_empty } },
        { "keyUsage with unused bits set", "certificate.extensions.keyUsage", { .twist = usage_unused_set } },
        { "keyUsage with 8 unused bits", "certificate.extensions.keyUsage", { .twist = usage_unused_8 } },
        { "keyUsage of 24 bits", "certificate.extensions.keyUsage", { .twist = usage_long } },
        { "32 extensions", NULL, { .more_oid = "1.2.3", .twist = many_extensions } },
        { "33 extensions", "certificate.extensions", { .more_oid = "1.2.3", .twist = too_many_extensions } },
        { "SHA-1 is read, and signed by nobody", NULL, { .md = "SHA1" } },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct made_cert o = list[i].o;
        struct att_cert *cert = NULL;
        struct att_err err = { .code = ATT_OK };
        o.subject = "leaf";
        o.key = key;
        struct made m = made_certificate(&o);
        bool ok = att_cert_from_der(c, made_span(m), NULL, &cert, &err);
        if (ok != !list[i].where)
            fail_msg("%s: %s", list[i].name, ok ? "was read" : err.text);
        if (!ok) {
            made_check_refusal(&err, ATT_CERT_MALFORMED);
            if (strcmp(err.where, list[i].where) != 0)
                fail_msg("%s: refused at %s", list[i].name, err.where);
        }
        att_cert_free(cert);
        free(m.ptr);
    }
}

static void common_names(void **state)
{
    (void)state;
    static const struct {
        const char *want;
        X509 *(*twist)(X509 *);
    } list[] = {
        { "leaf", NULL },         { "leaf", printable_common_name }, { "", empty_subject },
        { "", two_common_names }, { "", nul_in_common_name },        { "", newline_in_common_name },
        { "", bmp_common_name },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct made_cert o = { .subject = "leaf", .issuer = "leaf", .key = key, .twist = list[i].twist };
        struct att_cert *cert = made_parsed(c, &o);
        assert_string_equal(att_cert_subject_cn(cert), list[i].want);
        att_cert_free(cert);
    }
}

static void authority(void **state)
{
    (void)state;
    static const struct {
        const char *constraints, *usage;
        bool ca;
    } list[] = {
        { "critical,CA:TRUE", "critical,keyCertSign,cRLSign", true },
        { "CA:TRUE", NULL, true },
        { "critical,CA:TRUE", "critical,digitalSignature,cRLSign", false },
        { "critical,CA:FALSE", "critical,keyCertSign", false },
        { NULL, "critical,keyCertSign", false },
        { NULL, NULL, false },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct made_cert o = {
            .subject = "a", .key = key, .constraints = list[i].constraints, .usage = list[i].usage
        };
        struct att_cert *cert = made_parsed(c, &o);
        assert_int_equal(att_cert_is_ca(cert), list[i].ca);
        att_cert_free(cert);
    }
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        size_t len;
        const char *time; /* NULL: refused */
    } list[] = {
        { "200101000000Z", "491231235959Z", 13, "2049-12-31T23:59:59Z" },
        { "200101000000Z", "500101000000Z", 13, "1950-01-01T00:00:00Z" },
        { "200101000000Z", "200229000000Z", 13, "2020-02-29T00:00:00Z" },
        { "200101000000Z", "210229000000Z", 13, NULL },
        { "200101000000Z", "201301000000Z", 13, NULL },
        { "200101000000Z", "200100000000Z", 13, NULL },
        { "200101000000Z", "200101240000Z", 13, NULL },
        { "200101000000Z", "200101006000Z", 13, NULL },
        { "200101000000Z", "200101000060Z", 13, NULL },
        { "200101000000Z", "200101000000z", 13, NULL },
        { "200101000000Z", "2001010000 0Z", 13, NULL },
        { "200101000000Z", "20010100+100Z", 13, NULL },
        { "20500101000000Z", "20010101000000Z", 15, "2001-01-01T00:00:00Z" },
        { "20500101000000Z", "99991231235959Z", 15, "9999-12-31T23:59:59Z" },
        { "20500101000000Z", "00000101000000Z", 15, NULL },
        { "20500101000000Z", "205001010000.0Z", 15, NULL },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct made_cert o = { .subject = "a", .key = key };
        struct made m = made_certificate(&o); /* 2020 as UTCTime, 2050 as GeneralizedTime */
        uint8_t *p = memmem(m.ptr, m.len, list[i].from, list[i].len);
        struct att_cert *cert = NULL;
        struct att_err err = { .code = ATT_OK };
        assert_non_null(p);
        memcpy(p, list[i].to, list[i].len);
        bool ok = att_cert_from_der(c, made_span(m), NULL, &cert, &err);
        if (ok != (list[i].time != NULL))
            fail_msg("%s: %s", list[i].to, ok ? "was read" : err.text);
        if (ok)
            assert_int_equal(list[i].len == 13 ? att_cert_not_before(cert) : att_cert_not_after(cert),
                             at(list[i].time));
        else
            made_check_refusal(&err, ATT_CERT_MALFORMED);
        att_cert_free(cert);
        free(m.ptr);
    }
}

/* Inner and outer algorithm differ by one digit. */
static void algorithms_differ(void **state)
{
    (void)state;
    static const uint8_t oid[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
    for (int which = 0; which < 2; which++) {
        struct made m = good();
        struct att_cert *cert = NULL;
        struct att_err err = { .code = ATT_OK };
        uint8_t *p = memmem(m.ptr, m.len, oid, sizeof oid);
        if (which)
            p = memmem(p + 1, m.len - (size_t)(p + 1 - m.ptr), oid, sizeof oid);
        p[sizeof oid - 1] = 0x03;
        assert_false(att_cert_from_der(c, made_span(m), NULL, &cert, &err));
        assert_string_equal(err.where, "certificate.signature");
        free(m.ptr);
    }
}

static void cut_and_longer(void **state)
{
    (void)state;
    struct made m = good();
    struct att_cert *cert = NULL;
    for (size_t n = 0; n < m.len; n++) {
        uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read behind the end */
        struct att_err err = { .code = ATT_OK };
        memcpy(exact, m.ptr, n);
        assert_false(att_cert_from_der(c, att_span_of(exact, n), NULL, &cert, &err));
        made_check_refusal(&err, ATT_CERT_MALFORMED);
        free(exact);
    }
    uint8_t *longer = malloc(m.len + 1);
    memcpy(longer, m.ptr, m.len);
    longer[m.len] = 0;
    assert_false(att_cert_from_der(c, att_span_of(longer, m.len + 1), NULL, &cert, NULL));
    free(longer);
    assert_false(att_cert_from_der(c, att_span_of(NULL, 0), NULL, &cert, NULL));
    assert_null(cert);

    struct att_limits limits = att_limits_default;
    limits.cert_bytes_max = m.len;
    assert_true(att_cert_from_der(c, made_span(m), &limits, &cert, NULL));
    att_cert_free(cert);
    cert = NULL;
    limits.cert_bytes_max = m.len - 1;
    assert_false(att_cert_from_der(c, made_span(m), &limits, &cert, NULL));
    limits = att_limits_default;
    limits.der_depth_max = 3;
    assert_false(att_cert_from_der(c, made_span(m), &limits, &cert, NULL));
    assert_null(cert);
    free(m.ptr);
}

/* Length bytes made one larger or smaller, and lengths written the long way (BER). */
static void lengths(void **state)
{
    (void)state;
    struct made m = good();
    struct att_cert *cert = NULL;
    for (size_t i = 0; i < m.len; i++) {
        for (int d = -1; d <= 1; d += 2) {
            m.ptr[i] = (uint8_t)(m.ptr[i] + d);
            struct att_err err = { .code = ATT_OK };
            if (att_cert_from_der(c, made_span(m), NULL, &cert, &err)) {
                att_cert_free(cert); /* a value changed: chain_test shows that nobody has signed it */
                cert = NULL;
            } else {
                made_check_refusal(&err, ATT_CERT_MALFORMED);
            }
            m.ptr[i] = (uint8_t)(m.ptr[i] - d);
        }
    }
    /* 30 82 LL LL -> 30 83 00 LL LL: OpenSSL takes it */
    uint8_t *ber = malloc(m.len + 1);
    memcpy(ber + 5, m.ptr + 4, m.len - 4);
    ber[0] = 0x30;
    ber[1] = 0x83;
    ber[2] = 0;
    memcpy(ber + 3, m.ptr + 2, 2);
    const uint8_t *p = ber;
    X509 *x = d2i_X509(NULL, &p, (long)m.len + 1);
    assert_non_null(x);
    X509_free(x);
    assert_false(att_cert_from_der(c, att_span_of(ber, m.len + 1), NULL, &cert, NULL));
    free(ber);
    free(m.ptr);
}

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    key = EVP_EC_gen("P-256");
    return c && key ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    att_crypto_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),         cmocka_unit_test(rows),    cmocka_unit_test(common_names),
        cmocka_unit_test(authority),      cmocka_unit_test(times),   cmocka_unit_test(algorithms_differ),
        cmocka_unit_test(cut_and_longer), cmocka_unit_test(lengths),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
