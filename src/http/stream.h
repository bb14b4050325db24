/* http/stream.h - bytes to and from a peer, over TLS or not; the caller cannot tell which. Never blocks. */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include <attest/span.h>

#include <openssl/ssl.h>

struct stream {
    int fd;
    SSL *ssl; /* NULL: plain */
};

enum stream_result {
    STREAM_OK,
    STREAM_WANT_READ,  /* again when the socket can be read */
    STREAM_WANT_WRITE, /* again when it can be written */
    STREAM_END,        /* the peer has said it is done */
    STREAM_FAILED
};

/* What the socket holds, without TLS and without taking it: at least one byte when OK. */
enum stream_result stream_peek(struct stream *s, uint8_t *to, size_t max, size_t *ret_len);
/* Takes bytes that stream_peek has shown. */
ATT_CHECK bool stream_take(struct stream *s, uint8_t *to, size_t len);
enum stream_result stream_handshake(struct stream *s);
/* At least one byte when OK. */
enum stream_result stream_read(struct stream *s, uint8_t *to, size_t max, size_t *ret_len);
enum stream_result stream_write(struct stream *s, struct att_span bytes, size_t *ret_len);
/* Bytes are held above the socket: waiting for it would be waiting too long. */
bool stream_has_buffered(const struct stream *s);
/* Says that nothing more will be sent: close_notify, then FIN. What the socket does not take at once is not
 * sent. */
void stream_finish(struct stream *s);
/* After stream_finish: throws away what still comes, without decrypting it. */
enum stream_result stream_discard(struct stream *s, size_t *ret_len);
void stream_close(struct stream *s);

#endif
