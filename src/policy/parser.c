/* One function for each rule of the grammar. The language is LL(1) and does not nest, so there is no
 * recursion. */
#include "policy/parser.h"

#include "base/err.h"
#include "policy/hints.h"
#include "policy/language.h"
#include "policy/lexer.h"
#include "policy/literal.h"

#include <stdio.h>

enum { PATH_MAX_DEPTH = 10 };

struct parser {
    struct policy_lexer lexer;
    struct policy_token now;
    struct policy_token before;
    struct att_arena *arena;
    const struct att_limits *limits;
    const struct policy_complaint *to;
    struct policy_ast ast;
    const char *path[PATH_MAX_DEPTH]; /* names of the rules being parsed, outermost first */
    unsigned depth;
};

#define PROPERTIES  (TOK_SET(TYPE) | TOK_SET(VALUE) | TOK_SET(VALUE_TYPE) | TOK_SET(ISSUER))
#define COMPARISONS (TOK_SET(EQ) | TOK_SET(NE) | TOK_SET(LT) | TOK_SET(LE) | TOK_SET(GT) | TOK_SET(GE))
#define EXPRESSIONS (TOK_SET(STRING) | TOK_SET(INT) | TOK_SET(TRUE) | TOK_SET(FALSE) | TOK_SET(IDENT))

/* -- saying no --------------------------------------------------------------------------------------- */

static void enter(struct parser *p, const char *rule)
{
    if (p->depth < PATH_MAX_DEPTH)
        p->path[p->depth++] = rule;
}

static void leave(struct parser *p)
{
    p->depth--;
}

static struct policy_path path_of(const struct parser *p)
{
    struct policy_path path = { { 0 } };

