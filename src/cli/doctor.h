/* cli/doctor.h - attestctl doctor: an installation looked at from the machine that it is on.
 *
 * An examination is a row of a table in doctor.c. Each says what it found as findings: one line with a state and, when something
 * is wrong, what to do. They run in order: what needs root (modes and owners, the key-encryption key) first, then the process
 * becomes the service's user for good, so that the store, TLS files and folders are seen as the service sees them, and nothing
 * is made that belongs to root.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <sys/types.h>

#include "cli/command.h"
#include "config/config.h"

extern const struct cli_command cli_doctor;

enum doctor_state {
    DOCTOR_OK,
    DOCTOR_WARN,    /* works, and somebody should look */
    DOCTOR_BAD,     /* does not work, or is not safe */
    DOCTOR_UNKNOWN, /* could not be looked at */
    DOCTOR_STATES
};

enum { DOCTOR_FINDINGS_MAX = 192, DOCTOR_TEXT_SIZE = 400 };

struct doctor_finding {
    const char *check;
    enum doctor_state state;
    char found[DOCTOR_TEXT_SIZE];
    char advice[DOCTOR_TEXT_SIZE]; /* "" when there is nothing to do */
};

struct signer;

struct doctor {
    struct cli *c;
    const char *path; /* of the configuration */
    bool readable;    /* `config` holds what is in it */
    struct config config;
    int64_t now_unix_s;
    bool account_known; /* the service's user */
    uid_t uid;
    gid_t gid;
    char account[64];
    struct signer *signer; /* NULL: the key-encryption key could not be had */
    struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
    size_t count;
};

/* Adds a finding; NULL when there is no room any more (the last one then says so). */
void doctor_found(struct doctor *d, const char *check, enum doctor_state state, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What to do about the finding that was added last. */
void doctor_advice(struct doctor *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A finding made of an error: its code, place and what was found. */
void doctor_failed(struct doctor *d, const char *check, enum doctor_state state, const struct att_err *err);

/* -- examinations ----------------------------------------------------------------------------------------- */

void doctor_configuration(struct doctor *d); /* the file, and settings against each other */
void doctor_account(struct doctor *d);       /* who the service runs as */
void doctor_files(struct doctor *d);         /* modes and owners */
void doctor_kek(struct doctor *d);           /* opens d->signer */
void doctor_become(struct doctor *d);        /* the service's user, from here on */
void doctor_tls(struct doctor *d);
void doctor_store(struct doctor *d); /* reachable, schema, writable; keys; audit trail */
void doctor_clock(struct doctor *d);
void doctor_disk(struct doctor *d);
void doctor_limits(struct doctor *d);
void doctor_proxies(struct doctor *d);
void doctor_ready(struct doctor *d);
void doctor_service(struct doctor *d); /* at base_url; its clock */
void doctor_collateral(struct doctor *d);

/* http://127.0.0.1:PORT of the admin listener; NULL when it is not on this machine's loopback. */
const char *doctor_admin(struct doctor *d);

#endif
