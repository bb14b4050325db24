/* tests/support/x5c.h - certificates for tests, each field as the row wants it, on OpenSSL alone. Keys are made anew for
 * each run and mean nothing. Texts live until the program ends. */
#ifndef TESTS_SUPPORT_X5C_H
#define TESTS_SUPPORT_X5C_H

#include "unit/jose/signing.h"

#include <openssl/x509v3.h>

struct x5c_cert {
    const char *cn, *issuer_cn; /* issuer_cn NULL: the same */
    EVP_PKEY *key, *signer;     /* signer NULL: key */
    const char *constraints;    /* "critical,CA:TRUE"; NULL: no basic constraints */
    const char *usage;          /* "keyCertSign"; NULL: no key usage */
    const char *not_before;     /* NULL: 20200101000000Z */
    const char *not_after;      /* NULL: 20491231235959Z */
    const char *names;          /* name constraints: "critical,permitted;DNS:example"; NULL: none */
    const char *purpose;        /* extended key usage: "critical,codeSigning"; NULL: none */
};

TEST_HELPER void x5c_name(X509_NAME *name, const char *cn)
{
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1,
         "name");
}

TEST_HELPER void x5c_extension(X509 *cert, int nid, const char *value)
{
    if (!value)
        return;
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    must(e && X509_add_ext(cert, e, -1) == 1, "extension");
    X509_EXTENSION_free(e);
}

/* DER, in standard base64. */
TEST_HELPER char *x5c_make(const struct x5c_cert *c)
{
    X509 *cert = X509_new();
    X509_NAME *issuer = X509_NAME_new();
    unsigned char *der = NULL;

    must(cert && issuer, "memory");
    x5c_name(X509_get_subject_name(cert), c->cn);
    x5c_name(issuer, c->issuer_cn ? c->issuer_cn : c->cn);
    must(X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 7) &&
             ASN1_TIME_set_string_X509(X509_getm_notBefore(cert),
                                       c->not_before ? c->not_before : "20200101000000Z") &&
             ASN1_TIME_set_string_X509(X509_getm_notAfter(cert),
                                       c->not_after ? c->not_after : "20491231235959Z") &&
             X509_set_issuer_name(cert, issuer) && X509_set_pubkey(cert, c->key),
         "certificate");
    x5c_extension(cert, NID_basic_constraints, c->constraints);
    x5c_extension(cert, NID_key_usage, c->usage);
    x5c_extension(cert, NID_name_constraints, c->names);
    x5c_extension(cert, NID_ext_key_usage, c->purpose);
    must(X509_sign(cert, c->signer ? c->signer : c->key, EVP_sha256()) > 0, "signature");
    int len = i2d_X509(cert, &der);
    must(len > 0 && kept(der), "DER");
    X509_free(cert);
    X509_NAME_free(issuer);
    return b64(der, (size_t)len);
}

/* A self-signed CA, as people make them for signing policies. */
TEST_HELPER char *x5c_ca(EVP_PKEY *key, const char *cn)
{
    return x5c_make(&(struct x5c_cert){ .cn = cn, .key = key, .constraints = "critical,CA:TRUE" });
}

#endif
