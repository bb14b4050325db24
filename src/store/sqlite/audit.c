#include "store/sqlite/internal.h"

static const char where[] = "store.audit";

static bool read_row(sqlite3_stmt *st, struct store_audit *ret, struct att_err *err)
{
    struct store_columns c = {
        .tenant = sqlite_text(st, 1),
        .scope = sqlite_text(st, 2),
        .body = sqlite_text(st, 4),
    };

    if (!sqlite_integer(st, 0, &c.number) || !sqlite_integer(st, 3, &c.at_unix_s))
        return att_fail(err, ATT_STORE_FAILED, where, "numbers for seq and time", "a broken row");
    return store_audit_view(&c, ret, err);
}

static bool bind_list(sqlite3_stmt *st, const char *tenant, const char *scope,
                      const struct store_below *below, uint64_t after_seq, size_t max)
{
    return sqlite3_bind_int64(st, 1, (int64_t)after_seq) == SQLITE_OK &&
           (!tenant || sqlite_bind_text(st, 2, att_str(tenant))) /* unbound is NULL */ &&
           sqlite_bind_text(st, 3, att_str(scope)) && sqlite_bind_text(st, 4, att_str(below->from)) &&
           sqlite_bind_text(st, 5, att_str(below->to)) &&
           sqlite3_bind_int64(st, 6, (int64_t)max) == SQLITE_OK;
}

bool sqlite_audit_list(struct store *s, struct att_arena *arena, const char *tenant, const char *scope,
                       uint64_t after_seq, size_t max, struct store_audit **ret, size_t *ret_count,
                       struct att_err *err)
{
    struct sqlite *q = sqlite_of(s);
    struct store_audit_list list = { .arena = arena };
    struct store_audit row = { 0 };
    struct store_below below;
    SQLITE_USE st = sqlite_use(q, SQL_AUDIT_LIST, where, err);

    if (!st)
        return false;
    store_below_of(&below, scope);
    if (!bind_list(st, tenant, scope, &below, after_seq, max))
        return sqlite_failed(q, where, err);
    for (;;) {
        int step = sqlite3_step(st);
        if (step == SQLITE_DONE)
            break;
        if (step != SQLITE_ROW)
            return sqlite_failed(q, where, err);
        if (!read_row(st, &row, err) || !store_audit_gather(&list, &row, err))
            return false;
    }
    *ret = list.rows;
    *ret_count = list.count;
    return true;
}

bool sqlite_audit_last(struct store_tx *tx, struct att_arena *arena, struct store_audit *ret, bool *ret_found,
                       struct att_err *err)
{
    struct sqlite *q = sqlite_of(tx->store);
    SQLITE_USE st = sqlite_use(q, SQL_AUDIT_LAST, where, err);
    struct store_audit row = { 0 };

    if (!st)
        return false;
    int step = sqlite3_step(st);
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        return sqlite_failed(q, where, err);
    *ret_found = step == SQLITE_ROW;
    return !*ret_found || (read_row(st, &row, err) && store_audit_copy(&row, arena, ret, err));
}

bool sqlite_audit_append(struct store_tx *tx, const struct store_audit *record, uint64_t *ret_seq,
                         struct att_err *err)
{
    struct sqlite *q = sqlite_of(tx->store);
    SQLITE_USE st = sqlite_use(q, SQL_AUDIT_INSERT, where, err);
    int64_t seq = 0;

    if (!st)
        return false;
    if (!sqlite_bind_text(st, 1, att_str(record->tenant)) ||
        !sqlite_bind_text(st, 2, att_str(record->scope)) ||
        sqlite3_bind_int64(st, 3, record->at_unix_s) != SQLITE_OK || !sqlite_bind_text(st, 4, record->body))
        return sqlite_failed(q, where, err);
    /* No other writer exists until the commit, so the largest seq and one is free. RETURNING gives its row before the
     * statement is at its end: both are asked for. */
    if (sqlite3_step(st) != SQLITE_ROW || !sqlite_integer(st, 0, &seq) || sqlite3_step(st) != SQLITE_DONE)
        return sqlite_failed(q, where, err);
    *ret_seq = (uint64_t)seq;
    return true;
}
