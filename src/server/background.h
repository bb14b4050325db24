/* server/background.h - a thread that does what the library puts off (att_lib_work).
 *
 * background_init before the library is made, since it may call background_wake at any time; background_start with it;
 * background_stop before it is freed.
 */
#ifndef SERVER_BACKGROUND_H
#define SERVER_BACKGROUND_H

#include <attest/collateral.h>

#include <pthread.h>
#include <stdatomic.h>

struct background {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    struct att_lib *lib;
    bool started, ending, wanted;
    atomic_bool hurry; /* between two pieces of work: end now */
};

void background_init(struct background *b);
/* att_lib_options.work_wanted; ctx is the struct background. Never blocks for long. */
void background_wake(void *ctx);
ATT_CHECK bool background_start(struct background *b, struct att_lib *lib, struct att_err *err);
void background_stop(struct background *b); /* once, or never started: both are fine */

#endif
