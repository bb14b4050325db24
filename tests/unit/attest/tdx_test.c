/* layers: attest makers base */
/* A trust domain through the whole pipeline: what its token would say, which data it bound, which levels are taken; and the
 * faults of other verifiers, by their numbers in the attack list. */
#include "makers/tdx.h"

#include "support/cases.h"
#include "unit/attest/tdx_fixture.h"

static struct cases cases = { .name = "attest.tdx" };

struct bench {
    struct mk_hardware *hw;
    struct att_lib *lib;
    struct att_arena *arena; /* of one verdict */
};

typedef void (*edit_fn)(struct att_attest_in *in);

/* The collateral dies with the call: advisories are not looked at here. */
static struct att_verdict attest(struct bench *b, const struct mk_tdx_options *o, edit_fn edit)
{
    struct mk_evidence ev;
    struct att_verdict v;

    domain_new(b->hw, o, &ev);
    struct att_collateral *c = collateral_of(b->lib, &ev);
    struct att_attest_in in = domain_in(&ev, c);
    att_arena_reset(b->arena);
    if (edit)
        edit(&in);
    bool yes = att_attest(b->lib, b->arena, &in, &v);
    cases_check(&cases, yes == v.accepted && yes == (v.err.code == ATT_OK), "answer and verdict differ");
    att_collateral_free(c);
    mk_evidence_free(&ev);
    return v;
}

static struct mk_tdx_options defaults(void)
{
    struct mk_tdx_options o;

    mk_tdx_defaults(&o, FIXTURE_NOW);
    return o;
}

static const struct att_claim *claim(const struct att_verdict *v, const char *name)
{
    return att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);
}

static bool claim_is(const struct att_verdict *v, const char *name, const char *text)
{
    const struct att_claim *c = claim(v, name);

    return c && att_span_is(c->value.text, text) && (c->flags & ATT_CLAIM_IN_TOKEN);
}

static const char *const attribute_claims[64] = {
    [0] = "tdx_td_attributes_debug",       [4] = "tdx_td_attributes_hgs_plus_prof",
    [5] = "tdx_td_attributes_perf_prof",   [6] = "tdx_td_attributes_pmt_prof",
    [16] = "tdx_td_attributes_icssd",      [28] = "tdx_td_attributes_septve_disable",
    [29] = "tdx_td_attributes_migratable", [30] = "tdx_td_attributes_protection_keys",
    [31] = "tdx_td_attributes_key_locker", [63] = "tdx_td_attributes_perfmon",
};
static const char *const xfam_claims[64] = { [11] = "tdx_xfam_cet_u", [12] = "tdx_xfam_cet_s" };

/* Are exactly the claims of this bit true? */
static void check_bits(const struct att_verdict *v, const char *const names[64], unsigned bit,
                       const char *what)
{
    for (unsigned i = 0; i < 64; i++) {
        if (!names[i])
            continue;
        const struct att_claim *c = claim(v, names[i]);
        cases_check(&cases, c && c->value.kind == ATT_CLAIM_BOOL && c->value.boolean == (i == bit),
                    "%s bit %u: %s", what, bit, names[i]);
    }
}

/* Every bit of both fields for itself: the claims that it sets, the hex, and dbgstat. */
static void each_bit(struct bench *b)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        struct mk_tdx_options o = defaults();
        memset(o.td.td_attributes, 0, 8);
        memset(o.td.xfam, 0, 8);
        o.td.td_attributes[bit / 8] = (uint8_t)(1u << bit % 8);
        o.td.xfam[bit / 8] = (uint8_t)(1u << bit % 8);
        struct att_verdict v = attest(b, &o, NULL);
        char hex[17] = "0000000000000000";
        (void)snprintf(hex + bit / 8 * 2, 3, "%02x", 1u << bit % 8);
        hex[bit / 8 * 2 + 2] = bit < 56 ? '0' : '\0';
        cases_check(&cases, v.accepted, "bit %u: %s", bit, v.err.text);
        check_bits(&v, attribute_claims, bit, "TDATTRIBUTES");
        check_bits(&v, xfam_claims, bit, "XFAM");
        cases_check(&cases, claim_is(&v, "tdx_td_attributes", hex) && claim_is(&v, "tdx_xfam", hex),
                    "bit %u: hex is not %s", bit, hex);
        cases_check(&cases, claim_is(&v, "dbgstat", bit < 8 ? "enabled" : "disabled"), "bit %u: dbgstat",
                    bit);
    }
}

