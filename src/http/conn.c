/* A connection from accept to close. Deadlines count from the start of the state, so bytes that trickle in do not
 * extend them; body and answer are extended by a least rate only. While an answer is put off there is none: the
 * application bounds that. */
#include "http/conn_state.h"
#include "http/peers.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    /* More than any body that is refused: who is cut off while sending may lose the answer. The time bounds it. */
    LINGER_BYTES_MAX = 64 << 20,
    STEPS_PER_TURN = 64, /* then the other connections of the loop have their turn */
};

#define NEVER_MS INT64_MAX

enum conn_step conn_enter(struct conn *c, enum conn_state state)
{
    c->state = state;
    c->since_ms = loop_now_ms();
    return STEP_AGAIN;
}

void conn_set_idle(struct conn *c, bool idle)
{
    struct loop *loop = c->loop;

    if (c->idle == idle)
        return;
    TAILQ_REMOVE(c->idle ? &loop->idle : &loop->busy, c, link);
    c->idle = idle;
    if (idle)
        TAILQ_INSERT_TAIL(&loop->idle, c, link);
    else
        TAILQ_INSERT_TAIL(&loop->busy, c, link);
}

void conn_drop_buffers(struct conn *c)
{
    exchange_free(c->x);
    c->x = NULL;
    att_buf_free(&c->in);
    c->request_at = 0;
    att_buf_free(&c->out);
    c->out_at = 0;
}

/* -- waiting --------------------------------------------------------------------------------------------- */

/* event_add fails for want of memory only, and then nothing would ever wake this connection. */
enum conn_step conn_wait(struct conn *c, enum conn_watch what)
{
    if (what == c->watched)
        return STEP_WAIT;
    if (c->watched != WATCH_NOTHING)
        (void)event_del(c->watched == WATCH_WRITE ? &c->writable
                                                  : &c->readable); /* fails if never added only */
    c->watched = WATCH_NOTHING;
    if (what != WATCH_NOTHING && event_add(what == WATCH_WRITE ? &c->writable : &c->readable, NULL) != 0)
        return conn_enter(c, CONN_GONE);
    c->watched = what;
    return STEP_WAIT;
}

enum conn_step conn_wait_for(struct conn *c, enum stream_result want)
{
    return conn_wait(c, want == STREAM_WANT_WRITE ? WATCH_WRITE : WATCH_READ);
}

static void set_timer(struct conn *c, int64_t at_ms)
{
    /* A timer that fires too early is set again when it does: so the usual request moves no timer at all. */
    if (at_ms == NEVER_MS || (c->timer_ms != 0 && c->timer_ms <= at_ms))
        return;
    int64_t now = loop_now_ms();
    int64_t ms = at_ms > now ? at_ms - now : 0;
    struct timeval in = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
    if (event_add(&c->timer, &in) != 0) {
        (void)conn_enter(c, CONN_GONE);
        return;
    }
    c->timer_ms = at_ms;
}

static int64_t rate_ms(const struct conn *c, size_t bytes)
{
    return (int64_t)((uint64_t)bytes * 1000 / conn_options(c)->rate_bytes_per_s);
}

static int64_t deadline_ms(const struct conn *c)
{
    const struct http_server_options *o = conn_options(c);

    switch (c->state) {
    case CONN_PROXY:
    case CONN_HANDSHAKE:
        return c->since_ms + o->handshake_ms;
    case CONN_HEAD:
        return c->since_ms + (c->idle ? o->idle_ms : o->head_ms);
    case CONN_BODY:
        return c->since_ms + o->body_ms + rate_ms(c, c->x->body.kept);
    case CONN_LATER:
        return NEVER_MS;
    case CONN_WRITE:
        return c->since_ms + o->write_ms + rate_ms(c, c->out_at);
    default:
        return c->since_ms + o->linger_ms;
    }
}

/* -- closing --------------------------------------------------------------------------------------------- */

enum conn_step conn_begin_close(struct conn *c)
{
    conn_set_idle(c, false);
    conn_drop_buffers(c);
    stream_finish(&c->stream);
    return conn_enter(c, CONN_LINGER);
}

static enum conn_step step_linger(struct conn *c)
{
    size_t len = 0;
    enum stream_result result = stream_discard(&c->stream, &len);

    if (result == STREAM_WANT_READ)
        return conn_wait_for(c, result);
    c->discarded += len;
    if (result == STREAM_OK && c->discarded < LINGER_BYTES_MAX)
        return STEP_AGAIN;
    return conn_enter(c, CONN_GONE);
}

