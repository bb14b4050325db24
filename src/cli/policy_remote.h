/* cli/policy_remote.h - policies of a service: attestctl policy get, set, reset, and what its history shares with them. */
#ifndef CLI_POLICY_REMOTE_H
#define CLI_POLICY_REMOTE_H

#include "cli/remote.h"
#include "cli/scope.h"
#include "cli/sign.h"

extern const struct cli_command cli_policy_get;
extern const struct cli_command cli_policy_set;
extern const struct cli_command cli_policy_reset;

/* The provider that a command is about, by the options of OPTIONS_POLICY_SERVICE. */
struct policy_service {
    struct remote r;
    const char *uri; /* its attestUri; NULL: the service's default provider */
};
#define OPTIONS_POLICY_SERVICE                                                                               \
    { .name = "provider", .argument = "NAME", .help = "The provider; else the service's default one." },     \
        { .name = "url",                                                                                     \
          .argument = "URL",                                                                                 \
          .help = "The provider's URL instead of its name, for who may not see providers." },                \
        OPTION_GROUP, OPTION_SUBSCRIPTION

/* On false what is wrong was said, and the exit status is r.exit; so for the others that take a service. */
ATT_CHECK bool policy_open(struct cli *c, struct policy_service *ret);
/* The token that the policy in force was set with. */
ATT_CHECK bool policy_now(struct policy_service *s, const char *type, struct att_span *ret_token);

struct policy_change {
    bool reset;
    struct att_span token; /* sent as it is, unless --key is there */
    struct att_span text;  /* signed with --key; not for a reset */
};
ATT_CHECK bool policy_send(struct policy_service *s, const char *type, const struct policy_change *change,
                           struct remote_answer *ret);

/* "/policies/TYPE" and `tail`, with the version in a query. */
ATT_CHECK bool policy_path(struct remote *r, const char *type, const char *tail, const char **ret,
                           struct att_err *err);
/* The payload of an answer {"token": JWS}, unchecked: it came over TLS from the service that made it.
 * SERVICE_UNAVAILABLE. */
ATT_CHECK bool policy_answer(struct cli *c, const struct remote_answer *a, struct att_json *ret,
                             struct att_err *err);
/* The text inside a policy token. SERVICE_UNAVAILABLE. */
ATT_CHECK bool policy_text(struct cli *c, struct att_span token, struct att_span *ret, struct att_err *err);

/* The policy of a type at a provider's URL: its text in the arena. True with a status other than 2xx when the service
 * refused. SERVICE_UNAVAILABLE for an answer that holds no policy. */
ATT_CHECK bool policy_fetch(struct remote *r, const char *attest_uri, const char *type, struct att_span *ret,
                            struct remote_answer *answer, struct att_err *err);
/* Sends text in an unsigned policy token; what is a token already, as it is. */
ATT_CHECK bool policy_store(struct remote *r, const char *attest_uri, const char *type,
                            struct att_span text_or_token, struct remote_answer *answer, struct att_err *err);

#endif
