/* layers: attest codec base */
/* Real and made TDX evidence, each folder with the verdict that independent verifiers gave; the claims of a real token. */
#include <attest/attest.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timetext.h"
#include "codec/json.h"
#include "support/cases.h"

struct file {
    uint8_t *bytes;
    size_t len;
};

enum { QUOTE, RUNTIME, ROOT, TCB, TCB_CHAIN, QE, QE_CHAIN, CRL, CRL_CHAIN, ROOT_CRL, EXPECTED, FILE_COUNT };
static const char *const names[FILE_COUNT] = {
    "quote.bin",
    "runtime_data.bin",
    "root_ca.pem",
    "tcb_info.json",
    "tcb_info_issuer_chain.pem",
    "qe_identity.json",
    "qe_identity_issuer_chain.pem",
    "pck_crl.der",
    "pck_crl_issuer_chain.pem",
    "root_ca_crl.der",
    "expected.json",
};

struct folder {
    const char *name;
    struct file files[FILE_COUNT];
    struct att_json expected;
    struct att_arena *arena;
};

static struct cases cases = { .name = "vectors.tdx_library" };
static struct att_json token; /* expected.json of the real token */

static struct att_span span(const struct folder *f, int which)
{
    return att_span_of(f->files[which].bytes, f->files[which].len);
}

static bool text_of(const struct folder *f, const char *name, struct att_span *ret)
{
    return att_json_string(&f->expected, f->arena, att_json_get(&f->expected, ATT_JSON_ROOT, name), ret);
}

static att_json_id evaluation(const struct folder *f)
{
    return att_json_get(&f->expected, ATT_JSON_ROOT, "evaluation");
}

static int64_t time_of(const struct folder *f)
{
    int64_t at = 0;
    att_json_id in = evaluation(f);

    if (att_json_i64(&f->expected, att_json_get(&f->expected, ATT_JSON_ROOT, "at_unix"), &at) ||
        (in != ATT_JSON_NONE && att_json_i64(&f->expected, att_json_get(&f->expected, in, "at_unix"), &at)))
        return at;
    return att_time_read(att_str("2026-06-01T00:00:00Z"), &at) ? at : 0;
}

static bool code_fits(const struct folder *f, const char *got)
{
    struct att_span wanted, also;

    if (!text_of(f, "expected_error", &wanted) || att_span_is(wanted, got))
        return true;
    att_json_id list = att_json_get(&f->expected, ATT_JSON_ROOT, "also_acceptable_errors");
    for (att_json_id id = att_json_first(&f->expected, list); id != ATT_JSON_NONE;
         id = att_json_next(&f->expected, id))
        if (att_json_string(&f->expected, f->arena, id, &also) && att_span_is(also, got))
            return true;
    return false;
}

static void check_verdict(const struct folder *f, const struct att_verdict *v)
{
    struct att_span verdict = { 0 }, status = { 0 };
    const char *got = att_code_name(v->err.code);

    (void)text_of(f, "expected_verdict", &verdict);
    bool accept = att_span_is(verdict, "accept_crypto");
    cases_check(&cases, v->accepted == accept, "%s: %s", f->name, v->err.text);
    cases_check(&cases, accept || code_fits(f, got), "%s: %s at %s (%s)", f->name, got, v->err.where,
                v->err.text);
    cases_check(&cases, accept || (v->err.where[0] && v->err.found[0] && v->err.expected[0]),
                "%s: %s says too little", f->name, got);
    if (text_of(f, "expected_tcb_status", &status) && att_span_is(status, "TCB_NOT_SUPPORTED"))
        status.len = 0; /* no level, no name */
    if (status.ptr)
        cases_check(&cases, att_span_is(status, att_tcb_status_name(v->tcb.status)), "%s: status %s", f->name,
                    att_tcb_status_name(v->tcb.status));
}

/* `member` of the evaluation is [status, date, [advisories]] or [status, [advisories]], or null. */
static void check_part(const struct folder *f, const char *member, const char *got, const struct att_tcb *t)
{
    struct att_span status, id;
    att_json_id part = att_json_get(&f->expected, evaluation(f), member);

    if (part == ATT_JSON_NONE || att_json_type(&f->expected, part) != ATT_JSON_ARRAY)
        return;
    att_json_id at = att_json_first(&f->expected, part);
    if (att_json_type(&f->expected, at) == ATT_JSON_NULL)
        return; /* a module without a version of its own: its SVN is one of the components */
    cases_check(&cases, att_json_string(&f->expected, f->arena, at, &status) && att_span_is(status, got),
                "%s: %s is %s", f->name, member, got);
    while (at != ATT_JSON_NONE && att_json_type(&f->expected, at) != ATT_JSON_ARRAY)
        at = att_json_next(&f->expected, at);
    for (at = att_json_first(&f->expected, at); at != ATT_JSON_NONE; at = att_json_next(&f->expected, at)) {
        bool there = false;
        if (!att_json_string(&f->expected, f->arena, at, &id))
            continue;
        for (size_t i = 0; i < t->advisory_count; i++)
            there = there || att_span_eq(id, t->advisories[i]);
        cases_check(&cases, there, "%s: %s: an advisory is not in the list", f->name, member);
    }
}

