/* layers: api/arm keys api service signer store store/memory site access http attest base codec */
/* Diagnostic settings: what may be asked for, what comes back, and where records go by them. */
#include "codec/json.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.diagnostic" };

#define P          RIG_PROVIDERS "/Logged"
#define INSIGHTS   "/providers/Microsoft.Insights/"
#define SETTINGS   P INSIGHTS "diagnosticSettings"
#define CATEGORIES P INSIGHTS "diagnosticSettingsCategories"
#define WORKSPACE  "\"workspaceId\":\"/subscriptions/x/providers/y/attestdSinks/siem\""

static char *setting(const char *destination, const char *logs)
{
    return textf("{\"properties\":{%s,\"logs\":[%s]}}", destination, logs);
}

static const char all_logs[] = "{\"categoryGroup\":\"allLogs\",\"enabled\":true}";

static void lifecycle(struct rig *r)
{
    struct reply got = ask(r, "GET", SETTINGS, NULL);
    cases_check(&cases, got.status == 200 && value_count(&got) == 0, "none: %s", got.body);
    expect(&cases, "GET of none", ask(r, "GET", SETTINGS "/s1", NULL), 404, "ResourceNotFound");
    expect(&cases, "DELETE of none", ask(r, "DELETE", SETTINGS "/s1", NULL), 204, "");

    got = ask(
        r, "PUT", SETTINGS "/S1",
        setting(WORKSPACE ",\"metrics\":[{\"category\":\"AllMetrics\",\"enabled\":false}],"
                          "\"storageAccountId\":null,\"logAnalyticsDestinationType\":\"Dedicated\"",
                "{\"category\":\"Operational\",\"categoryGroup\":null,\"enabled\":true,\"retentionPolicy\":"
                "{\"enabled\":false,\"days\":0}},{\"category\":\"AuditEvent\",\"enabled\":false}"));
    expect(&cases, "PUT", got, 200, "");
    expect_text(&cases, "PUT", &got, "id", SETTINGS "/S1");
    expect_text(&cases, "PUT", &got, "name", "S1");
    expect_text(&cases, "PUT", &got, "type", "Microsoft.Insights/diagnosticSettings");
    expect_text(&cases, "PUT", &got, "properties.workspaceId",
                "/subscriptions/x/providers/y/attestdSinks/siem");
    expect_text(&cases, "PUT", &got, "properties.logAnalyticsDestinationType", "Dedicated");
    expect_text(&cases, "PUT", &got, "properties.storageAccountId", "null");
    expect_text(&cases, "PUT", &got, "properties.logs.0.category", "Operational");
    expect_text(&cases, "PUT", &got, "properties.logs.0.enabled", "true");
    expect_text(&cases, "PUT", &got, "properties.logs.0.retentionPolicy.enabled", "false");
    expect_text(&cases, "PUT", &got, "properties.logs.1.enabled", "false");
    expect_text(&cases, "PUT", &got, "systemData.createdBy", RIG_OWNER);
    const struct reply again = ask(r, "GET", SETTINGS "/s1", NULL);
    cases_check(&cases, strcmp(again.body, got.body) == 0 && strcmp(again.etag, "\"1\"") == 0,
                "GET gives the same: %s", again.body);

    r->if_none_match = "*";
    expect(&cases, "If-None-Match", ask(r, "PUT", SETTINGS "/s1", setting(WORKSPACE, all_logs)), 412,
           "PreconditionFailed");
    got = ask(r, "PUT", SETTINGS "/s1", setting(WORKSPACE, all_logs));
    expect(&cases, "PUT replaces", got, 200, "");
    expect_text(&cases, "the name stays as first written", &got, "name", "S1");
    expect_text(&cases, "what is not sent is gone", &got, "properties.logAnalyticsDestinationType", "null");
    expect_text(&cases, "a group stays a group", &got, "properties.logs.0.categoryGroup", "allLogs");
    got = ask(r, "GET", SETTINGS, NULL);
    cases_check(&cases, value_count(&got) == 1, "one in the list: %s", got.body);
    expect(&cases, "DELETE", ask(r, "DELETE", SETTINGS "/S1", NULL), 200, "");
    expect(&cases, "DELETE again", ask(r, "DELETE", SETTINGS "/s1", NULL), 204, "");
}

