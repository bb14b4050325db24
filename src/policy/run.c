#include "policy/run.h"

#include "policy/complain.h"
#include "policy/language.h"
#include "policy/values.h"

#include <stdarg.h>
#include <stdio.h>

enum { FIRST_HITS = 64 };

bool policy_run_charge(struct policy_run *run, size_t n)
{
    if (n > run->steps_left) {
        run->exhausted = true;
        run->steps_left = 0;
        return false;
    }
    run->steps_left -= n;
    return true;
}

bool policy_run_fail(struct policy_run *run, const struct policy_mark *at, const char *expected,
                     const char *found, ...)
{
    char seen[400];
    char sentence[480];
    va_list args;

    run->failed = true;
    va_start(args, found);
    (void)vsnprintf(seen, sizeof seen, found, args);
    va_end(args);
    (void)snprintf(sentence, sizeof sentence, "The rule at line %u cannot be evaluated: %s.",
                   run->rule->at.line, seen);
    return policy_engine_fail(run->err, ATT_POLICY_EVALUATION, at, expected, sentence, "%s", seen);
}

bool policy_run_no_memory(struct policy_run *run, const struct att_arena *arena)
{
    char expected[64];

    if (!arena || !att_arena_full(arena)) {
        run->out_of_memory = true;
        return false;
    }
    (void)snprintf(expected, sizeof expected, "at most %zu bytes of working memory",
                   run->limits->policy_work_bytes_max);
    return policy_run_fail(run, &run->rule->at, expected,
                           "its functions need more memory than one evaluation may take");
}

struct att_value policy_property_of(const struct att_claim *claim, enum policy_property property)
{
    struct att_value v = { .kind = ATT_CLAIM_STRING };

    switch (property) {
    case PROPERTY_VALUE:
        return claim->value;
    case PROPERTY_TYPE:
        v.text = claim->type;
        break;
    case PROPERTY_VALUE_TYPE:
        v.text = att_str(policy_kind_name(claim->value.kind));
        break;
    case PROPERTY_ISSUER:
        v.text = att_str(att_issuer_name(claim->issuer));
        break;
    }
    return v;
}

const struct att_claim *policy_run_bound(const struct policy_run *run, const struct policy_condition *c,
                                         size_t i)
{
    return &run->incoming->items[run->hits[run->bindings[c->number - 1].first + i]];
}

/* Equal; texts of one length, which have to be compared byte by byte, are paid for by length. */
static bool text_equal(struct policy_run *run, struct att_span a, struct att_span b)
{
    if (a.len != b.len)
        return false;
    return (a.len < POLICY_BYTES_PER_STEP || policy_run_charge(run, a.len / POLICY_BYTES_PER_STEP)) &&
           att_span_eq(a, b);
}

/* No coercion: "1" is not 1 (A10 of the reference). */
bool policy_run_equal(struct policy_run *run, const struct att_value *a, const struct att_value *b)
{
    if (a->kind == ATT_CLAIM_STRING && b->kind == ATT_CLAIM_STRING)
        return text_equal(run, a->text, b->text);
    return att_value_eq(a, b);
}

size_t policy_run_add_cost(const struct att_claims *set, const struct att_claim *claim)
{
    size_t cost = set->count + 1;

    if (claim->value.kind != ATT_CLAIM_STRING || claim->value.text.len < POLICY_BYTES_PER_STEP)
        return cost;
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].value.kind == ATT_CLAIM_STRING &&
            set->items[i].value.text.len == claim->value.text.len)
            cost += claim->value.text.len / POLICY_BYTES_PER_STEP;
    return cost;
}

