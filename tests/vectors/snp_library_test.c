/* layers: attest collateral crypto codec base */
/* Real and made SEV-SNP evidence, each folder with the verdict that independent verifiers gave; the claims of two real
 * tokens. */
#include <attest/attest.h>
#include <attest/token.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "support/cases.h"

struct file {
    uint8_t *bytes;
    size_t len;
};

enum { REPORT, CHAIN, EXPECTED, RUNTIME, INIT_TIME, UVM, FILE_COUNT };
static const char *const names[FILE_COUNT] = { "report.bin",         "chain.pem",
                                               "expected.json",      "runtime-data.json",
                                               "init-time-data.bin", "uvm-endorsement.cose" };

/* Of expected.json, "reason" says in words what is wrong: these are the codes that name it. */
static const struct {
    const char *folder;
    enum att_code codes[3];
} refusals[] = {
    { "edge-sig-reserved-nonzero", { ATT_SNP_RESERVED } },
    { "neg-chain-cross-product", { ATT_VCEK_CHAIN_SIGNATURE_INVALID, ATT_PRODUCT_MISMATCH } },
    { "neg-chain-missing-ask", { ATT_VCEK_CHAIN_MALFORMED } },
    { "neg-chain-order-reversed", { ATT_VCEK_CHAIN_MALFORMED } },
    { "neg-chipid-flip", { ATT_CHIP_ID_MISMATCH, ATT_SNP_SIGNATURE_INVALID } },
    { "neg-fabricated-root", { ATT_ROOT_UNTRUSTED } },
    { "neg-measurement-flip", { ATT_SNP_SIGNATURE_INVALID } },
    { "neg-policy-debug-set", { ATT_SNP_SIGNATURE_INVALID } },
    { "neg-reportdata-flip", { ATT_SNP_SIGNATURE_INVALID } },
    { "neg-sig-r-flip", { ATT_SNP_SIGNATURE_INVALID } },
    { "neg-sig-r-padding", { ATT_SNP_SIGNATURE_RANGE } },
    { "neg-sig-s-flip", { ATT_SNP_SIGNATURE_INVALID } },
    { "neg-sig-zero", { ATT_SNP_SIGNATURE_RANGE } },
    { "neg-truncated", { ATT_SNP_LENGTH } },
    { "neg-vcek-invalid-legacy", { ATT_VCEK_CHAIN_SIGNATURE_INVALID } },
    { "neg-vcek-invalid-new", { ATT_VCEK_CHAIN_SIGNATURE_INVALID } },
    { "neg-version-changed", { ATT_SNP_SIGNATURE_INVALID } },
    { "neg-wrong-vcek-genoa", { ATT_CHIP_ID_MISMATCH, ATT_PRODUCT_MISMATCH, ATT_SNP_SIGNATURE_INVALID } },
    { "test-root/chipid-masked", { ATT_SNP_SIGNING_KEY, ATT_CHIP_ID_MISMATCH } },
    { "test-root/chipid-other", { ATT_CHIP_ID_MISMATCH } },
    { "test-root/cpuid-genoa-under-milan", { ATT_PRODUCT_MISMATCH } },
    { "test-root/policy-bit17-clear", { ATT_SNP_POLICY } },
    { "test-root/policy-bit40-set", { ATT_SNP_POLICY } },
    { "test-root/sigalgo2", { ATT_SNP_SIGNATURE_ALGO } },
    { "test-root/signing-key-none", { ATT_SNP_SIGNING_KEY } },
    { "test-root/signing-key-vlek-under-vcek", { ATT_SNP_SIGNING_KEY } },
    { "test-root/tcb-reported-lower", { ATT_TCB_MISMATCH } },
    { "test-root/version1", { ATT_SNP_VERSION } },
    { "test-root/version6", { ATT_SNP_VERSION } },
};

struct folder {
    const char *name;
    struct file files[FILE_COUNT];
    struct att_json expected;
    struct att_arena *arena; /* of the folder; attestations have their own */
    bool test_root;
    bool accept;
    int64_t at;
};

/* What is different from the plain case. */
struct variant {
    const char *name;
    struct att_lib *lib;
    const struct att_collateral *collateral;
    int64_t at; /* 0: the folder's */
    bool newer_claims;
    bool without_uvm;
    struct att_span runtime; /* instead of the folder's */
};

