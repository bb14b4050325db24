#include "makers/sgx.h"

#include "makers/plan.h"

void mk_sgx_defaults(struct mk_sgx_options *ret, int64_t at_unix_s)
{
    *ret = (struct mk_sgx_options){ .enclave = { .product_id = 1, .svn = 2, .xfrm = 0xe7 } };
    mk_dcap_defaults(&ret->dcap, at_unix_s);
    memset(ret->enclave.mrenclave, 0xe1, sizeof ret->enclave.mrenclave);
    memset(ret->enclave.mrsigner, 0x51, sizeof ret->enclave.mrsigner);
}

bool mk_sgx_make(const struct mk_hardware *hw, const struct mk_sgx_options *options, struct mk_evidence *ret,
                 struct att_err *err)
{
    const struct mk_request request = {
        .tee = ATT_TEE_SGX,
        .dcap = options->dcap,
        .enclave = options->enclave,
    };

    return mk_dcap_make(hw, &request, ret, err);
}
