#include "cli/diff.h"

#include "base/err.h"
#include "cli/members.h"

#include <stdlib.h>

/* Lines with their ends: a last one without is another line than one with. */
struct lines {
    struct att_span *at;
    bool *marked; /* taken, in the first text; put, in the second */
    int count;
};

static size_t line_end(struct att_span text, size_t from)
{
    const uint8_t *end = memchr(text.ptr + from, '\n', text.len - from);

    return end ? (size_t)(end - text.ptr) + 1 : text.len;
}

static bool split(struct att_span text, struct lines *ret, struct att_err *err)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i = line_end(text, i), count++)
        if (count == DIFF_LINES_MAX)
            return att_fail(err, ATT_LIMIT_EXCEEDED, "diff", "at most 10000 lines", "more");
    ret->at = calloc(count + 1, sizeof *ret->at);
    ret->marked = calloc(count + 1, sizeof *ret->marked);
    if (!ret->at || !ret->marked)
        return att_fail_memory(err, "diff");
    for (size_t i = 0; i < text.len; ret->count++) {
        size_t end = line_end(text, i);
        ret->at[ret->count] = att_span_of(text.ptr + i, end - i);
        i = end;
    }
    return true;
}

static void lines_free(struct lines *l)
{
    free(l->at);
    free(l->marked);
}

/* -- the shortest script ---------------------------------------------------------------------------------- */

/* What lies between the lines that both begin and end with. */
struct middle {
    const struct att_span *a, *b;
    int n, m;
    int *reached; /* row d: how far along a each diagonal -d..d came with d edits */
};

static int reached(const struct middle *z, int d, int k)
{
    return k < -d || k > d ? -1 : z->reached[(size_t)d * (size_t)d + (size_t)(k + d)];
}

/* The better of taking a line and putting one, after d - 1 edits. What goes beyond an end leads nowhere, and costs more than
 * going along it. */
static int advance(const struct middle *z, int d, int k, bool *ret_put)
{
    int put = reached(z, d - 1, k + 1);
    int taken = reached(z, d - 1, k - 1) + 1;

    *ret_put = put >= taken;
    return put >= taken ? put : taken;
}

static int slide(const struct middle *z, int x, int k)
{
    while (x < z->n && x - k < z->m && att_span_eq(z->a[x], z->b[x - k]))
        x++;
    return x;
}

/* The number of edits; -1 when it takes more than the bound. */
static int search(const struct middle *z, int bound)
{
    for (int d = 0; d <= bound; d++) {
        for (int k = -d; k <= d; k += 2) {
            bool put = false;
            int x = slide(z, d == 0 ? 0 : advance(z, d, k, &put), k);
            z->reached[(size_t)d * (size_t)d + (size_t)(k + d)] = x;
            if (x == z->n && x - k == z->m)
                return d;
        }
    }
    return -1;
}

/* Back from the end, marking what each edit took or put. */
static void mark(const struct middle *z, int edits, bool *taken, bool *put)
{
    int x = z->n;
    int y = z->m;

    for (int d = edits; d > 0; d--) {
        bool down = false;
        int k = x - y;
        x = advance(z, d, k, &down);
        y = x - k;
        if (down)
            put[--y] = true;
        else
            taken[--x] = true;
    }
}

static bool compare(struct lines *a, struct lines *b, struct att_err *err)
{
    int head = 0;
    int tail = 0;

    while (head < a->count && head < b->count && att_span_eq(a->at[head], b->at[head]))
        head++;
    while (tail < a->count - head && tail < b->count - head &&
           att_span_eq(a->at[a->count - 1 - tail], b->at[b->count - 1 - tail]))
        tail++;
    struct middle z = {
        .a = a->at + head, .b = b->at + head, .n = a->count - head - tail, .m = b->count - head - tail
    };
    int bound = z.n + z.m < DIFF_EDITS_MAX ? z.n + z.m : DIFF_EDITS_MAX;
    size_t room = (size_t)(bound + 1) * (size_t)(bound + 1);
    z.reached = malloc(room * sizeof *z.reached);
    if (!z.reached)
        return att_fail_memory(err, "diff");
    int edits = search(&z, bound);
    if (edits >= 0)
        mark(&z, edits, a->marked + head, b->marked + head);
    for (int i = 0; edits < 0 && i < z.n; i++)
        a->marked[head + i] = true;
    for (int i = 0; edits < 0 && i < z.m; i++)
        b->marked[head + i] = true;
    free(z.reached);
    return true;
}

/* -- showing ---------------------------------------------------------------------------------------------- */

struct step {
    char mark; /* ' ', '-', '+' */
    int a, b;  /* lines before it, in each text */
};

