#include "policy/lexer.h"

#include "codec/utf8.h"

/* Words. Section words and `version` in any case (A3 of the reference), all others exactly. */
static const struct {
    const char *word;
    enum policy_token_kind kind;
    bool any_case;
} words[] = {
    { "version", TOK_VERSION_WORD, true },
    { "configurationrules", TOK_CONFIGURATION, true },
    { "authorizationrules", TOK_AUTHORIZATION, true },
    { "issuancerules", TOK_ISSUANCE, true },
    { "claim", TOK_CLAIM, false },
    { "type", TOK_TYPE, false },
    { "value", TOK_VALUE, false },
    { "valueType", TOK_VALUE_TYPE, false },
    { "issuer", TOK_ISSUER, false },
    { "permit", TOK_PERMIT, false },
    { "deny", TOK_DENY, false },
    { "add", TOK_ADD, false },
    { "issue", TOK_ISSUE, false },
    { "issueproperty", TOK_ISSUE_PROPERTY, false },
    { "true", TOK_TRUE, false },
    { "false", TOK_FALSE, false },
};

/* Longest first: "=>" before "==" before "=". */
static const struct {
    const char *spelling;
    enum policy_token_kind kind;
} marks[] = {
    { "=>", TOK_ARROW },       { "&&", TOK_AND },          { "==", TOK_EQ },        { "!=", TOK_NE },
    { "<=", TOK_LE },          { ">=", TOK_GE },           { "{", TOK_LEFT_BRACE }, { "}", TOK_RIGHT_BRACE },
    { "[", TOK_LEFT_BRACKET }, { "]", TOK_RIGHT_BRACKET }, { "(", TOK_LEFT_PAREN }, { ")", TOK_RIGHT_PAREN },
    { ";", TOK_SEMICOLON },    { ",", TOK_COMMA },         { ":", TOK_COLON },      { ".", TOK_DOT },
    { "!", TOK_NOT },          { "=", TOK_ASSIGN },        { "<", TOK_LT },         { ">", TOK_GT },
};

#define NO_REGEX "== or !=: there are no regular expressions; compare whole strings, one rule for each"
#define CURLY    "the straight quote \" (U+0022): curly quotes delimit nothing"
#define NO_SPACE "an ASCII space, tab or line break: other white space separates nothing"

/* What people write who come from other languages, and what stands for it here. Before `marks`, longest
 * first. */
static const struct {
    const char *spelling;
    const char *hint;
} strangers[] = {
    { "||", "another rule: there is no ||, the rules of a section are the alternatives" },
    { "|", "another rule: there is no |, the rules of a section are the alternatives" },
    { "=~", NO_REGEX },
    { "!~", NO_REGEX },
    { "/*", "// at the start of each comment line: there are no /* */ comments" },
    { "*/", "// at the start of each comment line: there are no /* */ comments" },
    { "/", "// for a comment; there is no division" },
    { "#", "// for a comment" },
    { "+", "one literal: there is no + for strings or numbers" },
    { "'", "the straight double quote \": single quotes delimit nothing" },
    { "\xe2\x80\x9c", CURLY },    /* U+201C */
    { "\xe2\x80\x9d", CURLY },    /* U+201D */
    { "\xe2\x80\x9e", CURLY },    /* U+201E */
    { "\xe2\x80\x98", CURLY },    /* U+2018 */
    { "\xe2\x80\x99", CURLY },    /* U+2019 */
    { "\xc2\xa0", NO_SPACE },     /* U+00A0 */
    { "\xe2\x80\xaf", NO_SPACE }, /* U+202F */
    { "\xe2\x80\x8b", NO_SPACE }, /* U+200B */
    { "\xe3\x80\x80", NO_SPACE }, /* U+3000 */
    { "\f", NO_SPACE },
    { "\v", NO_SPACE },
    { "\xef\xbb\xbf", "plain UTF-8 without a byte order mark (U+FEFF)" },
};

struct policy_lexer policy_lexer_of(struct att_span text)
{
    return (struct policy_lexer){ .text = text, .line = 1, .column = 1 };
}

const char *policy_token_name(enum policy_token_kind kind)
{
    static const char *const names[TOK_COUNT] = {
#define X(kind_, shown) [TOK_##kind_] = shown,
        POLICY_TOKENS(X)
#undef X
    };
    return kind < TOK_COUNT ? names[kind] : names[TOK_BAD];
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool policy_same_word(struct att_span a, const char *b)
{
    if (a.len != strlen(b))
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower((uint8_t)b[i]))
            return false;
    return true;
}

static struct att_span rest(const struct policy_lexer *lx)
{
    return att_span_of(lx->text.ptr + lx->at, lx->text.len - lx->at);
}

static bool at_end(const struct policy_lexer *lx)
{
    return lx->at == lx->text.len;
}

/* The byte `ahead` of here; 0 behind the end, which no rule below takes for anything (NUL is refused). */
static uint8_t peek(const struct policy_lexer *lx, size_t ahead)
{
    return ahead < lx->text.len - lx->at ? lx->text.ptr[lx->at + ahead] : 0;
}

static bool starts_with(struct att_span s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.len >= n && memcmp(s.ptr, prefix, n) == 0;
}

/* Over one code point; false, without moving, at what may not stand in a policy: broken UTF-8, and NUL, on
 * which C strings further on would end. */
