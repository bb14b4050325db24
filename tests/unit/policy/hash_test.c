/* The policy hash and the default texts. The expected hashes were published by the service that is imitated; a text
 * that has one of them is that service's text, byte for byte. */
#include <attest/policy.h>

#include "support/cases.h"

#include <string.h>

static struct cases cases = { .name = "policy/hash" };

static const char sgx_2020[] =
    "version= 1.0;authorizationrules{c:[type==\"$is-debuggable\"] => permit();};issuancerules{c:[type==\"$is-"
    "debuggable\"] => issue(type=\"is-debuggable\", value=c.value);c:[type==\"$sgx-mrsigner\"] => "
    "issue(type=\"sgx-"
    "mrsigner\", value=c.value);c:[type==\"$sgx-mrenclave\"] => issue(type=\"sgx-mrenclave\", "
    "value=c.value);c:[type=="
    "\"$product-id\"] => issue(type=\"product-id\", value=c.value);c:[type==\"$svn\"] => issue(type=\"svn\", "
    "value=c.value);c:[type==\"$tee\"] => issue(type=\"tee\", value=c.value);};";

static const struct {
    const char *name;
    const char *text; /* NULL: the default text of `name` */
    const char *want;
} rows[] = {
    { "sgx", NULL, "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw" },
    { "open-enclave", NULL, "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw" },
    { "sev-snp", NULL, "9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco" },
    { "tdx", NULL, "9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco" },
    { "permit everything", "version= 1.0;authorizationrules{=> permit();};",
      "9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco" },
    { "SGX of 2020", sgx_2020, "egjnANIzEpS2WgpE4Nk-QEwM69XRCgTs42_G0qLlbnk" },
};

/* Nothing is normalised: these differ from the default text of a VM by one byte. */
static const char *const others[] = {
    "version= 1.0;authorizationrules{=> permit();};\n",
    "version=1.0;authorizationrules{=> permit();};",
    "version= 1.0;authorizationrules{=> permit();}; ",
    "Version= 1.0;authorizationrules{=> permit();};",
    "",
};

int main(void)
{
    struct att_err err = { 0 };
    char hash[44];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_policy *policy = NULL;
        struct att_span text = rows[i].text ? att_str(rows[i].text) : att_policy_default(rows[i].name);
        cases_check(&cases, att_policy_hash(text, hash, &err) && strcmp(hash, rows[i].want) == 0, "%s: %s",
                    rows[i].name, hash);
        cases_check(&cases, att_policy_compile(text, NULL, &policy, NULL, &err), "%s compiles: %s",
                    rows[i].name, err.text);
        att_policy_free(policy);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cases_check(&cases,
                    att_policy_hash(att_str(others[i]), hash, &err) && strlen(hash) == 43 &&
                        strcmp(hash, rows[2].want) != 0,
                    "other text %zu", i);
    cases_check(&cases, att_span_eq(att_policy_default("sev-snp"), att_policy_default("tdx")),
                "both kinds of VM have one text");
    cases_check(&cases, att_policy_default("tpm").len == 0, "TPM has no default");
    cases_check(&cases, att_policy_default("vbs").len == 0, "nor has VBS");
    cases_check(&cases, att_span_eq(att_policy_default("azure-guest"), att_policy_default("sev-snp")),
                "guests have that of VMs");
    cases_check(&cases, att_policy_default("SGX").len == 0, "names are exact");
    cases_check(&cases, att_policy_default("").len == 0, "no type");
    cases_check(&cases, att_policy_default(NULL).len == 0, "no type at all");
    return cases_report(&cases);
}
