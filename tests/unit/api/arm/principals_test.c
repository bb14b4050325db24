/* layers: api/arm keys api service signer store store/memory site access authority http attest base codec */
/* Principals of the built-in authority and their credentials. */
#include "api/arm/roles.h"
#include "authority/authority.h"
#include "base/buf.h"
#include "codec/json.h"
#include "support/tokens.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.principals" };

#define V        "?api-version=2026-01-01"
#define PATH     "/providers/Microsoft.Authorization/principals"
#define HERE     RIG_SUB PATH
#define ID       "c11e0000-0000-8000-8000-00000000000a"
#define ID_2     "c11e0000-0000-8000-8000-00000000000b"
#define ID_3     "c11e0000-0000-8000-8000-00000000000c"
#define BOB      "b0b00000-0000-4000-8000-000000000001"
#define NAMED(n) "{\"properties\":{\"displayName\":\"" n "\"}}"

static const struct api_route *const tables[] = { api_arm_routes, api_arm_role_routes, NULL };

static struct reply to(struct rig *r, const char *method, const char *path, const char *json)
{
    return ask(r, method, textf("%s" V, path), json);
}

static struct reply credential(struct rig *r, const char *id, const char *json)
{
    return to(r, "POST", textf(HERE "/%s/credentials", id), json);
}

static int credentials_of(struct rig *r, const char *id)
{
    struct reply got = to(r, "GET", textf(HERE "/%s", id), NULL);
    int n = 0;

    while (has_at(&got, textf("properties.credentials.%d.id", n)))
        n++;
    return n;
}

/* -- principals ------------------------------------------------------------------------------------------- */

static void make(struct rig *r)
{
    struct reply got = to(r, "PUT", HERE "/" ID, NAMED("build machine"));

    expect(&cases, "made", got, 201, "");
    expect_text(&cases, "made", &got, "id", HERE "/" ID);
    expect_text(&cases, "made", &got, "name", ID);
    expect_text(&cases, "made", &got, "type", "Microsoft.Authorization/principals");
    expect_text(&cases, "made", &got, "properties.displayName", "build machine");
    expect_text(&cases, "made", &got, "properties.clientId", ID);
    expect_text(&cases, "made", &got, "properties.objectId", ID);
    expect_text(&cases, "made", &got, "properties.tenantId", RIG_TENANT);
    expect_text(&cases, "made", &got, "properties.credentials", "[]");
    cases_check(&cases, strcmp(got.etag, "\"1\"") == 0, "ETag %s", got.etag);
    got = to(r, "PUT", HERE "/C11E0000-0000-8000-8000-00000000000A", NAMED("renamed"));
    expect(&cases, "the same in capitals, another name", got, 200, "");
    expect_text(&cases, "renamed", &got, "properties.displayName", "renamed");
    got = to(r, "GET", HERE, NULL);
    cases_check(&cases, value_count(&got) == 1, "listed: %d", value_count(&got));
    expect_text(&cases, "listed", &got, "value.0.name", ID);
    r->if_match = "\"1\"";
    expect_why(&cases, "If-Match of the old version", to(r, "PUT", HERE "/" ID, NAMED("x")),
               ATT_PRECONDITION_FAILED);
    r->if_none_match = "*";
    expect_why(&cases, "If-None-Match of one that is there", to(r, "PUT", HERE "/" ID, NAMED("x")),
               ATT_PRECONDITION_FAILED);
}

