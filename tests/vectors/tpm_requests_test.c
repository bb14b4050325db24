/* layers: attest crypto codec base */
/* Requests of software TPMs and real firmware, whole and forged: verdict, code and claims of each; the published policies run
 * unchanged on them, and give what an independent interpreter gave. */
#include <attest/attest.h>
#include <attest/token.h>
#include <attest/tpm.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/hex.h"
#include "codec/json.h"
#include "crypto/crypto.h"
#include "support/cases.h"

enum { AT = 1795305600 }; /* 2026-11-22T00:00:00Z */

static struct cases cases = { .name = "vectors.tpm_requests" };
static struct cases policies = { .name = "vectors.tpm_policies" };
static const char *vectors;
static struct att_lib *lib;
static struct att_tpm_trust *trust;
static uint8_t challenge[32];
/* Verdicts point into their policies. */
static struct att_policy *kept[64];
static size_t kept_count;

static const char mask_policy[] =
    "version=1.2;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=1023);};"
    "authorizationrules{=>permit();};issuancerules{};";
static const char untrusted_policy[] =
    "version=1.2;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=1023);"
    "=>issueproperty(type=\"require_valid_aik_cert\",value=false);};"
    "authorizationrules{=>permit();};issuancerules{};";

struct request {
    struct att_span challenge;
    bool challenge_given;
    const struct att_tpm_trust *trust;
    const char *policy; /* NULL: none */
    bool sha1;
};

static bool attest(const char *folder, const struct request *r, struct att_arena *arena,
                   struct att_verdict *ret)
{
    char *path = path_of(vectors, "tpm/%s/request.jws", folder);
    size_t len = 0;
    uint8_t *bytes = file_read(path, &len);
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };
    while (len > 0 && bytes[len - 1] == '\n')
        len--;
    char *jws = att_arena_dup(arena, att_span_of(bytes, len)); /* claims point into it */
    bool ok = bytes && (!r->policy || att_policy_compile(att_str(r->policy), NULL, &policy, NULL, &err));
    const struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = "tpm",
        .evidence = att_span_of(jws, len),
        .aik_trust = r->trust,
        .challenge_given = r->challenge_given,
        .challenge = r->challenge,
        .now_unix_s = AT,
        .accepted_tcb = ATT_TCB_DEFAULT,
        .sha1_allowed = r->sha1,
        .policy = policy,
        .describe = true,
    };

    cases_check(&cases, ok, "%s: read and compiled: %s", folder, err.text);
    ok = ok && att_attest(lib, arena, &in, ret);
    if (policy && kept_count < sizeof kept / sizeof kept[0])
        kept[kept_count++] = policy;
    free(bytes);
    free(path);
    return ok;
}

static const struct att_value *value_of(const struct att_verdict *v, const char *name,
                                        enum att_claim_issuer by)
{
    static const struct att_value none = { .kind = ATT_CLAIM_JSON };
    const struct att_claim *c = att_claims_find(&v->claims, name, by);

    return c ? &c->value : &none;
}

static bool is_bool(const struct att_verdict *v, const char *name, bool want)
{
    const struct att_value *x = value_of(v, name, ATT_ISSUER_SERVICE);

    return x->kind == ATT_CLAIM_BOOL && x->boolean == want;
}

/* -- verdicts ----------------------------------------------------------------------------------------------- */

enum { NO_IMA = 1, FORGED = 2, SECURE_BOOT = 4, UNTRUSTED = 8 };
static const struct {
    const char *folder;
    enum att_code want;
    unsigned marks;
} rows[] = {
    { "request-v2-uki-nosb", ATT_OK, 0 },
    { "request-v2-grub-secureboot", ATT_OK, SECURE_BOOT },
    { "request-v2-bad-log-digest", ATT_EVENT_LOG_REPLAY_MISMATCH, 0 },
    { "request-v2-bad-log-body", ATT_OK, FORGED },
    { "request-v2-forged-secureboot", ATT_OK, FORGED },
    { "request-v2-forged-ima", ATT_IMA_LOG_MISMATCH, 0 },
    { "request-v2-bad-quote", ATT_TPM_QUOTE_SIGNATURE_INVALID, NO_IMA },
    { "request-v2-bad-challenge", ATT_TPM_CHALLENGE_MISMATCH, NO_IMA },
    { "request-v2-bad-jws", ATT_TPM_REQUEST_SIGNATURE_INVALID, NO_IMA },
    { "request-v2-untrusted-aik", ATT_AIK_UNTRUSTED, NO_IMA | UNTRUSTED },
    { "request-v2-aikcert-mismatch", ATT_AIK_MISMATCH, NO_IMA },
};