static void fields(struct bench *b)
{
    struct mk_tdx_options o = defaults();

    o.td.tee_tcb_svn[0] = 0x0d;
    struct att_verdict v = attest(b, &o, NULL);
    const struct att_claim *svn = claim(&v, "tdx_seamsvn");
    cases_check(&cases, v.accepted && svn && svn->value.kind == ATT_CLAIM_INT && svn->value.integer == 269,
                "tdx_seamsvn of 0d 01: %s", v.err.text);
    cases_check(&cases,
                strcmp(v.attestation_type, "tdxvm") == 0 && claim_is(&v, "x-ms-attestation-type", "tdxvm"),
                "attestation type");
    cases_check(&cases, claim_is(&v, "eat_profile", "https://aka.ms/maa-eat-profile-tdxvm"), "eat_profile");
    cases_check(&cases, claim_is(&v, "attester_tcb_status", "UpToDate") && claim_is(&v, "intuse", "generic"),
                "attester_tcb_status, intuse");
    cases_check(&cases, !claim(&v, "x-ms-compliance-status") && !claim(&v, "x-ms-runtime"),
                "claims that nothing stands behind");
    for (size_t i = 0; i < v.claims.count; i++)
        cases_check(&cases, v.claims.items[i].flags & ATT_CLAIM_IN_TOKEN, "a claim is not for the token");
}

static void as_json(struct att_attest_in *in)
{
    in->runtime.json = true;
}
static void no_runtime(struct att_attest_in *in)
{
    in->runtime.present = false;
}
static void empty_runtime(struct att_attest_in *in)
{
    in->runtime.bytes.len = 0;
}
static void other_runtime(struct att_attest_in *in)
{
    in->runtime.bytes = att_str("{\"hello\":\"synthetic domain\"} ");
}
static void init_given(struct att_attest_in *in)
{
    in->init_time = (struct att_bound_data){ .present = true, .bytes = att_str("x") };
}
static void init_json(struct att_attest_in *in)
{
    in->init_time.json = true;
}
static void init_absent(struct att_attest_in *in)
{
    in->init_time.present = false;
}
static void init_zero_hash(struct att_attest_in *in)
{
    in->init_time = (struct att_bound_data){ .present = true };
}

