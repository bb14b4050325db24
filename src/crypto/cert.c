/* One certificate: read once, strictly, into an object that never changes.
 *
 * The reader here follows RFC 5280 4.1 field by field over DER that was checked to its innermost element;
 * everything points into one private copy. OpenSSL's d2i_X509 reads it too and must agree that it is a
 * certificate: two independent readers, so that a slip in one of them does not admit what the other refuses.
 */
#include "crypto/x509_core.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/err.h"

static bool bad(struct att_err *err, const char *where, const char *expected, const char *found)
{
    return att_fail(err, ATT_CERT_MALFORMED, where, expected, "%s", found);
}

/* version [0] EXPLICIT: only v3 has extensions, and without them nothing says what a key is for. */
static bool read_version(struct att_reader *r, struct att_err *err)
{
    struct att_span content;
    uint64_t version = 0;

    if (!att_asn1_peek(r, ATT_DER_TAG_CONTEXT) || !att_der_take(r, ATT_DER_TAG_CONTEXT, &content))
        return bad(err, "certificate.version", "v3", "v1");
    struct att_reader in = att_reader_of(content);
    if (!att_der_take_uint(&in, ATT_DER_INTEGER, UINT8_MAX, &version) || !att_all_read(&in))
        return bad(err, "certificate.version", "v3", "no small number");
    if (version != 2)
        return att_fail(err, ATT_CERT_MALFORMED, "certificate.version", "v3", "v%u", (unsigned)version + 1);
    return true;
}

/* Zero is read: every VCEK and VLEK of AMD has that serial. Chains of others refuse it (att_chain_check). */
static bool read_serial(struct att_reader *r, struct att_cert *cert, struct att_err *err)
{
    if (!att_asn1_natural(r, &cert->serial))
        return bad(err, "certificate.serialNumber", "an INTEGER that is not negative", "another");
    if (cert->serial.len > ATT_SERIAL_BYTES_MAX)
        return att_fail(err, ATT_CERT_MALFORMED, "certificate.serialNumber", "at most 20 octets",
                        "%zu octets", cert->serial.len);
    return true;
}

static bool read_inner_algorithm(struct att_reader *r, const struct att_cert *cert, struct att_err *err)
{
    struct att_span inner;

    if (!att_der_take(r, ATT_DER_SEQUENCE, &inner) || !att_span_eq(inner, cert->outer.algorithm))
        return bad(err, "certificate.signature", "the same as signatureAlgorithm (RFC 5280 4.1.1.2)",
                   "another");
    return true;
}

static bool read_name(struct att_reader *r, const char *where, struct att_span *ret_whole,
                      struct att_span *ret, struct att_err *err)
{
    if (!att_asn1_take(r, ATT_DER_SEQUENCE, ret_whole, ret) || !att_asn1_name(*ret))
        return bad(err, where, "a distinguished name", "other bytes");
    return true;
}

static bool read_validity(struct att_reader *r, struct att_cert *cert, struct att_err *err)
{
    struct att_span content;

    if (!att_der_take(r, ATT_DER_SEQUENCE, &content))
        return bad(err, "certificate.validity", "two times", "other bytes");
    struct att_reader in = att_reader_of(content);
    if (!att_asn1_time(&in, &cert->not_before))
        return bad(err, "certificate.validity.notBefore", "UTCTime or GeneralizedTime with seconds and Z",
                   "another");
    if (!att_asn1_time(&in, &cert->not_after) || !att_all_read(&in))
        return bad(err, "certificate.validity.notAfter", "UTCTime or GeneralizedTime with seconds and Z",
                   "another");
    return true;
}

static bool read_key(struct att_reader *r, const struct att_crypto *c, struct att_cert *cert,
                     struct att_err *err)
{
    struct att_span content;

    if (!att_asn1_take(r, ATT_DER_SEQUENCE, &cert->spki, &content))
        return bad(err, "certificate.subjectPublicKeyInfo", "a public key", "other bytes");
    if (!att_key_from_spki(c, cert->spki, &cert->key, err))
        return att_fail_as(err, ATT_CERT_MALFORMED, "certificate");
    return true;
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL } */
static bool read_constraints(struct att_cert *cert, struct att_span value)
{
    struct att_reader whole = att_reader_of(value);
    struct att_span content;

    if (!att_der_take(&whole, ATT_DER_SEQUENCE, &content) || !att_all_read(&whole))
        return false;
    struct att_reader in = att_reader_of(content);
    if (att_asn1_peek(&in, ATT_DER_BOOLEAN) && !att_der_take_bool(&in, &cert->ca))
        return false;
    if (in.left > 0) {
        cert->has_path_len = true;
        if (!att_der_take_uint(&in, ATT_DER_INTEGER, UINT32_MAX, &cert->path_len))
            return false;
    }
    cert->has_constraints = true;
    return att_all_read(&in);
}

