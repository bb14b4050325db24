/* layers: codec base */
/* Looking into a document: names, spans, strings, integers, and the readers of required members. */
#include "codec/json.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases run = { .name = "unit.codec.json_read" };
static struct att_arena *arena;

static struct att_json doc_of(const char *text, bool fold_case)
{
    struct att_json doc = { 0 };
    struct att_err err = { 0 };
    const struct att_json_options options = { .fold_case = fold_case };

    if (!att_json_parse(arena, att_str(text), &options, &doc, &err)) {
        printf("not a document of this test: %s: %s\n", text, err.text);
        abort();
    }
    return doc;
}

static void check_get(void)
{
    static const struct {
        const char *name, *text, *member, *value;
        bool fold;
    } rows[] = {
        { "first", "{\"a\":1,\"b\":2}", "a", "1", false },
        { "last", "{\"a\":1,\"b\":2}", "b", "2", false },
        { "behind a nested object", "{\"a\":{\"b\":1},\"b\":2}", "b", "2", false },
        { "escaped in the source", "{\"\\u0061lg\":7}", "alg", "7", false },
        { "surrogate pair in the source", "{\"\\ud834\\udd1e\":7}", "\xf0\x9d\x84\x9e", "7", false },
        { "empty name", "{\"\":3}", "", "3", false },
        { "not there", "{\"a\":1}", "b", NULL, false },
        { "prefix", "{\"alg\":1}", "al", NULL, false },
        { "longer", "{\"alg\":1}", "algo", NULL, false },
        { "escaped prefix", "{\"\\u0061lg\":1}", "al", NULL, false },
        { "escaped longer", "{\"\\u0061lg\":1}", "algo", NULL, false },
        { "name with a NUL is not the text before it", "{\"a\\u0000b\":1}", "a", NULL, false },
        { "a backslash in the asked name is no escape", "{\"a\":1}", "\\u0061", NULL, false },
        { "a backslash in the source is one", "{\"\\\\u0061\":1}", "\\u0061", "1", false },
        { "case counts", "{\"Quote\":1}", "quote", NULL, false },
        { "case folded", "{\"QuoTe\":1}", "qUOte", "1", true },
        { "case folded, escaped", "{\"\\u0051uote\":1}", "quotE", "1", true },
        { "folding is ASCII", "{\"\xc3\x89\":1}", "\xc3\xa9", NULL, true },
        { "an array has no members", "[\"a\",1]", "a", NULL, false },
        { "a string has none", "\"a\"", "a", NULL, false },
        { "empty object", "{}", "", NULL, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_json doc = doc_of(rows[i].text, rows[i].fold);
        att_json_id id = att_json_get(&doc, ATT_JSON_ROOT, rows[i].member);
        bool right =
            rows[i].value ? att_span_is(att_json_source(&doc, id), rows[i].value) : id == ATT_JSON_NONE;
        cases_check(&run, right, "get, %s: node %u", rows[i].name, id);
    }
}

static void check_spans(void)
{
    struct att_json doc = doc_of(
        " { \"tcbInfo\" : { \"id\" : \"SGX\" , \"n\":[ 1 , -2.50e+1 ] } , \"s\":\"\\u00e9\" } ", false);
    static const struct {
        const char *path[3];
        const char *source;
        enum att_json_type type;
    } rows[] = {
        { { NULL },
          "{ \"tcbInfo\" : { \"id\" : \"SGX\" , \"n\":[ 1 , -2.50e+1 ] } , \"s\":\"\\u00e9\" }",
          ATT_JSON_OBJECT },
        { { "tcbInfo" }, "{ \"id\" : \"SGX\" , \"n\":[ 1 , -2.50e+1 ] }", ATT_JSON_OBJECT },
        { { "tcbInfo", "id" }, "\"SGX\"", ATT_JSON_STRING },
        { { "tcbInfo", "n" }, "[ 1 , -2.50e+1 ]", ATT_JSON_ARRAY },
        { { "s" }, "\"\\u00e9\"", ATT_JSON_STRING },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        att_json_id id = ATT_JSON_ROOT;
        for (size_t k = 0; k < 3 && rows[i].path[k]; k++)
            id = att_json_get(&doc, id, rows[i].path[k]);
        struct att_span source = att_json_source(&doc, id);
        cases_check(&run, att_span_is(source, rows[i].source) && att_json_type(&doc, id) == rows[i].type,
                    "source of row %zu: %.*s", i, (int)source.len, (const char *)source.ptr);
    }
    att_json_id n = att_json_get(&doc, att_json_get(&doc, ATT_JSON_ROOT, "tcbInfo"), "n");
    att_json_id first = att_json_first(&doc, n);
    att_json_id second = att_json_next(&doc, first);
    cases_check(&run,
                att_span_is(att_json_source(&doc, first), "1") &&
                    att_span_is(att_json_source(&doc, second), "-2.50e+1") &&
                    att_json_next(&doc, second) == ATT_JSON_NONE && doc.nodes[n].count == 2,
                "elements");
    cases_check(&run, att_json_first(&doc, first) == ATT_JSON_NONE, "a number has no children");
    cases_check(&run, att_json_next(&doc, ATT_JSON_ROOT) == ATT_JSON_NONE, "the root has no sibling");
}

/* Siblings must be found behind containers of every shape. */
static void check_walk(void)
{
    struct att_json doc = doc_of("[[],[[[]]],{},{\"a\":{\"b\":[{}]}},\"x\",[1,[2,3],4],5]", false);
    static const char *const want[] = { "[]",    "[[[]]]",      "{}", "{\"a\":{\"b\":[{}]}}",
                                        "\"x\"", "[1,[2,3],4]", "5" };
    size_t at = 0;
    bool right = true;

    for (att_json_id id = att_json_first(&doc, 0); id != ATT_JSON_NONE; id = att_json_next(&doc, id), at++)
        right = right && at < 7 && att_span_is(att_json_source(&doc, id), want[at]);
    cases_check(&run, right && at == 7 && doc.nodes[0].count == 7, "walk: %zu elements", at);
}

static void check_absent(void)
{
    struct att_json doc = doc_of("{\"a\":null}", false);
    struct att_span text = att_str("untouched");
    int64_t number = 42;
    static const att_json_id ids[] = { ATT_JSON_NONE, 2, 1000 };

    for (size_t i = 0; i < 3; i++) {
        att_json_id id = ids[i];
        cases_check(&run,
                    att_json_get(&doc, id, "a") == ATT_JSON_NONE &&
                        att_json_first(&doc, id) == ATT_JSON_NONE &&
                        att_json_next(&doc, id) == ATT_JSON_NONE && att_json_source(&doc, id).len == 0 &&
                        !att_json_key(&doc, arena, id, &text) && !att_json_string(&doc, arena, id, &text) &&
                        !att_json_true(&doc, id) && !att_json_i64(&doc, id, &number) && number == 42 &&
                        att_span_is(text, "untouched"),
                    "node %u that is not there", id);
    }
}

static void check_strings(void)
{
    static const struct {
        const char *name, *text;
        const char *want;
        size_t len;
    } rows[] = {
        { "empty", "\"\"", "", 0 },
        { "plain", "\"abc\"", "abc", 3 },
        { "short escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8 },
        { "NUL", "\"a\\u0000b\"", "a\0b", 3 },
        { "one byte", "\"\\u007f\"", "\x7f", 1 },
        { "two bytes", "\"\\u0080\\u07FF\"", "\xc2\x80\xdf\xbf", 4 },
        { "three bytes", "\"\\u0800\\ud7ff\\ue000\\uFFFF\"",
          "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", 12 },
        { "pairs", "\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8 },
        { "mixed", "\"x\xe2\x82\xac\\u20ac y\"", "x\xe2\x82\xac\xe2\x82\xac y", 9 },
        { "escaped backslash before u", "\"\\\\u0041\"", "\\u0041", 6 },
        { "long around an escape", "\"0123456789abcdef\\n0123456789abcdef\"",
          "0123456789abcdef\n0123456789abcdef", 33 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_json doc = doc_of(rows[i].text, false);
        struct att_span got = { 0 };
        bool ok = att_json_string(&doc, arena, ATT_JSON_ROOT, &got);
        cases_check(&run, ok && att_span_eq(got, att_span_of(rows[i].want, rows[i].len)), "string, %s",
                    rows[i].name);

        char in_name[128];
        (void)snprintf(in_name, sizeof in_name, "{%s:1}", rows[i].text);
        struct att_json named = doc_of(in_name, false);
        ok = att_json_key(&named, arena, att_json_first(&named, 0), &got);
        cases_check(&run, ok && att_span_eq(got, att_span_of(rows[i].want, rows[i].len)), "name, %s",
                    rows[i].name);
        /* The name is itself; not itself with a byte less, a byte more, or a byte changed. */
        char other[64] = "";
        memcpy(other, rows[i].want, rows[i].len);
        att_json_id member = att_json_first(&named, 0);
        ok = att_json_key_is(&named, member, att_span_of(other, rows[i].len)) &&
             !att_json_key_is(&named, member, att_span_of(other, rows[i].len + 1)) &&
             (rows[i].len == 0 || !att_json_key_is(&named, member, att_span_of(other, rows[i].len - 1)));
        for (size_t k = 0; k < rows[i].len; k++) {
            other[k] ^= 0x20;
            ok = ok && !att_json_key_is(&named, member, att_span_of(other, rows[i].len));
            other[k] ^= 0x20;
        }
        cases_check(&run, ok, "name compared, %s", rows[i].name);
    }
    static const char *const others[] = { "1", "null", "true", "[\"a\"]", "{\"a\":\"a\"}" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct att_json doc = doc_of(others[i], false);
        struct att_span got = { 0 };
        cases_check(&run, !att_json_string(&doc, arena, 0, &got) && !att_json_key(&doc, arena, 0, &got),
                    "no string: %s", others[i]);
    }
    struct att_json doc = doc_of("[\"a\\n\"]", false);
    struct att_arena *none = att_arena_new(0);
    struct att_span got = { 0 };
    cases_check(&run, !att_json_string(&doc, none, 1, &got) && got.ptr == NULL, "no memory to unescape");
    cases_check(&run, !att_json_key(&doc, arena, 1, &got) && !att_json_key_is(&doc, 1, att_str("")),
                "an element has no name");
    struct att_json folding = doc_of("{\"Ab\":1}", true);
    cases_check(&run,
                att_json_key_is(&folding, 1, att_str("Ab")) && !att_json_key_is(&folding, 1, att_str("ab")),
                "letter for letter, whatever fold_case says");
    att_arena_free(none);
}

static void check_integers(void)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t want;
    } rows[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "1", true, 1 },
        { "-1", true, -1 },
        { "9223372036854775806", true, INT64_MAX - 1 },
        { "9223372036854775807", true, INT64_MAX },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775807", true, -INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "-9223372036854775809", false, 0 },
        { "18446744073709551615", false, 0 },
        { "18446744073709551617", false, 0 },
        { "92233720368547758070", false, 0 },
        { "100000000000000000000000000000000000000000", false, 0 },
        { "1.0", false, 0 },
        { "1e0", false, 0 },
        { "1E2", false, 0 },
        { "0.5", false, 0 },
        { "\"1\"", false, 0 },
        { "true", false, 0 },
        { "null", false, 0 },
        { "[1]", false, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_json doc = doc_of(rows[i].text, false);
        int64_t got = 4711;
        bool ok = att_json_i64(&doc, 0, &got);
        cases_check(&run, ok == rows[i].ok && got == (ok ? rows[i].want : 4711), "i64 %s: %d %lld",
                    rows[i].text, ok, (long long)got);
    }
    static const char *const not_true[] = { "false", "null", "1", "\"true\"", "[true]", "{\"true\":true}" };
    for (size_t i = 0; i < sizeof not_true / sizeof not_true[0]; i++) {
        struct att_json doc = doc_of(not_true[i], false);
        cases_check(&run, !att_json_true(&doc, 0), "true: %s", not_true[i]);
    }
    struct att_json doc = doc_of("true", false);
    cases_check(&run, att_json_true(&doc, 0), "true: true");
}

enum reader { WANT, WANT_STRING, WANT_U32, WANT_HEX, WANT_TIME };

static const struct {
    const char *name, *text, *obj; /* obj: member of the root that is read in, NULL for the root */
    const char *where;
    enum reader reader;
    enum att_code code;
    const char *place, *expected, *found;
} wants[] = {
    { "array there", "{\"m\":[]}", NULL, "a.b", WANT, ATT_OK, "", "", "" },
    { "array missing", "{\"n\":[]}", NULL, "a.b", WANT, ATT_JSON_MISSING, "a.b.m", "an array", "absent" },
    { "array is an object", "{\"m\":{}}", NULL, "a.b", WANT, ATT_JSON_TYPE, "a.b.m", "an array",
      "an object" },
    { "array is null", "{\"m\":null}", NULL, "", WANT, ATT_JSON_TYPE, "m", "an array", "null" },
    { "object absent", "{}", "x", "a.x", WANT, ATT_JSON_MISSING, "a.x", "an object", "absent" },
    { "object is an array", "{\"x\":[]}", "x", "a.x", WANT, ATT_JSON_TYPE, "a.x", "an object", "an array" },
    { "object is a string", "{\"x\":\"m\"}", "x", "a.x", WANT, ATT_JSON_TYPE, "a.x", "an object",
      "a string" },
    { "string there", "{\"m\":\"\\u0061\"}", NULL, "a", WANT_STRING, ATT_OK, "", "", "" },
    { "string is a number", "{\"m\":1}", NULL, "a", WANT_STRING, ATT_JSON_TYPE, "a.m", "a string",
      "a number" },
    { "string is a boolean", "{\"m\":true}", NULL, "a", WANT_STRING, ATT_JSON_TYPE, "a.m", "a string",
      "a boolean" },
    { "number there", "{\"m\":255}", NULL, "a", WANT_U32, ATT_OK, "", "", "" },
    { "number too large", "{\"m\":256}", NULL, "a", WANT_U32, ATT_JSON_RANGE, "a.m",
      "a whole number from 0 to 255", "256" },
    { "number wraps", "{\"m\":4294967296}", NULL, "a", WANT_U32, ATT_JSON_RANGE, "a.m",
      "a whole number from 0 to 255", "4294967296" },
    { "number wraps twice", "{\"m\":18446744073709551616}", NULL, "a", WANT_U32, ATT_JSON_RANGE, "a.m",
      "a whole number from 0 to 255", "18446744073709551616" },
    { "number negative", "{\"m\":-1}", NULL, "a", WANT_U32, ATT_JSON_RANGE, "a.m",
      "a whole number from 0 to 255", "-1" },
    { "number with fraction", "{\"m\":1.0}", NULL, "a", WANT_U32, ATT_JSON_RANGE, "a.m",
      "a whole number from 0 to 255", "1.0" },
    { "number as string", "{\"m\":\"1\"}", NULL, "a", WANT_U32, ATT_JSON_TYPE, "a.m", "a number",
      "a string" },
    { "hex there", "{\"m\":\"00fFA5\"}", NULL, "a", WANT_HEX, ATT_OK, "", "", "" },
    { "hex short", "{\"m\":\"00ff\"}", NULL, "a", WANT_HEX, ATT_HEX_INVALID, "a.m",
      "3 bytes as 6 hexadecimal digits", "4 characters \"00ff\"" },
    { "hex long", "{\"m\":\"00ffa500\"}", NULL, "a", WANT_HEX, ATT_HEX_INVALID, "a.m",
      "3 bytes as 6 hexadecimal digits", "8 characters \"00ffa500\"" },
    { "hex odd", "{\"m\":\"00ffa\"}", NULL, "a", WANT_HEX, ATT_HEX_INVALID, "a.m",
      "3 bytes as 6 hexadecimal digits", "5 characters \"00ffa\"" },
    { "hex with another letter", "{\"m\":\"00ffag\"}", NULL, "a", WANT_HEX, ATT_HEX_INVALID, "a.m",
      "3 bytes as 6 hexadecimal digits", "6 characters \"00ffag\"" },
    { "hex with a NUL", "{\"m\":\"00ff\\u00000\"}", NULL, "a", WANT_HEX, ATT_HEX_INVALID, "a.m",
      "3 bytes as 6 hexadecimal digits", "6 characters \"00ff\\x000\"" },
    { "hex as number", "{\"m\":112233}", NULL, "a", WANT_HEX, ATT_JSON_TYPE, "a.m", "a string", "a number" },
    { "time there", "{\"m\":\"1970-01-02T00:00:01Z\"}", NULL, "a", WANT_TIME, ATT_OK, "", "", "" },
    { "time without zone", "{\"m\":\"1970-01-02T00:00:01\"}", NULL, "a", WANT_TIME, ATT_TIME_INVALID, "a.m",
      "a time YYYY-MM-DDThh:mm:ssZ", "\"1970-01-02T00:00:01\"" },
    { "time as number", "{\"m\":86401}", NULL, "a", WANT_TIME, ATT_JSON_TYPE, "a.m", "a string", "a number" },
};

static void check_wants(void)
{
    static const uint8_t hex_want[] = { 0x00, 0xff, 0xa5 };

    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        struct att_json doc = doc_of(wants[i].text, false);
        att_json_id obj = wants[i].obj ? att_json_get(&doc, ATT_JSON_ROOT, wants[i].obj) : ATT_JSON_ROOT;
        struct att_err err = { 0 };
        att_json_id id = 99;
        struct att_span text = att_str("untouched");
        uint32_t number = 99;
        uint8_t bytes[3] = { 9, 9, 9 };
        int64_t time = 99;
        bool ok = false;
        bool value = false;     /* the right value came out */
        bool untouched = false; /* nothing came out */
        const char *w = wants[i].where;
        switch (wants[i].reader) {
        case WANT:
            ok = att_json_want(&doc, obj, w, "m", ATT_JSON_ARRAY, &id, &err);
            value = id == 1;
            untouched = id == 99;
            break;
        case WANT_STRING:
            ok = att_json_want_string(&doc, arena, obj, w, "m", &text, &err);
            value = att_span_is(text, "a");
            untouched = att_span_is(text, "untouched");
            break;
        case WANT_U32:
            ok = att_json_want_u32(&doc, obj, w, "m", 255, &number, &err);
            value = number == 255;
            untouched = number == 99;
            break;
        case WANT_HEX:
            ok = att_json_want_hex(&doc, arena, obj, w, "m", bytes, sizeof bytes, &err);
            value = memcmp(bytes, hex_want, 3) == 0;
            untouched = bytes[0] == 9 && bytes[1] == 9 && bytes[2] == 9;
            break;
        case WANT_TIME:
            ok = att_json_want_time(&doc, arena, obj, w, "m", &time, &err);
            value = time == 86401;
            untouched = time == 99;
            break;
        }
        cases_check(&run,
                    ok == (wants[i].code == ATT_OK) && err.code == wants[i].code &&
                        (ok ? value : untouched) && strcmp(err.where, wants[i].place) == 0 &&
                        strcmp(err.expected, wants[i].expected) == 0 &&
                        strcmp(err.found, wants[i].found) == 0,
                    "want, %s: %s at '%s' expected '%s' found '%s'", wants[i].name, att_code_name(err.code),
                    err.where, err.expected, err.found);
    }
    /* The path is cut, never overrun. */
    char where[300];
    memset(where, 'w', sizeof where - 1);
    where[sizeof where - 1] = 0;
    struct att_json doc = doc_of("{}", false);
    struct att_err err = { 0 };
    uint32_t number = 0;
    cases_check(&run,
                !att_json_want_u32(&doc, 0, where, "m", 1, &number, &err) &&
                    strlen(err.where) == sizeof err.where - 1,
                "long path: %zu", strlen(err.where));
    struct att_json escaped = doc_of("{\"m\":\"\\n\"}", false);
    struct att_arena *none = att_arena_new(0);
    struct att_span text = { 0 };
    err = (struct att_err){ 0 };
    cases_check(&run,
                !att_json_want_string(&escaped, none, 0, "a", "m", &text, &err) &&
                    err.code == ATT_OUT_OF_MEMORY && strcmp(err.where, "a.m") == 0,
                "no memory: %s", err.text);
    att_arena_free(none);
}

int main(void)
{
    arena = att_arena_new(16 << 20);
    check_get();
    check_spans();
    check_walk();
    check_absent();
    check_strings();
    check_integers();
    check_wants();
    att_arena_free(arena);
    return cases_report(&run);
}
