#include "http/stream.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

static enum stream_result of_errno(enum stream_result want)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? want : STREAM_FAILED;
}

static enum stream_result of_ssl(const struct stream *s, int result)
{
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return STREAM_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return STREAM_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return STREAM_END;
    default:
        return STREAM_FAILED;
    }
}

enum stream_result stream_peek(struct stream *s, uint8_t *to, size_t max, size_t *ret_len)
{
    ssize_t got = recv(s->fd, to, max, MSG_PEEK);
    if (got < 0)
        return of_errno(STREAM_WANT_READ);
    *ret_len = (size_t)got;
    return got > 0 ? STREAM_OK : STREAM_END;
}

bool stream_take(struct stream *s, uint8_t *to, size_t len)
{
    return recv(s->fd, to, len, 0) == (ssize_t)len;
}

enum stream_result stream_handshake(struct stream *s)
{
    ERR_clear_error(); /* SSL_get_error also looks at what earlier calls of this thread left behind */
    int result = SSL_do_handshake(s->ssl);
    return result == 1 ? STREAM_OK : of_ssl(s, result);
}

enum stream_result stream_read(struct stream *s, uint8_t *to, size_t max, size_t *ret_len)
{
    if (s->ssl) {
        ERR_clear_error();
        int result = SSL_read(s->ssl, to, max > INT_MAX ? INT_MAX : (int)max);
        if (result <= 0)
            return of_ssl(s, result);
        *ret_len = (size_t)result;
        return STREAM_OK;
    }
    ssize_t got = recv(s->fd, to, max, 0);
    if (got < 0)
        return of_errno(STREAM_WANT_READ);
    *ret_len = (size_t)got;
    return got > 0 ? STREAM_OK : STREAM_END;
}

enum stream_result stream_write(struct stream *s, struct att_span bytes, size_t *ret_len)
{
    if (s->ssl) {
        ERR_clear_error();
        int result = SSL_write(s->ssl, bytes.ptr, bytes.len > INT_MAX ? INT_MAX : (int)bytes.len);
        if (result <= 0)
            return of_ssl(s, result);
        *ret_len = (size_t)result;
        return STREAM_OK;
    }
    ssize_t sent = send(s->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    if (sent < 0)
        return of_errno(STREAM_WANT_WRITE);
    *ret_len = (size_t)sent;
    return STREAM_OK;
}

bool stream_has_buffered(const struct stream *s)
{
    return s->ssl && SSL_has_pending(s->ssl) == 1;
}

void stream_finish(struct stream *s)
{
    if (s->ssl && SSL_is_init_finished(s->ssl)) {
        ERR_clear_error();
        (void)SSL_shutdown(s->ssl); /* one way; the peer's own close_notify is not waited for */
    }
    (void)shutdown(s->fd, SHUT_WR); /* fails when the peer is gone already */
}

enum stream_result stream_discard(struct stream *s, size_t *ret_len)
{
    uint8_t sink[16384];
    ssize_t got = recv(s->fd, sink, sizeof sink, 0);

    if (got < 0)
        return of_errno(STREAM_WANT_READ);
    *ret_len = (size_t)got;
    return got > 0 ? STREAM_OK : STREAM_END;
}

void stream_close(struct stream *s)
{
    SSL_free(s->ssl);
    if (s->fd >= 0)
        (void)close(s->fd);
    *s = (struct stream){ .fd = -1 };
}
