/* layers: attest collateral crypto makers base codec */
/* SEV-SNP evidence from end to end: what is missing and who can help, what data is bound, what is remembered, what ends
 * up as claims, endorsements and compliance, grace for lists. */
#include "collateral/context.h"
#include "makers/pki.h"
#include "makers/snp_plan.h"
#include "makers/uvm.h"
#include "support/cases.h"
#include "unit/evidence/snp/fixture.h"

static struct cases cases = { .name = "evidence.snp_flow" };
static struct mk_amd *amd;
static struct att_lib *lib;
static struct att_arena *arena;

static bool judged(const struct att_attest_in *in, struct att_verdict *ret)
{
    att_arena_reset(arena);
    return att_attest(lib, arena, in, ret);
}

static void refused(const char *what, const struct att_attest_in *in, enum att_code want)
{
    struct att_verdict v;

    bool accepted = judged(in, &v);
    cases_check(&cases,
                !accepted && v.err.code == want && v.err.where[0] && v.err.found[0] && v.err.expected[0],
                "%s: %s at %s (%s), not %s", what, att_code_name(v.err.code), v.err.where, v.err.text,
                att_code_name(want));
    cases_check(&cases, v.claims.count == 0, "%s: claims", what);
}

static void taken(const char *what, const struct att_attest_in *in, struct att_verdict *ret)
{
    cases_check(&cases, judged(in, ret), "%s: %s", what, ret->err.text);
}

static struct mk_snp_options defaults(void)
{
    struct mk_snp_options o;

    mk_snp_defaults(&o, MK_AMD_GENOA, FIXTURE_NOW);
    return o;
}

static bool claim_text(const struct att_verdict *v, const char *name, const char *want)
{
    const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);

    if (!want)
        return !c;
    return c && (c->value.kind == ATT_CLAIM_STRING || c->value.kind == ATT_CLAIM_JSON) &&
           att_span_is(c->value.text, want);
}

static int64_t claim_int(const struct att_verdict *v, const char *name)
{
    const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);

    return !c ? -1 : c->value.kind == ATT_CLAIM_BOOL ? (int64_t)c->value.boolean : c->value.integer;
}

/* -- no chain -------------------------------------------------------------------------------------------------------- */

/* What a report names is wanted; its signature plays no part yet, so its bytes may be changed here. */
static void missing(void)
{
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct att_verdict v;
    uint8_t report[1184];
    char id[ATT_ITEM_ID_SIZE];

    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);
    memcpy(report, in.evidence.ptr, sizeof report);
    in.evidence = att_span_of(report, sizeof report);
    in.cert_chain = (struct att_span){ 0 };
    in.runtime.present = false;

    refused("no chain", &in, ATT_COLLATERAL_MISSING);
    (void)judged(&in, &v);
    cases_check(&cases,
                v.missing.kind == ATT_ITEM_VCEK && strcmp(v.missing.product, "Genoa") == 0 &&
                    v.missing.chip_id_bytes == 64 && memcmp(v.missing.chip_id, report + 0x1a0, 64) == 0 &&
                    memcmp(v.missing.tcb, report + 0x180, 8) == 0 && v.missing.signer == ATT_AMD_VCEK,
                "what is missing: %s", att_item_id(&v.missing, id));
    cases_check(&cases, strncmp(att_item_id(&v.missing, id), "amd/vcek/Genoa/", 15) == 0, "its name: %s", id);

    report[0x188] = 0x1a; /* Turin: eight bytes name the chip */
    report[0x189] = 0x02;
    refused("no chain, Turin", &in, ATT_COLLATERAL_MISSING);
    (void)judged(&in, &v);
    cases_check(&cases,
                strcmp(v.missing.product, "Turin") == 0 && v.missing.chip_id_bytes == 8 &&
                    memcmp(v.missing.chip_id, report + 0x1a0, 8) == 0 && v.missing.chip_id[8] == 0,
                "what is missing: %s", att_item_id(&v.missing, id));

    report[0x189] = 0x50;
    refused("no chain, a processor of no known line", &in, ATT_PRODUCT_MISMATCH);
    report[0x188] = 0x19;
    report[0x189] = 0x11;
    report[0x00] = 2;
    refused("no chain, version 2", &in, ATT_VCEK_CHAIN_MALFORMED);
    report[0x00] = 3;
    report[0x48] = 4;
    refused("no chain, VLEK", &in, ATT_VCEK_CHAIN_MALFORMED);
    report[0x48] = 0;
    memset(report + 0x1a0, 0, 64);
    refused("E-r: no chain, masked chip", &in, ATT_VCEK_CHAIN_MALFORMED);
    (void)judged(&in, &v);
    cases_check(&cases, v.missing.kind == ATT_ITEM_NONE, "nothing that could be fetched");
    mk_snp_evidence_free(&ev);
}

