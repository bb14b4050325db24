/* layers: codec base */
/* What the parser takes and what it refuses, with the code and the byte offset it names. */
#include "codec/json.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases run = { .name = "unit.codec.json_parse" };

enum { ARENA = 64 << 20 };

static const struct {
    const char *name;
    const char *text;
    uint32_t nodes;
} accepted[] = {
    { "null", "null", 1 },
    { "true in space", " \t\r\n true \n", 1 },
    { "empty object", "{}", 1 },
    { "empty array in space", " [ ] ", 1 },
    { "empty string", "\"\"", 1 },
    { "empty name", "{\"\":1}", 2 },
    { "zero", "0", 1 },
    { "minus zero", "-0", 1 },
    { "number with all parts", "-10.25e+07", 1 },
    { "exponent alone", "0E0", 1 },
    { "number beyond doubles", "1e999", 1 },
    { "number beyond integers", "123456789012345678901234567890", 1 },
    { "all short escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 1 },
    { "escaped NUL", "\"\\u0000\"", 1 },
    { "surrogate pair", "\"\\uD834\\udd1e\"", 1 },
    { "last code point", "\"\\udbff\\udfff\"", 1 },
    { "escaped noncharacter", "\"\\uffff\"", 1 },
    { "two bytes of UTF-8", "\"\xc2\x80\xdf\xbf\"", 1 },
    { "three bytes of UTF-8", "\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"", 1 },
    { "four bytes of UTF-8", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", 1 },
    { "DEL is no control character here", "\"\x7f\"", 1 },
    { "nested", "{\"a\":[1,{\"b\":null}],\"c\":false}", 6 },
    { "same name in two objects", "[{\"a\":1},{\"a\":1}]", 5 },
    { "same name inside", "{\"a\":{\"a\":{\"a\":1}}}", 4 },
    { "names that differ by case", "{\"a\":1,\"A\":2}", 3 },
    { "names that are prefixes", "{\"a\":1,\"aa\":2,\"\":3,\"a\\u0000\":4}", 5 },
    { "quote at the eighth byte", "\"1234567\"", 1 },
    { "quote at the ninth byte", "\"12345678\"", 1 },
};

static const struct {
    const char *name;
    const char *text;
    enum att_code code;
    unsigned offset;
} refused[] = {
    { "nothing", "", ATT_JSON_SYNTAX, 0 },
    { "only space", "  ", ATT_JSON_SYNTAX, 2 },
    { "byte order mark", "\xef\xbb\xbf{}", ATT_JSON_SYNTAX, 0 },
    { "byte order mark behind", "{}\xef\xbb\xbf", ATT_JSON_SYNTAX, 2 },
    { "two values", "1 2", ATT_JSON_SYNTAX, 2 },
    { "trailing bracket", "[]]", ATT_JSON_SYNTAX, 2 },
    { "trailing comma in array", "[1,]", ATT_JSON_SYNTAX, 3 },
    { "trailing comma in object", "{\"a\":1,}", ATT_JSON_SYNTAX, 7 },
    { "leading comma in array", "[,1]", ATT_JSON_SYNTAX, 1 },
    { "leading comma in object", "{,\"a\":1}", ATT_JSON_SYNTAX, 1 },
    { "two commas", "[1,,2]", ATT_JSON_SYNTAX, 3 },
    { "no comma", "[1 2]", ATT_JSON_SYNTAX, 3 },
    { "no colon", "{\"a\" 1}", ATT_JSON_SYNTAX, 5 },
    { "no value", "{\"a\":}", ATT_JSON_SYNTAX, 5 },
    { "name without quotes", "{a:1}", ATT_JSON_SYNTAX, 1 },
    { "name in single quotes", "{'a':1}", ATT_JSON_SYNTAX, 1 },
    { "number as name", "{1:1}", ATT_JSON_SYNTAX, 1 },
    { "value in an object without a name", "{\"a\":1,[2]}", ATT_JSON_SYNTAX, 7 },
    { "colon in an array", "[\"a\":1]", ATT_JSON_SYNTAX, 4 },
    { "wrong closing bracket", "[1}", ATT_JSON_SYNTAX, 2 },
    { "wrong closing brace", "{\"a\":1]", ATT_JSON_SYNTAX, 6 },
    { "comment", "[1/*x*/]", ATT_JSON_SYNTAX, 2 },
    { "vertical tab as space", "[\v1]", ATT_JSON_SYNTAX, 1 },
    { "no-break space",
      "\xc2\xa0"
      "1",
      ATT_JSON_SYNTAX, 0 },
    { "NaN", "NaN", ATT_JSON_SYNTAX, 0 },
    { "Infinity", "-Infinity", ATT_JSON_SYNTAX, 1 },
    { "True", "True", ATT_JSON_SYNTAX, 0 },
    { "tru", "tru", ATT_JSON_SYNTAX, 0 },
    { "trux", "trux", ATT_JSON_SYNTAX, 0 },
    { "truee", "truee", ATT_JSON_SYNTAX, 4 },
    { "nul", "[nul]", ATT_JSON_SYNTAX, 1 },
    { "leading zero", "01", ATT_JSON_SYNTAX, 1 },
    { "leading zero below", "-012", ATT_JSON_SYNTAX, 2 },
    { "plus", "+1", ATT_JSON_SYNTAX, 0 },
    { "minus alone", "-", ATT_JSON_SYNTAX, 1 },
    { "point first", ".5", ATT_JSON_SYNTAX, 0 },
    { "point last", "5.", ATT_JSON_SYNTAX, 2 },
    { "exponent without digits", "1e", ATT_JSON_SYNTAX, 2 },
    { "exponent with a sign alone", "1e+", ATT_JSON_SYNTAX, 3 },
    { "exponent with a fraction", "1e1.5", ATT_JSON_SYNTAX, 3 },
    { "hexadecimal", "0x10", ATT_JSON_SYNTAX, 1 },
    { "digit groups", "1_000", ATT_JSON_SYNTAX, 1 },
    { "string not closed", "\"abc", ATT_JSON_SYNTAX, 4 },
    { "string closed by an escape", "\"abc\\\"", ATT_JSON_SYNTAX, 6 },
    { "new line in string", "\"a\nb\"", ATT_JSON_SYNTAX, 2 },
    { "control character far in", "\"0123456789abcdef\x1f\"", ATT_JSON_SYNTAX, 17 },
    { "escape of nothing", "\"\\", ATT_JSON_SYNTAX, 1 },
    { "unknown escape", "\"\\x41\"", ATT_JSON_SYNTAX, 1 },
    { "escape with capital U", "\"\\U0041\"", ATT_JSON_SYNTAX, 1 },
    { "three hexadecimal digits", "\"\\u004\"", ATT_JSON_SYNTAX, 1 },
    { "hexadecimal cut off", "\"\\u00", ATT_JSON_SYNTAX, 1 },
    { "not hexadecimal", "\"\\u00g0\"", ATT_JSON_SYNTAX, 1 },
    { "high surrogate alone", "\"\\ud800\"", ATT_JSON_SYNTAX, 1 },
    { "high surrogate, then text", "\"\\ud800abcdef\"", ATT_JSON_SYNTAX, 1 },
    { "high surrogate, then another escape", "\"\\ud800\\n\"", ATT_JSON_SYNTAX, 1 },
    { "high surrogate twice", "\"\\ud800\\ud800\"", ATT_JSON_SYNTAX, 1 },
    { "low surrogate alone", "\"\\udc00\"", ATT_JSON_SYNTAX, 1 },
    { "low before high", "\"\\udc00\\ud800\"", ATT_JSON_SYNTAX, 1 },
    { "surrogate in a name", "{\"\\ud800\":1}", ATT_JSON_SYNTAX, 2 },
    { "lone continuation byte", "\"\x80\"", ATT_UTF8_INVALID, 1 },
    { "overlong two bytes", "\"\xc0\x80\"", ATT_UTF8_INVALID, 1 },
    { "overlong quote", "\"\xc0\xa2\"", ATT_UTF8_INVALID, 1 },
    { "overlong three bytes", "\"\xe0\x9f\xbf\"", ATT_UTF8_INVALID, 1 },
    { "overlong four bytes", "\"\xf0\x8f\xbf\xbf\"", ATT_UTF8_INVALID, 1 },
    { "surrogate in UTF-8", "\"\xed\xa0\x80\"", ATT_UTF8_INVALID, 1 },
    { "above U+10FFFF", "\"\xf4\x90\x80\x80\"", ATT_UTF8_INVALID, 1 },
    { "byte FF", "\"\xff\"", ATT_UTF8_INVALID, 1 },
    { "UTF-8 cut by the quote", "\"ab\xe2\x82\"", ATT_UTF8_INVALID, 3 },
    { "UTF-8 cut by the end", "\"ab\xf0\x9f\x98", ATT_UTF8_INVALID, 3 },
    { "bad UTF-8 in a name", "{\"\xff\":1}", ATT_UTF8_INVALID, 2 },
    { "bad UTF-8 outside of a string", "\xff", ATT_JSON_SYNTAX, 0 },
    { "duplicate", "{\"a\":1,\"a\":1}", ATT_JSON_DUPLICATE, 8 },
    { "duplicate, others between", "{\"a\":1,\"b\":{\"a\":1},\"c\":2,\"a\":3}", ATT_JSON_DUPLICATE, 26 },
    { "duplicate empty name", "{\"\":1,\"\":2}", ATT_JSON_DUPLICATE, 7 },
    { "duplicate behind an escape", "{\"alg\":1,\"\\u0061lg\":2}", ATT_JSON_DUPLICATE, 10 },
    { "duplicate, two escapes", "{\"\\u002F\":1,\"\\/\":2}", ATT_JSON_DUPLICATE, 13 },
    { "duplicate surrogate pair", "{\"\\ud834\\udd1e\":1,\"\xf0\x9d\x84\x9e\":2}", ATT_JSON_DUPLICATE, 19 },
    { "duplicate deep inside", "[[{\"x\":[{\"k\":0,\"k\":1}]}]]", ATT_JSON_DUPLICATE, 16 },
};

static void check_accepted(void)
{
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        struct att_arena *a = att_arena_new(ARENA);
        struct att_json doc = { 0 };
        struct att_err err = { 0 };
        bool ok = att_json_parse(a, att_str(accepted[i].text), NULL, &doc, &err);
        cases_check(&run, ok && doc.count == accepted[i].nodes && err.code == ATT_OK, "%s: %s, %u nodes",
                    accepted[i].name, err.text, doc.count);
        att_arena_free(a);
    }
}

static bool names_offset(const struct att_err *err, unsigned offset)
{
    char want[40];
    (void)snprintf(want, sizeof want, "at byte offset %u", offset);
    const char *at = strstr(err->found, want);
    return at && strlen(at) == strlen(want);
}

static void check_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct att_arena *a = att_arena_new(ARENA);
        struct att_json doc = { .count = 77 };
        struct att_err err = { 0 };
        size_t len = strlen(refused[i].text);
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, refused[i].text, len);
        bool ok = att_json_parse(a, att_span_of(exact, len), NULL, &doc, &err);
        cases_check(&run,
                    !ok && err.code == refused[i].code && names_offset(&err, refused[i].offset) &&
                        doc.count == 77 && strcmp(err.where, "json") == 0 && err.expected[0],
                    "%s: %s %s, wanted %s at %u", refused[i].name, att_code_name(err.code), err.found,
                    att_code_name(refused[i].code), refused[i].offset);
        free(exact);
        att_arena_free(a);
    }
}

