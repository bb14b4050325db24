/* layers: attest collateral crypto codec base */
/* Reports of Azure's paravisor, with and without a quote of the vTPM: verdict, the check that says no, and the fields that an
 * independent reader decoded. */
#include <attest/attest.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/hex.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "support/cases.h"

enum { REPORT, CHAIN, EXPECTED, QUOTE, SIGNATURE, PCRS, FILE_COUNT };
static const char *const names[FILE_COUNT] = { "hcl-report.bin", "chain.pem", "expected.json",
                                               "quote.msg",      "quote.sig", "pcrs.json" };

/* Of expected.json, "reason" says in words what is wrong: this is the code that names it. A folder whose evidence nobody can judge
 * ("parse-only") is refused for what is missing. */
static const struct {
    const char *folder;
    enum att_code code;
} refusals[] = {
    { "neg-hash-type-sha384", ATT_HCL_MALFORMED },
    { "neg-magic", ATT_HCL_MALFORMED },
    { "neg-pcr7-zeroed", ATT_PCR_DIGEST_MISMATCH },
    { "neg-quote-nonce-flip", ATT_TPM_QUOTE_SIGNATURE_INVALID },
    { "neg-quote-other-ak", ATT_TPM_QUOTE_SIGNATURE_INVALID },
    { "neg-report-type-tdx", ATT_HCL_MALFORMED },
    { "neg-runtime-flip", ATT_HCL_RUNTIME_HASH_MISMATCH },
    { "neg-short", ATT_HCL_MALFORMED },
    { "neg-varsize-overflow", ATT_HCL_MALFORMED },
    { "milan-hclv1-2023-no-vcek", ATT_VCEK_CHAIN_MALFORMED },
    { "tdx-hclv2", ATT_HCL_MALFORMED },
    { "tdx-hclv2-userdata", ATT_HCL_MALFORMED },
};

struct folder {
    const char *name;
    uint8_t *bytes[FILE_COUNT];
    size_t len[FILE_COUNT];
    struct att_json expected;
    struct att_arena *arena;
    const char *verdict;
    int64_t at;
};

static struct cases cases = { .name = "vectors.cvm" };
static struct att_lib *lib;

static struct att_span file_of(const struct folder *f, int which)
{
    return att_span_of(f->bytes[which], f->len[which]);
}

static void put_base64(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    struct att_buf text = { 0 };

    att_base64_put(&text, bytes);
    att_jw_key(w, name);
    att_jw_string(w, att_buf_span(&text));
    att_buf_free(&text);
}

/* {"sha256":["hex",...]}: registers 0 to 23. */
static void put_pcrs(struct att_json_writer *w, const struct folder *f)
{
    struct att_json doc;
    struct att_span hex;
    uint8_t value[32];
    int index = 0;

    att_jw_key(w, "PCRs");
    att_jw_array(w);
    if (att_json_parse(f->arena, file_of(f, PCRS), NULL, &doc, NULL)) {
        for (att_json_id id = att_json_first(&doc, att_json_get(&doc, ATT_JSON_ROOT, "sha256"));
             id != ATT_JSON_NONE; id = att_json_next(&doc, id), index++) {
            if (!att_json_string(&doc, f->arena, id, &hex) || !att_hex_read(hex, value, sizeof value))
                continue;
            att_jw_object(w);
            att_jw_key(w, "Index");
            att_jw_int(w, index);
            put_base64(w, "Digest", att_span_of(value, sizeof value));
            att_jw_end_object(w);
        }
    }
    att_jw_end_array(w);
}

/* The bare report, or the form with a quote beside it. */
static void evidence_of(const struct folder *f, struct att_buf *out)
{
    struct att_json_writer w = { .out = out };

    if (!f->bytes[QUOTE]) {
        att_buf_put(out, file_of(f, REPORT));
        return;
    }
    att_jw_object(&w);
    put_base64(&w, "HclReport", file_of(f, REPORT));
    put_base64(&w, "PcrQuote", file_of(f, QUOTE));
    put_base64(&w, "PcrSignature", file_of(f, SIGNATURE));
    put_pcrs(&w, f);
    att_jw_end_object(&w);
}

