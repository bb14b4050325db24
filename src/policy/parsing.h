/* policy/parsing.h - the inside of the parser: its state, moving over tokens, saying no. What is parsed where: versions,
 * sections and rules in parser.c, conditions and actions in parse_rule.c, expressions in parse_expr.c.
 *
 * Functions that parse take all tokens of their rule of the grammar, or complain and give false; the first false ends
 * the parse.
 */
#ifndef POLICY_PARSING_H
#define POLICY_PARSING_H

#include "policy/ast.h"
#include "policy/complain.h"
#include "policy/language.h"
#include "policy/lexer.h"

/* Names of a path that are kept; of deeper calls the outer ones are named. */
enum { PATH_MAX_DEPTH = 12 };

struct parsing {
    struct policy_lexer lexer;
    struct policy_token now;
    struct policy_token before;
    struct att_arena *arena;
    const struct att_limits *limits;
    const struct policy_complaint *to;
    struct policy_ast ast;
    const char *path[PATH_MAX_DEPTH]; /* names of the rules being parsed, outermost first */
    unsigned depth;
    unsigned calls; /* open ones */
};

#define PROPERTIES  (TOK_SET(TYPE) | TOK_SET(VALUE) | TOK_SET(VALUE_TYPE) | TOK_SET(ISSUER))
#define COMPARISONS (TOK_SET(EQ) | TOK_SET(NE) | TOK_SET(LT) | TOK_SET(LE) | TOK_SET(GT) | TOK_SET(GE))
#define EXPRESSIONS (TOK_SET(STRING) | TOK_SET(INT) | TOK_SET(TRUE) | TOK_SET(FALSE) | TOK_SET(IDENT))

/* Into a rule of the grammar, and out of it again. */
void parsing_enter(struct parsing *p, const char *rule);
void parsing_leave(struct parsing *p);
struct policy_path parsing_path(const struct parsing *p);

/* Refusals; always false. The token here is none of `expected`: */
bool parsing_mismatch(struct parsing *p, uint64_t expected);
/* a construct that the version of this policy does not have: */
bool parsing_too_new(struct parsing *p, const struct policy_mark *at, unsigned since);
/* one more than a limit allows: */
bool parsing_over_limit(struct parsing *p, const char *what, size_t max);

void parsing_advance(struct parsing *p);
bool parsing_here(const struct parsing *p, uint64_t set);
ATT_CHECK bool parsing_take(struct parsing *p, uint64_t one);
/* Zeroed, in the arena; NULL after complaining. */
ATT_CHECK void *parsing_node(struct parsing *p, size_t size);
/* From the start of `from` to the end of the last token taken. */
struct policy_mark parsing_mark_since(const struct parsing *p, const struct policy_mark *from);

/* `!` where this version has it: what else may begin a condition. */
static inline uint64_t parsing_negation(const struct parsing *p)
{
    return policy_since(att_str("!")) <= p->ast.minor ? TOK_SET(NOT) : 0;
}

ATT_CHECK bool parsing_property(struct parsing *p, enum policy_property *ret);
ATT_CHECK bool parsing_expression(struct parsing *p, struct policy_expr *e);
ATT_CHECK bool parsing_conditions(struct parsing *p, struct policy_rule *r);
ATT_CHECK bool parsing_action(struct parsing *p, enum policy_section section, struct policy_action *a);

#endif
