/* OpenSSL's allocations fail, one after the other: the first, the second, ... of each call, once alone and once with
 * all that follow. A good signature then is FAILED, never INVALID or BAD_KEY; a bad one is never VALID; and nothing
 * is called malformed because memory ran out. */
#include "p384_made.h"

#include <attest/seal.h>
#include <openssl/crypto.h>

#include "crypto/fast_key.h"

static long fail_at = -1; /* allocations to let pass; below 0: all */
static bool fail_on;      /* go on failing */
static bool failed;

static bool fails(void)
{
    if (fail_at < 0)
        return false;
    if (fail_at-- > 0)
        return false;
    failed = true;
    if (fail_on)
        fail_at = 0;
    return true;
}

static void *ssl_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : malloc(n);
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    if (n == 0) {
        free(p);
        return NULL;
    }
    return fails() ? NULL : realloc(p, n);
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

static struct att_crypto *c;
static struct att_cert *ec, *rsa;
static struct made ec_der, crl_der, spki_der;
static uint8_t raw[64], rs256[256], bad_raw[64], bad_rs256[256];
static struct att_arena *arena;
static struct p384_made p384;
static struct att_fast_keys *fast; /* with a table of that key */

/* Each gives true when the answer is the one of a machine with memory, false when it owned up to having none, and
 * fails the test for everything else. */
static bool sig_is(enum att_sig got, enum att_sig right)
{
    if (got == right)
        return true;
    if (got != ATT_SIG_FAILED)
        fail_msg("answer %d instead of %d", (int)got, (int)right);
    return false;
}

static bool parse_is(bool ok, const struct att_err *err)
{
    if (!ok && err->code != ATT_OUT_OF_MEMORY && err->code != ATT_CRYPTO_FAILED)
        fail_msg("%s: %s", att_code_name(err->code), err->text);
    return ok;
}

static bool verify_ec(void)
{
    return sig_is(att_verify(c, att_cert_key(ec), ATT_ES256, att_str("m"), att_span_of(raw, 64)),
                  ATT_SIG_VALID);
}
static bool verify_ec_bad(void)
{
    return sig_is(att_verify(c, att_cert_key(ec), ATT_ES256, att_str("m"), att_span_of(bad_raw, 64)),
                  ATT_SIG_INVALID);
}
static bool verify_hot(void)
{
    return sig_is(att_verify_p256_raw(c, att_key_point(att_cert_key(ec)).ptr, att_str("m"), raw),
                  ATT_SIG_VALID);
}
static bool verify_hot_bad(void)
{
    return sig_is(att_verify_p256_raw(c, att_key_point(att_cert_key(ec)).ptr, att_str("m"), bad_raw),
                  ATT_SIG_INVALID);
}
static bool verify_hot_key(void)
{
    return sig_is(att_verify_p256_raw(c, raw, att_str("m"), raw), ATT_SIG_BAD_KEY);
}
static bool verify_by_table(void)
{
    return sig_is(att_fast_verify(fast, p384.key, ATT_ES384, att_str("m"), att_span_of(p384.sig, 96)),
                  ATT_SIG_VALID);
}
static bool verify_by_table_bad(void)
{
    return sig_is(att_fast_verify(fast, p384.key, ATT_ES384, att_str("n"), att_span_of(p384.sig, 96)),
                  ATT_SIG_INVALID);
}
static bool verify_rsa(void)
{
    return sig_is(att_verify(c, att_cert_key(rsa), ATT_RS256, att_str("m"), att_span_of(rs256, 256)),
                  ATT_SIG_VALID);
}
static bool verify_rsa_bad(void)
{
    return sig_is(att_verify(c, att_cert_key(rsa), ATT_RS256, att_str("m"), att_span_of(bad_rs256, 256)),
                  ATT_SIG_INVALID);
}
static bool signed_by(void)
{
    return sig_is(att_cert_signed_by(c, ec, rsa), ATT_SIG_VALID);
}

static bool cert(void)
{
    struct att_cert *got = NULL;
    struct att_err err = { .code = ATT_OK };
    bool ok = att_cert_from_der(c, made_span(ec_der), NULL, &got, &err);
    att_cert_free(got);
    return parse_is(ok, &err);
}

