#include "store/sqlite/internal.h"

static const char *const texts[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SCHEMA] = "PRAGMA user_version",
    [SQL_GENERATION] = "SELECT generation FROM store_state",
    [SQL_GENERATION_NEXT] = "UPDATE store_state SET generation = generation + 1 WHERE generation >= 0",
    [SQL_DOC_SCAN] = "SELECT tenant, kind, id, version, changed_unix_s, body FROM documents "
                     "WHERE kind = ?1 ORDER BY tenant, id",
    [SQL_DOC_SCAN_ALL] = "SELECT tenant, kind, id, version, changed_unix_s, body FROM documents "
                         "ORDER BY tenant, kind, id",
    [SQL_DOC_RESTORE] = "INSERT INTO documents (tenant, kind, id, version, changed_unix_s, body) "
                        "VALUES (?1, ?2, ?3, ?6, ?4, ?5) ON CONFLICT DO NOTHING",
    [SQL_DOC_GET] = "SELECT tenant, kind, id, version, changed_unix_s, body FROM documents "
                    "WHERE tenant = ?1 AND kind = ?2 AND id = ?3",
    [SQL_DOC_INSERT] = "INSERT INTO documents (tenant, kind, id, version, changed_unix_s, body) "
                       "VALUES (?1, ?2, ?3, 1, ?4, ?5) ON CONFLICT DO NOTHING",
    [SQL_DOC_UPDATE] = "UPDATE documents SET version = version + 1, changed_unix_s = ?4, body = ?5 "
                       "WHERE tenant = ?1 AND kind = ?2 AND id = ?3 AND version = ?6",
    [SQL_DOC_DELETE] = "DELETE FROM documents WHERE tenant = ?1 AND kind = ?2 AND id = ?3 AND version = ?4",
    [SQL_AUDIT_LIST] = "SELECT seq, tenant, scope, at_unix_s, body FROM audit "
                       "WHERE seq > ?1 AND (?2 IS NULL OR tenant = ?2) "
                       "AND (?3 = '' OR scope = ?3 OR (scope >= ?4 AND scope < ?5)) ORDER BY seq LIMIT ?6",
    [SQL_AUDIT_LAST] = "SELECT seq, tenant, scope, at_unix_s, body FROM audit ORDER BY seq DESC LIMIT 1",
    [SQL_AUDIT_INSERT] = "INSERT INTO audit (seq, tenant, scope, at_unix_s, body) "
                         "SELECT coalesce(max(seq), 0) + 1, ?1, ?2, ?3, ?4 FROM audit RETURNING seq",
    [SQL_ONCE_TAKE] =
        "INSERT INTO once (space, id, until_unix_s) VALUES (?1, ?2, ?3) ON CONFLICT (space, id) "
        "DO UPDATE SET until_unix_s = excluded.until_unix_s WHERE once.until_unix_s < ?4",
    [SQL_ONCE_FORGET] = "DELETE FROM once WHERE (space, id) IN (SELECT space, id FROM once "
                        "WHERE until_unix_s < ?1 ORDER BY until_unix_s LIMIT ?2)",
};

bool sqlite_failed(struct sqlite *q, const char *where, struct att_err *err)
{
    return att_fail(err, ATT_STORE_FAILED, where, "success", "%s", sqlite3_errmsg(q->db));
}

sqlite3_stmt *sqlite_use(struct sqlite *q, enum sqlite_sql which, const char *where, struct att_err *err)
{
    sqlite3_stmt **kept = &q->kept[which];

    if (!*kept &&
        sqlite3_prepare_v3(q->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, kept, NULL) != SQLITE_OK)
        (void)sqlite_failed(q, where, err);
    return *kept;
}

void sqlite_unuse(sqlite3_stmt **st)
{
    if (!*st)
        return;
    (void)sqlite3_reset(*st); /* repeats the step's result, which was looked at */
    (void)sqlite3_clear_bindings(*st);
}

bool sqlite_do(struct sqlite *q, enum sqlite_sql which, const char *where, struct att_err *err)
{
    SQLITE_USE st = sqlite_use(q, which, where, err);

    if (!st)
        return false;
    if (sqlite3_step(st) != SQLITE_DONE)
        return sqlite_failed(q, where, err);
    return true;
}

bool sqlite_number(struct sqlite *q, enum sqlite_sql which, const char *where, int64_t *ret,
                   struct att_err *err)
{
    SQLITE_USE st = sqlite_use(q, which, where, err);

    if (!st)
        return false;
    int step = sqlite3_step(st);
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        return sqlite_failed(q, where, err);
    if (step != SQLITE_ROW || !sqlite_integer(st, 0, ret) || *ret < 0)
        return att_fail(err, ATT_STORE_FAILED, where, "one row with a number", "a broken row");
    return true;
}

bool sqlite_bind_text(sqlite3_stmt *st, int at, struct att_span text)
{
    return sqlite3_bind_text64(st, at, (const char *)text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8) ==
           SQLITE_OK;
}

struct att_span sqlite_text(sqlite3_stmt *st, int at)
{
    if (sqlite3_column_type(st, at) != SQLITE_TEXT)
        return (struct att_span){ 0 };
    const unsigned char *text = sqlite3_column_text(st, at); /* first the text, then its length */
    return att_span_of(text, (size_t)sqlite3_column_bytes(st, at));
}

bool sqlite_integer(sqlite3_stmt *st, int at, int64_t *ret)
{
    if (sqlite3_column_type(st, at) != SQLITE_INTEGER)
        return false;
    *ret = sqlite3_column_int64(st, at);
    return true;
}

void sqlite_finalize_all(struct sqlite *q)
{
    for (size_t i = 0; i < SQL_COUNT; i++) {
        (void)sqlite3_finalize(q->kept[i]); /* NULL is fine */
        q->kept[i] = NULL;
    }
}
