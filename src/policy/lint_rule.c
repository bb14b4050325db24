#include "policy/lint_rule.h"

#include "base/nearest.h"
#include "policy/functions/function.h"
#include "policy/language.h"

/* -- conditions ------------------------------------------------------------------------------------------ */

/* The raw attributes hold the debug bit: whoever pins them has decided about debugging. */
static bool pins_attributes(const struct policy_condition *c)
{
    const struct att_span *type = lint_type_of(c);
    bool pinned = false;

    for (const struct policy_test *t = c->tests; t; t = t->next)
        pinned = pinned || (t->property == PROPERTY_VALUE && t->op == COMPARE_EQ);
    return pinned && type && att_span_is(*type, "tdx_td_attributes");
}

struct lint_selection lint_select(struct lint *l, const struct policy_condition *c)
{
    struct lint_selection sel = { .only_read_only = true, .debug_off = true, .debug_on = true };
    bool told = false;     /* a source other than clients' claims can be selected */
    bool off_must = false; /* the source before this one: the other value of the same claim */

    for (size_t i = 0; i < l->source_count; i++) {
        const struct lint_source *s = &l->sources[i];
        struct lint_meeting m = lint_meet(&l->work, c, s);
        bool both = s->debug == LINT_DEBUG_ON && off_must && m.must;
        off_must = s->debug == LINT_DEBUG_OFF && m.must;
        if (!m.may)
            continue;
        sel.any = true;
        sel.only_read_only = sel.only_read_only && s->read_only;
        sel.custom = sel.custom || s->issuer == ATT_ISSUER_CUSTOM;
        sel.service = sel.service || s->issuer == ATT_ISSUER_SERVICE;
        sel.always = sel.always || (s->always && m.must && (s->debug == LINT_NOT_ABOUT_DEBUG || both));
        /* Evidence that can be debugged has the claim that says so, be it always there or not. */
        sel.on_meets =
            sel.on_meets ||
            (m.must && (s->debug == LINT_DEBUG_ON || (s->debug == LINT_NOT_ABOUT_DEBUG && s->always)));
        if (s->issuer == ATT_ISSUER_CUSTOM)
            continue;
        told = true;
        sel.debug_off = sel.debug_off && (s->debug == LINT_DEBUG_OFF || s->debug_off);
        sel.debug_on = sel.debug_on && s->debug == LINT_DEBUG_ON;
    }
    sel.only_read_only = sel.only_read_only && sel.any;
    sel.debug_off = (sel.debug_off && told) || pins_attributes(c);
    sel.debug_on = sel.debug_on && told;
    return sel;
}

static void note_always(struct lint *l, const struct policy_condition *c)
{
    if (c->used || c->negated)
        return; /* it is there for its name; a negation is told about elsewhere */
    lint_note(l, LINT_ALWAYS_TRUE, &c->at,
              "this condition always holds%s: test a value, or leave the condition away",
              lint_type_of(c) && c->tests->next == NULL
                  ? " (all evidence has such a claim, whatever its value)"
                  : "");
}

static void note_negation(struct lint *l, const struct policy_condition *c)
{
    lint_note(
        l, LINT_CONTRADICTION, &c->at,
        "there is always a claim that meets this condition, so its negation never holds and the rule never "
        "fires: test a value, or leave the rule away");
}

static void note_custom(struct lint *l, const struct policy_rule *r, const struct policy_condition *c,
                        const struct lint_selection *sel)
{
    struct lint_shown shown;
    const struct att_span *type = lint_type_of(c);

    if (!lint_has_custom_claims(l->evidence) || r->action.kind != ACTION_PERMIT || c->negated ||
        !sel->custom || !sel->service || !type)
        return;
    lint_note(l, LINT_ISSUER_NOT_TESTED, &c->at,
              "a client may send a claim %s of its own, and this condition takes it for the service's: test "
              "issuer==\"AttestationService\", too",
              lint_shown(&shown, *type));
}

/* Where debugging is on: does the condition hold for certain? */
static bool holds_on_debug(const struct policy_condition *c, const struct lint_selection *sel)
{
    return c->negated ? !sel->any || sel->debug_off : sel->on_meets || sel->always;
}

struct lint_verdict lint_conditions(struct lint *l, const struct policy_rule *r)
{
    struct lint_verdict v = { .may_fire = true, .always_fires = true, .fires_on_debug = true };
    struct lint_shown shown;

    for (const struct policy_condition *c = r->conditions; c; c = c->next) {
        struct lint_selection sel = lint_select(l, c);
        if (!sel.any)
            lint_explain_never(l, c);
        else if (sel.always && c->negated)
            note_negation(l, c);
        else if (sel.always)
            note_always(l, c);
        if (c->name.text.len > 0 && !c->used)
            lint_note(l, LINT_UNUSED_NAME, &c->name, "nothing refers to %s: leave the name away",
                      lint_shown(&shown, c->name.text));
        note_custom(l, r, c, &sel);
        v.may_fire = v.may_fire && (c->negated ? !sel.always : sel.any);
        v.always_fires = v.always_fires && (c->negated ? !sel.any : sel.always);
        v.fires_on_debug = v.fires_on_debug && holds_on_debug(c, &sel);
        v.needs_debug_off =
            v.needs_debug_off || (c->negated ? sel.on_meets && !sel.always : sel.debug_off && sel.any);
        v.needs_debug_on = v.needs_debug_on || (!c->negated && sel.any && sel.debug_on);
    }
    return v;
}

/* -- actions --------------------------------------------------------------------------------------------- */