static void categories(struct rig *r)
{
    struct reply got = ask(r, "GET", CATEGORIES, NULL);

    cases_check(&cases, got.status == 200 && value_count(&got) == 3, "three categories: %s", got.body);
    got = ask(r, "GET", CATEGORIES "/auditevent", NULL);
    expect_text(&cases, "AuditEvent", &got, "name", "AuditEvent");
    expect_text(&cases, "AuditEvent", &got, "id", CATEGORIES "/AuditEvent");
    expect_text(&cases, "AuditEvent", &got, "type", "Microsoft.Insights/diagnosticSettingsCategories");
    expect_text(&cases, "AuditEvent", &got, "properties.categoryType", "Logs");
    expect_text(&cases, "AuditEvent", &got, "properties.categoryGroups", "[\"audit\",\"allLogs\"]");
    got = ask(r, "GET", CATEGORIES "/Operational", NULL);
    expect_text(&cases, "Operational", &got, "properties.categoryGroups", "[\"allLogs\"]");
    expect(&cases, "no such category", ask(r, "GET", CATEGORIES "/AllMetrics", NULL), 404,
           "ResourceNotFound");
    expect(&cases, "of no provider",
           ask(r, "GET", RIG_PROVIDERS "/none" INSIGHTS "diagnosticSettingsCategories", NULL), 404,
           "ResourceNotFound");
}

static const struct {
    const char *name, *body;
    enum att_code why;
} wrong[] = {
    { "no body", "", ATT_JSON_SYNTAX },
    { "no properties", "{}", ATT_PARAMETER_MISSING },
    { "properties that are a list", "{\"properties\":[]}", ATT_JSON_TYPE },
    { "no destination", "{\"properties\":{\"logs\":[{\"category\":\"AuditEvent\",\"enabled\":true}]}}",
      ATT_DIAGNOSTIC_INVALID },
#define ONE    "\"logs\":[{\"category\":\"AuditEvent\",\"enabled\":true}]"
#define TO(id) "{\"properties\":{\"workspaceId\":\"" id "\"," ONE "}}"
    { "a workspace of another service",
      TO("/subscriptions/x/providers/Microsoft.OperationalInsights/workspaces/w"), ATT_DIAGNOSTIC_INVALID },
    { "a sink that is not there", TO("/x/attestdSinks/nobody"), ATT_SINK_UNKNOWN },
    { "a sink without a name", TO("/x/attestdSinks/"), ATT_SINK_UNKNOWN },
    { "a segment behind the sink", TO("/x/attestdSinks/siem/y"), ATT_DIAGNOSTIC_INVALID },
    { "a type that ends like ours", TO("/x/notattestdSinks/siem"), ATT_DIAGNOSTIC_INVALID },
    { "no path", TO("attestdSinks/siem"), ATT_DIAGNOSTIC_INVALID },
    { "a file", TO("file:///etc/passwd"), ATT_DIAGNOSTIC_INVALID },
    { "an address", TO("https://attacker.example/attestdSinks/siem"), ATT_DIAGNOSTIC_INVALID },
    { "a destination that is a number", "{\"properties\":{\"workspaceId\":1," ONE "}}", ATT_JSON_TYPE },
    { "a storage account", "{\"properties\":{\"storageAccountId\":\"/x\"," ONE "}}", ATT_DIAGNOSTIC_INVALID },
    { "a storage account beside a sink",
      "{\"properties\":{\"storageAccountId\":\"/x\"," WORKSPACE "," ONE "}}", ATT_DIAGNOSTIC_INVALID },
    { "an event hub", "{\"properties\":{\"eventHubAuthorizationRuleId\":\"/x\"," WORKSPACE "," ONE "}}",
      ATT_DIAGNOSTIC_INVALID },
    { "an event hub's name", "{\"properties\":{\"eventHubName\":\"x\"," WORKSPACE "," ONE "}}",
      ATT_DIAGNOSTIC_INVALID },
    { "a service bus", "{\"properties\":{\"serviceBusRuleId\":\"/x\"," WORKSPACE "," ONE "}}",
      ATT_DIAGNOSTIC_INVALID },
    { "a partner", "{\"properties\":{\"marketplacePartnerId\":\"/x\"," WORKSPACE "," ONE "}}",
      ATT_DIAGNOSTIC_INVALID },
    { "a table type that is none",
      "{\"properties\":{\"logAnalyticsDestinationType\":\"x\"," WORKSPACE "," ONE "}}",
      ATT_DIAGNOSTIC_INVALID },
#define LOGS(lines) "{\"properties\":{" WORKSPACE ",\"logs\":" lines "}}"
    { "no logs", "{\"properties\":{" WORKSPACE "}}", ATT_DIAGNOSTIC_INVALID },
    { "an empty list of logs", LOGS("[]"), ATT_DIAGNOSTIC_INVALID },
    { "none that is enabled", LOGS("[{\"category\":\"AuditEvent\",\"enabled\":false}]"),
      ATT_DIAGNOSTIC_INVALID },
    { "one that does not say", LOGS("[{\"category\":\"AuditEvent\"}]"), ATT_DIAGNOSTIC_INVALID },
    { "a category that is none", LOGS("[{\"category\":\"Audit\",\"enabled\":true}]"),
      ATT_DIAGNOSTIC_INVALID },
    { "a group as a category", LOGS("[{\"category\":\"allLogs\",\"enabled\":true}]"),
      ATT_DIAGNOSTIC_INVALID },
    { "a category as a group", LOGS("[{\"categoryGroup\":\"AuditEvent\",\"enabled\":true}]"),
      ATT_DIAGNOSTIC_INVALID },
    { "a category and a group",
      LOGS("[{\"category\":\"AuditEvent\",\"categoryGroup\":\"audit\",\"enabled\":true}]"),
      ATT_DIAGNOSTIC_INVALID },
    { "neither", LOGS("[{\"enabled\":true}]"), ATT_DIAGNOSTIC_INVALID },
    { "a category twice",
      LOGS(
          "[{\"category\":\"AuditEvent\",\"enabled\":true},{\"category\":\"auditevent\",\"enabled\":false}]"),
      ATT_DIAGNOSTIC_INVALID },
    { "retention",
      LOGS("[{\"category\":\"AuditEvent\",\"enabled\":true,\"retentionPolicy\":{\"enabled\":true,\"days\":30}"
           "}]"),
      ATT_DIAGNOSTIC_INVALID },
    { "enabled, as text", LOGS("[{\"category\":\"AuditEvent\",\"enabled\":\"true\"}]"), ATT_JSON_TYPE },
    { "logs that are an object", LOGS("{}"), ATT_JSON_TYPE },
    { "a log that is text", LOGS("[\"AuditEvent\"]"), ATT_JSON_TYPE },
    { "metrics",
      "{\"properties\":{" WORKSPACE "," ONE ",\"metrics\":[{\"category\":\"AllMetrics\",\"enabled\":true}]}}",
      ATT_DIAGNOSTIC_INVALID },
    { "a member twice",
      "{\"properties\":{" WORKSPACE ",\"WORKSPACEID\":\"/x/attestdSinks/archive\"," ONE "}}",
      ATT_JSON_DUPLICATE },
};

