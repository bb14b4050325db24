#include "http/listener.h"

#include "base/err.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 }; /* cut by net.core.somaxconn */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un file;
    struct sockaddr_storage room;
};

static bool set_on(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/* Accepted sockets inherit TCP_NODELAY from the listening one, so it costs no system call per connection. */
static int listening_socket(const struct addrinfo *a, bool first)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (set_on(fd, SOL_SOCKET, SO_REUSEADDR) && (first || set_on(fd, SOL_SOCKET, SO_REUSEPORT)) &&
        set_on(fd, IPPROTO_TCP, TCP_NODELAY) && bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
        (!first || set_on(fd, SOL_SOCKET, SO_REUSEPORT)) && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return -1;
}

static uint16_t port_of(const union address *a)
{
    return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

bool listener_open(const char *host, bool first, uint16_t *port, int *ret_fd, struct att_err *err)
{
    struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char service[8];

    (void)snprintf(service, sizeof service, "%u", *port);
    int status = getaddrinfo(host, service, &hints, &found);
    if (status != 0)
        return att_fail(err, ATT_CONFIG_INVALID, "http.host", "an address or name of this machine", "%s (%s)",
                        host, gai_strerror(status));
    int fd = listening_socket(found, first);
    freeaddrinfo(found);
    if (fd < 0)
        return att_fail(err, ATT_IO_FAILED, "http.listen", "a free port", "%s port %u (%s)", host, *port,
                        strerror(errno));

    union address own = { 0 };
    socklen_t len = sizeof own;
    if (getsockname(fd, &own.any, &len) != 0) {
        (void)close(fd);
        return att_fail(err, ATT_IO_FAILED, "http.listen", "the socket's port", "%s", strerror(errno));
    }
    *port = port_of(&own);
    *ret_fd = fd;
    return true;
}

/* False when the kernel does not tell who a unix peer is: then nobody may be served as if he were known. */
static bool describe(int fd, const union address *a, struct http_peer *ret)
{
    if (a->any.sa_family == AF_UNIX) {
        struct ucred who;
        socklen_t len = sizeof who;
        memcpy(ret->address, "unix", sizeof "unix");
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
            return false;
        ret->is_local = true;
        ret->local = (struct http_local_peer){ who.uid, who.gid, (uint32_t)who.pid };
        return true;
    }
    bool v6 = a->any.sa_family == AF_INET6;
    ret->ip = v6 ? att_ip_v6(a->v6.sin6_addr.s6_addr) : att_ip_v4((const uint8_t *)&a->v4.sin_addr);
    (void)att_ip_text(&ret->ip, ret->address);
    ret->port = port_of(a);
    return true;
}

enum accept_result listener_accept(int listen_fd, int *ret_fd, struct http_peer *ret_peer)
{
    union address peer = { 0 };
    socklen_t len = sizeof peer;

    int fd = accept4(listen_fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        if (!describe(fd, &peer, ret_peer)) {
            (void)close(fd);
            return ACCEPT_AGAIN;
        }
        *ret_fd = fd;
        return ACCEPT_OK;
    }
    switch (errno) {
    case EAGAIN:
        return ACCEPT_NONE;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ACCEPT_EXHAUSTED;
    default: /* network errors of the new socket are reported here: accept(2), "Error handling" */
        return ACCEPT_AGAIN;
    }
}
