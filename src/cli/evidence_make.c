#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "cli/answer.h"
#include "cli/evidence.h"
#include "cli/files.h"
#include "cli/nearest.h"
#include "makers/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

ATT_AUTO_PTR(hardware_free, struct mk_hardware, mk_hardware_free)

/* "sgx" and "open-enclave" are one evidence in two forms; what is asked for is checked by the table of commands. */
static enum att_tee tee_of(const struct cli *c)
{
    return strcmp(c->operands[0], "tdx") == 0 ? ATT_TEE_TDX : ATT_TEE_SGX;
}

static bool break_read(const struct cli *c, enum mk_break *ret, struct att_err *err)
{
    const char *name = cli_value(c, "break");
    struct att_shown shown;

    if (!name)
        return true;
    const struct mk_break_row *row = mk_break_by_name(name);
    if (row && mk_break_is_for(row, tee_of(c))) {
        *ret = row->id;
        return true;
    }
    struct cli_nearest near = { .wanted = name };
    for (size_t i = 0; i < MK_BREAK_COUNT; i++)
        if (mk_break_is_for(&mk_breaks[i], tee_of(c)))
            cli_nearest_try(&near, mk_breaks[i].name);
    return att_fail(err, ATT_USAGE, "break", near.best ? near.best : "a name that --list-breaks shows", "%s",
                    att_shown(&shown, att_str(name)));
}

static bool number_read(const struct cli *c, const char *option, unsigned long max, unsigned long *ret,
                        struct att_err *err)
{
    const char *text = cli_value(c, option);
    char *end = NULL;
    struct att_shown shown;
    char expected[64];

    if (!text)
        return true;
    (void)snprintf(expected, sizeof expected, "a number from 0 to %lu", max);
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || n > max)
        return att_fail(err, ATT_USAGE, option, expected, "%s", att_shown(&shown, att_str(text)));
    *ret = n;
    return true;
}

static bool measure_read(const struct cli *c, const char *option, uint8_t *ret, size_t len,
                         struct att_err *err)
{
    const char *text = cli_value(c, option);
    struct att_shown shown;
    char expected[64];

    if (!text || att_hex_read(att_str(text), ret, len))
        return true;
    (void)snprintf(expected, sizeof expected, "%zu hexadecimal digits", 2 * len);
    return att_fail(err, ATT_USAGE, option, expected, "%s", att_shown(&shown, att_str(text)));
}

static bool ca_read(const struct cli *c, enum mk_ca *ret, struct att_err *err)
{
    const char *text = cli_value(c, "ca");
    struct att_shown shown;

    if (!text)
        return true;
    *ret = strcmp(text, "platform") == 0 ? MK_CA_PLATFORM : MK_CA_PROCESSOR;
    return *ret == MK_CA_PLATFORM || strcmp(text, "processor") == 0 ||
           att_fail(err, ATT_USAGE, "ca", "processor or platform", "%s", att_shown(&shown, att_str(text)));
}

static bool enclave_read(const struct cli *c, struct mk_enclave *enclave, struct att_err *err)
{
    unsigned long product = enclave->product_id;
    unsigned long svn = enclave->svn;

    if (!number_read(c, "product-id", UINT16_MAX, &product, err) ||
        !number_read(c, "svn", UINT16_MAX, &svn, err) ||
        !measure_read(c, "mrenclave", enclave->mrenclave, 32, err) ||
        !measure_read(c, "mrsigner", enclave->mrsigner, 32, err))
        return false;
    enclave->product_id = (uint16_t)product;
    enclave->svn = (uint16_t)svn;
    enclave->debug = cli_has(c, "debug");
    return true;
}

