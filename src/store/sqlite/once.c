/* Its own small transaction, durable as any other; it changes no document, so it is not counted as a generation. */
#include "store/sqlite/internal.h"

static const char where[] = "store.once";

/* One row more than there was, or one that had been past its time: nobody else has it. */
static bool take(struct sqlite *q, const char *space, const char *id, int64_t until_unix_s,
                 int64_t now_unix_s, bool *ret_first, struct att_err *err)
{
    SQLITE_USE st = sqlite_use(q, SQL_ONCE_TAKE, where, err);

    if (!st)
        return false;
    if (!sqlite_bind_text(st, 1, att_str(space)) || !sqlite_bind_text(st, 2, att_str(id)) ||
        sqlite3_bind_int64(st, 3, until_unix_s) != SQLITE_OK ||
        sqlite3_bind_int64(st, 4, now_unix_s) != SQLITE_OK || sqlite3_step(st) != SQLITE_DONE)
        return sqlite_failed(q, where, err);
    *ret_first = sqlite3_changes(q->db) == 1;
    return true;
}

static bool forget(struct sqlite *q, int64_t now_unix_s, struct att_err *err)
{
    SQLITE_USE st = sqlite_use(q, SQL_ONCE_FORGET, where, err);

    if (!st)
        return false;
    if (sqlite3_bind_int64(st, 1, now_unix_s) != SQLITE_OK ||
        sqlite3_bind_int64(st, 2, STORE_ONCE_FORGOTTEN_MAX) != SQLITE_OK || sqlite3_step(st) != SQLITE_DONE)
        return sqlite_failed(q, where, err);
    return true;
}

bool sqlite_once(struct store *s, const char *space, const char *id, int64_t until_unix_s, int64_t now_unix_s,
                 bool *ret_first, struct att_err *err)
{
    struct sqlite *q = sqlite_of(s);
    bool first = false;

    if (!sqlite_write_begin(q, err))
        return false;
    if (!take(q, space, id, until_unix_s, now_unix_s, &first, err) || !forget(q, now_unix_s, err) ||
        !sqlite_do(q, SQL_COMMIT, where, err)) {
        sqlite_write_undo(q);
        return false;
    }
    *ret_first = first;
    return true;
}
