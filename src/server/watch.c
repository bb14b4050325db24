#include "server/watch.h"

#include "base/err.h"
#include "server/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAIT_MS = 200, PAUSE_LEAST_MS = 100, PAUSE_MOST_MS = 2000 };

static bool ending(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    bool end = w->ending;
    pthread_mutex_unlock(&w->lock);
    return end;
}

/* Cut short by watch_end. */
static void pause_ms(struct watch *w, unsigned ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&w->lock);
    while (!w->ending && pthread_cond_timedwait(&w->wake, &w->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&w->lock);
}

static void say_back(const struct watch *w)
{
    char seconds[24];

    (void)snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)store_health_outage_s(w->health));
    log_event(LOG_LEVEL_INFO, "store.back", "last_seen_s_ago", seconds, (const char *)NULL);
}

static void say_away(const struct att_err *err)
{
    log_event(LOG_LEVEL_ERROR, "store.away", "code", att_code_name(err->code), "where", err->where, "found",
              err->found, "expected", err->expected, (const char *)NULL);
}

static void *run(void *arg)
{
    struct watch *w = arg;
    unsigned pause = PAUSE_LEAST_MS;

    while (!ending(w)) {
        struct att_err err = { 0 };
        bool changed = false;
        bool reached = store_wait(w->store, WAIT_MS, &changed, &err);
        bool news = store_health_waited(w->health, reached);
        if (!reached) {
            if (news)
                say_away(&err);
            pause_ms(w, pause);
            pause = 2 * pause < PAUSE_MOST_MS ? 2 * pause : PAUSE_MOST_MS;
            continue;
        }
        pause = PAUSE_LEAST_MS;
        if (news)
            say_back(w);
        if (news || changed)
            w->changed(w->ctx);
    }
    return NULL;
}

bool watch_start(struct watch *w, struct att_err *err)
{
    pthread_condattr_t clock;

    if (!w->store)
        return true;
    if (pthread_condattr_init(&clock) != 0 || pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) != 0 ||
        pthread_mutex_init(&w->lock, NULL) != 0 || pthread_cond_init(&w->wake, &clock) != 0)
        abort(); /* glibc's cannot fail with these */
    (void)pthread_condattr_destroy(&clock);
    if (pthread_create(&w->thread, NULL, run, w) != 0)
        return att_fail(err, ATT_INTERNAL, "watch", "a thread", "none to be had");
    w->started = true;
    return true;
}

void watch_end(struct watch *w)
{
    if (!w->started)
        return;
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

void watch_join(struct watch *w)
{
    if (!w->started)
        return;
    watch_end(w);
    pthread_join(w->thread, NULL);
    w->started = false;
}
