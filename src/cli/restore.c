/* attestctl restore: a file of attestctl backup into an empty store, whole or not at all. */
#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/backup.h"
#include "cli/backup_file.h"
#include "cli/files.h"
#include "cli/operator.h"

#include <stdio.h>

enum { ROW_ARENA_BYTES = 64 << 20, DOCUMENT_MEMBERS = 6, RECORD_MEMBERS = 5, END_MEMBERS = 2 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

struct restore {
    struct config config;
    struct store *store;
    struct signer *signer;
    struct backup_in in;
    struct store_tx *tx; /* NULL: only looked at */
    struct att_arena *row;
    uint64_t documents, records;
    bool ended;
};

/* One array of the file, its members in turn. A wrong one makes all that follow nothing. */
struct members_of {
    const struct att_json *j;
    struct att_arena *arena;
    att_json_id at;
    bool failed;
};

static struct att_span take_text(struct members_of *m)
{
    struct att_span text = { 0 };

    m->failed = m->failed || m->at == ATT_JSON_NONE || att_json_type(m->j, m->at) != ATT_JSON_STRING ||
                !att_json_string(m->j, m->arena, m->at, &text);
    if (!m->failed)
        m->at = att_json_next(m->j, m->at);
    return text;
}

static const char *take_string(struct members_of *m)
{
    struct att_span text = take_text(m);
    char *copy = m->failed || memchr(text.ptr ? text.ptr : (const uint8_t *)"", 0, text.len)
                     ? NULL
                     : att_arena_dup(m->arena, text);

    m->failed = m->failed || !copy;
    return copy;
}

static int64_t take_number(struct members_of *m)
{
    int64_t n = 0;

    m->failed = m->failed || m->at == ATT_JSON_NONE || !att_json_i64(m->j, m->at, &n);
    if (!m->failed)
        m->at = att_json_next(m->j, m->at);
    return n;
}

static bool wrong_line(struct att_err *err, const char *found)
{
    return att_fail(err, ATT_BACKUP_INVALID, "backup.row", "a document, a record, or the end", "%s", found);
}

static bool take_document(struct restore *r, struct members_of *m, struct att_err *err)
{
    struct store_doc doc = { .tenant = take_string(m), .kind = take_string(m), .id = take_string(m) };
    int64_t version = take_number(m);

    doc.changed_unix_s = take_number(m);
    doc.body = take_text(m);
    if (m->failed || m->at != ATT_JSON_NONE || version < 1)
        return wrong_line(err, "another form of a document");
    doc.version = (uint64_t)version;
    r->documents++;
    return !r->tx || store_doc_restore(r->tx, &doc, err);
}

static bool take_record(struct restore *r, struct members_of *m, struct att_err *err)
{
    int64_t seq = take_number(m);
    struct store_audit record = { .tenant = take_string(m), .scope = take_string(m) };
    uint64_t got = 0;

    record.at_unix_s = take_number(m);
    record.body = take_text(m);
    if (m->failed || m->at != ATT_JSON_NONE || seq < 1 || (uint64_t)seq != r->records + 1)
        return wrong_line(err, "another form or number of a record");
    r->records++;
    if (!r->tx)
        return true;
    return store_audit_append(r->tx, &record, &got, err) &&
           (got == (uint64_t)seq || att_fail(err, ATT_STORE_FAILED, "store.audit", "the number that it had",
                                             "%llu", (unsigned long long)got));
}

static bool take_end(struct restore *r, struct members_of *m, struct att_err *err)
{
    int64_t documents = take_number(m), records = take_number(m);

    if (m->failed || m->at != ATT_JSON_NONE || (uint64_t)documents != r->documents ||
        (uint64_t)records != r->records)
        return att_fail(err, ATT_BACKUP_INVALID, "backup.end", "as many rows as it says", "%llu and %llu",
                        (unsigned long long)r->documents, (unsigned long long)r->records);
    r->ended = true;
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct restore *, struct members_of *, struct att_err *);
} kinds[] = { { "document", take_document }, { "record", take_record }, { "end", take_end } };

static bool take_line(struct restore *r, struct att_span line, struct att_err *err)
{
    struct att_json j;

    att_arena_reset(r->row);
    if (r->ended)
        return wrong_line(err, "more behind the end");
    if (!att_json_parse(r->row, line, NULL, &j, err))
        return att_fail_as(err, ATT_BACKUP_INVALID, "backup.row");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        att_json_id id = att_json_type(&j, ATT_JSON_ROOT) == ATT_JSON_OBJECT
                             ? att_json_get(&j, ATT_JSON_ROOT, kinds[i].name)
                             : ATT_JSON_NONE;
        if (id == ATT_JSON_NONE || att_json_type(&j, id) != ATT_JSON_ARRAY)
            continue;
        struct members_of m = { .j = &j, .arena = r->row, .at = att_json_first(&j, id) };
        return kinds[i].take(r, &m, err);
    }
    return wrong_line(err, "another row");
}

