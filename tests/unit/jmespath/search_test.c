/* layers: jmespath codec base */
/* What the text cases cannot say: budgets, memory, who owns what, and numbers against the C library. */
#include "jmespath/search.h"

#include "base/buf.h"
#include "jmespath/number.h"
#include "support/cases.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct cases cases = { .name = "jmespath.search" };

#define CHECK(ok) cases_check(&cases, ok, "line %d: %s", __LINE__, #ok)

static struct att_jmespath *compiled(const char *text)
{
    struct att_jmespath *query = NULL;
    struct att_err err = { 0 };

    if (!att_jmespath_compile(att_str(text), NULL, &query, NULL, &err))
        cases_check(&cases, false, "%s: %s", text, err.text);
    return query;
}

static struct att_json parsed(struct att_arena *a, const char *text)
{
    struct att_json doc = { 0 };
    struct att_err err = { 0 };

    if (!att_json_parse(a, att_str(text), NULL, &doc, &err))
        cases_check(&cases, false, "%s: %s", text, err.text);
    return doc;
}

static const char hundred[] =
    "[0,1,2,3,4,5,6,7,8,9,\"a\",\"b\",{\"x\":1},{\"x\":[1,2,{\"y\":\"\\u0061\"}]},null]";

/* Every budget from nothing to enough: refused as a limit and used up, or the answer. */
static void test_budgets(void)
{
    static const char *const queries[] = {
        "@",
        "[*].x[]",
        "[?x].x | [0]",
        "sort([:10])",
        "join(',', [10:12])",
        "[12] == [13]",
        "length(to_string(@))",
        "sum([:10])",
        "{a: @, b: [@, @]}",
        "sort_by([12:14], &to_string(x))",
        "merge([12], [13])",
        "reverse('abcdefghijklmnopqrstuvwxyz')",
        "contains(@, [13])",
    };
    struct att_arena *a = att_arena_new((size_t)64 << 20);
    struct att_json doc = parsed(a, hundred);

    for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++) {
        struct att_jmespath *query = compiled(queries[q]);
        struct att_span want = { 0 };
        struct att_err err = { 0 };
        size_t left = 100000;
        cases_check(&cases, jmespath_search_doc(query, a, &doc, NULL, &left, &want, &err), "%s: %s",
                    queries[q], err.text);
        size_t used = 100000 - left;
        cases_check(&cases, used > 0, "%s costs nothing", queries[q]);
        for (size_t budget = 0; budget <= used; budget++) {
            struct att_span got = att_str("untouched");
            struct att_err why = { 0 };
            size_t rest = budget;
            bool ok = jmespath_search_doc(query, a, &doc, NULL, &rest, &got, &why);
            cases_check(&cases,
                        budget == used ? ok && rest == 0 && att_span_eq(got, want)
                                       : !ok && rest == 0 && why.code == ATT_JMESPATH_LIMIT &&
                                             att_span_is(got, "untouched"),
                        "%s with %zu of %zu steps: %s, %zu left", queries[q], budget, used, why.text, rest);
        }
        att_jmespath_free(query);
    }
    att_arena_free(a);
}

/* Every ceiling of the arena: refused as that, never half a result. */
static void test_memory(void)
{
    struct att_arena *docs = att_arena_new((size_t)1 << 20);
    struct att_json doc = parsed(docs, hundred);
    struct att_jmespath *query =
        compiled("[[*].to_string(@), sort([:10]), join('', [10:12]), {a: @}, keys([12])]");
    unsigned refused = 0;
    bool done = false;

    for (size_t ceiling = 0; !done && ceiling < 100000; ceiling += 16) {
        struct att_arena *a = att_arena_new(ceiling);
        struct att_span got = att_str("untouched");
        struct att_err err = { 0 };
        size_t left = SIZE_MAX;
        done = jmespath_search_doc(query, a, &doc, NULL, &left, &got, &err);
        refused += !done;
        cases_check(&cases, done || (err.code == ATT_OUT_OF_MEMORY && att_span_is(got, "untouched")),
                    "%zu bytes: %s", ceiling, err.text);
        att_arena_free(a);
    }
    CHECK(done && refused > 10);
    att_jmespath_free(query);
    att_arena_free(docs);
}

/* A result is the caller's: the query may go, and so may the text that it was made from. */
static void test_ownership(void)
{
    struct att_arena *a = att_arena_new((size_t)1 << 20);
    char text[] = "[`1.50`, 'raw', `\"\\u0061\"`, \"n\\u0061me\", {key: `{\"k\":[1]}`}]";
    struct att_jmespath *query = NULL;
    struct att_span found = { 0 };
    struct att_err err = { 0 };
    unsigned column = 77;

    CHECK(att_jmespath_compile(att_str(text), NULL, &query, &column, &err) && column == 77);
    memset(text, 'x', sizeof text - 1);
    CHECK(att_jmespath_search(query, a, att_str(" {\"name\" : \"v\" } "), NULL, &found, &err));
    att_jmespath_free(query);
    CHECK(att_span_is(found, "[1.50,\"raw\",\"a\",\"v\",{\"key\":{\"k\":[1]}}]"));
    att_jmespath_free(NULL);
    query = NULL;
    CHECK(!att_jmespath_compile(att_str("a ="), NULL, &query, NULL, NULL) && !query);
    CHECK(!att_jmespath_compile(att_str("a ="), NULL, &query, &column, NULL) && column == 3);
    CHECK(att_jmespath_compile(att_str("sum(@)"), NULL, &query, NULL, NULL));
    CHECK(!att_jmespath_search(query, a, att_str("{}"), NULL, &found, NULL));
    CHECK(!att_jmespath_search(query, a, att_str("{"), NULL, &found, NULL));
    CHECK(!att_jmespath_search(query, a, att_str("[1e308,1e308]"), NULL, &found, NULL));
    att_jmespath_free(query);
    att_arena_free(a);
}