static bool parses(struct att_span text, const struct att_json_options *options, struct att_json *doc,
                   struct att_err *err, struct att_arena **ret_arena)
{
    *ret_arena = att_arena_new(ARENA);
    *err = (struct att_err){ 0 };
    return att_json_parse(*ret_arena, text, options, doc, err);
}

static void check_nul_bytes(void)
{
    static const struct {
        const char *name;
        const char *text;
        size_t len;
        unsigned offset;
    } rows[] = {
        { "NUL instead of a value", "\0", 1, 0 },  { "NUL behind the value", "1\0", 2, 1 },
        { "NUL in a string", "\"a\0b\"", 5, 2 },   { "NUL behind a backslash", "\"\\\0\"", 4, 1 },
        { "NUL between elements", "[1\0]", 4, 2 }, { "NUL as the name", "{\0\":1}", 6, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a;
        struct att_json doc;
        struct att_err err;
        bool ok = parses(att_span_of(rows[i].text, rows[i].len), NULL, &doc, &err, &a);
        cases_check(&run, !ok && err.code == ATT_JSON_SYNTAX && names_offset(&err, rows[i].offset), "%s: %s",
                    rows[i].name, err.text);
        att_arena_free(a);
    }
}

/* Every byte in every place of a string, so that it meets the code that looks at eight at a time, and the one that
 * looks at the rest. */
static void check_every_byte(void)
{
    enum { LONG = 27 };
    unsigned wrong = 0;

    for (size_t len = 1; len <= LONG; len++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned c = 0; c < 256; c++) {
                uint8_t text[LONG + 2];
                memset(text, 'a', sizeof text);
                text[0] = text[len + 1] = '"';
                text[1 + at] = (uint8_t)c;
                struct att_arena *a;
                struct att_json doc;
                struct att_err err;
                bool ok = parses(att_span_of(text, len + 2), NULL, &doc, &err, &a);
                bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
                wrong += ok != plain || (!ok && !err.text[0]);
                att_arena_free(a);
            }
        }
    }
    cases_check(&run, wrong == 0, "every byte in every place: %u wrong", wrong);
}

