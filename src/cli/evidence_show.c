#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/evidence.h"
#include "cli/files.h"

#include <attest/attest.h>
#include <attest/tpm.h>

enum { SNP_REPORT_BYTES = 1184 };

ATT_AUTO_PTR(lib_free, struct att_lib, att_lib_free)

static uint32_t u32le(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A list of IMA: register 10, a SHA-1, the name of a template, "ima..."; in text: "10 ", 40 digits and a name. */
static bool is_ima(struct att_span e)
{
    enum { NAME_AT = 28, TEXT_NAME_AT = 44, NAME_BYTES_MAX = 255 };

    if (e.len > TEXT_NAME_AT + 3 && memcmp(e.ptr, "10 ", 3) == 0)
        return memcmp(e.ptr + TEXT_NAME_AT, "ima", 3) == 0;
    return e.len > NAME_AT + 3 && u32le(e.ptr) == 10 && u32le(e.ptr + NAME_AT - 4) <= NAME_BYTES_MAX &&
           memcmp(e.ptr + NAME_AT, "ima", 3) == 0;
}

/* A TCG log: register 0, and an event that firmware begins with: EV_NO_ACTION, EV_S_CRTM_CONTENTS, EV_S_CRTM_VERSION. Its size and body
 * stand behind a SHA-1. */
static bool is_tcg(struct att_span e)
{
    enum { BODY_AT = 32 };

    if (e.len < BODY_AT || u32le(e.ptr) != 0 || u32le(e.ptr + BODY_AT - 4) > e.len - BODY_AT)
        return false;
    return u32le(e.ptr + 4) == 3 || u32le(e.ptr + 4) == 7 || u32le(e.ptr + 4) == 8;
}

/* An Open Enclave header begins with version 1 and a report type of 1 or 2, each 32 bits; a quote with its version and the
 * kind of its key, 16 bits each, and from version 4 on its TEE; an SEV-SNP report with its version, 32 bits; a report of
 * Azure's paravisor with four letters, attestation information of a guest with a brace. */
static const char *guess(struct att_span e)
{
    static const uint8_t oe_version[4] = { 1, 0, 0, 0 };

    if (e.len >= 4 && (memcmp(e.ptr, "HCLA", 4) == 0 || e.ptr[0] == '{'))
        return "azure-guest";
    if (is_ima(e))
        return "ima";
    if (is_tcg(e))
        return "tcg";
    if (e.len >= 4 && memcmp(e.ptr, oe_version, 4) == 0)
        return "open-enclave";
    if (e.len >= SNP_REPORT_BYTES && e.ptr[0] >= 2 && e.ptr[1] == 0 && e.ptr[2] == 0 && e.ptr[3] == 0)
        return "sev-snp";
    return e.len >= 8 && e.ptr[0] >= 4 && e.ptr[4] == 0x81 ? "tdx" : "sgx";
}

static bool type_of(const struct cli *c, struct att_span evidence, const char **ret, struct att_err *err)
{
    static const char *const types[] = {
        "sgx", "open-enclave", "tdx", "sev-snp", "azure-guest", "tcg", "ima"
    };
    const char *type = cli_value(c, "type");
    struct att_shown shown;

    *ret = type ? type : guess(evidence);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(*ret, types[i]) == 0)
            return true;
    }
    return att_fail(err, ATT_USAGE, "type", "sgx, open-enclave, tdx, sev-snp, azure-guest, tcg or ima", "%s",
                    att_shown(&shown, att_str(type)));
}

/* A log of more JSON than this is shown on one line: nobody reads it with the eye, and it may have more values than are parsed. */
enum { LOG_INDENTED_MAX = 1 << 20 };

static bool is_log(const char *type)
{
    return strcmp(type, "tcg") == 0 || strcmp(type, "ima") == 0;
}

static bool describe(struct cli *c, const struct att_lib *lib, const char *type, struct att_span evidence,
                     struct att_span *ret, struct att_err *err)
{
    return is_log(type) ? att_event_log_json(lib, c->arena, type, evidence, ret, err)
                        : att_describe(lib, c->arena, type, evidence, ret, err);
}

static enum cli_exit run_show(struct cli *c)
{
    ATT_AUTO(lib_free) struct att_lib *lib = NULL;
    struct att_json_writer w = cli_writer(c);
    struct att_err err = { 0 };
    struct att_span evidence;
    struct att_span json = { 0 };
    const char *type = NULL;

    if (!cli_read(c, "evidence", c->operands[0], &evidence, &err) || !type_of(c, evidence, &type, &err) ||
        !att_lib_new(NULL, &lib, &err))
        return cli_refuse(c, &err);
    if (!describe(c, lib, type, evidence, &json, &err)) {
        /* Evidence that is too large or too small is a clear no, whatever the class of its code. */
        enum cli_exit status = cli_refuse(c, &err);
        return status == CLI_USAGE ? CLI_NO : status;
    }
    att_jw_object(&w);
    att_jw_key(&w, "type");
    att_jw_str(&w, type);
    att_jw_key(&w, "evidence");
    if (is_log(type) && json.len > LOG_INDENTED_MAX)
        att_jw_raw(&w, json);
    else
        cli_put_text(&w, c->arena, json);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "type",
      .argument = "sgx|open-enclave|tdx|sev-snp|azure-guest|tcg|ima",
      .help = "What it is; told from its first bytes if not given." },
    { 0 },
};

const struct cli_command cli_evidence_show = {
    .name = "evidence show",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "decode evidence, judging nothing",
    .about = "Shows the fields of a quote or report, or the events of a log of measured boot (tcg: of the "
             "firmware; ima: of Linux) as "
             "policies see them. Nothing is verified: what stands there is what the sender wrote. Of a log's "
             "events only "
             "those are decoded whose digest covers what they say.",
    .examples = "  attestctl evidence show quote.bin\n"
                "  attestctl evidence show /sys/kernel/security/tpm0/binary_bios_measurements\n",
    .options = options,
    .run = run_show,
};
