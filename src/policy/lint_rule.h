/* policy/lint_rule.h - one rule in the light of what can be there when it runs. */
#ifndef POLICY_LINT_RULE_H
#define POLICY_LINT_RULE_H

#include "policy/lint.h"

/* Which claims a condition can select. */
struct lint_selection {
    bool any;            /* at least one source can */
    bool always;         /* one is there for certain and meets it */
    bool only_read_only; /* every source that can may not be issued */
    bool custom;         /* a client's claim can */
    bool service;        /* a claim of the evidence can, too */
    bool debug_off;      /* every source that can says that debugging is off; clients' claims apart */
    bool debug_on;       /* every source that can says that it is on */
    bool on_meets;       /* a claim that says "debugging is on" meets it for certain */
};
struct lint_selection lint_select(struct lint *l, const struct policy_condition *c);

struct lint_verdict {
    bool may_fire;
    bool always_fires;
    bool needs_debug_off; /* fires only where debugging is off */
    bool needs_debug_on;
    bool fires_on_debug; /* fires for certain where it is on */
};
/* Looks at the conditions; writes down what is wrong with them. */
struct lint_verdict lint_conditions(struct lint *l, const struct policy_rule *r);

/* Looks at the action, and adds what it makes to the sources. */
void lint_action(struct lint *l, const struct policy_rule *r, const struct lint_verdict *v);

#endif
