/* policy/sentence.h - the verdict in one sentence, for a person who never saw the language. */
#ifndef POLICY_SENTENCE_H
#define POLICY_SENTENCE_H

#include "base/buf.h"
#include "policy/survey.h"

enum { POLICY_PART_BYTES = 768 };

/* What the sentence will be made from; collected while the rules run, because bindings do not outlive their rule. */
struct policy_sentence {
    const struct policy_rule *denied_by, *permitted_by; /* the first that fired */
    unsigned denies, permits;                           /* how many fired */
    char because[POLICY_PART_BYTES];                    /* why: of the deny, if there is one */

    unsigned candidates; /* permit rules that did not fire, while none has */
    const struct policy_rule *nearest;
    unsigned nearest_held;    /* conditions of it that hold */
    unsigned nearest_untried; /* that may hold or not */
    bool nearest_close;       /* some claim came near the first that does not */
    char but[POLICY_PART_BYTES];
};

/* One more condition of a rule that may come to fire: "x is 3 (from the evidence) and ". */
void policy_sentence_holds(struct policy_run *run, struct att_buf *because, const struct policy_condition *c,
                           const struct policy_survey *survey);
/* `r` fired; `because` is what was made of its conditions. */
void policy_sentence_fired(struct policy_sentence *s, const struct policy_rule *r,
                           const struct att_buf *because);
/* `r` did not fire because of `c`. */
void policy_sentence_not_fired(struct policy_sentence *s, struct policy_run *run, const struct policy_rule *r,
                               const struct policy_condition *c, const struct policy_survey *survey);
/* `err` is how the evaluation ended; `stopped` the rule that could not be evaluated, or NULL. */
void policy_sentence_put(const struct policy_sentence *s, const struct policy_rule *stopped,
                         const struct att_err *err, struct att_buf *b);

#endif
