/* Revocation lists: made by OpenSSL, then broken one thing at a time. */
#include "made.h"

#include <openssl/pem.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/timetext.h"

static struct att_crypto *c;
static EVP_PKEY *key;
static EVP_PKEY *other_key;

struct made_crl {
    const char *issuer;
    EVP_PKEY *signer;
    const char *serials[4]; /* hexadecimal */
    bool without_next_update, version_1, without_number, without_aki, generalized;
    const char *list_oid, *entry_oid; /* one more extension of the list, of each entry */
    bool list_critical, entry_critical;
    const char *md;
};

static void add_list_extension(X509_CRL *x, const char *oid, bool critical, const char *bytes, int len)
{
    X509_EXTENSION *e = made_raw_extension(oid, critical, bytes, len);
    assert_int_equal(X509_CRL_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

static void add_entry(X509_CRL *x, const struct made_crl *o, const char *hex)
{
    X509_REVOKED *r = X509_REVOKED_new();
    ASN1_INTEGER *serial = made_serial(hex, false);
    ASN1_TIME *t = ASN1_TIME_new();
    assert_int_equal(ASN1_TIME_set_string_X509(t, "20230101000000Z"), 1);
    assert_int_equal(X509_REVOKED_set_serialNumber(r, serial), 1);
    assert_int_equal(X509_REVOKED_set_revocationDate(r, t), 1);
    if (o->entry_oid) {
        X509_EXTENSION *e = made_raw_extension(o->entry_oid, o->entry_critical, "\x0a\x01\x01", 3);
        assert_int_equal(X509_REVOKED_add_ext(r, e, -1), 1);
        X509_EXTENSION_free(e);
    }
    assert_int_equal(X509_CRL_add0_revoked(x, r), 1);
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(t);
}

static struct made crl_of(const struct made_crl *o)
{
    X509_CRL *x = X509_CRL_new();
    X509_NAME *issuer = made_name(o->issuer ? o->issuer : "ca");
    ASN1_TIME *t = ASN1_TIME_new();
    assert_int_equal(X509_CRL_set_version(x, o->version_1 ? 0 : 1), 1);
    assert_int_equal(X509_CRL_set_issuer_name(x, issuer), 1);
    assert_int_equal(ASN1_TIME_set_string_X509(t, "20240101000000Z"), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(x, t), 1);
    assert_int_equal(ASN1_TIME_set_string_X509(t, o->generalized ? "20510102030405Z" : "20250102030405Z"), 1);
    if (!o->without_next_update)
        assert_int_equal(X509_CRL_set1_nextUpdate(x, t), 1);
    for (size_t i = 0; i < 4 && o->serials[i]; i++)
        add_entry(x, o, o->serials[i]);
    if (!o->without_number)
        add_list_extension(x, "2.5.29.20", false, "\x02\x01\x05", 3);
    if (!o->without_aki)
        add_list_extension(x, "2.5.29.35", false, "\x30\x04\x80\x02\x01\x02", 6);
    if (o->list_oid)
        add_list_extension(x, o->list_oid, o->list_critical, "\x02\x01\x05", 3);
    assert_true(
        X509_CRL_sign(x, o->signer ? o->signer : key, EVP_get_digestbyname(o->md ? o->md : "SHA256")) > 0);
    struct made m = { NULL, 0 };
    int len = i2d_X509_CRL(x, &m.ptr);
    assert_true(len > 0);
    m.len = (size_t)len;
    X509_CRL_free(x);
    X509_NAME_free(issuer);
    ASN1_TIME_free(t);
    return m;
}

static struct att_crl *parse(struct att_span bytes)
{
    struct att_crl *crl = NULL;
    struct att_err err = { .code = ATT_OK };
    if (!att_crl_parse(c, bytes, NULL, &crl, &err))
        fail_msg("%s", err.text);
    return crl;
}

static void refuse(const char *name, struct att_span bytes, const char *where)
{
    struct att_crl *crl = NULL;
    struct att_err err = { .code = ATT_OK };
    if (att_crl_parse(c, bytes, NULL, &crl, &err))
        fail_msg("%s: was read", name);
    assert_null(crl);
    made_check_refusal(&err, ATT_CRL_MALFORMED);
    if (where && strcmp(err.where, where) != 0)
        fail_msg("%s: refused at %s", name, err.where);
}

static bool revokes(const struct att_crl *crl, const char *hex)
{
    uint8_t serial[32];
    size_t len = strlen(hex) / 2;
    assert_true(att_hex_read(att_str(hex), serial, len));
    return att_crl_revokes(crl, att_span_of(serial, len));
}

static void fields(void **state)
{
    (void)state;
    struct made_crl o = { .serials = { "0A", "80FF", "7F", "FF00000000000000000000000000000000000001" } };
    struct made m = crl_of(&o);
    struct att_crl *crl = parse(made_span(m));
    struct att_time_text t;
    assert_true(att_span_eq(att_crl_der(crl), made_span(m)));
    assert_string_equal(att_time_text(&t, att_crl_this_update(crl)), "2024-01-01T00:00:00Z");
    assert_string_equal(att_time_text(&t, att_crl_next_update(crl)), "2025-01-02T03:04:05Z");
    assert_int_equal(att_crl_entries(crl), 4);
    assert_true(att_crl_has_number_and_aki(crl));
    static const char *const in[] = {
        "0a", "80ff", "0080ff", "7f", "ff00000000000000000000000000000000000001", "00000a"
    };
    static const char *const out[] = {
        "", "00", "0b", "80", "80fe", "8100", "0aff", "ff", "7f00", "ff00000000000000000000000000000000000002"
    };
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++)
        assert_true(revokes(crl, in[i]));
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        assert_false(revokes(crl, out[i]));
    struct att_crl *second = att_crl_ref(crl);
    att_crl_free(crl);
    assert_int_equal(att_crl_entries(second), 4);
    att_crl_free(second);
    att_crl_free(NULL);
    free(m.ptr);

    struct made_crl none = { .generalized = true };
    m = crl_of(&none);
    crl = parse(made_span(m));
    assert_int_equal(att_crl_entries(crl), 0);
    assert_false(revokes(crl, "0a"));
    assert_string_equal(att_time_text(&t, att_crl_next_update(crl)), "2051-01-02T03:04:05Z");
    att_crl_free(crl);
    free(m.ptr);
}

static void rows(void **state)
{
    (void)state;
    static const struct {
        const char *name, *where; /* NULL: it is read */
        struct made_crl o;
    } list[] = {
        { "version 1", "crl.version", { .version_1 = true, .without_number = true, .without_aki = true } },
        { "no nextUpdate", "crl.nextUpdate", { .without_next_update = true } },
        { "no nextUpdate but entries",
          "crl.nextUpdate",
          { .without_next_update = true, .serials = { "01" } } },
        { "delta", "crl.crlExtensions", { .list_oid = "2.5.29.27", .list_critical = true } },
        { "delta, not critical", "crl.crlExtensions", { .list_oid = "2.5.29.27" } },
        { "issuing distribution point",
          "crl.crlExtensions",
          { .list_oid = "2.5.29.28", .list_critical = true } },
        { "the same, not critical", "crl.crlExtensions", { .list_oid = "2.5.29.28" } },
        { "unknown critical extension", "crl.crlExtensions", { .list_oid = "1.2.3", .list_critical = true } },
        { "unknown extension", NULL, { .list_oid = "1.2.3" } },
        { "CRL number twice", "crl.crlExtensions", { .list_oid = "2.5.29.20" } },
        { "reason of an entry", NULL, { .entry_oid = "2.5.29.21", .serials = { "01" } } },
        { "unknown entry extension", NULL, { .entry_oid = "1.2.3", .serials = { "01" } } },
        { "critical one",
          "crl.revokedCertificates",
          { .entry_oid = "1.2.3", .entry_critical = true, .serials = { "01" } } },
        { "entry of another issuer",
          "crl.revokedCertificates",
          { .entry_oid = "2.5.29.29", .serials = { "02", "01" } } },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct made m = crl_of(&list[i].o);
        if (list[i].where)
            refuse(list[i].name, made_span(m), list[i].where);
        else
            att_crl_free(parse(made_span(m)));
        free(m.ptr);
    }
    static const struct made_crl lacking[] = { { .without_number = true }, { .without_aki = true } };
    for (size_t i = 0; i < 2; i++) {
        struct made m = crl_of(&lacking[i]);
        struct att_crl *crl = parse(made_span(m));
        assert_false(att_crl_has_number_and_aki(crl));
        att_crl_free(crl);
        free(m.ptr);
    }
}

static void forms(void **state)
{
    (void)state;
    struct made_crl o = { .serials = { "0A" } };
    struct made m = crl_of(&o);
    struct att_buf text = { .max = 1 << 16 };
    static const char *const ends[] = { "", "\n", "\r\n", "\n\n" };
    for (size_t i = 0; i < 4; i++) { /* hexadecimal, as Intel's service sends it */
        att_buf_clear(&text);
        att_hex_put(&text, made_span(m));
        att_buf_puts(&text, ends[i]);
        att_buf_putc(&text, '\0');
        for (size_t nul = 0; nul < 2; nul++) {
            struct att_crl *crl = parse(att_span_of(text.ptr, text.len - nul));
            assert_true(att_span_eq(att_crl_der(crl), made_span(m)));
            att_crl_free(crl);
        }
    }
    att_buf_clear(&text);
    att_hex_put(&text, made_span(m));
    for (size_t n = 0; n < text.len; n++)
        refuse("hexadecimal cut", att_span_of(text.ptr, n), NULL);
    text.ptr[9] = 'g';
    refuse("not hexadecimal", att_buf_span(&text), "crl");
    att_buf_clear(&text);
    att_hex_put(&text, made_span(m));
    for (size_t i = 0; i < text.len; i++)
        text.ptr[i] = (uint8_t)(text.ptr[i] >= 'a' ? text.ptr[i] - 32 : text.ptr[i]);
    att_crl_free(parse(att_buf_span(&text)));
    att_buf_puts(&text, " ");
    refuse("a blank behind", att_buf_span(&text), "crl");

    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    assert_true(PEM_write_bio(bio, "X509 CRL", "", m.ptr, (long)m.len) > 0);
    size_t pem_len = (size_t)BIO_get_mem_data(bio, &pem);
    struct att_crl *crl = parse(att_span_of(pem, pem_len));
    assert_true(att_span_eq(att_crl_der(crl), made_span(m)));
    att_crl_free(crl);
    for (size_t n = 0; n + 1 < pem_len; n++) /* the last line end alone may go */
        refuse("PEM cut", att_span_of(pem, n), "crl");
    att_buf_clear(&text);
    att_buf_put(&text, att_span_of(pem, pem_len));
    att_buf_put(&text, att_span_of(pem, pem_len));
    refuse("two blocks", att_buf_span(&text), "crl");
    att_buf_clear(&text);
    att_buf_puts(&text, "what is this?\n");
    att_buf_put(&text, att_span_of(pem, pem_len));
    att_crl_free(parse(att_buf_span(&text)));
    att_buf_free(&text);
    BIO_free(bio);
    free(m.ptr);
}

static void cut_and_flipped(void **state)
{
    (void)state;
    struct made_crl o = { .serials = { "0A", "0B" }, .entry_oid = "2.5.29.21" };
    struct made_cert ca = {
        .subject = "ca", .key = key, .constraints = "critical,CA:TRUE", .usage = "cRLSign"
    };
    struct made m = crl_of(&o);
    struct att_cert *issuer = made_parsed(c, &ca);
    unsigned read = 0;
    for (size_t n = 0; n < m.len; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        memcpy(exact, m.ptr, n);
        refuse("cut", att_span_of(exact, n), NULL);
        free(exact);
    }
    uint8_t *longer = malloc(m.len + 1);
    memcpy(longer, m.ptr, m.len);
    longer[m.len] = 0;
    refuse("a byte behind", att_span_of(longer, m.len + 1), NULL);
    free(longer);
    for (size_t bit = 0; bit < 8 * m.len; bit++) {
        struct att_crl *crl = NULL;
        m.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (att_crl_parse(c, made_span(m), NULL, &crl, NULL)) {
            read++;
            enum att_sig got = att_crl_signed_by(c, crl, issuer);
            if (got != ATT_SIG_INVALID && got != ATT_SIG_BAD_KEY)
                fail_msg("bit %zu: %d", bit, (int)got);
            att_crl_free(crl);
        }
        m.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(read > m.len); /* else the parser alone was tested */
    struct att_limits limits = att_limits_default;
    struct att_crl *crl = NULL;
    limits.collateral_bytes_max = m.len - 1;
    assert_false(att_crl_parse(c, made_span(m), &limits, &crl, NULL));
    limits.collateral_bytes_max = m.len;
    limits.der_depth_max = 3;
    assert_false(att_crl_parse(c, made_span(m), &limits, &crl, NULL));
    limits.der_depth_max = 8;
    assert_true(att_crl_parse(c, made_span(m), &limits, &crl, NULL));
    att_crl_free(crl);
    att_cert_free(issuer);
    free(m.ptr);
}

static void issuers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *cn, *usage;
        bool other_key;
        const char *md;
        enum att_sig want;
    } list[] = {
        { "right", "ca", "critical,keyCertSign,cRLSign", false, NULL, ATT_SIG_VALID },
        { "no key usage", "ca", NULL, false, NULL, ATT_SIG_VALID },
        { "SHA-384", "ca", NULL, false, "SHA384", ATT_SIG_VALID },
        { "SHA-1", "ca", NULL, false, "SHA1", ATT_SIG_BAD_KEY },
        { "may not sign lists", "ca", "critical,keyCertSign", false, NULL, ATT_SIG_BAD_KEY },
        { "another name with the same key", "cb", NULL, false, NULL, ATT_SIG_INVALID },
        { "another key with the same name", "ca", NULL, true, NULL, ATT_SIG_INVALID },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct made_crl o = { .signer = list[i].other_key ? other_key : key, .md = list[i].md };
        struct made_cert ca = {
            .subject = list[i].cn, .key = key, .constraints = "critical,CA:TRUE", .usage = list[i].usage
        };
        struct made m = crl_of(&o);
        struct att_crl *crl = parse(made_span(m));
        struct att_cert *issuer = made_parsed(c, &ca);
        enum att_sig got = att_crl_signed_by(c, crl, issuer);
        if (got != list[i].want)
            fail_msg("%s: %d", list[i].name, (int)got);
        assert_int_equal(att_span_eq(att_crl_issuer(crl), att_cert_subject(issuer)),
                         strcmp(list[i].cn, "ca") == 0);
        att_cert_free(issuer);
        att_crl_free(crl);
        free(m.ptr);
    }
}

