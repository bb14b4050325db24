/* cli/hop.h - the first two hops to a host: its name and a connection, with what was seen in words. */
#ifndef CLI_HOP_H
#define CLI_HOP_H

#include <stdbool.h>
#include <stddef.h>

struct hop_peer {
    char host[256];
    char port[8];
};

/* Of http://HOST[:PORT] or https://HOST[:PORT], a path behind it is passed over. */
bool hop_peer_of(const char *url, struct hop_peer *ret);
/* `text` in either case: the addresses, or why there are none. */
bool hop_resolve(const struct hop_peer *peer, char *text, size_t size);
/* Tries each address for at most three seconds; `text`: which one answered, or why none did. */
bool hop_connect(const struct hop_peer *peer, char *text, size_t size);

#endif
