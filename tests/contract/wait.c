/* Waiting for the commits of others. */
#include "contract/backend.h"

#include <pthread.h>
#include <time.h>

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

enum { SHORT_MS = 40, LONG_MS = 5000 };

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int wait_ms(struct store *s, unsigned ms)
{
    bool changed = false;

    step_err = (struct att_err){ 0 };
    if (!store_wait(s, ms, &changed, &step_err))
        return -1;
    return changed;
}

static void without_others(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0), "a row: %s", step_err.text);
    CHECK(wait_ms(s, 0) == 0, "what was there before the first wait counts as seen: %s", step_err.text);
    double started = seconds();
    CHECK(wait_ms(s, SHORT_MS) == 0, "nobody commits: %s", step_err.text);
    CHECK(seconds() - started >= SHORT_MS / 1000.0 && seconds() - started < 2, "which took %.3f s",
          seconds() - started);
    struct store_tx *tx = begin(s);
    bool changed = true;
    step_err = (struct att_err){ 0 };
    CHECK(tx && !store_wait(s, 0, &changed, &step_err) && step_err.code == ATT_STORE_FAILED && changed,
          "not inside a transaction: %s", step_err.text);
    store_rollback(tx);
    CHECK(wait_ms(s, 0) == 0, "then as before: %s", step_err.text);
    store_close(s);
}

/* One of its own. */
struct writer {
    struct store *s;
    pthread_t thread;
    double committed; /* when */
    bool ok;
};

static void *write_soon(void *arg)
{
    struct writer *w = arg;
    struct timespec t = { .tv_nsec = 60000000 };
    struct store_tx *tx = NULL;
    struct store_doc doc = { .tenant = "t", .kind = "k", .id = "soon", .body = att_str("1") };

    (void)nanosleep(&t, NULL);
    w->ok = store_begin(w->s, &tx, NULL) && store_doc_put(tx, &doc, 0, NULL) && store_commit(tx, NULL);
    w->committed = seconds();
    return NULL;
}

static void with_others(void)
{
    struct store *s = open_fresh(), *other = s ? open_again() : NULL;
    struct writer w = { .s = other };

    if (!other) {
        store_close(s);
        return;
    }
    CHECK(put_alone(other, "a", "1", 0) && wait_ms(s, 0) == 0, "what came before counts as seen: %s",
          step_err.text);
    CHECK(put_alone(other, "a", "2", 1) && put_alone(other, "a", "3", 2), "two commits between waits: %s",
          step_err.text);
    double started = seconds();
    CHECK(wait_ms(s, LONG_MS) == 1 && seconds() - started < 1, "are told at once: %s, %.3f s", step_err.text,
          seconds() - started);
    CHECK(wait_ms(s, SHORT_MS) == 0, "once: %s", step_err.text);
    CHECK(audit_alone(other, "t", "/a", "{}") && wait_ms(s, SHORT_MS) == 0, "a record alone is no change: %s",
          step_err.text);
    struct store_tx *tx = begin(other);
    CHECK(put(tx, "t", "k", "b", "1", 0), "a row: %s", step_err.text);
    store_rollback(tx);
    CHECK(wait_ms(s, SHORT_MS) == 0, "which is rolled back: %s", step_err.text);
    if (pthread_create(&w.thread, NULL, write_soon, &w) == 0) {
        int got = wait_ms(s, LONG_MS);
        double woken = seconds();
        pthread_join(w.thread, NULL);
        CHECK(w.ok && got == 1, "a commit while it waits: %d, %s", got, step_err.text);
        CHECK(woken - w.committed < 1, "wakes it: after %.3f s", woken - w.committed);
    }
    store_close(s);
    store_close(other);
}

void wait_suite(void)
{
    without_others();
    if (backend->shared)
        with_others();
}
