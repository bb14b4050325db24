#include "http/exchange.h"

#include "http/forwarded.h"
#include "http/later.h"

#include "base/buf.h"
#include "base/err.h"

#include <stdlib.h>

struct exchange *exchange_new(const struct http_server_options *options)
{
    struct exchange *x = malloc(sizeof *x);
    if (!x)
        return NULL;
    h1_head_reset(&x->head);
    x->body = (struct h1_body){ 0 };
    x->headers = NULL;
    x->client = NULL;
    x->arena = att_arena_new(options->arena_bytes_max);
    if (x->arena)
        return x;
    free(x);
    return NULL;
}

void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    att_arena_free(x->arena);
    free(x); /* offsets and lengths only: the bytes are in the connection's buffer and in the arena */
}

/* The buffer may have moved since the head was parsed, so the spans are made anew each time. */
static bool describe(struct exchange *x, const struct exchange_link *link, const uint8_t *request,
                     struct http_request *ret)
{
    const struct h1_head *h = &x->head;
    SSL *ssl = link->stream->ssl;

    if (!x->headers && h->field_count > 0)
        x->headers = att_arena_alloc(x->arena, h->field_count, sizeof *x->headers);
    if (!x->headers && h->field_count > 0)
        return false;
    for (size_t i = 0; i < h->field_count; i++)
        x->headers[i] =
            (struct http_header){ h1_span(request, h->fields[i].name), h1_span(request, h->fields[i].value) };
    *ret = (struct http_request){
        .arena = x->arena,
        .method = h1_span(request, h->method),
        .path = h1_span(request, h->path),
        .query = h1_span(request, h->query),
        .host = h1_span(request, h->host),
        .headers = x->headers,
        .header_count = h->field_count,
        .peer = link->peer->address,
        .peer_port = link->peer->port,
        .client = x->client ? x->client : link->client,
        .local = link->peer->is_local ? &link->peer->local : NULL,
        .tls_version = ssl ? SSL_get_version(ssl) : NULL,
        .tls_server_name = ssl ? SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) : NULL,
    };
    return true;
}

/* False while the request line has not been read. */
static bool is_head(const struct exchange *x, const uint8_t *request)
{
    return att_span_is(h1_span(request, x->head.method), "HEAD");
}

static void write_last_resort(struct loop *loop, struct att_buf *out)
{
    static const char body[] =
        "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"no answer could be made\"}}";
    struct http_response response = { .status = 500,
                                      .content_type = "application/json",
                                      .body = { (const uint8_t *)body, sizeof body - 1 } };
    struct h1_reply reply = { .date = loop_date(loop), .close = true };

    /* No memory even for this: the connection closes without a word. */
    (void)!h1_write(out, &response, &reply);
}

static enum exchange_next write_answer(struct exchange *x, const struct exchange_link *link,
                                       const uint8_t *request, const struct http_response *response,
                                       bool close, struct att_buf *out)
{
    struct h1_reply reply = {
        .date = loop_date(link->loop),
        .without_body = is_head(x, request),
        .close = close || response->close || x->head.close || link->loop->draining,
    };

    if (h1_write(out, response, &reply))
        return reply.close ? EXCHANGE_CLOSING : EXCHANGE_ANSWERED;
    struct h1_refusal refusal = { .status = 500 };
    (void)att_fail(&refusal.err, ATT_INTERNAL, "http.response", "an answer that can be sent", "status %d",
                   response->status);
    exchange_refuse(x, link, request, &refusal, out);
    return EXCHANGE_CLOSING;
}

static void count_refusal(struct loop_counters *counters, int status)
{
    if (status == 408)
        loop_count(&counters->timeouts);
    else
        loop_count(status == 500 ? &counters->internal_errors : &counters->bad_requests);
}

