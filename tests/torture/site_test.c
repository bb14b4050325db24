/* layers: site access store/memory store base codec */
/* Changes of the site when memory or the digest fails under them: all of a change is seen or nothing of it, by this site
 * and by the next one that opens the store. */
#include "torture/torture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "site/site.h"
#include "store/memory/memory.h"

static struct cases cases = { .name = "torture.site" };

#define TENANT "aaaaaaaa-0000-4000-8000-000000000001"
#define SUB    "aaaaaaaa-1111-4000-8000-000000000001"
#define WHO    "a11ce000-0000-4000-8000-000000000001"
#define READER "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define S_KEY  "/subscriptions/" SUB
#define G_KEY  S_KEY "/resourcegroups/one"
#define P_KEY  G_KEY "/providers/microsoft.attestation/attestationproviders/north"
#define A_KEY  P_KEY "/providers/microsoft.authorization/roleassignments/" WHO
#define C_KEY  S_KEY "/principals/" WHO
#define ACTION "Microsoft.Attestation/attestationProviders/read"

static const struct site_subscription subscription = {
    .o = { .kind = SITE_SUBSCRIPTION, .tenant = TENANT, .key = S_KEY }, .id = SUB, .name = "n"
};
static const struct site_group group = { .o = { .kind = SITE_GROUP, .tenant = TENANT, .key = G_KEY },
                                         .subscription = SUB,
                                         .name = "one",
                                         .location = "l" };
static const struct site_policy policy = {
    .o = { .kind = SITE_POLICY, .tenant = TENANT, .key = P_KEY "/policies/tpm" },
    .type = "Tpm",
    .token = { (const uint8_t *)"a.b.c", 5 },
    .text = { (const uint8_t *)"text", 4 }
};
static const struct site_assignment assignment = {
    .o = { .kind = SITE_ASSIGNMENT, .tenant = TENANT, .key = A_KEY },
    .name = WHO,
    .scope = P_KEY,
    .role = READER,
    .principal = WHO,
    .principal_type = "User",
    .description = ""
};
static const struct site_credential credential = { .kind = SITE_UNIX_USER, .id = "u", .hash = "", .uid = 7 };
static const struct site_principal principal = {
    .o = { .kind = SITE_PRINCIPAL, .tenant = TENANT, .key = C_KEY },
    .subscription = SUB,
    .client_id = WHO,
    .name = "n",
    .credentials = &credential,
    .credential_count = 1
};
static const struct site_certificate certificate = { "kid",
                                                     "https://a.example",
                                                     { (const uint8_t *)"der", 3 } };
static const struct site_provider provider = { .o = { .kind = SITE_PROVIDER, .tenant = TENANT, .key = P_KEY },
                                               .subscription = SUB,
                                               .group = "one",
                                               .name = "North",
                                               .location = "l",
                                               .tags = { (const uint8_t *)"{\"a\":\"b\"}", 9 },
                                               .certificates = &certificate,
                                               .certificate_count = 1 };
static const struct site_diagnostic_log line = { "allLogs", true, true };
/* Of a provider that is made at the time of all changes here. */
static const struct site_diagnostic setting = { .o = { .kind = SITE_DIAGNOSTIC,
                                                       .tenant = TENANT,
                                                       .key = P_KEY
                                                       "/providers/microsoft.insights/diagnosticsettings/s" },
                                                .name = "s",
                                                .sink = "siem",
                                                .workspace_id = "/attestdSinks/siem",
                                                .destination_type = "",
                                                .provider_created_unix_s = 1800000000,
                                                .logs = &line,
                                                .log_count = 1 };
static const struct site_record record = {
    .tenant = TENANT, .scope = P_KEY, .operation = "test", .action = ACTION, .principal = WHO, .via = "rest"
};

/* The store in memory grows its arrays with this one, which the linker does not wrap: so they can fail, too. */
void *reallocarray(void *p, size_t count, size_t size)
{
    return size > 0 && count > SIZE_MAX / size ? NULL : realloc(p, count * size);
}

struct scene {
    struct store *store;
    struct site *s;
    struct site_audit_end end;
};

static bool has(struct site *s, enum site_kind kind, const char *key)
{
    const void *o = site_get(s, kind, key);

    site_unref(o);
    return o != NULL;
}

