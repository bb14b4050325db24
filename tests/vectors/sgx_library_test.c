/* layers: attest collateral crypto codec base */
/* Real and made SGX evidence, each folder with the verdict that independent verifiers gave. */
#include <attest/attest.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "collateral/dcap_hash.h"
#include "support/cases.h"

struct file {
    uint8_t *bytes;
    size_t len;
};

enum {
    QUOTE,
    REPORT,
    RUNTIME,
    ROOT,
    TCB,
    TCB_CHAIN,
    QE,
    QE_CHAIN,
    CRL,
    CRL_CHAIN,
    ROOT_CRL,
    EXPECTED,
    FILE_COUNT
};
static const char *const names[FILE_COUNT] = {
    "quote.bin",        "report.bin",
    "runtime_data.bin", "root_ca.pem",
    "tcb_info.json",    "tcb_info_issuer_chain.pem",
    "qe_identity.json", "qe_identity_issuer_chain.pem",
    "pck_crl.der",      "pck_crl_issuer_chain.pem",
    "root_ca_crl.der",  "expected.json",
};

struct folder {
    const char *name;
    struct file files[FILE_COUNT];
    struct att_json expected;
    struct att_arena *arena;
};

static struct cases cases = { .name = "vectors.sgx_library" };

static struct att_span span(const struct folder *f, int which)
{
    return att_span_of(f->files[which].bytes, f->files[which].len);
}

static bool text_of(const struct folder *f, const char *name, struct att_span *ret)
{
    return att_json_string(&f->expected, f->arena, att_json_get(&f->expected, ATT_JSON_ROOT, name), ret);
}

/* When the folder says; else the time that holds for vectors without one. */
static int64_t time_of(const struct folder *f)
{
    int64_t at = 0;
    att_json_id in = att_json_get(&f->expected, ATT_JSON_ROOT, "evaluation");

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

static void check_verdict(const struct folder *f, const char *type, const struct att_verdict *v)
{
    struct att_span verdict = { 0 }, status = { 0 };
    const char *got = att_code_name(v->err.code);

    (void)text_of(f, "expected_verdict", &verdict);
    bool accept = att_span_is(verdict, "accept_crypto");
    cases_check(&cases, v->accepted == accept, "%s as %s: %s", f->name, type, v->err.text);
    cases_check(&cases, accept || code_fits(f, got), "%s as %s: %s at %s (%s)", f->name, type, got,
                v->err.where, v->err.text);
    if (!accept) {
        cases_check(&cases, v->err.where[0] && v->err.found[0] && v->err.expected[0],
                    "%s as %s: %s says too little", f->name, type, got);
        return;
    }
    if (text_of(f, "expected_tcb_status", &status))
        cases_check(&cases, att_span_is(status, att_tcb_status_name(v->tcb.status)), "%s as %s: status %s",
                    f->name, type, att_tcb_status_name(v->tcb.status));
}

/* quotehash against the digest that the folder gives for quote.bin; every body field against its own decoding. */
static void check_facts(const struct folder *f, const struct att_verdict *v)
{
    struct att_span hash;
    char needle[96];

    const struct att_claim *c = att_claims_find(&v->claims, "x-ms-sgx-collateral", ATT_ISSUER_SERVICE);
    cases_check(&cases, c != NULL, "%s: no x-ms-sgx-collateral", f->name);
    if (c && text_of(f, "sha256_quote_bin", &hash)) {
        (void)snprintf(needle, sizeof needle, "\"quotehash\":\"%.*s\"", (int)hash.len,
                       (const char *)hash.ptr);
        cases_check(&cases, memmem(c->value.text.ptr, c->value.text.len, needle, strlen(needle)) != NULL,
                    "%s: quotehash", f->name);
    }
}

static void check_body(const struct folder *f, const struct att_verdict *v)
{
    struct att_json got;
    struct att_err err = { 0 };
    att_json_id want_body = att_json_get(&f->expected, ATT_JSON_ROOT, "body");

    if (want_body == ATT_JSON_NONE || v->evidence_json.len == 0)
        return;
    if (!att_json_parse(f->arena, v->evidence_json, NULL, &got, &err)) {
        cases_check(&cases, false, "%s: evidence_json: %s", f->name, err.text);
        return;
    }
    att_json_id got_body = att_json_get(&got, ATT_JSON_ROOT, "body");
    for (att_json_id id = att_json_first(&f->expected, want_body); id != ATT_JSON_NONE;
         id = att_json_next(&f->expected, id)) {
        struct att_span key;
        char name[64];
        if (!att_json_key(&f->expected, f->arena, id, &key))
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.ptr);
        att_json_id there = att_json_get(&got, got_body, name);
        cases_check(&cases,
                    there != ATT_JSON_NONE &&
                        att_span_eq(att_json_source(&got, there), att_json_source(&f->expected, id)),
                    "%s: body.%s", f->name, name);
    }
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

static void judge(const struct folder *f, const struct att_lib *lib, const char *type, int which,
                  const struct att_collateral *collateral)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_span status;
    struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = type,
        .evidence = span(f, which),
        .runtime = { .present = f->files[RUNTIME].bytes != NULL, .bytes = span(f, RUNTIME) },
        .collateral = collateral,
        .now_unix_s = time_of(f),
        .accepted_tcb = ATT_TCB_ANY_BUT_REVOKED,
        .describe = true,
    };
    struct att_verdict v;

    bool accepted = att_attest(lib, arena, &in, &v);
    /* The quote inside is good; what wraps it is not taken (as the folder's note says). */
    if (which == REPORT && strcmp(f->name, "synth-oe-attestation-header-v3") == 0) {
        cases_check(&cases, !accepted && v.err.code == ATT_OE_HEADER_VERSION, "%s: %s", f->name, v.err.text);
    } else if (which == QUOTE && f->files[REPORT].bytes && text_of(f, "expected_error", &status) &&
               status.len > 3 && memcmp(status.ptr, "OE_", 3) == 0) {
        cases_check(&cases, accepted, "%s: the quote alone: %s", f->name, v.err.text);
    } else {
        check_verdict(f, type, &v);
        if (accepted)
            check_facts(f, &v);
        check_body(f, &v);
        cases_check(&cases, !accepted || v.test_root == text_of(f, "trust_root", &status), "%s: test_root",
                    f->name);
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
                                  &collateral, &err)) {
        judge(f, lib, "sgx", QUOTE, collateral);
        if (f->files[REPORT].bytes)
            judge(f, lib, "open-enclave", REPORT, collateral);
    }
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
    for (int i = 0; i < FILE_COUNT; i++)
        free(f.files[i].bytes);
    att_arena_free(f.arena);
}

