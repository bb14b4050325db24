/* policy/token.h - what the lexer gives and the parser takes. */
#ifndef POLICY_TOKEN_H
#define POLICY_TOKEN_H

#include <attest/span.h>

/* The order is the order in which "expecting {...}" lists them. X(KIND, as messages show it) */
#define POLICY_TOKENS(X)                                                                                     \
    X(EOF, "<EOF>")                                                                                          \
    X(BAD, "<BAD>") /* never expected by anybody */                                                          \
    X(VERSION_WORD, "'version'")                                                                             \
    X(CONFIGURATION, "'configurationrules'")                                                                 \
    X(AUTHORIZATION, "'authorizationrules'")                                                                 \
    X(ISSUANCE, "'issuancerules'")                                                                           \
    X(CLAIM, "'claim'")                                                                                      \
    X(TYPE, "'type'")                                                                                        \
    X(VALUE, "'value'")                                                                                      \
    X(VALUE_TYPE, "'valueType'")                                                                             \
    X(ISSUER, "'issuer'")                                                                                    \
    X(PERMIT, "'permit'")                                                                                    \
    X(DENY, "'deny'")                                                                                        \
    X(ADD, "'add'")                                                                                          \
    X(ISSUE, "'issue'")                                                                                      \
    X(ISSUE_PROPERTY, "'issueproperty'")                                                                     \
    X(TRUE, "'true'")                                                                                        \
    X(FALSE, "'false'")                                                                                      \
    X(VERSION, "VERSION")                                                                                    \
    X(STRING, "STRING")                                                                                      \
    X(INT, "INT")                                                                                            \
    X(IDENT, "IDENT")                                                                                        \
    X(LEFT_BRACE, "'{'")                                                                                     \
    X(RIGHT_BRACE, "'}'")                                                                                    \
    X(LEFT_BRACKET, "'['")                                                                                   \
    X(RIGHT_BRACKET, "']'")                                                                                  \
    X(LEFT_PAREN, "'('")                                                                                     \
    X(RIGHT_PAREN, "')'")                                                                                    \
    X(SEMICOLON, "';'")                                                                                      \
    X(COMMA, "','")                                                                                          \
    X(COLON, "':'")                                                                                          \
    X(DOT, "'.'")                                                                                            \
    X(ARROW, "'=>'")                                                                                         \
    X(AND, "'&&'")                                                                                           \
    X(NOT, "'!'")                                                                                            \
    X(ASSIGN, "'='")                                                                                         \
    X(EQ, "'=='")                                                                                            \
    X(NE, "'!='")                                                                                            \
    X(LT, "'<'")                                                                                             \
    X(LE, "'<='")                                                                                            \
    X(GT, "'>'")                                                                                             \
    X(GE, "'>='")

enum policy_token_kind {
#define X(kind, shown) TOK_##kind,
    POLICY_TOKENS(X)
#undef X
        TOK_COUNT
};
_Static_assert(TOK_COUNT <= 64, "a set of token kinds is the bits of a uint64_t");

#define TOK_SET(kind) (UINT64_C(1) << TOK_##kind)

/* Where something stands in the text. Lines and columns count from 1, columns in code points. */
struct policy_mark {
    struct att_span text;
    unsigned line;
    unsigned column;
};

struct policy_token {
    enum policy_token_kind kind;
    struct policy_mark at;
    const char *hint; /* BAD: what the language has instead, or NULL */
    bool curly;       /* STRING or BAD: a string with a curly quote inside, perhaps meant to end it */
};

#endif
