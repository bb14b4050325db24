#include "evidence/common/dcap_quote.h"

#include "base/err.h"
#include "base/reader.h"
#include "evidence/common/dcap_quote_cert.h"

#include <stdio.h>

enum {
    TEE_SGX = 0x00000000,
    TEE_TDX = 0x00000081,
    KEY_P256 = 2,
    RAW_SIGNATURE_BYTES = 64,
    RAW_KEY_BYTES = 64
};

static const uint8_t intel_qe_vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                             0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

const char *dcap_place(struct dcap_place *room, const char *place, const char *tail)
{
    (void)snprintf(room->text, sizeof room->text, "%s.%s", place, tail);
    return room->text;
}

static bool short_of(const struct dcap_quote *q, const char *tail, const char *needed, size_t left,
                     struct att_err *err)
{
    return att_fail(err, ATT_QUOTE_LENGTH, DCAP_AT(q, tail), needed, "%zu bytes left", left);
}

const char *dcap_recognised(struct att_span raw)
{
    static const struct {
        const char *start;
        const char *what;
    } forms[] = {
        { "03000200", "a quote as hexadecimal text; decode it first" },
        { "04000200", "a quote as hexadecimal text; decode it first" },
        { "05000200", "a quote as hexadecimal text; decode it first" },
        { "01000000", "an Open Enclave report as hexadecimal text; decode it first" },
        { "AwACA", "a quote as base64 text; decode it first" },
        { "BAACA", "a quote as base64 text; decode it first" },
        { "BQACA", "a quote as base64 text; decode it first" },
        { "AQAAAAIAAAD", "an Open Enclave report as base64 text; decode it first" },
        { "-----BEGIN", "PEM text, not a quote" },
        { "{", "JSON text, not a quote" },
        { "0x", "hexadecimal text; decode it first" },
    };
    static const uint8_t oe_remote[8] = { 1, 0, 0, 0, 2, 0, 0, 0 };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        size_t n = strlen(forms[i].start);
        if (raw.len >= n && memcmp(raw.ptr, forms[i].start, n) == 0)
            return forms[i].what;
    }
    if (raw.len >= sizeof oe_remote && memcmp(raw.ptr, oe_remote, sizeof oe_remote) == 0)
        return "an Open Enclave report (16 bytes in front of the quote); attest it as open-enclave";
    return NULL;
}

static bool header_parse(struct att_reader *r, struct dcap_quote *q, uint32_t *ret_tee_type,
                         struct att_err *err)
{
    struct att_span whole = q->whole;

    q->version = att_take_u16le(r);
    q->key_type = att_take_u16le(r);
    *ret_tee_type = att_take_u32le(r);
    q->qe_svn = att_take_u16le(r);
    q->pce_svn = att_take_u16le(r);
    struct att_span vendor = att_take(r, sizeof intel_qe_vendor);
    q->user_data = att_take(r, 20);
    const char *form = dcap_recognised(whole);
    if (form && (r->failed || q->version < 3 || q->version > 5))
        return att_fail(err, ATT_QUOTE_VERSION, DCAP_AT(q, "quote.header.version"), "the bytes of a quote",
                        "%s", form);
    if (r->failed)
        return short_of(q, "quote.header", "48 bytes", whole.len, err);
    if (q->version < 3 || q->version > 5)
        return att_fail(err, ATT_QUOTE_VERSION, DCAP_AT(q, "quote.header.version"), "3, 4 or 5", "%u",
                        q->version);
    if (q->key_type != KEY_P256)
        return att_fail(err, ATT_ATTESTATION_KEY_TYPE, DCAP_AT(q, "quote.header.attestation_key_type"),
                        "2 (ECDSA-256-with-P-256)", "%u", q->key_type);
    /* Version 3 knows SGX only: the four bytes are reserved there. */
    if (*ret_tee_type != TEE_SGX && (*ret_tee_type != TEE_TDX || q->version == 3))
        return att_fail(err, ATT_TEE_TYPE, DCAP_AT(q, "quote.header.tee_type"),
                        q->version == 3 ? "0" : "0 (SGX) or 0x81 (TDX)", "0x%x", *ret_tee_type);
    if (!att_span_eq(vendor, att_span_of(intel_qe_vendor, sizeof intel_qe_vendor)))
        return att_fail(err, ATT_QE_VENDOR_ID, DCAP_AT(q, "quote.header.qe_vendor_id"), "Intel's",
                        "another vendor's");
    return true;
}

/* Version 5: u16 type and u32 size in front of the body. */
static bool descriptor_parse(struct att_reader *r, const struct dcap_quote *q, size_t *ret_size,
                             struct att_err *err)
{
    static const struct {
        enum dcap_tee tee;
        uint32_t size;
    } bodies[] = { [1] = { DCAP_SGX, DCAP_ENCLAVE_BODY_BYTES },
                   [2] = { DCAP_TDX, DCAP_TD10_BODY_BYTES },
                   [3] = { DCAP_TDX, DCAP_TD15_BODY_BYTES } };
    uint16_t type = att_take_u16le(r);
    uint32_t size = att_take_u32le(r);
    char expected[24];

