/* layers: policy claims codec base */
/* What the lint finds, and what it does not: each row is a policy body and the findings "rule:line" that it must give, in
 * order, and no others. */
#include <attest/policy.h>

#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases cases = { .name = "unit/policy/lint" };

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

/* One rule or section on each line; authorizationrules open on line 1. */
#define AUTH     "version=1.2;authorizationrules{\n"
#define ISSUANCE "};issuancerules{\n"
#define END      "};"
#define NO_DEBUG "[type==\"x-ms-sgx-is-debuggable\",value==false]=>permit();\n"
#define FROM_TPM "[type==\"aikValidated\",value==true,issuer==\"AttestationService\"]=>permit();\n"

static const struct {
    const char *name;
    const char *type;
    const char *text;
    const char *want;
} rows[] = {
    /* the whole policy */
    { "default of sgx", "sgx", AUTH "=>permit();\n" END, "permits-everything:2 debug-allowed:2" },
    { "no type, nothing about debugging", NULL, AUTH "=>permit();\n" END, "permits-everything:2" },
    { "a type test alone asks nothing", "sgx", AUTH "[type==\"x-ms-sgx-svn\"]=>permit();\n" END,
      "always-true:2 permits-everything:2 debug-allowed:2" },
    { "both values of a Boolean", "sgx", AUTH "c:[type==\"$is-debuggable\"]=>permit();\n" END,
      "always-true:2 unused-name:2 permits-everything:2 debug-allowed:2" },
    { "a claim that not all evidence has", "sgx",
      AUTH
      "[type==\"x-ms-sgx-config-svn\"]&&[type==\"x-ms-sgx-is-debuggable\",value==false]=>permit();\n" END,
      "" },
    { "no permit", "sgx", AUTH "[type==\"x-ms-sgx-svn\",value==1]=>deny();\n" END, "permits-nothing:1" },
    { "always denied", "sgx", AUTH NO_DEBUG "=>deny();\n" END, "permits-nothing:3" },
    { "everything, but some are denied", NULL, AUTH "=>permit();\n[type==\"a\"]=>deny();\n" END, "" },
    { "a permit that cannot fire", "sgx", AUTH "[type==\"x\"]=>permit();\n" END,
      "permits-nothing:1 unknown-claim:2" },
    /* debugging */
    { "required off", "sgx", AUTH NO_DEBUG END, "" },
    { "not equal to true", "sgx", AUTH "[type==\"$is-debuggable\",value!=true]=>permit();\n" END, "" },
    { "required on", "sgx", AUTH "[type==\"x-ms-sgx-is-debuggable\",value==true]=>permit();\n" END,
      "debug-required:2" },
    { "denied when on", "sgx",
      AUTH "[type==\"x-ms-sgx-is-debuggable\",value==true]=>deny();\n[type==\"x-ms-sgx-svn\",value>1]=>"
           "permit();\n" END,
      "" },
    { "denied when on, in two conditions", "sgx",
      AUTH "[type==\"$is-debuggable\"]&&[value==true]=>deny();\n=>permit();\n" END, "always-true:2" },
    { "denied unless off", "sgx",
      AUTH "![type==\"x-ms-sgx-is-debuggable\",value==false]=>deny();\n[type==\"x-ms-sgx-svn\",value>1]=>"
           "permit();\n" END,
      "" },
    { "denied only with something else", "sgx",
      AUTH "[type==\"x-ms-sgx-is-debuggable\",value==true]&&[type==\"x-ms-sgx-svn\",value==1]=>deny();\n=>"
           "permit();\n" END,
      "debug-allowed:3" },
    { "not when on", "sgx", AUTH "![type==\"x-ms-sgx-is-debuggable\",value==true]=>permit();\n" END, "" },
    { "through a claim of its own", "sgx",
      AUTH "[type==\"x-ms-sgx-is-debuggable\",value==false]=>add(type=\"ok\",value=1);\n[type==\"ok\"]=>"
           "permit();\n" END,
      "" },
    { "through a claim that others make, too", "sgx",
      AUTH "[type==\"x-ms-sgx-is-debuggable\",value==false]=>add(type=\"ok\",value=1);\n"
           "[type==\"x-ms-sgx-svn\",value==9]=>add(type=\"ok\",value=1);\n[type==\"ok\"]=>permit();\n" END,
      "debug-allowed:4" },
    { "one permit of two asks", "sgx", AUTH NO_DEBUG "[type==\"x-ms-sgx-svn\",value==1]=>permit();\n" END,
      "debug-allowed:3" },
    { "tdx text", "tdx", AUTH "[type==\"dbgstat\",value==\"disabled\"]=>permit();\n" END, "" },
    { "tdx text, on", "tdx", AUTH "[type==\"dbgstat\",value==\"enabled\"]=>permit();\n" END,
      "debug-required:2" },
    { "tdx attributes pinned", "tdx",
      AUTH "[type==\"tdx_td_attributes\",value==\"0000001000000000\"]=>permit();\n" END, "" },
    { "tdx without", "tdx", AUTH "[type==\"tdx_mrtd\",value==\"00\"]=>permit();\n" END, "debug-allowed:2" },
    { "sev-snp", "sev-snp", AUTH "[type==\"x-ms-sevsnpvm-vmpl\",value==0]=>permit();\n" END,
      "debug-allowed:2" },
    { "sev-snp asked", "sev-snp",
      AUTH "[type==\"x-ms-sevsnpvm-is-debuggable\",value==false]=>permit();\n" END, "" },
    { "vbs", "vbs", AUTH "[type==\"vbsEnabled\",value==true,issuer==\"AttestationService\"]=>permit();\n" END,
      "debug-allowed:2" },
    /* conditions */
    { "two values at once", NULL, AUTH "[type==\"a\",value==1,value==2]=>permit();\n" END,
      "permits-nothing:1 contradiction:2" },
    { "two types at once", NULL, AUTH "[type==\"a\",type==\"b\"]=>permit();\n" END,
      "permits-nothing:1 contradiction:2" },
    { "an empty range", NULL, AUTH "[value>4,value<5]=>permit();\n" END,
      "permits-nothing:1 contradiction:2" },
    { "a range of one", NULL, AUTH "[value>4,value<6]=>permit();\n" END, "" },
    { "a range of one without that one", NULL, AUTH "[value>4,value<6,value!=5]=>permit();\n" END,
      "permits-nothing:1 contradiction:2" },
    { "more than the largest integer", NULL, AUTH "[value>9223372036854775807]=>permit();\n" END,
      "permits-nothing:1 contradiction:2" },
    { "ordered text", NULL, AUTH "[value>4,value!=true,value!=\"a\"]=>permit();\n" END, "" },
    { "kind and value", NULL, AUTH "[valueType==\"String\",value==1]=>permit();\n" END,
      "permits-nothing:1 contradiction:2" },
    { "no such issuer", NULL, AUTH "[issuer==\"Service\"]=>permit();\n" END,
      "permits-nothing:1 contradiction:2" },
    { "neither true nor false", "sgx",
      AUTH "[type==\"$is-debuggable\",value!=true,value!=false]=>permit();\n" END,
      "permits-nothing:1 wrong-kind:2" },
    { "text for an integer", "sgx", AUTH "[type==\"x-ms-sgx-svn\",value==\"1\"]=>permit();\n" END,
      "permits-nothing:1 wrong-kind:2" },
    { "JSON is not seen", "sgx", AUTH "[type==\"x-ms-runtime\"]=>permit();\n" END,
      "permits-nothing:1 wrong-kind:2" },
    { "an expression decides", "sgx",
      AUTH "c:[type==\"x-ms-sgx-svn\"]&&[type==\"x-ms-sgx-is-debuggable\",value==NegateBool("
           "IsSubsetOf(c.value,c.value))]=>permit();\n" END,
      "debug-allowed:2" },
    { "a client's claim for sgx", "sgx", AUTH "[type==\"mine\",issuer==\"CustomClaim\"]=>permit();\n" END,
      "permits-nothing:1 unknown-claim:2" },
    { "a client's claim for vbs", "tpm", AUTH "[type==\"mine\"]=>permit();\n" END, "" },
    { "not a claim of the service", "tpm",
      AUTH "[type==\"mine\",issuer==\"AttestationService\"]=>permit();\n" END,
      "permits-nothing:1 unknown-claim:2" },
    { "a guest that its host may debug", "azure-guest",
      AUTH "[type==\"secureboot\",value==true]=>permit();\n" END, "debug-allowed:2" },
    { "the same, denied", "azure-guest",
      AUTH "[type==\"secureboot\",value==true]=>permit();\n"
           "[type==\"x-ms-sevsnpvm-is-debuggable\",value==true]=>deny();\n" END,
      "" },
    { "a guest that its host may not debug", "azure-guest",
      AUTH "[type==\"dbgstat\",value==\"disabled\"]=>permit();\n" END, "" },
    { "a guest's hardware is perhaps not there", "azure-guest",
      AUTH "[type==\"x-ms-sevsnpvm-is-debuggable\",value==false]=>permit();\n![type==\"x-ms-sevsnpvm-vmpl\"]="
           ">deny();\n" END,
      "" },
    { "a guest's object", "azure-guest", AUTH "[type==\"x-ms-isolation-tee\"]=>permit();\n" END,
      "permits-nothing:1 wrong-kind:2" },
    { "always there", "tpm", AUTH "[type==\"mine\"]=>permit();\n![type==\"aikValidated\"]=>deny();\n" END,
      "contradiction:3" },
    { "perhaps there", "tpm", AUTH "[type==\"mine\"]=>permit();\n![type==\"events\"]=>deny();\n" END, "" },
    { "any evidence", NULL, AUTH "[type==\"mine\",issuer==\"AttestationService\"]=>permit();\n" END, "" },
    { "whose word is it", "tpm", AUTH "[type==\"secureBootEnabled\",value==true]=>permit();\n" END,
      "issuer-not-tested:2" },
    { "made later", NULL,
      AUTH "[type==\"a\",issuer==\"AttestationPolicy\"]=>permit();\n=>add(type=\"a\",value=1);\n" END,
      "permits-nothing:1 never-made:2 unused-claim:3" },
    { "made with another value", NULL,
      AUTH
      "=>add(type=\"a\",value=1);\n[type==\"a\",value==2,issuer==\"AttestationPolicy\"]=>permit();\n" END,
      "permits-nothing:1 never-made:3" },
    { "made by a rule that never fires", "sgx",
      AUTH NO_DEBUG "[type==\"x\"]=>add(type=\"a\",value=1);\n[type==\"a\"]=>deny();\n" END,
      "unknown-claim:3 unknown-claim:4" },
    { "made from a call", NULL,
      AUTH "c:[type==\"a\"]=>add(type=\"b\",value=NegateBool(c.value));\n[type==\"b\",value==1,issuer=="
           "\"AttestationPolicy\"]=>"
           "permit();\n" END,
      "permits-nothing:1 never-made:3" },
    { "made by copying", NULL,
      AUTH "c:[value==1]=>add(claim=c);\n[type==\"b\",issuer==\"AttestationPolicy\"]=>permit();\n" END, "" },
    { "a property is a claim, too", NULL,
      "version=1.1;configurationrules{=>issueproperty(type=\"omit_x5c\",value=true);};authorizationrules{\n"
      "[type==\"omit_x5c\",value==true,issuer==\"AttestationPolicy\"]=>permit();};",
      "always-true:2 permits-everything:2" },
    { "negation of what never is", NULL, AUTH "![type==\"a\",issuer==\"AttestationPolicy\"]=>permit();\n" END,
      "never-made:2 permits-everything:2" },
    { "negation of what always is", "sgx", AUTH NO_DEBUG "![type==\"x-ms-ver\"]=>deny();\n" END,
      "contradiction:3" },
    { "anything at all", "sgx", AUTH "[]=>permit();\n" END,
      "always-true:2 permits-everything:2 debug-allowed:2" },
    { "the first of several", NULL,
      AUTH "=>add(type=\"a\",value=1);\n[type==\"a\",value==1]=>permit();\n" END,
      "always-true:3 permits-everything:3" },
    /* rules against each other */
    { "twice", NULL, AUTH "[type==\"a\"]=>permit();\n[ type == \"a\" ] => permit(); // again\n" END,
      "duplicate-rule:3" },
    { "twice, with a change between", NULL,
      AUTH
      "[type==\"a\"]=>permit();\n[type==\"b\"]=>add(type=\"a\",value=1);\n[type==\"a\"]=>permit();\n" END,
      "" },
    { "unused name", NULL, AUTH "c:[type==\"a\"]=>permit();\n" END, "unused-name:2" },
    { "a name used in a test", NULL, AUTH "c:[type==\"a\"]&&[value==c.value]=>permit();\n" END, "" },
    { "added for nobody", NULL, AUTH "[type==\"a\"]=>permit();\n=>add(type=\"b\",value=1);\n" END,
      "unused-claim:3" },
    { "added, looked at without a type", NULL,
      AUTH "=>add(type=\"b\",value=1);\n[value==1,issuer!=\"CustomClaim\"]=>permit();\n" END,
      "always-true:3 permits-everything:3" },
    { "issue in authorizationrules adds", NULL,
      AUTH "[type==\"a\"]=>permit();\n=>issue(type=\"b\",value=1);\n" END, "unused-claim:3" },
    /* actions */
    { "registers are read-only", "tpm",
      AUTH FROM_TPM ISSUANCE
      "c:[type==\"pcrs\",issuer==\"AttestationService\"]=>issue(type=\"p\",value=c.value);\n" END,
      "read-only-issued:4" },
    { "through functions", "tpm",
      AUTH FROM_TPM ISSUANCE
      "c:[type==\"pcrs\",issuer==\"AttestationService\"]=>issue(type=\"p\",value=JsonToClaimValue("
      "JmesPath(c.value,\"PCRs\")));\n" END,
      "read-only-issued:4" },
    { "through a claim", "tpm",
      AUTH FROM_TPM "c:[type==\"pcrs\",issuer==\"AttestationService\"]=>add(type=\"p\",value=JmesPath(c."
                    "value,\"PCRs\"));\n" ISSUANCE
                    "c:[type==\"p\",issuer==\"AttestationPolicy\"]=>issue(claim=c);\n" END,
      "read-only-issued:5" },
    { "a set function says something about it", "tpm",
      AUTH FROM_TPM ISSUANCE
      "c:[type==\"pcrs\",issuer==\"AttestationService\"]=>issue(type=\"p\",value=ContainsOnlyValue("
      "c.value,\"x\"));\n" END,
      "" },
    { "events are not read-only", "tpm",
      AUTH FROM_TPM ISSUANCE
      "c:[type==\"events\",issuer==\"AttestationService\"]=>issue(type=\"e\",value=c.value);\n" END,
      "" },
    { "a reserved name copied", "sgx",
      AUTH NO_DEBUG ISSUANCE "c:[type==\"x-ms-sgx-svn\"]=>issue(claim=c);\n" END, "reserved-copied:4" },
    { "perhaps reserved names", "sgx", AUTH NO_DEBUG ISSUANCE "c:[value==1]=>issue(claim=c);\n" END,
      "reserved-copied:4" },
    { "a name that the token has", "tdx",
      AUTH "[type==\"dbgstat\",value==\"disabled\"]=>permit();\n" ISSUANCE
           "=>issue(type=\"dbgstat\",value=\"disabled\");\n" END,
      "service-claim-issued:4" },
    { "a name that only policies see", "sgx",
      AUTH NO_DEBUG ISSUANCE "=>issue(type=\"is-debuggable\",value=false);\n" END, "" },
    { "a misspelt property", NULL,
      AUTH "[type==\"a\"]=>permit();\n" ISSUANCE "=>issueproperty(type=\"omit_x5\",value=true);\n" END,
      "unknown-property:4" },
/* queries */
#define QUERY(q)                                                                                             \
    AUTH "c:[type==\"a\"]=>add(type=\"b\",value=JmesPath(c.value,\"" q                                       \
         "\"));\n[type==\"b\",value==\"1\"]=>permit();\n" END
    { "a number without back-ticks", NULL, QUERY("[?a == 12]"), "query-syntax:2" },
    { "a number in back-ticks", NULL, QUERY("[?a == `12`]"), "" },
    { "true without back-ticks", NULL, QUERY("[?a == true]"), "query-bare-word:2" },
    { "null on the left", NULL, QUERY("null != a"), "query-bare-word:2" },
    { "a field of true", NULL, QUERY("a == true.b"), "" },
    { "a field called true", NULL, QUERY("a.true == b"), "" },
    { "true in quotes of each kind", NULL, QUERY("a == 'true' || b == `true` || c == \\\"true\\\""), "" },
    { "true alone", NULL, QUERY("a || true"), "" },
    { "a list is not null", NULL, QUERY("a[] | [?b == `1`] | @ != `null`"), "query-never-null:2" },
    { "a list is not null, bare", NULL, QUERY("[?b] | @ != null "), "query-bare-word:2 query-never-null:2" },
    { "an element may be null", NULL, QUERY("[?b] | [0] != `null`"), "" },
    { "a field of each is a list", NULL, QUERY("[?b] | @[0] | @ != `null`"), "" },
    { "a query that is no literal", NULL,
      AUTH "c:[type==\"a\"]=>add(type=\"b\",value=JmesPath(c.value,AppendString(c.value,\"== "
           "12\")));\n[type==\"b\",value==\"1\"]=>"
           "permit();\n" END,
      "" },
    { "a query in a test", NULL, AUTH "c:[type==\"a\"]&&[value==JmesPath(c.value,\"a ==\")]=>permit();\n" END,
      "query-syntax:2" },
};

