/* jmespath/token.h - what the lexer gives and the parser takes. */
#ifndef JMESPATH_TOKEN_H
#define JMESPATH_TOKEN_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

#include "jmespath/complain.h"

enum jmes_token_kind {
    JTOK_END,
    JTOK_NAME,    /* abc */
    JTOK_QUOTED,  /* "abc" */
    JTOK_RAW,     /* 'abc' */
    JTOK_LITERAL, /* `abc` */
    JTOK_NUMBER,  /* -12 */
    JTOK_DOT,
    JTOK_STAR,
    JTOK_AT,
    JTOK_COMMA,
    JTOK_COLON,
    JTOK_PIPE,
    JTOK_OR,
    JTOK_AND,
    JTOK_NOT,
    JTOK_AMPERSAND,
    JTOK_EQ,
    JTOK_NE,
    JTOK_LT,
    JTOK_LE,
    JTOK_GT,
    JTOK_GE,
    JTOK_LPAREN,
    JTOK_RPAREN,
    JTOK_LBRACE,
    JTOK_RBRACE,
    JTOK_LBRACKET,
    JTOK_RBRACKET,
    JTOK_FILTER,  /* [? */
    JTOK_FLATTEN, /* [] */
};

struct jmes_token {
    enum jmes_token_kind kind;
    struct att_span text; /* as written, quotes included */
    unsigned column;      /* in code points, from 1 */
};

/* All tokens, the last one is JTOK_END. They live in the arena and point into the text. */
ATT_CHECK bool jmes_lex(struct att_arena *arena, struct att_span text, const struct jmes_complaint *complaint,
                        struct jmes_token **ret);

#endif
