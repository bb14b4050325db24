/* layers: crypto codec base */
/* One certificate. What is read must be what OpenSSL reads from the same bytes; nothing unsigned becomes signed. */
#include "crypto/x509.h"

#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

static void same_time(const ASN1_TIME *theirs, int64_t ours)
{
    struct tm tm;

    must(ASN1_TIME_to_tm(theirs, &tm) == 1 && (int64_t)timegm(&tm) == ours);
}

static void same_name(const X509_NAME *theirs, struct att_span ours)
{
    const unsigned char *der = NULL;
    size_t len = 0;

    must(X509_NAME_get0_der(theirs, &der, &len) == 1 && att_span_eq(att_span_of(der, len), ours));
}

static void same_serial(const ASN1_INTEGER *theirs, struct att_span ours)
{
    BIGNUM *n = ASN1_INTEGER_to_BN(theirs, NULL);
    uint8_t bytes[64];

    must(n && !BN_is_negative(n) && BN_num_bytes(n) <= 20);
    must(att_span_eq(att_span_of(bytes, (size_t)BN_bn2bin(n, bytes)), ours));
    BN_free(n);
}

static void same_extensions(const X509 *x, const struct att_cert *cert)
{
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *e = X509_get_ext(x, i);
        const ASN1_OCTET_STRING *theirs = X509_EXTENSION_get_data(e);
        char oid[256];
        struct att_span ours;
        if (OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(e), 1) >= (int)sizeof oid ||
            !att_cert_extension(cert, oid, &ours))
            continue; /* an identifier longer than we look for */
        must(att_span_eq(att_span_of(ASN1_STRING_get0_data(theirs), (size_t)ASN1_STRING_length(theirs)),
                         ours));
    }
}

static void compare(const struct att_crypto *c, const struct att_cert *cert, struct att_span der)
{
    const uint8_t *p = der.ptr;
    X509 *x = d2i_X509(NULL, &p, (long)der.len);
    uint8_t digest[32];
    uint8_t *spki = NULL;

    must(x && p == der.ptr + der.len && X509_get_version(x) == X509_VERSION_3);
    must(att_span_eq(att_cert_der(cert), der));
    same_name(X509_get_subject_name(x), att_cert_subject(cert));
    same_name(X509_get_issuer_name(x), att_cert_issuer(cert));
    same_serial(X509_get0_serialNumber(x), att_cert_serial(cert));
    same_time(X509_get0_notBefore(x), att_cert_not_before(cert));
    same_time(X509_get0_notAfter(x), att_cert_not_after(cert));
    same_extensions(x, cert);

    EVP_PKEY *key = X509_get0_pubkey(x);
    must(key && (unsigned)EVP_PKEY_get_bits(key) == att_key_bits(att_cert_key(cert)));
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
    uint8_t ours[32];
    must(len > 0 && att_digest(c, ATT_SHA256, att_span_of(spki, (size_t)len), digest));
    must(att_cert_spki_sha256(c, cert, ours) && memcmp(ours, digest, 32) == 0);
    OPENSSL_free(spki);

    /* Whatever we call signed, OpenSSL calls signed. (It calls more so: SHA-1, other salts.) */
    if (att_cert_signed_by(c, cert, cert) == ATT_SIG_VALID)
        must(X509_verify(x, key) == 1);
    X509_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct att_crypto *c;
    struct att_cert *cert = NULL;
    struct att_err err = { .code = ATT_OK };
    size_t at = 0;
    bool test_root = false;

    if (!c)
        c = att_crypto_new();
    must(c != NULL);
    if (!att_cert_from_der(c, att_span_of(data, size), NULL, &cert, &err)) {
        must(!cert && err.code == ATT_CERT_MALFORMED && err.text[0] && err.where[0]);
        return 0;
    }
    must(err.code == ATT_OK);
    compare(c, cert, att_span_of(data, size));
    must(att_chain_check(c, &cert, 1, NULL, 0, NULL, &at, &test_root) != ATT_CHAIN_OK);
    att_cert_free(cert);
    return 0;
}
