/* layers: api/arm keys api service signer store store/memory site access http attest base codec */
/* Resource groups, and what goes with them and with providers when they are deleted. */
#include "codec/json.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.group" };

static void lifecycle(struct rig *r)
{
    struct reply got = ask(r, "PUT", RIG_GROUP, "{\"location\":\"East US\",\"tags\":{\"a\":\"1\"}}");

    expect(&cases, "created", got, 201, "");
    expect_text(&cases, "created", &got, "id", RIG_GROUP);
    expect_text(&cases, "created", &got, "name", "Lab");
    expect_text(&cases, "created", &got, "type", "Microsoft.Resources/resourceGroups");
    expect_text(&cases, "created", &got, "location", "eastus");
    expect_text(&cases, "created", &got, "tags", "{\"a\":\"1\"}");
    expect_text(&cases, "created", &got, "properties.provisioningState", "Succeeded");
    const struct reply again = ask(r, "GET", RIG_SUB "/resourcegroups/lab", NULL);
    cases_check(&cases, again.status == 200 && strcmp(again.body, got.body) == 0,
                "GET in the spelling of the SDK");
    expect(&cases, "HEAD", ask(r, "HEAD", RIG_SUB "/resourcegroups/Lab", NULL), 204, "");
    expect(&cases, "HEAD of none", ask(r, "HEAD", RIG_SUB "/resourcegroups/none", NULL), 404,
           "ResourceGroupNotFound");
    got = ask(r, "PUT", RIG_SUB "/resourcegroups/LAB", "{\"location\":\"eastus\"}");
    expect(&cases, "PUT again", got, 200, "");
    expect_text(&cases, "the name stays as first written", &got, "name", "Lab");
    expect_text(&cases, "PUT without tags removes them", &got, "tags", "null");
    got = ask(r, "PATCH", RIG_GROUP, "{\"tags\":{\"b\":\"2\"}}");
    expect(&cases, "PATCH", got, 200, "");
    expect_text(&cases, "PATCH", &got, "tags", "{\"b\":\"2\"}");
    got = ask(r, "PATCH", RIG_GROUP, "{}");
    expect_text(&cases, "PATCH of nothing", &got, "tags", "{\"b\":\"2\"}");
    expect(&cases, "PATCH of none", ask(r, "PATCH", RIG_SUB "/resourceGroups/none", "{}"), 404,
           "ResourceGroupNotFound");
    expect(&cases, "moved by PUT", ask(r, "PUT", RIG_GROUP, "{\"location\":\"westus\"}"), 409,
           "PropertyChangeNotAllowed");
    expect(&cases, "moved by PATCH", ask(r, "PATCH", RIG_GROUP, "{\"location\":\"westus\"}"), 409,
           "PropertyChangeNotAllowed");
    r->if_match = "\"4711\"";
    expect(&cases, "DELETE of another version", ask(r, "DELETE", RIG_GROUP, NULL), 412, "PreconditionFailed");
    r->if_none_match = "*";
    expect(&cases, "If-None-Match", ask(r, "PUT", RIG_GROUP, "{\"location\":\"eastus\"}"), 412,
           "PreconditionFailed");
    expect(&cases, "DELETE of none", ask(r, "DELETE", RIG_SUB "/resourceGroups/none", NULL), 404,
           "ResourceGroupNotFound");
    expect(&cases, "no such subscription",
           ask(r, "PUT", "/subscriptions/cccccccc-0000-4000-8000-000000000009/resourceGroups/x",
               "{\"location\":\"eastus\"}"),
           403, "AuthorizationFailed");
    expect(&cases, "A10: a subscription that is none",
           ask(r, "PUT", "/subscriptions/x/resourceGroups/x", "{}"), 403, "AuthorizationFailed");
}

static void names(struct rig *r)
{
    char *ninety = kept(calloc(1, 92));
    memset(ninety, 'g', 90);
    char *more = textf("%sg", ninety);
    const char *const bad[] = {
        "a.", "a b", "a%20b", "a$", "%C3%A4", more, "a+b", "a:b", "a,b", "a'b", "a~b"
    };
    const char *const good[] = { "a", "0", "a-b_c.d(e)", "_", "-", ninety };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reply got =
            ask(r, "PUT", textf(RIG_SUB "/resourceGroups/%s", bad[i]), "{\"location\":\"eastus\"}");
        cases_check(&cases, got.status == 400 || got.why == ATT_REQUEST_MALFORMED, "name %s: %d %s", bad[i],
                    got.status, got.code);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char *path = textf(RIG_SUB "/resourceGroups/%s", good[i]);
        expect(&cases, good[i], ask(r, "PUT", path, "{\"location\":\"eastus\"}"), 201, "");
        expect(&cases, good[i], ask(r, "DELETE", path, NULL), 200, "");
    }
}

#define A    RIG_PROVIDERS "/aaa"
#define AB   RIG_PROVIDERS "/aaa-b"
#define NEXT RIG_SUB "/resourceGroups/Lab-next"
#define SETTING                                                                                              \
    "{\"properties\":{\"workspaceId\":\"/x/attestdSinks/siem\",\"logs\":[{\"categoryGroup\":\"allLogs\","    \
    "\"enabled\":true}]}}"
#define STATE "{\"properties\":{\"privateLinkServiceConnectionState\":{\"status\":\"Approved\"}}}"