static void refuse(struct rig *r)
{
    static const struct {
        const char *name, *path, *json;
        enum att_code why;
    } rows[] = {
        { "an id that is no GUID", HERE "/machine", NAMED("x"), ATT_PARAMETER_INVALID },
        { "no body", HERE "/" ID_2, "", ATT_JSON_SYNTAX },
        { "no name", HERE "/" ID_2, "{}", ATT_PARAMETER_MISSING },
        { "an empty name", HERE "/" ID_2, NAMED(""), ATT_PARAMETER_INVALID },
        { "a name with a line end", HERE "/" ID_2, NAMED("a\\nb"), ATT_PARAMETER_INVALID },
        { "a name that is a number", HERE "/" ID_2, "{\"properties\":{\"displayName\":1}}", ATT_JSON_TYPE },
        { "A4: another tenant's subscription", RIG_FOREIGN PATH "/" ID_2, NAMED("x"), ATT_ACCESS_DENIED },
        { "an id that is in use at another subscription", RIG_SUB2 PATH "/" ID, NAMED("x"), ATT_NAME_TAKEN },
        { "an id that has a role already: somebody else's", HERE "/" RIG_OWNER, NAMED("x"), ATT_NAME_TAKEN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply got = to(r, "PUT", rows[i].path, rows[i].json);
        expect_why(&cases, rows[i].name, got, rows[i].why);
        cases_check(&cases, !strstr(got.body, RIG_SUB2_ID) || strstr(rows[i].path, RIG_SUB2_ID),
                    "%s: tells where", rows[i].name);
    }
    struct reply got = to(r, "PUT", RIG_SUB2 PATH "/" ID, NAMED("x"));
    cases_check(&cases, got.status == 409 && !strstr(got.body, RIG_SUB_ID),
                "A25: in use, and not said where: %s", got.body);
    expect_why(&cases, "seen from another subscription", to(r, "GET", RIG_SUB2 PATH "/" ID, NULL),
               ATT_RESOURCE_NOT_FOUND);
    got = to(r, "GET", RIG_SUB2 PATH, NULL);
    cases_check(&cases, value_count(&got) == 0, "A25: nor listed there");
    expect_why(&cases, "a credential from there",
               to(r, "POST", RIG_SUB2 PATH "/" ID "/credentials", "{\"type\":\"secret\"}"),
               ATT_RESOURCE_NOT_FOUND);
    expect(&cases, "deleted from there", to(r, "DELETE", RIG_SUB2 PATH "/" ID, NULL), 204, "");
    cases_check(&cases, to(r, "GET", HERE "/" ID, NULL).status == 200, "and is still there");
}

static void permissions(struct rig *r)
{
    static const struct {
        const char *role;
        bool reads;
    } rows[] = { { "Contributor", true },
                 { "Reader", true },
                 { "Attestation Contributor", false },
                 { "Attestation Reader", false } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *who = textf("d0000000-0000-8000-8000-00000000000%zu", i);
        rig_assign(r, RIG_SUB, who, rows[i].role);
        r->who = rig_who(who);
        cases_check(&cases, (to(r, "GET", HERE, NULL).status == 200) == rows[i].reads, "%s lists",
                    rows[i].role);
        cases_check(&cases, (to(r, "GET", HERE "/" ID, NULL).status == 200) == rows[i].reads, "%s reads",
                    rows[i].role);
        expect(&cases, textf("A6: %s makes one", rows[i].role), to(r, "PUT", HERE "/" ID_2, NAMED("x")), 403,
               "AuthorizationFailed");
        expect(&cases, textf("A6: %s deletes one", rows[i].role), to(r, "DELETE", HERE "/" ID, NULL), 403,
               "AuthorizationFailed");
        expect(&cases, textf("A6: %s makes a secret", rows[i].role),
               credential(r, ID, "{\"type\":\"secret\"}"), 403, "AuthorizationFailed");
        expect(&cases, textf("A6: %s removes a credential", rows[i].role),
               to(r, "DELETE", HERE "/" ID "/credentials/x", NULL), 403, "AuthorizationFailed");
        r->who = rig_owner;
    }
    rig_assign(r, RIG_GROUP, BOB, "Owner");
    r->who = rig_who(BOB);
    expect(&cases, "A8: the Owner of a group makes one", to(r, "PUT", HERE "/" ID_2, NAMED("x")), 403,
           "AuthorizationFailed");
    r->who = rig_owner;
}

/* -- credentials ------------------------------------------------------------------------------------------ */

/* The stored hash, as the authority sees it. */
static const char *hash_of(struct rig *r, const char *client_id, const char *credential_id)
{
    const struct site_principal *p = site_principal_by_client(r->site, client_id);
    const char *hash = "";

    for (size_t i = 0; p && i < p->credential_count; i++) {
        if (strcmp(p->credentials[i].id, credential_id) == 0)
            hash = textf("%s", p->credentials[i].hash);
    }
    site_unref(p);
    return hash;
}

static void secrets(struct rig *r)
{
    struct reply got = credential(r, ID, "{\"type\":\"secret\",\"expires\":\"2028-01-01T00:00:00Z\"}");
    const char *secret = text_at(&got, "secret"), *id = text_at(&got, "id");
    struct att_err err = { 0 };

    expect(&cases, "a secret", got, 201, "");
    expect_text(&cases, "a secret", &got, "type", "secret");
    expect_text(&cases, "a secret", &got, "expires", "2028-01-01T00:00:00Z");
    cases_check(&cases, strlen(secret) == 51 && strlen(id) == 36, "its value and its id");
    const char *hash = hash_of(r, ID, id);
    cases_check(&cases, authority_secret_check(hash, att_str(secret), &err), "what is stored is its hash: %s",
                err.text);
    struct reply seen = to(r, "GET", HERE "/" ID, NULL);
    struct reply listed = to(r, "GET", HERE, NULL);
    cases_check(&cases,
                !strstr(seen.body, secret) && !strstr(listed.body, secret) && !strstr(seen.body, "scrypt") &&
                    !strstr(listed.body, "scrypt") && !strstr(got.body, "scrypt") &&
                    !has_at(&seen, "properties.credentials.0.secret"),
                "the secret is shown once, its hash never");
    expect_text(&cases, "seen", &seen, "properties.credentials.0.id", id);
    expect_text(&cases, "seen", &seen, "properties.credentials.0.type", "secret");
    got = credential(r, ID, "{\"TYPE\":\"SECRET\"}");
    expect(&cases, "a second one, without end", got, 201, "");
    expect_text(&cases, "without end", &got, "expires", "null");
    cases_check(&cases, strcmp(text_at(&got, "secret"), secret) != 0, "another value");
    expect(&cases, "removed", to(r, "DELETE", textf(HERE "/" ID "/credentials/%s", id), NULL), 200, "");
    expect(&cases, "removed again", to(r, "DELETE", textf(HERE "/" ID "/credentials/%s", id), NULL), 204, "");
    cases_check(&cases, credentials_of(r, ID) == 1 && hash_of(r, ID, id)[0] == '\0', "one is left");
    expect(&cases, "its name stays through a new name", to(r, "PUT", HERE "/" ID, NAMED("again")), 200, "");
    cases_check(&cases, credentials_of(r, ID) == 1, "and so do its credentials");
}

static void certificates(struct rig *r)
{
    struct att_span der = test_certificate(test_key_rsa(2048, 65537), "client", 0);
    const char *json = textf("{\"type\":\"certificate\",\"x5c\":[\"%s\"]}", test_b64(der.ptr, der.len));
    struct att_span weak = test_certificate(test_key_rsa(1024, 65537), "client", 0);
    struct reply got = credential(r, ID, json);

    expect(&cases, "a certificate", got, 201, "");
    expect_text(&cases, "a certificate", &got, "type", "certificate");
    cases_check(&cases,
                strlen(text_at(&got, "thumbprint")) == 64 && strcmp(text_at(&got, "expires"), "null") != 0 &&
                    !has_at(&got, "secret"),
                "its thumbprint and its end: %s", got.body);
    expect_why(&cases, "the same once more", credential(r, ID, json), ATT_NAME_TAKEN);
    expect_why(
        &cases, "J5: 1024 bits",
        credential(r, ID, textf("{\"type\":\"certificate\",\"x5c\":[\"%s\"]}", test_b64(weak.ptr, weak.len))),
        ATT_KEY_INVALID);
    got = credential(r, ID,
                     textf("{\"type\":\"certificate\",\"x5c\":[\"%s\"],\"expires\":\"9999-01-01T00:00:00Z\"}",
                           test_b64(test_certificate(test_key_ec("P-256"), "c", 0).ptr, 0)));
    cases_check(&cases, got.status == 400, "an empty one");
}

static void users(struct rig *r)
{
    struct reply got = credential(r, ID, "{\"type\":\"unixUser\",\"uid\":1000}");
    const struct site_principal *p = site_principal_by_uid(r->site, 1000);

    expect(&cases, "a unix user", got, 201, "");
    expect_text(&cases, "a unix user", &got, "uid", "1000");
    cases_check(&cases, p && strcmp(p->client_id, ID) == 0, "found by it");
    site_unref(p);
    expect(&cases, "another principal", to(r, "PUT", HERE "/" ID_2, NAMED("other")), 201, "");
    expect_why(&cases, "the same user for another principal",
               credential(r, ID_2, "{\"type\":\"unixUser\",\"uid\":1000}"), ATT_NAME_TAKEN);
    expect_why(&cases, "the same user again", credential(r, ID, "{\"type\":\"unixUser\",\"uid\":1000}"),
               ATT_NAME_TAKEN);
    expect(&cases, "root", credential(r, ID_2, "{\"type\":\"unixUser\",\"uid\":0}"), 201, "");
}

static void refused_credentials(struct rig *r)
{
    static const struct {
        const char *name, *json;
        enum att_code why;
    } rows[] = {
        { "no body", "", ATT_JSON_SYNTAX },
        { "no type", "{}", ATT_PARAMETER_MISSING },
        { "another type", "{\"type\":\"password\"}", ATT_PARAMETER_INVALID },
        { "a secret of somebody's choice", "{\"type\":\"secret\",\"uid\":7}", ATT_PARAMETER_INVALID },
        { "a secret with a certificate", "{\"type\":\"secret\",\"x5c\":[\"AA==\"]}", ATT_PARAMETER_INVALID },
        { "an end in the past", "{\"type\":\"secret\",\"expires\":\"2020-01-01T00:00:00Z\"}",
          ATT_PARAMETER_INVALID },
        { "an end right now", "{\"type\":\"secret\",\"expires\":\"2027-01-15T08:00:00Z\"}",
          ATT_PARAMETER_INVALID },
        { "an end without a zone", "{\"type\":\"secret\",\"expires\":\"2028-01-01\"}", ATT_TIME_INVALID },
        { "an end that is a number", "{\"type\":\"secret\",\"expires\":1900000000}", ATT_JSON_TYPE },
        { "no certificate", "{\"type\":\"certificate\"}", ATT_PARAMETER_INVALID },
        { "an empty list", "{\"type\":\"certificate\",\"x5c\":[]}", ATT_PARAMETER_INVALID },
        { "two of them", "{\"type\":\"certificate\",\"x5c\":[\"AA==\",\"AA==\"]}", ATT_PARAMETER_INVALID },
        { "a number in the list", "{\"type\":\"certificate\",\"x5c\":[7]}", ATT_PARAMETER_INVALID },
        { "not a list", "{\"type\":\"certificate\",\"x5c\":\"AA==\"}", ATT_JSON_TYPE },
        { "not base64", "{\"type\":\"certificate\",\"x5c\":[\"***\"]}", ATT_BASE64_INVALID },
        { "not a certificate", "{\"type\":\"certificate\",\"x5c\":[\"AAAA\"]}", ATT_CERT_MALFORMED },
        { "a certificate with a uid", "{\"type\":\"certificate\",\"x5c\":[\"AAAA\"],\"uid\":1}",
          ATT_PARAMETER_INVALID },
        { "no uid", "{\"type\":\"unixUser\"}", ATT_JSON_MISSING },
        { "a negative uid", "{\"type\":\"unixUser\",\"uid\":-1}", ATT_JSON_RANGE },
        { "the uid that is none", "{\"type\":\"unixUser\",\"uid\":4294967295}", ATT_JSON_RANGE },
        { "a uid of 33 bits", "{\"type\":\"unixUser\",\"uid\":4294967296}", ATT_JSON_RANGE },
        { "a uid as text", "{\"type\":\"unixUser\",\"uid\":\"1\"}", ATT_JSON_TYPE },
        { "a user with a certificate", "{\"type\":\"unixUser\",\"uid\":1,\"x5c\":[]}",
          ATT_PARAMETER_INVALID },
    };
    int before = credentials_of(r, ID);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply got = credential(r, ID, rows[i].json);
        expect_why(&cases, rows[i].name, got, rows[i].why);
        cases_check(&cases, !has_at(&got, "secret"), "%s: a secret in a refusal", rows[i].name);
    }
    expect_why(&cases, "of nobody", credential(r, ID_3, "{\"type\":\"secret\"}"), ATT_RESOURCE_NOT_FOUND);
    cases_check(&cases, credentials_of(r, ID) == before, "none was left behind");
}

