/* server/watch.h - a thread that waits for what other replicas commit, with a store handle of its own, and has it read.
 *
 * It is also who finds out first that the store is away or back. Nothing depends on it: without it what others have
 * changed is seen within about a second, and before each change of our own.
 */
#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include "store/health.h"
#include "store/store.h"

#include <pthread.h>

struct watch {
    struct store *store; /* its own; NULL: no thread, nobody else can commit */
    struct store_health *health;
    void (*changed)(void *ctx); /* called on the thread; must not block */
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool started, ending;
};

ATT_CHECK bool watch_start(struct watch *w, struct att_err *err);
/* It will end soon: within its wait, or its try to connect. */
void watch_end(struct watch *w);
/* Waits for that. Once, or never started: both are fine. Then the store may be closed. */
void watch_join(struct watch *w);

#endif