static struct cases cases = { .name = "vectors.snp_library" };
static struct att_lib *amd_lib, *test_lib; /* the second trusts test-root/ark.pem as well */
static struct file ark;

static struct att_span span(const struct file *f)
{
    return att_span_of(f->bytes, f->len);
}

static struct file load(const char *dir, const char *name)
{
    char *path = path_of(dir, "%s", name);
    struct file f = { 0 };

    f.bytes = file_read(path, &f.len);
    free(path);
    return f;
}

static bool text_of(const struct folder *f, const char *name, struct att_span *ret)
{
    return att_json_string(&f->expected, f->arena, att_json_get(&f->expected, ATT_JSON_ROOT, name), ret);
}

static bool attest(const struct folder *f, const struct variant *how, struct att_arena *arena,
                   struct att_verdict *ret)
{
    const struct att_span uvm = span(&f->files[UVM]);
    struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = "sev-snp",
        .evidence = span(&f->files[REPORT]),
        .cert_chain = span(&f->files[CHAIN]),
        .uvm_endorsements = &uvm,
        .uvm_endorsement_count = f->files[UVM].bytes && !how->without_uvm ? 1 : 0,
        .runtime = { .present = f->files[RUNTIME].bytes != NULL,
                     .json = true,
                     .bytes = span(&f->files[RUNTIME]) },
        .init_time = { .present = f->files[INIT_TIME].bytes != NULL, .bytes = span(&f->files[INIT_TIME]) },
        .collateral = how->collateral,
        .now_unix_s = how->at ? how->at : f->at,
        .accepted_tcb = ATT_TCB_DEFAULT,
        .newer_claims = how->newer_claims,
        .describe = true,
    };

    if (how->runtime.ptr)
        in.runtime = (struct att_bound_data){ .present = true, .bytes = how->runtime };
    return att_attest(how->lib, arena, &in, ret);
}

/* One attestation that must be refused with this code. */
static void refused(const struct folder *f, const struct variant *how, enum att_code want)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_verdict v;

    bool accepted = attest(f, how, arena, &v);
    cases_check(&cases, !accepted && v.err.code == want, "%s, %s: %s at %s (%s), not %s", f->name, how->name,
                att_code_name(v.err.code), v.err.where, v.err.text, att_code_name(want));
    att_arena_free(arena);
}

static void check_refusal(const struct folder *f, const struct att_verdict *v)
{
    const char *got = att_code_name(v->err.code);
    bool known = false, fits = false;

    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strcmp(refusals[i].folder, f->name) != 0)
            continue;
        known = true;
        for (size_t k = 0; k < sizeof refusals[i].codes / sizeof refusals[i].codes[0]; k++)
            fits = fits || (refusals[i].codes[k] != ATT_OK && refusals[i].codes[k] == v->err.code);
    }
    cases_check(&cases, known && fits, "%s: %s at %s (%s)", f->name, got, v->err.where, v->err.text);
    cases_check(&cases, v->err.where[0] && v->err.found[0] && v->err.expected[0], "%s: %s says too little",
                f->name, got);
    cases_check(&cases, v->claims.count == 0, "%s: refused, with claims", f->name);
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

/* Every member of `object` against its independent decoding; `except` is a list of names that ends in NULL. */
static void check_object(const struct folder *f, const struct att_json *got, const char *object,
                         const char *const *except)
{
    att_json_id want = att_json_get(&f->expected, ATT_JSON_ROOT, object);
    att_json_id have = att_json_get(got, ATT_JSON_ROOT, object);
    struct att_span key;
    char name[64];

    for (att_json_id id = want == ATT_JSON_NONE ? want : att_json_first(&f->expected, want);
         id != ATT_JSON_NONE; id = att_json_next(&f->expected, id)) {
        bool skip = !att_json_key(&f->expected, f->arena, id, &key);
        for (size_t i = 0; except[i]; i++)
            skip = skip || att_span_is(key, except[i]);
        if (skip)
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.ptr);
        cases_check(&cases, same_json(f, got, att_json_get(got, have, name), &f->expected, id), "%s: %s.%s",
                    f->name, object, name);
    }
}

