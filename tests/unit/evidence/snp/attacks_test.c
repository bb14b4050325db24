/* layers: attest makers base */
/* What other verifiers of SEV-SNP let pass, by its letter in the attack list, each refused for that very reason. flow_test.c
 * has absent and empty data (E-a, E-y) and evidence of other types (E-x). */
#include "support/cases.h"
#include "unit/evidence/snp/fixture.h"

static struct cases cases = { .name = "evidence.snp_attacks" };
static struct mk_amd *amd;
static struct att_lib *lib;
static struct att_arena *arena;

static bool judged(const struct att_attest_in *in, struct att_verdict *ret)
{
    att_arena_reset(arena);
    return att_attest(lib, arena, in, ret);
}

static void refused(const char *name, const struct att_attest_in *in, enum att_code want)
{
    struct att_verdict v;
    bool accepted = judged(in, &v);

    cases_check(&cases, !accepted && v.err.code == want, "%s: %s at %s (%s), not %s", name,
                att_code_name(v.err.code), v.err.where, v.err.text, att_code_name(want));
    cases_check(&cases, v.err.where[0] && v.err.found[0] && v.err.expected[0] && v.claims.count == 0,
                "%s: says too little, or claims", name);
}

static void taken(const char *name, const struct att_attest_in *in)
{
    struct att_verdict v;
    bool accepted = judged(in, &v);

    cases_check(&cases, accepted, "%s: %s", name, v.err.text);
}

static struct mk_snp_options defaults(void)
{
    struct mk_snp_options o;

    mk_snp_defaults(&o, MK_AMD_MILAN, FIXTURE_NOW);
    return o;
}

/* -- one thing broken by the maker --------------------------------------------------------------------------------- */