/* A function that takes whole sets says something about them and does not hand them on. */
static bool hands_on(const struct policy_function *f)
{
    for (unsigned i = 0; i < POLICY_ARGUMENTS_MAX; i++)
        if (f->parameters[i].kind == ARGUMENT_SET)
            return false;
    return true;
}

/* Is this value, whatever it is, read-only? Depth is bounded by the parser: limits->policy_depth_max. */
static bool is_read_only(struct lint *l, const struct policy_expr *e)
{
    if (e->kind == EXPR_ACCESS)
        return e->property == PROPERTY_VALUE && e->condition && lint_select(l, e->condition).only_read_only;
    if (e->kind != EXPR_CALL || !hands_on(e->function))
        return false;
    for (const struct policy_expr *a = e->arguments; a; a = a->next)
        if (is_read_only(l, a))
            return true;
    return false;
}

static unsigned kinds_of(const struct policy_action *a)
{
    const struct policy_expr *e = a->value;

    if (a->has_kind)
        return 1u << a->kind_wanted;
    if (e->kind == EXPR_CALL)
        return e->function->result_kinds;
    return e->kind == EXPR_ACCESS && e->property != PROPERTY_VALUE ? LINT_STRING : LINT_ANY_KIND;
}

static void add_source(struct lint *l, const struct lint_source *s)
{
    if (l->source_count < l->source_capacity)
        l->sources[l->source_count++] = *s;
}

static void note_property(struct lint *l, const struct policy_action *a)
{
    struct att_nearest near = { .wanted = a->type };
    const struct policy_known_property *p;
    struct lint_shown shown;
    struct lint_shown best;

    if (policy_known_property(a->type))
        return;
    for (size_t i = 0; (p = policy_known_property_at(i)) != NULL; i++)
        att_nearest_try(&near, att_str(p->name));
    lint_note(l, LINT_UNKNOWN_PROPERTY, &a->at, "the service knows no property %s and ignores it%s%s%s",
              lint_shown(&shown, a->type), near.best.len ? "; did you mean " : ": check the name",
              near.best.len ? lint_shown(&best, near.best) : "", near.best.len ? "?" : "");
}

static bool is_issued(const struct policy_rule *r)
{
    return r->action.kind == ACTION_ISSUE && r->section == SECTION_ISSUANCE;
}

static void note_issued(struct lint *l, const struct policy_rule *r, bool read_only)
{
    const struct policy_action *a = &r->action;
    struct lint_shown shown;

    if (read_only)
        lint_note(l, LINT_READ_ONLY_ISSUED, &a->at,
                  "the value is read-only: evaluation ends here with an error; add() it and issue what you "
                  "found out "
                  "about it");
    for (size_t i = 0; i < l->source_count; i++) {
        const struct lint_source *s = &l->sources[i];
        if (s->maker || !s->in_token || s->any_type || !att_span_eq(s->type, a->type) ||
            s->debug == LINT_DEBUG_ON)
            continue;
        lint_note(
            l, LINT_SERVICE_CLAIM_ISSUED, &a->at,
            "the token of this evidence has a claim %s from the service already: issue it under another name",
            lint_shown(&shown, a->type));
    }
}

static void act_spelled_out(struct lint *l, const struct policy_rule *r, const struct lint_verdict *v)
{
    const struct policy_action *a = &r->action;
    bool read_only = is_read_only(l, a->value);
    struct lint_source s = { .type = a->type,
                             .kinds = kinds_of(a),
                             .issuer = ATT_ISSUER_POLICY,
                             .read_only = read_only,
                             .debug_off = v->needs_debug_off,
                             .maker = r };

    if (a->kind == ACTION_ISSUE_PROPERTY)
        note_property(l, a);
    if (is_issued(r))
        note_issued(l, r, read_only);
    s.has_value = a->value->kind == EXPR_LITERAL;
    s.value = a->value->literal;
    s.always = v->always_fires && s.has_value;
    if (v->may_fire)
        add_source(l, &s);
}

static void act_copied(struct lint *l, const struct policy_rule *r, const struct lint_verdict *v)
{
    const struct policy_action *a = &r->action;
    const struct att_span *type = lint_type_of(a->copied_condition);
    struct lint_shown shown;
    struct lint_source s = { .any_type = type == NULL,
                             .kinds = LINT_ANY_KIND,
                             .issuer = ATT_ISSUER_POLICY,
                             .read_only = lint_select(l, a->copied_condition).only_read_only,
                             .debug_off = v->needs_debug_off,
                             .maker = r };

    if (type)
        s.type = *type;
    if (is_issued(r) && s.read_only)
        note_issued(l, r, true);
    if (is_issued(r) && type && policy_type_reserved(*type))
        lint_note(l, LINT_RESERVED_COPIED, &a->at,
                  "%s is a name of the service: a policy cannot issue it, and this rule issues nothing; "
                  "issue the value "
                  "under another name",
                  lint_shown(&shown, *type));
    if (is_issued(r) && !type)
        lint_note(l, LINT_RESERVED_COPIED, &a->at,
                  "the condition selects claims of any type, also names of the service, which are left out "
                  "when they "
                  "are issued: test the type");
    if (v->may_fire)
        add_source(l, &s);
}

void lint_action(struct lint *l, const struct policy_rule *r, const struct lint_verdict *v)
{
    if (!policy_actions[r->action.kind].takes_claim)
        return;
    if (r->action.copied.text.len > 0)
        act_copied(l, r, v);
    else
        act_spelled_out(l, r, v);
}