/* A long list in no order: every one of its serials is found, their neighbours are not. */
static void many_entries(void **state)
{
    (void)state;
    enum { ENTRIES = 3000 };
    X509_CRL *x = X509_CRL_new();
    X509_NAME *name = made_name("ca");
    ASN1_TIME *t = ASN1_TIME_new();
    struct made_crl o = { .issuer = NULL };
    assert_int_equal(X509_CRL_set_version(x, 1), 1);
    assert_int_equal(X509_CRL_set_issuer_name(x, name), 1);
    assert_int_equal(ASN1_TIME_set_string_X509(t, "20240101000000Z"), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(x, t), 1);
    assert_int_equal(X509_CRL_set1_nextUpdate(x, t), 1);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        char hex[16];
        (void)snprintf(hex, sizeof hex, "%08X", (i * 2654435761u | 1u));
        add_entry(x, &o, hex);
    }
    assert_true(X509_CRL_sign(x, key, EVP_sha256()) > 0);
    struct made m = { NULL, 0 };
    m.len = (size_t)i2d_X509_CRL(x, &m.ptr);
    struct att_crl *crl = parse(made_span(m));
    assert_int_equal(att_crl_entries(crl), ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        char hex[16];
        (void)snprintf(hex, sizeof hex, "%08x", (i * 2654435761u | 1u));
        assert_true(revokes(crl, hex));
        (void)snprintf(hex, sizeof hex, "%08x", (i * 2654435761u | 1u) - 1);
        assert_false(revokes(crl, hex)); /* all in the list are odd */
    }
    att_crl_free(crl);
    free(m.ptr);
    X509_CRL_free(x);
    X509_NAME_free(name);
    ASN1_TIME_free(t);
}

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    key = EVP_EC_gen("P-256");
    other_key = EVP_EC_gen("P-256");
    return c && key && other_key ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    att_crypto_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),          cmocka_unit_test(rows),    cmocka_unit_test(forms),
        cmocka_unit_test(cut_and_flipped), cmocka_unit_test(issuers), cmocka_unit_test(many_entries),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
