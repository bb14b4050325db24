#include "policy/lint.h"

#include "base/buf.h"
#include "base/err.h"
#include "policy/lexer.h"
#include "policy/lint_entry.h"
#include "policy/lint_rule.h"

#include <stdarg.h>
#include <stdio.h>

enum { EVIDENCE_SOURCES_MAX = 128, MESSAGE_BYTES_MAX = 480 };

/* -- writing down ---------------------------------------------------------------------------------------- */

static const char *const rule_names[LINT_RULE_COUNT] = {
#define X(id, name) [LINT_##id] = name,
    LINT_RULES(X)
#undef X
};

void lint_note(struct lint *l, enum lint_rule rule, const struct policy_mark *at, const char *message, ...)
{
    char text[MESSAGE_BYTES_MAX];
    va_list args;

    va_start(args, message);
    (void)vsnprintf(text, sizeof text, message, args);
    va_end(args);
    struct lint_note *n = att_arena_alloc(l->arena, 1, sizeof *n);
    const char *copy = att_arena_dup(l->arena, att_str(text));
    if (!n || !copy) {
        l->out_of_memory = true;
        return;
    }
    n->finding = (struct att_policy_finding){ rule_names[rule], at->line, at->column, att_str(copy) };
    n->next = l->notes;
    l->notes = n;
    l->note_count++;
}

const char *lint_shown(struct lint_shown *room, struct att_span text)
{
    struct att_shown shown;

    (void)snprintf(room->text, sizeof room->text, "\"%s\"", att_shown(&shown, text));
    return room->text;
}

