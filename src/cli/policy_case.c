#include "cli/policy_case.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/answer.h"

#include <ctype.h>
#include <stdio.h>

enum { PCR_COUNT = 24, ALGORITHM_BYTES_MAX = 16 };

/* A log of 16 MiB has more values than one JSON text of a request. */
static struct att_json_options reading(struct att_limits *room)
{
    *room = att_limits_default;
    room->json_nodes_max = room->policy_json_nodes_max;
    return (struct att_json_options){ .limits = room };
}

static bool keep_text(struct att_arena *arena, struct att_buf *b, struct att_span *ret, struct att_err *err)
{
    const char *copy = b->failed ? NULL : att_arena_dup(arena, att_buf_span(b));

    if (!copy)
        return att_fail_memory(err, "claims");
    *ret = att_span_of(copy, b->len);
    return true;
}

/* -- registers ----------------------------------------------------------------------------------------- */

static void put_digests(struct att_json_writer *w, const struct att_json *doc, att_json_id banks,
                        const char *index)
{
    char name[ALGORITHM_BYTES_MAX + 1];

    att_jw_object(w);
    for (att_json_id bank = att_json_first(doc, banks); bank != ATT_JSON_NONE;
         bank = att_json_next(doc, bank)) {
        const struct att_json_node *node = &doc->nodes[bank];
        att_json_id digest = att_json_get(doc, bank, index);
        if (digest == ATT_JSON_NONE || node->keylen > ALGORITHM_BYTES_MAX)
            continue;
        for (size_t i = 0; i < node->keylen; i++)
            name[i] = (char)toupper(doc->source.ptr[node->key + i]);
        att_jw_key_span(w, att_span_of(name, node->keylen));
        att_jw_raw(w, att_json_source(doc, digest));
    }
    att_jw_end_object(w);
}

static bool has_register(const struct att_json *doc, att_json_id banks, const char *index)
{
    for (att_json_id bank = att_json_first(doc, banks); bank != ATT_JSON_NONE;
         bank = att_json_next(doc, bank))
        if (att_json_get(doc, bank, index) != ATT_JSON_NONE)
            return true;
    return false;
}

/* {"sha256": {"0": "HEX", ...}, ...}, as tools print replayed registers. */
static void put_registers(struct att_json_writer *w, const struct att_json *doc, att_json_id banks)
{
    att_jw_object(w);
    att_jw_key(w, "PCRs");
    att_jw_array(w);
    for (int i = 0; i < PCR_COUNT; i++) {
        char index[12];
        (void)snprintf(index, sizeof index, "%d", i);
        if (!has_register(doc, banks, index))
            continue;
        att_jw_object(w);
        att_jw_key(w, "Index");
        att_jw_int(w, i);
        att_jw_key(w, "Digests");
        put_digests(w, doc, banks, index);
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
    att_jw_end_object(w);
}

/* -- claims of the service ----------------------------------------------------------------------------- */

static bool compact(struct att_arena *arena, const struct att_json *doc, att_json_id id, bool registers,
                    struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };
    att_json_id banks = registers ? att_json_get(doc, id, "pcrs") : ATT_JSON_NONE;

    if (att_json_type(doc, banks) == ATT_JSON_OBJECT)
        put_registers(&w, doc, banks);
    else if (!cli_put_json(&w, arena, doc, id))
        return att_fail_memory(err, "claims");
    return keep_text(arena, &b, ret, err);
}

static bool add_log(struct cli_policy_case *c, const char *name, const struct att_json *doc, att_json_id id,
                    struct att_err *err)
{
    bool registers = strcmp(name, "pcrs") == 0;
    struct att_span text;
    bool is_text = att_json_type(doc, id) == ATT_JSON_STRING;

    if (is_text && !att_json_string(doc, c->incoming.arena, id, &text))
        return att_fail_memory(err, name);
    if (!is_text && !compact(c->incoming.arena, doc, id, registers, &text, err))
        return false;
    if (text.len > att_limits_default.policy_json_bytes_max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, name, "at most 16 MiB", "%zu bytes", text.len);
    return att_claims_add_text(&c->incoming, name, text, registers ? ATT_CLAIM_READ_ONLY : 0, err);
}

bool cli_policy_case_add(struct cli_policy_case *c, const char *name, struct att_span json,
                         struct att_err *err)
{
    struct att_limits room;
    struct att_json_options options = reading(&room);
    struct att_json doc;

    if (!att_json_parse(c->incoming.arena, json, &options, &doc, err))
        return att_fail_as(err, err->code, name);
    return add_log(c, name, &doc, ATT_JSON_ROOT, err);
}

/* -- the whole case ------------------------------------------------------------------------------------ */

static bool add_custom(struct cli_policy_case *c, struct att_span json, struct att_err *err)
{
    size_t before = c->incoming.count;

    if (!att_claims_read_json(&c->incoming, json, err))
        return att_fail_as(err, err->code, "custom");
    for (size_t i = before; i < c->incoming.count; i++)
        if (c->incoming.items[i].issuer != ATT_ISSUER_CUSTOM)
            return att_fail(err, ATT_JSON_TYPE, "custom", "claims of the issuer CustomClaim", "%s",
                            att_issuer_name(c->incoming.items[i].issuer));
    return true;
}

static bool add_members(struct cli_policy_case *c, struct att_err *err)
{
    static const char *const logs[] = { "events", "pcrs" };
    att_json_id custom = att_json_get(&c->doc, ATT_JSON_ROOT, "custom");

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        att_json_id id = att_json_get(&c->doc, ATT_JSON_ROOT, logs[i]);
        if (att_json_type(&c->doc, id) != ATT_JSON_NULL && !add_log(c, logs[i], &c->doc, id, err))
            return false;
    }
    return att_json_type(&c->doc, custom) == ATT_JSON_NULL ||
           add_custom(c, att_json_source(&c->doc, custom), err);
}

static bool is_container(const struct att_json *doc, att_json_id id)
{
    return att_json_type(doc, id) == ATT_JSON_ARRAY || att_json_type(doc, id) == ATT_JSON_OBJECT;
}

/* The service marks its registers read-only; a case that spells the claim out means the same claim. */
static void protect_registers(struct att_claims *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].issuer == ATT_ISSUER_SERVICE && att_span_is(set->items[i].type, "pcrs"))
            set->items[i].flags |= ATT_CLAIM_READ_ONLY;
}

bool cli_policy_case_read(struct att_arena *arena, struct att_span text, struct cli_policy_case *ret,
                          struct att_err *err)
{
    struct cli_policy_case c;
    struct att_limits room;
    struct att_json_options options = reading(&room);

    if (!att_json_parse(arena, text, &options, &c.doc, err))
        return false;
    att_json_id incoming = att_json_get(&c.doc, ATT_JSON_ROOT, "incoming");
    bool is_case = is_container(&c.doc, incoming);
    struct att_span claims = is_case ? att_json_source(&c.doc, incoming) : text;

    att_claims_init(&c.incoming, arena, &att_limits_default);
    if (!att_claims_read_json(&c.incoming, claims, err) || (is_case && !add_members(&c, err)))
        return false;
    protect_registers(&c.incoming);
    *ret = c;
    return true;
}