/* -- bound data ------------------------------------------------------------------------------------------------------ */

static void data(void)
{
    static const char text[] = "{ \"b\": 1, \"a\": [true] }\n";
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct att_verdict v;

    o.has_runtime_data = o.has_init_time_data = true;
    o.runtime_data = o.init_time_data = att_span_of(text, sizeof text - 1);
    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);

    taken("binary data", &in, &v);
    cases_check(&cases, claim_text(&v, "x-ms-runtime", NULL) && claim_text(&v, "x-ms-inittime", NULL),
                "binary data gives no claim");
    in.runtime.json = in.init_time.json = true;
    taken("JSON data", &in, &v);
    cases_check(&cases,
                claim_text(&v, "x-ms-runtime", "{\"a\":[true],\"b\":1}") &&
                    claim_text(&v, "x-ms-inittime", "{\"a\":[true],\"b\":1}"),
                "JSON data gives claims");
    struct att_attest_in other = in;
    other.runtime.present = other.init_time.present = false;
    taken("E-a: absent data", &other, &v);
    cases_check(&cases, claim_text(&v, "x-ms-runtime", NULL) && claim_text(&v, "x-ms-inittime", NULL),
                "E-a: absent data is no match, and gives no claim");
    other = in;
    other.runtime.bytes.len--;
    refused("runtime data, cut", &other, ATT_RUNTIME_DATA_MISMATCH);
    other.runtime.bytes.len = 0;
    refused("E-y: runtime data that is there and empty", &other, ATT_RUNTIME_DATA_MISMATCH);
    other = in;
    other.init_time.bytes.len--;
    refused("init-time data, cut", &other, ATT_INIT_TIME_DATA_MISMATCH);

    /* The reason is the first one, the answer no; what the chain says is measured for people all the same. */
    other = in;
    other.runtime.bytes.len--;
    other.describe = true;
    refused("described", &other, ATT_RUNTIME_DATA_MISMATCH);
    (void)judged(&other, &v);
    cases_check(&cases, v.tcb.status == ATT_STATUS_UP_TO_DATE && v.test_root && v.evidence_json.len > 0,
                "described: what was measured");
    other.cert_chain = (struct att_span){ 0 };
    refused("described, without a chain", &other, ATT_RUNTIME_DATA_MISMATCH);
    (void)judged(&other, &v);
    cases_check(&cases, v.missing.kind == ATT_ITEM_NONE, "described: what is missing is not the reason");
    mk_snp_evidence_free(&ev);

    o = defaults();
    o.has_runtime_data = false;
    o.report_data[63] = 1; /* a nonce of the guest's own: nobody's hash */
    evidence_new(amd, &o, &ev);
    in = in_of(&ev, NULL);
    in.runtime.present = false;
    taken("E-a: REPORT_DATA of the guest's own", &in, &v);
    in.runtime = (struct att_bound_data){ .present = true, .bytes = att_str("") };
    refused("E-a: zeros are no hash", &in, ATT_RUNTIME_DATA_MISMATCH);
    mk_snp_evidence_free(&ev);
}

/* -- what is remembered ---------------------------------------------------------------------------------------------- */

/* The certificates of a table with another boundary between leaf and ASK: the same bytes one after the other, and no
 * certificates. What is remembered must not change the answer. */
static void other_cuts(const struct att_attest_in *in)
{
    uint8_t *copy = malloc(in->evidence.len);
    struct att_attest_in other = *in;

    need(copy != NULL, "malloc", NULL);
    memcpy(copy, in->evidence.ptr, in->evidence.len);
    uint8_t *first = copy + 1184;
    other.evidence = att_span_of(copy, in->evidence.len);
    for (uint8_t *e = first; e[16] || e[17]; e += 24) {
        uint32_t offset = (uint32_t)(e[16] | e[17] << 8), len = (uint32_t)(e[20] | e[21] << 8);
        bool leaf = e[0] == 0x63 || e[0] == 0xa8, ask = e[0] == 0x4a;
        if (!leaf && !ask)
            continue;
        offset += ask ? 1 : 0;
        len = leaf ? len + 1 : len - 1;
        e[16] = (uint8_t)offset, e[17] = (uint8_t)(offset >> 8);
        e[20] = (uint8_t)len, e[21] = (uint8_t)(len >> 8);
    }
    refused("the same bytes, cut elsewhere", &other, ATT_VCEK_CHAIN_MALFORMED);
    free(copy);
}

