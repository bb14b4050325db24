/* Records of the audit trail: their bodies, and the chain of hashes through them. */
#include "base/err.h"
#include "base/hex.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "site/internal.h"

#include <stdio.h>

enum {
    /* A change of more objects leaves several records: one would outgrow a row. */
    CHANGES_PER_RECORD = 500,
    TEXT_BYTES_MAX = 512, /* of what a caller chose, such as its name */
};

/* A record in the making. */
struct record {
    const struct site_record *in;
    char scope[STORE_ID_BYTES_MAX + 1]; /* the record's, as the store takes it */
    int64_t now_unix_s;
    uint64_t seq;
    bool has_prev;
    uint8_t prev[SITE_DIGEST_BYTES];
    const struct site_changed *rows;
    size_t row_count;
    size_t part, parts;
};

/* Texts of people's choice are cut, at a character's end. */
static void put_text(struct att_json_writer *w, const char *name, const char *text)
{
    att_jw_key(w, name);
    if (!text) {
        att_jw_null(w);
        return;
    }
    struct att_span s = att_span_of(text, strnlen(text, TEXT_BYTES_MAX));
    while (text[s.len] && s.len > 0 && ((uint8_t)text[s.len] & 0xc0) == 0x80)
        s.len--;
    att_jw_string(w, s);
}

static void put_digest(struct att_json_writer *w, const char *name, const uint8_t *digest)
{
    att_jw_key(w, name);
    if (digest)
        att_jw_hex(w, att_span_of(digest, SITE_DIGEST_BYTES));
    else
        att_jw_null(w);
}

static void put_changes(struct att_json_writer *w, const struct record *r)
{
    att_jw_key(w, "changes");
    att_jw_array(w);
    for (size_t i = 0; i < r->row_count; i++) {
        const struct site_changed *row = &r->rows[i];
        if (row->derived)
            continue;
        att_jw_object(w);
        put_digest(w, "after", row->after ? site_object_digest(row->after) : NULL);
        put_digest(w, "before", row->before ? site_object_digest(row->before) : NULL);
        att_jw_key(w, "id");
        att_jw_str(w, row->key);
        att_jw_key(w, "kind");
        att_jw_str(w, site_rows[row->kind]->name);
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
}

static void put_refusal(struct att_json_writer *w, const struct att_err *refusal)
{
    att_jw_key(w, "refusal");
    if (!refusal) {
        att_jw_null(w);
        return;
    }
    att_jw_object(w);
    put_text(w, "code", att_code_name(refusal->code));
    put_text(w, "found", refusal->found);
    put_text(w, "where", refusal->where);
    att_jw_end_object(w);
}

/* Members in order of their names. */
static void put_record(struct att_buf *out, const struct record *r)
{
    struct att_json_writer w = { .out = out };
    struct att_time_text at;

    att_jw_object(&w);
    put_text(&w, "action", r->in->action);
    put_text(&w, "at", att_time_text(&at, r->now_unix_s));
    put_changes(&w, r);
    put_text(&w, "client", r->in->client);
    put_text(&w, "issuer", r->in->issuer);
    put_text(&w, "name", r->in->name);
    put_text(&w, "operation", r->in->operation);
    put_text(&w, "outcome", r->in->refusal ? "refused" : "done");
    att_jw_key(&w, "part");
    att_jw_int(&w, (int64_t)r->part);
    att_jw_key(&w, "parts");
    att_jw_int(&w, (int64_t)r->parts);
    put_digest(&w, "prev", r->has_prev ? r->prev : NULL);
    put_text(&w, "principal", r->in->principal);
    put_refusal(&w, r->in->refusal);
    put_text(&w, "request_id", r->in->request_id);
    att_jw_key(&w, "scope");
    att_jw_str(&w, r->scope);
    att_jw_key(&w, "seq");
    att_jw_int(&w, (int64_t)r->seq);
    if (r->in->subject)
        put_text(&w, "subject", r->in->subject);
    att_jw_key(&w, "tenant");
    att_jw_str(&w, r->in->tenant);
    put_text(&w, "via", r->in->via);
    att_jw_end_object(&w);
}

/* Writes one record; `r` then follows it. */
static bool append(struct store_tx *tx, struct record *r, struct att_err *err)
{
    struct att_buf body = { .max = STORE_BODY_BYTES_MAX };
    uint64_t seq = 0;

    put_record(&body, r);
    struct store_audit row = {
        .tenant = r->in->tenant,
        .scope = r->scope,
        .at_unix_s = r->now_unix_s,
        .body = att_buf_span(&body),
    };
    bool made = !body.failed || att_fail_memory(err, "site.audit");
    made = made && store_audit_append(tx, &row, &seq, err) && site_digest(row.body, r->prev, err);
    att_buf_free(&body);
    if (made && seq != r->seq)
        return att_fail(err, ATT_STORE_FAILED, "site.audit.seq", "the number behind the last one", "%llu",
                        (unsigned long long)seq);
    r->has_prev = true;
    r->seq++;
    return made;
}

/* A refused request may have named anything: what the store would not take as a scope must not keep the refusal out of
 * the trail. */
static void take_scope(struct record *r, const char *scope)
{
    size_t len = strnlen(scope, sizeof r->scope - 1);

    memcpy(r->scope, scope, len);
    r->scope[len] = '\0';
    if (scope[len] == '\0' && att_utf8_valid(att_span_of(scope, len)))
        return;
    for (char *c = r->scope; *c; c++)
        if ((uint8_t)*c < 0x20 || (uint8_t)*c >= 0x7f)
            *c = '?';
}

/* The record that the next one follows. */
static bool follow_last(struct store_tx *tx, struct att_arena *arena, struct record *r, struct att_err *err)
{
    struct store_audit last = { 0 };

    if (!store_audit_last(tx, arena, &last, &r->has_prev, err))
        return false;
    r->seq = r->has_prev ? last.seq + 1 : 1;
    return !r->has_prev || site_digest(last.body, r->prev, err);
}

bool site_audit_append(struct store_tx *tx, struct att_arena *arena, int64_t now_unix_s,
                       const struct site_record *record, const struct site_changed *rows, size_t row_count,
                       struct att_err *err)
{
    struct record r = { .in = record, .now_unix_s = now_unix_s };

    take_scope(&r, record->scope);
    r.parts = row_count == 0 ? 1 : (row_count + CHANGES_PER_RECORD - 1) / CHANGES_PER_RECORD;
    if (!follow_last(tx, arena, &r, err))
        return false;
    for (r.part = 1; r.part <= r.parts; r.part++) {
        size_t first = (r.part - 1) * CHANGES_PER_RECORD;
        r.rows = rows ? rows + first : NULL;
        r.row_count = row_count - first < CHANGES_PER_RECORD ? row_count - first : CHANGES_PER_RECORD;
        if (!append(tx, &r, err))
            return false;
    }
    return true;
}

bool site_audit_list(struct site *s, struct att_arena *arena, const char *tenant, const char *scope,
                     uint64_t after_seq, size_t max, struct site_audit_row **ret, size_t *ret_count,
                     struct att_err *err)
{
    struct store_audit *records = NULL;
    size_t count = 0;

    if (!store_audit_list(s->store, arena, tenant, scope, after_seq, max, &records, &count, err))
        return false;
    struct site_audit_row *rows = att_arena_alloc(arena, count + 1, sizeof *rows);
    if (!rows)
        return att_fail_memory(err, "site.audit");
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct site_audit_row){ records[i].seq, records[i].at_unix_s, records[i].body };
    *ret = rows;
    *ret_count = count;
    return true;
}

