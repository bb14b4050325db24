#include "makers/pki.h"

#include "base/base64.h"
#include "base/err.h"
#include "makers/der.h"

#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

ATT_AUTO_PTR(mk_name_auto, X509_NAME, X509_NAME_free)
ATT_AUTO_PTR(mk_ext_auto, X509_EXTENSION, X509_EXTENSION_free)
ATT_AUTO_PTR(mk_object_auto, ASN1_OBJECT, ASN1_OBJECT_free)
ATT_AUTO_PTR(mk_octets_auto, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
ATT_AUTO_PTR(mk_bn_auto, BIGNUM, BN_free)

/* Nobody serves this name (RFC 2606); verifiers want the extension to be there. */
#define CRL_URI "https://crl.example.invalid/test.der"

static bool failed(struct att_err *err, const char *where)
{
    return att_fail(err, ATT_CRYPTO_FAILED, where, "success", "a failure inside OpenSSL");
}

bool mk_serial_new(uint8_t ret[MK_SERIAL_BYTES], struct att_err *err)
{
    memcpy(ret, "TEST", 4);
    return RAND_bytes(ret + 4, MK_SERIAL_BYTES - 4) == 1 || failed(err, "makers.serial");
}

bool mk_name_new(const char *cn, X509_NAME **ret, struct att_err *err)
{
    const struct {
        int nid;
        const char *text;
    } parts[] = { { NID_commonName, cn },
                  { NID_organizationName, "Intel Corporation" },
                  { NID_localityName, "Santa Clara" },
                  { NID_stateOrProvinceName, "CA" },
                  { NID_countryName, "US" } };
    ATT_AUTO(mk_name_auto) X509_NAME *name = X509_NAME_new();

    /* MBSTRING_UTF8 gives UTF8String, and PrintableString for the country, as X.520 has it. */
    for (size_t i = 0; name && i < sizeof parts / sizeof parts[0]; i++)
        if (X509_NAME_add_entry_by_NID(name, parts[i].nid, MBSTRING_UTF8,
                                       (const unsigned char *)parts[i].text, -1, -1, 0) != 1)
            return failed(err, "makers.name");
    if (!name)
        return failed(err, "makers.name");
    *ret = ATT_MOVE(name);
    return true;
}

bool mk_key_id_der(const EVP_PKEY *key, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf inner = { 0 };
    uint8_t id[20];

    if (!mk_key_id(key, id, err))
        return false;
    mk_der_put(&inner, 0x80, att_span_of(id, sizeof id));
    mk_der_put(out, 0x30, att_buf_span(&inner));
    return (!inner.failed && !out->failed) || att_fail_memory(err, "makers.key_id");
}

static bool add_extension(X509 *cert, const ASN1_OBJECT *oid, bool critical, struct att_span der,
                          struct att_err *err)
{
    ATT_AUTO(mk_octets_auto) ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    if (!octets || der.len > INT32_MAX || ASN1_OCTET_STRING_set(octets, der.ptr, (int)der.len) != 1)
        return failed(err, "makers.cert.extension");
    ATT_AUTO(mk_ext_auto) X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, oid, critical, octets);
    if (!ext || X509_add_ext(cert, ext, -1) != 1)
        return failed(err, "makers.cert.extension");
    return true;
}

static bool add_standard(X509 *cert, int nid, bool critical, struct att_span der, struct att_err *err)
{
    return add_extension(cert, OBJ_nid2obj(nid), critical, der, err);
}

static bool add_crl_point(X509 *cert, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf uri = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf layer = { 0 };

    /* SEQUENCE { SEQUENCE { [0] { [0] { [6] uri } } } }: RFC 5280 4.2.1.13 */
    mk_der_put(&uri, 0x86, att_str(CRL_URI));
    static const uint8_t around[] = { 0xa0, 0xa0, 0x30, 0x30 };
    for (size_t i = 0; i < sizeof around; i++) {
        att_buf_clear(&layer);
        mk_der_put(&layer, around[i], att_buf_span(&uri));
        if (uri.failed || layer.failed) /* before they are cleared */
            return att_fail_memory(err, "makers.cert");
        att_buf_clear(&uri);
        att_buf_put(&uri, att_buf_span(&layer));
    }
    if (uri.failed)
        return att_fail_memory(err, "makers.cert");
    return add_standard(cert, NID_crl_distribution_points, false, att_buf_span(&uri), err);
}

