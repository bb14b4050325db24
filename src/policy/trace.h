/* policy/trace.h - why each rule fired or did not, for people. Written only when asked for: it costs a second
 * look at the claims and text for every rule. */
#ifndef POLICY_TRACE_H
#define POLICY_TRACE_H

#include "policy/run.h"

struct policy_trace {
    struct att_trace_row *rows; /* one for each rule, in the order of the text */
    size_t count;
};

/* All rows, as not reached. False when memory runs out. */
ATT_CHECK bool policy_trace_begin(struct policy_trace *t, struct policy_run *run);
/* The action of the rule that runs now made this claim (or found it there). */
ATT_CHECK bool policy_trace_made(struct policy_run *run, const struct policy_rule *r,
                                 const struct att_claim *claim);
/* All conditions of `r` held and its action ran; before the next rule changes the bindings. `added` counts
 * claims that are new, `withheld` those that the policy may not issue. */
ATT_CHECK bool policy_trace_fired(struct policy_run *run, const struct policy_rule *r, size_t added,
                                  size_t withheld);
/* `c` selected nothing; a negated one: something. */
ATT_CHECK bool policy_trace_not_fired(struct policy_run *run, const struct policy_rule *r,
                                      const struct policy_condition *c);
/* After the last rule, or after the failure that ended the evaluation: the verdict in one sentence. `err` is the
 * evaluation's refusal, or NULL. */
ATT_CHECK bool policy_trace_sentence(struct policy_run *run, const struct att_err *err, struct att_span *ret);

#endif
