/* cli/jmespath.h - attestctl jmespath. */
#ifndef CLI_JMESPATH_H
#define CLI_JMESPATH_H

#include "cli/command.h"

extern const struct cli_command cli_jmespath;

#endif
