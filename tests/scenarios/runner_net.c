/* Raw bytes over TLS (or, for the admin listener, without), and reading one answer strictly. */
#include "runner.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_S = 20 };

void hang_up(struct story *s)
{
    if (s->ssl) {
        (void)SSL_shutdown(s->ssl); /* the other side may be gone */
        SSL_free(s->ssl);
    }
    if (s->fd >= 0)
        (void)close(s->fd);
    s->ssl = NULL;
    s->fd = -1;
}

static bool dial(struct story *s, uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct timeval patience = { .tv_sec = ANSWER_S };
    int one = 1;

    hang_up(s);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || connect(s->fd, (const struct sockaddr *)&to, sizeof to) != 0)
        return fault(s, "connect to port %u: %m", port);
    (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return true;
}

static bool handshake(struct story *s)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (!ctx || SSL_CTX_load_verify_locations(ctx, s->ca, NULL) != 1) {
        SSL_CTX_free(ctx);
        return fault(s, "the CA %s cannot be read", s->ca);
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    s->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    if (!s->ssl || SSL_set1_host(s->ssl, "localhost") != 1 || SSL_set_fd(s->ssl, s->fd) != 1)
        return fault(s, "TLS");
    ERR_clear_error();
    if (SSL_connect(s->ssl) == 1)
        return true;
    return fault(s, "handshake: %s", ERR_reason_error_string(ERR_peek_error()));
}

bool verb_open(struct story *s, char *args)
{
    (void)args;
    if (!s->server)
        return fault(s, "no server");
    return dial(s, s->server->port) && handshake(s);
}

/* The server's certificate must not be accepted. */
bool verb_untrusted(struct story *s, char *args)
{
    (void)args;
    if (!dial(s, s->server->port))
        return false;
    if (handshake(s))
        return fault(s, "its certificate is trusted");
    if (!strstr(s->problem, "certificate verify failed"))
        return false;
    s->problem[0] = '\0';
    return true;
}

static int put_some(struct story *s, const uint8_t *bytes, size_t len)
{
    return s->ssl ? SSL_write(s->ssl, bytes, (int)len) : (int)send(s->fd, bytes, len, MSG_NOSIGNAL);
}

/* A server may answer and close before it has read all: that is for `receive` to judge. */
static void put_all(struct story *s, struct att_span bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        size_t piece = bytes.len - at < 16384 ? bytes.len - at : 16384;
        int n = put_some(s, bytes.ptr + at, piece);
        if (n <= 0)
            return;
        at += (size_t)n;
    }
}

/* >0 bytes, 0 the peer has closed, <0 nothing came in time */
static int get_some(struct story *s, uint8_t *to, size_t room)
{
    if (!s->ssl) {
        ssize_t n = recv(s->fd, to, room, 0);
        return n >= 0 ? (int)n : errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0;
    }
    errno = 0;
    int n = SSL_read(s->ssl, to, (int)room);
    if (n > 0)
        return n;
    return SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ || errno == EAGAIN ? -1 : 0;
}

static struct att_span header_of(struct att_span head, const char *name, unsigned *ret_count)
{
    struct att_span found = { 0 };
    size_t len = strlen(name);

    *ret_count = 0;
    for (const char *line = (const char *)head.ptr; (line = strstr(line, "\r\n")) && line[2] != '\r';) {
        line += 2;
        if (strncasecmp(line, name, len) == 0 && strncmp(line + len, ": ", 2) == 0) {
            (*ret_count)++;
            found = att_span_of(line + len + 2, strcspn(line + len + 2, "\r"));
        }
    }
    return found;
}

/* Status line, then exactly one Content-Length and one Date, then that many bytes; 204 and 304 have no length (RFC 9110 8.6). */
static bool understand(struct story *s, const struct att_buf *in, size_t *ret_whole)
{
    const uint8_t *end = in->len > 0 ? memmem(in->ptr, in->len, "\r\n\r\n", 4) : NULL;
    unsigned lengths = 0, dates = 0;

    *ret_whole = 0;
    if (!end)
        return true;
    size_t head_len = (size_t)(end - in->ptr) + 4;
    char *head = att_arena_dup(s->arena, att_span_of(in->ptr, head_len));
    if (!head || strncmp(head, "HTTP/1.1 ", 9) != 0 || strlen(head) != head_len)
        return fault(s, "no HTTP answer: %.80s", head ? head : "");
    s->reply.status = (int)strtol(head + 9, NULL, 10);
    s->reply.head = att_span_of(head, head_len);
    if (s->reply.status == 100) {
        *ret_whole = head_len;
        return true;
    }
    struct att_span length = header_of(s->reply.head, "Content-Length", &lengths);
    (void)header_of(s->reply.head, "Date", &dates);
    if (lengths != (s->reply.status == 204 || s->reply.status == 304 ? 0 : 1) || dates != 1)
        return fault(s, "%u Content-Length and %u Date headers", lengths, dates);
    size_t body_len = s->head_only || lengths == 0 ? 0 : strtoul((const char *)length.ptr, NULL, 10);
    if (in->len - head_len < body_len)
        return true;
    char *body = att_arena_dup(s->arena, att_span_of(in->ptr + head_len, body_len));
    s->reply.body = att_span_of(body, body ? body_len : 0);
    *ret_whole = head_len + body_len;
    return body || fault(s, "memory");
}

