#include "policy/eval.h"

#include "base/err.h"
#include "policy/complain.h"
#include "policy/language.h"
#include "policy/run.h"
#include "policy/trace.h"
#include "policy/values.h"

#include <stdio.h>

/* What the rules have led to so far. Permitted and denied are remembered apart, because a deny decides
 * wherever it stands (A1 of the reference). */
struct outcome {
    struct policy_run run;
    struct att_claims issued;
    struct att_claims properties;
    bool permitted;
    const struct policy_rule *denied_by;
    size_t withheld; /* by the current rule: claims of reserved types, kept out of the token */
};

/* -- failures ---------------------------------------------------------------------------------------- */

static bool fail_rule(struct outcome *o, const struct policy_rule *r, const char *expected, const char *found)
{
    return policy_run_fail(&o->run, &r->at, expected, "%s", found);
}

/* The run stopped selecting for a reason of its own. False then; true when it did not. */
static bool still_sound(struct outcome *o, const struct policy_rule *r)
{
    char expected[64];

    if (o->run.failed)
        return false;
    if (o->run.out_of_memory)
        return att_fail_memory(o->run.err, "policy");
    if (!o->run.exhausted)
        return true;
    (void)snprintf(expected, sizeof expected, "at most %zu steps", o->run.limits->policy_steps_max);
    return fail_rule(o, r, expected, "the policy needs more steps than one evaluation may take");
}

/* -- claims ------------------------------------------------------------------------------------------ */

static bool add_to(struct outcome *o, const struct policy_rule *r, struct att_claims *set,
                   const struct att_claim *claim)
{
    struct att_err err = { 0 };
    char expected[64];

    if (!policy_run_charge(&o->run, policy_run_add_cost(set, claim)))
        return still_sound(o, r);
    if (att_claims_add(set, claim, &err))
        return true;
    if (err.code != ATT_LIMIT_EXCEEDED)
        return att_fail_memory(o->run.err, "policy");
    (void)snprintf(expected, sizeof expected, "at most %zu claims", set->max);
    return fail_rule(o, r, expected, "there are more claims than one evaluation may hold");
}

static bool issue_to_token(struct outcome *o, const struct policy_rule *r, struct att_claim claim)
{
    if (claim.flags & ATT_CLAIM_READ_ONLY)
        return fail_rule(o, r, "a claim that may be issued: add() and test this one instead",
                         "it issues a read-only value");
    /* The checker refuses reserved names that are spelled out; `claim=c` is known only here. */
    if (policy_type_reserved(claim.type)) {
        o->withheld++;
        return true;
    }
    claim.flags = 0;
    return add_to(o, r, &o->issued, &claim);
}

static bool set_property(struct outcome *o, const struct policy_rule *r, struct att_claim claim)
{
    const struct policy_known_property *known = policy_known_property(claim.type);

    if (known && !policy_property_takes(known, &claim.value))
        return fail_rule(o, r, known->expected,
                         "it gives a property a value that the property does not take");
    claim.flags = 0;
    return add_to(o, r, &o->properties, &claim);
}

static bool put(struct outcome *o, const struct policy_rule *r, struct att_span type,
                const struct att_value *value, unsigned flags)
{
    const struct policy_action *a = &r->action;
    struct att_claim claim = { .type = type, .value = *value, .issuer = ATT_ISSUER_POLICY, .flags = flags };

    if (a->has_kind && value->kind != a->kind_wanted)
        return fail_rule(o, r, policy_kind_name(a->kind_wanted), "valueType and value do not agree");
    if (a->kind == ACTION_ISSUE && r->section == SECTION_ISSUANCE && !issue_to_token(o, r, claim))
        return false;
    if (a->kind == ACTION_ISSUE_PROPERTY && !set_property(o, r, claim))
        return false;
    if (o->run.trace)
        policy_trace_made(&o->run, &claim);
    return add_to(o, r, o->run.incoming, &claim);
}

/* Only the value of a read-only claim is read-only; its type or issuer are not. */
static unsigned inherited_flags(const struct att_claim *claim, enum policy_property property)
{
    return property == PROPERTY_VALUE ? claim->flags & ATT_CLAIM_READ_ONLY : 0;
}

