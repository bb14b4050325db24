/* layers: site access store/memory store/sqlite store base codec */
/* Changes: versions, what is unique, what lies in what, what readers see and when. On two back ends. */
#include "fixture.h"

static struct cases cases = { .name = "site.change" };
static const char *on; /* the back end */

static void check(bool ok, const char *name)
{
    cases_check(&cases, ok, "%s: %s", on, name);
}

static void refused(bool ok, struct att_err *err, enum att_code want, const char *name)
{
    cases_check(&cases, !ok && err->code == want && err->where[0] && err->text[0],
                "%s: %s: wanted %s, got %s (%s)", on, name, att_code_name(want),
                ok ? "success" : att_code_name(err->code), err->text);
    *err = (struct att_err){ 0 };
}

static struct site_change *begin(struct site *s)
{
    struct site_change *c = NULL;
    struct att_err err = { 0 };

    must(site_change_begin(s, NOW + 60, &c, &err), &err, "a change");
    return c;
}

static bool has(struct site *s, enum site_kind kind, const char *key)
{
    const void *o = site_get(s, kind, key);

    site_unref(o);
    return o != NULL;
}

static void versions(struct site *s, const struct town *t)
{
    struct a_provider room;
    struct att_err err = { 0 };
    const struct site_provider *p = site_get(s, SITE_PROVIDER, t->north.key);

    check(p && p->o.version == 1 && p->o.created_unix_s == NOW && p->o.changed_unix_s == NOW &&
              strcmp(p->o.created_by, ALICE) == 0 && strcmp(p->o.changed_by, ALICE) == 0,
          "a new provider has version 1 and says who made it, and when");
    struct site_provider *next = a_provider(&room, TENANT_A, SUB_A, "One", "North");
    next->location = "West US";
    next->o.created_by = "somebody else";
    next->o.created_unix_s = 1;
    refused(put_one(s, next, 0, &err), &err, ATT_STORE_CONFLICT, "put as new what is there");
    refused(put_one(s, next, 2, &err), &err, ATT_STORE_CONFLICT, "put over a version that is not yet");
    struct site_change *c = begin(s);
    must(site_put(c, next, 1, BOB, &err) && site_change_commit(c, &a_record, &err), &err, "an update");
    const struct site_provider *q = site_get(s, SITE_PROVIDER, t->north.key);
    check(q && q != p && q->o.version == 2 && strcmp(q->location, "West US") == 0, "an update is seen");
    check(q && q->o.created_unix_s == NOW && strcmp(q->o.created_by, ALICE) == 0 &&
              q->o.changed_unix_s == NOW + 60 && strcmp(q->o.changed_by, BOB) == 0,
          "created is kept whatever the caller says, changed is filled");
    check(strcmp(p->location, "East US") == 0 && p->o.version == 1, "the old object stays as it was");
    refused(put_one(s, next, 1, &err), &err, ATT_STORE_CONFLICT, "put over an old version");
    refused(delete_one(s, SITE_PROVIDER, t->north.key, 1, &err), &err, ATT_STORE_CONFLICT,
            "delete an old version");
    refused(delete_one(s, SITE_PROVIDER, t->north.key, 0, &err), &err, ATT_STORE_CONFLICT,
            "delete no version");
    refused(delete_one(s, SITE_PROVIDER, "/nothing", 1, &err), &err, ATT_STORE_CONFLICT, "delete nothing");
    site_unref(p);
    site_unref(q);
}