void exchange_refuse(struct exchange *x, const struct exchange_link *link, const uint8_t *request,
                     const struct h1_refusal *refusal, struct att_buf *out)
{
    const struct http_app *app = &link->loop->shared->options.app;
    struct http_response response = { .status = refusal->status, .content_type = "application/json" };
    struct h1_reply reply = { .date = loop_date(link->loop),
                              .without_body = is_head(x, request),
                              .close = true };

    count_refusal(&link->loop->counters, refusal->status);
    app->on_bad(app->ctx, x->arena, refusal->status, &refusal->err, &response);
    if (!h1_write(out, &response, &reply))
        write_last_resort(link->loop, out);
}

static enum exchange_next refuse_and_close(struct exchange *x, const struct exchange_link *link,
                                           const uint8_t *request, const struct h1_refusal *refusal,
                                           struct att_buf *out)
{
    exchange_refuse(x, link, request, refusal, out);
    return EXCHANGE_CLOSING;
}

static enum exchange_next out_of_memory(struct exchange *x, const struct exchange_link *link,
                                        const uint8_t *request, struct att_buf *out)
{
    struct h1_refusal refusal = { .status = 500 };

    (void)att_fail_memory(&refusal.err, "http.request");
    return refuse_and_close(x, link, request, &refusal, out);
}

/* A trusted proxy says who has asked. False: it says so in a way that cannot be understood. */
static bool find_client(struct exchange *x, const struct exchange_link *link, struct http_request *head,
                        struct h1_refusal *refusal)
{
    bool found = false;
    struct att_ip ip;

    refusal->status = 400;
    if (!forwarded_client(head, &link->loop->shared->trusted, &found, &ip, &refusal->err))
        return false;
    if (!found)
        return true;
    char *text = att_arena_alloc(x->arena, ATT_IP_TEXT_SIZE, 1);
    refusal->status = 500;
    if (!text)
        return att_fail_memory(&refusal->err, "http.request");
    head->client = x->client = att_ip_text(&ip, text);
    return true;
}

enum exchange_next exchange_head(struct exchange *x, const struct exchange_link *link, const uint8_t *request,
                                 struct att_buf *out)
{
    const struct http_server_options *options = &link->loop->shared->options;
    bool body_follows = x->head.chunked || x->head.content_length > 0;
    size_t body_bytes_max = options->body_bytes_max;
    struct http_response refused = { 0 };
    struct h1_refusal refusal = { 0 };

    if (!describe(x, link, request, &x->request))
        return out_of_memory(x, link, request, out);
    if (link->trusted && !find_client(x, link, &x->request, &refusal))
        return refuse_and_close(x, link, request, &refusal, out);
    if (!options->app.on_head(options->app.ctx, &x->request, &body_bytes_max, &refused))
        return write_answer(x, link, request, &refused, body_follows, out);

    switch (h1_body_start(&x->body, &x->head, body_bytes_max, &refusal)) {
    case H1_DONE:
        return EXCHANGE_COMPLETE;
    case H1_NEED_MORE:
        return EXCHANGE_READ_BODY;
    default:
        return refuse_and_close(x, link, request, &refusal, out);
    }
}

enum exchange_next exchange_answer(struct exchange *x, const struct exchange_link *link,
                                   const uint8_t *request, struct att_buf *out)
{
    const struct http_app *app = &link->loop->shared->options.app;

    if (!describe(x, link, request, &x->request))
        return out_of_memory(x, link, request, out);
    x->request.body = att_span_of(request + x->head.head_bytes, x->body.kept);
    x->request.ticket = link->ticket;
    x->response = (struct http_response){ 0 };
    x->request.waited_us = loop_waited_us(link->loop);
    link->ticket->put_off = false;
    loop_count(&link->loop->counters.requests);
    app->on_request(app->ctx, &x->request, &x->response);
    /* Put off: another thread may be writing into the response by now. */
    return link->ticket->put_off ? EXCHANGE_LATER : exchange_finish(x, link, request, out);
}

enum exchange_next exchange_finish(struct exchange *x, const struct exchange_link *link,
                                   const uint8_t *request, struct att_buf *out)
{
    return write_answer(x, link, request, &x->response, false, out);
}
