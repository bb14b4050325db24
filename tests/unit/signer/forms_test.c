/* layers: signer base codec */
/* One suite for both forms. What is signed is checked by OpenSSL; rows are sealed by hand, as version 0.1 does it. */
#include "base/base64.h"
#include "base/buf.h"
#include "base/hex.h"
#include "signer/keypair.h"
#include "signer/signer.h"

#include <attest/jwks.h>
#include <attest/seal.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char kek_text[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char other_text[] = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

static struct {
    bool in_process;
    char dir[64], kek[96], other[96];
    struct att_arena *arena;
    struct signer *signer;
    struct signer_key rsa, ec, authority, aik, aik_test; /* made by it */
    struct att_span aik_ca, aik_test_ca;
} f;

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct signer *open_with(const char *kek, const char *previous)
{
    const char *list[] = { previous, NULL };
    struct signer_options options = {
        .kek = kek, .kek_previous = previous ? list : NULL, .in_process = f.in_process, .channels = 2
    };
    struct signer *s = NULL;
    struct att_err err = { 0 };

    if (!signer_open(&options, &s, &err))
        fail_msg("%s: %s", err.where, err.text);
    return s;
}

static struct signer_key make(const char *purpose, const char *alg)
{
    struct signer_key key = { 0 };
    struct att_err err = { 0 };

    if (!signer_make(f.signer, purpose, alg, f.arena, &key, &err))
        fail_msg("%s %s: %s", purpose, alg, err.text);
    return key;
}

static struct att_span authority_certificate(const struct signer_key *key, bool test)
{
    struct signer_certify want = { .kind = SIGNER_CERTIFY_AIK_CA, .name = "host.example", .test = test };
    struct att_span der = { 0 };
    struct att_err err = { 0 };

    if (!signer_certify(f.signer, key->kid, &want, f.arena, &der, &err))
        fail_msg("%s", err.text);
    return der;
}

static void set_up(bool in_process)
{
    memset(&f, 0, sizeof f);
    f.in_process = in_process;
    (void)snprintf(f.dir, sizeof f.dir, "/tmp/attestd-signer-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    (void)snprintf(f.kek, sizeof f.kek, "%s/kek", f.dir);
    (void)snprintf(f.other, sizeof f.other, "%s/other", f.dir);
    put_file(f.kek, kek_text);
    put_file(f.other, other_text);
    f.arena = att_arena_new(64 << 20);
    f.signer = open_with(f.kek, NULL);
    f.rsa = make("attestation", "RS256");
    f.ec = make("attestation", "ES256");
    f.authority = make("authority", "ES256");
    f.aik = make("aik-authority", "ES256");
    f.aik_test = make("aik-authority-test", "ES256");
    f.aik_ca = authority_certificate(&f.aik, false);
    f.aik_test_ca = authority_certificate(&f.aik_test, true);
}

static int set_up_local(void **state)
{
    (void)state;
    set_up(true);
    return 0;
}

static int set_up_process(void **state)
{
    (void)state;
    set_up(false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    signer_close(f.signer);
    att_arena_free(f.arena);
    (void)unlink(f.kek);
    (void)unlink(f.other);
    (void)rmdir(f.dir);
    return 0;
}

/* -- JWS -------------------------------------------------------------------------------------------------- */

static struct att_span jws(const char *header, const char *payload)
{
    struct att_buf b = { 0 };

    att_base64url_put(&b, att_str(header));
    att_buf_putc(&b, '.');
    att_base64url_put(&b, att_str(payload));
    char *copy = att_arena_dup(f.arena, att_buf_span(&b));
    struct att_span s = att_span_of(copy, b.len);
    att_buf_free(&b);
    return s;
}

static struct att_span good_input(const struct signer_key *key)
{
    char header[256];

    (void)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", key->alg,
                   key->kid);
    return jws(header, "{\"iss\":\"x\"}");
}

static bool verifies(const struct signer_key *key, struct att_span message, struct att_span sig)
{
    const uint8_t *p = key->spki.ptr;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)key->spki.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t *der = NULL;
    size_t len = sig.len;

    assert_non_null(pkey);
    if (strcmp(key->alg, "ES256") == 0) {
        ECDSA_SIG *s = ECDSA_SIG_new();
        assert_int_equal(sig.len, 64);
        ECDSA_SIG_set0(s, BN_bin2bn(sig.ptr, 32, NULL), BN_bin2bn(sig.ptr + 32, 32, NULL));
        len = (size_t)i2d_ECDSA_SIG(s, &der);
        ECDSA_SIG_free(s);
    }
    bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
              EVP_DigestVerify(ctx, der ? der : sig.ptr, len, message.ptr, message.len) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return ok;
}

