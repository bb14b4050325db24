/* Tokens to tree, by recursive descent. Grammar: JMESPath specification, "Grammar"; how tight operators bind follows
 * its reference implementation: | then || then && then comparators, [] and projections, !, and [..] the tightest. */
#include "jmespath/token.h"
#include "jmespath/tree.h"

#include "base/err.h"
#include "jmespath/literal.h"

#include <stdio.h>

struct parser {
    struct att_arena *arena;
    const struct jmes_token *at;
    const struct att_limits *limits;
    size_t depth;
    const struct jmes_complaint *complaint;
};

/* Children in the order in which they come. */
struct children {
    struct jmes_node *first;
    struct jmes_node *last;
    uint32_t count;
};

static bool parse_expression(struct parser *p, struct jmes_node **ret);
static bool parse_chain(struct parser *p, bool after_not, struct jmes_node **ret);

/* Helpers
 * ---------------------------------------------------------------------------------------------------- */

static bool refuse(const struct parser *p, const char *expected)
{
    struct att_shown shown;

    if (p->at->kind == JTOK_END)
        return jmes_complain(p->complaint, ATT_JMESPATH_SYNTAX, p->at->column, expected,
                             "the end of the query");
    return jmes_complain(p->complaint, ATT_JMESPATH_SYNTAX, p->at->column, expected, "'%s'",
                         att_shown(&shown, p->at->text));
}

static bool take(struct parser *p, enum jmes_token_kind kind)
{
    if (p->at->kind != kind)
        return false;
    p->at++;
    return true;
}

static bool want(struct parser *p, enum jmes_token_kind kind, const char *expected)
{
    return take(p, kind) || refuse(p, expected);
}

static bool new_node(struct parser *p, enum jmes_node_kind kind, const struct jmes_token *token,
                     struct jmes_node **ret)
{
    struct jmes_node *n = att_arena_alloc(p->arena, 1, sizeof *n);

    if (!n) {
        (void)att_fail_memory(p->complaint->err, "jmespath"); /* false, and gcc has to see it here */
        return false;
    }
    n->kind = (uint8_t)kind;
    n->column = token->column;
    *ret = n;
    return true;
}

static void add_child(struct children *c, struct jmes_node *child)
{
    if (c->last)
        c->last->next = child;
    else
        c->first = child;
    c->last = child;
    c->count++;
}

static bool new_parent(struct parser *p, enum jmes_node_kind kind, const struct jmes_token *token,
                       const struct children *c, struct jmes_node **ret)
{
    if (!new_node(p, kind, token, ret))
        return false;
    (*ret)->first = c->first;
    (*ret)->children = c->count;
    return true;
}

static bool enter(struct parser *p)
{
    char expected[64];

    if (p->depth < p->limits->jmespath_depth_max) {
        p->depth++;
        return true;
    }
    (void)snprintf(expected, sizeof expected, "at most %zu levels of nesting", p->limits->jmespath_depth_max);
    return jmes_complain(p->complaint, ATT_JMESPATH_LIMIT, p->at->column, expected, "one more");
}

/* Brackets
 * --------------------------------------------------------------------------------------------------- */

/* An index that no array reaches is as good as any other such. */
static int64_t index_of(struct att_span text)
{
    const int64_t most = INT64_C(1) << 40;
    bool negative = text.ptr[0] == '-';
    int64_t value = 0;

    for (size_t i = negative; i < text.len && value < most; i++)
        value = value * 10 + (text.ptr[i] - '0');
    if (value > most)
        value = most;
    return negative ? -value : value;
}

static bool take_number(struct parser *p, int64_t *ret)
{
    if (p->at->kind != JTOK_NUMBER)
        return false;
    *ret = index_of(p->at++->text);
    return true;
}

static bool add_each(struct parser *p, struct children *links)
{
    struct jmes_node *each = NULL;

    if (!new_node(p, JMES_EACH, p->at, &each))
        return false;
    add_child(links, each);
    return true;
}

