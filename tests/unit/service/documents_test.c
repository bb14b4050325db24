/* layers: service keys signer store store/memory site access attest base codec */
/* The public documents of a provider, and what many threads make of it at once. */
#include "support/cases.h"
#include "unit/service/rig.h"

#include <pthread.h>
#include <stdatomic.h>

static void documents(struct cases *c)
{
    struct rig r;
    struct att_span openid = { 0 }, certs = { 0 }, again = { 0 };
    struct att_err err = { 0 };
    struct att_json j;

    rig_new(&r, &(struct rig_options){ .alg = "RS256" });
    rig_provider(&r, "contoso", NULL);
    const struct site_provider *p = rig_ref(&r, "contoso");
    bool ok = service_openid_json(r.service, p, r.arena, &openid, &err) &&
              service_certs_json(r.service, p, r.arena, &certs, &err) &&
              service_certs_json(r.service, p, r.arena, &again, &err);
    cases_check(c, ok && att_span_eq(certs, again), "made once, and kept: %s", err.text);
    cases_check(
        c,
        ok && att_json_parse(r.arena, openid, NULL, &j, &err) &&
            att_span_is(att_json_source(&j, att_json_get(&j, 0, "issuer")), "\"" RIG_BASE "/p/contoso\"") &&
            att_span_is(att_json_source(&j, att_json_get(&j, 0, "jwks_uri")),
                        "\"" RIG_BASE "/p/contoso/certs\"") &&
            att_span_is(att_json_source(&j, att_json_get(&j, 0, "id_token_signing_alg_values_supported")),
                        "[\"RS256\"]"),
        "metadata of its own");
    cases_check(c, ok && att_json_parse(r.arena, certs, NULL, &j, &err), "certs is JSON: %s", err.text);
    att_json_id key = att_json_first(&j, att_json_get(&j, 0, "keys"));
    static const char *const names[] = { "alg", "e", "kid", "kty", "n", "use", "x5c" };
    bool all = key != ATT_JSON_NONE && j.nodes[key].count == 7 && att_json_next(&j, key) == ATT_JSON_NONE;
    for (size_t i = 0; all && i < 7; i++)
        all = att_json_get(&j, key, names[i]) != ATT_JSON_NONE;
    cases_check(c, all, "one key with seven members");
    site_unref(p);
    p = rig_ref(&r, "default");
    cases_check(
        c,
        service_openid_json(r.service, p, r.arena, &openid, &err) &&
            memmem(openid.ptr, openid.len, "\"issuer\":\"" RIG_BASE "\"", sizeof "\"issuer\":\"" RIG_BASE),
        "the default provider's issuer is the base URL");
    site_unref(p);
    rig_free(&r);
}

/* -- many threads ----------------------------------------------------------------------------------------- */

enum { THREADS = 8, ROUNDS = 40, CHANGES = 60 };

struct first_use {
    struct rig *r;
    const struct site_provider *p;
    pthread_barrier_t *together;
    struct att_arena *arena;
    struct att_span seen;
    bool ok;
};

static void *uses(void *ctx)
{
    struct first_use *u = ctx;
    struct att_span certs = { 0 };
    struct att_err err = { 0 };

    (void)pthread_barrier_wait(u->together);
    u->ok = service_certs_json(u->r->service, u->p, u->arena, &certs, &err);
    u->seen = certs;
    return NULL;
}