/* The same value, whatever the order of members. */
static bool same_json(const struct folder *f, const struct att_json *a, att_json_id ia,
                      const struct att_json *b, att_json_id ib)
{
    struct att_buf x = { 0 }, y = { 0 };
    bool same = ia != ATT_JSON_NONE && ib != ATT_JSON_NONE && att_json_put_sorted(a, f->arena, ia, &x) &&
                att_json_put_sorted(b, f->arena, ib, &y) && att_span_eq(att_buf_span(&x), att_buf_span(&y));

    att_buf_free(&x);
    att_buf_free(&y);
    return same;
}

/* Members of `object` there against members of `mine` here; a member that one of the two lacks is passed over, but not all. */
static void check_object(const struct folder *f, const struct att_json *got, att_json_id have,
                         const char *object)
{
    att_json_id want = att_json_get(&f->expected, ATT_JSON_ROOT, object);
    unsigned compared = 0;
    struct att_span key;
    char name[64];

    if (want == ATT_JSON_NONE)
        return;
    for (att_json_id id = att_json_first(&f->expected, want); id != ATT_JSON_NONE;
         id = att_json_next(&f->expected, id)) {
        if (!att_json_key(&f->expected, f->arena, id, &key))
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.ptr);
        att_json_id mine = att_json_get(got, have, name);
        if (mine == ATT_JSON_NONE || strcmp(name, "pcr_select") == 0)
            continue;
        compared++;
        cases_check(&cases, same_json(f, got, mine, &f->expected, id), "%s: %s.%s", f->name, object, name);
    }
    cases_check(&cases, compared >= 3, "%s: only %u members of %s compared", f->name, compared, object);
}

static void check_runtime(const struct folder *f, const struct att_json *got)
{
    att_json_id want = att_json_get(&f->expected, ATT_JSON_ROOT, "runtime_claims");
    att_json_id have = att_json_get(got, ATT_JSON_ROOT, "runtime_claims");
    static const char *const pairs[][2] = { { "vm_configuration", "vm-configuration" },
                                            { "user_data", "user-data" } };
    att_json_id hash = att_json_get(&f->expected, ATT_JSON_ROOT, "runtime_sha256");

    for (size_t i = 0; want != ATT_JSON_NONE && i < 2; i++) {
        att_json_id theirs = att_json_get(&f->expected, want, pairs[i][0]);
        if (theirs != ATT_JSON_NONE && att_json_type(&f->expected, theirs) != ATT_JSON_NULL)
            cases_check(&cases, same_json(f, got, att_json_get(got, have, pairs[i][1]), &f->expected, theirs),
                        "%s: %s", f->name, pairs[i][1]);
    }
    if (hash != ATT_JSON_NONE)
        cases_check(&cases,
                    same_json(f, got, att_json_get(got, ATT_JSON_ROOT, "runtime_sha256"), &f->expected, hash),
                    "%s: runtime_sha256", f->name);
}

static void check_decoded(const struct folder *f, const struct att_verdict *v)
{
    struct att_json got;
    struct att_err err = { 0 };

    if (v->evidence_json.len == 0) { /* its form was refused */
        cases_check(&cases, strcmp(f->verdict, "reject") == 0, "%s: not described", f->name);
        return;
    }
    bool ok = att_json_parse(f->arena, v->evidence_json, NULL, &got, &err);
    cases_check(&cases, ok, "%s: evidence_json: %s", f->name, err.text);
    if (!ok)
        return;
    check_object(f, &got, att_json_get(&got, ATT_JSON_ROOT, "hcl"), "hcl");
    check_object(f, &got, att_json_get(&got, ATT_JSON_ROOT, "quote"), "quote");
    if (att_json_get(&got, ATT_JSON_ROOT, "inside") != ATT_JSON_NONE)
        check_object(f, &got, att_json_get(&got, att_json_get(&got, ATT_JSON_ROOT, "inside"), "report"),
                     "report");
    check_runtime(f, &got);
}

