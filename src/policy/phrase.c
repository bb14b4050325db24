#include "policy/phrase.h"

#include "base/err.h"
#include "policy/language.h"
#include "policy/trace.h"

enum { CLAIMS_SHOWN = 3, VALUES_SHOWN = 3 };

/* -- values and claims --------------------------------------------------------------------------------- */

/* att_shown leaves no mark that a text which itself ends in dots could not have: count what it needs. */
static bool is_cut(struct att_span text)
{
    const size_t room = sizeof((struct att_shown *)0)->text - sizeof "...";
    size_t needed = 0;

    for (size_t i = 0; i < text.len && needed <= room; i++)
        needed += text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f && text.ptr[i] != '\\' ? 1 : sizeof "\\x5c" - 1;
    return needed > room;
}

/* `bytes` is how long the text is for those who see only its beginning. */
static void put_text(struct att_buf *b, struct att_span text, const char *quote, size_t bytes)
{
    struct att_shown room;

    att_buf_printf(b, "%s%s%s", quote, att_shown(&room, text), quote);
    if (is_cut(text))
        att_buf_printf(b, " (%zu bytes)", bytes);
}

void policy_phrase_text(struct att_buf *b, struct att_span text)
{
    put_text(b, text, "", text.len);
}

void policy_phrase_value(struct att_buf *b, const struct att_value *v)
{
    switch (v->kind) {
    case ATT_CLAIM_BOOL:
        att_buf_puts(b, v->boolean ? "true" : "false");
        return;
    case ATT_CLAIM_INT:
        att_buf_printf(b, "%lld", (long long)v->integer);
        return;
    case ATT_CLAIM_STRING:
    case ATT_CLAIM_JSON:
        put_text(b, v->text, "\"", v->text.len);
        return;
    }
}

/* A piece of the policy on one line: how its author broke and indented it says nothing here. */
static void put_source(struct att_buf *b, struct att_span text)
{
    char flat[2 * sizeof(struct att_shown)];
    size_t n = 0;

    for (size_t i = 0; i < text.len && n < sizeof flat; i++) {
        bool space = text.ptr[i] == ' ' || (text.ptr[i] >= '\t' && text.ptr[i] <= '\r');
        if (!space)
            flat[n++] = (char)text.ptr[i];
        else if (n > 0 && flat[n - 1] != ' ')
            flat[n++] = ' ';
    }
    put_text(b, att_span_of(flat, n), "", text.len);
}

/* Between types that are never equal, `1` and `"1"` look too much alike. */
static void put_typed(struct att_buf *b, const struct att_value *v)
{
    static const char *const nouns[] = { [ATT_CLAIM_BOOL] = "the Boolean ",
                                         [ATT_CLAIM_INT] = "the number ",
                                         [ATT_CLAIM_STRING] = "the text ",
                                         [ATT_CLAIM_JSON] = "the JSON " };

    att_buf_puts(b, nouns[v->kind]);
    policy_phrase_value(b, v);
}

static const char *source_of(enum att_claim_issuer issuer)
{
    switch (issuer) {
    case ATT_ISSUER_SERVICE:
        return "from the evidence";
    case ATT_ISSUER_POLICY:
        return "made by a rule of the policy";
    case ATT_ISSUER_CUSTOM:
        break;
    }
    return "sent by the caller";
}

static void put_source_of(struct policy_run *run, struct att_buf *b, const struct att_claim *claim,
                          enum policy_voice voice)
{
    unsigned line = claim->issuer == ATT_ISSUER_POLICY ? policy_trace_maker(run, claim) : 0;

    if (voice == VOICE_AUTHOR) {
        att_buf_puts(b, att_issuer_name(claim->issuer));
        if (line)
            att_buf_printf(b, ", line %u", line);
    } else if (line) {
        att_buf_printf(b, "made by the rule at line %u", line);
    } else {
        att_buf_puts(b, source_of(claim->issuer));
    }
}

void policy_phrase_claim(struct policy_run *run, struct att_buf *b, const struct att_claim *claim,
                         enum policy_voice voice)
{
    policy_phrase_text(b, claim->type);
    att_buf_puts(b, " is ");
    policy_phrase_value(b, &claim->value);
    att_buf_puts(b, " (");
    put_source_of(run, b, claim, voice);
    att_buf_putc(b, ')');
}

static void put_claims(struct policy_run *run, struct att_buf *b, const struct att_claim *claims, size_t kept,
                       size_t total)
{
    size_t shown = kept < CLAIMS_SHOWN ? kept : CLAIMS_SHOWN;

    for (size_t i = 0; i < shown; i++) {
        att_buf_puts(b, i ? ", " : "");
        policy_phrase_claim(run, b, &claims[i], VOICE_AUTHOR);
    }
    if (total > shown)
        att_buf_printf(b, " and %zu more", total - shown);
}

