/* layers: attest tpm collateral crypto codec base */
/* Enrolment of attestation keys, through the public functions: one thing wrong at a time. */
#include "unit/tpm/tpm_made.h"

#include <attest/tpm.h>
#include <openssl/pem.h>

enum { NOW = 1750000000 };

static struct att_lib *lib;
static struct att_crypto *c;
static struct att_arena *arena;
static struct att_tpm_trust *trust;
enum { CA, EK_RSA, AIK_RSA, EK_EC, AIK_P256, AIK_P384, KEYS };
static EVP_PKEY *pkeys[KEYS];
static struct att_key *keys[KEYS];
static struct made ek_certs[KEYS]; /* for EK_RSA and EK_EC */

static X509 *extend(X509 *x)
{
    static const char text[] = "[n]\n1.2.23.133.2.1=id:53575450\n2.2.23.133.2.2=test\n";
    BIO *bio = BIO_new_mem_buf(text, -1);
    CONF *conf = NCONF_new(NULL);
    X509V3_CTX ctx;
    long line = 0;

    assert_true(NCONF_load_bio(conf, bio, &line) > 0);
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_nconf(&ctx, conf);
    made_extension(x, "extendedKeyUsage", "2.23.133.8.1");
    X509_EXTENSION *e = X509V3_EXT_nconf(conf, &ctx, "subjectAltName", "critical,dirName:n");
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
    NCONF_free(conf);
    BIO_free(bio);
    return x;
}

static int setup(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", NULL, NULL, "P-256", "P-256", "P-384" };
    struct att_err err = { .code = ATT_OK };

    c = att_crypto_new();
    arena = att_arena_new((size_t)4 << 20);
    assert_true(att_lib_new(NULL, &lib, &err));
    for (size_t i = 0; i < KEYS; i++) {
        pkeys[i] = kinds[i] ? EVP_EC_gen(kinds[i]) : EVP_RSA_gen(2048);
        keys[i] = key_of(c, pkeys[i]);
    }
    struct made_cert ca = { .subject = "EK CA", .key = pkeys[CA], .constraints = "critical,CA:TRUE" };
    struct made m = made_certificate(&ca);
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    assert_true(PEM_write_bio(bio, "CERTIFICATE", "", m.ptr, (long)m.len) > 0);
    long len = BIO_get_mem_data(bio, &pem);
    struct att_root root = { .pem = att_span_of(pem, (size_t)len), .test_root = true };
    struct att_tpm_trust_in in = { .size = sizeof in, .roots = &root, .root_count = 1 };
    if (!att_tpm_trust_new(lib, &in, &trust, &err))
        fail_msg("%s", err.text);
    BIO_free(bio);
    OPENSSL_free(m.ptr);
    for (size_t i = EK_RSA; i <= EK_EC; i += EK_EC - EK_RSA) {
        struct made_cert ek = { .subject = "unknown",
                                .issuer = "EK CA",
                                .key = pkeys[i],
                                .signer = pkeys[CA],
                                .usage = "critical,keyEncipherment",
                                .twist = extend };
        ek_certs[i] = made_certificate(&ek);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        EVP_PKEY_free(pkeys[i]);
        att_key_free(keys[i]);
        OPENSSL_free(ek_certs[i].ptr);
    }
    att_tpm_trust_free(trust);
    att_lib_free(lib);
    att_arena_free(arena);
    att_crypto_free(c);
    return 0;
}

struct row {
    const char *name;
    enum att_code code; /* OK: it holds */
    size_t ek_cert;
    struct made_public ek, aik;
    int64_t now;
    bool no_trust;
    unsigned bits;
};

static struct row usual(const char *name)
{
    return (struct row){ .name = name,
                         .ek_cert = EK_RSA,
                         .ek = public_of(keys[EK_RSA], true),
                         .aik = public_of(keys[AIK_RSA], false),
                         .now = NOW };
}

