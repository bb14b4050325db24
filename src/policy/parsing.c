#include "policy/parsing.h"

#include "base/err.h"
#include "policy/hints.h"
#include "policy/language.h"

#include <stdio.h>

/* -- saying no --------------------------------------------------------------------------------------- */

void parsing_enter(struct parsing *p, const char *rule)
{
    if (p->depth < PATH_MAX_DEPTH)
        p->path[p->depth] = rule;
    p->depth++;
}

void parsing_leave(struct parsing *p)
{
    p->depth--;
}

struct policy_path parsing_path(const struct parsing *p)
{
    struct policy_path path = { { 0 } };

    for (unsigned i = 0; i < p->depth && i < PATH_MAX_DEPTH; i++)
        policy_path_add(&path, p->path[i]);
    return path;
}

struct token_list {
    char text[160];
};

/* "';'" or "{'add', 'issue'}" */
static struct token_list list_of(uint64_t set)
{
    struct token_list list = { { 0 } };
    bool many = (set & (set - 1)) != 0;
    size_t at = 0;

    for (unsigned kind = 0; kind < TOK_COUNT; kind++) {
        if (!(set >> kind & 1) || at >= sizeof list.text)
            continue;
        const char *lead = !many ? "" : at ? ", " : "{";
        at += (size_t)snprintf(list.text + at, sizeof list.text - at, "%s%s", lead,
                               policy_token_name((enum policy_token_kind)kind));
    }
    if (many && at < sizeof list.text)
        (void)snprintf(list.text + at, sizeof list.text - at, "}");
    return list;
}

/* The token here is none of `expected`. */
bool parsing_mismatch(struct parsing *p, uint64_t expected)
{
    struct policy_hint room;
    struct policy_symbol symbol;
    struct policy_path path = parsing_path(p);
    struct token_list list = list_of(expected);
    const char *hint = policy_hint_for(&room, &p->before, &p->now, expected);

    (void)policy_symbol_of(&symbol, p->now.at.text);
    if (p->now.kind == TOK_BAD)
        return policy_complain(p->to, ATT_POLICY_SYNTAX, &p->now.at, path.text, hint ? hint : list.text,
                               "token recognition error at: %s", symbol.text);
    return policy_complain(p->to, ATT_POLICY_SYNTAX, &p->now.at, path.text, hint ? hint : list.text,
                           "mismatched input %s expecting %s", symbol.text, list.text);
}

/* A construct that the version of this policy does not have. */
bool parsing_too_new(struct parsing *p, const struct policy_mark *at, unsigned since)
{
    struct policy_path path = parsing_path(p);
    struct policy_symbol symbol;
    char expected[160];

    (void)policy_symbol_of(&symbol, at->text);
    (void)snprintf(expected, sizeof expected, "what version %s has; %s came with version 1.%u",
                   policy_version_text(p->ast.minor), symbol.text, since);
    return policy_complain(p->to, ATT_POLICY_VERSION, at, path.text, expected,
                           "%s needs policy version 1.%u, this is version %s", symbol.text, since,
                           policy_version_text(p->ast.minor));
}

bool parsing_over_limit(struct parsing *p, const char *what, size_t max)
{
    struct policy_path path = parsing_path(p);
    char expected[64];

    (void)snprintf(expected, sizeof expected, "at most %zu %s", max, what);
    return policy_complain(p->to, ATT_POLICY_LIMIT, &p->now.at, path.text, expected, "more than %zu %s", max,
                           what);
}

/* -- moving ------------------------------------------------------------------------------------------ */

void parsing_advance(struct parsing *p)
{
    p->before = p->now;
    p->now = policy_lexer_next(&p->lexer);
}

bool parsing_here(const struct parsing *p, uint64_t set)
{
    return (set >> p->now.kind & 1) != 0;
}

bool parsing_take(struct parsing *p, uint64_t one)
{
    if (!parsing_here(p, one))
        return parsing_mismatch(p, one);
    parsing_advance(p);
    return true;
}

void *parsing_node(struct parsing *p, size_t size)
{
    void *n = att_arena_alloc(p->arena, 1, size);

    if (!n)
        (void)att_fail_memory(p->to->err, "policy");
    return n;
}

/* From the start of `from` to the end of the last token taken. */
struct policy_mark parsing_mark_since(const struct parsing *p, const struct policy_mark *from)
{
    const uint8_t *end = p->before.at.text.ptr + p->before.at.text.len;

    return (struct policy_mark){ att_span_of(from->text.ptr, (size_t)(end - from->text.ptr)), from->line,
                                 from->column };
}