/* A text that a function made lives in working memory; a claim keeps its own, and there is a limit to that. */
static bool keep_text(struct outcome *o, const struct policy_rule *r, struct att_span *text)
{
    char expected[64];

    if (!policy_run_charge(&o->run, text->len / POLICY_BYTES_PER_STEP))
        return still_sound(o, r);
    (void)snprintf(expected, sizeof expected, "at most %zu bytes", o->run.limits->policy_text_bytes_max);
    if (text->len > o->run.text_bytes_left)
        return fail_rule(o, r, expected, "its functions make more text than one evaluation may keep");
    const char *copy = att_arena_dup(o->run.arena, *text);
    if (!copy)
        return att_fail_memory(o->run.err, "policy");
    o->run.text_bytes_left -= text->len;
    text->ptr = (const uint8_t *)copy;
    return true;
}

static bool put_results(struct outcome *o, const struct policy_rule *r)
{
    struct policy_values set;

    if (!policy_values_of(&o->run, r->action.value, &set))
        return still_sound(o, r);
    for (size_t i = 0; i < set.count; i++) {
        const struct policy_member *m = &set.items[i];
        struct att_value value = m->value;
        if (m->passing && value.kind == ATT_CLAIM_STRING && !keep_text(o, r, &value.text))
            return false;
        if (!put(o, r, r->action.type, &value, m->read_only ? ATT_CLAIM_READ_ONLY : 0))
            return false;
    }
    return true;
}

/* One claim for each member of the value set (A11: the action runs once, with the whole set). */
static bool put_values(struct outcome *o, const struct policy_rule *r)
{
    const struct policy_expr *e = r->action.value;

    if (e->kind == EXPR_LITERAL)
        return put(o, r, r->action.type, &e->literal, 0);
    if (e->kind == EXPR_CALL)
        return put_results(o, r);
    for (size_t i = 0; i < policy_run_bound_count(&o->run, e->condition); i++) {
        const struct att_claim *source = policy_run_bound(&o->run, e->condition, i);
        struct att_value value = policy_property_of(source, e->property);
        if (!put(o, r, r->action.type, &value, inherited_flags(source, e->property)))
            return false;
    }
    return true;
}

static bool put_copies(struct outcome *o, const struct policy_rule *r)
{
    const struct policy_condition *c = r->action.copied_condition;

    for (size_t i = 0; i < policy_run_bound_count(&o->run, c); i++) {
        struct att_claim source = *policy_run_bound(&o->run, c, i); /* adding may move the set */
        if (!put(o, r, source.type, &source.value, inherited_flags(&source, PROPERTY_VALUE)))
            return false;
    }
    return true;
}

/* -- rules ------------------------------------------------------------------------------------------- */

static bool act(struct outcome *o, const struct policy_rule *r)
{
    switch (r->action.kind) {
    case ACTION_PERMIT:
        o->permitted = true;
        return true;
    case ACTION_DENY:
        if (!o->denied_by)
            o->denied_by = r;
        return true;
    case ACTION_ADD:
    case ACTION_ISSUE:
    case ACTION_ISSUE_PROPERTY:
        break;
    }
    return r->action.copied_condition ? put_copies(o, r) : put_values(o, r);
}

static bool run_rule(struct outcome *o, const struct policy_rule *r)
{
    struct policy_run *run = &o->run;

    run->hit_count = 0;
    run->rule = r;
    policy_work_next_rule(&run->work);
    o->withheld = 0;
    for (const struct policy_condition *c = r->conditions; c; c = c->next) {
        bool holds = policy_run_select(run, c) != c->negated;
        if (!still_sound(o, r))
            return false;
        if (!holds)
            return !run->trace || policy_trace_not_fired(run, r, c);
        if (run->trace)
            policy_trace_holds(run, r, c);
    }
    size_t before = run->incoming->count;
    if (!policy_run_charge(run, 1))
        return still_sound(o, r);
    if (!act(o, r))
        return false;
    return !run->trace || policy_trace_fired(run, r, run->incoming->count - before, o->withheld);
}

static bool run_section(struct outcome *o, enum policy_section s)
{
    for (const struct policy_rule *r = o->run.ast->rules[s]; r; r = r->next)
        if (!run_rule(o, r))
            return false;
    return true;
}

/* -- verdict ----------------------------------------------------------------------------------------- */

