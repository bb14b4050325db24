/* layers: attest collateral crypto codec base makers */
/* The claim sets of two real tokens of confidential VMs, whose evidence is not public: evidence is made with the values that
 * the claims tell, and the token that comes of it has the same claims, names, types and order. What belongs to the issue
 * of a token alone (iss, iat, nbf, exp, jti) is taken from the real one, since the library is told it. */
#include <attest/attest.h>
#include <attest/token.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/hex.h"
#include "codec/json.h"
#include "makers/hardware.h"
#include "makers/snp.h"
#include "makers/tdx.h"
#include "support/cases.h"

enum { AT = 1791503157, ARENA_BYTES = 16 << 20 };

static struct cases cases = { .name = "vectors.vm_tokens" };

struct real {
    const char *name;
    struct att_arena *arena;
    struct att_json json; /* expected.json */
    att_json_id claims;
};

static void must(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "cannot go on: %s: %s\n", what, err ? err->text : "");
    exit(2);
}

static bool load(const char *vectors, const char *name, struct real *ret)
{
    char *path = path_of(vectors, "maa-tokens/%s/expected.json", name);
    struct att_err err = { 0 };
    size_t len = 0;
    uint8_t *text = file_read(path, &len);

    free(path);
    *ret = (struct real){ .name = name, .arena = att_arena_new(ARENA_BYTES) };
    if (!text || !ret->arena)
        return false;
    char *copy = att_arena_dup(ret->arena, att_span_of(text, len));
    free(text);
    must(copy && att_json_parse(ret->arena, att_span_of(copy, len), NULL, &ret->json, &err), name, &err);
    ret->claims = att_json_get(&ret->json, ATT_JSON_ROOT, "claims");
    return ret->claims != ATT_JSON_NONE;
}

static struct att_span text_of(const struct real *r, const char *claim)
{
    struct att_span text = { 0 };

    must(att_json_string(&r->json, r->arena, att_json_get(&r->json, r->claims, claim), &text), claim, NULL);
    return text;
}

static void hex_of(const struct real *r, const char *claim, uint8_t *ret, size_t len)
{
    must(att_hex_read(text_of(r, claim), ret, len), claim, NULL);
}

static int64_t number_of(const struct real *r, const char *claim)
{
    int64_t n = 0;

    must(att_json_i64(&r->json, att_json_get(&r->json, r->claims, claim), &n), claim, NULL);
    return n;
}

static uint64_t bit_of(const struct real *r, const char *claim, uint64_t bit)
{
    return att_json_true(&r->json, att_json_get(&r->json, r->claims, claim)) ? bit : 0;
}

/* The payload of a token of this verdict, as a service with the default policy would make it. */
static struct att_span payload_of(const struct real *r, const struct att_verdict *v)
{
    struct att_span input = { 0 }, payload = { 0 }, policy = att_policy_default("tdx");
    struct att_err err = { 0 };
    uint8_t jti[32];

    hex_of(r, "jti", jti, sizeof jti);
    const struct att_token_in in = {
        .size = sizeof in,
        .issuer = text_of(r, "iss"),
        .alg = "RS256",
        .kid = att_str("kid"),
        .iat_unix_s = number_of(r, "iat"),
        .lifetime_s = number_of(r, "exp") - number_of(r, "iat"),
        .jti = att_span_of(jti, sizeof jti),
        .policy_text = policy,
        .policy_is_default = true,
    };
    must(att_token_input(r->arena, v, &in, &input, &err), r->name, &err);
    const uint8_t *dot = memchr(input.ptr, '.', input.len);
    struct att_span encoded = att_span_of(dot + 1, input.len - (size_t)(dot + 1 - input.ptr));
    must(att_base64_decode(r->arena, ATT_BASE64_STRICT, encoded, "payload", &payload, &err), r->name, &err);
    return payload;
}

