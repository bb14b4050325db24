#include "cli/verify.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/nearest.h"
#include "cli/verify_inputs.h"

#include <attest/token.h>

#include <stdio.h>

/* What `verify` was given, read. Everything lives in the arena but the four handles. */
struct job {
    struct att_lib *lib;
    struct att_collateral *collateral;
    struct att_tpm_trust *aik_trust;
    struct att_policy *policy;
    struct att_attest_in in;
    struct att_span policy_file;
    bool has_policy;
};

static void job_free(struct job *job)
{
    att_policy_free(job->policy);
    att_tpm_trust_free(job->aik_trust);
    att_collateral_free(job->collateral);
    att_lib_free(job->lib);
}

static bool status_unknown(struct att_span name, struct att_err *err)
{
    char word[64];
    struct att_shown shown;

    (void)snprintf(word, sizeof word, "%s", att_shown(&shown, name));
    struct cli_nearest near = { .wanted = word };
    for (enum att_tcb_status s = ATT_STATUS_UP_TO_DATE; s < ATT_STATUS_COUNT; s++)
        cli_nearest_try(&near, att_tcb_status_name(s));
    return att_fail(err, ATT_USAGE, "accept-tcb",
                    near.best ? near.best : "UpToDate, SWHardeningNeeded, OutOfDate, ...", "%s", shown.text);
}

/* "UpToDate,SWHardeningNeeded" */
static bool read_accepted(const struct cli *c, unsigned *ret, struct att_err *err)
{
    const char *p = cli_value(c, "accept-tcb");
    unsigned accepted = 0;

    if (!p) {
        *ret = ATT_TCB_ANY_BUT_REVOKED;
        return true;
    }
    for (bool more = true; more;) {
        struct att_span name = att_span_of(p, strcspn(p, ","));
        enum att_tcb_status s = att_tcb_status_of(name);
        if (s == ATT_STATUS_UNKNOWN)
            return status_unknown(name, err);
        if (s == ATT_STATUS_REVOKED)
            return att_fail(err, ATT_USAGE, "accept-tcb", "any status but Revoked, which is never accepted",
                            "Revoked");
        accepted |= ATT_TCB_BIT(s);
        p += name.len;
        more = *p == ',';
        p += more;
    }
    *ret = accepted;
    return true;
}

static bool data_is_json(const struct cli *c, const char *option, const char *otherwise, bool *ret,
                         struct att_err *err)
{
    const char *type = cli_value(c, option);
    struct att_shown shown;

    if (!type)
        type = otherwise;
    *ret = strcmp(type, "json") == 0;
    return *ret || strcmp(type, "binary") == 0 ||
           att_fail(err, ATT_USAGE, option, "json or binary", "%s", att_shown(&shown, att_str(type)));
}

static bool read_bound(struct cli *c, const char *file, const char *type, struct att_bound_data *ret,
                       struct att_err *err)
{
    struct att_bound_data data = { 0 };

    if (!cli_read_option(c, file, &data.present, &data.bytes, err))
        return false;
    if (!data_is_json(c, type, "binary", &data.json, err))
        return false;
    *ret = data;
    return true;
}

/* A number of an option; *ret stays when it was not given. */
static bool read_number(const struct cli *c, const char *option, uint32_t *ret, struct att_err *err)
{
    const char *text = cli_value(c, option);
    uint32_t n = 0;

    if (!text)
        return true;
    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 9)
        return att_fail(err, ATT_USAGE, option, "a number below 1000000000", "%s",
                        att_shown(&(struct att_shown){ 0 }, att_str(text)));
    for (; *text; text++)
        n = n * 10 + (uint32_t)(*text - '0');
    *ret = n;
    return true;
}

enum { KIND_DCAP = 1, KIND_AMD = 2, KIND_TPM = 4, KIND_GUEST = 8, ALL_BUT_TPM = 11 };