static void twice_in_one_change(struct site *s)
{
    struct a_provider room;
    struct att_err err = { 0 };
    struct site_provider *p = a_provider(&room, TENANT_A, SUB_A, "One", "Twice");
    struct site_change *c = begin(s);

    must(site_put(c, p, 0, ALICE, &err), &err, "the first put");
    const struct site_provider *seen = site_change_get(c, SITE_PROVIDER, p->o.key);
    check(seen && seen->o.version == 1, "the change sees its own object");
    check(!has(s, SITE_PROVIDER, p->o.key), "readers do not, before the commit");
    p->location = "West US";
    must(site_put(c, p, 1, ALICE, &err), &err, "the second put");
    must(site_delete(c, SITE_PROVIDER, p->o.key, 2, &err), &err, "the delete");
    check(strcmp(seen->location, "East US") == 0, "what the change has lent stays until it ends");
    check(!site_change_get(c, SITE_PROVIDER, p->o.key), "the change sees that it is gone");
    must(site_put(c, p, 0, ALICE, &err), &err, "the third put");
    must(site_change_commit(c, &a_record, &err), &err, "put, put, delete, put");
    seen = site_get(s, SITE_PROVIDER, p->o.key);
    check(seen && seen->o.version == 1 && strcmp(seen->location, "West US") == 0, "the last put holds");
    site_unref(seen);

    c = begin(s);
    must(site_delete(c, SITE_PROVIDER, p->o.key, 1, &err) && site_put(c, p, 0, ALICE, &err) &&
             site_delete(c, SITE_PROVIDER, p->o.key, 1, &err) && site_change_commit(c, &a_record, &err),
         &err, "delete, put, delete");
    check(!has(s, SITE_PROVIDER, p->o.key), "the last delete holds");
    c = begin(s);
    must(site_put(c, p, 0, ALICE, &err) && site_delete(c, SITE_PROVIDER, p->o.key, 1, &err) &&
             site_change_commit(c, &a_record, &err),
         &err, "put, delete");
    check(!has(s, SITE_PROVIDER, p->o.key), "what was put and deleted never was");
    must_put(s, p);
    must(delete_one(s, SITE_PROVIDER, p->o.key, 1, &err), &err, "a delete");
}

static void abandoned(struct site *s, struct store *store)
{
    struct a_provider room;
    struct att_err err = { 0 };
    uint64_t before = 0;
    uint64_t after = 0;
    struct site_provider *p = a_provider(&room, TENANT_A, SUB_A, "One", "Never");

    must(store_generation(store, &before, &err), &err, "generation");
    struct site_change *c = begin(s);
    must(site_put(c, p, 0, ALICE, &err), &err, "a put");
    struct site_change *second = NULL;
    refused(site_change_begin(s, NOW, &second, &err), &err, ATT_INTERNAL,
            "a second change beside an open one");
    site_change_abandon(c);
    must(store_generation(store, &after, &err), &err, "generation");
    check(!has(s, SITE_PROVIDER, p->o.key) && before == after, "an abandoned change leaves nothing");

    c = begin(s);
    must(site_put(c, p, 0, ALICE, &err), &err, "a put");
    refused(site_put(c, p, 0, ALICE, &err), &err, ATT_STORE_CONFLICT, "the same once more");
    refused(site_change_commit(c, &a_record, &err), &err, ATT_INTERNAL, "commit after a step that failed");
    check(!has(s, SITE_PROVIDER, p->o.key), "half a change is none");

    struct site_record record = a_record;
    struct att_err why = { .code = ATT_ACCESS_DENIED };
    record.refusal = &why;
    c = begin(s);
    must(site_put(c, p, 0, ALICE, &err), &err, "a put");
    refused(site_change_commit(c, &record, &err), &err, ATT_INTERNAL, "commit with a record of a refusal");
    check(!has(s, SITE_PROVIDER, p->o.key), "what was refused is not done");
    site_change_abandon(NULL);
}

