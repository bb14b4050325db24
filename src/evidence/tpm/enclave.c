/* The report of a VBS enclave. Its key is measured by the boot log: no certificate stands behind it, so everything rests on the
 * log having been held against the quote before. */
#include "base/err.h"
#include "evidence/tpm/tpm.h"

enum { IDKS_BITS_MIN = 2048 };

/* Over the text as sent, braces and white space and all. */
bool tpm_enclave_data(const struct att_ctx *ctx, const struct tpm_request *q, struct att_err *err)
{
    uint8_t hash[VBS_DATA_BYTES];

    if (!q->outside.vbs)
        return true;
    if (!att_digest(ctx->lib->crypto, ATT_SHA512, q->outside.report_signed, hash))
        return att_fail(err, ATT_CRYPTO_FAILED, "tpm.vsm_report", "a digest", "none");
    return att_span_eq(q->report.enclave_data, att_span_of(hash, sizeof hash)) ||
           att_fail(err, ATT_ENCLAVE_DATA_MISMATCH, "vbs.statement.enclaveData",
                    "the SHA-512 of report_signed as it was sent", "another value");
}

static bool key_of(const struct att_ctx *ctx, const struct log_facts *facts, struct att_key **ret,
                   struct att_err *err)
{
    static const char where[] = "tpm.current.logs.VSM_IDKS_INFO";

    if (!facts->has_idks)
        return att_fail(err, ATT_VBS_IDKS_MISSING, where, "one key, in a register that the quote proves",
                        "none");
    if (!att_key_from_rsa(ctx->lib->crypto, facts->idks_n, facts->idks_e, ret, err))
        return att_fail_as(err, ATT_VBS_IDKS_MISSING, where);
    if (att_key_bits(*ret) >= IDKS_BITS_MIN)
        return true;
    return att_fail(err, ATT_VBS_IDKS_MISSING, where, "a key of 2048 bits or more", "%u bits",
                    att_key_bits(*ret));
}

static bool answer(enum att_sig sig, struct att_err *err)
{
    static const char where[] = "vbs.signature";

    if (sig == ATT_SIG_VALID)
        return true;
    if (sig == ATT_SIG_FAILED)
        return att_fail(err, ATT_CRYPTO_FAILED, where, "an answer", "none");
    return att_fail(err, ATT_VBS_REPORT_SIGNATURE_INVALID, where,
                    "a signature over the statement by the key of the boot log", "another");
}

bool tpm_enclave_signed(const struct att_ctx *ctx, const struct vbs_report *report,
                        const struct log_facts *facts, struct att_err *err)
{
    struct att_key *key = NULL;
    bool ok = key_of(ctx, facts, &key, err) &&
              answer(att_verify_rsa(ctx->lib->crypto, key, ATT_RSA_PSS_ANY_SALT, ATT_SHA256,
                                    report->statement, report->signature),
                     err);

    att_key_free(key);
    return ok;
}
