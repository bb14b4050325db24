/* server/counters.h - what the program counts by itself, for /metrics. Codes and counts only: a name in a metric would
 * tell everybody who may read it which tenants there are. */
#ifndef SERVER_COUNTERS_H
#define SERVER_COUNTERS_H

#include <attest/error.h>

#include <stdatomic.h>

struct counters {
    atomic_ulong refused[ATT_CODE_COUNT]; /* requests, by code */
    atomic_ulong changes_done, changes_refused;
    atomic_ulong fetched; /* metadata and key sets of issuers */
    atomic_ulong fetch_failed;
};

static inline void counters_add(atomic_ulong *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline void counters_refused(struct counters *c, enum att_code code)
{
    if ((unsigned)code < ATT_CODE_COUNT)
        counters_add(&c->refused[code]);
}

#endif
