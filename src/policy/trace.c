#include "policy/trace.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "policy/language.h"
#include "policy/phrase.h"
#include "policy/sentence.h"

enum { REASON_BYTES_MAX = 2048, CONDITIONS_SHOWN = 4 };

struct policy_trace_work {
    struct att_err err;      /* how this evaluation ended: the caller may want none, or have an earlier one */
    struct att_err *callers; /* NULL is fine */
    struct att_claim made[ATT_TRACE_CLAIMS_MAX]; /* by the rule that runs */
    size_t made_count;                           /* all of them */
    struct att_buf holds;                        /* what its conditions met so far, for the row */
    struct att_buf because;                      /* and for the sentence */
    struct policy_sentence sentence;
};

/* Moves the text into the arena. A text that grew too long ends in dots. */
static bool keep(struct policy_run *run, struct att_buf *b, struct att_span *ret)
{
    if (b->failed && b->len >= 3)
        memcpy(b->ptr + b->len - 3, "...", 3);
    char *copy = b->len > 0 ? att_arena_dup(run->arena, att_buf_span(b)) : NULL;

    if (!copy)
        return att_fail_memory(run->err, "policy.trace");
    *ret = att_span_of(copy, b->len);
    return true;
}

static bool keep_claims(struct policy_run *run, const struct att_claim *claims, size_t count,
                        const struct att_claim **ret, size_t *ret_count)
{
    if (count == 0)
        return true;
    struct att_claim *copy = att_arena_alloc(run->arena, count, sizeof *copy);
    if (!copy)
        return att_fail_memory(run->err, "policy.trace");
    memcpy(copy, claims, count * sizeof *copy);
    *ret = copy;
    *ret_count = count;
    return true;
}

static void describe_rules(struct policy_trace *t, const struct policy_ast *ast)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        for (const struct policy_rule *r = ast->rules[s]; r; r = r->next)
            t->rows[r->number] = (struct att_trace_row){
                .section = policy_sections[s].word,
                .line = r->at.line,
                .kind = ATT_TRACE_SKIPPED,
                .action = policy_actions[r->action.kind].word,
                .text = r->at.text,
                .reason = att_str("the evaluation had ended before this rule"),
            };
    }
}

bool policy_trace_begin(struct policy_trace *t, struct policy_run *run)
{
    struct policy_trace made = {
        .count = run->ast->rule_count,
        .steps_left = run->limits->policy_steps_max,
        .work = att_arena_alloc(run->arena, 1, sizeof *made.work),
    };

    made.rows = att_arena_alloc(run->arena, made.count, sizeof *made.rows);
    if (!made.work || (made.count > 0 && !made.rows))
        return att_fail_memory(run->err, "policy.trace");
    describe_rules(&made, run->ast);
    made.work->holds.max = REASON_BYTES_MAX;
    made.work->because.max = REASON_BYTES_MAX;
    made.work->callers = run->err;
    run->err = &made.work->err;
    *t = made;
    return true;
}

void policy_trace_made(struct policy_run *run, const struct att_claim *claim)
{
    struct policy_trace_work *w = run->trace->work;

    if (w->made_count < ATT_TRACE_CLAIMS_MAX)
        w->made[w->made_count] = *claim;
    w->made_count++;
}

/* A claim in a row and the same claim in the set share their bytes: comparing where they stand is enough. */
static bool is_same(const struct att_claim *a, const struct att_claim *b)
{
    if (a->type.ptr != b->type.ptr || a->type.len != b->type.len || a->value.kind != b->value.kind)
        return false;
    if (a->value.kind == ATT_CLAIM_STRING)
        return a->value.text.ptr == b->value.text.ptr && a->value.text.len == b->value.text.len;
    return att_value_eq(&a->value, &b->value);
}

unsigned policy_trace_maker(struct policy_run *run, const struct att_claim *claim)
{
    struct policy_trace *t = run->trace;

    for (size_t i = 0; i < t->count && t->steps_left > 0; i++) {
        t->steps_left--;
        for (size_t k = 0; k < t->rows[i].made_count; k++)
            if (is_same(&t->rows[i].made[k], claim))
                return t->rows[i].line;
    }
    return 0;
}

/* -- a rule that fired --------------------------------------------------------------------------------- */

void policy_trace_holds(struct policy_run *run, const struct policy_rule *r, const struct policy_condition *c)
{
    struct policy_trace_work *w = run->trace->work;
    struct policy_survey survey;

    if (c->number == 1) {
        att_buf_clear(&w->holds);
        att_buf_clear(&w->because);
    }
    if (c->number > CONDITIONS_SHOWN)
        return;
    policy_survey_take(run, c, &survey);
    if (r->condition_count > 1)
        att_buf_printf(&w->holds, "condition %u: ", c->number);
    policy_phrase_holds(run, &w->holds, c, &survey, VOICE_AUTHOR);
    att_buf_puts(&w->holds, "; ");
    if (!policy_actions[r->action.kind].takes_claim)
        policy_sentence_holds(run, &w->because, c, &survey);
}

static void put_conditions(struct att_buf *b, const struct policy_rule *r)
{
    if (!r->conditions) {
        att_buf_clear(b);
        att_buf_puts(b, "no conditions; ");
    }
    if (r->condition_count > CONDITIONS_SHOWN)
        att_buf_printf(b, "%u more hold; ", r->condition_count - CONDITIONS_SHOWN);
}

