#include "support/tokens.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBER_BYTES_MAX = 1100, SIGNATURE_BYTES_MAX = 2048 };

void test_must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "test maker failed: %s\n", what);
        exit(2);
    }
}

/* A list that the leak checker can follow. */
void *test_kept(void *memory)
{
    struct node {
        struct node *next;
        void *memory;
    };
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct node *all;

    struct node *n = malloc(sizeof *n);
    test_must(memory && n, "memory");
    n->memory = memory;
    (void)pthread_mutex_lock(&lock);
    n->next = all;
    all = n;
    (void)pthread_mutex_unlock(&lock);
    return memory;
}

char *test_text(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    test_must(vasprintf(&text, format, args) >= 0, "memory");
    va_end(args);
    return test_kept(text);
}

char *test_b64(const void *bytes, size_t len)
{
    char *out = test_kept(malloc(len * 4 / 3 + 8));
    EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
    return out;
}

char *test_b64url(const void *bytes, size_t len)
{
    char *out = test_b64(bytes, len);

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

/* -- keys ----------------------------------------------------------------------------------------------------- */

/* Keys live as long as texts; EVP_PKEY_free at the end would need a list of its own for no gain. */
static EVP_PKEY *kept_key(EVP_PKEY *key, const char *what)
{
    EVP_PKEY **slot = test_kept(malloc(sizeof *slot));

    test_must(key != NULL, what);
    *slot = key;
    return key;
}

EVP_PKEY *test_key_rsa(unsigned bits, unsigned exponent)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *e = BN_new();
    EVP_PKEY *key = NULL;

    test_must(ctx && e && BN_set_word(e, exponent) == 1 && EVP_PKEY_keygen_init(ctx) == 1 &&
                  EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1 &&
                  EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) == 1 && EVP_PKEY_generate(ctx, &key) == 1,
              "RSA key");
    BN_free(e);
    EVP_PKEY_CTX_free(ctx);
    return kept_key(key, "RSA key");
}

EVP_PKEY *test_key_ec(const char *curve)
{
    return kept_key(EVP_EC_gen(curve), "EC key");
}

EVP_PKEY *test_key_named(const char *algorithm)
{
    return kept_key(EVP_PKEY_Q_keygen(NULL, NULL, algorithm), algorithm);
}

char *test_key_number(EVP_PKEY *key, const char *name, size_t len)
{
    uint8_t bytes[NUMBER_BYTES_MAX];
    BIGNUM *n = NULL;

    test_must(EVP_PKEY_get_bn_param(key, name, &n) == 1, name);
    int size = len ? (int)len : BN_num_bytes(n);
    test_must(size <= NUMBER_BYTES_MAX && BN_bn2binpad(n, bytes, size) == size, name);
    BN_free(n);
    return test_b64url(bytes, (size_t)size);
}

static size_t coordinate_bytes(EVP_PKEY *key)
{
    return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

char *test_jwk(EVP_PKEY *key, const char *kid, const char *more)
{
    const char *name = kid ? test_text("\"kid\":\"%s\",", kid) : "";

    if (EVP_PKEY_is_a(key, "RSA"))
        return test_text("{%s%s\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", name, more,
                         test_key_number(key, OSSL_PKEY_PARAM_RSA_N, 0),
                         test_key_number(key, OSSL_PKEY_PARAM_RSA_E, 0));
    int bits = EVP_PKEY_get_bits(key);
    size_t len = coordinate_bytes(key);
    return test_text("{%s%s\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}", name, more,
                     bits == 256   ? "P-256"
                     : bits == 384 ? "P-384"
                                   : "P-521",
                     test_key_number(key, OSSL_PKEY_PARAM_EC_PUB_X, len),
                     test_key_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, len));
}

char *test_jwks1(EVP_PKEY *key, const char *kid)
{
    return test_text("{\"keys\":[%s]}", test_jwk(key, kid, ""));
}

char *test_public_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    test_must(bio && PEM_write_bio_PUBKEY(bio, key) == 1, "PEM");
    long len = BIO_get_mem_data(bio, &text);
    char *copy = test_text("%.*s", (int)len, text);
    BIO_free(bio);
    return copy;
}

struct att_span test_public_der(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    test_must(len > 0, "SubjectPublicKeyInfo");
    uint8_t *copy = test_kept(malloc((size_t)len));
    memcpy(copy, der, (size_t)len);
    OPENSSL_free(der);
    return att_span_of(copy, (size_t)len);
}