/* What the real service answered: its hashes come out of our functions. */
static void check_hash(const char *what, const uint8_t got[32], const char *want)
{
    char text[65];

    att_hex_text(text, att_span_of(got, 32));
    cases_check(&cases, strcmp(text, want) == 0, "%s: %s, want %s", what, text, want);
}

static void service_hashes(const char *dir)
{
    struct att_crypto *crypto = att_crypto_new();
    struct att_err err = { 0 };
    struct att_cert *chain[2] = { NULL, NULL };
    struct att_crl *crl = NULL, *crl_pem = NULL;
    struct file files[4] = { 0 };
    static const char *const paths[4] = { "maa-collateral-hashes/tcb_signing_chain_2018.pem",
                                          "maa-collateral-hashes/root_ca_crl_2023-04-03.der",
                                          "maa-collateral-hashes/root_ca_crl_2023-04-03.pem",
                                          "maa-post-attest-2020/quote.bin" };
    uint8_t hash[32];
    size_t count = 0;

    for (size_t i = 0; i < 4; i++) {
        char *path = path_of(dir, "%s", paths[i]);
        files[i].bytes = file_read(path, &files[i].len);
        free(path);
    }
    bool ok =
        att_certs_from_pem(crypto, att_span_of(files[0].bytes, files[0].len), &att_limits_default, chain, 2,
                           &count, &err) &&
        att_crl_parse(crypto, att_span_of(files[1].bytes, files[1].len), &att_limits_default, &crl, &err) &&
        att_crl_parse(crypto, att_span_of(files[2].bytes, files[2].len), &att_limits_default, &crl_pem, &err);
    cases_check(&cases, ok && count == 2, "maa-collateral-hashes: %s", err.text);
    if (ok && dcap_hash_chain(crypto, chain[0], chain[1], hash))
        check_hash("qeidcertshash", hash, "a64d649198507d8b57e33f63ab266838f43f327bd4aacc78510b6976ed046e10");
    if (ok && dcap_hash_crl(crypto, crl, hash))
        check_hash("qeidcrlhash", hash, "13113eed5512e0f170b5acdd6903ed571be40ac8bd15e78ac60fb7afb916b1bb");
    if (ok && dcap_hash_crl(crypto, crl_pem, hash))
        check_hash("qeidcrlhash from PEM", hash,
                   "13113eed5512e0f170b5acdd6903ed571be40ac8bd15e78ac60fb7afb916b1bb");
    if (att_digest(crypto, ATT_SHA256, att_span_of(files[3].bytes, files[3].len), hash))
        check_hash("quotehash", hash, "e2e7d0d775f53b47b9bc9c579565cd5bca0cd0c51ccb9a99c1f076e1730607df");
    for (size_t i = 0; i < 4; i++)
        free(files[i].bytes);
    att_crl_free(crl);
    att_crl_free(crl_pem);
    att_cert_free(chain[0]);
    att_cert_free(chain[1]);
    att_crypto_free(crypto);
}

int main(void)
{
    const char *vectors = vectors_dir();

    if (!vectors) {
        cases_skip(&cases, "no vectors here");
        return cases_report(&cases);
    }
    char *dir = path_of(vectors, "sgx");
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
    service_hashes(dir);
    free(dir);
    return cases_report(&cases);
}