static bool crl(void)
{
    struct att_crl *got = NULL;
    struct att_err err = { .code = ATT_OK };
    bool ok = att_crl_parse(c, made_span(crl_der), NULL, &got, &err);
    att_crl_free(got);
    return parse_is(ok, &err);
}

static bool spki(void)
{
    struct att_key *got = NULL;
    struct att_err err = { .code = ATT_OK };
    bool ok = att_key_from_spki(c, made_span(spki_der), &got, &err);
    att_key_free(got);
    return parse_is(ok, &err);
}

static bool chain(void)
{
    struct att_cert *list[] = { ec, rsa };
    uint8_t digest[32];
    struct att_pinned_key pin = { { digest, 32 }, false };
    size_t at = 0;
    bool test_root = false;
    if (!att_cert_spki_sha256(c, rsa, digest))
        return false;
    enum att_chain_fault fault = att_chain_check(c, list, 2, &pin, 1, NULL, &at, &test_root);
    if (fault != ATT_CHAIN_OK && fault != ATT_CHAIN_CRYPTO)
        fail_msg("fault %d", (int)fault);
    return fault == ATT_CHAIN_OK;
}

static bool whole_crypto(void)
{
    struct att_crypto *another = att_crypto_new();
    bool ok = another != NULL;
    att_crypto_free(another);
    return ok;
}

static bool sealing(void)
{
    static const uint8_t key[ATT_SEAL_KEY_BYTES] = { 1 };
    struct att_span sealed = { NULL, 0 };
    struct att_span out = { NULL, 0 };
    struct att_err err = { .code = ATT_OK };
    att_arena_reset(arena);
    bool ok = att_seal(arena, key, att_str("l"), att_str("s"), &sealed, &err) &&
              att_unseal(arena, key, att_str("l"), sealed, &out, &err);
    return parse_is(ok, &err);
}

static const struct {
    const char *name;
    bool (*run)(void);
} rows[] = {
    { "ES256, good", verify_ec },
    { "ES256, bad", verify_ec_bad },
    { "hot path, good", verify_hot },
    { "hot path, bad", verify_hot_bad },
    { "hot path, no key", verify_hot_key },
    { "ES384 by table, good", verify_by_table },
    { "ES384 by table, bad", verify_by_table_bad },
    { "RS256, good", verify_rsa },
    { "RS256, bad", verify_rsa_bad },
    { "certificate signature", signed_by },
    { "certificate", cert },
    { "revocation list", crl },
    { "public key", spki },
    { "chain", chain },
    { "att_crypto_new", whole_crypto },
    { "seal and unseal", sealing },
};

static void every_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned owned_up = 0;
        for (int on = 0; on < 2; on++) {
            failed = true;
            for (long n = 0; failed; n++) {
                failed = false;
                fail_on = on;
                fail_at = n;
                bool ok = rows[i].run();
                fail_at = -1;
                owned_up += !ok;
                if (!ok && !failed)
                    fail_msg("%s: refused without a failure", rows[i].name);
                if (n > 20000)
                    fail_msg("%s: no end", rows[i].name);
            }
        }
        printf("%s: %u failures survived\n", rows[i].name, owned_up);
        assert_true(owned_up > 0);
    }
}

/* A table is thousands of allocations, of which some fail, first of all the first ones. What fails is no answer, and leaves no table; what is
 * made in spite of it is right. */