static bool take_lines(struct restore *r, struct att_span lines, struct att_err *err)
{
    while (lines.len > 0) {
        const uint8_t *end = memchr(lines.ptr, '\n', lines.len);
        if (!end)
            return wrong_line(err, "a line without its end");
        size_t len = (size_t)(end - lines.ptr);
        if (!take_line(r, att_span_of(lines.ptr, len), err))
            return false;
        lines = att_span_of(end + 1, lines.len - len - 1);
    }
    return true;
}

static bool take_file(struct restore *r, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *chunk = att_arena_new((size_t)4 * BACKUP_SEALED_MAX);
    struct att_span lines = { 0 };

    if (!chunk)
        return att_fail_memory(err, "backup");
    while (!r->in.ended) {
        att_arena_reset(chunk);
        if (!backup_next(&r->in, chunk, &lines, err) || !take_lines(r, lines, err))
            return false;
    }
    return r->ended || wrong_line(err, "no end");
}

/* -- into an empty store ----------------------------------------------------------------------------------- */

static bool any_row(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    (void)ctx;
    return att_fail(err, ATT_RESOURCE_IN_USE, "store", "an empty store", "one with rows, of kind %s",
                    doc->kind);
}

static bool is_empty(struct restore *r, struct att_err *err)
{
    struct store_audit last = { 0 };
    bool any = false;

    return store_scan(r->store, NULL, any_row, NULL, err) &&
           store_audit_last(r->tx, r->row, &last, &any, err) &&
           (!any || att_fail(err, ATT_RESOURCE_IN_USE, "store", "an empty store", "one with an audit trail"));
}

static bool put_all(struct restore *r, struct att_err *err)
{
    if (!operator_store_new(&r->config, &r->store, err) || !store_begin(r->store, &r->tx, err))
        return false;
    bool ok = is_empty(r, err) && take_file(r, err);
    struct store_tx *tx = r->tx;
    r->tx = NULL;
    if (ok)
        return store_commit(tx, err);
    store_rollback(tx);
    return false;
}

static bool restore(struct cli *c, struct restore *r, struct att_err *err)
{
    struct att_span file = { 0 };

    r->row = att_arena_new(ROW_ARENA_BYTES);
    if (!r->row)
        return att_fail_memory(err, "backup");
    if (!operator_config(c, &r->config, err) || !operator_signer(c, &r->config, &r->signer, err) ||
        !cli_read(c, "FILE", c->operands[0], &file, err) ||
        !backup_open(&r->in, r->signer, c->arena, file, err))
        return false;
    if (cli_has(c, "check"))
        return take_file(r, err);
    if (!put_all(r, err))
        return false;
    store_close(r->store);
    r->store = NULL;
    return operator_store_give(&r->config, err);
}

static enum cli_exit run_restore(struct cli *c)
{
    struct restore r = { 0 };
    struct att_err err = { 0 };

    bool ok = restore(c, &r, &err);
    if (ok && c->json) {
        struct att_json_writer w = cli_writer(c);
        att_jw_object(&w);
        att_jw_key(&w, "made");
        att_jw_str(&w, r.in.made);
        att_jw_key(&w, "documents");
        att_jw_int(&w, (int64_t)r.documents);
        att_jw_key(&w, "records");
        att_jw_int(&w, (int64_t)r.records);
        att_jw_end_object(&w);
    } else if (ok) {
        att_buf_printf(&c->out,
                       "%llu documents and %llu records of the audit trail, as they were at %s, are %s\n",
                       (unsigned long long)r.documents, (unsigned long long)r.records, r.in.made,
                       cli_has(c, "check") ? "in the file and can be read" : "in the store");
    }
    backup_in_end(&r.in);
    att_arena_free(r.row);
    store_close(r.store);
    signer_close(r.signer);
    return ok ? CLI_YES : cli_refuse(c, &err);
}

static const struct cli_option options[] = {
    OPTION_CONFIG,
    OPTION_SET,
    { "check", NULL, "Only read the file, to its end: would it do?", false, false },
    { 0 },
};

const struct cli_command cli_restore = {
    .name = "restore",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "a file of attestctl backup into an empty store",
    .about = "With attestd stopped: opens the file with the configuration's key-encryption key and writes "
             "all of it into the store, in "
             "one transaction. A store that has anything is refused: restoring is no merging.\n\n"
             "What was changed after the backup is gone, and roles that were taken away since are back: look "
             "at the end of the audit "
             "trail.",
    .examples = "attestctl restore --check attestd-2026-01-01.backup\n"
                "attestctl restore attestd-2026-01-01.backup",
    .options = options,
    .run = run_restore,
};
