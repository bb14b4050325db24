#include "evidence/registry.h"

#include "evidence/guest/verifier.h"
#include "evidence/sgx/verifier.h"
#include "evidence/snp/verifier.h"
#include "evidence/tdx/verifier.h"
#include "evidence/tpm/verifier.h"

static const struct att_verifier *const verifiers[] = {
    &sgx_verifier, &open_enclave_verifier, &tdx_verifier, &snp_verifier, &tpm_verifier, &guest_verifier
};

const struct att_verifier *att_verifier_by_name(const char *name)
{
    for (size_t i = 0; name && i < sizeof verifiers / sizeof verifiers[0]; i++)
        if (strcmp(verifiers[i]->name, name) == 0)
            return verifiers[i];
    return NULL;
}

const char *att_verifier_names(void)
{
    return "sgx, open-enclave, tdx, sev-snp, tpm, azure-guest";
}
