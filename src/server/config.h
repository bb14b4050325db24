/* server/config.h - settings: a table, a file, the command line.
 *
 * The file is INI with one section, [attestd]. Unknown names, values out of range, repeated names, lines over
 * 190 bytes and indented lines are errors that name the line: the INI library would split or override them
 * silently.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <attest/arena.h>
#include <attest/error.h>

enum { CONFIG_PATHS_MAX = 64 };

struct config_paths {
    const char *path[CONFIG_PATHS_MAX];
    size_t count;
};

struct config {
    const char *base_url;
    const char *data_dir;
    const char *listen;
    const char *admin_listen;
    const char *tls_certificate;
    const char *tls_key;
    const char *key_encryption_key;
    struct config_paths collateral_dirs;
    unsigned accepted_tcb; /* ATT_TCB_BIT of each */
    const char *signing_algorithm;
    unsigned long threads;
    unsigned long connections_max;
    unsigned long attest_body_bytes_max;
    unsigned long head_timeout_s;
    unsigned long body_timeout_s;
    unsigned long idle_timeout_s;
    unsigned long drain_timeout_s;
};

/* Defaults of the table. Text lives in the arena. */
ATT_CHECK bool config_defaults(struct att_arena *arena, struct config *ret, struct att_err *err);
/* The file's text over what is in `c`. CONFIG_INVALID; where is "NAME:LINE" or the setting. */
ATT_CHECK bool config_read(struct att_arena *arena, const char *file_name, struct att_span text,
                           struct config *c, struct att_err *err);
/* One setting from the command line. */
ATT_CHECK bool config_set(struct att_arena *arena, struct config *c, const char *name, const char *value,
                          struct att_err *err);
/* What production needs and is not there: names the first missing setting. */
ATT_CHECK bool config_complete(const struct config *c, struct att_err *err);
/* A commented sample of the whole table, to stdout. */
void config_print_sample(void);
/* The table as rows of a man page, to stdout. */
void config_print_man(void);

#endif