static void check_decoded(const struct folder *f, const struct att_verdict *v)
{
    static const char *const nothing[] = { NULL };
    /* Dates are written in another way there; the serial is not shown. */
    static const char *const leaf_except[] = { "not_before", "not_after", "serial", NULL };
    struct att_json got;
    struct att_err err = { 0 };

    if (v->evidence_json.len == 0) { /* its form was refused */
        cases_check(&cases, !f->accept, "%s: accepted and not described", f->name);
        return;
    }
    bool ok = att_json_parse(f->arena, v->evidence_json, NULL, &got, &err);
    cases_check(&cases, ok, "%s: evidence_json: %s", f->name, err.text);
    if (!ok)
        return;
    check_object(f, &got, "report", nothing);
    if (f->accept)
        check_object(f, &got, "leaf", leaf_except);
    if (f->accept)
        cases_check(&cases,
                    same_json(f, &got, att_json_get(&got, ATT_JSON_ROOT, "product"), &f->expected,
                              att_json_get(&f->expected, ATT_JSON_ROOT, "product")),
                    "%s: product", f->name);
}

static bool claim_is(const struct att_claim *c, const struct folder *f, const struct att_json *j,
                     att_json_id id)
{
    struct att_span text;
    int64_t n = 0;

    if (!c || !(c->flags & ATT_CLAIM_IN_TOKEN))
        return false;
    switch (c->value.kind) {
    case ATT_CLAIM_BOOL:
        return att_json_type(j, id) == ATT_JSON_BOOL && att_json_true(j, id) == c->value.boolean;
    case ATT_CLAIM_INT:
        return att_json_i64(j, id, &n) && n == c->value.integer;
    case ATT_CLAIM_STRING:
        return att_json_string(j, f->arena, id, &text) && att_span_eq(text, c->value.text);
    case ATT_CLAIM_JSON:
        break;
    }
    return false;
}

/* What is expected is there, and besides only what follows from the type and from the data that was sent. */
static void check_claims(const struct folder *f, const struct att_verdict *v)
{
    static const char *const besides[] = { "x-ms-ver", "x-ms-attestation-type", "x-ms-runtime",
                                           "x-ms-inittime" };
    att_json_id want = att_json_get(&f->expected, ATT_JSON_ROOT, "expected_claims");
    struct att_span key;
    char name[64];
    size_t count = 0, other = 0;

    for (att_json_id id = att_json_first(&f->expected, want); id != ATT_JSON_NONE;
         id = att_json_next(&f->expected, id)) {
        if (!att_json_key(&f->expected, f->arena, id, &key))
            continue;
        count++;
        (void)snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.ptr);
        cases_check(&cases,
                    claim_is(att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE), f, &f->expected, id),
                    "%s: claim %s", f->name, name);
    }
    for (size_t i = 0; i < sizeof besides / sizeof besides[0]; i++)
        other += att_claims_find(&v->claims, besides[i], ATT_ISSUER_SERVICE) ? 1 : 0;
    cases_check(&cases, count == 17 && v->claims.count == count + other, "%s: %zu claims, %zu expected",
                f->name, v->claims.count, count + other);
    bool runtime = att_claims_find(&v->claims, "x-ms-runtime", ATT_ISSUER_SERVICE) != NULL;
    cases_check(&cases, runtime == (f->files[RUNTIME].bytes != NULL), "%s: x-ms-runtime", f->name);
    /* The init-time data of the one folder is a policy in Rego: no JSON, so no claim. */
    cases_check(&cases, !att_claims_find(&v->claims, "x-ms-inittime", ATT_ISSUER_SERVICE),
                "%s: x-ms-inittime", f->name);
}

static void check_plain(const struct folder *f)
{
    const struct variant plain = { .name = "as it is", .lib = f->test_root ? test_lib : amd_lib };
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_verdict v;

    bool accepted = attest(f, &plain, arena, &v);
    cases_check(&cases, accepted == f->accept, "%s: %s at %s (%s)", f->name, att_code_name(v.err.code),
                v.err.where, v.err.text);
    if (f->accept && accepted) {
        check_claims(f, &v);
        cases_check(&cases, v.test_root == f->test_root, "%s: test_root", f->name);
        cases_check(&cases, v.tcb.status == ATT_STATUS_UP_TO_DATE, "%s: status", f->name);
    } else if (!f->accept) {
        check_refusal(f, &v);
    }
    check_decoded(f, &v);
    att_arena_free(arena);
}

/* E-v: a second before the leaf, and a second behind it; the first and the last second are good. Endorsements are left
 * out: they are younger than the leaf. */