static void refusals(struct rig *r)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_why(&cases, wrong[i].name, ask(r, "PUT", SETTINGS "/bad", wrong[i].body), wrong[i].why);
    struct reply got = ask(r, "PUT", SETTINGS "/bad", TO("/x/attestdSinks/nobody"));
    cases_check(&cases, strstr(got.body, "archive, siem") != NULL, "who may write is told what there is: %s",
                got.body);
    got = ask(r, "GET", SETTINGS, NULL);
    cases_check(&cases, value_count(&got) == 0, "nothing was made: %s", got.body);
    static const char *const names[] = { "a*b", "a%3Cb", "a%20", "a.", "a&b" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect_why(&cases, names[i],
                   ask(r, "PUT", textf(SETTINGS "/%s", names[i]), setting(WORKSPACE, all_logs)),
                   ATT_NAME_INVALID);
    expect_why(&cases, "a name of 261",
               ask(r, "PUT", textf(SETTINGS "/%0261d", 1), setting(WORKSPACE, all_logs)), ATT_NAME_INVALID);
    expect(
        &cases, "no provider",
        ask(r, "PUT", RIG_PROVIDERS "/none" INSIGHTS "diagnosticSettings/s1", setting(WORKSPACE, all_logs)),
        404, "ResourceNotFound");
}

