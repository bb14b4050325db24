/* cli/policy_remote.h - attestctl policy get, set. */
#ifndef CLI_POLICY_REMOTE_H
#define CLI_POLICY_REMOTE_H

#include "cli/remote.h"

extern const struct cli_command cli_policy_get;
extern const struct cli_command cli_policy_set;

/* The policy of a type at a provider's URL: its text in the arena. True with a status other than 2xx when the service
 * refused. SERVICE_UNAVAILABLE for an answer that holds no policy. */
ATT_CHECK bool policy_fetch(struct remote *r, const char *attest_uri, const char *type, struct att_span *ret,
                            struct remote_answer *answer, struct att_err *err);
/* Sends text in an unsigned policy token; what is a token already, as it is. */
ATT_CHECK bool policy_store(struct remote *r, const char *attest_uri, const char *type,
                            struct att_span text_or_token, struct remote_answer *answer, struct att_err *err);

#endif