static void check_fold_case(void)
{
    static const struct {
        const char *name;
        const char *text;
        bool ok;
    } rows[] = {
        { "other names", "{\"quote\":1,\"quotes\":2}", true },
        { "same in another case", "{\"quote\":1,\"Quote\":2}", false },
        { "same in another case, escaped", "{\"quote\":1,\"\\u0051UOTE\":2}", false },
        { "@ and ` are not letters", "{\"@\":1,\"`\":2}", true },
        { "[ and { are not letters", "{\"[\":1,\"{\":2}", true },
        { "only ASCII folds", "{\"\xc3\xa9\":1,\"\xc3\x89\":2}", true },
        { "the Kelvin sign is no k", "{\"k\":1,\"\xe2\x84\xaa\":2}", true },
        { "exact duplicate", "{\"a\":1,\"a\":2}", false },
    };
    const struct att_json_options options = { .fold_case = true };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a;
        struct att_json doc;
        struct att_err err;
        bool ok = parses(att_str(rows[i].text), &options, &doc, &err, &a);
        cases_check(&run, ok == rows[i].ok && (ok || err.code == ATT_JSON_DUPLICATE), "fold_case, %s: %s",
                    rows[i].name, err.text);
        att_arena_free(a);
    }
}

static void check_depth(void)
{
    struct att_limits limits = att_limits_default;
    const struct att_json_options options = { .limits = &limits };
    enum { DEEP = 100 * 1000 };
    char *text = malloc(2 * DEEP);

    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    static const struct {
        size_t levels, allowed;
        bool closed, ok;
    } rows[] = {
        { 64, 64, true, true },     { 65, 64, true, false },         { 1, 0, true, false },
        { 1, 1, true, true },       { DEEP, 64, true, false },       { DEEP, 64, false, false },
        { DEEP, DEEP, true, true }, { DEEP, DEEP - 1, true, false }, { DEEP, DEEP, false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a;
        struct att_json doc;
        struct att_err err;
        limits.json_depth_max = rows[i].allowed;
        struct att_span part =
            att_span_of(text + DEEP - rows[i].levels, rows[i].levels * (rows[i].closed ? 2 : 1));
        bool ok = parses(part, &options, &doc, &err, &a);
        enum att_code want = rows[i].ok                         ? ATT_OK
                             : rows[i].levels > rows[i].allowed ? ATT_JSON_DEPTH
                                                                : ATT_JSON_SYNTAX;
        cases_check(&run, ok == rows[i].ok && err.code == want, "%zu levels, %zu allowed: %s", rows[i].levels,
                    rows[i].allowed, err.text);
        att_arena_free(a);
    }
    for (size_t i = 0; i + 6 <= 2 * DEEP; i += 6)
        memcpy(text + i, "[{\"\":[", 6);
    struct att_arena *a;
    struct att_json doc;
    struct att_err err;
    cases_check(&run,
                !parses(att_span_of(text, 2 * DEEP), NULL, &doc, &err, &a) && err.code == ATT_JSON_DEPTH,
                "arrays and objects in each other: %s", err.text);
    att_arena_free(a);
    free(text);
}

static void check_limits(void)
{
    struct att_limits limits = att_limits_default;
    const struct att_json_options options = { .limits = &limits };
    struct att_arena *a;
    struct att_json doc;
    struct att_err err;

    for (size_t allowed = 0; allowed < 8; allowed++) {
        limits.json_nodes_max = allowed;
        bool ok = parses(att_str("[1,2,{\"a\":3},4]"), &options, &doc, &err, &a);
        cases_check(&run, ok == (allowed >= 6) && (ok || err.code == ATT_JSON_LIMIT),
                    "6 values, %zu allowed: %s", allowed, err.text);
        att_arena_free(a);
    }
    /* Lengths that 32-bit offsets cannot hold are refused before a byte is read: only one is there. */
    static const size_t lengths[] = { (size_t)UINT32_MAX, (size_t)UINT32_MAX + 1, SIZE_MAX };
    for (size_t i = 0; i < 3; i++) {
        bool ok = parses(att_span_of("0", lengths[i]), NULL, &doc, &err, &a);
        cases_check(&run, !ok && err.code == ATT_JSON_LIMIT, "%zu bytes: %s", lengths[i], err.text);
        att_arena_free(a);
    }
}

/* {"0":0,"1":0,...}, with `twist` in place of the last name when given. */
static char *object_of(unsigned members, const char *twist)
{
    char *text = malloc(24 * (size_t)members + 64);
    size_t at = 0;

    text[at++] = '{';
    for (unsigned i = 0; i < members; i++) {
        const char *comma = i ? "," : "";
        if (twist && i + 1 == members)
            at += (size_t)sprintf(text + at, "%s\"%s\":0", comma, twist);
        else
            at += (size_t)sprintf(text + at, "%s\"n%u\":0", comma, i * 7919 % members);
    }
    memcpy(text + at, "}", 2);
    return text;
}

static void check_many_members(void)
{
    static const struct {
        const char *twist;
        bool fold, ok;
    } twists[] = {
        { NULL, false, true }, { "n0", false, false }, { "\\u006e0", false, false }, { "N0", false, true },
        { "N0", true, false }, { "n", true, true },    { "n0\\u0000", true, true },
    };
    static const unsigned counts[] = { 2, 15, 16, 17, 18, 33, 1000, 50000 };

    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        for (size_t t = 0; t < sizeof twists / sizeof twists[0]; t++) {
            struct att_arena *a;
            struct att_json doc;
            struct att_err err;
            const struct att_json_options options = { .fold_case = twists[t].fold };
            char *text = object_of(counts[c], twists[t].twist);
            bool ok = parses(att_str(text), &options, &doc, &err, &a);
            cases_check(
                &run,
                ok == twists[t].ok && (ok ? doc.count == counts[c] + 1 : err.code == ATT_JSON_DUPLICATE),
                "%u members, last \"%s\": %s", counts[c], twists[t].twist ? twists[t].twist : "-", err.text);
            free(text);
            att_arena_free(a);
        }
    }
}

