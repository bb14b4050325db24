#include "keys/order.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#include <string.h>

enum { MEMBERS = 5 };

static const char where_order[] = "store.key-order";

bool key_order_encode(struct att_arena *arena, const struct key_order *order, struct store_doc *ret,
                      struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };

    att_jw_object(&w);
    att_jw_key(&w, "activate_in");
    att_jw_int(&w, order->activate_in_s);
    att_jw_key(&w, "asked");
    att_jw_int(&w, order->asked_unix_s);
    att_jw_key(&w, "by");
    att_jw_str(&w, order->by);
    att_jw_key(&w, "purpose");
    att_jw_str(&w, order->purpose);
    att_jw_key(&w, "retire");
    if (order->retire)
        att_jw_str(&w, order->retire);
    else
        att_jw_null(&w);
    att_jw_end_object(&w);
    char *id = att_arena_dup(arena, att_str(order->purpose));
    char *text = body.failed ? NULL : att_arena_dup(arena, att_buf_span(&body));
    if (!id || !text)
        return att_fail_memory(err, where_order);
    *ret = (struct store_doc){ .tenant = STORE_TENANT_SITE,
                               .kind = KEY_ORDER_KIND,
                               .id = id,
                               .changed_unix_s = order->asked_unix_s,
                               .body = att_span_of(text, body.len) };
    return true;
}

static bool want_text(const struct att_json *j, struct att_arena *a, const char *name, const char **ret,
                      struct att_err *err)
{
    struct att_span text = { 0 };

    if (!att_json_want_string(j, a, ATT_JSON_ROOT, where_order, name, &text, err))
        return false;
    if (text.len == 0 || memchr(text.ptr, '\0', text.len))
        return att_fail(err, ATT_STORE_FAILED, where_order, "text", "an empty one, or a NUL in it");
    *ret = att_arena_dup(a, text);
    return *ret || att_fail_memory(err, where_order);
}

static bool want_number(const struct att_json *j, const char *name, int64_t min, int64_t max, int64_t *ret,
                        struct att_err *err)
{
    att_json_id id = ATT_JSON_NONE;

    if (!att_json_want(j, ATT_JSON_ROOT, where_order, name, ATT_JSON_NUMBER, &id, err))
        return false;
    return (att_json_i64(j, id, ret) && *ret >= min && *ret <= max) ||
           att_fail(err, ATT_STORE_FAILED, where_order, "a number of seconds", "%s is another one", name);
}

static bool read_body(struct att_arena *a, struct att_span body, struct key_order *ret, struct att_err *err)
{
    struct att_json j;

    if (!att_json_parse(a, body, NULL, &j, err) ||
        !want_number(&j, "activate_in", KEY_ORDER_LEAD, KEY_ORDER_ACTIVATE_S_MAX, &ret->activate_in_s, err) ||
        !want_number(&j, "asked", 0, INT64_MAX, &ret->asked_unix_s, err) ||
        !want_text(&j, a, "by", &ret->by, err) || !want_text(&j, a, "purpose", &ret->purpose, err))
        return false;
    att_json_id retire = att_json_get(&j, ATT_JSON_ROOT, "retire");
    if (j.nodes[ATT_JSON_ROOT].count != MEMBERS || retire == ATT_JSON_NONE)
        return att_fail(err, ATT_STORE_FAILED, where_order, "the five members of an order", "others");
    return att_json_type(&j, retire) == ATT_JSON_NULL || want_text(&j, a, "retire", &ret->retire, err);
}

bool key_order_decode(struct att_arena *arena, const struct store_doc *doc, struct key_order *ret,
                      struct att_err *err)
{
    struct key_order order = { .version = doc->version };

    if (!read_body(arena, doc->body, &order, err))
        return att_fail_as(err, ATT_STORE_FAILED, "");
    if (strcmp(order.purpose, doc->id) != 0)
        return att_fail(err, ATT_STORE_FAILED, where_order, "the purpose that its id is", "another");
    *ret = order;
    return true;
}

bool key_order_put(struct store_tx *tx, struct att_arena *arena, const struct key_order *order,
                   struct att_err *err)
{
    struct store_doc doc;

    return key_order_encode(arena, order, &doc, err) && store_doc_put(tx, &doc, 0, err);
}

bool key_order_get(struct store_tx *tx, struct att_arena *arena, const char *purpose, struct key_order *ret,
                   bool *ret_found, struct att_err *err)
{
    struct store_doc doc = { 0 };

    return store_doc_get(tx, arena, STORE_TENANT_SITE, KEY_ORDER_KIND, purpose, &doc, ret_found, err) &&
           (!*ret_found || key_order_decode(arena, &doc, ret, err));
}

bool key_order_delete(struct store_tx *tx, const struct key_order *order, struct att_err *err)
{
    return store_doc_delete(tx, STORE_TENANT_SITE, KEY_ORDER_KIND, order->purpose, order->version, err);
}