/* Levels of the parts, as an independent verifier found them. */
static void check_parts(const struct folder *f, const struct att_verdict *v)
{
    struct att_span qe;

    if (evaluation(f) == ATT_JSON_NONE)
        return;
    check_part(f, "tdx_tcb_level", att_tcb_status_name(v->tcb.platform), &v->tcb);
    check_part(f, "tdx_module", att_tcb_status_name(v->tcb.module), &v->tcb);
    if (att_json_string(&f->expected, f->arena, att_json_get(&f->expected, evaluation(f), "qe_status"), &qe))
        cases_check(&cases, att_span_is(qe, att_tcb_status_name(v->tcb.qe)), "%s: qe_status %s", f->name,
                    att_tcb_status_name(v->tcb.qe));
}

/* What names one machine, or says nothing about it, is not shown. */
static bool left_out(const char *name)
{
    static const char *const rows[] = { "ppid",     "platform_instance_id", "config", "serial", "validity",
                                        "user_data" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(name, rows[i]) == 0)
            return true;
    return false;
}

/* Every member of one decoded object against its independent decoding. Returns how many there were. */
static unsigned check_object(const struct folder *f, const struct att_json *got, const char *object)
{
    att_json_id want = att_json_get(&f->expected, ATT_JSON_ROOT, object);
    att_json_id have = att_json_get(got, ATT_JSON_ROOT, object);
    unsigned count = 0;
    struct att_span key, a, b;
    char name[64];

    for (att_json_id id = want == ATT_JSON_NONE ? want : att_json_first(&f->expected, want);
         id != ATT_JSON_NONE; id = att_json_next(&f->expected, id)) {
        if (!att_json_key(&f->expected, f->arena, id, &key))
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.ptr);
        if (left_out(name))
            continue;
        count++;
        att_json_id there = att_json_get(got, have, name);
        bool same = there != ATT_JSON_NONE;
        if (same && att_json_type(got, there) == ATT_JSON_ARRAY) {
            att_json_id x = att_json_first(got, there), y = att_json_first(&f->expected, id);
            for (; same && (x != ATT_JSON_NONE || y != ATT_JSON_NONE);
                 x = att_json_next(got, x), y = att_json_next(&f->expected, y))
                same = x != ATT_JSON_NONE && y != ATT_JSON_NONE &&
                       att_span_eq(att_json_source(got, x), att_json_source(&f->expected, y));
        } else if (same) {
            a = att_json_source(got, there);
            b = att_json_source(&f->expected, id);
            same = att_span_eq(a, b);
        }
        cases_check(&cases, same, "%s: %s.%s", f->name, object, name);
    }
    return count;
}

static void check_decoded(const struct folder *f, const struct att_verdict *v)
{
    static const char *const objects[] = { "body", "header", "qe_report", "pck" };
    struct att_json got;
    struct att_err err = { 0 };
    int64_t version = 0, trailing = 0, have = 0;
    struct att_span hash, ours;

    if (v->evidence_json.len == 0) {
        cases_check(&cases, !v->accepted, "%s: accepted and not described", f->name);
        return;
    }
    if (!att_json_parse(f->arena, v->evidence_json, NULL, &got, &err)) {
        cases_check(&cases, false, "%s: evidence_json: %s", f->name, err.text);
        return;
    }
    bool chain = v->err.code != ATT_PCK_CHAIN_MALFORMED;
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        if (chain || strcmp(objects[i], "pck") != 0)
            cases_check(&cases, check_object(f, &got, objects[i]) > 0 || i > 0, "%s: no %s in expected.json",
                        f->name, objects[i]);
    const att_json_id want_version = att_json_get(&f->expected, ATT_JSON_ROOT, "quote_version");
    if (att_json_i64(&f->expected, want_version, &version))
        cases_check(&cases,
                    att_json_i64(&got, att_json_get(&got, ATT_JSON_ROOT, "quote_version"), &have) &&
                        have == version,
                    "%s: quote_version %lld", f->name, (long long)have);
    if (att_json_i64(&f->expected, att_json_get(&f->expected, ATT_JSON_ROOT, "trailing_bytes"), &trailing))
        cases_check(&cases,
                    att_json_i64(&got, att_json_get(&got, ATT_JSON_ROOT, "trailing_bytes"), &have) &&
                        have == trailing,
                    "%s: trailing_bytes %lld", f->name, (long long)have);
    if (text_of(f, "sha256_quote_bin", &hash))
        cases_check(
            &cases,
            att_json_string(&got, f->arena, att_json_get(&got, ATT_JSON_ROOT, "quote_sha256"), &ours) &&
                att_span_eq(hash, ours),
            "%s: quote_sha256", f->name);
}

