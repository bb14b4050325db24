/* layers: site access store/memory store/sqlite store base codec */
/* Who may do what where. Every row of the table is asked of the same site; its owner roles are at one place each. */
#include "fixture.h"

static struct cases cases = { .name = "site.allows" };

#define S_A     "/subscriptions/" SUB_A
#define S_A2    "/subscriptions/" SUB_A2
#define S_B     "/subscriptions/" SUB_B
#define G_ONE   S_A "/resourcegroups/one"
#define G_MORE  S_A "/resourcegroups/one-more"
#define P       "/providers/microsoft.attestation/attestationproviders/"
#define P_NORTH G_ONE P "north"
#define P_SOUTH G_ONE P "south"
#define P_AWAY  G_MORE P "away"
#define P_OTHER S_B "/resourcegroups/one" P "foreign"

/* One principal for each role at each place; the rows name them. */
#define SUB_OWNER     "10000000-0000-4000-8000-000000000001"
#define GROUP_OWNER   "10000000-0000-4000-8000-000000000002"
#define NORTH_CONTRIB "10000000-0000-4000-8000-000000000003"
#define NORTH_READER  "10000000-0000-4000-8000-000000000004"
#define SUB_CONTRIB   "10000000-0000-4000-8000-000000000005"
#define SUB_READER    "10000000-0000-4000-8000-000000000006"
#define NOBODY        "10000000-0000-4000-8000-000000000007"
#define B_OWNER       "10000000-0000-4000-8000-000000000008"
#define TEAM_OF_NORTH "10000000-0000-4000-8000-000000000009"
#define ASSIGN        "Microsoft.Authorization/roleAssignments/write"

