/* Collateral from where it is: a running server, or a file. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/hex.h"
#include "cli/answer.h"
#include "cli/collateral.h"
#include "cli/files.h"
#include "cli/members.h"
#include "client/https.h"
#include "codec/json.h"

#include <stdio.h>

enum { ADMIN_BYTES_MAX = 64 << 20, JSON_NODES_MAX = 4 << 20, FRESH_PERCENT = 80 };

struct reading {
    struct cli *c;
    struct att_json j;
    struct att_err *err;
};

/* -- the admin listener ----------------------------------------------------------------------------------- */

static bool text_of(const struct reading *r, att_json_id row, const char *name, const char **ret)
{
    att_json_id id = att_json_get(&r->j, row, name);
    struct att_span text = { 0 };

    *ret = "";
    if (id == ATT_JSON_NONE || att_json_type(&r->j, id) != ATT_JSON_STRING)
        return true;
    if (!att_json_string(&r->j, r->c->arena, id, &text))
        return att_fail_memory(r->err, "collateral");
    *ret = att_arena_dup(r->c->arena, text);
    return *ret || att_fail_memory(r->err, "collateral");
}

static int64_t number_of(const struct reading *r, att_json_id row, const char *name)
{
    int64_t n = 0;

    return att_json_i64(&r->j, att_json_get(&r->j, row, name), &n) ? n : 0;
}

static bool bytes_of(const struct reading *r, att_json_id row, struct coll_item *ret)
{
    struct att_span text = { 0 };
    att_json_id body = att_json_get(&r->j, row, "body"), chain = att_json_get(&r->j, row, "chain");

    if (body == ATT_JSON_NONE)
        return true;
    return att_json_string(&r->j, r->c->arena, body, &text) &&
           att_base64_decode(r->c->arena, ATT_BASE64_STRICT, text, "collateral.body", &ret->body, r->err) &&
           (att_json_string(&r->j, r->c->arena, chain, &ret->chain) ||
            att_fail(r->err, ATT_SERVICE_UNAVAILABLE, "collateral.chain", "PEM text", "none"));
}

static bool item_of(const struct reading *r, att_json_id row, struct coll_item *ret)
{
    att_json_id last = att_json_get(&r->j, row, "last");

    if (!text_of(r, row, "id", &ret->id) || !text_of(r, row, "source", &ret->source) ||
        !text_of(r, last, "code", &ret->code) || !text_of(r, last, "found", &ret->found))
        return false;
    ret->evaluation_number = number_of(r, row, "evaluationNumber");
    ret->issued_unix_s = number_of(r, row, "issued");
    ret->next_unix_s = number_of(r, row, "nextUpdate");
    ret->fetched_unix_s = number_of(r, row, "fetched");
    ret->http_status = number_of(r, last, "httpStatus");
    ret->held = att_json_true(&r->j, att_json_get(&r->j, row, "held"));
    ret->aging = att_json_true(&r->j, att_json_get(&r->j, row, "aging"));
    return bytes_of(r, row, ret);
}

static bool floor_of(const struct reading *r, att_json_id row, struct att_tcb_floor *ret)
{
    const char *tee = NULL;

    if (!text_of(r, row, "tee", &tee))
        return false;
    ret->tee = strcmp(tee, "tdx") == 0 ? ATT_TEE_TDX : ATT_TEE_SGX;
    return att_json_want_hex(&r->j, r->c->arena, row, "floors", "fmspc", ret->fmspc, sizeof ret->fmspc,
                             r->err) &&
           att_json_want_u32(&r->j, row, "floors", "number", UINT32_MAX, &ret->evaluation_number, r->err);
}

static bool list_of(const struct reading *r, struct coll_list *ret)
{
    att_json_id items = ATT_JSON_NONE, floors = ATT_JSON_NONE;

    if (!att_json_want(&r->j, ATT_JSON_ROOT, "collateral", "collateral", ATT_JSON_ARRAY, &items, r->err) ||
        !att_json_want(&r->j, ATT_JSON_ROOT, "collateral", "floors", ATT_JSON_ARRAY, &floors, r->err))
        return false;
    ret->items = att_arena_alloc(r->c->arena, r->j.nodes[items].count + 1, sizeof *ret->items);
    ret->floors = att_arena_alloc(r->c->arena, r->j.nodes[floors].count + 1, sizeof *ret->floors);
    if (!ret->items || !ret->floors)
        return att_fail_memory(r->err, "collateral");
    for (att_json_id id = att_json_first(&r->j, items); id != ATT_JSON_NONE; id = att_json_next(&r->j, id)) {
        struct coll_item *item = &ret->items[ret->count++];
        *item = (struct coll_item){ 0 };
        if (!item_of(r, id, item))
            return false;
    }
    for (att_json_id id = att_json_first(&r->j, floors); id != ATT_JSON_NONE; id = att_json_next(&r->j, id)) {
        if (!floor_of(r, id, &ret->floors[ret->floor_count++]))
            return false;
    }
    ret->now_unix_s = number_of(r, ATT_JSON_ROOT, "now");
    return true;
}

