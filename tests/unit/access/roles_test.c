/* layers: access base */
/* Roles, wildcards and scopes: tables, with more that must not hold than that must. */
#include "access/roles.h"

#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct cases cases = { .name = "access.roles" };

#define P "Microsoft.Attestation/attestationProviders/"
#define S "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590"

static void patterns(void)
{
    static const struct {
        const char *pattern, *action;
        bool want;
    } rows[] = {
        { "*", "a", true },
        { "*", "Microsoft.Attestation/attestationProviders/write", true },
        { "*/read", "a/read", true },
        { "*/read", "a/b/c/read", true },
        { "*/READ", "a/b/c/read", true },
        { "a*", "a", true },
        { "a**", "a", true },
        { "a*b*c", "axxbyyc", true },
        { "a*b*c", "abbbc", true },
        { "*b*b*", "abab", true },
        { "*ab", "aab", true },
        { "*aab", "aaaab", true },
        { "a/*/Delete", "A/x/y/delete", true },
        { "a/*/Delete", "a//delete", true },
        { "Exact/Name", "exact/name", true },
        { "*", "", false },
        { "", "", false },
        { "", "a", false },
        { "**", "", false },
        { "*/read", "read", false },
        { "*/read", "a/reader", false },
        { "*/read", "a/read/x", false },
        { "*/read", "a/rea", false },
        { "*/read", "a/write", false },
        { "*/read", "a\\read", false },
        { "a*", "b", false },
        { "a*", "", false },
        { "a*b", "a", false },
        { "a*b", "ab/", false },
        { "a*b*c", "acb", false },
        { "a/*/Delete", "a/delete", false },
        { "a/*/Delete", "b/a/x/delete", false },
        { "a/*/Delete", "a/x/deletes", false },
        { "Exact/Name", "exact/names", false },
        { "Exact/Name", "exact/nam", false },
        { "Exact/Name", "xexact/name", false },
        { "a.c", "abc", false }, /* no regular expression */
        { "a?c", "abc", false },
        { "[a]", "a", false },
        { "a", "a*", false }, /* a wildcard in the action is a character */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cases_check(&cases, access_action_matches(rows[i].pattern, rows[i].action) == rows[i].want,
                    "'%s' and '%s': wanted %d", rows[i].pattern, rows[i].action, rows[i].want);
    cases_check(&cases, !access_action_matches(NULL, "a") && !access_action_matches("*", NULL),
                "NULL is nothing");

    char action[300];
    memset(action, 'a', sizeof action);
    action[256] = '\0';
    cases_check(&cases, access_action_matches("*", action), "256 bytes are an action");
    action[256] = 'a';
    action[257] = '\0';
    cases_check(&cases, !access_action_matches("*", action), "257 bytes are not");
}

/* A matcher that tries every way takes longer than the world lasts for this. */
static void no_blow_up(void)
{
    char pattern[202], action[257];
    struct timespec from, to;

    for (size_t i = 0; i < 200; i += 2) {
        pattern[i] = '*';
        pattern[i + 1] = 'a';
    }
    pattern[200] = 'b';
    pattern[201] = '\0';
    memset(action, 'a', sizeof action - 1);
    action[256] = '\0';
    clock_gettime(CLOCK_MONOTONIC, &from);
    bool matched = false;
    for (unsigned i = 0; i < 100; i++)
        matched = matched || access_action_matches(pattern, action);
    clock_gettime(CLOCK_MONOTONIC, &to);
    long ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
    cases_check(&cases, !matched && ms < 2000, "100 hard patterns in %ld ms", ms);
}

/* Every short pattern against every short text, held against the definition written as a recursion. */
static bool slow_match(const char *pattern, const char *text)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return slow_match(pattern + 1, text) || (*text != '\0' && slow_match(pattern, text + 1));
    return *pattern == *text && slow_match(pattern + 1, text + 1);
}

static void against_definition(void)
{
    static const char letters[] = "ab*";
    unsigned wrong = 0, runs = 0;

    for (unsigned p = 0; p < 729 * 3; p++) {
        char pattern[8] = "";
        unsigned rest = p, len = p < 729 ? 6 : 7;
        for (unsigned i = 0; i < len; i++, rest /= 3)
            pattern[i] = letters[rest % 3];
        for (unsigned t = 0; t < 64; t++) {
            char text[8] = "";
            for (unsigned i = 0; i < 6; i++)
                text[i] = (t >> i & 1) ? 'a' : 'b';
            for (unsigned cut = 1; cut <= 6; cut++) {
                char shorter[8] = "";
                memcpy(shorter, text, cut);
                wrong += access_action_matches(pattern, shorter) != slow_match(pattern, shorter);
                runs++;
            }
        }
    }
    cases_check(&cases, wrong == 0 && runs > 100000, "%u of %u differ from the definition", wrong, runs);
}

