/* http/listener.h - listening sockets, several on one address (SO_REUSEPORT), and accepting from them. A unix socket
 * cannot be opened several times: its loops share one, each with a descriptor of its own. */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include "base/cidr.h"
#include "http/http.h"

#include <sys/types.h>
#include <sys/un.h>

struct http_peer {
    struct att_ip ip;
    char address[ATT_IP_TEXT_SIZE]; /* "unix": then `local` is set, `ip` is not */
    uint16_t port;
    bool is_local;
    struct http_local_peer local;
};

/* `*port` 0: the system picks one and it is written back, for the next socket. */
ATT_CHECK bool listener_open(const char *host, bool first, uint16_t *port, int *ret_fd, struct att_err *err);

/* A unix socket in the file system, and which file it is: another one at the same path is not removed. */
struct listener_file {
    char path[sizeof((struct sockaddr_un){ 0 }.sun_path)]; /* empty: there is none */
    dev_t dev;
    ino_t ino;
};
/* Replaces a socket that nobody listens at. CONFIG_INVALID when the path is too long or holds something else,
 * IO_FAILED when it is in use or cannot be made. */
ATT_CHECK bool listener_open_unix(const char *path, unsigned mode, struct listener_file *ret_file,
                                  int *ret_fd, struct att_err *err);
/* Another descriptor for the same socket. */
ATT_CHECK bool listener_share(int fd, int *ret_fd, struct att_err *err);
void listener_remove(struct listener_file *file);

enum accept_result {
    ACCEPT_OK,
    ACCEPT_NONE,     /* nobody is waiting */
    ACCEPT_AGAIN,    /* that one is gone, another may wait */
    ACCEPT_EXHAUSTED /* no descriptors or memory: the waiting ones keep the socket readable */
};
enum accept_result listener_accept(int listen_fd, int *ret_fd, struct http_peer *ret_peer);

#endif
