/* layers: site access store/memory store/sqlite store base codec */
/* Several processes on one store: here, several sites on one SQLite file, and processes that are killed. */
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>

static struct cases cases = { .name = "site.shared" };

struct pair {
    struct folder f;
    struct store *store[2];
    struct site *site[2];
    struct town t;
};

static void open_pair(struct pair *p)
{
    (void)folder_make(&p->f);
    for (size_t i = 0; i < 2; i++) {
        p->store[i] = sqlite_store(p->f.file);
        p->site[i] = site_on(p->store[i]);
    }
    build(p->site[0], &p->t);
}

static void close_pair(struct pair *p)
{
    for (size_t i = 0; i < 2; i++) {
        site_close(p->site[i]);
        store_close(p->store[i]);
    }
    folder_remove(&p->f);
}

static const struct access_identity alice = { .tenant = TENANT_A, .principal = ALICE, .name = "alice" };

static struct site_change *begin(struct site *s)
{
    struct site_change *c = NULL;
    struct att_err err = { 0 };

    must(site_change_begin(s, NOW, &c, &err), &err, "a change");
    return c;
}

/* A15: what another process has taken away does not count, however late it did. */
static void role_removed(void)
{
    struct pair p;
    struct an_assignment room;
    struct a_provider provider;
    struct att_err err = { 0 };

    open_pair(&p);
    must_put(p.site[0], an_assignment(&room, TENANT_A, p.t.one.key, ALICE, CONTRIBUTOR, 1));
    cases_check(&cases, site_allows(p.site[0], &alice, p.t.north.key, PROVIDER_WRITE, &err),
                "A15: before, the role allows it");
    must(delete_one(p.site[1], SITE_ASSIGNMENT, room.key, 1, &err), &err,
         "the other process removes the role");
    cases_check(&cases, site_allows(p.site[0], &alice, p.t.north.key, PROVIDER_WRITE, &err),
                "A15: outside of a change the first process does not know yet");
    struct site_change *c = begin(p.site[0]);
    cases_check(&cases,
                !site_allows(p.site[0], &alice, p.t.north.key, PROVIDER_WRITE, &err) &&
                    err.code == ATT_ACCESS_DENIED,
                "A15: inside of a change it does");
    site_change_abandon(c);
    err = (struct att_err){ 0 };

    /* And a reader that makes no changes learns it from its timer. */
    must(put_one(p.site[0], &room.a, 0, &err), &err, "the role again");
    cases_check(&cases, !site_allows(p.site[1], &alice, p.t.north.key, PROVIDER_WRITE, &err), "A15: not yet");
    err = (struct att_err){ 0 };
    must(site_refresh(p.site[1], &err), &err, "refresh");
    cases_check(&cases, site_allows(p.site[1], &alice, p.t.north.key, PROVIDER_WRITE, &err),
                "A15: after a refresh");

    /* The other process waits while a change is open, so nothing comes between check and commit. */
    c = begin(p.site[0]);
    must(site_allows(p.site[0], &alice, p.t.north.key, PROVIDER_WRITE, &err), &err, "the role allows it");
    must(site_put(c, a_provider(&provider, TENANT_A, SUB_A, "One", "Late"), 0, ALICE, &err), &err, "a put");
    must(site_change_commit(c, &a_record, &err), &err, "a commit");
    close_pair(&p);
}

