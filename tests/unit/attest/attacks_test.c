/* layers: attest relying makers base */
/* What other verifiers let pass, by its letter in the attack list: each thing tried on an SGX enclave and on a TDX domain, and
 * refused for that very reason. tdx_test.c has what concerns TDX alone; evidence/snp/attacks_test.c SEV-SNP. */
#include <attest/relying.h>
#include <attest/token.h>

#include "support/cases.h"
#include "unit/attest/tdx_fixture.h"

static struct cases cases = { .name = "attest.attacks" };
static struct mk_hardware *hw;
static struct att_lib *lib;
static struct att_arena *arena; /* of one verdict */

static const enum att_tee both[] = { ATT_TEE_SGX, ATT_TEE_TDX };

static const char *type_of(enum att_tee tee)
{
    return tee == ATT_TEE_SGX ? "sgx" : "tdx";
}

/* What differs from the defaults. */
struct change {
    enum mk_break broken;
    enum mk_ca ca;
    uint8_t fmspc_last; /* 0: as it is */
    bool debug, no_runtime;
    const char *runtime;        /* NULL: as it is */
    const uint8_t *report_data; /* 32 bytes, without runtime data */
};

static void evidence_of(enum att_tee tee, const struct change *c, struct mk_evidence *ret)
{
    struct mk_sgx_options s;
    struct mk_tdx_options t;

    mk_sgx_defaults(&s, FIXTURE_NOW);
    mk_tdx_defaults(&t, FIXTURE_NOW);
    struct mk_dcap_options *o = tee == ATT_TEE_SGX ? &s.dcap : &t.dcap;
    o->broken = c->broken;
    o->ca = c->ca;
    if (c->fmspc_last)
        o->platform.fmspc[5] = c->fmspc_last;
    if (c->runtime)
        o->runtime_data = att_str(c->runtime);
    if (c->no_runtime)
        o->has_runtime_data = false;
    s.enclave.debug = t.td.debug = c->debug;
    if (c->report_data) {
        memcpy(s.enclave.report_data, c->report_data, 32);
        memcpy(t.td.report_data, c->report_data, 32);
    }
    if (tee == ATT_TEE_SGX)
        evidence_new(hw, &s, ret);
    else
        domain_new(hw, &t, ret);
}

static struct att_attest_in in_for(const struct mk_evidence *ev, const struct att_collateral *c)
{
    struct att_attest_in in = in_of(ev, c);

    in.evidence_type = type_of(ev->tee);
    return in;
}

static bool judged(const struct att_attest_in *in, struct att_verdict *ret)
{
    att_arena_reset(arena);
    return att_attest(lib, arena, in, ret);
}

static void taken(const char *name, const struct att_attest_in *in)
{
    struct att_verdict v;
    bool accepted = judged(in, &v);

    cases_check(&cases, accepted, "%s: %s: %s", name, in->evidence_type, v.err.text);
}

static void refused(const char *name, const struct att_attest_in *in, enum att_code want)
{
    struct att_verdict v;
    bool accepted = judged(in, &v);

    cases_check(&cases, !accepted && v.err.code == want, "%s: %s: %s at %s (%s), not %s", name,
                in->evidence_type, att_code_name(v.err.code), v.err.where, v.err.text, att_code_name(want));
    cases_check(&cases, v.err.where[0] && v.err.found[0] && v.err.expected[0] && !v.accepted,
                "%s: %s: says too little", name, in->evidence_type);
    cases_check(&cases, v.claims.count == 0, "%s: %s: claims", name, in->evidence_type);
}

/* -- one thing broken by the maker --------------------------------------------------------------------------------- */

