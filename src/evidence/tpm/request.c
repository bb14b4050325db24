#include "evidence/tpm/request.h"

#include "base/base64.h"
#include "base/err.h"

/* A text that may be missing. */
static bool text_read(const struct tpm_reading *r, att_json_id members, const char *name, bool *ret_there,
                      struct att_span *ret)
{
    struct tpm_path path;
    att_json_id id = 0;

    if (!tpm_may(r, members, "tpm", name, ATT_JSON_STRING, &id))
        return false;
    if (id == ATT_JSON_NONE)
        return true;
    if (!tpm_want_text(r, members, "tpm", name, ret))
        return false;
    if (ret->len > TPM_TEXT_BYTES_MAX)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, "tpm", name), "at most 4096 bytes",
                        "%zu bytes", ret->len);
    *ret_there = true;
    return true;
}

/* The relying party's nonce is repeated in the token as it was sent, but it must be what it should be: base64url. */
static bool relying_party_read(const struct tpm_reading *r, struct tpm_request *q)
{
    struct att_span decoded = { 0 };
    bool has_id = false;

    if (!text_read(r, q->outside.members, "rp_id", &has_id, &q->rp_id) ||
        !text_read(r, q->outside.members, "rp_data", &q->has_rp_data, &q->rp_data))
        return false;
    return !q->has_rp_data ||
           att_base64_decode(r->arena, ATT_BASE64_LENIENT, q->rp_data, "tpm.rp_data", &decoded, r->err) ||
           att_fail_as(r->err, ATT_TPM_REQUEST_MALFORMED, "");
}

static bool report_read(const struct tpm_reading *r, size_t max, struct tpm_request *q)
{
    att_json_id enclave = 0;
    struct att_span bytes = { 0 };

    if (!q->outside.vbs)
        return true;
    if (q->outside.version == 1) {
        if (!tpm_decode(r, q->outside.vsm_report, "tpm.vsm_report", max, &bytes))
            return false;
    } else if (!tpm_want(r, q->outside.vsm_report, "tpm.vsm_report", "enclave", ATT_JSON_OBJECT, &enclave) ||
               !tpm_want_bytes(r, enclave, "tpm.vsm_report.enclave", "report", max, &bytes)) {
        return false;
    }
    return vbs_report_read(bytes, &q->report, r->err);
}

bool tpm_request_read(struct att_arena *arena, const struct att_limits *limits, struct att_span jws,
                      struct tpm_request *ret, struct att_err *err)
{
    struct tpm_request q = { .current = { .where = "tpm.current" }, .boot = { .where = "tpm.boot" } };

    if (!tpm_envelope_read(arena, limits, jws, &q.outside, err))
        return false;
    const struct tpm_reading r = { arena, &q.outside.doc, err };
    if (!relying_party_read(&r, &q) ||
        !(q.outside.version == 1 ? tpm_v1_read(&r, limits, &q) : tpm_v2_read(&r, limits, &q)) ||
        !tpm_custom_read(&r, &q) || !report_read(&r, limits->quote_bytes_max, &q))
        return false;
    *ret = q;
    return true;
}
