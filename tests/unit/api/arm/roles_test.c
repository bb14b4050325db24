/* layers: api/arm keys api service signer store store/memory site access authority http attest base codec */
/* Role definitions and role assignments: who may give what to whom, where. */
#include "access/roles.h"
#include "api/arm/roles.h"
#include "codec/json.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.roles" };

#define V        "?api-version=2022-04-01"
#define DEFS     "/providers/Microsoft.Authorization/roleDefinitions"
#define GRANTS   "/providers/Microsoft.Authorization/roleAssignments"
#define ONE      RIG_PROVIDERS "/One"
#define TWO      RIG_PROVIDERS "/Two"
#define NAME_1   "a0000000-0000-4000-8000-000000000001"
#define NAME_2   "a0000000-0000-4000-8000-000000000002"
#define BOB      "b0b00000-0000-4000-8000-000000000001"
#define CAROL    "ca401000-0000-4000-8000-000000000001"
#define TEAM     "7ea30000-0000-4000-8000-000000000001"
#define OWNER    ROLE_OWNER_GUID
#define READER   "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define A_READER "fd1bd22b-8476-40bc-a0bc-69b95687b9f3"

static const struct api_route *const tables[] = { api_arm_routes, api_arm_role_routes, NULL };

static const char *body(const char *role, const char *principal, const char *more)
{
    return textf("{\"properties\":{\"roleDefinitionId\":\"" RIG_SUB DEFS "/%s\",\"principalId\":\"%s\"%s}}",
                 role, principal, more);
}

static struct reply put(struct rig *r, const char *scope, const char *name, const char *json)
{
    return ask(r, "PUT", textf("%s" GRANTS "/%s" V, scope, name), json);
}

static struct reply at(struct rig *r, const char *method, const char *scope, const char *name)
{
    return ask(r, method, textf("%s" GRANTS "/%s" V, scope, name), NULL);
}

static struct reply list(struct rig *r, const char *scope, const char *filter)
{
    return ask(r, "GET", textf("%s" GRANTS V "%s%s", scope, filter[0] ? "&$filter=" : "", filter), NULL);
}

static void new_rig(struct rig *r)
{
    rig_new(r);
    r->api.options.tables = tables;
    rig_group(r, RIG_GROUP);
    rig_provider(r, ONE);
    rig_provider(r, TWO);
}

/* -- definitions ------------------------------------------------------------------------------------------ */