static void broken(void)
{
    static const struct {
        const char *name;
        enum mk_break at;
        enum att_code want;
    } rows[] = {
        { "E-e: 15 components in a level", MK_BREAK_TCB_INFO_15, ATT_TCB_INFO_MALFORMED },
        { "E-f: one level twice", MK_BREAK_TCB_INFO_LEVEL_TWICE, ATT_TCB_INFO_MALFORMED },
        { "E-h: another QE vendor", MK_BREAK_VENDOR_ID, ATT_QE_VENDOR_ID },
        { "E-k: a signature section of 4 GiB", MK_BREAK_SIGNATURE_LENGTH_HUGE, ATT_QUOTE_LENGTH },
        { "E-k: authentication data of 64 KiB", MK_BREAK_AUTH_LENGTH_HUGE, ATT_QUOTE_LENGTH },
        { "E-k: certification data of 4 GiB", MK_BREAK_CERT_LENGTH_HUGE, ATT_QUOTE_LENGTH },
        { "E-l: no chain, a PPID", MK_BREAK_CERT_TYPE_1, ATT_CERT_DATA_TYPE_UNSUPPORTED },
        { "E-l: no chain, an encrypted PPID", MK_BREAK_CERT_TYPE_2, ATT_CERT_DATA_TYPE_UNSUPPORTED },
        { "E-l: a chain of no bytes", MK_BREAK_CHAIN_EMPTY, ATT_PCK_CHAIN_MALFORMED },
        { "E-l: the leaf alone", MK_BREAK_CHAIN_ONE, ATT_PCK_CHAIN_MALFORMED },
        { "E-l: no root", MK_BREAK_CHAIN_TWO, ATT_PCK_CHAIN_MALFORMED },
        { "E-m: text behind TCB info", MK_BREAK_TCB_INFO_TRAILING, ATT_TCB_INFO_MALFORMED },
        { "E-m: text behind a QE identity", MK_BREAK_QE_IDENTITY_TRAILING, ATT_QE_IDENTITY_MALFORMED },
        { "E-m: a byte behind a list", MK_BREAK_PCK_CRL_TRAILING, ATT_CRL_MALFORMED },
        { "E-q: a quoting enclave in debug mode", MK_BREAK_QE_ATTRIBUTES, ATT_QE_IDENTITY_MISMATCH },
        { "E-t: no list of the PCK CA", MK_BREAK_PCK_CRL_ABSENT, ATT_COLLATERAL_MISSING },
        { "E-t: no list of the root", MK_BREAK_ROOT_CRL_ABSENT, ATT_COLLATERAL_MISSING },
        { "E-t: a list that is over", MK_BREAK_PCK_CRL_EXPIRED, ATT_CRL_EXPIRED },
        { "E-t: a root's list that is over", MK_BREAK_ROOT_CRL_EXPIRED, ATT_CRL_EXPIRED },
        { "E-t: a list that is cut", MK_BREAK_PCK_CRL_CUT, ATT_CRL_MALFORMED },
        { "E-t: the list has the leaf", MK_BREAK_PCK_IS_REVOKED, ATT_PCK_REVOKED },
        { "E-t: the root's list has the CA", MK_BREAK_CA_IS_REVOKED, ATT_INTERMEDIATE_CA_REVOKED },
        { "E-t: the root's list has the TCB signer", MK_BREAK_TCB_SIGNER_IS_REVOKED,
          ATT_TCB_SIGNING_CERT_REVOKED },
        { "E-u: a list of the other CA", MK_BREAK_PCK_CRL_OTHER_CA, ATT_CRL_ISSUER_MISMATCH },
        { "E-u: a list that its CA has not signed", MK_BREAK_PCK_CRL_SIGNATURE, ATT_CRL_SIGNATURE_INVALID },
        { "E-u: a root's list of another CA", MK_BREAK_ROOT_CRL_OTHER_CA, ATT_CRL_ISSUER_MISMATCH },
        { "E-u: a root's list that it has not signed", MK_BREAK_ROOT_CRL_SIGNATURE,
          ATT_CRL_SIGNATURE_INVALID },
        { "E-v: the leaf ended a second ago", MK_BREAK_PCK_EXPIRED, ATT_PCK_CERT_EXPIRED },
        { "E-v: the CA ended a second ago", MK_BREAK_CA_EXPIRED, ATT_PCK_CERT_EXPIRED },
        { "E-v: the root ended a second ago", MK_BREAK_ROOT_EXPIRED, ATT_PCK_CERT_EXPIRED },
        { "E-v: the leaf begins in a second", MK_BREAK_PCK_NOT_YET, ATT_PCK_CERT_NOT_YET_VALID },
        { "E-v: the CA begins in a second", MK_BREAK_CA_NOT_YET, ATT_PCK_CERT_NOT_YET_VALID },
        { "E-v: the root begins in a second", MK_BREAK_ROOT_NOT_YET, ATT_PCK_CERT_NOT_YET_VALID },
        { "E-v: the list begins in a second", MK_BREAK_PCK_CRL_NOT_YET, ATT_CRL_NOT_YET_VALID },
        { "E-v: the TCB signer ended a second ago", MK_BREAK_TCB_CHAIN_EXPIRED,
          ATT_TCB_SIGNING_CERT_EXPIRED },
        { "E-v: the TCB signer begins in a second", MK_BREAK_TCB_CHAIN_NOT_YET,
          ATT_TCB_SIGNING_CERT_NOT_YET_VALID },
        { "E-v: TCB info ended a second ago", MK_BREAK_TCB_INFO_PAST, ATT_TCB_INFO_EXPIRED },
        { "E-v: TCB info begins in a second", MK_BREAK_TCB_INFO_FUTURE, ATT_TCB_INFO_NOT_YET_VALID },
        { "E-v: the QE identity ended a second ago", MK_BREAK_QE_IDENTITY_PAST, ATT_QE_IDENTITY_EXPIRED },
        { "E-v: the QE identity begins in a second", MK_BREAK_QE_IDENTITY_FUTURE,
          ATT_QE_IDENTITY_NOT_YET_VALID },
        { "E-w: TCB info of another FMSPC", MK_BREAK_TCB_INFO_FMSPC, ATT_TCB_INFO_MISMATCH },
        { "E-w: TCB info of another PCE", MK_BREAK_TCB_INFO_PCEID, ATT_TCB_INFO_MISMATCH },
        { "E-w: an enclave with a domain's TCB info", MK_BREAK_TCB_INFO_TDX, ATT_TCB_INFO_MISMATCH },
        { "E-w: a domain with an enclave's TCB info", MK_BREAK_TCB_INFO_SGX, ATT_TCB_INFO_MISMATCH },
        { "E-w: an enclave with a domain's QE identity", MK_BREAK_QE_IDENTITY_TD, ATT_QE_IDENTITY_MISMATCH },
        { "E-w: a domain with an enclave's QE identity", MK_BREAK_QE_IDENTITY_SGX, ATT_QE_IDENTITY_MISMATCH },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < 2; k++) {
            struct mk_evidence ev;
            if (!mk_break_is_for(&mk_breaks[rows[i].at], both[k]))
                continue;
            evidence_of(both[k], &(struct change){ .broken = rows[i].at }, &ev);
            struct att_collateral *c = collateral_of(lib, &ev);
            struct att_attest_in in = in_for(&ev, c);
            refused(rows[i].name, &in, rows[i].want);
            att_collateral_free(c);
            mk_evidence_free(&ev);
        }
}