    if (r->failed)
        return short_of(q, "quote.body_descriptor", "6 bytes", r->left, err);
    if (type < 1 || type > 3)
        return att_fail(err, ATT_BODY_TYPE, DCAP_AT(q, "quote.body_descriptor.type"), "1, 2 or 3", "%u",
                        type);
    if (bodies[type].tee != q->tee)
        return att_fail(err, ATT_TEE_BODY_MISMATCH, DCAP_AT(q, "quote.body_descriptor.type"),
                        q->tee == DCAP_SGX ? "1, as the TEE type is SGX" : "2 or 3, as the TEE type is TDX",
                        "%u", type);
    (void)snprintf(expected, sizeof expected, "%u", bodies[type].size);
    if (size != bodies[type].size)
        return att_fail(err, ATT_BODY_SIZE, DCAP_AT(q, "quote.body_descriptor.size"), expected, "%u", size);
    *ret_size = size;
    return true;
}

static bool body_parse(struct att_reader *r, struct dcap_quote *q, struct att_err *err)
{
    size_t size = q->tee == DCAP_SGX ? DCAP_ENCLAVE_BODY_BYTES : DCAP_TD10_BODY_BYTES;

    if (q->version == 5 && !descriptor_parse(r, q, &size, err))
        return false;
    char needed[24];
    size_t left = r->left;
    q->body = att_take(r, size);
    (void)snprintf(needed, sizeof needed, "%zu bytes", size);
    if (r->failed)
        return short_of(q, "quote.body", needed, left, err);
    q->signed_bytes = att_span_of(q->whole.ptr, q->whole.len - r->left);
    return true;
}

/* QE report, its signature, authentication data, certification data. */
static bool qe_part_parse(struct att_reader *r, struct dcap_quote *q, struct att_err *err)
{
    size_t left = r->left;

    q->qe_report = att_take(r, DCAP_ENCLAVE_BODY_BYTES);
    q->qe_signature = att_take(r, RAW_SIGNATURE_BYTES);
    uint16_t auth_bytes = att_take_u16le(r);
    if (r->failed)
        return short_of(q, "quote.qe_report", "QE report, signature and length, 450 bytes", left, err);
    left = r->left;
    q->qe_auth = att_take(r, auth_bytes);
    if (r->failed)
        return short_of(q, "quote.qe_auth_data", "as many bytes as its length says", left, err);
    return dcap_cert_data_read(att_take_rest(r), DCAP_CERT_OF_PLATFORM, q->place, &q->pck_chain, err);
}

static bool section_parse(struct att_span section, struct dcap_quote *q, struct att_err *err)
{
    struct att_reader r = att_reader_of(section);
    struct att_span inner;

    q->signature = att_take(&r, RAW_SIGNATURE_BYTES);
    q->att_key = att_take(&r, RAW_KEY_BYTES);
    if (r.failed)
        return short_of(q, "quote.signature", "signature and attestation key, 128 bytes", section.len, err);
    if (q->version == 3)
        return qe_part_parse(&r, q, err);
    /* Versions 4 and 5 wrap the rest once more. */
    if (!dcap_cert_data_read(att_take_rest(&r), DCAP_CERT_AROUND_QE_REPORT, q->place, &inner, err))
        return false;
    r = att_reader_of(inner);
    return qe_part_parse(&r, q, err);
}

bool dcap_quote_parse(struct att_span raw, const struct dcap_quote_wanted *wanted, struct dcap_quote *ret,
                      struct att_err *err)
{
    struct dcap_quote q = { .place = wanted->place, .whole = raw };
    struct att_reader r = att_reader_of(raw);
    uint32_t tee_type;

    if (raw.len > wanted->bytes_max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, DCAP_AT(&q, "quote"), "a quote within quote_bytes_max",
                        "%zu bytes", raw.len);
    if (!header_parse(&r, &q, &tee_type, err))
        return false;
    q.tee = tee_type == TEE_TDX ? DCAP_TDX : DCAP_SGX;
    if (!body_parse(&r, &q, err))
        return false;
    if (q.tee != wanted->tee)
        return att_fail(err, ATT_TEE_MISMATCH, DCAP_AT(&q, "quote.header.tee_type"),
                        wanted->tee == DCAP_SGX ? "an SGX quote" : "a TDX quote", "%s",
                        q.tee == DCAP_SGX ? "an SGX quote" : "a TDX quote");

    size_t left = r.left;
    uint32_t section_bytes = att_take_u32le(&r);
    struct att_span section = att_take(&r, section_bytes);
    if (r.failed)
        return att_fail(err, ATT_QUOTE_LENGTH, DCAP_AT(&q, "quote.signature_length"),
                        "4 bytes and as many as they say", "%u, with %zu bytes left", section_bytes, left);
    q.trailing_bytes = r.left; /* real quotes are padded; outside everything signed */
    if (!section_parse(section, &q, err))
        return false;
    *ret = q;
    return true;
}