static enum att_code sign_code(struct signer *s, const char *kid, struct att_span input)
{
    struct att_err err = { 0 };
    struct att_span sig = { 0 };

    return signer_sign(s, kid, input, f.arena, &sig, &err) ? ATT_OK : err.code;
}

static void expect(const char *name, enum att_code want, enum att_code got)
{
    if (want != got)
        fail_msg("%s: wanted %s, got %s", name, att_code_name(want), att_code_name(got));
}

static void signatures_hold(void **state)
{
    const struct signer_key *keys[] = { &f.rsa, &f.ec, &f.authority };
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        struct att_span input = good_input(keys[i]), sig = { 0 };
        struct att_err err = { 0 };
        assert_true(signer_sign(f.signer, keys[i]->kid, input, f.arena, &sig, &err));
        assert_true(verifies(keys[i], input, sig));
        assert_false(verifies(keys[i], att_str("another"), sig));
    }
    expect("a kid that nobody has", ATT_TOKEN_KEY_UNKNOWN, sign_code(f.signer, "nobody", good_input(&f.rsa)));
}

static void only_templates_are_signed(void **state)
{
    const char *kid = f.ec.kid;
    char whole[256], text[512];
    (void)state;
    static const struct {
        const char *name, *header; /* %s: the kid */
    } headers[] = {
        { "other algorithm", "{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}" },
        { "none", "{\"alg\":\"none\",\"kid\":\"%s\",\"typ\":\"JWT\"}" },
        { "no alg", "{\"kid\":\"%s\",\"typ\":\"JWT\"}" },
        { "other kid", "{\"alg\":\"ES256\",\"kid\":\"x%s\",\"typ\":\"JWT\"}" },
        { "no kid", "{\"alg\":\"ES256\",\"typ\":\"JWT\"}" },
        { "other typ", "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"jwt\"}" },
        { "no typ", "{\"alg\":\"ES256\",\"kid\":\"%s\"}" },
        { "typ is a number", "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":1}" },
        { "alg twice", "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}" },
        { "crit", "{\"alg\":\"ES256\",\"crit\":[],\"kid\":\"%s\",\"typ\":\"JWT\"}" },
        { "b64", "{\"alg\":\"ES256\",\"b64\":false,\"kid\":\"%s\",\"typ\":\"JWT\"}" },
        { "x5u", "{\"alg\":\"ES256\",\"x5u\":\"a\",\"kid\":\"%s\",\"typ\":\"JWT\"}" },
        { "an array", "[\"ES256\",\"%s\",\"JWT\"]" },
        { "cut", "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"" },
        { "more behind it", "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}1" },
        { "nothing", "" },
    };
    static const char *const payloads[] = { "",    "1",    "[1]", "\"x\"", "{",  "}",
                                            "{1}", "null", "x{}", "{}x",   " {}" };

    (void)snprintf(whole, sizeof whole, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", kid);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(text, sizeof text, headers[i].header, kid);
#pragma GCC diagnostic pop
        expect(headers[i].name, ATT_SIGNER_REFUSED, sign_code(f.signer, kid, jws(text, "{\"a\":1}")));
    }
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++)
        expect(payloads[i], ATT_SIGNER_REFUSED, sign_code(f.signer, kid, jws(whole, payloads[i])));
    expect("an empty object", ATT_OK, sign_code(f.signer, kid, jws(whole, "{}")));
    (void)snprintf(text, sizeof text,
                   "{\"alg\":\"ES256\",\"jku\":\"https://"
                   "a\",\"kid\":\"%s\",\"typ\":\"JWT\",\"x5c\":[\"a\"],\"x5t\":\"b\"}",
                   kid);
    expect("all members", ATT_OK, sign_code(f.signer, kid, jws(text, "{\"a\":1}")));
    expect("another key's token", ATT_SIGNER_REFUSED, sign_code(f.signer, kid, good_input(&f.rsa)));
}

