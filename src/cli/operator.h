/* cli/operator.h - what an administrator's commands have in common: attestd's configuration, its store and its keys, opened here
 * and not through the service. Who may read these files may do all of it already; no other permission is asked. */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "cli/command.h"
#include "config/config.h"
#include "signer/signer.h"
#include "store/store.h"

#define CLI_CONFIG_DEFAULT "/etc/attestd/attestd.conf"
/* A row of a command's options. */
#define CLI_OPTION_CONFIG                                                                                    \
    {                                                                                                        \
        "config", "FILE", "attestd's configuration; " CLI_CONFIG_DEFAULT " unless given.", false, false      \
    }

struct operator
{
    struct cli *c;
    const char *path; /* of the configuration */
    struct config config;
    struct store *store;
    struct signer *signer;
};

/* Reads the configuration that --config names. */
ATT_CHECK bool operator_open(struct cli *c, struct operator* ret, struct att_err *err);
/* Opens its store. */
ATT_CHECK bool operator_store(struct operator* op, struct att_err *err);
/* A signer in this process that has its key-encryption keys. A credential is looked for beside the configuration, in
 * `credentials/NAME`, when this is not the service's own environment. */
ATT_CHECK bool operator_signer(struct operator* op, struct att_err *err);
void operator_close(struct operator* op);

#endif