static const struct {
    unsigned kind;
    const char *names;
} kinds[] = {
    { KIND_DCAP, "sgx, open-enclave, tdx" },
    { KIND_AMD, "sev-snp" },
    { KIND_TPM, "tpm" },
    { KIND_GUEST, "azure-guest" },
};

static unsigned kind_of(const char *evidence_type)
{
    for (size_t i = 1; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(evidence_type, kinds[i].names) == 0)
            return kinds[i].kind;
    return KIND_DCAP;
}

/* "sgx, open-enclave, tdx, azure-guest" */
static const char *kind_names(unsigned wanted, char ret[64])
{
    size_t at = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!(wanted & kinds[i].kind) || at >= 64)
            continue;
        int n = snprintf(ret + at, 64 - at, "%s%s", at ? ", " : "", kinds[i].names);
        at += n > 0 ? (size_t)n : 0;
    }
    return ret;
}

/* What belongs to some kinds of evidence alone is refused beside others: it would be read by nobody. */
static bool options_fit(const struct cli *c, struct att_err *err)
{
    static const struct {
        const char *option;
        unsigned kinds;
        unsigned needed; /* by these kinds */
        const char *argument;
    } rows[] = {
        { "evidence", ALL_BUT_TPM, ALL_BUT_TPM, "FILE" },
        { "request", KIND_TPM, KIND_TPM, "FILE" },
        { "collateral", ALL_BUT_TPM, KIND_DCAP, "DIR" },
        { "chain", KIND_AMD | KIND_GUEST, 0, NULL },
        { "endorsements", KIND_AMD, 0, NULL },
        { "early-collateral", KIND_DCAP, 0, NULL },
        { "evaluation-number", KIND_DCAP, 0, NULL },
        { "grace", ALL_BUT_TPM, 0, NULL },
        { "accept-tcb", ALL_BUT_TPM, 0, NULL },
        { "compliance", ALL_BUT_TPM, 0, NULL },
        { "trust-root", ALL_BUT_TPM, 0, NULL },
        { "runtime-data", KIND_DCAP | KIND_AMD, 0, NULL },
        { "init-time-data", KIND_DCAP | KIND_AMD, 0, NULL },
        { "aik-root", KIND_TPM | KIND_GUEST, 0, NULL },
        { "aik-intermediates", KIND_TPM | KIND_GUEST, 0, NULL },
        { "expect-challenge", KIND_TPM, 0, NULL },
        { "allow-sha1", KIND_TPM, 0, NULL },
        { "other-banks", KIND_TPM, 0, NULL },
        { "quote", KIND_GUEST, 0, NULL },
        { "quote-signature", KIND_GUEST, 0, NULL },
        { "pcrs", KIND_GUEST, 0, NULL },
        { "event-log", KIND_GUEST, 0, NULL },
        { "td-quote", KIND_GUEST, 0, NULL },
    };
    unsigned kind = kind_of(c->operands[0]);
    char names[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool given = cli_has(c, rows[i].option);
        if (given && !(rows[i].kinds & kind))
            return att_fail(err, ATT_USAGE, rows[i].option, kind_names(rows[i].kinds, names), "%s",
                            c->operands[0]);
        if (given || !(rows[i].needed & kind))
            continue;
        (void)att_fail(err, ATT_USAGE, rows[i].option, rows[i].argument, "none");
        att_err_text(err, "--%s %s is missing", rows[i].option, rows[i].argument);
        return false;
    }
    return true;
}

static bool read_endorsements(struct cli *c, struct att_attest_in *in, struct att_err *err)
{
    struct att_span *all = att_arena_alloc(c->arena, CLI_GIVEN_MAX, sizeof *all);
    const char *path = NULL;

    if (!all)
        return att_fail_memory(err, "endorsements");
    while ((path = cli_value_at(c, "endorsements", in->uvm_endorsement_count)) != NULL) {
        if (!cli_read(c, "endorsements", path, &all[in->uvm_endorsement_count], err))
            return false;
        in->uvm_endorsement_count++;
    }
    in->uvm_endorsements = all;
    return true;
}