/* What a domain has in place of --svn and --mrenclave. */
static bool domain_read(const struct cli *c, struct mk_td *td, struct att_err *err)
{
    static const char *const rtmrs[] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };

    for (size_t i = 0; i < 4; i++)
        if (!measure_read(c, rtmrs[i], td->rtmr[i], 48, err))
            return false;
    td->debug = cli_has(c, "debug");
    td->report_15 = cli_has(c, "td-15");
    return measure_read(c, "mrtd", td->mrtd, 48, err) &&
           measure_read(c, "tee-tcb-svn", td->tee_tcb_svn, 16, err);
}

static bool versions_read(const struct cli *c, struct mk_dcap_options *o, struct att_err *err)
{
    bool domain = tee_of(c) == ATT_TEE_TDX;
    unsigned long version = cli_has(c, "td-15") ? 5 : o->quote_version;
    unsigned long evaluation = o->evaluation_number;

    if (!number_read(c, "quote-version", 5, &version, err) ||
        !number_read(c, "evaluation-number", UINT32_MAX, &evaluation, err))
        return false;
    if (version < (domain ? 4 : 3))
        return att_fail(err, ATT_USAGE, "quote-version", domain ? "4 or 5" : "3, 4 or 5", "%lu", version);
    if (cli_has(c, "td-15") && version != 5)
        return att_fail(err, ATT_USAGE, "quote-version", "5, for a TD report 1.5", "%lu", version);
    o->quote_version = (unsigned)version;
    o->evaluation_number = (uint32_t)evaluation;
    return true;
}

static bool shared_read(struct cli *c, struct mk_dcap_options *o, struct att_err *err)
{
    bool given = false;
    struct att_span data = { 0 };

    if (!break_read(c, &o->broken, err) || !ca_read(c, &o->ca, err) || !versions_read(c, o, err) ||
        !cli_read_option(c, "runtime-data", &given, &data, err))
        return false;
    if (given) {
        o->has_runtime_data = true;
        o->runtime_data = data;
    }
    return cli_read_option(c, "init-time-data", &o->has_init_time_data, &o->init_time_data, err);
}

/* Options that belong to the other kind would be forgotten without a word. */
static bool fits(const struct cli *c, struct att_err *err)
{
    static const char *const enclave[] = { "product-id", "svn", "mrenclave", "mrsigner" };
    static const char *const domain[] = {
        "mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "tee-tcb-svn", "td-15"
    };
    bool tdx = tee_of(c) == ATT_TEE_TDX;
    const char *const *wrong = tdx ? enclave : domain;
    size_t count = tdx ? sizeof enclave / sizeof enclave[0] : sizeof domain / sizeof domain[0];

    for (size_t i = 0; i < count; i++)
        if (cli_has(c, wrong[i]))
            return att_fail(err, ATT_USAGE, wrong[i], tdx ? "an option of tdx" : "an option of sgx",
                            "one of the other kind");
    return true;
}

/* With --data the vendor that `attestd --dev --data` trusts; without it one that exists for this call only. */
static bool hardware_open(const struct cli *c, int64_t at_unix_s, struct mk_hardware **ret,
                          struct att_err *err)
{
    const char *data = cli_value(c, "data");
    char dir[4096];

    if (!data)
        return mk_hardware_new(at_unix_s, ret, err);
    int n = snprintf(dir, sizeof dir, "%s/dev/hardware", data);
    if (n < 0 || (size_t)n >= sizeof dir)
        return att_fail(err, ATT_USAGE, "data", "a path of at most 4000 bytes", "a longer one");
    return mk_hardware_open(dir, at_unix_s, ret, err);
}

static bool folder_make(const char *dir, struct att_err *err)
{
    struct stat st;

    if (mkdir(dir, 0755) == 0 || (errno == EEXIST && stat(dir, &st) == 0 && S_ISDIR(st.st_mode)))
        return true;
    struct att_shown shown;
    const char *reason = errno == EEXIST ? "it is not a folder" : strerrorname_np(errno);
    return att_fail(err, ATT_IO_FAILED, "out", "a folder that can be made", "%s: %s",
                    att_shown(&shown, att_str(dir)), reason ? reason : "unknown");
}

