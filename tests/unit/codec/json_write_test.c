/* layers: codec base */
/* Strings, the streaming writer, and sorted re-serialisation: the exact bytes. */
#include "base/buf.h"
#include "codec/json.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases run = { .name = "unit.codec.json_write" };

static bool buf_is(const struct att_buf *b, const char *want)
{
    return !b->failed && att_span_is(att_buf_span(b), want);
}

static void check_strings(void)
{
    static const struct {
        const char *name, *text;
        size_t len;
        const char *want;
    } rows[] = {
        { "empty", "", 0, "\"\"" },
        { "plain", "abc/def", 7, "\"abc/def\"" },
        { "quote and backslash", "\"\\", 2, "\"\\\"\\\\\"" },
        { "short escapes", "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
        { "other controls", "\0\x01\x0b\x1f", 4, "\"\\u0000\\u0001\\u000b\\u001f\"" },
        { "DEL stays", "\x7f", 1, "\"\x7f\"" },
        { "UTF-8 stays", "\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e", 9,
          "\"\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\"" },
        { "line separators stay", "\xe2\x80\xa8\xe2\x80\xa9", 6, "\"\xe2\x80\xa8\xe2\x80\xa9\"" },
        { "lone byte", "a\x80z", 3, "\"a\xef\xbf\xbdz\"" },
        { "cut character", "a\xe2\x82", 3, "\"a\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "cut character, then a quote", "\xf0\x9f\x98\"", 4,
          "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\\"\"" },
        { "overlong", "\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "surrogate", "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "quote behind eight plain bytes", "01234567\"89", 11, "\"01234567\\\"89\"" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_buf b = { 0 };
        att_json_put_string(&b, att_span_of(rows[i].text, rows[i].len));
        cases_check(&run, buf_is(&b, rows[i].want), "string, %s: %.*s", rows[i].name, (int)b.len,
                    (const char *)b.ptr);
        att_buf_free(&b);
    }
}

/* A buffer that ends anywhere: the whole string, or nothing more and the mark of a failure. */
static void check_full_buffer(void)
{
    for (size_t max = 1; max <= 12; max++) {
        struct att_buf b = { .max = max };
        att_json_put_string(&b, att_str("01234567"));
        cases_check(&run, max < 10 ? b.failed : !b.failed && buf_is(&b, "\"01234567\""),
                    "a buffer of %zu bytes", max);
        att_buf_free(&b);
    }
}

/* Every ASCII byte in every place of a string, against a writer that looks at one byte at a time. */
static void check_every_byte(void)
{
    enum { LONG = 19 };
    static const char *const shorts[128] = { ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r",
                                             ['\t'] = "\\t", ['"'] = "\\\"", ['\\'] = "\\\\" };
    unsigned wrong = 0;

    for (size_t at = 0; at < LONG; at++) {
        for (unsigned c = 0; c < 128; c++) {
            char text[LONG];
            char one[8];
            char want[64];
            struct att_buf b = { 0 };
            memset(text, 'a', LONG);
            text[at] = (char)c;
            if (shorts[c])
                (void)snprintf(one, sizeof one, "%s", shorts[c]);
            else
                (void)snprintf(one, sizeof one, c < 0x20 ? "\\u%04x" : "%c", c);
            (void)snprintf(want, sizeof want, "\"%.*s%s%.*s\"", (int)at, "aaaaaaaaaaaaaaaaaaa", one,
                           (int)(LONG - 1 - at), "aaaaaaaaaaaaaaaaaaa");
            att_json_put_string(&b, att_span_of(text, LONG));
            wrong += !buf_is(&b, want);
            att_buf_free(&b);
        }
    }
    cases_check(&run, wrong == 0, "every byte in every place: %u wrong", wrong);
}

static void write_all(struct att_json_writer *w)
{
    att_jw_object(w);
    att_jw_key(w, "o");
    att_jw_object(w);
    att_jw_end_object(w);
    att_jw_key(w, "a");
    att_jw_array(w);
    att_jw_int(w, INT64_MIN);
    att_jw_int(w, INT64_MAX);
    att_jw_bool(w, true);
    att_jw_bool(w, false);
    att_jw_null(w);
    att_jw_array(w);
    att_jw_end_array(w);
    att_jw_object(w);
    att_jw_key(w, "k\"");
    att_jw_hex(w, att_span_of("\x00\xff\x5a", 3));
    att_jw_end_object(w);
    att_jw_end_array(w);
    att_jw_key_span(w, att_span_of("s\0", 2));
    att_jw_string(w, att_span_of("\n", 1));
    att_jw_key(w, "n");
    att_jw_str(w, NULL);
    att_jw_key(w, "e");
    att_jw_str(w, "");
    att_jw_key(w, "r");
    att_jw_raw(w, att_str("[1,2]"));
    att_jw_key(w, "h");
    att_jw_hex(w, (struct att_span){ 0 });
    att_jw_end_object(w);
}

static void check_writer(void)
{
    static const char compact[] =
        "{\"o\":{},\"a\":[-9223372036854775808,9223372036854775807,true,false,null,[],"
        "{\"k\\\"\":\"00ff5a\"}],\"s\\u0000\":\"\\n\",\"n\":null,\"e\":\"\",\"r\":[1,2],\"h\":\"\"}";
    static const char pretty[] = "{\n"
                                 "  \"o\": {},\n"
                                 "  \"a\": [\n"
                                 "    -9223372036854775808,\n"
                                 "    9223372036854775807,\n"
                                 "    true,\n"
                                 "    false,\n"
                                 "    null,\n"
                                 "    [],\n"
                                 "    {\n"
                                 "      \"k\\\"\": \"00ff5a\"\n"
                                 "    }\n"
                                 "  ],\n"
                                 "  \"s\\u0000\": \"\\n\",\n"
                                 "  \"n\": null,\n"
                                 "  \"e\": \"\",\n"
                                 "  \"r\": [1,2],\n"
                                 "  \"h\": \"\"\n"
                                 "}";
    for (int p = 0; p < 2; p++) {
        struct att_buf b = { 0 };
        struct att_json_writer w = { .out = &b, .pretty = p };
        struct att_json doc;
        struct att_err err = { 0 };
        struct att_arena *a = att_arena_new(1 << 20);
        write_all(&w);
        cases_check(&run, buf_is(&b, p ? pretty : compact) && w.depth == 0, "writer, pretty %d:\n%.*s", p,
                    (int)b.len, (const char *)b.ptr);
        cases_check(&run, att_json_parse(a, att_buf_span(&b), NULL, &doc, &err), "reads back: %s", err.text);
        att_arena_free(a);
        att_buf_free(&b);
    }
    struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };
    att_jw_int(&w, -7);
    cases_check(&run, buf_is(&b, "-7"), "a scalar alone");
    att_buf_free(&b);
}

static void two_values(struct att_json_writer *w)
{
    att_jw_int(w, 1);
    att_jw_int(w, 2);
}
static void end_without_begin(struct att_json_writer *w)
{
    att_jw_end_object(w);
}
static void end_twice(struct att_json_writer *w)
{
    att_jw_array(w);
    att_jw_end_array(w);
    att_jw_end_array(w);
}
static void key_at_the_top(struct att_json_writer *w)
{
    att_jw_key(w, "a");
}
static void key_after_key(struct att_json_writer *w)
{
    att_jw_object(w);
    att_jw_key(w, "a");
    att_jw_key(w, "b");
}
static void end_after_key(struct att_json_writer *w)
{
    att_jw_object(w);
    att_jw_key(w, "a");
    att_jw_end_object(w);
}
static void raw_nothing(struct att_json_writer *w)
{
    att_jw_raw(w, (struct att_span){ 0 });
}

static void check_misuse(void)
{
    static const struct {
        const char *name;
        void (*act)(struct att_json_writer *);
    } rows[] = {
        { "two values", two_values },       { "end without begin", end_without_begin },
        { "end twice", end_twice },         { "key at the top", key_at_the_top },
        { "key after key", key_after_key }, { "end after key", end_after_key },
        { "raw nothing", raw_nothing },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_buf b = { 0 };
        struct att_json_writer w = { .out = &b };
        rows[i].act(&w);
        cases_check(&run, b.failed, "misuse, %s: %.*s", rows[i].name, (int)b.len, (const char *)b.ptr);
        att_buf_free(&b);
    }
}

static const struct {
    const char *name, *text, *want;
} sorted[] = {
    { "scalar", " true ", "true" },
    { "number keeps its spelling", "[ -0.00e+07 , 1E5, 123456789012345678901234567890 ]",
      "[-0.00e+07,1E5,123456789012345678901234567890]" },
    { "empty containers", "{ \"a\" : [ ] , \"b\" : { } }", "{\"a\":[],\"b\":{}}" },
    { "members", "{\"b\":1,\"a\":2,\"c\":0}", "{\"a\":2,\"b\":1,\"c\":0}" },
    { "nested", "[{\"b\":{\"z\":1,\"y\":[{\"q\":1,\"p\":2}]},\"a\":3},[],4]",
      "[{\"a\":3,\"b\":{\"y\":[{\"p\":2,\"q\":1}],\"z\":1}},[],4]" },
    { "arrays keep their order", "[3,1,2]", "[3,1,2]" },
    { "prefix first", "{\"ab\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"ab\":1}" },
    { "capitals before small", "{\"a\":1,\"B\":2,\"A\":3,\"_\":4}", "{\"A\":3,\"B\":2,\"_\":4,\"a\":1}" },
    { "sorted by what names mean", "{\"b\":1,\"\\u0061\":2,\"c\":3}", "{\"a\":2,\"b\":1,\"c\":3}" },
    { "NUL sorts first, prefix before", "{\"a!\":1,\"a\\u0000\":2,\"a\":3}",
      "{\"a\":3,\"a\\u0000\":2,\"a!\":1}" },
    /* UTF-8 order is not UTF-16 order: U+FF61 before U+1F600, though its code unit is larger than the
       surrogates. */
    { "bytes, not UTF-16 units", "{\"\\ud83d\\ude00\":1,\"\xef\xbd\xa1\":2}",
      "{\"\xef\xbd\xa1\":2,\"\xf0\x9f\x98\x80\":1}" },
    { "bytes are unsigned", "{\"\xc3\xa9\":1,\"z\":2}", "{\"z\":2,\"\xc3\xa9\":1}" },
    { "strings in one spelling", "[\"\\/\\u0041\\u00e9\\u000a\\u0022\\ud834\\udd1e\"]",
      "[\"/A\xc3\xa9\\n\\\"\xf0\x9d\x84\x9e\"]" },
    { "escapes stay where needed", "[\"\\u0000\\u001F\\\\\"]", "[\"\\u0000\\u001f\\\\\"]" },
    { "twenty members",
      "{\"t\":0,\"s\":0,\"r\":0,\"q\":0,\"p\":0,\"o\":0,\"n\":0,\"m\":0,\"l\":0,\"k\":0,\"j\":0,\"i\":0,"
      "\"h\":0,\"g\":0,"
      "\"f\":0,\"e\":0,\"d\":0,\"c\":0,\"b\":0,\"a\":0}",
      "{\"a\":0,\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,\"h\":0,\"i\":0,\"j\":0,\"k\":0,\"l\":0,"
      "\"m\":0,\"n\":0,"
      "\"o\":0,\"p\":0,\"q\":0,\"r\":0,\"s\":0,\"t\":0}" },
};

static void check_sorted(void)
{
    for (size_t i = 0; i < sizeof sorted / sizeof sorted[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_json doc = { 0 };
        struct att_err err = { 0 };
        struct att_buf b = { 0 };
        bool ok = att_json_parse(a, att_str(sorted[i].text), NULL, &doc, &err) &&
                  att_json_put_sorted(&doc, a, ATT_JSON_ROOT, &b);
        cases_check(&run, ok && buf_is(&b, sorted[i].want), "sorted, %s: %s %.*s", sorted[i].name, err.text,
                    (int)b.len, (const char *)b.ptr);
        att_buf_free(&b);
        att_arena_free(a);
    }
}

static void check_sorted_part_and_failures(void)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_json doc = { 0 };
    struct att_err err = { 0 };
    struct att_buf b = { 0 };
    const char text[] = "{\"x\":{\"b\":[1, \"\\u0061\"],\"\\u0061\":{}},\"y\":1}";

    if (!att_json_parse(a, att_str(text), NULL, &doc, &err))
        abort();
    att_buf_puts(&b, "before ");
    att_json_id x = att_json_get(&doc, ATT_JSON_ROOT, "x");
    cases_check(&run, att_json_put_sorted(&doc, a, x, &b) && buf_is(&b, "before {\"a\":{},\"b\":[1,\"a\"]}"),
                "a part");
    size_t len = b.len;
    cases_check(&run, !att_json_put_sorted(&doc, a, ATT_JSON_NONE, &b) && b.len == len && !b.failed,
                "no node");
    att_buf_free(&b);

    unsigned refusals = 0;
    for (size_t ceiling = 0; ceiling <= 1024; ceiling += 16) {
        struct att_arena *small = att_arena_new(ceiling);
        struct att_buf out = { 0 };
        bool ok = att_json_put_sorted(&doc, small, ATT_JSON_ROOT, &out);
        refusals += !ok;
        cases_check(&run, ok ? buf_is(&out, "{\"x\":{\"a\":{},\"b\":[1,\"a\"]},\"y\":1}") : out.len == 0,
                    "ceiling %zu", ceiling);
        att_buf_free(&out);
        att_arena_free(small);
    }
    cases_check(&run, refusals > 3 && refusals < 60, "ceilings: %u refusals", refusals);
    for (size_t max = 1; max < sizeof text; max++) {
        struct att_buf out = { .max = max };
        bool ok = att_json_put_sorted(&doc, a, ATT_JSON_ROOT, &out);
        cases_check(&run, ok == (max >= 32) && (ok || out.len == 0), "buffer of %zu", max);
        att_buf_free(&out);
    }
    att_arena_free(a);
}

/* Nesting as deep as the caller's limit allows must not need a stack. */
static void check_sorted_deep(void)
{
    enum { DEEP = 100 * 1000 };
    struct att_limits limits = att_limits_default;
    limits.json_depth_max = DEEP;
    limits.json_nodes_max = DEEP;
    const struct att_json_options options = { .limits = &limits };
    char *text = malloc(2 * DEEP);
    struct att_arena *a = att_arena_new(64 << 20);
    struct att_json doc;
    struct att_err err = { 0 };
    struct att_buf b = { 0 };

    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    bool ok = att_json_parse(a, att_span_of(text, 2 * DEEP), &options, &doc, &err) &&
              att_json_put_sorted(&doc, a, 0, &b);
    cases_check(&run, ok && att_span_eq(att_buf_span(&b), att_span_of(text, 2 * DEEP)), "deep: %s", err.text);
    att_buf_free(&b);
    att_arena_free(a);
    free(text);
}

int main(void)
{
    check_strings();
    check_every_byte();
    check_full_buffer();
    check_writer();
    check_misuse();
    check_sorted();
    check_sorted_part_and_failures();
    check_sorted_deep();
    return cases_report(&run);
}
