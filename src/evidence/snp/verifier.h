/* evidence/snp/verifier.h - the evidence type of this folder: an attestation report of AMD SEV-SNP. */
#ifndef EVIDENCE_SNP_VERIFIER_H
#define EVIDENCE_SNP_VERIFIER_H

#include "evidence/common/verifier.h"

extern const struct att_verifier snp_verifier; /* "sev-snp" */

#endif
