#include "store/sqlite/sqlite.h"

#include "base/err.h"
#include "store/migrations.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { BUSY_MS = 5000, ROWS_MAX = 1000, BLOB_BYTES_MAX = 64 * 1024, TEXT_BYTES_MAX = 512 };

struct sqlite {
    struct store base;
    sqlite3 *db;
    unsigned version;
};

static struct sqlite *sqlite_of(struct store *s)
{
    return (struct sqlite *)(void *)s;
}

static void finalize(sqlite3_stmt **s)
{
    sqlite3_finalize(*s); /* NULL is fine; the step's result was already looked at */
}
#define STATEMENT __attribute__((cleanup(finalize))) sqlite3_stmt *

/* sqlite's words name columns and files, never values: they may be shown to the operator. */
static bool sql_failed(struct sqlite *q, const char *where, struct att_err *err)
{
    return att_fail(err, ATT_STORE_FAILED, where, "success", "%s", sqlite3_errmsg(q->db));
}

static bool prepare(struct sqlite *q, const char *sql, sqlite3_stmt **ret, const char *where,
                    struct att_err *err)
{
    if (sqlite3_prepare_v2(q->db, sql, -1, ret, NULL) != SQLITE_OK)
        return sql_failed(q, where, err);
    return true;
}

static bool bind_text(sqlite3_stmt *st, int at, const char *text)
{
    return sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static bool bind_blob(sqlite3_stmt *st, int at, struct att_span bytes)
{
    return sqlite3_bind_blob64(st, at, bytes.ptr, bytes.len, SQLITE_STATIC) == SQLITE_OK;
}

/* Columns are input: type and size are checked before they are believed. */
static bool read_text(sqlite3_stmt *st, int at, struct att_arena *arena, const char **ret)
{
    if (sqlite3_column_type(st, at) != SQLITE_TEXT)
        return false;
    const unsigned char *text = sqlite3_column_text(st, at);
    int len = sqlite3_column_bytes(st, at);
    if (!text || len <= 0 || len > TEXT_BYTES_MAX || memchr(text, 0, (size_t)len))
        return false;
    *ret = att_arena_dup(arena, att_span_of(text, (size_t)len));
    return *ret != NULL;
}

static bool read_blob(sqlite3_stmt *st, int at, struct att_arena *arena, struct att_span *ret)
{
    if (sqlite3_column_type(st, at) != SQLITE_BLOB)
        return false;
    const void *bytes = sqlite3_column_blob(st, at);
    int len = sqlite3_column_bytes(st, at);
    if (!bytes || len <= 0 || len > BLOB_BYTES_MAX)
        return false;
    char *copy = att_arena_dup(arena, att_span_of(bytes, (size_t)len));
    if (!copy)
        return false;
    *ret = att_span_of(copy, (size_t)len);
    return true;
}

static bool run(struct sqlite *q, const char *sql, const char *where, struct att_err *err)
{
    if (sqlite3_exec(q->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return sql_failed(q, where, err);
    return true;
}

static bool key_insert(struct sqlite *q, const char *sql, const struct store_key *row, struct att_err *err)
{
    STATEMENT st = NULL;

    if (!prepare(q, sql, &st, "store.signing_keys", err))
        return false;
    if (!bind_text(st, 1, row->kid) || !bind_text(st, 2, row->alg) || !bind_blob(st, 3, row->sealed) ||
        !bind_blob(st, 4, row->spki) || sqlite3_bind_int64(st, 5, row->created_unix_s) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_DONE)
        return sql_failed(q, "store.signing_keys", err);
    return true;
}

static bool key_put(struct store *s, const struct store_key *row, struct att_err *err)
{
    return key_insert(
        sqlite_of(s),
        "INSERT INTO signing_keys (kid, alg, sealed, spki, created_unix_s) VALUES (?1, ?2, ?3, ?4, ?5)", row,
        err);
}

static bool key_put_first(struct store *s, const struct store_key *row, bool *ret_put, struct att_err *err)
{
    struct sqlite *q = sqlite_of(s);

    if (!key_insert(
            q,
            "INSERT INTO signing_keys (kid, alg, sealed, spki, created_unix_s) SELECT ?1, ?2, ?3, ?4, ?5 "
            "WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE alg = ?2)",
            row, err))
        return false;
    *ret_put = sqlite3_changes(q->db) == 1;
    return true;
}

static bool key_read(sqlite3_stmt *st, struct att_arena *arena, struct store_key *ret)
{
    ret->created_unix_s = sqlite3_column_int64(st, 4);
    return read_text(st, 0, arena, &ret->kid) && read_text(st, 1, arena, &ret->alg) &&
           read_blob(st, 2, arena, &ret->sealed) && read_blob(st, 3, arena, &ret->spki);
}

static bool key_list(struct store *s, struct att_arena *arena, struct store_key **ret, size_t *ret_count,
                     struct att_err *err)
{
    struct sqlite *q = sqlite_of(s);
    struct store_key *rows = NULL;
    size_t count = 0, room = 0;
    STATEMENT st = NULL;

    if (!prepare(
            q, "SELECT kid, alg, sealed, spki, created_unix_s FROM signing_keys ORDER BY created_unix_s, kid",
            &st, "store.signing_keys", err))
        return false;
    for (;;) {
        int step = sqlite3_step(st);
        if (step == SQLITE_DONE)
            break;
        if (step != SQLITE_ROW)
            return sql_failed(q, "store.signing_keys", err);
        if (count == ROWS_MAX)
            return att_fail(err, ATT_STORE_FAILED, "store.signing_keys", "at most 1000 rows", "more");
        if (count == room) {
            size_t more = room ? 2 * room : 8;
            struct store_key *grown = att_arena_alloc(arena, more, sizeof *grown);
            if (!grown)
                return att_fail_memory(err, "store.signing_keys");
            if (count > 0)
                memcpy(grown, rows, count * sizeof *rows);
            rows = grown;
            room = more;
        }
        if (!key_read(st, arena, &rows[count]))
            return att_fail(err, ATT_STORE_FAILED, "store.signing_keys",
                            "a row of the schema's types and sizes", "a broken row, number %zu", count + 1);
        count++;
    }
    *ret = rows;
    *ret_count = count;
    return true;
}

static bool certificate_put(struct store *s, const struct store_certificate *row, struct att_err *err)
{
    struct sqlite *q = sqlite_of(s);
    STATEMENT st = NULL;

    if (!prepare(
            q,
            "INSERT INTO certificates (provider, kid, attest_uri, der) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (provider, kid) DO UPDATE SET attest_uri = excluded.attest_uri, der = excluded.der",
            &st, "store.certificates", err))
        return false;
    if (!bind_text(st, 1, row->provider) || !bind_text(st, 2, row->kid) ||
        !bind_text(st, 3, row->attest_uri) || !bind_blob(st, 4, row->der) || sqlite3_step(st) != SQLITE_DONE)
        return sql_failed(q, "store.certificates", err);
    return true;
}

static bool certificate_get(struct store *s, struct att_arena *arena, const char *provider, const char *kid,
                            const char *attest_uri, struct att_span *ret_der, bool *ret_found,
                            struct att_err *err)
{
    struct sqlite *q = sqlite_of(s);
    STATEMENT st = NULL;

    if (!prepare(q, "SELECT der FROM certificates WHERE provider = ? AND kid = ? AND attest_uri = ?", &st,
                 "store.certificates", err))
        return false;
    if (!bind_text(st, 1, provider) || !bind_text(st, 2, kid) || !bind_text(st, 3, attest_uri))
        return sql_failed(q, "store.certificates", err);
    int step = sqlite3_step(st);
    if (step == SQLITE_DONE) {
        *ret_found = false;
        return true;
    }
    if (step != SQLITE_ROW)
        return sql_failed(q, "store.certificates", err);
    if (!read_blob(st, 0, arena, ret_der))
        return att_fail(err, ATT_STORE_FAILED, "store.certificates.der", "a certificate", "a broken row");
    *ret_found = true;
    return true;
}

static unsigned schema_version(struct store *s)
{
    return sqlite_of(s)->version;
}

static void sqlite_close(struct store *s)
{
    sqlite3_close(sqlite_of(s)->db);
    free(s);
}

static const struct store_ops sqlite_ops = {
    .scheme = "sqlite",
    .key_put = key_put,
    .key_put_first = key_put_first,
    .key_list = key_list,
    .certificate_put = certificate_put,
    .certificate_get = certificate_get,
    .schema_version = schema_version,
    .close = sqlite_close,
};

static bool version_read(struct sqlite *q, struct att_err *err)
{
    STATEMENT st = NULL;

    if (!prepare(q, "PRAGMA user_version", &st, "store.schema", err))
        return false;
    if (sqlite3_step(st) != SQLITE_ROW)
        return sql_failed(q, "store.schema", err);
    q->version = (unsigned)sqlite3_column_int(st, 0);
    return true;
}

static bool migrate_one(struct sqlite *q, const struct store_migration *m, struct att_err *err)
{
    char stamp[64];

    (void)snprintf(stamp, sizeof stamp, "PRAGMA user_version = %u", m->number);
    if (!run(q, "BEGIN IMMEDIATE", m->name, err))
        return false;
    /* Another process may have done it while we waited for the lock. */
    if (!version_read(q, err) ||
        (q->version < m->number && (!run(q, m->sql, m->name, err) || !run(q, stamp, m->name, err)))) {
        (void)sqlite3_exec(q->db, "ROLLBACK", NULL, NULL, NULL); /* the first failure is what counts */
        return false;
    }
    return run(q, "COMMIT", m->name, err) && version_read(q, err);
}

static bool migrate(struct sqlite *q, struct att_err *err)
{
    unsigned newest = 0;

    if (!version_read(q, err))
        return false;
    for (const struct store_migration *m = store_migrations_sqlite; m->number != 0; m++) {
        newest = m->number;
        if (m->number > q->version && !migrate_one(q, m, err))
            return false;
    }
    if (q->version > newest)
        return att_fail(err, ATT_STORE_FAILED, "store.schema", "a schema this program knows",
                        "schema version %u, newest known %u: a newer attestd wrote it", q->version, newest);
    return true;
}

static bool create_private(const char *path, struct att_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return att_fail(err, ATT_STORE_FAILED, "store.file", "a file that can be opened", "%m");
    (void)close(fd);
    return true;
}

static bool set_up(struct sqlite *q, const char *path, struct att_err *err)
{
    if (sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                        NULL) != SQLITE_OK)
        return sql_failed(q, "store.open", err);
    sqlite3_busy_timeout(q->db, BUSY_MS);
    (void)sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1,
                            NULL); /* an older library lacks it: still safe */
    return run(q, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
               "store.open", err) &&
           migrate(q, err);
}

/* One opens at a time: two processes that turn a fresh file to WAL at once do not wait for each other, whatever the
 * busy timeout says - one is told "database is locked". The lock is a file of its own, since closing any descriptor
 * of the database would drop SQLite's locks. */
static bool open_lock(const char *path, int *ret, struct att_err *err)
{
    char name[PATH_MAX];

    if (snprintf(name, sizeof name, "%s-open", path) >= (int)sizeof name)
        return att_fail(err, ATT_STORE_FAILED, "store.file", "a shorter path", "%zu bytes", strlen(path));
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return att_fail(err, ATT_STORE_FAILED, "store.file", "a lock file beside it", "%m");
    while (flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        (void)att_fail(err, ATT_STORE_FAILED, "store.file", "a lock on it", "%m");
        (void)close(fd);
        return false;
    }
    *ret = fd;
    return true;
}

bool store_sqlite_open(const char *path, struct store **ret, struct att_err *err)
{
    int lock = -1;

    if (!create_private(path, err) || !open_lock(path, &lock, err))
        return false;
    struct sqlite *q = calloc(1, sizeof *q);
    bool ok = q ? set_up(q, path, err) : att_fail_memory(err, "store");
    (void)close(lock);
    if (!ok) {
        if (q)
            sqlite_close(&q->base);
        return false;
    }
    q->base.ops = &sqlite_ops;
    *ret = &q->base;
    return true;
}
