#include "base/err.h"
#include "base/hex.h"
#include "cli/files.h"
#include "cli/verify_inputs.h"
#include "codec/json.h"

#include <stdio.h>

enum { ROWS_MAX = 64 };

struct reading {
    struct cli *c;
    struct att_json j;
    char where[48];
    struct att_err *err;
};

/* Absent is none; bytes of another number are a mistake. */
static bool hex_of(struct reading *r, att_json_id row, const char *name, size_t bytes, struct att_span *ret)
{
    att_json_id id = att_json_get(&r->j, row, name);
    struct att_span text = { 0 };

    if (id == ATT_JSON_NONE)
        return true;
    uint8_t *to = att_arena_alloc(r->c->arena, bytes, 1);
    if (!to)
        return att_fail_memory(r->err, r->where);
    if (att_json_type(&r->j, id) != ATT_JSON_STRING || !att_json_string(&r->j, r->c->arena, id, &text) ||
        text.len != 2 * bytes || !att_hex_read(text, to, bytes))
        return att_fail(r->err, ATT_USAGE, r->where, name, "no text of %zu hexadecimal digits", 2 * bytes);
    *ret = att_span_of(to, bytes);
    return true;
}

static bool text_of(struct reading *r, att_json_id row, const char *name, const char **ret)
{
    att_json_id id = att_json_get(&r->j, row, name);
    struct att_span text = { 0 };

    if (id == ATT_JSON_NONE)
        return true;
    if (att_json_type(&r->j, id) != ATT_JSON_STRING || !att_json_string(&r->j, r->c->arena, id, &text))
        return att_fail(r->err, ATT_USAGE, r->where, name, "no text");
    *ret = att_arena_dup(r->c->arena, text);
    return *ret || att_fail_memory(r->err, r->where);
}

static bool number_of(struct reading *r, att_json_id row, const char *name, uint32_t *ret)
{
    return att_json_get(&r->j, row, name) == ATT_JSON_NONE ||
           att_json_want_u32(&r->j, row, r->where, name, UINT32_MAX, ret, r->err);
}

/* A misspelt condition would be one that is not there. */
static bool names_known(struct reading *r, att_json_id row)
{
    static const char *const known[] = { "status",     "type",        "id_key_digest", "family_id",
                                         "image_id",   "measurement", "mrseam",        "guest_svn_min",
                                         "uvm_issuer", "uvm_feed",    "uvm_svn_min" };
    struct att_shown shown;

    for (att_json_id id = att_json_first(&r->j, row); id != ATT_JSON_NONE; id = att_json_next(&r->j, id)) {
        struct att_span name = { 0 };
        bool found = false;
        if (!att_json_key(&r->j, r->c->arena, id, &name))
            return att_fail_memory(r->err, r->where);
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found = found || att_span_is(name, known[i]);
        if (!found)
            return att_fail(r->err, ATT_USAGE, r->where, "members as settings of [compliance NAME]", "%s",
                            att_shown(&shown, name));
    }
    return true;
}

static bool row_of(struct reading *r, att_json_id id, struct att_compliance_row *ret)
{
    struct att_compliance_row row = { .evidence_type = "sev-snp" };
    uint32_t uvm_svn = 0;

    if (att_json_type(&r->j, id) != ATT_JSON_OBJECT)
        return att_fail(r->err, ATT_USAGE, r->where, "an object", "another value");
    if (!names_known(r, id) || !text_of(r, id, "status", &row.status) ||
        !text_of(r, id, "type", &row.evidence_type) || !text_of(r, id, "uvm_issuer", &row.uvm_issuer) ||
        !text_of(r, id, "uvm_feed", &row.uvm_feed) ||
        !hex_of(r, id, "id_key_digest", 48, &row.id_key_digest) ||
        !hex_of(r, id, "family_id", 16, &row.family_id) || !hex_of(r, id, "image_id", 16, &row.image_id) ||
        !hex_of(r, id, "measurement", 48, &row.measurement) || !hex_of(r, id, "mrseam", 48, &row.mrseam) ||
        !number_of(r, id, "guest_svn_min", &row.guest_svn_min) || !number_of(r, id, "uvm_svn_min", &uvm_svn))
        return false;
    row.uvm_svn_min = uvm_svn;
    if (!row.status || row.status[0] == '\0')
        return att_fail(r->err, ATT_USAGE, r->where, "status: the value of the claim", "none");
    *ret = row;
    return true;
}

bool cli_compliance_read(struct cli *c, const struct att_compliance_row **ret, size_t *ret_count,
                         struct att_err *err)
{
    struct reading r = { .c = c, .err = err };
    struct att_span text = { 0 };
    bool given = false;
    size_t at = 0;

    if (!cli_read_option(c, "compliance", &given, &text, err))
        return false;
    if (!given)
        return true;
    if (!att_json_parse(c->arena, text, NULL, &r.j, err))
        return att_fail_as(err, ATT_USAGE, "compliance");
    if (att_json_type(&r.j, ATT_JSON_ROOT) != ATT_JSON_ARRAY || r.j.nodes[ATT_JSON_ROOT].count > ROWS_MAX)
        return att_fail(err, ATT_USAGE, "compliance", "a list of at most 64 objects", "another value");
    struct att_compliance_row *rows = att_arena_alloc(c->arena, ROWS_MAX, sizeof *rows);
    if (!rows)
        return att_fail_memory(err, "compliance");
    for (att_json_id id = att_json_first(&r.j, ATT_JSON_ROOT); id != ATT_JSON_NONE;
         id = att_json_next(&r.j, id)) {
        (void)snprintf(r.where, sizeof r.where, "compliance[%zu]", at);
        if (!row_of(&r, id, &rows[at++]))
            return false;
    }
    *ret = rows;
    *ret_count = at;
    return true;
}
