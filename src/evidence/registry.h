/* evidence/registry.h - the evidence types there are. */
#ifndef EVIDENCE_REGISTRY_H
#define EVIDENCE_REGISTRY_H

#include "evidence/common/verifier.h"

/* NULL when there is no such type. */
const struct att_verifier *att_verifier_by_name(const char *name);
/* "sgx, open-enclave, tdx, sev-snp, tpm, azure-guest", for people. */
const char *att_verifier_names(void);

#endif