static void memory(void)
{
    static const enum mk_snp_break bad[] = { MK_SNP_BREAK_ROOT_FABRICATED, MK_SNP_BREAK_LEAF_SIGNATURE,
                                             MK_SNP_BREAK_LEAF_OTHER_SIGNER, MK_SNP_BREAK_EXT_TEE_MISSING };
    struct att_lib *own = lib_new(amd), *shared = lib;
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct att_verdict v;
    uint8_t key[32];

    lib = own;
    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);
    for (int i = 0; i < 2; i++) {
        taken("the same chain", &in, &v);
        cases_check(&cases, att_chain_cache_count(own->chains) == 2, "a chain and its issuers are kept: %zu",
                    att_chain_cache_count(own->chains));
    }
    /* E-x: chains of Intel's are kept there as well, by the hash of their text: this text must not be one. */
    bool hashed = att_digest(own->crypto, ATT_SHA256, in.cert_chain, key);
    cases_check(&cases, hashed && !att_chain_cache_get(own->chains, key), "E-x: no entry by the plain hash");
    in.evidence = mk_snp_item(&ev, MK_SNP_EXT_REPORT);
    in.cert_chain = (struct att_span){ 0 };
    taken("the same certificates as DER", &in, &v);
    cases_check(&cases, att_chain_cache_count(own->chains) == 3, "kept by what was read");
    other_cuts(&in);
    mk_snp_evidence_free(&ev);

    o.reported.tee = 0; /* another leaf of the same ASK */
    evidence_new(amd, &o, &ev);
    in = in_of(&ev, NULL);
    taken("another leaf", &in, &v);
    cases_check(&cases, att_chain_cache_count(own->chains) == 4, "its issuers are known");
    mk_snp_evidence_free(&ev);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        o = defaults();
        o.broken = bad[i];
        evidence_new(amd, &o, &ev);
        in = in_of(&ev, NULL);
        for (int twice = 0; twice < 2; twice++)
            refused("a bad chain", &in, ev.expected_code);
        cases_check(&cases, att_chain_cache_count(own->chains) == 4, "%s: a bad chain is not kept",
                    mk_snp_breaks[bad[i]].name);
        mk_snp_evidence_free(&ev);
    }
    lib = shared;
    att_lib_free(own);
}

/* The chain with another certificate in the place of its ASK. */
static void put_instead_of_ask(struct att_span pem, const struct mk_amd_cert_spec *ask, struct att_buf *out)
{
    static const char start[] = "-----BEGIN";
    size_t at[3] = { 0 }, count = 0;
    struct att_buf der = { 0 };
    struct att_err err = { 0 };

    for (size_t i = 0; i + sizeof start - 1 <= pem.len && count < 3; i++)
        if (memcmp(pem.ptr + i, start, sizeof start - 1) == 0)
            at[count++] = i;
    need(count == 3 && mk_amd_cert_put(ask, &der, &err), "mk_amd_cert_put", &err);
    att_buf_put(out, att_span_of(pem.ptr, at[1]));
    mk_pem_put(out, att_buf_span(&der));
    att_buf_put(out, att_span_of(pem.ptr + at[2], pem.len - at[2]));
    att_buf_free(&der);
}

/* AMD's signature alone makes nobody an issuer. */
static void no_issuer(void)
{
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct mk_amd_cert_spec ask;
    struct att_buf same = { 0 }, other = { 0 };
    struct att_verdict v;

    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);
    mk_amd_cert_spec(amd, MK_AMD_KEY_ASK, &ask);
    put_instead_of_ask(in.cert_chain, &ask, &same);
    *mk_amd_reissue(&ask) = ask;
    ask.ca = false;
    mk_amd_ext_number(&ask.ext, 1, 0, 0); /* a certificate without any would be malformed */
    put_instead_of_ask(mk_snp_item(&ev, MK_SNP_CHAIN), &ask, &other);
    in.cert_chain = att_buf_span(&same);
    taken("the ASK again", &in, &v);
    in.cert_chain = att_buf_span(&other);
    refused("an ASK that is no CA", &in, ATT_VCEK_CHAIN_SIGNATURE_INVALID);
    att_buf_free(&same);
    att_buf_free(&other);
    mk_snp_evidence_free(&ev);

    /* Without CPUID nothing but the certificates says which product it is: they have to agree. */
    o.version = 2;
    evidence_new(amd, &o, &ev);
    in = in_of(&ev, NULL);
    taken("version 2", &in, &v);
    mk_snp_evidence_free(&ev);
    o.product_name = "Milan-B0";
    evidence_new(amd, &o, &ev);
    in = in_of(&ev, NULL);
    refused("version 2, a leaf for Milan under the ASK of Genoa", &in, ATT_PRODUCT_MISMATCH);
    mk_snp_evidence_free(&ev);
}

