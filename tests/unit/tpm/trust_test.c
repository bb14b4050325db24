/* layers: tpm crypto codec base */
/* Chains of attestation and endorsement keys, made by OpenSSL: one certificate wrong at a time. */
#include "tpm_made.h"

#include <openssl/pem.h>

#include "tpm/trust.h"

enum { NOW = 1750000000 }; /* 2025; certificates are good from 2020 to 2050 unless a row says otherwise */

static struct att_crypto *c;
enum { ROOT, MID, LEAF, OTHER, WEAK, KEYS };
static EVP_PKEY *keys[KEYS];

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    for (size_t i = 0; i < KEYS; i++)
        keys[i] = i == ROOT ? EVP_RSA_gen(2048) : i == WEAK ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");
    return c ? 0 : -1;
}
static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++)
        EVP_PKEY_free(keys[i]);
    att_crypto_free(c);
    return 0;
}

/* What made_certificate does not know: extended usage and alternative name. */
static const char *usage_now, *san_now;
static const char san_tpm[] = "critical,dirName:tpm_name";

static X509 *extend(X509 *x)
{
    static const char text[] =
        "[tpm_name]\n1.2.23.133.2.1=id:53575450\n2.2.23.133.2.2=test\n3.2.23.133.2.3=id:1\n";
    BIO *bio = BIO_new_mem_buf(text, -1);
    CONF *conf = NCONF_new(NULL);
    X509V3_CTX ctx;
    long line = 0;

    assert_true(NCONF_load_bio(conf, bio, &line) > 0);
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_nconf(&ctx, conf);
    made_extension(x, "extendedKeyUsage", usage_now);
    if (san_now) {
        X509_EXTENSION *e = X509V3_EXT_nconf(conf, &ctx, "subjectAltName", san_now);
        assert_non_null(e);
        assert_int_equal(X509_add_ext(x, e, -1), 1);
        X509_EXTENSION_free(e);
    }
    NCONF_free(conf);
    BIO_free(bio);
    return x;
}

static struct made made_leaf(const char *usage, const char *san, struct made_cert o)
{
    usage_now = usage;
    san_now = san;
    o.twist = extend;
    return made_certificate(&o);
}

static void add_pem(char *text, size_t size, const struct made_cert *o)
{
    struct made m = made_certificate(o);
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;

    assert_int_equal(PEM_write_bio(bio, "CERTIFICATE", "", m.ptr, (long)m.len) > 0, 1);
    long len = BIO_get_mem_data(bio, &pem);
    size_t at = strlen(text);
    assert_true(at + (size_t)len < size);
    memcpy(text + at, pem, (size_t)len);
    text[at + (size_t)len] = '\0';
    BIO_free(bio);
    OPENSSL_free(m.ptr);
}

#define AIK_USAGE "2.23.133.8.3"
#define EK_USAGE  "2.23.133.8.1"
#define CA        "critical,CA:TRUE"
#define SIGNS     "critical,keyCertSign,cRLSign"

struct row {
    const char *name;
    bool good;
    struct made_cert root, mid, leaf;
    const char *usage, *san;
    enum tpm_cert_kind kind;
    int64_t now;
    bool no_mid, mid_twice, root_as_mid;
};

static struct row usual(const char *name)
{
    return (
        struct row){ .name = name,
                     .root = { .subject = "TPM Root", .key = keys[ROOT], .constraints = CA, .usage = SIGNS },
                     .mid = { .subject = "TPM CA",
                              .issuer = "TPM Root",
                              .key = keys[MID],
                              .signer = keys[ROOT],
                              .constraints = CA,
                              .usage = SIGNS },
                     .leaf = { .subject = "AIK", .issuer = "TPM CA", .key = keys[LEAF], .signer = keys[MID] },
                     .usage = AIK_USAGE,
                     .kind = TPM_CERT_AIK,
                     .now = NOW };
}

