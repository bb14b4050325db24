/* evidence/tpm/verifier.h - the evidence type of this folder: a signed request of the TPM protocol. */
#ifndef EVIDENCE_TPM_VERIFIER_H
#define EVIDENCE_TPM_VERIFIER_H

#include "evidence/common/verifier.h"

extern const struct att_verifier tpm_verifier; /* "tpm" */

#endif