static void first_use(struct cases *c)
{
    struct rig r;
    unsigned wrong = 0;

    rig_new(&r, &(struct rig_options){ 0 });
    for (int round = 0; round < ROUNDS; round++) {
        struct first_use u[THREADS];
        pthread_t threads[THREADS];
        pthread_barrier_t together;
        rig_provider(&r, "contoso", NULL); /* a new object: nothing is derived from it yet */
        const struct site_provider *p = rig_ref(&r, "contoso");
        rig_need(pthread_barrier_init(&together, NULL, THREADS) == 0, "barrier", NULL);
        for (size_t i = 0; i < THREADS; i++) {
            u[i] =
                (struct first_use){ .r = &r, .p = p, .together = &together, .arena = att_arena_new(1 << 20) };
            rig_need(pthread_create(&threads[i], NULL, uses, &u[i]) == 0, "thread", NULL);
        }
        for (size_t i = 0; i < THREADS; i++)
            (void)pthread_join(threads[i], NULL);
        for (size_t i = 0; i < THREADS; i++)
            wrong += !u[i].ok || !att_span_eq(u[i].seen, u[0].seen);
        for (size_t i = 0; i < THREADS; i++)
            att_arena_free(u[i].arena);
        (void)pthread_barrier_destroy(&together);
        site_unref(p);
    }
    cases_check(c, wrong == 0, "eight threads at once: one document, %u times another", wrong);
    rig_free(&r);
}

struct reader {
    struct rig *r;
    atomic_bool *stop;
    unsigned long looked, gone, failed;
};

/* Looks a provider up as a request does and reads all that is derived from it, while it changes. */
static void *reads(void *ctx)
{
    struct reader *me = ctx;

    struct att_arena *work = att_arena_new(1 << 20);

    while (!atomic_load(me->stop)) {
        att_arena_reset(work);
        const struct site_provider *p = site_provider_by_name(me->r->site, "contoso");
        struct att_span certs = { 0 }, openid = { 0 };
        struct att_err err = { 0 };
        if (!p)
            continue;
        me->looked++;
        if (service_certs_json(me->r->service, p, work, &certs, &err) &&
            service_openid_json(me->r->service, p, work, &openid, &err))
            me->failed +=
                !memmem(certs.ptr, certs.len, "x5c", 3) || !memmem(openid.ptr, openid.len, "/p/contoso", 10);
        else if (err.code == ATT_RESOURCE_NOT_FOUND)
            me->gone++;
        else
            me->failed++;
        site_unref(p);
    }
    att_arena_free(work);
    return NULL;
}

static void change_one(struct rig *r, int i)
{
    struct att_err err = { 0 };
    const struct site_provider *p = rig_ref(r, "contoso");
    char text[128];

    (void)snprintf(text, sizeof text, "version=1.0; authorizationrules{ => permit(); }; /* %d */", i);
    (void)rig_policy(r, p, "SgxEnclave", att_str(text), NULL, &err);
    site_unref(p);
    if (i % 5 != 4)
        return;
    static const char key[] = RIG_PROVIDERS "contoso", policy[] = RIG_PROVIDERS "contoso/policies/sgxenclave";
    struct site_change *change = rig_begin(r);
    const struct site_object *o = site_change_get(change, SITE_POLICY, policy);
    if (o)
        rig_need(site_delete(change, SITE_POLICY, policy, o->version, &err), "delete", &err);
    o = site_change_get(change, SITE_PROVIDER, key);
    rig_need(site_delete(change, SITE_PROVIDER, key, o->version, &err), "delete", &err);
    rig_commit(change);
    rig_provider(r, "contoso", NULL);
}

static void changing(struct cases *c)
{
    struct rig r;
    struct reader readers[4];
    pthread_t threads[4];
    atomic_bool stop = false;
    unsigned long looked = 0, failed = 0;

    rig_new(&r, &(struct rig_options){ 0 });
    rig_provider(&r, "contoso", NULL);
    for (size_t i = 0; i < 4; i++) {
        readers[i] = (struct reader){ .r = &r, .stop = &stop };
        rig_need(pthread_create(&threads[i], NULL, reads, &readers[i]) == 0, "thread", NULL);
    }
    for (int i = 0; i < CHANGES; i++)
        change_one(&r, i);
    atomic_store(&stop, true);
    for (size_t i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
        looked += readers[i].looked;
        failed += readers[i].failed;
    }
    cases_check(c, looked > 0 && failed == 0, "A16: %lu looks while it changed and was deleted, %lu wrong",
                looked, failed);
    rig_free(&r);
}

int main(void)
{
    struct cases c = { .name = "unit_service_documents" };

    documents(&c);
    first_use(&c);
    changing(&c);
    return cases_report(&c);
}
