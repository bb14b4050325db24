/* cli/policy.h - attestctl policy check, eval, fmt, test, hash. */
#ifndef CLI_POLICY_H
#define CLI_POLICY_H

#include "cli/command.h"

extern const struct cli_command cli_policy_check;
extern const struct cli_command cli_policy_eval;
extern const struct cli_command cli_policy_fmt;
extern const struct cli_command cli_policy_hash;
extern const struct cli_command cli_policy_test;

/* The text of a policy file: as it is, or out of a policy token. */
ATT_CHECK bool cli_policy_read(struct cli *c, struct att_span *ret_text, struct att_err *err);

#endif