/* What the change makes, in each of the ways in which it is found. */
static unsigned seen(struct site *s)
{
    const struct access_identity who = { .tenant = TENANT, .principal = WHO, .name = "" };
    const struct site_provider *p = site_provider_by_name(s, "north");
    const struct site_principal *by_client = site_principal_by_client(s, WHO);
    const struct site_principal *by_uid = site_principal_by_uid(s, 7);
    struct att_err err = { 0 };
    unsigned count = 0;

    count += p != NULL;
    count += by_client != NULL;
    count += by_uid != NULL;
    count += has(s, SITE_PROVIDER, P_KEY);
    count += has(s, SITE_POLICY, policy.o.key);
    count += has(s, SITE_ASSIGNMENT, A_KEY);
    count += has(s, SITE_PRINCIPAL, C_KEY);
    count += has(s, SITE_DIAGNOSTIC, setting.o.key);
    count += site_allows(s, &who, P_KEY, ACTION, &err);
    site_unref(p);
    site_unref(by_client);
    site_unref(by_uid);
    return count;
}
enum { ALL = 9 };

/* In peace: this site, this site after it has caught up, and another one see the same: everything or nothing. */
static bool whole(struct scene *scene, bool done)
{
    struct site *other = NULL;
    struct att_err err = { 0 };
    unsigned want = done ? ALL : 0;

    if (seen(scene->s) != want || !site_refresh(scene->s, &err) || seen(scene->s) != want ||
        !site_open(scene->store, &other, &err))
        return false;
    bool same = seen(other) == want;
    site_close(other);
    return same;
}

static bool put_all(struct site_change *c, struct att_err *err)
{
    return site_put(c, &provider, 0, WHO, err) && site_put(c, &policy, 0, WHO, err) &&
           site_put(c, &assignment, 0, WHO, err) && site_put(c, &principal, 0, WHO, err) &&
           site_put(c, &setting, 0, WHO, err) && site_put(c, &provider, 1, WHO, err);
}

static bool delete_all(struct site_change *c, struct att_err *err)
{
    return site_delete(c, SITE_POLICY, policy.o.key, 1, err) &&
           site_delete(c, SITE_DIAGNOSTIC, setting.o.key, 1, err) &&
           site_delete(c, SITE_ASSIGNMENT, A_KEY, 1, err) && site_delete(c, SITE_PRINCIPAL, C_KEY, 1, err) &&
           site_delete(c, SITE_PROVIDER, P_KEY, 2, err);
}

static bool change(struct scene *scene, bool (*steps)(struct site_change *, struct att_err *),
                   struct att_err *err)
{
    struct site_change *c = NULL;

    if (!site_change_begin(scene->s, 1800000000, &c, err))
        return false;
    if (!steps(c, err)) {
        site_change_abandon(c);
        return false;
    }
    return site_change_commit(c, &record, err);
}

static bool put_start(struct site_change *c, struct att_err *err)
{
    return site_put(c, &subscription, 0, WHO, err) && site_put(c, &group, 0, WHO, err);
}

/* Each run has a store of its own, since a trail only grows, and takes it down again. */
static bool absent(struct scene *scene, struct att_err *err)
{
    return store_memory_open("", &scene->store, err) && site_open(scene->store, &scene->s, err) &&
           change(scene, put_start, err) && site_audit_verify(scene->s, &scene->end, err);
}

static bool present(struct scene *scene, struct att_err *err)
{
    return absent(scene, err) && change(scene, put_all, err) && site_audit_verify(scene->s, &scene->end, err);
}

static void end_scene(struct scene *scene)
{
    site_close(scene->s);
    store_close(scene->store);
}

static enum torture_answer refused(struct scene *scene)
{
    torture_rest();
    end_scene(scene);
    return TORTURE_REFUSED;
}

static enum torture_answer putting(void *state, struct att_err *err)
{
    struct scene scene = { 0 };

    (void)state;
    if (!absent(&scene, err))
        return refused(&scene);
    bool done = change(&scene, put_all, err);

    torture_rest();
    bool right = whole(&scene, done);
    end_scene(&scene);
    if (!right)
        return torture_wrong("a change that was %s is seen otherwise", done ? "made" : "refused");
    return done ? TORTURE_RIGHT : TORTURE_REFUSED;
}

/* An event and a token that counts once, beside the policy that they are about. */
static const uint8_t used[32] = { 7 };

static bool happen(struct site_change *c, struct att_err *err)
{
    const struct site_policy_event event = {
        .by = WHO, .token = policy.token, .signer = "", .request_id = "r"
    };
    bool is_new = false;

    return site_put(c, &policy, 1, WHO, err) && site_token_use(c, &provider, used, &is_new, err) && is_new &&
           site_history_put(c, &provider, "tpm", &event, err);
}

static bool happened(struct site *s, bool done)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct site_policy_event *events = NULL;
    struct site_change *c = NULL;
    struct att_err err = { 0 };
    size_t count = 9;
    bool is_new = done;

    bool right = a && site_history_list(s, a, &provider, "tpm", 0, 9, &events, &count, &err) &&
                 count == (done ? 1 : 0) && site_change_begin(s, 1800000001, &c, &err) &&
                 site_token_use(c, &provider, used, &is_new, &err) && is_new == !done;
    site_change_abandon(c);
    att_arena_free(a);
    return right;
}