/* Data that is given has to be the data in the report; data that is not given says nothing. */
static void bound_data(struct bench *b)
{
    static const struct {
        const char *name;
        edit_fn edit;
        bool with_init;
        enum att_code want;
        const char *runtime, *init; /* claims; NULL: none */
    } rows[] = {
        { "binary runtime data", NULL, false, ATT_OK, NULL, NULL },
        { "JSON runtime data", as_json, false, ATT_OK, "{\"hello\":\"synthetic domain\"}", NULL },
        { "no runtime data", no_runtime, false, ATT_OK, NULL, NULL },
        { "empty runtime data", empty_runtime, false, ATT_RUNTIME_DATA_MISMATCH, NULL, NULL },
        { "runtime data with one more space", other_runtime, false, ATT_RUNTIME_DATA_MISMATCH, NULL, NULL },
        { "init-time data of nothing", init_given, false, ATT_INIT_TIME_DATA_MISMATCH, NULL, NULL },
        { "empty init-time data against zeros", init_zero_hash, false, ATT_INIT_TIME_DATA_MISMATCH, NULL,
          NULL },
        { "binary init-time data", NULL, true, ATT_OK, NULL, NULL },
        { "JSON init-time data", init_json, true, ATT_OK, NULL, "{\"a\":1,\"b\":2}" },
        { "other init-time data", init_given, true, ATT_INIT_TIME_DATA_MISMATCH, NULL, NULL },
        { "init-time data not given", init_absent, true, ATT_OK, NULL, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_tdx_options o = defaults();
        o.has_init_time_data = rows[i].with_init;
        o.init_time_data = att_str("{\"b\":2, \"a\":1}");
        memset(o.td.mrconfigid, rows[i].with_init ? 0xcc : 0, sizeof o.td.mrconfigid); /* bytes 32..47 stay */
        struct att_verdict v = attest(b, &o, rows[i].edit);
        cases_check(&cases, v.err.code == rows[i].want, "%s: %s", rows[i].name, v.err.text);
        if (!v.accepted)
            continue;
        cases_check(&cases,
                    rows[i].runtime ? claim_is(&v, "x-ms-runtime", rows[i].runtime)
                                    : !claim(&v, "x-ms-runtime"),
                    "%s: x-ms-runtime", rows[i].name);
        cases_check(&cases,
                    rows[i].init ? claim_is(&v, "x-ms-inittime", rows[i].init) : !claim(&v, "x-ms-inittime"),
                    "%s: x-ms-inittime", rows[i].name);
    }
}

static uint8_t mrtd[48], other[48];
static struct att_compliance_row compliance[2];

static void with_compliance(struct att_attest_in *in)
{
    memset(mrtd, 0x32, sizeof mrtd);
    compliance[0] = (struct att_compliance_row){
        .status = "wrong", .evidence_type = "tdx", .measurement = { mrtd, 48 }, .mrseam = { other, 48 }
    };
    compliance[1] =
        (struct att_compliance_row){ .status = "ours", .evidence_type = "tdx", .measurement = { mrtd, 48 } };
    in->compliance = compliance;
    in->compliance_count = 2;
}

static void compliance_claim(struct bench *b)
{
    struct mk_tdx_options o = defaults();
    struct att_verdict v = attest(b, &o, with_compliance);

    cases_check(&cases, claim_is(&v, "x-ms-compliance-status", "ours"), "the row that fits: %s", v.err.text);
    for (unsigned bit = 0; bit < 8; bit++) {
        o.td.td_attributes[0] = (uint8_t)(1u << bit);
        v = attest(b, &o, with_compliance);
        cases_check(&cases, v.accepted && !claim(&v, "x-ms-compliance-status"),
                    "a domain that can be looked into is compliant, bit %u", bit);
    }
}

static void default_mask(struct att_attest_in *in)
{
    in->accepted_tcb = ATT_TCB_DEFAULT;
}

/* E-i: what is out of date is not taken unless it is asked for, and says so either way. */
static void acceptance(struct bench *b)
{
    static const struct {
        enum mk_break at;
        bool by_default;
    } rows[] = {
        { MK_BREAK_NONE, true },
        { MK_BREAK_TCB_SW_HARDENING, true },
        { MK_BREAK_TCB_OUT_OF_DATE, false },
        { MK_BREAK_MODULE_OUT_OF_DATE, false },
        { MK_BREAK_QE_OUT_OF_DATE, false },
        { MK_BREAK_RELAUNCH_ADVISED, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_tdx_options o = defaults();
        o.broken = rows[i].at;
        o.quote_version = 5;
        o.td.report_15 = true;
        struct att_verdict v = attest(b, &o, default_mask);
        cases_check(&cases, v.err.code == (rows[i].by_default ? ATT_OK : ATT_TCB_STATUS_NOT_ACCEPTED),
                    "E-i: %s by default: %s", mk_breaks[rows[i].at].name, v.err.text);
        cases_check(&cases, claim_is(&v, "attester_tcb_status", att_tcb_status_name(v.tcb.status)),
                    "E-i: %s: the claim", mk_breaks[rows[i].at].name);
        v = attest(b, &o, NULL);
        cases_check(&cases, v.accepted, "E-i: %s, asked for: %s", mk_breaks[rows[i].at].name, v.err.text);
    }
}

/* Faults that other verifiers had, each as a quote that must be refused for that very reason. */
static void attacks(struct bench *b)
{
    static const struct {
        const char *name;
        enum mk_break at;
        enum att_code want;
        const char *where;
    } rows[] = {
        { "E-e: 15 TDX components", MK_BREAK_TDX_15, ATT_TCB_INFO_MALFORMED,
          "collateral.tcb_info.tcbLevels[0]" },
        { "E-e: 17 TDX components", MK_BREAK_TDX_17, ATT_TCB_INFO_MALFORMED,
          "collateral.tcb_info.tcbLevels[0]" },
        { "E-f: one level twice", MK_BREAK_TCB_INFO_LEVEL_TWICE, ATT_TCB_INFO_MALFORMED,
          "collateral.tcb_info.tcbLevels" },
        { "E-f: the lowest level first", MK_BREAK_TCB_INFO_UNSORTED, ATT_OK, "" },
        { "E-f: levels of a module, the lowest first", MK_BREAK_MODULES_UNSORTED, ATT_OK, "" },
        { "E-g: a module version that is not named", MK_BREAK_MODULE_UNKNOWN, ATT_TDX_MODULE_MISMATCH,
          "tdx.quote.body.tee_tcb_svn[1]" },
        { "E-g: another signer's module", MK_BREAK_MODULE_SIGNER, ATT_TDX_MODULE_MISMATCH,
          "tdx.quote.body.mrsignerseam" },
        { "E-g: SEAM attributes", MK_BREAK_SEAM_ATTRIBUTES, ATT_TDX_MODULE_MISMATCH,
          "tdx.quote.body.seamattributes" },
        { "E-h: another QE vendor", MK_BREAK_VENDOR_ID, ATT_QE_VENDOR_ID, "tdx.quote.header.qe_vendor_id" },
        { "E-k: signature section of 4 GiB", MK_BREAK_SIGNATURE_LENGTH_HUGE, ATT_QUOTE_LENGTH,
          "tdx.quote.signature_length" },
        { "E-k: outer certification data of 4 GiB", MK_BREAK_OUTER_LENGTH_HUGE, ATT_QUOTE_LENGTH,
          "tdx.quote.certification_data.length" },
        { "E-k: certification data of 4 GiB", MK_BREAK_CERT_LENGTH_HUGE, ATT_QUOTE_LENGTH,
          "tdx.quote.certification_data.length" },
        { "E-l: no PCK chain, a PPID", MK_BREAK_CERT_TYPE_1, ATT_CERT_DATA_TYPE_UNSUPPORTED,
          "tdx.quote.certification_data.type" },
        { "E-l: no PCK chain, an encrypted PPID", MK_BREAK_CERT_TYPE_3, ATT_CERT_DATA_TYPE_UNSUPPORTED,
          "tdx.quote.certification_data.type" },
        { "E-l: a chain of no bytes", MK_BREAK_CHAIN_EMPTY, ATT_PCK_CHAIN_MALFORMED,
          "tdx.quote.pck_chain.pem" },
        { "E-l: a chain without its CAs", MK_BREAK_CHAIN_ONE, ATT_PCK_CHAIN_MALFORMED,
          "tdx.quote.pck_chain" },
        { "an enclave's TCB info", MK_BREAK_TCB_INFO_SGX, ATT_TCB_INFO_MISMATCH, "collateral.tcb_info.id" },
        { "an enclave's QE identity", MK_BREAK_QE_IDENTITY_SGX, ATT_QE_IDENTITY_MISMATCH,
          "collateral.qe_identity.id" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_tdx_options o = defaults();
        o.broken = rows[i].at;
        struct att_verdict v = attest(b, &o, NULL);
        cases_check(&cases, v.err.code == rows[i].want && strcmp(v.err.where, rows[i].where) == 0,
                    "%s: %s at %s: %s", rows[i].name, att_code_name(v.err.code), v.err.where, v.err.text);
        cases_check(&cases, v.err.code == ATT_OK || v.claims.count == 0, "%s: claims", rows[i].name);
    }
}

/* E-j: collateral of both TEEs for one machine side by side: the domain is judged by its own. */
static void both_tees(struct bench *b)
{
    struct mk_tdx_options o = defaults();
    struct mk_sgx_options so;
    struct mk_evidence domain, enclave;
    struct att_verdict v;

    mk_sgx_defaults(&so, FIXTURE_NOW);
    so.broken = MK_BREAK_TCB_OUT_OF_DATE;
    domain_new(b->hw, &o, &domain);
    evidence_new(b->hw, &so, &enclave);
    for (unsigned first = 0; first < 2; first++) {
        const struct att_dcap_bundle bundles[] = { bundle_of(first ? &enclave : &domain),
                                                   bundle_of(first ? &domain : &enclave) };
        struct att_collateral *c = collateral_new(b->lib, bundles, 2, ATT_COLLATERAL_INDEXED);
        struct att_attest_in in = domain_in(&domain, c);
        att_arena_reset(b->arena);
        cases_check(&cases, att_attest(b->lib, b->arena, &in, &v) && v.tcb.status == ATT_STATUS_UP_TO_DATE,
                    "E-j: the domain beside an enclave: %s %s", att_tcb_status_name(v.tcb.status),
                    v.err.text);
        in = in_of(&enclave, c);
        cases_check(&cases, att_attest(b->lib, b->arena, &in, &v) && v.tcb.status == ATT_STATUS_OUT_OF_DATE,
                    "E-j: the enclave beside a domain: %s %s", att_tcb_status_name(v.tcb.status), v.err.text);
        att_collateral_free(c);
    }
    struct att_dcap_bundle alone = bundle_of(&enclave);
    struct att_collateral *c = collateral_new(b->lib, &alone, 1, ATT_COLLATERAL_INDEXED);
    struct att_attest_in in = domain_in(&domain, c);
    cases_check(&cases, !att_attest(b->lib, b->arena, &in, &v) && v.err.code == ATT_COLLATERAL_MISSING,
                "E-j: a domain with an enclave's collateral alone: %s", v.err.text);
    cases_check(&cases,
                v.missing.kind == ATT_ITEM_TCB_INFO && v.missing.tee == ATT_TEE_TDX &&
                    memcmp(v.missing.fmspc, o.platform.fmspc, 6) == 0,
                "what is missing: kind %d, TEE %d", (int)v.missing.kind, (int)v.missing.tee);
    att_collateral_free(c);
    mk_evidence_free(&domain);
    mk_evidence_free(&enclave);
}

/* E-k: lengths cost nothing: a ceiling of a few KiB is enough to refuse a quote that says 4 GiB. */
static void small_memory(struct bench *b)
{
    static const enum mk_break rows[] = { MK_BREAK_SIGNATURE_LENGTH_HUGE, MK_BREAK_OUTER_LENGTH_HUGE,
                                          MK_BREAK_AUTH_LENGTH_HUGE, MK_BREAK_CERT_LENGTH_HUGE };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_tdx_options o = defaults();
        struct mk_evidence ev;
        struct att_verdict v;
        struct att_arena *small = att_arena_new(4096);
        o.broken = rows[i];
        domain_new(b->hw, &o, &ev);
        struct att_attest_in in = domain_in(&ev, NULL);
        cases_check(&cases,
                    !att_attest(b->lib, small, &in, &v) && v.err.code == ATT_QUOTE_LENGTH &&
                        !att_arena_full(small),
                    "E-k: %s in 4 KiB: %s", mk_breaks[rows[i]].name, v.err.text);
        att_arena_free(small);
        mk_evidence_free(&ev);
    }
}

int main(void)
{
    struct bench b = { .hw = hardware_new(), .arena = arena_new() };

    b.lib = lib_new(&b.hw, 1, 0);
    each_bit(&b);
    fields(&b);
    bound_data(&b);
    compliance_claim(&b);
    acceptance(&b);
    attacks(&b);
    both_tees(&b);
    small_memory(&b);
    att_arena_free(b.arena);
    att_lib_free(b.lib);
    mk_hardware_free(b.hw);
    return cases_report(&cases);
}