static void check_clock(const struct folder *f)
{
    att_json_id leaf = att_json_get(&f->expected, ATT_JSON_ROOT, "leaf");
    static const char *const edges[] = { "not_before", "not_after" };
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_verdict v;

    for (size_t i = 0; i < 2; i++) {
        struct att_span text;
        int64_t edge = 0;
        char iso[32];
        if (!att_json_string(&f->expected, f->arena, att_json_get(&f->expected, leaf, edges[i]), &text) ||
            text.len < 19)
            continue;
        (void)snprintf(iso, sizeof iso, "%.10sT%.8sZ", (const char *)text.ptr, (const char *)text.ptr + 11);
        cases_check(&cases, att_time_read(att_str(iso), &edge), "%s: %s", f->name, iso);
        refused(f,
                &(struct variant){
                    .name = "E-v", .lib = test_lib, .without_uvm = true, .at = i == 0 ? edge - 1 : edge + 1 },
                i == 0 ? ATT_VCEK_CERT_NOT_YET_VALID : ATT_VCEK_CERT_EXPIRED);
        bool accepted =
            attest(f, &(struct variant){ .name = "edge", .lib = test_lib, .without_uvm = true, .at = edge },
                   arena, &v);
        cases_check(&cases, accepted, "%s: at its %s: %s", f->name, edges[i], v.err.text);
        att_arena_reset(arena);
    }
    att_arena_free(arena);
}

/* Whose form is good ends at the root that nobody trusts. */
static void check_root(const struct folder *f)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    const struct variant how = { .name = "without the test root", .lib = amd_lib };
    struct att_verdict v;

    if (!attest(f, &how, arena, &v) && v.evidence_json.len > 0)
        refused(f, &how, ATT_ROOT_UNTRUSTED);
    att_arena_free(arena);
}

struct lists {
    const char *file;
    enum att_code want;
};

static struct att_collateral *lists_new(const char *dir, const char *name, struct att_span chain,
                                        struct file *ret)
{
    struct att_collateral *c = NULL;
    struct att_err err = { 0 };

    *ret = load(dir, name);
    const struct att_amd_bundle amd = { .name = name, .vcek_crl = span(ret), .vcek_chain = chain };
    cases_check(&cases,
                ret->bytes && att_collateral_new(
                                  test_lib,
                                  &(struct att_collateral_in){
                                      .size = sizeof(struct att_collateral_in), .amd = &amd, .amd_count = 1 },
                                  &c, &err),
                "%s: %s", name, err.text);
    return c;
}

/* The lists of test-root/: what one says of the ASK holds for each folder that would be accepted. */
static void check_lists(const struct folder *f, const char *dir)
{
    static const struct lists rows[] = {
        { "crl-empty.der", ATT_OK },
        { "crl-ask-revoked.der", ATT_VCEK_REVOKED },
        { "crl-wrong-key.der", ATT_CRL_SIGNATURE_INVALID }, /* E-u */
    };
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file list;
        struct att_verdict v;
        struct att_collateral *c = lists_new(dir, rows[i].file, span(&ark), &list);
        const struct variant how = { .name = rows[i].file, .lib = test_lib, .collateral = c };
        if (rows[i].want == ATT_OK)
            cases_check(&cases, attest(f, &how, arena, &v), "%s, %s: %s", f->name, how.name, v.err.text);
        else
            refused(f, &how, rows[i].want);
        att_arena_reset(arena);
        att_collateral_free(c);
        free(list.bytes);
    }
    att_arena_free(arena);
}

static void folder_run(struct folder *f, const char *root_dir)
{
    struct att_span verdict, at;

    if (!text_of(f, "verdict", &verdict)) {
        cases_check(&cases, false, "%s: no verdict", f->name);
        return;
    }
    f->accept = att_span_is(verdict, "accept");
    if (!text_of(f, "verify_at", &at))
        at = att_str("2026-06-01T00:00:00Z");
    cases_check(&cases, att_time_read(at, &f->at), "%s: verify_at", f->name);
    check_plain(f);
    if (f->accept)
        check_clock(f);
    if (f->test_root)
        check_root(f);
    if (f->accept && f->test_root)
        check_lists(f, root_dir);
}

