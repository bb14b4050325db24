/* http/loop.h - one thread's share of the server: its event base, its listening socket, its connections.
 * Private to src/http. Nothing here is touched by another thread, except the counters and what is marked
 * atomic. */
#ifndef HTTP_LOOP_H
#define HTTP_LOOP_H

#include "http/h1_write.h"
#include "http/http.h"
#include "http/later.h"

#include "base/cidr.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>
#include <sys/queue.h>

struct conn;
struct http_peers;
struct tls_store;
TAILQ_HEAD(conn_list, conn);

struct loop_counters {
    _Atomic uint64_t opened, closed, refused, requests, bad_requests, internal_errors, timeouts, tls_failures;
};

/* What all loops of a server share. Options, store and networks do not change while threads run. */
struct http_shared {
    struct http_server_options options;
    struct tls_store *tls; /* NULL: plain */
    struct att_cidr_list trusted;
    struct http_peers *peers; /* NULL: an address may have as many connections as there are */
    _Atomic size_t connections;
    _Atomic int command; /* enum loop_command */
    _Atomic int64_t drain_until_ms;
};

enum loop_command { LOOP_RUN, LOOP_DRAIN, LOOP_STOP };

struct loop {
    struct http_shared *shared;
    struct event_base *base;
    int listen_fd;
    int wake_fd; /* eventfd: look at shared->command and at `later` */
    struct later_queue later;
    bool later_ready; /* `later` must be freed */
    size_t put_off;   /* connections whose answer comes later */
    struct event accept_event, accept_pause, wake_event, drain_timer;
    struct conn_list idle; /* longest idle first */
    struct conn_list busy;
    bool draining;
    bool cut;            /* the drain deadline passed with connections left */
    struct timeval turn; /* which one it is */
    int64_t turn_began_us;
    int64_t date_unix_s;
    struct http_date date;
    struct loop_counters counters;
};

static inline void loop_count(_Atomic uint64_t *counter)
{
    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Monotonic. */
int64_t loop_now_ms(void);
/* Each event begins with it: the first of a turn says when that began. */
void loop_turn(struct loop *loop);
/* Since this turn of the loop began, on a clock that nobody sets. */
uint32_t loop_waited_us(const struct loop *loop);
/* For the Date header; made once a second. */
const char *loop_date(struct loop *loop);

/* Ready to run; takes the socket over in every case. */
ATT_CHECK bool loop_open(struct loop *loop, struct http_shared *shared, int listen_fd, struct att_err *err);
/* Runs until stopped or drained. */
void loop_run(struct loop *loop);
/* Any thread. */
void loop_wake(struct loop *loop);
/* Called when a connection has gone. */
void loop_conn_gone(struct loop *loop);
/* Cuts all connections and frees; waits for answers that were put off. Not from inside loop_run. */
void loop_close(struct loop *loop);

#endif