/* Byte for byte, the whole payload: names, types, order. Ours says besides that the root is one made for tests. */
static void compare(struct real *r, const struct att_verdict *v)
{
    struct att_span ours = payload_of(r, v);
    struct att_json doc = { 0 };
    struct att_err err = { 0 };
    size_t count = 0;

    must(att_json_parse(r->arena, ours, NULL, &doc, &err), r->name, &err);
    att_json_id mine = att_json_first(&doc, ATT_JSON_ROOT);
    for (att_json_id id = att_json_first(&r->json, r->claims); id != ATT_JSON_NONE;
         id = att_json_next(&r->json, id)) {
        struct att_span name = { 0 }, other = { 0 };
        bool named = att_json_key(&r->json, r->arena, id, &name);
        if (mine != ATT_JSON_NONE && att_json_key_is(&doc, mine, att_str("x-attestd-unsafe")))
            mine = att_json_next(&doc, mine);
        named = named && mine != ATT_JSON_NONE && att_json_key(&doc, r->arena, mine, &other) &&
                att_span_eq(name, other);
        struct att_buf sorted = { 0 };
        bool same = named && att_json_put_sorted(&r->json, r->arena, id, &sorted) &&
                    att_span_eq(att_buf_span(&sorted), att_json_source(&doc, mine));
        cases_check(&cases, same, "%s: claim %.*s, ours is %.*s", r->name, (int)name.len,
                    (const char *)name.ptr, (int)other.len, (const char *)other.ptr);
        att_buf_free(&sorted);
        mine = mine == ATT_JSON_NONE ? mine : att_json_next(&doc, mine);
        count++;
    }
    if (mine != ATT_JSON_NONE && att_json_key_is(&doc, mine, att_str("x-attestd-unsafe")))
        mine = att_json_next(&doc, mine);
    cases_check(&cases, count > 20 && mine == ATT_JSON_NONE, "%s: nothing besides its %zu claims", r->name,
                count);
}

static struct att_lib *lib_of(struct att_span root)
{
    struct att_root trusted = { .pem = root, .test_root = true };
    struct att_lib_options o = { .size = sizeof o, .roots = &trusted, .root_count = 1 };
    struct att_lib *lib = NULL;
    struct att_err err = { 0 };

    must(att_lib_new(&o, &lib, &err), "library", &err);
    return lib;
}

/* -- SEV-SNP ------------------------------------------------------------------------------------------------ */

static void snp_options(const struct real *r, struct mk_snp_options *o)
{
    mk_snp_defaults(o, MK_AMD_GENOA, AT);
    o->guest_svn = (uint32_t)number_of(r, "x-ms-sevsnpvm-guestsvn");
    o->policy = 0x1f | MK_SNP_POLICY_RESERVED_ONE |
                bit_of(r, "x-ms-sevsnpvm-smt-allowed", MK_SNP_POLICY_SMT) |
                bit_of(r, "x-ms-sevsnpvm-is-debuggable", MK_SNP_POLICY_DEBUG) |
                bit_of(r, "x-ms-sevsnpvm-migration-allowed", MK_SNP_POLICY_MIGRATE_MA);
    o->vmpl = (uint32_t)number_of(r, "x-ms-sevsnpvm-vmpl");
    o->reported = (struct mk_snp_tcb){ .bootloader = (uint8_t)number_of(r, "x-ms-sevsnpvm-bootloader-svn"),
                                       .tee = (uint8_t)number_of(r, "x-ms-sevsnpvm-tee-svn"),
                                       .snp = (uint8_t)number_of(r, "x-ms-sevsnpvm-snpfw-svn"),
                                       .microcode = (uint8_t)number_of(r, "x-ms-sevsnpvm-microcode-svn") };
    o->current = o->committed = o->launch = o->reported;
    hex_of(r, "x-ms-sevsnpvm-familyId", o->family_id, sizeof o->family_id);
    hex_of(r, "x-ms-sevsnpvm-imageId", o->image_id, sizeof o->image_id);
    hex_of(r, "x-ms-sevsnpvm-launchmeasurement", o->measurement, sizeof o->measurement);
    hex_of(r, "x-ms-sevsnpvm-reportdata", o->report_data, sizeof o->report_data);
    hex_of(r, "x-ms-sevsnpvm-hostdata", o->host_data, sizeof o->host_data);
    hex_of(r, "x-ms-sevsnpvm-idkeydigest", o->id_key_digest, sizeof o->id_key_digest);
    hex_of(r, "x-ms-sevsnpvm-authorkeydigest", o->author_key_digest, sizeof o->author_key_digest);
    hex_of(r, "x-ms-sevsnpvm-reportid", o->report_id, sizeof o->report_id);
    hex_of(r, "x-ms-sevsnpvm-chipid", o->chip_id, sizeof o->chip_id);
}