    for (unsigned i = 0; i < p->depth; i++)
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
static bool mismatch(struct parser *p, uint64_t expected)
{
    struct policy_hint room;
    struct policy_symbol symbol;
    struct policy_path path = path_of(p);
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
static bool too_new(struct parser *p, const struct policy_mark *at, unsigned since)
{
    struct policy_path path = path_of(p);
    struct policy_symbol symbol;
    char expected[160];

    (void)policy_symbol_of(&symbol, at->text);
    (void)snprintf(expected, sizeof expected, "what version %s has; %s came with version 1.%u",
                   policy_version_text(p->ast.minor), symbol.text, since);
    return policy_complain(p->to, ATT_POLICY_VERSION, at, path.text, expected,
                           "%s needs policy version 1.%u, this is version %s", symbol.text, since,
                           policy_version_text(p->ast.minor));
}

static bool over_limit(struct parser *p, const char *what, size_t max)
{
    struct policy_path path = path_of(p);
    char expected[64];

    (void)snprintf(expected, sizeof expected, "at most %zu %s", max, what);
    return policy_complain(p->to, ATT_POLICY_LIMIT, &p->now.at, path.text, expected, "more than %zu %s", max,
                           what);
}

/* -- moving ------------------------------------------------------------------------------------------ */

static void advance(struct parser *p)
{
    p->before = p->now;
    p->now = policy_lexer_next(&p->lexer);
}

static bool here(const struct parser *p, uint64_t set)
{
    return (set >> p->now.kind & 1) != 0;
}

static bool take(struct parser *p, uint64_t one)
{
    if (!here(p, one))
        return mismatch(p, one);
    advance(p);
    return true;
}

static void *node(struct parser *p, size_t size)
{
    void *n = att_arena_alloc(p->arena, 1, size);

    if (!n)
        (void)att_fail_memory(p->to->err, "policy");
    return n;
}

/* From the start of `from` to the end of the last token taken. */
static struct policy_mark span_since(const struct parser *p, const struct policy_mark *from)
{
    const uint8_t *end = p->before.at.text.ptr + p->before.at.text.len;

    return (struct policy_mark){ att_span_of(from->text.ptr, (size_t)(end - from->text.ptr)), from->line,
                                 from->column };
}

/* -- expressions ------------------------------------------------------------------------------------- */

static bool parse_property(struct parser *p, enum policy_property *ret)
{
    if (!here(p, PROPERTIES))
        return mismatch(p, PROPERTIES);
    *ret = (enum policy_property)(p->now.kind - TOK_TYPE);
    advance(p);
    return true;
}

_Static_assert(TOK_ISSUER - TOK_TYPE == PROPERTY_ISSUER - PROPERTY_TYPE &&
                   TOK_VALUE - TOK_TYPE == PROPERTY_VALUE,
               "property tokens stand in the order of policy_property");

static bool parse_literal(struct parser *p, struct att_value *ret)
{
    struct policy_path path;

    enter(p, "literal");
    switch (p->now.kind) {
    case TOK_STRING:
        ret->kind = ATT_CLAIM_STRING;
        if (!policy_string_read(p->arena, p->now.at.text, &ret->text))
            return att_fail_memory(p->to->err, "policy");
        break;
    case TOK_INT:
        ret->kind = ATT_CLAIM_INT;
        if (!policy_int_read(p->now.at.text, &ret->integer)) {
            path = path_of(p);
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
    advance(p);
    leave(p);
    return true;
}

/* `NAME.property`; a function call starts in the same way and is refused by name. */
static bool parse_access(struct parser *p, struct policy_expr *e)
{
    e->kind = EXPR_ACCESS;
    e->name = p->now.at;
    advance(p);
    if (here(p, TOK_SET(LEFT_PAREN))) {
        enter(p, "functionCall");
        unsigned since = policy_since(e->name.text);
        if (since > p->ast.minor)
            return too_new(p, &e->name, since);
        struct policy_path path = path_of(p);
        return policy_complain(p->to, ATT_POLICY_RULE, &e->name, path.text, "a literal or NAME.value",
                               "no function of this name exists");
    }
    enter(p, "claimPropertyAccess");
    if (!take(p, TOK_SET(DOT)) || !parse_property(p, &e->property))
        return false;
    leave(p);
    return true;
}

static bool parse_expression(struct parser *p, struct policy_expr *e)
{
    struct policy_mark start = p->now.at;

    enter(p, "expression");
    if (!here(p, EXPRESSIONS))
        return mismatch(p, EXPRESSIONS);
    if (here(p, TOK_SET(IDENT)) ? !parse_access(p, e) : !parse_literal(p, &e->literal))
        return false;
    e->at = span_since(p, &start);
    leave(p);
    return true;
}

/* -- conditions -------------------------------------------------------------------------------------- */

static bool parse_test(struct parser *p, struct policy_test *t)
{
    struct policy_mark start = p->now.at;

    enter(p, "propertyCondition");
    if (!parse_property(p, &t->property))
        return false;
    if (!here(p, COMPARISONS))
        return mismatch(p, COMPARISONS);
    t->op = (enum policy_compare)(p->now.kind - TOK_EQ);
    t->op_at = p->now.at;
    advance(p);
    if (!parse_expression(p, &t->right))
        return false;
    t->at = span_since(p, &start);
    leave(p);
    return true;
}
_Static_assert(TOK_GE - TOK_EQ == COMPARE_GE - COMPARE_EQ,
               "comparison tokens stand in the order of policy_compare");

static bool parse_tests(struct parser *p, struct policy_condition *c)
{
    struct policy_test **tail = &c->tests;

    if (here(p, TOK_SET(RIGHT_BRACKET)))
        return true;
    if (!here(p, PROPERTIES))
        return mismatch(p, PROPERTIES | TOK_SET(RIGHT_BRACKET));
    for (;;) {
        struct policy_test *t = node(p, sizeof *t);
        if (!t || !parse_test(p, t))
            return false;
        *tail = t;
        tail = &t->next;
        if (!here(p, TOK_SET(COMMA)))
            return here(p, TOK_SET(RIGHT_BRACKET)) || mismatch(p, TOK_SET(RIGHT_BRACKET) | TOK_SET(COMMA));
        advance(p);
    }
}

static bool parse_condition(struct parser *p, struct policy_condition *c)
{
    struct policy_mark start = p->now.at;

    enter(p, "condition");
    if (here(p, TOK_SET(NOT)))
        return too_new(p, &p->now.at, policy_since(p->now.at.text));
    if (here(p, TOK_SET(IDENT))) {
        c->name = p->now.at;
        advance(p);
        if (!take(p, TOK_SET(COLON)))
            return false;
        if (!take(p, TOK_SET(LEFT_BRACKET)))
            return false;
    } else if (here(p, TOK_SET(LEFT_BRACKET))) {
        advance(p);
    } else {
        return mismatch(p, TOK_SET(LEFT_BRACKET) | TOK_SET(IDENT));
    }
    if (!parse_tests(p, c) || !take(p, TOK_SET(RIGHT_BRACKET)))
        return false;
    c->at = span_since(p, &start);
    leave(p);
    return true;
}

static bool parse_conditions(struct parser *p, struct policy_rule *r)
{
    struct policy_condition **tail = &r->conditions;

    enter(p, "conditionList");
    for (;;) {
        if (r->condition_count >= p->limits->policy_conditions_max)
            return over_limit(p, "conditions in one rule", p->limits->policy_conditions_max);
        struct policy_condition *c = node(p, sizeof *c);
        if (!c || !parse_condition(p, c))
            return false;
        c->number = ++r->condition_count;
        *tail = c;
        tail = &c->next;
        if (!here(p, TOK_SET(AND)))
            break;
        advance(p);
    }
    if (r->condition_count > p->ast.conditions_max)
        p->ast.conditions_max = r->condition_count;
    leave(p);
    return true;
}

/* -- actions ----------------------------------------------------------------------------------------- */

static bool parse_assignment(struct parser *p, struct policy_assignment *a)
{
    enter(p, "propertyAssignment");
    a->at = p->now.at;
    if (!parse_property(p, &a->property) || !take(p, TOK_SET(ASSIGN)) || !parse_expression(p, &a->right))
        return false;
    leave(p);
    return true;
}

static bool parse_assignments(struct parser *p, struct policy_action *a)
{
    struct policy_assignment **tail = &a->assignments;

    for (;;) {
        struct policy_assignment *n = node(p, sizeof *n);
        if (!n || !parse_assignment(p, n))
            return false;
        *tail = n;
        tail = &n->next;
        if (!here(p, TOK_SET(COMMA)))
            return here(p, TOK_SET(RIGHT_PAREN)) || mismatch(p, TOK_SET(RIGHT_PAREN) | TOK_SET(COMMA));
        advance(p);
    }
}

static bool parse_claim_argument(struct parser *p, struct policy_action *a)
{
    enter(p, "claimArgument");
    if (here(p, TOK_SET(CLAIM))) {
        advance(p);
        if (!take(p, TOK_SET(ASSIGN)))
            return false;
        a->copied = p->now.at;
        if (!take(p, TOK_SET(IDENT)))
            return false;
    } else if (here(p, PROPERTIES)) {
        if (!parse_assignments(p, a))
            return false;
    } else {
        return mismatch(p, PROPERTIES | TOK_SET(CLAIM));
    }
    leave(p);
    return true;
}

static bool parse_action(struct parser *p, enum policy_section section, struct policy_action *a)
{
    uint64_t allowed = 0;
    const struct policy_action_row *row = NULL;

    for (unsigned i = 0; i < POLICY_ACTIONS; i++) {
        if (!(policy_actions[i].sections >> section & 1))
            continue;
        allowed |= UINT64_C(1) << policy_actions[i].token;
        if (policy_actions[i].token == p->now.kind) {
            row = &policy_actions[i];
            a->kind = (enum policy_action_kind)i;
        }
    }
    if (!row)
        return mismatch(p, allowed);
    enter(p, row->rule_name);
    a->at = p->now.at;
    advance(p);
    if (!take(p, TOK_SET(LEFT_PAREN)))
        return false;
    if (row->takes_claim && !parse_claim_argument(p, a))
        return false;
    if (!take(p, TOK_SET(RIGHT_PAREN)))
        return false;
    a->at = span_since(p, &a->at);
    leave(p);
    return true;
}

/* -- rules, sections, the whole ---------------------------------------------------------------------- */

static bool parse_rule(struct parser *p, enum policy_section section, struct policy_rule *r)
{
    struct policy_mark start = p->now.at;

    enter(p, policy_sections[section].rule_name);
    if (p->ast.rule_count >= p->limits->policy_rules_max)
        return over_limit(p, "rules", p->limits->policy_rules_max);
    r->section = section;
    r->number = p->ast.rule_count++;
    if (!here(p, TOK_SET(ARROW)) && !parse_conditions(p, r))
        return false;
    if (!here(p, TOK_SET(ARROW)))
        return mismatch(p, TOK_SET(ARROW) | TOK_SET(AND));
    advance(p);
    if (!parse_action(p, section, &r->action) || !take(p, TOK_SET(SEMICOLON)))
        return false;
    r->at = span_since(p, &start);
    leave(p);
    return true;
}

static bool parse_section(struct parser *p, enum policy_section section)
{
    const uint64_t rule_starts = TOK_SET(IDENT) | TOK_SET(LEFT_BRACKET) | TOK_SET(ARROW) | TOK_SET(NOT);
    struct policy_rule **tail = &p->ast.rules[section];

    enter(p, policy_sections[section].rules_name);
    advance(p); /* the section word, seen by the caller */
    if (!take(p, TOK_SET(LEFT_BRACE)))
        return false;
    while (!here(p, TOK_SET(RIGHT_BRACE))) {
        if (!here(p, rule_starts))
            return mismatch(p, TOK_SET(RIGHT_BRACE) | (rule_starts & ~TOK_SET(NOT)));
        struct policy_rule *r = node(p, sizeof *r);
        if (!r || !parse_rule(p, section, r))
            return false;
        *tail = r;
        tail = &r->next;
    }
    advance(p);
    if (!take(p, TOK_SET(SEMICOLON)))
        return false;
    leave(p);
    return true;
}

static bool parse_version(struct parser *p)
{
    enter(p, "versionInfo");
    if (!take(p, TOK_SET(VERSION_WORD)) || !take(p, TOK_SET(ASSIGN)))
        return false;
    if (!here(p, TOK_SET(VERSION)))
        return mismatch(p, TOK_SET(VERSION));
    if (!policy_version_read(p->now.at.text, &p->ast.minor)) {
        struct policy_path path = path_of(p);
        struct policy_symbol symbol;
        return policy_complain(
            p->to, ATT_POLICY_VERSION, &p->now.at, path.text,
            "1.0 or 1.1 (version 1.2, which has functions and negation, is not taken here)",
            "policy version %s is not supported", policy_symbol_of(&symbol, p->now.at.text));
    }
    advance(p);
    if (!take(p, TOK_SET(SEMICOLON)))
        return false;
    leave(p);
    return true;
}

static bool parse_sections(struct parser *p)
{
    if (here(p, TOK_SET(CONFIGURATION))) {
        unsigned since = policy_since(att_str(policy_sections[SECTION_CONFIGURATION].word));
        if (p->ast.minor < since)
            return too_new(p, &p->now.at, since);
        if (!parse_section(p, SECTION_CONFIGURATION))
            return false;
        if (!here(p, TOK_SET(AUTHORIZATION)))
            return mismatch(p, TOK_SET(AUTHORIZATION));
    }
    if (!here(p, TOK_SET(AUTHORIZATION)))
        return mismatch(p, TOK_SET(AUTHORIZATION) | (p->ast.minor >= 1 ? TOK_SET(CONFIGURATION) : 0));
    if (!parse_section(p, SECTION_AUTHORIZATION))
        return false;
    if (here(p, TOK_SET(EOF)))
        return true;
    if (!here(p, TOK_SET(ISSUANCE)))
        return mismatch(p, TOK_SET(EOF) | TOK_SET(ISSUANCE));
    return parse_section(p, SECTION_ISSUANCE) && (here(p, TOK_SET(EOF)) || mismatch(p, TOK_SET(EOF)));
}

bool policy_parse(struct att_arena *arena, struct att_span text, const struct att_limits *limits,
                  const struct policy_complaint *to, struct policy_ast *ret)
{
    struct parser p = { .lexer = policy_lexer_of(text), .arena = arena, .limits = limits, .to = to };

    enter(&p, "policy");
    p.now = policy_lexer_next(&p.lexer);
    p.before = p.now;
    if (!parse_version(&p) || !parse_sections(&p))
        return false;
    *ret = p.ast;
    return true;
}
