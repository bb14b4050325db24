/* store/health.h - how an installation stands with its store: written by the thread of changes and by the one that waits
 * for others, read by any.
 *
 * Memory is fresh as of the last time that the generation was looked at and everything behind it had been read. From then on
 * an outage counts, on a clock that goes on while the machine sleeps: nobody knows what was changed elsewhere meanwhile.
 *
 * `away` is for who would use the store now: they are told so at once instead of waiting for it one after the other.
 */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include <attest/error.h>

#include <stdatomic.h>

struct store_health {
    uint64_t outage_max_s;    /* 0: no bound; set before any thread reads */
    atomic_bool away;         /* the last look of who waits failed */
    atomic_bool behind;       /* the last refresh of the memory failed */
    _Atomic int64_t fresh_ms; /* when the last one succeeded, on the clock below */
    _Atomic int64_t fresh_unix_s;
    _Atomic uint64_t generation;
    atomic_ulong refreshes_same, refreshes_read, refreshes_failed;
    atomic_ulong reconnects; /* times that it came back */
};

/* Milliseconds of a clock that nobody sets and that counts sleep. */
int64_t store_health_clock_ms(void);

/* Everything has just been read. */
void store_health_init(struct store_health *h, uint64_t outage_max_s, int64_t now_unix_s);

enum store_refresh { STORE_REFRESH_SAME, STORE_REFRESH_READ, STORE_REFRESH_FAILED };
/* A refresh of the memory is over; `generation` is what it has now. */
void store_health_refreshed(struct store_health *h, enum store_refresh outcome, uint64_t generation,
                            int64_t now_unix_s);
/* What a wait says; true when that is another thing than the last time. */
bool store_health_waited(struct store_health *h, bool reached);

/* All false or 0 for NULL: there is nothing that could be away. */
bool store_health_away(const struct store_health *h);
/* It is out of reach, or was at the last try. */
bool store_health_out(const struct store_health *h);
uint64_t store_health_outage_s(const struct store_health *h);
/* STORE_STALE when the outage is longer than the bound. */
ATT_CHECK bool store_health_fresh_enough(const struct store_health *h, struct att_err *err);

#endif