/* Absent is never matching: a report with a masked chip and a certificate of no chip have nothing in common. */
static void nobody(void)
{
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;

    memset(o.chip_id, 0, sizeof o.chip_id);
    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);
    refused("E-r: zeros as chip, in report and certificate", &in, ATT_CHIP_ID_MISMATCH);
    mk_snp_evidence_free(&ev);
}

/* -- types, levels, claims ------------------------------------------------------------------------------------------- */

static void types(void)
{
    static const char *const other[] = { "sgx", "open-enclave", "tdx" };
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    uint8_t quote[4096] = { 3, 0, 2, 0 };
    struct att_verdict v;

    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        in.evidence_type = other[i];
        cases_check(&cases, !judged(&in, &v) && v.err.code != ATT_OK && v.err.code != ATT_INTERNAL,
                    "E-x: a report as %s: %s", other[i], v.err.text);
    }
    in.evidence_type = "sev-snp";
    in.evidence = att_span_of(quote, sizeof quote);
    refused("E-x: a quote as sev-snp", &in, ATT_SNP_VERSION);
    in.evidence = att_span_of(quote, 1184);
    refused("E-x: as long as a report", &in, ATT_SNP_VERSION);
    in.evidence = mk_snp_item(&ev, MK_SNP_CHAIN);
    refused("E-x: certificates as evidence", &in, ATT_SNP_LENGTH);
    in.evidence = mk_snp_item(&ev, MK_SNP_REQUEST);
    refused("E-x: the request as evidence", &in, ATT_SNP_LENGTH);
    in = in_of(&ev, NULL);
    in.evidence_type = "sevsnpvm";
    refused("another name", &in, ATT_EVIDENCE_TYPE_UNKNOWN);

    in = in_of(&ev, NULL);
    in.evaluation_number_min = 1000;
    taken("a floor of evaluation numbers, which AMD does not have", &in, &v);
    cases_check(&cases, v.tcb.evaluation_number == 0 && strcmp(v.attestation_type, "sevsnpvm") == 0,
                "no number");
    in.accepted_tcb = 0;
    cases_check(&cases, !judged(&in, &v) && v.err.code == ATT_TCB_STATUS_NOT_ACCEPTED,
                "no status is accepted: %s", v.err.text);
    mk_snp_evidence_free(&ev);
}

static void claims(void)
{
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct att_verdict v;

    o.policy |= MK_SNP_POLICY_DEBUG | MK_SNP_POLICY_CXL_ALLOW | MK_SNP_POLICY_PAGE_SWAP_DISABLE;
    o.vmpl = 0xffffffffu;
    o.reported = (struct mk_snp_tcb){ .bootloader = 1, .tee = 2, .snp = 3, .microcode = 4 };
    o.committed = (struct mk_snp_tcb){ .bootloader = 1, .tee = 2, .snp = 3, .microcode = 5 };
    o.current = (struct mk_snp_tcb){ .bootloader = 11, .tee = 12, .snp = 13, .microcode = 14 };
    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);

    taken("E-q: debug", &in, &v);
    cases_check(&cases, v.claims.count == 2 + 17, "%zu claims", v.claims.count);
    cases_check(&cases, claim_int(&v, "x-ms-sevsnpvm-is-debuggable") == 1,
                "E-q: it can be debugged, and says so");
    cases_check(&cases, claim_int(&v, "x-ms-sevsnpvm-vmpl") == 0xffffffff, "the host asked");
    cases_check(&cases,
                claim_int(&v, "x-ms-sevsnpvm-bootloader-svn") == 1 &&
                    claim_int(&v, "x-ms-sevsnpvm-tee-svn") == 2 &&
                    claim_int(&v, "x-ms-sevsnpvm-snpfw-svn") == 3 &&
                    claim_int(&v, "x-ms-sevsnpvm-microcode-svn") == 4,
                "E-r: versions are the reported ones");
    in.newer_claims = true;
    taken("newer claims", &in, &v);
    cases_check(&cases, v.claims.count == 2 + 25, "%zu claims", v.claims.count);
    cases_check(&cases,
                claim_text(&v, "x-ms-sevsnpvm-chip-family", "Genoa") &&
                    claim_int(&v, "x-ms-sevsnpvm-cxl-allowed") == 1 &&
                    claim_int(&v, "x-ms-sevsnpvm-page-swap-disabled") == 1 &&
                    claim_int(&v, "x-ms-sevsnpvm-rapl-disabled") == 0 &&
                    claim_int(&v, "x-ms-sevsnpvm-singlesocket") == 0 &&
                    claim_int(&v, "x-ms-sevsnpvm-mem-aes256-xts-required") == 0 &&
                    claim_int(&v, "x-ms-sevsnpvm-ciphertext-hiding-dram-enabled") == 0,
                "newer claims: of the policy");
    mk_snp_evidence_free(&ev);
}

