/* cli/profile.h - what attestctl login keeps: where the service is, who we are there, and two tokens.
 *
 * One file, profile.json, 0600 in a folder of ours, 0700: $XDG_CONFIG_HOME/attestctl, else ~/.config/attestctl. Tokens
 * are as good as a password while they last, so a file or folder that others can enter is refused, not repaired. The
 * secret itself is never written: only where it was read from, so that tokens can be renewed.
 *
 * Errors: USAGE for no profile, one that cannot be understood, or one that others can read; IO_FAILED.
 */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "cli/command.h"

enum audience { AUDIENCE_CONTROL, AUDIENCE_DATA, AUDIENCE_COUNT };
/* "https://management.azure.com", "https://attest.azure.net" */
extern const char *const audience_names[AUDIENCE_COUNT];

enum secret_from { SECRET_ENVIRONMENT, SECRET_FILE, SECRET_DEV, SECRET_FROM_COUNT };

struct profile {
    const char *url;       /* of the service, no slash at its end */
    const char *authority; /* likewise */
    const char *tenant;
    const char *client_id;
    const char *ca;           /* a path; NULL: the system's CAs */
    const char *subscription; /* NULL: each command must name one */
    const char *group;        /* likewise */
    enum secret_from from;
    const char *secret_path; /* of the file, or of credentials.json; NULL for the environment */
    const char *secret_name; /* which of credentials.json */
    struct {
        const char *text; /* NULL: none */
        int64_t expires_unix_s;
    } tokens[AUDIENCE_COUNT];
};

/* Texts are in c->arena. */
ATT_CHECK bool profile_read(struct cli *c, struct profile *ret, struct att_err *err);
/* Whole or not at all: a new file takes the old one's place. */
ATT_CHECK bool profile_write(const struct profile *p, struct att_err *err);
ATT_CHECK bool profile_remove(bool *ret_was, struct att_err *err);

/* A file that holds a secret: ours, and nobody else may read it. `where` names it in refusals; at most 64 KiB. */
ATT_CHECK bool private_read(struct cli *c, const char *where, const char *path, struct att_span *ret,
                            struct att_err *err);

#endif
