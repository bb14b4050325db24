/* Expressions: literals, properties of what a condition selected, calls. */
#include "policy/parsing.h"

#include "base/err.h"
#include "policy/functions/function.h"
#include "policy/hints.h"
#include "policy/literal.h"

#include <stdio.h>

/* -- expressions ------------------------------------------------------------------------------------- */

bool parsing_property(struct parsing *p, enum policy_property *ret)
{
    if (!parsing_here(p, PROPERTIES))
        return parsing_mismatch(p, PROPERTIES);
    *ret = (enum policy_property)(p->now.kind - TOK_TYPE);
    parsing_advance(p);
    return true;
}

_Static_assert(TOK_ISSUER - TOK_TYPE == PROPERTY_ISSUER - PROPERTY_TYPE &&
                   TOK_VALUE - TOK_TYPE == PROPERTY_VALUE,
               "property tokens stand in the order of policy_property");

static bool parse_literal(struct parsing *p, struct att_value *ret)
{
    struct policy_path path;

    parsing_enter(p, "literal");
    switch (p->now.kind) {
    case TOK_STRING:
        ret->kind = ATT_CLAIM_STRING;
        if (!policy_string_read(p->arena, p->now.at.text, &ret->text))
            return att_fail_memory(p->to->err, "policy");
        break;
    case TOK_INT:
        ret->kind = ATT_CLAIM_INT;
        if (!policy_int_read(p->now.at.text, &ret->integer)) {
            path = parsing_path(p);
            return policy_complain(p->to, ATT_POLICY_SYNTAX, &p->now.at, path.text,
                                   "an integer from -9223372036854775808 to 9223372036854775807",
                                   "integer out of the range of 64 bits");
        }
        break;
    default:
        ret->kind = ATT_CLAIM_BOOL;
        ret->boolean = p->now.kind == TOK_TRUE;
        break;
    }
    parsing_advance(p);
    parsing_leave(p);
    return true;
}

static bool unknown_function(struct parsing *p, const struct policy_mark *name)
{
    struct policy_path path = parsing_path(p);
    struct policy_hint room;

    return policy_complain(p->to, ATT_POLICY_RULE, name, path.text,
                           policy_hint_function(&room, name->text, p->ast.minor),
                           "no function of this name exists");
}

static bool wrong_arity(struct parsing *p, const struct policy_expr *e)
{
    const struct policy_function *f = e->function;
    unsigned arity = policy_function_arity(f);
    struct policy_path path = parsing_path(p);
    char expected[96];

    (void)snprintf(expected, sizeof expected, "%s(%s%s%s)", f->name, f->parameters[0].name,
                   arity > 1 ? ", " : "", arity > 1 ? f->parameters[1].name : "");
    return policy_complain(p->to, ATT_POLICY_RULE, &p->now.at, path.text, expected, "%s takes %u argument%s",
                           f->name, arity, arity == 1 ? "" : "s");
}

/* Behind the opening parenthesis, to the closing one. */
static bool parse_arguments(struct parsing *p, struct policy_expr *e)
{
    struct policy_expr **tail = &e->arguments;

    if (parsing_here(p, TOK_SET(RIGHT_PAREN)))
        return wrong_arity(p, e);
    for (unsigned count = 1;; count++) {
        struct policy_expr *argument = parsing_node(p, sizeof *argument);
        if (!argument || !parsing_expression(p, argument))
            return false;
        *tail = argument;
        tail = &argument->next;
        if (parsing_here(p, TOK_SET(RIGHT_PAREN)))
            return count == policy_function_arity(e->function) || wrong_arity(p, e);
        if (!parsing_here(p, TOK_SET(COMMA)))
            return parsing_mismatch(p, TOK_SET(RIGHT_PAREN) | TOK_SET(COMMA));
        parsing_advance(p);
        if (count == policy_function_arity(e->function))
            return wrong_arity(p, e);
    }
}

/* `NAME(expression, ...)`; the name is taken, the parenthesis is here. */
static bool parse_call(struct parsing *p, struct policy_expr *e)
{
    parsing_enter(p, "functionCall");
    e->kind = EXPR_CALL;
    e->function = policy_function_find(e->name.text);
    if (!e->function)
        return unknown_function(p, &e->name);
    if (e->function->since > p->ast.minor)
        return parsing_too_new(p, &e->name, e->function->since);
    if (p->calls >= p->limits->policy_depth_max)
        return parsing_over_limit(p, "calls inside one another", p->limits->policy_depth_max);
    p->calls++;
    parsing_advance(p);
    if (!parse_arguments(p, e) || !parsing_take(p, TOK_SET(RIGHT_PAREN)))
        return false;
    p->calls--;
    parsing_leave(p);
    return true;
}

/* `NAME.property`, or a call, which starts in the same way. */
static bool parse_name(struct parsing *p, struct policy_expr *e)
{
    e->name = p->now.at;
    parsing_advance(p);
    if (parsing_here(p, TOK_SET(LEFT_PAREN)))
        return parse_call(p, e);
    parsing_enter(p, "claimPropertyAccess");
    e->kind = EXPR_ACCESS;
    if (!parsing_take(p, TOK_SET(DOT)) || !parsing_property(p, &e->property))
        return false;
    parsing_leave(p);
    return true;
}

bool parsing_expression(struct parsing *p, struct policy_expr *e)
{
    struct policy_mark start = p->now.at;

    parsing_enter(p, "expression");
    if (!parsing_here(p, EXPRESSIONS))
        return parsing_mismatch(p, EXPRESSIONS);
    if (parsing_here(p, TOK_SET(IDENT)) ? !parse_name(p, e) : !parse_literal(p, &e->literal))
        return false;
    e->at = parsing_mark_since(p, &start);
    parsing_leave(p);
    return true;
}