/* The same values without runtime data: REPORT_DATA is then the real one, and its claim comes from the evidence alone. */
static void snp_report_data(const struct real *r, const struct mk_amd *amd, const struct att_lib *lib)
{
    struct mk_snp_options o;
    struct mk_snp_evidence ev = { 0 };
    struct att_err err = { 0 };
    struct att_verdict v;

    snp_options(r, &o);
    o.has_runtime_data = false;
    must(mk_snp_make(amd, &o, &ev, &err), r->name, &err);
    const struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = "sev-snp",
        .evidence = mk_snp_item(&ev, MK_SNP_REPORT),
        .cert_chain = mk_snp_item(&ev, MK_SNP_CHAIN),
        .now_unix_s = AT,
        .accepted_tcb = ATT_TCB_DEFAULT,
        .newer_claims = true,
    };
    bool ok = att_attest(lib, r->arena, &in, &v);
    const struct att_claim *claim =
        att_claims_find(&v.claims, "x-ms-sevsnpvm-reportdata", ATT_ISSUER_SERVICE);
    cases_check(&cases, ok && claim && att_span_eq(claim->value.text, text_of(r, "x-ms-sevsnpvm-reportdata")),
                "%s: report data by itself: %s", r->name, v.err.text);
    mk_snp_evidence_free(&ev);
}

static void snp_token(struct real *r)
{
    struct mk_amd *amd = NULL;
    struct mk_snp_options o;
    struct mk_snp_evidence ev = { 0 };
    struct att_err err = { 0 };
    struct att_buf ark = { 0 };
    struct att_verdict v;

    must(mk_amd_new(MK_AMD_GENOA, MK_AMD_BITS_QUICK, AT, &amd, &err) && mk_amd_ark_pem(amd, &ark, &err),
         r->name, &err);
    snp_options(r, &o);
    /* Its runtime data was scrubbed: what the token shows hashes to something else than REPORT_DATA. The data of the token
     * are bound here in their own right, and the one claim that shows their hash is the real one's in the comparison. */
    struct att_span runtime = att_json_source(&r->json, att_json_get(&r->json, r->claims, "x-ms-runtime"));
    o.has_runtime_data = true;
    o.runtime_data = runtime;
    must(mk_snp_make(amd, &o, &ev, &err), r->name, &err);
    struct att_lib *lib = lib_of(att_buf_span(&ark));
    snp_report_data(r, amd, lib);
    const struct att_compliance_row azure = { .status = "azure-compliant-cvm",
                                              .evidence_type = "sev-snp",
                                              .id_key_digest = att_span_of(o.id_key_digest, 48) };
    const struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = "sev-snp",
        .evidence = mk_snp_item(&ev, MK_SNP_REPORT),
        .cert_chain = mk_snp_item(&ev, MK_SNP_CHAIN),
        .runtime = { .present = true, .json = true, .bytes = runtime },
        .now_unix_s = AT,
        .accepted_tcb = ATT_TCB_DEFAULT,
        .newer_claims = true,
        .compliance = &azure,
        .compliance_count = 1,
    };
    bool ok = att_attest(lib, r->arena, &in, &v);
    cases_check(&cases, ok, "%s: %s", r->name, v.err.text);
    /* See above. */
    for (size_t i = 0; ok && i < v.claims.count; i++) {
        if (att_span_is(v.claims.items[i].type, "x-ms-sevsnpvm-reportdata"))
            v.claims.items[i].value.text = text_of(r, "x-ms-sevsnpvm-reportdata");
    }
    if (ok)
        compare(r, &v);
    att_lib_free(lib);
    att_buf_free(&ark);
    mk_snp_evidence_free(&ev);
    mk_amd_free(amd);
}

/* -- TDX ------------------------------------------------------------------------------------------------------ */

