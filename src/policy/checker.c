#include "policy/checker.h"

#include "policy/functions/function.h"
#include "policy/language.h"
#include "policy/queries.h"

struct checker {
    const struct policy_complaint *to;
    struct att_arena *arena;
    struct policy_ast *ast;
    const struct att_limits *limits;
    struct policy_rule *rule;
    bool (*refuse)(const struct checker *c, const struct policy_mark *at, const char *expected,
                   const char *message);
};

/* "policy > issuanceRules > issuanceRule > A > B" */
static struct policy_path path_to(const struct checker *c, const char *a, const char *b)
{
    const struct policy_section_row *s = &policy_sections[c->rule->section];
    const char *const names[] = { "policy", s->rules_name, s->rule_name, a, b };
    struct policy_path path = { { 0 } };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i])
            policy_path_add(&path, names[i]);
    return path;
}

static bool refuse_condition(const struct checker *c, const struct policy_mark *at, const char *expected,
                             const char *message)
{
    struct policy_path path = path_to(c, "conditionList", "condition");

    return policy_complain(c->to, ATT_POLICY_RULE, at, path.text, expected, "%s", message);
}

static bool refuse_action(const struct checker *c, const struct policy_mark *at, const char *expected,
                          const char *message)
{
    struct policy_path path = path_to(c, policy_actions[c->rule->action.kind].rule_name, "claimArgument");
    return policy_complain(c->to, ATT_POLICY_RULE, at, path.text, expected, "%s", message);
}

/* -- names ------------------------------------------------------------------------------------------- */

/* The condition of this name before `end` (NULL: any), or NULL. */
static struct policy_condition *find_name(const struct policy_rule *r, struct att_span name,
                                          const struct policy_condition *end)
{
    for (struct policy_condition *c = r->conditions; c && c != end; c = c->next)
        if (c->name.text.len > 0 && att_span_eq(c->name.text, name))
            return c;
    return NULL;
}

/* The kinds that a member of the expression's value can have, as KIND_ bits. */
static unsigned kinds_of(const struct policy_expr *e)
{
    switch (e->kind) {
    case EXPR_LITERAL:
        return 1u << e->literal.kind;
    case EXPR_ACCESS:
        return e->property == PROPERTY_VALUE ? KIND_ANY : KIND_STRING;
    case EXPR_CALL:
        return e->function->result_kinds;
    }
    return 0;
}

/* `NAME`, used before `end` (NULL: anywhere in the rule). */
static bool resolve_name(const struct checker *c, const struct policy_mark *name,
                         const struct policy_condition *end, const struct policy_condition **ret)
{
    struct policy_condition *source = find_name(c->rule, name->text, end);

    if (!source)
        return c->refuse(c, name, "a name that an earlier condition of this rule defines, as c in c:[...]",
                         "this name is not defined");
    if (source->negated)
        return c->refuse(c, name,
                         "the name of a condition without !: a negated one holds when it selects no claim",
                         "this name is that of a negated condition");
    source->used = true;
    *ret = source;
    return true;
}

/* Every name in the expression, arguments of calls included: their nesting is bounded by the parser. */
static bool resolve(const struct checker *c, struct policy_expr *e, const struct policy_condition *end)
{
    if (e->kind == EXPR_ACCESS)
        return resolve_name(c, &e->name, end, &e->condition);
    for (struct policy_expr *argument = e->arguments; argument; argument = argument->next)
        if (!resolve(c, argument, end))
            return false;
    return e->kind != EXPR_CALL || policy_queries_compile(c->arena, c->ast, e, c->limits, c->to->err);
}

/* -- conditions -------------------------------------------------------------------------------------- */

static bool is_ordering(enum policy_compare op)
{
    return op != COMPARE_EQ && op != COMPARE_NE;
}

static bool check_types(const struct checker *c, const struct policy_test *t)
{
    static const char not_ordered[] = "only an Integer value can be ordered";
    static const char *const want_integer[] = {
        [EXPR_LITERAL] = "an integer, or == or != before this value",
        [EXPR_ACCESS] = "an integer or NAME.value",
        [EXPR_CALL] = "an integer, NAME.value or JsonToClaimValue(...): this function never gives an Integer",
    };
    const struct policy_expr *e = &t->right;

    if (is_ordering(t->op) && t->property != PROPERTY_VALUE)
        return refuse_condition(c, &t->op_at, "== or !=: type, valueType and issuer are strings",
                                not_ordered);
    if (is_ordering(t->op) && !(kinds_of(e) & KIND_INT))
        return refuse_condition(c, &e->at, want_integer[e->kind], not_ordered);
    if (t->property != PROPERTY_VALUE && !(kinds_of(e) & KIND_STRING))
        return refuse_condition(c, &e->at, "a string: type, valueType and issuer are strings",
                                "this property is compared with a string only");
    return true;
}

