/* cli/tpm.h - attestctl tpm: the client's side of the TPM protocol, on the machine that has the TPM. */
#ifndef CLI_TPM_H
#define CLI_TPM_H

#include "cli/command.h"

extern const struct cli_command cli_tpm_enroll;
extern const struct cli_command cli_tpm_quote;
extern const struct cli_command cli_tpm_attest;
extern const struct cli_command cli_tpm_extend;

#define OPTION_TCTI                                                                                          \
    {                                                                                                        \
        .name = "tcti", .argument = "TCTI",                                                                  \
        .help = "The TPM, as libtss2 names it; device:/dev/tpmrm0 if not given. swtpm:path=SOCKET is a "     \
                "software one."                                                                              \
    }
#define OPTION_STATE                                                                                         \
    {                                                                                                        \
        .name = "state", .argument = "DIR",                                                                  \
        .help = "Folder of the attestation key, which nobody else may read; ~/.local/state/attestctl/tpm "   \
                "if not given."                                                                              \
    }

#endif
