/* http/listener.h - listening sockets, several on one address (SO_REUSEPORT), and accepting from them. */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <attest/error.h>

struct http_peer {
    char address[46];
    uint16_t port;
};

/* `*port` 0: the system picks one and it is written back, for the next socket. */
ATT_CHECK bool listener_open(const char *host, bool first, uint16_t *port, int *ret_fd, struct att_err *err);

enum accept_result {
    ACCEPT_OK,
    ACCEPT_NONE,     /* nobody is waiting */
    ACCEPT_AGAIN,    /* that one is gone, another may wait */
    ACCEPT_EXHAUSTED /* no descriptors or memory: the waiting ones keep the socket readable */
};
enum accept_result listener_accept(int listen_fd, int *ret_fd, struct http_peer *ret_peer);

#endif
