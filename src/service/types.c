/* The attestation types that the protocol names in paths. */
#include "service/internal.h"

const struct service_type_row service_types[] = {
    [SERVICE_SGX] = { "SgxEnclave", "sgxenclave", "sgx" },
    [SERVICE_OPEN_ENCLAVE] = { "OpenEnclave", "openenclave", "open-enclave" },
    { "Tpm", "tpm", NULL },
    { "SevSnpVm", "sevsnpvm", NULL },
    { "TdxVm", "tdxvm", NULL },
    { "AzureGuest", "azureguest", NULL },
    { "Pluton", "pluton", NULL },
    { "KeyGuard", "keyguard", NULL },
    { "MdepTz", "mdeptz", NULL },
    { "AiHsm", "aihsm", NULL },
    { 0 },
};
_Static_assert(SERVICE_TYPE_COUNT == 2, "a type of evidence was added: give it its row at its place");

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