static void races(void)
{
    struct pair p;
    struct a_provider one;
    struct a_provider two;
    struct a_principal principal;
    struct att_err err = { 0 };

    open_pair(&p);
    must(site_refresh(p.site[1], &err), &err, "refresh");
    must_put(p.site[0], a_provider(&one, TENANT_A, SUB_A, "One", "Race"));
    cases_check(&cases,
                !put_one(p.site[1], a_provider(&two, TENANT_B, SUB_B, "One", "race"), 0, &err) &&
                    err.code == ATT_NAME_TAKEN,
                "two processes, one provider name: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !put_one(p.site[1], a_provider(&two, TENANT_A, SUB_A, "One", "Race"), 0, &err) &&
                    err.code == ATT_STORE_CONFLICT,
                "two processes, one provider: %s", err.text);
    err = (struct att_err){ 0 };
    must_put(p.site[0], a_principal(&principal, TENANT_A, SUB_A, BOB));
    cases_check(&cases,
                !put_one(p.site[1], a_principal(&principal, TENANT_B, SUB_B, BOB), 0, &err) &&
                    err.code == ATT_NAME_TAKEN,
                "two processes, one client id: %s", err.text);

    /* Both have read version 1; the first to write wins, and the second is told. */
    err = (struct att_err){ 0 };
    one.p.location = "West US";
    must(put_one(p.site[0], &one.p, 1, &err), &err, "the first");
    (void)a_provider(&one, TENANT_A, SUB_A, "One", "Race");
    cases_check(&cases, !put_one(p.site[1], &one.p, 1, &err) && err.code == ATT_STORE_CONFLICT,
                "a lost update is refused: %s", err.text);
    err = (struct att_err){ 0 };
    must(put_one(p.site[1], &one.p, 2, &err), &err, "after reading again");

    /* One deletes the group while the other puts a provider into it. */
    struct a_group group;
    must_put(p.site[0], a_group(&group, TENANT_A, SUB_A, "Short"));
    must(site_refresh(p.site[1], &err), &err, "refresh");
    must(delete_one(p.site[0], SITE_GROUP, group.key, 1, &err), &err, "the group goes");
    cases_check(&cases,
                !put_one(p.site[1], a_provider(&two, TENANT_A, SUB_A, "Short", "Lost"), 0, &err) &&
                    err.code == ATT_GROUP_NOT_FOUND,
                "a group deleted elsewhere takes no provider: %s", err.text);

    struct site_audit_end end = { 0 };
    err = (struct att_err){ 0 };
    cases_check(&cases, site_audit_verify(p.site[0], &end, &err), "the chain of both holds: %s", err.text);
    close_pair(&p);
}

/* An own change does not make everything be read again; another's does, and what it did not touch stays. */
static void kept(void)
{
    struct pair p;
    struct a_provider room;
    struct a_policy policy;
    struct att_err err = { 0 };

    open_pair(&p);
    const struct site_provider *north = site_get(p.site[0], SITE_PROVIDER, p.t.north.key);
    const struct site_provider *south = site_get(p.site[0], SITE_PROVIDER, p.t.south.key);
    for (uint64_t v = 0; v < 5; v++) {
        (void)a_provider(&room, TENANT_A, SUB_A, "One", "Often");
        must(put_one(p.site[0], &room.p, v, &err), &err, "own changes");
    }
    (void)a_policy(&policy, &p.t.north.p, "SgxEnclave");
    must(put_one(p.site[1], &policy.p, 0, &err), &err, "another's policy");
    must(site_refresh(p.site[0], &err), &err, "refresh");
    const struct site_provider *north2 = site_get(p.site[0], SITE_PROVIDER, p.t.north.key);
    const struct site_provider *south2 = site_get(p.site[0], SITE_PROVIDER, p.t.south.key);
    const struct site_policy *text = site_get(p.site[0], SITE_POLICY, policy.key);
    cases_check(&cases, text && north2 != north, "another's policy is seen, its provider is a new object");
    cases_check(&cases, south2 == south, "a provider that nobody touched is the same object");
    site_unref(text);
    site_unref(north);
    site_unref(south);

    must(delete_one(p.site[1], SITE_POLICY, policy.key, 1, &err), &err, "another deletes it");
    must(site_refresh(p.site[0], &err), &err, "refresh");
    north = site_get(p.site[0], SITE_PROVIDER, p.t.north.key);
    cases_check(&cases, north != north2, "another's deletion of a policy makes a new provider object, too");
    site_unref(north2);
    site_unref(south2);

    struct a_connection connection;
    must(put_one(p.site[1], a_connection(&connection, &p.t.north.p, "c"), 0, &err), &err,
         "another's connection");
    must(site_refresh(p.site[0], &err), &err, "refresh");
    north2 = site_get(p.site[0], SITE_PROVIDER, p.t.north.key);
    cases_check(&cases, north2 != north, "another's connection makes a new provider object");
    site_unref(north);
    site_unref(north2);

    /* Deleted and made again elsewhere: the same key and version, another row. */
    (void)a_provider(&room, TENANT_A, SUB_A, "One", "South");
    room.p.location = "West US";
    must(delete_one(p.site[1], SITE_PROVIDER, p.t.south.key, 1, &err) && put_one(p.site[1], &room.p, 0, &err),
         &err, "made again");
    must(site_refresh(p.site[0], &err), &err, "refresh");
    south = site_get(p.site[0], SITE_PROVIDER, p.t.south.key);
    cases_check(&cases, south && south->o.version == 1 && strcmp(south->location, "West US") == 0,
                "another row at the same version is not taken for the old one");
    site_unref(south);
    close_pair(&p);
}

