#include "supply/host.h"

enum { TOKEN = 60 * 1000 };

/* Half a minute's worth at once: all items of a few platforms, or a VCEK, its chain and its list. */
static int64_t burst(const struct supply_host *h)
{
    return (h->is.per_minute > 1 ? h->is.per_minute / 2 : 1) * (int64_t)TOKEN;
}

void supply_host_init(struct supply_host *h, const struct supply_source *is, int64_t now_ms)
{
    *h = (struct supply_host){ .is = *is, .filled_ms = now_ms };
    if (h->is.per_minute == 0)
        h->is.per_minute = is->kind == SUPPLY_KDS ? HOST_PER_MINUTE_KDS : HOST_PER_MINUTE;
    h->tokens = burst(h);
}

static void fill(struct supply_host *h, int64_t now_ms)
{
    int64_t most = burst(h), passed = now_ms - h->filled_ms;

    if (passed <= 0)
        return;
    h->filled_ms = now_ms;
    if (passed > 24 * 60 * 60 * 1000) /* also: the product below stays small */
        passed = 24 * 60 * 60 * 1000;
    h->tokens += passed * h->is.per_minute;
    if (h->tokens > most)
        h->tokens = most;
}

bool supply_host_closed(const struct supply_host *h, int64_t now_ms)
{
    return now_ms < h->closed_until_ms;
}

int64_t supply_host_ready_ms(struct supply_host *h, int64_t now_ms)
{
    if (h->busy)
        return INT64_MAX;
    if (supply_host_closed(h, now_ms))
        return h->closed_until_ms;
    fill(h, now_ms);
    if (h->tokens >= TOKEN)
        return now_ms;
    int64_t rate = h->is.per_minute;
    return now_ms + (TOKEN - h->tokens + rate - 1) / rate;
}

void supply_host_spend(struct supply_host *h, int64_t now_ms)
{
    fill(h, now_ms);
    h->tokens -= TOKEN;
}

void supply_host_good(struct supply_host *h)
{
    h->failures = 0;
    h->closed_until_ms = 0;
    h->last = (struct att_err){ 0 };
}

static void close_for(struct supply_host *h, int64_t now_ms, int64_t ms, unsigned status,
                      const struct att_err *why)
{
    h->failures += h->failures < 32;
    h->closed_until_ms = now_ms + ms;
    h->last = *why;
    h->last_status = status;
}

static int64_t doubled(int64_t least, int64_t most, unsigned times)
{
    int64_t ms = least;

    while (times-- > 0 && ms < most)
        ms *= 2;
    return ms < most ? ms : most;
}

void supply_host_failed(struct supply_host *h, int64_t now_ms, uint64_t random, unsigned status,
                        const struct att_err *why)
{
    int64_t ms = doubled(HOST_PAUSE_MIN_MS, HOST_PAUSE_MAX_MS, h->failures);

    close_for(h, now_ms, supply_jitter(ms, random), status, why);
}

void supply_host_throttled(struct supply_host *h, int64_t now_ms, uint64_t random, unsigned retry_after_s,
                           unsigned status, const struct att_err *why)
{
    int64_t told = (int64_t)retry_after_s * 1000;
    int64_t ms = told > 0 ? told : doubled(HOST_THROTTLED_MS, HOST_THROTTLED_MAX_MS, h->failures);

    if (ms > HOST_THROTTLED_MAX_MS)
        ms = HOST_THROTTLED_MAX_MS;
    /* Not before the time that was said; spread behind it, so that replicas do not come back as one. */
    close_for(h, now_ms, ms + (int64_t)(random % (uint64_t)(ms / 8 + 1)), status, why);
}

int64_t supply_jitter(int64_t x, uint64_t random)
{
    return x < 2 ? x : x - (int64_t)(random % (uint64_t)(x / 2 + 1));
}

uint64_t supply_random(uint64_t *state)
{
    uint64_t x = *state ? *state : UINT64_C(0x9e3779b97f4a7c15);

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}