static const struct {
    const char *name;
    const char *tenant, *principal;
    const char *group; /* of the token; NULL: none */
    const char *resource, *action;
    bool want;
} rows[] = {
    { "owner of the subscription writes a provider", TENANT_A, SUB_OWNER, NULL, P_NORTH, PROVIDER_WRITE,
      true },
    { "owner of the subscription, the subscription itself", TENANT_A, SUB_OWNER, NULL, S_A, PROVIDER_READ,
      true },
    { "owner of the subscription assigns roles", TENANT_A, SUB_OWNER, NULL, P_NORTH, ASSIGN, true },
    { "owner of the subscription, a provider that is not there", TENANT_A, SUB_OWNER, NULL, G_ONE P "none",
      PROVIDER_WRITE, true },
    { "A8: owner of a subscription in another one", TENANT_A, SUB_OWNER, NULL, S_A2, PROVIDER_READ, false },
    { "A8: owner of a subscription, one whose id begins alike", TENANT_A, SUB_OWNER, NULL, S_A "0",
      PROVIDER_READ, false },
    { "owner of the group, a provider in it", TENANT_A, GROUP_OWNER, NULL, P_NORTH, PROVIDER_WRITE, true },
    { "A8: owner of the group, the subscription", TENANT_A, GROUP_OWNER, NULL, S_A, PROVIDER_READ, false },
    { "A8: owner of the group, a provider in a sibling that begins alike", TENANT_A, GROUP_OWNER, NULL,
      P_AWAY, PROVIDER_READ, false },
    { "A8: owner of the group, the sibling", TENANT_A, GROUP_OWNER, NULL, G_MORE, PROVIDER_READ, false },
    { "A8: owner of the group, the same name in another subscription", TENANT_A, GROUP_OWNER, NULL,
      S_A2 "/resourcegroups/one", PROVIDER_READ, false },
    { "A7: contributor of one provider, that one", TENANT_A, NORTH_CONTRIB, NULL, P_NORTH, ATTESTATION_WRITE,
      true },
    { "A7: contributor of one provider, below it", TENANT_A, NORTH_CONTRIB, NULL,
      P_NORTH "/policies/sgxenclave", ATTESTATION_WRITE, true },
    { "A7: contributor of one provider, another", TENANT_A, NORTH_CONTRIB, NULL, P_SOUTH, ATTESTATION_WRITE,
      false },
    { "A7: contributor of one provider, one that begins alike", TENANT_A, NORTH_CONTRIB, NULL, P_NORTH "2",
      ATTESTATION_WRITE, false },
    { "A7: contributor of one provider, its group", TENANT_A, NORTH_CONTRIB, NULL, G_ONE, ATTESTATION_WRITE,
      false },
    { "A6: attestation contributor changes the provider itself", TENANT_A, NORTH_CONTRIB, NULL, P_NORTH,
      PROVIDER_WRITE, false },
    { "attestation reader reads", TENANT_A, NORTH_READER, NULL, P_NORTH, ATTESTATION_READ, true },
    { "A6: attestation reader writes", TENANT_A, NORTH_READER, NULL, P_NORTH, ATTESTATION_WRITE, false },
    { "contributor writes", TENANT_A, SUB_CONTRIB, NULL, P_NORTH, PROVIDER_WRITE, true },
    { "A6: contributor assigns roles", TENANT_A, SUB_CONTRIB, NULL, P_NORTH, ASSIGN, false },
    { "reader reads", TENANT_A, SUB_READER, NULL, P_NORTH, PROVIDER_READ, true },
    { "A6: reader writes", TENANT_A, SUB_READER, NULL, P_NORTH, PROVIDER_WRITE, false },
    { "nobody", TENANT_A, NOBODY, NULL, P_NORTH, PROVIDER_READ, false },
    { "a member of the group", TENANT_A, NOBODY, TEAM_OF_NORTH, P_NORTH, ATTESTATION_WRITE, true },
    { "a member of the group, elsewhere", TENANT_A, NOBODY, TEAM_OF_NORTH, P_SOUTH, ATTESTATION_WRITE,
      false },
    { "a member of another group", TENANT_A, NOBODY, TEAM, P_NORTH, ATTESTATION_WRITE, false },
    { "A4: owner of tenant B in tenant A", TENANT_B, B_OWNER, NULL, P_NORTH, PROVIDER_READ, false },
    { "owner of tenant B at home", TENANT_B, B_OWNER, NULL, P_OTHER, PROVIDER_READ, true },
    { "A4: the same principal with a token of another tenant", TENANT_B, SUB_OWNER, NULL, P_NORTH,
      PROVIDER_READ, false },
    { "A4: owner of tenant A's subscription in tenant B's", TENANT_A, SUB_OWNER, NULL, P_OTHER, PROVIDER_READ,
      false },
    { "A4: a group of tenant A in a token of tenant B", TENANT_B, NOBODY, TEAM_OF_NORTH, P_NORTH,
      ATTESTATION_WRITE, false },
    { "no tenant", NULL, SUB_OWNER, NULL, P_NORTH, PROVIDER_READ, false },
    { "no principal", TENANT_A, NULL, TEAM_OF_NORTH, P_NORTH, ATTESTATION_WRITE, false },
    { "an empty principal", TENANT_A, "", NULL, P_NORTH, PROVIDER_READ, false },
    { "a principal in another case", TENANT_A, "10000000-0000-4000-8000-00000000000A", NULL, P_NORTH,
      PROVIDER_READ, false },
    { "the root", TENANT_A, SUB_OWNER, NULL, "/", PROVIDER_READ, false },
    { "nothing", TENANT_A, SUB_OWNER, NULL, "", PROVIDER_READ, false },
    { "all subscriptions", TENANT_A, SUB_OWNER, NULL, "/subscriptions", PROVIDER_READ, false },
    { "no subscription", TENANT_A, SUB_OWNER, NULL, "/subscriptions/", PROVIDER_READ, false },
    { "a provider without subscription", TENANT_A, SUB_OWNER, NULL, P "north", PROVIDER_READ, false },
    { "A10: a slash at the end", TENANT_A, SUB_OWNER, NULL, S_A "/", PROVIDER_READ, false },
    { "A10: two slashes", TENANT_A, SUB_OWNER, NULL, S_A "//resourcegroups/one", PROVIDER_READ, false },
    { "A10: up and down again", TENANT_A, GROUP_OWNER, NULL, G_ONE "/../one-more", PROVIDER_READ, false },
    { "A10: capitals", TENANT_A, SUB_OWNER, NULL, "/SUBSCRIPTIONS/" SUB_A, PROVIDER_READ, false },
    { "an action with a wildcard", TENANT_A, SUB_OWNER, NULL, P_NORTH, "*", false },
    { "an empty action", TENANT_A, SUB_OWNER, NULL, P_NORTH, "", false },
};

static void table(struct site *s)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        const char *groups[] = { TEAM, rows[i].group };
        struct access_identity who = {
            .tenant = rows[i].tenant,
            .principal = rows[i].principal,
            .name = "somebody",
            .groups = groups,
            .group_count = rows[i].group ? 2 : 0,
        };
        bool got = site_allows(s, &who, rows[i].resource, rows[i].action, &err);
        cases_check(&cases, got == rows[i].want && (got ? err.code == ATT_OK : err.code == ATT_ACCESS_DENIED),
                    "%s: wanted %s", rows[i].name, rows[i].want ? "yes" : "no");
    }
}

static void deny(struct site *s, const char *tenant, const char *principal, const char *resource,
                 const char *action, struct att_err *ret)
{
    struct access_identity who = { .tenant = tenant, .principal = principal, .name = "somebody" };

    *ret = (struct att_err){ 0 };
    cases_check(&cases, !site_allows(s, &who, resource, action, ret), "denied: %s", resource);
}

