/* What a rule is made of: conditions and an action. */
#include "policy/parsing.h"

#include "policy/language.h"

/* -- conditions -------------------------------------------------------------------------------------- */

static bool parse_test(struct parsing *p, struct policy_test *t)
{
    struct policy_mark start = p->now.at;

    parsing_enter(p, "propertyCondition");
    if (!parsing_property(p, &t->property))
        return false;
    if (!parsing_here(p, COMPARISONS))
        return parsing_mismatch(p, COMPARISONS);
    t->op = (enum policy_compare)(p->now.kind - TOK_EQ);
    t->op_at = p->now.at;
    parsing_advance(p);
    if (!parsing_expression(p, &t->right))
        return false;
    t->at = parsing_mark_since(p, &start);
    parsing_leave(p);
    return true;
}
_Static_assert(TOK_GE - TOK_EQ == COMPARE_GE - COMPARE_EQ,
               "comparison tokens stand in the order of policy_compare");

static bool parse_tests(struct parsing *p, struct policy_condition *c)
{
    struct policy_test **tail = &c->tests;

    if (parsing_here(p, TOK_SET(RIGHT_BRACKET)))
        return true;
    if (!parsing_here(p, PROPERTIES))
        return parsing_mismatch(p, PROPERTIES | TOK_SET(RIGHT_BRACKET));
    for (;;) {
        struct policy_test *t = parsing_node(p, sizeof *t);
        if (!t || !parse_test(p, t))
            return false;
        *tail = t;
        tail = &t->next;
        if (!parsing_here(p, TOK_SET(COMMA)))
            return parsing_here(p, TOK_SET(RIGHT_BRACKET)) ||
                   parsing_mismatch(p, TOK_SET(RIGHT_BRACKET) | TOK_SET(COMMA));
        parsing_advance(p);
    }
}

static bool parse_not(struct parsing *p, struct policy_condition *c)
{
    if (!parsing_here(p, TOK_SET(NOT)))
        return true;
    unsigned since = policy_since(p->now.at.text);
    if (since > p->ast.minor)
        return parsing_too_new(p, &p->now.at, since);
    c->negated = true;
    parsing_advance(p);
    return true;
}

/* `NAME:`, or nothing before the bracket. */
static bool parse_condition_name(struct parsing *p, struct policy_condition *c)
{
    const uint64_t starts = TOK_SET(LEFT_BRACKET) | TOK_SET(IDENT);

    if (parsing_here(p, TOK_SET(LEFT_BRACKET)))
        return true;
    if (!parsing_here(p, TOK_SET(IDENT)))
        return parsing_mismatch(p, c->negated ? starts : starts | parsing_negation(p));
    c->name = p->now.at;
    parsing_advance(p);
    return parsing_take(p, TOK_SET(COLON));
}

static bool parse_condition(struct parsing *p, struct policy_condition *c)
{
    struct policy_mark start = p->now.at;

    parsing_enter(p, "condition");
    if (!parse_not(p, c) || !parse_condition_name(p, c) || !parsing_take(p, TOK_SET(LEFT_BRACKET)))
        return false;
    if (!parse_tests(p, c) || !parsing_take(p, TOK_SET(RIGHT_BRACKET)))
        return false;
    c->at = parsing_mark_since(p, &start);
    parsing_leave(p);
    return true;
}

bool parsing_conditions(struct parsing *p, struct policy_rule *r)
{
    struct policy_condition **tail = &r->conditions;

    parsing_enter(p, "conditionList");
    for (;;) {
        if (r->condition_count >= p->limits->policy_conditions_max)
            return parsing_over_limit(p, "conditions in one rule", p->limits->policy_conditions_max);
        struct policy_condition *c = parsing_node(p, sizeof *c);
        if (!c || !parse_condition(p, c))
            return false;
        c->number = ++r->condition_count;
        *tail = c;
        tail = &c->next;
        if (!parsing_here(p, TOK_SET(AND)))
            break;
        parsing_advance(p);
    }
    if (r->condition_count > p->ast.conditions_max)
        p->ast.conditions_max = r->condition_count;
    parsing_leave(p);
    return true;
}

/* -- actions ----------------------------------------------------------------------------------------- */

static bool parse_assignment(struct parsing *p, struct policy_assignment *a)
{
    parsing_enter(p, "propertyAssignment");
    a->at = p->now.at;
    if (!parsing_property(p, &a->property) || !parsing_take(p, TOK_SET(ASSIGN)) ||
        !parsing_expression(p, &a->right))
        return false;
    parsing_leave(p);
    return true;
}

static bool parse_assignments(struct parsing *p, struct policy_action *a)
{
    struct policy_assignment **tail = &a->assignments;

    for (;;) {
        struct policy_assignment *n = parsing_node(p, sizeof *n);
        if (!n || !parse_assignment(p, n))
            return false;
        *tail = n;
        tail = &n->next;
        if (!parsing_here(p, TOK_SET(COMMA)))
            return parsing_here(p, TOK_SET(RIGHT_PAREN)) ||
                   parsing_mismatch(p, TOK_SET(RIGHT_PAREN) | TOK_SET(COMMA));
        parsing_advance(p);
    }
}

static bool parse_claim_argument(struct parsing *p, struct policy_action *a)
{
    parsing_enter(p, "claimArgument");
    if (parsing_here(p, TOK_SET(CLAIM))) {
        parsing_advance(p);
        if (!parsing_take(p, TOK_SET(ASSIGN)))
            return false;
        a->copied = p->now.at;
        if (!parsing_take(p, TOK_SET(IDENT)))
            return false;
    } else if (parsing_here(p, PROPERTIES)) {
        if (!parse_assignments(p, a))
            return false;
    } else {
        return parsing_mismatch(p, PROPERTIES | TOK_SET(CLAIM));
    }
    parsing_leave(p);
    return true;
}

bool parsing_action(struct parsing *p, enum policy_section section, struct policy_action *a)
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
        return parsing_mismatch(p, allowed);
    parsing_enter(p, row->rule_name);
    a->at = p->now.at;
    parsing_advance(p);
    if (!parsing_take(p, TOK_SET(LEFT_PAREN)))
        return false;
    if (row->takes_claim && !parse_claim_argument(p, a))
        return false;
    if (!parsing_take(p, TOK_SET(RIGHT_PAREN)))
        return false;
    a->at = parsing_mark_since(p, &a->at);
    parsing_leave(p);
    return true;
}
