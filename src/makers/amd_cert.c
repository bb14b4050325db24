/* Certificates in AMD's form (57230), written in DER. */
#include "makers/amd_parts.h"

#include "base/err.h"
#include "makers/der.h"
#include "makers/pki.h"

#include <openssl/rsa.h>
#include <stdio.h>

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BITS = 0x03,
    TAG_OCTETS = 0x04,
    TAG_OID = 0x06,
    TAG_IA5 = 0x16,
    TAG_SEQUENCE = 0x30,
};

ATT_AUTO_PTR(mk_md_ctx_auto, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(mk_name_auto, X509_NAME, X509_NAME_free)
ATT_AUTO_PTR(mk_time_auto, ASN1_TIME, ASN1_TIME_free)

static bool failed(struct att_err *err, const char *where)
{
    return att_fail(err, ATT_CRYPTO_FAILED, where, "success", "a failure inside OpenSSL");
}

/* -- AMD's extensions ----------------------------------------------------------------------------------------- */

void mk_amd_ext_bytes(struct mk_amd_ext_list *list, uint8_t a, uint8_t b, struct att_span value)
{
    struct mk_amd_ext *e = &list->ext[list->count++];

    *e = (struct mk_amd_ext){ .arc = { a, b }, .len = value.len };
    memcpy(e->value, value.ptr, value.len);
}

void mk_amd_ext_number(struct mk_amd_ext_list *list, uint8_t a, uint8_t b, uint32_t value)
{
    uint8_t der[7] = { TAG_INTEGER, 0 };
    uint8_t be[5] = { 0, (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                      (uint8_t)value };
    size_t skip = 0;

    /* The leading zero stays where the next byte's top bit would make the number negative (X.690 8.3). */
    while (skip < 4 && be[skip] == 0 && be[skip + 1] < 0x80)
        skip++;
    der[1] = (uint8_t)(sizeof be - skip);
    memcpy(der + 2, be + skip, sizeof be - skip);
    mk_amd_ext_bytes(list, a, b, att_span_of(der, 2 + sizeof be - skip));
}

void mk_amd_ext_text(struct mk_amd_ext_list *list, uint8_t a, uint8_t b, const char *text)
{
    uint8_t der[MK_AMD_EXT_BYTES] = { TAG_IA5, (uint8_t)strlen(text) };

    memcpy(der + 2, text, der[1]);
    mk_amd_ext_bytes(list, a, b, att_span_of(der, 2u + der[1]));
}

struct mk_amd_ext *mk_amd_ext_find(struct mk_amd_ext_list *list, uint8_t a, uint8_t b)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->ext[i].arc[0] == a && list->ext[i].arc[1] == b)
            return &list->ext[i];
    return NULL;
}

void mk_amd_ext_drop(struct mk_amd_ext_list *list, uint8_t a, uint8_t b)
{
    struct mk_amd_ext *e = mk_amd_ext_find(list, a, b);

    if (!e)
        return;
    memmove(e, e + 1, (size_t)(list->ext + list->count - (e + 1)) * sizeof *e);
    list->count--;
}

void mk_amd_extension_put(struct att_buf *out, struct att_span oid, bool critical, struct att_span der)
{
    static const uint8_t yes[] = { 0xff };
    ATT_AUTO(att_buf_free) struct att_buf inner = { 0 };

    mk_der_put(&inner, TAG_OID, oid);
    if (critical)
        mk_der_put(&inner, TAG_BOOLEAN, att_span_of(yes, sizeof yes));
    mk_der_put(&inner, TAG_OCTETS, der);
    out->failed |= inner.failed;
    mk_der_put(out, TAG_SEQUENCE, att_buf_span(&inner));
}

static void amd_extension_put(struct att_buf *out, const struct mk_amd_ext *e)
{
    /* 1.3.6.1.4.1.3704.1 */
    uint8_t oid[10] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, e->arc[0], e->arc[1] };

    mk_amd_extension_put(out, att_span_of(oid, e->arc[1] ? 10 : 9), false, att_span_of(e->value, e->len));
}

/* -- pieces ---------------------------------------------------------------------------------------------------- */

bool mk_amd_name_put(const char *cn, struct att_buf *out, struct att_err *err)
{
    const struct {
        int nid;
        const char *text;
    } parts[] = { { NID_organizationalUnitName, "Engineering" },
                  { NID_countryName, "US" },
                  { NID_localityName, "Santa Clara" },
                  { NID_stateOrProvinceName, "CA" },
                  { NID_organizationName, "Advanced Micro Devices" },
                  { NID_commonName, cn } };
    ATT_AUTO(mk_name_auto) X509_NAME *name = X509_NAME_new();

    for (size_t i = 0; name && i < sizeof parts / sizeof parts[0]; i++)
        if (X509_NAME_add_entry_by_NID(name, parts[i].nid, MBSTRING_UTF8,
                                       (const unsigned char *)parts[i].text, -1, -1, 0) != 1)
            return failed(err, "makers.amd.name");
    int len = name ? i2d_X509_NAME(name, NULL) : -1;
    uint8_t *to = len > 0 ? att_buf_room(out, (size_t)len) : NULL;
    if (!to || i2d_X509_NAME(name, &to) != len)
        return failed(err, "makers.amd.name");
    out->len += (size_t)len;
    return true;
}

