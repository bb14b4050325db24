/* The beginning of a connection: who it is from, and TLS. One deadline for both. */
#include "http/conn_state.h"
#include "http/proxy_header.h"
#include "http/tls.h"

#include "base/err.h"

static bool is_trusted(const struct conn *c, const struct att_ip *ip)
{
    return att_cidr_list_has(&c->loop->shared->trusted, ip);
}

bool conn_open(struct conn *c, int fd, const struct http_peer *peer)
{
    struct tls_store *tls = c->loop->shared->tls;

    c->stream.fd = fd;
    c->peer = *peer;
    memcpy(c->client, peer->address, sizeof c->client);
    c->trusted = !peer->is_local && is_trusted(c, &peer->ip);
    if (tls)
        c->stream.ssl = tls_session_new(tls, fd);
    bool proxied = c->trusted && conn_options(c)->proxy_protocol;
    (void)conn_enter(c, proxied ? CONN_PROXY : tls ? CONN_HANDSHAKE : CONN_HEAD);
    return !tls || c->stream.ssl;
}

static void take_header(struct conn *c, const struct proxy_header *header)
{
    if (!header->has_source)
        return;
    c->trusted = is_trusted(c, &header->source); /* one more proxy, or the client */
    (void)att_ip_text(&header->source, c->client);
}

/* It is read without a byte too many: what follows is TLS's, and OpenSSL takes it from the socket itself. */
enum conn_step conn_step_proxy(struct conn *c)
{
    struct proxy_header header = { 0 };
    struct att_err err = { 0 };
    size_t len = 0;

    uint8_t *to = att_buf_room(&c->in, PROXY_HEADER_BYTES_MAX - c->in.len);
    if (!to)
        return conn_enter(c, CONN_GONE);
    enum stream_result result = stream_peek(&c->stream, to, PROXY_HEADER_BYTES_MAX - c->in.len, &len);
    if (result == STREAM_WANT_READ)
        return conn_wait_for(c, result);
    if (result != STREAM_OK)
        return conn_enter(c, CONN_GONE);
    enum proxy_status status = proxy_header_read(att_span_of(c->in.ptr, c->in.len + len), &header, &err);
    if (status == PROXY_BAD)
        loop_count(&c->loop->counters.bad_requests);
    /* More is needed: then all that is here belongs to it, and is taken so that it does not wake us again. */
    size_t own = status == PROXY_DONE ? header.bytes - c->in.len : len;
    if (status == PROXY_BAD || !stream_take(&c->stream, to, own))
        return conn_enter(c, CONN_GONE);
    c->in.len += own;
    if (status == PROXY_NEED_MORE)
        return STEP_AGAIN;
    att_buf_free(&c->in);
    take_header(c, &header);
    if (!c->stream.ssl)
        return conn_enter(c, CONN_HEAD);
    c->state = CONN_HANDSHAKE; /* the deadline goes on */
    return STEP_AGAIN;
}

enum conn_step conn_step_handshake(struct conn *c)
{
    enum stream_result result = stream_handshake(&c->stream);

    if (result == STREAM_OK)
        return conn_enter(c, CONN_HEAD);
    if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
        return conn_wait_for(c, result);
    loop_count(&c->loop->counters.tls_failures);
    return conn_enter(c, CONN_GONE);
}

void conn_late_open(struct conn *c)
{
    loop_count(&c->loop->counters.timeouts);
    (void)conn_enter(c, CONN_GONE);
}
