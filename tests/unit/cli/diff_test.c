/* layers: cli base codec */
/* The difference of two texts: some to the byte; for many small ones, that it leads from one to the other and that no shorter
 * script does; and what is beyond the bounds. */
#include "cli/diff.h"

#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases cases = { .name = "cli.diff" };

static bool run(struct att_span from, struct att_span to, struct att_buf *out, size_t *ret_lines,
                struct att_err *err)
{
    const struct diff_text a = { "old", from };
    const struct diff_text b = { "new", to };

    return diff_unified(&a, &b, out, ret_lines, err);
}

/* -- to the byte ------------------------------------------------------------------------------------------ */

#define HEAD "--- old\n+++ new\n"
static const struct {
    const char *name, *from, *to, *want;
    size_t lines;
} rows[] = {
    { "nothing and nothing", "", "", "", 0 },
    { "the same", "a\nb\n", "a\nb\n", "", 0 },
    { "from nothing", "", "a\nb\n", HEAD "@@ -0,0 +1,2 @@\n+a\n+b\n", 2 },
    { "to nothing", "a\nb\n", "", HEAD "@@ -1,2 +0,0 @@\n-a\n-b\n", 2 },
    { "one line replaced", "a\nb\nc\n", "a\nx\nc\n", HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n", 2 },
    { "put at the end", "a\n", "a\nb\n", HEAD "@@ -1,1 +1,2 @@\n a\n+b\n", 1 },
    { "put at the beginning", "b\n", "a\nb\n", HEAD "@@ -1,1 +1,2 @@\n+a\n b\n", 1 },
    { "context of three", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
      HEAD "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n", 2 },
    { "six lines between two changes: one hunk", "a\n1\n2\n3\n4\n5\n6\nb\n", "1\n2\n3\n4\n5\n6\n",
      HEAD "@@ -1,8 +1,6 @@\n-a\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n", 2 },
    { "seven: two hunks", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\n",
      HEAD "@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-b\n", 2 },
    { "only the line end at the end", "a\nb", "a\nb\n",
      HEAD "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n", 2 },
    { "without line ends", "a", "b",
      HEAD "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n", 2 },
    { "carriage returns", "a\n", "a\r\n", HEAD "@@ -1,1 +1,1 @@\n-a\n+a?\n", 2 },
    { "what steers a terminal", "a\n", "\033[2J\x7f\xc2\x9b\tb\xc3\xa4\n",
      HEAD "@@ -1,1 +1,1 @@\n-a\n+?[2J??\tb\xc3\xa4\n", 2 },
    { "empty lines", "\n\n\n", "\n\n", HEAD "@@ -1,3 +1,2 @@\n \n \n-\n", 1 },
};

static void golden(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_buf out = { 0 };
        struct att_err err = { 0 };
        size_t lines = 77;
        bool done = run(att_str(rows[i].from), att_str(rows[i].to), &out, &lines, &err);
        cases_check(&cases, done && lines == rows[i].lines && att_span_is(att_buf_span(&out), rows[i].want),
                    "%s: %zu lines, wanted %zu:\n%.*s", rows[i].name, lines, rows[i].lines, (int)out.len,
                    (const char *)out.ptr);
        att_buf_free(&out);
    }
}

/* -- what it says leads from one to the other ------------------------------------------------------------- */

static struct att_span next_line(struct att_span *rest)
{
    const uint8_t *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->ptr) + 1 : rest->len;
    struct att_span line = att_span_of(rest->ptr, len);

    *rest = att_span_of(rest->ptr + len, rest->len - len);
    return line;
}

/* Applies the hunks as another program would: by their numbers, holding context and what is taken against the text. */
static bool apply(struct att_span from, struct att_span diff, struct att_buf *to)
{
    unsigned at = 1;
    bool right = true;

    (void)next_line(&diff);
    (void)next_line(&diff);
    while (right && diff.len > 0) {
        char text[64] = "";
        unsigned first = 0;
        unsigned count = 0;
        struct att_span line = next_line(&diff);
        memcpy(text, line.ptr, line.len < 63 ? line.len : 63);
        right = sscanf(text, "@@ -%u,%u ", &first, &count) == 2;
        for (first += count == 0; right && at < first; at++)
            att_buf_put(to, next_line(&from));
        while (right && diff.len > 0 && diff.ptr[0] != '@') {
            line = next_line(&diff);
            struct att_span body = att_span_of(line.ptr + 1, line.len - 1);
            if (line.ptr[0] != '+') {
                right = att_span_eq(next_line(&from), body);
                at++;
            }
            if (line.ptr[0] != '-')
                att_buf_put(to, body);
        }
    }
    att_buf_put(to, from);
    return right;
}

