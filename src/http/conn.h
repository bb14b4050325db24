/* http/conn.h - one connection, from accept to close. Runs in its loop's thread only. */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "http/listener.h"
#include "http/loop.h"

/* Takes `fd` over; it is closed when there is no memory for a connection. */
void conn_accept(struct loop *loop, int fd, const struct http_peer *peer);
/* The loop is draining: an idle connection answers what has just arrived, or closes. Leaves the idle list. */
void conn_drain(struct conn *c);
/* Its answer, that was put off, is there. */
void conn_answer(struct conn *c);
/* Says goodbye and frees, without waiting for the peer. */
void conn_evict(struct conn *c);
/* Frees at once; what was not sent is lost. Not while the application holds its request. */
void conn_cut(struct conn *c);

#endif