/* No answer of any kind grows without end. */
static void many(struct rig *r)
{
    int made = 0;

    expect(&cases, "a principal for many", to(r, "PUT", HERE "/" ID_3, NAMED("many")), 201, "");
    for (int i = 0; i < 33; i++)
        made += credential(r, ID_3, textf("{\"type\":\"unixUser\",\"uid\":%d}", 5000 + i)).status == 201;
    cases_check(&cases, made == 32, "32 credentials: %d", made);
    expect_why(&cases, "one more", credential(r, ID_3, "{\"type\":\"unixUser\",\"uid\":6000}"),
               ATT_QUOTA_EXCEEDED);
}

/* -- deleting --------------------------------------------------------------------------------------------- */

static int assignments_of(struct rig *r, const char *scope, const char *principal)
{
    struct reply got = ask(r, "GET",
                           textf("%s/providers/Microsoft.Authorization/"
                                 "roleAssignments?api-version=2022-04-01&$filter=principalId%%20eq%%20'%s'",
                                 scope, principal),
                           NULL);

    return value_count(&got);
}

static void delete_one(struct rig *r)
{
    rig_assign(r, RIG_SUB, ID, "Reader");
    rig_assign(r, RIG_GROUP, ID, "Attestation Reader");
    rig_assign(r, RIG_SUB2, ID, "Reader");
    cases_check(&cases, assignments_of(r, RIG_SUB, ID) == 2, "two roles at home");
    r->if_match = "\"1\"";
    expect_why(&cases, "If-Match of an old version", to(r, "DELETE", HERE "/" ID, NULL),
               ATT_PRECONDITION_FAILED);
    expect(&cases, "deleted", to(r, "DELETE", HERE "/" ID, NULL), 200, "");
    expect(&cases, "gone", to(r, "GET", HERE "/" ID, NULL), 404, "ResourceNotFound");
    cases_check(&cases, assignments_of(r, RIG_SUB, ID) == 0, "with what it was given there");
    cases_check(&cases, assignments_of(r, RIG_SUB2, ID) == 1,
                "not elsewhere: that is not its home's business");
    expect_why(&cases, "whoever takes its id would take that role", to(r, "PUT", HERE "/" ID, NAMED("heir")),
               ATT_NAME_TAKEN);
    expect_why(&cases, "from there, too", to(r, "PUT", RIG_SUB2 PATH "/" ID, NAMED("heir")), ATT_NAME_TAKEN);
    expect(&cases, "again", to(r, "DELETE", HERE "/" ID, NULL), 204, "");
    const struct site_principal *p = site_principal_by_uid(r->site, 1000);
    cases_check(&cases, !p, "its unix user is nobody now");
    site_unref(p);
}

