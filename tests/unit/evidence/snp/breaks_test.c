/* layers: attest makers base */
/* Each way in which SEV-SNP evidence can be broken, for both layouts (Milan, Turin), against the code that it must be
 * refused with: E-q (policy bits flipped on), E-r (VLEK and VCEK, masked chips, TCBs out of order), E-t and E-u (lists
 * that cannot be used, or another authority's), E-v (each certificate a second too early and too late). And whole
 * evidence of each product, signer and version. The maker is another author's than the verifier: neither is asked to
 * agree with itself. */
#include "support/cases.h"
#include "unit/evidence/snp/fixture.h"

static struct cases cases = { .name = "evidence.snp_breaks" };

static void answer(const struct mk_snp_evidence *ev, const char *how, bool accepted,
                   const struct att_verdict *v)
{
    const char *name = ev->broken ? ev->broken->name : "none";
    const char *product = mk_amd_product_name(ev->product);

    cases_check(&cases, accepted == v->accepted && accepted == (ev->expected_code == ATT_OK),
                "%s %s v%u, %s: %s at %s (%s)", name, product, ev->options.version, how,
                att_code_name(v->err.code), v->err.where, v->err.text);
    if (v->accepted) {
        cases_check(&cases, v->test_root, "%s %s: not marked as a test root", name, product);
        cases_check(&cases, v->tcb.status == ATT_STATUS_UP_TO_DATE, "%s %s: status", name, product);
        return;
    }
    cases_check(&cases, v->err.code == ev->expected_code || v->err.code == ev->also_code,
                "%s %s v%u, %s: got %s at %s (%s), want %s", name, product, ev->options.version, how,
                att_code_name(v->err.code), v->err.where, v->err.text, att_code_name(ev->expected_code));
    cases_check(&cases, v->err.where[0] && v->err.found[0] && v->err.expected[0], "%s: says too little: %s",
                name, v->err.text);
    cases_check(&cases, v->claims.count == 0 && v->tcb.status == ATT_STATUS_UNKNOWN,
                "%s: refused, with claims", name);
}

static void judge(const struct att_lib *lib, const struct mk_snp_evidence *ev)
{
    enum mk_snp_scope scope = ev->broken ? ev->broken->scope : MK_SNP_IN_REPORT;
    bool whole = !ev->broken || ev->broken->id == MK_SNP_BREAK_NONE;
    struct att_collateral *lists = lists_of(lib, ev);
    struct att_arena *arena = arena_new();
    struct att_verdict v;

    struct att_attest_in in =
        in_of(ev, scope == MK_SNP_IN_CRL || scope == MK_SNP_IN_TIME || whole ? lists : NULL);
    if (scope == MK_SNP_IN_TABLE || whole) {
        struct att_attest_in table = in;
        table.evidence = mk_snp_item(ev, MK_SNP_EXT_REPORT);
        table.cert_chain = (struct att_span){ 0 };
        bool accepted = att_attest(lib, arena, &table, &v);
        answer(ev, "from its table", accepted, &v);
        att_arena_reset(arena);
    }
    if (scope != MK_SNP_IN_TABLE) {
        bool accepted = att_attest(lib, arena, &in, &v);
        answer(ev, "with its chain", accepted, &v);
    }
    att_arena_free(arena);
    att_collateral_free(lists);
}

static void row(const struct mk_amd *amd, const struct att_lib *lib, enum mk_snp_break broken,
                enum mk_snp_signer signer, unsigned version)
{
    struct mk_snp_options o;
    struct mk_snp_evidence ev;

    mk_snp_defaults(&o, mk_amd_product(amd), FIXTURE_NOW);
    o.broken = broken;
    o.signer = signer;
    o.version = version;
    o.has_init_time_data = true;
    o.init_time_data = att_str("{\"a\":1}");
    evidence_new(amd, &o, &ev);
    judge(lib, &ev);
    mk_snp_evidence_free(&ev);
}

int main(void)
{
    for (unsigned p = 0; p < MK_AMD_PRODUCT_COUNT; p++) {
        struct mk_amd *amd = amd_new((enum mk_amd_product)p);
        struct att_lib *lib = lib_new(amd);
        /* Genoa is Milan with other names: whole evidence is enough. */
        for (unsigned b = 0; p != MK_AMD_GENOA && b < MK_SNP_BREAK_COUNT; b++)
            if (mk_snp_break_fits((enum mk_snp_break)b, (enum mk_amd_product)p))
                row(amd, lib, (enum mk_snp_break)b, MK_SNP_VCEK, p == MK_AMD_TURIN ? 5 : 3);
        for (unsigned version = p == MK_AMD_TURIN ? 3 : 2; version <= 5; version++) {
            row(amd, lib, MK_SNP_BREAK_NONE, MK_SNP_VCEK, version);
            row(amd, lib, MK_SNP_BREAK_NONE, MK_SNP_VLEK, version);
        }
        att_lib_free(lib);
        mk_amd_free(amd);
    }
    return cases_report(&cases);
}
