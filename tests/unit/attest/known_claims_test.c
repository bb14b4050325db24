/* layers: attest makers base policy */
/* What the lint believes that evidence brings (policy/known_claims.def) is what evidence of each type brings: nothing unknown, of no
 * other kind, nothing invented. */
#include <attest/tpm.h>

#include "base/buf.h"
#include "makers/amd.h"
#include "makers/guest.h"
#include "makers/tpm_request.h"
#include "policy/lint_claims.h"
#include "support/cases.h"
#include "unit/attest/tdx_fixture.h"

static struct cases cases = { .name = "attest.known_claims" };

enum { SOURCES_MAX = 128, EVERY_REGISTER = 0xffffff };

static struct world {
    struct mk_hardware *hw;
    struct mk_amd *amd;
    struct mk_tpm_vendor *vendor;
    struct mk_tpm *tpm;
    struct att_lib *lib;
    struct att_tpm_trust *trust;
    struct att_policy *policy; /* looks at everything costly */
    struct att_arena *arena;
} w;

static void open_world(void)
{
    static const char text[] = "version=1.2; authorizationrules { => permit(); }; issuancerules {"
                               " [type==\"events\"] && [type==\"bootEvents\"] && [type==\"pcrs\"] => "
                               "issue(type=\"all\", value=1); };";
    struct att_buf ark = { 0 }, intel = { 0 }, aik = { 0 };
    struct att_err err = { 0 };

    w.hw = hardware_new();
    w.arena = arena_new();
    need(mk_amd_new(MK_AMD_MILAN, MK_AMD_BITS_QUICK, FIXTURE_NOW, &w.amd, &err) &&
             mk_tpm_vendor_new(FIXTURE_NOW, &w.vendor, &err) &&
             mk_tpm_new(w.vendor, MK_BANK(MK_SHA256), &w.tpm, &err) && mk_amd_ark_pem(w.amd, &ark, &err) &&
             mk_hardware_root_pem(w.hw, &intel, &err) && mk_tpm_aik_ca_pem(w.vendor, &aik, &err),
         "makers", &err);
    const struct att_root roots[] = { { .pem = att_buf_span(&ark), .test_root = true },
                                      { .pem = att_buf_span(&intel), .test_root = true } };
    const struct att_lib_options options = { .size = sizeof options, .roots = roots, .root_count = 2 };
    const struct att_root root = { .pem = att_buf_span(&aik), .test_root = true };
    const struct att_tpm_trust_in trust = { .size = sizeof trust, .roots = &root, .root_count = 1 };
    need(att_lib_new(&options, &w.lib, &err) && att_tpm_trust_new(w.lib, &trust, &w.trust, &err) &&
             att_policy_compile(att_str(text), NULL, &w.policy, NULL, &err),
         "library", &err);
    att_buf_free(&ark);
    att_buf_free(&intel);
    att_buf_free(&aik);
}

static void close_world(void)
{
    att_policy_free(w.policy);
    att_tpm_trust_free(w.trust);
    att_lib_free(w.lib);
    att_arena_free(w.arena);
    mk_tpm_free(w.tpm);
    mk_tpm_vendor_free(w.vendor);
    mk_amd_free(w.amd);
    mk_hardware_free(w.hw);
}

/* -- the list and the claims --------------------------------------------------------------------------------- */

struct known {
    const char *type;
    struct lint_source source[SOURCES_MAX];
    bool seen[SOURCES_MAX];
    size_t count;
};

static struct known known_of(const char *type)
{
    struct known k = { .type = type };
    unsigned evidence = lint_evidence_of(type);

    while (k.count < SOURCES_MAX && lint_known_claim(evidence, k.count, &k.source[k.count]))
        k.count++;
    cases_check(&cases, k.count > 0 && k.count < SOURCES_MAX, "%s: %zu known claims", type, k.count);
    return k;
}

static bool is_of(const struct lint_source *s, const struct att_claim *c)
{
    unsigned kind = c->value.kind == ATT_CLAIM_JSON ? LINT_NO_KIND : 1u << c->value.kind;

    return att_span_eq(s->type, c->type) && s->kinds == kind &&
           s->in_token == !!(c->flags & ATT_CLAIM_IN_TOKEN) &&
           s->read_only == !!(c->flags & ATT_CLAIM_READ_ONLY);
}

