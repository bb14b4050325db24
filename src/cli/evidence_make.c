#include "cli/evidence_make.h"
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

bool cli_make_number(const struct cli *c, const char *option, unsigned long max, unsigned long *ret,
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

bool cli_make_hex(const struct cli *c, const char *option, uint8_t *ret, size_t len, struct att_err *err)
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

    if (!cli_make_number(c, "product-id", UINT16_MAX, &product, err) ||
        !cli_make_number(c, "svn", UINT16_MAX, &svn, err) ||
        !cli_make_hex(c, "mrenclave", enclave->mrenclave, 32, err) ||
        !cli_make_hex(c, "mrsigner", enclave->mrsigner, 32, err))
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
        if (!cli_make_hex(c, rtmrs[i], td->rtmr[i], 48, err))
            return false;
    td->debug = cli_has(c, "debug");
    td->report_15 = cli_has(c, "td-15");
    return cli_make_hex(c, "mrtd", td->mrtd, 48, err) &&
           cli_make_hex(c, "tee-tcb-svn", td->tee_tcb_svn, 16, err);
}

static bool versions_read(const struct cli *c, struct mk_dcap_options *o, struct att_err *err)
{
    bool domain = tee_of(c) == ATT_TEE_TDX;
    unsigned long version = cli_has(c, "td-15") ? 5 : o->quote_version;
    unsigned long evaluation = o->evaluation_number;

    if (!cli_make_number(c, "quote-version", 5, &version, err) ||
        !cli_make_number(c, "evaluation-number", UINT32_MAX, &evaluation, err))
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
        !cli_make_hex(c, "fmspc", o->platform.fmspc, sizeof o->platform.fmspc, err) ||
        !cli_read_option(c, "runtime-data", &given, &data, err))
        return false;
    if (given) {
        o->has_runtime_data = true;
        o->runtime_data = data;
    }
    return cli_read_option(c, "init-time-data", &o->has_init_time_data, &o->init_time_data, err);
}

enum { SGX = 1, TDX = 2, SNP = 4, TPM = 8, VBS = 16, GUEST = 32 };
static const struct kind {
    const char *name;
    unsigned bit;
    void (*breaks)(struct cli *c, struct att_json_writer *w);
    bool (*make)(struct cli *c, const char *dir, int64_t at_unix_s, struct att_err *err);
} kinds[] = {
    { "sgx", SGX, cli_make_dcap_breaks, cli_make_dcap },
    { "open-enclave", SGX, cli_make_dcap_breaks, cli_make_dcap },
    { "tdx", TDX, cli_make_dcap_breaks, cli_make_dcap },
    { "sev-snp", SNP, cli_make_snp_breaks, cli_make_snp },
    { "tpm", TPM, cli_make_tpm_breaks, cli_make_tpm },
    { "vbs", VBS, cli_make_tpm_breaks, cli_make_tpm },
    { "azure-guest", GUEST, cli_make_guest_breaks, cli_make_guest },
};

static const struct kind *kind_of(const struct cli *c)
{
    for (size_t i = 1; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(c->operands[0], kinds[i].name) == 0)
            return &kinds[i];
    return &kinds[0];
}

