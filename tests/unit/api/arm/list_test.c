/* layers: api/arm keys api service signer store store/memory site access http attest base codec */
/* Lists: of subscriptions, groups, providers, resources; filters; a thousand providers in one answer. */
#include "codec/json.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.list" };

#define NAMESPACE RIG_SUB "/providers/Microsoft.Attestation"

static void count_is(const char *name, const struct reply *got, int want)
{
    int count = value_count(got);

    cases_check(&cases, got->status == 200 && count == want, "%s: %d, %d of %d: %.200s", name, got->status,
                count, want, got->body);
    cases_check(&cases, !strstr(got->body, "nextLink"), "%s: no next page", name);
}

static void signing_in(struct rig *r)
{
    struct reply got = ask(r, "GET", "/subscriptions?api-version=2019-11-01", NULL);

    count_is("the owner's", &got, 2);
    expect_text(&cases, "a subscription", &got, "value.0.id", RIG_SUB);
    expect_text(&cases, "a subscription", &got, "value.0.subscriptionId", RIG_SUB_ID);
    expect_text(&cases, "a subscription", &got, "value.0.displayName", "First");
    expect_text(&cases, "a subscription", &got, "value.0.tenantId", RIG_TENANT);
    expect_text(&cases, "a subscription", &got, "value.0.state", "Enabled");
    cases_check(&cases, !strstr(got.body, RIG_FOREIGN_ID), "A25: not the other tenant's: %s", got.body);
    got = ask(r, "GET", RIG_SUB, NULL);
    expect_text(&cases, "one subscription", &got, "displayName", "First");
    got = ask(r, "GET", RIG_SUB "/locations", NULL);
    count_is("locations", &got, 1);
    expect_text(&cases, "a location", &got, "value.0.name", "eastus");
    expect_text(&cases, "a location", &got, "value.0.displayName", "East US");
    got = ask(r, "GET", "/tenants", NULL);
    count_is("tenants", &got, 1);
    expect_text(&cases, "a tenant", &got, "value.0.tenantId", RIG_TENANT);

    rig_assign(r, RIG_PROVIDERS "/first", "low", "Attestation Reader");
    r->who = rig_who("low");
    got = ask(r, "GET", "/subscriptions", NULL);
    count_is("whoever has a role somewhere inside", &got, 1);
    expect(&cases, "A6: and may not read it", ask(r, "GET", RIG_SUB, NULL), 403, "AuthorizationFailed");
    static const char *const groups[] = { "team", "low" };
    r->who = rig_who("nobody");
    got = ask(r, "GET", "/subscriptions", NULL);
    count_is("nobody's", &got, 0);
    r->who.groups = groups;
    r->who.group_count = 2;
    got = ask(r, "GET", "/subscriptions", NULL);
    count_is("by a group", &got, 1);
    r->who = rig_who(RIG_OWNER);
    r->who.tenant = RIG_OTHER_TENANT;
    got = ask(r, "GET", "/subscriptions", NULL);
    count_is("A4: a principal of the same id in another tenant", &got, 0);
    expect(&cases, "A4: reads nothing", ask(r, "GET", RIG_SUB RIG_TYPE, NULL), 403, "AuthorizationFailed");
    r->who = rig_owner;
}

