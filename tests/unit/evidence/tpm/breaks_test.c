/* layers: attest makers base */
/* Requests with exactly one thing broken, of every form: each is refused with the code of its row; a forged body is accepted and
 * gives no claim. */
#include "fixture.h"

static struct cases cases = { .name = "evidence.tpm_breaks" };
static struct rig rig;

struct kind {
    const char *name;
    unsigned version;
    enum mk_os os;
    bool vbs;
};
static const struct kind kinds[] = {
    { "form 2, Linux", 2, MK_OS_LINUX, false },
    { "form 2, enclave", 2, MK_OS_WINDOWS, true },
    { "form 1, Windows", 1, MK_OS_WINDOWS, false },
    { "form 1, enclave", 1, MK_OS_WINDOWS, true },
};

/* The first kind meets all breaks of form 2, the third those that form 1 can have; enclaves what is broken about them. */
static bool fits(const struct kind *k, enum mk_tpm_needs needs)
{
    if (needs == MK_TPM_NEEDS_VBS || k->vbs)
        return k->vbs && needs == MK_TPM_NEEDS_VBS;
    if (k->version == 2)
        return needs != MK_TPM_NEEDS_WINDOWS;
    return needs == MK_TPM_NEEDS_ANY || needs == MK_TPM_NEEDS_WINDOWS;
}

static void check_accepted(const char *name, const struct kind *k, const struct mk_request_evidence *ev,
                           const struct att_verdict *v)
{
    cases_check(&cases, bool_claim(v, "secureBootEnabled", ev->secure_boot), "E-n: %s, %s: secureBootEnabled",
                k->name, name);
    cases_check(&cases, bool_claim(v, "aikValidated", true) && v->test_root, "%s, %s: aikValidated", k->name,
                name);
    cases_check(&cases,
                bool_claim(v, "vbsReportPresent", k->vbs) && bool_claim(v, "vsmReportPresent", k->vbs),
                "%s, %s: vbsReportPresent", k->name, name);
    cases_check(&cases, strcmp(v->attestation_type, k->vbs ? "vbs" : "tpm") == 0, "%s, %s: %s", k->name, name,
                v->attestation_type);
    bool bound = k->version == 2 || k->vbs;
    cases_check(&cases, (att_claims_find(&v->claims, "cnf", ATT_ISSUER_SERVICE) != NULL) == bound,
                "%s, %s: cnf says that the key is this machine's", k->name, name);
    if (ev->broken->id == MK_TPM_BREAK_LOG_TAG_FORGED)
        cases_check(&cases,
                    bool_claim(v, "vbsEnabled", false) && bool_claim(v, "bootDebuggingDisabled", false),
                    "E-n: %s: claims from forged settings", k->name);
}

static void run(const struct kind *k, const struct mk_tpm_break_row *row)
{
    struct mk_request_options o;
    struct mk_request_evidence ev = { 0 };
    struct att_err err = { 0 };
    struct att_verdict v;

    mk_request_defaults(&o, k->os, AT);
    o.version = k->version;
    o.vbs = k->vbs;
    o.broken = row->id;
    bool made = mk_request_make(rig.tpm, &o, &ev, &err);
    cases_check(&cases, made, "%s, %s: made: %s at %s", k->name, row->name, err.text, err.where);
    if (!made)
        return;
    struct att_policy *policy = mask_policy(ev.pcr_mask, "");
    const struct att_attest_in in = rig_in(&rig, mk_request_item(&ev, MK_REQUEST_JWS), o.challenge, policy);
    bool accepted = rig_judge(&rig, &in, &v);
    bool right = v.err.code == ev.expected_code || v.err.code == ev.also_code;
    /* The list's own digests are believed by nobody, but one that lies is reason enough. */
    right = right || (row->id == MK_TPM_BREAK_IMA_DIGEST && v.err.code == ATT_IMA_LOG_MISMATCH);
    cases_check(&cases, right, "%s, %s (%s): %s at %s (%s), not %s", k->name, row->name, row->words,
                att_code_name(v.err.code), v.err.where, v.err.text, att_code_name(ev.expected_code));
    cases_check(&cases, accepted || (v.err.where[0] && v.err.found[0] && v.err.expected[0]),
                "%s, %s: says too little", k->name, row->name);
    cases_check(&cases, accepted || v.claims.count == 0, "%s, %s: refused, with claims", k->name, row->name);
    if (accepted)
        check_accepted(row->name, k, &ev, &v);
    att_policy_free(policy);
    mk_request_evidence_free(&ev);
}

int main(void)
{
    rig_open(&rig);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t i = 0; i < MK_TPM_BREAK_COUNT; i++)
            if (i == MK_TPM_BREAK_NONE || fits(&kinds[k], mk_tpm_breaks[i].needs))
                run(&kinds[k], &mk_tpm_breaks[i]);
    rig_close(&rig);
    return cases_report(&cases);
}
