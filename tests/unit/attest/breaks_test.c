/* layers: attest makers base */
/* Each way in which evidence can be broken, against the code that it must be refused with. The maker is another
 * program's author than the verifier's: neither is asked to agree with itself. */
#include "support/cases.h"
#include "unit/attest/fixture.h"

static struct cases cases = { .name = "attest.breaks" };

static void judge(const struct att_lib *lib, const struct mk_evidence *ev, const char *type,
                  enum mk_item item, enum att_collateral_use use, unsigned version)
{
    const char *name = ev->broken ? ev->broken->name : "none";
    struct att_dcap_bundle b = bundle_of(ev);
    struct att_collateral *c = collateral_new(lib, &b, 1, use);
    struct att_arena *arena = arena_new();
    struct att_attest_in in = in_of(ev, c);
    struct att_verdict v;

    in.evidence_type = type;
    in.evidence = mk_item(ev, item);
    bool accepted = att_attest(lib, arena, &in, &v);
    cases_check(&cases, accepted == (ev->expected_code == ATT_OK) && accepted == v.accepted,
                "%s v%u as %s: %s", name, version, type, v.err.text);
    if (ev->expected_code == ATT_OK) {
        cases_check(&cases,
                    v.err.code == ATT_OK && ev->expected_tcb_status &&
                        strcmp(ev->expected_tcb_status, att_tcb_status_name(v.tcb.status)) == 0,
                    "%s v%u as %s: status %s", name, version, type, att_tcb_status_name(v.tcb.status));
        cases_check(&cases, v.test_root, "%s v%u as %s: not marked as a test root", name, version, type);
    } else {
        /* Among many bundles TCB info that cannot be used is not found at all, which is said in its own way. */
        bool missing = use == ATT_COLLATERAL_INDEXED && strncmp(name, "tcb-", 4) == 0 &&
                       v.err.code == ATT_COLLATERAL_MISSING;
        cases_check(&cases, v.err.code == ev->expected_code || v.err.code == ev->also_code || missing,
                    "%s v%u as %s: got %s at %s (%s), want %s", name, version, type,
                    att_code_name(v.err.code), v.err.where, v.err.text, att_code_name(ev->expected_code));
        cases_check(&cases, v.err.where[0] && v.err.found[0] && v.err.expected[0],
                    "%s v%u as %s: says too little: %s", name, version, type, v.err.text);
    }
    att_arena_free(arena);
    att_collateral_free(c);
}

static void row(const struct mk_hardware *hw, const struct att_lib *lib, const struct mk_break_row *r,
                unsigned version, enum mk_ca ca)
{
    struct mk_sgx_options o;
    struct mk_evidence ev;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.broken = r->id;
    o.quote_version = version;
    o.ca = ca;
    if (r->id == MK_BREAK_INIT_TIME_DATA) {
        o.has_init_time_data = true;
        o.init_time_data = att_str("{\"a\":1}");
    }
    evidence_new(hw, &o, &ev);
    if (r->scope != MK_IN_REPORT) {
        judge(lib, &ev, "sgx", MK_QUOTE, ATT_COLLATERAL_SOLE, version);
        judge(lib, &ev, "sgx", MK_QUOTE, ATT_COLLATERAL_INDEXED, version);
    }
    if (ev.present[MK_REPORT])
        judge(lib, &ev, "open-enclave", MK_REPORT, ATT_COLLATERAL_SOLE, version);
    mk_evidence_free(&ev);
}

/* Forms that are unusual and right: signatures whose halves begin with a zero byte, no and much authentication data,
 * bytes behind the quote. */
static void unusual(const struct mk_hardware *hw, const struct att_lib *lib)
{
    static const enum mk_signature_shape shapes[] = { MK_SIGNATURE_ANY, MK_SIGNATURE_SHORT_R,
                                                      MK_SIGNATURE_SHORT_S };
    static const uint16_t auth_bytes[] = { 0, 32, 1000 };
    static const size_t trailing[] = { 0, 1, 70 };

    for (unsigned i = 0; i < 3; i++)
        for (unsigned version = 3; version <= 5; version++) {
            struct mk_sgx_options o;
            struct mk_evidence ev;
            mk_sgx_defaults(&o, FIXTURE_NOW);
            o.quote_version = version;
            o.signatures = shapes[i];
            o.qe_auth_bytes = auth_bytes[(i + version) % 3];
            o.trailing_zeros = trailing[(i + 2 * version) % 3];
            evidence_new(hw, &o, &ev);
            judge(lib, &ev, "sgx", MK_QUOTE, ATT_COLLATERAL_SOLE, version);
            judge(lib, &ev, "open-enclave", MK_REPORT, ATT_COLLATERAL_INDEXED, version);
            mk_evidence_free(&ev);
        }
}

int main(void)
{
    struct mk_hardware *hw = hardware_new();
    struct att_lib *lib = lib_new(&hw, 1, 0);

    for (unsigned i = 0; i < MK_BREAK_COUNT; i++) {
        const struct mk_break_row *r = &mk_breaks[i];
        for (unsigned version = 3; r->sgx && version <= 5; version++)
            if (r->quote_version == 0 || r->quote_version == version ||
                (r->quote_version == 4 && version == 5))
                row(hw, lib, r, version, version == 4 ? MK_CA_PLATFORM : MK_CA_PROCESSOR);
    }
    unusual(hw, lib);
    att_lib_free(lib);
    mk_hardware_free(hw);
    return cases_report(&cases);
}
