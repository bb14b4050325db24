/* Requests of the TPM protocol on disk, and what a verifier must answer. */
#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "makers/disk.h"
#include "makers/tpm_request.h"

const char *mk_request_item_file(enum mk_request_item item)
{
    static const char *const files[MK_REQUEST_ITEM_COUNT] = {
        [MK_REQUEST_JWS] = "request.jws",           [MK_REQUEST_PAYLOAD] = "payload.json",
        [MK_REQUEST_BODY] = "attest-tpm-body.json", [MK_REQUEST_INIT_BODY] = "attest-tpm-init.json",
        [MK_REQUEST_CHALLENGE] = "challenge.txt",   [MK_REQUEST_AIK_CA] = "aik_ca.pem",
        [MK_REQUEST_LOG] = "eventlog.bin",          [MK_REQUEST_IMA] = "ima.bin",
        [MK_REQUEST_VBS_REPORT] = "vbs_report.bin",
    };
    return (size_t)item < MK_REQUEST_ITEM_COUNT ? files[item] : "unknown";
}

static const char *truth(bool b)
{
    return b ? "true" : "false";
}

static void put_claims(const struct mk_request_evidence *ev, struct att_buf *out)
{
    const struct mk_request_options *o = &ev->options;
    bool read = ev->broken->id != MK_TPM_BREAK_LOG_TAG_FORGED && o->boot.os == MK_OS_WINDOWS;

    att_buf_printf(out, "{\n  \"secureBootEnabled\": %s,\n  \"tpmVersion\": 2,\n", truth(ev->secure_boot));
    att_buf_printf(out, "  \"bootDebuggingDisabled\": %s,\n",
                   truth(read && o->boot.flags[MK_FLAG_BOOT_DEBUGGING] == MK_FALSE));
    att_buf_printf(out, "  \"iommuEnabled\": %s,\n  \"vbsReportPresent\": %s\n }",
                   truth(read && o->boot.flags[MK_FLAG_IOMMU_REQUIRED] == MK_TRUE), truth(o->vbs));
}

static bool name_ok(const char *name, struct att_err *err)
{
    for (const char *c = name; *c; c++)
        if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '-'))
            return att_fail(err, ATT_PARAMETER_INVALID, "name", "letters, digits and dashes",
                            "another character");
    return true;
}

static void put_quoted(struct att_buf *out, const char *text)
{
    if (text)
        att_buf_printf(out, "\"%s\"", text);
    else
        att_buf_puts(out, "null");
}

bool mk_request_expected_json(const struct mk_request_evidence *ev, const char *name, struct att_buf *out,
                              struct att_err *err)
{
    struct att_time_text at;
    int64_t at_unix_s = ev->options.at_unix_s;
    bool good = ev->expected_code == ATT_OK;

    if (!name_ok(name, err))
        return false;
    att_buf_printf(out, "{\n \"name\": \"%s\",\n \"tee\": \"%s\",\n", name, ev->options.vbs ? "vbs" : "tpm");
    att_buf_printf(out, " \"at\": \"%s\",\n \"at_unix\": %lld,\n \"synthetic\": true,\n",
                   att_time_text(&at, at_unix_s), (long long)at_unix_s);
    att_buf_printf(out, " \"trust_root\": \"%s\",\n \"evidence\": \"%s\",\n \"required_pcr_mask\": %u,\n",
                   mk_request_item_file(MK_REQUEST_AIK_CA), mk_request_item_file(MK_REQUEST_JWS),
                   (unsigned)ev->pcr_mask);
    att_buf_printf(
        out, " \"expected_verdict\": \"%s\",\n \"expected_error\": ", good ? "accept_crypto" : "reject");
    put_quoted(out, good ? NULL : att_code_name(ev->expected_code));
    att_buf_puts(out, ",\n \"also_acceptable_errors\": [");
    if (ev->also_code != ev->expected_code)
        put_quoted(out, att_code_name(ev->also_code));
    att_buf_puts(out, "],\n \"expected_claims\": ");
    if (good)
        put_claims(ev, out);
    else
        att_buf_puts(out, "null");
    att_buf_puts(out, ",\n \"note\": ");
    put_quoted(out, ev->broken->words);
    att_buf_puts(out, "\n}\n");
    return !out->failed || att_fail_memory(err, "makers.expected");
}

bool mk_request_write(const struct mk_request_evidence *ev, const char *dir, const char *name,
                      struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };

    if (!mk_request_expected_json(ev, name, &json, err) || !mk_folder_make(dir, 0755, err))
        return false;
    for (enum mk_request_item i = 0; i < MK_REQUEST_ITEM_COUNT; i++) {
        struct att_span bytes = mk_request_item(ev, i);
        const char *file = mk_request_item_file(i);
        if (!(bytes.len > 0 ? mk_file_write(dir, file, "", bytes, 0644, err)
                            : mk_file_remove(dir, file, err)))
            return false;
    }
    return mk_file_write(dir, "expected.json", "", att_buf_span(&json), 0644, err);
}
