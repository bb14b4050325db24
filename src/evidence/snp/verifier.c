#include "evidence/snp/verifier.h"

#include "evidence/snp/snp.h"

const struct att_verifier snp_verifier = {
    .name = SNP_EVIDENCE_TYPE,
    .attestation_type = SNP_ATTESTATION_TYPE,
    .parse = snp_parse,
    .verify = snp_verify,
    .claims = snp_claims,
    .describe = snp_describe,
    .destroy = snp_destroy,
};