bool mk_amd_time_put(int64_t unix_s, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(mk_time_auto) ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)unix_s);
    int len = t ? i2d_ASN1_TIME(t, NULL) : -1;
    uint8_t *to = len > 0 ? att_buf_room(out, (size_t)len) : NULL;

    if (!to || i2d_ASN1_TIME(t, &to) != len)
        return failed(err, "makers.amd.time");
    out->len += (size_t)len;
    return true;
}

void mk_amd_serial_put(const uint8_t serial[MK_AMD_SERIAL_BYTES], struct att_buf *out)
{
    size_t skip = 0;

    while (skip < MK_AMD_SERIAL_BYTES - 1 && serial[skip] == 0)
        skip++;
    mk_der_put(out, TAG_INTEGER, att_span_of(serial + skip, MK_AMD_SERIAL_BYTES - skip));
}

bool mk_amd_key_id(EVP_PKEY *key, uint8_t ret[20], struct att_err *err)
{
    X509_PUBKEY *pub = NULL;
    const unsigned char *bits = NULL;
    int len = 0;
    bool ok = X509_PUBKEY_set(&pub, key) == 1 && X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, pub) == 1 &&
              EVP_Digest(bits, (size_t)len, ret, NULL, EVP_sha1(), NULL) == 1;

    X509_PUBKEY_free(pub);
    return ok || failed(err, "makers.amd.key_id");
}

/* AlgorithmIdentifier, RFC 4055 section 3.1. */
void mk_amd_scheme_put(enum mk_amd_scheme scheme, struct att_buf *out)
{
    static const uint8_t pss_oid[] = { TAG_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a };
    static const uint8_t pkcs1_oid[] = { TAG_OID, 9,    0x2a, 0x86, 0x48, 0x86, 0xf7,
                                         0x0d,    0x01, 0x01, 0x0c, 0x05, 0x00 };
    static const uint8_t mgf1_oid[] = { TAG_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08 };
    static const uint8_t trailer[] = { TAG_INTEGER, 1, 1 };
    bool sha384 = scheme != MK_AMD_PSS_SHA256;
    const uint8_t hash[] = { TAG_SEQUENCE, 13,   TAG_OID, 9,    0x60,           0x86, 0x48, 0x01,
                             0x65,         0x03, 0x04,    0x02, sha384 ? 2 : 1, 0x05, 0x00 };
    const uint8_t salt[] = { TAG_INTEGER, 1, sha384 ? 48 : 32 };
    ATT_AUTO(att_buf_free) struct att_buf mgf = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf sequence = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf params = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf whole = { 0 };

    if (scheme == MK_AMD_PKCS1_SHA384) {
        mk_der_put(out, TAG_SEQUENCE, att_span_of(pkcs1_oid, sizeof pkcs1_oid));
        return;
    }
    att_buf_put(&mgf, att_span_of(mgf1_oid, sizeof mgf1_oid));
    att_buf_put(&mgf, att_span_of(hash, sizeof hash));
    mk_der_put(&sequence, TAG_SEQUENCE, att_buf_span(&mgf));
    mk_der_put(&params, 0xa0, att_span_of(hash, sizeof hash));
    mk_der_put(&params, 0xa1, att_buf_span(&sequence));
    mk_der_put(&params, 0xa2, att_span_of(salt, sizeof salt));
    if (scheme == MK_AMD_PSS_SHA384_TRAILER)
        mk_der_put(&params, 0xa3, att_span_of(trailer, sizeof trailer));
    att_buf_put(&whole, att_span_of(pss_oid, sizeof pss_oid));
    mk_der_put(&whole, TAG_SEQUENCE, att_buf_span(&params));
    out->failed |= mgf.failed || sequence.failed || params.failed || whole.failed;
    mk_der_put(out, TAG_SEQUENCE, att_buf_span(&whole));
}