static void input_is_base64url_with_one_dot(void **state)
{
    struct att_span good = good_input(&f.ec);
    char *b = att_arena_dup(f.arena, good);
    const char *kid = f.ec.kid;
    char *dot = strchr(b, '.');
    (void)state;

    assert_non_null(dot);
    for (size_t i = 0; i < good.len; i++) { /* any byte that is not of the alphabet, anywhere */
        char kept = b[i];
        static const char bad[] = { '.', '=', '+', '/', ' ', '\n', '\0', (char)0x80 };
        char with = bad[i % sizeof bad];
        if (with == kept)
            with = '=';
        b[i] = with;
        expect("a byte", ATT_SIGNER_REFUSED, sign_code(f.signer, kid, att_span_of(b, good.len)));
        b[i] = kept;
    }
    size_t header = (size_t)(dot - b);
    for (size_t cut = 0; cut <= header + 2; cut++)
        expect("cut", ATT_SIGNER_REFUSED, sign_code(f.signer, kid, att_span_of(b, cut)));
    expect("its last byte cut", ATT_SIGNER_REFUSED, sign_code(f.signer, kid, att_span_of(b, good.len - 1)));
    expect("empty", ATT_SIGNER_REFUSED, sign_code(f.signer, kid, (struct att_span){ 0 }));
    expect("text", ATT_SIGNER_REFUSED, sign_code(f.signer, kid, att_str("header.payload")));
}

static void large_inputs(void **state)
{
    size_t max = SIGNER_INPUT_BYTES_MAX;
    struct att_span head = good_input(&f.ec);
    char *big = malloc(max + 4);
    size_t header = (size_t)((const uint8_t *)memchr(head.ptr, '.', head.len) - head.ptr);
    (void)state;

    assert_non_null(big);
    /* {"  AAAA...  "} with lengths that end on groups of four. */
    size_t payload = (max - header - 1) / 4 * 4;
    memset(big, 'A', max + 4);
    memcpy(big, head.ptr, header + 1);
    memcpy(big + header + 1, "eyJB", 4);               /* {"A */
    memcpy(big + header + 1 + payload - 4, "QSJ9", 4); /* A"} */
    expect("almost 4 MiB", ATT_OK, sign_code(f.signer, f.ec.kid, att_span_of(big, header + 1 + payload)));
    expect("one more", ATT_SIGNER_REFUSED, sign_code(f.signer, f.ec.kid, att_span_of(big, max + 1)));
    expect("still there", ATT_OK, sign_code(f.signer, f.ec.kid, good_input(&f.ec)));
    memset(big, 'k', 10000);
    big[10000] = '\0';
    assert_int_not_equal(sign_code(f.signer, big, good_input(&f.ec)), ATT_OK);
    expect("and there", ATT_OK, sign_code(f.signer, f.ec.kid, good_input(&f.ec)));
    free(big);
}

/* -- purposes --------------------------------------------------------------------------------------------- */

enum { SIGN = 100 };

static enum att_code certify_code(const struct signer_key *key, const struct signer_certify *want)
{
    struct att_err err = { 0 };
    struct att_span der = { 0 };

    return signer_certify(f.signer, key->kid, want, f.arena, &der, &err) ? ATT_OK : err.code;
}

static struct signer_certify aik_wish(struct att_span issuer)
{
    return (struct signer_certify){ .kind = SIGNER_CERTIFY_AIK,
                                    .name = "TPM attestation key 0123456789abcdef0123456789abcdef",
                                    .subject_spki = f.ec.spki,
                                    .issuer_der = issuer,
                                    .not_before_unix_s = 1700000000,
                                    .not_after_unix_s = 1700000000 + 365 * 86400 };
}