static void unique(struct site *s, const struct town *t)
{
    struct a_provider provider;
    struct a_principal principal;
    struct an_assignment one;
    struct an_assignment two;
    struct att_err err = { 0 };

    refused(put_one(s, a_provider(&provider, TENANT_B, SUB_B, "One", "nORTH"), 0, &err), &err, ATT_NAME_TAKEN,
            "a provider name of another tenant, in another case");
    refused(put_one(s, a_provider(&provider, TENANT_A, SUB_A, "One-more", "North"), 0, &err), &err,
            ATT_NAME_TAKEN, "a provider name of another group");
    must_put(s, a_principal(&principal, TENANT_A, SUB_A, BOB));
    refused(put_one(s, a_principal(&principal, TENANT_A, SUB_A2, BOB), 0, &err), &err, ATT_NAME_TAKEN,
            "a client id of another subscription");
    struct site_credential user = { .kind = SITE_UNIX_USER, .id = "u", .uid = 1000 };
    struct site_principal *p = a_principal(&principal, TENANT_A, SUB_A, ALICE);
    p->credentials = &user;
    p->credential_count = 1;
    must_put(s, p);
    p = a_principal(&principal, TENANT_B, SUB_B, TEAM);
    p->credentials = &user;
    p->credential_count = 1;
    refused(put_one(s, p, 0, &err), &err, ATT_NAME_TAKEN, "a unix user that is another tenant's principal");
    const struct site_principal *found = site_principal_by_uid(s, 1000);
    check(found && strcmp(found->client_id, ALICE) == 0, "a principal by its unix user");
    site_unref(found);
    check(!site_principal_by_uid(s, 0), "no principal has the uid of credentials that are none");
    found = site_principal_by_client(s, BOB);
    check(found && strcmp(found->client_id, BOB) == 0, "a principal by its client id");
    site_unref(found);

    must_put(s, an_assignment(&one, TENANT_A, t->one.key, ALICE, READER, 1));
    refused(put_one(s, an_assignment(&two, TENANT_A, t->one.key, ALICE, READER, 2), 0, &err), &err,
            ATT_ROLE_ASSIGNMENT_EXISTS, "the same role, principal and scope under another name");
    must_put(s, an_assignment(&two, TENANT_A, t->one.key, ALICE, OWNER, 3));
    must_put(s, an_assignment(&two, TENANT_A, t->one_more.key, ALICE, READER, 4));
    must_put(s, an_assignment(&two, TENANT_A, t->one.key, BOB, READER, 5));
    must(put_one(s, &one.a, 1, &err), &err, "the same assignment again is an update");
    refused(put_one(s, an_assignment(&two, TENANT_A, t->one.key, ALICE, TEAM, 6), 0, &err), &err,
            ATT_ROLE_UNKNOWN, "a role that is none");

    /* A name that becomes free in the same change may be taken in it. */
    struct site_change *c = begin(s);
    must(site_delete(c, SITE_PROVIDER, t->south.key, 1, &err), &err, "a delete");
    must(site_put(c, a_provider(&provider, TENANT_A, SUB_A, "One-more", "South"), 0, ALICE, &err), &err,
         "the name is free again");
    must(site_change_commit(c, &a_record, &err), &err, "a move");
    const struct site_provider *moved = site_provider_by_name(s, "SOUTH");
    check(moved && strcmp(moved->o.key, provider.key) == 0, "a provider by its name, in any case");
    site_unref(moved);
}

static void parents(struct site *s, const struct town *t)
{
    struct a_subscription sub;
    struct a_group group;
    struct a_provider provider;
    struct a_policy policy;
    struct a_connection connection;
    struct an_assignment assignment;
    struct a_principal principal;
    struct att_err err = { 0 };
    struct att_err other = { 0 };

    refused(put_one(s, a_group(&group, TENANT_A, TEAM, "lost"), 0, &err), &err, ATT_SUBSCRIPTION_NOT_FOUND,
            "a group in no subscription");
    refused(put_one(s, a_principal(&principal, TENANT_A, TEAM, TEAM), 0, &err), &err,
            ATT_SUBSCRIPTION_NOT_FOUND, "a principal in no subscription");
    check(!put_one(s, a_group(&group, TENANT_A, TEAM, "lost"), 0, &err) &&
              !put_one(s, a_group(&group, TENANT_A, SUB_B, "lost"), 0, &other) &&
              memcmp(&err, &other, sizeof err) == 0,
          "A26: a subscription of another tenant is like none");
    err = (struct att_err){ 0 };
    refused(put_one(s, a_provider(&provider, TENANT_A, SUB_A, "Nowhere", "Lost"), 0, &err), &err,
            ATT_GROUP_NOT_FOUND, "a provider in no group");
    refused(put_one(s, a_provider(&provider, TENANT_A, SUB_A2, "One-more", "Lost"), 0, &err), &err,
            ATT_GROUP_NOT_FOUND, "a provider in a group of another subscription");
    (void)a_provider(&provider, TENANT_A, SUB_A, "One", "Lost");
    refused(put_one(s, a_policy(&policy, &provider.p, "SgxEnclave"), 0, &err), &err, ATT_RESOURCE_NOT_FOUND,
            "a policy of no provider");
    refused(put_one(s, a_connection(&connection, &provider.p, "c"), 0, &err), &err, ATT_RESOURCE_NOT_FOUND,
            "a connection of no provider");
    refused(put_one(s, an_assignment(&assignment, TENANT_A, provider.key, ALICE, OWNER, 9), 0, &err), &err,
            ATT_RESOURCE_NOT_FOUND, "a role on no provider");
    refused(put_one(s, an_assignment(&assignment, TENANT_A, t->of_b.key, ALICE, OWNER, 9), 0, &err), &err,
            ATT_SUBSCRIPTION_NOT_FOUND, "A4: a role of tenant A on tenant B's group");
    refused(put_one(s, an_assignment(&assignment, TENANT_A, "", ALICE, OWNER, 9), 0, &err), &err,
            ATT_PARAMETER_INVALID, "a role on everything");
    refused(put_one(s, a_subscription(&sub, TENANT_B, SUB_A), 0, &err), &err, ATT_STORE_CONFLICT,
            "A4: another tenant's subscription once more");
    refused(put_one(s, a_subscription(&sub, TENANT_B, SUB_A), 1, &err), &err, ATT_IMMUTABLE_PROPERTY,
            "A4: another tenant's subscription taken over");
}