static bool folder_load(struct folder *f, const char *dir, const char *name)
{
    struct att_err err = { 0 };
    char *path = path_of(dir, "%s", name);

    f->name = name;
    f->arena = att_arena_new((size_t)8 << 20);
    for (int i = 0; i < FILE_COUNT; i++)
        f->files[i] = load(path, names[i]);
    free(path);
    bool ok = f->files[EXPECTED].bytes &&
              att_json_parse(f->arena, span(&f->files[EXPECTED]), NULL, &f->expected, &err);
    cases_check(&cases, ok, "%s: expected.json: %s", name, err.text);
    return ok;
}

static void folder_free(struct folder *f)
{
    for (int i = 0; i < FILE_COUNT; i++)
        free(f->files[i].bytes);
    att_arena_free(f->arena);
}

static size_t folders(const char *dir, const char *under)
{
    struct dirent **entries = NULL;
    char *at = path_of(dir, "%s", under);
    char *root_dir = path_of(dir, "test-root");
    int count = scandir(at, &entries, NULL, alphasort);
    size_t ran = 0;

    for (int i = 0; i < count; i++) {
        char name[300];
        (void)snprintf(name, sizeof name, "%s%s%s", under, under[0] ? "/" : "", entries[i]->d_name);
        char *report = path_of(dir, "%s/report.bin", name);
        FILE *there = fopen(report, "rb");
        if (there) {
            struct folder f = { .test_root = under[0] != 0 };
            (void)fclose(there);
            if (folder_load(&f, dir, name))
                folder_run(&f, root_dir);
            folder_free(&f);
            ran++;
        }
        free(report);
        free(entries[i]);
    }
    free(entries);
    free(at);
    free(root_dir);
    return ran;
}

/* -- the real pair: what the real service said to this very report --------------------------------------------------- */

static bool composed(const struct folder *f, const struct att_verdict *v, const struct att_json *real,
                     struct att_json *ret)
{
    static const uint8_t jti[32] = { 0 };
    struct att_err err = { 0 };
    struct att_span input, issuer, payload;
    att_json_id claims = att_json_get(real, ATT_JSON_ROOT, "claims");
    int64_t iat = 0;

    if (!att_json_string(real, f->arena, att_json_get(real, claims, "iss"), &issuer) ||
        !att_json_i64(real, att_json_get(real, claims, "iat"), &iat))
        return false;
    const struct att_token_in in = { .size = sizeof in,
                                     .issuer = issuer,
                                     .alg = "RS256",
                                     .kid = att_str("k"),
                                     .iat_unix_s = iat,
                                     .lifetime_s = 28800,
                                     .jti = att_span_of(jti, sizeof jti),
                                     .policy_text = att_str("version= 1.0;authorizationrules{=> permit();};"),
                                     .policy_is_default = true };
    if (!att_token_input(f->arena, v, &in, &input, &err))
        return false;
    const uint8_t *dot = memchr(input.ptr, '.', input.len);
    struct att_span second = att_span_of(dot + 1, input.len - (size_t)(dot + 1 - input.ptr));
    return att_base64_decode(f->arena, ATT_BASE64_STRICT, second, "payload", &payload, &err) &&
           att_json_parse(f->arena, payload, NULL, ret, &err);
}

/* Member by member, in both directions, `jti` aside: it is random. */
static void check_pair(const struct folder *f, const struct att_verdict *v, const struct att_json *real)
{
    att_json_id claims = att_json_get(real, ATT_JSON_ROOT, "claims");
    struct att_json ours;
    struct att_span key;
    size_t theirs_count = 0, ours_count = 0;
    char name[64];

    bool ok = composed(f, v, real, &ours);
    cases_check(&cases, ok, "real pair: a token is composed");
    if (!ok)
        return;
    for (att_json_id id = att_json_first(real, claims); id != ATT_JSON_NONE; id = att_json_next(real, id)) {
        if (!att_json_key(real, f->arena, id, &key))
            continue;
        theirs_count++;
        (void)snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.ptr);
        if (strcmp(name, "jti") != 0)
            cases_check(&cases, same_json(f, &ours, att_json_get(&ours, ATT_JSON_ROOT, name), real, id),
                        "real pair: %s", name);
    }
    for (att_json_id id = att_json_first(&ours, ATT_JSON_ROOT); id != ATT_JSON_NONE;
         id = att_json_next(&ours, id))
        ours_count++;
    cases_check(&cases, theirs_count == 25 && ours_count == theirs_count, "real pair: %zu claims, not %zu",
                ours_count, theirs_count);
}

