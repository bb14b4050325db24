/* policy/language.h - the words of the language as tables: versions, sections, actions, properties, what each
 * version brought. Adding a construct is adding a row. */
#ifndef POLICY_LANGUAGE_H
#define POLICY_LANGUAGE_H

#include "policy/ast.h"

struct policy_section_row {
    const char *word;
    enum policy_token_kind token;
    const char *rules_name; /* in a rule path: "issuanceRules" */
    const char *rule_name;  /* "issuanceRule" */
};
extern const struct policy_section_row policy_sections[SECTION_COUNT];

struct policy_action_row {
    const char *word;
    enum policy_token_kind token;
    const char *rule_name; /* "issueAction" */
    unsigned sections;     /* bit n: allowed in section n */
    bool takes_claim;
};
enum { POLICY_ACTIONS = 5 };
extern const struct policy_action_row policy_actions[POLICY_ACTIONS]; /* by enum policy_action_kind */

/* The version text "1.0", "1.1" or "1.2"; false for others. */
ATT_CHECK bool policy_version_read(struct att_span text, unsigned *ret_minor);
/* "1.0" */
const char *policy_version_text(unsigned minor);
/* The minor version with which a word or sign came into the language ("configurationrules": 1, "!": 2,
 * function names: 2); 0 for all else. */
unsigned policy_since(struct att_span word);

/* "type", "value", "valueType", "issuer" */
const char *policy_property_name(enum policy_property p);
/* "==" and so on */
const char *policy_compare_text(enum policy_compare op);
/* "String", "Integer", "Boolean": what valueType says of a value */
const char *policy_kind_name(enum att_claim_kind kind);
ATT_CHECK bool policy_kind_read(struct att_span name, enum att_claim_kind *ret);

/* Claim types that a policy may not issue: what a relying party reads there must come from the service. */
bool policy_type_reserved(struct att_span type);

/* A property that the service knows; NULL for others, which are ignored. */
struct policy_known_property {
    const char *name;
    enum att_claim_kind kind;
    int64_t min, max; /* of an Integer, or of the number in a String that names a baseline */
    const char *expected;
};
const struct policy_known_property *policy_known_property(struct att_span name);
bool policy_property_takes(const struct policy_known_property *p, const struct att_value *v);

#endif