static void add_padding(X509 *cert, size_t pad)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    uint8_t *bytes = calloc(1, pad);
    X509_EXTENSION *ext = NULL;

    test_must(oid && value && bytes && ASN1_OCTET_STRING_set(value, bytes, (int)pad) == 1, "extension");
    ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
    test_must(ext && X509_add_ext(cert, ext, -1) == 1, "extension");
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
    free(bytes);
}

struct att_span test_certificate(EVP_PKEY *key, const char *cn, size_t pad)
{
    X509 *cert = X509_new();
    unsigned char *der = NULL;

    test_must(cert && X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
                  ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), "20200101000000Z") &&
                  ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), "20491231235959Z") &&
                  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                             (const unsigned char *)cn, -1, -1, 0) &&
                  X509_set_issuer_name(cert, X509_get_subject_name(cert)) && X509_set_pubkey(cert, key),
              "certificate");
    if (pad > 0)
        add_padding(cert, pad);
    test_must(X509_sign(cert, key, EVP_sha256()) > 0, "certificate");
    int len = i2d_X509(cert, &der);
    test_must(len > 0, "certificate");
    uint8_t *copy = test_kept(malloc((size_t)len));
    memcpy(copy, der, (size_t)len);
    OPENSSL_free(der);
    X509_free(cert);
    return att_span_of(copy, (size_t)len);
}

/* -- tokens --------------------------------------------------------------------------------------------------- */

char *test_signing_input(const char *header, const char *payload)
{
    return test_text("%s.%s", test_b64url(header, strlen(header)), test_b64url(payload, strlen(payload)));
}

static const EVP_MD *digest_of(const char *alg)
{
    return strstr(alg, "256") ? EVP_sha256() : strstr(alg, "384") ? EVP_sha384() : EVP_sha512();
}

static struct att_span signature(EVP_PKEY *key, const char *alg, const char *input, int salt_bytes)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    uint8_t *sig = test_kept(malloc(SIGNATURE_BYTES_MAX));
    size_t len = SIGNATURE_BYTES_MAX;

    test_must(ctx && EVP_DigestSignInit(ctx, &pctx, digest_of(alg), NULL, key) == 1, "sign");
    if (alg[0] == 'P')
        test_must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                      EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt_bytes) == 1,
                  "PSS");
    test_must(EVP_DigestSign(ctx, sig, &len, (const unsigned char *)input, strlen(input)) == 1, "sign");
    EVP_MD_CTX_free(ctx);
    return att_span_of(sig, len);
}

struct att_span test_sign_der(EVP_PKEY *key, const char *alg, const char *input)
{
    return signature(key, alg, input, RSA_PSS_SALTLEN_DIGEST);
}

struct att_span test_sign_pss(EVP_PKEY *key, const char *alg, const char *input, int salt_bytes)
{
    return signature(key, alg, input, salt_bytes);
}

struct att_span test_sign(EVP_PKEY *key, const char *alg, const char *input)
{
    struct att_span sig = signature(key, alg, input, RSA_PSS_SALTLEN_DIGEST);

    if (alg[0] != 'E' || !EVP_PKEY_is_a(key, "EC"))
        return sig;
    const unsigned char *p = sig.ptr;
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &p, (long)sig.len);
    size_t half = coordinate_bytes(key);
    uint8_t *raw = test_kept(malloc(2 * half));
    test_must(parsed && BN_bn2binpad(ECDSA_SIG_get0_r(parsed), raw, (int)half) == (int)half &&
                  BN_bn2binpad(ECDSA_SIG_get0_s(parsed), raw + half, (int)half) == (int)half,
              "r||s");
    ECDSA_SIG_free(parsed);
    return att_span_of(raw, 2 * half);
}

char *test_join(const char *input, struct att_span sig)
{
    return test_text("%s.%s", input, sig.len > 0 ? test_b64url(sig.ptr, sig.len) : "");
}

char *test_token(EVP_PKEY *key, const char *alg, const char *header, const char *payload)
{
    char *input = test_signing_input(header, payload);

    if (strcmp(alg, "none") == 0)
        return test_join(input, (struct att_span){ 0 });
    return test_join(input, test_sign(key, alg, input));
}

char *test_token_hmac(struct att_span secret, const char *alg, const char *header, const char *payload)
{
    char *input = test_signing_input(header, payload);
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = sizeof mac;

    test_must(HMAC(digest_of(alg), secret.ptr, (int)secret.len, (const unsigned char *)input, strlen(input),
                   mac, &len) != NULL,
              "HMAC");
    return test_join(input, att_span_of(mac, len));
}