/* KeyUsage ::= BIT STRING, named bits; at most nine of them. */
static bool read_key_usage(struct att_cert *cert, struct att_span value)
{
    struct att_reader whole = att_reader_of(value);
    struct att_span bits;

    if (!att_der_take(&whole, ATT_DER_BIT_STRING, &bits) || !att_all_read(&whole))
        return false;
    if (bits.len < 2 || bits.len > 3 || bits.ptr[0] > 7)
        return false;
    unsigned unused_mask = (1u << bits.ptr[0]) - 1;
    if (bits.ptr[bits.len - 1] & unused_mask)
        return false;
    for (size_t bit = 0; bit < 8 * (bits.len - 1); bit++) {
        if (bits.ptr[1 + bit / 8] & (0x80 >> bit % 8))
            cert->key_usage |= (uint16_t)(1u << bit);
    }
    cert->has_key_usage = true;
    return true;
}

static bool read_extensions(struct att_reader *r, struct att_cert *cert, struct att_err *err)
{
    struct att_span content;
    struct att_span value;

    if (r->left == 0)
        return true;
    if (!att_der_take(r, ATT_DER_TAG_CONTEXT + 3, &content))
        return bad(err, "certificate.extensions", "[3] and nothing else behind the key", "another field");
    struct att_reader outer = att_reader_of(content);
    if (!att_der_take(&outer, ATT_DER_SEQUENCE, &content) || !att_all_read(&outer) ||
        !att_asn1_extensions(content, cert->extensions, &cert->extension_count))
        return bad(err, "certificate.extensions", "1 to 32 extensions, each once", "another list");
    if (att_cert_extension(cert, "2.5.29.19", &value) && !read_constraints(cert, value))
        return bad(err, "certificate.extensions.basicConstraints", "cA and a path length", "other bytes");
    if (att_cert_extension(cert, "2.5.29.15", &value) && !read_key_usage(cert, value))
        return bad(err, "certificate.extensions.keyUsage", "one to nine bits", "other bytes");
    return true;
}

static bool read_tbs(const struct att_crypto *c, struct att_cert *cert, struct att_err *err)
{
    struct att_reader r = att_reader_of(cert->outer.tbs_content);
    struct att_span issuer;
    struct att_span subject;

    if (!read_version(&r, err) || !read_serial(&r, cert, err) || !read_inner_algorithm(&r, cert, err) ||
        !read_name(&r, "certificate.issuer", &cert->issuer, &issuer, err) || !read_validity(&r, cert, err) ||
        !read_name(&r, "certificate.subject", &cert->subject, &subject, err) || !read_key(&r, c, cert, err) ||
        !read_extensions(&r, cert, err))
        return false;
    if (issuer.len == 0) /* RFC 5280 4.1.2.4 */
        return bad(err, "certificate.issuer", "a name", "an empty one");
    if (!att_all_read(&r))
        return bad(err, "certificate", "nothing behind the extensions", "more fields");
    att_asn1_common_name(subject, cert->common_name, sizeof cert->common_name);
    return true;
}

static bool openssl_agrees(struct att_span der, struct att_err *err)
{
    const uint8_t *p = der.ptr;

    ERR_clear_error();
    X509 *x = d2i_X509(NULL, &p, (long)der.len);
    bool agrees = x && p == der.ptr + der.len;
    X509_free(x);
    if (att_openssl_reasons().no_memory)
        return att_fail_memory(err, "certificate");
    if (!agrees)
        return bad(err, "certificate", "what OpenSSL reads as a certificate too", "something else");
    return true;
}