/* -- levels -------------------------------------------------------------------------------------------------------- */

static void levels(enum att_tee tee)
{
    struct mk_evidence ev;
    struct att_verdict v;

    evidence_of(tee, &(struct change){ .broken = MK_BREAK_TCB_INFO_UNSORTED }, &ev);
    struct att_collateral *c = collateral_of(lib, &ev);
    struct att_attest_in in = in_for(&ev, c);
    bool accepted = judged(&in, &v);
    cases_check(&cases, accepted && v.tcb.status == ATT_STATUS_UP_TO_DATE,
                "E-f: %s: the lowest level stands first, the highest that fits counts: %s", type_of(tee),
                att_tcb_status_name(v.tcb.status));
    in.evaluation_number_min = v.tcb.evaluation_number + 1;
    accepted = judged(&in, &v);
    cases_check(&cases, !accepted && v.err.code == ATT_TCB_EVAL_NUMBER_TOO_LOW,
                "E-d: %s: well signed, from before the highest set that was seen: %s", type_of(tee),
                v.err.text);
    att_collateral_free(c);
    mk_evidence_free(&ev);

    evidence_of(tee, &(struct change){ .broken = MK_BREAK_TCB_OUT_OF_DATE }, &ev);
    c = collateral_of(lib, &ev);
    in = in_for(&ev, c);
    in.accepted_tcb = ATT_TCB_DEFAULT;
    accepted = judged(&in, &v);
    cases_check(&cases,
                !accepted && v.err.code == ATT_TCB_STATUS_NOT_ACCEPTED &&
                    v.tcb.status == ATT_STATUS_OUT_OF_DATE,
                "E-i: %s: out of date is not valid: %s", type_of(tee), v.err.text);
    att_collateral_free(c);
    mk_evidence_free(&ev);
}

