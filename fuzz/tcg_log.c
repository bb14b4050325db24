/* layers: eventlog crypto base */
/* A log of firmware: what is read lies inside it, events are bounded, the replay holds; the same log once more is the same events
 * again. */
#include "log_check.h"

enum { RECORD_BYTES_MIN = 16 }; /* of the smallest record but the first */

static void check(struct att_span log, const struct log_events *set)
{
    if (set->count == 0 || set->count > log.len / RECORD_BYTES_MIN ||
        set->count > limits.event_log_events_max || set->bytes != log.len || !set->has_tcg || set->has_ima)
        __builtin_trap();
    for (size_t i = 0; i < set->count; i++) {
        const struct log_event *e = &set->items[i];
        if (e->seq != i || e->ima || (e->extends && e->pcr >= LOG_PCRS) || e->extends != (e->type != 3))
            __builtin_trap();
        log_inside(log, e->body.ptr, e->body.len);
        for (enum att_hash h = ATT_SHA1; h < ATT_HASH_COUNT; h++) {
            if (e->digest[h])
                log_inside(log, e->digest[h], att_hash_size(h));
            else if (e->extends && (set->banks >> h & 1) != 0)
                __builtin_trap();
        }
    }
}

static void again(struct att_span log, const struct log_events *first)
{
    struct log_events both = *first;
    struct att_err err = { 0 };

    if (!log_append(&env, LOG_TCG, log, "log", &both, &err)) {
        log_refused(&err); /* a locality that comes too late now, or too many events */
        return;
    }
    if (both.count != 2 * first->count || both.banks != first->banks)
        __builtin_trap();
    for (size_t i = 0; i < first->count; i++)
        log_same(&both.items[i], &both.items[first->count + i], first->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_events set = { 0 };
    struct att_span log = { data, size };
    struct att_err err = { 0 };

    log_start();
    if (!log_append(&env, LOG_TCG, log, "log", &set, &err)) {
        log_refused(&err);
        return 0;
    }
    check(log, &set);
    log_replays(&set);
    again(log, &set);
    return 0;
}
