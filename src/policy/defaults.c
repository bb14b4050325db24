/* Default policies, byte for byte: relying parties know them by their hash. docs/decisions/0002 says where
 * each text comes from and how it was confirmed. */
#include <attest/policy.h>

/* x-ms-policy-hash bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw */
static const char sgx_text[] =
    "version= 1.0;authorizationrules{=> permit();};issuancerules{"
    "c:[type==\"x-ms-sgx-is-debuggable\"] => issue(type=\"is-debuggable\", value=c.value);"
    "c:[type==\"x-ms-sgx-mrsigner\"] => issue(type=\"sgx-mrsigner\", value=c.value);"
    "c:[type==\"x-ms-sgx-mrenclave\"] => issue(type=\"sgx-mrenclave\", value=c.value);"
    "c:[type==\"x-ms-sgx-product-id\"] => issue(type=\"product-id\", value=c.value);"
    "c:[type==\"x-ms-sgx-svn\"] => issue(type=\"svn\", value=c.value);"
    "c:[type==\"x-ms-attestation-type\"] => issue(type=\"tee\", value=c.value);"
    "};";

/* x-ms-policy-hash 9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco */
static const char vm_text[] = "version= 1.0;authorizationrules{=> permit();};";

static const struct {
    const char *evidence_type;
    const char *text;
} defaults[] = {
    { "sgx", sgx_text }, { "open-enclave", sgx_text }, { "sev-snp", vm_text },
    { "tdx", vm_text },  { "azure-guest", vm_text }, /* ours: docs/decisions/0024 */
};

struct att_span att_policy_default(const char *evidence_type)
{
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (evidence_type && strcmp(evidence_type, defaults[i].evidence_type) == 0)
            return att_str(defaults[i].text);
    return (struct att_span){ 0 };
}
