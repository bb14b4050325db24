/* base/histogram.h - how long things took: counts in fixed steps from a quarter of a millisecond to ten seconds.
 *
 * Any thread adds, without a lock: two additions to memory and a handful of comparisons, well below 100 ns. A reader sees
 * each count as it is at some moment; what it sums up itself is consistent. Zeroed is empty.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { ATT_HISTOGRAM_STEPS = 15 };

/* The upper ends, in microseconds: each holds what took no longer. The last count is of all that is slower. */
static const uint32_t att_histogram_steps_us[ATT_HISTOGRAM_STEPS] = { 250,     500,     1000,    2500,
                                                                      5000,    10000,   25000,   50000,
                                                                      100000,  250000,  500000,  1000000,
                                                                      2500000, 5000000, 10000000 };

struct att_histogram {
    atomic_ulong counts[ATT_HISTOGRAM_STEPS + 1];
    _Atomic uint64_t sum_ns; /* 584 years */
};

/* A time below 0 counts as 0. */
static inline void att_histogram_add(struct att_histogram *h, int64_t took_ns)
{
    uint64_t ns = took_ns < 0 ? 0 : (uint64_t)took_ns;
    unsigned step = 0;

    while (step < ATT_HISTOGRAM_STEPS && ns > (uint64_t)att_histogram_steps_us[step] * 1000)
        step++;
    (void)atomic_fetch_add_explicit(&h->counts[step], 1, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&h->sum_ns, ns, memory_order_relaxed);
}

#endif