static bool check_condition(struct checker *c, struct policy_condition *condition)
{
    unsigned slots = 0;

    if (condition->name.text.len > 0 && find_name(c->rule, condition->name.text, condition))
        return refuse_condition(c, &condition->name, "another name: each condition of a rule has its own",
                                "this name is already defined in this rule");
    for (struct policy_test *t = condition->tests; t; t = t->next) {
        if (!check_types(c, t) || !resolve(c, &t->right, condition))
            return false;
        if (t->right.kind == EXPR_CALL)
            t->slot = ++slots;
        if (t->right.kind == EXPR_LITERAL && t->property == PROPERTY_TYPE && t->op == COMPARE_EQ &&
            !condition->type_test)
            condition->type_test = t;
    }
    if (slots > c->ast->slots_max)
        c->ast->slots_max = slots;
    return true;
}

/* -- actions ----------------------------------------------------------------------------------------- */

static bool check_value_type(const struct checker *c, struct policy_action *a,
                             const struct policy_assignment *given)
{
    if (!given)
        return true;
    const struct policy_expr *e = &given->right;
    if (e->kind != EXPR_LITERAL || e->literal.kind != ATT_CLAIM_STRING ||
        !policy_kind_read(e->literal.text, &a->kind_wanted))
        return refuse_action(c, &e->at, "\"String\", \"Integer\" or \"Boolean\"", "no such value type");
    a->has_kind = true;
    /* Where several kinds are possible the evaluator checks those that come. */
    if (!(kinds_of(a->value) >> a->kind_wanted & 1))
        return refuse_action(c, &e->at, "the type of the value", "valueType and value do not agree");
    return true;
}

static bool check_reserved(const struct checker *c, const struct policy_action *a,
                           const struct policy_mark *at)
{
    if (a->kind != ACTION_ISSUE || !policy_type_reserved(a->type))
        return true;
    return refuse_action(
        c, at,
        "another claim type: iss, iat, exp, nbf, jti, nonce, cnf, rp_data and all that begin with "
        "x-ms- or x-attestd- come from the service",
        "this claim type is reserved");
}

static bool check_property(const struct checker *c, const struct policy_action *a)
{
    if (a->kind != ACTION_ISSUE_PROPERTY || a->value->kind != EXPR_LITERAL)
        return true;
    const struct policy_known_property *known = policy_known_property(a->type);
    if (!known || policy_property_takes(known, &a->value->literal))
        return true;
    return refuse_action(c, &a->value->at, known->expected, "this property takes another value");
}

/* The claim spelled out: exactly one type, a string, and exactly one value; at most one valueType; no issuer.
 */
static bool check_spelled_out(const struct checker *c, struct policy_action *a)
{
    struct policy_assignment *by[PROPERTY_ISSUER + 1] = { 0 };

    for (struct policy_assignment *n = a->assignments; n; n = n->next) {
        if (n->property == PROPERTY_ISSUER)
            return refuse_action(c, &n->at,
                                 "type, value and valueType: the issuer is always AttestationPolicy",
                                 "the issuer of a claim cannot be set");
        if (by[n->property])
            return refuse_action(c, &n->at, "each property once", "this property is given twice");
        by[n->property] = n;
        if (!resolve(c, &n->right, NULL))
            return false;
    }
    const struct policy_assignment *type = by[PROPERTY_TYPE];
    if (!type || !by[PROPERTY_VALUE])
        return refuse_action(c, &a->at, "type=\"...\" and value=...",
                             type ? "the claim has no value" : "the claim has no type");
    if (type->right.kind != EXPR_LITERAL || type->right.literal.kind != ATT_CLAIM_STRING)
        return refuse_action(c, &type->right.at, "a string in quotes",
                             "the type of a claim is a string literal");
    a->type = type->right.literal.text;
    a->value = &by[PROPERTY_VALUE]->right;
    return check_value_type(c, a, by[PROPERTY_VALUE_TYPE]) && check_reserved(c, a, &type->right.at) &&
           check_property(c, a);
}

static bool check_rule(struct att_arena *arena, struct policy_ast *ast, const struct att_limits *limits,
                       const struct policy_complaint *to, struct policy_rule *rule)
{
    struct checker c = {
        .to = to, .arena = arena, .ast = ast, .limits = limits, .rule = rule, .refuse = refuse_condition
    };
    struct policy_action *a = &rule->action;

    for (struct policy_condition *n = rule->conditions; n; n = n->next)
        if (!check_condition(&c, n))
            return false;
    if (!policy_actions[a->kind].takes_claim)
        return true;
    c.refuse = refuse_action;
    return a->copied.text.len > 0 ? resolve_name(&c, &a->copied, NULL, &a->copied_condition)
                                  : check_spelled_out(&c, a);
}

bool policy_check(struct att_arena *arena, struct policy_ast *ast, const struct att_limits *limits,
                  const struct policy_complaint *to)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (struct policy_rule *r = ast->rules[s]; r; r = r->next)
            if (!check_rule(arena, ast, limits, to, r))
                return false;
    return true;
}
