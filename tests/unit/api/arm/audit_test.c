/* layers: api/arm keys api service signer store store/memory site access authority http attest base codec */
/* The audit trail over REST: what each may see of it, and its pages. */
#include "api/arm/roles.h"
#include "codec/json.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.audit" };

#define V     "?api-version=2026-01-01"
#define TRAIL "/providers/Microsoft.Attestation/auditRecords"
#define ONE   RIG_PROVIDERS "/One"
#define TWO   RIG_PROVIDERS "/Two"
#define ANNE  "a44e0000-0000-4000-8000-000000000001"
#define BOB   "b0b00000-0000-4000-8000-000000000001"

static const struct api_route *const tables[] = { api_arm_routes, api_arm_role_routes, NULL };

static struct reply trail(struct rig *r, const char *scope, const char *query)
{
    return ask(r, "GET", textf("%s" TRAIL V "%s", scope, query), NULL);
}

static bool all_contain(const struct reply *got, const char *part)
{
    int n = value_count(got);

    for (int i = 0; i < n; i++) {
        if (!strstr(text_at(got, textf("value.%d.scope", i)), part))
            return false;
    }
    return n > 0;
}

static void seen(struct rig *r)
{
    struct reply got = trail(r, RIG_SUB, "&top=1000");
    struct reply group = trail(r, RIG_GROUP, "&top=1000");
    struct reply one = trail(r, ONE, "");
    int n = value_count(&got);

    expect(&cases, "the subscription's trail", got, 200, "");
    cases_check(&cases, n > 4 && !has_at(&got, "nextLink"), "all of it: %d", n);
    cases_check(&cases,
                !strstr(got.body, RIG_FOREIGN_ID) && !strstr(got.body, RIG_OTHER_TENANT) &&
                    !strstr(got.body, RIG_SUB2_ID),
                "A25: nothing of other tenants or subscriptions");
    cases_check(&cases, all_contain(&group, "/resourcegroups/lab") && value_count(&group) < n,
                "a group's trail is its own: %d", value_count(&group));
    cases_check(&cases, all_contain(&one, "/one") && value_count(&one) == 1, "a provider's trail: %d",
                value_count(&one));
    expect_text(&cases, "a record", &one, "value.0.outcome", "done");
    expect_text(&cases, "a record", &one, "value.0.principal", RIG_OWNER);
    expect_text(&cases, "a record", &one, "value.0.action",
                "Microsoft.Attestation/attestationProviders/write");
    expect(&cases, "of what is not there (any more)", trail(r, RIG_PROVIDERS "/gone", ""), 200, "");
}

static void who(struct rig *r)
{
    rig_assign(r, TWO, ANNE, "Contributor");
    r->who = rig_who(ANNE);
    expect(&cases, "the contributor of a provider sees its trail", trail(r, TWO, ""), 200, "");
    expect(&cases, "A23: not another provider's", trail(r, ONE, ""), 403, "AuthorizationFailed");
    expect(&cases, "A23: nor the group's", trail(r, RIG_GROUP, ""), 403, "AuthorizationFailed");
    expect(&cases, "A23: nor the subscription's", trail(r, RIG_SUB, ""), 403, "AuthorizationFailed");
    expect(&cases, "A26: one that is not there is refused alike", trail(r, RIG_PROVIDERS "/gone", ""), 403,
           "AuthorizationFailed");
    r->who = rig_owner;
    rig_assign(r, RIG_SUB, BOB, "Attestation Contributor");
    r->who = rig_who(BOB);
    expect(&cases, "A6: attestation roles do not see it", trail(r, RIG_SUB, ""), 403, "AuthorizationFailed");
    r->who = rig_owner;
    rig_assign(r, RIG_SUB, BOB, "Reader");
    r->who = rig_who(BOB);
    expect(&cases, "a Reader does", trail(r, RIG_SUB, ""), 200, "");
    r->who = rig_owner;
    expect(&cases, "A4: another tenant's", trail(r, RIG_FOREIGN, ""), 403, "AuthorizationFailed");
    expect_why(&cases, "of no scope", trail(r, RIG_SUB "/locations/eastus", ""), ATT_PARAMETER_INVALID);
}