static void compare(struct known *k, const char *name, const struct att_verdict *v)
{
    bool here[SOURCES_MAX] = { false };

    for (size_t i = 0; i < v->claims.count; i++) {
        const struct att_claim *c = &v->claims.items[i];
        bool found = c->issuer != ATT_ISSUER_SERVICE;
        for (size_t n = 0; n < k->count; n++) {
            if (c->issuer != ATT_ISSUER_SERVICE || !is_of(&k->source[n], c))
                continue;
            found = here[n] = k->seen[n] = true;
        }
        cases_check(&cases, found, "%s: %.*s is not known, or as something else", name, (int)c->type.len,
                    (const char *)c->type.ptr);
    }
    for (size_t n = 0; n < k->count; n++)
        cases_check(&cases, here[n] || !k->source[n].always, "%s: %.*s is not always there", name,
                    (int)k->source[n].type.len, (const char *)k->source[n].type.ptr);
}

/* What the composer of tokens adds, not the evidence. */
static bool is_composed(struct att_span type)
{
    static const char *const names[] = { "x-ms-policy-hash", "x-ms-policy-signer", "x-ms-compliance-status",
                                         "x-ms-runtime",     "x-ms-inittime",      "nonce" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (att_span_is(type, names[i]))
            return true;
    return false;
}

static void nothing_invented(const struct known *k)
{
    for (size_t n = 0; n < k->count; n++)
        cases_check(&cases, k->seen[n] || is_composed(k->source[n].type), "%s: no evidence brings %.*s",
                    k->type, (int)k->source[n].type.len, (const char *)k->source[n].type.ptr);
}

/* -- evidence -------------------------------------------------------------------------------------------------- */

static void judge(struct known *k, const char *name, const struct att_attest_in *in)
{
    struct att_verdict v;

    if (att_attest(w.lib, w.arena, in, &v))
        compare(k, name, &v);
    else
        cases_check(&cases, false, "%s: refused: %s at %s", name, v.err.text, v.err.where);
    att_arena_reset(w.arena);
}

static void sgx(void)
{
    struct known k = known_of("sgx");
    struct mk_sgx_options o;
    struct mk_evidence ev;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    for (int with_data = 0; with_data < 2; with_data++) {
        o.has_runtime_data = o.has_init_time_data = with_data;
        o.init_time_data = att_str("{}");
        o.runtime_data = att_str("{\"held\":\"data\"}");
        evidence_new(w.hw, &o, &ev);
        struct att_collateral *c = collateral_of(w.lib, &ev);
        struct att_attest_in in = in_of(&ev, c);
        judge(&k, with_data ? "sgx, with data" : "sgx", &in);
        att_collateral_free(c);
        mk_evidence_free(&ev);
    }
    nothing_invented(&k);
}

static void tdx(void)
{
    struct known k = known_of("tdx");
    struct mk_tdx_options o;
    struct mk_evidence ev;

    mk_tdx_defaults(&o, FIXTURE_NOW);
    domain_new(w.hw, &o, &ev);
    struct att_collateral *c = collateral_of(w.lib, &ev);
    struct att_attest_in in = domain_in(&ev, c);
    judge(&k, "tdx", &in);
    nothing_invented(&k);
    att_collateral_free(c);
    mk_evidence_free(&ev);
}

static void snp(void)
{
    struct known k = known_of("sev-snp");
    struct mk_snp_options o;
    struct mk_snp_evidence ev = { 0 };
    struct att_err err = { 0 };

    mk_snp_defaults(&o, MK_AMD_MILAN, FIXTURE_NOW);
    need(mk_snp_make(w.amd, &o, &ev, &err), "mk_snp_make", &err);
    const struct att_attest_in in = { .size = sizeof in,
                                      .evidence_type = "sev-snp",
                                      .evidence = mk_snp_item(&ev, MK_SNP_REPORT),
                                      .cert_chain = mk_snp_item(&ev, MK_SNP_CHAIN),
                                      .now_unix_s = FIXTURE_NOW,
                                      .newer_claims = true,
                                      .accepted_tcb = ATT_TCB_ANY_BUT_REVOKED };
    judge(&k, "sev-snp", &in);
    nothing_invented(&k);
    mk_snp_evidence_free(&ev);
}

static void machine(struct known *k, const char *name, const struct mk_request_options *o,
                    const struct att_policy *policy)
{
    struct mk_request_evidence ev = { 0 };
    struct att_err err = { 0 };

    need(mk_request_make(w.tpm, o, &ev, &err), "mk_request_make", &err);
    const struct att_attest_in in = { .size = sizeof in,
                                      .evidence_type = "tpm",
                                      .evidence = mk_request_item(&ev, MK_REQUEST_JWS),
                                      .aik_trust = w.trust,
                                      .now_unix_s = FIXTURE_NOW,
                                      .accepted_tcb = ATT_TCB_DEFAULT,
                                      .policy = policy };
    judge(k, name, &in);
    mk_request_evidence_free(&ev);
}

/* The machine that says most, then those that say less. */
static void machines(const char *type, bool vbs)
{
    struct known k = known_of(type);
    struct mk_request_options o;

    mk_request_defaults(&o, MK_OS_WINDOWS, FIXTURE_NOW);
    o.vbs = vbs;
    machine(&k, vbs ? "vbs, no policy" : "tpm, windows, no policy", &o, NULL);
    o.version = 1;
    machine(&k, vbs ? "vbs, form 1" : "tpm, form 1", &o, w.policy);
    mk_request_defaults(&o, MK_OS_WINDOWS, FIXTURE_NOW);
    o.vbs = vbs;
    o.boot_attestation = true;
    o.other_keys[0] = MK_TPM_APP_EC;
    o.other_key_count = 1;
    o.rp_data = "Zm9v";
    machine(&k, vbs ? "vbs, everything" : "tpm, everything", &o, w.policy);
    if (vbs) {
        nothing_invented(&k);
        return;
    }
    mk_request_defaults(&o, MK_OS_LINUX, FIXTURE_NOW);
    o.rp_data = NULL;
    machine(&k, "tpm, linux", &o, w.policy);
    mk_request_defaults(&o, MK_OS_WINDOWS, FIXTURE_NOW);
    o.vbs = true; /* policies of TPMs see enclaves, too */
    machine(&k, "tpm, with an enclave", &o, w.policy);
    nothing_invented(&k);
}

static void guests(void)
{
    static const char *const names[] = { "guest of a trusted launch", "guest under SEV-SNP",
                                         "guest under TDX" };
    struct known k = known_of("azure-guest");
    struct att_err err = { 0 };

    for (enum mk_guest_isolation i = MK_GUEST_TRUSTED_LAUNCH; i <= MK_GUEST_TDX; i++) {
        struct mk_guest_evidence ev = { 0 };
        struct att_collateral *c = NULL;
        struct mk_guest_options o;
        mk_guest_defaults(&o, i, i == MK_GUEST_SNP ? MK_OS_WINDOWS : MK_OS_LINUX, FIXTURE_NOW);
        need(mk_guest_make(w.tpm, w.amd, w.hw, &o, &ev, &err), "mk_guest_make", &err);
        if (i == MK_GUEST_TDX)
            c = collateral_of(w.lib, &ev.td);
        const struct att_attest_in in = { .size = sizeof in,
                                          .evidence_type = "azure-guest",
                                          .evidence = mk_guest_item(&ev, MK_GUEST_INFO),
                                          .collateral = c,
                                          .aik_trust = w.trust,
                                          .now_unix_s = FIXTURE_NOW,
                                          .newer_claims = true,
                                          .accepted_tcb = ATT_TCB_DEFAULT };
        judge(&k, names[i], &in);
        att_collateral_free(c);
        mk_guest_evidence_free(&ev);
    }
    nothing_invented(&k);
}

/* What matters most of it: a policy can tell that the host may look into the guest. */
static void debuggable_guest(void)
{
    static const char text[] = "version=1.0; authorizationrules { => permit();"
                               " [type==\"x-ms-sevsnpvm-is-debuggable\", value==true] => deny(); };";
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };

    need(att_policy_compile(att_str(text), NULL, &policy, NULL, &err), "att_policy_compile", &err);
    for (int debug = 0; debug < 2; debug++) {
        struct mk_guest_evidence ev = { 0 };
        struct mk_guest_options o;
        struct att_verdict v;
        mk_guest_defaults(&o, MK_GUEST_SNP, MK_OS_LINUX, FIXTURE_NOW);
        o.snp.policy |= debug ? MK_SNP_POLICY_DEBUG : 0;
        need(mk_guest_make(w.tpm, w.amd, w.hw, &o, &ev, &err), "mk_guest_make", &err);
        const struct att_attest_in in = { .size = sizeof in,
                                          .evidence_type = "azure-guest",
                                          .evidence = mk_guest_item(&ev, MK_GUEST_INFO),
                                          .aik_trust = w.trust,
                                          .now_unix_s = FIXTURE_NOW,
                                          .accepted_tcb = ATT_TCB_DEFAULT,
                                          .policy = policy };
        bool accepted = att_attest(w.lib, w.arena, &in, &v);
        cases_check(&cases, accepted == !debug && (accepted || v.err.code == ATT_POLICY_DENIED),
                    "E-q: a guest under SEV-SNP, debug %d: %s", debug, att_code_name(v.err.code));
        att_arena_reset(w.arena);
        mk_guest_evidence_free(&ev);
    }
    att_policy_free(policy);
}

int main(void)
{
    open_world();
    sgx();
    tdx();
    snp();
    machines("tpm", false);
    machines("vbs", true);
    guests();
    debuggable_guest();
    close_world();
    return cases_report(&cases);
}