static void put_policy(struct rig *r, const char *provider)
{
    char *lower = textf("%s/policies/sgxenclave", provider);
    struct site_change *change = NULL;
    struct att_err err = { 0 };

    for (char *c = lower; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    const struct site_policy p = { .o = { .kind = SITE_POLICY, .tenant = RIG_TENANT, .key = lower },
                                   .type = "SgxEnclave",
                                   .token = att_str("e30.e30.AAAA"),
                                   .text = att_str("version=1.0; authorizationrules{ => permit(); };") };
    const struct site_record record = {
        .tenant = RIG_TENANT, .scope = lower, .operation = "test", .via = "rest"
    };
    rig_must(site_change_begin(r->site, 1800000000, &change, &err), "change", &err);
    rig_must(site_put(change, &p, 0, "test", &err), "policy", &err);
    rig_must(site_change_commit(change, &record, &err), "commit", &err);
}

/* How many objects of each kind there are at a key and below it: "provider policy connection assignment setting". */
static const char *census(struct rig *r, const char *path)
{
    static const enum site_kind kinds[] = { SITE_PROVIDER, SITE_POLICY, SITE_CONNECTION, SITE_ASSIGNMENT,
                                            SITE_DIAGNOSTIC };
    char *lower = textf("%s", path), *out = textf("%s", "");

    for (char *c = lower; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    for (size_t i = 0; i < 5; i++) {
        struct site_list list = { 0 };
        struct att_err err = { 0 };
        rig_must(site_list(r->site, kinds[i], lower, &list, &err), "list", &err);
        out = textf("%s%s%zu", out, i ? " " : "", list.count);
        site_list_free(&list);
    }
    return out;
}

static void is(const char *name, const char *got, const char *want)
{
    cases_check(&cases, strcmp(got, want) == 0, "%s: %s, wanted %s", name, got, want);
}

static void town(struct rig *r)
{
    static const char *const providers[] = { A, AB, NEXT RIG_TYPE "/ccc" };

    rig_group(r, NEXT);
    for (size_t i = 0; i < 3; i++) {
        rig_provider(r, providers[i]);
        put_policy(r, providers[i]);
        expect(&cases, "a connection",
               ask(r, "PUT", textf("%s/privateEndpointConnections/c1", providers[i]), STATE), 200, "");
        expect(&cases, "another",
               ask(r, "PUT", textf("%s/privateEndpointConnections/c2", providers[i]), STATE), 200, "");
        expect(&cases, "a setting",
               ask(r, "PUT", textf("%s/providers/Microsoft.Insights/diagnosticSettings/s1", providers[i]),
                   SETTING),
               200, "");
        rig_assign(r, providers[i], "somebody", "Reader");
    }
    rig_assign(r, RIG_GROUP, "somebody", "Reader");
    rig_assign(r, NEXT, "somebody", "Reader");
    is("built", census(r, RIG_GROUP), "2 2 4 3 2");
}

static void cascade(struct rig *r)
{
    town(r);
    struct reply got = ask(r, "DELETE", A, NULL);
    expect(&cases, "A16: a provider with all that is its", got, 200, "");
    is("A16: nothing of it is left", census(r, A), "0 0 0 0 0");
    is("its neighbour of a longer name is whole", census(r, AB), "1 1 2 1 1");
    rig_provider(r, A);
    got = ask(r, "GET", A, NULL);
    expect_text(&cases, "a new one of the old name has no connections", &got,
                "properties.privateEndpointConnections", "[]");
    is("A16: and neither policies nor roles", census(r, A), "1 0 0 0 0");
    r->who = rig_who("somebody");
    expect(&cases, "A15: the role at the group still reads", ask(r, "GET", A, NULL), 200, "");
    r->who = rig_owner;
    is("before the group goes", census(r, RIG_GROUP), "2 1 2 2 1");
    expect(&cases, "the group", ask(r, "DELETE", RIG_GROUP, NULL), 200, "");
    is("nothing of it is left", census(r, RIG_GROUP), "0 0 0 0 0");
    is("its neighbour of a longer name is whole", census(r, NEXT), "1 1 2 2 1");
    r->who = rig_who("somebody");
    expect(&cases, "A15: the role went with it", ask(r, "GET", A, NULL), 403, "AuthorizationFailed");
    r->who = rig_owner;
    expect(&cases, "it is gone", ask(r, "GET", RIG_GROUP, NULL), 404, "ResourceGroupNotFound");
    expect(&cases, "again", ask(r, "DELETE", RIG_GROUP, NULL), 404, "ResourceGroupNotFound");
    rig_group(r, RIG_GROUP);
    rig_provider(r, AB);
    is("made anew, it is empty of old things", census(r, RIG_GROUP), "1 0 0 0 0");
    expect(&cases, "its names are free again", ask(r, "PUT", RIG_PROVIDERS "/AAA", RIG_PLAIN), 201, "");
}

/* A group that holds the default provider is refused whole: what was deleted before that was seen is there still. */
static void refused_whole(struct rig *r)
{
    const struct site_provider *p = site_provider_by_name(r->site, "default");
    must(p != NULL, "a default provider");
    char *provider = textf("%s", p->o.key), *group = textf(RIG_SUB "/resourcegroups/%s", p->group);
    site_unref(p);

    put_policy(r, provider);
    rig_provider(r, textf("%s" RIG_TYPE "/beside", group));
    const char *before = census(r, group);
    expect_why(&cases, "the default provider's group", ask(r, "DELETE", group, NULL), ATT_RESOURCE_IN_USE);
    is("all is there", census(r, group), before);
    expect(&cases, "the other provider of that group",
           ask(r, "DELETE", textf("%s" RIG_TYPE "/beside", group), NULL), 200, "");
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    lifecycle(&r);
    names(&r);
    cascade(&r);
    refused_whole(&r);
    rig_free(&r);
    return cases_report(&cases);
}