/* What a caller without the right learns: nothing about sinks. */
static void strangers(struct rig *r)
{
    r->who = rig_who("reader");
    rig_assign(r, P, "reader", "Reader");
    struct reply got = ask(r, "PUT", SETTINGS "/s1", TO("/x/attestdSinks/nobody"));
    expect(&cases, "A25: who may not write", got, 403, "AuthorizationFailed");
    cases_check(&cases, !strstr(got.body, "siem"), "A25: is not told what sinks there are: %s", got.body);
    expect(&cases, "a Reader reads", ask(r, "GET", SETTINGS, NULL), 200, "");
    r->who = rig_owner;
    r->who.tenant = RIG_OTHER_TENANT;
    r->who.principal = RIG_FOREIGNER;
    got = ask(r, "GET", SETTINGS, NULL);
    expect(&cases, "A23: another tenant's owner", got, 403, "AuthorizationFailed");
    cases_check(&cases, !strstr(got.body, "siem"), "A23: learns nothing: %s", got.body);
    r->who = rig_owner;
}

static void full(struct rig *r)
{
    for (int i = 0; i < 5; i++)
        expect(&cases, "one of five", ask(r, "PUT", textf(SETTINGS "/s%d", i), setting(WORKSPACE, all_logs)),
               200, "");
    expect(&cases, "a sixth", ask(r, "PUT", SETTINGS "/s5", setting(WORKSPACE, all_logs)), 409,
           "QuotaExceeded");
    expect(&cases, "another of the five", ask(r, "PUT", SETTINGS "/s4", setting(WORKSPACE, all_logs)), 200,
           "");
    for (int i = 0; i < 5; i++)
        expect(&cases, "DELETE", ask(r, "DELETE", textf(SETTINGS "/s%d", i), NULL), 200, "");
}

static const struct {
    const char *name, *destination, *logs;
    uint32_t sinks[SERVICE_LOGS]; /* operational, audit, not processed */
} ways[] = {
    { "allLogs", WORKSPACE, all_logs, { 1u << 5, 1u << 5, 1u << 5 } },
    { "audit", WORKSPACE, "{\"categoryGroup\":\"AUDIT\",\"enabled\":true}", { 0, 1u << 5, 0 } },
    { "Operational", WORKSPACE, "{\"category\":\"operational\",\"enabled\":true}", { 1u << 5, 0, 0 } },
    { "NotProcessed",
      "\"workspaceId\":\"/ATTESTDSINKS/Archive\"",
      "{\"category\":\"NotProcessed\",\"enabled\":true}",
      { 0, 0, 1 } },
    { "two of which one is off",
      WORKSPACE,
      "{\"category\":\"AuditEvent\",\"enabled\":true},{\"category\":\"Operational\",\"enabled\":false}",
      { 0, 1u << 5, 0 } },
};

static bool sinks_are(struct rig *r, const uint32_t want[SERVICE_LOGS])
{
    const struct site_provider *p = site_provider_by_name(r->site, "logged");
    const struct service_record_facts *facts = NULL;
    struct att_err err = { 0 };

    rig_must(p && service_record_facts(r->service, p, &facts, &err), "facts", &err);
    bool same = memcmp(facts->sinks, want, sizeof facts->sinks) == 0 && strcmp(facts->resource_id, P) == 0;
    site_unref(p);
    return same;
}

static void directions(struct rig *r)
{
    static const uint32_t none[SERVICE_LOGS] = { 0 };
    static const uint32_t both[SERVICE_LOGS] = { 1u << 5, 1u << 5, 1u << 5 | 1 };

    cases_check(&cases, sinks_are(r, none), "without a setting nothing goes anywhere");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        expect(&cases, ways[i].name, ask(r, "PUT", SETTINGS "/s", setting(ways[i].destination, ways[i].logs)),
               200, "");
        cases_check(&cases, sinks_are(r, ways[i].sinks), "%s: the sinks of the provider", ways[i].name);
    }
    expect(&cases, "all", ask(r, "PUT", SETTINGS "/s", setting(WORKSPACE, all_logs)), 200, "");
    expect(&cases, "and", ask(r, "PUT", SETTINGS "/t", setting(ways[3].destination, ways[3].logs)), 200, "");
    cases_check(&cases, sinks_are(r, both), "two settings add up");
    expect(&cases, "DELETE", ask(r, "DELETE", SETTINGS "/t", NULL), 200, "");
    expect(&cases, "DELETE", ask(r, "DELETE", SETTINGS "/s", NULL), 200, "");
    cases_check(&cases, sinks_are(r, none), "and go with them");
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    rig_group(&r, RIG_GROUP);
    rig_provider(&r, P);
    lifecycle(&r);
    categories(&r);
    refusals(&r);
    strangers(&r);
    full(&r);
    directions(&r);
    rig_free(&r);
    return cases_report(&cases);
}