static void purposes_bind(void **state)
{
    struct {
        const char *name;
        const struct signer_key *key;
        struct att_span ca;
        bool sign, endpoint, ca_real, ca_test, aik;
    } rows[] = {
        { "attestation", &f.rsa, f.aik_ca, true, true, false, false, false },
        { "authority", &f.authority, f.aik_ca, true, true, false, false, false },
        { "aik-authority", &f.aik, f.aik_ca, false, false, true, false, true },
        { "aik-authority-test", &f.aik_test, f.aik_test_ca, false, false, false, true, true },
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct signer_key *k = rows[i].key;
        struct signer_certify endpoint = { .kind = SIGNER_CERTIFY_ENDPOINT,
                                           .name = "p",
                                           .uri = "https://a.b" };
        struct signer_certify ca = { .kind = SIGNER_CERTIFY_AIK_CA, .name = "h" };
        struct signer_certify ca_test = { .kind = SIGNER_CERTIFY_AIK_CA, .name = "h", .test = true };
        struct signer_certify aik = aik_wish(rows[i].ca);
        struct signer_certify unknown = { .kind = (enum signer_certificate_kind)77, .name = "h" };
        const enum att_code no = ATT_SIGNER_REFUSED;

        expect(rows[i].name, rows[i].sign ? ATT_OK : no, sign_code(f.signer, k->kid, good_input(k)));
        expect(rows[i].name, rows[i].endpoint ? ATT_OK : no, certify_code(k, &endpoint));
        expect(rows[i].name, rows[i].ca_real ? ATT_OK : no, certify_code(k, &ca));
        expect(rows[i].name, rows[i].ca_test ? ATT_OK : no, certify_code(k, &ca_test));
        expect(rows[i].name, rows[i].aik ? ATT_OK : no, certify_code(k, &aik));
        expect(rows[i].name, no, certify_code(k, &unknown));
    }
    static const char *const unknown[] = { "", "attestatio", "attestation ", "Attestation", "other" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        struct signer_key key = { 0 };
        struct att_err err = { 0 };
        assert_false(signer_make(f.signer, unknown[i], "ES256", f.arena, &key, &err));
        expect(unknown[i], ATT_SIGNER_REFUSED, err.code);
    }
    static const char *const algs[] = { "", "RS1", "HS256", "none", "RS2566" };
    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
        struct signer_key key = { 0 };
        struct att_err err = { 0 };
        assert_false(signer_make(f.signer, "attestation", algs[i], f.arena, &key, &err));
        expect(algs[i], ATT_TOKEN_ALGORITHM, err.code);
    }
}

static X509 *certified(const struct signer_key *key, const struct signer_certify *want, struct att_span *ret)
{
    struct att_err err = { 0 };

    if (!signer_certify(f.signer, key->kid, want, f.arena, ret, &err))
        fail_msg("%s: %s", err.where, err.text);
    const uint8_t *p = ret->ptr;
    X509 *cert = d2i_X509(NULL, &p, (long)ret->len);
    assert_non_null(cert);
    return cert;
}

static void certificates_are_right(void **state)
{
    struct signer_certify endpoint = { .kind = SIGNER_CERTIFY_ENDPOINT, .name = "p", .uri = "https://a.b" };
    struct att_span der = { 0 }, again = { 0 };
    char cn[128] = "";
    (void)state;

    X509 *cert = certified(&f.rsa, &endpoint, &der);
    EVP_PKEY *key = X509_get_pubkey(cert);
    assert_int_equal(X509_verify(cert, key), 1);
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, cn, sizeof cn);
    assert_string_equal(cn, "https://a.b");
    EVP_PKEY_free(key);
    X509_free(cert);
    X509_free(certified(&f.rsa, &endpoint, &again));
    assert_true(att_span_eq(der, again)); /* the same bytes, always */

    const uint8_t *p = f.aik_ca.ptr;
    X509 *ca = d2i_X509(NULL, &p, (long)f.aik_ca.len);
    key = X509_get_pubkey(ca);
    assert_int_equal(X509_verify(ca, key), 1);
    assert_int_equal(X509_check_ca(ca), 1);
    struct signer_certify aik = aik_wish(f.aik_ca);
    cert = certified(&f.aik, &aik, &der);
    assert_int_equal(X509_verify(cert, key), 1);
    assert_int_equal(X509_check_issued(ca, cert), X509_V_OK);
    assert_int_equal(X509_check_ca(cert), 0);
    EVP_PKEY_free(key);
    X509_free(cert);
    X509_free(ca);
}