static bool make_lib(struct cli *c, struct att_lib **ret, struct att_err *err)
{
    struct att_root root = { .test_root = true };
    bool given = false;

    if (!cli_read_option(c, "trust-root", &given, &root.pem, err))
        return false;
    struct att_lib_options options = { .size = sizeof options, .roots = &root, .root_count = given ? 1 : 0 };
    return att_lib_new(&options, ret, err);
}

/* The JWS; a file may end in a line end. */
static bool read_request(struct cli *c, struct job *job, struct att_err *err)
{
    struct att_attest_in *in = &job->in;

    if (!cli_read(c, "request", cli_value(c, "request"), &in->evidence, err) ||
        !cli_challenge_read(c, &in->challenge_given, &in->challenge, err) ||
        !cli_tpm_trust_read(c, job->lib, &job->aik_trust, err))
        return false;
    while (in->evidence.len > 0 && memchr("\r\n", in->evidence.ptr[in->evidence.len - 1], 2))
        in->evidence.len--;
    in->aik_trust = job->aik_trust;
    in->sha1_allowed = cli_has(c, "allow-sha1");
    in->other_banks_allowed = cli_has(c, "other-banks");
    return true;
}

/* Whose certificates speak for the key of a trusted launch, and what stands beside a report of the paravisor. */
static bool read_guest(struct cli *c, struct job *job, struct att_err *err)
{
    if (!cli_tpm_trust_read(c, job->lib, &job->aik_trust, err))
        return false;
    job->in.aik_trust = job->aik_trust;
    return cli_guest_read(c, &job->in.evidence, err);
}

/* Evidence that stands in a file of its own, and what vendors say of its platform. */
static bool read_evidence(struct cli *c, struct job *job, struct att_err *err)
{
    struct att_attest_in *in = &job->in;
    bool chain = false;

    if (kind_of(c->operands[0]) == KIND_TPM)
        return read_request(c, job, err);
    if (!cli_read(c, "evidence", cli_value(c, "evidence"), &in->evidence, err) ||
        !cli_read_option(c, "chain", &chain, &in->cert_chain, err) || !read_endorsements(c, in, err) ||
        !cli_compliance_read(c, &in->compliance, &in->compliance_count, err) ||
        !cli_collateral_read(c, job->lib, &job->collateral, err))
        return false;
    in->collateral = job->collateral;
    return kind_of(c->operands[0]) != KIND_GUEST || read_guest(c, job, err);
}

static bool read_job(struct cli *c, struct job *job, struct att_err *err)
{
    struct att_attest_in *in = &job->in;

    in->size = sizeof *in;
    in->evidence_type = c->operands[0];
    in->trace = cli_has(c, "explain");
    in->describe = true;
    in->newer_claims = true;
    return options_fit(c, err) && read_accepted(c, &in->accepted_tcb, err) &&
           cli_time(c, &in->now_unix_s, err) &&
           read_number(c, "evaluation-number", &in->evaluation_number_pinned, err) &&
           read_number(c, "grace", &in->collateral_grace_s, err) &&
           read_bound(c, "runtime-data", "runtime-data-type", &in->runtime, err) &&
           read_bound(c, "init-time-data", "init-time-data-type", &in->init_time, err) &&
           cli_read_option(c, "policy", &job->has_policy, &job->policy_file, err) &&
           make_lib(c, &job->lib, err) && read_evidence(c, job, err);
}

/* A policy file holds text, or a policy token as clients upload it. */
static bool read_policy(struct cli *c, struct job *job, struct cli_judgement *j, struct att_err *err)
{
    if (!job->has_policy)
        return true;
    if (!att_policy_from_client(c->arena, job->policy_file, NULL, &j->policy_text, err) ||
        !att_policy_compile(j->policy_text, NULL, &job->policy, NULL, err))
        return false;
    job->in.policy = job->policy;
    j->policy = job->policy;
    return true;
}