/* One object of any kind below it is enough to keep what it lies in. */
static void kept_by_one(struct site *s)
{
    struct a_subscription sub;
    struct a_group group;
    struct a_provider provider;
    struct a_policy policy;
    struct a_connection connection;
    struct an_assignment assignment;
    struct a_principal principal;
    struct att_err err = { 0 };
    static const char id[] = "cccccccc-1111-4000-8000-000000000001";
    static const char client[] = "cccccccc-2222-4000-8000-000000000001";

    must_put(s, a_subscription(&sub, TENANT_A, id));
    must_put(s, a_principal(&principal, TENANT_A, id, client));
    refused(delete_one(s, SITE_SUBSCRIPTION, sub.key, 1, &err), &err, ATT_INTERNAL,
            "a subscription with a principal");
    must(delete_one(s, SITE_PRINCIPAL, principal.key, 1, &err), &err, "a delete");
    must_put(s, a_group(&group, TENANT_A, id, "G"));
    refused(delete_one(s, SITE_SUBSCRIPTION, sub.key, 1, &err), &err, ATT_INTERNAL,
            "a subscription with a group");
    must_put(s, a_provider(&provider, TENANT_A, id, "G", "only-one"));
    refused(delete_one(s, SITE_GROUP, group.key, 1, &err), &err, ATT_INTERNAL, "a group with a provider");
    must_put(s, a_policy(&policy, &provider.p, "Tpm"));
    refused(delete_one(s, SITE_PROVIDER, provider.key, 1, &err), &err, ATT_INTERNAL,
            "a provider with a policy");
    must(delete_one(s, SITE_POLICY, policy.key, 1, &err), &err, "a delete");
    must_put(s, a_connection(&connection, &provider.p, "c"));
    refused(delete_one(s, SITE_PROVIDER, provider.key, 1, &err), &err, ATT_INTERNAL,
            "a provider with a connection");
    must(delete_one(s, SITE_CONNECTION, connection.key, 1, &err), &err, "a delete");
    must_put(s, an_assignment(&assignment, TENANT_A, provider.key, BOB, OWNER, 50));
    refused(delete_one(s, SITE_PROVIDER, provider.key, 1, &err), &err, ATT_INTERNAL,
            "a provider with a role on it, which its namesake would inherit");
    must(delete_one(s, SITE_ASSIGNMENT, assignment.key, 1, &err) &&
             delete_one(s, SITE_PROVIDER, provider.key, 1, &err) &&
             delete_one(s, SITE_GROUP, group.key, 1, &err) &&
             delete_one(s, SITE_SUBSCRIPTION, sub.key, 1, &err),
         &err, "from below");
}

