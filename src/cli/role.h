/* cli/role.h - attestctl role, audit. */
#ifndef CLI_ROLE_H
#define CLI_ROLE_H

#include "cli/remote.h"

extern const struct cli_command cli_role_assign;
extern const struct cli_command cli_role_list;
extern const struct cli_command cli_role_remove;
extern const struct cli_command cli_role_definitions;
extern const struct cli_command cli_audit_list;
extern const struct cli_command cli_audit_verify;
extern const struct cli_command cli_audit_export;

struct role_assignment {
    const char *scope; /* id */
    const char *role;  /* GUID of the definition */
    const char *principal;
};

/* GUID of a role, by its name in any case or by that GUID; asks the service. USAGE when there is none such. On false with
 * no error the service refused, and that was said. */
ATT_CHECK bool role_find(struct remote *r, const char *wanted, const char **ret, struct att_err *err);
/* The name of the assignment at exactly this scope in a list of assignments; NULL when there is none. */
const char *role_assignment_find(struct members *m, const struct role_assignment *wanted);
/* PUT under a new name. */
ATT_CHECK bool role_assign(struct remote *r, const struct role_assignment *wanted, struct remote_answer *ret,
                           struct att_err *err);

#endif