/* [start:stop:step], each part may be missing. `at` is behind the first number, on the colon. */
static bool parse_slice(struct parser *p, const struct jmes_token *open, const int64_t *start,
                        struct children *links)
{
    struct jmes_node *n = NULL;

    if (!new_node(p, JMES_SLICE, open, &n))
        return false;
    struct jmes_slice *slice = &n->u.slice;
    slice->step = 1;
    slice->has_start = start != NULL;
    slice->start = start ? *start : 0;
    p->at++;
    slice->has_stop = take_number(p, &slice->stop);
    if (take(p, JTOK_COLON))
        (void)take_number(p, &slice->step); /* it may be missing */
    const struct jmes_token *close = p->at;
    if (!want(p, JTOK_RBRACKET,
              slice->has_stop ? "':' or ']' in a slice" : "a number, ':' or ']' in a slice"))
        return false;
    if (slice->step == 0)
        return jmes_complain(p->complaint, ATT_JMESPATH_VALUE, close[-1].column, "a step other than 0",
                             "'0'");
    add_child(links, n);
    return add_each(p, links);
}

/* [0], [1:2] or [*]; `at` is behind the bracket. */
static bool parse_index(struct parser *p, const struct jmes_token *open, struct children *links)
{
    struct jmes_node *n = NULL;
    int64_t number = 0;

    if (take(p, JTOK_STAR)) {
        if (!want(p, JTOK_RBRACKET, "']' behind [*"))
            return false;
        return add_each(p, links);
    }
    if (p->at->kind == JTOK_COLON)
        return parse_slice(p, open, NULL, links);
    if (!take_number(p, &number))
        return refuse(p, "a number, a slice, * or ? in [ ] (a list of expressions is selected by .[ ])");
    if (p->at->kind == JTOK_COLON)
        return parse_slice(p, open, &number, links);
    if (!want(p, JTOK_RBRACKET, "']' or ':' behind an index") || !new_node(p, JMES_INDEX, open, &n))
        return false;
    n->u.index = number;
    add_child(links, n);
    return true;
}

/* [?condition]; `at` is behind the "[?". */
static bool parse_filter(struct parser *p, const struct jmes_token *open, struct children *links)
{
    struct children inner = { 0 };
    struct jmes_node *condition = NULL;
    struct jmes_node *n = NULL;

    if (!parse_expression(p, &condition) || !want(p, JTOK_RBRACKET, "']' behind a condition"))
        return false;
    add_child(&inner, condition);
    if (!new_parent(p, JMES_FILTER, open, &inner, &n))
        return false;
    add_child(links, n);
    return true;
}

/* Names, lists, calls
 * ---------------------------------------------------------------------------------------- */

static bool parse_select_list(struct parser *p, const struct jmes_token *open, struct children *links)
{
    struct children inner = { 0 };
    struct jmes_node *n = NULL;

    do {
        if (!parse_expression(p, &n))
            return false;
        add_child(&inner, n);
    } while (take(p, JTOK_COMMA));
    if (!want(p, JTOK_RBRACKET, "',' or ']' in a list of expressions") ||
        !new_parent(p, JMES_SELECT_LIST, open, &inner, &n))
        return false;
    add_child(links, n);
    return true;
}

static bool take_name(struct parser *p, struct att_span *ret)
{
    if (p->at->kind == JTOK_NAME) {
        *ret = p->at++->text;
        return true;
    }
    if (p->at->kind != JTOK_QUOTED)
        return refuse(p, "a name");
    return jmes_quoted_name(p->arena, p->at++, p->complaint, ret);
}

/* A wrapper keeps the name: the expression's own node may be a field with a name of its own. */
static bool parse_pair(struct parser *p, struct children *pairs)
{
    const struct jmes_token *token = p->at;
    struct children inner = { 0 };
    struct jmes_node *value = NULL;
    struct jmes_node *pair = NULL;
    struct att_span name;

    if (!take_name(p, &name) || !want(p, JTOK_COLON, "':' behind a name in { }") ||
        !parse_expression(p, &value))
        return false;
    add_child(&inner, value);
    if (!new_parent(p, JMES_PAIR, token, &inner, &pair))
        return false;
    pair->name = name;
    add_child(pairs, pair);
    return true;
}