static bool comes_first(const struct att_policy_finding *a, const struct att_policy_finding *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* In order of lines; notes come nearly sorted, the last one first. */
static bool sort(const struct lint *l, const struct att_policy_finding **ret, size_t *ret_count)
{
    struct att_policy_finding *all = att_arena_alloc(l->arena, l->note_count + 1, sizeof *all);
    size_t at = l->note_count;

    if (!all)
        return false;
    for (const struct lint_note *n = l->notes; n; n = n->next) {
        size_t i = --at;
        for (; i + 1 < l->note_count && comes_first(&all[i + 1], &n->finding); i++)
            all[i] = all[i + 1];
        all[i] = n->finding;
    }
    *ret = all;
    *ret_count = l->note_count;
    return true;
}

/* -- what can be there before the first rule --------------------------------------------------------------- */

static bool begin_sources(struct lint *l)
{
    struct lint_source any = { .any_type = true, .kinds = LINT_ANY_KIND, .issuer = ATT_ISSUER_SERVICE };

    l->source_capacity = EVIDENCE_SOURCES_MAX + l->ast->rule_count;
    l->sources = att_arena_alloc(l->arena, l->source_capacity, sizeof *l->sources);
    if (!l->sources)
        return false;
    while (l->evidence && l->source_count < EVIDENCE_SOURCES_MAX - 2 &&
           lint_known_claim(l->evidence, l->source_count, &l->sources[l->source_count]))
        l->source_count++;
    if (!l->evidence)
        l->sources[l->source_count++] = any;
    any.issuer = ATT_ISSUER_CUSTOM;
    if (!l->evidence || lint_has_custom_claims(l->evidence))
        l->sources[l->source_count++] = any;
    return true;
}

/* -- rules against each other ------------------------------------------------------------------------------ */

static bool same_tokens(struct att_span a, struct att_span b)
{
    struct policy_lexer one = policy_lexer_of(a);
    struct policy_lexer other = policy_lexer_of(b);

    for (;;) {
        struct policy_token t = policy_lexer_next(&one);
        struct policy_token u = policy_lexer_next(&other);
        if (t.kind != u.kind || !att_span_eq(t.at.text, u.at.text))
            return false;
        if (t.kind == TOK_EOF)
            return true;
    }
}

/* What rules from `first` up to `end` make, can it change which claims the conditions of `r` select? */
static bool meddled_with(struct lint *l, const struct policy_rule *r, const struct policy_rule *first)
{
    for (size_t i = 0; i < l->source_count; i++) {
        const struct policy_rule *maker = l->sources[i].maker;
        if (!maker || maker->number < first->number || maker->number >= r->number)
            continue;
        for (const struct policy_condition *c = r->conditions; c; c = c->next)
            if (lint_meet(&l->work, c, &l->sources[i]).may)
                return true;
    }
    return false;
}

static void find_duplicate(struct lint *l, const struct policy_rule *r)
{
    for (const struct policy_rule *e = l->ast->rules[r->section]; e && e != r; e = e->next) {
        if (l->work.steps_left == 0)
            return;
        l->work.steps_left--;
        if (e->action.kind != r->action.kind || !same_tokens(e->at.text, r->at.text) || meddled_with(l, r, e))
            continue;
        lint_note(l, LINT_DUPLICATE_RULE, &r->at,
                  "the same rule stands in line %u, and nothing between changes what it sees: leave one away",
                  e->at.line);
        return;
    }
}

/* Does a later rule look at what this one adds? Its value does not count: who adds false for a later test of true has
 * said what is meant. */
static bool is_looked_at(struct lint *l, const struct policy_rule *maker, const struct lint_source *made)
{
    struct lint_source any = *made;

    any.has_value = false;
    any.kinds = LINT_ANY_KIND;
    for (unsigned section = 0; section < SECTION_COUNT; section++)
        for (const struct policy_rule *r = l->ast->rules[section]; r; r = r->next)
            for (const struct policy_condition *c = r->number > maker->number ? r->conditions : NULL; c;
                 c = c->next)
                if (lint_meet(&l->work, c, &any).may)
                    return true;
    return false;
}

static bool only_adds(const struct policy_rule *r)
{
    return r->action.kind == ACTION_ADD ||
           (r->action.kind == ACTION_ISSUE && r->section == SECTION_AUTHORIZATION);
}

static void find_unused_claims(struct lint *l)
{
    struct lint_shown shown;

    for (size_t i = 0; i < l->source_count; i++) {
        const struct lint_source *s = &l->sources[i];
        if (!s->maker || !only_adds(s->maker) || s->any_type || is_looked_at(l, s->maker, s) ||
            l->work.steps_left == 0)
            continue;
        lint_note(
            l, LINT_UNUSED_CLAIM, &s->maker->action.at,
            "no later rule looks at %s, and what is added here does not stand in the token: issue() it in "
            "issuancerules, or leave the rule away",
            lint_shown(&shown, s->type));
    }
}

/* -- the verdict ------------------------------------------------------------------------------------------- */

struct outcome {
    const struct policy_rule *permits_always;
    const struct policy_rule *permits_debug; /* the first that lets evidence through without asking */
    const struct policy_rule *denies_always;
    bool permits;
    bool denies;
    bool denies_debug;
};

static void take_rule(struct lint *l, struct outcome *o, const struct policy_rule *r,
                      const struct lint_verdict *v)
{
    if (!v->may_fire)
        return;
    if (r->action.kind == ACTION_DENY) {
        o->denies = true;
        o->denies_debug = o->denies_debug || v->fires_on_debug;
        o->denies_always = !o->denies_always && v->always_fires ? r : o->denies_always;
    }
    if (r->action.kind != ACTION_PERMIT)
        return;
    o->permits = true;
    o->permits_always = !o->permits_always && v->always_fires ? r : o->permits_always;
    if (v->needs_debug_on)
        lint_note(l, LINT_DEBUG_REQUIRED, &r->at,
                  "this rule permits only evidence that can be debugged, whose secrets its host can read: "
                  "test for the "
                  "other value");
    else if (!v->needs_debug_off && !o->permits_debug)
        o->permits_debug = r;
}

/* Where the authorization rules begin; the checker knows that they are there. */
static struct policy_mark authorization_mark(struct att_span text)
{
    struct policy_lexer lexer = policy_lexer_of(text);
    struct policy_token t;

    do
        t = policy_lexer_next(&lexer);
    while (t.kind != TOK_AUTHORIZATION && t.kind != TOK_EOF);
    return t.at;
}

static bool tells_about_debug(const struct lint *l)
{
    for (size_t i = 0; i < l->source_count; i++)
        if (l->sources[i].debug != LINT_NOT_ABOUT_DEBUG)
            return true;
    return false;
}

static void judge(struct lint *l, const struct outcome *o)
{
    struct policy_mark section = authorization_mark(l->text);

    if (o->denies_always)
        lint_note(l, LINT_PERMITS_NOTHING, &o->denies_always->at,
                  "this rule denies always, and a denial outweighs every permit(): nothing gets a token");
    else if (!o->permits)
        lint_note(l, LINT_PERMITS_NOTHING, &section,
                  "no rule that can fire permits, so nothing gets a token: write a rule with permit()");
    if (o->permits_always && !o->denies)
        lint_note(l, LINT_PERMITS_EVERYTHING, &o->permits_always->at,
                  "all evidence that verifies is permitted, whoever made it: test here what a relying party "
                  "does not test "
                  "itself");
    if (o->permits_debug && !o->denies_debug && !o->denies_always && tells_about_debug(l))
        lint_note(l, LINT_DEBUG_ALLOWED, &o->permits_debug->at,
                  "evidence that can be debugged, whose secrets its host can read, is permitted: require the "
                  "claim that "
                  "says it cannot be, or deny the others");
}

/* -- all rules in the order in which they run --------------------------------------------------------------- */

static void walk(struct lint *l)
{
    struct outcome o = { 0 };

    for (unsigned section = 0; section < SECTION_COUNT; section++)
        for (const struct policy_rule *r = l->ast->rules[section]; r; r = r->next) {
            struct lint_verdict v = lint_conditions(l, r);
            lint_queries(l, r);
            find_duplicate(l, r);
            lint_action(l, r, &v);
            take_rule(l, &o, r, &v);
        }
    find_unused_claims(l);
    judge(l, &o);
}

bool policy_lint(const struct policy_ast *ast, struct att_span text, const char *evidence_type,
                 struct att_arena *arena, const struct att_policy_finding **ret, size_t *ret_count,
                 struct att_err *err)
{
    struct lint l = { .ast = ast, .text = text, .arena = arena };
    struct att_shown shown;

    l.evidence = evidence_type ? lint_evidence_of(evidence_type) : 0;
    if (evidence_type && l.evidence == 0)
        return att_fail(err, ATT_USAGE, "evidence_type",
                        "sgx, open-enclave, tdx, sev-snp, tpm, vbs or azure-guest", "%s",
                        att_shown(&shown, att_str(evidence_type)));
    l.work.steps_left = att_limits_default.policy_steps_max;
    if (!begin_sources(&l))
        return att_fail_memory(err, "policy");
    walk(&l);
    if (l.work.steps_left == 0)
        return att_fail(err, ATT_POLICY_LIMIT, "policy",
                        "a policy with fewer rules or conditions: looking through it takes too many steps",
                        "one that takes more");
    if (l.out_of_memory || !sort(&l, ret, ret_count))
        return att_fail_memory(err, "policy");
    return true;
}
