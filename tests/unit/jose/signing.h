/* tests/unit/jose/signing.h - makers of keys, certificates and tokens for tests, on OpenSSL alone and independent of
 * src/jose. Every key is made anew for the test and means nothing. Texts live until the program ends (kept()): a test
 * is short, and its rows stay readable. */
#ifndef TESTS_UNIT_JOSE_SIGNING_H
#define TESTS_UNIT_JOSE_SIGNING_H

#include <attest/span.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEST_HELPER __attribute__((unused)) static

TEST_HELPER void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "test maker failed: %s\n", what);
        exit(2);
    }
}

/* Remembers memory for the rest of the program, so that the leak checker sees who holds it. */
TEST_HELPER void *kept(void *memory)
{
    static void **all;
    static size_t count, room;

    must(memory != NULL, "memory");
    if (count == room) {
        room = 2 * room + 64;
        all = realloc(all, room * sizeof *all);
        must(all != NULL, "memory");
    }
    return all[count++] = memory;
}

TEST_HELPER __attribute__((format(printf, 1, 2))) char *textf(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    must(vasprintf(&text, format, args) >= 0, "memory");
    va_end(args);
    return kept(text);
}

TEST_HELPER char *b64(const void *bytes, size_t len)
{
    char *out = kept(malloc(len * 4 / 3 + 8));
    EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
    return out;
}

TEST_HELPER char *b64url(const void *bytes, size_t len)
{
    char *out = b64(bytes, len);
    for (char *c = out; *c; c++) {
        if (*c == '+')
            *c = '-';
        else if (*c == '/')
            *c = '_';
        else if (*c == '=')
            *c = '\0';
    }
    return out;
}

TEST_HELPER char *b64url_text(const char *text)
{
    return b64url(text, strlen(text));
}

TEST_HELPER EVP_PKEY *rsa_new(unsigned bits, unsigned exponent)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *e = BN_new();
    EVP_PKEY *key = NULL;

    must(ctx && e && BN_set_word(e, exponent) == 1 && EVP_PKEY_keygen_init(ctx) == 1 &&
             EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1 &&
             EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) == 1 && EVP_PKEY_generate(ctx, &key) == 1,
         "RSA key");
    BN_free(e);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

TEST_HELPER EVP_PKEY *ec_new(const char *curve)
{
    EVP_PKEY *key = EVP_EC_gen(curve);
    must(key != NULL, "EC key");
    return key;
}

/* Big-endian number of a key, padded to `len` bytes (0: minimal). */
TEST_HELPER char *key_number(EVP_PKEY *key, const char *name, size_t len)
{
    BIGNUM *n = NULL;
    uint8_t bytes[1100];

    must(EVP_PKEY_get_bn_param(key, name, &n) == 1, name);
    int size = len ? (int)len : BN_num_bytes(n);
    must(BN_bn2binpad(n, bytes, size) == size, name);
    BN_free(n);
    return b64url(bytes, (size_t)size);
}

TEST_HELPER size_t coordinate_bytes(EVP_PKEY *key)
{
    return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

TEST_HELPER const char *curve_name(EVP_PKEY *key)
{
    return EVP_PKEY_get_bits(key) == 256 ? "P-256" : EVP_PKEY_get_bits(key) == 384 ? "P-384" : "P-521";
}

/* The members of a public JWK without braces; `more` is put in front: "\"kid\":\"a\",". */
TEST_HELPER char *jwk_members(EVP_PKEY *key, const char *more)
{
    if (EVP_PKEY_is_a(key, "RSA"))
        return textf("%s\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"", more,
                     key_number(key, OSSL_PKEY_PARAM_RSA_N, 0), key_number(key, OSSL_PKEY_PARAM_RSA_E, 0));
    size_t len = coordinate_bytes(key);
    return textf("%s\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"", more, curve_name(key),
                 key_number(key, OSSL_PKEY_PARAM_EC_PUB_X, len),
                 key_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, len));
}

TEST_HELPER char *jwk_of(EVP_PKEY *key, const char *more)
{
    return textf("{%s}", jwk_members(key, more));
}

/* A self-signed certificate, DER. */
TEST_HELPER struct att_span cert_of(EVP_PKEY *key, const char *cn)
{
    X509 *cert = X509_new();
    unsigned char *der = NULL;

    must(cert && X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
             ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), "20200101000000Z") &&
             ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), "20491231235959Z") &&
             X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                        (const unsigned char *)cn, -1, -1, 0) &&
             X509_set_issuer_name(cert, X509_get_subject_name(cert)) && X509_set_pubkey(cert, key) &&
             X509_sign(cert, key, EVP_sha256()) > 0,
         "certificate");
    int len = i2d_X509(cert, &der);
    must(len > 0 && kept(der), "certificate");
    X509_free(cert);
    return att_span_of(der, (size_t)len);
}

TEST_HELPER struct att_span spki_of(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    must(len > 0 && kept(der), "SPKI");
    return att_span_of(der, (size_t)len);
}

/* ECDSA from DER to r||s. */
TEST_HELPER size_t raw_signature(EVP_PKEY *key, uint8_t *sig, size_t len)
{
    const unsigned char *p = sig;
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &p, (long)len);
    int half = (int)coordinate_bytes(key);

    must(parsed && BN_bn2binpad(ECDSA_SIG_get0_r(parsed), sig, half) == half &&
             BN_bn2binpad(ECDSA_SIG_get0_s(parsed), sig + half, half) == half,
         "r||s");
    ECDSA_SIG_free(parsed);
    return 2 * (size_t)half;
}

struct signing {
    int salt_len; /* PSS; -1: as long as the hash */
    bool keep_der;
};

/* A signature as `alg` names it: the last three digits are the hash, the first letter the kind. */
TEST_HELPER struct att_span sign_bytes(EVP_PKEY *key, const char *alg, const char *text,
                                       const struct signing *how)
{
    const EVP_MD *md = strstr(alg, "256") ? EVP_sha256() : strstr(alg, "384") ? EVP_sha384() : EVP_sha512();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    uint8_t *sig = kept(malloc(2048));
    size_t len = 2048;

    must(ctx && EVP_DigestSignInit(ctx, &pctx, md, NULL, key) == 1, "sign");
    if (alg[0] == 'P')
        must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(
                     pctx, how && how->salt_len >= 0 ? how->salt_len : RSA_PSS_SALTLEN_DIGEST) == 1,
             "PSS");
    must(EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text, strlen(text)) == 1, "sign");
    EVP_MD_CTX_free(ctx);
    if (alg[0] == 'E' && !(how && how->keep_der))
        len = raw_signature(key, sig, len);
    return att_span_of(sig, len);
}

TEST_HELPER char *join(const char *input, struct att_span sig)
{
    return textf("%s.%s", input, b64url(sig.ptr, sig.len));
}

TEST_HELPER char *signing_input(const char *header, const char *payload)
{
    return textf("%s.%s", b64url_text(header), b64url_text(payload));
}

/* A token: header and payload are JSON texts, taken as they are. `alg` says how it is truly signed. */
TEST_HELPER char *token_of(EVP_PKEY *key, const char *alg, const char *header, const char *payload)
{
    char *input = signing_input(header, payload);
    return join(input, sign_bytes(key, alg, input, NULL));
}

#endif