static void defaults(struct rig *r)
{
    struct reply got = ask(r, "GET", NAMESPACE "/defaultProviders", NULL);

    count_is("defaults", &got, 1);
    expect_text(&cases, "the default provider", &got, "value.0.name", "default");
    expect_text(&cases, "the default provider", &got, "value.0.id",
                "/providers/Microsoft.Attestation/attestationProviders/default");
    expect_text(&cases, "the default provider", &got, "value.0.properties.attestUri", "https://attest.test");
    expect_text(&cases, "the default provider", &got, "value.0.properties.trustModel", "AAD");
    r->who = (struct access_identity){
        .issuer_name = "other", .tenant = RIG_OTHER_TENANT, .principal = RIG_FOREIGNER, .name = "foreigner"
    };
    got = ask(r, "GET", RIG_FOREIGN "/providers/Microsoft.Attestation/locations/East%20US/defaultProvider",
              NULL);
    expect(&cases, "of a location, asked by another tenant", got, 200, "");
    expect_text(&cases, "of a location", &got, "name", "default");
    cases_check(&cases,
                !strstr(got.body, RIG_SUB_ID) && !strstr(got.body, "systemData") &&
                    !strstr(got.body, RIG_OWNER),
                "A25: it does not name its owners: %s", got.body);
    r->who = rig_owner;
    static const char *const here[] = { "eastus", "East%20US", "EASTUS", "East+US", "e%20a%20s%20t%20u%20s" };
    static const char *const elsewhere[] = { "westus", "eastus2", "east" };
    static const char *const nowhere[] = { "east%00us", "%C3%A4", "-", "a.b", "east;us" };
    for (size_t i = 0; i < 5; i++) {
        got = ask(r, "GET", textf(NAMESPACE "/locations/%s/defaultProvider", here[i]), NULL);
        cases_check(&cases, got.status == 200 || (i == 3 && got.status == 400), "%s: %d", here[i],
                    got.status);
    }
    for (size_t i = 0; i < 3; i++)
        expect(&cases, elsewhere[i],
               ask(r, "GET", textf(NAMESPACE "/locations/%s/defaultProvider", elsewhere[i]), NULL), 404,
               "ResourceNotFound");
    for (size_t i = 0; i < 5; i++) {
        got = ask(r, "GET", textf(NAMESPACE "/locations/%s/defaultProvider", nowhere[i]), NULL);
        cases_check(&cases, got.status == 400 || got.why == ATT_REQUEST_MALFORMED, "%s: %d", nowhere[i],
                    got.status);
    }
}

static void operations(struct rig *r)
{
    struct reply got = ask(r, "GET", "/providers/Microsoft.Attestation/operations", NULL);

    cases_check(&cases, value_count(&got) == 15, "operations: %s", got.body);
    expect_text(&cases, "operations", &got, "value.0.name",
                "Microsoft.Attestation/attestationProviders/attestation/read");
    expect_text(&cases, "operations", &got, "value.0.display.provider", "Microsoft Azure Attestation");
    expect_text(&cases, "operations", &got, "value.0.properties.serviceSpecification.logSpecifications",
                "[]");
    for (const struct api_route *route = api_arm_routes; route->method; route++) {
        if (route->action && strncmp(route->action, "Microsoft.Attestation/", 22) == 0)
            cases_check(&cases, strstr(got.body, textf("\"%s\"", route->action)) != NULL, "%s is listed",
                        route->action);
    }
}

static void tables(void)
{
    const struct api_route *const all[] = { api_arm_routes, NULL };
    struct att_err err = { 0 };

    cases_check(&cases, api_routes_check(all, &err), "the table may be served: %s", err.text);
    for (const struct api_route *route = api_arm_routes; route->method; route++) {
        bool write = strcmp(route->method, "GET") != 0 && strcmp(route->method, "HEAD") != 0;
        cases_check(&cases, route->plane == API_CONTROL && route->change == write,
                    "%s: what is no GET is a change with a record", route->operation);
        cases_check(&cases, (route->body_bytes_max > 0) == (write && strcmp(route->method, "DELETE") != 0),
                    "%s: a body where one is read", route->operation);
    }
}