void policy_phrase_made(struct att_buf *b, const struct att_claim *claims, size_t kept, size_t total)
{
    size_t shown = kept < CLAIMS_SHOWN ? kept : CLAIMS_SHOWN;

    for (size_t i = 0; i < shown; i++) {
        att_buf_puts(b, i ? ", " : "");
        policy_phrase_text(b, claims[i].type);
        att_buf_puts(b, " = ");
        policy_phrase_value(b, &claims[i].value);
    }
    if (total > shown)
        att_buf_printf(b, " and %zu more", total - shown);
}

/* -- conditions that hold ------------------------------------------------------------------------------ */

/* `[...]` of `! name:[...]`: what is in front of it does not belong to what a claim meets. */
static void put_brackets(struct att_buf *b, const struct policy_condition *c)
{
    struct att_span text = c->at.text;

    while (text.len > 1 && text.ptr[0] != '[') {
        text.ptr++;
        text.len--;
    }
    put_source(b, text);
}

/* "there is no claim x", or "no claim meets [...]" when more than the type is asked for. */
static void put_absent(struct att_buf *b, const struct policy_condition *c)
{
    if (!c->tests) {
        att_buf_puts(b, "there is no claim at all");
    } else if (c->type_test && !c->tests->next) {
        att_buf_puts(b, "there is no claim ");
        policy_phrase_text(b, c->type_test->right.literal.text);
    } else {
        att_buf_puts(b, "no claim meets ");
        put_brackets(b, c);
    }
}

void policy_phrase_holds(struct policy_run *run, struct att_buf *b, const struct policy_condition *c,
                         const struct policy_survey *s, enum policy_voice voice)
{
    if (!s->looked)
        att_buf_puts(b, "holds; by which claims was not looked at: the explanation's work is used up");
    else if (c->negated)
        put_absent(b, c);
    else if (voice == VOICE_PLAIN)
        policy_phrase_claim(run, b, &s->nearest[0], voice);
    else
        put_claims(run, b, s->nearest, policy_survey_kept(s), s->nearest_count);
}

/* -- conditions that do not ---------------------------------------------------------------------------- */

struct right_side {
    struct att_value values[VALUES_SHOWN];
    size_t count; /* all of them */
    bool known;   /* false: a call that was not made */
};

static void right_side_of(const struct policy_run *run, const struct policy_test *t, struct right_side *ret)
{
    const struct policy_expr *e = &t->right;

    *ret = (struct right_side){ .count = 1, .values = { e->literal }, .known = true };
    if (e->kind == EXPR_LITERAL)
        return;
    const struct policy_slot *slot = t->slot ? &run->slots[t->slot - 1] : NULL;
    ret->known = !slot || slot->known;
    ret->count = !ret->known ? 0 : slot ? slot->values.count : policy_run_bound_count(run, e->condition);
    for (size_t i = 0; i < ret->count && i < VALUES_SHOWN; i++)
        ret->values[i] = slot ? slot->values.items[i].value
                              : policy_property_of(policy_run_bound(run, e->condition, i), e->property);
}

static void put_values(struct att_buf *b, const struct right_side *r, bool typed)
{
    if (r->count == 0)
        att_buf_puts(b, "nothing");
    for (size_t i = 0; i < r->count && i < VALUES_SHOWN; i++) {
        att_buf_puts(b, i == 0 ? "" : i + 1 == r->count ? " or " : ", ");
        if (typed)
            put_typed(b, &r->values[i]);
        else
            policy_phrase_value(b, &r->values[i]);
    }
    if (r->count > VALUES_SHOWN)
        att_buf_printf(b, " or one of %zu more", r->count - VALUES_SHOWN);
}

/* The test cannot be met because the types differ: none of the right side's is that of the claim. */
static bool kinds_differ(const struct right_side *r, const struct att_value *left)
{
    for (size_t i = 0; i < r->count && i < VALUES_SHOWN; i++)
        if (r->values[i].kind == left->kind)
            return false;
    return r->count > 0 && r->count <= VALUES_SHOWN;
}

static void put_not_there(struct att_buf *b, const struct policy_condition *c, const struct policy_survey *s)
{
    att_buf_puts(b, "wants a claim of type ");
    policy_phrase_text(b, c->type_test->right.literal.text);
    att_buf_puts(b, ", and there is none");
    if (s->similar.len > 0) {
        att_buf_puts(b, "; there is one of type ");
        policy_phrase_text(b, s->similar);
        att_buf_puts(b, ": was that meant?");
    }
}

static void put_wanted_test(struct policy_run *run, struct att_buf *b, const struct policy_test *t)
{
    struct right_side right;

    att_buf_puts(b, "wants ");
    put_source(b, t->at.text);
    if (t->right.kind == EXPR_LITERAL)
        return;
    right_side_of(run, t, &right);
    if (!right.known)
        return;
    att_buf_puts(b, ", where ");
    put_source(b, t->right.at.text);
    att_buf_puts(b, " is ");
    put_values(b, &right, false);
}