static const char whole[] =
    "{\"tcbInfo\":{\"v\":[1,-2.5e3,true,false,null,\"\\u00e9\\ud834\\udd1e\xe2\x82\xac\"],"
    "\"\\u006e\":{}},\"signature\":\"00ff\",\"z\":[]}";

static void check_truncation(void)
{
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        struct att_arena *a;
        struct att_json doc;
        struct att_err err;
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, whole, len);
        bool ok = parses(att_span_of(exact, len), NULL, &doc, &err, &a);
        cases_check(&run, !ok && (err.code == ATT_JSON_SYNTAX || err.code == ATT_UTF8_INVALID),
                    "first %zu bytes: %s", len, err.text);
        free(exact);
        att_arena_free(a);
    }
}

/* Every byte changed into every other: an answer each time, and a refusal always says why. */
static void check_changed_bytes(void)
{
    size_t len = sizeof whole - 1;
    unsigned taken = 0;
    bool reasons = true;
    uint8_t *copy = malloc(len);

    memcpy(copy, whole, len);
    for (size_t at = 0; at < len; at++) {
        uint8_t old = copy[at];
        for (unsigned v = 0; v < 256; v++) {
            struct att_arena *a;
            struct att_json doc;
            struct att_err err;
            copy[at] = (uint8_t)v;
            bool ok = parses(att_span_of(copy, len), NULL, &doc, &err, &a);
            taken += ok;
            reasons = reasons && (ok ? err.code == ATT_OK : err.code != ATT_OK && err.text[0]);
            att_arena_free(a);
        }
        copy[at] = old;
    }
    cases_check(&run, reasons && taken > len && taken < 256 * len, "changed bytes: %u taken", taken);
    free(copy);
}