static enum cli_exit list_breaks(struct cli *c)
{
    struct att_json_writer w = cli_writer(c);

    if (c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "breaks");
        att_jw_array(&w);
    }
    for (size_t i = 1; i < MK_BREAK_COUNT; i++) {
        const struct mk_break_row *row = &mk_breaks[i];
        const char *code = row->expected_code == ATT_OK ? "accepted" : att_code_name(row->expected_code);
        if (!mk_break_is_for(row, tee_of(c)))
            continue;
        if (!c->json) {
            att_buf_printf(&c->out, "%-32s %-10s %-28s %s\n", row->name, mk_scope_name(row->scope), code,
                           row->words);
            continue;
        }
        att_jw_object(&w);
        att_jw_key(&w, "name");
        att_jw_str(&w, row->name);
        att_jw_key(&w, "scope");
        att_jw_str(&w, mk_scope_name(row->scope));
        att_jw_key(&w, "expected_error");
        att_jw_str(&w, row->expected_code == ATT_OK ? NULL : code);
        att_jw_key(&w, "also_acceptable_error");
        att_jw_str(&w, row->also_code == row->expected_code ? NULL : att_code_name(row->also_code));
        att_jw_key(&w, "words");
        att_jw_str(&w, row->words);
        att_jw_end_object(&w);
    }
    if (c->json) {
        att_jw_end_array(&w);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
    }
    return CLI_YES;
}

