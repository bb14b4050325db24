/* cli/init.h - attestctl init: configuration, data folder, key-encryption key and the first Owner. */
#ifndef CLI_INIT_H
#define CLI_INIT_H

#include "cli/command.h"

extern const struct cli_command cli_init;

/* Random things of a new installation. All in the arena; CRYPTO_FAILED, OUT_OF_MEMORY. */
ATT_CHECK bool init_guid(struct att_arena *arena, const char **ret, struct att_err *err);
/* For a principal of the built-in authority. */
ATT_CHECK bool init_principal_guid(struct att_arena *arena, const char **ret, struct att_err *err);
/* 64 hexadecimal digits and a line end. */
ATT_CHECK bool init_kek(struct att_arena *arena, const char **ret, struct att_err *err);
/* A client secret and what stands for it in the configuration, "scrypt$N$r$p$SALT$HASH": attestd's built-in authority
 * takes them as its own. */
ATT_CHECK bool init_secret(struct att_arena *arena, const char **ret_secret, const char **ret_hash,
                           struct att_err *err);

/* What is to be written: absolute paths, texts that fit a line. */
struct init_plan {
    const char *dir;
    const char *kek_dir;      /* made, too, with mode 0700; NULL: the key is in `dir` itself */
    const char *group;        /* who may read the configuration; NULL: its owner alone */
    bool data_made_elsewhere; /* by systemd */
    const char *conf_path, *data_path, *kek_path;
    struct att_span conf, kek;
};
/* Nothing is overwritten; when one part cannot be made, those that were are taken away again. USAGE when something is
 * there already, IO_FAILED. */
ATT_CHECK bool init_write(const struct init_plan *plan, struct att_err *err);

#endif
