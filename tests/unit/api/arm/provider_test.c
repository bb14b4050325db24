/* layers: api/arm keys api service signer store store/memory site access http attest base codec */
/* Attestation providers over the control plane: what is taken, what is refused and how, what an answer looks like. */
#include "codec/json.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.provider" };

#define ONE RIG_PROVIDERS "/One"

static void create(struct rig *r)
{
    struct reply got =
        ask(r, "PUT", ONE, "{\"location\":\"East US\",\"tags\":{\"b\":\"2\",\"a\":\"1\"},\"properties\":{}}");

    expect(&cases, "created", got, 201, "");
    expect_text(&cases, "created", &got, "id", ONE);
    expect_text(&cases, "created", &got, "name", "One");
    expect_text(&cases, "created", &got, "type", "Microsoft.Attestation/attestationProviders");
    expect_text(&cases, "created", &got, "location", "East US");
    expect_text(&cases, "created", &got, "tags", "{\"a\":\"1\",\"b\":\"2\"}");
    expect_text(&cases, "created", &got, "systemData.createdBy", RIG_OWNER);
    expect_text(&cases, "created", &got, "systemData.createdAt", "2027-01-15T08:00:00Z");
    expect_text(&cases, "created", &got, "properties.trustModel", "AAD");
    expect_text(&cases, "created", &got, "properties.status", "Ready");
    expect_text(&cases, "created", &got, "properties.attestUri", "https://attest.test/p/One");
    expect_text(&cases, "created", &got, "properties.publicNetworkAccess", "Enabled");
    expect_text(&cases, "created", &got, "properties.tpmAttestationAuthentication", "Enabled");
    expect_text(&cases, "created", &got, "properties.privateEndpointConnections", "[]");
    cases_check(&cases, strcmp(got.location, "https://attest.test/p/One/") == 0, "Location: %s",
                got.location);
    cases_check(&cases, strcmp(got.etag, "\"1\"") == 0, "ETag: %s", got.etag);
    static const char *const order[] = { "\"id\"",     "\"name\"",       "\"type\"",       "\"location\"",
                                         "\"tags\"",   "\"systemData\"", "\"properties\"", "\"trustModel\"",
                                         "\"status\"", "\"attestUri\"" };
    const char *at = got.body;
    for (size_t i = 0; i < sizeof order / sizeof order[0] && at; i++)
        at = strstr(at, order[i]);
    cases_check(&cases, at != NULL, "the members stand in the order of the original: %s", got.body);

    const struct reply again = ask(r, "GET", ONE, NULL);
    cases_check(&cases, again.status == 200 && strcmp(again.body, got.body) == 0, "GET gives the same");
    expect(&cases, "any case of the path",
           ask(r, "GET",
               "/SUBSCRIPTIONS/" RIG_SUB_ID "/resourcegroups/LAB/PROVIDERS/"
               "microsoft.attestation/ATTESTATIONPROVIDERS/oNE",
               NULL),
           200, "");
    expect(&cases, "HEAD", ask(r, "HEAD", ONE, NULL), 204, "");
    expect(&cases, "HEAD of none", ask(r, "HEAD", RIG_PROVIDERS "/none", NULL), 404, "ResourceNotFound");
    expect(&cases, "GET of none", ask(r, "GET", RIG_PROVIDERS "/none", NULL), 404, "ResourceNotFound");
    expect(&cases, "GET in no group", ask(r, "GET", RIG_SUB "/resourceGroups/none" RIG_TYPE "/One", NULL),
           404, "ResourceGroupNotFound");
    expect(&cases, "PATCH of none", ask(r, "PATCH", RIG_PROVIDERS "/none", "{}"), 404, "ResourceNotFound");
}