bool att_cert_from_der(const struct att_crypto *c, struct att_span der, const struct att_limits *limits,
                       struct att_cert **ret, struct att_err *err)
{
    if (!limits)
        limits = &att_limits_default;
    if (der.len > limits->cert_bytes_max)
        return att_fail(err, ATT_CERT_MALFORMED, "certificate", "at most cert_bytes_max bytes", "%zu bytes",
                        der.len);
    if (der.len == 0)
        return bad(err, "certificate", "DER", "nothing");
    ATT_AUTO(att_cert_auto) struct att_cert *cert = calloc(1, sizeof *cert + der.len);
    if (!cert)
        return att_fail_memory(err, "certificate");
    atomic_init(&cert->refs, 1);
    memcpy(cert->bytes, der.ptr, der.len);
    cert->der = att_span_of(cert->bytes, der.len);
    if (!att_asn1_shape(cert->der, limits->der_depth_max))
        return bad(err, "certificate", "DER to the innermost element", "other bytes");
    if (!att_signed_read(cert->der, &cert->outer))
        return bad(err, "certificate", "tbsCertificate, signatureAlgorithm, signature", "another structure");
    if (!read_tbs(c, cert, err) || !openssl_agrees(cert->der, err))
        return false;
    *ret = ATT_MOVE(cert);
    return true;
}

struct att_cert *att_cert_ref(struct att_cert *cert)
{
    atomic_fetch_add_explicit(&cert->refs, 1, memory_order_relaxed);
    return cert;
}

void att_cert_free(struct att_cert *cert)
{
    if (!cert || atomic_fetch_sub_explicit(&cert->refs, 1, memory_order_acq_rel) != 1)
        return;
    att_key_free(cert->key);
    free(cert);
}

struct att_span att_cert_der(const struct att_cert *cert)
{
    return cert->der;
}
struct att_span att_cert_subject(const struct att_cert *cert)
{
    return cert->subject;
}
struct att_span att_cert_issuer(const struct att_cert *cert)
{
    return cert->issuer;
}
struct att_span att_cert_serial(const struct att_cert *cert)
{
    return cert->serial;
}
const char *att_cert_subject_cn(const struct att_cert *cert)
{
    return cert->common_name;
}
int64_t att_cert_not_before(const struct att_cert *cert)
{
    return cert->not_before;
}
int64_t att_cert_not_after(const struct att_cert *cert)
{
    return cert->not_after;
}
const struct att_key *att_cert_key(const struct att_cert *cert)
{
    return cert->key;
}

bool att_cert_signed_with_pss(const struct att_cert *cert, enum att_hash hash)
{
    struct att_scheme scheme;

    return att_scheme_read(cert->outer.algorithm, &scheme) && scheme.family == ATT_FAMILY_PSS &&
           scheme.hash == hash;
}

bool att_cert_is_ca(const struct att_cert *cert)
{
    return cert->has_constraints && cert->ca &&
           (!cert->has_key_usage || (cert->key_usage & ATT_USAGE_KEY_CERT_SIGN));
}

bool att_cert_may_sign(const struct att_cert *cert)
{
    return !cert->has_key_usage || (cert->key_usage & ATT_USAGE_DIGITAL_SIGNATURE);
}

/* ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId (RFC 5280 4.2.1.12). Read to its end before it counts. */
bool att_cert_has_usage(const struct att_cert *cert, const char *oid)
{
    struct att_span value, list;
    bool found = false;

    if (!att_cert_extension(cert, "2.5.29.37", &value))
        return false;
    struct att_reader whole = att_reader_of(value);
    if (!att_der_take(&whole, ATT_DER_SEQUENCE, &list) || !att_all_read(&whole))
        return false;
    struct att_reader r = att_reader_of(list);
    while (r.left > 0 && !r.failed) {
        struct att_span usage;
        if (att_der_take(&r, ATT_DER_OID, &usage))
            found = att_oid_is(usage, oid) || found;
    }
    return found && att_all_read(&r);
}

bool att_cert_is_self_issued(const struct att_cert *cert)
{
    return att_span_eq(cert->subject, cert->issuer);
}

bool att_cert_extension(const struct att_cert *cert, const char *oid, struct att_span *ret)
{
    struct att_oid wanted;

    if (!att_oid_read(oid, &wanted))
        return false;
    for (size_t i = 0; i < cert->extension_count; i++) {
        if (att_span_eq(cert->extensions[i].oid, att_span_of(wanted.bytes, wanted.len))) {
            *ret = cert->extensions[i].value;
            return true;
        }
    }
    return false;
}

enum att_sig att_cert_signed_by(const struct att_crypto *c, const struct att_cert *cert,
                                const struct att_cert *issuer)
{
    if (!att_span_eq(cert->issuer, issuer->subject))
        return ATT_SIG_INVALID;
    return att_signed_check(c, &cert->outer, issuer->key);
}

bool att_cert_spki_sha256(const struct att_crypto *c, const struct att_cert *cert, uint8_t ret[32])
{
    return att_digest(c, ATT_SHA256, cert->spki, ret);
}