bool verb_receive(struct story *s, char *args)
{
    struct att_buf in = { .max = ANSWER_BYTES_MAX };
    size_t whole = 0;
    bool ok = true;

    (void)args;
    s->reply = (struct reply){ 0 };
    while (ok && whole == 0) {
        uint8_t *room = att_buf_room(&in, 1);
        int n = room ? get_some(s, room, 1) : -1; /* one byte: never into the next answer */
        if (n <= 0)
            ok = fault(s, "%s after %zu bytes", n == 0 ? "closed" : "nothing came", in.len);
        else
            in.len += (size_t)n;
        /* Looking again pays only when the head has ended. */
        if (ok && (s->reply.status > 0 || (in.len >= 4 && memcmp(in.ptr + in.len - 4, "\r\n\r\n", 4) == 0)))
            ok = understand(s, &in, &whole);
    }
    att_buf_free(&in);
    return ok;
}

static bool talk(struct story *s, struct att_span bytes)
{
    s->head_only = bytes.len > 5 && memcmp(bytes.ptr, "HEAD ", 5) == 0;
    s->reply = (struct reply){ 0 };
    put_all(s, bytes);
    return true;
}

bool verb_send(struct story *s, char *args)
{
    struct att_span bytes = { 0 };

    if (s->fd < 0)
        return fault(s, "not connected");
    return expand(s, att_str(args), true, &bytes) && talk(s, bytes);
}

/* raw BYTES : a connection of its own, these bytes, one answer */
bool verb_raw(struct story *s, char *args)
{
    struct att_span bytes = { 0 };

    return expand(s, att_str(args), true, &bytes) && verb_open(s, args) && talk(s, bytes) &&
           verb_receive(s, args);
}

bool verb_with(struct story *s, char *args)
{
    struct att_buf lines = { 0 };
    struct att_span line = { 0 };

    if (!expand(s, att_str(args), false, &line))
        return false;
    att_buf_put(&lines, s->extra);
    att_buf_put(&lines, line);
    att_buf_puts(&lines, "\r\n");
    char *copy = lines.failed ? NULL : att_arena_dup(s->arena, att_buf_span(&lines));
    s->extra = att_span_of(copy, copy ? lines.len : 0);
    att_buf_free(&lines);
    return copy || fault(s, "memory");
}

static bool ask(struct story *s, const char *method, const char *target, struct att_span body)
{
    struct att_buf text = { 0 };

    att_buf_printf(&text, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n", method,
                   target);
    att_buf_put(&text, s->extra);
    if (body.len > 0 || strcmp(method, "POST") == 0)
        att_buf_printf(&text, "Content-Length: %zu\r\n", body.len);
    att_buf_puts(&text, "\r\n");
    att_buf_put(&text, body);
    bool ok = !text.failed && talk(s, att_buf_span(&text));
    att_buf_free(&text);
    s->extra = (struct att_span){ 0 };
    return (ok || fault(s, "memory")) && verb_receive(s, NULL);
}

/* request METHOD TARGET [BODY] : over a connection of its own, which stays open */
bool verb_request(struct story *s, char *args)
{
    const char *method = word(&args);
    struct att_span target = { 0 }, body = { 0 };

    return expand(s, att_str(word(&args)), false, &target) && expand(s, att_str(args), false, &body) &&
           verb_open(s, args) && ask(s, method, (const char *)target.ptr, body);
}

bool get_elsewhere(struct story *s, uint16_t port, const char *ca, const char *path)
{
    const char *own = s->ca;
    char *target = att_arena_dup(s->arena, att_str(path));

    s->ca = ca;
    bool ok = target && dial(s, port) && handshake(s) && ask(s, "GET", target, (struct att_span){ 0 });
    s->ca = own;
    hang_up(s);
    return ok || fault(s, "memory");
}

/* admin METHOD TARGET */
bool verb_admin(struct story *s, char *args)
{
    const char *method = word(&args);
    struct att_span target = { 0 };

    return expand(s, att_str(word(&args)), false, &target) && dial(s, s->server->admin_port) &&
           ask(s, method, (const char *)target.ptr, (struct att_span){ 0 });
}

/* True when something is to be read, be it the end. TLS tickets make the socket readable and are nothing. */
static bool heard(struct story *s, int wait_ms)
{
    struct pollfd p = { .fd = s->fd, .events = POLLIN };
    struct timeval moment = { .tv_usec = 1000 }, patience = { .tv_sec = ANSWER_S };
    char byte = 0;

    if (poll(&p, 1, wait_ms) <= 0)
        return false;
    (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
    int n = SSL_peek(s->ssl, &byte, 1);
    bool idle = n <= 0 && SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ;
    (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return !idle;
}

/* drip MILLISECONDS BYTES : a byte at a time until all are sent or the server speaks; then one answer */
bool verb_drip(struct story *s, char *args)
{
    int wait_ms = (int)strtol(word(&args), NULL, 10);
    struct att_span bytes = { 0 };

    if (!expand(s, att_str(args), true, &bytes) || (s->fd < 0 && !verb_open(s, args)))
        return false;
    for (size_t i = 0; i < bytes.len && !heard(s, wait_ms); i++) {
        if (put_some(s, bytes.ptr + i, 1) <= 0)
            break;
    }
    return verb_receive(s, args);
}

/* The server has nothing more to say and closes. */
bool verb_closed(struct story *s, char *args)
{
    uint8_t byte = 0;
    int n = s->fd >= 0 ? get_some(s, &byte, 1) : -1;

    (void)args;
    hang_up(s);
    return n == 0 || fault(s, n > 0 ? "it speaks on" : "it stays open");
}

/* A fresh client is answered as if nothing had been. */
bool verb_alive(struct story *s, char *args)
{
    struct reply before = s->reply;

    (void)args;
    if (!verb_open(s, NULL) || !ask(s, "GET", "/certs", (struct att_span){ 0 }))
        return false;
    bool ok = s->reply.status == 200 || fault(s, "/certs gives %d", s->reply.status);
    hang_up(s);
    s->reply = before;
    return ok;
}
