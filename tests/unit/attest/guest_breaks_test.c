/* layers: attest makers base */
/* Azure guests with exactly one thing broken, of every isolation: each is refused with the code of its row; a forged body is
 * accepted and gives no claim. */
#include <attest/tpm.h>

#include "makers/guest.h"
#include "support/cases.h"
#include "unit/attest/tdx_fixture.h"

static struct cases cases = { .name = "attest.guest_breaks" };

/* Keys are the costly thing: one of each for all cases. */
static struct world {
    struct mk_tpm_vendor *vendor;
    struct mk_tpm *tpm;
    struct mk_amd *amd;
    struct mk_hardware *hw;
    struct att_lib *lib;
    struct att_tpm_trust *trust;
    struct att_arena *arena;
} w;

static void must(bool ok, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "the fixture failed: %s at %s\n", err->text, err->where);
    exit(2);
}

static void open_world(void)
{
    struct att_buf ark = { 0 }, intel = { 0 }, aik = { 0 };
    struct att_err err = { 0 };

    must(mk_tpm_vendor_new(FIXTURE_NOW, &w.vendor, &err) &&
             mk_tpm_new(w.vendor, MK_BANK(MK_SHA256), &w.tpm, &err) &&
             mk_amd_new(MK_AMD_MILAN, MK_AMD_BITS_QUICK, FIXTURE_NOW, &w.amd, &err) &&
             mk_hardware_new(FIXTURE_NOW, &w.hw, &err) && mk_amd_ark_pem(w.amd, &ark, &err) &&
             mk_hardware_root_pem(w.hw, &intel, &err) && mk_tpm_aik_ca_pem(w.vendor, &aik, &err),
         &err);
    const struct att_root roots[] = { { .pem = att_buf_span(&ark), .test_root = true },
                                      { .pem = att_buf_span(&intel), .test_root = true } };
    const struct att_lib_options options = { .size = sizeof options, .roots = roots, .root_count = 2 };
    must(att_lib_new(&options, &w.lib, &err), &err);
    const struct att_root root = { .pem = att_buf_span(&aik), .test_root = true };
    const struct att_tpm_trust_in in = { .size = sizeof in, .roots = &root, .root_count = 1 };
    must(att_tpm_trust_new(w.lib, &in, &w.trust, &err), &err);
    w.arena = arena_new();
    att_buf_free(&ark);
    att_buf_free(&intel);
    att_buf_free(&aik);
}

static void close_world(void)
{
    att_arena_free(w.arena);
    att_tpm_trust_free(w.trust);
    att_lib_free(w.lib);
    mk_hardware_free(w.hw);
    mk_amd_free(w.amd);
    mk_tpm_free(w.tpm);
    mk_tpm_vendor_free(w.vendor);
}

static const char *const isolations[] = { "trusted launch", "SEV-SNP", "TDX" };

static bool bool_claim(const struct att_verdict *v, const char *name, bool want)
{
    const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);

    return c && c->value.kind == ATT_CLAIM_BOOL && c->value.boolean == want;
}

static void check_accepted(const struct mk_guest_evidence *ev, const char *label, const char *name,
                           const struct att_verdict *v)
{
    bool windows = ev->options.boot.os == MK_OS_WINDOWS;
    bool read = windows && ev->broken->id != MK_GUEST_BREAK_LOG_TAG_FORGED;

    cases_check(&cases, bool_claim(v, "secureboot", ev->secure_boot), "E-n: %s, %s: secureboot", label, name);
    cases_check(&cases, bool_claim(v, "x-ms-azurevm-is-windows", windows), "E-n: %s, %s: is-windows", label,
                name);
    cases_check(&cases, bool_claim(v, "x-ms-azurevm-elam-enabled", read), "E-n: %s, %s: elam", label, name);
    cases_check(&cases, v->seal_to.len > 0, "%s, %s: nobody to answer to", label, name);
}

static void judge(const struct mk_guest_evidence *ev)
{
    const char *label = isolations[ev->options.isolation], *name = ev->broken->name;
    bool tdx = ev->options.isolation == MK_GUEST_TDX;
    struct att_dcap_bundle bundle = { 0 };
    struct att_collateral *c = NULL;
    struct att_verdict v;

    if (tdx) {
        bundle = bundle_of(&ev->td);
        c = collateral_new(w.lib, &bundle, 1, ATT_COLLATERAL_SOLE);
    }
    att_arena_reset(w.arena);
    const struct att_attest_in in = { .size = sizeof in,
                                      .evidence_type = "azure-guest",
                                      .evidence = mk_guest_judged(ev),
                                      .cert_chain = mk_guest_item(ev, MK_GUEST_CHAIN),
                                      .collateral = c,
                                      .aik_trust = w.trust,
                                      .now_unix_s = FIXTURE_NOW,
                                      .accepted_tcb = ATT_TCB_DEFAULT };
    bool accepted = att_attest(w.lib, w.arena, &in, &v);
    cases_check(&cases, v.err.code == ev->expected_code || v.err.code == ev->also_code,
                "%s, %s (%s): %s at %s (%s), not %s", label, name, ev->broken->words,
                att_code_name(v.err.code), v.err.where, v.err.text, att_code_name(ev->expected_code));
    cases_check(&cases, accepted || (v.err.where[0] && v.err.found[0] && v.err.expected[0]),
                "%s, %s: says too little", label, name);
    cases_check(&cases, accepted || v.claims.count == 0, "%s, %s: refused, with claims", label, name);
    if (accepted)
        check_accepted(ev, label, name, &v);
    att_collateral_free(c);
}

static void run(enum mk_guest_break broken, enum mk_guest_isolation isolation, enum mk_os os)
{
    struct mk_guest_evidence ev = { 0 };
    struct mk_guest_options o;
    struct att_err err = { 0 };

    mk_guest_defaults(&o, isolation, os, FIXTURE_NOW);
    o.broken = broken;
    bool made = mk_guest_make(w.tpm, w.amd, w.hw, &o, &ev, &err);
    cases_check(&cases, made, "%s: made: %s at %s", mk_guest_breaks[broken].name, err.text, err.where);
    if (!made)
        return;
    judge(&ev);
    mk_guest_evidence_free(&ev);
}

int main(void)
{
    open_world();
    for (enum mk_guest_isolation i = MK_GUEST_TRUSTED_LAUNCH; i <= MK_GUEST_TDX; i++) {
        run(MK_GUEST_BREAK_NONE, i, MK_OS_WINDOWS);
        for (enum mk_guest_break b = 0; b < MK_GUEST_BREAK_COUNT; b++)
            if (mk_guest_isolation_for(b, i) == i)
                run(b, i, MK_OS_LINUX);
    }
    close_world();
    return cases_report(&cases);
}
