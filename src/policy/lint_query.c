/* JMESPath in string literals. What is looked for are slips of the published samples: back-ticks lost on the way through
 * a text processor, and a list compared with null. */
#include <attest/jmespath.h>

#include "policy/functions/function.h"
#include "policy/lint.h"

enum query_token {
    QUERY_END,
    QUERY_WORD,    /* a name without quotes */
    QUERY_COMPARE, /* == != < <= > >= */
    QUERY_LITERAL, /* `...` */
    QUERY_FILTER,  /* [? */
    QUERY_OPEN,    /* [ ( { */
    QUERY_CLOSE,   /* ] ) } */
    QUERY_PIPE,    /* one | */
    QUERY_AT,
    QUERY_OTHER,
};

struct query_reader {
    struct att_span text;
    size_t at;
    struct att_span token;
};

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
}

/* Length of a part in quotes of one kind, from the opening one; a backslash hides what follows. */
static size_t quoted(struct att_span s)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == '\\')
            i++;
        else if (s.ptr[i] == s.ptr[0])
            return i + 1;
    }
    return s.len;
}

static size_t word(struct att_span s)
{
    size_t n = 0;

    while (n < s.len && is_word(s.ptr[n]))
        n++;
    return n;
}

static enum query_token classify(struct att_span s, size_t *ret_len)
{
    uint8_t c = s.ptr[0];
    uint8_t next = s.len > 1 ? s.ptr[1] : 0;

    *ret_len = 1;
    if (c == '`' || c == '\'' || c == '"') {
        *ret_len = quoted(s);
        return c == '`' ? QUERY_LITERAL : QUERY_OTHER;
    }
    if (is_word(c)) {
        *ret_len = word(s);
        return QUERY_WORD;
    }
    if ((c == '=' || c == '!' || c == '<' || c == '>') && next == '=') {
        *ret_len = 2;
        return QUERY_COMPARE;
    }
    if (c == '<' || c == '>')
        return QUERY_COMPARE;
    if (c == '[' && next == '?') {
        *ret_len = 2;
        return QUERY_FILTER;
    }
    if (c == '|' || c == '&') {
        *ret_len = next == c ? 2 : 1;
        return c == '|' && next != c ? QUERY_PIPE : QUERY_OTHER;
    }
    if (c == '[' || c == '(' || c == '{')
        return QUERY_OPEN;
    if (c == ']' || c == ')' || c == '}')
        return QUERY_CLOSE;
    return c == '@' ? QUERY_AT : QUERY_OTHER;
}

static enum query_token next_token(struct query_reader *r)
{
    size_t len = 0;

    while (r->at < r->text.len && memchr(" \t\r\n", r->text.ptr[r->at], 4))
        r->at++;
    if (r->at == r->text.len) {
        r->token = (struct att_span){ 0 };
        return QUERY_END;
    }
    enum query_token t = classify(att_span_of(r->text.ptr + r->at, r->text.len - r->at), &len);
    r->token = att_span_of(r->text.ptr + r->at, len);
    r->at += len;
    return t;
}

static bool is_constant(enum query_token t, struct att_span token)
{
    return t == QUERY_WORD &&
           (att_span_is(token, "true") || att_span_is(token, "false") || att_span_is(token, "null"));
}

/* Would the token extend what stands before it: true.x, true[0], true(x)? */
static bool extends(const struct query_reader *after)
{
    struct query_reader ahead = *after;
    enum query_token t = next_token(&ahead);

    return t == QUERY_OPEN || t == QUERY_FILTER || (t == QUERY_OTHER && att_span_is(ahead.token, "."));
}