static bool parse_select_hash(struct parser *p, const struct jmes_token *open, struct children *links)
{
    struct children pairs = { 0 };
    struct jmes_node *n = NULL;

    do {
        if (!parse_pair(p, &pairs))
            return false;
    } while (take(p, JTOK_COMMA));
    if (!want(p, JTOK_RBRACE, "',' or '}' in an object of expressions") ||
        !new_parent(p, JMES_SELECT_HASH, open, &pairs, &n))
        return false;
    add_child(links, n);
    return true;
}

static bool parse_argument(struct parser *p, struct children *args)
{
    const struct jmes_token *token = p->at;
    struct jmes_node *n = NULL;

    if (!take(p, JTOK_AMPERSAND)) {
        if (!parse_expression(p, &n))
            return false;
        add_child(args, n);
        return true;
    }
    struct children inner = { 0 };
    if (!parse_expression(p, &n))
        return false;
    add_child(&inner, n);
    if (!new_parent(p, JMES_EXPREF, token, &inner, &n))
        return false;
    add_child(args, n);
    return true;
}

static bool check_call(const struct parser *p, const struct jmes_token *name, const struct jmes_node *call)
{
    const struct jmes_function *f = call->u.function;
    struct att_shown shown;
    char expected[96];

    if (!f)
        return jmes_complain(p->complaint, ATT_JMESPATH_FUNCTION_UNKNOWN, name->column,
                             "a function of JMESPath, or equals_ignore_case", "%s()",
                             att_shown(&shown, name->text));
    if (call->children == f->args_min || (f->variadic && call->children > f->args_min))
        return true;
    (void)snprintf(expected, sizeof expected, "%s%zu argument%s for %s()", f->variadic ? "at least " : "",
                   f->args_min, f->args_min == 1 ? "" : "s", f->name);
    return jmes_complain(p->complaint, ATT_JMESPATH_ARITY, name->column, expected, "%u", call->children);
}

/* `at` is behind the opening parenthesis. */
static bool parse_call(struct parser *p, const struct jmes_token *name, struct children *links)
{
    struct children args = { 0 };
    struct jmes_node *n = NULL;

    if (p->at->kind != JTOK_RPAREN) {
        do {
            if (!parse_argument(p, &args))
                return false;
        } while (take(p, JTOK_COMMA));
    }
    if (!want(p, JTOK_RPAREN, "',' or ')' in a call") || !new_parent(p, JMES_CALL, name, &args, &n))
        return false;
    n->u.function = jmes_function_find(name->text);
    add_child(links, n);
    return check_call(p, name, n);
}

/* A field or a call; `at` is on the name. */
static bool parse_name(struct parser *p, struct children *links)
{
    const struct jmes_token *token = p->at;
    struct jmes_node *n = NULL;
    struct att_span name;

    if (!take_name(p, &name))
        return false;
    if (p->at->kind == JTOK_LPAREN) {
        if (token->kind == JTOK_QUOTED)
            return refuse(p, "a function's name without quotes");
        p->at++;
        return parse_call(p, token, links);
    }
    if (!new_node(p, JMES_FIELD, token, &n))
        return false;
    n->name = name;
    add_child(links, n);
    return true;
}

static bool parse_literal(struct parser *p, struct children *links)
{
    const struct jmes_token *token = p->at++;
    struct jmes_node *n = NULL;

    if (!new_node(p, JMES_LITERAL, token, &n))
        return false;
    add_child(links, n);
    if (token->kind == JTOK_RAW)
        return jmes_raw_string(p->arena, token, p->complaint, &n->u.literal);
    return jmes_json_literal(p->arena, token, p->limits, p->complaint, &n->u.literal);
}

/* Chains
 * ----------------------------------------------------------------------------------------------------- */

