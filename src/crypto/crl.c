/* Revocation lists (RFC 5280 5): complete ones for one issuer. A list of narrower scope (issuing distribution
 * point, indirect, delta) is refused: to read it as complete would call revoked certificates good. */
#include "crypto/x509_core.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/hex.h"

struct att_crl {
    atomic_uint refs;
    struct att_signed outer; /* all spans point into bytes */
    struct att_span der, issuer;
    int64_t this_update, next_update;
    bool has_number, has_aki;
    struct att_span *serials; /* sorted; each without leading zeros */
    size_t count;
    uint8_t bytes[];
};

ATT_AUTO_PTR(crl_auto, struct att_crl, att_crl_free)

static bool bad(struct att_err *err, const char *where, const char *expected, const char *found)
{
    return att_fail(err, ATT_CRL_MALFORMED, where, expected, "%s", found);
}

static bool read_head(struct att_reader *r, struct att_crl *crl, struct att_err *err)
{
    struct att_span content;
    uint64_t version = 0;

    if (!att_asn1_peek(r, ATT_DER_INTEGER) || !att_der_take_uint(r, ATT_DER_INTEGER, UINT8_MAX, &version) ||
        version != 1)
        return bad(err, "crl.version", "v2", "another");
    if (!att_der_take(r, ATT_DER_SEQUENCE, &content) || !att_span_eq(content, crl->outer.algorithm))
        return bad(err, "crl.signature", "the same as signatureAlgorithm (RFC 5280 5.1.1.2)", "another");
    if (!att_asn1_take(r, ATT_DER_SEQUENCE, &crl->issuer, &content) || content.len == 0 ||
        !att_asn1_name(content))
        return bad(err, "crl.issuer", "a distinguished name that is not empty", "other bytes");
    if (!att_asn1_time(r, &crl->this_update))
        return bad(err, "crl.thisUpdate", "UTCTime or GeneralizedTime with seconds and Z", "another");
    if (att_asn1_peek(r, ATT_DER_SEQUENCE) || att_asn1_peek(r, ATT_DER_TAG_CONTEXT) || r->left == 0)
        return bad(err, "crl.nextUpdate", "a time (RFC 5280 5.1.2.5)", "nothing");
    if (!att_asn1_time(r, &crl->next_update))
        return bad(err, "crl.nextUpdate", "UTCTime or GeneralizedTime with seconds and Z", "another");
    return true;
}

/* Reason and invalidity date tell why and since when; a certificate issuer would make the entry another CA's,
 * and whatever else is critical is not understood. */