static void roles(void)
{
    enum { OWNER, CONTRIBUTOR, READER, ATT_CONTRIBUTOR, ATT_READER, ROLES };
    static const char *const names[ROLES] = { "Owner", "Contributor", "Reader", "Attestation Contributor",
                                              "Attestation Reader" };
    static const struct {
        const char *action;
        const char *who; /* a letter for each role: y or - */
    } rows[] = {
        { P "read", "yyy--" },
        { P "write", "yy---" },
        { P "delete", "yy---" },
        { P "attestation/read", "yyyyy" },
        { P "attestation/write", "yy-y-" },
        { P "attestation/delete", "yy-y-" },
        { P "ATTESTATION/Read", "yyyyy" },
        { P "attestation/action", "yy---" },
        { P "attestation/read/x", "yy---" },
        { P "attestation/readx", "yy---" },
        { P "privateEndpointConnections/read", "yyy--" },
        { P "privateEndpointConnections/write", "yy---" },
        { "Microsoft.Attestation/register/action", "yy---" },
        { "Microsoft.Resources/subscriptions/resourceGroups/write", "yy---" },
        { "Microsoft.Authorization/roleAssignments/read", "yyy--" },
        { "Microsoft.Authorization/roleAssignments/write", "y----" },
        { "microsoft.authorization/roleassignments/WRITE", "y----" },
        { "Microsoft.Authorization/roleAssignments/delete", "y----" },
        { "Microsoft.Authorization/roleDefinitions/write", "y----" },
        { "Microsoft.Authorization/a/b/c/Delete", "y----" },
        { "Microsoft.Authorization/elevateAccess/action", "y----" },
        { "Microsoft.Authorization/elevateAccess/read", "yyy--" },
        { "Microsoft.AuthorizationX/roleAssignments/write", "yy---" },
        { "", "-----" },
        { "*", "-----" },
        { "Microsoft.Authorization/*/wri*", "-----" },
        { P "attestation/*", "-----" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t who = 0; who < ROLES; who++)
            cases_check(&cases,
                        access_role_allows(access_role_by_name(names[who]), rows[i].action) ==
                            (rows[i].who[who] == 'y'),
                        "%s and '%s': wanted %c", names[who], rows[i].action, rows[i].who[who]);
    }
    size_t count = 0;
    while (access_roles[count].guid)
        count++;
    cases_check(&cases, count == ROLES, "%zu roles", count);
    cases_check(&cases, !access_role_allows(NULL, P "read"), "nobody may nothing");
    cases_check(&cases, !access_role_allows(access_role_by_name("Owner"), NULL),
                "nothing is allowed to nobody");
    const struct access_role none = { .name = "no lists at all" };
    cases_check(&cases, !access_role_allows(&none, P "read"), "no list is an empty list");
}

