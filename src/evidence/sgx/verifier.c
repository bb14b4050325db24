#include "evidence/sgx/verifier.h"

#include "evidence/sgx/sgx.h"

const struct att_verifier sgx_verifier = {
    .name = "sgx",
    .attestation_type = SGX_ATTESTATION_TYPE,
    .parse = sgx_parse,
    .verify = sgx_verify,
    .claims = sgx_claims,
    .describe = sgx_describe,
    .destroy = sgx_destroy,
};

const struct att_verifier open_enclave_verifier = {
    .name = "open-enclave",
    .attestation_type = SGX_ATTESTATION_TYPE,
    .parse = sgx_oe_parse,
    .verify = sgx_verify,
    .claims = sgx_claims,
    .describe = sgx_describe,
    .destroy = sgx_destroy,
};
