/* cli/operator.h - what commands of the operator share: they read attestd.conf and open the store by themselves, with no server
 * in between. Only who administers the machine can: the file names the store and its password. */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "cli/command.h"
#include "config/config.h"
#include "signer/signer.h"
#include "store/store.h"

#define OPERATOR_CONFIG "/etc/attestd/attestd.conf"
#define OPTION_CONFIG                                                                                        \
    {                                                                                                        \
        .name = "config", .argument = "FILE",                                                                \
        .help = "The configuration of attestd; " OPERATOR_CONFIG " if not given."                            \
    }
#define OPTION_SET                                                                                           \
    {                                                                                                        \
        .name = "set", .argument = "NAME=VALUE", .repeats = true,                                            \
        .help = "A setting in place of the file's, as attestd has it."                                       \
    }

enum { OPERATOR_BY_SIZE = 64 };

/* --config and --set, consistent. In c->arena. */
ATT_CHECK bool operator_config(struct cli *c, struct config *ret, struct att_err *err);
/* Its store; one in memory is no other process's. The caller closes. It is opened as it is: tables are made and changed by attestd, whose older release may still run on them. */
ATT_CHECK bool operator_store(const struct config *config, struct store **ret, struct att_err *err);
/* The same, and a SQLite file and tables that are not there are made: for restoring. */
ATT_CHECK bool operator_store_new(const struct config *config, struct store **ret, struct att_err *err);
/* What root has made goes to the owner of its folder, or the service could not read it. After the store was closed. */
ATT_CHECK bool operator_store_give(const struct config *config, struct att_err *err);
/* A signer in this process with the configuration's key-encryption keys. A credential is looked for beside the configuration, in
 * `credentials/NAME`, when this is not the service's own environment. The caller closes. */
ATT_CHECK bool operator_signer(struct cli *c, const struct config *config, struct signer **ret,
                               struct att_err *err);
/* Who asks, for records: "unix:root". */
void operator_who(char ret[OPERATOR_BY_SIZE]);

#endif
