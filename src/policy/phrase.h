/* policy/phrase.h - claims, tests and conditions in words. What comes from a claim or from a literal is made printable
 * and cut: a log of megabytes shows its first bytes and its length. */
#ifndef POLICY_PHRASE_H
#define POLICY_PHRASE_H

#include "base/buf.h"
#include "policy/run.h"
#include "policy/survey.h"

enum policy_voice {
    VOICE_AUTHOR, /* for people who write policies: issuers by their names in the language */
    VOICE_PLAIN,  /* for people who never saw one */
};

void policy_phrase_text(struct att_buf *b, struct att_span text);
/* true, -3, "text" */
void policy_phrase_value(struct att_buf *b, const struct att_value *v);
/* svn is 3 (AttestationService); svn is 3 (from the evidence). Of a claim that a rule made, the line of the rule. */
void policy_phrase_claim(struct policy_run *run, struct att_buf *b, const struct att_claim *claim,
                         enum policy_voice voice);
/* svn = 3, svn = 4 and 2 more */
void policy_phrase_made(struct att_buf *b, const struct att_claim *claims, size_t kept, size_t total);
/* Why the condition holds: the claims that it met (in plain words the first of them), or what is not there. */
void policy_phrase_holds(struct policy_run *run, struct att_buf *b, const struct policy_condition *c,
                         const struct policy_survey *s, enum policy_voice voice);
/* Why it does not, for authors: "wants value==false; debug is true (AttestationService)". */
void policy_phrase_wants(struct policy_run *run, struct att_buf *b, const struct policy_condition *c,
                         const struct policy_survey *s);
/* The same for everybody: "debug is true and not false". */
void policy_phrase_but(struct policy_run *run, struct att_buf *b, const struct policy_condition *c,
                       const struct policy_survey *s);

#endif