static enum cli_exit answer(struct cli *c, const struct cli_judgement *j)
{
    if (c->json)
        cli_verdict_json(c, j);
    else
        cli_verdict_text(c, j);
    if (j->verdict.accepted)
        return CLI_YES;
    return att_code_class(j->verdict.err.code) == ATT_CLASS_INTERNAL ? CLI_UNKNOWN : CLI_NO;
}

static enum cli_exit run_verify(struct cli *c)
{
    ATT_AUTO(job_free) struct job job = { 0 };
    struct cli_judgement j = { .evidence_type = c->operands[0], .explain = cli_has(c, "explain") };
    struct att_err err = { 0 };

    if (!read_job(c, &job, &err))
        return cli_refuse(c, &err);
    j.now_unix_s = job.in.now_unix_s;
    if (!read_policy(c, &job, &j, &j.verdict.err))
        return answer(c, &j); /* nothing is accepted under a policy that cannot be read */
    if (!att_attest(job.lib, c->arena, &job.in, &j.verdict))
        return answer(c, &j);
    if (!cli_verdict_claims(c, &j, &err))
        return cli_refuse(c, &err);
    return answer(c, &j);
}

static const struct cli_option options[] = {
    { .name = "evidence",
      .argument = "FILE",
      .help = "The quote or report, raw bytes; - is standard input. azure-guest: the attestation information "
              "(JSON) that a "
              "client sends, or a report of the paravisor (NV index 0x01400001). Not for tpm." },
    { .name = "request",
      .argument = "FILE",
      .help = "tpm: the signed request, a compact JWS; - is standard input." },
    { .name = "aik-root",
      .argument = "PEM",
      .repeats = true,
      .help =
          "tpm, azure-guest: certificates of authorities whose certificates of attestation keys count. "
          "Without one, only "
          "a policy with require_valid_aik_cert=false accepts anything, and no trusted launch is accepted." },
    { .name = "aik-intermediates",
      .argument = "PEM",
      .repeats = true,
      .help = "tpm, azure-guest: certificates that lead from such a certificate to a root; trusted for "
              "nothing else." },
    { .name = "expect-challenge",
      .argument = "BASE64URL",
      .help = "tpm: the challenge that the request must answer. Without it, any challenge will do: that the "
              "request is fresh is then not checked." },
    { .name = "other-banks",
      .help = "tpm: registers of SHA-384 or SHA-512 count without those of SHA-256; for machines whose "
              "firmware extends them." },
    { .name = "allow-sha1",
      .help = "tpm: take signatures and register banks of SHA-1, where there is nothing better." },
    { .name = "quote",
      .argument = "FILE",
      .help = "azure-guest: a quote of the vTPM (TPMS_ATTEST) beside a report of the paravisor; with "
              "--quote-signature and --pcrs." },
    { .name = "quote-signature",
      .argument = "FILE",
      .help = "azure-guest: the quote's signature, the bare number or a TPMT_SIGNATURE." },
    { .name = "pcrs",
      .argument = "FILE",
      .help =
          "azure-guest: the quoted registers, {\"sha256\":[...]} with 24 values in hexadecimal or null." },
    { .name = "event-log",
      .argument = "FILE",
      .help = "azure-guest: the TCG log of the boot, binary_bios_measurements." },
    { .name = "td-quote",
      .argument = "FILE",
      .help = "azure-guest: the TDX quote that was made of the TDREPORT in a report of the paravisor." },
    { .name = "collateral",
      .argument = "DIR",
      .help =
          "Folder with tcb_info.json, tcb_info_issuer_chain.pem, qe_identity.json, "
          "qe_identity_issuer_chain.pem, pck_crl.der, pck_crl_issuer_chain.pem and root_ca_crl.der; needed "
          "but "
          "for sev-snp, where vcek_crl.der with vcek_chain.pem, vlek_crl.der with vlek_chain.pem are read. "
          "A root_ca.pem in it is not read." },
    { .name = "chain",
      .argument = "PEM",
      .help =
          "sev-snp: VCEK or VLEK, ASK or ASVK, ARK, in this order. Not needed when the certificate table of "
          "an extended report has them." },
    { .name = "endorsements",
      .argument = "FILE",
      .repeats = true,
      .help = "sev-snp: an endorsement of the utility VM, COSE_Sign1." },
    { .name = "compliance",
      .argument = "FILE",
      .help =
          "Machines that are called compliant: a JSON list of objects with the settings of a [compliance] "
          "section of attestd.conf(5). The first that fits gives the claim x-ms-compliance-status." },
    { .name = "early-collateral",
      .argument = "DIR",
      .help =
          "The same files of the next evaluation set: what the platform will be judged as then. Changes no "
          "verdict." },
    { .name = "evaluation-number",
      .argument = "N",
      .help = "Judge by collateral of exactly this TCB evaluation number." },
    { .name = "grace",
      .argument = "SECONDS",
      .help = "Use collateral that is past its nextUpdate by no more than this." },
    { .name = "trust-root",
      .argument = "PEM",
      .help = "Trust the key of this certificate too, for this call, and say so in the answer. For tests." },
    { .name = "at", .argument = "TIME", .help = "Judge at this time (RFC 3339) instead of now." },
    { .name = "runtime-data", .argument = "FILE", .help = "Data whose SHA-256 must be in the report data." },
    { .name = "runtime-data-type",
      .argument = "json|binary",
      .help = "How its claims are made; binary if not given. The hash is over the bytes either way." },
    { .name = "init-time-data",
      .argument = "FILE",
      .help = "Data whose SHA-256 must be in CONFIGID (sgx), MRCONFIGID (tdx) or HOST_DATA (sev-snp)." },
    { .name = "init-time-data-type", .argument = "json|binary", .help = "As for the runtime data." },
    { .name = "policy",
      .argument = "FILE",
      .help = "Judge by this policy too: its text, or a policy token." },
    { .name = "accept-tcb",
      .argument = "STATUS,...",
      .help = "Accept these TCB statuses only; every status but Revoked if not given. Revoked is never "
              "accepted." },
    { .name = "explain",
      .help = "Say in one sentence why the policy permits or not, and of each rule whether it fired, which "
              "claims it met or missed, and what it made." },
    { 0 },
};