static enum torture_answer happening(void *state, struct att_err *err)
{
    struct scene scene = { 0 };

    (void)state;
    if (!present(&scene, err))
        return refused(&scene);
    bool done = change(&scene, happen, err);

    torture_rest();
    bool right = happened(scene.s, done);
    end_scene(&scene);
    if (!right)
        return torture_wrong("history has not what was answered");
    return done ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static enum torture_answer recalling(void *state, struct att_err *err)
{
    struct scene scene = { 0 };
    struct att_arena *a = NULL;
    struct site_policy_event *events = NULL;
    size_t count = 9;

    (void)state;
    if (!present(&scene, err) || !change(&scene, happen, err))
        return refused(&scene);
    a = att_arena_new(1 << 20);
    bool done = a ? site_history_list(scene.s, a, &provider, "tpm", 0, 9, &events, &count, err)
                  : att_fail_memory(err, "test");

    torture_rest();
    bool right = done ? count == 1 && events[0].number == 1 : count == 9 && !events;
    right = right && happened(scene.s, true);
    att_arena_free(a);
    end_scene(&scene);
    if (!right)
        return torture_wrong("a list that lacks something");
    return done ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static enum torture_answer deleting(void *state, struct att_err *err)
{
    struct scene scene = { 0 };

    (void)state;
    if (!present(&scene, err))
        return refused(&scene);
    bool done = change(&scene, delete_all, err);

    torture_rest();
    bool right = whole(&scene, !done);
    end_scene(&scene);
    if (!right)
        return torture_wrong("a deletion that was %s is seen otherwise", done ? "made" : "refused");
    return done ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static enum torture_answer opening(void *state, struct att_err *err)
{
    struct scene scene = { 0 };
    struct site *other = NULL;

    (void)state;
    if (!present(&scene, err))
        return refused(&scene);
    bool done = site_open(scene.store, &other, err);

    torture_rest();
    bool right = done ? seen(other) == ALL : !other;
    site_close(other);
    end_scene(&scene);
    if (!right)
        return torture_wrong("a site that lacks something");
    return done ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static enum torture_answer listing(void *state, struct att_err *err)
{
    struct scene scene = { 0 };
    struct site_list list = { 0 };

    (void)state;
    if (!present(&scene, err))
        return refused(&scene);
    bool done = site_list(scene.s, SITE_PROVIDER, "", &list, err);

    torture_rest();
    bool right = done ? list.count == 1 : !list.objects;
    site_list_free(&list);
    end_scene(&scene);
    if (!right)
        return torture_wrong("a list that lacks something");
    return done ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static enum torture_answer refusing(void *state, struct att_err *err)
{
    struct scene scene = { 0 };
    struct site_audit_end after = { 0 };
    struct att_err why = { .code = ATT_ACCESS_DENIED };
    struct att_err ignored = { 0 };
    struct site_record refusal = record;

    (void)state;
    refusal.refusal = &why;
    if (!present(&scene, err))
        return refused(&scene);
    bool done = site_record_refusal(scene.s, 1800000000, &refusal, err);
    torture_rest();
    bool right = site_audit_verify(scene.s, &after, &ignored) && after.seq == scene.end.seq + done;
    end_scene(&scene);
    if (!right)
        return torture_wrong("a trail that does not have what was answered");
    return done ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static enum torture_answer verifying(void *state, struct att_err *err)
{
    struct scene scene = { 0 };
    struct site_audit_end end = { .seq = 99 };

    (void)state;
    if (!present(&scene, err))
        return refused(&scene);
    bool done = site_audit_verify(scene.s, &end, err);

    torture_rest();
    bool right =
        done ? end.seq == scene.end.seq && memcmp(end.sha256, scene.end.sha256, 32) == 0 : end.seq == 99;
    end_scene(&scene);
    if (!right)
        return torture_wrong("another end of the trail");
    return done ? TORTURE_RIGHT : TORTURE_REFUSED;
}

int main(void)
{
    const struct torture_flow flows[] = {
        { "put", putting, NULL, NULL, false },      { "delete", deleting, NULL, NULL, false },
        { "open", opening, NULL, NULL, false },     { "list", listing, NULL, NULL, false },
        { "refusal", refusing, NULL, NULL, false }, { "verify", verifying, NULL, NULL, false },
        { "happen", happening, NULL, NULL, false }, { "recall", recalling, NULL, NULL, false },
    };

    torture_start();
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        torture_flow(&cases, &flows[i]);
    return cases_report(&cases);
}