/* Two refusals may differ in nothing but the id that the caller itself has sent. */
static bool same_but(const struct att_err *a, const char *a_id, const struct att_err *b, const char *b_id)
{
    char x[sizeof a->text];
    char y[sizeof b->text];
    const char *at_a = strstr(a->text, a_id);
    const char *at_b = strstr(b->text, b_id);

    if (!at_a || !at_b || strlen(a_id) != strlen(b_id))
        return false;
    (void)snprintf(x, sizeof x, "%.*s%s", (int)(at_a - a->text), a->text, at_a + strlen(a_id));
    (void)snprintf(y, sizeof y, "%.*s%s", (int)(at_b - b->text), b->text, at_b + strlen(b_id));
    return a->code == b->code && strcmp(a->where, b->where) == 0 && strcmp(a->expected, b->expected) == 0 &&
           strcmp(x, y) == 0;
}

static void silence(struct site *s)
{
    struct att_err there;
    struct att_err not_there;

    deny(s, TENANT_A, NOBODY, P_NORTH, PROVIDER_READ, &there);
    deny(s, TENANT_A, NOBODY, G_ONE P "nrthx", PROVIDER_READ, &not_there);
    cases_check(&cases, same_but(&there, P_NORTH, &not_there, G_ONE P "nrthx"),
                "A26: a provider that is there and one that is not: \"%s\", \"%s\"", there.text,
                not_there.text);
    deny(s, TENANT_A, SUB_OWNER, S_B, PROVIDER_READ, &there);
    deny(s, TENANT_A, SUB_OWNER, "/subscriptions/" TEAM, PROVIDER_READ, &not_there);
    cases_check(&cases, same_but(&there, S_B, &not_there, "/subscriptions/" TEAM),
                "A26: another tenant's subscription and none at all");
    deny(s, TENANT_B, SUB_OWNER, S_A, PROVIDER_READ, &there);
    cases_check(&cases, same_but(&there, S_A, &not_there, "/subscriptions/" TEAM),
                "A26: a caller of another tenant and no subscription");
    cases_check(&cases,
                strstr(there.text, PROVIDER_READ) && strstr(there.text, S_A) && !strstr(there.text, TENANT_A),
                "A25: the refusal names action and scope, and no tenant: %s", there.text);
    deny(s, TENANT_A, NOBODY, "/subscriptions/\n\x1b[31m\xff", PROVIDER_READ, &there);
    bool clean = true;
    for (const char *c = there.text; *c; c++)
        clean = clean && *c >= 0x20 && *c < 0x7f;
    cases_check(&cases, clean, "a path of any bytes is printable in the refusal");
    char *long_path = calloc(1, 5000);
    struct att_err err = { 0 };
    must(long_path != NULL, &err, "memory");
    (void)snprintf(long_path, 5000, "%s/%04000d", S_A, 7);
    deny(s, TENANT_A, SUB_OWNER, long_path, PROVIDER_READ, &there);
    free(long_path);
}

/* As many groups as a token can have, assignments at every level, and the right one last. */
static void many(struct site *s)
{
    static char names[ACCESS_GROUPS_MAX][40];
    const char *groups[ACCESS_GROUPS_MAX];
    struct att_err err = { 0 };

    for (unsigned i = 0; i < ACCESS_GROUPS_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "20000000-0000-4000-8000-%012u", i);
        groups[i] = names[i];
        if (i % 16 == 0)
            assign(s, TENANT_A, P_SOUTH, names[i], OWNER);
    }
    struct access_identity who = { .tenant = TENANT_A,
                                   .principal = NOBODY,
                                   .name = "",
                                   .groups = groups,
                                   .group_count = ACCESS_GROUPS_MAX };
    cases_check(&cases, !site_allows(s, &who, P_NORTH, PROVIDER_READ, &err), "none of 256 groups");
    assign(s, TENANT_A, G_ONE, names[ACCESS_GROUPS_MAX - 1], READER);
    err = (struct att_err){ 0 };
    cases_check(&cases, site_allows(s, &who, P_NORTH, PROVIDER_READ, &err), "the last of 256 groups");
    who.group_count--;
    cases_check(&cases, !site_allows(s, &who, P_NORTH, PROVIDER_READ, &err),
                "all but the last of 256 groups");
}

int main(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    struct town t;

    build(s, &t);
    assign(s, TENANT_A, S_A, SUB_OWNER, OWNER);
    assign(s, TENANT_A, G_ONE, GROUP_OWNER, OWNER);
    assign(s, TENANT_A, P_NORTH, NORTH_CONTRIB, ATTESTATION_CONTRIBUTOR);
    assign(s, TENANT_A, P_NORTH, NORTH_READER, ATTESTATION_READER);
    assign(s, TENANT_A, S_A, SUB_CONTRIB, CONTRIBUTOR);
    assign(s, TENANT_A, S_A, SUB_READER, READER);
    assign(s, TENANT_B, S_B, B_OWNER, OWNER);
    assign(s, TENANT_A, P_NORTH, TEAM_OF_NORTH, ATTESTATION_CONTRIBUTOR);
    table(s);
    silence(s);
    many(s);
    site_close(s);
    store_close(store);
    return cases_report(&cases);
}