/* base64(SHA-256(DER)) of the public key beside the evidence. */
static void check_aik_hash(const char *folder, const struct att_verdict *v)
{
    char *path =
        path_of(vectors, "tpm/vm-%s/ak.pem", strstr(folder, "grub") ? "grub-secureboot" : "uki-nosb");
    struct att_arena *arena = att_arena_new(1 << 16);
    struct att_crypto *crypto = att_crypto_new();
    struct att_span der = { 0 };
    struct att_buf body = { 0 }, want = { 0 };
    struct att_err err = { 0 };
    uint8_t hash[32];
    size_t len = 0;
    char *pem = (char *)file_read(path, &len);

    for (char *line = strtok(pem, "\n"); line; line = strtok(NULL, "\n"))
        if (line[0] != '-')
            att_buf_puts(&body, line);
    bool ok = att_base64_decode(arena, ATT_BASE64_STANDARD, att_buf_span(&body), "ak.pem", &der, &err) &&
              att_digest(crypto, ATT_SHA256, der, hash);
    att_base64_put(&want, att_span_of(hash, sizeof hash));
    cases_check(&cases,
                ok && att_span_eq(value_of(v, "aikPubHash", ATT_ISSUER_SERVICE)->text, att_buf_span(&want)),
                "%s: aikPubHash", folder);
    att_buf_free(&body);
    att_buf_free(&want);
    att_crypto_free(crypto);
    att_arena_free(arena);
    free(pem);
    free(path);
}

static void check_claims(const char *folder, const struct att_verdict *v, unsigned marks)
{
    const struct att_value *role = value_of(v, "role", ATT_ISSUER_CUSTOM);
    const struct att_claim *cnf = att_claims_find(&v->claims, "cnf", ATT_ISSUER_SERVICE);

    cases_check(&cases, is_bool(v, "aikValidated", true), "%s: aikValidated", folder);
    cases_check(&cases, is_bool(v, "secureBootEnabled", marks & SECURE_BOOT), "%s: secureBootEnabled",
                folder);
    cases_check(&cases, is_bool(v, "bootDebuggingDisabled", false) && is_bool(v, "notSafeMode", true),
                "%s: nothing of Windows", folder);
    cases_check(&cases, role->kind == ATT_CLAIM_STRING && att_span_is(role->text, "edge"), "%s: custom claim",
                folder);
    cases_check(&cases, cnf && cnf->flags & ATT_CLAIM_IN_TOKEN && cnf->value.kind == ATT_CLAIM_JSON,
                "%s: cnf", folder);
    cases_check(
        &cases,
        att_span_eq(value_of(v, "rp_data", ATT_ISSUER_SERVICE)->text,
                    value_of(v, "nonce", ATT_ISSUER_SERVICE)->text) &&
            att_span_is(value_of(v, "rp_data", ATT_ISSUER_SERVICE)->text, "UkVQTEFDRSBXSVRIIFJQIE5PTkNF"),
        "%s: rp_data", folder);
    cases_check(&cases, !att_claims_find(&v->claims, "events", ATT_ISSUER_SERVICE),
                "%s: no events, since no policy reads them", folder);
    cases_check(&cases, strcmp(v->attestation_type, "tpm") == 0 && !v->test_root, "%s: type", folder);
    check_aik_hash(folder, v);
}

static void verdicts(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct request r = { .challenge = att_span_of(challenge, sizeof challenge),
                                   .challenge_given = true,
                                   .trust = trust,
                                   .policy = rows[i].marks & NO_IMA ? mask_policy : NULL };
        struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
        struct att_verdict v;
        bool accepted = attest(rows[i].folder, &r, arena, &v);

        cases_check(&cases, accepted == (rows[i].want == ATT_OK) && v.err.code == rows[i].want,
                    "%s: %s at %s (%s)", rows[i].folder, att_code_name(v.err.code), v.err.where, v.err.text);
        cases_check(&cases, accepted || (v.err.where[0] && v.err.found[0] && v.err.expected[0]),
                    "%s: says too little", rows[i].folder);
        cases_check(&cases, accepted || v.claims.count == 0, "%s: refused, with claims", rows[i].folder);
        if (accepted)
            check_claims(rows[i].folder, &v, rows[i].marks);
        att_arena_free(arena);
    }
}

