/* layers: attest makers base */
/* Each way in which a trust domain's evidence can be broken, against the code that it must be refused with. */
#include "support/cases.h"
#include "unit/attest/tdx_fixture.h"

static struct cases cases = { .name = "attest.tdx_breaks" };

enum form { V4, V5_10, V5_15, FORMS };
static const char *const form_names[FORMS] = { "v4", "v5 with report 1.0", "v5 with report 1.5" };

static void judge(const struct att_lib *lib, const struct mk_evidence *ev, enum att_collateral_use use,
                  enum form form)
{
    const char *name = ev->broken ? ev->broken->name : "none";
    struct att_dcap_bundle b = bundle_of(ev);
    struct att_collateral *c = collateral_new(lib, &b, 1, use);
    struct att_arena *arena = arena_new();
    struct att_attest_in in = domain_in(ev, c);
    struct att_verdict v;

    bool accepted = att_attest(lib, arena, &in, &v);
    cases_check(&cases, accepted == (ev->expected_code == ATT_OK) && accepted == v.accepted, "%s %s: %s",
                name, form_names[form], v.err.text);
    if (ev->expected_code == ATT_OK) {
        cases_check(&cases,
                    v.err.code == ATT_OK && ev->expected_tcb_status &&
                        strcmp(ev->expected_tcb_status, att_tcb_status_name(v.tcb.status)) == 0,
                    "%s %s: status %s, want %s", name, form_names[form], att_tcb_status_name(v.tcb.status),
                    ev->expected_tcb_status ? ev->expected_tcb_status : "none");
        cases_check(&cases, v.test_root, "%s %s: not marked as a test root", name, form_names[form]);
    } else {
        /* Among many bundles an item that cannot be used is not found at all, which is said in its own way. */
        bool missing = use == ATT_COLLATERAL_INDEXED && ev->broken->scope == MK_IN_COLLATERAL &&
                       v.err.code == ATT_COLLATERAL_MISSING;
        cases_check(&cases, v.err.code == ev->expected_code || v.err.code == ev->also_code || missing,
                    "%s %s: got %s at %s (%s), want %s", name, form_names[form], att_code_name(v.err.code),
                    v.err.where, v.err.text, att_code_name(ev->expected_code));
        cases_check(&cases, v.err.where[0] && v.err.found[0] && v.err.expected[0],
                    "%s %s: says too little: %s", name, form_names[form], v.err.text);
        cases_check(&cases, !v.accepted && v.claims.count == 0, "%s %s: claims without trust", name,
                    form_names[form]);
    }
    att_arena_free(arena);
    att_collateral_free(c);
}

static void row(const struct mk_hardware *hw, const struct att_lib *lib, const struct mk_break_row *r,
                enum form form)
{
    struct mk_tdx_options o;
    struct mk_evidence ev;

    mk_tdx_defaults(&o, FIXTURE_NOW);
    o.broken = r->id;
    o.quote_version = form == V4 ? 4 : 5;
    o.td.report_15 = form == V5_15;
    o.ca = form == V4 ? MK_CA_PLATFORM : MK_CA_PROCESSOR;
    if (r->id == MK_BREAK_INIT_TIME_DATA) {
        o.has_init_time_data = true;
        o.init_time_data = att_str("{\"a\":1}");
    }
    domain_new(hw, &o, &ev);
    judge(lib, &ev, ATT_COLLATERAL_SOLE, form);
    if (r->scope == MK_IN_COLLATERAL)
        judge(lib, &ev, ATT_COLLATERAL_INDEXED, form);
    mk_evidence_free(&ev);
}

/* What lies around the quote does not know its form: those rows take turns. */
static bool wanted(const struct mk_break_row *r, enum form form)
{
    return r->scope == MK_IN_QUOTE || r->scope == MK_IN_TCB || r->td_15 || r->id % FORMS == (unsigned)form;
}

static bool possible(const struct mk_break_row *r, enum form form)
{
    if (r->td_15 && form != V5_15)
        return false;
    if (r->id == MK_BREAK_TD_BODY_TYPE_3 && form == V5_15)
        return false; /* type 3 is right there */
    return r->quote_version != 5 || form != V4;
}

int main(void)
{
    struct mk_hardware *hw = hardware_new();
    struct att_lib *lib = lib_new(&hw, 1, 0);

    for (unsigned i = 0; i < MK_BREAK_COUNT; i++)
        for (unsigned form = 0; form < FORMS; form++)
            if (mk_breaks[i].tdx && possible(&mk_breaks[i], (enum form)form) &&
                wanted(&mk_breaks[i], (enum form)form))
                row(hw, lib, &mk_breaks[i], (enum form)form);
    att_lib_free(lib);
    mk_hardware_free(hw);
    return cases_report(&cases);
}