/* "line 3, line 7": where people will look. */
static void list_permits(const struct policy_ast *ast, char *ret, size_t size)
{
    size_t at = 0;

    (void)snprintf(ret, size, "none: there is no permit rule");
    for (const struct policy_rule *r = ast->rules[SECTION_AUTHORIZATION]; r; r = r->next) {
        if (r->action.kind != ACTION_PERMIT || at >= size)
            continue;
        at += (size_t)snprintf(ret + at, size - at, "%s%u",
                               at ? ", " : "no permit rule fired; they stand at line ", r->at.line);
    }
}

static bool judge(const struct outcome *o)
{
    const struct policy_mark nowhere = { 0 };
    char permits[160];

    if (o->denied_by)
        return policy_engine_fail(o->run.err, ATT_POLICY_DENIED, &o->denied_by->at,
                                  "no deny rule whose conditions all hold",
                                  "A Deny claim was issued, authorization failed.",
                                  "the deny rule at line %u, whose conditions (%u) all hold",
                                  o->denied_by->at.line, o->denied_by->condition_count);
    if (o->permitted)
        return true;
    list_permits(o->run.ast, permits, sizeof permits);
    return policy_engine_fail(o->run.err, ATT_POLICY_NO_PERMIT, &nowhere,
                              "a permit rule whose conditions all hold",
                              "No Permit claim was issued, authorization failed.", "%s", permits);
}

static bool begin(struct outcome *o, const struct policy_ast *ast, struct att_arena *arena,
                  struct att_claims *incoming, const struct att_limits *limits, struct att_err *err)
{
    const struct att_limits *l = limits ? limits : &att_limits_default;

    *o = (struct outcome){
        .run = { .ast = ast,
                 .arena = arena,
                 .incoming = incoming,
                 .limits = l,
                 .steps_left = l->policy_steps_max,
                 .text_bytes_left = l->policy_text_bytes_max,
                 .work = policy_work_of(l),
                 .err = err },
    };
    att_claims_init(&o->issued, arena, l);
    att_claims_init(&o->properties, arena, l);
    if (ast->conditions_max == 0)
        return true;
    o->run.bindings = att_arena_alloc(arena, ast->conditions_max, sizeof *o->run.bindings);
    if (ast->slots_max > 0)
        o->run.slots = att_arena_alloc(arena, ast->slots_max, sizeof *o->run.slots);
    return (o->run.bindings && (o->run.slots || ast->slots_max == 0)) || att_fail_memory(err, "policy");
}

static void end(struct outcome *o)
{
    policy_work_end(&o->run.work);
}

bool policy_eval_configuration(const struct policy_ast *ast, struct att_arena *arena,
                               struct att_claims *incoming, const struct att_limits *limits,
                               struct att_claims *ret_properties, struct att_err *err)
{
    struct outcome o;

    bool ok = begin(&o, ast, arena, incoming, limits, err) && run_section(&o, SECTION_CONFIGURATION);
    end(&o);
    if (ok)
        *ret_properties = o.properties;
    return ok;
}

static bool run_all(struct outcome *o)
{
    return run_section(o, SECTION_CONFIGURATION) && run_section(o, SECTION_AUTHORIZATION) && judge(o) &&
           run_section(o, SECTION_ISSUANCE);
}

bool policy_eval(const struct policy_ast *ast, struct att_arena *arena, struct att_claims *incoming,
                 const struct att_policy_options *options, struct att_policy_result *ret, struct att_err *err)
{
    struct outcome o;
    struct policy_trace trace = { 0 };
    bool yes = begin(&o, ast, arena, incoming, options ? options->limits : NULL, err);

    if (yes && options && options->trace) {
        o.run.trace = &trace;
        yes = policy_trace_begin(&trace, &o.run);
    }
    yes = yes && run_all(&o);
    end(&o);
    /* What was issued on the way to a no is not said. */
    if (!yes)
        att_claims_init(&o.issued, arena, o.run.limits);
    *ret = (struct att_policy_result){
        .authorized = yes,
        .issued = o.issued,
        .properties = o.properties,
        .trace = trace.rows,
        .trace_count = trace.count,
    };
    if (trace.work)
        policy_trace_end(&o.run, yes, &ret->sentence);
    return yes;
}