static void change(struct rig *r)
{
    struct reply got = ask(r, "PUT", ONE,
                           "{\"location\":\"eastus\",\"properties\":{\"publicNetworkAccess\":"
                           "\"Disabled\"},\"tags\":{\"c\":\"3\"}}");
    expect(&cases, "PUT again", got, 200, "");
    expect_text(&cases, "PUT again", &got, "location", "East US");
    expect_text(&cases, "PUT again", &got, "tags", "{\"c\":\"3\"}");
    expect_text(&cases, "PUT again", &got, "properties.publicNetworkAccess", "Disabled");
    cases_check(&cases, got.location[0] == '\0', "no Location: %s", got.location);

    got = ask(r, "PUT", "/subscriptions/" RIG_SUB_ID "/resourceGroups/LAB" RIG_TYPE "/ONE", RIG_PLAIN);
    expect(&cases, "PUT in another case", got, 200, "");
    expect_text(&cases, "names stay as first written", &got, "id", ONE);
    expect_text(&cases, "PUT without tags removes them", &got, "tags", "null");
    expect_text(&cases, "a setting that PUT does not name stays", &got, "properties.publicNetworkAccess",
                "Disabled");

    got = ask(r, "PATCH", ONE, "{\"tags\":{\"k\":\"v\"}}");
    expect(&cases, "PATCH of tags", got, 200, "");
    expect_text(&cases, "PATCH of tags", &got, "tags", "{\"k\":\"v\"}");
    expect_text(&cases, "PATCH of tags", &got, "properties.publicNetworkAccess", "Disabled");
    got = ask(r, "PATCH", ONE,
              "{\"properties\":{\"publicNetworkAccess\":\"Enabled\","
              "\"tpmAttestationAuthentication\":\"Disabled\"}}");
    expect(&cases, "PATCH of settings", got, 200, "");
    expect_text(&cases, "PATCH of settings", &got, "tags", "{\"k\":\"v\"}");
    expect_text(&cases, "PATCH of settings", &got, "properties.publicNetworkAccess", "Enabled");
    expect_text(&cases, "PATCH of settings", &got, "properties.tpmAttestationAuthentication", "Disabled");
    got = ask(r, "PATCH", ONE, "{\"tags\":null,\"properties\":null}");
    expect_text(&cases, "PATCH with null changes nothing", &got, "tags", "{\"k\":\"v\"}");
    got = ask(r, "PATCH", ONE, "{\"tags\":{}}");
    expect_text(&cases, "PATCH with no tags removes them", &got, "tags", "null");
    got = ask(r, "PATCH", ONE,
              "{\"location\":\"mars\",\"name\":\"two\",\"properties\":{\"trustModel\":\"Isolated\","
              "\"attestUri\":\"https://evil.test\",\"status\":\"Error\"}}");
    expect(&cases, "members that PATCH does not have", got, 200, "");
    expect_text(&cases, "members that PATCH does not have", &got, "location", "East US");
    expect_text(&cases, "A17: PATCH of the trust model", &got, "properties.trustModel", "AAD");
    expect_text(&cases, "A17: PATCH of the address", &got, "properties.attestUri",
                "https://attest.test/p/One");
    expect(&cases, "PUT in another place", ask(r, "PUT", ONE, "{\"location\":\"westus\",\"properties\":{}}"),
           409, "PropertyChangeNotAllowed");
}