/* What the pipeline, the policy or the caller adds; and what only a table of the operator's gives. */
static bool not_of_the_evidence(const char *name)
{
    static const char *const rows[] = {
        "exp", "iat", "iss", "jti", "nbf", "x-ms-policy-hash", "x-ms-compliance-status"
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(name, rows[i]) == 0)
            return true;
    return false;
}

static enum att_claim_kind kind_of(enum att_json_type type)
{
    return type == ATT_JSON_STRING   ? ATT_CLAIM_STRING
           : type == ATT_JSON_NUMBER ? ATT_CLAIM_INT
                                     : ATT_CLAIM_BOOL;
}

/* The claims are those of the real token: the same names, the same types, the same lengths of hex, and no more. */
static void check_claims(const struct folder *f, const struct att_verdict *v)
{
    att_json_id want = att_json_get(&token, ATT_JSON_ROOT, "claims");
    size_t count = 0;
    struct att_span key, text;
    char name[64];

    for (att_json_id id = att_json_first(&token, want); id != ATT_JSON_NONE; id = att_json_next(&token, id)) {
        if (!att_json_key(&token, f->arena, id, &key))
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.ptr);
        if (not_of_the_evidence(name))
            continue;
        count++;
        const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);
        bool same =
            c && c->value.kind == kind_of(att_json_type(&token, id)) && (c->flags & ATT_CLAIM_IN_TOKEN);
        if (same && strncmp(name, "tdx_", 4) == 0 && att_json_string(&token, f->arena, id, &text))
            same = c->value.text.len == text.len;
        cases_check(&cases, same, "%s: claim %s is not as in the real token", f->name, name);
    }
    cases_check(&cases, v->claims.count == count, "%s: %zu claims, the real token has %zu", f->name,
                v->claims.count, count);
}

static void check_claim_text(const struct folder *f, const struct att_verdict *v, const char *name,
                             const char *want)
{
    const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);

    cases_check(&cases, c && att_span_is(c->value.text, want), "%s: claim %s is not %s", f->name, name, want);
}

static void check_claim_values(const struct folder *f, const struct att_verdict *v)
{
    static const char *const rows[][2] = {
        { "tdx_mrtd", "mrtd" },
        { "tdx_rtmr3", "rtmr3" },
        { "tdx_xfam", "xfam" },
        { "tdx_td_attributes", "tdattributes" },
        { "tdx_report_data", "report_data" },
        { "tdx_tee_tcb_svn", "tee_tcb_svn" },
        { "tdx_mrseam", "mrseam" },
        { "tdx_mrconfigid", "mrconfigid" },
    };
    att_json_id body = att_json_get(&f->expected, ATT_JSON_ROOT, "body");
    struct att_span want = { 0 };
    char text[160];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!att_json_string(&f->expected, f->arena, att_json_get(&f->expected, body, rows[i][1]), &want))
            continue;
        (void)snprintf(text, sizeof text, "%.*s", (int)want.len, (const char *)want.ptr);
        check_claim_text(f, v, rows[i][0], text);
    }
    check_claim_text(f, v, "attester_tcb_status", att_tcb_status_name(v->tcb.status));
    bool debug =
        att_span_is(att_json_source(&f->expected, att_json_get(&f->expected, body, "debug")), "true");
    check_claim_text(f, v, "dbgstat", debug ? "enabled" : "disabled");
}

static struct att_lib *lib_for(const struct folder *f)
{
    struct att_span ignored;
    struct att_root root = { .pem = span(f, ROOT), .test_root = true };
    bool own_root = text_of(f, "trust_root", &ignored);
    struct att_lib_options options = { .size = sizeof options,
                                       .roots = &root,
                                       .root_count = own_root ? 1 : 0 };
    struct att_lib *lib = NULL;
    struct att_err err = { 0 };