static bool add_simple(struct parser *p, enum jmes_node_kind kind, struct children *links)
{
    struct jmes_node *n = NULL;

    if (!new_node(p, kind, p->at++, &n))
        return false;
    add_child(links, n);
    return true;
}

static bool parse_flatten(struct parser *p, struct children *links)
{
    return add_simple(p, JMES_FLATTEN, links) && add_each(p, links);
}

static bool parse_not(struct parser *p, struct children *links)
{
    const struct jmes_token *token = p->at++;
    struct children inner = { 0 };
    struct jmes_node *n = NULL;

    if (!enter(p) || !parse_chain(p, true, &n))
        return false;
    p->depth--;
    add_child(&inner, n);
    if (!new_parent(p, JMES_NOT, token, &inner, &n))
        return false;
    add_child(links, n);
    return true;
}

static bool parse_paren(struct parser *p, struct children *links)
{
    struct jmes_node *n = NULL;

    p->at++;
    if (!parse_expression(p, &n) || !want(p, JTOK_RPAREN, "')'"))
        return false;
    add_child(links, n);
    return true;
}

static bool refuse_start(const struct parser *p)
{
    struct att_shown shown;
    char expected[128];

    if (p->at->kind == JTOK_AMPERSAND)
        return refuse(p, "an expression (&expression is an argument of a function only)");
    if (p->at->kind != JTOK_NUMBER)
        return refuse(p, "an expression");
    (void)snprintf(expected, sizeof expected, "a literal in backticks (`%s`)",
                   att_shown(&shown, p->at->text));
    return refuse(p, expected);
}

static bool parse_bracket_start(struct parser *p, struct children *links)
{
    const struct jmes_token *open = p->at++;
    enum jmes_token_kind kind = p->at->kind;

    if (kind == JTOK_NUMBER || kind == JTOK_COLON || (kind == JTOK_STAR && p->at[1].kind == JTOK_RBRACKET))
        return parse_index(p, open, links);
    return parse_select_list(p, open, links);
}

/* What an expression can begin with. */
static bool parse_start(struct parser *p, struct children *links)
{
    const struct jmes_token *token = p->at;

    switch (token->kind) {
    case JTOK_NAME:
    case JTOK_QUOTED:
        return parse_name(p, links);
    case JTOK_RAW:
    case JTOK_LITERAL:
        return parse_literal(p, links);
    case JTOK_AT:
        return add_simple(p, JMES_CURRENT, links);
    case JTOK_STAR:
        return add_simple(p, JMES_EACH_MEMBER, links);
    case JTOK_FLATTEN:
        return parse_flatten(p, links);
    case JTOK_NOT:
        return parse_not(p, links);
    case JTOK_LPAREN:
        return parse_paren(p, links);
    case JTOK_LBRACKET:
        return parse_bracket_start(p, links);
    case JTOK_FILTER:
        p->at++;
        return parse_filter(p, token, links);
    case JTOK_LBRACE:
        p->at++;
        return parse_select_hash(p, token, links);
    default:
        return refuse_start(p);
    }
}

/* What can stand behind a dot. */
static bool parse_dot(struct parser *p, struct children *links)
{
    const struct jmes_token *token = ++p->at;

    switch (token->kind) {
    case JTOK_NAME:
    case JTOK_QUOTED:
        return parse_name(p, links);
    case JTOK_STAR:
        return add_simple(p, JMES_EACH_MEMBER, links);
    case JTOK_LBRACKET:
        p->at++;
        return parse_select_list(p, token, links);
    case JTOK_LBRACE:
        p->at++;
        return parse_select_hash(p, token, links);
    default:
        return refuse(p, "a name, *, [ ], { } or a function behind '.'");
    }
}

static bool projects(const struct jmes_node *n)
{
    return n->kind == JMES_EACH || n->kind == JMES_EACH_MEMBER || n->kind == JMES_FILTER;
}

