/* The attestation types that the protocol names in paths. */
#include "service/internal.h"

const struct service_type_row service_types[] = {
    [SERVICE_SGX] = { "SgxEnclave", "sgxenclave", "sgx", "sgx" },
    [SERVICE_OPEN_ENCLAVE] = { "OpenEnclave", "openenclave", "open-enclave", "open-enclave" },
    [SERVICE_TDX] = { "TdxVm", "tdxvm", "tdx", "tdx" },
    [SERVICE_SEV_SNP] = { "SevSnpVm", "sevsnpvm", "sev-snp", "sev-snp" },
    [SERVICE_TPM] = { "Tpm", "tpm", "tpm", NULL },
    [SERVICE_AZURE_GUEST] = { "AzureGuest", "azureguest", "azure-guest", "azure-guest" },
    { "Pluton", "pluton", NULL, NULL },
    { "KeyGuard", "keyguard", NULL, NULL },
    { "MdepTz", "mdeptz", NULL, NULL },
    { "AiHsm", "aihsm", NULL, NULL },
    { 0 },
};
_Static_assert(SERVICE_TYPE_COUNT == 6, "a type of evidence was added: give it its row at its place");

static bool is_key(struct att_span segment, const char *key)
{
    if (segment.len != strlen(key))
        return false;
    for (size_t i = 0; i < segment.len; i++) {
        uint8_t c = segment.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != key[i])
            return false;
    }
    return true;
}

const char *service_policy_type(struct att_span segment)
{
    for (const struct service_type_row *t = service_types; t->name; t++) {
        if (is_key(segment, t->key))
            return t->name;
    }
    return NULL;
}
