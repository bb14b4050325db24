/* layers: jose crypto codec base */
/* Project Wycheproof's JOSE files: every `invalid` is refused; every `valid` is accepted, or refused for a reason of
 * the table below - by the code that belongs to the reason, so that none is refused by accident. */
#include "jose/jws.h"
#include "support/cases.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static struct cases cases = { .name = "vectors.wycheproof_jose" };
static struct att_crypto *crypto;

/* What a case holds that bears on a reason. */
struct facts {
    bool jwe;
    bool stray_bytes;          /* outside base64url and dots */
    struct att_span token_alg; /* empty when the token cannot be read */
    struct att_span key_alg;
};

static bool is_jwe(const struct facts *f)
{
    return f->jwe;
}

static bool has_stray_bytes(const struct facts *f)
{
    return f->stray_bytes;
}

static bool is_hmac(const struct facts *f)
{
    return f->token_alg.len == 5 && memcmp(f->token_alg.ptr, "HS", 2) == 0;
}

static bool key_names_unknown_alg(const struct facts *f)
{
    enum att_sig_alg alg = ATT_ES256;
    return f->key_alg.len > 0 && !att_alg_of(f->key_alg, &alg);
}

static bool key_names_other_alg(const struct facts *f)
{
    return f->key_alg.len > 0 && !att_span_eq(f->key_alg, f->token_alg);
}

static struct {
    const char *reason;
    bool (*applies)(const struct facts *f);
    enum att_code code;
    unsigned met;
} reasons[] = {
    { "JWE is not taken: five segments", is_jwe, ATT_TOKEN_MALFORMED, 0 },
    { "characters outside the alphabet are not skipped (RFC 7515 2, RFC 4648 3.3)", has_stray_bytes,
      ATT_TOKEN_MALFORMED, 0 },
    { "HMAC is not taken: no shared secrets", is_hmac, ATT_TOKEN_ALGORITHM, 0 },
    { "the key's alg is no registered algorithm (\"ES521\")", key_names_unknown_alg, ATT_TOKEN_KEY_INVALID,
      0 },
    { "the key's alg is another than the token's", key_names_other_alg, ATT_TOKEN_ALGORITHM, 0 },
};
enum { REASONS = sizeof reasons / sizeof reasons[0] };

static const char *const files[] = { "json_web_signature", "json_web_key", "json_web_crypto" };
static struct {
    unsigned invalid_refused, valid_accepted, valid_refused;
} counts[3];

static enum att_code verdict_of(struct att_arena *a, struct att_span token, struct att_span jwk_json,
                                struct facts *ret)
{
    struct att_jws_rules rules = { 0 };
    struct att_jwk_set set = { 0 };
    const struct att_jwk *jwk = NULL;
    struct att_err err = { 0 };
    struct att_jws jws = { 0 };

    bool ok = att_alg_set("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512", &rules.algs, &err) &&
              att_jws_split(a, token, NULL, &jws, &err);
    if (ok)
        ret->token_alg = jws.alg_name;
    ok = ok && att_jws_alg_allowed(&jws, &rules, &err) &&
         att_jwk_set_read(crypto, a, NULL, jwk_json, &set, &err) &&
         att_jwk_set_find(&set, jws.has_kid ? &jws.kid : NULL, &jwk, &err) &&
         att_jws_verify(crypto, &jws, jwk, &rules, &err);
    att_jwk_set_free(&set);
    cases_check(&cases, ok == (err.code == ATT_OK), "a refusal has a code");
    return err.code;
}

static bool refused_on_purpose(const struct facts *facts, enum att_code got)
{
    for (size_t i = 0; i < REASONS; i++) {
        if (reasons[i].applies(facts)) {
            reasons[i].met++;
            return got == reasons[i].code;
        }
    }
    return false;
}

static void run_case(struct att_arena *a, const struct att_json *doc, att_json_id test, struct att_span jwk,
                     struct att_span key_alg, size_t file)
{
    struct facts facts = { .key_alg = key_alg };
    struct att_span token = { 0 }, result = { 0 };
    uint32_t id = 0;
    struct att_err err = { 0 };

