/* The application of later_test.c: a pool of threads that answers what was put off.
 *   /now      answered at once
 *   /later    the query's milliseconds later: the body, as it came
 *   /held     when later_release is called
 *   /faster   another thread has answered before on_request returns
 *   /inline   on_request itself calls http_answer_now
 *   /close    later, and asks for the connection to be closed
 *   /broken   later, an answer with a header that cannot be sent */
#ifndef TESTS_HTTP_LATER_APP_H
#define TESTS_HTTP_LATER_APP_H

#include "unit/http/app.h"

#include <semaphore.h>
#include <stdatomic.h>

enum { LATER_THREADS = 4, LATER_JOBS_MAX = 4096 };

struct later_job {
    const struct http_request *request;
    struct http_response *response;
    sem_t *done; /* NULL: nobody waits */
};

struct later_app {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct later_job jobs[LATER_JOBS_MAX];
    size_t first, count;
    struct later_job held[LATER_JOBS_MAX];
    size_t held_count;
    bool ending;
    pthread_t threads[LATER_THREADS];
    _Atomic unsigned seen, outstanding;
};

static inline void later_push(struct later_app *app, struct later_job job)
{
    (void)pthread_mutex_lock(&app->lock);
    if (app->count == LATER_JOBS_MAX)
        abort();
    app->jobs[(app->first + app->count++) % LATER_JOBS_MAX] = job;
    (void)pthread_cond_signal(&app->more);
    (void)pthread_mutex_unlock(&app->lock);
}

/* Assigns the whole response, as an application may. */
static inline void later_answer(struct later_app *app, struct later_job job)
{
    const struct http_request *r = job.request;

    *job.response = (struct http_response){ .status = 200, .content_type = "text/plain", .body = r->body };
    if (att_span_is(r->path, "/close"))
        job.response->close = true;
    if (att_span_is(r->path, "/broken"))
        job.response->extra[job.response->extra_count++] =
            (struct http_header){ att_str("x-a"), att_str("b\r\nc: d") };
    (void)atomic_fetch_sub(&app->outstanding, 1);
    http_answer_now(r);
    if (job.done)
        (void)sem_post(job.done);
}

static inline void *later_main(void *arg)
{
    struct later_app *app = arg;

    for (;;) {
        (void)pthread_mutex_lock(&app->lock);
        while (app->count == 0 && !app->ending)
            (void)pthread_cond_wait(&app->more, &app->lock);
        if (app->count == 0) {
            (void)pthread_mutex_unlock(&app->lock);
            return NULL;
        }
        struct later_job job = app->jobs[app->first];
        app->first = (app->first + 1) % LATER_JOBS_MAX;
        app->count--;
        (void)pthread_mutex_unlock(&app->lock);
        unsigned ms = 0;
        for (size_t i = 0; i < job.request->query.len; i++)
            ms = ms * 10 + (unsigned)(job.request->query.ptr[i] - '0');
        struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
        (void)nanosleep(&t, NULL);
        later_answer(app, job);
    }
}

/* Answers all that is held; gives their number. */
static inline size_t later_release(struct later_app *app)
{
    (void)pthread_mutex_lock(&app->lock);
    size_t n = app->held_count;
    for (size_t i = 0; i < n; i++)
        later_answer(app, app->held[i]);
    app->held_count = 0;
    (void)pthread_mutex_unlock(&app->lock);
    return n;
}

static inline void later_request(void *ctx, const struct http_request *r, struct http_response *ret)
{
    struct later_app *app = ctx;
    struct later_job job = { r, ret, NULL };

    (void)atomic_fetch_add(&app->seen, 1);
    if (att_span_is(r->path, "/now")) {
        *ret = (struct http_response){ .status = 200, .content_type = "text/plain", .body = att_str("now") };
        return;
    }
    (void)atomic_fetch_add(&app->outstanding, 1);
    http_answer_later(r);
    if (att_span_is(r->path, "/inline")) {
        later_answer(app, job);
    } else if (att_span_is(r->path, "/held")) {
        (void)pthread_mutex_lock(&app->lock);
        if (app->held_count == LATER_JOBS_MAX)
            abort();
        app->held[app->held_count++] = job;
        (void)pthread_mutex_unlock(&app->lock);
    } else if (att_span_is(r->path, "/faster")) {
        sem_t done;
        if (sem_init(&done, 0, 0) != 0)
            abort();
        job.done = &done;
        later_push(app, job);
        while (sem_wait(&done) != 0)
            continue;
        (void)sem_destroy(&done);
    } else
        later_push(app, job);
}

static inline bool later_head(void *ctx, const struct http_request *head, size_t *ret_body_max,
                              struct http_response *ret_refusal)
{
    if (head->ticket)
        abort(); /* a head cannot be put off */
    return app_head(ctx, head, ret_body_max, ret_refusal);
}

static inline struct later_app *later_app_new(void)
{
    struct later_app *app = calloc(1, sizeof *app);
    if (!app || pthread_mutex_init(&app->lock, NULL) != 0 || pthread_cond_init(&app->more, NULL) != 0)
        abort();
    for (int i = 0; i < LATER_THREADS; i++)
        if (pthread_create(&app->threads[i], NULL, later_main, app) != 0)
            abort();
    return app;
}

static inline struct http_server *later_start(struct later_app *app, struct http_server_options options)
{
    struct http_server *server = NULL;
    struct att_err err = { 0 };

    options.app = (struct http_app){
        .ctx = app, .on_head = later_head, .on_request = later_request, .on_bad = app_bad
    };
    if (!http_server_start(&options, &server, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return server;
}

static inline void later_app_free(struct later_app *app)
{
    (void)pthread_mutex_lock(&app->lock);
    app->ending = true;
    (void)pthread_cond_broadcast(&app->more);
    (void)pthread_mutex_unlock(&app->lock);
    for (int i = 0; i < LATER_THREADS; i++)
        (void)pthread_join(app->threads[i], NULL);
    (void)pthread_mutex_destroy(&app->lock);
    (void)pthread_cond_destroy(&app->more);
    free(app);
}

#endif
