#include "eventlog/log.h"

#include "base/err.h"
#include "eventlog/ima.h"

#include <stdarg.h>
#include <stdio.h>

enum { ALL_BANKS = (1u << ATT_HASH_COUNT) - 1, EVENTS_FIRST = 64 };

static const struct {
    bool (*open)(struct log_source *s);
    log_next_fn *next;
} forms[] = {
    [LOG_TCG] = { tcg_open, tcg_next },
    [LOG_IMA] = { ima_open, ima_next },
    [LOG_IMA_ASCII] = { ima_ascii_open, ima_ascii_next },
};

bool log_malformed(const struct log_source *s, const char *expected, const char *found_format, ...)
{
    char where[96], found[120];
    va_list args;

    (void)snprintf(where, sizeof where, "%s.records[%zu]", s->where, s->record);
    va_start(args, found_format);
    (void)vsnprintf(found, sizeof found, found_format, args);
    va_end(args);
    return att_fail(s->err, ATT_EVENT_LOG_MALFORMED, where, expected, "%s, in the record at byte %zu", found,
                    s->offset);
}

static struct log_source source_of(const struct log_env *env, struct att_span bytes, const char *where,
                                   const struct log_events *set, struct att_err *err)
{
    return (struct log_source){
        .env = env,
        .where = where,
        .bytes = bytes,
        .r = att_reader_of(bytes),
        .err = err,
        .locality = set->locality,
        .pcr0_extended = set->pcr0_extended,
    };
}

static bool too_many(const struct log_env *env, const char *where, struct att_err *err)
{
    return att_fail(err, ATT_EVENT_LOG_LIMIT, where, "events within the limit",
                    "more than event_log_events_max, %zu", env->limits->event_log_events_max);
}

/* All events of the source, into `items` unless it is NULL; `seq` is the number of the first. */
static bool source_read(struct log_source *s, log_next_fn *next, size_t seq, struct log_event *items,
                        size_t *ret_count)
{
    size_t room = s->env->limits->event_log_events_max - seq;

    for (s->record = 0;; s->record++) {
        struct log_event e = { 0 };
        bool more = false;
        s->offset = s->bytes.len - s->r.left;
        if (!next(s, &e, &more))
            return false;
        if (!more)
            break;
        if (s->record >= room)
            return too_many(s->env, s->where, s->err);
        e.seq = (uint32_t)(seq + s->record);
        if (items)
            items[s->record] = e;
    }
    *ret_count = s->record;
    return true;
}

/* Room for `more` events behind those that are there. */
static bool events_grow(const struct log_env *env, size_t more, const char *where, struct log_events *set,
                        struct att_err *err)
{
    size_t needed = set->count + more;
    size_t capacity = set->capacity ? set->capacity * 2 : EVENTS_FIRST;

    if (needed <= set->capacity)
        return true;
    if (capacity < needed)
        capacity = needed;
    struct log_event *items = att_arena_alloc(env->arena, capacity, sizeof *items);
    if (!items)
        return att_fail_memory(err, where);
    if (set->count > 0)
        memcpy(items, set->items, set->count * sizeof *items);
    set->items = items;
    set->capacity = capacity;
    return true;
}

bool log_append(const struct log_env *env, enum log_form form, struct att_span bytes, const char *where,
                struct log_events *set, struct att_err *err)
{
    size_t limit = env->limits->event_log_bytes_max;
    size_t count = 0;

    if (set->bytes > limit || bytes.len > limit - set->bytes)
        return att_fail(err, ATT_EVENT_LOG_LIMIT, where, "logs within the limit",
                        "more than event_log_bytes_max, %zu bytes", limit);
    if (set->count > env->limits->event_log_events_max)
        return too_many(env, where, err);
    struct log_source counting = source_of(env, bytes, where, set, err);
    struct log_source keeping = counting;
    keeping.keeping = true;
    if (!forms[form].open(&counting) || !source_read(&counting, forms[form].next, set->count, NULL, &count) ||
        !events_grow(env, count, where, set, err))
        return false;
    struct log_event *behind = set->items ? set->items + set->count : NULL;
    if (!forms[form].open(&keeping) || !source_read(&keeping, forms[form].next, set->count, behind, &count))
        return false;
    if (form == LOG_TCG) {
        set->banks = set->has_tcg ? set->banks & keeping.banks : keeping.banks;
        set->locality = keeping.locality;
        set->pcr0_extended = keeping.pcr0_extended;
        set->has_tcg = true;
    } else {
        set->banks = set->has_tcg ? set->banks : ALL_BANKS;
        set->has_ima = true;
    }
    set->count += count;
    set->bytes += bytes.len;
    return true;
}