static void untrusted_keys(void)
{
    static const struct {
        const char *folder;
        enum att_code want;
    } without[] = { { "request-v2-untrusted-aik", ATT_OK },
                    { "request-v2-aikcert-mismatch", ATT_AIK_MISMATCH },
                    { "request-v2-bad-jws", ATT_TPM_REQUEST_SIGNATURE_INVALID } };

    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        const struct request r = { .trust = trust, .policy = untrusted_policy };
        struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
        struct att_verdict v;
        bool accepted = attest(without[i].folder, &r, arena, &v);

        cases_check(&cases, v.err.code == without[i].want, "%s without a valid certificate: %s",
                    without[i].folder, v.err.text);
        cases_check(&cases, !accepted || is_bool(&v, "aikValidated", false), "%s: aikValidated must be false",
                    without[i].folder);
        att_arena_free(arena);
    }
}

static void challenges(void)
{
    static const uint8_t zeros[32];
    static const struct {
        const char *name;
        size_t len;
        bool zero;
        enum att_code want;
    } given[] = {
        { "the right one", 32, false, ATT_OK },
        { "E-a: an empty challenge matches nothing", 0, false, ATT_TPM_CHALLENGE_MISMATCH },
        { "E-b: another challenge of the same length", 32, true, ATT_TPM_CHALLENGE_MISMATCH },
        { "E-b: the first half", 16, false, ATT_TPM_CHALLENGE_MISMATCH },
        { "E-b: all but the last byte", 31, false, ATT_TPM_CHALLENGE_MISMATCH },
    };

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        const struct request r = { .trust = trust,
                                   .challenge_given = true,
                                   .challenge =
                                       att_span_of(given[i].zero ? zeros : challenge, given[i].len) };
        struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
        struct att_verdict v;

        (void)!attest("request-v2-uki-nosb", &r, arena, &v);
        cases_check(&cases, v.err.code == given[i].want, "challenge, %s: %s", given[i].name,
                    att_code_name(v.err.code));
        att_arena_free(arena);
    }
}

/* -- policies ----------------------------------------------------------------------------------------------- */

static bool same_claim(const struct att_value *v, const struct att_json *doc, att_json_id id,
                       struct att_arena *arena)
{
    struct att_span text = { 0 };
    int64_t n = 0;

    switch (att_json_type(doc, id)) {
    case ATT_JSON_BOOL:
        return v->kind == ATT_CLAIM_BOOL && v->boolean == att_json_true(doc, id);
    case ATT_JSON_NUMBER:
        return v->kind == ATT_CLAIM_INT && att_json_i64(doc, id, &n) && v->integer == n;
    case ATT_JSON_STRING:
        return v->kind == ATT_CLAIM_STRING && att_json_string(doc, arena, id, &text) &&
               att_span_eq(v->text, text);
    default:
        return false;
    }
}

static void compare_issued(const char *name, const struct att_claims *issued, const struct att_json *doc,
                           att_json_id want, struct att_arena *arena)
{
    size_t count = 0;

    for (att_json_id id = att_json_first(doc, want); id != ATT_JSON_NONE; id = att_json_next(doc, id)) {
        struct att_span key = { 0 };
        bool found = false;
        count++;
        if (!att_json_key(doc, arena, id, &key))
            continue;
        for (size_t i = 0; i < issued->count; i++)
            found = found || (att_span_eq(issued->items[i].type, key) &&
                              same_claim(&issued->items[i].value, doc, id, arena));
        cases_check(&policies, found, "%s: claim %.*s", name, (int)key.len, (const char *)key.ptr);
    }
    cases_check(&policies, issued->count == count, "%s: %zu claims, not %zu", name, issued->count, count);
}

/* A case of the evaluation vectors whose events are those of one of the requests: the policy sees the request itself. */
static bool policy_case(const char *name, struct att_span text)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_span from = { 0 }, file = { 0 }, policy_text = { 0 };
    struct att_err err = { 0 };
    struct att_json doc;
    struct att_verdict v;
    bool ran = false;
    char folder[64];

    if (!att_json_parse(arena, text, NULL, &doc, &err) ||
        !att_json_string(&doc, arena, att_json_get(&doc, ATT_JSON_ROOT, "eventsFrom"), &from) ||
        (!att_span_is(from, "uki-nosb.events.json") && !att_span_is(from, "grub-secureboot.events.json")))
        goto out;
    if (att_json_string(&doc, arena, att_json_get(&doc, ATT_JSON_ROOT, "policy"), &file)) {
        char *path = path_of(vectors, "policies/%.*s", (int)file.len, (const char *)file.ptr);
        size_t len = 0;
        uint8_t *bytes = file_read(path, &len);
        policy_text = att_span_of(att_arena_dup(arena, att_span_of(bytes, len)), len);
        free(bytes);
        free(path);
    } else if (!att_json_string(&doc, arena, att_json_get(&doc, ATT_JSON_ROOT, "policyText"), &policy_text)) {
        goto out;
    }
    char *terminated = att_arena_dup(arena, policy_text);
    (void)snprintf(folder, sizeof folder, "request-v2-%.*s", (int)(from.len - strlen(".events.json")),
                   (const char *)from.ptr);
    const struct request r = { .trust = strstr(name, "aik-false") ? NULL : trust, .policy = terminated };
    att_json_id expected = att_json_get(&doc, ATT_JSON_ROOT, "expected");
    bool authorized = att_json_true(&doc, att_json_get(&doc, expected, "authorized"));
    bool accepted = attest(folder, &r, arena, &v);
    ran = true;
    cases_check(&policies, accepted == authorized, "%s on %s: %s", name, folder, v.err.text);
    if (accepted && authorized)
        compare_issued(name, &v.policy.issued, &doc, att_json_get(&doc, expected, "claims"), arena);
