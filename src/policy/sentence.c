#include "policy/sentence.h"

#include "base/auto.h"
#include "policy/phrase.h"

enum { CONDITIONS_SAID = 3 };

/* What does not fit is cut: the parts are cut already, so that takes names and values at their longest. */
static void keep(struct att_buf *b, char ret[POLICY_PART_BYTES])
{
    size_t n = b->len < POLICY_PART_BYTES - 4 ? b->len : POLICY_PART_BYTES - 4;

    if (n > 0)
        memcpy(ret, b->ptr, n);
    (void)memcpy(ret + n, b->failed || n < b->len ? "..." : "", 4);
}

/* -- rules that fired ---------------------------------------------------------------------------------- */

static void note_because(struct policy_sentence *s, struct policy_run *run, const struct policy_rule *r,
                         size_t incoming)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    const struct policy_condition *c = r->conditions;
    struct policy_survey survey;

    for (unsigned i = 0; c && i < CONDITIONS_SAID; i++, c = c->next) {
        policy_survey_take(run, c, incoming, &survey);
        att_buf_puts(&b, i ? " and " : "");
        if (!survey.looked)
            att_buf_printf(&b, "condition %u holds", c->number);
        else
            policy_phrase_holds(&b, c, &survey, VOICE_PLAIN);
    }
    if (c)
        att_buf_printf(&b, " and %u more conditions hold", r->condition_count - CONDITIONS_SAID);
    keep(&b, s->because);
}

void policy_sentence_fired(struct policy_sentence *s, struct policy_run *run, const struct policy_rule *r,
                           size_t incoming)
{
    if (r->action.kind == ACTION_DENY) {
        if (s->denies++ == 0) {
            s->denied_by = r;
            note_because(s, run, r, incoming);
        }
    } else if (r->action.kind == ACTION_PERMIT) {
        if (s->permits++ == 0) {
            s->permitted_by = r;
            if (!s->denied_by)
                note_because(s, run, r, incoming);
        }
    }
}

/* -- permit rules that did not ------------------------------------------------------------------------- */

/* The right side refers to a condition from number `from` on, which selected nothing. */
static bool refers(const struct policy_expr *e, unsigned from)
{
    if (e->kind == EXPR_ACCESS)
        return e->condition->number >= from;
    return false;
}

static bool depends(const struct policy_condition *c, unsigned from)
{
    for (const struct policy_test *t = c->tests; t; t = t->next)
        if (refers(&t->right, from))
            return true;
    return false;
}

/* Evaluation ends at the first condition that does not hold; people want to know how many of all do. One that refers to
 * a condition that was not met cannot. */
static unsigned count_held(struct policy_run *run, const struct policy_condition *first)
{
    unsigned held = first->number - 1;
    struct policy_survey survey;

    for (const struct policy_condition *c = first->next; c; c = c->next) {
        if (depends(c, first->number))
            continue;
        policy_survey_take(run, c, run->incoming->count, &survey);
        held += survey.looked && policy_survey_hit(&survey) != c->negated;
    }
    return held;
}

/* Fewer conditions missing, then more that hold, then the one that some claim came near; then the first. */
static bool is_nearer(const struct policy_sentence *s, const struct policy_rule *r, unsigned held, bool close)
{
    if (!s->nearest)
        return true;
    unsigned missing = r->condition_count - held;
    unsigned least = s->nearest->condition_count - s->nearest_held;
    if (missing != least)
        return missing < least;
    if (held != s->nearest_held)
        return held > s->nearest_held;
    return close && !s->nearest_close;
}

void policy_sentence_not_fired(struct policy_sentence *s, struct policy_run *run, const struct policy_rule *r,
                               const struct policy_condition *c, const struct policy_survey *survey)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    if (r->action.kind != ACTION_PERMIT)
        return;
    s->candidates++;
    if (s->permitted_by)
        return; /* why another rule does not permit is not asked any more */
    unsigned held = count_held(run, c);
    bool close = survey->looked && !policy_survey_far(survey, c);
    if (!is_nearer(s, r, held, close))
        return;
    s->nearest = r;
    s->nearest_held = held;
    s->nearest_close = close;
    policy_phrase_but(run, &b, c, survey);
    keep(&b, s->but);
}

/* -- the sentence -------------------------------------------------------------------------------------- */

static void put_ruling(struct att_buf *b, const char *verdict, const struct policy_rule *r, const char *verb,
                       unsigned fired, const char *because)
{
    att_buf_printf(b, "%s: the rule at line %u%s", verdict, r->at.line, fired > 1 ? ", " : " ");
    if (fired > 1)
        att_buf_printf(b, "the first of %u that %s, ", fired, verb);
    att_buf_printf(b, "%s%s", verb[0] == 'd' ? "denies" : "permits", r->conditions ? " because " : "");
    att_buf_puts(b, r->conditions ? because : " whatever the claims are");
    att_buf_putc(b, '.');
}

static void put_no_permit(const struct policy_sentence *s, struct att_buf *b)
{
    if (s->candidates == 0) {
        att_buf_puts(b, "Not permitted: the policy has no rule that permits.");
        return;
    }
    if (s->candidates == 1)
        att_buf_printf(b, "Not permitted: the only rule that could permit is at line %u",
                       s->nearest->at.line);
    else
        att_buf_printf(b, "Not permitted: %u rules could permit; the nearest is at line %u", s->candidates,
                       s->nearest->at.line);
    if (s->nearest->condition_count > 1)
        att_buf_printf(b, ", where %u of %u conditions hold", s->nearest_held, s->nearest->condition_count);
    att_buf_printf(b, ", but %s.", s->but);
}

void policy_sentence_put(const struct policy_sentence *s, const struct policy_rule *stopped,
                         const struct att_err *err, struct att_buf *b)
{
    switch (err->code) {
    case ATT_OK:
        put_ruling(b, "Permitted", s->permitted_by, "permit", s->permits, s->because);
        return;
    case ATT_POLICY_DENIED:
        put_ruling(b, "Denied", s->denied_by, "deny", s->denies, s->because);
        return;
    case ATT_POLICY_NO_PERMIT:
        put_no_permit(s, b);
        return;
    default:
        att_buf_puts(b, "Could not be judged: ");
        if (stopped)
            att_buf_printf(b, "the rule at line %u cannot be evaluated, because ", stopped->at.line);
        att_buf_printf(b, "%s.", err->code == ATT_OUT_OF_MEMORY ? "there is no memory left" : err->found);
        return;
    }
}