static bool rsa_sign(EVP_PKEY *key, enum mk_amd_scheme scheme, struct att_span message, struct att_buf *out)
{
    ATT_AUTO(mk_md_ctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = scheme == MK_AMD_PSS_SHA256 ? EVP_sha256() : EVP_sha384();
    EVP_PKEY_CTX *how = NULL;
    size_t len = (size_t)EVP_PKEY_get_size(key);
    uint8_t *to = att_buf_room(out, len);

    if (!to || !ctx || EVP_DigestSignInit(ctx, &how, md, NULL, key) != 1)
        return false;
    if (scheme != MK_AMD_PKCS1_SHA384 && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
                                          EVP_PKEY_CTX_set_rsa_mgf1_md(how, md) != 1 ||
                                          EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    if (EVP_DigestSign(ctx, to, &len, message.ptr, message.len) != 1)
        return false;
    out->len += len;
    return true;
}

bool mk_amd_signed_put(EVP_PKEY *signer, enum mk_amd_scheme scheme, bool flip, struct att_span tbs,
                       struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf bits = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf whole = { 0 };

    att_buf_putc(&bits, '\0'); /* no unused bits */
    if (!rsa_sign(signer, scheme, tbs, &bits))
        return failed(err, "makers.amd.sign");
    if (flip)
        bits.ptr[bits.len - 1] ^= 1;
    att_buf_put(&whole, tbs);
    mk_amd_scheme_put(scheme, &whole);
    mk_der_put(&whole, TAG_BITS, att_buf_span(&bits));
    out->failed |= whole.failed;
    mk_der_put(out, TAG_SEQUENCE, att_buf_span(&whole));
    return !out->failed || att_fail_memory(err, "makers.amd.sign");
}

/* -- the certificate ------------------------------------------------------------------------------------------- */

static bool ca_extensions_put(const struct mk_amd_cert_spec *s, struct att_buf *out, struct att_err *err)
{
    static const uint8_t usage_oid[] = { 0x55, 0x1d, 0x0f }, subject_oid[] = { 0x55, 0x1d, 0x0e };
    static const uint8_t basic_oid[] = { 0x55, 0x1d, 0x13 }, authority_oid[] = { 0x55, 0x1d, 0x23 };
    static const uint8_t root_usage[] = { TAG_BITS, 2, 1, 0x06 }; /* keyCertSign, cRLSign */
    static const uint8_t ca_usage[] = { TAG_BITS, 2, 2, 0x04 };   /* keyCertSign */
    static const uint8_t root_basic[] = { TAG_SEQUENCE, 3, TAG_BOOLEAN, 1, 0xff };
    static const uint8_t ca_basic[] = { TAG_SEQUENCE, 6, TAG_BOOLEAN, 1, 0xff, TAG_INTEGER, 1, 0 };
    uint8_t subject[22] = { TAG_OCTETS, 20 }, authority[24] = { TAG_SEQUENCE, 22, 0x80, 20 };

    if (!mk_amd_key_id(s->subject_key, subject + 2, err) || !mk_amd_key_id(s->issuer_key, authority + 4, err))
        return false;
    mk_amd_extension_put(out, att_span_of(usage_oid, 3), true,
                         s->root ? att_span_of(root_usage, sizeof root_usage)
                                 : att_span_of(ca_usage, sizeof ca_usage));
    mk_amd_extension_put(out, att_span_of(subject_oid, 3), false, att_span_of(subject, sizeof subject));
    if (!s->root)
        mk_amd_extension_put(out, att_span_of(authority_oid, 3), false,
                             att_span_of(authority, sizeof authority));
    mk_amd_extension_put(out, att_span_of(basic_oid, 3), true,
                         s->root ? att_span_of(root_basic, sizeof root_basic)
                                 : att_span_of(ca_basic, sizeof ca_basic));
    return true;
}

static bool extensions_put(const struct mk_amd_cert_spec *s, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf list = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf sequence = { 0 };

    if (s->ca && !ca_extensions_put(s, &list, err))
        return false;
    for (size_t i = 0; i < s->ext.count; i++)
        amd_extension_put(&list, &s->ext.ext[i]);
    mk_der_put(&sequence, TAG_SEQUENCE, att_buf_span(&list));
    out->failed |= list.failed || sequence.failed;
    mk_der_put(out, 0xa3, att_buf_span(&sequence));
    return true;
}

static bool key_put(EVP_PKEY *key, struct att_buf *out, struct att_err *err)
{
    int len = i2d_PUBKEY(key, NULL);
    uint8_t *to = len > 0 ? att_buf_room(out, (size_t)len) : NULL;

    if (!to || i2d_PUBKEY(key, &to) != len)
        return failed(err, "makers.amd.key");
    out->len += (size_t)len;
    return true;
}

bool mk_amd_cert_put(const struct mk_amd_cert_spec *s, struct att_buf *out, struct att_err *err)
{
    static const uint8_t version_3[] = { TAG_INTEGER, 1, 2 };
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf validity = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf tbs = { 0 };

    if (s->ready)
        return mk_cert_der(s->ready, out, err);
    mk_der_put(&body, 0xa0, att_span_of(version_3, sizeof version_3));
    mk_amd_serial_put(s->serial, &body);
    mk_amd_scheme_put(s->scheme, &body);
    if (!mk_amd_name_put(s->issuer_cn, &body, err) || !mk_amd_time_put(s->not_before, &validity, err) ||
        !mk_amd_time_put(s->not_after, &validity, err))
        return false;
    mk_der_put(&body, TAG_SEQUENCE, att_buf_span(&validity));
    if (!mk_amd_name_put(s->subject_cn, &body, err) || !key_put(s->subject_key, &body, err) ||
        !extensions_put(s, &body, err))
        return false;
    mk_der_put(&tbs, TAG_SEQUENCE, att_buf_span(&body));
    if (body.failed || validity.failed || tbs.failed)
        return att_fail_memory(err, "makers.amd.cert");
    return mk_amd_signed_put(s->signer, s->scheme, s->flip_signature, att_buf_span(&tbs), out, err);
}