out:
    att_arena_free(arena);
    return ran;
}

static void published_policies(void)
{
    char *dir = path_of(vectors, "policies/evaluation");
    DIR *d = opendir(dir);
    struct dirent *e = NULL;
    size_t ran = 0;

    while (d && (e = readdir(d)) != NULL) {
        char *path = path_of(dir, "%s", e->d_name);
        size_t len = 0;
        uint8_t *bytes = strstr(e->d_name, ".json") ? file_read(path, &len) : NULL;
        ran += bytes && policy_case(e->d_name, att_span_of(bytes, len)) ? 1 : 0;
        free(bytes);
        free(path);
    }
    cases_check(&policies, ran >= 8, "%zu cases on requests", ran);
    if (d)
        closedir(d);
    free(dir);
}

/* The policy of version 1.2 that derives Secure Boot from events, on the forged logs: what is not covered gives no claim. */
static void forged_bodies(void)
{
    static const struct {
        const char *folder, *policy;
        bool secure_boot;
    } forged[] = {
        { "request-v2-forged-secureboot", "valid/functions-secureboot.txt", false },
        { "request-v2-bad-log-body", "valid/functions-secureboot.txt", false },
        { "request-v2-grub-secureboot", "valid/functions-secureboot.txt", true },
    };

    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        char *path = path_of(vectors, "policies/%s", forged[i].policy);
        size_t len = 0;
        char *text = (char *)file_read(path, &len);
        const struct request r = { .trust = trust, .policy = text };
        struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
        struct att_verdict v;
        bool accepted = attest(forged[i].folder, &r, arena, &v), found = false;

        for (size_t k = 0; accepted && k < v.policy.issued.count; k++)
            found = found || (att_span_is(v.policy.issued.items[k].type, "secureBootEnabled") &&
                              v.policy.issued.items[k].value.boolean == forged[i].secure_boot);
        cases_check(&cases, accepted && found, "E-n: %s: secureBootEnabled by the policy: %s",
                    forged[i].folder, v.err.text);
        att_arena_free(arena);
        free(text);
        free(path);
    }
}

static bool setup(void)
{
    const struct att_lib_options options = { .size = sizeof options };
    char *path = path_of(vectors, "tpm/aik-ca.pem");
    char *hex_path = path_of(vectors, "tpm/vm-uki-nosb/challenge.hex");
    size_t len = 0, hex_len = 0;
    uint8_t *pem = file_read(path, &len);
    uint8_t *hex = file_read(hex_path, &hex_len);
    struct att_root root = { .pem = att_span_of(pem, len) };
    const struct att_tpm_trust_in in = { .size = sizeof in, .roots = &root, .root_count = 1 };
    struct att_err err = { 0 };
    bool ok = pem && hex && hex_len >= 64 && att_hex_read(att_span_of(hex, 64), challenge, 32) &&
              att_lib_new(&options, &lib, &err) && att_tpm_trust_new(lib, &in, &trust, &err);

    cases_check(&cases, ok, "set up: %s", err.text);
    free(pem);
    free(hex);
    free(path);
    free(hex_path);
    return ok;
}

int main(void)
{
    vectors = vectors_dir();
    if (!vectors) {
        cases_skip(&cases, "no vectors here");
        return cases_report(&cases);
    }
    if (setup()) {
        verdicts();
        untrusted_keys();
        challenges();
        published_policies();
        forged_bodies();
    }
    while (kept_count > 0)
        att_policy_free(kept[--kept_count]);
    att_tpm_trust_free(trust);
    att_lib_free(lib);
    int first = cases_report(&policies);
    int second = cases_report(&cases);
    return first > second ? first : second;
}