/* Callers enumerate; nothing is left behind, or nothing is done. */
static void cascade(struct site *s)
{
    struct a_group group;
    struct a_provider provider;
    struct a_policy policy;
    struct an_assignment assignment;
    struct att_err err = { 0 };
    static const enum site_kind kinds[] = { SITE_POLICY, SITE_CONNECTION, SITE_ASSIGNMENT, SITE_PROVIDER,
                                            SITE_GROUP };

    must_put(s, a_group(&group, TENANT_A, SUB_A, "Doomed"));
    for (unsigned i = 0; i < 20; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "Doomed-%u", i);
        must_put(s, a_provider(&provider, TENANT_A, SUB_A, "Doomed", name));
        must_put(s, a_policy(&policy, &provider.p, "SgxEnclave"));
        must_put(s, an_assignment(&assignment, TENANT_A, provider.key, BOB, OWNER, 20 + i));
    }
    refused(delete_one(s, SITE_GROUP, group.key, 1, &err), &err, ATT_INTERNAL,
            "a group without its providers");
    check(has(s, SITE_GROUP, group.key), "the group is still there");

    struct site_change *c = begin(s);
    size_t gone = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct site_list list = { 0 };
        must(site_list(s, kinds[k], group.key, &list, &err), &err, "a list");
        for (size_t i = 0; i < list.count; i++, gone++) {
            const struct site_object *o = list.objects[i];
            must(site_delete(c, o->kind, o->key, o->version, &err), &err, o->key);
        }
        site_list_free(&list);
    }
    check(has(s, SITE_PROVIDER, provider.key) && has(s, SITE_POLICY, policy.key),
          "readers still see all of it");
    must(site_change_commit(c, &a_record, &err), &err, "the group with all that is in it");
    check(gone == 61 && !has(s, SITE_GROUP, group.key) && !has(s, SITE_PROVIDER, provider.key) &&
              !has(s, SITE_POLICY, policy.key) && !has(s, SITE_ASSIGNMENT, assignment.key),
          "a group, 20 providers, 20 policies and 20 assignments go at once");
}

static void lists(struct site *s, const struct town *t)
{
    struct site_list all = { 0 };
    struct site_list in_one = { 0 };
    struct site_list itself = { 0 };
    struct att_err err = { 0 };

    must(site_list(s, SITE_PROVIDER, "", &all, &err) &&
             site_list(s, SITE_PROVIDER, t->one.key, &in_one, &err) &&
             site_list(s, SITE_GROUP, t->one.key, &itself, &err),
         &err, "lists");
    bool sorted = true;
    for (size_t i = 1; i < all.count; i++)
        sorted = sorted && strcmp(((const struct site_object *)all.objects[i - 1])->key,
                                  ((const struct site_object *)all.objects[i])->key) < 0;
    check(all.count == 4 && sorted, "all providers, in order of keys");
    check(in_one.count == 1, "A8: those in a group, and not those in one whose name begins alike");
    check(itself.count == 1, "the group itself, and not \"One-more\"");
    site_list_free(&all);
    site_list_free(&in_one);
    site_list_free(&itself);
    must(site_list(s, SITE_PROVIDER, "/subscriptions/none", &all, &err), &err, "an empty list");
    check(all.count == 0 && all.objects, "a list of nothing");
    site_list_free(&all);
}

/* -- what must not get in --------------------------------------------------------------------------------- */