static void check_row(size_t i)
{
    struct att_arena *arena = att_arena_new((size_t)8 << 20);
    const struct att_policy_finding *found = NULL;
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };
    char got[512] = "";
    size_t count = 0;

    bool ok = att_policy_compile(att_str(rows[i].text), NULL, &policy, NULL, &err) &&
              att_policy_lint(policy, rows[i].type, arena, &found, &count, &err);
    for (size_t k = 0; ok && k < count; k++) {
        size_t at = strlen(got);
        (void)snprintf(got + at, sizeof got - at, "%s%s:%u", k ? " " : "", found[k].rule, found[k].line);
        CHECK(found[k].message.len > 40 && found[k].column > 0, "%s: a finding without words", rows[i].name);
    }
    CHECK(ok && strcmp(got, rows[i].want) == 0, "%s: want %s, got %s %s", rows[i].name, rows[i].want, got,
          err.text);
    att_policy_free(policy);
    att_arena_free(arena);
}

static void check_refusals(void)
{
    struct att_arena *tiny = att_arena_new(64);
    const struct att_policy_finding *found = NULL;
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };
    size_t count = 7;

    CHECK(att_policy_compile(att_str(AUTH END), NULL, &policy, NULL, &err), "compiles: %s", err.text);
    CHECK(!att_policy_lint(policy, "enclave", tiny, &found, &count, &err) && err.code == ATT_USAGE &&
              count == 7,
          "an unknown type: %s", err.text);
    err = (struct att_err){ 0 };
    CHECK(!att_policy_lint(policy, "sgx", tiny, &found, &count, &err) && err.code == ATT_OUT_OF_MEMORY &&
              !found,
          "no memory: %s", err.text);
    att_policy_free(policy);
    att_arena_free(tiny);
}

