/* Which claims a policy may look at: what is made for it alone may be left out only where this says no. */
#include <attest/policy.h>

#include <stdio.h>

#include "support/cases.h"

static struct cases cases = { .name = "policy.reads" };

static const struct {
    const char *condition;
    bool events, other; /* "events", "another" */
} rows[] = {
    { "", false, false },
    { "[type==\"events\"]", true, false },
    { "c:[type==\"events\",issuer==\"AttestationService\"]", true, false },
    { "![type==\"events\"]", true, false },
    { "[type==\"Events\"]", false, false },
    { "[type==\"events2\"]", false, false },
    { "[type==\"aikValidated\"]&&[type==\"events\",value==\"x\"]", true, false },
    { "[value==true]", true, true },
    { "[]", true, true },
    { "[type!=\"events\"]", true, true },
    { "[issuer==\"AttestationService\"]", true, true },
    { "a:[type==\"another\"]&&[type==a.value]", true, true },
    { "[type==AppendString(\"eve\",\"nts\")]", true, true },
};

static void row(const char *condition, const char *section, bool events, bool other)
{
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };
    char text[512];

    (void)snprintf(
        text, sizeof text,
        "version=1.2;configurationrules{%s%s};authorizationrules{%s=>permit();};issuancerules{%s%s};",
        section[0] == 'c' ? condition : "", section[0] == 'c' ? "=>issueproperty(type=\"x\",value=1);" : "",
        section[0] == 'a' ? condition : "", section[0] == 'i' ? condition : "",
        section[0] == 'i' ? "=>add(type=\"x\",value=1);" : "");
    bool ok = att_policy_compile(att_str(text), NULL, &policy, NULL, &err);
    cases_check(&cases, ok, "%s: %s", text, err.text);
    cases_check(
        &cases,
        !ok || (att_policy_reads(policy, "events") == events && att_policy_reads(policy, "another") == other),
        "%s in %s", condition, section);
    att_policy_free(policy);
}

int main(void)
{
    static const char *const sections[] = { "authorization", "configuration", "issuance" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t s = 0; s < sizeof sections / sizeof sections[0]; s++)
            row(rows[i].condition, sections[s], rows[i].events,
                rows[i].other || (strstr(rows[i].condition, "another") != NULL));
    return cases_report(&cases);
}