static void answer(struct cli *c, const char *dir, const struct mk_evidence *ev)
{
    struct att_json_writer w = cli_writer(c);

    if (!c->json) {
        att_buf_printf(&c->out, "made %s evidence in %s\n", c->operands[0], dir);
        if (ev->broken && ev->broken->id != MK_BREAK_NONE)
            att_buf_printf(&c->out, "  broken      %s: %s\n", ev->broken->name, ev->broken->words);
        att_buf_printf(&c->out, "  expected    %s\n",
                       ev->expected_code == ATT_OK ? ev->expected_tcb_status
                                                   : att_code_name(ev->expected_code));
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "out");
    att_jw_str(&w, dir);
    att_jw_key(&w, "expected_error");
    att_jw_str(&w, ev->expected_code == ATT_OK ? NULL : att_code_name(ev->expected_code));
    att_jw_key(&w, "expected_tcb_status");
    att_jw_str(&w, ev->expected_tcb_status);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static bool sgx_make(struct cli *c, int64_t at_unix_s, const struct mk_hardware *hw, struct mk_evidence *ret,
                     struct att_err *err)
{
    struct mk_sgx_options o;

    mk_sgx_defaults(&o, at_unix_s);
    return shared_read(c, &o.dcap, err) && enclave_read(c, &o.enclave, err) && mk_sgx_make(hw, &o, ret, err);
}

static bool tdx_make(struct cli *c, int64_t at_unix_s, const struct mk_hardware *hw, struct mk_evidence *ret,
                     struct att_err *err)
{
    struct mk_tdx_options o;

    mk_tdx_defaults(&o, at_unix_s);
    return shared_read(c, &o.dcap, err) && domain_read(c, &o.td, err) && mk_tdx_make(hw, &o, ret, err);
}

static enum cli_exit run_make(struct cli *c)
{
    ATT_AUTO(hardware_free) struct mk_hardware *hw = NULL;
    ATT_AUTO(mk_evidence_free) struct mk_evidence ev = { 0 };
    struct att_err err = { 0 };
    int64_t at_unix_s = 0;

    if (cli_has(c, "list-breaks"))
        return list_breaks(c);
    const char *dir = cli_value(c, "out");
    if (!dir) {
        att_fail(&err, ATT_USAGE, "out", "DIR", "nothing");
        att_err_text(&err, "--out DIR is missing");
        return cli_refuse(c, &err);
    }
    if (!fits(c, &err) || !cli_time(c, &at_unix_s, &err) || !hardware_open(c, at_unix_s, &hw, &err) ||
        !(tee_of(c) == ATT_TEE_TDX ? tdx_make : sgx_make)(c, at_unix_s, hw, &ev, &err) ||
        !folder_make(dir, &err) || !mk_evidence_write(&ev, dir, ev.broken->name, &err))
        return cli_refuse(c, &err);
    answer(c, dir, &ev);
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "out",
      .argument = "DIR",
      .help = "Folder for quote.bin, report.bin, runtime_data.bin, the collateral, root_ca.pem and "
              "expected.json." },
    { .name = "data",
      .argument = "DIR",
      .help = "Data folder of attestd --dev: evidence of the hardware that it trusts. Without it the "
              "hardware is made "
              "up for this call and forgotten." },
    { .name = "at",
      .argument = "TIME",
      .help = "The time (RFC 3339) for which the evidence is good; now if not given." },
    { .name = "break", .argument = "NAME", .help = "Break exactly this one thing." },
    { .name = "list-breaks", .help = "List what can be broken, and the refusal each must meet." },
    { .name = "runtime-data", .argument = "FILE", .help = "Data whose hash goes into the report data." },
    { .name = "init-time-data",
      .argument = "FILE",
      .help = "Data whose hash goes into CONFIGID, or MRCONFIGID of a domain." },
    { .name = "debug", .help = "The enclave or domain runs in debug mode." },
    { .name = "product-id", .argument = "N", .help = "ISVPRODID of the enclave." },
    { .name = "svn", .argument = "N", .help = "ISVSVN of the enclave." },
    { .name = "mrenclave", .argument = "HEX", .help = "Measurement of the enclave." },
    { .name = "mrsigner", .argument = "HEX", .help = "Signer of the enclave." },
    { .name = "ca",
      .argument = "processor|platform",
      .help = "Which CA issued the PCK certificate; processor if not given." },
    { .name = "mrtd", .argument = "HEX", .help = "tdx: initial measurement of the domain." },
    { .name = "rtmr0", .argument = "HEX", .help = "tdx: first run-time measurement." },
    { .name = "rtmr1", .argument = "HEX", .help = "tdx: second run-time measurement." },
    { .name = "rtmr2", .argument = "HEX", .help = "tdx: third run-time measurement." },
    { .name = "rtmr3", .argument = "HEX", .help = "tdx: fourth run-time measurement." },
    { .name = "tee-tcb-svn",
      .argument = "HEX",
      .help = "tdx: TEE_TCB_SVN, 16 bytes: SVN and version of the module, then its components." },
    { .name = "td-15", .help = "tdx: a TD report 1.5, in a quote of version 5." },
    { .name = "quote-version",
      .argument = "N",
      .help = "3, 4 or 5; 3 if not given. tdx: 4 or 5; 4 if not given." },
    { .name = "evaluation-number", .argument = "N", .help = "tcbEvaluationDataNumber of the collateral." },
    { 0 },
};

const struct cli_command cli_evidence_make = {
    .name = "evidence make",
    .operands = "sgx|open-enclave|tdx",
    .choices = "sgx open-enclave tdx",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "make evidence for tests, good or broken in one way",
    .about = "Plays a hardware vendor, a machine and an enclave or a trust domain: certificates, collateral "
             "and a signed quote "
             "that a "
             "verifier accepts when, and only when, it is told to trust the root in root_ca.pem. The quote "
             "is written "
             "alone (quote.bin) and, for enclaves, behind an Open Enclave header (report.bin). "
             "For tdx it is the quote of a trust domain. expected.json says what a "
             "verifier "
             "must answer.",
    .examples = "  attestctl evidence make sgx --out lab --at 2026-06-15T12:00:00Z\n"
                "  attestctl evidence make sgx --out bad --break quote-signature\n"
                "  attestctl evidence make tdx --out old --break relaunch-advised\n",
    .options = options,
    .run = run_make,
};