static void wishes_have_a_form(void **state)
{
    struct signer_certify good = aik_wish(f.aik_ca);
    char long_uri[700];
    (void)state;
    memset(long_uri, 'a', sizeof long_uri - 1);
    long_uri[sizeof long_uri - 1] = '\0';
    struct {
        const char *name;
        struct signer_certify want;
        enum att_code code;
    } aiks[] = {
        { "another name", good, ATT_SIGNER_REFUSED },
        { "no digits", good, ATT_SIGNER_REFUSED },
        { "not hex", good, ATT_SIGNER_REFUSED },
        { "long", good, ATT_SIGNER_REFUSED },
        { "ends first", good, ATT_SIGNER_REFUSED },
        { "eleven years", good, ATT_SIGNER_REFUSED },
        { "past its authority", good, ATT_SIGNER_REFUSED },
        { "before 1970", good, ATT_SIGNER_REFUSED },
        { "no issuer", good, ATT_SIGNER_REFUSED },
        { "issuer of another key", good, ATT_KEY_INVALID },
        { "broken issuer", good, ATT_CERT_MALFORMED },
        { "itself", good, ATT_SIGNER_REFUSED },
        { "no subject", good, ATT_CRYPTO_FAILED },
    };
    aiks[0].want.name = "CN";
    aiks[1].want.name = "TPM attestation key ";
    aiks[2].want.name = "TPM attestation key 0123X";
    aiks[3].want.name = "TPM attestation key 01234567890123456789012345678901234567890123456789";
    aiks[4].want.not_after_unix_s = good.not_before_unix_s;
    aiks[5].want.not_after_unix_s = good.not_before_unix_s + 3652LL * 86400;
    aiks[6].want.not_before_unix_s = 2556143999 - 86400;
    aiks[6].want.not_after_unix_s = 2556143999 + 1;
    aiks[7].want.not_before_unix_s = -1;
    aiks[8].want.issuer_der = (struct att_span){ 0 };
    aiks[9].want.issuer_der = f.aik_test_ca;
    aiks[10].want.issuer_der = att_str("x");
    aiks[11].want.subject_spki = f.aik.spki;
    aiks[12].want.subject_spki = att_str("x");
    for (size_t i = 0; i < sizeof aiks / sizeof aiks[0]; i++)
        expect(aiks[i].name, aiks[i].code, certify_code(&f.aik, &aiks[i].want));
    const char *const uris[] = { NULL,   "",     "a b",      "https://a,DNS:b", "a;b",
                                 "a\"b", "\x7f", "\xc3\xa4", long_uri };
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        struct signer_certify want = { .kind = SIGNER_CERTIFY_ENDPOINT, .name = "p", .uri = uris[i] };
        expect(uris[i] ? uris[i] : "no uri", ATT_SIGNER_REFUSED, certify_code(&f.rsa, &want));
    }
}

/* -- rows ------------------------------------------------------------------------------------------------- */

static enum att_code load_code(struct signer *s, const struct signer_key *key)
{
    struct att_err err = { 0 };

    if (signer_load(s, key, &err))
        return ATT_OK;
    assert_true(err.where[0] && err.found[0] && err.expected[0] && err.text[0]);
    return err.code;
}

