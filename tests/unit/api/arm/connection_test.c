/* layers: api/arm keys api service signer store store/memory site access http attest base codec */
/* Private endpoint connections and the private link resource. */
#include "codec/json.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.connection" };

#define P    RIG_PROVIDERS "/linked"
#define LIST P "/privateEndpointConnections"

static char *state(const char *status, const char *more)
{
    return textf("{\"properties\":{%s\"privateLinkServiceConnectionState\":{\"status\":\"%s\","
                 "\"description\":\"d-%s\"}}}",
                 more, status, status);
}

static void lifecycle(struct rig *r)
{
    struct reply got = ask(r, "GET", LIST, NULL);
    cases_check(&cases, got.status == 200 && value_count(&got) == 0, "none: %s", got.body);
    expect(&cases, "GET of none", ask(r, "GET", LIST "/c1", NULL), 404, "ResourceNotFound");

    got =
        ask(r, "PUT", LIST "/C1", state("Approved", "\"privateEndpoint\":{\"id\":\"/subscriptions/x/y\"},"));
    expect(&cases, "PUT", got, 200, "");
    expect_text(&cases, "PUT", &got, "id", LIST "/C1");
    expect_text(&cases, "PUT", &got, "name", "C1");
    expect_text(&cases, "PUT", &got, "type",
                "Microsoft.Attestation/attestationProviders/privateEndpointConnections");
    expect_text(&cases, "PUT", &got, "properties.provisioningState", "Succeeded");
    expect_text(&cases, "PUT", &got, "properties.privateEndpoint.id", "/subscriptions/x/y");
    expect_text(&cases, "PUT", &got, "properties.privateLinkServiceConnectionState.status", "Approved");
    expect_text(&cases, "PUT", &got, "properties.privateLinkServiceConnectionState.description",
                "d-Approved");
    const struct reply again = ask(r, "GET", LIST "/c1", NULL);
    cases_check(&cases, strcmp(again.body, got.body) == 0, "GET gives the same: %s", again.body);

    got = ask(r, "PUT", LIST "/c1", state("Rejected", ""));
    expect_text(&cases, "PUT again", &got, "properties.privateLinkServiceConnectionState.status", "Rejected");
    expect_text(&cases, "the endpoint stays", &got, "properties.privateEndpoint.id", "/subscriptions/x/y");
    expect_text(&cases, "the name stays as first written", &got, "name", "C1");
    expect(&cases, "another", ask(r, "PUT", LIST "/c0", state("Pending", "")), 200, "");
    got = ask(r, "GET", LIST, NULL);
    cases_check(&cases, value_count(&got) == 2, "two: %s", got.body);
    expect_text(&cases, "in order", &got, "value.0.name", "c0");
    got = ask(r, "GET", P, NULL);
    expect_text(&cases, "in the provider", &got, "properties.privateEndpointConnections.1.name", "C1");
    got = ask(r, "GET", RIG_PROVIDERS, NULL);
    expect_text(&cases, "in the list of providers", &got,
                "value.0.properties.privateEndpointConnections.0.name", "c0");
    cases_check(&cases, !has_at(&got, "value.1.properties.privateEndpointConnections.0"),
                "and not in a neighbour's: %s", got.body);

    r->if_match = "\"1\"";
    expect(&cases, "PUT of an old version", ask(r, "PUT", LIST "/C1", state("Approved", "")), 412,
           "PreconditionFailed");
    r->if_match = "\"1\"";
    expect(&cases, "DELETE of an old version", ask(r, "DELETE", LIST "/C1", NULL), 412, "PreconditionFailed");
    expect(&cases, "DELETE", ask(r, "DELETE", LIST "/C1", NULL), 200, "");
    expect(&cases, "DELETE again", ask(r, "DELETE", LIST "/C1", NULL), 204, "");
}

static void refusals(struct rig *r)
{
    char *long_name = kept(calloc(1, 82));
    memset(long_name, 'c', 81);
    const char *const bad[] = { "-c", ".c", "c-", "c.", "c(1)", "c%20d", long_name, "_c" };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect(&cases, bad[i], ask(r, "PUT", textf(LIST "/%s", bad[i]), state("Approved", "")), 400,
               "InvalidParameter");
    expect(&cases, "no such provider",
           ask(r, "PUT", RIG_PROVIDERS "/none/privateEndpointConnections/c", state("Approved", "")), 404,
           "ResourceNotFound");
    expect(&cases, "GET at no such provider",
           ask(r, "GET", RIG_PROVIDERS "/none/privateEndpointConnections/c", NULL), 404, "ResourceNotFound");
    expect(&cases, "list at no such provider",
           ask(r, "GET", RIG_PROVIDERS "/none/privateEndpointConnections", NULL), 404, "ResourceNotFound");
    expect(&cases, "list in no such group",
           ask(r, "GET", RIG_SUB "/resourceGroups/none" RIG_TYPE "/linked/privateEndpointConnections", NULL),
           404, "ResourceGroupNotFound");
    expect(&cases, "DELETE at no such provider",
           ask(r, "DELETE", RIG_PROVIDERS "/none/privateEndpointConnections/c", NULL), 204, "");
    for (int i = 0; i < SERVICE_CONNECTIONS_MAX - 1; i++)
        must(ask(r, "PUT", textf(LIST "/n%d", i), state("Approved", "")).status == 200, "a connection");
    expect(&cases, "A28: the hundred and first", ask(r, "PUT", LIST "/more", state("Approved", "")), 409,
           "QuotaExceeded");
    expect(&cases, "one of the hundred", ask(r, "PUT", LIST "/n7", state("Rejected", "")), 200, "");
    expect(&cases, "A28: another provider's are its own",
           ask(r, "PUT", RIG_PROVIDERS "/linked-too/privateEndpointConnections/c", state("Approved", "")),
           200, "");
}

static void links(struct rig *r)
{
    struct reply got = ask(r, "GET", P "/privateLinkResources", NULL);

    expect(&cases, "links", got, 200, "");
    cases_check(&cases, value_count(&got) == 1, "one: %s", got.body);
    expect_text(&cases, "links", &got, "value.0.id", P "/privateLinkResources/tenant");
    expect_text(&cases, "links", &got, "value.0.properties.groupId", "standard");
    expect_text(&cases, "links", &got, "value.0.properties.requiredMembers.0", "default");
    expect(&cases, "links of none", ask(r, "GET", RIG_PROVIDERS "/none/privateLinkResources", NULL), 404,
           "ResourceNotFound");
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    rig_group(&r, RIG_GROUP);
    rig_provider(&r, P);
    rig_provider(&r, RIG_PROVIDERS "/linked-too");
    lifecycle(&r);
    refusals(&r);
    links(&r);
    rig_free(&r);
    return cases_report(&cases);
}