/* A comparison with a name that reads like a constant. */
static void find_bare_word(struct lint *l, const struct policy_mark *at, struct att_span query)
{
    struct query_reader r = { .text = query };
    enum query_token before = QUERY_END;
    struct att_span before_text = { 0 };
    bool before_is_field = false; /* a dot stands before it: x.true */

    for (enum query_token t = next_token(&r); t != QUERY_END; t = next_token(&r)) {
        struct att_span found = { 0 };
        if (t == QUERY_COMPARE && !before_is_field && is_constant(before, before_text))
            found = before_text;
        if (before == QUERY_COMPARE && is_constant(t, r.token) && !extends(&r))
            found = r.token;
        if (found.len > 0) {
            lint_note(
                l, LINT_QUERY_BARE_WORD, at,
                "the query compares with a field that is called %.*s, not with the constant: write it in "
                "back-ticks, `%.*s`",
                (int)found.len, (const char *)found.ptr, (int)found.len, (const char *)found.ptr);
            return;
        }
        before_is_field = before == QUERY_OTHER && att_span_is(before_text, ".");
        before = t;
        before_text = r.token;
    }
}

static bool is_null(enum query_token t, struct att_span token)
{
    return (t == QUERY_LITERAL && att_span_is(token, "`null`")) ||
           (t == QUERY_WORD && att_span_is(token, "null"));
}

/* "... [? ...] | @ != `null`" at the end: behind a filter, whose result is a list also when nothing was found. */
static void find_never_null(struct lint *l, const struct policy_mark *at, struct att_span query)
{
    struct query_reader r = { .text = query };
    unsigned depth = 0;
    unsigned filter_depth = 0; /* of the filter that is open at the outermost level, or 0 */
    bool after_filter = false; /* its bracket was the last token */

    for (enum query_token t = next_token(&r); t != QUERY_END; t = next_token(&r)) {
        bool closes_filter = false;
        if (t == QUERY_OPEN || t == QUERY_FILTER) {
            depth++;
            if (t == QUERY_FILTER && depth == 1)
                filter_depth = depth;
        } else if (t == QUERY_CLOSE && depth > 0) {
            closes_filter = depth == 1 && filter_depth == 1;
            filter_depth = closes_filter ? 0 : filter_depth;
            depth--;
        }
        if (t == QUERY_PIPE && depth == 0 && after_filter) {
            struct query_reader end = r;
            if (next_token(&end) == QUERY_AT && next_token(&end) == QUERY_COMPARE &&
                (att_span_is(end.token, "!=") || att_span_is(end.token, "=="))) {
                enum query_token right = next_token(&end);
                if (is_null(right, end.token) && next_token(&end) == QUERY_END)
                    lint_note(l, LINT_QUERY_NEVER_NULL, at,
                              "a filter gives a list, an empty one when nothing is found, and never null "
                              "where it was "
                              "given a list: the comparison says nothing about what was found; compare "
                              "length(@) with "
                              "`0`");
            }
        }
        after_filter = closes_filter;
    }
}

static void check_literal(struct lint *l, const struct policy_expr *e)
{
    struct att_jmespath *query = NULL;
    struct att_err why = { 0 };
    unsigned column = 0;

    if (!e->query && !att_jmespath_compile(e->literal.text, NULL, &query, &column, &why)) {
        lint_note(l, LINT_QUERY_SYNTAX, &e->at,
                  "this is no JMESPath query, and evaluation ends here when it is reached: at character %u "
                  "expected %s, "
                  "found %s; numbers, true, false and null are written in back-ticks",
                  column, why.expected, why.found);
        return;
    }
    att_jmespath_free(query);
    find_bare_word(l, &e->at, e->literal.text);
    find_never_null(l, &e->at, e->literal.text);
}

/* Depth is bounded by the parser: limits->policy_depth_max. */
static void check_expression(struct lint *l, const struct policy_expr *e)
{
    unsigned i = 0;

    if (e->kind != EXPR_CALL)
        return;
    for (const struct policy_expr *a = e->arguments; a; a = a->next, i++) {
        if (e->function->parameters[i].kind == ARGUMENT_QUERY && a->kind == EXPR_LITERAL &&
            a->literal.kind == ATT_CLAIM_STRING)
            check_literal(l, a);
        check_expression(l, a);
    }
}

void lint_queries(struct lint *l, const struct policy_rule *r)
{
    for (const struct policy_condition *c = r->conditions; c; c = c->next)
        for (const struct policy_test *t = c->tests; t; t = t->next)
            check_expression(l, &t->right);
    for (const struct policy_assignment *a = r->action.assignments; a; a = a->next)
        check_expression(l, &a->right);
}
