/* layers: authority keys site store store/memory store/sqlite signer access base codec relying attest */
/* Managed identities, discovery and keys. */
#include "support/tokens.h" /* here too: the build looks for it */
#include "unit/authority/rig.h"

static struct cases cases = { .name = "authority.machine" };

static struct authority_answer ask(struct rig *r, uint32_t uid, const char *resource, const char *client_id)
{
    struct authority_answer a;

    authority_machine_token(r->authority, r->arena, uid, att_str(resource), client_id, &a);
    return a;
}

static void check_machines(struct rig *r)
{
    static const char *const members[] = { "access_token",   "client_id",  "expires_in", "expires_on",
                                           "ext_expires_in", "not_before", "resource",   "token_type" };
    struct site_credential c[2] = {
        { .kind = SITE_UNIX_USER, .id = "u", .hash = "", .uid = 1000 },
        { .kind = SITE_UNIX_USER, .id = "v", .hash = "", .uid = 1001, .expires_unix_s = NOW }
    };
    struct att_token token = { 0 };

    rig_principal(r, TENANT_A, SUB_A, CLIENT, c, 2);
    struct authority_answer a = ask(r, 1000, "https://attest.azure.net/", NULL);
    cases_check(&cases, a.status == 200 && a.refusal.code == ATT_OK && is(a.client_id, CLIENT), "issued: %s",
                a.refusal.text);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        cases_check(&cases, member_of(r, a.json, members[i])[0] != '\0', "member %s", members[i]);
    cases_check(&cases,
                contains(a.json, "\"expires_in\":\"3600\"") &&
                    contains(a.json, "\"not_before\":\"1800000000\"") &&
                    contains(a.json, "\"expires_on\":\"1800003600\""),
                "numbers are texts, as IMDS writes them");
    cases_check(&cases,
                rig_verified(r, member_of(r, a.json, "access_token"), &token) &&
                    is(member_of(r, token.payload, "oid"), CLIENT) &&
                    is(member_of(r, token.payload, "aud"), RESOURCE),
                "the token");
    cases_check(&cases, ask(r, 1000, RESOURCE, CLIENT).status == 200, "with its client id");
    cases_check(&cases, ask(r, 1000, RESOURCE, "C11E0000-0000-4000-8000-00000000000A").status == 200,
                "in capitals");
    cases_check(&cases, ask(r, 1000, RESOURCE, CLIENT_2).status == 400, "with another's");
    cases_check(&cases, ask(r, 1000, RESOURCE, "").status == 400, "with an empty one");
    cases_check(&cases, ask(r, 1001, RESOURCE, NULL).status == 400, "an expired binding");
    cases_check(&cases, ask(r, 0, RESOURCE, NULL).status == 400, "root is nobody unless it is bound");
    cases_check(&cases, ask(r, 1002, RESOURCE, NULL).refusal.code == ATT_RESOURCE_NOT_FOUND, "nobody's uid");
    cases_check(&cases, ask(r, UINT32_MAX, RESOURCE, NULL).status == 400, "no uid");
    a = ask(r, 1000, "", NULL);
    cases_check(&cases, a.status == 400 && is(member_of(r, a.json, "error"), "invalid_request"),
                "no resource");
    a = ask(r, 1000, "https://vault.azure.net", NULL);
    cases_check(&cases,
                a.status == 400 && is(member_of(r, a.json, "error"), "invalid_resource") &&
                    member_of(r, a.json, "error_description")[0],
                "a foreign resource");
    cases_check(&cases, ask(r, 1000, "https://attest.azure.net/.default", NULL).status == 400,
                "a scope is no resource");
}

static void check_document(struct rig *r, const char *tenant, const char *issuer, const char *token,
                           const char *jwks)
{
    struct att_span json = { 0 };
    struct att_err err = { 0 };

    cases_check(&cases, authority_metadata(r->authority, r->arena, tenant, &json, &err), "metadata: %s",
                err.text);
    cases_check(&cases, is(member_of(r, json, "issuer"), issuer), "issuer %s", member_of(r, json, "issuer"));
    cases_check(&cases, is(member_of(r, json, "token_endpoint"), token), "token_endpoint %s",
                member_of(r, json, "token_endpoint"));
    cases_check(&cases, is(member_of(r, json, "jwks_uri"), jwks), "jwks_uri %s",
                member_of(r, json, "jwks_uri"));
    cases_check(&cases, strncmp(member_of(r, json, "authorization_endpoint"), BASE "/", sizeof BASE) == 0,
                "all on one origin");
    cases_check(&cases, is_sorted(r, json), "sorted");
}

static void check_discovery(struct rig *r)
{
    struct att_span json = { 0 };
    struct att_err err = { 0 };
    const char *issuer = NULL;

    check_document(r, TENANT_A, BASE "/" TENANT_A "/v2.0", BASE "/" TENANT_A "/oauth2/v2.0/token",
                   BASE "/" TENANT_A "/discovery/v2.0/keys");
    check_document(r, TENANT_B, BASE "/" TENANT_B "/v2.0", BASE "/" TENANT_B "/oauth2/v2.0/token",
                   BASE "/" TENANT_B "/discovery/v2.0/keys");
    check_document(r, NULL, BASE "/adfs", BASE "/adfs/oauth2/v2.0/token", BASE "/adfs/discovery/keys");
    cases_check(
        &cases,
        !authority_metadata(r->authority, r->arena, "cccccccc-0000-4000-8000-000000000001", &json, &err) &&
            err.code == ATT_TENANT_NOT_FOUND && !json.ptr,
        "no such tenant");
    err = (struct att_err){ 0 };
    cases_check(&cases,
                authority_issuer(r->authority, r->arena, TENANT_A, &issuer, &err) &&
                    is(issuer, BASE "/" TENANT_A "/v2.0"),
                "issuer");
    cases_check(&cases,
                authority_keys(r->authority, r->arena, &json, &err) && att_span_is(json, r->keys_json),
                "keys");
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    check_machines(&r);
    check_discovery(&r);
    rig_free(&r);
    return cases_report(&cases);
}
