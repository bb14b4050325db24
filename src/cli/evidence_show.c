#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/evidence.h"
#include "cli/files.h"

#include <attest/attest.h>

enum { SNP_REPORT_BYTES = 1184 };

ATT_AUTO_PTR(lib_free, struct att_lib, att_lib_free)

/* An Open Enclave header begins with version 1 and a report type of 1 or 2, each 32 bits; a quote with its version and the
 * kind of its key, 16 bits each, and from version 4 on its TEE; an SEV-SNP report with its version, 32 bits; a report of
 * Azure's paravisor with four letters, attestation information of a guest with a brace. */
static const char *guess(struct att_span e)
{
    static const uint8_t oe_version[4] = { 1, 0, 0, 0 };

    if (e.len >= 4 && (memcmp(e.ptr, "HCLA", 4) == 0 || e.ptr[0] == '{'))
        return "azure-guest";
    if (e.len >= 4 && memcmp(e.ptr, oe_version, 4) == 0)
        return "open-enclave";
    if (e.len >= SNP_REPORT_BYTES && e.ptr[0] >= 2 && e.ptr[1] == 0 && e.ptr[2] == 0 && e.ptr[3] == 0)
        return "sev-snp";
    return e.len >= 8 && e.ptr[0] >= 4 && e.ptr[4] == 0x81 ? "tdx" : "sgx";
}

static bool type_of(const struct cli *c, struct att_span evidence, const char **ret, struct att_err *err)
{
    static const char *const types[] = { "sgx", "open-enclave", "tdx", "sev-snp", "azure-guest" };
    const char *type = cli_value(c, "type");
    struct att_shown shown;

    *ret = type ? type : guess(evidence);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(*ret, types[i]) == 0)
            return true;
    }
    return att_fail(err, ATT_USAGE, "type", "sgx, open-enclave, tdx, sev-snp or azure-guest", "%s",
                    att_shown(&shown, att_str(type)));
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
    if (!att_describe(lib, c->arena, type, evidence, &json, &err)) {
        /* Evidence that is too large or too small is a clear no, whatever the class of its code. */
        enum cli_exit status = cli_refuse(c, &err);
        return status == CLI_USAGE ? CLI_NO : status;
    }
    att_jw_object(&w);
    att_jw_key(&w, "type");
    att_jw_str(&w, type);
    att_jw_key(&w, "evidence");
    cli_put_text(&w, c->arena, json);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "type",
      .argument = "sgx|open-enclave|tdx|sev-snp|azure-guest",
      .help = "What it is; told from its first bytes if not given." },
    { 0 },
};

const struct cli_command cli_evidence_show = {
    .name = "evidence show",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "decode evidence, judging nothing",
    .about =
        "Shows the fields of a quote or report. Nothing is verified: what stands there is what the sender "
        "wrote.",
    .examples = "  attestctl evidence show quote.bin\n",
    .options = options,
    .run = run_show,
};
