/* The states of a connection. Each has a step, a deadline and what happens when it passes; a step either
 * makes progress or says what it waits for. Deadlines count from the start of the state, so bytes that
 * trickle in do not extend them; body and answer are extended by a least rate only. */
#include "http/conn.h"

#include "http/exchange.h"
#include "http/stream.h"
#include "http/tls.h"

#include "base/buf.h"
#include "base/err.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum conn_state {
    CONN_HANDSHAKE,
    CONN_HEAD,
    CONN_BODY,
    CONN_WRITE,
    CONN_LINGER,
    CONN_GONE,
    CONN_STATE_COUNT
};
enum conn_step { STEP_AGAIN, STEP_WAIT };

enum {
    READ_BYTES = 4096,           /* room for a head; an idle connection holds none */
    BODY_READ_BYTES = 64 * 1024, /* grown for at once; larger bodies grow as they come */
    LINGER_BYTES_MAX = 4 << 20,
    STEPS_PER_TURN = 64, /* then the other connections of the loop have their turn */
};

struct conn {
    TAILQ_ENTRY(conn) link;
    struct loop *loop;
    struct stream stream;
    struct http_peer peer;
    struct event readable, writable, timer;
    enum conn_state state;
    bool idle;         /* CONN_HEAD without a byte of the next request; on the idle list */
    bool writing;      /* waits for `writable`, else for `readable` */
    bool resume;       /* the timer is there to go on, not to end */
    int64_t since_ms;  /* start of the state */
    int64_t timer_ms;  /* when the timer fires; 0: it is not set */
    struct att_buf in; /* everything received since request_at, body decoded in place */
    size_t request_at;
    struct exchange *x; /* NULL while idle */
    struct att_buf out;
    size_t out_at;
    enum conn_state after_write;
    size_t discarded;
};

static const struct http_server_options *options_of(const struct conn *c)
{
    return &c->loop->shared->options;
}

static struct exchange_link link_of(const struct conn *c)
{
    return (struct exchange_link){ c->loop, &c->peer, &c->stream };
}

static enum conn_step enter(struct conn *c, enum conn_state state)
{
    c->state = state;
    c->since_ms = loop_now_ms();
    return STEP_AGAIN;
}

static void set_idle(struct conn *c, bool idle)
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

static void drop_buffers(struct conn *c)
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
static enum conn_step wait_for(struct conn *c, enum stream_result want)
{
    bool writing = want == STREAM_WANT_WRITE;

    if (writing == c->writing)
        return STEP_WAIT;
    (void)event_del(c->writing ? &c->writable : &c->readable); /* fails for events never added only */
    if (event_add(writing ? &c->writable : &c->readable, NULL) != 0)
        return enter(c, CONN_GONE);
    c->writing = writing;
    return STEP_WAIT;
}

static void set_timer(struct conn *c, int64_t at_ms)
{
    /* A timer that fires too early is set again when it does: so the usual request moves no timer at all. */
    if (c->timer_ms != 0 && c->timer_ms <= at_ms)
        return;
    int64_t now = loop_now_ms();
    int64_t ms = at_ms > now ? at_ms - now : 0;
    struct timeval in = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
    if (event_add(&c->timer, &in) != 0) {
        (void)enter(c, CONN_GONE);
        return;
    }
    c->timer_ms = at_ms;
}

static int64_t rate_ms(const struct conn *c, size_t bytes)
{
    return (int64_t)((uint64_t)bytes * 1000 / options_of(c)->rate_bytes_per_s);
}

static int64_t deadline_ms(const struct conn *c)
{
    const struct http_server_options *o = options_of(c);

    switch (c->state) {
    case CONN_HANDSHAKE:
        return c->since_ms + o->handshake_ms;
    case CONN_HEAD:
        return c->since_ms + (c->idle ? o->idle_ms : o->head_ms);
    case CONN_BODY:
        return c->since_ms + o->body_ms + rate_ms(c, c->x->body.kept);
    case CONN_WRITE:
        return c->since_ms + o->write_ms + rate_ms(c, c->out_at);
    default:
        return c->since_ms + o->linger_ms;
    }
}

/* -- closing --------------------------------------------------------------------------------------------- */

/* Not close() at once: with unread bytes in the socket that sends a reset, and the peer may lose the answer
 * that says why (RFC 9112 section 9.6). */
static enum conn_step begin_close(struct conn *c)
{
    set_idle(c, false);
    drop_buffers(c);
    stream_finish(&c->stream);
    return enter(c, CONN_LINGER);
}

static enum conn_step step_linger(struct conn *c)
{
    size_t len = 0;
    enum stream_result result = stream_discard(&c->stream, &len);

    if (result == STREAM_WANT_READ)
        return wait_for(c, result);
    c->discarded += len;
    if (result == STREAM_OK && c->discarded < LINGER_BYTES_MAX)
        return STEP_AGAIN;
    return enter(c, CONN_GONE);
}

