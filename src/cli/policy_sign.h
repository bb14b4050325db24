/* cli/policy_sign.h - attestctl policy sign. */
#ifndef CLI_POLICY_SIGN_H
#define CLI_POLICY_SIGN_H

#include "cli/command.h"

extern const struct cli_command cli_policy_sign;

#endif
