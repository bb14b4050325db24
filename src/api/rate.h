/* api/rate.h - how many requests a client or a provider may make: token buckets in a table of fixed size.
 *
 * A bucket holds `burst` requests when it is full and gets `per_second` back each second. The table forgets who was not seen for
 * longest: memory stays the same however many addresses come, and who is forgotten begins with a full bucket. Who has very
 * many addresses is therefore bounded by the other limits (connections, overload), not by this one.
 *
 * Threads: rate_take from any thread; a lock for each part of the table.
 */
#ifndef API_RATE_H
#define API_RATE_H

#include <attest/error.h>

struct rate;

enum { RATE_BUCKETS = 16384 };

/* `burst` 0: twice `per_second`. */
ATT_CHECK bool rate_new(unsigned per_second, unsigned burst, struct rate **ret, struct att_err *err);
void rate_free(struct rate *r); /* NULL is fine */
/* Takes one request of whoever the key names. False: there was none; *ret_wait_s is when there will be, at least 1. `now_ms` is
 * monotonic. NULL `r`: there is no limit. */
bool rate_take(struct rate *r, struct att_span key, int64_t now_ms, unsigned *ret_wait_s);
/* What stands for a client's address: an IPv4 address, the /64 of an IPv6 one (a host has all of it), or the text itself. Text
 * that is no address - "unix" - is one client. */
struct rate_client {
    uint8_t bytes[17];
    size_t len;
};
struct att_span rate_client_key(const char *address, struct rate_client *room);

#endif
