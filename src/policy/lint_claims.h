/* policy/lint_claims.h - where claims can come from, and whether one can, or must, meet a condition.
 *
 * A source stands for all claims of one origin: a claim that evidence brings, what clients send, what a rule makes. The
 * question "can this condition ever hold" is answered source by source, over the few values that make a difference to
 * the condition's literals. Where that is not enough to know (the right side is an expression) the answer is "perhaps".
 */
#ifndef POLICY_LINT_CLAIMS_H
#define POLICY_LINT_CLAIMS_H

#include "policy/ast.h"

enum {
    LINT_BOOL = 1u << ATT_CLAIM_BOOL,
    LINT_INT = 1u << ATT_CLAIM_INT,
    LINT_STRING = 1u << ATT_CLAIM_STRING,
    LINT_ANY_KIND = LINT_BOOL | LINT_INT | LINT_STRING,
    LINT_NO_KIND = 0, /* JSON: policies never meet it */
};

/* What a claim says about debugging. */
enum lint_debug { LINT_NOT_ABOUT_DEBUG, LINT_DEBUG_OFF, LINT_DEBUG_ON };

struct lint_source {
    bool any_type;
    struct att_span type;
    unsigned kinds;
    bool has_value; /* all its claims have this value */
    struct att_value value;
    enum att_claim_issuer issuer;
    bool always; /* whatever is attested, such a claim is there */
    bool in_token;
    bool read_only;
    enum lint_debug debug;           /* the claim tells it; with a value, one source for each */
    bool debug_off;                  /* made only where debugging was seen to be off */
    const struct policy_rule *maker; /* NULL when no rule makes it */
};

/* Steps that are left for one look at a policy. */
struct lint_work {
    size_t steps_left;
};

struct lint_meeting {
    bool may;  /* some claim of this source meets the condition */
    bool must; /* every one does */
};
/* When the steps are used up `may` is true and `must` is false: nothing is found any more. */
struct lint_meeting lint_meet(struct lint_work *work, const struct policy_condition *c,
                              const struct lint_source *source);

/* The literal of the first `type == "..."`, or NULL. */
const struct att_span *lint_type_of(const struct policy_condition *c);

/* -- claims of evidence ---------------------------------------------------------------------------------- */

/* Bits of evidence types; 0 for a name that is none. "sgx" and "open-enclave" are one. */
unsigned lint_evidence_of(const char *evidence_type);
/* Do clients of this type send claims of their own? */
bool lint_has_custom_claims(unsigned evidence);
/* The n-th source of this evidence; false behind the last. Two for a claim that tells about debugging. */
bool lint_known_claim(unsigned evidence, size_t n, struct lint_source *ret);

#endif