static void forms(struct site *s, const struct town *t)
{
    struct a_provider provider;
    struct a_group group;
    struct a_principal principal;
    struct att_err err = { 0 };
    struct site_provider *p = NULL;
    static const char *const bad_names[] = { "",
                                             "ab",
                                             "a/b",
                                             "a.b",
                                             "a b",
                                             "a%2fb",
                                             "..",
                                             "a\xc3\xbc b",
                                             "a\nb",
                                             "a\\b",
                                             "1234567890123456789012345" };

    for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++)
        refused(put_one(s, a_provider(&provider, TENANT_A, SUB_A, "One", bad_names[i]), 0, &err), &err,
                ATT_PARAMETER_INVALID, "A10: a provider name that is none");
    refused(put_one(s, a_group(&group, TENANT_A, SUB_A, "a/providers/b"), 0, &err), &err,
            ATT_PARAMETER_INVALID, "A10: a slash in a group name");
    refused(put_one(s, a_group(&group, TENANT_A, SUB_A, ".."), 0, &err), &err, ATT_PARAMETER_INVALID,
            "A10: dots as a group name");
    p = a_provider(&provider, TENANT_A, SUB_A, "One", "Fine");
    p->o.key = t->north.key;
    refused(put_one(s, p, 1, &err), &err, ATT_STORE_CONFLICT, "another provider's key");
    refused(put_one(s, p, 2, &err), &err, ATT_NAME_INVALID, "another provider's key and version");
    p->o.key = "/subscriptions/" SUB_A
               "/resourceGroups/One/providers/Microsoft.Attestation/attestationProviders/Fine";
    refused(put_one(s, p, 0, &err), &err, ATT_NAME_INVALID, "A10: a key in mixed case");
    p->o.key = NULL;
    refused(put_one(s, p, 0, &err), &err, ATT_INTERNAL, "no key");
    p = a_provider(&provider, "a tenant", SUB_A, "One", "Fine");
    refused(put_one(s, p, 0, &err), &err, ATT_PARAMETER_INVALID, "a tenant that is no GUID");

    static const struct {
        const char *name, *tags;
    } bad_tags[] = {
        { "J10: tags that are two objects", "{}{}" },
        { "J10: tags that add a member", "{},\"isolated\":true" },
        { "J10: tags that repeat a member of the row", "{},\"name\":\"x\"" },
        { "J10: tags with the same name twice", "{\"a\":\"1\",\"a\":\"2\"}" },
        { "tags that are a string", "\"x\"" },
        { "tags that are null", "null" },
        { "tags that end too early", "{\"a\":" },
        { "tags that are not UTF-8", "{\"a\":\"\xff\"}" },
    };
    for (size_t i = 0; i < sizeof bad_tags / sizeof bad_tags[0]; i++) {
        p = a_provider(&provider, TENANT_A, SUB_A, "One", "Fine");
        p->tags = att_str(bad_tags[i].tags);
        refused(put_one(s, p, 0, &err), &err, ATT_PARAMETER_INVALID, bad_tags[i].name);
    }
    p = a_provider(&provider, TENANT_A, SUB_A, "One", "Fine");
    p->location = "East\xff";
    refused(put_one(s, p, 0, &err), &err, ATT_PARAMETER_INVALID, "a location that is not UTF-8");
    p->location = NULL;
    refused(put_one(s, p, 0, &err), &err, ATT_PARAMETER_INVALID, "no location");
    p->location = "East US";
    p->isolated = true;
    refused(put_one(s, p, 0, &err), &err, ATT_PARAMETER_INVALID, "A19: an isolated provider without signers");
    p->isolated = false;
    p->signers = att_str("{\"keys\":[]}");
    refused(put_one(s, p, 0, &err), &err, ATT_PARAMETER_INVALID,
            "A17: signers of a provider that is not isolated");

    struct site_credential credentials[2] = { { .kind = SITE_SECRET, .id = "k", .hash = "scrypt$1" },
                                              { .kind = SITE_SECRET, .id = "k", .hash = "scrypt$2" } };
    struct site_principal *who = a_principal(&principal, TENANT_A, SUB_A, TEAM);
    who->credentials = credentials;
    who->credential_count = 2;
    refused(put_one(s, who, 0, &err), &err, ATT_PARAMETER_INVALID, "two credentials with one id");
    who->credential_count = 1;
    credentials[0].hash = "";
    refused(put_one(s, who, 0, &err), &err, ATT_PARAMETER_INVALID, "a secret without its hash");
    credentials[0].hash = "scrypt$1";
    credentials[0].uid = 7;
    refused(put_one(s, who, 0, &err), &err, ATT_PARAMETER_INVALID, "a secret with a unix user");
    credentials[0].kind = (enum site_credential_kind)9;
    refused(put_one(s, who, 0, &err), &err, ATT_PARAMETER_INVALID, "a credential of no kind");
    who->credential_count = 33;
    refused(put_one(s, who, 0, &err), &err, ATT_LIMIT_EXCEEDED, "too many credentials");
}