static void check_claims(const struct folder *f, const struct att_verdict *v)
{
    const struct att_claim *type = att_claims_find(&v->claims, "x-ms-attestation-type", ATT_ISSUER_SERVICE);
    const struct att_claim *inside = att_claims_find(&v->claims, "x-ms-isolation-tee", ATT_ISSUER_SERVICE);
    const struct att_claim *vm = att_claims_find(&v->claims, "x-ms-azurevm-vmid", ATT_ISSUER_SERVICE);
    const struct att_claim *boot = att_claims_find(&v->claims, "secureboot", ATT_ISSUER_SERVICE);

    cases_check(&cases, type && att_span_is(type->value.text, "azurevm"), "%s: type", f->name);
    cases_check(&cases, inside && inside->value.kind == ATT_CLAIM_JSON, "%s: claims inside", f->name);
    cases_check(&cases, vm && vm->value.text.len == 36, "%s: vmid", f->name);
    cases_check(&cases, boot && !boot->value.boolean, "%s: no log, no Secure Boot", f->name);
    cases_check(&cases, v->seal_to.len == 0, "%s: nobody to seal an answer to", f->name);
}

static enum att_code refusal_of(const char *folder)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (strcmp(refusals[i].folder, folder) == 0)
            return refusals[i].code;
    return ATT_OK;
}

static void judge(const struct folder *f)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_buf evidence = { 0 };
    struct att_verdict v;

    evidence_of(f, &evidence);
    struct att_attest_in in = { .size = sizeof in,
                                .evidence_type = "azure-guest",
                                .evidence = att_buf_span(&evidence),
                                .cert_chain = file_of(f, CHAIN),
                                .now_unix_s = f->at,
                                .accepted_tcb = ATT_TCB_DEFAULT,
                                .describe = true };
    bool ok = att_attest(lib, arena, &in, &v);
    enum att_code want = refusal_of(f->name);
    cases_check(&cases,
                ok == (want == ATT_OK) && v.err.code == want && ok == (strcmp(f->verdict, "accept") == 0),
                "%s: %s at %s (%s), wanted %s", f->name, att_code_name(v.err.code), v.err.where, v.err.text,
                att_code_name(want));
    check_decoded(f, &v);
    if (ok)
        check_claims(f, &v);
    else
        cases_check(&cases, v.err.where[0] && v.err.found[0] && v.err.expected[0] && v.claims.count == 0,
                    "%s: the refusal says too little, or there are claims", f->name);
    att_buf_free(&evidence);
    att_arena_free(arena);
}

static void load_and_judge(const char *dir, const char *name)
{
    struct folder f = { .name = name, .arena = att_arena_new(att_limits_default.arena_bytes_max) };
    struct att_span verdict = { 0 }, at = { 0 };
    struct att_err err = { 0 };

    for (int i = 0; i < FILE_COUNT; i++) {
        char *path = path_of(dir, "%s/%s", name, names[i]);
        f.bytes[i] = file_read(path, &f.len[i]);
        free(path);
    }
    if (f.bytes[EXPECTED] && att_json_parse(f.arena, file_of(&f, EXPECTED), NULL, &f.expected, &err) &&
        att_json_string(&f.expected, f.arena, att_json_get(&f.expected, ATT_JSON_ROOT, "verdict"),
                        &verdict)) {
        f.verdict = att_arena_dup(f.arena, verdict);
        if (!att_json_string(&f.expected, f.arena, att_json_get(&f.expected, ATT_JSON_ROOT, "verify_at"),
                             &at))
            at = att_str("2026-06-01T00:00:00Z");
        if (att_time_read(at, &f.at))
            judge(&f);
    }
    for (int i = 0; i < FILE_COUNT; i++)
        free(f.bytes[i]);
    att_arena_free(f.arena);
}

int main(void)
{
    const char *vectors = vectors_dir();
    struct att_lib_options options = { .size = sizeof options };
    struct att_err err = { 0 };
    struct dirent *entry;

    char *dir = vectors ? path_of(vectors, "cvm") : NULL;
    DIR *folders = dir ? opendir(dir) : NULL;
    if (!folders) {
        cases_skip(&cases, "no vectors");
        free(dir);
        (void)cases_report(&cases);
        return TEST_SKIPPED;
    }
    if (!att_lib_new(&options, &lib, &err))
        return 1;
    while ((entry = readdir(folders)) != NULL)
        if (entry->d_name[0] != '.')
            load_and_judge(dir, entry->d_name);
    closedir(folders);
    free(dir);
    att_lib_free(lib);
    return cases_report(&cases);
}