/* Options that belong to another kind would be forgotten without a word. */
static bool fits(const struct cli *c, struct att_err *err)
{
    static const struct {
        const char *name;
        unsigned kinds;
        const char *expected;
    } rows[] = {
        { "product-id", SGX, "an option of sgx" },
        { "svn", SGX, "an option of sgx" },
        { "mrenclave", SGX, "an option of sgx" },
        { "mrsigner", SGX, "an option of sgx" },
        { "mrtd", TDX, "an option of tdx" },
        { "rtmr0", TDX, "an option of tdx" },
        { "rtmr1", TDX, "an option of tdx" },
        { "rtmr2", TDX, "an option of tdx" },
        { "rtmr3", TDX, "an option of tdx" },
        { "tee-tcb-svn", TDX, "an option of tdx" },
        { "td-15", TDX, "an option of tdx" },
        { "ca", SGX | TDX, "an option of sgx and tdx" },
        { "fmspc", SGX | TDX, "an option of sgx and tdx" },
        { "quote-version", SGX | TDX, "an option of sgx and tdx" },
        { "evaluation-number", SGX | TDX, "an option of sgx and tdx" },
        { "product", SNP, "an option of sev-snp" },
        { "vlek", SNP, "an option of sev-snp" },
        { "report-version", SNP, "an option of sev-snp" },
        { "guest-svn", SNP, "an option of sev-snp" },
        { "vmpl", SNP, "an option of sev-snp" },
        { "measurement", SNP, "an option of sev-snp" },
        { "host-data", SNP, "an option of sev-snp" },
        { "id-key-digest", SNP, "an option of sev-snp" },
        { "author-key-digest", SNP, "an option of sev-snp" },
        { "family-id", SNP, "an option of sev-snp" },
        { "image-id", SNP, "an option of sev-snp" },
        { "report-id", SNP, "an option of sev-snp" },
        { "chip-id", SNP, "an option of sev-snp" },
        { "tcb", SNP, "an option of sev-snp" },
        { "runtime-data", SGX | TDX | SNP, "an option of sgx, tdx and sev-snp" },
        { "init-time-data", SGX | TDX | SNP, "an option of sgx, tdx and sev-snp" },
        { "debug", SGX | TDX | SNP | VBS, "an option of sgx, tdx, sev-snp and vbs" },
        { "os", TPM | VBS | GUEST, "an option of tpm, vbs and azure-guest" },
        { "secure-boot", TPM | VBS | GUEST, "an option of tpm, vbs and azure-guest" },
        { "isolation", GUEST, "an option of azure-guest" },
        { "nonce", GUEST, "an option of azure-guest" },
        { "vm-id", GUEST, "an option of azure-guest" },
        { "challenge", TPM | VBS, "an option of tpm and vbs" },
        { "service-context", TPM | VBS, "an option of tpm and vbs" },
        { "request-version", TPM | VBS, "an option of tpm and vbs" },
        { "request-key", TPM | VBS, "an option of tpm and vbs" },
        { "aik", TPM | VBS, "an option of tpm and vbs" },
        { "pcr-mask", TPM | VBS, "an option of tpm and vbs" },
        { "rp-id", TPM | VBS, "an option of tpm and vbs" },
        { "rp-data", TPM | VBS, "an option of tpm and vbs" },
        { "boot-attestation", TPM | VBS, "an option of tpm and vbs" },
    };
    unsigned kind = kind_of(c)->bit;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!(rows[i].kinds & kind) && cli_has(c, rows[i].name))
            return att_fail(err, ATT_USAGE, rows[i].name, rows[i].expected, "given with %s", c->operands[0]);
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

bool cli_make_folder(const char *dir, struct att_err *err)
{
    struct stat st;

    if (mkdir(dir, 0755) == 0 || (errno == EEXIST && stat(dir, &st) == 0 && S_ISDIR(st.st_mode)))
        return true;
    struct att_shown shown;
    const char *reason = errno == EEXIST ? "it is not a folder" : strerrorname_np(errno);
    return att_fail(err, ATT_IO_FAILED, "out", "a folder that can be made", "%s: %s",
                    att_shown(&shown, att_str(dir)), reason ? reason : "unknown");
}

void cli_make_break_row(struct cli *c, struct att_json_writer *w, const struct cli_break_row *row)
{
    const char *code = row->expected == ATT_OK ? "accepted" : att_code_name(row->expected);

    if (!c->json) {
        att_buf_printf(&c->out, "%-32s %-10s %-28s %s\n", row->name, row->scope, code, row->words);
        return;
    }
    att_jw_object(w);
    att_jw_key(w, "name");
    att_jw_str(w, row->name);
    att_jw_key(w, "scope");
    att_jw_str(w, row->scope);
    att_jw_key(w, "expected_error");
    att_jw_str(w, row->expected == ATT_OK ? NULL : code);
    att_jw_key(w, "also_acceptable_error");
    att_jw_str(w, row->also == row->expected ? NULL : att_code_name(row->also));
    att_jw_key(w, "words");
    att_jw_str(w, row->words);
    att_jw_end_object(w);
}

void cli_make_dcap_breaks(struct cli *c, struct att_json_writer *w)
{
    for (size_t i = 1; i < MK_BREAK_COUNT; i++) {
        const struct mk_break_row *r = &mk_breaks[i];
        if (mk_break_is_for(r, tee_of(c)))
            cli_make_break_row(c, w,
                               &(struct cli_break_row){ r->name, mk_scope_name(r->scope), r->words,
                                                        r->expected_code, r->also_code });
    }
}

static enum cli_exit list_breaks(struct cli *c)
{
    struct att_json_writer w = cli_writer(c);

    if (c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "breaks");
        att_jw_array(&w);
    }
    kind_of(c)->breaks(c, &w);
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