static void conn_free(struct conn *c)
{
    struct loop *loop = c->loop;

    TAILQ_REMOVE(c->idle ? &loop->idle : &loop->busy, c, link);
    (void)event_del(&c->readable);
    (void)event_del(&c->writable);
    (void)event_del(&c->timer);
    drop_buffers(c);
    stream_close(&c->stream);
    free(c);
    loop_conn_gone(loop);
}

/* -- reading --------------------------------------------------------------------------------------------- */

static bool make_room(struct conn *c, size_t want)
{
    if (c->in.cap - c->in.len >= want)
        return true;
    if (c->request_at > 0) {
        c->in.len -= c->request_at;
        memmove(c->in.ptr, c->in.ptr + c->request_at, c->in.len);
        c->request_at = 0;
    }
    return att_buf_room(&c->in, want) != NULL;
}

static enum conn_step read_more(struct conn *c, size_t want)
{
    size_t len = 0;

    if (!make_room(c, want))
        return enter(c, CONN_GONE);
    enum stream_result result = stream_read(&c->stream, c->in.ptr + c->in.len, c->in.cap - c->in.len, &len);
    c->in.len += len;
    if (result == STREAM_OK)
        return STEP_AGAIN;
    if (c->idle)
        drop_buffers(c);
    if (result == STREAM_WANT_READ && c->idle && c->loop->draining)
        return begin_close(c);
    if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
        return wait_for(c, result);
    if (result == STREAM_END)
        stream_finish(&c->stream); /* a request that stops in the middle is not answered */
    return enter(c, CONN_GONE);
}

static enum conn_step step_handshake(struct conn *c)
{
    enum stream_result result = stream_handshake(&c->stream);

    if (result == STREAM_OK)
        return enter(c, CONN_HEAD);
    if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
        return wait_for(c, result);
    loop_count(&c->loop->counters.tls_failures);
    return enter(c, CONN_GONE);
}

static enum conn_step write_then(struct conn *c, enum conn_state next)
{
    c->after_write = next;
    return enter(c, CONN_WRITE);
}

/* The answer is in `out`: the request's memory goes, what was sent behind it stays. */
static enum conn_step answered(struct conn *c, size_t next_request_at, bool go_on)
{
    exchange_free(c->x);
    c->x = NULL;
    c->request_at = next_request_at;
    return write_then(c, go_on ? CONN_HEAD : CONN_LINGER);
}

static enum conn_step refuse(struct conn *c, const struct h1_refusal *refusal)
{
    struct exchange_link link = link_of(c);

    exchange_refuse(c->x, &link, c->in.ptr + c->request_at, refusal, &c->out);
    return write_then(c, CONN_LINGER);
}

static enum conn_step answer(struct conn *c, size_t next_request_at)
{
    struct exchange_link link = link_of(c);
    bool go_on = exchange_answer(c->x, &link, c->in.ptr + c->request_at, &c->out);

    return answered(c, next_request_at, go_on);
}

static enum conn_step head_done(struct conn *c)
{
    struct exchange_link link = link_of(c);
    size_t body_at = c->request_at + c->x->head.head_bytes;

    switch (exchange_head(c->x, &link, c->in.ptr + c->request_at, &c->out)) {
    case EXCHANGE_COMPLETE:
        return answer(c, body_at);
    case EXCHANGE_ANSWERED:
        return answered(c, body_at, true);
    case EXCHANGE_CLOSING:
        return write_then(c, CONN_LINGER);
    case EXCHANGE_READ_BODY:
        break;
    }
    /* RFC 9110 section 10.1.1: not needed when the client did not wait. */
    if (!c->x->head.expect_continue || c->in.len > body_at)
        return enter(c, CONN_BODY);
    att_buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
    return write_then(c, CONN_BODY);
}

static bool begin_request(struct conn *c)
{
    c->x = exchange_new(options_of(c));
    if (!c->x)
        return false;
    set_idle(c, false);
    (void)enter(c, CONN_HEAD); /* the head's deadline counts from its first byte */
    return true;
}

/* Nothing of a next request is here. */
static enum conn_step step_idle(struct conn *c)
{
    if (c->idle)
        return read_more(c, READ_BYTES);
    att_buf_free(&c->in);
    c->request_at = 0;
    set_idle(c, true);
    /* Right after an answer the socket is almost always empty: waiting costs less than asking. */
    if (c->loop->draining || stream_has_buffered(&c->stream))
        return read_more(c, READ_BYTES);
    return wait_for(c, STREAM_WANT_READ);
}

static enum conn_step step_head(struct conn *c)
{
    const struct http_server_options *o = options_of(c);
    struct h1_limits limits = { o->target_bytes_max, o->head_bytes_max, o->header_count_max };
    struct h1_refusal refusal = { 0 };