/* -- the chain -------------------------------------------------------------------------------------------- */

static bool text_is(const struct att_json *j, struct att_arena *a, const char *name, const char *want,
                    const char *where, struct att_err *err)
{
    struct att_span text = { 0 };
    struct att_shown shown;

    if (!att_json_want_string(j, a, ATT_JSON_ROOT, where, name, &text, err))
        return false;
    if (!att_span_is(text, want))
        return att_fail(err, ATT_STORE_FAILED, where, "what the row's columns say", "%s \"%s\"", name,
                        att_shown(&shown, text));
    return true;
}

static bool prev_is(const struct att_json *j, struct att_arena *a, const struct site_audit_end *end,
                    const char *where, struct att_err *err)
{
    uint8_t prev[SITE_DIGEST_BYTES];
    att_json_id id = att_json_get(j, ATT_JSON_ROOT, "prev");

    if (end->seq == 0 && id != ATT_JSON_NONE && att_json_type(j, id) == ATT_JSON_NULL)
        return true;
    if (!att_json_want_hex(j, a, ATT_JSON_ROOT, where, "prev", prev, sizeof prev, err))
        return false;
    if (end->seq == 0 || memcmp(prev, end->sha256, sizeof prev) != 0)
        return att_fail(err, ATT_STORE_FAILED, where, "prev: the hash of the record before this one",
                        "another");
    return true;
}

static bool record_fits(struct att_arena *a, const struct store_audit *r, struct site_audit_end *end,
                        struct att_err *err)
{
    struct att_json j;
    struct att_time_text at;
    char where[64];
    int64_t seq = 0;

    (void)snprintf(where, sizeof where, "audit.%llu", (unsigned long long)r->seq);
    if (r->seq != end->seq + 1)
        return att_fail(err, ATT_STORE_FAILED, where, "numbers without a gap", "it follows %llu",
                        (unsigned long long)end->seq);
    if (!att_json_parse(a, r->body, NULL, &j, err))
        return att_fail_as(err, ATT_STORE_FAILED, where);
    if (!att_json_i64(&j, att_json_get(&j, ATT_JSON_ROOT, "seq"), &seq) || seq < 0 || (uint64_t)seq != r->seq)
        return att_fail(err, ATT_STORE_FAILED, where, "its own number in the body", "another");
    if (!prev_is(&j, a, end, where, err) || !text_is(&j, a, "tenant", r->tenant, where, err) ||
        !text_is(&j, a, "scope", r->scope, where, err) ||
        !text_is(&j, a, "at", att_time_text(&at, r->at_unix_s), where, err))
        return att_fail_as(err, ATT_STORE_FAILED, "");
    end->seq = r->seq;
    return site_digest(r->body, end->sha256, err);
}

bool site_audit_walk(struct store *s, site_audit_fn each, void *ctx, struct site_audit_end *ret,
                     struct att_err *err)
{
    struct site_audit_end end = { 0 };
    struct store_audit *records = NULL;
    size_t count = 1;
    struct att_arena *arena = att_arena_new(SITE_ARENA_BYTES_MAX);

    if (!arena)
        return att_fail_memory(err, "site.audit");
    bool fits = true;
    while (fits && count > 0) {
        att_arena_reset(arena);
        fits = store_audit_list(s, arena, NULL, "", end.seq, 16, &records, &count, err);
        for (size_t i = 0; fits && i < count; i++) {
            struct site_audit_row row = { records[i].seq, records[i].at_unix_s, records[i].body };
            fits = record_fits(arena, &records[i], &end, err) && (!each || each(ctx, &row, &end, err));
        }
    }
    att_arena_free(arena);
    if (fits)
        *ret = end;
    return fits;
}

bool site_audit_verify(struct site *s, struct site_audit_end *ret, struct att_err *err)
{
    return site_audit_walk(s->store, NULL, NULL, ret, err);
}