bool cli_make_dcap(struct cli *c, const char *dir, int64_t at_unix_s, struct att_err *err)
{
    ATT_AUTO(hardware_free) struct mk_hardware *hw = NULL;
    ATT_AUTO(mk_evidence_free) struct mk_evidence ev = { 0 };

    if (!hardware_open(c, at_unix_s, &hw, err) ||
        !(tee_of(c) == ATT_TEE_TDX ? tdx_make : sgx_make)(c, at_unix_s, hw, &ev, err) ||
        !cli_make_folder(dir, err) || !mk_evidence_write(&ev, dir, ev.broken->name, err))
        return false;
    answer(c, dir, &ev);
    return true;
}

static enum cli_exit run_make(struct cli *c)
{
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
    if (!fits(c, &err) || !cli_time(c, &at_unix_s, &err) || !kind_of(c)->make(c, dir, at_unix_s, &err))
        return cli_refuse(c, &err);
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "out",
      .argument = "DIR",
      .help =
          "Folder for quote.bin, report.bin, runtime_data.bin, the collateral, root_ca.pem and "
          "expected.json; of sev-snp for report.bin, ext_report.bin, chain.pem, runtime_data.bin, "
          "vcek_crl.der, vlek_crl.der, ark.pem, maa-request.json and expected.json; of tpm and vbs for "
          "request.jws, payload.json, attest-tpm-body.json, attest-tpm-init.json, challenge.txt, aik_ca.pem, "
          "eventlog.bin, ima.bin, vbs_report.bin and expected.json; of azure-guest for "
          "attestation-info.json, "
          "attest-azure-guest-body.json, hcl-report.bin, hcl-bundle.json, runtime-data.json, quote.msg, "
          "quote.sig, pcrs.json, "
          "eventlog.bin, chain.pem, hardware_root.pem, aik_ca.pem, answer.TEST-KEY.pem, which opens the "
          "answer, collateral/ and expected.json." },
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
      .help = "Data whose hash goes into CONFIGID, MRCONFIGID of a domain, or HOST_DATA of a guest." },
    { .name = "debug", .help = "The enclave, domain or guest runs in debug mode." },
    { .name = "product-id", .argument = "N", .help = "ISVPRODID of the enclave." },
    { .name = "svn", .argument = "N", .help = "ISVSVN of the enclave." },
    { .name = "mrenclave", .argument = "HEX", .help = "Measurement of the enclave." },
    { .name = "mrsigner", .argument = "HEX", .help = "Signer of the enclave." },
    { .name = "ca",
      .argument = "processor|platform",
      .help = "Which CA issued the PCK certificate; processor if not given." },
    { .name = "fmspc",
      .argument = "HEX",
      .help = "Family, model and stepping of the platform, 6 bytes: another kind of machine." },
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
    { .name = "product",
      .argument = "milan|genoa|turin",
      .help = "sev-snp: the product line; milan if not given, or turin where --break needs it." },
    { .name = "vlek", .help = "sev-snp: signed with a VLEK, not a VCEK." },
    { .name = "report-version",
      .argument = "N",
      .help = "sev-snp: 2, 3, 4 or 5; 3 if not given, 5 for turin, which has no 2." },
    { .name = "guest-svn", .argument = "N", .help = "sev-snp: GUEST_SVN." },
    { .name = "vmpl", .argument = "N", .help = "sev-snp: VMPL, 0 to 3." },
    { .name = "measurement", .argument = "HEX", .help = "sev-snp: launch measurement, 48 bytes." },
    { .name = "host-data", .argument = "HEX", .help = "sev-snp: HOST_DATA, 32 bytes." },
    { .name = "id-key-digest", .argument = "HEX", .help = "sev-snp: ID_KEY_DIGEST, 48 bytes." },
    { .name = "author-key-digest", .argument = "HEX", .help = "sev-snp: AUTHOR_KEY_DIGEST, 48 bytes." },
    { .name = "family-id", .argument = "HEX", .help = "sev-snp: FAMILY_ID, 16 bytes." },
    { .name = "image-id", .argument = "HEX", .help = "sev-snp: IMAGE_ID, 16 bytes." },
    { .name = "report-id", .argument = "HEX", .help = "sev-snp: REPORT_ID, 32 bytes." },
    { .name = "chip-id",
      .argument = "HEX",
      .help = "sev-snp: CHIP_ID, and hwID of the VCEK: 64 bytes, 8 of turin." },
    { .name = "tcb",
      .argument = "HEX",
      .help = "sev-snp: all four TCB versions, 8 bytes as the report of this product has them." },
    { .name = "os",
      .argument = "linux|windows",
      .help = "tpm, azure-guest: whose logs; linux if not given. vbs is of windows." },
    { .name = "secure-boot",
      .argument = "on|off|absent",
      .help = "tpm, vbs, azure-guest: what the firmware's log says; on if not given." },
    { .name = "challenge",
      .argument = "B64URL",
      .help = "tpm, vbs: the challenge of the service; always the same one if not given." },
    { .name = "service-context",
      .argument = "TEXT",
      .help = "tpm, vbs: the context that came with the challenge; a marker in its place if not given." },
    { .name = "request-version",
      .argument = "1|2",
      .help = "tpm, vbs: attReq or attReqV2; 2 if not given. Form 1 has no list of IMA." },
    { .name = "request-key",
      .argument = "KIND",
      .help =
          "tpm, vbs: software or software-ec, bound by the quote, or tpm or tpm-ec, certified by the AIK; "
          "software if not given." },
    { .name = "aik",
      .argument = "SCHEME",
      .help = "tpm, vbs: rsassa, rsapss, ecdsa, or sha1 for RSASSA with SHA-1; rsassa if not given." },
    { .name = "pcr-mask",
      .argument = "N",
      .help = "tpm, vbs: quoted registers, bit n for PCR n; 16777215 if not given: all." },
    { .name = "rp-id", .argument = "URL", .help = "tpm, vbs: rp_id." },
    { .name = "rp-data", .argument = "B64URL", .help = "tpm, vbs: rp_data, the relying party's nonce." },
    { .name = "boot-attestation",
      .help = "tpm, vbs: the machine woke from hibernation, and sends a quote of its start too." },
    { .name = "isolation",
      .argument = "KIND",
      .help = "azure-guest: sev-snp, tdx or trusted-launch; sev-snp if not given." },
    { .name = "nonce", .argument = "BASE64", .help = "azure-guest: the nonce in ClientPayload." },
    { .name = "vm-id", .argument = "GUID", .help = "azure-guest: vmUniqueId, in upper case." },
    { 0 },
};