static void too_large(struct site *s, const struct town *t)
{
    struct a_policy room;
    struct att_err err = { 0 };
    size_t len = 600 * 1024;
    char *text = malloc(len);

    must(text != NULL, &err, "memory");
    memset(text, 'a', len);
    struct site_policy *p = a_policy(&room, &t->north.p, "SgxEnclave");
    p->text = att_span_of(text, len);
    refused(put_one(s, p, 0, &err), &err, ATT_PARAMETER_INVALID, "a policy text above its limit");
    p->text = att_span_of(text, 512 * 1024);
    text[1] = '.';
    text[3] = '.';
    p->token = att_span_of(text, 600 * 1024);
    refused(put_one(s, p, 0, &err), &err, ATT_LIMIT_EXCEEDED, "A28: a row above the store's limit");
    p->text = att_span_of(text, 128 * 1024);
    must(put_one(s, p, 0, &err), &err, "a large policy");
    const struct site_policy *q = site_get(s, SITE_POLICY, room.key);
    check(q && att_span_eq(q->text, p->text) && att_span_eq(q->token, p->token),
          "a large policy comes back as it was");
    site_unref(q);
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    p->text = att_span_of(bytes, sizeof bytes);
    must(put_one(s, p, 1, &err), &err, "a policy of any bytes");
    q = site_get(s, SITE_POLICY, room.key);
    check(q && att_span_eq(q->text, p->text), "every byte of a policy comes back: its hash is over bytes");
    site_unref(q);
    must(delete_one(s, SITE_POLICY, room.key, 2, &err), &err, "a delete");
    free(text);
}

/* -- attachments ------------------------------------------------------------------------------------------ */

struct counted {
    struct site_attachment a;
    int *frees;
};

static void counted_free(struct site_attachment *a)
{
    ++*((struct counted *)(void *)a)->frees;
    free(a);
}

static struct site_attachment *attach(const struct site_provider *p, int *frees)
{
    struct counted *c = malloc(sizeof *c);
    struct att_err err = { 0 };

    must(c != NULL, &err, "memory");
    *c = (struct counted){ { counted_free }, frees };
    return site_attachment_set(p, &c->a);
}

static void attachments(struct site *s, const struct town *t)
{
    struct a_policy room;
    struct a_connection connection;
    struct att_err err = { 0 };
    int frees = 0;
    int losers = 0;
    const struct site_provider *p = site_get(s, SITE_PROVIDER, t->away.key);

    check(!site_attachment_get(p), "a provider begins with nothing attached");
    struct site_attachment *mine = attach(p, &frees);
    check(site_attachment_get(p) == mine && frees == 0, "what was attached is there");
    check(attach(p, &losers) == mine && losers == 1 && site_attachment_get(p) == mine,
          "the second is freed, the first holds");

    const struct site_provider *q = NULL;
    struct site_change *c = begin(s);
    must(site_put(c, a_policy(&room, p, "SgxEnclave"), 0, ALICE, &err), &err, "a policy");
    q = site_get(s, SITE_PROVIDER, t->away.key);
    check(q == p, "before the commit the provider is the same");
    site_unref(q);
    must(site_change_commit(c, &a_record, &err), &err, "a policy");
    q = site_get(s, SITE_PROVIDER, t->away.key);
    check(q != p && q->o.version == p->o.version && !site_attachment_get(q) && strcmp(q->name, p->name) == 0,
          "A16: a policy makes a new object of the same version, with nothing attached");
    check(site_attachment_get(p) == mine && frees == 0, "A16: who holds the old one keeps what is attached");
    (void)attach(q, &losers);
    site_unref(p);
    check(frees == 1, "the attachment goes with the last reference");
    losers = 0;

    c = begin(s);
    must(site_put(c, a_connection(&connection, q, "c1"), 0, ALICE, &err), &err, "a connection");
    site_change_abandon(c);
    p = site_get(s, SITE_PROVIDER, t->away.key);
    check(p == q, "an abandoned change of a connection leaves the object");
    site_unref(p);
    must_put(s, &connection.c);
    p = site_get(s, SITE_PROVIDER, t->away.key);
    check(p != q && !site_attachment_get(p), "a connection makes a new object");
    (void)attach(p, &frees);
    site_unref(q);
    must(delete_one(s, SITE_POLICY, room.key, 1, &err), &err, "a delete");
    q = site_get(s, SITE_PROVIDER, t->away.key);
    check(p != q && !site_attachment_get(q) && q->o.version == 1, "a deleted policy makes a new object");
    site_unref(p);
    site_unref(q);
    must(delete_one(s, SITE_CONNECTION, connection.key, 1, &err), &err, "a delete");
    must_put(s, a_policy(&room, &t->north.p, "SgxEnclave"));
    must(delete_one(s, SITE_POLICY, room.key, 1, &err), &err, "a delete");
    p = site_get(s, SITE_PROVIDER, t->away.key);
    (void)attach(p, &frees);
    frees = 0;
    site_unref(p);
    must_put(s, a_policy(&room, &t->north.p, "SgxEnclave"));
    p = site_get(s, SITE_PROVIDER, t->away.key);
    check(site_attachment_get(p) != NULL && frees == 0, "another provider's policy leaves the object alone");
    site_unref(p);
    must(delete_one(s, SITE_POLICY, room.key, 1, &err), &err, "a delete");
}