static void last_owner(struct rig *r)
{
    struct reply got;

    rig_assign(r, RIG_SUB, ID_2, "Owner");
    got = ask(r, "GET",
              RIG_SUB "/providers/Microsoft.Authorization/"
                      "roleAssignments?api-version=2022-04-01&$filter=principalId%20eq%20'" RIG_OWNER "'",
              NULL);
    r->who = rig_who(ID_2);
    expect(&cases, "the first Owner goes",
           ask(r, "DELETE",
               textf(RIG_SUB "/providers/Microsoft.Authorization/roleAssignments/%s?api-version=2022-04-01",
                     text_at(&got, "value.0.name")),
               NULL),
           200, "");
    expect_why(&cases, "the principal that is the last Owner", to(r, "DELETE", HERE "/" ID_2, NULL),
               ATT_LAST_OWNER);
    cases_check(&cases,
                to(r, "GET", HERE "/" ID_2, NULL).status == 200 && assignments_of(r, RIG_SUB, ID_2) == 1,
                "nothing was deleted");
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    r.api.options.tables = tables;
    rig_group(&r, RIG_GROUP);
    make(&r);
    refuse(&r);
    permissions(&r);
    secrets(&r);
    certificates(&r);
    users(&r);
    refused_credentials(&r);
    many(&r);
    delete_one(&r);
    last_owner(&r);
    rig_free(&r);
    return cases_report(&cases);
}