/* `!=` is handled by the caller as "no member is equal". */
static bool compare_one(struct policy_run *run, enum policy_compare op, const struct att_value *a,
                        const struct att_value *b)
{
    if (op == COMPARE_EQ || op == COMPARE_NE)
        return policy_run_equal(run, a, b);
    if (a->kind != ATT_CLAIM_INT || b->kind != ATT_CLAIM_INT)
        return false;
    switch (op) {
    case COMPARE_LT:
        return a->integer < b->integer;
    case COMPARE_LE:
        return a->integer <= b->integer;
    case COMPARE_GT:
        return a->integer > b->integer;
    default:
        return a->integer >= b->integer;
    }
}

static bool any_member_compares(struct policy_run *run, const struct policy_test *t,
                                const struct att_value *left)
{
    struct policy_slot *slot = &run->slots[t->slot - 1];

    if (!slot->known && !policy_values_of(run, &t->right, &slot->values))
        return false;
    slot->known = true;
    for (size_t i = 0; i < slot->values.count; i++) {
        if (!policy_run_charge(run, 1))
            return false;
        if (compare_one(run, t->op, left, &slot->values.items[i].value))
            return true;
    }
    return false;
}

/* Some member of the right side compares. */
static bool any_compares(struct policy_run *run, const struct policy_test *t, const struct att_value *left)
{
    const struct policy_expr *e = &t->right;

    if (e->kind == EXPR_LITERAL)
        return compare_one(run, t->op, left, &e->literal);
    if (e->kind == EXPR_CALL)
        return any_member_compares(run, t, left);
    for (size_t i = 0; i < policy_run_bound_count(run, e->condition); i++) {
        struct att_value right = policy_property_of(policy_run_bound(run, e->condition, i), e->property);
        if (!policy_run_charge(run, 1))
            return false;
        if (compare_one(run, t->op, left, &right))
            return true;
    }
    return false;
}

bool policy_run_test(struct policy_run *run, const struct policy_test *t, const struct att_claim *claim)
{
    struct att_value left = policy_property_of(claim, t->property);
    bool any = any_compares(run, t, &left);

    return t->op == COMPARE_NE ? !any : any;
}

/* The first test is part of looking at the claim, each other one is a step more. */
static bool meets(struct policy_run *run, const struct policy_condition *c, const struct att_claim *claim)
{
    bool first = !c->type_test;

    if (c->type_test && !text_equal(run, claim->type, c->type_test->right.literal.text))
        return false;
    for (const struct policy_test *t = c->tests; t; t = t->next) {
        if (t == c->type_test)
            continue;
        if (!first && !policy_run_charge(run, 1))
            return false;
        if (!policy_run_test(run, t, claim))
            return false;
        first = false;
    }
    return true;
}

static bool remember(struct policy_run *run, size_t index)
{
    if (run->hit_count == run->hit_capacity) {
        size_t capacity = run->hit_capacity ? run->hit_capacity * 2 : FIRST_HITS;
        uint32_t *hits = att_arena_alloc(run->arena, capacity, sizeof *hits);
        if (!hits) {
            run->out_of_memory = true;
            return false;
        }
        if (run->hit_count > 0)
            memcpy(hits, run->hits, run->hit_count * sizeof *hits);
        run->hits = hits;
        run->hit_capacity = capacity;
    }
    run->hits[run->hit_count++] = (uint32_t)index;
    return true;
}

bool policy_run_select(struct policy_run *run, const struct policy_condition *c)
{
    struct policy_binding *b = &run->bindings[c->number - 1];

    *b = (struct policy_binding){ .first = run->hit_count };
    for (const struct policy_test *t = c->tests; t; t = t->next)
        if (t->slot)
            run->slots[t->slot - 1].known = false;
    for (size_t i = 0; i < run->incoming->count; i++) {
        const struct att_claim *claim = &run->incoming->items[i];
        if (!policy_run_charge(run, 1))
            return false;
        bool met = policy_run_sees(run, claim) && meets(run, c, claim);
        if (policy_run_stopped(run))
            return false;
        if (!met)
            continue;
        if (!c->used)
            return true;
        if (!remember(run, i))
            return false;
        b->count++;
    }
    return b->count > 0;
}
