/* A blocking HTTP client for the tests of src/http: it sends exactly the bytes it is told to, and reads one answer at a
 * time. Everything gives up after a few seconds, so a server that hangs fails a case instead of the whole run. */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CLIENT_TIMEOUT_S = 8, CLIENT_BYTES = 1 << 16 };

struct client {
    int fd;
    SSL *ssl;
    char bytes[CLIENT_BYTES + 1]; /* received, not yet taken */
    size_t len;
};

struct answer {
    int status; /* 0: the connection ended, or nothing came */
    bool close;
    char head[4096];
    char body[CLIENT_BYTES];
    size_t body_bytes;
};

static inline void sleep_ms(unsigned ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&t, NULL);
}

/* Waits for a condition, a few seconds at most. */
#define WAIT_UNTIL(condition)                                                                                \
    for (int tries_ = 0; tries_ < 400 && !(condition); tries_++)                                             \
    sleep_ms(20)

/* A connected socket; `from` NULL: the kernel chooses. */
static inline struct client *client_connect(const struct sockaddr *to, socklen_t len,
                                            const struct sockaddr_in *from)
{
    struct client *c = calloc(1, sizeof *c);
    struct timeval limit = { .tv_sec = CLIENT_TIMEOUT_S };

    if (!c)
        abort();
    c->fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || (from && bind(c->fd, (const struct sockaddr *)from, sizeof *from) != 0) ||
        connect(c->fd, to, len) != 0) {
        perror("connect");
        abort();
    }
    (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return c;
}

/* To this port of 127.0.0.1, from an address of ours such as "127.0.0.2". */
static inline struct client *client_open_from(uint16_t port, const char *address)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in from = { .sin_family = AF_INET };

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (inet_pton(AF_INET, address, &from.sin_addr) != 1)
        abort();
    return client_connect((struct sockaddr *)&to, sizeof to, &from);
}

static inline struct client *client_open(uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return client_connect((struct sockaddr *)&to, sizeof to, NULL);
}

static inline struct client *client_open_unix(const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    (void)snprintf(to.sun_path, sizeof to.sun_path, "%.107s", path);
    return client_connect((struct sockaddr *)&to, sizeof to, NULL);
}

static inline void client_close(struct client *c)
{
    if (c->ssl)
        SSL_free(c->ssl);
    (void)close(c->fd);
    free(c);
}

static inline bool client_tls(struct client *c, SSL_CTX *ctx, SSL_SESSION *session)
{
    char name[] = "test.example"; /* the macro below casts const away */

    c->ssl = SSL_new(ctx);
    if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1 || SSL_set_tlsext_host_name(c->ssl, name) != 1)
        abort();
    if (session && SSL_set_session(c->ssl, session) != 1)
        abort();
    return SSL_connect(c->ssl) == 1;
}

static inline bool client_send(struct client *c, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = c->ssl ? SSL_write(c->ssl, at, (int)len) : send(c->fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool client_say(struct client *c, const char *text)
{
    return client_send(c, text, strlen(text));
}

/* The connection goes with a reset, and what was not read is lost. */
static inline void client_reset(struct client *c)
{
    struct linger now = { .l_onoff = 1 };

    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    client_close(c);
}

/* False at the end, on errors and when nothing comes. */
static inline bool client_receive(struct client *c)
{
    if (c->len == CLIENT_BYTES)
        return false;
    ssize_t n = c->ssl ? SSL_read(c->ssl, c->bytes + c->len, (int)(CLIENT_BYTES - c->len))
                       : recv(c->fd, c->bytes + c->len, CLIENT_BYTES - c->len, 0);
    if (n <= 0)
        return false;
    c->len += (size_t)n;
    c->bytes[c->len] = '\0';
    return true;
}

/* The connection has ended in an orderly way: FIN, and with TLS a close_notify before it. */
static inline bool client_at_end(struct client *c)
{
    char byte;

    if (c->len > 0)
        return false;
    if (!c->ssl)
        return recv(c->fd, &byte, 1, 0) == 0;
    int n = SSL_read(c->ssl, &byte, 1);
    return n <= 0 && SSL_get_error(c->ssl, n) == SSL_ERROR_ZERO_RETURN;
}

static inline void client_take(struct client *c, size_t n)
{
    memmove(c->bytes, c->bytes + n, c->len - n + 1);
    c->len -= n;
}

/* One answer; `head_only` for the answer to HEAD and for 100. */
static inline int client_answer(struct client *c, struct answer *a, bool head_only)
{
    char *end;

    *a = (struct answer){ 0 };
    while (!(end = strstr(c->bytes, "\r\n\r\n")))
        if (!client_receive(c))
            return 0;
    size_t head = (size_t)(end - c->bytes) + 4;
    if (head >= sizeof a->head || strncmp(c->bytes, "HTTP/1.1 ", 9) != 0)
        return 0;
    memcpy(a->head, c->bytes, head);
    client_take(c, head);
    a->close = strcasestr(a->head, "\r\nconnection: close\r\n") != NULL;
    const char *length = strcasestr(a->head, "\r\ncontent-length: ");
    size_t want = length && !head_only ? (size_t)strtoul(length + 18, NULL, 10) : 0;
    while (c->len < want)
        if (!client_receive(c))
            return 0;
    if (want >= sizeof a->body)
        return 0;
    memcpy(a->body, c->bytes, want);
    a->body_bytes = want;
    client_take(c, want);
    a->status = atoi(a->head + 9);
    return a->status;
}

static inline int client_ask(struct client *c, const char *text, struct answer *a)
{
    return client_say(c, text) ? client_answer(c, a, false) : 0;
}

#endif
