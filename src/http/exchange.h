/* http/exchange.h - one request and its answer: the only place that calls the application. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/h1_parse.h"
#include "http/listener.h"
#include "http/loop.h"
#include "http/stream.h"

struct att_buf;

struct exchange {
    struct h1_head head;
    struct h1_body body;
    struct att_arena *arena;
    struct http_header *headers; /* in the arena */
};

/* What stays the same over all requests of a connection. */
struct exchange_link {
    struct loop *loop;
    const struct http_peer *peer;
    const struct stream *stream;
};

struct exchange *exchange_new(const struct http_server_options *options);
/* Wipes; NULL is fine. */
void exchange_free(struct exchange *x);

enum exchange_next {
    EXCHANGE_READ_BODY,
    EXCHANGE_COMPLETE, /* there is no body: exchange_answer is next */
    EXCHANGE_ANSWERED, /* refused; `out` has the answer, the connection can go on */
    EXCHANGE_CLOSING   /* `out` has the answer, or nothing at all; then close */
};

/* The head is parsed; `request` is where it starts. */
enum exchange_next exchange_head(struct exchange *x, const struct exchange_link *link, const uint8_t *request,
                                 struct att_buf *out);
/* Head and body are here. True when the connection can go on. */
bool exchange_answer(struct exchange *x, const struct exchange_link *link, const uint8_t *request,
                     struct att_buf *out);
/* Something is wrong with the framing or the time; then close. */
void exchange_refuse(struct exchange *x, const struct exchange_link *link, const uint8_t *request,
                     const struct h1_refusal *refusal, struct att_buf *out);

#endif
