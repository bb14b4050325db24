/* Several handles and several processes on one store. */
#include "contract/backend.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

enum { ADDITIONS = 200, KILLS = 12, WAIT_MAX_S = 20 };

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void reopening_sees_what_was_committed(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0) && put_alone(s, "a", "2", 1) && audit_alone(s, "t", "/a", "{}"),
          "rows: %s", step_err.text);
    char *before = picture(s);
    store_close(s);
    for (int i = 0; i < 3; i++) {
        s = open_again();
        char *after = s ? picture(s) : NULL;
        CHECK(after && strcmp(before, after) == 0, "reopened: %s", after ? after : "not at all");
        free(after);
        store_close(s);
    }
    free(before);
}

static void two_handles(void)
{
    struct store *a = open_fresh();
    struct store *b = a ? open_again() : NULL;

    if (!b) {
        store_close(a);
        return;
    }
    CHECK(put_alone(a, "x", "1", 0) && value_of(b, "x", NULL) == 1 && generation(b) == 1,
          "one sees the other's commit");
    CHECK(put_alone(b, "x", "2", 1) && generation(a) == 2, "and back");
    CHECK(!put_alone(a, "x", "3", 1) && step_err.code == ATT_STORE_CONFLICT,
          "a stale version is a conflict: %s", step_err.text);
    struct store_tx *tx = begin(a);
    CHECK(put(tx, "t", "k", "x", "9", 2) && audit(tx, "t", "/x", "{}", NULL), "an open transaction");
    CHECK(value_of(b, "x", NULL) == 2 && generation(b) == 2, "others do not see it before the commit");
    double started = seconds();
    CHECK(!begin(b) && step_err.code == ATT_STORE_FAILED, "nor begin one of their own: %s", step_err.text);
    double waited = seconds() - started;
    CHECK(waited > 1 && waited < WAIT_MAX_S, "they wait a bounded time: %.1f s", waited);
    CHECK(commit(tx), "commit: %s", step_err.text);
    CHECK(value_of(b, "x", NULL) == 9, "then they see it");
    CHECK(put_alone(b, "x", "10", 3), "and begin again: %s", step_err.text);
    store_close(a);
    store_close(b);
}

/* Adds 1 to t/k/sum, taking the version from outside of the transaction, so that the other process gets between; and
 * writes a record for each. Some transactions are thrown away. */
static int add(unsigned who)
{
    struct store *s = open_again();
    unsigned conflicts = 0;

    for (unsigned i = 0; s && i < ADDITIONS;) {
        uint64_t version = 0;
        char body[24];
        long value = value_of(s, "sum", &version);
        if (value < 0)
            return 3;
        (void)snprintf(body, sizeof body, "%ld", value + 1);
        struct store_tx *tx = begin(s);
        if (!tx)
            return 4;
        if (i % 10 == who && audit(tx, "t", "/thrown", "{}", NULL) && conflicts % 2 == 0) {
            store_rollback(tx);
            conflicts++;
            continue;
        }
        if (!put(tx, "t", "k", "sum", body, version)) {
            bool conflict = step_err.code == ATT_STORE_CONFLICT;
            store_rollback(tx);
            if (!conflict)
                return 5;
            conflicts++;
            continue;
        }
        if (!audit(tx, "t", "/sum", body, NULL) || !commit(tx))
            return 6;
        i++;
    }
    store_close(s);
    return s ? 0 : 7;
}

static void nothing_is_lost_between_writers(void)
{
    struct store *s = open_fresh();
    struct store_audit *rows = NULL;
    size_t count = 0;
    uint64_t version = 0;
    pid_t children[2];

    if (!s)
        return;
    CHECK(put_alone(s, "sum", "0", 0), "a row: %s", step_err.text);
    store_close(s);
    (void)fflush(NULL);
    for (unsigned i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(add(i));
    }
    for (unsigned i = 0; i < 2; i++) {
        int status = 1;
        CHECK(children[i] > 0 && waitpid(children[i], &status, 0) == children[i] && status == 0,
              "writer %u ends well: %x", i, (unsigned)status);
    }
    s = open_again();
    CHECK(s && value_of(s, "sum", &version) == 2 * ADDITIONS && version == 2 * ADDITIONS + 1,
          "two writers, %d additions each: version %" PRIu64, ADDITIONS, version);
    CHECK(s && generation(s) == 2 * ADDITIONS + 1, "and as many generations");
    bool ok = s && store_audit_list(s, arena, NULL, "", 0, 100000, &rows, &count, &step_err);
    CHECK(ok, "records: %s", step_err.text);
    size_t gaps = 0, sums = 0;
    for (size_t i = 0; i < count; i++) {
        char want[24];
        gaps += rows[i].seq != i + 1;
        if (strcmp(rows[i].scope, "/sum") != 0)
            continue;
        (void)snprintf(want, sizeof want, "%zu", ++sums);
        gaps += !att_span_is(rows[i].body, want);
    }
    CHECK(gaps == 0 && sums == 2 * ADDITIONS, "%zu records, %zu of additions, %zu out of order", count, sums,
          gaps);
    store_close(s);
}

