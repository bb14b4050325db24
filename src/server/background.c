/* One thread for what the library puts off: tables for keys that come again. Nothing waits for it. */
#include "server/background.h"

#include "base/err.h"

#include <stdlib.h>

static void *run(void *arg)
{
    struct background *b = arg;

    pthread_mutex_lock(&b->lock);
    while (!b->ending) {
        if (!b->wanted) {
            pthread_cond_wait(&b->wake, &b->lock);
            continue;
        }
        b->wanted = false;
        struct att_lib *lib = b->lib;
        pthread_mutex_unlock(&b->lock);
        while (lib && !atomic_load_explicit(&b->hurry, memory_order_relaxed) && att_lib_work(lib))
            ;
        pthread_mutex_lock(&b->lock);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

void background_wake(void *ctx)
{
    struct background *b = ctx;

    pthread_mutex_lock(&b->lock);
    b->wanted = true;
    pthread_cond_signal(&b->wake);
    pthread_mutex_unlock(&b->lock);
}

bool background_start(struct background *b, struct att_lib *lib, struct att_err *err)
{
    b->lib = lib;
    if (pthread_create(&b->thread, NULL, run, b) != 0)
        return att_fail(err, ATT_INTERNAL, "background", "a thread", "none to be had");
    b->started = true;
    return true;
}

void background_init(struct background *b)
{
    if (pthread_mutex_init(&b->lock, NULL) != 0 || pthread_cond_init(&b->wake, NULL) != 0)
        abort(); /* glibc's cannot fail with these */
}

void background_stop(struct background *b)
{
    if (!b->started)
        return;
    pthread_mutex_lock(&b->lock);
    b->ending = true;
    atomic_store_explicit(&b->hurry, true, memory_order_relaxed);
    pthread_cond_signal(&b->wake);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    b->started = false;
}