static void put_withheld(struct att_buf *b, const struct policy_trace_work *w, size_t withheld)
{
    size_t kept = w->made_count < ATT_TRACE_CLAIMS_MAX ? w->made_count : ATT_TRACE_CLAIMS_MAX;
    size_t named = 0;

    att_buf_puts(b, "; kept out of the token, because their names are reserved: ");
    for (size_t i = 0; i < kept; i++) {
        if (!policy_type_reserved(w->made[i].type))
            continue;
        att_buf_puts(b, named++ ? ", " : "");
        policy_phrase_text(b, w->made[i].type);
    }
    if (withheld > named)
        att_buf_printf(b, "%s%zu%s", named ? " and " : "", withheld - named, named ? " more" : " claims");
}

static void put_effect(struct att_buf *b, const struct policy_trace_work *w, const struct policy_rule *r,
                       size_t added, size_t withheld)
{
    static const char *const verbs[] = {
        [ACTION_PERMIT] = "permits", [ACTION_DENY] = "denies",          [ACTION_ADD] = "adds ",
        [ACTION_ISSUE] = "issues ",  [ACTION_ISSUE_PROPERTY] = "sets ",
    };
    size_t kept = w->made_count < ATT_TRACE_CLAIMS_MAX ? w->made_count : ATT_TRACE_CLAIMS_MAX;
    bool only_adds = r->action.kind == ACTION_ISSUE && r->section == SECTION_AUTHORIZATION;

    att_buf_puts(b, verbs[only_adds ? ACTION_ADD : r->action.kind]);
    if (!policy_actions[r->action.kind].takes_claim)
        return;
    if (w->made_count == 0)
        att_buf_puts(b, "nothing: there is no value");
    policy_phrase_made(b, w->made, kept, w->made_count);
    if (added < w->made_count)
        att_buf_printf(b, " (%zu of %zu there already)", w->made_count - added, w->made_count);
    if (only_adds)
        att_buf_puts(b, "; issue reaches the token only from issuancerules");
    if (withheld > 0)
        put_withheld(b, w, withheld);
}

bool policy_trace_fired(struct policy_run *run, const struct policy_rule *r, size_t added, size_t withheld)
{
    struct att_trace_row *row = &run->trace->rows[r->number];
    struct policy_trace_work *w = run->trace->work;
    size_t kept = w->made_count < ATT_TRACE_CLAIMS_MAX ? w->made_count : ATT_TRACE_CLAIMS_MAX;

    row->kind = ATT_TRACE_FIRED;
    put_conditions(&w->holds, r);
    put_effect(&w->holds, w, r, added, withheld);
    policy_sentence_fired(&w->sentence, r, &w->because);
    w->made_count = 0;
    return keep_claims(run, w->made, kept, &row->made, &row->made_count) &&
           keep(run, &w->holds, &row->reason);
}

/* -- a rule that did not ------------------------------------------------------------------------------- */

bool policy_trace_not_fired(struct policy_run *run, const struct policy_rule *r,
                            const struct policy_condition *c)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { .max = REASON_BYTES_MAX };
    struct att_trace_row *row = &run->trace->rows[r->number];
    struct policy_survey survey;

    policy_survey_take(run, c, &survey);
    row->kind = ATT_TRACE_NOT_FIRED;
    row->condition = c->number;
    att_buf_printf(&b, "condition %u ", c->number);
    policy_phrase_wants(run, &b, c, &survey);
    policy_sentence_not_fired(&run->trace->work->sentence, run, r, c, &survey);
    if (!keep(run, &b, &row->reason))
        return false;
    if (!survey.looked || policy_survey_far(&survey, c))
        return true;
    if (survey.failed)
        row->failed_test = survey.failed->at.text;
    return keep_claims(run, survey.nearest, policy_survey_kept(&survey), &row->nearest, &row->nearest_count);
}

/* -- the verdict --------------------------------------------------------------------------------------- */

/* Rows are in the order in which rules run: the first that has no outcome is where the evaluation ended. */
static const struct policy_rule *first_without_outcome(const struct policy_run *run)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (const struct policy_rule *r = run->ast->rules[s]; r; r = r->next)
            if (run->trace->rows[r->number].kind == ATT_TRACE_SKIPPED)
                return r;
    return NULL;
}

static bool is_verdict(enum att_code code)
{
    return code == ATT_OK || code == ATT_POLICY_DENIED || code == ATT_POLICY_NO_PERMIT;
}

/* Without memory for words the row still says that it was this rule. */
static void describe_failure(struct policy_run *run, const struct policy_rule *r, const struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { .max = REASON_BYTES_MAX };
    struct att_trace_row *row = &run->trace->rows[r->number];

    row->kind = ATT_TRACE_FAILED;
    row->reason = att_str("the evaluation ended here: this rule cannot be evaluated");
    att_buf_printf(&b, "the evaluation ended here: %s", err->found);
    if (err->expected[0] && !strstr(err->found, err->expected)) /* functions say both at once */
        att_buf_printf(&b, "; expected %s", err->expected);
    (void)keep(run, &b, &row->reason); /* the row has a reason already */
}

void policy_trace_end(struct policy_run *run, bool authorized, struct att_span *ret_sentence)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { .max = REASON_BYTES_MAX };
    struct policy_trace_work *w = run->trace->work;
    const struct policy_rule *stopped = is_verdict(w->err.code) ? NULL : first_without_outcome(run);

    run->err = NULL; /* words for which there is no memory are not the evaluation's failure */
    if (stopped)
        describe_failure(run, stopped, &w->err);
    policy_sentence_put(&w->sentence, stopped, &w->err, &b);
    *ret_sentence = att_str(authorized ? "Permitted." : "Not permitted.");
    (void)keep(run, &b, ret_sentence); /* without memory the short one stands */
    att_buf_free(&w->holds);
    att_buf_free(&w->because);
    run->err = w->callers;
    if (w->callers && w->callers->code == ATT_OK)
        *w->callers = w->err;
}