static void broken(void)
{
    static const struct {
        const char *name;
        enum mk_snp_break at;
        enum att_code want;
    } rows[] = {
        { "E-k: a table that says 4 GiB", MK_SNP_BREAK_TABLE_LENGTH_HUGE, ATT_SNP_CERT_TABLE },
        { "E-k: a table that begins at 4 GiB", MK_SNP_BREAK_TABLE_OFFSET_HUGE, ATT_SNP_CERT_TABLE },
        { "E-k: offset and length that wrap", MK_SNP_BREAK_TABLE_OFFSET_WRAPS, ATT_SNP_CERT_TABLE },
        { "E-l: no chain at all", MK_SNP_BREAK_CHAIN_ABSENT, ATT_COLLATERAL_MISSING },
        { "E-l: the leaf alone", MK_SNP_BREAK_CHAIN_LEAF_ONLY, ATT_VCEK_CHAIN_MALFORMED },
        { "E-l: no leaf", MK_SNP_BREAK_CHAIN_NO_LEAF, ATT_VCEK_CHAIN_MALFORMED },
        { "E-m: a byte behind the report", MK_SNP_BREAK_TRAILING, ATT_SNP_LENGTH },
        { "E-m: bytes behind a certificate", MK_SNP_BREAK_CHAIN_DER_TRAILING, ATT_VCEK_CHAIN_MALFORMED },
        { "E-m: a byte behind a list", MK_SNP_BREAK_CRL_TRAILING, ATT_CRL_MALFORMED },
        { "E-q: the debug bit changed after signing", MK_SNP_BREAK_POLICY_DEBUG_FLIP,
          ATT_SNP_SIGNATURE_INVALID },
        { "E-q: a report of a version from before production", MK_SNP_BREAK_VERSION_1, ATT_SNP_VERSION },
        { "E-r: says VLEK, under a VCEK", MK_SNP_BREAK_VLEK_UNDER_VCEK, ATT_SNP_SIGNING_KEY },
        { "E-r: says VCEK, under a VLEK", MK_SNP_BREAK_VCEK_UNDER_VLEK, ATT_SNP_SIGNING_KEY },
        { "E-r: a VCEK issued by the ASVK", MK_SNP_BREAK_VCEK_BY_ASVK, ATT_VCEK_CHAIN_MALFORMED },
        { "E-r: a VLEK issued by the ASK", MK_SNP_BREAK_VLEK_BY_ASK, ATT_VCEK_CHAIN_MALFORMED },
        { "E-r: a chip in a VLEK", MK_SNP_BREAK_EXT_HWID_IN_VLEK, ATT_VCEK_EXTENSION_MALFORMED },
        { "E-r: CHIP_ID under a VLEK", MK_SNP_BREAK_CHIP_ID_VLEK, ATT_CHIP_ID_MISMATCH },
        { "E-r: CHIP_ID masked under a chip's VCEK", MK_SNP_BREAK_CHIP_ID_ZERO, ATT_CHIP_ID_MISMATCH },
        { "E-r: another chip", MK_SNP_BREAK_CHIP_ID_OTHER, ATT_CHIP_ID_MISMATCH },
        { "E-r: the chip's key masked", MK_SNP_BREAK_MASK_CHIP_KEY, ATT_SNP_SIGNING_KEY },
        { "E-r: the chip's key masked, zeros for a signature", MK_SNP_BREAK_MASK_CHIP_KEY_ZERO,
          ATT_SNP_SIGNING_KEY },
        { "E-r: reported above committed, boot loader", MK_SNP_BREAK_COMMITTED_BOOTLOADER,
          ATT_SNP_TCB_ORDER },
        { "E-r: reported above committed, TEE", MK_SNP_BREAK_COMMITTED_TEE, ATT_SNP_TCB_ORDER },
        { "E-r: reported above committed, SNP", MK_SNP_BREAK_COMMITTED_SNP, ATT_SNP_TCB_ORDER },
        { "E-r: reported above committed, microcode", MK_SNP_BREAK_COMMITTED_MICROCODE, ATT_SNP_TCB_ORDER },
        { "E-r: committed above current, microcode", MK_SNP_BREAK_CURRENT_MICROCODE, ATT_SNP_TCB_ORDER },
        { "E-t: a list that is over", MK_SNP_BREAK_CRL_EXPIRED, ATT_CRL_EXPIRED },
        { "E-t: a list that is none", MK_SNP_BREAK_CRL_GARBAGE, ATT_CRL_MALFORMED },
        { "E-t: a list that is cut", MK_SNP_BREAK_CRL_CUT, ATT_CRL_MALFORMED },
        { "E-t: the list has the ASK", MK_SNP_BREAK_ASK_REVOKED, ATT_VCEK_REVOKED },
        { "E-u: a list signed by a stranger", MK_SNP_BREAK_CRL_OTHER_SIGNER, ATT_CRL_SIGNATURE_INVALID },
        { "E-u: a list of the ASK", MK_SNP_BREAK_CRL_BY_ASK, ATT_CRL_ISSUER_MISMATCH },
        { "E-u: a list that names another issuer", MK_SNP_BREAK_CRL_ISSUER_NAME, ATT_CRL_ISSUER_MISMATCH },
        { "E-v: the leaf ended a second ago", MK_SNP_BREAK_LEAF_EXPIRED, ATT_VCEK_CERT_EXPIRED },
        { "E-v: the leaf begins in a second", MK_SNP_BREAK_LEAF_NOT_YET, ATT_VCEK_CERT_NOT_YET_VALID },
        { "E-v: the ASK ended a second ago", MK_SNP_BREAK_ASK_EXPIRED, ATT_VCEK_CERT_EXPIRED },
        { "E-v: the ASK begins in a second", MK_SNP_BREAK_ASK_NOT_YET, ATT_VCEK_CERT_NOT_YET_VALID },
        { "E-v: the ARK ended a second ago", MK_SNP_BREAK_ARK_EXPIRED, ATT_VCEK_CERT_EXPIRED },
        { "E-v: the ARK begins in a second", MK_SNP_BREAK_ARK_NOT_YET, ATT_VCEK_CERT_NOT_YET_VALID },
        { "E-v: the list begins in a second", MK_SNP_BREAK_CRL_NOT_YET, ATT_CRL_NOT_YET_VALID },
        { "E-w: a certificate for higher microcode", MK_SNP_BREAK_TCB_MICROCODE_OTHER, ATT_TCB_MISMATCH },
        { "E-w: a certificate for lower microcode", MK_SNP_BREAK_TCB_BELOW, ATT_TCB_MISMATCH },
        { "E-w: a processor of another line", MK_SNP_BREAK_CPUID_OTHER, ATT_PRODUCT_MISMATCH },
        { "E-w: an ASK of another line", MK_SNP_BREAK_ASK_PRODUCT, ATT_PRODUCT_MISMATCH },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_snp_options o = defaults();
        struct mk_snp_evidence ev;
        o.broken = rows[i].at;
        evidence_new(amd, &o, &ev);
        struct att_collateral *lists = lists_of(lib, &ev);
        struct att_attest_in in = in_of(&ev, lists);
        if (mk_snp_breaks[rows[i].at].scope == MK_SNP_IN_TABLE) {
            in.evidence = mk_snp_item(&ev, MK_SNP_EXT_REPORT);
            in.cert_chain = (struct att_span){ 0 };
        }
        refused(rows[i].name, &in, rows[i].want);
        att_collateral_free(lists);
        mk_snp_evidence_free(&ev);
    }
}

/* -- whole evidence, parts exchanged ------------------------------------------------------------------------------- */

