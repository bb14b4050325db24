/* http/conn_state.h - what the files of a connection share: conn.c runs it, conn_open.c begins it (PROXY header,
 * handshake), conn_request.c reads requests and writes answers, conn.c closes it.
 *
 * Each state has a step, a deadline and what happens when it passes; a step either makes progress or says what it waits
 * for. */
#ifndef HTTP_CONN_STATE_H
#define HTTP_CONN_STATE_H

#include "http/conn.h"
#include "http/exchange.h"
#include "http/later.h"
#include "http/stream.h"

#include "base/buf.h"

enum conn_state {
    CONN_PROXY,
    CONN_HANDSHAKE,
    CONN_HEAD,
    CONN_BODY,
    CONN_LATER, /* the application has put the answer off */
    CONN_WRITE,
    CONN_LINGER,
    CONN_GONE,
    CONN_STATE_COUNT
};
enum conn_step { STEP_AGAIN, STEP_WAIT };
enum conn_watch { WATCH_NOTHING, WATCH_READ, WATCH_WRITE };

struct conn {
    TAILQ_ENTRY(conn) link;
    struct loop *loop;
    struct stream stream;
    struct http_peer peer;
    char client[ATT_IP_TEXT_SIZE]; /* the peer, or who the PROXY header says */
    bool trusted;                  /* that one is a trusted proxy */
    struct event readable, writable, timer;
    enum conn_watch watched;
    enum conn_state state;
    bool idle;         /* CONN_HEAD without a byte of the next request; on the idle list */
    bool counted;      /* among its address's connections */
    bool resume;       /* the timer is there to go on, not to end */
    int64_t since_ms;  /* start of the state */
    int64_t timer_ms;  /* when the timer fires; 0: it is not set */
    struct att_buf in; /* everything received since request_at, body decoded in place */
    size_t request_at;
    size_t next_request_at; /* CONN_LATER: where the bytes behind the request are */
    struct exchange *x;     /* NULL while idle */
    struct http_ticket ticket;
    struct att_buf out;
    size_t out_at;
    enum conn_state after_write;
    size_t discarded;
};

static inline const struct http_server_options *conn_options(const struct conn *c)
{
    return &c->loop->shared->options;
}

static inline struct exchange_link conn_link(struct conn *c)
{
    return (struct exchange_link){ .loop = c->loop,
                                   .peer = &c->peer,
                                   .stream = &c->stream,
                                   .client = c->client,
                                   .trusted = c->trusted,
                                   .ticket = &c->ticket };
}

/* -- conn.c ---------------------------------------------------------------------------------------------- */

enum conn_step conn_enter(struct conn *c, enum conn_state state);
void conn_set_idle(struct conn *c, bool idle);
enum conn_step conn_wait(struct conn *c, enum conn_watch what);
/* STREAM_WANT_READ or _WRITE. */
enum conn_step conn_wait_for(struct conn *c, enum stream_result want);
void conn_drop_buffers(struct conn *c);
/* Not close() at once: with unread bytes in the socket that sends a reset, and the peer may lose the answer that says
 * why (RFC 9112 section 9.6). */
enum conn_step conn_begin_close(struct conn *c);

/* -- conn_open.c ----------------------------------------------------------------------------------------- */

/* Who the peer is, and the first state. False when there is no memory for TLS. */
ATT_CHECK bool conn_open(struct conn *c, int fd, const struct http_peer *peer);
enum conn_step conn_step_proxy(struct conn *c);
enum conn_step conn_step_handshake(struct conn *c);
void conn_late_open(struct conn *c);

/* -- conn_request.c -------------------------------------------------------------------------------------- */

enum conn_step conn_step_head(struct conn *c);
enum conn_step conn_step_body(struct conn *c);
enum conn_step conn_step_later(struct conn *c);
enum conn_step conn_step_write(struct conn *c);
void conn_late_request(struct conn *c);
void conn_late_write(struct conn *c);
/* The application has given the answer that it had put off. */
void conn_take_answer(struct conn *c);

#endif