    att_json_id jws = att_json_get(doc, test, "jws");
    facts.jwe = jws == ATT_JSON_NONE;
    if (facts.jwe)
        jws = att_json_get(doc, test, "jwe");
    if (jws == ATT_JSON_NONE || !att_json_want_string(doc, a, test, "test", "result", &result, &err) ||
        !att_json_want_u32(doc, test, "test", "tcId", UINT32_MAX, &id, &err)) {
        cases_check(&cases, false, "%s: a case that cannot be read", files[file]);
        return;
    }
    if (!att_json_string(doc, a, jws, &token)) /* JSON serialisation stands there as an object */
        token = att_json_source(doc, jws);
    for (size_t i = 0; i < token.len; i++)
        facts.stray_bytes = facts.stray_bytes || !(isalnum(token.ptr[i]) || strchr("-_.", token.ptr[i]));
    enum att_code got = verdict_of(a, token, jwk, &facts);
    if (!att_span_is(result, "valid")) {
        cases_check(&cases, got != ATT_OK, "%s %u: accepted", files[file], id);
        counts[file].invalid_refused += got != ATT_OK;
    } else if (got == ATT_OK) {
        cases_check(&cases, true, "accepted");
        counts[file].valid_accepted++;
    } else {
        bool meant = refused_on_purpose(&facts, got);
        cases_check(&cases, meant, "%s %u: refused by accident: %s", files[file], id, att_code_name(got));
        counts[file].valid_refused++;
    }
}

static void run_group(struct att_arena *a, const struct att_json *doc, att_json_id group, size_t file)
{
    struct att_span key_alg = { 0 };
    att_json_id tests = att_json_get(doc, group, "tests");
    att_json_id key = att_json_get(doc, group, "public");

    if (key == ATT_JSON_NONE)
        key = att_json_get(doc, group, "private"); /* symmetric groups and JWE have no other */
    att_json_id first = key;
    if (att_json_get(doc, key, "keys") != ATT_JSON_NONE)
        first = att_json_first(doc, att_json_get(doc, key, "keys"));
    att_json_id alg = att_json_get(doc, first, "alg");
    if (alg != ATT_JSON_NONE && !att_json_string(doc, a, alg, &key_alg))
        cases_check(&cases, false, "%s: key alg", files[file]);
    for (att_json_id at = att_json_first(doc, tests); at != ATT_JSON_NONE; at = att_json_next(doc, at))
        run_case(a, doc, at, att_json_source(doc, key), key_alg, file);
}

static void run_file(const char *dir, size_t file)
{
    struct att_arena *a = att_arena_new((size_t)256 << 20);
    char *path = path_of(dir, "wycheproof/%s_test.json", files[file]);
    struct att_err err = { 0 };
    struct att_json doc;
    uint32_t total = 0;
    size_t len = 0;

    uint8_t *text = file_read(path, &len);
    if (!text || !att_json_parse(a, att_span_of(text, len), NULL, &doc, &err) ||
        !att_json_want_u32(&doc, ATT_JSON_ROOT, "file", "numberOfTests", UINT32_MAX, &total, &err)) {
        cases_check(&cases, false, "%s cannot be read: %s", path, err.text);
    } else {
        att_json_id groups = att_json_get(&doc, ATT_JSON_ROOT, "testGroups");
        for (att_json_id at = att_json_first(&doc, groups); at != ATT_JSON_NONE; at = att_json_next(&doc, at))
            run_group(a, &doc, at, file);
        unsigned ran =
            counts[file].invalid_refused + counts[file].valid_accepted + counts[file].valid_refused;
        cases_check(&cases, ran == total, "%s: %u of %u tests ended as they should", files[file], ran, total);
        printf("%s: %u invalid refused, %u valid accepted, %u valid refused for a stated reason\n",
               files[file], counts[file].invalid_refused, counts[file].valid_accepted,
               counts[file].valid_refused);
    }
    free(text);
    free(path);
    att_arena_free(a);
}

int main(void)
{
    const char *dir = vectors_dir();

    if (!dir) {
        cases_skip(&cases, "no vectors folder");
        return cases_report(&cases);
    }
    crypto = att_crypto_new();
    for (size_t i = 0; i < 3 && crypto; i++)
        run_file(dir, i);
    for (size_t i = 0; i < REASONS; i++)
        printf("refused %u times: %s\n", reasons[i].met, reasons[i].reason);
    att_crypto_free(crypto);
    return cases_report(&cases);
}
