/* /collateral: each item as it stands, for people and `attestctl collateral show`; /collateral/items: the same with their
 * bytes, for `attestctl collateral export`. What vendors publish, and how asking for it went: no secret is among it. */
#include "server/admin_collateral.h"

#include "base/base64.h"
#include "codec/json.h"

#include <stdlib.h>

enum { FLOORS_MAX = 100000 };

struct writing {
    struct att_json_writer w;
    bool bytes;
};

static void put_text(struct att_json_writer *w, const char *name, const char *text)
{
    att_jw_key(w, name);
    att_jw_str(w, text[0] ? text : NULL);
}

static void put_int(struct att_json_writer *w, const char *name, int64_t n)
{
    att_jw_key(w, name);
    att_jw_int(w, n);
}

/* The alphabet needs no escapes. */
static void put_base64url(struct att_json_writer *w, struct att_span bytes)
{
    struct att_buf text = { 0 };

    att_buf_putc(&text, '"');
    att_base64url_put(&text, bytes);
    att_buf_putc(&text, '"');
    att_jw_raw(w, att_buf_span(&text));
    w->out->failed = w->out->failed || text.failed;
    att_buf_free(&text);
}

static void put_last(struct att_json_writer *w, const struct supply_item *item)
{
    att_jw_key(w, "last");
    att_jw_object(w);
    put_text(w, "code", att_code_name(item->last.code));
    put_text(w, "expected", item->last.expected);
    put_text(w, "found", item->last.found);
    put_int(w, "httpStatus", item->last_status);
    att_jw_end_object(w);
}

/* Members in order of their names. */
static void put_item(void *ctx, const struct supply_item *item)
{
    struct writing *to = ctx;
    struct att_json_writer *w = &to->w;

    if (to->bytes && !item->held)
        return;
    att_jw_object(w);
    att_jw_key(w, "aging");
    att_jw_bool(w, item->aging);
    if (to->bytes) {
        att_jw_key(w, "body");
        put_base64url(w, item->body);
        att_jw_key(w, "chain");
        att_jw_string(w, item->chain);
    }
    put_int(w, "evaluationNumber", item->facts.evaluation_number);
    put_int(w, "fetched", item->fetched_unix_s);
    att_jw_key(w, "held");
    att_jw_bool(w, item->held);
    put_text(w, "id", item->id);
    put_int(w, "issued", item->facts.issued_unix_s);
    put_last(w, item);
    put_int(w, "nextTry", item->next_try_unix_s);
    put_int(w, "nextUpdate", item->facts.next_unix_s);
    put_text(w, "source", item->source);
    att_jw_end_object(w);
}

static void put_floors(struct att_json_writer *w, struct supply *supply)
{
    size_t count = supply_floors(supply, NULL, 0);
    count = count < FLOORS_MAX ? count : FLOORS_MAX;
    struct att_tcb_floor *floors = calloc(count + 1, sizeof *floors);
    size_t now = floors ? supply_floors(supply, floors, count) : 0;

    att_jw_key(w, "floors");
    att_jw_array(w);
    for (size_t i = 0; i < now && i < count; i++) {
        att_jw_object(w);
        att_jw_key(w, "fmspc");
        att_jw_hex(w, att_span_of(floors[i].fmspc, sizeof floors[i].fmspc));
        put_int(w, "number", floors[i].evaluation_number);
        put_text(w, "tee", floors[i].tee == ATT_TEE_SGX ? "sgx" : "tdx");
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
    w->out->failed = w->out->failed || !floors;
    free(floors);
}

void admin_collateral_write(struct supply *supply, bool bytes, int64_t now_unix_s, struct att_buf *out)
{
    struct writing to = { .w = { .out = out }, .bytes = bytes };

    att_jw_object(&to.w);
    att_jw_key(&to.w, "collateral");
    att_jw_array(&to.w);
    supply_each(supply, put_item, &to);
    att_jw_end_array(&to.w);
    put_floors(&to.w, supply);
    put_int(&to.w, "now", now_unix_s);
    att_jw_end_object(&to.w);
}