static void conn_free(struct conn *c)
{
    struct loop *loop = c->loop;

    TAILQ_REMOVE(c->idle ? &loop->idle : &loop->busy, c, link);
    (void)event_del(&c->readable);
    (void)event_del(&c->writable);
    (void)event_del(&c->timer);
    conn_drop_buffers(c);
    stream_close(&c->stream);
    if (c->counted)
        http_peers_leave(loop->shared->peers, &c->peer.ip);
    free(c);
    loop_conn_gone(loop);
}

static void late_linger(struct conn *c)
{
    (void)conn_enter(c, CONN_GONE);
}

/* -- running --------------------------------------------------------------------------------------------- */

static const struct {
    enum conn_step (*step)(struct conn *);
    void (*late)(struct conn *);
} states[CONN_STATE_COUNT] = {
    [CONN_PROXY] = { conn_step_proxy, conn_late_open },
    [CONN_HANDSHAKE] = { conn_step_handshake, conn_late_open },
    [CONN_HEAD] = { conn_step_head, conn_late_request },
    [CONN_BODY] = { conn_step_body, conn_late_request },
    [CONN_LATER] = { conn_step_later, NULL }, /* never late */
    [CONN_WRITE] = { conn_step_write, conn_late_write },
    [CONN_LINGER] = { step_linger, late_linger },
};

static void conn_run(struct conn *c)
{
    unsigned steps = 0;

    while (c->state != CONN_GONE && states[c->state].step(c) == STEP_AGAIN) {
        if (++steps < STEPS_PER_TURN || c->state == CONN_GONE)
            continue;
        c->resume = true; /* a timer of zero runs after the other connections' events */
        set_timer(c, loop_now_ms());
        break;
    }
    if (c->state != CONN_GONE && !c->resume)
        set_timer(c, deadline_ms(c));
    if (c->state == CONN_GONE)
        conn_free(c);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    loop_turn(((struct conn *)arg)->loop);
    conn_run(arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;

    (void)fd;
    (void)what;
    loop_turn(((struct conn *)arg)->loop);
    c->timer_ms = 0;
    if (!c->resume && loop_now_ms() < deadline_ms(c)) {
        set_timer(c, deadline_ms(c)); /* the deadline has moved since it was set */
        if (c->state == CONN_GONE)
            conn_free(c);
        return;
    }
    if (!c->resume)
        states[c->state].late(c);
    c->resume = false;
    conn_run(c);
}

/* Proxies that are trusted bring many clients, and a unix socket has no address: these are not counted. */
static bool enter(struct loop *loop, const struct http_peer *peer, bool *ret_counted)
{
    struct http_shared *shared = loop->shared;

    *ret_counted = shared->peers && !peer->is_local && !att_cidr_list_has(&shared->trusted, &peer->ip);
    return !*ret_counted || http_peers_enter(shared->peers, &peer->ip);
}

void conn_accept(struct loop *loop, int fd, const struct http_peer *peer)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c || !enter(loop, peer, &c->counted)) {
        if (c)
            loop_count(&loop->counters.refused);
        free(c);
        (void)close(fd);
        return;
    }
    c->loop = loop;
    c->ticket = (struct http_ticket){ .queue = &loop->later, .conn = c };
    c->in.max = SIZE_MAX / 4;  /* the codec's limits and the body's bound it */
    c->out.max = SIZE_MAX / 4; /* the application's answers are as large as it makes them */
    TAILQ_INSERT_TAIL(&loop->busy, c, link);
    (void)atomic_fetch_add_explicit(&loop->shared->connections, 1, memory_order_relaxed);
    loop_count(&loop->counters.opened);
    (void)event_assign(&c->readable, loop->base, fd, EV_READ | EV_PERSIST, on_ready, c);
    (void)event_assign(&c->writable, loop->base, fd, EV_WRITE | EV_PERSIST, on_ready, c);
    (void)event_assign(&c->timer, loop->base, -1, 0, on_timer, c);
    if (!conn_open(c, fd, peer))
        (void)conn_enter(c, CONN_GONE);
    (void)conn_wait(c, WATCH_READ);
    conn_run(c);
}

void conn_answer(struct conn *c)
{
    conn_take_answer(c);
    conn_run(c);
}

void conn_drain(struct conn *c)
{
    conn_run(c);
}

void conn_evict(struct conn *c)
{
    stream_finish(&c->stream);
    conn_free(c);
}

void conn_cut(struct conn *c)
{
    conn_free(c);
}
