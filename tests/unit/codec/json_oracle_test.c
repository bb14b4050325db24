/* layers: codec base */
/* json-c as the second opinion. Random documents, valid and then broken by a byte: whatever we take, json-c
 * (strict) takes too, with the same types, names, strings and integers; and our sorted text means the same to
 * json-c as the source does. json-c judges alone where we refuse: it is laxer. */
#include "base/buf.h"
#include "codec/json.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

#if __has_include(<json-c/json.h>)
#include <json-c/json.h>

#ifdef __SANITIZE_ADDRESS__
enum { DOCUMENTS = 1000 };
#else
enum { DOCUMENTS = 3000 };
#endif

static struct cases run = { .name = "unit.codec.json_oracle" };
static uint64_t state = 0x243f6a8885a308d3u;

static uint64_t roll(uint64_t sides)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % sides;
}

/* No NUL in names: json-c cuts them there. */
static void put_character(struct att_buf *b, bool name)
{
    static const char *const written[] = { "\\\"",
                                           "\\\\",
                                           "\\/",
                                           "\\b",
                                           "\\f",
                                           "\\n",
                                           "\\r",
                                           "\\t",
                                           "/",
                                           "\\u0041",
                                           "\\u00e9",
                                           "\\ud834\\udd1e",
                                           "\\uFFFD",
                                           "\\u001f",
                                           "\x7f",
                                           " ",
                                           "\xc3\xa9",
                                           "\xe2\x82\xac",
                                           "\xf0\x9d\x84\x9e",
                                           "\xef\xbf\xbf",
                                           "{" };
    switch (roll(4)) {
    case 0:
        att_buf_puts(b, written[roll(sizeof written / sizeof written[0])]);
        return;
    case 1:
        att_buf_puts(b, name ? "~" : "\\u0000");
        return;
    default:
        att_buf_putc(b, (char)('a' + roll(26)));
    }
}

static void put_space(struct att_buf *b)
{
    static const char spaces[] = " \t\r\n";
    while (roll(4) == 0)
        att_buf_putc(b, spaces[roll(4)]);
}

static void put_number(struct att_buf *b)
{
    static const char *const edges[] = { "0",
                                         "-0",
                                         "9223372036854775807",
                                         "-9223372036854775808",
                                         "1e5",
                                         "-2.5E-3",
                                         "0.125",
                                         "1e300",
                                         "100",
                                         "4294967296",
                                         "0e0",
                                         "1.0" };
    if (roll(3) == 0)
        att_buf_puts(b, edges[roll(sizeof edges / sizeof edges[0])]);
    else {
        /* One roll a statement: the same documents with every compiler. */
        uint64_t size = roll(52);
        int64_t value = (int64_t)(roll(UINT64_C(1) << 52) >> size);
        att_buf_printf(b, "%s%lld", roll(2) ? "-" : "", (long long)value);
    }
}

static void put_string(struct att_buf *b, unsigned serial, bool name)
{
    att_buf_putc(b, '"');
    for (uint64_t n = roll(roll(8) == 0 ? 60 : 6); n > 0; n--)
        put_character(b, name);
    if (name)
        att_buf_printf(b, "%u", serial); /* different names: the same twice is refused by us alone */
    att_buf_putc(b, '"');
}

static void put_value(struct att_buf *b, unsigned depth)
{
    uint64_t kind = roll(depth > 6 ? 4 : 7);

    put_space(b);
    if (kind == 0) {
        att_buf_puts(b, roll(3) == 0 ? "null" : roll(2) ? "true" : "false");
    } else if (kind == 1) {
        put_number(b);
    } else if (kind < 4) {
        put_string(b, 0, false);
    } else {
        bool object = kind < 6;
        att_buf_putc(b, object ? '{' : '[');
        uint64_t n = roll(roll(10) == 0 ? 40 : 5);
        for (unsigned i = 0; i < n; i++) {
            if (i > 0)
                att_buf_putc(b, ',');
            if (object) {
                put_space(b);
                put_string(b, i, true);
                put_space(b);
                att_buf_putc(b, ':');
            }
            put_value(b, depth + 1);
        }
        put_space(b);
        att_buf_putc(b, object ? '}' : ']');
    }
    put_space(b);
}

static struct json_object *oracle_parse(struct att_span text)
{
    struct json_tokener *t = json_tokener_new_ex(128);
    json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    /* The NUL behind the text ends numbers at the top level. */
    char *copy = malloc(text.len + 1);
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    struct json_object *out = json_tokener_parse_ex(t, copy, (int)text.len + 1);
    bool ok = json_tokener_get_error(t) == json_tokener_success;
    free(copy);
    json_tokener_free(t);
    if (!ok && out) {
        json_object_put(out);
        out = NULL;
    }
    return out;
}

static bool same(const struct att_json *j, struct att_arena *a, att_json_id id, struct json_object *other);

static bool same_object(const struct att_json *j, struct att_arena *a, att_json_id id,
                        struct json_object *other)
{
    unsigned members = 0;

    if (json_object_object_length(other) != (int)j->nodes[id].count)
        return false;
    for (att_json_id m = att_json_first(j, id); m != ATT_JSON_NONE; m = att_json_next(j, m), members++) {
        struct att_span name;
        struct json_object *value = NULL;
        if (!att_json_key(j, a, m, &name))
            return false;
        char *text = att_arena_dup(a, name);
        if (!text || att_json_get(j, id, text) != m || !json_object_object_get_ex(other, text, &value) ||
            !same(j, a, m, value))
            return false;
    }
    return members == j->nodes[id].count;
}