static void tdx_options(const struct real *r, struct mk_tdx_options *o)
{
    static const char *const rtmr[4] = { "tdx_rtmr0", "tdx_rtmr1", "tdx_rtmr2", "tdx_rtmr3" };
    struct mk_td *td = &o->td;

    mk_tdx_defaults(o, AT);
    o->has_runtime_data = false;
    hex_of(r, "tdx_tee_tcb_svn", td->tee_tcb_svn, sizeof td->tee_tcb_svn);
    hex_of(r, "tdx_mrseam", td->mrseam, sizeof td->mrseam);
    hex_of(r, "tdx_mrsignerseam", td->mrsignerseam, sizeof td->mrsignerseam);
    hex_of(r, "tdx_seam_attributes", td->seam_attributes, sizeof td->seam_attributes);
    hex_of(r, "tdx_td_attributes", td->td_attributes, sizeof td->td_attributes);
    hex_of(r, "tdx_xfam", td->xfam, sizeof td->xfam);
    hex_of(r, "tdx_mrtd", td->mrtd, sizeof td->mrtd);
    hex_of(r, "tdx_mrconfigid", td->mrconfigid, sizeof td->mrconfigid);
    hex_of(r, "tdx_mrowner", td->mrowner, sizeof td->mrowner);
    hex_of(r, "tdx_mrownerconfig", td->mrownerconfig, sizeof td->mrownerconfig);
    for (size_t i = 0; i < 4; i++)
        hex_of(r, rtmr[i], td->rtmr[i], sizeof td->rtmr[i]);
    hex_of(r, "tdx_report_data", td->report_data, sizeof td->report_data);
}

static void tdx_token(struct real *r)
{
    struct mk_hardware *hw = NULL;
    struct mk_tdx_options o;
    struct mk_evidence ev = { 0 };
    struct att_err err = { 0 };
    struct att_collateral *collateral = NULL;
    struct att_verdict v;

    tdx_options(r, &o);
    must(mk_hardware_new(AT, &hw, &err) && mk_tdx_make(hw, &o, &ev, &err), r->name, &err);
    struct att_lib *lib = lib_of(mk_item(&ev, MK_ROOT_CA));
    const struct att_dcap_bundle b = {
        .name = r->name,
        .tcb_info = mk_item(&ev, MK_TCB_INFO),
        .tcb_info_issuer_chain = mk_item(&ev, MK_TCB_INFO_ISSUER_CHAIN),
        .qe_identity = mk_item(&ev, MK_QE_IDENTITY),
        .qe_identity_issuer_chain = mk_item(&ev, MK_QE_IDENTITY_ISSUER_CHAIN),
        .pck_crl = mk_item(&ev, MK_PCK_CRL),
        .pck_crl_issuer_chain = mk_item(&ev, MK_PCK_CRL_ISSUER_CHAIN),
        .root_ca_crl = mk_item(&ev, MK_ROOT_CA_CRL),
    };
    const struct att_collateral_in all = { .size = sizeof all, .dcap = &b, .dcap_count = 1 };
    must(att_collateral_new(lib, &all, &collateral, &err), r->name, &err);
    const struct att_compliance_row azure = { .status = "azure-compliant-cvm",
                                              .evidence_type = "tdx",
                                              .measurement = att_span_of(o.td.mrtd, 48) };
    const struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = "tdx",
        .evidence = mk_item(&ev, MK_QUOTE),
        .collateral = collateral,
        .now_unix_s = AT,
        .accepted_tcb = ATT_TCB_DEFAULT,
        .compliance = &azure,
        .compliance_count = 1,
    };
    bool ok = att_attest(lib, r->arena, &in, &v);
    cases_check(&cases, ok, "%s: %s", r->name, v.err.text);
    if (ok)
        compare(r, &v);
    att_collateral_free(collateral);
    att_lib_free(lib);
    mk_evidence_free(&ev);
    mk_hardware_free(hw);
}

int main(void)
{
    const char *vectors = vectors_dir();
    static const struct {
        const char *name;
        void (*run)(struct real *);
    } tokens[] = { { "sevsnp-cvm-genoa", snp_token }, { "tdx-cvm-noruntime", tdx_token } };

    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct real r = { 0 };
        if (!vectors || !load(vectors, tokens[i].name, &r))
            cases_skip(&cases, "no reference vectors here");
        else
            tokens[i].run(&r);
        att_arena_free(r.arena);
    }
    return cases_report(&cases);
}
