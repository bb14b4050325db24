/* A file of collateral, written: one spelling of every content, so that the same items give the same bytes. */
#include <attest/collateral_bundle.h>

#include "attest/bundle_parts.h"
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "codec/json.h"
#include "codec/utf8.h"

#include <stdlib.h>

struct named {
    const char *id;
    const struct att_collateral_item *item;
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

static int by_family(const void *a, const void *b)
{
    return att_bundle_floor_order(a, b);
}

static bool names(struct att_arena *arena, const struct att_bundle *b, const struct named **ret,
                  struct att_err *err)
{
    struct named *all = att_arena_alloc(arena, b->item_count ? b->item_count : 1, sizeof *all);
    char id[ATT_ITEM_ID_SIZE];

    if (!all)
        return att_fail_memory(err, ATT_BUNDLE_WHERE);
    for (size_t i = 0; i < b->item_count; i++) {
        const struct att_collateral_item *item = &b->items[i];
        all[i].item = item;
        all[i].id = att_arena_dup(arena, att_str(att_item_id(&item->what, id)));
        if (!all[i].id)
            return att_fail_memory(err, ATT_BUNDLE_WHERE);
        if (id[0] == '\0' || item->body.len == 0 || item->chain.len == 0 || !att_utf8_valid(item->chain))
            return att_fail(err, ATT_COLLATERAL_BUNDLE_INVALID, ATT_BUNDLE_WHERE ".collateral",
                            "items with a name, a body and a chain", "item %zu, \"%s\", is none", i, id);
    }
    qsort(all, b->item_count, sizeof *all, by_id);
    for (size_t i = 1; i < b->item_count; i++)
        if (strcmp(all[i - 1].id, all[i].id) == 0)
            return att_fail(err, ATT_COLLATERAL_BUNDLE_INVALID, ATT_BUNDLE_WHERE ".collateral",
                            "every item once", "two of \"%s\"", all[i].id);
    *ret = all;
    return true;
}

static bool floors(struct att_arena *arena, const struct att_bundle *b, const struct att_tcb_floor **ret,
                   struct att_err *err)
{
    struct att_tcb_floor *all = att_arena_alloc(arena, b->floor_count ? b->floor_count : 1, sizeof *all);

    if (!all)
        return att_fail_memory(err, ATT_BUNDLE_WHERE);
    if (b->floor_count > 0)
        memcpy(all, b->floors, b->floor_count * sizeof *all);
    qsort(all, b->floor_count, sizeof *all, by_family);
    for (size_t i = 0; i < b->floor_count; i++)
        if (all[i].evaluation_number == 0 || (i > 0 && att_bundle_floor_order(&all[i - 1], &all[i]) == 0))
            return att_fail(err, ATT_COLLATERAL_BUNDLE_INVALID, ATT_BUNDLE_WHERE ".floors",
                            "one number above 0 for each family", "another list");
    *ret = all;
    return true;
}

static void put_items(struct att_json_writer *w, const struct named *items, size_t count)
{
    att_jw_array(w);
    for (size_t i = 0; i < count && !w->out->failed; i++) {
        ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
        att_base64url_put(&body, items[i].item->body);
        w->out->failed = w->out->failed || body.failed;
        att_jw_object(w);
        att_jw_key(w, "body");
        att_jw_string(w, att_buf_span(&body));
        att_jw_key(w, "chain");
        att_jw_string(w, items[i].item->chain);
        att_jw_key(w, "id");
        att_jw_str(w, items[i].id);
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
}

static void put_floors(struct att_json_writer *w, const struct att_tcb_floor *all, size_t count)
{
    att_jw_array(w);
    for (size_t i = 0; i < count; i++) {
        att_jw_object(w);
        att_jw_key(w, "fmspc");
        att_jw_hex(w, att_span_of(all[i].fmspc, sizeof all[i].fmspc));
        att_jw_key(w, "number");
        att_jw_int(w, all[i].evaluation_number);
        att_jw_key(w, "tee");
        att_jw_str(w, att_bundle_tee_name(all[i].tee));
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
}

bool att_bundle_payload(struct att_arena *arena, const struct att_bundle *b, struct att_buf *out,
                        struct att_err *err)
{
    struct att_json_writer w = { .out = out };
    const struct named *items = NULL;
    const struct att_tcb_floor *sorted = NULL;

    if (!names(arena, b, &items, err) || !floors(arena, b, &sorted, err))
        return false;
    att_jw_object(&w);
    att_jw_key(&w, "collateral");
    put_items(&w, items, b->item_count);
    att_jw_key(&w, "created");
    att_jw_int(&w, b->created_unix_s);
    att_jw_key(&w, "floors");
    put_floors(&w, sorted, b->floor_count);
    att_jw_key(&w, "format");
    att_jw_str(&w, ATT_BUNDLE_FORMAT);
    att_jw_end_object(&w);
    return true;
}

static bool header_good(struct att_arena *arena, struct att_span header_json, struct att_err *err)
{
    struct att_json header;

    if (!att_json_parse(arena, header_json, NULL, &header, err))
        return att_fail_as(err, ATT_COLLATERAL_BUNDLE_INVALID, ATT_BUNDLE_WHERE ".header");
    return att_bundle_typ(arena, &header, err);
}

static bool joined(struct att_arena *arena, struct att_span header, const struct att_buf *payload,
                   struct att_span *ret, struct att_err *err)
{
    size_t size = att_base64url_size(header.len) + 1 + att_base64url_size(payload->len);

    if (payload->failed && payload->out_of_memory)
        return att_fail_memory(err, ATT_BUNDLE_WHERE);
    if (payload->failed || size > ATT_BUNDLE_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, ATT_BUNDLE_WHERE, "at most ATT_BUNDLE_BYTES_MAX bytes",
                        "more");
    uint8_t *room = att_arena_alloc(arena, size, 1);
    if (!room)
        return att_fail_memory(err, ATT_BUNDLE_WHERE);
    struct att_buf out = { .ptr = room, .cap = size, .max = size };
    att_base64url_put(&out, header);
    att_buf_putc(&out, '.');
    att_base64url_put(&out, att_buf_span(payload));
    *ret = att_buf_span(&out);
    return true;
}

bool att_bundle_input(struct att_arena *arena, const struct att_bundle *bundle, struct att_span header_json,
                      struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf payload = { .max = ATT_BUNDLE_BYTES_MAX };

    if (bundle->item_count > ATT_BUNDLE_ITEMS_MAX || bundle->floor_count > ATT_BUNDLE_ITEMS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, ATT_BUNDLE_WHERE, "at most ATT_BUNDLE_ITEMS_MAX items",
                        "more");
    if (bundle->created_unix_s < 0)
        return att_fail(err, ATT_PARAMETER_INVALID, ATT_BUNDLE_WHERE ".created", "seconds since 1970",
                        "less");
    if (!header_good(arena, header_json, err) || !att_bundle_payload(arena, bundle, &payload, err))
        return false;
    return joined(arena, header_json, &payload, ret, err);
}
