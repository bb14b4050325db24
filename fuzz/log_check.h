/* fuzz/log_check.h - what holds for every event log that is read, whatever its form. */
#ifndef FUZZ_LOG_CHECK_H
#define FUZZ_LOG_CHECK_H

#include <stdlib.h>

#include "eventlog/log.h"

static struct att_arena *arena;
static struct att_limits limits;
static struct log_env env;

static inline void log_start(void)
{
    if (env.crypto) {
        att_arena_reset(arena);
        return;
    }
    arena = att_arena_new((size_t)8 << 20);
    limits = att_limits_default;
    limits.event_log_events_max = 300;
    env = (struct log_env){ .crypto = att_crypto_new(), .arena = arena, .limits = &limits };
    if (!arena || !env.crypto)
        abort();
}

static inline void log_inside(struct att_span whole, const uint8_t *at, size_t len)
{
    if (len > 0 && (at < whole.ptr || len > whole.len || (size_t)(at - whole.ptr) > whole.len - len))
        __builtin_trap();
}

/* Every refusal says why and where; an arena of 8 MB has room for 300 events. */
static inline void log_refused(const struct att_err *err)
{
    if ((err->code != ATT_EVENT_LOG_MALFORMED && err->code != ATT_EVENT_LOG_LIMIT &&
         err->code != ATT_IMA_LOG_MISMATCH) ||
        !err->where[0] || !err->found[0] || !err->expected[0])
        __builtin_trap();
}

static inline void log_same(const struct log_event *a, const struct log_event *b, size_t later)
{
    if (a->seq + later != b->seq || a->pcr != b->pcr || a->type != b->type || a->ima != b->ima ||
        a->extends != b->extends || a->ima_violation != b->ima_violation || !att_span_eq(a->body, b->body) ||
        !att_span_eq(a->template_name, b->template_name))
        __builtin_trap();
    for (int h = 0; h < ATT_HASH_COUNT; h++)
        if (a->digest[h] != b->digest[h])
            __builtin_trap();
}

/* The replay is the same each time, its own values match, and another bit in a register does not. */
static inline void log_replays(const struct log_events *set)
{
    for (enum att_hash bank = ATT_SHA1; bank < ATT_HASH_COUNT; bank++) {
        struct log_registers a, b;
        struct att_err err = { 0 };
        struct log_quoted quoted = { .bank = bank, .pcrs = 0xffffff, .value = a.value };
        bool whole = (set->banks >> bank & 1) != 0;
        if (log_replay(&env, set, bank, 0xffffff, false, &a, &err) != whole)
            __builtin_trap();
        if (!whole)
            continue;
        if (!log_replay(&env, set, bank, a.touched, false, &b, &err) || a.touched != b.touched)
            __builtin_trap();
        for (unsigned i = 0; i < LOG_PCRS; i++)
            if ((a.touched >> i & 1) != 0 && memcmp(a.value[i], b.value[i], att_hash_size(bank)) != 0)
                __builtin_trap();
        if (!log_matches(&env, set, &quoted, 0xffffff, false, "tpm", &err))
            __builtin_trap();
        unsigned pcr = (unsigned)(set->count % LOG_PCRS);
        a.value[pcr][set->bytes % att_hash_size(bank)] ^= 1;
        if (log_matches(&env, set, &quoted, 0xffffff, true, "tpm", &err))
            __builtin_trap();
    }
}

#endif
