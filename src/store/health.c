#include "store/health.h"

#include "base/err.h"

#include <inttypes.h>
#include <time.h>

int64_t store_health_clock_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_BOOTTIME, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void store_health_init(struct store_health *h, uint64_t outage_max_s, int64_t now_unix_s)
{
    *h = (struct store_health){ .outage_max_s = outage_max_s };
    atomic_store(&h->fresh_ms, store_health_clock_ms());
    atomic_store(&h->fresh_unix_s, now_unix_s);
}

void store_health_refreshed(struct store_health *h, enum store_refresh outcome, uint64_t generation,
                            int64_t now_unix_s)
{
    if (outcome == STORE_REFRESH_FAILED) {
        atomic_store(&h->behind, true);
        atomic_fetch_add(&h->refreshes_failed, 1);
        return;
    }
    atomic_fetch_add(outcome == STORE_REFRESH_READ ? &h->refreshes_read : &h->refreshes_same, 1);
    atomic_store(&h->generation, generation);
    atomic_store(&h->fresh_ms, store_health_clock_ms());
    atomic_store(&h->fresh_unix_s, now_unix_s);
    atomic_store(&h->behind, false);
}

bool store_health_waited(struct store_health *h, bool reached)
{
    bool was_away = atomic_exchange(&h->away, !reached);

    if (was_away && reached)
        atomic_fetch_add(&h->reconnects, 1);
    return was_away == reached;
}

bool store_health_away(const struct store_health *h)
{
    return h && atomic_load(&h->away);
}

bool store_health_out(const struct store_health *h)
{
    return h && (atomic_load(&h->away) || atomic_load(&h->behind));
}

static uint64_t since_fresh_s(const struct store_health *h)
{
    int64_t ms = store_health_clock_ms() - atomic_load(&h->fresh_ms);

    return ms > 0 ? (uint64_t)ms / 1000 : 0;
}

uint64_t store_health_outage_s(const struct store_health *h)
{
    return store_health_out(h) ? since_fresh_s(h) : 0;
}

/* Whether anybody has noticed an outage does not count: a thread of changes that hangs is one, too. */
bool store_health_fresh_enough(const struct store_health *h, struct att_err *err)
{
    if (!h || h->outage_max_s == 0)
        return true;
    uint64_t since_s = since_fresh_s(h);
    return since_s <= h->outage_max_s ||
           att_fail(err, ATT_STORE_STALE, "store", "a look at the store within store_outage_max_s",
                    "none for %" PRIu64 " s, at most %" PRIu64, since_s, h->outage_max_s);
}