/* Page by page the same records in the same order, each once. */
static void pages(struct rig *r, int top)
{
    struct reply whole = trail(r, RIG_SUB, "&top=1000");
    int total = value_count(&whole), at = 0;
    const char *next = textf(RIG_SUB TRAIL V "&top=%d", top);

    for (int page = 0; page < 200; page++) {
        struct reply got = ask(r, "GET", next, NULL);
        int n = value_count(&got);
        if (got.status != 200 || n < 0 || n > top)
            cases_check(&cases, false, "page %d: %d, %d records", page, got.status, n);
        for (int i = 0; i < n; i++, at++) {
            if (strcmp(text_at(&got, textf("value.%d.seq", i)), text_at(&whole, textf("value.%d.seq", at))) !=
                0)
                cases_check(&cases, false, "page %d, record %d is another one", page, i);
        }
        if (!has_at(&got, "nextLink"))
            break;
        next = text_at(&got, "nextLink");
        cases_check(&cases, n == top && strncmp(next, "https://attest.test/", 20) == 0, "the link %s", next);
        next += strlen("https://attest.test");
    }
    cases_check(&cases, at == total, "pages of %d: %d of %d records", top, at, total);
}

static void numbers(struct rig *r)
{
    static const char *const bad[] = { "&top=0",
                                       "&top=1001",
                                       "&top=",
                                       "&top=-1",
                                       "&top=1e3",
                                       "&top=0x10",
                                       "&top=%2B5",
                                       "&top=1&top=2",
                                       "&after=-1",
                                       "&after=x",
                                       "&after=9999999999999999999",
                                       "&after=1.5",
                                       "&after=" };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cases_check(&cases, trail(r, RIG_SUB, bad[i]).status == 400, "%s", bad[i]);
    struct reply got = trail(r, RIG_SUB, "&after=999999999999999999");
    cases_check(&cases, value_count(&got) == 0 && !has_at(&got, "nextLink"), "behind the end");
    got = trail(r, RIG_SUB, "&top=2");
    cases_check(&cases, value_count(&got) == 2 && has_at(&got, "nextLink"), "two");
}

/* A record of another trail is not shown, wherever its scope lies: such as a refusal from before the subscription was. */
static void other_trails(struct rig *r)
{
    const struct site_record record = { .tenant = "site",
                                        .scope = "/subscriptions/" RIG_SUB_ID,
                                        .operation = "test",
                                        .request_id = "of-another-trail",
                                        .refusal = &(struct att_err){ .code = ATT_ACCESS_DENIED },
                                        .via = "rest" };
    struct att_err err = { 0 };

    rig_must(site_record_refusal(r->site, 1800000000, &record, &err), "record", &err);
    struct reply got = trail(r, RIG_SUB, "&top=1000");
    cases_check(&cases, got.status == 200 && !strstr(got.body, "of-another-trail"),
                "A23: a record of another trail");
}

/* Many and large: an answer ends before it is too large, and says how it goes on. */
static void large(struct rig *r)
{
    for (int i = 0; i < 400; i++) {
        const struct site_record record = { .tenant = RIG_TENANT,
                                            .scope = textf("%s", "/subscriptions/" RIG_SUB2_ID),
                                            .operation = "test",
                                            .name = textf("%0500d", i),
                                            .request_id = textf("%0500d", i),
                                            .client = textf("%0500d", i),
                                            .principal = textf("%0500d", i),
                                            .issuer = textf("%0500d", i),
                                            .action = textf("%0500d", i),
                                            .refusal = &(struct att_err){ .code = ATT_ACCESS_DENIED },
                                            .via = "rest" };
        struct att_err err = { 0 };
        rig_must(site_record_refusal(r->site, 1800000000, &record, &err), "record", &err);
    }
    struct reply got = trail(r, RIG_SUB2, "&top=1000");
    int n = value_count(&got);
    cases_check(&cases,
                got.status == 200 && n > 100 && n < 400 && has_at(&got, "nextLink") &&
                    strlen(got.body) < (1 << 20) + 8192,
                "an early end: %d records, %zu bytes", n, strlen(got.body));
    got = ask(r, "GET", text_at(&got, "nextLink") + strlen("https://attest.test"), NULL);
    cases_check(&cases, n + value_count(&got) >= 400, "and the rest: %d", value_count(&got));
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    r.api.options.tables = tables;
    rig_group(&r, RIG_GROUP);
    rig_provider(&r, ONE);
    rig_provider(&r, TWO);
    for (int i = 0; i < 20; i++)
        rig_group(&r, textf(RIG_SUB "/resourceGroups/g%d", i));
    seen(&r);
    who(&r);
    pages(&r, 1);
    pages(&r, 3);
    pages(&r, 8);
    pages(&r, 9);
    numbers(&r);
    other_trails(&r);
    large(&r);
    rig_free(&r);
    return cases_report(&cases);
}