/* -- debug --------------------------------------------------------------------------------------------------------- */

static const char *policy_text(enum att_tee tee)
{
    return tee == ATT_TEE_SGX
               ? "version= 1.0;authorizationrules{[type==\"x-ms-sgx-is-debuggable\", value==false] => "
                 "permit();};issuancerules{};"
               : "version= 1.0;authorizationrules{[type==\"dbgstat\", value==\"disabled\"] => "
                 "permit();};issuancerules{};";
}

/* Evidence says whether it can be looked into; a policy can turn it away for that; nobody can change what it says. */
static void debug(enum att_tee tee)
{
    size_t at = tee == ATT_TEE_SGX ? 48 + 48 : 48 + 120;
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };
    uint8_t quote[16 * 1024];

    need(att_policy_compile(att_str(policy_text(tee)), NULL, &policy, NULL, &err), "a policy", &err);
    for (unsigned on = 0; on < 2; on++) {
        struct mk_evidence ev;
        struct att_verdict v;
        evidence_of(tee, &(struct change){ .debug = on }, &ev);
        struct att_collateral *c = collateral_of(lib, &ev);
        struct att_attest_in in = in_for(&ev, c);
        in.policy = policy;
        bool accepted = judged(&in, &v);
        cases_check(&cases, accepted == !on && v.err.code == (on ? ATT_POLICY_NO_PERMIT : ATT_OK),
                    "E-q: %s: debug %u under a policy: %s", type_of(tee), on, v.err.text);
        need(in.evidence.len <= sizeof quote, "room for a quote", NULL);
        memcpy(quote, in.evidence.ptr, in.evidence.len);
        quote[at] ^= tee == ATT_TEE_SGX ? 2 : 1;
        in.evidence.ptr = quote;
        refused("E-q: the debug bit changed after signing", &in, ATT_QUOTE_SIGNATURE_INVALID);
        att_collateral_free(c);
        mk_evidence_free(&ev);
    }
    att_policy_free(policy);
}

/* -- sizes --------------------------------------------------------------------------------------------------------- */

/* `levels` SEQUENCEs, each the content of the one before. */
static struct att_span deep_der(uint8_t *room, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t inside = 4 * (count - 1 - i);
        const uint8_t head[] = { 0x30, 0x82, (uint8_t)(inside >> 8), (uint8_t)inside };
        memcpy(room + 4 * i, head, 4);
    }
    return att_span_of(room, 4 * count);
}

/* Depth of DER and of JSON costs neither stack nor memory. */
static void depth(enum att_tee tee)
{
    static uint8_t der[4 * 4000];
    static char json[100000];
    struct mk_evidence ev;

    memset(json, '[', sizeof json);
    memcpy(json, "{\"tcbInfo\":", 11);
    evidence_of(tee, &(struct change){ 0 }, &ev);
    struct att_dcap_bundle whole = bundle_of(&ev);
    for (unsigned which = 0; which < 2; which++) {
        struct att_dcap_bundle b = whole;
        if (which)
            b.pck_crl = deep_der(der, 4000);
        else
            b.tcb_info = att_span_of(json, sizeof json);
        struct att_collateral *c = collateral_new(lib, &b, 1, ATT_COLLATERAL_SOLE);
        struct att_attest_in in = in_for(&ev, c);
        refused(which ? "E-k: 4000 SEQUENCEs in a list" : "E-k: 100000 arrays in TCB info", &in,
                which ? ATT_CRL_MALFORMED : ATT_TCB_INFO_MALFORMED);
        att_collateral_free(c);
    }
    mk_evidence_free(&ev);
}