    cases_check(&cases, att_lib_new(&options, &lib, &err), "%s: att_lib_new: %s", f->name, err.text);
    return lib;
}

static void judge(const struct folder *f, const struct att_lib *lib, const struct att_collateral *collateral)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_span ignored;
    struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = "tdx",
        .evidence = span(f, QUOTE),
        .runtime = { .present = f->files[RUNTIME].bytes != NULL, .bytes = span(f, RUNTIME) },
        .collateral = collateral,
        .now_unix_s = time_of(f),
        .accepted_tcb = ATT_TCB_ANY_BUT_REVOKED,
        .describe = true,
    };
    struct att_verdict v;

    bool accepted = att_attest(lib, arena, &in, &v);
    check_verdict(f, &v);
    check_parts(f, &v);
    check_decoded(f, &v);
    if (accepted) {
        check_claims(f, &v);
        check_claim_values(f, &v);
        cases_check(&cases, v.test_root == text_of(f, "trust_root", &ignored), "%s: test_root", f->name);
        in.evidence_type = "sgx"; /* the other TEE's verifier takes none of them */
        cases_check(&cases, !att_attest(lib, arena, &in, &v) && v.err.code == ATT_TEE_MISMATCH,
                    "%s as sgx: %s", f->name, v.err.text);
    }
    att_arena_free(arena);
}

static void run(struct folder *f)
{
    struct att_lib *lib = lib_for(f);
    struct att_collateral *collateral = NULL;
    struct att_err err = { 0 };
    struct att_dcap_bundle b = {
        .name = f->name,
        .tcb_info = span(f, TCB),
        .tcb_info_issuer_chain = span(f, TCB_CHAIN),
        .qe_identity = span(f, QE),
        .qe_identity_issuer_chain = span(f, QE_CHAIN),
        .pck_crl = span(f, CRL),
        .pck_crl_issuer_chain = span(f, CRL_CHAIN),
        .root_ca_crl = span(f, ROOT_CRL),
    };

    if (lib && att_collateral_new(lib,
                                  &(struct att_collateral_in){ .size = sizeof(struct att_collateral_in),
                                                               .dcap = &b,
                                                               .dcap_count = 1,
                                                               .use = ATT_COLLATERAL_SOLE },
                                  &collateral, &err))
        judge(f, lib, collateral);
    cases_check(&cases, collateral != NULL, "%s: collateral: %s", f->name, err.text);
    att_collateral_free(collateral);
    att_lib_free(lib);
}

static void folder(const char *dir, const char *name)
{
    struct folder f = { .name = name, .arena = att_arena_new((size_t)8 << 20) };
    struct att_err err = { 0 };
    struct att_span verdict;

    for (int i = 0; i < FILE_COUNT; i++) {
        char *path = path_of(dir, "%s/%s", name, names[i]);
        f.files[i].bytes = file_read(path, &f.files[i].len);
        free(path);
    }
    if (!f.files[EXPECTED].bytes || !att_json_parse(f.arena, span(&f, EXPECTED), NULL, &f.expected, &err))
        cases_check(&cases, false, "%s: expected.json: %s", name, err.text);
    else if (text_of(&f, "expected_verdict", &verdict))
        run(&f);
    else
        cases_check(&cases, false, "%s: no expected_verdict", name);
    for (int i = 0; i < FILE_COUNT; i++)
        free(f.files[i].bytes);
    att_arena_free(f.arena);
}

static void all_folders(const char *vectors)
{
    char *dir = path_of(vectors, "tdx");
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        char *expected = path_of(dir, "%s/expected.json", entries[i]->d_name);
        FILE *there = fopen(expected, "rb");
        if (there) {
            (void)fclose(there);
            folder(dir, entries[i]->d_name);
        }
        free(expected);
        free(entries[i]);
    }
    free(entries);
    free(dir);
}

int main(void)
{
    const char *vectors = vectors_dir();

    if (!vectors) {
        cases_skip(&cases, "no vectors here");
        return cases_report(&cases);
    }
    char *path = path_of(vectors, "%s", "maa-tokens/tdx-cvm-noruntime/expected.json");
    struct att_arena *arena = att_arena_new((size_t)1 << 20);
    struct att_err err = { 0 };
    struct file f = { 0 };
    f.bytes = file_read(path, &f.len);
    if (f.bytes && att_json_parse(arena, att_span_of(f.bytes, f.len), NULL, &token, &err))
        all_folders(vectors);
    else
        cases_check(&cases, false, "%s: %s", path, err.text);
    free(f.bytes);
    free(path);
    att_arena_free(arena);
    return cases_report(&cases);
}
