/* policy/trace.h - why each rule fired or did not, for people. Written only when asked for: it costs a second
 * look at the claims and text for every rule.
 *
 * The trace never changes a verdict. It looks at claims with steps of its own, as many as the evaluation may take;
 * when they are used up it says that it did not look. What it keeps is bounded for each rule.
 */
#ifndef POLICY_TRACE_H
#define POLICY_TRACE_H

#include "policy/run.h"

struct policy_trace_work;

struct policy_trace {
    struct att_trace_row *rows; /* one for each rule, in the order of the text */
    size_t count;
    size_t steps_left;              /* of the trace, not of the evaluation */
    struct policy_trace_work *work; /* in the arena; what the rows and the sentence are made from */
};

/* All rows, as not reached. False when memory runs out. From here to policy_trace_end the run's refusal is the
 * trace's to read: run->err is one of its own. */
ATT_CHECK bool policy_trace_begin(struct policy_trace *t, struct policy_run *run);
/* `c` holds: before the next condition is tried, because what functions gave is kept for one condition only. */
void policy_trace_holds(struct policy_run *run, const struct policy_rule *r,
                        const struct policy_condition *c);
/* The action of the rule that runs now made this claim (or found it there). */
void policy_trace_made(struct policy_run *run, const struct att_claim *claim);
/* The line of the rule that made this claim; 0 when no row tells, or the trace's steps are used up. */
unsigned policy_trace_maker(struct policy_run *run, const struct att_claim *claim);
/* All conditions of `r` held and its action ran. `added` counts claims that are new, `withheld` those that the policy may not issue. */
ATT_CHECK bool policy_trace_fired(struct policy_run *run, const struct policy_rule *r, size_t added,
                                  size_t withheld);
/* `c` selected nothing; a negated one: something. As for policy_trace_holds. */
ATT_CHECK bool policy_trace_not_fired(struct policy_run *run, const struct policy_rule *r,
                                      const struct policy_condition *c);
/* After the last rule, or after the failure that ended the evaluation: the row of the rule that failed, and the verdict
 * in one sentence. Gives the caller its error back, filled unless it was already. */
void policy_trace_end(struct policy_run *run, bool authorized, struct att_span *ret_sentence);

#endif
