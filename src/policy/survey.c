#include "policy/survey.h"

#include "base/nearest.h"
#include "policy/trace.h"

/* Comparing two names letter by letter is some 30 times the work of a step. */
enum { NEAREST_STEPS = 32 };

/* Tests charge the run for what they compare. While the trace looks, that is taken from its own steps, and running
 * out of them is not the policy's failure. */
struct purse {
    size_t evaluation_steps;
};

static struct purse open_purse(struct policy_run *run)
{
    struct purse p = { run->steps_left };

    run->steps_left = run->trace->steps_left;
    return p;
}

/* False when the trace has used up its steps. */
static bool close_purse(struct policy_run *run, struct purse p)
{
    bool enough = !run->exhausted;

    run->trace->steps_left = run->steps_left;
    run->steps_left = p.evaluation_steps;
    run->exhausted = false;
    return enough;
}

struct passage {
    size_t met;
    const struct policy_test *failed;
};

static struct passage passage_of(struct policy_run *run, const struct policy_condition *c,
                                 const struct att_claim *claim)
{
    struct passage p = { 0 };

    for (const struct policy_test *t = c->tests; t && policy_run_charge(run, 1); t = t->next) {
        if (t == c->type_test)
            continue;
        bool known = !t->slot || run->slots[t->slot - 1].known;
        if (known && policy_run_test(run, t, claim))
            p.met++;
        else if (!p.failed)
            p.failed = t;
    }
    return p;
}

static void take(struct policy_survey *s, const struct passage *p, const struct att_claim *claim)
{
    if (s->nearest_count == 0 || p->met > s->met) {
        s->nearest_count = 0;
        s->met = p->met;
        s->failed = p->failed;
    }
    if (p->met < s->met || p->failed != s->failed)
        return;
    if (s->nearest_count < ATT_TRACE_CLAIMS_MAX)
        s->nearest[s->nearest_count] = *claim;
    s->nearest_count++;
}

static void find_similar(struct policy_run *run, const struct policy_condition *c, struct policy_survey *s)
{
    struct att_nearest near = { .wanted = c->type_test->right.literal.text };

    for (size_t i = 0; i < run->incoming->count && policy_run_charge(run, NEAREST_STEPS); i++)
        if (policy_run_sees(run, &run->incoming->items[i]))
            att_nearest_try(&near, run->incoming->items[i].type);
    s->similar = near.best;
}

void policy_survey_take(struct policy_run *run, const struct policy_condition *c, struct policy_survey *ret)
{
    struct purse purse = open_purse(run);

    *ret = (struct policy_survey){ .type_here = !c->type_test };
    for (size_t i = 0; i < run->incoming->count && policy_run_charge(run, 1); i++) {
        const struct att_claim *claim = &run->incoming->items[i];
        if (!policy_run_sees(run, claim))
            continue;
        ret->claims++;
        if (c->type_test && !policy_run_test(run, c->type_test, claim))
            continue;
        ret->type_here = true;
        struct passage p = passage_of(run, c, claim);
        take(ret, &p, claim);
    }
    if (!ret->type_here)
        find_similar(run, c, ret);
    ret->looked = close_purse(run, purse);
}
