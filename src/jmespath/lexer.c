/* Text to tokens. Grammar: JMESPath specification, "Grammar". */
#include "jmespath/token.h"

#include "base/err.h"
#include "codec/utf8.h"

#include <stdio.h>

struct lexer {
    struct att_span text;
    size_t at;
    unsigned column;
    const struct jmes_complaint *complaint;
};

static uint8_t peek(const struct lexer *l, size_t ahead)
{
    return ahead < l->text.len - l->at ? l->text.ptr[l->at + ahead] : 0;
}

static bool letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Goes on by `bytes`, which end with a character, and counts the columns. */
static struct att_span take(struct lexer *l, size_t bytes)
{
    struct att_span out = att_span_of(l->text.ptr + l->at, bytes);

    for (size_t i = 0; i < bytes; i++)
        l->column += (out.ptr[i] & 0xc0) != 0x80;
    l->at += bytes;
    return out;
}

static void skip_space(struct lexer *l)
{
    for (;;) {
        uint8_t c = peek(l, 0);
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return;
        (void)take(l, 1);
    }
}

static size_t name_length(const struct lexer *l)
{
    size_t n = 1;

    while (letter(peek(l, n)) || digit(peek(l, n)))
        n++;
    return n;
}

static size_t number_length(const struct lexer *l)
{
    size_t n = 1;

    while (digit(peek(l, n)))
        n++;
    return n;
}

/* A backslash takes the character behind it along. */
static bool quoted_length(const struct lexer *l, uint8_t quote, size_t *ret)
{
    size_t left = l->text.len - l->at;

    for (size_t n = 1; n < left; n++) {
        uint8_t c = peek(l, n);
        if (c == '\\') {
            n++;
        } else if (c == quote) {
            *ret = n + 1;
            return true;
        }
    }
    return false;
}

static bool lex_quoted(struct lexer *l, enum jmes_token_kind kind, struct jmes_token *ret)
{
    char expected[32];
    size_t n = 0;
    uint8_t quote = peek(l, 0);

    if (!quoted_length(l, quote, &n)) {
        (void)snprintf(expected, sizeof expected, "a closing %c", quote);
        return jmes_complain(l->complaint, ATT_JMESPATH_SYNTAX, ret->column, expected,
                             "%c that is never closed", quote);
    }
    ret->kind = kind;
    ret->text = take(l, n);
    return true;
}

static const struct {
    char text[3];
    uint8_t kind;
} marks[] = {
    /* the longer ones first */
    { "[?", JTOK_FILTER },  { "[]", JTOK_FLATTEN }, { "||", JTOK_OR },    { "&&", JTOK_AND },
    { "==", JTOK_EQ },      { "!=", JTOK_NE },      { "<=", JTOK_LE },    { ">=", JTOK_GE },
    { "[", JTOK_LBRACKET }, { "]", JTOK_RBRACKET }, { "|", JTOK_PIPE },   { "&", JTOK_AMPERSAND },
    { "!", JTOK_NOT },      { "<", JTOK_LT },       { ">", JTOK_GT },     { ".", JTOK_DOT },
    { "*", JTOK_STAR },     { "@", JTOK_AT },       { ",", JTOK_COMMA },  { ":", JTOK_COLON },
    { "(", JTOK_LPAREN },   { ")", JTOK_RPAREN },   { "{", JTOK_LBRACE }, { "}", JTOK_RBRACE },
};

static bool lex_mark(struct lexer *l, struct jmes_token *ret)
{
    struct att_shown shown;

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t n = marks[i].text[1] ? 2 : 1;
        if (peek(l, 0) != (uint8_t)marks[i].text[0] || (n == 2 && peek(l, 1) != (uint8_t)marks[i].text[1]))
            continue;
        ret->kind = marks[i].kind;
        ret->text = take(l, n);
        return true;
    }
    size_t n = att_utf8_length(att_span_of(l->text.ptr + l->at, l->text.len - l->at));
    const char *expected = peek(l, 0) == '=' ? "== (there is no =)"
                           : peek(l, 0) == '?'
                               ? "a mark of the language (a filter begins with [? and no space)"
                               : "a word or a mark of the language";
    return jmes_complain(l->complaint, ATT_JMESPATH_SYNTAX, ret->column, expected, "'%s'",
                         att_shown(&shown, att_span_of(l->text.ptr + l->at, n)));
}

static bool lex_one(struct lexer *l, struct jmes_token *ret)
{
    skip_space(l);
    *ret = (struct jmes_token){ .kind = JTOK_END, .column = l->column };
    if (l->at == l->text.len)
        return true;
    uint8_t c = peek(l, 0);
    if (letter(c)) {
        ret->kind = JTOK_NAME;
        ret->text = take(l, name_length(l));
        return true;
    }
    if (digit(c) || (c == '-' && digit(peek(l, 1)))) {
        ret->kind = JTOK_NUMBER;
        ret->text = take(l, number_length(l));
        return true;
    }
    switch (c) {
    case '"':
        return lex_quoted(l, JTOK_QUOTED, ret);
    case '\'':
        return lex_quoted(l, JTOK_RAW, ret);
    case '`':
        return lex_quoted(l, JTOK_LITERAL, ret);
    default:
        return lex_mark(l, ret);
    }
}

static bool check_utf8(struct lexer *l)
{
    struct lexer at = *l;

    while (at.at < at.text.len) {
        size_t n = att_utf8_length(att_span_of(at.text.ptr + at.at, at.text.len - at.at));
        if (n == 0)
            return jmes_complain(l->complaint, ATT_JMESPATH_SYNTAX, at.column, "well-formed UTF-8",
                                 "a byte that is no character");
        (void)take(&at, n);
    }
    return true;
}

bool jmes_lex(struct att_arena *arena, struct att_span text, const struct jmes_complaint *complaint,
              struct jmes_token **ret)
{
    struct lexer l = { .text = text, .column = 1, .complaint = complaint };
    struct jmes_token *tokens = NULL;
    size_t count = 0;
    size_t capacity = 0;

    if (!check_utf8(&l))
        return false;
    for (;;) {
        if (count == capacity) {
            size_t wanted = capacity ? capacity * 2 : 16;
            struct jmes_token *grown = att_arena_alloc(arena, wanted, sizeof *grown);
            if (!grown)
                return att_fail_memory(complaint->err, "jmespath");
            if (count > 0)
                memcpy(grown, tokens, count * sizeof *grown);
            tokens = grown;
            capacity = wanted;
        }
        if (!lex_one(&l, &tokens[count]))
            return false;
        if (tokens[count++].kind == JTOK_END)
            break;
    }
    *ret = tokens;
    return true;
}
