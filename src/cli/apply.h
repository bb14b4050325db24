/* cli/apply.h - attestctl apply: first the whole difference, then the work, each step under the version that was read. */
#ifndef CLI_APPLY_H
#define CLI_APPLY_H

#include "cli/policy_remote.h"
#include "cli/role.h"
#include "cli/site_file.h"

extern const struct cli_command cli_apply;

enum { PLAN_LINES_MAX = 8192 };

enum plan_mark { PLAN_CREATE = '+', PLAN_CHANGE = '~', PLAN_IMMUTABLE = '!' };

/* What is shown. */
struct plan_line {
    enum plan_mark mark;
    const char *what;  /* "provider one" */
    const char *field; /* NULL for a creation */
    const char *from;
    const char *to;
};

/* What is done: a request as it is, or a policy or a role, whose place may only be known after earlier steps. */
struct plan_step {
    const char *what;
    struct remote_request request;
    struct att_span body;
    const struct site_provider *provider; /* whose URL the answer tells, or whose policy it is */
    const char *policy_type;
    struct att_span policy;
    struct role_assignment role;
};

struct plan {
    struct remote *r;
    const struct site_file *site;
    size_t line_count;
    struct plan_line *lines;
    size_t step_count;
    struct plan_step *steps;
    const char **uris;     /* one for each provider of the file; NULL until it is known */
    bool *new_groups;      /* one for each group of the file: it is not there yet */
    bool immutable;        /* a line has this mark */
    bool provider_created; /* some provider is to be made */
};

/* Reads the present state. False when something was said already (then err is empty) or is in err. */
ATT_CHECK bool plan_make(struct plan *p, struct att_err *err);

#endif
