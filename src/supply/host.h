/* supply/host.h - how often a source may be asked: a rate, and a pause after it has failed.
 *
 * A host has a bucket of requests that fills at its rate; KDS gives out about one VCEK in ten seconds and then answers 429 for
 * longer than a patient client would have waited. After a failure (no answer, 5xx, 401, 403) it is left alone for a while
 * that doubles; 429 and 503 say themselves for how long, within bounds.
 * Times are milliseconds of the monotonic clock. No locks: the caller has them.
 */
#ifndef SUPPLY_HOST_H
#define SUPPLY_HOST_H

#include "supply/supply.h"

enum {
    HOST_PER_MINUTE = 60,
    HOST_PER_MINUTE_KDS = 6,
    HOST_PAUSE_MIN_MS = 5 * 1000,
    HOST_PAUSE_MAX_MS = 5 * 60 * 1000,
    HOST_THROTTLED_MS = 30 * 1000,          /* told to wait, but not for how long */
    HOST_THROTTLED_MAX_MS = 60 * 60 * 1000, /* a Retry-After above this is not believed */
};

struct supply_host {
    struct supply_source is;
    bool root_crl_only;      /* Intel's root list has a host of its own */
    bool elsewhere_root_crl; /* the host of that list is another row */
    bool busy;               /* one request at a time */
    int64_t tokens;          /* in 60,000ths of a request */
    int64_t filled_ms;
    int64_t closed_until_ms;
    unsigned failures;   /* in a row */
    struct att_err last; /* why it is closed */
    unsigned last_status;
};

void supply_host_init(struct supply_host *h, const struct supply_source *is, int64_t now_ms);
bool supply_host_closed(const struct supply_host *h, int64_t now_ms);
/* The first time at which it may be asked; now_ms: at once. A busy one does not know: INT64_MAX. */
int64_t supply_host_ready_ms(struct supply_host *h, int64_t now_ms);
/* One request is about to be made. */
void supply_host_spend(struct supply_host *h, int64_t now_ms);
void supply_host_good(struct supply_host *h);
/* `why` is kept. `random` spreads the pause: any number. */
void supply_host_failed(struct supply_host *h, int64_t now_ms, uint64_t random, unsigned status,
                        const struct att_err *why);
void supply_host_throttled(struct supply_host *h, int64_t now_ms, uint64_t random, unsigned retry_after_s,
                           unsigned status, const struct att_err *why);

/* x/2 to x: the same for all who ask with the same number. */
int64_t supply_jitter(int64_t x, uint64_t random);
/* The next of a sequence that its seed decides (xorshift64*): for spreading, not for secrets. */
uint64_t supply_random(uint64_t *state);

#endif
