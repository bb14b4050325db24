/* evidence/sgx/verifier.h - the two evidence types of this folder: a bare quote, and one behind an Open Enclave
 * report header. */
#ifndef EVIDENCE_SGX_VERIFIER_H
#define EVIDENCE_SGX_VERIFIER_H

#include "evidence/common/verifier.h"

extern const struct att_verifier sgx_verifier;          /* "sgx" */
extern const struct att_verifier open_enclave_verifier; /* "open-enclave" */

#endif