static void preconditions(struct rig *r)
{
    const char *tag = ask(r, "GET", ONE, NULL).etag;
    const struct {
        const char *name, *method, *path, *if_match, *if_none_match;
        int status;
    } rows[] = {
        { "If-Match of another version", "PUT", ONE, "\"4711\"", NULL, 412 },
        { "If-Match of another version, PATCH", "PATCH", ONE, "\"4711\"", NULL, 412 },
        { "If-Match of another version, DELETE", "DELETE", ONE, "\"4711\"", NULL, 412 },
        { "If-Match with a weak tag", "PATCH", ONE, textf("W/%s", tag), NULL, 412 },
        { "If-Match of what is not there", "PUT", RIG_PROVIDERS "/absent", "*", NULL, 412 },
        { "If-Match of what is not there, DELETE", "DELETE", RIG_PROVIDERS "/absent", "*", NULL, 412 },
        { "If-None-Match of what is there", "PUT", ONE, NULL, "*", 412 },
        { "If-Match", "PATCH", ONE, tag, NULL, 200 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r->if_match = rows[i].if_match;
        r->if_none_match = rows[i].if_none_match;
        struct reply got = ask(r, rows[i].method, rows[i].path, RIG_PLAIN);
        expect(&cases, rows[i].name, got, rows[i].status, rows[i].status == 412 ? "PreconditionFailed" : "");
    }
    r->if_match = tag;
    expect(&cases, "the tag of before the last change", ask(r, "PATCH", ONE, "{}"), 412,
           "PreconditionFailed");
    r->if_none_match = "*";
    expect(&cases, "If-None-Match makes one", ask(r, "PUT", RIG_PROVIDERS "/only-new", RIG_PLAIN), 201, "");
}

static void names(struct rig *r)
{
    static const char *const bad[] = {
        "ab",          "a234567890123456789012345",
        "-abc",        "abc-",
        "a_b_c",       "a.bc",
        "a%20bc",      "%C3%A4bcd",
        "default",     "DEFAULT",
        "Www",         "login",
        "xn--80ak6aa", "ab--c",
        "privatelink", "abc%00",
        "abc'--",      "a%e2%80%8bbc",
        "\xd0\xb0xyz",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reply got = ask(r, "PUT", textf(RIG_PROVIDERS "/%s", bad[i]), RIG_PLAIN);
        cases_check(&cases, got.why == ATT_NAME_INVALID || got.why == ATT_REQUEST_MALFORMED,
                    "name \"%s\": %d %s %s", bad[i], got.status, got.code, att_code_name(got.why));
    }
    static const char *const good[] = { "abc", "A-1", "123", "a23456789012345678901234", "x-n--y" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect(&cases, good[i], ask(r, "PUT", textf(RIG_PROVIDERS "/%s", good[i]), RIG_PLAIN), 201, "");
}

static void conflicts(struct rig *r)
{
    struct access_identity foreigner = {
        .issuer_name = "other", .tenant = RIG_OTHER_TENANT, .principal = RIG_FOREIGNER, .name = "foreigner"
    };

    rig_group(r, RIG_SUB "/resourceGroups/Second");
    expect(&cases, "the name is another group's",
           ask(r, "PUT", RIG_SUB "/resourceGroups/Second" RIG_TYPE "/oNe", RIG_PLAIN), 409,
           "NameNotAvailable");
    r->who = foreigner;
    rig_group(r, RIG_FOREIGN "/resourceGroups/Theirs");
    struct reply got = ask(r, "PUT", RIG_FOREIGN "/resourceGroups/Theirs" RIG_TYPE "/One", RIG_PLAIN);
    expect(&cases, "the name is another tenant's", got, 409, "NameNotAvailable");
    cases_check(&cases,
                !strstr(got.body, RIG_SUB_ID) && !strstr(got.body, RIG_TENANT) && !strstr(got.body, "Lab"),
                "A25: whose it is, is not told: %s", got.body);
    rig_provider(r, RIG_FOREIGN "/resourceGroups/Theirs" RIG_TYPE "/Theirs");
    got = ask(r, "GET", ONE, NULL);
    expect(&cases, "A4: another tenant's provider", got, 403, "AuthorizationFailed");
    struct reply none = ask(r, "GET", RIG_PROVIDERS "/none", NULL);
    cases_check(&cases, none.status == 403, "A26: one that is not there: %d", none.status);
    expect(&cases, "A4: another tenant's group", ask(r, "PUT", RIG_PROVIDERS "/Mine", RIG_PLAIN), 403,
           "AuthorizationFailed");
    r->who = rig_owner;
    expect(&cases, "no such group", ask(r, "PUT", RIG_SUB "/resourceGroups/none" RIG_TYPE "/New", RIG_PLAIN),
           404, "ResourceGroupNotFound");
}

static void roles(struct rig *r)
{
    static const struct {
        const char *name, *who, *method, *path;
        int status;
    } rows[] = {
        { "A6: a reader reads", "reader", "GET", ONE, 200 },
        { "A6: a reader writes", "reader", "PUT", ONE, 403 },
        { "A6: a reader patches", "reader", "PATCH", ONE, 403 },
        { "A6: a reader deletes", "reader", "DELETE", ONE, 403 },
        { "A6: a reader makes a group", "reader", "PUT", RIG_SUB "/resourceGroups/New", 403 },
        { "A6: a reader registers", "reader", "POST", RIG_SUB "/providers/Microsoft.Attestation/register",
          403 },
        { "an attestation contributor does not manage resources", "attestation", "GET", ONE, 403 },
        { "A7: the contributor of one provider writes it", "one", "PATCH", ONE, 200 },
        { "A7: and no other", "one", "PATCH", RIG_PROVIDERS "/abc", 403 },
        { "A7: and makes none", "one", "PUT", RIG_PROVIDERS "/One-more", 403 },
        { "A8: a role at a group", "group", "GET", ONE, 200 },
        { "A8: used in another group", "group", "GET", RIG_SUB "/resourceGroups/Second" RIG_TYPE "/x", 403 },
        { "A8: used at the subscription", "group", "GET", RIG_SUB RIG_TYPE, 403 },
        { "A8: used in another subscription", "group", "GET", RIG_SUB2 "/resourceGroups/Lab" RIG_TYPE "/One",
          403 },
        { "no role", "nobody", "GET", ONE, 403 },
        { "no role lists", "nobody", "GET", RIG_SUB RIG_TYPE, 403 },
        { "no role sees defaults", "nobody", "GET",
          RIG_SUB "/providers/Microsoft.Attestation/defaultProviders", 403 },
    };

    rig_assign(r, RIG_SUB, "reader", "Reader");
    rig_assign(r, RIG_SUB, "attestation", "Attestation Contributor");
    rig_assign(r, ONE, "one", "Contributor");
    rig_assign(r, RIG_GROUP, "group", "Contributor");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r->who = rig_who(rows[i].who);
        expect(&cases, rows[i].name, ask(r, rows[i].method, rows[i].path, RIG_PLAIN), rows[i].status,
               rows[i].status == 403 ? "AuthorizationFailed" : "");
    }
    r->who = rig_owner;
}

static void registration(struct rig *r)
{
    static const char register_it[] = RIG_SUB2 "/providers/Microsoft.Attestation/register";
    static const char unregister[] = RIG_SUB2 "/providers/Microsoft.Attestation/unregister";
    static const char state[] = RIG_SUB2 "/providers/microsoft.attestation";
    static const char path[] = RIG_SUB2 "/resourceGroups/Lab2" RIG_TYPE "/Registered";

    struct reply got = ask(r, "POST", unregister, NULL);
    expect(&cases, "unregister", got, 200, "");
    expect_text(&cases, "unregister", &got, "registrationState", "NotRegistered");
    rig_group(r, RIG_SUB2 "/resourceGroups/Lab2");
    got = ask(r, "PUT", path, RIG_PLAIN);
    expect(&cases, "a provider before registration", got, 409, "MissingSubscriptionRegistration");
    cases_check(
        &cases,
        strstr(got.message, "The subscription is not registered to use namespace 'Microsoft.Attestation'"),
        "the text that is known: %s", got.message);
    got = ask(r, "POST", register_it, "{}");
    expect(&cases, "register", got, 200, "");
    expect_text(&cases, "register", &got, "registrationState", "Registered");
    got = ask(r, "GET", state, NULL);
    expect_text(&cases, "registered", &got, "registrationState", "Registered");
    expect_text(&cases, "registered", &got, "namespace", "Microsoft.Attestation");
    expect_text(&cases, "registered", &got, "resourceTypes.0.resourceType", "attestationProviders");
    expect_text(&cases, "registered", &got, "resourceTypes.0.apiVersions.0", "2021-06-01");
    expect_text(&cases, "registered", &got, "resourceTypes.0.locations.0", "East US");
    expect(&cases, "register again", ask(r, "POST", register_it, NULL), 200, "");
    expect(&cases, "a provider now", ask(r, "PUT", path, RIG_PLAIN), 201, "");
    expect_why(&cases, "unregister with a provider", ask(r, "POST", unregister, NULL), ATT_RESOURCE_IN_USE);
    expect(&cases, "delete it", ask(r, "DELETE", path, NULL), 200, "");
    expect(&cases, "unregister without", ask(r, "POST", unregister, NULL), 200, "");
    expect(&cases, "another namespace", ask(r, "GET", RIG_SUB2 "/providers/Microsoft.Compute", NULL), 404,
           "ResourceNotFound");
    got = ask(r, "GET", RIG_SUB2 "/providers", NULL);
    cases_check(&cases, value_count(&got) == 4, "four namespaces: %s", got.body);
}

static void deletion(struct rig *r)
{
    expect(&cases, "delete", ask(r, "DELETE", RIG_PROVIDERS "/abc", NULL), 200, "");
    expect(&cases, "delete again", ask(r, "DELETE", RIG_PROVIDERS "/abc", NULL), 204, "");
    expect(&cases, "it is gone", ask(r, "GET", RIG_PROVIDERS "/abc", NULL), 404, "ResourceNotFound");
    expect(&cases, "its name is free", ask(r, "PUT", RIG_PROVIDERS "/ABC", RIG_PLAIN), 201, "");
    const struct site_provider *p = site_provider_by_name(r->site, "default");
    must(p != NULL, "a default provider");
    char *path = textf("%s", p->o.key);
    site_unref(p);
    expect_why(&cases, "the default provider", ask(r, "DELETE", path, NULL), ATT_RESOURCE_IN_USE);
    expect_why(&cases, "its group", ask(r, "DELETE", RIG_SUB "/resourceGroups/ATTESTD", NULL),
               ATT_RESOURCE_IN_USE);
    expect(&cases, "it is there", ask(r, "GET", path, NULL), 200, "");
    expect(&cases, "its tags may be changed", ask(r, "PATCH", path, "{\"tags\":{\"a\":\"b\"}}"), 200, "");
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    rig_group(&r, RIG_GROUP);
    create(&r);
    change(&r);
    preconditions(&r);
    names(&r);
    conflicts(&r);
    roles(&r);
    registration(&r);
    deletion(&r);
    rig_free(&r);
    return cases_report(&cases);
}
