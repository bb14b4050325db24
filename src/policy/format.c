/* The text in the one usual form. Works on tokens, one at a time: every token and every comment comes out as it went in,
 * only the white space between them is made anew. What a gap becomes depends on the tokens and on where its comments
 * stand (behind something, or on a line of their own), never on columns: so a second time changes nothing more.
 *
 *     version=1.2;                       sections are apart by one empty line
 *
 *     authorizationrules {
 *         [type=="short"] => permit();   one line when it fits
 *
 *         [type=="long"] &&              else a line for each condition, and one for the action;
 *         [type=="long too"]             empty lines between rules stay, at most one
 *             => permit();
 *     };
 */
#include <attest/policy.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "policy/lexer.h"

enum { LINE_COLUMNS_MAX = 100, INDENT_COLUMNS = 4 };

ATT_AUTO_PTR(policy_free, struct att_policy, att_policy_free)

#define COMPARISONS (TOK_SET(EQ) | TOK_SET(NE) | TOK_SET(LT) | TOK_SET(LE) | TOK_SET(GT) | TOK_SET(GE))
/* Nothing stands between these and what is in front of them, or behind them. */
#define TIGHT_BEFORE                                                                                         \
    (COMPARISONS | TOK_SET(ASSIGN) | TOK_SET(SEMICOLON) | TOK_SET(COMMA) | TOK_SET(LEFT_PAREN) |             \
     TOK_SET(RIGHT_PAREN) | TOK_SET(RIGHT_BRACKET) | TOK_SET(DOT) | TOK_SET(COLON))
#define TIGHT_BEHIND                                                                                         \
    (COMPARISONS | TOK_SET(ASSIGN) | TOK_SET(LEFT_PAREN) | TOK_SET(LEFT_BRACKET) | TOK_SET(DOT) |            \
     TOK_SET(COLON) | TOK_SET(NOT))
#define SECTIONS (TOK_SET(CONFIGURATION) | TOK_SET(AUTHORIZATION) | TOK_SET(ISSUANCE))

/* What the white space in front of a token becomes. */
struct gap {
    bool new_line;
    bool empty_line; /* at least one empty line before what comes first */
    bool keep_first; /* the empty line that the author left before the first thing on a line of its own */
    bool keep_later; /* those before what follows */
    unsigned indent; /* of the token's line, and of comments before it */
    unsigned comment_indent;
};

struct printer {
    struct att_buf out;
    struct policy_lexer lexer;
    struct policy_token before; /* EOF: nothing yet */
    struct policy_token now;
    bool in_section;
    bool broken; /* the rule does not fit on one line */
};

static bool is_in(uint64_t set, const struct policy_token *t)
{
    return (set >> t->kind) & 1;
}

static bool space_between(const struct policy_token *a, const struct policy_token *b)
{
    return !is_in(TIGHT_BEHIND, a) && !is_in(TIGHT_BEFORE, b);
}

static unsigned columns_of(struct att_span text)
{
    unsigned n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += (text.ptr[i] & 0xc0) != 0x80;
    return n;
}

static struct att_span between(struct att_span text, const struct policy_token *a,
                               const struct policy_token *b)
{
    const uint8_t *start = a->kind == TOK_EOF ? text.ptr : a->at.text.ptr + a->at.text.len;

    return att_span_of(start, (size_t)(b->at.text.ptr - start));
}

/* Does the rule that begins at the token now have to be broken? Comments inside break it, too. */
static bool too_long(const struct printer *p)
{
    struct policy_lexer ahead = p->lexer;
    struct policy_token a = p->now;
    size_t columns = INDENT_COLUMNS + columns_of(a.at.text);

    while (a.kind != TOK_SEMICOLON) {
        struct policy_token b = policy_lexer_next(&ahead);
        struct att_span white = between(ahead.text, &a, &b);
        if (white.len > 0 && memchr(white.ptr, '/', white.len))
            return true;
        columns += columns_of(b.at.text) + space_between(&a, &b);
        if (columns > LINE_COLUMNS_MAX)
            return true;
        a = b;
    }
    return false;
}

static struct gap gap_in_section(struct printer *p)
{
    enum policy_token_kind before = p->before.kind;

    if (before == TOK_LEFT_BRACE || before == TOK_SEMICOLON || p->now.kind == TOK_RIGHT_BRACE) {
        bool ends = p->now.kind == TOK_RIGHT_BRACE;
        p->broken = !ends && too_long(p);
        return (struct gap){ .new_line = true,
                             .keep_first = before == TOK_SEMICOLON,
                             .keep_later = true,
                             .indent = !ends,
                             .comment_indent = 1 };
    }
    bool line = p->broken && (before == TOK_AND || p->now.kind == TOK_ARROW);
    unsigned indent = before == TOK_AND ? 1 : 2;
    return (struct gap){ .new_line = line, .indent = indent, .comment_indent = indent };
}

