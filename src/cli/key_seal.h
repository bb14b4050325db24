/* cli/key_seal.h - attestctl key seal-policies. */
#ifndef CLI_KEY_SEAL_H
#define CLI_KEY_SEAL_H

#include "cli/command.h"

extern const struct cli_command cli_key_seal_policies;

#endif
