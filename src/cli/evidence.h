/* cli/evidence.h - attestctl evidence make, collect, show. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "cli/command.h"

extern const struct cli_command cli_evidence_make;
extern const struct cli_command cli_evidence_collect;
extern const struct cli_command cli_evidence_show;

#endif