static struct gap gap_before(struct printer *p)
{
    if (p->in_section)
        return gap_in_section(p);
    if (p->before.kind == TOK_EOF)
        return (struct gap){ .keep_later = true };
    if (p->now.kind == TOK_EOF)
        return (struct gap){ .keep_first = true, .keep_later = true };
    if (is_in(SECTIONS, &p->now))
        return (struct gap){ .new_line = true, .empty_line = true, .keep_later = true };
    bool brace = p->now.kind == TOK_LEFT_BRACE;
    return (struct gap){ .indent = !brace, .comment_indent = !brace };
}

/* `breaks`: line breaks since the last thing. Nothing is put in front of the first line. */
static void put_line_start(struct printer *p, const struct gap *gap, bool first, size_t breaks,
                           unsigned indent)
{
    bool keep = first ? gap->keep_first : gap->keep_later;

    if (p->out.len > 0) {
        att_buf_putc(&p->out, '\n');
        if ((first && gap->empty_line) || (keep && breaks > 1))
            att_buf_putc(&p->out, '\n');
    }
    att_buf_fill(&p->out, ' ', (size_t)indent * INDENT_COLUMNS);
}

/* The comment at the start of `white`, without what is blank at its end. */
static struct att_span comment_at(struct att_span white, size_t *ret_len)
{
    const uint8_t *end = memchr(white.ptr, '\n', white.len);
    size_t len = end ? (size_t)(end - white.ptr) : white.len;

    *ret_len = len;
    while (len > 0 && (white.ptr[len - 1] == ' ' || white.ptr[len - 1] == '\t' || white.ptr[len - 1] == '\r'))
        len--;
    return att_span_of(white.ptr, len);
}

/* Comments, white space, the token. */
static void put_token(struct printer *p, const struct gap *gap)
{
    struct att_span white = between(p->lexer.text, &p->before, &p->now);
    bool first = true; /* nothing stands on a line of its own yet */
    bool commented = false;
    size_t breaks = 0;

    for (size_t i = 0; i < white.len; i++) {
        size_t len;
        breaks += white.ptr[i] == '\n';
        if (white.ptr[i] != '/')
            continue;
        struct att_span comment = comment_at(att_span_of(white.ptr + i, white.len - i), &len);
        if (breaks == 0 && p->out.len > 0) {
            att_buf_puts(&p->out, "  ");
        } else {
            put_line_start(p, gap, first, breaks, gap->comment_indent);
            first = false;
        }
        att_buf_put(&p->out, comment);
        commented = true;
        breaks = 0;
        i += len - 1;
    }
    if (p->now.kind == TOK_EOF)
        return;
    if (gap->new_line || commented) {
        /* A brace that ends a section stands close to the last rule. */
        bool closes = p->now.kind == TOK_RIGHT_BRACE;
        put_line_start(p, gap, first, closes ? 0 : breaks, gap->indent);
    } else if (p->before.kind != TOK_EOF && space_between(&p->before, &p->now)) {
        att_buf_putc(&p->out, ' ');
    }
    att_buf_put(&p->out, p->now.at.text);
}

static void print_all(struct printer *p)
{
    do {
        p->now = policy_lexer_next(&p->lexer);
        struct gap gap = gap_before(p);
        put_token(p, &gap);
        if (p->now.kind == TOK_LEFT_BRACE || p->now.kind == TOK_RIGHT_BRACE)
            p->in_section = p->now.kind == TOK_LEFT_BRACE;
        p->before = p->now;
    } while (p->now.kind != TOK_EOF);
    att_buf_putc(&p->out, '\n');
}

bool att_policy_format(struct att_span text, const struct att_limits *limits, struct att_arena *arena,
                       struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(policy_free) struct att_policy *policy = NULL;
    size_t bytes_max = (limits ? limits : &att_limits_default)->policy_bytes_max;

    if (!att_policy_compile(text, limits, &policy, NULL, err))
        return false;
    struct printer p = { .lexer = policy_lexer_of(text) };
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    print_all(&p);
    out = p.out;
    if (out.failed)
        return att_fail_memory(err, "policy");
    if (out.len > bytes_max)
        return att_fail(err, ATT_POLICY_LIMIT, "policy:1:1",
                        "a text that stays within the limit when formatted", "%zu bytes, at most %zu",
                        out.len, bytes_max);
    const char *copy = att_arena_dup(arena, att_buf_span(&out));
    if (!copy)
        return att_fail_memory(err, "policy");
    *ret = att_span_of(copy, out.len);
    return true;
}
