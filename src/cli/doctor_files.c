/* Configuration, the service's user, modes and owners of files; then the process becomes that user. */
#include "base/err.h"
#include "cli/doctor.h"
#include "cli/files.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PACKAGE_ACCOUNT "attestd"

/* -- configuration ---------------------------------------------------------------------------------------- */

void doctor_configuration(struct doctor *d)
{
    static const char check[] = "configuration";
    struct att_err err = { 0 };
    struct att_span text = { 0 };

    if (!cli_read(d->c, "config", d->path, &text, &err)) {
        doctor_found(d, check, DOCTOR_BAD, "%s cannot be read: %s", d->path, err.found);
        doctor_advice(d,
                      "run as root; if there is none: attestctl init --system ..., or name it with --config");
        return;
    }
    if (!config_defaults(d->c->arena, &d->config, &err) ||
        !config_read(d->c->arena, d->path, text, &d->config, &err)) {
        doctor_failed(d, check, DOCTOR_BAD, &err);
        doctor_advice(d, "mend that line of %s; attestd --sample-config shows every setting", d->path);
        return;
    }
    d->readable = true;
    if (!config_consistent(&d->config, &err) || !config_complete(&d->config, &err)) {
        doctor_failed(d, check, DOCTOR_BAD, &err);
        doctor_advice(d, "mend %s in %s; attestd --config %s --check-config says more", err.where, d->path,
                      d->path);
        return;
    }
    doctor_found(d, check, DOCTOR_OK, "%s: %s", d->path, d->config.base_url);
}

/* -- the service's user ----------------------------------------------------------------------------------- */

static void take_account(struct doctor *d, const struct passwd *p)
{
    d->account_known = true;
    d->uid = p->pw_uid;
    d->gid = p->pw_gid;
    (void)snprintf(d->account, sizeof d->account, "%s", p->pw_name);
}

/* The owner of the data folder is who serves, unless somebody says otherwise. */
void doctor_account(struct doctor *d)
{
    const char *given = cli_value(d->c, "user");
    struct stat st;
    const struct passwd *p = NULL;

    if (given) {
        p = getpwnam(given);
        if (!p) {
            doctor_found(d, "account", DOCTOR_BAD, "there is no user %s", given);
            doctor_advice(d, "name the service's user with --user");
            return;
        }
    } else if (d->config.data_dir[0] && stat(d->config.data_dir, &st) == 0) {
        p = getpwuid(st.st_uid);
        if (!p) {
            doctor_found(d, "account", DOCTOR_WARN, "data_dir belongs to user %u, who has no name here",
                         (unsigned)st.st_uid);
            doctor_advice(d, "chown it to the service's user, or give --user");
            return;
        }
    } else {
        p = getpwnam(PACKAGE_ACCOUNT);
    }
    if (!p) {
        doctor_found(d, "account", DOCTOR_WARN,
                     "which user the service runs as is not known: no data_dir yet");
        doctor_advice(d, "start the service once, or give --user");
        return;
    }
    take_account(d, p);
    if (p->pw_uid == 0) {
        doctor_found(d, "account", DOCTOR_WARN, "the service's files belong to root");
        doctor_advice(d, "run attestd as a user of its own: it needs no right of root");
    } else {
        doctor_found(d, "account", DOCTOR_OK, "the service runs as %s", d->account);
    }
}

void doctor_become(struct doctor *d)
{
    if (!d->account_known || d->uid == geteuid()) {
        doctor_found(d, "user", DOCTOR_OK, "looked at as user %u", (unsigned)geteuid());
        return;
    }
    if (geteuid() != 0) {
        doctor_found(d, "user", DOCTOR_WARN, "looked at as user %u, the service is %s", (unsigned)geteuid(),
                     d->account);
        doctor_advice(d, "run as root");
        return;
    }
    if (initgroups(d->account, d->gid) != 0 || setgid(d->gid) != 0 || setuid(d->uid) != 0 ||
        geteuid() != d->uid) {
        doctor_found(d, "user", DOCTOR_UNKNOWN, "cannot become %s: %s", d->account, strerror(errno));
        return;
    }
    doctor_found(d, "user", DOCTOR_OK, "looked at as %s from here", d->account);
}

/* -- modes ------------------------------------------------------------------------------------------------ */

enum demand {
    SECRET = 1,      /* nobody but its owner, root and the service's group */
    ONE_READER = 2,  /* nobody but its owner */
    FOR_SERVICE = 4, /* the service's user must be able to read it */
};

/* In a child, as modes alone do not say it: folders above, groups, access lists. 0 when it can, an errno, -1 not known. */
static int why_unreadable(const struct doctor *d, const char *path)
{
    if (!d->account_known || (geteuid() != 0 && geteuid() != d->uid))
        return -1;
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && d->uid != 0 &&
            (initgroups(d->account, d->gid) != 0 || setgid(d->gid) != 0 || setuid(d->uid) != 0))
            _exit(255);
        _exit(access(path, R_OK) == 0 ? 0 : errno & 127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 255)
        return -1;
    return WEXITSTATUS(status);
}