static void check(const struct row *row)
{
    char roots[8192] = "", more[8192] = "";
    struct att_tpm_trust *trust = NULL;
    struct tpm_cert_facts facts = { .test_root = false };
    struct att_err err = { .code = ATT_OK };
    enum att_code code = row->kind == TPM_CERT_AIK ? ATT_AIK_UNTRUSTED : ATT_EK_UNTRUSTED;

    if (row->root_as_mid)
        add_pem(more, sizeof more, &row->root);
    else
        add_pem(roots, sizeof roots, &row->root);
    for (int i = 0; !row->no_mid && i < 1 + row->mid_twice; i++)
        add_pem(more, sizeof more, &row->mid);
    struct made leaf = made_leaf(row->usage, row->san, row->leaf);
    struct att_root root = { .pem = att_str(roots), .test_root = true };
    assert_true(tpm_trust_new(c, &att_limits_default, &root, roots[0] ? 1 : 0, att_str(more), &trust, &err));
    bool got = tpm_trust_check(trust, c, &att_limits_default, made_span(leaf), row->kind, "aik_cert",
                               row->now, &facts, &err);
    if (got != row->good)
        fail_msg("%s: %s", row->name, err.text);
    assert_non_null(facts.key); /* also of a leaf that is not trusted */
    if (got) {
        assert_true(facts.test_root);
        assert_string_equal(facts.issuer, row->root.subject);
    } else {
        made_check_refusal(&err, code);
        assert_false(facts.test_root);
        assert_string_equal(facts.issuer, "");
    }
    tpm_cert_facts_clear(&facts);
    att_tpm_trust_free(trust);
    OPENSSL_free(leaf.ptr);
}

static void one_thing_wrong(void **state)
{
    (void)state;
#define ROW(text, ok, ...)                                                                                   \
    do {                                                                                                     \
        struct row o = usual(text);                                                                          \
        o.good = ok;                                                                                         \
        __VA_ARGS__;                                                                                         \
        check(&o);                                                                                           \
    } while (0)
    ROW("leaf, authority, root", true, (void)0);
    ROW("a leaf of the root itself", true, o.leaf.issuer = "TPM Root", o.leaf.signer = keys[ROOT]);
    ROW("an EK, named in a critical alternative name", true, o.usage = EK_USAGE, o.san = san_tpm,
        o.kind = TPM_CERT_EK, o.leaf.usage = "critical,keyEncipherment",
        o.leaf.constraints = "critical,CA:FALSE");
    ROW("both usages", true, o.usage = "clientAuth," AIK_USAGE);
    ROW("no end", true, o.leaf.not_after = "99991231235959Z", o.mid.not_after = "99991231235959Z");
    ROW("the last second", true, o.leaf.not_after = "20250615150640Z");
    ROW("E-v: a second after it", false, o.leaf.not_after = "20250615150639Z");
    ROW("the first second", true, o.leaf.not_before = "20250615150640Z");
    ROW("E-v: a second before it", false, o.leaf.not_before = "20250615150641Z");
    ROW("E-v: the authority has expired", false, o.mid.not_after = "20250615150639Z");
    ROW("E-v: the authority is not yet valid", false, o.mid.not_before = "20250615150641Z");
    ROW("E-v: the root has expired", false, o.root.not_after = "20250615150639Z");
    ROW("no usage", false, o.usage = NULL);
    ROW("any usage", false, o.usage = "anyExtendedKeyUsage");
    ROW("an EK's usage for an AIK", false, o.usage = EK_USAGE);
    ROW("a platform's usage", false, o.usage = "2.23.133.8.2");
    ROW("an AIK's usage for an EK", false, o.kind = TPM_CERT_EK);
    ROW("a leaf that is an authority", false, o.leaf.constraints = CA);
    ROW("a leaf that is one and may not sign certificates", false, o.leaf.constraints = CA,
        o.leaf.usage = "digitalSignature");
    ROW("an AIK whose key is for encryption", false, o.leaf.usage = "keyEncipherment");
    ROW("signed by another key of the same name", false, o.leaf.signer = keys[OTHER]);
    ROW("an authority signed by another key", false, o.mid.signer = keys[OTHER]);
    ROW("issued under another name", false, o.leaf.issuer = "TPM CB");
    ROW("an authority issued under another name", false, o.mid.issuer = "TPM Rood");
    ROW("the authority is not given", false, o.no_mid = true);
    ROW("given twice", true, o.mid_twice = true);
    ROW("the root leads nowhere as an intermediate", false, o.root_as_mid = true);
    ROW("an authority that is none", false, o.mid.constraints = "critical,CA:FALSE");
    ROW("an authority without constraints", false, o.mid.constraints = NULL);
    ROW("an authority that may not sign certificates", false, o.mid.usage = "digitalSignature");
    ROW("a root that is no authority", false, o.root.constraints = "CA:FALSE");
    ROW("a root whose path ends before the authority", false,
        o.root.constraints = "critical,CA:TRUE,pathlen:0");
    ROW("a root with just enough path", true, o.root.constraints = "critical,CA:TRUE,pathlen:1");
    ROW("an authority with just enough path", true, o.mid.constraints = "critical,CA:TRUE,pathlen:0");
    ROW("an unknown critical extension in the leaf", false, o.leaf.more_oid = "1.2.3.4.5",
        o.leaf.more_critical = true);
    ROW("an unknown one, not critical", true, o.leaf.more_oid = "1.2.3.4.5");
    ROW("name constraints, critical, in the authority", false, o.mid.more_oid = "2.5.29.30",
        o.mid.more_critical = true);
    ROW("a leaf signed with SHA-1", false, o.leaf.md = "SHA1");
    ROW("an authority signed with SHA-1", false, o.mid.md = "SHA1");
    ROW("an authority of 1024 bits", false, o.mid.key = keys[WEAK], o.leaf.signer = keys[WEAK]);
    ROW("a leaf of 1024 bits", false, o.leaf.key = keys[WEAK]);
    ROW("a serial number of zero", false, o.leaf.serial = "00");
    ROW("a leaf signed by itself", false, o.leaf.issuer = "AIK", o.leaf.signer = keys[LEAF]);
#undef ROW
}

