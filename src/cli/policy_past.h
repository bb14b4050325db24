/* cli/policy_past.h - what was set before: attestctl policy history, diff, rollback. */
#ifndef CLI_POLICY_PAST_H
#define CLI_POLICY_PAST_H

#include "cli/policy_remote.h"

extern const struct cli_command cli_policy_history;
extern const struct cli_command cli_policy_diff;
extern const struct cli_command cli_policy_rollback;

struct past_event {
    int64_t number;
    bool removed;                                 /* a reset */
    const char *time, *principal, *signer, *hash; /* "" when there is none */
    struct att_span token;
};
struct past_page {
    struct past_event *events; /* newest first */
    size_t count;
    int64_t next_before; /* 0: there is nothing older */
    struct att_json doc; /* as it came */
};
/* Numbers below `before`; 0: from the newest. On false it was said what is wrong, and s->r.exit is set. */
ATT_CHECK bool past_page(struct policy_service *s, const char *type, int64_t before, struct past_page *ret);
/* The event with this number; "a clear no" when there is none. */
ATT_CHECK bool past_event(struct policy_service *s, const char *type, int64_t number, struct past_event *ret);
/* The policy that held from an event on; empty after a reset, when it was the type's default one. */
ATT_CHECK bool past_text(struct policy_service *s, const struct past_event *e, struct att_span *ret);
/* A number of the history: digits alone, not 0. False for anything else. */
ATT_CHECK bool past_number(const char *text, int64_t *ret);

#endif