const struct cli_command cli_verify = {
    .name = "verify",
    .operands = "sgx|open-enclave|tdx|sev-snp|tpm|azure-guest",
    .choices = "sgx open-enclave tdx sev-snp tpm azure-guest",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "judge evidence, offline",
    .about =
        "Checks one piece of evidence: its form, its binding to runtime data, its certificate chain to a "
        "trusted root, the collateral, the signatures, the TCB level, and a policy if one is given. The "
        "first "
        "check that fails is the reason.\n\n"
        "No network and no server are used. The same files and the same --at give the same answer, years "
        "later.",
    .examples =
        "  attestctl verify sgx --evidence quote.bin --collateral platform/ --runtime-data keys.json\n"
        "  attestctl verify open-enclave --evidence report.bin --collateral platform/ --at "
        "2026-06-15T12:00:00Z --accept-tcb UpToDate,SWHardeningNeeded --json\n"
        "  attestctl verify tdx --evidence quote.bin --collateral platform/ --early-collateral next/\n"
        "  attestctl verify sev-snp --evidence report.bin --chain chain.pem --runtime-data keys.json\n"
        "  attestctl verify tpm --request request.jws --aik-root aik-ca.pem --policy boot.txt --explain\n"
        "  attestctl verify azure-guest --evidence hcl-report.bin --chain vcek.pem --quote quote.msg "
        "--quote-signature quote.sig --pcrs pcrs.json\n",
    .options = options,
    .run = run_verify,
};