/* Memory that ends anywhere is OUT_OF_MEMORY, never a crash and never another verdict. */
static void check_memory(void)
{
    char *text = object_of(200, NULL);
    unsigned refusals = 0;

    for (size_t ceiling = 0; ceiling < 64 * 1024; ceiling += 64) {
        struct att_arena *a = att_arena_new(ceiling);
        struct att_json doc = { 0 };
        struct att_err err = { 0 };
        bool ok = att_json_parse(a, att_str(text), NULL, &doc, &err);
        refusals += !ok;
        if (ok ? doc.count != 201 : err.code != ATT_OUT_OF_MEMORY)
            cases_check(&run, false, "ceiling %zu: %s", ceiling, err.text);
        att_arena_free(a);
    }
    cases_check(&run, refusals > 10 && refusals < 1000, "ceilings: %u refusals", refusals);
    free(text);
}

/* An error that is already there is kept; a caller without an error is fine. */
static void check_error_handling(void)
{
    struct att_arena *a = att_arena_new(ARENA);
    struct att_json doc;
    struct att_err err = { .code = ATT_POLICY_DENIED };

    cases_check(&run, !att_json_parse(a, att_str("["), NULL, &doc, &err) && err.code == ATT_POLICY_DENIED,
                "first wins");
    cases_check(&run, !att_json_parse(a, att_str("["), NULL, &doc, NULL), "no error wanted");
    struct att_err shown = { 0 };
    cases_check(&run,
                !att_json_parse(a, att_str("{\"\x1b[31m\":1}"), NULL, &doc, &shown) &&
                    !strchr(shown.text, 0x1b) && strstr(shown.found, "\\x1b"),
                "found is printable: %s", shown.found);
    att_arena_free(a);
}

int main(void)
{
    check_accepted();
    check_refused();
    check_nul_bytes();
    check_every_byte();
    check_fold_case();
    check_depth();
    check_limits();
    check_many_members();
    check_truncation();
    check_changed_bytes();
    check_memory();
    check_error_handling();
    return cases_report(&run);
}