static void rows_of_others_are_refused(void **state)
{
    struct signer *s = open_with(f.kek, NULL), *other = open_with(f.other, NULL);
    struct signer_key good = f.ec;
    (void)state;
    struct {
        const char *name;
        struct signer_key key;
        enum att_code code;
    } rows[] = {
        { "another purpose", good, ATT_SEAL_INVALID }, { "no purpose", good, ATT_SIGNER_REFUSED },
        { "another kid", good, ATT_SEAL_INVALID },     { "short kid", good, ATT_KEY_INVALID },
        { "another spki", good, ATT_KEY_INVALID },     { "no spki", good, ATT_KEY_INVALID },
        { "another alg", good, ATT_KEY_INVALID },      { "unknown alg", good, ATT_KEY_INVALID },
        { "another's seal", good, ATT_SEAL_INVALID },  { "no seal", good, ATT_SEAL_INVALID },
        { "of a token", good, ATT_SEAL_INVALID },
    };
    rows[0].key.purpose = "authority";
    rows[1].key.purpose = "";
    rows[2].key.kid = f.rsa.kid;
    rows[3].key.kid = "kid";
    rows[4].key.spki = f.authority.spki;
    rows[5].key.spki = (struct att_span){ 0 };
    rows[6].key.alg = "RS256";
    rows[7].key.alg = "HS256";
    rows[8].key.sealed = f.rsa.sealed;
    rows[9].key.sealed = (struct att_span){ 0 };
    rows[10].key.sealed = att_str("\x02name of a key");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect(rows[i].name, rows[i].code, load_code(s, &rows[i].key));
        expect("nothing was loaded", ATT_TOKEN_KEY_UNKNOWN, sign_code(s, rows[i].key.kid, good_input(&good)));
    }
    expect("another key-encryption key", ATT_SEAL_INVALID, load_code(other, &good));
    uint8_t *bytes = (uint8_t *)att_arena_dup(f.arena, good.sealed);
    struct signer_key changed = good;
    for (size_t i = 0; i < good.sealed.len; i++) {
        bytes[i] ^= (uint8_t)(1U << (i % 8));
        changed.sealed = att_span_of(bytes, good.sealed.len);
        expect("a flip", ATT_SEAL_INVALID, load_code(s, &changed));
        bytes[i] ^= (uint8_t)(1U << (i % 8));
        changed.sealed = att_span_of(bytes, i);
        expect("cut", ATT_SEAL_INVALID, load_code(s, &changed));
    }
    expect("as it is", ATT_OK, load_code(s, &good));
    expect("again", ATT_OK, load_code(s, &good));
    expect("signs", ATT_OK, sign_code(s, good.kid, good_input(&good)));
    signer_forget(s, good.kid);
    signer_forget(s, good.kid);
    expect("forgotten", ATT_TOKEN_KEY_UNKNOWN, sign_code(s, good.kid, good_input(&good)));
    signer_close(s);
    signer_close(other);
}

/* Sealed as version 0.1 does, by hand; and a row whose seal is right and whose name is not. */
static void rows_by_hand(void **state)
{
    uint8_t kek[32];
    char kid[ATT_KID_SIZE], label[128];
    struct signer_keypair pair = { 0 };
    struct att_err err = { 0 };
    struct signer_key key = { .purpose = "attestation", .kid = kid, .alg = "ES256" };
    (void)state;

    assert_true(att_hex_read(att_str(kek_text), kek, sizeof kek));
    assert_true(signer_keypair_new("ES256", f.arena, &pair, &err));
    assert_true(att_kid_of_spki(pair.spki, kid, &err));
    key.spki = pair.spki;
    (void)snprintf(label, sizeof label, "signing-key:attestation:%s", kid);
    assert_true(att_seal(f.arena, kek, att_str(label), pair.pkcs8, &key.sealed, &err));
    expect("version 0.1", ATT_OK, load_code(f.signer, &key));
    expect("signs", ATT_OK, sign_code(f.signer, kid, good_input(&key)));
    struct att_span opened = { 0 };
    (void)snprintf(label, sizeof label, "signing-key:attestation:%s", f.ec.kid);
    assert_true(att_unseal(f.arena, kek, att_str(label), f.ec.sealed, &opened, &err)); /* and back */

    key.kid = f.rsa.kid;
    (void)snprintf(label, sizeof label, "signing-key:attestation:%s", key.kid);
    assert_true(att_seal(f.arena, kek, att_str(label), pair.pkcs8, &key.sealed, &err));
    expect("a name of another key", ATT_KEY_INVALID, load_code(f.signer, &key));
    key.kid = f.authority.kid; /* name and public half agree, and the private half is another's */
    key.spki = f.authority.spki;
    (void)snprintf(label, sizeof label, "signing-key:attestation:%s", key.kid);
    assert_true(att_seal(f.arena, kek, att_str(label), pair.pkcs8, &key.sealed, &err));
    expect("a public half of another key", ATT_KEY_INVALID, load_code(f.signer, &key));
}

