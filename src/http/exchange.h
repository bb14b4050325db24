/* http/exchange.h - one request and its answer: the only place that calls the application. Request and response live
 * here, not on the stack, because an answer may come later. */
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
    const char *client;          /* in the arena; NULL: the link's */
    struct http_request request;
    struct http_response response;
};

/* What stays the same over all requests of a connection. */
struct exchange_link {
    struct loop *loop;
    const struct http_peer *peer;
    const struct stream *stream;
    const char *client; /* as the PROXY header has it; else the peer's address */
    bool trusted;       /* `client` is a proxy whose X-Forwarded-For counts */
    struct http_ticket *ticket;
};

struct exchange *exchange_new(const struct http_server_options *options);
/* Wipes; NULL is fine. */
void exchange_free(struct exchange *x);

enum exchange_next {
    EXCHANGE_READ_BODY,
    EXCHANGE_COMPLETE, /* there is no body: exchange_answer is next */
    EXCHANGE_LATER, /* put off: exchange_finish is next, when the ticket comes back; the bytes may not move */
    EXCHANGE_ANSWERED, /* `out` has the answer, the connection can go on */
    EXCHANGE_CLOSING   /* `out` has the answer, or nothing at all; then close */
};

/* The head is parsed; `request` is where it starts. */
enum exchange_next exchange_head(struct exchange *x, const struct exchange_link *link, const uint8_t *request,
                                 struct att_buf *out);
/* Head and body are here: LATER, ANSWERED or CLOSING. */
enum exchange_next exchange_answer(struct exchange *x, const struct exchange_link *link,
                                   const uint8_t *request, struct att_buf *out);
/* The application has answered what it had put off: ANSWERED or CLOSING. */
enum exchange_next exchange_finish(struct exchange *x, const struct exchange_link *link,
                                   const uint8_t *request, struct att_buf *out);
/* Something is wrong with the framing or the time; then close. */
void exchange_refuse(struct exchange *x, const struct exchange_link *link, const uint8_t *request,
                     const struct h1_refusal *refusal, struct att_buf *out);

#endif
