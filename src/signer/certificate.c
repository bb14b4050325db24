#include "signer/certificate.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "signer/private_key.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(x509_auto, X509, X509_free)

static bool set_subject(X509 *cert, const struct signer_certificate *want)
{
    X509_NAME *name = X509_get_subject_name(cert);

    if (X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)want->common_name, -1, -1, 0) != 1)
        return false;
    return !want->description ||
           X509_NAME_add_entry_by_NID(name, NID_description, MBSTRING_UTF8,
                                      (const unsigned char *)want->description, -1, -1, 0) == 1;
}

static bool set_serial(X509 *cert, bool self_signed)
{
    uint8_t bytes[16] = { 0 };

    if (self_signed)
        return ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1;
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and never short */
    BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
    BN_free(n);
    return ok;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = ext && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

static bool add_alt_names(X509 *cert, const char *const *names)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    if (!names || !names[0])
        return true;
    for (size_t i = 0; names[i]; i++)
        att_buf_printf(&text, "%s%s", i > 0 ? "," : "", names[i]);
    att_buf_putc(&text, '\0');
    return !text.failed && add_extension(cert, cert, NID_subject_alt_name, (const char *)text.ptr);
}

static bool add_extensions(X509 *cert, X509 *issuer, const struct signer_certificate *want)
{
    return add_extension(cert, issuer, NID_basic_constraints,
                         want->ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
           add_extension(cert, issuer, NID_key_usage,
                         want->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
           (!want->ext_key_usage || add_extension(cert, issuer, NID_ext_key_usage, want->ext_key_usage)) &&
           add_extension(cert, issuer, NID_subject_key_identifier, "hash") &&
           /* "always": OpenSSL leaves an authority's own empty otherwise, and who looks for its issuer finds none */
           add_extension(cert, issuer, NID_authority_key_identifier, want->ca ? "keyid:always" : "keyid") &&
           add_alt_names(cert, want->alt_names);
}

static bool build(const struct signer_certificate *want, X509 *cert, X509 *issuer, EVP_PKEY *key)
{
    const uint8_t *p = want->subject_spki.ptr;
    ATT_AUTO(pkey_auto) EVP_PKEY *subject = d2i_PUBKEY(NULL, &p, (long)want->subject_spki.len);
    X509 *signing = issuer ? issuer : cert;

    return subject && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert, !issuer) &&
           set_subject(cert, want) && X509_set_issuer_name(cert, X509_get_subject_name(signing)) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(cert), want->not_before_unix_s) &&
           ASN1_TIME_set(X509_getm_notAfter(cert), want->not_after_unix_s) &&
           X509_set_pubkey(cert, subject) == 1 && add_extensions(cert, signing, want) &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

/* NULL when there is none: self-signed. */
static bool issuer_read(struct att_span der, X509 **ret, struct att_err *err)
{
    const uint8_t *p = der.ptr;

    if (der.len == 0)
        return true;
    ERR_clear_error();
    *ret = d2i_X509(NULL, &p, (long)der.len);
    bool memory = signer_out_of_memory();
    if (*ret)
        return true;
    return memory ? att_fail_memory(err, "certificate.issuer")
                  : att_fail(err, ATT_CERT_MALFORMED, "certificate.issuer", "one DER certificate",
                             "something else");
}

bool signer_certificate_make(const struct signer_certificate *want, struct att_arena *arena,
                             struct att_span *ret_der, struct att_err *err)
{
    ATT_AUTO(pkey_auto) EVP_PKEY *key = NULL;
    ATT_AUTO(x509_auto) X509 *cert = X509_new();
    ATT_AUTO(x509_auto) X509 *issuer = NULL;

    if (!issuer_read(want->issuer_der, &issuer, err) || !signer_private_key(want->issuer_pkcs8, &key, err))
        return false;
    if (!cert)
        return att_fail_memory(err, "certificate");
    if (!build(want, cert, issuer, key))
        return att_fail(err, ATT_CRYPTO_FAILED, "certificate", "a signed certificate",
                        "the crypto library refused");

    uint8_t *der = NULL;
    int len = i2d_X509(cert, &der);
    char *copy = len > 0 ? att_arena_dup(arena, att_span_of(der, (size_t)len)) : NULL;
    OPENSSL_free(der);
    if (!copy)
        return att_fail_memory(err, "certificate");
    *ret_der = att_span_of(copy, (size_t)len);
    return true;
}

bool signer_certificate_fits(struct att_span der, struct att_span spki, struct att_err *err)
{
    const uint8_t *p = der.ptr, *q = spki.ptr;
    ATT_AUTO(x509_auto) X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    ATT_AUTO(pkey_auto) EVP_PKEY *key = d2i_PUBKEY(NULL, &q, (long)spki.len);

    if (!cert || p != der.ptr + der.len)
        return att_fail(err, ATT_CERT_MALFORMED, "certificate", "one DER certificate", "something else");
    if (!key || EVP_PKEY_eq(X509_get0_pubkey(cert), key) != 1)
        return att_fail(err, ATT_KEY_INVALID, "certificate.key", "the key that the certificate is kept for",
                        "another");
    return true;
}
