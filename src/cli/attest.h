/* cli/attest.h - attestctl attest: ask a service over its REST interface. */
#ifndef CLI_ATTEST_H
#define CLI_ATTEST_H

#include "cli/command.h"

extern const struct cli_command cli_attest;

#endif
