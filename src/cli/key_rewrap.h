/* cli/key_rewrap.h - the signing keys of a store, sealed anew. */
#ifndef CLI_KEY_REWRAP_H
#define CLI_KEY_REWRAP_H

#include "cli/command.h"

extern const struct cli_command cli_key_rewrap;

#endif