/* The fewest lines that are taken or put, from the longest common subsequence, by the table of the textbooks. */
enum { SMALL = 24 };
static size_t fewest(const char *a, size_t n, const char *b, size_t m)
{
    unsigned longest[SMALL + 1][SMALL + 1] = { 0 };

    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            unsigned up = longest[i - 1][j];
            unsigned left = longest[i][j - 1];
            longest[i][j] = a[i - 1] == b[j - 1] ? longest[i - 1][j - 1] + 1 : up > left ? up : left;
        }
    return n + m - 2 * (size_t)longest[n][m];
}

static uint32_t seed = 20261122;
static unsigned coin(unsigned below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % below;
}

static size_t draw(char *letters, unsigned alphabet, struct att_buf *text)
{
    size_t n = coin(SMALL + 1);

    for (size_t i = 0; i < n; i++) {
        letters[i] = (char)('a' + (int)coin(alphabet));
        att_buf_putc(text, letters[i]);
        att_buf_putc(text, '\n');
    }
    return n;
}

static void drawn(void)
{
    enum { ROUNDS = 20000 };
    unsigned wrong = 0;
    unsigned longer = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct att_buf from = { 0 };
        struct att_buf to = { 0 };
        struct att_buf diff = { 0 };
        struct att_buf again = { 0 };
        struct att_err err = { 0 };
        char a[SMALL];
        char b[SMALL];
        unsigned alphabet = 1 + coin(6);
        size_t n = draw(a, alphabet, &from);
        size_t m = draw(b, alphabet, &to);
        size_t lines = 0;
        bool done = run(att_buf_span(&from), att_buf_span(&to), &diff, &lines, &err);
        bool same = lines == 0 && diff.len == 0 && att_span_eq(att_buf_span(&from), att_buf_span(&to));
        wrong += !done || !(same || (apply(att_buf_span(&from), att_buf_span(&diff), &again) &&
                                     att_span_eq(att_buf_span(&again), att_buf_span(&to))));
        longer += lines != fewest(a, n, b, m);
        att_buf_free(&from);
        att_buf_free(&to);
        att_buf_free(&diff);
        att_buf_free(&again);
    }
    cases_check(&cases, wrong == 0, "%u of %d drawn pairs: the difference does not lead to the other", wrong,
                ROUNDS);
    cases_check(&cases, longer == 0, "%u of %d drawn pairs: there is a shorter one", longer, ROUNDS);
}

/* -- bounds ----------------------------------------------------------------------------------------------- */

/* `count` lines with numbers from `first` on in steps of `step`. */
static void numbered(struct att_buf *text, unsigned first, unsigned count, unsigned step)
{
    for (unsigned i = 0; i < count; i++)
        att_buf_printf(text, "%u\n", first + i * step);
}

static void bounds(void)
{
    static const struct {
        const char *name;
        unsigned from_count, from_step, to_count, to_step;
        size_t lines; /* 0: refused */
    } far[] = {
        { "500 of 1000 lines taken: the bound itself is reached", 1500, 1, 500, 3, 1000 },
        { "two edits more: replaced whole but for the first line", 1503, 1, 501, 3, 2002 },
        { "10,000 lines each, nothing in common but the first", 10000, 2, 10000, 3, 19998 },
        { "one line too many", 10001, 1, 1, 1, 0 },
        { "one line too many on the other side", 1, 1, 10001, 1, 0 },
    };

    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        struct att_buf from = { 0 };
        struct att_buf to = { 0 };
        struct att_buf diff = { 0 };
        struct att_buf again = { 0 };
        struct att_err err = { 0 };
        size_t lines = 77;
        numbered(&from, 0, far[i].from_count, far[i].from_step);
        numbered(&to, 0, far[i].to_count, far[i].to_step);
        bool done = run(att_buf_span(&from), att_buf_span(&to), &diff, &lines, &err);
        if (far[i].lines == 0)
            cases_check(&cases, !done && err.code == ATT_LIMIT_EXCEEDED && lines == 77 && diff.len == 0, "%s",
                        far[i].name);
        else
            cases_check(&cases,
                        done && lines == far[i].lines &&
                            apply(att_buf_span(&from), att_buf_span(&diff), &again) &&
                            att_span_eq(att_buf_span(&again), att_buf_span(&to)),
                        "%s: %zu lines, wanted %zu", far[i].name, lines, far[i].lines);
        att_buf_free(&from);
        att_buf_free(&to);
        att_buf_free(&diff);
        att_buf_free(&again);
    }
}

int main(void)
{
    golden();
    drawn();
    bounds();
    return cases_report(&cases);
}