static void exchange(const char *name, const struct mk_snp_options *a, const struct mk_snp_options *b,
                     enum att_code want)
{
    struct mk_snp_evidence one, two;

    evidence_new(amd, a, &one);
    evidence_new(amd, b, &two);
    struct att_attest_in first = in_of(&one, NULL), second = in_of(&two, NULL);
    taken(name, &first);
    taken(name, &second);
    struct att_span chain = first.cert_chain;
    first.cert_chain = second.cert_chain;
    second.cert_chain = chain;
    refused(name, &first, want);
    refused(name, &second, want);
    mk_snp_evidence_free(&one);
    mk_snp_evidence_free(&two);
}

static void exchanged(void)
{
    struct mk_snp_options ours = defaults(), other = defaults();

    other.signer = MK_SNP_VLEK;
    exchange("E-r: a VLEK's report with a VCEK's chain, and the reverse", &ours, &other, ATT_SNP_SIGNING_KEY);
    other = defaults();
    other.chip_id[0] ^= 1;
    exchange("E-w: certificates of two chips", &ours, &other, ATT_CHIP_ID_MISMATCH);
    other = defaults();
    other.reported.microcode--;
    exchange("E-w: certificates of one chip at two levels", &ours, &other, ATT_TCB_MISMATCH);
}

/* Committed may stay behind current, and reported behind both: claims and the certificate go by what is reported. */
static void lagging(void)
{
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct att_verdict v;

    o.reported.microcode = 1;
    o.committed.microcode = 2;
    o.current.microcode = 3;
    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);
    bool accepted = judged(&in, &v);
    const struct att_claim *c = att_claims_find(&v.claims, "x-ms-sevsnpvm-microcode-svn", ATT_ISSUER_SERVICE);
    cases_check(&cases, accepted && c && c->value.integer == 1,
                "E-r: the claim is what is reported, not what runs: %s", v.err.text);
    mk_snp_evidence_free(&ev);
}

/* -- debug --------------------------------------------------------------------------------------------------------- */

static void debug(void)
{
    static const char text[] = "version= 1.0;authorizationrules{[type==\"x-ms-sevsnpvm-is-debuggable\", "
                               "value==false] => permit();};issuancerules{};";
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };

    need(att_policy_compile(att_str(text), NULL, &policy, NULL, &err), "a policy", &err);
    for (unsigned on = 0; on < 2; on++) {
        struct mk_snp_options o = defaults();
        struct mk_snp_evidence ev;
        struct att_verdict v;
        o.policy |= on ? MK_SNP_POLICY_DEBUG : 0;
        evidence_new(amd, &o, &ev);
        struct att_attest_in in = in_of(&ev, NULL);
        in.policy = policy;
        bool accepted = judged(&in, &v);
        cases_check(&cases, accepted == !on && v.err.code == (on ? ATT_POLICY_NO_PERMIT : ATT_OK),
                    "E-q: debug %u under a policy: %s", on, v.err.text);
        mk_snp_evidence_free(&ev);
    }
    att_policy_free(policy);
}

/* -- replay -------------------------------------------------------------------------------------------------------- */

/* The same report gets a verdict again; the data that it binds are what tells one occasion from another. */
static void replay(void)
{
    static const char first[] = "{\"nonce\":\"first\"}", second[] = "{\"nonce\":\"second\"}";
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct att_verdict v;

    o.has_runtime_data = true;
    o.runtime_data = att_str(first);
    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);
    in.runtime.json = true;
    taken("E-z: attested", &in);
    in.now_unix_s += 3600;
    bool accepted = judged(&in, &v);
    const struct att_claim *c = att_claims_find(&v.claims, "x-ms-runtime", ATT_ISSUER_SERVICE);
    cases_check(&cases, accepted && c && att_span_is(c->value.text, first),
                "E-z: sent again an hour later, it still says the first nonce: %s", v.err.text);
    in.runtime.bytes = att_str(second);
    refused("E-z: sent again with another nonce in its data", &in, ATT_RUNTIME_DATA_MISMATCH);
    in.runtime = (struct att_bound_data){ .present = false };
    accepted = judged(&in, &v);
    cases_check(&cases, accepted && !att_claims_find(&v.claims, "x-ms-runtime", ATT_ISSUER_SERVICE),
                "E-z: sent again without its data, it says no nonce: %s", v.err.text);
    mk_snp_evidence_free(&ev);
}

int main(void)
{
    amd = amd_new(MK_AMD_MILAN);
    lib = lib_new(amd);
    arena = arena_new();
    broken();
    exchanged();
    lagging();
    debug();
    replay();
    att_arena_free(arena);
    att_lib_free(lib);
    mk_amd_free(amd);
    return cases_report(&cases);
}
