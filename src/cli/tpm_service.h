/* cli/tpm_service.h - the provider that a TPM is enrolled at or attests to: in the name of who is logged in, or in nobody's. */
#ifndef CLI_TPM_SERVICE_H
#define CLI_TPM_SERVICE_H

#include "cli/policy_remote.h"

struct tpm_service {
    struct cli *c;
    bool anonymous;
    struct policy_service logged_in;
    const char *url; /* anonymous */
    enum cli_exit exit;
};

#define OPTIONS_TPM_SERVICE                                                                                  \
    OPTIONS_POLICY_SERVICE,                                                                                  \
        { .name = "anonymous",                                                                               \
          .help = "Ask in nobody's name: for providers that want no token of their TPMs. Needs --url." },    \
    {                                                                                                        \
        .name = "ca", .argument = "PEM",                                                                     \
        .help = "Trust this CA alone for the connection to the provider; else that of the login."            \
    }

/* On false what is wrong was said, and the exit status is s->exit. */
ATT_CHECK bool tpm_service_open(struct cli *c, struct tpm_service *ret);
/* POSTs JSON; 2xx with a document, or false as above. */
ATT_CHECK bool tpm_service_post(struct tpm_service *s, const char *path, const struct att_buf *body,
                                struct att_json *ret);
bool tpm_service_fail(struct tpm_service *s, const struct att_err *err); /* says it; false */

#endif
