/* Requests and answers of a connection. */
#include "http/conn_state.h"

#include "base/err.h"

#include <sys/socket.h>

enum {
    READ_BYTES = 4096,           /* room for a head; an idle connection holds none */
    BODY_READ_BYTES = 64 * 1024, /* grown for at once; larger bodies grow as they come */
};

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
        return conn_enter(c, CONN_GONE);
    enum stream_result result = stream_read(&c->stream, c->in.ptr + c->in.len, c->in.cap - c->in.len, &len);
    c->in.len += len;
    if (result == STREAM_OK)
        return STEP_AGAIN;
    if (c->idle)
        conn_drop_buffers(c);
    if (result == STREAM_WANT_READ && c->idle && c->loop->draining)
        return conn_begin_close(c);
    if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
        return conn_wait_for(c, result);
    if (result == STREAM_END)
        stream_finish(&c->stream); /* a request that stops in the middle is not answered */
    return conn_enter(c, CONN_GONE);
}

static enum conn_step write_then(struct conn *c, enum conn_state next)
{
    c->after_write = next;
    return conn_enter(c, CONN_WRITE);
}

/* The answer is in `out`: the request's memory goes, what was sent behind it stays. */
static enum conn_step answered(struct conn *c, size_t next_request_at, enum exchange_next next)
{
    exchange_free(c->x);
    c->x = NULL;
    c->request_at = next_request_at;
    return write_then(c, next == EXCHANGE_ANSWERED ? CONN_HEAD : CONN_LINGER);
}

static enum conn_step refuse(struct conn *c, const struct h1_refusal *refusal)
{
    struct exchange_link link = conn_link(c);

    exchange_refuse(c->x, &link, c->in.ptr + c->request_at, refusal, &c->out);
    return write_then(c, CONN_LINGER);
}

/* The socket stays watched: whoever waits for his answer sends nothing, and then nothing has to be undone. */
static enum conn_step put_off(struct conn *c, size_t next_request_at)
{
    c->next_request_at = next_request_at;
    c->state = CONN_LATER;
    c->loop->put_off++;
    return STEP_WAIT;
}

static enum conn_step answer(struct conn *c, size_t next_request_at)
{
    struct exchange_link link = conn_link(c);
    enum exchange_next next = exchange_answer(c->x, &link, c->in.ptr + c->request_at, &c->out);

    return next == EXCHANGE_LATER ? put_off(c, next_request_at) : answered(c, next_request_at, next);
}

/* Something has come, or the peer has gone, while the application holds the request: neither matters until the answer
 * is there, so it must not wake us again. */
enum conn_step conn_step_later(struct conn *c)
{
    return conn_wait(c, WATCH_NOTHING);
}

void conn_take_answer(struct conn *c)
{
    struct exchange_link link = conn_link(c);

    (void)answered(c, c->next_request_at, exchange_finish(c->x, &link, c->in.ptr + c->request_at, &c->out));
}

static enum conn_step head_done(struct conn *c)
{
    struct exchange_link link = conn_link(c);
    size_t body_at = c->request_at + c->x->head.head_bytes;

    switch (exchange_head(c->x, &link, c->in.ptr + c->request_at, &c->out)) {
    case EXCHANGE_COMPLETE:
        return answer(c, body_at);
    case EXCHANGE_ANSWERED:
        return answered(c, body_at, EXCHANGE_ANSWERED);
    case EXCHANGE_CLOSING:
        return write_then(c, CONN_LINGER);
    default:
        break;
    }
    /* RFC 9110 section 10.1.1: not needed when the client did not wait. */
    if (!c->x->head.expect_continue || c->in.len > body_at)
        return conn_enter(c, CONN_BODY);
    att_buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
    return write_then(c, CONN_BODY);
}

static bool begin_request(struct conn *c)
{
    c->x = exchange_new(conn_options(c));
    if (!c->x)
        return false;
    conn_set_idle(c, false);
    (void)conn_enter(c, CONN_HEAD); /* the head's deadline counts from its first byte */
    return true;
}

/* Nothing of a next request is here. */
static enum conn_step step_idle(struct conn *c)
{
    if (c->idle)
        return read_more(c, READ_BYTES);
    att_buf_free(&c->in);
    c->request_at = 0;
    conn_set_idle(c, true);
    /* Right after an answer the socket is almost always empty: waiting costs less than asking. */
    if (c->loop->draining || stream_has_buffered(&c->stream))
        return read_more(c, READ_BYTES);
    return conn_wait(c, WATCH_READ);
}

enum conn_step conn_step_head(struct conn *c)
{
    const struct http_server_options *o = conn_options(c);
    struct h1_limits limits = { o->target_bytes_max, o->head_bytes_max, o->header_count_max };
    struct h1_refusal refusal = { 0 };

    if (c->in.len == c->request_at)
        return step_idle(c);
    if (!c->x && !begin_request(c))
        return conn_enter(c, CONN_GONE);

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

enum conn_step conn_step_body(struct conn *c)
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

enum conn_step conn_step_write(struct conn *c)
{
    while (c->out_at < c->out.len) {
        size_t len = 0;
        struct att_span rest = att_span_of(c->out.ptr + c->out_at, c->out.len - c->out_at);
        enum stream_result result = stream_write(&c->stream, rest, &len);
        c->out_at += len;
        if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
            return conn_wait_for(c, result);
        if (result != STREAM_OK)
            return conn_enter(c, CONN_GONE);
    }
    att_buf_free(&c->out);
    c->out_at = 0;
    return c->after_write == CONN_LINGER ? conn_begin_close(c) : conn_enter(c, c->after_write);
}

/* -- late ------------------------------------------------------------------------------------------------ */

void conn_late_request(struct conn *c)
{
    struct h1_refusal refusal = { .status = 408 };
    bool head = c->state == CONN_HEAD;

    if (c->idle) {
        (void)conn_begin_close(c);
        return;
    }
    (void)att_fail(&refusal.err, ATT_REQUEST_TIMEOUT, head ? "http.head" : "http.body",
                   "all bytes within the time", "%zu bytes",
                   head ? c->in.len - c->request_at : c->x->body.kept);
    (void)refuse(c, &refusal);
}

void conn_late_write(struct conn *c)
{
    /* A reset: else the kernel would keep offering the rest to a peer that does not take it. */
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    (void)setsockopt(c->stream.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    loop_count(&c->loop->counters.timeouts);
    (void)conn_enter(c, CONN_GONE);
}
