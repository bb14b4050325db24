/* layers: eventlog crypto base */
/* A list of IMA: what is read lies inside it, the replay holds; cut between two records and read as two lists it is the same. */
#include "log_check.h"

enum { RECORD_BYTES_MIN = 33 }; /* register, digest, a name of one byte, no data */

static void check(struct att_span log, const struct log_events *set)
{
    if (set->count > log.len / RECORD_BYTES_MIN || set->bytes != log.len || set->has_tcg || !set->has_ima ||
        set->banks != (1u << ATT_HASH_COUNT) - 1)
        __builtin_trap();
    for (size_t i = 0; i < set->count; i++) {
        const struct log_event *e = &set->items[i];
        if (e->seq != i || !e->ima || !e->extends || e->pcr >= LOG_PCRS || e->type != 0)
            __builtin_trap();
        log_inside(log, e->body.ptr, e->body.len);
        log_inside(log, e->template_name.ptr, e->template_name.len);
        log_inside(log, e->template_digest, 20);
        for (int h = 0; h < ATT_HASH_COUNT; h++)
            if (e->digest[h])
                __builtin_trap();
    }
}

static void cut(struct att_span log, const struct log_events *whole)
{
    struct log_events set = { 0 };
    struct att_err err = { 0 };
    struct att_span body = whole->items[(whole->count - 1) / 2].body;
    size_t at = (size_t)(body.ptr - log.ptr) + body.len;

    if (!log_append(&env, LOG_IMA, att_span_of(log.ptr, at), "log", &set, &err) ||
        !log_append(&env, LOG_IMA, att_span_of(log.ptr + at, log.len - at), "log", &set, &err))
        __builtin_trap();
    if (set.count != whole->count || set.bytes != whole->bytes)
        __builtin_trap();
    for (size_t i = 0; i < whole->count; i++)
        log_same(&whole->items[i], &set.items[i], 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_events set = { 0 };
    struct att_span log = { data, size };
    struct att_err err = { 0 };

    log_start();
    if (!log_append(&env, LOG_IMA, log, "log", &set, &err)) {
        log_refused(&err);
        return 0;
    }
    check(log, &set);
    log_replays(&set);
    if (set.count > 0)
        cut(log, &set);
    return 0;
}