/* -- a commit whose outcome is not known ------------------------------------------------------------------ */

/* Stands before a store and loses the answer to its commit. */
struct flaky {
    struct store base;
    struct store *inner;
    bool lose_after, fail_before, fail_scan;
    unsigned scans;
};
struct flaky_tx {
    struct store_tx base;
    struct store_tx *inner;
};

static struct flaky *flaky_of(struct store *s)
{
    return (struct flaky *)(void *)s;
}

static struct store_tx *inner_tx(struct store_tx *tx)
{
    return ((struct flaky_tx *)(void *)tx)->inner;
}

static bool lost(struct att_err *err)
{
    if (err) {
        *err = (struct att_err){ .code = ATT_STORE_FAILED };
        (void)snprintf(err->where, sizeof err->where, "flaky");
        (void)snprintf(err->text, sizeof err->text, "the connection broke");
    }
    return false;
}

static bool f_scan(struct store *s, const char *kind, store_each_fn each, void *ctx, struct att_err *err)
{
    flaky_of(s)->scans++;
    return flaky_of(s)->fail_scan ? lost(err) : store_scan(flaky_of(s)->inner, kind, each, ctx, err);
}

static bool f_generation(struct store *s, uint64_t *ret, struct att_err *err)
{
    return store_generation(flaky_of(s)->inner, ret, err);
}

static bool f_audit_list(struct store *s, struct att_arena *a, const char *tenant, const char *scope,
                         uint64_t after, size_t max, struct store_audit **ret, size_t *ret_count,
                         struct att_err *err)
{
    return store_audit_list(flaky_of(s)->inner, a, tenant, scope, after, max, ret, ret_count, err);
}

static bool f_begin(struct store *s, struct store_tx **ret, struct att_err *err)
{
    struct flaky_tx *tx = calloc(1, sizeof *tx);

    must(tx != NULL, err, "memory");
    if (!store_begin(flaky_of(s)->inner, &tx->inner, err)) {
        free(tx);
        return false;
    }
    *ret = &tx->base;
    return true;
}

static bool f_doc_get(struct store_tx *tx, struct att_arena *a, const char *tenant, const char *kind,
                      const char *id, struct store_doc *ret, bool *ret_found, struct att_err *err)
{
    return store_doc_get(inner_tx(tx), a, tenant, kind, id, ret, ret_found, err);
}

static bool f_doc_put(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces,
                      struct att_err *err)
{
    return store_doc_put(inner_tx(tx), doc, replaces, err);
}

static bool f_doc_delete(struct store_tx *tx, const char *tenant, const char *kind, const char *id,
                         uint64_t replaces, struct att_err *err)
{
    return store_doc_delete(inner_tx(tx), tenant, kind, id, replaces, err);
}

