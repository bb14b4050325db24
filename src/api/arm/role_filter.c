/* $filter of role definitions and role assignments: terms joined by "and". */
#include "api/arm/roles.h"

#include "base/err.h"

#include <strings.h>

enum term_form { CALL, CALL_WITH, EQUALS }; /* name() name('X') name eq 'X' */

static const struct term {
    const char *name;
    enum term_form form;
    unsigned lists;
    size_t offset; /* of a bool for CALL, else of a text */
} terms[] = {
    { "atScope", CALL, ROLE_FILTER_ASSIGNMENTS, offsetof(struct role_filter, at_scope) },
    { "atScopeAndBelow", CALL, ROLE_FILTER_ASSIGNMENTS | ROLE_FILTER_DEFINITIONS,
      offsetof(struct role_filter, at_scope_and_below) },
    { "assignedTo", CALL_WITH, ROLE_FILTER_ASSIGNMENTS, offsetof(struct role_filter, assigned_to) },
    { "principalId", EQUALS, ROLE_FILTER_ASSIGNMENTS, offsetof(struct role_filter, principal) },
    { "roleName", EQUALS, ROLE_FILTER_DEFINITIONS, offsetof(struct role_filter, role_name) },
    { "type", EQUALS, ROLE_FILTER_DEFINITIONS, offsetof(struct role_filter, type) },
};
enum { TERMS = sizeof terms / sizeof terms[0] };

static const char known_definitions[] =
    "roleName eq 'NAME', type eq 'BuiltInRole', atScopeAndBelow(), joined by and";
static const char known_assignments[] =
    "atScope(), atScopeAndBelow(), principalId eq 'ID', assignedTo('ID'), joined by and";

static void skip(struct att_span *s, size_t n)
{
    *s = att_span_of(s->ptr + n, s->len - n);
}

static void skip_spaces(struct att_span *s)
{
    while (s->len > 0 && s->ptr[0] == ' ')
        skip(s, 1);
}

static bool take_char(struct att_span *s, char c)
{
    skip_spaces(s);
    if (s->len == 0 || s->ptr[0] != (uint8_t)c)
        return false;
    skip(s, 1);
    return true;
}

static struct att_span take_word(struct att_span *s)
{
    size_t len = 0;

    skip_spaces(s);
    while (len < s->len && ((s->ptr[len] | 0x20) >= 'a' && (s->ptr[len] | 0x20) <= 'z'))
        len++;
    struct att_span word = att_span_of(s->ptr, len);
    skip(s, len);
    return word;
}

static bool word_is(struct att_span word, const char *text)
{
    return word.len == strlen(text) && strncasecmp((const char *)word.ptr, text, word.len) == 0;
}

/* 'it''s': a quote inside is doubled. */
static bool take_quoted(struct att_arena *arena, struct att_span *s, const char **ret)
{
    char *text = att_arena_alloc(arena, s->len + 1, 1);
    size_t len = 0;

    if (!text || !take_char(s, '\''))
        return false;
    while (s->len > 0) {
        uint8_t c = s->ptr[0];
        skip(s, 1);
        if (c == '\'' && (s->len == 0 || s->ptr[0] != '\'')) {
            *ret = text;
            return len > 0;
        }
        if (c == '\'')
            skip(s, 1);
        if (c == '\0')
            return false;
        text[len++] = (char)c;
    }
    return false;
}

static bool take_value(struct att_arena *arena, struct att_span *s, const struct term *t,
                       struct role_filter *f)
{
    uint8_t *at = (uint8_t *)f + t->offset;
    const char *text = NULL;
    bool ok = false;

    if (t->form == CALL) {
        bool yes = true;
        memcpy(at, &yes, sizeof yes);
        return take_char(s, '(') && take_char(s, ')');
    }
    if (t->form == CALL_WITH)
        ok = take_char(s, '(') && take_quoted(arena, s, &text) && take_char(s, ')');
    else
        ok = word_is(take_word(s), "eq") && take_quoted(arena, s, &text);
    memcpy(at, &text, sizeof text);
    return ok;
}

/* Each term once: of two principalId no assignment could be. */
static bool take_term(struct att_arena *arena, struct att_span *s, unsigned list, unsigned *seen,
                      struct role_filter *f)
{
    struct att_span word = take_word(s);

    for (size_t i = 0; i < TERMS; i++) {
        if (!(terms[i].lists & list) || !word_is(word, terms[i].name))
            continue;
        if (*seen & 1u << i)
            return false;
        *seen |= 1u << i;
        return take_value(arena, s, &terms[i], f);
    }
    return false;
}

static bool parse(struct att_arena *arena, struct att_span s, unsigned list, struct role_filter *f)
{
    unsigned seen = 0;

    for (;;) {
        if (!take_term(arena, &s, list, &seen, f))
            return false;
        skip_spaces(&s);
        if (s.len == 0)
            return true;
        if (!word_is(take_word(&s), "and"))
            return false;
    }
}

bool role_filter_read(struct api_call *call, unsigned list, struct role_filter *ret, struct att_err *err)
{
    struct role_filter filter = { 0 };
    struct att_span text = { 0 };
    struct att_shown shown;
    bool present = false;

    if (!http_query_get(call->arena, call->http->query, "$filter", &present, &text, err))
        return false;
    skip_spaces(&text);
    if (present && text.len > 0 && !parse(call->arena, text, list, &filter))
        return att_fail(err, ATT_PARAMETER_INVALID, "$filter",
                        list == ROLE_FILTER_DEFINITIONS ? known_definitions : known_assignments, "\"%s\"",
                        att_shown(&shown, text));
    *ret = filter;
    return true;
}
