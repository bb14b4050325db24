/* layers: eventlog crypto base */
/* A list of IMA as text. What comes of it, written as a binary list, is read as the same records. */
#include "log_check.h"

#include "base/buf.h"

static void put(struct att_buf *b, const struct log_event *e)
{
    att_buf_u32le(b, e->pcr);
    att_buf_put(b, att_span_of(e->template_digest, 20));
    att_buf_u32le(b, (uint32_t)e->template_name.len);
    att_buf_put(b, e->template_name);
    if (!att_span_is(e->template_name, "ima"))
        att_buf_u32le(b, (uint32_t)e->body.len);
    att_buf_put(b, e->body);
}

static void binary(const struct log_events *set)
{
    struct log_events same = { 0 };
    struct att_err err = { 0 };
    struct att_buf b = { 0 };

    for (size_t i = 0; i < set->count; i++)
        put(&b, &set->items[i]);
    if (b.failed)
        abort();
    if (!log_append(&env, LOG_IMA, att_buf_span(&b), "log", &same, &err) || same.count != set->count)
        __builtin_trap();
    for (size_t i = 0; i < set->count; i++)
        log_same(&set->items[i], &same.items[i], 0);
    att_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_events set = { 0 };
    struct att_err err = { 0 };

    log_start();
    if (!log_append(&env, LOG_IMA_ASCII, att_span_of(data, size), "log", &set, &err)) {
        log_refused(&err);
        return 0;
    }
    for (size_t i = 0; i < set.count; i++)
        if (!set.items[i].ima || set.items[i].pcr >= LOG_PCRS || set.items[i].seq != i)
            __builtin_trap();
    log_replays(&set);
    binary(&set);
    return 0;
}
