/* tests/support/swtpm.h - a software TPM for one test: a fresh one, without any certificate, in a folder that goes with it.
 *
 *     struct swtpm tpm;
 *     if (!swtpm_start(&tpm))          swtpm is not installed
 *     ... tss_open(tpm.tcti, ...) ...
 *     swtpm_stop(&tpm);
 */
#ifndef TESTS_SUPPORT_SWTPM_H
#define TESTS_SUPPORT_SWTPM_H

#include <stdbool.h>
#include <sys/types.h>

struct swtpm {
    char dir[64];
    char tcti[96];
    pid_t pid;
};

/* Ends the program when something else than a missing swtpm keeps it from starting. */
bool swtpm_start(struct swtpm *ret);
void swtpm_stop(struct swtpm *t);

#endif