/* -- another platform's collateral --------------------------------------------------------------------------------- */

static void with_collateral_of(const char *name, const struct mk_evidence *ev,
                               const struct mk_evidence *other, enum att_code sole,
                               const struct att_collateral_want *want)
{
    const struct att_dcap_bundle b = bundle_of(other);
    struct att_collateral *c = collateral_new(lib, &b, 1, ATT_COLLATERAL_SOLE);
    struct att_attest_in in = in_for(ev, c);
    struct att_verdict v;

    refused(name, &in, sole);
    att_collateral_free(c);
    /* Among many, it is as if there were none; what would have helped is named. */
    c = collateral_new(lib, &b, 1, ATT_COLLATERAL_INDEXED);
    in = in_for(ev, c);
    refused(name, &in, ATT_COLLATERAL_MISSING);
    (void)judged(&in, &v);
    cases_check(&cases,
                v.missing.kind == want->kind && v.missing.tee == want->tee &&
                    v.missing.platform_ca == want->platform_ca &&
                    memcmp(v.missing.fmspc, want->fmspc, sizeof want->fmspc) == 0,
                "%s: %s: what is missing: kind %d", name, type_of(ev->tee), (int)v.missing.kind);
    att_collateral_free(c);
}

static void other_platform(enum att_tee tee)
{
    struct mk_evidence ours, other;
    struct mk_sgx_options o;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    struct att_collateral_want want = { .kind = ATT_ITEM_TCB_INFO, .tee = tee };
    memcpy(want.fmspc, o.platform.fmspc, sizeof want.fmspc);
    evidence_of(tee, &(struct change){ 0 }, &ours);
    evidence_of(tee, &(struct change){ .fmspc_last = 0x77 }, &other);
    with_collateral_of("E-w: all of another FMSPC", &ours, &other, ATT_TCB_INFO_MISMATCH, &want);
    mk_evidence_free(&other);

    for (unsigned ca = 0; ca < 2; ca++) {
        want = (struct att_collateral_want){ .kind = ATT_ITEM_PCK_CRL, .platform_ca = ca == MK_CA_PLATFORM };
        mk_evidence_free(&ours);
        evidence_of(tee, &(struct change){ .ca = (enum mk_ca)ca }, &ours);
        evidence_of(tee, &(struct change){ .ca = (enum mk_ca) !ca }, &other);
        with_collateral_of(ca == MK_CA_PLATFORM ? "E-w: a platform CA's leaf with the processor CA's list"
                                                : "E-w: a processor CA's leaf with the platform CA's list",
                           &ours, &other, ATT_CRL_ISSUER_MISMATCH, &want);
        mk_evidence_free(&other);
    }

    enum att_tee turned = tee == ATT_TEE_SGX ? ATT_TEE_TDX : ATT_TEE_SGX;
    want = (struct att_collateral_want){ .kind = ATT_ITEM_TCB_INFO, .tee = tee };
    memcpy(want.fmspc, o.platform.fmspc, sizeof want.fmspc);
    mk_evidence_free(&ours);
    evidence_of(tee, &(struct change){ 0 }, &ours);
    evidence_of(turned, &(struct change){ 0 }, &other);
    with_collateral_of("E-w: the same machine's collateral of the other TEE", &ours, &other,
                       ATT_TCB_INFO_MISMATCH, &want);
    mk_evidence_free(&other);
    mk_evidence_free(&ours);
}

/* -- types --------------------------------------------------------------------------------------------------------- */