static void tables(void **state)
{
    unsigned survived = 0;

    (void)state;
    for (int on = 0; on < 2; on++) {
        failed = true;
        for (long n = 0; failed; n += 1 + n / 12) {
            struct att_fast_keys *f = att_fast_keys_new(c, NULL);
            struct att_span sig = { p384.sig, 96 };
            struct att_fast_stats stats;
            for (int i = 0; i < 2; i++)
                assert_int_equal(att_fast_verify(f, p384.key, ATT_ES384, att_str("m"), sig), ATT_SIG_VALID);
            failed = false;
            fail_on = on;
            fail_at = n;
            enum att_sig got = att_fast_verify(f, p384.key, ATT_ES384, att_str("m"), sig);
            fail_at = -1;
            assert_true(got == ATT_SIG_VALID || (failed && got == ATT_SIG_FAILED));
            assert_true(ERR_peek_error() == 0);
            att_fast_keys_stats(f, &stats);
            assert_true(stats.tables == 1 || failed);
            survived += stats.tables == 0;
            assert_int_equal(att_fast_verify(f, p384.key, ATT_ES384, att_str("n"), sig), ATT_SIG_INVALID);
            assert_int_equal(att_fast_verify(f, p384.key, ATT_ES384, att_str("m"), sig), ATT_SIG_VALID);
            att_fast_keys_stats(f, &stats);
            assert_int_equal(stats.tables, 1); /* the next use made it */
            assert_int_equal(stats.bytes, 142 * 1024);
            att_fast_keys_free(f);
        }
    }
    printf("tables: %u failures survived\n", survived);
    assert_true(survived > 20);
}

static void make_crl(EVP_PKEY *key)
{
    X509_CRL *x = X509_CRL_new();
    X509_NAME *name = made_name("root");
    ASN1_TIME *t = ASN1_TIME_new();
    assert_int_equal(X509_CRL_set_version(x, 1), 1);
    assert_int_equal(X509_CRL_set_issuer_name(x, name), 1);
    assert_int_equal(ASN1_TIME_set_string_X509(t, "20240101000000Z"), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(x, t), 1);
    assert_int_equal(X509_CRL_set1_nextUpdate(x, t), 1);
    assert_true(X509_CRL_sign(x, key, EVP_sha256()) > 0);
    crl_der.len = (size_t)i2d_X509_CRL(x, &crl_der.ptr);
    X509_CRL_free(x);
    X509_NAME_free(name);
    ASN1_TIME_free(t);
}

static void make_signatures(EVP_PKEY *ec_key, EVP_PKEY *rsa_key)
{
    uint8_t der[80];
    const uint8_t *p = der;
    size_t len = sizeof der;
    EVP_MD_CTX *ctx = made_signer(ec_key, "SHA256", 0);
    assert_int_equal(EVP_DigestSign(ctx, der, &len, (const uint8_t *)"m", 1), 1);
    EVP_MD_CTX_free(ctx);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32), 32);
    ECDSA_SIG_free(sig);
    len = sizeof rs256;
    ctx = made_signer(rsa_key, "SHA256", 0);
    assert_int_equal(EVP_DigestSign(ctx, rs256, &len, (const uint8_t *)"m", 1), 1);
    EVP_MD_CTX_free(ctx);
    memcpy(bad_raw, raw, sizeof raw);
    memcpy(bad_rs256, rs256, sizeof rs256);
    bad_raw[40] ^= 1;
    bad_rs256[40] ^= 1;
}

static int setup(void **state)
{
    (void)state;
    EVP_PKEY *ec_key = EVP_EC_gen("P-256");
    EVP_PKEY *rsa_key = EVP_RSA_gen(2048);
    c = att_crypto_new();
    arena = att_arena_new(1 << 16);
    struct made_cert leaf = { .subject = "leaf", .issuer = "root", .key = ec_key, .signer = rsa_key };
    struct made_cert root = { .subject = "root", .key = rsa_key, .constraints = "critical,CA:TRUE" };
    ec_der = made_certificate(&leaf);
    ec = made_parsed(c, &leaf);
    rsa = made_parsed(c, &root);
    spki_der.len = (size_t)i2d_PUBKEY(rsa_key, &spki_der.ptr);
    make_crl(rsa_key);
    make_signatures(ec_key, rsa_key);
    p384 = p384_made_new(c);
    fast = att_fast_keys_new(c, NULL);
    for (int i = 0; i < 3; i++)
        assert_true(verify_by_table());
    EVP_PKEY_free(ec_key);
    EVP_PKEY_free(rsa_key);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    att_cert_free(ec);
    att_cert_free(rsa);
    p384_made_free(&p384);
    att_fast_keys_free(fast);
    att_crypto_free(c);
    att_arena_free(arena);
    free(ec_der.ptr);
    free(crl_der.ptr);
    free(spki_der.ptr);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation), cmocka_unit_test(tables) };
    if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) != 1)
        return 1;
    return cmocka_run_group_tests(tests, setup, teardown);
}