/* The five extensions that verifiers of this field require, in the order production has them. */
static bool add_required(X509 *cert, const struct mk_cert_spec *s, struct att_err *err)
{
    static const uint8_t ca_usage[] = { 0x03, 0x02, 0x01, 0x06 };   /* keyCertSign, cRLSign */
    static const uint8_t leaf_usage[] = { 0x03, 0x02, 0x06, 0xc0 }; /* digitalSignature, nonRepudiation */
    static const uint8_t not_ca[] = { 0x30, 0x00 };
    const uint8_t is_ca[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, (uint8_t)s->path_len };
    ATT_AUTO(att_buf_free) struct att_buf authority = { 0 };
    uint8_t subject[22] = { 0x04, 20 };

    if (!mk_key_id_der(s->issuer_key, &authority, err) || !mk_key_id(s->subject_key, subject + 2, err))
        return false;
    return add_standard(cert, NID_authority_key_identifier, false, att_buf_span(&authority), err) &&
           add_crl_point(cert, err) &&
           add_standard(cert, NID_subject_key_identifier, false, att_span_of(subject, sizeof subject), err) &&
           add_standard(cert, NID_key_usage, true, att_span_of(s->may_sign ? ca_usage : leaf_usage, 4),
                        err) &&
           add_standard(cert, NID_basic_constraints, true,
                        s->ca ? att_span_of(is_ca, sizeof is_ca) : att_span_of(not_ca, sizeof not_ca), err);
}

static bool add_pck_extension(X509 *cert, const struct mk_cert_spec *s, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf der = { 0 };

    if (s->ext_copies == 0)
        return true;
    mk_pck_extension_encode(&s->ext, &der);
    if (der.failed)
        return att_fail_memory(err, "makers.cert.pck_extension");
    ATT_AUTO(mk_object_auto) ASN1_OBJECT *oid = OBJ_txt2obj(MK_PCK_EXTENSION_OID, 1);
    if (!oid)
        return failed(err, "makers.cert.pck_extension");
    for (unsigned i = 0; i < s->ext_copies; i++)
        if (!add_extension(cert, oid, false, att_buf_span(&der), err))
            return false;
    return true;
}

static bool set_names_and_times(X509 *cert, const struct mk_cert_spec *s, struct att_err *err)
{
    X509_NAME *subject = NULL, *issuer = NULL;

    if (!mk_name_new(s->subject_cn, &subject, err))
        return false;
    bool named = X509_set_subject_name(cert, subject) == 1;
    X509_NAME_free(subject);
    if (!mk_name_new(s->issuer_cn, &issuer, err))
        return false;
    named = X509_set_issuer_name(cert, issuer) == 1 && named;
    X509_NAME_free(issuer);
    if (!named || !ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)s->not_before) ||
        !ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)s->not_after))
        return failed(err, "makers.cert");
    return true;
}

bool mk_cert_make(const struct mk_cert_spec *s, X509 **ret, struct att_err *err)
{
    if (s->ready) {
        if (X509_up_ref(s->ready) != 1)
            return failed(err, "makers.cert");
        *ret = s->ready;
        return true;
    }
    ATT_AUTO(mk_x509_auto) X509 *cert = X509_new();
    ATT_AUTO(mk_bn_auto) BIGNUM *serial = BN_bin2bn(s->serial, sizeof s->serial, NULL);
    if (!cert || !serial || X509_set_version(cert, X509_VERSION_3) != 1 ||
        !BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) ||
        X509_set_pubkey(cert, s->subject_key) != 1)
        return failed(err, "makers.cert");
    if (!set_names_and_times(cert, s, err) || !add_required(cert, s, err) || !add_pck_extension(cert, s, err))
        return false;
    if (X509_sign(cert, s->signer, EVP_sha256()) <= 0)
        return failed(err, "makers.cert.sign");
    *ret = ATT_MOVE(cert);
    return true;
}

bool mk_cert_der(X509 *cert, struct att_buf *out, struct att_err *err)
{
    int len = i2d_X509(cert, NULL);
    uint8_t *to = len > 0 ? att_buf_room(out, (size_t)len) : NULL;

    if (!to)
        return att_fail_memory(err, "makers.cert.der");
    if (i2d_X509(cert, &to) != len)
        return failed(err, "makers.cert.der");
    out->len += (size_t)len;
    return true;
}

void mk_pem_put(struct att_buf *out, struct att_span der)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64_put(&text, der);
    att_buf_puts(out, "-----BEGIN CERTIFICATE-----\n");
    for (size_t i = 0; i < text.len; i += 64) {
        size_t left = text.len - i;
        att_buf_put(out, att_span_of(text.ptr + i, left < 64 ? left : 64));
        att_buf_putc(out, '\n');
    }
    att_buf_puts(out, "-----END CERTIFICATE-----\n");
    out->failed |= text.failed;
}

bool mk_cert_pem(X509 *cert, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf der = { 0 };

    if (!mk_cert_der(cert, &der, err))
        return false;
    mk_pem_put(out, att_buf_span(&der));
    return !out->failed || att_fail_memory(err, "makers.cert.pem");
}

bool mk_cert_from_pem(struct att_span pem, X509 **ret, struct att_err *err)
{
    ATT_AUTO(mk_bio_auto) BIO *bio = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    if (!cert)
        return att_fail(err, ATT_CERT_MALFORMED, "makers.cert", "a certificate in PEM", "none");
    *ret = cert;
    return true;
}