static void definitions(struct rig *r)
{
    static const struct {
        const char *name, *filter;
        int count; /* -1: refused */
    } rows[] = {
        { "all", "", 5 },
        { "by name", "roleName%20eq%20'Attestation%20Reader'", 1 },
        { "by name, any case", "ROLENAME%20EQ%20'owner'", 1 },
        { "plus for a space", "roleName+eq+'Owner'", 1 },
        { "no such name", "roleName%20eq%20'Nobody'", 0 },
        { "built in", "type%20eq%20'BuiltInRole'", 5 },
        { "custom", "type%20eq%20'CustomRole'", 0 },
        { "below, too", "atScopeAndBelow()", 5 },
        { "two terms", "atScopeAndBelow()%20and%20roleName%20eq%20'Owner'", 1 },
        { "spaces everywhere", "%20%20atScopeAndBelow%20(%20)%20and%20type%20eq%20'BuiltInRole'%20", 5 },
        { "empty", "%20", 5 },
        { "a term of the other list", "principalId%20eq%20'x'", -1 },
        { "atScope", "atScope()", -1 },
        { "unknown", "name%20eq%20'Owner'", -1 },
        { "ne", "roleName%20ne%20'Owner'", -1 },
        { "or", "roleName%20eq%20'Owner'%20or%20type%20eq%20'BuiltInRole'", -1 },
        { "no value", "roleName%20eq", -1 },
        { "no quotes", "roleName%20eq%20Owner", -1 },
        { "an open quote", "roleName%20eq%20'Owner", -1 },
        { "an empty value", "roleName%20eq%20''", -1 },
        { "something behind", "roleName%20eq%20'Owner'x", -1 },
        { "and nothing", "roleName%20eq%20'Owner'%20and", -1 },
        { "twice", "roleName%20eq%20'Owner'%20and%20roleName%20eq%20'Owner'", -1 },
        { "open parenthesis", "atScopeAndBelow(", -1 },
        { "a value where none is", "atScopeAndBelow('x')", -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply got =
            ask(r, "GET", textf(RIG_SUB DEFS V "%s%s", rows[i].filter[0] ? "&$filter=" : "", rows[i].filter),
                NULL);
        cases_check(&cases,
                    rows[i].count < 0 ? got.status == 400 && got.why == ATT_PARAMETER_INVALID
                                      : got.status == 200 && value_count(&got) == rows[i].count,
                    "definitions, %s: %d %s", rows[i].name, got.status, got.message);
    }
    struct reply got = ask(r, "GET", RIG_SUB DEFS "/" READER V, NULL);
    expect_text(&cases, "a definition", &got, "id", RIG_SUB DEFS "/" READER);
    expect_text(&cases, "a definition", &got, "name", READER);
    expect_text(&cases, "a definition", &got, "type", "Microsoft.Authorization/roleDefinitions");
    expect_text(&cases, "a definition", &got, "properties.roleName", "Reader");
    expect_text(&cases, "a definition", &got, "properties.type", "BuiltInRole");
    expect_text(&cases, "a definition", &got, "properties.permissions.0.actions", "[\"*/read\"]");
    expect_text(&cases, "a definition", &got, "properties.assignableScopes", "[\"/\"]");
    got = ask(r, "GET", DEFS "/" OWNER V, NULL);
    expect_text(&cases, "at the root", &got, "id", DEFS "/" OWNER);
    got = ask(r, "GET", ONE DEFS "/ACDD72A7-3385-48EF-BD42-F606FBA81AE7" V, NULL);
    expect_text(&cases, "at a provider the id is the subscription's", &got, "id", RIG_SUB DEFS "/" READER);
    cases_check(&cases, ask(r, "GET", DEFS V, NULL).status == 200, "the list at the root");
    expect_why(&cases, "no such role", ask(r, "GET", RIG_SUB DEFS "/" NAME_1 V, NULL), ATT_ROLE_UNKNOWN);
    expect_why(&cases, "a name for a GUID", ask(r, "GET", RIG_SUB DEFS "/Owner" V, NULL), ATT_ROLE_UNKNOWN);
    expect_why(&cases, "in no group", ask(r, "GET", RIG_SUB "/resourceGroups/none" DEFS V, NULL),
               ATT_GROUP_NOT_FOUND);
    expect_why(&cases, "at something else", ask(r, "GET", RIG_SUB "/locations/eastus" DEFS V, NULL),
               ATT_PARAMETER_INVALID);
    r->who = rig_who(BOB);
    expect(&cases, "A6: nobody reads there", ask(r, "GET", RIG_SUB DEFS V, NULL), 403, "AuthorizationFailed");
    cases_check(&cases, ask(r, "GET", DEFS V, NULL).status == 200, "every caller at the root");
    r->who = rig_owner;
}

/* -- giving a role ---------------------------------------------------------------------------------------- */

static void give(struct rig *r)
{
    struct reply got =
        put(r, RIG_GROUP, NAME_1,
            body(READER, BOB, ",\"principalType\":\"User\",\"description\":\"for the audit\""));

    expect(&cases, "given", got, 201, "");
    expect_text(&cases, "given", &got, "id", RIG_GROUP GRANTS "/" NAME_1);
    expect_text(&cases, "given", &got, "name", NAME_1);
    expect_text(&cases, "given", &got, "type", "Microsoft.Authorization/roleAssignments");
    expect_text(&cases, "given", &got, "properties.roleDefinitionId", RIG_SUB DEFS "/" READER);
    expect_text(&cases, "given", &got, "properties.principalId", BOB);
    expect_text(&cases, "given", &got, "properties.principalType", "User");
    expect_text(&cases, "given", &got, "properties.scope", RIG_GROUP);
    expect_text(&cases, "given", &got, "properties.description", "for the audit");
    expect_text(&cases, "given", &got, "properties.condition", "null");
    expect_text(&cases, "given", &got, "properties.createdBy", RIG_OWNER);
    expect_text(&cases, "given", &got, "properties.createdOn", "2027-01-15T08:00:00Z");
    const struct reply seen = at(r, "GET", "/SUBSCRIPTIONS/" RIG_SUB_ID "/resourcegroups/LAB", NAME_1);
    cases_check(&cases, seen.status == 200 && strcmp(seen.body, got.body) == 0, "read back, in any case: %s",
                seen.body);
    expect(&cases, "again, the same",
           put(r, RIG_GROUP, NAME_1, body(READER, BOB, ",\"description\":\"for the audit\"")), 200, "");
    got = put(r, RIG_GROUP, NAME_1, body(READER, BOB, ",\"description\":\"for the year\""));
    expect(&cases, "another description", got, 200, "");
    expect_text(&cases, "another description", &got, "properties.description", "for the year");
    expect_why(&cases, "another role under the name", put(r, RIG_GROUP, NAME_1, body(OWNER, BOB, "")),
               ATT_ROLE_ASSIGNMENT_CHANGED);
    expect_why(&cases, "another principal", put(r, RIG_GROUP, NAME_1, body(READER, CAROL, "")),
               ATT_ROLE_ASSIGNMENT_CHANGED);
    expect_why(&cases, "another type",
               put(r, RIG_GROUP, NAME_1, body(READER, BOB, ",\"principalType\":\"Group\"")),
               ATT_ROLE_ASSIGNMENT_CHANGED);
    expect(&cases, "another name for the same", put(r, RIG_GROUP, NAME_2, body(READER, BOB, "")), 409,
           "RoleAssignmentExists");
    expect(&cases, "the same name elsewhere is another one", put(r, RIG_SUB, NAME_1, body(READER, CAROL, "")),
           201, "");
    got = put(r, ONE, NAME_2,
              body(A_READER, "B0B00000-0000-4000-8000-000000000001", ",\"principalType\":\"group\""));
    expect(&cases, "at a provider, in capitals", got, 201, "");
    expect_text(&cases, "at a provider", &got, "properties.scope", ONE);
    expect_text(&cases, "at a provider", &got, "properties.principalId", BOB);
    expect_text(&cases, "at a provider", &got, "properties.principalType", "Group");
    expect_text(&cases, "at a provider", &got, "id", ONE GRANTS "/" NAME_2);
}

static void refuse(struct rig *r)
{
    static const struct {
        const char *name, *scope, *assignment, *json;
        enum att_code why;
    } rows[] = {
        { "no body", RIG_SUB, NAME_2, "", ATT_JSON_SYNTAX },
        { "no object", RIG_SUB, NAME_2, "[]", ATT_JSON_TYPE },
        { "no properties", RIG_SUB, NAME_2, "{}", ATT_PARAMETER_MISSING },
        { "properties are a text", RIG_SUB, NAME_2, "{\"properties\":\"x\"}", ATT_JSON_TYPE },
        { "no role", RIG_SUB, NAME_2, "{\"properties\":{\"principalId\":\"" BOB "\"}}",
          ATT_PARAMETER_MISSING },
        { "no principal", RIG_SUB, NAME_2, "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\"}}",
          ATT_PARAMETER_MISSING },
        { "J10: a member twice, in another case", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\",\"principalId\":\"" BOB
          "\",\"PRINCIPALID\":\"" CAROL "\"}}",
          ATT_JSON_DUPLICATE },
        { "an unknown role", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" NAME_1 "\",\"principalId\":\"" BOB "\"}}",
          ATT_ROLE_UNKNOWN },
        { "a role by name", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"Owner\",\"principalId\":\"" BOB "\"}}", ATT_ROLE_UNKNOWN },
        { "the id of something else", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" RIG_SUB "/locks/" OWNER "\",\"principalId\":\"" BOB
          "\"}}",
          ATT_ROLE_UNKNOWN },
        { "a condition", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\",\"principalId\":\"" BOB
          "\",\"condition\":\"true\"}}",
          ATT_PARAMETER_INVALID },
        { "the version of a condition", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\",\"principalId\":\"" BOB
          "\",\"conditionVersion\":\"2.0\"}}",
          ATT_PARAMETER_INVALID },
        { "a delegated identity", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\",\"principalId\":\"" BOB
          "\",\"delegatedManagedIdentityResourceId\":\"/x\"}}",
          ATT_PARAMETER_INVALID },
        { "another type of principal", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\",\"principalId\":\"" BOB
          "\",\"principalType\":\"Device\"}}",
          ATT_PARAMETER_INVALID },
        { "a principal with a line end", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\",\"principalId\":\"a\\nb\"}}",
          ATT_PARAMETER_INVALID },
        { "a principal that is a number", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\",\"principalId\":7}}",
          ATT_JSON_TYPE },
        { "an empty principal", RIG_SUB, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\",\"principalId\":\"\"}}",
          ATT_PARAMETER_INVALID },
        { "A8: the body names another scope", RIG_GROUP, NAME_2,
          "{\"properties\":{\"roleDefinitionId\":\"" DEFS "/" READER "\",\"principalId\":\"" BOB
          "\",\"scope\":\"" RIG_SUB "\"}}",
          ATT_PARAMETER_INVALID },
        { "a name that is no GUID", RIG_SUB, "mine", "{}", ATT_PARAMETER_INVALID },
        { "a group that is not there", RIG_SUB "/resourceGroups/none", NAME_2, "{}", ATT_GROUP_NOT_FOUND },
        { "a provider that is not there", RIG_PROVIDERS "/none", NAME_2, "{}", ATT_RESOURCE_NOT_FOUND },
        { "a provider in no group", RIG_SUB "/resourceGroups/none" RIG_TYPE "/One", NAME_2, "{}",
          ATT_GROUP_NOT_FOUND },
        { "a resource of another kind", RIG_GROUP "/providers/Microsoft.Storage/storageAccounts/x", NAME_2,
          "{}", ATT_PARAMETER_INVALID },
        { "below a provider", ONE "/policies/SgxEnclave", NAME_2, "{}", ATT_PARAMETER_INVALID },
        { "half an id", RIG_SUB "/resourceGroups", NAME_2, "{}", ATT_PARAMETER_INVALID },
        { "an assignment is no scope", RIG_SUB GRANTS "/" NAME_1, NAME_2, "{}", ATT_PARAMETER_INVALID },
        { "a management group", "/providers/Microsoft.Management/managementGroups/m", NAME_2, "{}",
          ATT_ACCESS_DENIED },
        { "A4: another tenant's subscription", RIG_FOREIGN, NAME_2, "{}", ATT_ACCESS_DENIED },
        { "A26: a subscription that is not there", "/subscriptions/" NAME_1, NAME_2, "{}",
          ATT_ACCESS_DENIED },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_why(&cases, rows[i].name, put(r, rows[i].scope, rows[i].assignment, rows[i].json),
                   rows[i].why);
    expect(&cases, "the body repeats the scope",
           put(r, RIG_SUB2, NAME_1, body(READER, BOB, ",\"scope\":\"" RIG_SUB2 "/\"")), 201, "");
    expect(&cases, "nothing was left behind", at(r, "GET", RIG_SUB, NAME_2), 404, "ResourceNotFound");
}

/* -- seeing ----------------------------------------------------------------------------------------------- */

/* Of the assignments that give() made: Owner at the subscription (by installation), Carol there, Bob at the group and (as a
 * group) at provider One. */
static void lists(struct rig *r)
{
    static const struct {
        const char *name, *scope, *filter;
        int count; /* -1: refused */
    } rows[] = {
        { "all of a subscription", RIG_SUB, "", 4 },
        { "at it", RIG_SUB, "atScope()", 2 },
        { "at it and below", RIG_SUB, "atScopeAndBelow()", 4 },
        { "of a group, with what is inherited", RIG_GROUP, "", 4 },
        { "at a group and above", RIG_GROUP, "atScope()", 3 },
        { "at a group and below", RIG_GROUP, "atScopeAndBelow()", 2 },
        { "at a provider", ONE, "atScope()", 4 },
        { "its own alone", ONE, "atScope()%20and%20atScopeAndBelow()", 1 },
        { "at another provider", TWO, "", 3 },
        { "of a principal", RIG_SUB, "principalId%20eq%20'" BOB "'", 2 },
        { "of a principal, in capitals", RIG_SUB, "principalId%20eq%20'B0B00000-0000-4000-8000-000000000001'",
          2 },
        { "of a principal, at it", RIG_SUB, "atScope()%20and%20principalId%20eq%20'" BOB "'", 0 },
        { "assigned to", RIG_SUB, "assignedTo('" CAROL "')", 1 },
        { "assigned to, at it", RIG_SUB, "atScope()%20and%20assignedTo('" CAROL "')", 1 },
        { "of nobody", RIG_SUB, "principalId%20eq%20'" NAME_1 "'", 0 },
        { "the other subscription", RIG_SUB2, "", 2 },
        { "role names", RIG_SUB, "roleName%20eq%20'Owner'", -1 },
        { "no parentheses", RIG_SUB, "atScope", -1 },
        { "assignedTo without a value", RIG_SUB, "assignedTo()", -1 },
        { "assignedTo without quotes", RIG_SUB, "assignedTo(" CAROL ")", -1 },
        { "assignedTo, open", RIG_SUB, "assignedTo('" CAROL "'", -1 },
        { "an NUL", RIG_SUB, "principalId%20eq%20'a%00b'", -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply got = list(r, rows[i].scope, rows[i].filter);
        cases_check(&cases,
                    rows[i].count < 0 ? got.status == 400
                                      : got.status == 200 && value_count(&got) == rows[i].count,
                    "list, %s: %d, %d, %s", rows[i].name, got.status,
                    got.status == 200 ? value_count(&got) : 0, got.message);
    }
    static const char *const groups[] = { CAROL };
    r->who.groups = groups;
    r->who.group_count = 1;
    struct reply got = list(r, RIG_SUB, "assignedTo('" RIG_OWNER "')");
    cases_check(&cases, value_count(&got) == 2, "the caller's own groups count: %d", value_count(&got));
    got = list(r, RIG_SUB, "assignedTo('" BOB "')");
    cases_check(&cases, value_count(&got) == 2, "of other people's groups nothing is known: %d",
                value_count(&got));
    r->who = rig_owner;
}

/* -- who may ---------------------------------------------------------------------------------------------- */

static void permissions(struct rig *r)
{
    r->who = rig_who(BOB); /* Reader of the group */
    cases_check(&cases, list(r, RIG_GROUP, "").status == 200 && list(r, ONE, "").status == 200,
                "a reader of the group sees who has roles in it");
    expect(&cases, "A8: not above it", list(r, RIG_SUB, ""), 403, "AuthorizationFailed");
    expect(&cases, "A6: a reader gives a role", put(r, RIG_GROUP, NAME_2, body(OWNER, BOB, "")), 403,
           "AuthorizationFailed");
    expect(&cases, "A6: a reader takes one away", at(r, "DELETE", RIG_GROUP, NAME_1), 403,
           "AuthorizationFailed");
    r->who = rig_owner;

    r->who = rig_who(CAROL); /* Reader of the subscription */
    expect(&cases, "A8: nor in another subscription", list(r, RIG_SUB2, ""), 403, "AuthorizationFailed");
    r->who = rig_owner;
    rig_assign(r, RIG_SUB, "c0000000-0000-4000-8000-000000000001", "Contributor");
    r->who = rig_who("c0000000-0000-4000-8000-000000000001");
    expect(&cases, "A6: a Contributor gives a role",
           put(r, RIG_SUB, NAME_2, body(OWNER, "c0000000-0000-4000-8000-000000000001", "")), 403,
           "AuthorizationFailed");
    expect(&cases, "A6: a Contributor takes one away", at(r, "DELETE", RIG_SUB, NAME_1), 403,
           "AuthorizationFailed");
    cases_check(&cases, list(r, RIG_SUB, "").status == 200, "a Contributor sees them");

    rig_assign(r, RIG_GROUP, "d0000000-0000-4000-8000-000000000001", "Owner");
    r->who = rig_who("d0000000-0000-4000-8000-000000000001");
    expect(&cases, "an Owner of the group gives a role in it", put(r, TWO, NAME_2, body(A_READER, CAROL, "")),
           201, "");
    expect(&cases, "A8: not above it",
           put(r, RIG_SUB, NAME_2, body(OWNER, "d0000000-0000-4000-8000-000000000001", "")), 403,
           "AuthorizationFailed");
    expect(&cases, "A8: nor in a group that begins alike",
           put(r, RIG_GROUP "2", NAME_2, body(OWNER, BOB, "")), 403, "AuthorizationFailed");
    expect(&cases, "an Owner of the group takes it away", at(r, "DELETE", TWO, NAME_2), 200, "");

    rig_assign(r, ONE, "e0000000-0000-4000-8000-000000000001", "Owner");
    r->who = rig_who("e0000000-0000-4000-8000-000000000001");
    expect(&cases, "A7: the Owner of one provider gives a role at another",
           put(r, TWO, NAME_2, body(OWNER, BOB, "")), 403, "AuthorizationFailed");
    expect(&cases, "at its own", put(r, ONE, NAME_1, body(A_READER, CAROL, "")), 201, "");
    r->who = (struct access_identity){
        .issuer_name = "test", .tenant = RIG_OTHER_TENANT, .principal = RIG_OWNER, .name = "x"
    };
    expect(&cases, "A4: the Owner's id from another tenant", list(r, RIG_SUB, ""), 403,
           "AuthorizationFailed");
    r->who = (struct access_identity){ 0 };
    expect(&cases, "A1: nobody", list(r, RIG_SUB, ""), 403, "AuthorizationFailed");
    r->who = rig_owner;
}

/* -- taking it away --------------------------------------------------------------------------------------- */

static void take(struct rig *r)
{
    struct reply got = at(r, "DELETE", RIG_GROUP, NAME_1);

    expect(&cases, "taken away", got, 200, "");
    expect_text(&cases, "taken away", &got, "name", NAME_1);
    expect(&cases, "gone", at(r, "GET", RIG_GROUP, NAME_1), 404, "ResourceNotFound");
    expect(&cases, "again", at(r, "DELETE", RIG_GROUP, NAME_1), 204, "");
    expect(&cases, "one of another scope is not it", at(r, "DELETE", TWO, NAME_1), 204, "");
    expect_why(&cases, "in no group", at(r, "DELETE", RIG_SUB "/resourceGroups/none", NAME_1),
               ATT_GROUP_NOT_FOUND);
    r->who = rig_who(BOB);
    expect(&cases, "A15: what was taken away counts no more", list(r, RIG_GROUP, ""), 403,
           "AuthorizationFailed");
    r->who = rig_owner;
}

static const char *owner_name(struct rig *r)
{
    struct reply got = list(r, RIG_SUB2, "principalId%20eq%20'" RIG_OWNER "'");

    return text_at(&got, "value.0.name");
}

static void last_owner(struct rig *r)
{
    const char *first = owner_name(r);

    expect_why(&cases, "the last Owner goes", at(r, "DELETE", RIG_SUB2, first), ATT_LAST_OWNER);
    cases_check(&cases, list(r, RIG_SUB2, "").status == 200, "and is still there");
    rig_group(r, RIG_SUB2 "/resourceGroups/Lab");
    expect(&cases, "an Owner below", put(r, RIG_SUB2 "/resourceGroups/Lab", NAME_2, body(OWNER, CAROL, "")),
           201, "");
    expect_why(&cases, "is none of the subscription", at(r, "DELETE", RIG_SUB2, first), ATT_LAST_OWNER);
    expect(&cases, "a second Owner", put(r, RIG_SUB2, NAME_2, body(OWNER, CAROL, "")), 201, "");
    expect(&cases, "now the first may go", at(r, "DELETE", RIG_SUB2, first), 200, "");
    expect(&cases, "and may do nothing any more", list(r, RIG_SUB2, ""), 403, "AuthorizationFailed");
    r->who = rig_who(CAROL);
    expect_why(&cases, "the second is the last", at(r, "DELETE", RIG_SUB2, NAME_2), ATT_LAST_OWNER);
    r->who = rig_owner;
}

/* Every cut of a good body is refused, and leaves nothing. */
static void cuts(struct rig *r)
{
    const char *whole = body(READER, TEAM, ",\"principalType\":\"Group\"");

    for (size_t len = 0; len < strlen(whole); len++) {
        struct reply got =
            put(r, RIG_SUB, "a0000000-0000-4000-8000-0000000000cc", textf("%.*s", (int)len, whole));
        cases_check(&cases, got.status == 400, "cut at %zu: %d", len, got.status);
    }
    expect(&cases, "nothing was left", at(r, "GET", RIG_SUB, "a0000000-0000-4000-8000-0000000000cc"), 404,
           "ResourceNotFound");
}

static void table(void)
{
    static const struct api_route *const all[] = { api_arm_routes, api_arm_role_routes, NULL };
    struct att_err err = { 0 };

    cases_check(&cases, api_routes_check(all, &err), "the tables may be served: %s", err.text);
}

int main(void)
{
    struct rig r;

    table();
    new_rig(&r);
    definitions(&r);
    give(&r);
    refuse(&r);
    lists(&r);
    cuts(&r);
    permissions(&r);
    take(&r);
    last_owner(&r);
    rig_free(&r);
    return cases_report(&cases);
}