/* The largest query of each hostile shape compiles within its own memory, or is refused for its nesting. */
static void test_large_queries(void)
{
    static const char *const units[] = {
        "a,", "`1`,", "@|", "a&&", "a==", "'',",   "{a:@},", "\"\\n\",", "[0],",         "*,",
        "(",  "!",    "[",  "[?",  "{a:", "type(", "[][",    ".a",       "`[[1],[2]]`,", "not_null("
    };

    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        struct att_buf b = { 0 };
        struct att_jmespath *query = NULL;
        struct att_err err = { 0 };
        while (b.len + 16 < att_limits_default.jmespath_bytes_max) {
            if (b.len == 0)
                att_buf_putc(&b, '[');
            att_buf_puts(&b, units[u]);
        }
        att_buf_puts(&b, "a]");
        bool ok = att_jmespath_compile(att_buf_span(&b), NULL, &query, NULL, &err);
        cases_check(&cases, ok || err.code == ATT_JMESPATH_LIMIT || err.code == ATT_JMESPATH_SYNTAX,
                    "%s...: %s", units[u], err.text);
        att_jmespath_free(query);
        att_buf_free(&b);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 11;
}

/* Doubles of every size: our text reads back as the same one, by us and by the C library; and is the shortest. */
static void test_doubles(void)
{
    uint64_t state = 17;

    for (int i = 0; i < 20000; i++) {
        uint64_t bits = next_random(&state) << 32 ^ next_random(&state);
        double value = 0;
        double back = 0;
        struct jmes_number_text room;
        memcpy(&value, &bits, sizeof value);
        if (i % 4 == 0)
            value = (double)(int64_t)bits / 1000;
        if (!isfinite(value))
            continue;
        struct att_span text = jmes_number_write(&room, value);
        cases_check(&cases,
                    jmes_number_is(text) && jmes_number_read(text, &back) && back - value == 0 &&
                        strtod(room.text, NULL) - value == 0,
                    "%a is written as %s", value, room.text);
    }
}

/* Decimals with zeros, points and exponents moved about: equal; with one more in the last digit: less. */
static void test_order(void)
{
    uint64_t state = 4;

    for (int i = 0; i < 20000; i++) {
        uint64_t digits = next_random(&state) % 1000000000000;
        unsigned shift = (unsigned)(next_random(&state) % 30);
        const char *sign = next_random(&state) % 2 ? "-" : "";
        char a[128], b[128], more[128];
        int order = 7;
        (void)snprintf(a, sizeof a, "%s%" PRIu64, sign, digits);
        (void)snprintf(b, sizeof b, "%s0.%0*u%012" PRIu64 "000E+%u", sign, (int)shift + 1, 0u, digits,
                       shift + 13);
        (void)snprintf(more, sizeof more, "%s%" PRIu64 ".000000000000000000000000000001e0", sign, digits);
        cases_check(&cases,
                    jmes_number_is(att_str(b)) && jmes_number_order(att_str(a), att_str(b), &order) &&
                        order == 0,
                    "%s and %s are %d", a, b, order);
        int wanted = *sign ? 1 : -1;
        cases_check(&cases, jmes_number_order(att_str(b), att_str(more), &order) && order == wanted,
                    "%s and %s are %d", b, more, order);
        cases_check(&cases, jmes_number_order(att_str(more), att_str(a), &order) && order == -wanted,
                    "%s and %s are %d", more, a, order);
    }
}

/* Halfway between two doubles, and a hair above it, thousands of digits later. */
static void test_long_numbers(void)
{
    struct att_buf b = { 0 };
    double value = 0;

    att_buf_puts(&b, "9007199254740993.");
    att_buf_fill(&b, '0', 5000);
    CHECK(jmes_number_read(att_buf_span(&b), &value) && value - 9007199254740992.0 == 0);
    att_buf_putc(&b, '1');
    CHECK(jmes_number_read(att_buf_span(&b), &value) && value - 9007199254740994.0 == 0);
    att_buf_puts(&b, "e-5000");
    CHECK(jmes_number_read(att_buf_span(&b), &value) && value - 0.0 == 0);
    att_buf_free(&b);
    CHECK(!jmes_number_read(att_str("1e400"), &value));
    CHECK(!jmes_number_read(att_str("-1e400"), &value));
    CHECK(!jmes_number_read(att_str("1e9999999999999999999999"), &value));
    CHECK(jmes_number_read(att_str("0e9999999999999999999999"), &value) && value - 0.0 == 0);
    CHECK(jmes_number_read(att_str("-9223372036854775808"), &value) && value + 9223372036854775808.0 == 0);
}

int main(void)
{
    test_budgets();
    test_memory();
    test_ownership();
    test_large_queries();
    test_doubles();
    test_order();
    test_long_numbers();
    return cases_report(&cases);
}