static bool f_audit_last(struct store_tx *tx, struct att_arena *a, struct store_audit *ret, bool *ret_found,
                         struct att_err *err)
{
    return store_audit_last(inner_tx(tx), a, ret, ret_found, err);
}

static bool f_audit_append(struct store_tx *tx, const struct store_audit *record, uint64_t *ret_seq,
                           struct att_err *err)
{
    return store_audit_append(inner_tx(tx), record, ret_seq, err);
}

static bool f_tx_generation(struct store_tx *tx, uint64_t *ret, struct att_err *err)
{
    return store_tx_generation(inner_tx(tx), ret, err);
}

static void f_rollback(struct store_tx *tx)
{
    store_rollback(inner_tx(tx));
    free(tx);
}

static bool f_commit(struct store_tx *tx, struct att_err *err)
{
    struct flaky *f = flaky_of(tx->store);

    if (f->fail_before) {
        f_rollback(tx);
        return lost(err);
    }
    bool done = store_commit(inner_tx(tx), err);
    free(tx);
    return f->lose_after ? lost(err) : done;
}

static bool f_once(struct store *s, const char *space, const char *id, int64_t until_unix_s,
                   int64_t now_unix_s, bool *ret_first, struct att_err *err)
{
    return store_once(flaky_of(s)->inner, space, id, until_unix_s, now_unix_s, ret_first, err);
}

static unsigned f_schema_version(struct store *s)
{
    return store_schema_version(flaky_of(s)->inner);
}

static void f_close(struct store *s)
{
    store_close(flaky_of(s)->inner);
}

static const struct store_ops flaky_ops = {
    .scheme = "flaky",
    .scan = f_scan,
    .generation = f_generation,
    .audit_list = f_audit_list,
    .begin = f_begin,
    .doc_get = f_doc_get,
    .doc_put = f_doc_put,
    .doc_delete = f_doc_delete,
    .audit_last = f_audit_last,
    .audit_append = f_audit_append,
    .tx_generation = f_tx_generation,
    .commit = f_commit,
    .rollback = f_rollback,
    .once = f_once,
    .schema_version = f_schema_version,
    .close = f_close,
};

static bool named(struct site *s, const char *name)
{
    const struct site_provider *p = site_provider_by_name(s, name);

    site_unref(p);
    return p != NULL;
}