/* The leaf among the roots: its key being known there is no authority's word. */
static void leaf_as_root(void **state)
{
    (void)state;
    struct row row = usual("leaf as root");
    char roots[8192] = "";
    struct att_tpm_trust *trust = NULL;
    struct tpm_cert_facts facts;
    struct att_err err = { .code = ATT_OK };

    row.leaf.issuer = "AIK";
    row.leaf.signer = keys[LEAF];
    struct made leaf = made_leaf(AIK_USAGE, NULL, row.leaf);
    usage_now = AIK_USAGE;
    row.leaf.twist = extend;
    add_pem(roots, sizeof roots, &row.leaf);
    struct att_root root = { .pem = att_str(roots) };
    assert_true(tpm_trust_new(c, &att_limits_default, &root, 1, (struct att_span){ 0 }, &trust, &err));
    assert_false(tpm_trust_check(trust, c, &att_limits_default, made_span(leaf), TPM_CERT_AIK, "aik_cert",
                                 NOW, &facts, &err));
    made_check_refusal(&err, ATT_AIK_UNTRUSTED);
    tpm_cert_facts_clear(&facts);
    err = (struct att_err){ .code = ATT_OK };
    assert_false(tpm_trust_check(NULL, c, &att_limits_default, made_span(leaf), TPM_CERT_AIK, "aik_cert", NOW,
                                 &facts, &err));
    made_check_refusal(&err, ATT_AIK_UNTRUSTED);
    assert_non_null(facts.key);
    tpm_cert_facts_clear(&facts);
    att_tpm_trust_free(trust);
    OPENSSL_free(leaf.ptr);
}

/* Two authorities sign one another, a third has many certificates under one name with other keys: the search ends, and finds what
 * there is to find; beyond 64 signatures it gives up. */
static void loops_and_crowds(void **state)
{
    (void)state;
    static char more[128 * 1024];
    char roots[8192] = "";
    struct row row = usual("crowd");
    struct att_err err = { .code = ATT_OK };
    struct made leaf = made_leaf(AIK_USAGE, NULL, row.leaf);

    static const struct {
        int strangers;
        size_t roots;
        bool good;
    } crowds[] = { { 40, 1, true }, { 40, 0, false }, { 62, 1, true }, { 64, 1, false } };
    for (size_t k = 0; k < sizeof crowds / sizeof crowds[0]; k++) {
        struct att_tpm_trust *trust = NULL;
        struct tpm_cert_facts facts;
        struct made_cert back = { .subject = "TPM Root",
                                  .issuer = "TPM CA",
                                  .key = keys[ROOT],
                                  .signer = keys[MID],
                                  .constraints = CA,
                                  .usage = SIGNS };
        more[0] = roots[0] = '\0';
        add_pem(more, sizeof more, &back);
        for (int i = 0; i < crowds[k].strangers; i++) {
            struct made_cert stranger = row.mid;
            char serial[16];
            (void)snprintf(serial, sizeof serial, "%04X", (unsigned)(0x100 + i));
            stranger.serial = serial;
            stranger.key = keys[OTHER];
            add_pem(more, sizeof more, &stranger);
        }
        add_pem(more, sizeof more, &row.mid); /* last */
        add_pem(roots, sizeof roots, &row.root);
        struct att_root root = { .pem = att_str(roots) };
        assert_true(
            tpm_trust_new(c, &att_limits_default, &root, crowds[k].roots, att_str(more), &trust, &err));
        err = (struct att_err){ .code = ATT_OK };
        bool got = tpm_trust_check(trust, c, &att_limits_default, made_span(leaf), TPM_CERT_AIK, "aik_cert",
                                   NOW, &facts, &err);
        assert_int_equal(got, crowds[k].good);
        assert_false(facts.test_root);
        tpm_cert_facts_clear(&facts);
        att_tpm_trust_free(trust);
    }
    OPENSSL_free(leaf.ptr);
}