/* One thing behind what is there; *ret_more is false when nothing of the kind follows. */
static bool parse_link(struct parser *p, bool after_not, bool projected, struct children *links,
                       bool *ret_more)
{
    const struct jmes_token *token = p->at;
    /* "!a.b" is "(!a).b", "!a[*].b" is "!(a[*].b)". */
    bool loose = !after_not || projected;

    *ret_more = true;
    if (token->kind == JTOK_LBRACKET) {
        p->at++;
        return parse_index(p, token, links);
    }
    if (token->kind == JTOK_DOT && loose)
        return parse_dot(p, links);
    if (token->kind == JTOK_FILTER && loose) {
        p->at++;
        return parse_filter(p, token, links);
    }
    if (token->kind == JTOK_FLATTEN && !after_not)
        return parse_flatten(p, links);
    *ret_more = false;
    return true;
}

static bool parse_chain(struct parser *p, bool after_not, struct jmes_node **ret)
{
    const struct jmes_token *token = p->at;
    struct children links = { 0 };
    bool projected = false;
    bool more = true;

    if (!parse_start(p, &links))
        return false;
    while (more) {
        projected = projected || projects(links.last);
        if (!parse_link(p, after_not, projected, &links, &more))
            return false;
    }
    if (links.count == 1 && !projects(links.first)) {
        *ret = links.first;
        return true;
    }
    return new_parent(p, JMES_CHAIN, token, &links, ret);
}

/* Operators
 * -------------------------------------------------------------------------------------------------- */

static bool take_comparator(struct parser *p, uint8_t *ret)
{
    static const struct {
        uint8_t token, op;
    } rows[] = {
        { JTOK_EQ, JMES_EQ }, { JTOK_NE, JMES_NE }, { JTOK_LT, JMES_LT },
        { JTOK_LE, JMES_LE }, { JTOK_GT, JMES_GT }, { JTOK_GE, JMES_GE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (take(p, rows[i].token)) {
            *ret = rows[i].op;
            return true;
        }
    }
    return false;
}

static bool parse_comparison(struct parser *p, struct jmes_node **ret)
{
    const struct jmes_token *token = p->at;
    struct children operands = { 0 };
    struct jmes_node *n = NULL;
    uint8_t op = 0;

    do {
        if (!parse_chain(p, false, &n))
            return false;
        n->op = op;
        add_child(&operands, n);
    } while (take_comparator(p, &op));
    if (operands.count == 1) {
        *ret = n;
        return true;
    }
    return new_parent(p, JMES_COMPARE, token, &operands, ret);
}

/* From the one that binds most loosely. */
static const struct {
    uint8_t token;
    uint8_t kind;
} operators[] = { { JTOK_PIPE, JMES_PIPE }, { JTOK_OR, JMES_OR }, { JTOK_AND, JMES_AND } };

static bool parse_operator(struct parser *p, size_t level, struct jmes_node **ret)
{
    const struct jmes_token *token = p->at;
    struct children operands = { 0 };
    struct jmes_node *n = NULL;

    if (level == sizeof operators / sizeof operators[0])
        return parse_comparison(p, ret);
    do {
        if (!parse_operator(p, level + 1, &n))
            return false;
        add_child(&operands, n);
    } while (take(p, operators[level].token));
    if (operands.count == 1) {
        *ret = n;
        return true;
    }
    return new_parent(p, operators[level].kind, token, &operands, ret);
}

static bool parse_expression(struct parser *p, struct jmes_node **ret)
{
    if (!enter(p) || !parse_operator(p, 0, ret))
        return false;
    p->depth--;
    return true;
}

bool jmes_parse(struct att_arena *arena, const struct jmes_token *tokens, const struct att_limits *limits,
                const struct jmes_complaint *complaint, const struct jmes_node **ret)
{
    struct parser p = { .arena = arena, .at = tokens, .limits = limits, .complaint = complaint };
    struct jmes_node *tree = NULL;

    if (!parse_expression(&p, &tree))
        return false;
    if (p.at->kind != JTOK_END)
        return refuse(&p, "an operator or the end of the query");
    *ret = tree;
    return true;
}