static void key_encryption_keys_change(void **state)
{
    struct signer *both = open_with(f.other, f.kek), *now = open_with(f.other, NULL);
    struct att_span sealed = { 0 }, again = { 0 };
    struct att_err err = { 0 };
    bool changed = false;
    struct signer_key moved = f.ec;
    (void)state;

    expect("the previous one opens", ATT_OK, load_code(both, &f.ec));
    expect("not without it", ATT_SEAL_INVALID, load_code(now, &f.ec));
    assert_true(signer_reseal(both, &f.ec, f.arena, &sealed, &changed, &err));
    assert_true(changed);
    moved.sealed = sealed;
    expect("resealed", ATT_OK, load_code(now, &moved));
    assert_true(signer_reseal(both, &moved, f.arena, &again, &changed, &err));
    assert_false(changed);
    assert_true(att_span_eq(again, sealed));
    assert_false(signer_reseal(now, &f.ec, f.arena, &again, &changed, &err));
    expect("another key", ATT_SEAL_INVALID, err.code);
    struct signer_key fresh = { 0 };
    struct att_err none = { 0 };
    assert_true(signer_make(both, "attestation", "ES256", f.arena, &fresh, &none));
    expect("new ones are sealed by the new one", ATT_OK, load_code(now, &fresh));
    expect("and not by the old", ATT_SEAL_INVALID, load_code(f.signer, &fresh));
    signer_close(both);
    signer_close(now);
}

/* -- secrets for the caller ------------------------------------------------------------------------------- */

/* openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:000102..1f -kdfopt info:"attestd context key v1" HKDF */
static const char context_key[] = "20d48ef4597234753af664339267ae7b66f167b5766db22868cf2c9afd8cf28d";

static void secrets_are_shared(void **state)
{
    uint8_t got[32], rows[32], again[32];
    char hex[65];
    struct att_span sealed = { 0 }, same = { 0 }, moved = { 0 };
    struct att_err err = { 0 };
    struct signer *both = open_with(f.other, f.kek);
    (void)state;

    assert_true(
        signer_share(f.signer, SIGNER_SHARED_CONTEXT, (struct att_span){ 0 }, f.arena, got, &sealed, &err));
    att_hex_text(hex, att_span_of(got, sizeof got));
    assert_string_equal(hex, context_key);
    assert_int_equal(sealed.len, 0);
    assert_true(
        signer_share(f.signer, SIGNER_SHARED_ROWS, (struct att_span){ 0 }, f.arena, rows, &sealed, &err));
    assert_memory_not_equal(rows, got, sizeof rows);
    assert_true(signer_share(f.signer, SIGNER_SHARED_ROWS, sealed, f.arena, again, &same, &err));
    assert_memory_equal(rows, again, sizeof rows);
    assert_true(att_span_eq(sealed, same));
    assert_true(signer_share(both, SIGNER_SHARED_ROWS, sealed, f.arena, again, &moved, &err));
    assert_memory_equal(rows, again, sizeof rows);
    assert_false(att_span_eq(sealed, moved));
    const struct {
        const char *name;
        unsigned which;
        struct att_span sealed;
        enum att_code code;
    } wrong[] = {
        { "a row of a key", SIGNER_SHARED_ROWS, f.ec.sealed, ATT_SEAL_INVALID },
        { "another key", SIGNER_SHARED_ROWS, moved, ATT_SEAL_INVALID },
        { "cut", SIGNER_SHARED_ROWS, att_span_of(sealed.ptr, sealed.len - 1), ATT_SEAL_INVALID },
        { "context has no row", SIGNER_SHARED_CONTEXT, sealed, ATT_SIGNER_REFUSED },
        { "unknown", 99, (struct att_span){ 0 }, ATT_SIGNER_REFUSED },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct att_err why = { 0 };
        assert_false(signer_share(f.signer, (enum signer_shared)wrong[i].which, wrong[i].sealed, f.arena,
                                  again, &same, &why));
        expect(wrong[i].name, wrong[i].code, why.code);
    }
    signer_close(both);
}

