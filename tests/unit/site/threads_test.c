/* layers: site access store/memory store/sqlite store base codec */
/* Readers on many threads while changes are made: what they see is whole, and stays while they hold it. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>

static struct cases cases = { .name = "site.threads" };

enum { READERS = 4, CHANGES = 1500 };

struct shared {
    struct site *s;
    struct town t;
    atomic_bool stop;
    atomic_ulong reads, found, broken, attached, freed;
};

struct counted {
    struct site_attachment a;
    struct shared *shared;
};

static void counted_free(struct site_attachment *a)
{
    atomic_fetch_add(&((struct counted *)(void *)a)->shared->freed, 1);
    free(a);
}

/* What a data-plane thread does: find, derive once, use. */
static void use_provider(struct shared *sh, const char *name)
{
    const struct site_provider *p = site_provider_by_name(sh->s, name);

    atomic_fetch_add(&sh->reads, 1);
    if (!p)
        return;
    atomic_fetch_add(&sh->found, 1);
    struct site_attachment *a = site_attachment_get(p);
    if (!a) {
        struct counted *mine = malloc(sizeof *mine);
        if (!mine)
            exit(1);
        *mine = (struct counted){ { counted_free }, sh };
        atomic_fetch_add(&sh->attached, 1);
        a = site_attachment_set(p, &mine->a);
    }
    /* The location follows the version: every object is whole. */
    bool whole = a && strcasecmp(p->name, name) == 0 && p->location[0] == (p->o.version % 2 ? 'E' : 'W') &&
                 strcmp(p->o.tenant, TENANT_A) == 0;
    if (!whole || site_attachment_get(p) != a)
        atomic_fetch_add(&sh->broken, 1);
    site_unref(p);
}

/* A policy and its provider are committed together: both are there or neither. */
static void use_list(struct shared *sh)
{
    struct site_list list = { 0 };
    struct att_err err = { 0 };

    if (!site_list(sh->s, SITE_PROVIDER, sh->t.one.key, &list, &err)) {
        atomic_fetch_add(&sh->broken, 1);
        return;
    }
    if (list.count < 2 || list.count > 4)
        atomic_fetch_add(&sh->broken, 1);
    for (size_t i = 1; i < list.count; i++)
        if (strcmp(((const struct site_object *)list.objects[i - 1])->key,
                   ((const struct site_object *)list.objects[i])->key) >= 0)
            atomic_fetch_add(&sh->broken, 1);
    site_list_free(&list);
}

static void *reader(void *arg)
{
    struct shared *sh = arg;
    const struct access_identity alice = { .tenant = TENANT_A, .principal = ALICE, .name = "alice" };
    const struct access_identity bob = { .tenant = TENANT_A, .principal = BOB, .name = "bob" };

    while (!atomic_load(&sh->stop)) {
        struct att_err err = { 0 };
        use_provider(sh, "north");
        use_provider(sh, "comes-and-goes");
        use_list(sh);
        /* Alice always may, Bob never may, whatever is changed meanwhile. */
        if (!site_allows(sh->s, &alice, sh->t.north.key, PROVIDER_WRITE, &err))
            atomic_fetch_add(&sh->broken, 1);
        if (site_allows(sh->s, &bob, sh->t.north.key, PROVIDER_WRITE, &err))
            atomic_fetch_add(&sh->broken, 1);
    }
    return NULL;
}