static void types(void)
{
    static const struct {
        const char *name;
        enum att_tee tee;
        enum mk_item item;
        const char *as;
        enum att_code want;
    } rows[] = {
        { "E-x: a TDX quote", ATT_TEE_TDX, MK_QUOTE, "sgx", ATT_TEE_MISMATCH },
        { "E-x: a TDX quote", ATT_TEE_TDX, MK_QUOTE, "open-enclave", ATT_OE_HEADER_VERSION },
        { "E-x: a TDX quote", ATT_TEE_TDX, MK_QUOTE, "sev-snp", ATT_SNP_VERSION },
        { "E-x: an SGX quote", ATT_TEE_SGX, MK_QUOTE, "tdx", ATT_TEE_MISMATCH },
        { "E-x: an SGX quote", ATT_TEE_SGX, MK_QUOTE, "open-enclave", ATT_OE_HEADER_VERSION },
        { "E-x: an SGX quote", ATT_TEE_SGX, MK_QUOTE, "sev-snp", ATT_SNP_VERSION },
        { "E-x: an Open Enclave report", ATT_TEE_SGX, MK_REPORT, "sgx", ATT_QUOTE_VERSION },
        { "E-x: an Open Enclave report", ATT_TEE_SGX, MK_REPORT, "tdx", ATT_QUOTE_VERSION },
        { "E-x: an Open Enclave report", ATT_TEE_SGX, MK_REPORT, "sev-snp", ATT_SNP_VERSION },
        { "E-x: a PCK chain", ATT_TEE_SGX, MK_PCK_CHAIN, "sgx", ATT_QUOTE_VERSION },
        { "E-x: a PCK chain", ATT_TEE_SGX, MK_PCK_CHAIN, "tdx", ATT_QUOTE_VERSION },
        { "E-x: TCB info", ATT_TEE_TDX, MK_TCB_INFO, "tdx", ATT_QUOTE_VERSION },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_evidence ev;
        evidence_of(rows[i].tee, &(struct change){ 0 }, &ev);
        struct att_collateral *c = collateral_of(lib, &ev);
        struct att_attest_in in = in_for(&ev, c);
        in.evidence = mk_item(&ev, rows[i].item);
        in.evidence_type = rows[i].as;
        refused(rows[i].name, &in, rows[i].want);
        att_collateral_free(c);
        mk_evidence_free(&ev);
    }
}

/* -- data that was bound ------------------------------------------------------------------------------------------- */

/* SHA-256 of nothing. */
static const uint8_t hash_of_nothing[32] = { 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                             0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                             0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55 };

static void held_data(enum att_tee tee)
{
    static const char text[] = "held data";
    static const char longer[] = "held data\0";
    static const uint8_t zeros[32] = { 0 };
    struct mk_evidence ev;
    struct att_verdict v;

    evidence_of(tee, &(struct change){ .runtime = text }, &ev);
    struct att_collateral *c = collateral_of(lib, &ev);
    struct att_attest_in in = in_for(&ev, c);
    taken("E-y: held data as the evidence has them", &in);
    for (size_t len = 0; len < sizeof longer; len++) {
        in.runtime.bytes = att_span_of(longer, len);
        if (len != sizeof text - 1)
            refused("E-y: held data longer or shorter than those that were hashed", &in,
                    ATT_RUNTIME_DATA_MISMATCH);
    }
    in.runtime = (struct att_bound_data){ .present = false };
    bool accepted = judged(&in, &v);
    cases_check(&cases,
                accepted && !att_claims_find(&v.claims, "x-ms-sgx-ehd", ATT_ISSUER_SERVICE) &&
                    !att_claims_find(&v.claims, "x-ms-runtime", ATT_ISSUER_SERVICE),
                "E-a: %s: data that nobody gave match nothing and give no claim: %s", type_of(tee),
                v.err.text);
    att_collateral_free(c);
    mk_evidence_free(&ev);

    evidence_of(tee, &(struct change){ .no_runtime = true, .report_data = zeros }, &ev);
    c = collateral_of(lib, &ev);
    in = in_for(&ev, c);
    in.runtime = (struct att_bound_data){ .present = true, .bytes = att_str("") };
    refused("E-y: no bytes against REPORTDATA of zeros", &in, ATT_RUNTIME_DATA_MISMATCH);
    in.runtime.bytes = att_span_of(zeros, sizeof zeros);
    refused("E-a: the value itself is not its hash", &in, ATT_RUNTIME_DATA_MISMATCH);
    att_collateral_free(c);
    mk_evidence_free(&ev);

    evidence_of(tee, &(struct change){ .no_runtime = true, .report_data = hash_of_nothing }, &ev);
    c = collateral_of(lib, &ev);
    in = in_for(&ev, c);
    in.runtime = (struct att_bound_data){ .present = true, .bytes = att_str("x") };
    refused("E-y: data against the hash of none", &in, ATT_RUNTIME_DATA_MISMATCH);
    in.runtime.bytes.len = 0;
    taken("E-y: no bytes against the hash of none", &in);
    in.runtime.json = true;
    refused("E-y: no bytes are no JSON object", &in, ATT_PARAMETER_INVALID);
    att_collateral_free(c);
    mk_evidence_free(&ev);
}

