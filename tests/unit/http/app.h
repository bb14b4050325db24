/* The application that the tests of src/http serve:
 *   /info     method, path, query, peer, TLS version and server name, one a line
 *   /echo     the body, as it came
 *   /small    the same, but at most 16 bytes are taken
 *   /refuse   405 from the head alone
 *   /broken   an answer with a header that cannot be sent
 *   /big      a few megabytes
 *   /close    asks for the connection to be closed
 *   /client   peer, client and who is at the other end of a unix socket, one a line
 *   /later    as /info, but from another thread and after a moment
 * all else    "hello" */
#ifndef TESTS_HTTP_APP_H
#define TESTS_HTTP_APP_H

#include "http/http.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { APP_BIG_BYTES = 32 << 20 };

static inline bool app_head(void *ctx, const struct http_request *head, size_t *ret_body_max,
                            struct http_response *ret_refusal)
{
    (void)ctx;
    if (att_span_is(head->path, "/small"))
        *ret_body_max = 16;
    if (!att_span_is(head->path, "/refuse"))
        return true;
    *ret_refusal = (struct http_response){ .status = 405,
                                           .content_type = "text/plain",
                                           .body = att_str("not this one") };
    return false;
}

static inline struct att_span app_info(const struct http_request *r)
{
    const struct http_header *note = http_header_find(r, "x-note");
    char *text = att_arena_alloc(r->arena, 1024, 1);
    if (!text)
        abort();
    (void)snprintf(text, 1024, "%.*s\n%.*s\n%.*s\n%.*s\n%s\n%s\n%s\n%.*s\n", (int)r->method.len,
                   (const char *)r->method.ptr, (int)r->path.len, (const char *)r->path.ptr,
                   (int)r->query.len, (const char *)r->query.ptr, (int)r->host.len, (const char *)r->host.ptr,
                   r->peer, r->tls_version ? r->tls_version : "plain",
                   r->tls_server_name ? r->tls_server_name : "none", note ? (int)note->value.len : 0,
                   note ? (const char *)note->value.ptr : "");
    return att_str(text);
}

static inline struct att_span app_client(const struct http_request *r)
{
    const struct http_local_peer none = { UINT32_MAX, UINT32_MAX, UINT32_MAX };
    const struct http_local_peer *l = r->local ? r->local : &none;
    char *text = att_arena_alloc(r->arena, 256, 1);
    if (!text)
        abort();
    (void)snprintf(text, 256, "%s %u\n%s\n%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", r->peer, r->peer_port,
                   r->client, l->uid, l->gid, l->pid);
    return att_str(text);
}

struct app_job {
    const struct http_request *request;
    struct http_response *response;
};

static inline void *app_later_main(void *arg)
{
    struct app_job *job = arg;
    struct timespec moment = { .tv_nsec = 30000000 };

    (void)nanosleep(&moment, NULL);
    *job->response =
        (struct http_response){ .status = 200, .content_type = "text/plain", .body = app_info(job->request) };
    http_answer_now(job->request);
    free(job);
    return NULL;
}

static inline void app_later(const struct http_request *r, struct http_response *ret)
{
    struct app_job *job = malloc(sizeof *job);
    pthread_t thread;

    http_answer_later(r);
    if (!job)
        abort();
    *job = (struct app_job){ r, ret };
    if (pthread_create(&thread, NULL, app_later_main, job) != 0 || pthread_detach(thread) != 0)
        abort();
}

static inline void app_request(void *ctx, const struct http_request *r, struct http_response *ret)
{
    static const uint8_t big[APP_BIG_BYTES];

    (void)ctx;
    if (att_span_is(r->path, "/later")) {
        app_later(r, ret);
        return;
    }
    *ret = (struct http_response){ .status = 200, .content_type = "text/plain", .body = att_str("hello") };
    if (att_span_is(r->path, "/info"))
        ret->body = app_info(r);
    else if (att_span_is(r->path, "/client"))
        ret->body = app_client(r);
    else if (att_span_is(r->path, "/echo") || att_span_is(r->path, "/small"))
        ret->body = r->body;
    else if (att_span_is(r->path, "/big"))
        ret->body = att_span_of(big, sizeof big);
    else if (att_span_is(r->path, "/close"))
        ret->close = true;
    else if (att_span_is(r->path, "/broken"))
        ret->extra[ret->extra_count++] = (struct http_header){ att_str("x-a"), att_str("b\r\nc: d") };
}

static inline void app_bad(void *ctx, struct att_arena *arena, int status, const struct att_err *err,
                           struct http_response *ret)
{
    (void)ctx;
    (void)status;
    ret->content_type = "application/json";
    char *text = att_arena_dup(arena, att_str(err->where));
    ret->body = att_str(text);
}

static inline struct http_server *app_start(struct http_server_options options)
{
    struct http_server *server = NULL;
    struct att_err err = { 0 };

    options.app = (struct http_app){ .on_head = app_head, .on_request = app_request, .on_bad = app_bad };
    if (!http_server_start(&options, &server, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return server;
}

#endif