/* 8,000 conditions that each look at what 600 rules made: refused, not slow. */
static void check_work(void)
{
    static char text[120 * 1024];
    struct att_limits limits = att_limits_default;
    struct att_arena *arena = att_arena_new((size_t)64 << 20);
    const struct att_policy_finding *found = NULL;
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };
    size_t count = 0;
    size_t at = (size_t)snprintf(text, sizeof text, "version=1.0;authorizationrules{");

    for (int i = 0; i < 600; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "=>add(type=\"%d\",value=1);", i);
    for (int i = 0; i < 80; i++) {
        for (int k = 0; k < 99; k++)
            at += (size_t)snprintf(text + at, sizeof text - at, "[value<0]&&");
        at += (size_t)snprintf(text + at, sizeof text - at, "[value<%d]=>deny();", i);
    }
    (void)snprintf(text + at, sizeof text - at, "};");
    CHECK(att_policy_compile(att_str(text), &limits, &policy, NULL, &err), "compiles: %s", err.text);
    bool ok = att_policy_lint(policy, "sgx", arena, &found, &count, &err);
    CHECK(!ok && err.code == ATT_POLICY_LIMIT, "work is not counted: %s", err.text);
    att_policy_free(policy);
    att_arena_free(arena);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(i);
    check_refusals();
    check_work();
    return cases_report(&cases);
}