static enum att_claim_kind kind_of(enum att_json_type t)
{
    return t == ATT_JSON_BOOL     ? ATT_CLAIM_BOOL
           : t == ATT_JSON_NUMBER ? ATT_CLAIM_INT
           : t == ATT_JSON_OBJECT ? ATT_CLAIM_JSON
                                  : ATT_CLAIM_STRING;
}

/* The newer token's report is not public: names, types and lengths of its 25 claims against those of another Genoa. */
static void check_newer_names(const struct folder *f, const struct att_verdict *v,
                              const struct att_json *real)
{
    att_json_id claims = att_json_get(real, ATT_JSON_ROOT, "claims");
    struct att_span key, text;
    size_t count = 0;
    char name[64];

    for (att_json_id id = att_json_first(real, claims); id != ATT_JSON_NONE; id = att_json_next(real, id)) {
        if (!att_json_key(real, f->arena, id, &key) || key.len < 14 ||
            memcmp(key.ptr, "x-ms-sevsnpvm-", 14) != 0)
            continue;
        count++;
        (void)snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.ptr);
        const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);
        bool same = c && c->value.kind == kind_of(att_json_type(real, id)) && (c->flags & ATT_CLAIM_IN_TOKEN);
        if (same && att_json_string(real, f->arena, id, &text))
            same = text.len == c->value.text.len;
        cases_check(&cases, same, "newer claims: %s is not as in the real token", name);
    }
    cases_check(&cases, count == 25 && v->claims.count == count + 2,
                "newer claims: %zu, and %zu in the token", v->claims.count, count);
}

static void real_token(const char *vectors, const char *sevsnp, const char *token, const char *folder,
                       bool newer)
{
    char *path = path_of(vectors, "maa-tokens/%s", token);
    struct file file = load(path, "expected.json");
    struct folder f = { 0 };
    struct att_json real;
    struct att_err err = { 0 };
    struct att_verdict v;

    free(path);
    if (folder_load(&f, sevsnp, folder)) {
        const struct variant how = { .name = token, .lib = amd_lib, .newer_claims = newer };
        bool ok = att_json_parse(f.arena, span(&file), NULL, &real, &err) &&
                  att_time_read(att_str("2026-06-01T00:00:00Z"), &f.at) && attest(&f, &how, f.arena, &v);
        cases_check(&cases, ok, "%s: %s %s", token, err.text, v.err.text);
        if (ok && newer)
            check_newer_names(&f, &v, &real);
        else if (ok)
            check_pair(&f, &v, &real);
        if (ok && !newer) {
            path = path_of(sevsnp, "%s", folder);
            struct file other = load(path, "unrelated-runtime-data.json");
            free(path);
            refused(&f,
                    &(struct variant){ .name = "unrelated data", .lib = amd_lib, .runtime = span(&other) },
                    ATT_RUNTIME_DATA_MISMATCH);
            free(other.bytes);
        }
    }
    folder_free(&f);
    free(file.bytes);
}

static struct att_lib *lib_new(struct att_span root)
{
    const struct att_root given = { .pem = root, .test_root = true };
    const struct att_lib_options options = { .size = sizeof options,
                                             .roots = &given,
                                             .root_count = root.len > 0 ? 1 : 0 };
    struct att_lib *lib = NULL;
    struct att_err err = { 0 };

    cases_check(&cases, att_lib_new(&options, &lib, &err), "att_lib_new: %s", err.text);
    return lib;
}

int main(void)
{
    const char *vectors = vectors_dir();

    if (!vectors) {
        cases_skip(&cases, "no vectors here");
        return cases_report(&cases);
    }
    char *dir = path_of(vectors, "sevsnp");
    ark = load(dir, "test-root/ark.pem");
    amd_lib = lib_new((struct att_span){ 0 });
    test_lib = lib_new(span(&ark));
    if (amd_lib && test_lib) {
        size_t ran = folders(dir, "") + folders(dir, "test-root");
        cases_check(&cases, ran >= 42, "%zu folders", ran);
        real_token(vectors, dir, "sevsnp-aci-nouvm", "milan-v2-azure-samples", false);
        real_token(vectors, dir, "sevsnp-cvm-genoa", "genoa-v3-aci", true);
    }
    att_lib_free(amd_lib);
    att_lib_free(test_lib);
    free(ark.bytes);
    free(dir);
    return cases_report(&cases);
}