/* A16: whoever attests keeps what it began with. */
static void held(struct site *s)
{
    struct a_provider room;
    struct a_policy policy;
    struct att_err err = { 0 };

    must_put(s, a_provider(&room, TENANT_A, SUB_A, "One", "Brief"));
    must_put(s, a_policy(&policy, &room.p, "SgxEnclave"));
    const struct site_provider *p = site_provider_by_name(s, "brief");
    const struct site_policy *text = site_get(s, SITE_POLICY, policy.key);
    struct site_change *c = begin(s);
    must(site_delete(c, SITE_POLICY, policy.key, 1, &err) &&
             site_delete(c, SITE_PROVIDER, room.key, 1, &err) && site_change_commit(c, &a_record, &err),
         &err, "a delete");
    check(!site_provider_by_name(s, "brief"), "A16: a deleted provider is not found");
    check(p && text && strcmp(p->name, "Brief") == 0 && att_span_eq(text->text, policy.p.text),
          "A16: the reader's provider and policy are as they were");
    const struct site_provider *again = site_ref(p);
    site_unref(again);
    site_unref(p);
    site_unref(text);
    site_unref(NULL);
}

/* What memory holds is what another start would read. */
static void reopened(struct site *s, struct store *store)
{
    struct site *fresh = site_on(store);
    struct att_err err = { 0 };
    bool same = true;

    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        struct site_list a = { 0 };
        struct site_list b = { 0 };
        must(site_list(s, (enum site_kind)kind, "", &a, &err) &&
                 site_list(fresh, (enum site_kind)kind, "", &b, &err),
             &err, "lists");
        same = same && a.count == b.count;
        for (size_t i = 0; same && i < a.count; i++) {
            const struct site_object *x = a.objects[i];
            const struct site_object *y = b.objects[i];
            same = strcmp(x->key, y->key) == 0 && x->version == y->version &&
                   strcmp(x->tenant, y->tenant) == 0 && x->created_unix_s == y->created_unix_s &&
                   x->changed_unix_s == y->changed_unix_s && strcmp(x->created_by, y->created_by) == 0 &&
                   strcmp(x->changed_by, y->changed_by) == 0;
        }
        site_list_free(&a);
        site_list_free(&b);
    }
    check(same, "a second site on the store has the same objects at the same versions");
    site_close(fresh);
}

static void run(struct store *store, const char *name)
{
    struct site *s = site_on(store);
    struct town t;

    on = name;
    build(s, &t);
    versions(s, &t);
    twice_in_one_change(s);
    abandoned(s, store);
    parents(s, &t);
    forms(s, &t);
    too_large(s, &t);
    attachments(s, &t);
    unique(s, &t);
    kept_by_one(s);
    cascade(s);
    held(s);
    lists(s, &t);
    reopened(s, store);
    const struct site_provider *kept = site_provider_by_name(s, "north");
    site_close(s);
    check(kept && strcmp(kept->name, "North") == 0, "a reference outlives the site");
    site_unref(kept);
    store_close(store);
    site_close(NULL);
}

int main(void)
{
    struct folder f;

    run(memory_store(), "memory");
    run(sqlite_store(folder_make(&f)), "sqlite");
    folder_remove(&f);
    return cases_report(&cases);
}