/* -- revocation lists ------------------------------------------------------------------------------------------------ */

static void lists(void)
{
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct att_verdict v;

    o.broken = MK_SNP_BREAK_CRL_EXPIRED; /* a second ago */
    evidence_new(amd, &o, &ev);
    struct att_collateral *c = lists_of(lib, &ev);
    struct att_attest_in in = in_of(&ev, c);
    refused("E-t: a list that is over", &in, ATT_CRL_EXPIRED);
    in.collateral_grace_s = 1;
    taken("under grace", &in, &v);
    cases_check(&cases, v.collateral_age_s == 1, "its age: %u", v.collateral_age_s);
    in.now_unix_s++;
    refused("a second past grace", &in, ATT_CRL_EXPIRED);
    in.collateral = NULL;
    taken("no list at all", &in, &v);
    cases_check(&cases, v.collateral_age_s == 0, "nothing has an age");
    att_collateral_free(c);
    mk_snp_evidence_free(&ev);

    /* For whom it was meant cannot be told, so it is not taken for "nothing is revoked". */
    struct mk_amd *stranger = amd_new(MK_AMD_MILAN);
    o = defaults();
    evidence_new(amd, &o, &ev);
    mk_snp_defaults(&o, MK_AMD_MILAN, FIXTURE_NOW);
    o.broken = MK_SNP_BREAK_ASK_REVOKED;
    struct mk_snp_evidence foreign;
    evidence_new(stranger, &o, &foreign);
    c = lists_of(lib, &foreign);
    in = in_of(&ev, c);
    refused("E-u: a list of somebody who is not trusted", &in, ATT_CRL_ISSUER_MISMATCH);
    att_collateral_free(c);
    mk_snp_evidence_free(&foreign);
    mk_snp_evidence_free(&ev);
    mk_amd_free(stranger);
}

/* -- endorsements and compliance ------------------------------------------------------------------------------------- */

static void endorsement_make(const struct mk_uvm_signer *signer, const uint8_t measurement[48],
                             struct att_buf *out)
{
    struct mk_uvm_options o = { 0 };
    struct att_err err = { 0 };

    o.measurement = measurement;
    o.svn = 105;
    o.signed_unix_s = FIXTURE_NOW - 1000;
    need(mk_uvm_make(signer, &o, out, &err), "mk_uvm_make", &err);
}