static void run(const struct row *row)
{
    struct wire ek_area = made_public(&row->ek), aik_area = made_public(&row->aik);
    struct wire ek = made_sized(&ek_area), aik = made_sized(&aik_area);
    struct att_tpm_enroll_in in = { .size = sizeof in,
                                    .ek_cert = made_span(ek_certs[row->ek_cert]),
                                    .ek_public = wire_span(&ek),
                                    .aik_public = wire_span(&aik),
                                    .ek_trust = row->no_trust ? NULL : trust,
                                    .now_unix_s = row->now,
                                    .rsa_bits_min = row->bits };
    struct att_tpm_enroll_facts facts = { .aik_name = { NULL, 77 } };
    struct att_err err = { .code = ATT_OK };
    bool got = att_tpm_enroll_check(lib, arena, &in, &facts, &err);

    if (err.code != row->code || got != (row->code == ATT_OK))
        fail_msg("%s: %s %s", row->name, err.text, err.expected);
    if (!got) {
        made_check_refusal(&err, row->code);
        assert_int_equal(facts.aik_name.len, 77);
        return;
    }
    uint8_t digest[32];
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pkeys[row->ek_cert], &der);
    assert_true(att_digest(c, ATT_SHA256, att_span_of(der, (size_t)len), digest));
    assert_memory_equal(facts.ek_sha256, digest, 32);
    OPENSSL_free(der);
    assert_true(att_digest(c, ATT_SHA256, wire_span(&aik_area), digest));
    assert_int_equal(facts.aik_name.len, 34);
    assert_memory_equal(facts.aik_name.ptr + 2, digest, 32);
    struct att_key *spki = NULL;
    assert_true(att_key_from_spki(c, facts.aik_spki, &spki, &err));
    assert_int_equal(att_key_type(spki), row->aik.type == 1 ? ATT_KEY_RSA : att_key_type(spki));
    att_key_free(spki);
    assert_true(facts.test_root);
    assert_string_equal(facts.manufacturer, "id:53575450");
}

static void one_thing_wrong(void **state)
{
    (void)state;
#define ROW(text, want, ...)                                                                                 \
    do {                                                                                                     \
        struct row o = usual(text);                                                                          \
        o.code = want;                                                                                       \
        __VA_ARGS__;                                                                                         \
        run(&o);                                                                                             \
    } while (0)
    ROW("RSA and RSA", ATT_OK, (void)0);
    ROW("RSAPSS", ATT_OK, o.aik.scheme = 0x16);
    ROW("an AIK by SHA-384", ATT_OK, o.aik.scheme_hash = 0x0c);
    ROW("an EC EK", ATT_OK, o.ek_cert = EK_EC, o.ek = public_of(keys[EK_EC], true));
    ROW("an EC AIK", ATT_OK, o.aik = public_of(keys[AIK_P256], false));
    ROW("a P-384 AIK", ATT_OK, o.aik = public_of(keys[AIK_P384], false), o.aik.scheme_hash = 0x0c);
    ROW("nobody is trusted", ATT_EK_UNTRUSTED, o.no_trust = true);
    ROW("E-v: the certificate is not yet valid", ATT_EK_UNTRUSTED, o.now = 1500000000);
    ROW("the other machine's certificate", ATT_EK_MISMATCH, o.ek_cert = EK_EC);
    ROW("the AIK given as EK", ATT_EK_MISMATCH, o.ek = public_of(keys[AIK_RSA], true));
    ROW("another exponent", ATT_EK_MISMATCH, o.ek.exponent = 3);
    ROW("an EK of no possible key", ATT_EK_MISMATCH, o.ek.exponent = 2);
    ROW("an EK that is not restricted", ATT_EK_MISMATCH, o.ek.attributes &= ~(uint32_t)TPM_RESTRICTED);
    ROW("an EK that signs", ATT_EK_MISMATCH, o.ek.attributes |= TPM_SIGN);
    ROW("an EK that does not decrypt", ATT_EK_MISMATCH, o.ek.attributes &= ~(uint32_t)TPM_DECRYPT);
    ROW("an EK that may leave", ATT_EK_MISMATCH, o.ek.attributes &= ~(uint32_t)TPM_FIXED_TPM);
    ROW("an EK that was brought along", ATT_EK_MISMATCH,
        o.ek.attributes &= ~(uint32_t)TPM_SENSITIVE_DATA_ORIGIN);
    ROW("an EK of another type", ATT_EK_MISMATCH, o.ek.type = 8);
    ROW("an AIK that is not restricted", ATT_AIK_UNFIT, o.aik.attributes &= ~(uint32_t)TPM_RESTRICTED);
    ROW("an AIK that does not sign", ATT_AIK_UNFIT, o.aik.attributes &= ~(uint32_t)TPM_SIGN);
    ROW("an AIK that decrypts", ATT_AIK_UNFIT, o.aik.attributes |= TPM_DECRYPT);
    ROW("an AIK that may leave", ATT_AIK_UNFIT, o.aik.attributes &= ~(uint32_t)TPM_FIXED_TPM);
    ROW("an AIK that may move", ATT_AIK_UNFIT, o.aik.attributes &= ~(uint32_t)TPM_FIXED_PARENT);
    ROW("an AIK that was brought along", ATT_AIK_UNFIT,
        o.aik.attributes &= ~(uint32_t)TPM_SENSITIVE_DATA_ORIGIN);
    ROW("an application's key", ATT_AIK_UNFIT, o.aik.attributes = 0x40072);
    ROW("no fixed scheme", ATT_AIK_UNFIT, o.aik.scheme = 0x10);
    ROW("E-p: SHA-1", ATT_AIK_UNFIT, o.aik.scheme_hash = 0x04);
    ROW("an unknown hash", ATT_AIK_UNFIT, o.aik.scheme_hash = 0x12);
    ROW("a scheme that encrypts", ATT_AIK_UNFIT, o.aik.scheme = 0x17);
    ROW("a name by SHA-1", ATT_AIK_UNFIT, o.aik.name_alg = 0x04);
    ROW("a cipher", ATT_AIK_UNFIT, o.aik.symmetric = 6);
    ROW("too short for the site", ATT_AIK_UNFIT, o.bits = 3072);
    ROW("just long enough", ATT_OK, o.bits = 2048);
    ROW("P-384 with SHA-256", ATT_AIK_UNFIT, o.aik = public_of(keys[AIK_P384], false));
    ROW("EC without a scheme", ATT_AIK_UNFIT, o.aik = public_of(keys[AIK_P256], false), o.aik.scheme = 0x10);
    ROW("ECDAA", ATT_AIK_UNFIT, o.aik = public_of(keys[AIK_P256], false), o.aik.scheme = 0x1a);
    ROW("an AIK of no possible key", ATT_AIK_UNFIT, o.aik.exponent = 4);
    ROW("an AIK of another type", ATT_AIK_UNFIT, o.aik.type = 0x25);
#undef ROW
}

