#include "store/migrations.h"
#include "store/postgres/internal.h"

#include <stdio.h>

/* Held while one program migrates. The number is "attestd" in ASCII; other programs in the same database pick others. */
static const char lock[] = "SELECT pg_advisory_xact_lock(x'61747465737464'::bigint)";

/* 0: nothing of ours is there. Asked of pg_class: to_regclass alone locks no table, and a session hears of tables that others
 * have made only when it locks one or begins a transaction. While we waited for the lock above inside of ours the other
 * program has made all of them, and we would still believe the first answer. */
static bool read_schema(struct postgres *p, unsigned *ret, struct att_err *err)
{
    int64_t number = 0;

    RESULT there = postgres_text(
        p, "SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass('store_state')", "store.schema", err);
    if (!there)
        return false;
    if (PQntuples(there) == 0) {
        *ret = 0;
        return true;
    }
    RESULT row = postgres_text(p, "SELECT schema FROM store_state WHERE one", "store.schema", err);
    if (!row)
        return false;
    if (!postgres_column_number(row, 0, &number) || number < 0 || number > INT32_MAX)
        return att_fail(err, ATT_STORE_FAILED, "store.schema", "one row with a number", "a broken row");
    *ret = (unsigned)number;
    return true;
}

/* Inside a transaction that is rolled back when this fails. */
static bool apply(struct postgres *p, const struct store_migration *m, struct att_err *err)
{
    char stamp[96];
    unsigned now = 0;

    RESULT locked = postgres_text(p, lock, m->name, err);
    if (!locked || !read_schema(p, &now, err))
        return false;
    if (now >= m->number)
        return true; /* another program did it while we waited */
    (void)snprintf(stamp, sizeof stamp, "UPDATE store_state SET schema = %u WHERE one", m->number);
    RESULT done = postgres_text(p, m->sql, m->name, err);
    if (!done)
        return false;
    RESULT stamped = postgres_text(p, stamp, m->name, err);
    return stamped != NULL;
}

static bool migrate_one(struct postgres *p, const struct store_migration *m, struct att_err *err)
{
    RESULT begun = postgres_text(p, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", m->name, err);
    if (!begun)
        return false;
    bool ok = apply(p, m, err);
    if (!ok && !postgres_connected(p))
        return false;
    RESULT ended = postgres_text(p, ok ? "COMMIT" : "ROLLBACK", m->name, err);
    return ok && ended;
}

bool postgres_migrate(struct postgres *p, struct att_err *err)
{
    unsigned newest = 0, now = 0;

    if (!read_schema(p, &now, err))
        return false;
    for (const struct store_migration *m = store_migrations_postgres; m->number != 0; m++) {
        newest = m->number;
        if (m->number > now && !p->as_is && !migrate_one(p, m, err))
            return false;
    }
    if (!read_schema(p, &now, err))
        return false;
    if (now < newest)
        return att_fail(err, ATT_STORE_FAILED, "store.schema",
                        "a store that this release's attestd has opened",
                        "schema version %u, this program's is %u", now, newest);
    if (now != newest)
        return att_fail(err, ATT_STORE_FAILED, "store.schema", "a schema this program knows",
                        "schema version %u, newest known %u: a newer attestd wrote it", now, newest);
    p->schema = now;
    return true;
}

bool postgres_schema_check(struct postgres *p, struct att_err *err)
{
    unsigned now = 0;

    if (!read_schema(p, &now, err))
        return false;
    if (now != p->schema)
        return att_fail(err, ATT_STORE_FAILED, "store.schema", "the schema that was there at start",
                        "version %u: another attestd changed it", now);
    return true;
}