/* False: it was abandoned. */
static bool change(struct shared *sh, unsigned i)
{
    struct a_provider provider;
    struct a_policy policy;
    struct an_assignment assignment;
    struct att_err err = { 0 };
    struct site_change *c = NULL;
    unsigned turn = i / 4;

    must(site_change_begin(sh->s, NOW, &c, &err), &err, "a change");
    struct site_provider *p = a_provider(&provider, TENANT_A, SUB_A, "One", "North");
    switch (i % 4) {
    case 0: /* another version, of another location */
        p->location = turn % 2 ? "East" : "West";
        must(site_put(c, p, turn + 1, ALICE, &err), &err, "north");
        break;
    case 1: /* A16: a provider comes or goes, with its policy */
        p = a_provider(&provider, TENANT_A, SUB_A, "One", "Comes-and-goes");
        p->location = "East";
        (void)a_policy(&policy, p, "SgxEnclave");
        if (turn % 2 == 0)
            must(site_put(c, p, 0, ALICE, &err) && site_put(c, &policy.p, 0, ALICE, &err), &err, "comes");
        else
            must(site_delete(c, SITE_POLICY, policy.key, 1, &err) &&
                     site_delete(c, SITE_PROVIDER, p->o.key, 1, &err),
                 &err, "goes");
        break;
    case 2: /* the attachment slot empties again */
        (void)a_policy(&policy, p, "Tpm");
        must(turn % 2 == 0 ? site_put(c, &policy.p, 0, ALICE, &err)
                           : site_delete(c, SITE_POLICY, policy.key, 1, &err),
             &err, "a policy");
        break;
    default: /* a role of no use for Bob */
        (void)an_assignment(&assignment, TENANT_A, sh->t.one.key, BOB, READER, 1);
        must(site_change_get(c, SITE_ASSIGNMENT, assignment.key)
                 ? site_delete(c, SITE_ASSIGNMENT, assignment.key, 1, &err)
                 : site_put(c, &assignment.a, 0, ALICE, &err),
             &err, "a role");
        if (turn % 4 == 3) { /* and sometimes nothing comes of it */
            site_change_abandon(c);
            return false;
        }
    }
    must(site_change_commit(c, &a_record, &err), &err, "a commit");
    return true;
}

/* Until every reader has been round, most likely, whatever the scheduler does. */
static void let_read(struct shared *sh)
{
    unsigned long until = atomic_load(&sh->reads) + 4 * READERS;

    while (atomic_load(&sh->reads) < until)
        (void)usleep(50);
}

int main(void)
{
    struct store *store = memory_store();
    struct shared sh = { .s = site_on(store) };
    pthread_t threads[READERS];
    struct att_err err = { 0 };
    struct site_audit_end end = { 0 };
    unsigned long done = 0;

    build(sh.s, &sh.t);
    assign(sh.s, TENANT_A, sh.t.one.key, ALICE, CONTRIBUTOR);
    for (size_t i = 0; i < READERS; i++)
        must(pthread_create(&threads[i], NULL, reader, &sh) == 0, &err, "a thread");
    for (unsigned i = 0; i < CHANGES; i++) {
        done += change(&sh, i);
        if (i % 20 == 1) /* the provider that comes and goes is there, or is not, in turn */
            let_read(&sh);
    }
    atomic_store(&sh.stop, true);
    for (size_t i = 0; i < READERS; i++)
        (void)pthread_join(threads[i], NULL);
    cases_check(&cases, site_audit_verify(sh.s, &end, &err) && end.seq == 12 + done,
                "one record for each change: %s", err.text);
    site_close(sh.s);
    store_close(store);
    printf("%lu changes, %lu lookups, %lu found, %lu attachments\n", done, atomic_load(&sh.reads),
           atomic_load(&sh.found), atomic_load(&sh.attached));
    cases_check(&cases, atomic_load(&sh.broken) == 0, "A16: everything a reader sees is whole: %lu were not",
                atomic_load(&sh.broken));
    cases_check(&cases, atomic_load(&sh.found) > 0 && atomic_load(&sh.found) < atomic_load(&sh.reads),
                "readers met both a provider and its absence");
    cases_check(&cases, atomic_load(&sh.attached) == atomic_load(&sh.freed) && atomic_load(&sh.attached) > 0,
                "each attachment was freed once: %lu of %lu", atomic_load(&sh.freed),
                atomic_load(&sh.attached));
    return cases_report(&cases);
}