void policy_phrase_wants(struct policy_run *run, struct att_buf *b, const struct policy_condition *c,
                         const struct policy_survey *s)
{
    struct right_side right;

    if (!s->looked) {
        att_buf_puts(
            b, "does not hold; which claims came near was not looked at: the explanation's work is used up");
        return;
    }
    if (c->negated) {
        att_buf_puts(b, "wants that no claim meets ");
        put_brackets(b, c);
        att_buf_puts(b, "; ");
        put_claims(run, b, s->nearest, policy_survey_kept(s), s->nearest_count);
        return;
    }
    if (s->claims == 0) {
        att_buf_puts(b, "wants ");
        put_brackets(b, c);
        att_buf_puts(b, "; there is no claim at all");
        return;
    }
    if (!s->type_here) {
        put_not_there(b, c, s);
        return;
    }
    put_wanted_test(run, b, s->failed);
    att_buf_puts(b, "; ");
    if (policy_survey_far(s, c)) {
        att_buf_printf(b, "none of the %zu claims meets that", s->claims);
        return;
    }
    put_claims(run, b, s->nearest, policy_survey_kept(s), s->nearest_count);
    right_side_of(run, s->failed, &right);
    if (s->failed->property == PROPERTY_VALUE && kinds_differ(&right, &s->nearest[0].value))
        att_buf_printf(b, "; %s and %s are different types", policy_kind_name(s->nearest[0].value.kind),
                       policy_kind_name(right.values[0].kind));
}

static void put_value_but(struct policy_run *run, struct att_buf *b, const struct policy_test *t,
                          const struct att_claim *claim)
{
    static const char *const words[] = {
        [COMPARE_EQ] = "and not ",           [COMPARE_NE] = "and must be something else than ",
        [COMPARE_LT] = "and not less than ", [COMPARE_LE] = "and not at most ",
        [COMPARE_GT] = "and not more than ", [COMPARE_GE] = "and not at least ",
    };
    struct right_side right;

    right_side_of(run, t, &right);
    bool typed = t->op != COMPARE_NE && kinds_differ(&right, &claim->value);
    policy_phrase_text(b, claim->type);
    if (claim->issuer == ATT_ISSUER_POLICY) { /* what was made of what else is the next thing to look at */
        att_buf_puts(b, ", ");
        put_source_of(run, b, claim, VOICE_PLAIN);
        att_buf_putc(b, ',');
    }
    att_buf_puts(b, " is ");
    if (typed)
        put_typed(b, &claim->value);
    else
        policy_phrase_value(b, &claim->value);
    if (right.count == 0) {
        att_buf_puts(b, ", and there is nothing to compare it with");
        return;
    }
    att_buf_printf(b, " %s", words[t->op]);
    put_values(b, &right, typed);
}

static void put_issuer_but(struct policy_run *run, struct att_buf *b, const struct policy_test *t,
                           const struct att_claim *claim)
{
    const struct att_span wanted = t->right.literal.text;

    policy_phrase_claim(run, b, claim, VOICE_PLAIN);
    for (enum att_claim_issuer i = ATT_ISSUER_SERVICE; t->op == COMPARE_EQ && i <= ATT_ISSUER_CUSTOM; i++)
        if (att_span_is(wanted, att_issuer_name(i))) {
            att_buf_printf(b, " and not %s", source_of(i));
            return;
        }
    att_buf_puts(b, ", which does not meet ");
    put_source(b, t->at.text);
}

void policy_phrase_but(struct policy_run *run, struct att_buf *b, const struct policy_condition *c,
                       const struct policy_survey *s)
{
    const struct policy_test *t = s->failed;

    if (!s->looked) {
        att_buf_printf(b, "condition %u does not hold", c->number);
    } else if (c->negated) {
        policy_phrase_claim(run, b, &s->nearest[0], VOICE_PLAIN);
        att_buf_puts(b, ", which must not be there");
    } else if (s->claims == 0) {
        att_buf_puts(b, "there is no claim at all");
    } else if (!s->type_here) {
        att_buf_puts(b, "there is no claim ");
        policy_phrase_text(b, c->type_test->right.literal.text);
    } else if (policy_survey_far(s, c)) {
        put_absent(b, c);
    } else if (t->property == PROPERTY_VALUE) {
        put_value_but(run, b, t, &s->nearest[0]);
    } else if (t->property == PROPERTY_ISSUER && t->right.kind == EXPR_LITERAL) {
        put_issuer_but(run, b, t, &s->nearest[0]);
    } else {
        policy_phrase_claim(run, b, &s->nearest[0], VOICE_PLAIN);
        att_buf_puts(b, ", which does not meet ");
        put_source(b, t->at.text);
    }
}
