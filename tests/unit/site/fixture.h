/* What the tests of src/site share: objects with few words, a store of each kind, a change in one line. */
#ifndef TESTS_SITE_FIXTURE_H
#define TESTS_SITE_FIXTURE_H

#include "site/site.h"
#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TENANT_A "aaaaaaaa-0000-4000-8000-000000000001"
#define TENANT_B "bbbbbbbb-0000-4000-8000-000000000001"
#define SUB_A    "aaaaaaaa-1111-4000-8000-000000000001"
#define SUB_A2   "aaaaaaaa-2222-4000-8000-000000000001"
#define SUB_B    "bbbbbbbb-1111-4000-8000-000000000001"
#define ALICE    "a11ce000-0000-4000-8000-000000000001"
#define BOB      "b0b00000-0000-4000-8000-000000000001"
#define TEAM     "7ea30000-0000-4000-8000-000000000001"

#define OWNER                   "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
#define CONTRIBUTOR             "b24988ac-6180-42a0-ab88-20f7382dd24c"
#define READER                  "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define ATTESTATION_CONTRIBUTOR "bbf86eb8-f7b4-4cce-96e4-18cddf81d86e"
#define ATTESTATION_READER      "fd1bd22b-8476-40bc-a0bc-69b95687b9f3"

#define PROVIDER_WRITE    "Microsoft.Attestation/attestationProviders/write"
#define PROVIDER_READ     "Microsoft.Attestation/attestationProviders/read"
#define ATTESTATION_WRITE "Microsoft.Attestation/attestationProviders/attestation/write"
#define ATTESTATION_READ  "Microsoft.Attestation/attestationProviders/attestation/read"

enum { NOW = 1800000000, KEY_SIZE = 1024 };

/* -- objects: texts live in the struct -------------------------------------------------------------------- */

struct a_subscription {
    struct site_subscription s;
    char key[KEY_SIZE];
};
static inline const void *a_subscription(struct a_subscription *room, const char *tenant, const char *id)
{
    (void)snprintf(room->key, sizeof room->key, "/subscriptions/%s", id);
    room->s = (struct site_subscription){
        .o = { .kind = SITE_SUBSCRIPTION, .tenant = tenant, .key = room->key },
        .id = id,
        .name = "Test subscription",
    };
    return &room->s;
}

