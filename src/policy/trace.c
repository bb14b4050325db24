#include "policy/trace.h"

#include "base/buf.h"
#include "base/err.h"
#include "policy/language.h"

enum { REASON_BYTES_MAX = 4096, CLAIMS_SHOWN = 3, CONDITIONS_SHOWN = 8 };

/* Moves the text into the arena and frees the buffer. */
static bool keep(struct policy_run *run, struct att_buf *b, struct att_span *ret)
{
    bool failed = b->failed;
    size_t len = b->len;
    char *copy = failed ? NULL : att_arena_dup(run->arena, att_buf_span(b));

    att_buf_free(b);
    if (!copy)
        return att_fail_memory(run->err, "policy.trace");
    *ret = att_span_of(copy, len);
    return true;
}

bool policy_trace_begin(struct policy_trace *t, struct policy_run *run)
{
    t->count = run->ast->rule_count;
    t->rows = att_arena_alloc(run->arena, t->count, sizeof *t->rows);
    if (t->count > 0 && !t->rows)
        return att_fail_memory(run->err, "policy.trace");
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        for (const struct policy_rule *r = run->ast->rules[s]; r; r = r->next)
            t->rows[r->number] = (struct att_trace_row){
                .section = policy_sections[s].word,
                .line = r->at.line,
                .kind = ATT_TRACE_SKIPPED,
                .text = r->at.text,
                .reason = att_str("not reached: the evaluation had ended before this rule"),
            };
    }
    return true;
}

static void put_value(struct att_buf *b, const struct att_value *v)
{
    struct att_shown room;

    if (v->kind == ATT_CLAIM_BOOL)
        att_buf_puts(b, v->boolean ? "true" : "false");
    else if (v->kind == ATT_CLAIM_INT)
        att_buf_printf(b, "%lld", (long long)v->integer);
    else
        att_buf_printf(b, "\"%s\"", att_shown(&room, v->text));
}

static void put_claim(struct att_buf *b, const struct att_claim *claim)
{
    struct att_shown room;

    att_buf_printf(b, "%s = ", att_shown(&room, claim->type));
    put_value(b, &claim->value);
    att_buf_printf(b, " (%s, %s)", policy_kind_name(claim->value.kind), att_issuer_name(claim->issuer));
}

static void put_condition(struct policy_run *run, struct att_buf *b, const struct policy_condition *c)
{
    size_t count = policy_run_bound_count(run, c);

    if (!c->used) { /* only its first claim was looked for, and nothing keeps it */
        att_buf_printf(b, "condition %u holds; ", c->number);
        return;
    }
    att_buf_printf(b, "condition %u selected ", c->number);
    for (size_t i = 0; i < count && i < CLAIMS_SHOWN; i++) {
        att_buf_puts(b, i ? ", " : "");
        put_claim(b, policy_run_bound(run, c, i));
    }
    if (count > CLAIMS_SHOWN)
        att_buf_printf(b, " and %zu more", count - CLAIMS_SHOWN);
    att_buf_puts(b, "; ");
}

bool policy_trace_fired(struct policy_run *run, const struct policy_rule *r, size_t added, size_t withheld)
{
    struct att_trace_row *row = &run->trace->rows[r->number];
    struct att_buf b = { .max = REASON_BYTES_MAX };

    row->kind = ATT_TRACE_FIRED;
    if (!r->conditions)
        att_buf_puts(&b, "no conditions; ");
    for (const struct policy_condition *c = r->conditions; c && c->number <= CONDITIONS_SHOWN; c = c->next)
        put_condition(run, &b, c);
    if (r->condition_count > CONDITIONS_SHOWN)
        att_buf_printf(&b, "%u more conditions hold; ", r->condition_count - CONDITIONS_SHOWN);
    att_buf_printf(&b, "%s ran", policy_actions[r->action.kind].word);
    if (policy_actions[r->action.kind].takes_claim)
        att_buf_printf(&b, ", %zu new claim%s", added, added == 1 ? "" : "s");
    if (withheld > 0)
        att_buf_printf(&b, ", %zu of a reserved type kept out of the token", withheld);
    return keep(run, &b, &row->reason);
}

/* How far claims get through the tests of a condition, tests of the type first: people ask for a claim by its
 * name, so the explanation narrows by name before it looks at values. */
struct survey {
    size_t depth;                     /* tests passed by those that get farthest */
    size_t count;                     /* claims that get so far */
    const struct att_claim *first;    /* of these */
    const struct policy_test *failed; /* the test that none of them passes */
};

static struct survey passage(struct policy_run *run, const struct policy_condition *c,
                             const struct att_claim *claim)
{
    struct survey s = { .count = 1, .first = claim };

    if (c->type_test) {
        if (!policy_run_test(run, c->type_test, claim)) {
            s.failed = c->type_test;
            return s;
        }
        s.depth++;
    }
    for (const struct policy_test *t = c->tests; t; t = t->next) {
        if (t == c->type_test)
            continue;
        if (!policy_run_test(run, t, claim)) {
            s.failed = t;
            return s;
        }
        s.depth++;
    }
    return s;
}

static struct survey survey_all(struct policy_run *run, const struct policy_condition *c)
{
    struct survey best = { .failed = c->tests };

    for (size_t i = 0; i < run->incoming->count; i++) {
        const struct att_claim *claim = &run->incoming->items[i];
        if (!policy_run_sees(run, claim))
            continue;
        struct survey s = passage(run, c, claim);
        if (best.count > 0 && s.depth == best.depth)
            best.count++;
        else if (best.count == 0 || s.depth > best.depth)
            best = s;
    }
    return best;
}

bool policy_trace_not_fired(struct policy_run *run, const struct policy_rule *r,
                            const struct policy_condition *c)
{
    struct att_trace_row *row = &run->trace->rows[r->number];
    struct att_buf b = { .max = REASON_BYTES_MAX };
    struct att_shown room;
    size_t steps_left = run->steps_left;

    /* Explaining costs no more than selecting did, and is not the policy's work: the verdict must not depend
     * on it. */
    run->steps_left = run->limits->policy_steps_max;
    struct survey s = survey_all(run, c);
    run->steps_left = steps_left;

    row->kind = ATT_TRACE_NOT_FIRED;
    row->condition = c->number;
    att_buf_printf(&b, "condition %u, %s: ", c->number,
                   s.failed ? att_shown(&room, s.failed->at.text) : "[]");
    if (s.count == 0) {
        att_buf_puts(&b, "there is no incoming claim");
    } else if (s.depth == 0) {
        att_buf_printf(&b, "met by none of the %zu incoming claims", s.count);
    } else {
        att_buf_puts(&b, "not met by ");
        put_claim(&b, s.first);
        if (s.count > 1)
            att_buf_printf(&b, ", nor by %zu more", s.count - 1);
    }
    return keep(run, &b, &row->reason);
}
