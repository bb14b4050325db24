#include "evidence/tdx/verifier.h"

#include "evidence/tdx/tdx.h"

const struct att_verifier tdx_verifier = {
    .name = "tdx",
    .attestation_type = TDX_ATTESTATION_TYPE,
    .parse = tdx_parse,
    .verify = tdx_verify,
    .claims = tdx_claims,
    .describe = tdx_describe,
    .destroy = tdx_destroy,
};