static const struct {
    const char *filter;    /* encoded */
    int resources, groups; /* -1: 400 */
} filters[] = {
    { "", 4, 3 },
    { "name%20eq%20%27first%27", 1, 0 },
    { "name%20eq%20%27FIRST%27", 1, 0 },
    { "NAME%20EQ%20%27first%27", 1, 0 },
    { "resourceType%20eq%20%27Microsoft.Attestation/attestationProviders%27", 4, 0 },
    { "resourceType%20eq%20%27microsoft.attestation/ATTESTATIONPROVIDERS%27", 4, 0 },
    { "resourceType%20eq%20%27Microsoft.Compute/virtualMachines%27", 0, 0 },
    { "resourceGroup%20eq%20%27lab%27", 2, 1 },
    { "resourceGroup+eq+%27lab%27+and+name+eq+%27first%27", 1, 0 },
    { "location%20eq%20%27eastus%27", 4, 3 },
    { "location%20eq%20%27West%20US%27", 0, 0 },
    { "tagName%20eq%20%27colour%27", 1, 1 },
    { "tagName%20eq%20%27Colour%27%20and%20tagValue%20eq%20%27red%27", 1, 1 },
    { "tagName%20eq%20%27colour%27%20and%20tagValue%20eq%20%27it%27%27s%27", 0, 0 },
    { "tagValue%20eq%20%27it%27%27s%27", 1, 0 },
    { "name%20ne%20%27first%27", -1, -1 },
    { "name%20eq%20first", -1, -1 },
    { "name%20eq%20%27first", -1, -1 },
    { "name%20eq", -1, -1 },
    { "name", -1, -1 },
    { "%27first%27", -1, -1 },
    { "name%20eq%20%27first%27%20and", -1, -1 },
    { "name%20eq%20%27first%27%20or%20name%20eq%20%27second%27", -1, -1 },
    { "name%20eq%20%27first%27name%20eq%20%27x%27", -1, -1 },
    { "name%20eq%20%27first%27%20and%20name%20eq%20%27second%27", -1, -1 },
    { "substringof(%27a%27,name)", -1, -1 },
    { "(name%20eq%20%27first%27)", -1, -1 },
    { "name%20eq%20%27a%00b%27", -1, -1 },
    { "colour%20eq%20%27red%27", -1, -1 },
    { "name%20eq%20%27first%27%27", -1, -1 },
};

static void filtered(struct rig *r)
{
    rig_group(r, RIG_SUB "/resourceGroups/Other");
    expect(&cases, "tags of a group",
           ask(r, "PATCH", RIG_SUB "/resourceGroups/Other", "{\"tags\":{\"colour\":\"red\"}}"), 200, "");
    expect(&cases, "tags", ask(r, "PATCH", RIG_PROVIDERS "/first", "{\"tags\":{\"colour\":\"red\"}}"), 200,
           "");
    expect(&cases, "tags", ask(r, "PATCH", RIG_PROVIDERS "/second", "{\"tags\":{\"note\":\"it's\"}}"), 200,
           "");
    rig_provider(r, RIG_SUB "/resourceGroups/Other" RIG_TYPE "/third");
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        struct reply got = ask(r, "GET", textf(RIG_SUB "/resources?$filter=%s", filters[i].filter), NULL);
        cases_check(&cases,
                    filters[i].resources < 0 ? got.status == 400 : value_count(&got) == filters[i].resources,
                    "resources by %s: %d, %d", filters[i].filter, got.status, value_count(&got));
        got = ask(r, "GET", textf(RIG_SUB "/resourcegroups?%%24filter=%s", filters[i].filter), NULL);
        cases_check(&cases,
                    filters[i].groups < 0 ? got.status == 400 : value_count(&got) == filters[i].groups,
                    "groups by %s: %d, %d", filters[i].filter, got.status, value_count(&got));
    }
    struct reply got = ask(r, "GET", RIG_GROUP "/resources", NULL);
    count_is("resources of a group", &got, 2);
    expect_text(&cases, "a resource", &got, "value.0.id", RIG_PROVIDERS "/first");
    expect_text(&cases, "a resource", &got, "value.0.type", "Microsoft.Attestation/attestationProviders");
    expect_text(&cases, "a resource", &got, "value.0.tags.colour", "red");
    expect(&cases, "resources of no group", ask(r, "GET", RIG_SUB "/resourceGroups/none/resources", NULL),
           404, "ResourceGroupNotFound");
    expect(&cases, "providers of no group", ask(r, "GET", RIG_SUB "/resourceGroups/none" RIG_TYPE, NULL), 404,
           "ResourceGroupNotFound");
}

