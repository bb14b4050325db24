#include "eventlog/sipa.h"

#include <attest/arena.h>

#include "base/reader.h"
#include "eventlog/utf16.h"

#define CONTAINER    0x40000000u
#define NOT_MEASURED 0x80000000u

static const struct sipa_row rows[] = {
#define X(number, text, kind_) { .id = (number), .name = "EVENT_" #text, .kind = SIPA_##kind_ },
#include "eventlog/sipa.def"
#undef X
};

const struct sipa_row *sipa_find(uint32_t id)
{
    size_t low = 0, high = sizeof rows / sizeof rows[0];

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rows[middle].id == id)
            return &rows[middle];
        if (rows[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Recursion ends at SIPA_DEPTH_MAX. */
static bool read_sequence(struct att_span bytes, unsigned depth, struct sipa_items *s)
{
    struct att_reader r = att_reader_of(bytes);

    while (r.left > 0) {
        uint32_t id = att_take_u32le(&r);
        struct att_span data = att_take(&r, att_take_u32le(&r));
        if (r.failed)
            return false;
        if (id & NOT_MEASURED)
            continue;
        if (s->count == s->capacity)
            return false;
        struct sipa_item *item = &s->at[s->count++];
        item->id = id;
        item->data = data;
        if (id & CONTAINER && (depth == SIPA_DEPTH_MAX || !read_sequence(data, depth + 1, s)))
            return false;
        item->end = s->count;
    }
    return att_all_read(&r);
}

bool sipa_room(struct att_arena *a, size_t body_bytes_max, struct sipa_items *ret)
{
    enum { HEAD_BYTES = 8 };
    size_t n = body_bytes_max / HEAD_BYTES;
    struct sipa_items s = { .capacity = (uint32_t)(n < SIPA_ITEMS_MAX ? n : SIPA_ITEMS_MAX) };

    s.at = att_arena_alloc(a, s.capacity, sizeof *s.at);
    s.order = att_arena_alloc(a, s.capacity, sizeof *s.order);
    if (!s.at || !s.order)
        return false;
    *ret = s;
    return true;
}

bool sipa_read(struct att_span body, struct sipa_items *ret)
{
    ret->count = 0;
    return body.len > 0 && read_sequence(body, 1, ret);
}

bool sipa_bool(struct att_span data, bool *ret)
{
    if (data.len != 1 || data.ptr[0] > 1)
        return false;
    *ret = data.ptr[0] == 1;
    return true;
}

bool sipa_integer(struct att_span data, int64_t *ret)
{
    uint64_t v = 0;

    if (data.len != 1 && data.len != 2 && data.len != 4 && data.len != 8)
        return false;
    for (size_t i = data.len; i > 0; i--)
        v = v << 8 | data.ptr[i - 1];
    if (v > INT64_MAX)
        return false;
    *ret = (int64_t)v;
    return true;
}

bool sipa_string(struct att_span data, struct att_span *ret_utf16)
{
    struct att_span text = data;

    if (text.len >= 2 && text.ptr[text.len - 1] == 0 && text.ptr[text.len - 2] == 0)
        text.len -= 2;
    if (!utf16_valid(text))
        return false;
    *ret_utf16 = text;
    return true;
}

bool sipa_named_value(struct att_span data, struct att_span *ret_utf16, int64_t *ret)
{
    size_t n = 0;
    int64_t value = 0;

    /* Printable ASCII: a bare number must not pass for a short text. */
    while (n + 2 <= data.len && data.ptr[n] >= 0x20 && data.ptr[n] < 0x7f && data.ptr[n + 1] == 0)
        n += 2;
    if (n == 0 || n + 2 > data.len || data.ptr[n] != 0 || data.ptr[n + 1] != 0 ||
        !sipa_integer(att_span_of(data.ptr + n + 2, data.len - n - 2), &value))
        return false;
    *ret_utf16 = att_span_of(data.ptr, n);
    *ret = value;
    return true;
}

bool sipa_rsa_key(struct att_span data, struct att_span *ret_n, struct att_span *ret_e)
{
    enum { RSA = 1, E_BYTES_MAX = 8, N_BYTES_MAX = 1024 };
    struct att_reader r = att_reader_of(data);

    uint32_t algorithm = att_take_u32le(&r);
    uint32_t bits = att_take_u32le(&r);
    uint32_t e_bytes = att_take_u32le(&r);
    uint32_t n_bytes = att_take_u32le(&r);
    if (r.failed || algorithm != RSA || e_bytes < 1 || e_bytes > E_BYTES_MAX || n_bytes < 1 ||
        n_bytes > N_BYTES_MAX || bits != 8 * n_bytes)
        return false;
    struct att_span e = att_take(&r, e_bytes);
    struct att_span n = att_take(&r, n_bytes);
    if (!att_all_read(&r))
        return false;
    *ret_e = e;
    *ret_n = n;
    return true;
}
