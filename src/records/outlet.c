#include "records/outlet.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAIT_FIRST_MS = 200, WAIT_MAX_MS = 30000, WAIT_JOURNAL_MAX_MS = 2000, WAIT_ASKED_MAX_S = 300 };

/* A receiver that takes each batch, but slowly, would keep a server from ending for minutes. */
enum { END_SINK_MS = 5000 };

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct record_line *record_line_new(const struct record *r, struct att_span text)
{
    struct record_line *line = malloc(sizeof *line + text.len + 1);

    if (!line)
        return NULL;
    memset(line, 0, sizeof *line);
    atomic_init(&line->refs, 1);
    line->at_unix_us = r->at_unix_us;
    line->failed = r->status >= 400;
    if (!record_trace(r->traceparent, line->trace, line->span))
        line->trace[0] = line->span[0] = '\0';
    line->len = text.len;
    memcpy(line->text, text.ptr, text.len);
    line->text[text.len] = '\0';
    return line;
}

void record_line_free(struct record_line *line)
{
    if (line && atomic_fetch_sub(&line->refs, 1) == 1)
        free(line);
}

void outlet_put(struct outlet *o, struct record_line *line)
{
    pthread_mutex_lock(&o->lock);
    bool room = o->count < o->size && !o->ending;
    if (room) {
        atomic_fetch_add(&line->refs, 1);
        o->ring[(o->head + o->count++) % o->size] = line;
    } else {
        o->lost++;
    }
    if (room && o->sleeping)
        pthread_cond_signal(&o->wake);
    pthread_mutex_unlock(&o->lock);
}

/* -- the thread --------------------------------------------------------------------------------------------- */

/* What waits, up to the bounds of a batch; it stays in the ring. False: the end. */
static bool gather(struct outlet *o, struct record_line **lines, size_t *ret_count)
{
    size_t bytes = 0, n = 0;

    pthread_mutex_lock(&o->lock);
    while (o->count == 0 && !o->ending) {
        o->sleeping = true;
        pthread_cond_wait(&o->wake, &o->lock);
        o->sleeping = false;
    }
    for (; n < o->count && n < OUTLET_BATCH_MAX; n++) {
        lines[n] = o->ring[(o->head + n) % o->size];
        bytes += lines[n]->len;
        if (n > 0 && bytes > OUTLET_BATCH_BYTES_MAX)
            break;
    }
    pthread_mutex_unlock(&o->lock);
    *ret_count = n;
    return n > 0;
}

/* Takes lines off the ring. With the lock. */
static void drop(struct outlet *o, size_t n, uint64_t *counter)
{
    for (size_t i = 0; i < n; i++) {
        record_line_free(o->ring[o->head]);
        o->head = (o->head + 1) % o->size;
    }
    o->count -= n;
    *counter += n;
}

static void wait_ms(struct outlet *o, uint64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (!o->ending && pthread_cond_timedwait(&o->wake, &o->lock, &until) == 0)
        ;
}

static uint64_t pause_of(const struct outlet *o, const struct outlet_result *result, unsigned attempts)
{
    uint64_t ms = WAIT_FIRST_MS, max = o->attempts_max ? WAIT_MAX_MS : WAIT_JOURNAL_MAX_MS;

    for (unsigned i = 1; i < attempts && ms < max; i++)
        ms *= 2;
    ms = ms < max ? ms : max;
    uint64_t asked = (uint64_t)(result->wait_s < WAIT_ASKED_MAX_S ? result->wait_s : WAIT_ASKED_MAX_S) * 1000;
    return asked > ms ? asked : ms;
}

/* After a failure: gives the batch up, or waits. `left` lines of it are not written. With the lock. */
static void after_failure(struct outlet *o, const struct outlet_result *result, size_t left,
                          unsigned *attempts)
{
    o->failed++;
    (*attempts)++;
    if (o->ending) {
        drop(o, o->count, &o->lost);
        return;
    }
    if (result->give_up || (o->attempts_max && *attempts >= o->attempts_max)) {
        drop(o, left, &o->lost);
        *attempts = 0;
        return;
    }
    wait_ms(o, pause_of(o, result, *attempts));
}

static void *run(void *arg)
{
    struct outlet *o = arg;
    struct record_line *lines[OUTLET_BATCH_MAX];
    size_t count = 0;
    unsigned attempts = 0;

    while (gather(o, lines, &count)) {
        struct outlet_result result = { 0 };
        struct att_err err = { 0 };
        bool ok = o->ops->write(o, lines, count, &result, &err);
        bool news = !ok && !atomic_exchange(&o->failing, true);
        if (ok)
            atomic_store(&o->failing, false);
        if (news && o->on_trouble) /* once for each row of failures */
            o->on_trouble(o->on_trouble_ctx, o->name, &err);
        pthread_mutex_lock(&o->lock);
        size_t done = ok ? count : result.done;
        drop(o, done, &o->written);
        attempts = done > 0 ? 0 : attempts;
        if (!ok)
            after_failure(o, &result, count - done, &attempts);
        else if (o->ending && o->attempts_max && now_ms() >= o->give_up_at_ms)
            drop(o, o->count, &o->lost);
        pthread_mutex_unlock(&o->lock);
    }
    return NULL;
}

/* -- life --------------------------------------------------------------------------------------------------- */

bool outlet_start(struct outlet *o, size_t queue_max, struct att_err *err)
{
    pthread_condattr_t monotonic;

    if (pthread_mutex_init(&o->lock, NULL) != 0 || pthread_condattr_init(&monotonic) != 0 ||
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&o->wake, &monotonic) != 0)
        abort();                                /* glibc's cannot fail with these */
    (void)pthread_condattr_destroy(&monotonic); /* nothing can be lost */
    o->open = true;
    o->size = queue_max;
    o->end_ms = o->end_ms ? o->end_ms : END_SINK_MS;
    o->ring = calloc(queue_max, sizeof *o->ring);
    if (!o->ring)
        return att_fail_memory(err, "records.queue");
    if (pthread_create(&o->thread, NULL, run, o) != 0)
        return att_fail(err, ATT_INTERNAL, "records.thread", "a thread", "none to be had");
    o->started = true;
    return true;
}

void outlet_end(struct outlet *o)
{
    if (!o->started)
        return;
    pthread_mutex_lock(&o->lock);
    if (!o->ending)
        o->give_up_at_ms = now_ms() + o->end_ms;
    o->ending = true;
    pthread_cond_signal(&o->wake);
    pthread_mutex_unlock(&o->lock);
}

void outlet_stop(struct outlet *o)
{
    outlet_end(o);
    if (o->started)
        pthread_join(o->thread, NULL);
    o->started = false;
    if (o->ops && o->ops->close)
        o->ops->close(o);
    free(o->ring);
    o->ring = NULL;
    if (o->open) {
        pthread_cond_destroy(&o->wake);
        pthread_mutex_destroy(&o->lock);
    }
    *o = (struct outlet){ 0 };
}

void outlet_stats(struct outlet *o, struct record_sink_stats *ret)
{
    pthread_mutex_lock(&o->lock);
    *ret = (struct record_sink_stats){
        .name = o->name, .written = o->written, .lost = o->lost, .failed = o->failed, .waiting = o->count
    };
    pthread_mutex_unlock(&o->lock);
}