/* Both texts as one row of steps; what is taken comes before what is put in its place. */
static struct step *steps_of(const struct lines *a, const struct lines *b, size_t *ret_count)
{
    struct step *steps = calloc((size_t)a->count + (size_t)b->count + 1, sizeof *steps);
    size_t count = 0;
    int i = 0;
    int j = 0;

    while (steps && (i < a->count || j < b->count)) {
        steps[count] = (struct step){ ' ', i, j };
        if (i < a->count && a->marked[i]) {
            steps[count].mark = '-';
            i++;
        } else if (j < b->count && b->marked[j]) {
            steps[count].mark = '+';
            j++;
        } else {
            i++;
            j++;
        }
        count++;
    }
    *ret_count = count;
    return steps;
}

static void put_line(struct att_buf *out, char mark, struct att_span line)
{
    bool ended = line.len > 0 && line.ptr[line.len - 1] == '\n';

    att_buf_putc(out, mark);
    for (size_t i = 0; i < line.len - ended; i++) {
        bool c1 =
            line.ptr[i] == 0xc2 && i + 1 < line.len && line.ptr[i + 1] >= 0x80 && line.ptr[i + 1] <= 0x9f;
        bool steers = (line.ptr[i] < 0x20 && line.ptr[i] != '\t') || line.ptr[i] == 0x7f || c1;
        att_buf_putc(out, steers ? '?' : (char)line.ptr[i]);
        i += c1;
    }
    att_buf_puts(out, ended ? "\n" : "\n\\ No newline at end of file\n");
}

/* A text of which a hunk shows nothing is named by the line before. */
static void put_range(struct att_buf *out, char mark, int before, int count)
{
    att_buf_printf(out, " %c%d,%d", mark, count ? before + 1 : before, count);
}

static void put_hunk(struct att_buf *out, const struct lines *a, const struct lines *b,
                     const struct step *steps, size_t count)
{
    int taken = 0;
    int put = 0;

    for (size_t i = 0; i < count; i++) {
        taken += steps[i].mark != '+';
        put += steps[i].mark != '-';
    }
    att_buf_puts(out, "@@");
    put_range(out, '-', steps[0].a, taken);
    put_range(out, '+', steps[0].b, put);
    att_buf_puts(out, " @@\n");
    for (size_t i = 0; i < count; i++)
        put_line(out, steps[i].mark, steps[i].mark == '+' ? b->at[steps[i].b] : a->at[steps[i].a]);
}

/* The next changes that stand so near that their context meets: [*at, end). */
static size_t hunk_at(const struct step *steps, size_t count, size_t *at)
{
    size_t last = *at;

    while (*at < count && steps[*at].mark == ' ')
        (*at)++;
    if (*at == count)
        return count;
    last = *at;
    for (size_t i = *at; i < count && i <= last + 2 * DIFF_CONTEXT + 1; i++)
        if (steps[i].mark != ' ')
            last = i;
    *at = *at > DIFF_CONTEXT ? *at - DIFF_CONTEXT : 0;
    return last + DIFF_CONTEXT + 1 < count ? last + DIFF_CONTEXT + 1 : count;
}

static bool show(const struct diff_text *from, const struct diff_text *to, const struct lines *a,
                 const struct lines *b, struct att_buf *out, size_t *ret_lines, struct att_err *err)
{
    size_t count = 0;
    size_t changed = 0;
    struct step *steps = steps_of(a, b, &count);

    if (!steps)
        return att_fail_memory(err, "diff");
    for (size_t i = 0; i < count; i++)
        changed += steps[i].mark != ' ';
    if (changed > 0) {
        att_buf_puts(out, "--- ");
        cli_put_plain(out, from->name);
        att_buf_puts(out, "\n+++ ");
        cli_put_plain(out, to->name);
        att_buf_putc(out, '\n');
    }
    for (size_t at = 0, end = 0; changed > 0 && end < count; at = end) {
        end = hunk_at(steps, count, &at);
        if (at < count)
            put_hunk(out, a, b, steps + at, end - at);
    }
    free(steps);
    *ret_lines = changed;
    return !out->failed || att_fail_memory(err, "diff");
}

bool diff_unified(const struct diff_text *from, const struct diff_text *to, struct att_buf *out,
                  size_t *ret_lines, struct att_err *err)
{
    struct lines a = { 0 };
    struct lines b = { 0 };

    bool done = split(from->text, &a, err) && split(to->text, &b, err) && compare(&a, &b, err) &&
                show(from, to, &a, &b, out, ret_lines, err);
    lines_free(&a);
    lines_free(&b);
    return done;
}
