/* http/peers.h - how many connections each address holds open, over all loops. Private to src/http. */
#ifndef HTTP_PEERS_H
#define HTTP_PEERS_H

#include "base/cidr.h"

struct http_peers;

/* `max` connections for one address (of IPv6: one /64), at most `most` in all. OUT_OF_MEMORY. */
ATT_CHECK bool http_peers_new(size_t max, size_t most, struct http_peers **ret, struct att_err *err);
void http_peers_free(struct http_peers *p); /* NULL is fine */
/* True: counted, http_peers_leave gives it back. NULL `p`: there is no bound. */
bool http_peers_enter(struct http_peers *p, const struct att_ip *ip);
void http_peers_leave(struct http_peers *p, const struct att_ip *ip);

#endif
