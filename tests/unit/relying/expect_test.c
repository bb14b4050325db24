/* layers: relying jose crypto codec base */
/* Decoding, and claims at dotted paths. */
#include <attest/relying.h>

#include "support/cases.h"
#include "unit/jose/signing.h"

static struct cases cases = { .name = "relying.expect" };

static const char payload[] = "{\"a\":\"text\",\"n\":7,\"t\":true,\"null\":null,\"e\":\"esc\\u0061ped\","
                              "\"o\":{\"a\":{\"b\":\"deep\"},\"a.b\":"
                              "\"dotted\",\"\":\"nameless\"},\"o.a\":\"outer\",\"list\":[1,\"x\"],\"x-ms-"
                              "runtime\":{\"keys\":[]},\"\":\"empty\","
                              "\"\\u0065scaped\":1}";

static void expectations(void)
{
    static const struct {
        const char *path, *value;
        bool want;
    } rows[] = {
        { "a", "text", true },
        { "a", "\"text\"", false },
        { "a", "tex", false },
        { "a", "textt", false },
        { "a", "", false },
        { "n", "7", true },
        { "n", "7.0", false },
        { "n", "\"7\"", false },
        { "t", "true", true },
        { "t", "True", false },
        { "null", "null", true },
        { "null", "", false },
        { "e", "escaped", true },
        { "escaped", "1", true },
        { "missing", "", false },
        { "missing", "null", false },
        { "A", "text", false },
        { "a.", "text", false },
        { ".a", "text", false },
        { "a.b", "x", false },
        { "o.a", "outer", true }, /* the longest name wins */
        { "o.a.b", "deep", false },
        { "o.", "nameless", true },
        { "", "empty", true },
        { "list", "[1,\"x\"]", true },
        { "list", "[1, \"x\"]", false },
        { "list.0", "1", false },
        { "x-ms-runtime.keys", "[]", true },
        { "x-ms-runtime", "{\"keys\":[]}", true },
        { "x-ms-runtime.keys.a", "", false },
    };
    struct att_token token = { .payload = att_str(payload), .alg = "none" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_err err = { 0 };
        bool got = att_token_expect(a, &token, att_str(rows[i].path), att_str(rows[i].value), &err);
        cases_check(&cases, got == rows[i].want, "%s = %s: %s", rows[i].path, rows[i].value, err.text);
        cases_check(&cases, got || err.code == ATT_TOKEN_CLAIM, "%s: %s", rows[i].path,
                    att_code_name(err.code));
        att_arena_free(a);
    }
    /* Inside an object a name with dots wins too. */
    struct att_token inner = { .payload = att_str("{\"o\":{\"a\":{\"b\":\"deep\"},\"a.b\":\"dotted\"}}") };
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    cases_check(&cases, att_token_expect(a, &inner, att_str("o.a.b"), att_str("dotted"), &err), "inner dots");
    struct att_token broken = { .payload = att_str("{\"a\":1") };
    cases_check(&cases,
                !att_token_expect(a, &broken, att_str("a"), att_str("1"), &err) &&
                    err.code == ATT_TOKEN_MALFORMED,
                "broken payload");
    att_arena_free(a);
}

static void decoding(void)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    struct att_token got = { 0 };
    char *token = textf("%s.", signing_input("{\"alg\":\"none\",\"kid\":\"k\"}", payload));

    cases_check(&cases,
                att_token_decode(a, att_str(token), NULL, &got, &err) && att_span_is(got.payload, payload) &&
                    att_span_is(got.header, "{\"alg\":\"none\",\"kid\":\"k\"}") &&
                    att_span_is(got.kid, "k") && strcmp(got.alg, "none") == 0 && !got.signature_valid,
                "decoded: %s", err.text);
    token = textf("%s.AAAA", signing_input("{\"alg\":\"HS256\"}", "{}"));
    cases_check(&cases,
                att_token_decode(a, att_str(token), NULL, &got, &err) && got.alg[0] == '\0' &&
                    !got.signature_valid,
                "an algorithm that is not taken has no name here: %s", err.text);
    struct att_token before = got;
    for (size_t cut = 0; cut + 4 < strlen(token); cut++) {
        struct att_err why = { 0 };
        cases_check(&cases,
                    !att_token_decode(a, att_span_of(token, cut), NULL, &got, &why) &&
                        why.code == ATT_TOKEN_MALFORMED,
                    "cut at %zu: %s", cut, att_code_name(why.code));
    }
    cases_check(&cases, memcmp(&before, &got, sizeof got) == 0, "the output changes only on success");
    att_arena_free(a);
}

int main(void)
{
    expectations();
    decoding();
    return cases_report(&cases);
}
