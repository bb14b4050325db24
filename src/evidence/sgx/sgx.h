/* evidence/sgx/sgx.h - the parsed form of SGX evidence. Private to this folder. */
#ifndef EVIDENCE_SGX_SGX_H
#define EVIDENCE_SGX_SGX_H

#include "evidence/common/dcap_verify.h"
#include "evidence/common/verifier.h"

#define SGX_ATTESTATION_TYPE "sgx"

struct sgx_evidence {
    struct att_evidence base; /* first */
    struct dcap_quote quote;
    struct dcap_enclave body;
    struct dcap_verification verification;
    struct att_span runtime_json;   /* sorted; empty unless JSON was given */
    struct att_span init_time_json; /* as above */
};

ATT_CHECK bool sgx_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret,
                         struct att_err *err);
/* The same behind an Open Enclave report header. */
ATT_CHECK bool sgx_oe_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret,
                            struct att_err *err);
ATT_CHECK bool sgx_verify(struct att_ctx *ctx, struct att_evidence *ev, const struct att_collateral *c,
                          struct att_err *err);
ATT_CHECK bool sgx_claims(struct att_ctx *ctx, const struct att_evidence *ev, struct att_claims *set,
                          struct att_err *err);
void sgx_describe(struct att_ctx *ctx, const struct att_evidence *ev, struct att_json_writer *w);
void sgx_destroy(struct att_evidence *ev);

#endif
