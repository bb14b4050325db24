#include "store/migrations.h"
#include "store/sqlite/internal.h"

#include <stdio.h>

static bool run(struct sqlite *q, const char *sql, const char *where, struct att_err *err)
{
    if (sqlite3_exec(q->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_failed(q, where, err);
    return true;
}

static bool read_version(struct sqlite *q, struct att_err *err)
{
    int64_t version = 0;

    if (!sqlite_number(q, SQL_SCHEMA, "store.schema", &version, err))
        return false;
    q->schema = (unsigned)version; /* 32 bits in the file */
    return true;
}

static bool migrate_one(struct sqlite *q, const struct store_migration *m, struct att_err *err)
{
    char stamp[64];

    (void)snprintf(stamp, sizeof stamp, "PRAGMA user_version = %u", m->number);
    if (!run(q, "BEGIN IMMEDIATE", m->name, err))
        return false;
    /* Another process may have done it while we waited for the lock. */
    if (!read_version(q, err) ||
        (q->schema < m->number && (!run(q, m->sql, m->name, err) || !run(q, stamp, m->name, err))) ||
        !run(q, "COMMIT", m->name, err)) {
        if (!sqlite3_get_autocommit(q->db))
            (void)sqlite3_exec(q->db, "ROLLBACK", NULL, NULL, NULL); /* the first failure is what counts */
        return false;
    }
    return read_version(q, err);
}

bool sqlite_migrate(struct sqlite *q, struct att_err *err)
{
    unsigned newest = 0;

    if (!read_version(q, err))
        return false;
    for (const struct store_migration *m = store_migrations_sqlite; m->number != 0; m++) {
        newest = m->number;
        if (m->number > q->schema && !q->as_is && !migrate_one(q, m, err))
            return false;
    }
    if (q->schema < newest)
        return att_fail(err, ATT_STORE_FAILED, "store.schema",
                        "a store that this release's attestd has opened",
                        "schema version %u, this program's is %u", q->schema, newest);
    if (q->schema > newest)
        return att_fail(err, ATT_STORE_FAILED, "store.schema", "a schema this program knows",
                        "schema version %u, newest known %u: a newer attestd wrote it", q->schema, newest);
    return true;
}