static void key_encryption_keys_are_read(void **state)
{
    static const struct {
        const char *name, *text;
        enum att_code code;
    } rows[] = {
        { "as it is", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", ATT_OK },
        { "line end", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\r\n", ATT_OK },
        { "capitals", "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\n", ATT_OK },
        { "a digit less", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1\n",
          ATT_CONFIG_INVALID },
        { "a digit more", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0",
          ATT_CONFIG_INVALID },
        { "no digit", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g",
          ATT_CONFIG_INVALID },
        { "a space first", " 00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
          ATT_CONFIG_INVALID },
        { "two lines", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n0\n",
          ATT_CONFIG_INVALID },
        { "empty", "", ATT_CONFIG_INVALID },
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signer_options options = { .kek = f.other, .in_process = f.in_process, .channels = 1 };
        struct signer *s = NULL;
        struct att_err err = { 0 };
        put_file(f.other, rows[i].text);
        bool ok = signer_open(&options, &s, &err);
        expect(rows[i].name, rows[i].code, ok ? ATT_OK : err.code);
        signer_close(s);
    }
    put_file(f.other, other_text);
    const struct {
        const char *kek, *dir;
        enum att_code code;
    } places[] = {
        { "credential:kek", f.dir, ATT_OK },
        { "credential:kek", NULL, ATT_CONFIG_INVALID },
        { "credential:kek", "relative", ATT_CONFIG_INVALID },
        { "credential:", f.dir, ATT_CONFIG_INVALID },
        { "credential:../kek", f.dir, ATT_CONFIG_INVALID },
        { "credential:a/kek", f.dir, ATT_CONFIG_INVALID },
        { "credential:none", f.dir, ATT_IO_FAILED },
        { "/nowhere/kek", NULL, ATT_IO_FAILED },
        { f.dir, NULL, ATT_IO_FAILED },
        { NULL, NULL, ATT_CONFIG_INVALID },
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct signer_options options = { .kek = places[i].kek, .in_process = f.in_process, .channels = 1 };
        struct signer *s = NULL;
        struct att_err err = { 0 };
        if (places[i].dir)
            assert_int_equal(setenv("CREDENTIALS_DIRECTORY", places[i].dir, 1), 0);
        bool ok = signer_open(&options, &s, &err);
        (void)unsetenv("CREDENTIALS_DIRECTORY");
        expect(places[i].kek ? places[i].kek : "none", places[i].code, ok ? ATT_OK : err.code);
        signer_close(s);
    }
    const char *many[] = { f.kek, f.kek, f.kek, f.kek, f.kek, f.kek, f.kek, f.kek, NULL, NULL };
    for (int more = 0; more < 2; more++) {
        struct signer_options options = {
            .kek = f.kek, .kek_previous = many, .in_process = f.in_process, .channels = 1
        };
        struct signer *s = NULL;
        struct att_err err = { 0 };
        many[8] = more ? f.kek : NULL;
        expect("eight previous ones", more ? ATT_CONFIG_INVALID : ATT_OK,
               signer_open(&options, &s, &err) ? ATT_OK : err.code);
        signer_close(s);
    }
}

/* -- threads ---------------------------------------------------------------------------------------------- */

static void *sign_many(void *failed)
{
    struct att_arena *arena = att_arena_new(1 << 20);

    for (int i = 0; i < 40; i++) {
        const struct signer_key *key = i % 2 ? &f.ec : &f.authority;
        struct att_span sig = { 0 };
        struct att_err err = { 0 };
        /* Made before: good_input has one arena for all. */
        const struct att_span *inputs = failed;
        struct att_span input = inputs[i % 2];
        if (!signer_sign(f.signer, key->kid, input, arena, &sig, &err) || !verifies(key, input, sig)) {
            att_arena_free(arena);
            return failed;
        }
    }
    att_arena_free(arena);
    return NULL;
}

static void threads_get_their_own(void **state)
{
    pthread_t threads[6];
    struct att_span inputs[2] = { good_input(&f.authority), good_input(&f.ec) };
    (void)state;

    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, inputs), 0);
    struct signer_key fresh = make("attestation", "ES256");
    signer_forget(f.signer, fresh.kid);
    for (size_t i = 0; i < 6; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(signatures_hold),
    cmocka_unit_test(only_templates_are_signed),
    cmocka_unit_test(input_is_base64url_with_one_dot),
    cmocka_unit_test(large_inputs),
    cmocka_unit_test(purposes_bind),
    cmocka_unit_test(certificates_are_right),
    cmocka_unit_test(wishes_have_a_form),
    cmocka_unit_test(rows_of_others_are_refused),
    cmocka_unit_test(rows_by_hand),
    cmocka_unit_test(key_encryption_keys_change),
    cmocka_unit_test(secrets_are_shared),
    cmocka_unit_test(key_encryption_keys_are_read),
    cmocka_unit_test(threads_get_their_own),
};

int main(int argc, char **argv)
{
    signer_role(argc, argv);
    int failed = cmocka_run_group_tests_name("local", tests, set_up_local, tear_down);
    return failed + cmocka_run_group_tests_name("process", tests, set_up_process, tear_down);
}
