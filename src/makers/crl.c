#include "makers/pki.h"

#include "base/err.h"
#include "makers/der.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

ATT_AUTO_PTR(mk_revoked_auto, X509_REVOKED, X509_REVOKED_free)
ATT_AUTO_PTR(mk_integer_auto, ASN1_INTEGER, ASN1_INTEGER_free)
ATT_AUTO_PTR(mk_reason_auto, ASN1_ENUMERATED, ASN1_ENUMERATED_free)
ATT_AUTO_PTR(mk_time_auto, ASN1_TIME, ASN1_TIME_free)
ATT_AUTO_PTR(mk_octets_auto, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
ATT_AUTO_PTR(mk_ext_auto, X509_EXTENSION, X509_EXTENSION_free)
ATT_AUTO_PTR(mk_bn_auto, BIGNUM, BN_free)
ATT_AUTO_PTR(mk_name_auto, X509_NAME, X509_NAME_free)

static bool failed(struct att_err *err)
{
    return att_fail(err, ATT_CRYPTO_FAILED, "makers.crl", "success", "a failure inside OpenSSL");
}

static bool add_entry(X509_CRL *crl, const struct mk_crl_spec *s, struct att_err *err)
{
    ATT_AUTO(mk_revoked_auto) X509_REVOKED *entry = X509_REVOKED_new();
    ATT_AUTO(mk_bn_auto) BIGNUM *number = BN_bin2bn(s->revoked, MK_SERIAL_BYTES, NULL);
    ATT_AUTO(mk_integer_auto) ASN1_INTEGER *serial = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    ATT_AUTO(mk_time_auto) ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)s->this_update);
    ATT_AUTO(mk_reason_auto) ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

    if (!entry || !serial || !when || !reason || ASN1_ENUMERATED_set(reason, 1) != 1 /* keyCompromise */ ||
        X509_REVOKED_set_serialNumber(entry, serial) != 1 ||
        X509_REVOKED_set_revocationDate(entry, when) != 1 ||
        X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) != 1 ||
        X509_CRL_add0_revoked(crl, entry) != 1)
        return failed(err);
    entry = NULL; /* the list owns it now */
    return true;
}

static bool add_extension(X509_CRL *crl, int nid, struct att_span der, struct att_err *err)
{
    ATT_AUTO(mk_octets_auto) ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    if (!octets || ASN1_OCTET_STRING_set(octets, der.ptr, (int)der.len) != 1)
        return failed(err);
    ATT_AUTO(mk_ext_auto) X509_EXTENSION *ext = X509_EXTENSION_create_by_NID(NULL, nid, 0, octets);
    if (!ext || X509_CRL_add_ext(crl, ext, -1) != 1)
        return failed(err);
    return true;
}

static bool add_extensions(X509_CRL *crl, const struct mk_crl_spec *s, struct att_err *err)
{
    static const uint8_t number_one[] = { 0x02, 0x01, 0x01 };
    ATT_AUTO(att_buf_free) struct att_buf authority = { 0 };

    if (!s->no_number && !add_extension(crl, NID_crl_number, att_span_of(number_one, sizeof number_one), err))
        return false;
    if (s->no_key_id)
        return true;
    return mk_key_id_der(s->issuer_key, &authority, err) &&
           add_extension(crl, NID_authority_key_identifier, att_buf_span(&authority), err);
}

static bool set_issuer_and_times(X509_CRL *crl, const struct mk_crl_spec *s, struct att_err *err)
{
    ATT_AUTO(mk_name_auto) X509_NAME *issuer = NULL;
    ATT_AUTO(mk_time_auto) ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)s->this_update);
    ATT_AUTO(mk_time_auto) ASN1_TIME *to = ASN1_TIME_set(NULL, (time_t)s->next_update);

    if (!mk_name_new(s->issuer_cn, &issuer, err))
        return false;
    if (!from || !to || X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl, issuer) != 1 || X509_CRL_set1_lastUpdate(crl, from) != 1 ||
        X509_CRL_set1_nextUpdate(crl, to) != 1)
        return failed(err);
    return true;
}

static bool put_der(X509_CRL *crl, const struct mk_crl_spec *s, struct att_buf *out, struct att_err *err)
{
    int len = i2d_X509_CRL(crl, NULL);
    uint8_t *to = len > 0 ? att_buf_room(out, (size_t)len) : NULL;

    if (!to)
        return att_fail_memory(err, "makers.crl");
    if (i2d_X509_CRL(crl, &to) != len || s->drop_tail > (size_t)len)
        return failed(err);
    out->len += (size_t)len - s->drop_tail;
    att_buf_fill(out, 0, s->extra_tail);
    return !out->failed || att_fail_memory(err, "makers.crl");
}

bool mk_crl_make(const struct mk_crl_spec *s, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(mk_crl_auto) X509_CRL *crl = X509_CRL_new();

    if (!crl)
        return failed(err);
    if (!set_issuer_and_times(crl, s, err) || (s->revoked && !add_entry(crl, s, err)) ||
        !add_extensions(crl, s, err))
        return false;
    if (X509_CRL_sort(crl) != 1 || X509_CRL_sign(crl, s->signer, EVP_sha256()) <= 0)
        return failed(err);
    return put_der(crl, s, out, err);
}