static inline char *lowered(char *text)
{
    for (char *c = text; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return text;
}

struct a_group {
    struct site_group g;
    char key[KEY_SIZE];
};
static inline const void *a_group(struct a_group *room, const char *tenant, const char *sub, const char *name)
{
    (void)snprintf(room->key, sizeof room->key, "/subscriptions/%s/resourcegroups/%s", sub, name);
    room->g = (struct site_group){
        .o = { .kind = SITE_GROUP, .tenant = tenant, .key = lowered(room->key) },
        .subscription = sub,
        .name = name,
        .location = "East US",
    };
    return &room->g;
}

struct a_provider {
    struct site_provider p;
    char key[KEY_SIZE];
};
static inline struct site_provider *a_provider(struct a_provider *room, const char *tenant, const char *sub,
                                               const char *group, const char *name)
{
    (void)snprintf(
        room->key, sizeof room->key,
        "/subscriptions/%s/resourcegroups/%s/providers/microsoft.attestation/attestationproviders/%s", sub,
        group, name);
    room->p = (struct site_provider){
        .o = { .kind = SITE_PROVIDER, .tenant = tenant, .key = lowered(room->key) },
        .subscription = sub,
        .group = group,
        .name = name,
        .location = "East US",
    };
    return &room->p;
}

struct a_policy {
    struct site_policy p;
    char key[KEY_SIZE];
};
static inline struct site_policy *a_policy(struct a_policy *room, const struct site_provider *of,
                                           const char *type)
{
    (void)snprintf(room->key, sizeof room->key, "%.900s/policies/%.60s", of->o.key, type);
    room->p = (struct site_policy){
        .o = { .kind = SITE_POLICY, .tenant = of->o.tenant, .key = lowered(room->key) },
        .type = type,
        .token = att_str("e30.e30.AAAA"),
        .text = att_str("version=1.0; authorizationrules{ => permit(); };"),
    };
    return &room->p;
}

struct a_connection {
    struct site_connection c;
    char key[KEY_SIZE];
};
static inline struct site_connection *a_connection(struct a_connection *room, const struct site_provider *of,
                                                   const char *name)
{
    (void)snprintf(room->key, sizeof room->key, "%s/privateendpointconnections/%s", of->o.key, name);
    room->c = (struct site_connection){
        .o = { .kind = SITE_CONNECTION, .tenant = of->o.tenant, .key = lowered(room->key) },
        .name = name,
        .endpoint_id = "",
        .status = "Pending",
        .description = "",
    };
    return &room->c;
}

struct an_assignment {
    struct site_assignment a;
    char key[KEY_SIZE];
    char name[40];
};
/* `n` numbers the assignment. */
static inline struct site_assignment *an_assignment(struct an_assignment *room, const char *tenant,
                                                    const char *scope, const char *principal,
                                                    const char *role, unsigned n)
{
    (void)snprintf(room->name, sizeof room->name, "a5519000-0000-4000-8000-%012u", n);
    (void)snprintf(room->key, sizeof room->key, "%.900s/providers/microsoft.authorization/roleassignments/%s",
                   scope, room->name);
    room->a = (struct site_assignment){
        .o = { .kind = SITE_ASSIGNMENT, .tenant = tenant, .key = room->key },
        .name = room->name,
        .scope = scope,
        .role = role,
        .principal = principal,
        .principal_type = "User",
        .description = "",
    };
    return &room->a;
}

struct a_principal {
    struct site_principal p;
    char key[KEY_SIZE];
};
static inline struct site_principal *a_principal(struct a_principal *room, const char *tenant,
                                                 const char *sub, const char *client_id)
{
    (void)snprintf(room->key, sizeof room->key, "/subscriptions/%s/principals/%s", sub, client_id);
    room->p = (struct site_principal){
        .o = { .kind = SITE_PRINCIPAL, .tenant = tenant, .key = room->key },
        .subscription = sub,
        .client_id = client_id,
        .name = "machine",
    };
    return &room->p;
}

/* -- changes ---------------------------------------------------------------------------------------------- */

static const struct site_record a_record = {
    .tenant = TENANT_A,
    .scope = "/subscriptions/" SUB_A,
    .operation = "test.put",
    .action = PROVIDER_WRITE,
    .principal = ALICE,
    .issuer = "test",
    .name = "alice@example.org",
    .client = "192.0.2.1",
    .request_id = "request-1",
    .via = "rest",
};

/* An unexpected failure ends the program: what follows would be about nothing. */
static inline void must(bool ok, const struct att_err *err, const char *what)
{
    if (ok)
        return;
    printf("FAILED: %s: %s\n", what, err->text);
    exit(1);
}

static inline bool put_one(struct site *s, const void *object, uint64_t replaces, struct att_err *err)
{
    struct site_change *c = NULL;

    if (!site_change_begin(s, NOW, &c, err))
        return false;
    if (!site_put(c, object, replaces, ALICE, err)) {
        site_change_abandon(c);
        return false;
    }
    return site_change_commit(c, &a_record, err);
}

static inline bool delete_one(struct site *s, enum site_kind kind, const char *key, uint64_t replaces,
                              struct att_err *err)
{
    struct site_change *c = NULL;

    if (!site_change_begin(s, NOW, &c, err))
        return false;
    if (!site_delete(c, kind, key, replaces, err)) {
        site_change_abandon(c);
        return false;
    }
    return site_change_commit(c, &a_record, err);
}

static inline void must_put(struct site *s, const void *object)
{
    struct att_err err = { 0 };

    must(put_one(s, object, 0, &err), &err, ((const struct site_object *)object)->key);
}

/* Two tenants; A has two subscriptions, groups "one" and "one-more", two providers in "one". */
struct town {
    struct a_subscription sub_a, sub_a2, sub_b;
    struct a_group one, one_more, other, of_b;
    struct a_provider north, south, away, foreign;
};
static inline void build(struct site *s, struct town *t)
{
    must_put(s, a_subscription(&t->sub_a, TENANT_A, SUB_A));
    must_put(s, a_subscription(&t->sub_a2, TENANT_A, SUB_A2));
    must_put(s, a_subscription(&t->sub_b, TENANT_B, SUB_B));
    must_put(s, a_group(&t->one, TENANT_A, SUB_A, "One"));
    must_put(s, a_group(&t->one_more, TENANT_A, SUB_A, "One-more"));
    must_put(s, a_group(&t->other, TENANT_A, SUB_A2, "One"));
    must_put(s, a_group(&t->of_b, TENANT_B, SUB_B, "One"));
    must_put(s, a_provider(&t->north, TENANT_A, SUB_A, "One", "North"));
    must_put(s, a_provider(&t->south, TENANT_A, SUB_A, "One", "South"));
    must_put(s, a_provider(&t->away, TENANT_A, SUB_A, "One-more", "Away"));
    must_put(s, a_provider(&t->foreign, TENANT_B, SUB_B, "One", "Foreign"));
}

static inline void assign(struct site *s, const char *tenant, const char *scope, const char *principal,
                          const char *role)
{
    static unsigned n = 100000;
    struct an_assignment room;

    must_put(s, an_assignment(&room, tenant, scope, principal, role, n++));
}

/* -- stores ----------------------------------------------------------------------------------------------- */

static inline struct store *memory_store(void)
{
    struct store *store = NULL;
    struct att_err err = { 0 };

    must(store_memory_open("", &store, &err), &err, "a store in memory");
    return store;
}

static inline struct store *sqlite_store(const char *path)
{
    struct store *store = NULL;
    struct att_err err = { 0 };

    must(store_sqlite_open(path, &store, &err), &err, path);
    return store;
}

static inline struct site *site_on(struct store *store)
{
    struct site *s = NULL;
    struct att_err err = { 0 };

    must(site_open(store, &s, &err), &err, "a site");
    return s;
}

/* A folder of its own; folder_remove takes it away with what SQLite leaves in it. */
struct folder {
    char path[64];
    char file[96];
};
static inline const char *folder_make(struct folder *f)
{
    struct att_err err = { 0 };

    (void)snprintf(f->path, sizeof f->path, "/tmp/attestd-site-XXXXXX");
    must(mkdtemp(f->path) != NULL, &err, "a folder");
    (void)snprintf(f->file, sizeof f->file, "%s/store.db", f->path);
    return f->file;
}
static inline void folder_remove(const struct folder *f)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-journal", ".lock" };
    char path[128];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", f->file, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(f->path);
}

#endif
