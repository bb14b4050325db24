/* layers: signer base codec */
/* Keys of this process and certificates. Signatures are checked with OpenSSL directly, not with what made them. */
#include "base/buf.h"
#include "signer/certificate.h"
#include "signer/key.h"
#include "signer/keypair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

struct fixture {
    struct att_arena *arena;
    struct key *key;
    struct signer_keypair rsa, ec;
};

static int set_up(void **state)
{
    static struct fixture f;
    struct att_err err = { 0 };

    f.arena = att_arena_new(1 << 20);
    f.key = NULL;
    assert_true(signer_keypair_new("RS256", f.arena, &f.rsa, &err));
    assert_true(signer_keypair_new("ES256", f.arena, &f.ec, &err));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->key)
        key_free(f->key);
    att_arena_free(f->arena);
    return 0;
}

static EVP_PKEY *public_key(struct att_span spki)
{
    const uint8_t *p = spki.ptr;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)spki.len);
    assert_non_null(key);
    return key;
}

static bool verifies(struct att_span spki, struct att_span message, const uint8_t *sig, size_t len)
{
    EVP_PKEY *key = public_key(spki);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, sig, len, message.ptr, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok;
}

static void rs256_signature_holds(void **state)
{
    struct fixture *f = *state;
    struct att_err err = { 0 };
    struct att_span sig = { 0 };

    assert_true(key_software_new("RS256", f->rsa.pkcs8, &f->key, &err));
    assert_true(key_sign(f->key, att_str("header.payload"), f->arena, &sig, &err));
    assert_int_equal(sig.len, 256);
    assert_true(verifies(f->rsa.spki, att_str("header.payload"), sig.ptr, sig.len));
    assert_false(verifies(f->rsa.spki, att_str("header.payloaD"), sig.ptr, sig.len));
    assert_false(verifies(f->ec.spki, att_str("header.payload"), sig.ptr, sig.len));
}

static void es256_signature_is_raw(void **state)
{
    struct fixture *f = *state;
    struct att_err err = { 0 };
    struct att_span sig = { 0 };

    assert_true(key_software_new("ES256", f->ec.pkcs8, &f->key, &err));
    for (int i = 0; i < 300; i++) { /* one in 128 has a leading zero: padding shows */
        assert_true(key_sign(f->key, att_str("x"), f->arena, &sig, &err));
        assert_int_equal(sig.len, 64);
        ECDSA_SIG *s = ECDSA_SIG_new();
        assert_int_equal(ECDSA_SIG_set0(s, BN_bin2bn(sig.ptr, 32, NULL), BN_bin2bn(sig.ptr + 32, 32, NULL)),
                         1);
        uint8_t *der = NULL;
        int len = i2d_ECDSA_SIG(s, &der);
        assert_true(verifies(f->ec.spki, att_str("x"), der, (size_t)len));
        OPENSSL_free(der);
        ECDSA_SIG_free(s);
    }
}

static void wrong_keys_are_refused(void **state)
{
    struct fixture *f = *state;
    struct att_buf trailing = { 0 };
    const struct {
        const char *name, *alg;
        struct att_span pkcs8;
    } rows[] = {
        { "EC key for RS256", "RS256", f->ec.pkcs8 },
        { "RSA key for ES256", "ES256", f->rsa.pkcs8 },
        { "unknown algorithm", "HS256", f->rsa.pkcs8 },
        { "no key", "RS256", att_str("") },
        { "a public key", "RS256", f->rsa.spki },
        { "cut", "RS256", att_span_of(f->rsa.pkcs8.ptr, f->rsa.pkcs8.len - 1) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        if (key_software_new(rows[i].alg, rows[i].pkcs8, &f->key, &err) || err.code != ATT_KEY_INVALID)
            fail_msg("%s: %s", rows[i].name, att_code_name(err.code));
    }
    att_buf_put(&trailing, f->rsa.pkcs8);
    att_buf_putc(&trailing, 0);
    struct att_err err = { 0 };
    assert_false(key_software_new("RS256", att_buf_span(&trailing), &f->key, &err));
    att_buf_free(&trailing);
    assert_null(f->key);
    struct att_err alg = { 0 };
    struct signer_keypair pair;
    assert_false(signer_keypair_new("RS1", f->arena, &pair, &alg));
    assert_int_equal(alg.code, ATT_TOKEN_ALGORITHM);
}

static X509 *made(struct fixture *f, const struct signer_certificate *want, struct att_span *ret)
{
    struct att_err err = { 0 };
    assert_true(signer_certificate_make(want, f->arena, ret, &err));
    const uint8_t *p = ret->ptr;
    X509 *cert = d2i_X509(NULL, &p, (long)ret->len);
    assert_non_null(cert);
    return cert;
}

static void certificates_chain(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "DNS:localhost", "IP:127.0.0.1", NULL };
    struct signer_certificate want = { .common_name = "test CA",
                                       .not_before_unix_s = 1000,
                                       .not_after_unix_s = 2000000000,
                                       .ca = true,
                                       .subject_spki = f->ec.spki,
                                       .issuer_pkcs8 = f->ec.pkcs8 };
    struct att_span ca_der = { 0 }, leaf_der = { 0 };
    X509 *ca = made(f, &want, &ca_der);
    EVP_PKEY *ca_key = X509_get_pubkey(ca);

    assert_int_equal(X509_verify(ca, ca_key), 1);
    assert_int_equal(X509_check_ca(ca), 1);
    want = (struct signer_certificate){ .common_name = "localhost",
                                        .alt_names = names,
                                        .not_before_unix_s = 1000,
                                        .not_after_unix_s = 2000000000,
                                        .ext_key_usage = "serverAuth",
                                        .subject_spki = f->rsa.spki,
                                        .issuer_pkcs8 = f->ec.pkcs8,
                                        .issuer_der = ca_der };
    X509 *leaf = made(f, &want, &leaf_der);
    assert_int_equal(X509_verify(leaf, ca_key), 1);
    assert_int_equal(X509_check_issued(ca, leaf), X509_V_OK);
    assert_int_equal(X509_check_ca(leaf), 0);
    assert_int_equal(X509_check_host(leaf, "localhost", 9, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_host(leaf, "example.org", 11, 0, NULL), 0);
    EVP_PKEY_free(ca_key);
    X509_free(ca);
    X509_free(leaf);

    struct att_err err = { 0 };
    want.issuer_der = att_str("no certificate");
    assert_false(signer_certificate_make(&want, f->arena, &leaf_der, &err));
    assert_int_equal(err.code, ATT_CERT_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rs256_signature_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(es256_signature_is_raw, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_keys_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(certificates_chain, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
