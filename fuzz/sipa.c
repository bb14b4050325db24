/* layers: eventlog crypto codec base */
/* Any bytes as a body of Windows' events. What is read lies inside the input and nests as it says; its JSON is JSON, always the same,
 * and holds no name twice. */
#include "eventlog/sipa.h"

#include "base/buf.h"
#include "codec/json.h"

#include <stdlib.h>

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sipa_items items, again;

static void check_items(const uint8_t *data, size_t size)
{
    MUST(items.count <= SIPA_ITEMS_MAX);
    for (uint32_t i = 0; i < items.count; i++) {
        const struct sipa_item *t = &items.at[i];
        MUST(t->end > i && t->end <= items.count);
        MUST(t->data.ptr >= data + 8 && t->data.ptr + t->data.len <= data + size);
        for (uint32_t part = i + 1; part < t->end; part++)
            MUST(items.at[part].end <= t->end && items.at[part].data.ptr >= t->data.ptr &&
                 items.at[part].data.ptr + items.at[part].data.len <= t->data.ptr + t->data.len);
    }
}

static void check_payloads(void)
{
    for (uint32_t i = 0; i < items.count; i++) {
        struct att_span d = items.at[i].data, n, e;
        int64_t value = -1;
        bool b = false;
        if (sipa_bool(d, &b))
            MUST(sipa_integer(d, &value) && value == b);
        if (sipa_integer(d, &value))
            MUST(value >= 0 && d.len <= 8);
        if (sipa_rsa_key(d, &n, &e))
            MUST(n.len > 0 && e.len > 0 && 16 + n.len + e.len == d.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_buf first = { 0 }, second = { 0 };
    struct att_json_writer w = { .out = &first };
    struct att_json doc;

    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    MUST(arena && sipa_room(arena, size, &items) && sipa_room(arena, size, &again));
    if (size > 4096 || !sipa_read(att_span_of(data, size), &items)) {
        att_arena_free(arena);
        return 0;
    }
    check_items(data, size);
    check_payloads();
    sipa_json_put(&w, &items);
    MUST(!first.failed);
    struct att_err err = { 0 };
    MUST(att_json_parse(arena, att_buf_span(&first), NULL, &doc, &err) || err.code == ATT_JSON_LIMIT);
    w = (struct att_json_writer){ .out = &second };
    MUST(sipa_read(att_span_of(data, size), &again));
    sipa_json_put(&w, &again);
    MUST(att_span_eq(att_buf_span(&first), att_buf_span(&second)));
    att_arena_free(arena);
    att_buf_free(&first);
    att_buf_free(&second);
    return 0;
}
