#include "store/sqlite/internal.h"

static const char where[] = "store.documents";

static bool read_row(sqlite3_stmt *st, struct store_doc *ret, struct att_err *err)
{
    struct store_columns c = {
        .tenant = sqlite_text(st, 0),
        .kind = sqlite_text(st, 1),
        .id = sqlite_text(st, 2),
        .body = sqlite_text(st, 5),
    };

    if (!sqlite_integer(st, 3, &c.number) || !sqlite_integer(st, 4, &c.at_unix_s))
        return att_fail(err, ATT_STORE_FAILED, where, "numbers for version and time", "a broken row");
    return store_doc_view(&c, ret, err);
}

bool sqlite_scan(struct store *s, const char *kind, store_each_fn each, void *ctx, struct att_err *err)
{
    struct sqlite *q = sqlite_of(s);
    SQLITE_USE st = sqlite_use(q, kind ? SQL_DOC_SCAN : SQL_DOC_SCAN_ALL, where, err);
    struct store_doc doc = { 0 };

    if (!st)
        return false;
    if (kind && !sqlite_bind_text(st, 1, att_str(kind)))
        return sqlite_failed(q, where, err);
    for (;;) {
        int step = sqlite3_step(st);
        if (step == SQLITE_DONE)
            return true;
        if (step != SQLITE_ROW)
            return sqlite_failed(q, where, err);
        if (!read_row(st, &doc, err) || !each(ctx, &doc, err))
            return false;
    }
}

static bool bind_key(sqlite3_stmt *st, const char *tenant, const char *kind, const char *id)
{
    return sqlite_bind_text(st, 1, att_str(tenant)) && sqlite_bind_text(st, 2, att_str(kind)) &&
           sqlite_bind_text(st, 3, att_str(id));
}

bool sqlite_doc_get(struct store_tx *tx, struct att_arena *arena, const char *tenant, const char *kind,
                    const char *id, struct store_doc *ret, bool *ret_found, struct att_err *err)
{
    struct sqlite *q = sqlite_of(tx->store);
    SQLITE_USE st = sqlite_use(q, SQL_DOC_GET, where, err);
    struct store_doc doc = { 0 };

    if (!st)
        return false;
    if (!bind_key(st, tenant, kind, id))
        return sqlite_failed(q, where, err);
    int step = sqlite3_step(st);
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        return sqlite_failed(q, where, err);
    *ret_found = step == SQLITE_ROW;
    return !*ret_found || (read_row(st, &doc, err) && store_doc_copy(&doc, arena, ret, err));
}

/* A statement that changes the one row it names, or none when that is not as expected. */
static bool change_one(struct sqlite *q, sqlite3_stmt *st, uint64_t replaces, struct att_err *err)
{
    if (sqlite3_step(st) != SQLITE_DONE)
        return sqlite_failed(q, where, err);
    if (sqlite3_changes(q->db) != 1)
        return store_conflict(err, replaces);
    q->changed = true;
    return true;
}

bool sqlite_doc_put(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces, struct att_err *err)
{
    struct sqlite *q = sqlite_of(tx->store);
    SQLITE_USE st = sqlite_use(q, replaces == 0 ? SQL_DOC_INSERT : SQL_DOC_UPDATE, where, err);

    if (!st)
        return false;
    if (!bind_key(st, doc->tenant, doc->kind, doc->id) ||
        sqlite3_bind_int64(st, 4, doc->changed_unix_s) != SQLITE_OK || !sqlite_bind_text(st, 5, doc->body) ||
        (replaces > 0 && sqlite3_bind_int64(st, 6, (int64_t)replaces) != SQLITE_OK))
        return sqlite_failed(q, where, err);
    return change_one(q, st, replaces, err);
}

bool sqlite_doc_restore(struct store_tx *tx, const struct store_doc *doc, struct att_err *err)
{
    struct sqlite *q = sqlite_of(tx->store);
    SQLITE_USE st = sqlite_use(q, SQL_DOC_RESTORE, where, err);

    if (!st)
        return false;
    if (!bind_key(st, doc->tenant, doc->kind, doc->id) ||
        sqlite3_bind_int64(st, 4, doc->changed_unix_s) != SQLITE_OK || !sqlite_bind_text(st, 5, doc->body) ||
        sqlite3_bind_int64(st, 6, (int64_t)doc->version) != SQLITE_OK)
        return sqlite_failed(q, where, err);
    return change_one(q, st, 0, err);
}

bool sqlite_doc_delete(struct store_tx *tx, const char *tenant, const char *kind, const char *id,
                       uint64_t replaces, struct att_err *err)
{
    struct sqlite *q = sqlite_of(tx->store);
    SQLITE_USE st = sqlite_use(q, SQL_DOC_DELETE, where, err);

    if (!st)
        return false;
    if (!bind_key(st, tenant, kind, id) || sqlite3_bind_int64(st, 4, (int64_t)replaces) != SQLITE_OK)
        return sqlite_failed(q, where, err);
    return change_one(q, st, replaces, err);
}
