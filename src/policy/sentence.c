#include "policy/sentence.h"

#include "base/auto.h"
#include "policy/phrase.h"

enum { CONDITIONS_SAID = 3 };

/* What does not fit is cut: the parts are cut already, so that takes names and values at their longest. */
static void keep(const struct att_buf *b, char ret[POLICY_PART_BYTES])
{
    const size_t room = POLICY_PART_BYTES - sizeof "...";
    size_t n = b->len < room ? b->len : room;

    if (n > 0)
        memcpy(ret, b->ptr, n);
    ret[n] = '\0';
    if (b->failed || n < b->len)
        memcpy(ret + n, "...", sizeof "...");
}

/* -- rules that fired ---------------------------------------------------------------------------------- */

void policy_sentence_holds(struct policy_run *run, struct att_buf *because, const struct policy_condition *c,
                           const struct policy_survey *survey)
{
    if (c->number > CONDITIONS_SAID)
        return;
    att_buf_puts(because, c->number > 1 ? " and " : "");
    if (survey->looked)
        policy_phrase_holds(run, because, c, survey, VOICE_PLAIN);
    else
        att_buf_printf(because, "condition %u holds", c->number);
}

static void keep_because(struct policy_sentence *s, const struct policy_rule *r,
                         const struct att_buf *because)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    att_buf_put(&b, att_buf_span(because));
    if (r->condition_count > CONDITIONS_SAID)
        att_buf_printf(&b, " and %u more condition%s", r->condition_count - CONDITIONS_SAID,
                       r->condition_count == CONDITIONS_SAID + 1 ? " holds" : "s hold");
    keep(&b, s->because);
}

void policy_sentence_fired(struct policy_sentence *s, const struct policy_rule *r,
                           const struct att_buf *because)
{
    if (r->action.kind == ACTION_DENY && s->denies++ == 0) {
        s->denied_by = r;
        keep_because(s, r, because);
    } else if (r->action.kind == ACTION_PERMIT && s->permits++ == 0) {
        s->permitted_by = r;
        if (!s->denied_by)
            keep_because(s, r, because);
    }
}

/* -- permit rules that did not ------------------------------------------------------------------------- */

/* What the test compares with is not known: it refers to a condition from number `from` on, which selected nothing or was
 * not tried, or it would have to call a function. */
static bool is_unknown(const struct policy_test *t, unsigned from)
{
    return t->right.kind == EXPR_CALL || (t->right.kind == EXPR_ACCESS && t->right.condition->number >= from);
}

static bool can_try(const struct policy_condition *c, unsigned from)
{
    for (const struct policy_test *t = c->tests; t; t = t->next)
        if (is_unknown(t, from))
            return false;
    return true;
}

/* Evaluation ends at the first condition that does not hold; people want to know how many of all do. */
static void count_held(struct policy_run *run, const struct policy_condition *first, unsigned *ret_held,
                       unsigned *ret_untried)
{
    struct policy_survey survey;

    *ret_held = first->number - 1;
    *ret_untried = 0;
    for (const struct policy_condition *c = first->next; c; c = c->next) {
        survey.looked = false;
        if (can_try(c, first->number))
            policy_survey_take(run, c, &survey);
        if (!survey.looked)
            ++*ret_untried;
        else
            *ret_held += policy_survey_hit(&survey) != c->negated;
    }
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
    unsigned held, untried;
    count_held(run, c, &held, &untried);
    bool close = survey->looked && !policy_survey_far(survey, c);
    if (!is_nearer(s, r, held, close))
        return;
    s->nearest = r;
    s->nearest_held = held;
    s->nearest_untried = untried;
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
    if (s->nearest_untried > 0)
        att_buf_printf(b, " (%u not tried)", s->nearest_untried);
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
