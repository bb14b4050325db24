#include "evidence/tpm/verifier.h"

#include "evidence/tpm/tpm.h"

const struct att_verifier tpm_verifier = {
    .name = "tpm",
    .attestation_type = TPM_ATTESTATION_TYPE,
    .parse = tpm_parse,
    .verify = tpm_verify,
    .claims = tpm_claims,
    .describe = tpm_describe,
    .destroy = tpm_destroy,
};