static bool entry_extensions_known(struct att_reader *r)
{
    struct att_extension list[ATT_EXTENSIONS_MAX];
    struct att_span content;
    size_t count = 0;

    if (!att_der_take(r, ATT_DER_SEQUENCE, &content) || !att_asn1_extensions(content, list, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool reason = att_oid_is(list[i].oid, "2.5.29.21");
        bool date = att_oid_is(list[i].oid, "2.5.29.24");
        bool other_issuer = att_oid_is(list[i].oid, "2.5.29.29");
        if (other_issuer || (list[i].critical && !reason && !date))
            return false;
    }
    return true;
}

static bool take_entry(struct att_reader *r, struct att_span *ret_serial)
{
    struct att_span content;
    int64_t revoked_at = 0;

    if (!att_der_take(r, ATT_DER_SEQUENCE, &content))
        return false;
    struct att_reader in = att_reader_of(content);
    if (!att_asn1_natural(&in, ret_serial) || !att_asn1_time(&in, &revoked_at))
        return false;
    return (in.left == 0 || entry_extensions_known(&in)) && att_all_read(&in);
}

static int by_serial(const void *a, const void *b)
{
    const struct att_span *x = a;
    const struct att_span *y = b;

    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return x->len == 0 ? 0 : memcmp(x->ptr, y->ptr, x->len);
}

static bool read_entries(struct att_reader *r, struct att_crl *crl, struct att_err *err)
{
    enum { ENTRY_BYTES_MIN = 2 + 3 + 15 }; /* SEQUENCE, a one-byte serial, a UTCTime */
    struct att_span content;

    if (!att_asn1_peek(r, ATT_DER_SEQUENCE))
        return true;
    if (!att_der_take(r, ATT_DER_SEQUENCE, &content))
        return bad(err, "crl.revokedCertificates", "a list", "other bytes");
    struct att_reader in = att_reader_of(content);
    crl->serials = calloc(content.len / ENTRY_BYTES_MIN + 1, sizeof *crl->serials);
    if (!crl->serials)
        return att_fail_memory(err, "crl.revokedCertificates");
    while (in.left > 0) {
        if (!take_entry(&in, &crl->serials[crl->count]))
            return att_fail(err, ATT_CRL_MALFORMED, "crl.revokedCertificates",
                            "serial, time and extensions that are understood", "something else in entry %zu",
                            crl->count);
        crl->count++;
    }
    qsort(crl->serials, crl->count, sizeof *crl->serials, by_serial);
    return true;
}

static bool read_extensions(struct att_reader *r, struct att_crl *crl, struct att_err *err)
{
    struct att_extension list[ATT_EXTENSIONS_MAX];
    struct att_span content;
    size_t count = 0;

    if (r->left == 0)
        return true;
    if (!att_der_take(r, ATT_DER_TAG_CONTEXT, &content))
        return bad(err, "crl.crlExtensions", "[0] and nothing else", "another field");
    struct att_reader outer = att_reader_of(content);
    if (!att_der_take(&outer, ATT_DER_SEQUENCE, &content) || !att_all_read(&outer) ||
        !att_asn1_extensions(content, list, &count))
        return bad(err, "crl.crlExtensions", "1 to 32 extensions, each once", "another list");
    for (size_t i = 0; i < count; i++) {
        bool number = att_oid_is(list[i].oid, "2.5.29.20");
        bool aki = att_oid_is(list[i].oid, "2.5.29.35");
        bool narrower = att_oid_is(list[i].oid, "2.5.29.27") || att_oid_is(list[i].oid, "2.5.29.28");
        if (narrower)
            return bad(err, "crl.crlExtensions", "a complete list for one issuer",
                       "a delta, indirect or partial one");
        if (list[i].critical && !number && !aki)
            return bad(err, "crl.crlExtensions", "critical extensions that are understood", "another");
        crl->has_number = crl->has_number || number;
        crl->has_aki = crl->has_aki || aki;
    }
    return true;
}

static bool openssl_agrees(struct att_span der, struct att_err *err)
{
    const uint8_t *p = der.ptr;

    ERR_clear_error();
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der.len);
    bool agrees = x && p == der.ptr + der.len;
    X509_CRL_free(x);
    if (att_openssl_reasons().no_memory)
        return att_fail_memory(err, "crl");
    if (!agrees)
        return bad(err, "crl", "what OpenSSL reads as a revocation list too", "something else");
    return true;
}

static bool from_der(struct att_span der, const struct att_limits *limits, struct att_crl **ret,
                     struct att_err *err)
{
    ATT_AUTO(crl_auto) struct att_crl *crl = calloc(1, sizeof *crl + der.len);
    if (!crl)
        return att_fail_memory(err, "crl");
    atomic_init(&crl->refs, 1);
    memcpy(crl->bytes, der.ptr, der.len);
    crl->der = att_span_of(crl->bytes, der.len);
    if (!att_asn1_shape(crl->der, limits->der_depth_max))
        return bad(err, "crl", "DER to the innermost element", "other bytes");
    if (!att_signed_read(crl->der, &crl->outer))
        return bad(err, "crl", "tbsCertList, signatureAlgorithm, signature", "another structure");
    struct att_reader r = att_reader_of(crl->outer.tbs_content);
    if (!read_head(&r, crl, err) || !read_entries(&r, crl, err) || !read_extensions(&r, crl, err))
        return false;
    if (!att_all_read(&r))
        return bad(err, "crl", "nothing behind the extensions", "more fields");
    if (!openssl_agrees(crl->der, err))
        return false;
    *ret = ATT_MOVE(crl);
    return true;
}

ATT_AUTO_PTR(bytes_auto, uint8_t, free)

static bool from_hex(struct att_span text, const struct att_limits *limits, struct att_crl **ret,
                     struct att_err *err)
{
    ATT_AUTO(bytes_auto) uint8_t *der = malloc(text.len / 2 + 1);
    if (!der)
        return att_fail_memory(err, "crl");
    if (!att_hex_read(text, der, text.len / 2))
        return bad(err, "crl", "an even number of hexadecimal digits", "other text");
    return from_der(att_span_of(der, text.len / 2), limits, ret, err);
}