static void credential(void **state)
{
    (void)state;
    struct row row = usual("credential");
    struct wire ek_area = made_public(&row.ek), aik_area = made_public(&row.aik);
    struct wire ek = made_sized(&ek_area), aik = made_sized(&aik_area);
    struct att_tpm_enroll_in in = { .size = sizeof in,
                                    .ek_cert = made_span(ek_certs[EK_RSA]),
                                    .ek_public = wire_span(&ek),
                                    .aik_public = wire_span(&aik),
                                    .ek_trust = trust,
                                    .now_unix_s = NOW };
    struct att_tpm_enroll_facts facts;
    struct att_tpm_credential cred;
    struct att_err err = { .code = ATT_OK };
    static const uint8_t secret[33] = { 1, 2, 3 };
    static const struct {
        size_t len;
        enum att_code code;
    } lengths[] = { { 0, ATT_PARAMETER_INVALID },
                    { 15, ATT_PARAMETER_INVALID },
                    { 16, ATT_OK },
                    { 32, ATT_OK },
                    { 33, ATT_PARAMETER_INVALID } };

    assert_true(att_tpm_enroll_check(lib, arena, &in, &facts, &err));
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        err = (struct att_err){ .code = ATT_OK };
        bool made =
            att_tpm_credential(lib, arena, &in, &facts, att_span_of(secret, lengths[i].len), &cred, &err);
        assert_int_equal(err.code, lengths[i].code);
        assert_int_equal(made, lengths[i].code == ATT_OK);
    }
    assert_true(att_tpm_credential(lib, arena, &in, &facts, att_span_of(secret, 32), &cred, NULL));
    assert_int_equal(cred.id_object.len, 2 + 34 + 34);
    assert_int_equal(cred.encrypted_secret.len, 2 + 256);
    in.size--;
    err = (struct att_err){ .code = ATT_OK };
    assert_false(att_tpm_credential(lib, arena, &in, &facts, att_span_of(secret, 32), &cred, &err));
    made_check_refusal(&err, ATT_PARAMETER_INVALID);
    err = (struct att_err){ .code = ATT_OK };
    assert_false(att_tpm_enroll_check(lib, arena, &in, &facts, &err));
    made_check_refusal(&err, ATT_PARAMETER_INVALID);
    struct att_tpm_trust_in trust_in = { .size = 1 };
    struct att_tpm_trust *none = NULL;
    err = (struct att_err){ .code = ATT_OK };
    assert_false(att_tpm_trust_new(lib, &trust_in, &none, &err));
    made_check_refusal(&err, ATT_PARAMETER_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(one_thing_wrong), cmocka_unit_test(credential) };
    return cmocka_run_group_tests_name("attest/tpm_enroll", tests, setup, teardown);
}
