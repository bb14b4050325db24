/* cli/signer.h - attestctl signer: whose signatures an Isolated provider takes. */
#ifndef CLI_SIGNER_H
#define CLI_SIGNER_H

#include "cli/command.h"

extern const struct cli_command cli_signer_list;
extern const struct cli_command cli_signer_add;
extern const struct cli_command cli_signer_remove;

#endif