static bool from_pem(struct att_span text, const struct att_limits *limits, struct att_crl **ret,
                     struct att_err *err)
{
    struct att_reader r = att_reader_of(text);
    ATT_AUTO(bytes_auto) uint8_t *der = NULL;
    ATT_AUTO(bytes_auto) uint8_t *second = NULL;
    size_t len = 0;
    size_t second_len = 0;

    enum att_pem first = att_pem_next(&r, "X509 CRL", &der, &len);
    if (first == ATT_PEM_NO_MEMORY)
        return att_fail_memory(err, "crl");
    if (first != ATT_PEM_BLOCK)
        return bad(err, "crl", "DER, hexadecimal DER, or one X509 CRL block of PEM", "none of them");
    if (att_pem_next(&r, "X509 CRL", &second, &second_len) != ATT_PEM_END)
        return bad(err, "crl", "one X509 CRL block", "more behind it");
    return from_der(att_span_of(der, len), limits, ret, err);
}

/* Hexadecimal text as the certificate services of the field send it: maybe with line ends and a NUL behind.
 */
static struct att_span trim_text(struct att_span text)
{
    text = att_pem_trim(text);
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    return text;
}

bool att_crl_parse(const struct att_crypto *c, struct att_span bytes, const struct att_limits *limits,
                   struct att_crl **ret, struct att_err *err)
{
    (void)c; /* reading a list computes nothing; the parameter keeps the parsers alike */
    if (!limits)
        limits = &att_limits_default;
    if (bytes.len > limits->collateral_bytes_max)
        return att_fail(err, ATT_CRL_MALFORMED, "crl", "at most collateral_bytes_max bytes", "%zu bytes",
                        bytes.len);
    if (bytes.len == 0)
        return bad(err, "crl", "a revocation list", "nothing");
    /* The first byte tells the form: a SEQUENCE is 0x30, its hexadecimal text starts with '3' (0x33). */
    if (bytes.ptr[0] == ATT_DER_SEQUENCE)
        return from_der(bytes, limits, ret, err);
    if (bytes.ptr[0] == '3')
        return from_hex(trim_text(bytes), limits, ret, err);
    return from_pem(att_pem_trim(bytes), limits, ret, err);
}

struct att_crl *att_crl_ref(struct att_crl *crl)
{
    atomic_fetch_add_explicit(&crl->refs, 1, memory_order_relaxed);
    return crl;
}

void att_crl_free(struct att_crl *crl)
{
    if (!crl || atomic_fetch_sub_explicit(&crl->refs, 1, memory_order_acq_rel) != 1)
        return;
    free(crl->serials);
    free(crl);
}

struct att_span att_crl_der(const struct att_crl *crl)
{
    return crl->der;
}
struct att_span att_crl_issuer(const struct att_crl *crl)
{
    return crl->issuer;
}
int64_t att_crl_this_update(const struct att_crl *crl)
{
    return crl->this_update;
}
int64_t att_crl_next_update(const struct att_crl *crl)
{
    return crl->next_update;
}
size_t att_crl_entries(const struct att_crl *crl)
{
    return crl->count;
}
bool att_crl_has_number_and_aki(const struct att_crl *crl)
{
    return crl->has_number && crl->has_aki;
}

enum att_sig att_crl_signed_by(const struct att_crypto *c, const struct att_crl *crl,
                               const struct att_cert *issuer)
{
    if (!att_span_eq(crl->issuer, issuer->subject))
        return ATT_SIG_INVALID;
    if (issuer->has_key_usage && !(issuer->key_usage & ATT_USAGE_CRL_SIGN)) /* RFC 5280 6.3.3 (f) */
        return ATT_SIG_BAD_KEY;
    return att_signed_check(c, &crl->outer, issuer->key);
}

bool att_crl_revokes(const struct att_crl *crl, struct att_span serial)
{
    while (serial.len > 0 && serial.ptr[0] == 0)
        serial = att_span_of(serial.ptr + 1, serial.len - 1);
    return crl->count > 0 && bsearch(&serial, crl->serials, crl->count, sizeof serial, by_serial) != NULL;
}