static void a_thousand(struct rig *r)
{
    enum { MANY = 1000 };

    rig_group(r, RIG_SUB2 "/resourceGroups/Big");
    for (int i = 0; i < MANY; i++)
        rig_provider(r, textf(RIG_SUB2 "/resourceGroups/Big" RIG_TYPE "/many-%04d", i));
    struct reply got = ask(r, "GET", RIG_SUB2 RIG_TYPE, NULL);
    count_is("a thousand", &got, MANY);
    cases_check(&cases, strlen(got.body) < 900 * MANY, "%zu bytes for each", strlen(got.body) / MANY);
    char *name = textf("%s", text_at(&got, "value.999.name"));
    cases_check(&cases, strcmp(name, "many-0999") == 0, "in order: %s", name);
    got = ask(r, "GET", RIG_SUB2 "/resourceGroups/Big" RIG_TYPE, NULL);
    count_is("a thousand of a group", &got, MANY);
    got = ask(r, "GET", RIG_SUB2 "/resources", NULL);
    count_is("a thousand resources", &got, MANY);
    got = ask(r, "GET", RIG_SUB RIG_TYPE, NULL);
    count_is("none of them in another subscription", &got, 4);
    expect(&cases, "their group", ask(r, "DELETE", RIG_SUB2 "/resourceGroups/Big", NULL), 200, "");
    got = ask(r, "GET", RIG_SUB2 RIG_TYPE, NULL);
    count_is("all gone", &got, 0);
}

/* The arena of a request, made smaller and smaller: an answer is whole, or there is none and nothing was changed. */
static void little_memory(struct rig *r)
{
    static const struct {
        const char *method, *path, *body;
    } rows[] = {
        { "GET", RIG_SUB RIG_TYPE, NULL },
        { "GET", "/subscriptions", NULL },
        { "GET", RIG_SUB "/resources?$filter=tagName%20eq%20%27colour%27", NULL },
        { "GET", RIG_SUB "/providers/Microsoft.Attestation", NULL },
        { "PUT", RIG_PROVIDERS "/poor",
          "{\"location\":\"eastus\",\"tags\":{\"a\":\"b\"},\"properties\":{}}" },
        { "PATCH", RIG_PROVIDERS "/poor", "{\"tags\":{\"c\":\"d\"}}" },
        { "PUT", RIG_SUB "/resourceGroups/Poor", "{\"location\":\"eastus\"}" },
        { "DELETE", RIG_SUB "/resourceGroups/Poor", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply got = { 0 };
        size_t refused = 0, enough = 0;
        for (size_t room = 64; room < 64 * 1024 && enough == 0; room += 64) {
            r->arena_bytes = room;
            got = ask(r, rows[i].method, rows[i].path, rows[i].body);
            if (got.why == ATT_OK)
                enough = room;
            else if (got.why == ATT_OUT_OF_MEMORY)
                refused++;
            else if (r->route) /* else its path had no room: the pipeline's business */
                cases_check(&cases, false, "%s %s: with %zu bytes %s", rows[i].method, rows[i].path, room,
                            att_code_name(got.why));
        }
        r->arena_bytes = 32 << 20;
        cases_check(&cases, refused > 0 && enough > 0, "%s %s: refused %zu times, %zu bytes are enough",
                    rows[i].method, rows[i].path, refused, enough);
        cases_check(&cases, strcmp(rows[i].method, "PUT") != 0 || got.status == 201,
                    "%s: made once, and not by a refused request: %d", rows[i].path, got.status);
    }
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    rig_group(&r, RIG_GROUP);
    rig_provider(&r, RIG_PROVIDERS "/first");
    rig_provider(&r, RIG_PROVIDERS "/second");
    tables();
    signing_in(&r);
    defaults(&r);
    operations(&r);
    filtered(&r);
    a_thousand(&r);
    little_memory(&r);
    rig_free(&r);
    return cases_report(&cases);
}
