#include "cli/hop.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT_MS = 3000, SHOWN_MAX = 4 };

bool hop_peer_of(const char *url, struct hop_peer *ret)
{
    bool tls = strncmp(url, "https://", 8) == 0;
    const char *at = tls ? url + 8 : strncmp(url, "http://", 7) == 0 ? url + 7 : NULL;

    if (!at)
        return false;
    bool bracket = *at == '[';
    at += bracket;
    size_t len = strcspn(at, bracket ? "]" : ":/");
    if (len == 0 || len >= sizeof ret->host)
        return false;
    memcpy(ret->host, at, len);
    ret->host[len] = '\0';
    at += len + (bracket && at[len] == ']');
    size_t digits = *at == ':' ? strspn(at + 1, "0123456789") : 0;
    if (*at == ':' && (digits == 0 || digits > 5))
        return false;
    (void)snprintf(ret->port, sizeof ret->port, "%.*s", (int)digits, *at == ':' ? at + 1 : "");
    if (digits == 0)
        (void)snprintf(ret->port, sizeof ret->port, "%s", tls ? "443" : "80");
    return true;
}

static int look_up(const struct hop_peer *peer, struct addrinfo **ret)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };

    return getaddrinfo(peer->host, peer->port, &hints, ret);
}

static void shown_address(const struct addrinfo *a, char *ret, size_t size)
{
    if (getnameinfo(a->ai_addr, a->ai_addrlen, ret, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
        (void)snprintf(ret, size, "an address");
}

bool hop_resolve(const struct hop_peer *peer, char *text, size_t size)
{
    struct addrinfo *all = NULL;
    char address[64];
    size_t at = 0, count = 0;
    int failed = look_up(peer, &all);

    if (failed != 0) {
        (void)snprintf(text, size, "%s: %s", peer->host, gai_strerror(failed));
        return false;
    }
    text[0] = '\0';
    for (const struct addrinfo *a = all; a && count < SHOWN_MAX && at < size; a = a->ai_next, count++) {
        shown_address(a, address, sizeof address);
        int n = snprintf(text + at, size - at, "%s%s", count ? ", " : "", address);
        at += n > 0 ? (size_t)n : 0;
    }
    freeaddrinfo(all);
    return true;
}

/* 0, or why not. */
static int connect_one(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    int why = 0;
    socklen_t len = sizeof why;

    if (fd < 0)
        return errno;
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
        struct pollfd wait = { .fd = fd, .events = POLLOUT };
        why = errno;
        if (why == EINPROGRESS)
            why = poll(&wait, 1, CONNECT_MS) == 1
                      ? getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) == 0 ? why : errno
                      : ETIMEDOUT;
    }
    (void)close(fd); /* nothing was written */
    return why;
}

bool hop_connect(const struct hop_peer *peer, char *text, size_t size)
{
    struct addrinfo *all = NULL;
    char address[64] = "";
    int why = EADDRNOTAVAIL;

    if (look_up(peer, &all) != 0) {
        (void)snprintf(text, size, "%s has no address", peer->host);
        return false;
    }
    for (const struct addrinfo *a = all; a && why != 0; a = a->ai_next) {
        shown_address(a, address, sizeof address);
        why = connect_one(a);
    }
    freeaddrinfo(all);
    (void)snprintf(text, size, "%s port %s%s%s", address, peer->port, why ? ": " : "",
                   why ? strerror(why) : "");
    return why == 0;
}