static bool ask_admin(struct cli *c, const char *admin, bool bytes, struct att_span *ret, struct att_err *err)
{
    struct att_err why = { 0 };
    const char *url =
        cli_text(c->arena, "%s/collateral%s", admin ? admin : COLL_ADMIN_DEFAULT, bytes ? "/items" : "");
    struct client_request request = { .url = url, .plain_loopback = true, .body_bytes_max = ADMIN_BYTES_MAX };
    ATT_AUTO(client_response_free) struct client_response answer = { 0 };

    if (!url)
        return att_fail_memory(err, "admin");
    if (!client_send(&request, &answer, &why)) {
        if (why.code == ATT_USAGE)
            return att_fail(err, ATT_USAGE, "admin", why.expected, "%s", why.found);
        *err = why;
        return false;
    }
    if (answer.status != 200)
        return att_fail(err, ATT_SERVICE_UNAVAILABLE, "admin", "200 from the admin listener of attestd",
                        "%ld", answer.status);
    const char *copy = att_arena_dup(c->arena, att_buf_span(&answer.body));
    *ret = att_span_of(copy, answer.body.len);
    return copy || att_fail_memory(err, "admin");
}

bool coll_read_admin(struct cli *c, const char *admin, bool bytes, struct coll_list *ret, struct att_err *err)
{
    struct att_limits limits = att_limits_default;
    struct reading r = { .c = c, .err = err };
    struct att_span text = { 0 };

    limits.json_nodes_max = JSON_NODES_MAX;
    const struct att_json_options options = { .limits = &limits };
    return ask_admin(c, admin, bytes, &text, err) && att_json_parse(c->arena, text, &options, &r.j, err) &&
           list_of(&r, ret);
}

/* -- a bundle file ---------------------------------------------------------------------------------------- */

/* A time is past 80 % of a life that is known. */
static bool aging(int64_t issued, int64_t next, int64_t now)
{
    return next > issued && now - issued > (next - issued) / 100 * FRESH_PERCENT;
}

static bool item_of_bundle(struct cli *c, const struct att_lib *lib, const struct att_collateral_item *from,
                           int64_t now_unix_s, struct coll_item *ret)
{
    struct att_item_facts facts = { 0 };
    struct att_err why = { 0 };
    char id[ATT_ITEM_ID_SIZE];
    bool good = att_item_check(lib, from, &facts, &why);

    *ret = (struct coll_item){ .id = att_arena_dup(c->arena, att_str(att_item_id(&from->what, id))),
                               .source = "file",
                               .held = true,
                               .code = att_code_name(good ? ATT_OK : why.code),
                               .found = good ? "" : att_arena_dup(c->arena, att_str(why.found)),
                               .body = from->body,
                               .chain = from->chain };
    if (good) {
        ret->evaluation_number = facts.evaluation_number;
        ret->issued_unix_s = facts.issued_unix_s;
        ret->next_unix_s = facts.next_unix_s;
        ret->aging = aging(facts.issued_unix_s, facts.next_unix_s, now_unix_s);
    }
    return ret->id && ret->found;
}

bool coll_read_bundle(struct cli *c, const struct att_lib *lib, const char *path, struct coll_list *ret,
                      struct att_err *err)
{
    struct att_span file = { 0 }, keys = { 0 };
    struct att_bundle b = { 0 };

    if (!cli_time(c, &ret->now_unix_s, err) || !coll_trust(c, &keys, err) ||
        !cli_read(c, "bundle", path, &file, err) || !att_bundle_read(c->arena, file, keys, NULL, &b, err))
        return false;
    ret->items = att_arena_alloc(c->arena, b.item_count + 1, sizeof *ret->items);
    ret->floors = att_arena_alloc(c->arena, b.floor_count + 1, sizeof *ret->floors);
    if (!ret->items || !ret->floors)
        return att_fail_memory(err, "bundle");
    for (size_t i = 0; i < b.item_count; i++) {
        if (!item_of_bundle(c, lib, &b.items[i], ret->now_unix_s, &ret->items[ret->count++]))
            return att_fail_memory(err, "bundle");
    }
    for (size_t i = 0; i < b.floor_count; i++)
        ret->floors[ret->floor_count++] = b.floors[i];
    ret->file = file;
    ret->keys = keys;
    return true;
}