const struct cli_command cli_evidence_make = {
    .name = "evidence make",
    .operands = "sgx|open-enclave|tdx|sev-snp|tpm|vbs|azure-guest",
    .choices = "sgx open-enclave tdx sev-snp tpm vbs azure-guest",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "make evidence for tests, good or broken in one way",
    .about =
        "Plays a hardware vendor, a machine and an enclave or a trust domain: certificates, collateral "
        "and a signed quote "
        "that a "
        "verifier accepts when, and only when, it is told to trust the root in root_ca.pem. The quote "
        "is written "
        "alone (quote.bin) and, for enclaves, behind an Open Enclave header (report.bin). "
        "For tdx it is the quote of a trust domain.\n\n"
        "For sev-snp it plays AMD, a chip and a guest: report.bin with its certificates in chain.pem, and "
        "ext_report.bin, the same report with a certificate table behind it; the root to trust is ark.pem."
        "\n\n"
        "For tpm and vbs it plays a TPM, its manufacturer, an authority of attestation keys and a machine "
        "that "
        "boots, for vbs with an enclave: request.jws, the JWS that answers --challenge, in "
        "attest-tpm-body.json "
        "as it is posted; attest-tpm-init.json asks for a challenge. The authority to trust is aik_ca.pem; "
        "the "
        "registers to ask for are in expected.json."
        "\n\n"
        "For azure-guest it plays a guest with a virtual TPM and the hardware under it: "
        "attestation-info.json, in "
        "attest-azure-guest-body.json as it is posted, and hcl-bundle.json, which attestctl verify takes "
        "too. The "
        "roots to trust are aik_ca.pem and hardware_root.pem."
        "\n\n"
        "expected.json says what a verifier must answer.",
    .examples = "  attestctl evidence make sgx --out lab --at 2026-06-15T12:00:00Z\n"
                "  attestctl evidence make sgx --out bad --break quote-signature\n"
                "  attestctl evidence make tdx --out old --break relaunch-advised\n"
                "  attestctl evidence make sev-snp --out guest --product genoa\n"
                "  attestctl evidence make tpm --out machine --challenge M7EXrV3wfoxSdEHg1lrsuw --data lab\n",
    .options = options,
    .run = run_make,
};