static bool same(const struct att_json *j, struct att_arena *a, att_json_id id, struct json_object *other)
{
    struct att_span text;
    int64_t number = 0;
    char spelled[512] = "";

    switch (att_json_type(j, id)) {
    case ATT_JSON_NULL:
        return other == NULL;
    case ATT_JSON_BOOL:
        return json_object_is_type(other, json_type_boolean) &&
               att_json_true(j, id) == (json_object_get_boolean(other) != 0);
    case ATT_JSON_NUMBER:
        if (att_json_i64(j, id, &number))
            return json_object_is_type(other, json_type_int) && json_object_get_int64(other) == number;
        /* json-c turns integers beyond 64 bits into the nearest one it has: nothing to compare there. */
        if (json_object_is_type(other, json_type_int))
            return true;
        text = att_json_source(j, id);
        return json_object_is_type(other, json_type_double) && text.len < sizeof spelled &&
               memcpy(spelled, text.ptr, text.len) &&
               memcmp(&(double){ strtod(spelled, NULL) }, &(double){ json_object_get_double(other) },
                      sizeof(double)) == 0;
    case ATT_JSON_STRING:
        return json_object_is_type(other, json_type_string) && att_json_string(j, a, id, &text) &&
               att_span_eq(text, att_span_of(json_object_get_string(other),
                                             (size_t)json_object_get_string_len(other)));
    case ATT_JSON_ARRAY: {
        size_t at = 0;
        if (!json_object_is_type(other, json_type_array) ||
            json_object_array_length(other) != j->nodes[id].count)
            return false;
        for (att_json_id e = att_json_first(j, id); e != ATT_JSON_NONE; e = att_json_next(j, e)) {
            if (!same(j, a, e, json_object_array_get_idx(other, at++)))
                return false;
        }
        return at == j->nodes[id].count;
    }
    case ATT_JSON_OBJECT:
        return json_object_is_type(other, json_type_object) && same_object(j, a, id, other);
    }
    return false;
}

/* json-c 0.16 reads an escaped pair such as \ud837\udd1e (U+1DD1E) as U+FFFD: it takes the low 16 bits of what the
 * pair makes for a surrogate. Seen in sorted text, where every escape of such a character is resolved. */
static bool oracle_misreads(struct att_span sorted)
{
    for (size_t i = 0; i + 4 <= sorted.len; i++) {
        const uint8_t *s = sorted.ptr + i;
        uint32_t low = (s[1] & 0x0fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
        if (s[0] >= 0xf0 && low >= 0xd800 && low <= 0xdfff)
            return true;
    }
    return false;
}

/* True when we take it; every disagreement is a failed case. */
static bool compare(struct att_span text, const char *what)
{
    struct att_arena *a = att_arena_new(64 << 20);
    struct att_json doc;
    struct att_err err = { 0 };
    struct att_buf sorted = { 0 };
    bool ours = att_json_parse(a, text, NULL, &doc, &err);

    if (ours) {
        struct json_object *theirs = oracle_parse(text);
        /* "null" at the top is NULL in json-c, as a failure is. */
        bool is_null = att_json_type(&doc, 0) == ATT_JSON_NULL;
        bool wrote = att_json_put_sorted(&doc, a, 0, &sorted);
        struct json_object *again = wrote ? oracle_parse(att_buf_span(&sorted)) : NULL;
        bool agrees = oracle_misreads(att_buf_span(&sorted)) ||
                      (same(&doc, a, 0, theirs) && json_object_equal(theirs, again));
        cases_check(&run, wrote && agrees && (is_null || (theirs && again)), "%s: %.*s", what, (int)text.len,
                    (const char *)text.ptr);
        json_object_put(theirs);
        json_object_put(again);
    }
    att_buf_free(&sorted);
    att_arena_free(a);
    return ours;
}

int main(void)
{
    unsigned broken_taken = 0;
    unsigned broken = 0;

    for (unsigned i = 0; i < DOCUMENTS; i++) {
        struct att_buf b = { 0 };
        put_value(&b, 0);
        cases_check(&run, compare(att_buf_span(&b), "valid"), "refused: %.*s", (int)b.len,
                    (const char *)b.ptr);
        for (unsigned k = 0; k < 20; k++) {
            static const uint8_t bytes[] = "\"\\{}[],:0-e. \x80\xc3";
            size_t at = roll(b.len);
            uint8_t old = b.ptr[at];
            b.ptr[at] =
                roll(2) ? bytes[roll(sizeof bytes - 1)] : (uint8_t)(1 + roll(255)); /* NUL would end json-c */
            broken++;
            broken_taken += compare(att_buf_span(&b), "broken");
            b.ptr[at] = old;
        }
        att_buf_free(&b);
    }
    printf("%u broken documents, %u of them still JSON\n", broken, broken_taken);
    cases_check(&run, broken_taken > 1000 && broken_taken < broken / 2 + broken / 4, "the breaking breaks");
    return cases_report(&run);
}

#else
int main(void)
{
    struct cases run = { .name = "unit.codec.json_oracle" };
    cases_skip(&run, "json-c is not installed");
    return cases_report(&run);
}
#endif
