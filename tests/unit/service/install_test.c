/* layers: service keys signer store store/memory store/sqlite site access attest base codec */
/* The first start, the second one, and starts under another address. */
#include "access/roles.h"
#include "store/sqlite/sqlite.h"
#include "support/cases.h"
#include "unit/service/rig.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

static void remove_store(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-open" };

    for (size_t i = 0; i < 4; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static uint64_t generation(struct rig *r)
{
    struct att_err err = { 0 };
    uint64_t g = 0;

    rig_need(store_generation(r->store, &g, &err), "generation", &err);
    return g;
}

static size_t audit(struct rig *r, struct site_audit_row **ret)
{
    struct att_err err = { 0 };
    size_t count = 0;

    rig_need(site_audit_list(r->site, r->arena, NULL, "", 0, 1000, ret, &count, &err), "audit", &err);
    return count;
}

static bool row_says(const struct site_audit_row *row, const char *text)
{
    return memmem(row->body.ptr, row->body.len, text, strlen(text)) != NULL;
}

static size_t assignments(struct rig *r)
{
    struct site_list list;
    struct att_err err = { 0 };

    rig_need(site_list(r->site, SITE_ASSIGNMENT, "", &list, &err), "assignments", &err);
    size_t count = list.count;
    site_list_free(&list);
    return count;
}

static bool allowed(struct rig *r, const char *principal, const char *action)
{
    const struct access_identity who = { .tenant = RIG_TENANT, .principal = principal, .name = "" };
    struct att_err err = { 0 };

    return site_allows(r->site, &who, RIG_DEFAULT_KEY, action, &err);
}

static void first(struct cases *c)
{
    static const char write_action[] = "Microsoft.Attestation/attestationProviders/write";
    static const char *const operations[] = { "subscription.put", "group.put", "provider.put" };
    struct rig r;
    struct site_audit_row *rows = NULL;
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    const struct site_subscription *s =
        site_get(r.site, SITE_SUBSCRIPTION, "/subscriptions/" RIG_SUBSCRIPTION);
    cases_check(c,
                s && s->registered && strcmp(s->name, "Test") == 0 && strcmp(s->o.tenant, RIG_TENANT) == 0 &&
                    strcmp(s->o.created_by, "configuration") == 0,
                "the subscription is there, and registered");
    site_unref(s);
    const struct site_provider *p = rig_ref(&r, "default");
    cases_check(c,
                strcmp(p->o.key, RIG_DEFAULT_KEY) == 0 && !p->isolated &&
                    strcmp(p->location, "East US") == 0 && p->certificate_count == 1 &&
                    strcmp(p->certificates[0].attest_uri, RIG_BASE) == 0,
                "the default provider is an ordinary one");
    site_unref(p);
    cases_check(c, allowed(&r, RIG_OWNER, write_action) && !allowed(&r, "somebody", write_action),
                "its owner is the one that was named, and nobody else");
    size_t count = audit(&r, &rows);
    bool recorded = count == 3;
    for (size_t i = 0; recorded && i < 3; i++)
        recorded = row_says(&rows[i], operations[i]) && row_says(&rows[i], "\"configuration\"");
    cases_check(c, recorded, "%zu records, one for each change", count);
    uint64_t before = generation(&r);
    cases_check(c, rig_install(&r, &err) && generation(&r) == before && audit(&r, &rows) == 3,
                "a second time nothing is written: %s", err.text);
    rig_free(&r);
}

static void left_alone(struct cases *c)
{
    struct rig r;
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    struct site_change *change = rig_begin(&r);
    const struct site_subscription *s =
        site_change_get(change, SITE_SUBSCRIPTION, "/subscriptions/" RIG_SUBSCRIPTION);
    struct site_subscription other = *s;
    other.name = "Renamed";
    other.registered = false;
    struct site_list list;
    rig_need(site_put(change, &other, s->o.version, RIG_OWNER, &err) &&
                 site_list(r.site, SITE_ASSIGNMENT, "", &list, &err),
             "changes of people", &err);
    const struct site_assignment *owner = list.objects[0];
    rig_need(site_delete(change, SITE_ASSIGNMENT, owner->o.key, owner->o.version, &err), "delete", &err);
    site_list_free(&list);
    rig_commit(change);
    uint64_t before = generation(&r);
    cases_check(c, rig_install(&r, &err) && generation(&r) == before, "what people have changed stays: %s",
                err.text);
    s = site_get(r.site, SITE_SUBSCRIPTION, "/subscriptions/" RIG_SUBSCRIPTION);
    cases_check(c, s && !s->registered && strcmp(s->name, "Renamed") == 0 && assignments(&r) == 0,
                "an Owner that was removed does not come back");
    site_unref(s);
    rig_free(&r);
}

static void seeds(struct cases *c)
{
    static const struct {
        const char *name;
        struct service_seed seed;
        enum att_code code;
    } rows[] = {
        { "another tenant",
          { RIG_SUBSCRIPTION, "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee", "x", NULL },
          ATT_CONFIG_INVALID },
        { "ids in capitals",
          { RIG_SUBSCRIPTION, "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE", "x", NULL },
          ATT_OK },
        { "no GUID", { "my subscription", RIG_TENANT, "x", NULL }, ATT_CONFIG_INVALID },
        { "a GUID with a brace",
          { "{1111111-2222-3333-4444-555555555555", RIG_TENANT, "x", NULL },
          ATT_CONFIG_INVALID },
        { "a GUID without dashes",
          { "111111112222333344445555555555550000", RIG_TENANT, "x", NULL },
          ATT_CONFIG_INVALID },
        { "no tenant", { RIG_SUBSCRIPTION, "", "x", NULL }, ATT_CONFIG_INVALID },
        { "tenant NULL", { RIG_SUBSCRIPTION, NULL, "x", NULL }, ATT_CONFIG_INVALID },
        { "an empty owner",
          { "22222222-2222-3333-4444-555555555555", RIG_TENANT, "x", "" },
          ATT_CONFIG_INVALID },
        { "without owner and name",
          { "33333333-2222-3333-4444-555555555555", RIG_TENANT, NULL, NULL },
          ATT_OK },
        { "with an owner in capitals",
          { "44444444-2222-3333-4444-555555555555", RIG_TENANT, "x", "ABCDEF00-0000-4000-8000-000000000001" },
          ATT_OK },
    };
    struct rig r;

    rig_new(&r, &(struct rig_options){ 0 });
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        bool ok = service_install(r.service, &rows[i].seed, 1, &err);
        cases_check(c, ok == (rows[i].code == ATT_OK) && err.code == rows[i].code, "seed: %s: %s",
                    rows[i].name, err.text);
    }
    const struct site_subscription *s =
        site_get(r.site, SITE_SUBSCRIPTION, "/subscriptions/33333333-2222-3333-4444-555555555555");
    cases_check(c, s && strcmp(s->name, s->id) == 0, "a subscription without a name is called by its id");
    site_unref(s);
    cases_check(c, assignments(&r) == 2, "one Owner for each that named one");
    rig_free(&r);

    struct att_err err = { 0 };
    rig_new(&r, &(struct rig_options){ .location = "east/us", .not_installed = true });
    cases_check(c, !rig_install(&r, &err) && err.code == ATT_CONFIG_INVALID, "a location that is none: %s",
                err.text);
    rig_free(&r);
}

/* -- certificates at another address, and for another key ------------------------------------------------- */

static const struct site_provider *restart(struct rig *r, const char *base_url, const char *alg,
                                           const char *name)
{
    struct store *store = rig_stop(r);

    rig_new(r, &(struct rig_options){ .store = store, .base_url = base_url, .alg = alg });
    return rig_ref(r, name);
}

static bool has(const struct site_provider *p, const struct keyset *keys, const char *uri,
                struct att_span *ret_der)
{
    for (size_t k = 0; k < keys->count; k++) {
        bool found = strcmp(keys->keys[k].alg, "RS256") == 0; /* these are derived when they are needed */
        for (size_t i = 0; i < p->certificate_count; i++) {
            if (strcmp(p->certificates[i].kid, keys->keys[k].kid) == 0 &&
                strcmp(p->certificates[i].attest_uri, uri) == 0) {
                found = true;
                *ret_der = p->certificates[i].der;
            }
        }
        if (!found)
            return false;
    }
    return true;
}

static void addresses(struct cases *c)
{
    static const char moved[] = "https://attest.example.org";
    struct rig r;
    struct att_span der = { 0 }, again = { 0 }, certs = { 0 };
    struct att_err err = { 0 };
    uint8_t kept[4096];

    rig_new(&r, &(struct rig_options){ 0 });
    rig_provider(&r, "contoso", NULL);
    const struct site_provider *p = rig_ref(&r, "contoso");
    cases_check(c, has(p, rig_keys(&r), RIG_BASE "/p/contoso", &der) && der.len <= sizeof kept,
                "a certificate to begin with");
    memcpy(kept, der.ptr, der.len);
    size_t kept_len = der.len;
    site_unref(p);

    p = restart(&r, moved, NULL, "contoso");
    cases_check(c, has(p, rig_keys(&r), "https://attest.example.org/p/contoso", &again),
                "one for the new address");
    cases_check(
        c, has(p, rig_keys(&r), RIG_BASE "/p/contoso", &der) && att_span_eq(der, att_span_of(kept, kept_len)),
        "the old one stays");
    cases_check(c,
                service_certs_json(r.service, p, r.arena, &certs, &err) &&
                    !memmem(certs.ptr, certs.len, "localhost", 9),
                "and is not published: %s", err.text);
    site_unref(p);

    p = restart(&r, moved, "RS256", "contoso");
    cases_check(c,
                rig_keys(&r)->count == 2 &&
                    has(p, rig_keys(&r), "https://attest.example.org/p/contoso", &der) &&
                    p->certificate_count == 2,
                "none for an RSA key, whose certificate is the same whoever makes it");
    site_unref(p);

    p = restart(&r, NULL, NULL, "contoso");
    cases_check(c, p->certificate_count == 2 && has(p, rig_keys(&r), RIG_BASE "/p/contoso", &der),
                "back again: only what was never made is made");
    bool same = false;
    for (size_t i = 0; i < p->certificate_count; i++)
        same = same || att_span_eq(p->certificates[i].der, att_span_of(kept, kept_len));
    cases_check(c, same, "and the first certificate is the one that was first seen");
    site_unref(p);

    size_t most = 0;
    for (int i = 0; i < 40; i++) {
        char url[64];
        (void)snprintf(url, sizeof url, "https://localhost:%d", 9000 + i);
        p = restart(&r, url, NULL, "contoso");
        (void)snprintf(url, sizeof url, "https://localhost:%d/p/contoso", 9000 + i);
        most = p->certificate_count > most ? p->certificate_count : most;
        if (!has(p, rig_keys(&r), url, &der))
            most = 1000;
        site_unref(p);
    }
    cases_check(c, most == 33, "forty more addresses: at most %zu certificates", most);
    rig_free(&r);
}

static void tag(struct rig *r, const char *key)
{
    struct site_change *change = rig_begin(r);
    const struct site_provider *was = site_change_get(change, SITE_PROVIDER, key);
    struct site_provider p = *was;
    struct att_err err = { 0 };

    p.attachment = NULL;
    p.tags = att_str("{\"kept\":\"yes\"}");
    rig_need(site_put(change, &p, was->o.version, RIG_OWNER, &err), "tag", &err);
    rig_commit(change);
}

/* Two processes at one store, of which one meanwhile changed a provider. */
static void stale(struct cases *c)
{
    char path[] = "/var/tmp/attestd-install-XXXXXX";
    struct store *one = NULL, *two = NULL;
    struct att_err err = { 0 };
    struct att_span der = { 0 };
    struct rig a, b;
    int fd = mkstemp(path);

    rig_need(fd >= 0 && store_sqlite_open(path, &one, &err) && store_sqlite_open(path, &two, &err), "stores",
             &err);
    (void)close(fd);
    rig_new(&a, &(struct rig_options){ .store = one });
    rig_provider(&a, "contoso", NULL);
    rig_new(&b,
            &(struct rig_options){ .store = two, .base_url = "https://b.example", .not_installed = true });
    tag(&a, RIG_PROVIDERS "contoso"); /* b has the version before this one in memory */
    rig_provider(&a, "fabrikam", NULL);
    cases_check(c, rig_install(&b, &err), "another process at another address: %s", err.text);
    const struct site_provider *p = rig_ref(&b, "contoso");
    cases_check(c,
                p->o.version == 3 && att_span_is(p->tags, "{\"kept\":\"yes\"}") &&
                    has(p, rig_keys(&b), "https://b.example/p/contoso", &der) &&
                    has(p, rig_keys(&a), RIG_BASE "/p/contoso", &der),
                "adds to what is there by now");
    site_unref(p);
    rig_free(&a);
    rig_free(&b);
    remove_store(path);
}

/* Two processes with configurations that differ, both before either had made anything. */
static void disagreement(struct cases *c)
{
    static const struct service_seed theirs = { RIG_SUBSCRIPTION, "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee", "x",
                                                "eve" };
    char path[] = "/var/tmp/attestd-install-XXXXXX";
    struct store *one = NULL, *two = NULL;
    struct att_err err = { 0 };
    struct rig a, b;
    int fd = mkstemp(path);

    rig_need(fd >= 0 && store_sqlite_open(path, &one, &err) && store_sqlite_open(path, &two, &err), "stores",
             &err);
    (void)close(fd);
    rig_new(&a, &(struct rig_options){ .store = one, .not_installed = true });
    rig_new(&b, &(struct rig_options){ .store = two, .not_installed = true });
    rig_need(rig_install(&a, &err), "install", &err);
    cases_check(c, !service_install(b.service, &theirs, 1, &err) && err.code == ATT_CONFIG_INVALID,
                "A4: the tenant that came first keeps the subscription: %s", err.text);
    cases_check(c, assignments(&b) == 1, "A4: and its Owner");
    rig_free(&a);
    rig_free(&b);
    remove_store(path);
}

struct starter {
    const char *path;
    pthread_barrier_t *together;
    struct rig rig;
    struct att_err err;
    bool ok;
};

static void *starts(void *ctx)
{
    struct starter *s = ctx;
    struct store *store = NULL;

    rig_need(store_sqlite_open(s->path, &store, &s->err), "store", &s->err);
    (void)pthread_barrier_wait(s->together);
    rig_new(&s->rig, &(struct rig_options){ .store = store, .not_installed = true });
    s->ok = rig_install(&s->rig, &s->err);
    return NULL;
}

static void race(struct cases *c)
{
    enum { STARTERS = 3, ROUNDS = 5 };

    for (int round = 0; round < ROUNDS; round++) {
        char path[] = "/var/tmp/attestd-irace-XXXXXX";
        struct starter s[STARTERS] = { 0 };
        pthread_t threads[STARTERS];
        pthread_barrier_t together;
        struct site_audit_row *rows = NULL;
        int fd = mkstemp(path);
        rig_need(fd >= 0 && pthread_barrier_init(&together, NULL, STARTERS) == 0, "race", NULL);
        (void)close(fd);
        for (size_t i = 0; i < STARTERS; i++) {
            s[i] = (struct starter){ .path = path, .together = &together };
            rig_need(pthread_create(&threads[i], NULL, starts, &s[i]) == 0, "thread", NULL);
        }
        bool ok = true;
        for (size_t i = 0; i < STARTERS; i++) {
            (void)pthread_join(threads[i], NULL);
            ok = ok && s[i].ok;
        }
        struct rig after;
        struct store *store = NULL;
        rig_need(store_sqlite_open(path, &store, &s[0].err), "store", &s[0].err);
        rig_new(&after, &(struct rig_options){ .store = store });
        cases_check(c, ok && audit(&after, &rows) == 3 && assignments(&after) == 1,
                    "round %d: three that start at once make everything once: %s%s%s", round, s[0].err.text,
                    s[1].err.text, s[2].err.text);
        rig_free(&after);
        for (size_t i = 0; i < STARTERS; i++)
            rig_free(&s[i].rig);
        (void)pthread_barrier_destroy(&together);
        remove_store(path);
    }
}

static int64_t milliseconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Ten thousand providers with their certificates cost a look at each. */
static void many(struct cases *c)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    enum { MANY = 2000, PER_CHANGE = 100 }; /* the time is taken elsewhere */
#else
    enum { MANY = 10000, PER_CHANGE = 500 };
#endif
    struct rig r;
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    for (int i = 0; i < MANY; i += PER_CHANGE) {
        struct site_change *change = rig_begin(&r);
        for (int k = i; k < i + PER_CHANGE; k++) {
            char name[16], key[200], uri[80];
            (void)snprintf(name, sizeof name, "p%05d", k);
            (void)snprintf(key, sizeof key, RIG_PROVIDERS "%s", name);
            (void)snprintf(uri, sizeof uri, RIG_BASE "/p/%s", name);
            /* Not a real one: it is not looked into here. */
            const struct site_certificate cert = { .kid = rig_keys(&r)->keys[0].kid,
                                                   .attest_uri = uri,
                                                   .der = att_str("DER") };
            const struct site_provider p = { .o = { .kind = SITE_PROVIDER, .tenant = RIG_TENANT, .key = key },
                                             .subscription = RIG_SUBSCRIPTION,
                                             .group = "attestd",
                                             .name = name,
                                             .location = "East US",
                                             .certificates = &cert,
                                             .certificate_count = 1 };
            rig_need(site_put(change, &p, 0, RIG_OWNER, &err), "put", &err);
        }
        rig_commit(change);
    }
    uint64_t before = generation(&r);
    int64_t from = milliseconds();
    bool ok = rig_install(&r, &err);
    int64_t took = milliseconds() - from;
    cases_check(c, ok && generation(&r) == before, "%d providers that lack nothing: nothing is written",
                MANY);
    cases_check(c, took < 1000, "in %lld ms", (long long)took);
    struct store *store = rig_stop(&r);
    from = milliseconds();
    rig_new(&r, &(struct rig_options){ .store = store, .base_url = "https://moved.example" });
    took = milliseconds() - from;
    struct site_audit_row *rows = NULL;
    size_t records = audit(&r, &rows);
    char last[16], uri[80];
    (void)snprintf(last, sizeof last, "p%05d", MANY - 1);
    (void)snprintf(uri, sizeof uri, "https://moved.example/p/%s", last);
    const struct site_provider *p = rig_ref(&r, last);
    struct att_span der = { 0 };
    cases_check(c, has(p, rig_keys(&r), uri, &der) && records < 3 + 20 + 100,
                "and at another address all get one, in %zu changes and %lld ms", records - 23,
                (long long)took);
    site_unref(p);
    rig_free(&r);
}

int main(void)
{
    struct cases c = { .name = "unit_service_install" };

    first(&c);
    left_alone(&c);
    seeds(&c);
    addresses(&c);
    stale(&c);
    disagreement(&c);
    race(&c);
    many(&c);
    return cases_report(&c);
}
