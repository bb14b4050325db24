/* evidence/guest/verifier.h - the evidence type of this folder: an Azure guest's attestation information. */
#ifndef EVIDENCE_GUEST_VERIFIER_H
#define EVIDENCE_GUEST_VERIFIER_H

#include "evidence/common/verifier.h"

extern const struct att_verifier guest_verifier; /* "azure-guest" */

#endif