static void unknown_outcome(void)
{
    struct flaky f = { .base = { .ops = &flaky_ops }, .inner = memory_store() };
    struct site *s = site_on(&f.base);
    struct town t;
    struct a_provider room;
    struct att_err err = { 0 };

    build(s, &t);
    unsigned scans = f.scans;
    cases_check(&cases, scans == SITE_KINDS, "own changes read nothing again: %u scans", scans);

    f.fail_before = true;
    cases_check(&cases,
                !put_one(s, a_provider(&room, TENANT_A, SUB_A, "One", "Ghost"), 0, &err) &&
                    !named(s, "ghost"),
                "a commit that failed leaves the memory as it was");
    f.fail_before = false;
    err = (struct att_err){ 0 };
    must_put(s, a_provider(&room, TENANT_A, SUB_A, "One", "Real"));
    cases_check(&cases, f.scans == scans && named(s, "real") && !named(s, "ghost"),
                "and what had not happened is not read again");

    f.lose_after = true;
    cases_check(&cases,
                !put_one(s, a_provider(&room, TENANT_A, SUB_A, "One", "Ghost"), 0, &err) &&
                    !named(s, "ghost"),
                "a commit whose answer was lost is not believed");
    f.lose_after = false;
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !put_one(s, a_provider(&room, TENANT_A, SUB_A, "One", "Ghost"), 0, &err) &&
                    err.code == ATT_STORE_CONFLICT && named(s, "ghost") && f.scans == scans + SITE_KINDS,
                "the next change has read that it did happen: %s", err.text);
    err = (struct att_err){ 0 };
    must(delete_one(s, SITE_PROVIDER, room.key, 1, &err), &err, "and can undo it");

    /* The lost answer of a deletion; then reading again fails, too. */
    f.lose_after = true;
    cases_check(&cases, !delete_one(s, SITE_PROVIDER, t.south.key, 1, &err) && named(s, "south"),
                "a lost deletion");
    f.lose_after = false;
    f.fail_scan = true;
    struct site_change *c = NULL;
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !site_change_begin(s, NOW, &c, &err) && err.code == ATT_STORE_FAILED && named(s, "south"),
                "no change begins on what could not be read");
    err = (struct att_err){ 0 };
    cases_check(&cases, !site_refresh(s, &err), "nor is it refreshed");
    f.fail_scan = false;
    err = (struct att_err){ 0 };
    must(site_refresh(s, &err), &err, "refresh");
    cases_check(&cases, !named(s, "south") && named(s, "north"), "then it is");
    scans = f.scans;
    must(site_refresh(s, &err), &err, "refresh");
    cases_check(&cases, f.scans == scans, "a refresh of what is up to date reads nothing");

    /* Whether such a commit counts is the store's affair; what is certain is read again. */
    struct site_change *nothing = begin(s);
    (void)a_provider(&room, TENANT_A, SUB_A, "One", "Moment");
    must(site_put(nothing, &room.p, 0, ALICE, &err) &&
             site_delete(nothing, SITE_PROVIDER, room.key, 1, &err) &&
             site_change_commit(nothing, &a_record, &err),
         &err, "put and delete");
    must(site_refresh(s, &err), &err, "refresh");
    cases_check(&cases, f.scans == scans + SITE_KINDS,
                "after a commit that cancels out everything is read again");

    struct site_audit_end end = { 0 };
    cases_check(&cases, site_audit_verify(s, &end, &err), "the chain holds: %s", err.text);
    site_close(s);
    store_close(&f.base);
}

/* -- killed in the middle --------------------------------------------------------------------------------- */

/* Each change puts a provider and its policy; the number is told after the commit. */
static void writer(const char *path, unsigned first, int tell)
{
    struct store *store = sqlite_store(path);
    struct site *s = site_on(store);

    for (unsigned n = first;; n++) {
        struct a_provider provider;
        struct a_policy policy;
        struct att_err err = { 0 };
        char name[20];
        (void)snprintf(name, sizeof name, "kill-%u", n);
        struct site_change *c = begin(s);
        (void)a_provider(&provider, TENANT_A, SUB_A, "One", name);
        must(site_put(c, &provider.p, 0, ALICE, &err), &err, name);
        must(site_put(c, a_policy(&policy, &provider.p, "SgxEnclave"), 0, ALICE, &err), &err, name);
        must(site_change_commit(c, &a_record, &err), &err, name);
        if (write(tell, &n, sizeof n) != sizeof n)
            _exit(1);
    }
}

static unsigned killed_once(const char *path, unsigned first, unsigned pause_us)
{
    int ends[2];
    unsigned n = 0;
    unsigned last = first - 1;
    struct att_err err = { 0 };

    must(pipe(ends) == 0, &err, "a pipe");
    (void)fflush(stdout); /* the child has a copy of what is not written yet */
    pid_t child = fork();
    must(child >= 0, &err, "a child");
    if (child == 0) {
        (void)close(ends[0]);
        writer(path, first, ends[1]);
    }
    (void)close(ends[1]);
    must(read(ends[0], &n, sizeof n) == sizeof n, &err, "the first acknowledged change");
    last = n;
    (void)usleep(pause_us);
    (void)kill(child, SIGKILL);
    while (read(ends[0], &n, sizeof n) == sizeof n)
        last = n;
    (void)close(ends[0]);
    (void)waitpid(child, NULL, 0);
    return last;
}