    if (c->in.len == c->request_at)
        return step_idle(c);
    if (!c->x && !begin_request(c))
        return enter(c, CONN_GONE);

    struct att_span bytes = att_span_of(c->in.ptr + c->request_at, c->in.len - c->request_at);
    switch (h1_head_feed(&c->x->head, bytes, &limits, &refusal)) {
    case H1_DONE:
        return head_done(c);
    case H1_BAD:
        return refuse(c, &refusal);
    default:
        return read_more(c, READ_BYTES / 4);
    }
}

static enum conn_step step_body(struct conn *c)
{
    struct h1_body *body = &c->x->body;
    size_t raw_at = c->request_at + c->x->head.head_bytes + body->kept;
    size_t used = 0, kept = 0;
    struct h1_refusal refusal = { 0 };

    uint8_t *raw = c->in.ptr + raw_at;
    switch (h1_body_feed(body, raw, c->in.len - raw_at, raw, &used, &kept, &refusal)) {
    case H1_DONE:
        return answer(c, raw_at + used);
    case H1_BAD:
        return refuse(c, &refusal);
    default:
        break;
    }
    c->in.len = raw_at + kept; /* all bytes were used: the next ones follow the body so far */
    size_t want = body->chunked || body->left > BODY_READ_BYTES ? READ_BYTES : (size_t)body->left;
    return read_more(c, want);
}

static enum conn_step step_write(struct conn *c)
{
    while (c->out_at < c->out.len) {
        size_t len = 0;
        struct att_span rest = att_span_of(c->out.ptr + c->out_at, c->out.len - c->out_at);
        enum stream_result result = stream_write(&c->stream, rest, &len);
        c->out_at += len;
        if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
            return wait_for(c, result);
        if (result != STREAM_OK)
            return enter(c, CONN_GONE);
    }
    att_buf_free(&c->out);
    c->out_at = 0;
    return c->after_write == CONN_LINGER ? begin_close(c) : enter(c, c->after_write);
}

/* -- late ------------------------------------------------------------------------------------------------ */

static void late_handshake(struct conn *c)
{
    loop_count(&c->loop->counters.timeouts);
    (void)enter(c, CONN_GONE);
}

static void late_request(struct conn *c)
{
    struct h1_refusal refusal = { .status = 408 };
    bool head = c->state == CONN_HEAD;

    if (c->idle) {
        (void)begin_close(c);
        return;
    }
    (void)att_fail(&refusal.err, ATT_REQUEST_TIMEOUT, head ? "http.head" : "http.body",
                   "all bytes within the time", "%zu bytes",
                   head ? c->in.len - c->request_at : c->x->body.kept);
    (void)refuse(c, &refusal);
}

static void late_write(struct conn *c)
{
    /* A reset: else the kernel would keep offering the rest to a peer that does not take it. */
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    (void)setsockopt(c->stream.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    loop_count(&c->loop->counters.timeouts);
    (void)enter(c, CONN_GONE);
}

static void late_linger(struct conn *c)
{
    (void)enter(c, CONN_GONE);
}

/* -- running --------------------------------------------------------------------------------------------- */

static const struct {
    enum conn_step (*step)(struct conn *);
    void (*late)(struct conn *);
} states[CONN_STATE_COUNT] = {
    [CONN_HANDSHAKE] = { step_handshake, late_handshake },
    [CONN_HEAD] = { step_head, late_request },
    [CONN_BODY] = { step_body, late_request },
    [CONN_WRITE] = { step_write, late_write },
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
    conn_run(arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;

    (void)fd;
    (void)what;
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

void conn_accept(struct loop *loop, int fd, const struct http_peer *peer)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c) {
        (void)close(fd);
        return;
    }
    c->loop = loop;
    c->peer = *peer;
    c->stream.fd = fd;
    c->in.max = SIZE_MAX / 4;  /* the codec's limits and the body's bound it */
    c->out.max = SIZE_MAX / 4; /* the application's answers are as large as it makes them */
    TAILQ_INSERT_TAIL(&loop->busy, c, link);
    (void)atomic_fetch_add_explicit(&loop->shared->connections, 1, memory_order_relaxed);
    loop_count(&loop->counters.opened);
    (void)event_assign(&c->readable, loop->base, fd, EV_READ | EV_PERSIST, on_ready, c);
    (void)event_assign(&c->writable, loop->base, fd, EV_WRITE | EV_PERSIST, on_ready, c);
    (void)event_assign(&c->timer, loop->base, -1, 0, on_timer, c);

    bool plain = loop->shared->tls == NULL;
    if (!plain)
        c->stream.ssl = tls_session_new(loop->shared->tls, fd);
    bool ok = (plain || c->stream.ssl) && event_add(&c->readable, NULL) == 0;
    (void)enter(c, !ok ? CONN_GONE : plain ? CONN_HEAD : CONN_HANDSHAKE);
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
