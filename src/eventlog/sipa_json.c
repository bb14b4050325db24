/* Windows' events as the JSON of policies 1.2. What stands more than once in one place: containers as they are defined (sipa.h), all
 * else once if all are equal, and as an array if not. */
#include "base/base64.h"
#include "base/buf.h"
#include "codec/json.h"
#include "eventlog/sipa.h"
#include "eventlog/utf16.h"

#include <stdio.h>
#include <stdlib.h>

struct json {
    struct att_json_writer *w;
    struct sipa_items *s;
};

static void put_base64(struct att_json_writer *w, struct att_span bytes)
{
    struct att_buf text = { 0 };

    att_base64url_put(&text, bytes);
    att_jw_string(w, att_buf_span(&text));
    if (text.failed)
        w->out->failed = w->out->out_of_memory = true;
    att_buf_free(&text);
}

static void put_utf16(struct att_json_writer *w, struct att_span utf16)
{
    struct att_buf text = { 0 };

    utf16_put(&text, utf16);
    att_jw_string(w, att_buf_span(&text));
    if (text.failed)
        w->out->failed = w->out->out_of_memory = true;
    att_buf_free(&text);
}

static void put_raw(struct att_json_writer *w, struct att_span data)
{
    att_jw_object(w);
    att_jw_key(w, "RawData");
    put_base64(w, data);
    att_jw_end_object(w);
}

static void put_authorization(struct att_json_writer *w, struct att_span data)
{
    att_jw_object(w);
    att_jw_key(w, "RawData");
    put_base64(w, data);
    att_jw_key(w, "SignatureValid");
    att_jw_bool(w, false); /* nobody has told whose signature that would be */
    att_jw_end_object(w);
}

static void put_value(struct att_json_writer *w, const struct att_span *utf16, int64_t value)
{
    att_jw_object(w);
    if (utf16) {
        att_jw_key(w, "String");
        put_utf16(w, *utf16);
    }
    att_jw_key(w, "Value");
    att_jw_int(w, value);
    att_jw_end_object(w);
}

/* A payload that is not what its kind says is shown as it is. */
static void put_scalar(struct att_json_writer *w, enum sipa_kind kind, struct att_span data)
{
    struct att_span text;
    int64_t n = 0;
    bool b = false;

    if (kind == SIPA_BOOL && sipa_bool(data, &b))
        att_jw_bool(w, b);
    else if (kind == SIPA_INTEGER && sipa_integer(data, &n))
        att_jw_int(w, n);
    else if (kind == SIPA_VALUE && sipa_integer(data, &n))
        put_value(w, NULL, n);
    else if (kind == SIPA_NAMED_VALUE && sipa_named_value(data, &text, &n))
        put_value(w, &text, n);
    else if (kind == SIPA_STRING && sipa_string(data, &text))
        put_utf16(w, text);
    else if (kind == SIPA_AUTHORIZATION)
        put_authorization(w, data);
    else
        put_raw(w, data);
}

static const struct sipa_item *item_of(const struct json *j, uint64_t key)
{
    return &j->s->at[(uint32_t)key];
}

/* Published queries look for it beside the boundary, wherever it was measured. */
static bool is_hoisted(uint32_t id)
{
    return id == SIPA_ID_DRTM_SMM;
}

/* Items from `begin` on, not their parts, appended to the list behind `n`. Hoisted ones go to the top, out of any depth. */
static size_t gather(const struct json *j, uint32_t begin, uint32_t end, bool top, size_t n)
{
    for (uint32_t i = begin; i < end; i = j->s->at[i].end) {
        if (!is_hoisted(j->s->at[i].id))
            j->s->order[n++] = (uint64_t)j->s->at[i].id << 32 | i;
    }
    for (uint32_t i = begin; top && i < end; i++) {
        if (is_hoisted(j->s->at[i].id))
            j->s->order[n++] = (uint64_t)j->s->at[i].id << 32 | i;
    }
    return n;
}

static int by_key(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void put_members(const struct json *j, size_t from, size_t to);

static void put_object(const struct json *j, const uint64_t *keys, size_t count, size_t room)
{
    size_t end = room;

    for (size_t i = 0; i < count; i++)
        end = gather(j, (uint32_t)keys[i] + 1, item_of(j, keys[i])->end, false, end);
    put_members(j, room, end);
}

static bool all_equal(const struct json *j, const uint64_t *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!att_span_eq(item_of(j, keys[0])->data, item_of(j, keys[i])->data))
            return false;
    }
    return true;
}

/* All items of one number in one place. */
static void put_group(const struct json *j, const uint64_t *keys, size_t count, size_t room)
{
    const struct sipa_item *first = item_of(j, keys[0]);
    const struct sipa_row *row = sipa_find(first->id);
    enum sipa_kind kind = row ? row->kind : (first->id & 0x40000000u) != 0 ? SIPA_OBJECT : SIPA_NUMBERED;
    bool list = kind == SIPA_LIST || kind == SIPA_RAW_LIST || !all_equal(j, keys, count);
    char name[24];

    (void)snprintf(name, sizeof name, "EVENT_0x%08X", first->id);
    att_jw_key(j->w, row && kind != SIPA_NUMBERED ? row->name : name);
    if (kind == SIPA_OBJECT) {
        put_object(j, keys, count, room);
        return;
    }
    if (list)
        att_jw_array(j->w);
    for (size_t i = 0; i < (list ? count : 1); i++) {
        if (kind == SIPA_LIST)
            put_object(j, &keys[i], 1, room);
        else
            put_scalar(j->w, kind, item_of(j, keys[i])->data);
    }
    if (list)
        att_jw_end_array(j->w);
}

/* The list between `from` and `to` as one object; what is behind `to` is free. */
static void put_members(const struct json *j, size_t from, size_t to)
{
    uint64_t *keys = j->s->order;
    size_t next = from;

    qsort(&keys[from], to - from, sizeof keys[0], by_key);
    att_jw_object(j->w);
    for (size_t i = from; i < to; i = next) {
        for (next = i + 1; next < to && keys[next] >> 32 == keys[i] >> 32; next++)
            ;
        put_group(j, &keys[i], next - i, to);
    }
    att_jw_end_object(j->w);
}

void sipa_json_put(struct att_json_writer *w, struct sipa_items *items)
{
    struct json j = { .w = w, .s = items };

    put_members(&j, 0, gather(&j, 0, items->count, true, 0));
}
