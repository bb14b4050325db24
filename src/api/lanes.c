/* A lane: a few threads, most often one, and one bounded queue. What waits in it belongs to requests whose answer was put off. */
#include "api/internal.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* A tick may read everything that an installation has, a tenth of a second for ten thousand providers: with many commits of
 * others it takes half of the thread's time at most. */
enum { TICK_MS = 1000, TICK_APART_MS = 100 };

struct job {
    struct api_call *call;
    const char *tenant; /* in the request's arena; NULL: nobody that we know */
    void (*work)(struct api_call *);
};

struct lane {
    struct lane_options options;
    pthread_t *threads;
    size_t started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending;
    int64_t tick_at_ms, ticked_ms; /* the next one, and when the last one ended */
    struct job *ring;
    size_t first, count;
    unsigned long refused;
};

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum waited { WAITED_JOB, WAITED_TICK, WAITED_END };

/* A job goes before a tick whose time has come; lane_run asks after each. */
static enum waited wait_for(struct lane *l, struct job *ret)
{
    enum waited waited = WAITED_JOB;

    pthread_mutex_lock(&l->lock);
    while (l->count == 0 && !l->ending && waited == WAITED_JOB) {
        struct timespec until = { .tv_sec = l->tick_at_ms / 1000, .tv_nsec = l->tick_at_ms % 1000 * 1000000 };
        if (pthread_cond_timedwait(&l->wake, &l->lock, &until) == ETIMEDOUT && now_ms() >= l->tick_at_ms)
            waited = WAITED_TICK;
    }
    if (l->count > 0) {
        waited = WAITED_JOB;
        *ret = l->ring[l->first];
        l->first = (l->first + 1) % l->options.waiting_max;
        l->count--;
    } else if (l->ending) {
        waited = WAITED_END;
    }
    pthread_mutex_unlock(&l->lock);
    return waited;
}

/* The next one is set before it begins: whoever wants another while it runs gets one. */
static bool tick_is_due(struct lane *l)
{
    int64_t now = now_ms();

    pthread_mutex_lock(&l->lock);
    bool due = now >= l->tick_at_ms;
    if (due)
        l->tick_at_ms = now + TICK_MS;
    pthread_mutex_unlock(&l->lock);
    return due;
}

static void tick(struct lane *l)
{
    if (l->options.tick)
        l->options.tick(l->options.tick_ctx);
    pthread_mutex_lock(&l->lock);
    l->ticked_ms = now_ms();
    if (l->tick_at_ms < l->ticked_ms + TICK_APART_MS)
        l->tick_at_ms = l->ticked_ms + TICK_APART_MS;
    pthread_mutex_unlock(&l->lock);
}

static void *lane_run(void *arg)
{
    struct lane *l = arg;
    struct job job = { 0 };

    for (;;) {
        enum waited waited = wait_for(l, &job);
        if (waited == WAITED_END)
            return NULL;
        if (waited == WAITED_JOB)
            job.work(job.call);
        if (tick_is_due(l))
            tick(l);
    }
}

void lane_tick_soon(struct lane *l)
{
    int64_t soon = now_ms();

    pthread_mutex_lock(&l->lock);
    if (soon < l->ticked_ms + TICK_APART_MS)
        soon = l->ticked_ms + TICK_APART_MS;
    if (soon < l->tick_at_ms) {
        l->tick_at_ms = soon;
        pthread_cond_signal(&l->wake);
    }
    pthread_mutex_unlock(&l->lock);
}

bool lane_new(const struct lane_options *options, struct lane **ret, struct att_err *err)
{
    struct lane *l = calloc(1, sizeof *l);

    size_t threads = options->threads ? options->threads : 1;

    if (!l || !(l->ring = calloc(options->waiting_max, sizeof *l->ring)) ||
        !(l->threads = calloc(threads, sizeof *l->threads))) {
        if (l)
            free(l->ring);
        free(l);
        return att_fail_memory(err, "api.lane");
    }
    l->options = *options;
    l->options.threads = threads;
    l->tick_at_ms = now_ms() + TICK_MS;
    pthread_condattr_t clock;
    if (pthread_condattr_init(&clock) != 0 || pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) != 0 ||
        pthread_mutex_init(&l->lock, NULL) != 0 || pthread_cond_init(&l->wake, &clock) != 0)
        abort(); /* glibc's cannot fail with these */
    (void)pthread_condattr_destroy(&clock);
    for (; l->started < l->options.threads; l->started++) {
        if (pthread_create(&l->threads[l->started], NULL, lane_run, l) != 0) {
            lane_free(l);
            return att_fail(err, ATT_INTERNAL, "api.lane", "a thread", "none to be had");
        }
    }
    *ret = l;
    return true;
}

static bool same_tenant(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* One tenant's share, so that a flood of one does not keep the others out. */
static bool has_room(const struct lane *l, const char *tenant)
{
    size_t of_tenant = 0;

    if (l->ending || l->count == l->options.waiting_max)
        return false;
    for (size_t i = 0; i < l->count; i++)
        of_tenant += same_tenant(l->ring[(l->first + i) % l->options.waiting_max].tenant, tenant);
    return of_tenant < l->options.of_tenant_max;
}

bool lane_push(struct lane *l, struct api_call *call, const char *tenant, void (*work)(struct api_call *))
{
    pthread_mutex_lock(&l->lock);
    bool room = has_room(l, tenant);
    if (room) {
        if (!call->later) /* before the thread can see the job */
            http_answer_later(call->http);
        call->later = true;
        l->ring[(l->first + l->count++) % l->options.waiting_max] =
            (struct job){ .call = call, .tenant = tenant, .work = work };
        pthread_cond_signal(&l->wake);
    } else {
        l->refused++;
    }
    pthread_mutex_unlock(&l->lock);
    return room;
}

void lane_state(struct lane *l, struct api_lane_state *ret)
{
    pthread_mutex_lock(&l->lock);
    ret->waiting = l->count;
    ret->refused = l->refused;
    pthread_mutex_unlock(&l->lock);
}

void lane_free(struct lane *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->ending = true;
    pthread_cond_broadcast(&l->wake);
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < l->started; i++)
        pthread_join(l->threads[i], NULL);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l->ring);
    free(l->threads);
    free(l);
}