/* Root, five authorities, leaf: one too deep. */
static void depth(void **state)
{
    (void)state;
    for (int authorities = 3; authorities <= 6; authorities++) {
        char roots[8192] = "", more[16384] = "", name[16], above[16] = "TPM Root";
        struct row row = usual("depth");
        struct att_tpm_trust *trust = NULL;
        struct tpm_cert_facts facts;
        struct att_err err = { .code = ATT_OK };
        add_pem(roots, sizeof roots, &row.root);
        for (int i = 0; i < authorities; i++) {
            struct made_cert ca = row.mid;
            (void)snprintf(name, sizeof name, "CA %d", i);
            ca.subject = name;
            ca.issuer = above;
            ca.signer = i == 0 ? keys[ROOT] : keys[MID];
            add_pem(more, sizeof more, &ca);
            (void)snprintf(above, sizeof above, "CA %d", i);
        }
        row.leaf.issuer = above;
        struct made leaf = made_leaf(AIK_USAGE, NULL, row.leaf);
        struct att_root root = { .pem = att_str(roots) };
        assert_true(tpm_trust_new(c, &att_limits_default, &root, 1, att_str(more), &trust, &err));
        bool got = tpm_trust_check(trust, c, &att_limits_default, made_span(leaf), TPM_CERT_AIK, "aik_cert",
                                   NOW, &facts, &err);
        assert_int_equal(got, authorities + 2 <= TPM_TRUST_DEPTH_MAX);
        tpm_cert_facts_clear(&facts);
        att_tpm_trust_free(trust);
        OPENSSL_free(leaf.ptr);
    }
}

static void malformed(void **state)
{
    (void)state;
    struct row row = usual("cut");
    struct made leaf = made_leaf(AIK_USAGE, NULL, row.leaf);
    struct tpm_cert_facts facts;
    struct att_tpm_trust *trust = NULL;
    char roots[8192] = "";

    for (size_t n = 0; n < leaf.len; n += 7) {
        struct att_err err = { .code = ATT_OK };
        assert_false(tpm_trust_check(NULL, c, &att_limits_default, att_span_of(leaf.ptr, n), TPM_CERT_EK,
                                     "ek_cert", NOW, &facts, &err));
        made_check_refusal(&err, ATT_EK_UNTRUSTED);
        assert_null(facts.key);
    }
    struct att_err err = { .code = ATT_OK };
    struct att_root none = { .pem = att_str("no certificate") };
    assert_false(tpm_trust_new(c, &att_limits_default, &none, 1, (struct att_span){ 0 }, &trust, &err));
    made_check_refusal(&err, ATT_CERT_MALFORMED);
    add_pem(roots, sizeof roots, &row.root);
    struct att_root good = { .pem = att_str(roots) };
    err = (struct att_err){ .code = ATT_OK };
    assert_false(tpm_trust_new(c, &att_limits_default, &good, 1, att_str("no certificate"), &trust, &err));
    made_check_refusal(&err, ATT_CERT_MALFORMED);
    OPENSSL_free(leaf.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thing_wrong), cmocka_unit_test(leaf_as_root), cmocka_unit_test(loops_and_crowds),
        cmocka_unit_test(depth),           cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests_name("tpm/trust", tests, setup, teardown);
}