static void lookups(void)
{
#define READER_GUID "fd1bd22b-8476-40bc-a0bc-69b95687b9f3"
#define DEFINITIONS "/providers/Microsoft.Authorization/roleDefinitions/"
    static const struct {
        const char *id;
        const char *name;
    } rows[] = {
        { READER_GUID, "Attestation Reader" },
        { "FD1BD22B-8476-40BC-A0BC-69B95687B9F3", "Attestation Reader" },
        { "bbf86eb8-f7b4-4cce-96e4-18cddf81d86e", "Attestation Contributor" },
        { "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner" },
        { "b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor" },
        { "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader" },
        { DEFINITIONS READER_GUID, "Attestation Reader" },
        { S DEFINITIONS READER_GUID, "Attestation Reader" },
        { S "/PROVIDERS/microsoft.authorization/RoleDefinitions/" READER_GUID, "Attestation Reader" },
        { "", NULL },
        { "Owner", NULL },
        { "fd1bd22b-8476-40bc-a0bc-69b95687b9f", NULL },
        { "fd1bd22b-8476-40bc-a0bc-69b95687b9f33", NULL },
        { "{fd1bd22b-8476-40bc-a0bc-69b95687b9f3}", NULL },
        { "fd1bd22b847640bca0bc69b95687b9f3", NULL },
        { "00000000-0000-0000-0000-000000000000", NULL },
        { "x" READER_GUID, NULL },
        { "/" READER_GUID, NULL },
        { S "/" READER_GUID, NULL },
        { S "/providers/Microsoft.Authorization/roleAssignments/" READER_GUID, NULL },
        { S "/providers/Microsoft.Evil/roleDefinitions/" READER_GUID, NULL },
        { DEFINITIONS READER_GUID "/", NULL },
        { DEFINITIONS "/" READER_GUID, NULL },
        { DEFINITIONS, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *id = strdup(rows[i].id); /* so that the address sanitizer sees a read before it */
        const struct access_role *role = access_role_by_guid(att_str(id));
        free(id);
        cases_check(&cases, rows[i].name ? role && strcmp(role->name, rows[i].name) == 0 : !role,
                    "'%s' is %s", rows[i].id, role ? role->name : "unknown");
    }
    cases_check(&cases, !access_role_by_guid((struct att_span){ 0 }), "the empty span");
    static const char *const strangers[] = { "", "Own", "Owner ", "Owners", "AttestationReader", "*", NULL };
    for (size_t i = 0; strangers[i]; i++)
        cases_check(&cases, !access_role_by_name(strangers[i]), "no role '%s'", strangers[i]);
    cases_check(&cases, !access_role_by_name(NULL), "NULL is no role");
    cases_check(&cases, access_role_by_name("attestation READER") != NULL, "names in any case");
}

static void scopes(void)
{
    static const struct {
        const char *scope, *resource;
        bool want;
    } rows[] = {
        { S, S, true },
        { S, S "/resourcegroups/g", true },
        { S, S "/resourcegroups/g/providers/microsoft.attestation/attestationproviders/p", true },
        { S "/resourcegroups/g", S "/resourcegroups/g", true },
        { S "/resourcegroups/g", S "/resourcegroups/g/providers/x", true },
        { S "/resourcegroups/g", S "/resourcegroups/g2", false },
        { S "/resourcegroups/g", S "/resourcegroups/g2/providers/x", false },
        { S "/resourcegroups/g", S, false },
        { S "/resourcegroups/g", S "/resourcegroups", false },
        { S, S "x", false },
        { S, "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f0959", false },
        { S "/", S, false },
        { S "/", S "/resourcegroups/g", false },
        { S, S "/", false },
        { S, S "//resourcegroups/g", false },
        { S "/resourcegroups/g", S "/resourcegroups/g/../h", false },
        { S "/resourcegroups/g", S "/resourcegroups/g/./h", false },
        { S "/resourcegroups/g/..", S "/resourcegroups/g/..", false },
        { S "/resourcegroups/.", S "/resourcegroups/.", false },
        { S "/resourcegroups/...", S "/resourcegroups/...", true }, /* a strange name, but a name */
        { "/", S, false },
        { "/", "/", false },
        { "", S, false },
        { "", "", false },
        { S, "", false },
        { "//", "//", false },
        { "/subscriptions", S, true },
        { "/sub", S, false },
        { "subscriptions", "subscriptions/x", false },
        { "/SUBSCRIPTIONS/x", "/subscriptions/x",
          false }, /* ids are lower case here; another case is another id */
        { "*", S, false },
        { "/*", S, false },
        { "/subscriptions/*", S, false },
        { S "/resourcegroups/g", S "/resourcegroups/g%2fh", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cases_check(&cases, access_scope_covers(rows[i].scope, rows[i].resource) == rows[i].want,
                    "'%s' over '%s': wanted %d", rows[i].scope, rows[i].resource, rows[i].want);
    cases_check(&cases, !access_scope_covers(NULL, S) && !access_scope_covers(S, NULL), "NULL is nowhere");
    /* A8: every cut of a provider's id is inside the id exactly when it ends where a segment ends. */
    static const char id[] = S "/resourcegroups/g/providers/microsoft.attestation/attestationproviders/p";
    for (size_t cut = 0; cut < sizeof id; cut++) {
        char scope[sizeof id] = "";
        memcpy(scope, id, cut);
        bool whole = cut > 1 && (id[cut] == '/' || id[cut] == '\0');
        cases_check(&cases, access_scope_covers(scope, id) == whole, "A8: the id cut at %zu", cut);
        cases_check(&cases, access_scope_covers(id, scope) == (cut == sizeof id - 1),
                    "A8: nothing above, %zu", cut);
    }
}

int main(void)
{
    patterns();
    no_blow_up();
    against_definition();
    roles();
    lookups();
    scopes();
    return cases_report(&cases);
}