/* -- replay -------------------------------------------------------------------------------------------------------- */

/* What a relying party that gave out `nonce` sees in the token of this verdict. */
static bool is_fresh(const struct att_verdict *v, const char *nonce, const char *asked_with)
{
    struct att_token_in in = { .size = sizeof in,
                               .issuer = att_str("https://localhost:8443"),
                               .iat_unix_s = FIXTURE_NOW,
                               .lifetime_s = 3600,
                               .jti = att_span_of(hash_of_nothing, 32),
                               .nonce = att_str(asked_with),
                               .has_nonce = true };
    struct att_span input, text;
    struct att_token token;
    struct att_err err = { 0 };

    need(att_token_input(arena, v, &in, &input, &err) &&
             att_token_join(arena, input, att_str(""), &text, &err) &&
             att_token_decode(arena, text, NULL, &token, &err) &&
             att_token_expect(arena, &token, att_str("nonce"), att_str(asked_with), &err),
         "a token", &err);
    return att_token_expect(arena, &token, att_str("x-ms-runtime.nonce"), att_str(nonce), &err);
}

/* The verifier keeps no memory of evidence: the same quote gets a token again, whoever sends it. What makes it fresh is the
 * relying party's nonce in the data that the quote binds, and nothing else, least of all the nonce of the request. */
static void replay(enum att_tee tee)
{
    static const char first[] = "{\"nonce\":\"first\"}", second[] = "{\"nonce\":\"second\"}";
    struct mk_evidence ev;
    struct att_verdict v;

    evidence_of(tee, &(struct change){ .runtime = first }, &ev);
    struct att_collateral *c = collateral_of(lib, &ev);
    struct att_attest_in in = in_for(&ev, c);
    in.runtime.json = true;
    for (unsigned again = 0; again < 2; again++) {
        bool accepted = judged(&in, &v);
        cases_check(&cases, accepted && is_fresh(&v, "first", "first"), "E-z: %s: attested, time %u: %s",
                    type_of(tee), again, v.err.text);
    }
    in.now_unix_s += 3600;
    cases_check(&cases, judged(&in, &v) && !is_fresh(&v, "second", "second"),
                "E-z: %s: sent again an hour later: who asks for another nonce does not get it",
                type_of(tee));
    in.runtime.bytes = att_str(second);
    refused("E-z: sent again with another nonce in its data", &in, ATT_RUNTIME_DATA_MISMATCH);
    in.runtime = (struct att_bound_data){ .present = false };
    cases_check(&cases, judged(&in, &v) && !is_fresh(&v, "second", "second"),
                "E-z: %s: sent again without its data", type_of(tee));
    att_collateral_free(c);
    mk_evidence_free(&ev);
}

int main(void)
{
    hw = hardware_new();
    lib = lib_new(&hw, 1, 0);
    arena = arena_new();
    broken();
    for (size_t i = 0; i < 2; i++) {
        levels(both[i]);
        debug(both[i]);
        depth(both[i]);
        other_platform(both[i]);
        held_data(both[i]);
        replay(both[i]);
    }
    types();
    att_arena_free(arena);
    att_lib_free(lib);
    mk_hardware_free(hw);
    return cases_report(&cases);
}
