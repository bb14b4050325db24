#include "evidence/common/dcap_qe.h"

#include "base/err.h"
#include "base/hex.h"

bool dcap_qe_signature(const struct att_crypto *crypto, const struct dcap_quote *q, const struct att_key *pck,
                       struct att_err *err)
{
    switch (att_verify(crypto, pck, ATT_ES256, q->qe_report, q->qe_signature)) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_FAILED:
        return att_fail(err, ATT_CRYPTO_FAILED, DCAP_AT(q, "quote.qe_report.signature"), "an answer", "none");
    default:
        return att_fail(err, ATT_QE_REPORT_SIGNATURE_INVALID, DCAP_AT(q, "quote.qe_report.signature"),
                        "the signature of the key in the PCK certificate",
                        "another signature or another report");
    }
}

bool dcap_qe_report_data(const struct att_crypto *crypto, const struct dcap_quote *q,
                         const struct dcap_enclave *report, struct att_err *err)
{
    const struct att_span parts[] = { q->att_key, q->qe_auth };
    uint8_t wanted[64] = { 0 };

    if (!att_digest_parts(crypto, ATT_SHA256, parts, 2, wanted))
        return att_fail(err, ATT_CRYPTO_FAILED, DCAP_AT(q, "quote.qe_report.report_data"), "a digest",
                        "none");
    if (!att_span_eq(report->report_data, att_span_of(wanted, sizeof wanted)))
        return att_fail(err, ATT_QE_REPORT_DATA_MISMATCH, DCAP_AT(q, "quote.qe_report.report_data"),
                        "SHA-256 of the attestation key and the authentication data, then zeros",
                        "something else");
    return true;
}

static bool differs(const struct dcap_quote *q, const char *tail, struct att_span found,
                    struct att_span wanted, struct att_err *err)
{
    char have[65], need[65];

    att_hex_text(have, found);
    att_hex_text(need, wanted);
    return att_fail(err, ATT_QE_IDENTITY_MISMATCH, DCAP_AT(q, tail), need, "%s", have);
}

bool dcap_qe_identity_fits(const struct dcap_quote *q, const struct dcap_enclave *report,
                           const struct dcap_qe_identity *identity, struct att_err *err)
{
    uint8_t masked[16];

    if ((report->miscselect & identity->miscselect_mask) != identity->miscselect)
        return att_fail(err, ATT_QE_IDENTITY_MISMATCH, DCAP_AT(q, "quote.qe_report.miscselect"),
                        "the QE identity's, under its mask", "0x%08x", report->miscselect);
    for (size_t i = 0; i < sizeof masked; i++)
        masked[i] = report->attributes.ptr[i] & identity->attributes_mask[i];
    if (memcmp(masked, identity->attributes, sizeof masked) != 0)
        return differs(q, "quote.qe_report.attributes", att_span_of(masked, sizeof masked),
                       att_span_of(identity->attributes, sizeof identity->attributes), err);
    if (memcmp(report->mrsigner.ptr, identity->mrsigner, sizeof identity->mrsigner) != 0)
        return differs(q, "quote.qe_report.mrsigner", report->mrsigner,
                       att_span_of(identity->mrsigner, sizeof identity->mrsigner), err);
    if (report->prod_id != identity->isvprodid)
        return att_fail(err, ATT_QE_IDENTITY_MISMATCH, DCAP_AT(q, "quote.qe_report.isvprodid"),
                        "the QE identity's", "%u", report->prod_id);
    return true;
}

bool dcap_quote_signature(const struct att_crypto *crypto, const struct dcap_quote *q, struct att_err *err)
{
    switch (att_verify_p256_raw(crypto, q->att_key.ptr, q->signed_bytes, q->signature.ptr)) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_FAILED:
        return att_fail(err, ATT_CRYPTO_FAILED, DCAP_AT(q, "quote.signature"), "an answer", "none");
    case ATT_SIG_BAD_KEY:
        return att_fail(err, ATT_ATTESTATION_KEY_INVALID, DCAP_AT(q, "quote.attestation_key"),
                        "a point on P-256", "none");
    case ATT_SIG_INVALID:
        break;
    }
    return att_fail(err, ATT_QUOTE_SIGNATURE_INVALID, DCAP_AT(q, "quote.signature"),
                    "the attestation key's signature over header and body",
                    "another signature, or other bytes");
}