static void killed(void)
{
    struct folder f;
    struct town t;
    struct att_err err = { 0 };
    struct store *store = sqlite_store(folder_make(&f));
    struct site *s = site_on(store);
    unsigned next = 1;
    bool whole = true;
    bool chained = true;
    bool all = true;

    build(s, &t);
    site_close(s);
    store_close(store);
    for (unsigned cycle = 0; cycle < 25; cycle++) {
        struct site_list providers = { 0 };
        struct site_list policies = { 0 };
        struct site_audit_end end = { 0 };
        unsigned last = killed_once(f.file, next, 137 * cycle);
        store = sqlite_store(f.file);
        s = site_on(store);
        for (unsigned n = 1; n <= last; n++) {
            char name[20];
            (void)snprintf(name, sizeof name, "kill-%u", n);
            all = all && named(s, name);
        }
        must(site_list(s, SITE_PROVIDER, "", &providers, &err) &&
                 site_list(s, SITE_POLICY, "", &policies, &err),
             &err, "lists");
        /* One more than was told may be there: it was killed between commit and telling. */
        next = (unsigned)policies.count + 1;
        whole = whole && providers.count == policies.count + 4 && policies.count <= last + 1;
        chained = chained && site_audit_verify(s, &end, &err) && end.seq == 11 + policies.count;
        site_list_free(&providers);
        site_list_free(&policies);
        site_close(s);
        store_close(store);
    }
    cases_check(&cases, all, "kill -9, 25 times: nothing that was acknowledged is missing");
    cases_check(&cases, whole, "kill -9: no half change is seen");
    cases_check(&cases, chained, "kill -9: one record for each change, and the chain holds: %s", err.text);
    printf("%u changes written by killed processes\n", next - 1);
    folder_remove(&f);
}

/* Two processes that make changes as fast as they can: each name once, one chain. */
static void contended(void)
{
    struct folder f;
    struct town t;
    struct att_err err = { 0 };
    struct store *store = sqlite_store(folder_make(&f));
    struct site *s = site_on(store);
    enum { EACH = 60, CHILDREN = 3 };
    unsigned won = 0;

    build(s, &t);
    for (unsigned k = 0; k < CHILDREN; k++) {
        (void)fflush(stdout); /* the child has a copy of what is not written yet */
        pid_t child = fork();
        must(child >= 0, &err, "a child");
        if (child > 0)
            continue;
        struct store *mine = sqlite_store(f.file);
        struct site *site = site_on(mine);
        unsigned done = 0;
        for (unsigned n = 0; n < EACH; n++) {
            struct a_provider provider;
            char name[20];
            struct att_err why = { 0 };
            (void)snprintf(name, sizeof name, "both-%u", n);
            /* In different groups, so that only the name is the same. */
            (void)a_provider(&provider, TENANT_A, SUB_A, k % 2 ? "One" : "One-more", name);
            if (put_one(site, &provider.p, 0, &why))
                done++;
            else if (why.code != ATT_NAME_TAKEN && why.code != ATT_STORE_CONFLICT)
                _exit(255);
        }
        site_close(site);
        store_close(mine);
        _exit((int)done);
    }
    for (unsigned k = 0; k < CHILDREN; k++) {
        int status = 0;
        (void)wait(&status);
        won += WIFEXITED(status) && WEXITSTATUS(status) < 255 ? (unsigned)WEXITSTATUS(status) : 1000;
    }
    struct site_audit_end end = { 0 };
    must(site_refresh(s, &err), &err, "refresh");
    struct site_list list = { 0 };
    must(site_list(s, SITE_PROVIDER, "", &list, &err), &err, "a list");
    cases_check(&cases, won == EACH && list.count == EACH + 4,
                "three processes, 60 names: %u won, %zu providers", won, list.count);
    cases_check(&cases, site_audit_verify(s, &end, &err) && end.seq == 11 + EACH, "one chain: %s", err.text);
    site_list_free(&list);
    site_close(s);
    store_close(store);
    folder_remove(&f);
}

int main(void)
{
    role_removed();
    races();
    kept();
    unknown_outcome();
    killed();
    contended();
    return cases_report(&cases);
}