static bool step(struct policy_lexer *lx)
{
    size_t n = att_utf8_length(rest(lx));

    if (n == 0 || lx->text.ptr[lx->at] == 0)
        return false;
    if (lx->text.ptr[lx->at] == '\n') {
        lx->line++;
        lx->column = 1;
    } else {
        lx->column++;
    }
    lx->at += n;
    return true;
}

/* Over `n` bytes that are known to be ASCII without line breaks. */
static void skip_ascii(struct policy_lexer *lx, size_t n)
{
    lx->at += n;
    lx->column += (unsigned)n;
}

static struct policy_token token_from(const struct policy_lexer *lx, const struct policy_lexer *start,
                                      enum policy_token_kind kind)
{
    return (struct policy_token){
        .kind = kind,
        .at = { att_span_of(start->text.ptr + start->at, lx->at - start->at), start->line, start->column },
    };
}

/* A token for the code point (or broken byte) here, which may not stand in a policy. Moves over it. */
static struct policy_token bad_here(struct policy_lexer *lx)
{
    struct policy_lexer start = *lx;
    const char *hint = NULL;

    if (!step(lx)) {
        hint = peek(lx, 0) == 0 ? "text without NUL bytes" : "valid UTF-8";
        lx->at++;
        lx->column++;
    }
    struct policy_token t = token_from(lx, &start, TOK_BAD);
    t.hint = hint;
    return t;
}

/* Over white space and comments; false when it stopped at something that may not stand even in a comment. */
static bool skip_blanks(struct policy_lexer *lx)
{
    for (;;) {
        uint8_t c = peek(lx, 0);
        if (at_end(lx))
            return true;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            (void)step(lx); /* ASCII */
            continue;
        }
        if (c != '/' || peek(lx, 1) != '/')
            return true;
        while (!at_end(lx) && peek(lx, 0) != '\n')
            if (!step(lx))
                return false;
    }
}

/* The opening quote is here. Escapes are only skipped, the parser resolves them. */
static struct policy_token string(struct policy_lexer *lx)
{
    struct policy_lexer start = *lx;
    struct policy_lexer line_end = *lx;
    bool curly = false;

    skip_ascii(lx, 1);
    while (!at_end(lx) && peek(lx, 0) != '"') {
        curly = curly || starts_with(rest(lx), "\xe2\x80\x9c") || starts_with(rest(lx), "\xe2\x80\x9d");
        if (peek(lx, 0) == '\\')
            skip_ascii(lx, 1);
        if (at_end(lx))
            break;
        if (!step(lx))
            return bad_here(lx);
        if (lx->line == start.line)
            line_end = *lx;
    }
    if (!at_end(lx)) {
        skip_ascii(lx, 1);
        struct policy_token t = token_from(lx, &start, TOK_STRING);
        t.curly = curly;
        return t;
    }
    struct policy_token t = token_from(&line_end, &start, TOK_BAD);
    t.hint = "a closing quote \": this string does not end";
    t.curly = curly;
    return t;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

/* INT, or VERSION when a fraction follows: "1.0" is a version everywhere, so that "value==1.5" is told apart.
 */
static struct policy_token number(struct policy_lexer *lx)
{
    struct policy_lexer start = *lx;
    enum policy_token_kind kind = TOK_INT;

    skip_ascii(lx, 1); /* a digit or the sign */
    while (is_digit(peek(lx, 0)))
        skip_ascii(lx, 1);
    if (peek(lx, 0) == '.' && is_digit(peek(lx, 1))) {
        kind = TOK_VERSION;
        skip_ascii(lx, 1);
        while (is_digit(peek(lx, 0)))
            skip_ascii(lx, 1);
    }
    return token_from(lx, &start, kind);
}

static struct policy_token word(struct policy_lexer *lx)
{
    struct policy_lexer start = *lx;

    while (is_word(peek(lx, 0)))
        skip_ascii(lx, 1);
    struct policy_token t = token_from(lx, &start, TOK_IDENT);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].any_case ? policy_same_word(t.at.text, words[i].word)
                              : att_span_is(t.at.text, words[i].word))
            t.kind = words[i].kind;
    return t;
}

static struct policy_token stranger(struct policy_lexer *lx)
{
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct policy_lexer start = *lx;
        if (!starts_with(rest(lx), strangers[i].spelling))
            continue;
        for (size_t end = lx->at + strlen(strangers[i].spelling); lx->at < end;)
            (void)step(lx); /* known, valid code points */
        struct policy_token t = token_from(lx, &start, TOK_BAD);
        t.hint = strangers[i].hint;
        return t;
    }
    return bad_here(lx);
}

static struct policy_token punctuation(struct policy_lexer *lx)
{
    struct policy_lexer start = *lx;

    if (starts_with(rest(lx), "=~") || starts_with(rest(lx), "!~"))
        return stranger(lx);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (!starts_with(rest(lx), marks[i].spelling))
            continue;
        skip_ascii(lx, strlen(marks[i].spelling));
        return token_from(lx, &start, marks[i].kind);
    }
    return stranger(lx);
}

struct policy_token policy_lexer_next(struct policy_lexer *lx)
{
    if (!skip_blanks(lx))
        return bad_here(lx);
    if (at_end(lx))
        return token_from(lx, lx, TOK_EOF);

    uint8_t c = peek(lx, 0);
    if (c == '"')
        return string(lx);
    if (is_digit(c) || (c == '-' && is_digit(peek(lx, 1))))
        return number(lx);
    if (is_word(c))
        return word(lx);
    return punctuation(lx);
}