static bool modes_good(struct doctor *d, const char *check, const char *path, const struct stat *st,
                       unsigned demands)
{
    unsigned mode = st->st_mode & 07777u;
    bool foreign = st->st_uid != 0 && d->account_known && st->st_uid != d->uid && st->st_uid != geteuid();
    bool group = (mode & 070) != 0 && (demands & ONE_READER) != 0;
    bool others = (mode & 007) != 0;
    bool group_writes = (mode & 020) != 0;

    if ((demands & (SECRET | ONE_READER)) && (others || group || group_writes)) {
        doctor_found(d, check, DOCTOR_BAD, "%s has mode %04o: %s can reach it", path, mode,
                     others ? "everybody" : "its group");
        doctor_advice(d, "chmod %s %s", demands & ONE_READER ? "0600" : "0640", path);
        return false;
    }
    if (mode & 022) {
        doctor_found(d, check, DOCTOR_BAD, "%s has mode %04o: others can change it", path, mode);
        doctor_advice(d, "chmod go-w %s", path);
        return false;
    }
    if (foreign) {
        doctor_found(d, check, DOCTOR_BAD, "%s belongs to user %u, neither root nor the service", path,
                     (unsigned)st->st_uid);
        doctor_advice(d, "chown root %s", path);
        return false;
    }
    return true;
}

static void examine_file(struct doctor *d, const char *check, const char *path, unsigned demands)
{
    struct stat st;

    if (path[0] == '\0')
        return;
    if (stat(path, &st) != 0) {
        doctor_found(d, check, errno == EACCES ? DOCTOR_UNKNOWN : DOCTOR_BAD, "%s: %s", path,
                     strerror(errno));
        doctor_advice(d, errno == EACCES ? "run as root" : "put it there, or mend %s in %s", check, d->path);
        return;
    }
    if (!S_ISREG(st.st_mode)) {
        doctor_found(d, check, DOCTOR_BAD, "%s is no file", path);
        doctor_advice(d, "mend %s in %s", check, d->path);
        return;
    }
    if (!modes_good(d, check, path, &st, demands))
        return;
    int why = demands & FOR_SERVICE ? why_unreadable(d, path) : 0;
    if (why > 0) {
        doctor_found(d, check, DOCTOR_BAD, "%s cannot be read by %s: %s", path, d->account, strerror(why));
        doctor_advice(d, "chgrp %s %s && chmod 0640 %s, and let it through the folders above", d->account,
                      path, path);
        return;
    }
    doctor_found(d, check, DOCTOR_OK, "%s, mode %04o", path, (unsigned)(st.st_mode & 07777));
}

static void examine_data(struct doctor *d)
{
    const char *path = d->config.data_dir;
    struct stat st;

    if (path[0] == '\0')
        return;
    if (stat(path, &st) != 0) {
        doctor_found(d, "data_dir", DOCTOR_BAD, "%s: %s", path, strerror(errno));
        doctor_advice(d, "start the service: it makes the folder");
    } else if (!S_ISDIR(st.st_mode)) {
        doctor_found(d, "data_dir", DOCTOR_BAD, "%s is no folder", path);
        doctor_advice(d, "mend data_dir in %s", d->path);
    } else if ((st.st_mode & 077) != 0) {
        doctor_found(d, "data_dir", DOCTOR_BAD, "%s has mode %04o: others can reach it", path,
                     (unsigned)(st.st_mode & 07777));
        doctor_advice(d, "chmod 0700 %s", path);
    } else if (d->account_known && st.st_uid != d->uid) {
        doctor_found(d, "data_dir", DOCTOR_BAD, "%s belongs to user %u, not to %s", path, (unsigned)st.st_uid,
                     d->account);
        doctor_advice(d, "chown -R %s %s", d->account, path);
    } else {
        doctor_found(d, "data_dir", DOCTOR_OK, "%s, mode %04o", path, (unsigned)(st.st_mode & 07777));
    }
}

/* Files of issuers, sources and sinks, and of TPMs' roots. */
static void examine_sections(struct doctor *d)
{
    const struct config *c = &d->config;

    for (size_t i = 0; i < c->issuer_count; i++) {
        examine_file(d, "issuer keys", c->issuers[i].keys, FOR_SERVICE);
        examine_file(d, "issuer ca", c->issuers[i].ca, FOR_SERVICE);
    }
    for (size_t i = 0; i < c->source_count; i++) {
        examine_file(d, "source ca", c->sources[i].ca, FOR_SERVICE);
        examine_file(d, "source api_key_file", c->sources[i].api_key_file, SECRET | FOR_SERVICE);
    }
    for (size_t i = 0; i < c->sink_count; i++) {
        examine_file(d, "sink ca", c->sinks[i].ca, FOR_SERVICE);
        examine_file(d, "sink header_file", c->sinks[i].header_file, SECRET | FOR_SERVICE);
    }
    for (size_t i = 0; i < c->tpm_aik_roots.count; i++)
        examine_file(d, "tpm_aik_roots", c->tpm_aik_roots.item[i], FOR_SERVICE);
    for (size_t i = 0; i < c->tpm_ek_roots.count; i++)
        examine_file(d, "tpm_ek_roots", c->tpm_ek_roots.item[i], FOR_SERVICE);
}

void doctor_files(struct doctor *d)
{
    const struct config *c = &d->config;
    bool hash = false;

    for (size_t i = 0; i < c->subscription_count; i++)
        hash = hash || c->subscriptions[i].owner_secret_hash[0] != '\0';
    examine_file(d, "configuration file", d->path, FOR_SERVICE | (hash ? SECRET : 0u));
    examine_file(d, "tls_certificate", c->tls_certificate, FOR_SERVICE);
    examine_file(d, "tls_key", c->tls_key, SECRET | FOR_SERVICE);
    examine_file(d, "store_password_file", c->store_password_file, SECRET | FOR_SERVICE);
    examine_file(d, "pkcs11_pin_file", c->pkcs11_pin_file, SECRET | FOR_SERVICE);
    if (c->key_encryption_key[0] == '/')
        examine_file(d, "key_encryption_key", c->key_encryption_key, ONE_READER | FOR_SERVICE);
    examine_data(d);
    examine_sections(d);
}
