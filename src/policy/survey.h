/* policy/survey.h - how near claims come to a condition: the second look that explaining takes. */
#ifndef POLICY_SURVEY_H
#define POLICY_SURVEY_H

#include "policy/run.h"

/* People ask for a claim by its name, so a claim of another type than the condition names is nowhere near, whatever
 * else it meets. Among the others those that meet most tests are nearest. */
struct policy_survey {
    bool looked;    /* false: the steps of the trace are used up, and nothing below says anything */
    size_t claims;  /* that a policy sees */
    bool type_here; /* some claim is of the type that the condition names; true when it names none */
    size_t met;     /* tests that the nearest claims meet, beside that of the type */
    const struct policy_test *failed; /* the first test that the nearest do not meet; NULL: they meet all */
    struct att_claim nearest[ATT_TRACE_CLAIMS_MAX];
    size_t nearest_count;    /* all of them, also those beyond the array */
    struct att_span similar; /* when the type is not there: one that is spelled nearly like it; or empty */
};

/* With the bindings of the rule that runs. No function is called: that could fail, or leave something behind that makes
 * the evaluation's own work cheaper or dearer. What a call on the right side gave when the condition was tried is used;
 * where no claim got as far as the call, the test counts as not met. So `c` is the condition tried last, or one without
 * calls. */
void policy_survey_take(struct policy_run *run, const struct policy_condition *c, struct policy_survey *ret);
/* Claims meet all tests of the condition. */
static inline bool policy_survey_hit(const struct policy_survey *s)
{
    return s->nearest_count > 0 && !s->failed;
}
/* Nothing came near: no claim is of the type, or none meets any test. */
static inline bool policy_survey_far(const struct policy_survey *s, const struct policy_condition *c)
{
    return s->nearest_count == 0 || (s->failed && s->met == 0 && !c->type_test);
}
static inline size_t policy_survey_kept(const struct policy_survey *s)
{
    return s->nearest_count < ATT_TRACE_CLAIMS_MAX ? s->nearest_count : ATT_TRACE_CLAIMS_MAX;
}

#endif
