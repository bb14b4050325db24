/* Keys, certificates and revocation lists for the tests of this folder, made by OpenSSL and not by the code under
 * test, so that one thing at a time can be wrong. All keys are made when the test runs and belong to nobody. */
#ifndef TESTS_UNIT_CRYPTO_MADE_H
#define TESTS_UNIT_CRYPTO_MADE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/x509.h"

struct made {
    uint8_t *ptr;
    size_t len;
};

static inline struct att_span made_span(struct made m)
{
    return att_span_of(m.ptr, m.len);
}

struct made_cert {
    const char *subject, *issuer; /* common names */
    EVP_PKEY *key, *signer;
    const char *constraints, *usage; /* as in openssl.cnf; NULL: none */
    const char *more_oid;            /* one more extension, NULL: none */
    bool more_critical, more_twice;
    const char *serial; /* hexadecimal; NULL: 01 */
    bool serial_negative;
    const char *md;                     /* NULL: SHA256 */
    int pss_salt;                       /* above 0: RSASSA-PSS with this salt */
    const char *pss_mgf_md;             /* NULL: as md */
    const char *not_before, *not_after; /* YYYYMMDDhhmmssZ; NULL: 2020 and 2050 */
    int version;                        /* 0: v3, else the number as written (v1 is 0 there: use -1) */
    X509 *(*twist)(X509 *);
};

static inline X509_NAME *made_name(const char *cn)
{
    X509_NAME *n = X509_NAME_new();
    assert_int_equal(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0),
                     1);
    assert_int_equal(
        X509_NAME_add_entry_by_txt(n, "O", MBSTRING_UTF8, (const unsigned char *)"attestd tests", -1, -1, 0),
        1);
    return n;
}

static inline void made_extension(X509 *x, const char *name, const char *value)
{
    if (!value)
        return;
    X509_EXTENSION *e = X509V3_EXT_conf(NULL, NULL, name, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

static inline X509_EXTENSION *made_raw_extension(const char *oid, bool critical, const void *bytes, int len)
{
    ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
    assert_int_equal(ASN1_OCTET_STRING_set(v, bytes, len), 1);
    X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, o, critical, v);
    assert_non_null(e);
    ASN1_OBJECT_free(o);
    ASN1_OCTET_STRING_free(v);
    return e;
}

static inline ASN1_INTEGER *made_serial(const char *hex, bool negative)
{
    BIGNUM *n = NULL;
    assert_true(BN_hex2bn(&n, hex ? hex : "01") > 0);
    BN_set_negative(n, negative);
    ASN1_INTEGER *i = BN_to_ASN1_INTEGER(n, NULL);
    assert_non_null(i);
    BN_free(n);
    return i;
}

static inline EVP_MD_CTX *made_signer_mgf(EVP_PKEY *key, const char *md_name, int pss_salt,
                                          const char *mgf_name)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    assert_int_equal(
        EVP_DigestSignInit(ctx, &pctx, EVP_get_digestbyname(md_name ? md_name : "SHA256"), NULL, key), 1);
    if (pss_salt > 0) {
        assert_true(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, pss_salt) > 0);
        if (mgf_name)
            assert_true(EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, EVP_get_digestbyname(mgf_name)) > 0);
    }
    return ctx;
}

static inline EVP_MD_CTX *made_signer(EVP_PKEY *key, const char *md_name, int pss_salt)
{
    return made_signer_mgf(key, md_name, pss_salt, NULL);
}

static inline struct made made_certificate(const struct made_cert *o)
{
    X509 *x = X509_new();
    X509_NAME *subject = made_name(o->subject);
    X509_NAME *issuer = made_name(o->issuer ? o->issuer : o->subject);
    ASN1_INTEGER *serial = made_serial(o->serial, o->serial_negative);

    assert_int_equal(X509_set_version(x, o->version ? (o->version < 0 ? 0 : o->version) : 2), 1);
    assert_int_equal(X509_set_subject_name(x, subject), 1);
    assert_int_equal(X509_set_issuer_name(x, issuer), 1);
    assert_int_equal(X509_set_serialNumber(x, serial), 1);
    assert_int_equal(
        ASN1_TIME_set_string_X509(X509_getm_notBefore(x), o->not_before ? o->not_before : "20200101000000Z"),
        1);
    assert_int_equal(
        ASN1_TIME_set_string_X509(X509_getm_notAfter(x), o->not_after ? o->not_after : "20500101000000Z"), 1);
    assert_int_equal(X509_set_pubkey(x, o->key), 1);
    made_extension(x, "basicConstraints", o->constraints);
    made_extension(x, "keyUsage", o->usage);
    for (int i = 0; o->more_oid && i < 1 + o->more_twice; i++) {
        X509_EXTENSION *e = made_raw_extension(o->more_oid, o->more_critical, "\x05\x00", 2);
        assert_int_equal(X509_add_ext(x, e, -1), 1);
        X509_EXTENSION_free(e);
    }
    if (o->twist)
        x = o->twist(x);
    EVP_MD_CTX *ctx = made_signer_mgf(o->signer ? o->signer : o->key, o->md, o->pss_salt, o->pss_mgf_md);
    assert_true(X509_sign_ctx(x, ctx) > 0);
    EVP_MD_CTX_free(ctx);
    struct made m = { NULL, 0 };
    int len = i2d_X509(x, &m.ptr);
    assert_true(len > 0);
    m.len = (size_t)len;
    X509_free(x);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    ASN1_INTEGER_free(serial);
    return m;
}

static inline struct att_cert *made_parsed(const struct att_crypto *c, const struct made_cert *o)
{
    struct made m = made_certificate(o);
    struct att_cert *cert = NULL;
    struct att_err err = { .code = ATT_OK };
    if (!att_cert_from_der(c, made_span(m), NULL, &cert, &err))
        fail_msg("%s", err.text);
    free(m.ptr);
    return cert;
}

/* A refusal always says what and where. */
static inline void made_check_refusal(const struct att_err *err, enum att_code code)
{
    if (err->code != code)
        fail_msg("code %s, wanted %s: %s", att_code_name(err->code), att_code_name(code), err->text);
    assert_true(err->where[0] && err->text[0] && err->expected[0]);
}

#endif