static void endorsements(void)
{
    static const uint8_t other[48] = { 1 };
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct mk_uvm_signer *signer = NULL;
    struct att_buf good = { 0 }, foreign = { 0 };
    struct att_err err = { 0 };
    struct att_verdict v;

    need(mk_uvm_signer_new("ES384", &signer, &err), "mk_uvm_signer_new", &err);
    evidence_new(amd, &o, &ev);
    endorsement_make(signer, ev.options.measurement, &good);
    endorsement_make(signer, other, &foreign);
    const struct att_span both[] = { att_buf_span(&foreign), att_buf_span(&good) };
    const struct att_span with_junk[] = { att_buf_span(&good), att_str("junk") };
    struct att_span many[9];
    for (size_t i = 0; i < 9; i++)
        many[i] = att_buf_span(&good);
    struct att_attest_in in = in_of(&ev, NULL);

    in.uvm_endorsements = both;
    in.uvm_endorsement_count = 2;
    taken("one of two is for this measurement", &in, &v);
    cases_check(&cases, claim_text(&v, "x-ms-compliance-status", NULL), "nobody's word counts by itself");
    in.uvm_endorsement_count = 1;
    refused("for another measurement", &in, ATT_ENDORSEMENT_INVALID);
    in.uvm_endorsements = with_junk;
    in.uvm_endorsement_count = 2;
    refused("a good one beside junk", &in, ATT_ENDORSEMENT_INVALID);
    in.uvm_endorsements = many;
    in.uvm_endorsement_count = 9;
    refused("nine", &in, ATT_LIMIT_EXCEEDED);

    struct att_compliance_row row = { .status = "a-uvm",
                                      .evidence_type = "sev-snp",
                                      .uvm_issuer = mk_uvm_issuer(signer),
                                      .uvm_feed = MK_UVM_FEED };
    in.uvm_endorsement_count = 1;
    in.compliance = &row;
    in.compliance_count = 1;
    taken("a known issuer", &in, &v);
    cases_check(&cases, claim_text(&v, "x-ms-compliance-status", "a-uvm"), "a row by issuer and feed");
    in.uvm_endorsement_count = 0;
    taken("no endorsement", &in, &v);
    cases_check(&cases, claim_text(&v, "x-ms-compliance-status", NULL), "E-a: no endorsement is no match");

    row = (struct att_compliance_row){ .status = "a-cvm",
                                       .evidence_type = "sev-snp",
                                       .id_key_digest = att_span_of(ev.options.id_key_digest, 48) };
    taken("a known identity", &in, &v);
    cases_check(&cases, claim_text(&v, "x-ms-compliance-status", "a-cvm"), "a row by ID key digest");
    mk_snp_evidence_free(&ev);
    o.policy |= MK_SNP_POLICY_DEBUG;
    evidence_new(amd, &o, &ev);
    in = in_of(&ev, NULL);
    in.compliance = &row;
    in.compliance_count = 1;
    taken("E-q: a known identity that can be debugged", &in, &v);
    cases_check(&cases, claim_text(&v, "x-ms-compliance-status", NULL), "E-q: fits no row");
    mk_snp_evidence_free(&ev);
    att_buf_free(&good);
    att_buf_free(&foreign);
    mk_uvm_signer_free(signer);
}

/* -- limits ---------------------------------------------------------------------------------------------------------- */

static void limits(void)
{
    struct mk_snp_options o = defaults();
    struct mk_snp_evidence ev;
    struct att_buf b = { 0 };
    struct att_err err = { 0 };
    struct att_span json;

    evidence_new(amd, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);
    for (int i = 0; i < 12; i++) /* more certificates than are read */
        att_buf_put(&b, in.cert_chain);
    in.cert_chain = att_buf_span(&b);
    refused("certificates without end", &in, ATT_VCEK_CHAIN_MALFORMED);
    b.len = 0;
    while (b.len <= att_limits_default.cert_chain_bytes_max)
        att_buf_puts(&b, "text before the certificates\n");
    att_buf_put(&b, mk_snp_item(&ev, MK_SNP_CHAIN));
    in.cert_chain = att_buf_span(&b);
    refused("a chain of too many bytes", &in, ATT_VCEK_CHAIN_MALFORMED);
    b.len = 0;
    att_buf_put(&b, mk_snp_item(&ev, MK_SNP_EXT_REPORT));
    while (b.len <= att_limits_default.quote_bytes_max)
        att_buf_putc(&b, 0);
    in.evidence = att_buf_span(&b);
    refused("a table of too many bytes", &in, ATT_LIMIT_EXCEEDED);

    att_arena_reset(arena);
    cases_check(&cases, att_describe(lib, arena, "sev-snp", mk_snp_item(&ev, MK_SNP_REPORT), &json, &err),
                "described: %s", err.text);
    cases_check(&cases, memmem(json.ptr, json.len, "\"leaf\":null", 11) != NULL, "without a chain");
    cases_check(&cases, att_describe(lib, arena, "sev-snp", mk_snp_item(&ev, MK_SNP_EXT_REPORT), &json, &err),
                "described: %s", err.text);
    cases_check(&cases, memmem(json.ptr, json.len, "\"kind\":\"SEV-VCEK\"", 17) != NULL,
                "with its own chain");
    att_buf_free(&b);
    mk_snp_evidence_free(&ev);
}

int main(void)
{
    amd = amd_new(MK_AMD_GENOA);
    lib = lib_new(amd);
    arena = arena_new();
    missing();
    data();
    memory();
    no_issuer();
    nobody();
    types();
    claims();
    lists();
    endorsements();
    limits();
    att_arena_free(arena);
    att_lib_free(lib);
    mk_amd_free(amd);
    return cases_report(&cases);
}