/* Changes, says so, and waits to be killed. */
static void half_a_transaction(int told, bool whole, int round)
{
    struct store *s = open_again();
    struct store_tx *tx = s ? begin(s) : NULL;
    char id[16];

    (void)snprintf(id, sizeof id, "%d", round);
    bool ok = put(tx, "t", "k", id, "1", 0) && put(tx, "t", "k", "first", "66", 1) &&
              audit(tx, "t", "/half", "{}", NULL);
    if (ok && whole)
        ok = commit(tx);
    if (ok && write(told, "x", 1) == 1)
        (void)pause();
    _exit(1);
}

static void killed_in_the_middle(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(put_alone(s, "first", "1", 0) && audit_alone(s, "t", "/first", "{}"), "rows: %s", step_err.text);
    for (int round = 0; round < KILLS; round++) {
        bool whole = round == KILLS - 1; /* the last one had its answer before it was killed */
        int pipes[2];
        char byte = 0, id[16];
        char *before = picture(s);
        (void)fflush(NULL);
        if (pipe(pipes) != 0)
            abort();
        pid_t child = fork();
        if (child == 0)
            half_a_transaction(pipes[1], whole, round);
        (void)close(pipes[1]);
        bool ready = read(pipes[0], &byte, 1) == 1;
        (void)close(pipes[0]);
        CHECK(ready && kill(child, SIGKILL) == 0, "round %d: the writer is killed", round);
        (void)waitpid(child, NULL, 0);
        char *after = picture(s);
        if (!whole)
            CHECK(strcmp(before, after) == 0, "round %d: nothing of the half is seen: %s", round, after);
        (void)snprintf(id, sizeof id, "%d", round);
        CHECK((value_of(s, id, NULL) == 1) == whole && (value_of(s, "first", NULL) == 66) == whole,
              "round %d: what was answered is there, what was not is not", round);
        CHECK(put_alone(s, "probe", "1", (uint64_t)round), "round %d: the lock is free again: %s", round,
              step_err.text);
        free(before);
        free(after);
    }
    store_close(s);
}

/* Another process that looks when it is told to, and goes. Made before this one has a handle: a copy of SQLite's own account of
 * its locks would be wrong. */
struct visitor {
    pid_t pid;
    int gate;
};

static struct visitor visitor(long expected)
{
    int gate[2];
    char byte = 0;

    if (pipe(gate) != 0)
        abort();
    (void)fflush(NULL);
    struct visitor v = { .pid = fork(), .gate = gate[1] };
    if (v.pid == 0) {
        (void)close(gate[1]);
        bool told = read(gate[0], &byte, 1) == 1;
        struct store *s = told ? open_again() : NULL;
        bool seen = s && value_of(s, "a", NULL) == expected;
        store_close(s);
        _exit(seen ? 0 : 1);
    }
    (void)close(gate[0]);
    return v;
}

static bool visits(const struct visitor *v)
{
    int status = 1;
    bool told = v->pid > 0 && write(v->gate, "x", 1) == 1;

    (void)close(v->gate);
    return told && waitpid(v->pid, &status, 0) == v->pid && status == 0;
}

/* Who leaves last clears up. A process that has the store open several times is still there as long as one of its handles is, and
 * what it writes after others have left is seen by the next. */
static void others_come_and_go(void)
{
    struct store *s = open_fresh(), *own[3];

    if (!s)
        return;
    store_close(s);
    struct visitor first = visitor(1), second = visitor(2);
    for (size_t i = 0; i < 3; i++)
        own[i] = open_again();
    bool there = own[0] && own[1] && own[2];
    CHECK(there && put_alone(own[0], "a", "1", 0), "a row: %s", step_err.text);
    CHECK(visits(&first), "another process sees it, and goes");
    CHECK(there && put_alone(own[2], "a", "2", 1), "it is changed: %s", step_err.text);
    CHECK(visits(&second), "the next one sees that");
    for (size_t i = 0; i < 3; i++)
        store_close(own[i]);
}

struct starter {
    pthread_t thread;
    struct store *s;
    struct att_err err;
    bool begun;
};

static void *start_now(void *arg)
{
    struct starter *w = arg;

    return store_open(backend->url, &w->s, &w->err) ? w : NULL;
}

/* All of them want to make the tables. */
static void first_starts_at_once(void)
{
    struct starter starters[6] = { 0 };
    size_t count = sizeof starters / sizeof starters[0];

    if (!backend->fresh()) {
        CHECK(false, "a new place for a store");
        return;
    }
    for (size_t i = 0; i < count; i++)
        starters[i].begun = pthread_create(&starters[i].thread, NULL, start_now, &starters[i]) == 0;
    for (size_t i = 0; i < count; i++) {
        void *good = NULL;
        if (starters[i].begun)
            pthread_join(starters[i].thread, &good);
        CHECK(good, "first start %zu of several: %s", i, starters[i].err.text);
    }
    CHECK(starters[0].s && put_alone(starters[0].s, "a", "1", 0) &&
              value_of(starters[count - 1].s, "a", NULL) == 1,
          "they have one store: %s", step_err.text);
    for (size_t i = 0; i < count; i++)
        store_close(starters[i].s);
}

void shared_suite(void)
{
    for (int i = 0; i < 3; i++)
        first_starts_at_once();
    others_come_and_go();
    reopening_sees_what_was_committed();
    two_handles();
    nothing_is_lost_between_writers();
    killed_in_the_middle();
}
