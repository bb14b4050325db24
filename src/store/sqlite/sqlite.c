#include "store/sqlite/sqlite.h"

#include "store/sqlite/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 5000 };

/* -- transactions ----------------------------------------------------------------------------------------- */

static bool generation(struct store *s, uint64_t *ret, struct att_err *err)
{
    int64_t number = 0;

    if (!sqlite_number(sqlite_of(s), SQL_GENERATION, "store.generation", &number, err))
        return false;
    *ret = (uint64_t)number;
    return true;
}

static bool tx_generation(struct store_tx *tx, uint64_t *ret, struct att_err *err)
{
    return generation(tx->store, ret, err);
}

void sqlite_write_undo(struct sqlite *q)
{
    /* Some failures (a full disk) have rolled back already. After a failing ROLLBACK there is nothing more to do: what
     * is not committed is not there, and the next BEGIN fails. */
    bool open = !sqlite3_get_autocommit(q->db);
    open = open && !sqlite_do(q, SQL_ROLLBACK, "store.rollback", NULL);
    (void)open;
}

static void rollback(struct store_tx *tx)
{
    sqlite_write_undo(sqlite_of(tx->store));
}

bool sqlite_write_begin(struct sqlite *q, struct att_err *err)
{
    int64_t schema = 0;

    if (!sqlite_do(q, SQL_BEGIN, "store.begin", err))
        return false;
    /* A newer attestd may have changed the schema while we were running. */
    bool ok = sqlite_number(q, SQL_SCHEMA, "store.schema", &schema, err);
    if (ok && schema != q->schema)
        ok = att_fail(err, ATT_STORE_FAILED, "store.schema", "the schema that was there at start",
                      "version %d: another attestd changed it", (int)schema);
    if (!ok)
        sqlite_write_undo(q);
    return ok;
}

static bool begin(struct store *s, struct store_tx **ret, struct att_err *err)
{
    struct sqlite *q = sqlite_of(s);

    if (!sqlite_write_begin(q, err))
        return false;
    q->changed = false;
    *ret = &q->tx;
    return true;
}

static bool count_generation(struct sqlite *q, struct att_err *err)
{
    if (!sqlite_do(q, SQL_GENERATION_NEXT, "store.generation", err))
        return false;
    if (sqlite3_changes(q->db) != 1)
        return att_fail(err, ATT_STORE_FAILED, "store.generation", "one row", "%d", sqlite3_changes(q->db));
    return true;
}

static bool commit(struct store_tx *tx, struct att_err *err)
{
    struct sqlite *q = sqlite_of(tx->store);

    if ((q->changed && !count_generation(q, err)) || !sqlite_do(q, SQL_COMMIT, "store.commit", err)) {
        sqlite_write_undo(q);
        return false;
    }
    return true;
}

static unsigned schema_version(struct store *s)
{
    return sqlite_of(s)->schema;
}

static void sqlite_close(struct store *s)
{
    struct sqlite *q = sqlite_of(s);

    sqlite_finalize_all(q);
    (void)sqlite3_close(q->db); /* nothing is open any more that it could refuse for */
    free(q);
}

static const struct store_ops sqlite_ops = {
    .scheme = "sqlite",
    .scan = sqlite_scan,
    .generation = generation,
    .audit_list = sqlite_audit_list,
    .begin = begin,
    .doc_get = sqlite_doc_get,
    .doc_put = sqlite_doc_put,
    .doc_restore = sqlite_doc_restore,
    .doc_delete = sqlite_doc_delete,
    .audit_last = sqlite_audit_last,
    .audit_append = sqlite_audit_append,
    .tx_generation = tx_generation,
    .commit = commit,
    .rollback = rollback,
    .once = sqlite_once,
    .schema_version = schema_version,
    .close = sqlite_close,
};

/* -- opening ---------------------------------------------------------------------------------------------- */

/* A file that is there is not opened here: this process may have it open already, and closing any descriptor of it drops
 * all of SQLite's locks on it (POSIX). Another process that then leaves believes that it was the last, and takes the log
 * away from under us with everything that we write from then on. */
static bool create_private(const char *path, struct att_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct stat st;

    if (fd >= 0) {
        (void)close(fd);
        return true;
    }
    if (errno != EEXIST || lstat(path, &st) != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.file", "a file that can be opened", "%m");
    return S_ISREG(st.st_mode) ||
           att_fail(err, ATT_STORE_FAILED, "store.file", "a file", "a link, a folder or a device");
}

static bool set_up(struct sqlite *q, const char *path, struct att_err *err)
{
    if (sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                        NULL) != SQLITE_OK)
        return sqlite_failed(q, "store.open", err);
    (void)sqlite3_busy_timeout(q->db, BUSY_MS);
    (void)sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1,
                            NULL); /* an older library lacks it: still safe */
    /* The mode stays in the file: one that is not ours is not touched by who only looks. */
    if (q->as_is && !sqlite_migrate(q, err))
        return false;
    /* What is deleted or replaced is overwritten: a policy that is sealed later must not stay in a free page. Debian's library
     * does so anyway. */
    if (sqlite3_exec(q->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON",
                     NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_failed(q, "store.open", err);
    return sqlite_migrate(q, err);
}

/* One opens at a time: two processes that turn a fresh file to WAL at once do not wait for each other, whatever the
 * busy timeout says - one is told "database is locked". The lock is a file of its own, for the reason above. */
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

/* A file that is there; closing a descriptor of it would drop locks, so it is not opened for that. */
static bool is_there(const char *path, struct att_err *err)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.file", "a file that is there", "%m");
    return S_ISREG(st.st_mode) ||
           att_fail(err, ATT_STORE_FAILED, "store.file", "a file", "a link, a folder or a device");
}

static bool open_one(const char *path, bool as_is, struct store **ret, struct att_err *err)
{
    int lock = -1;

    if (!*path)
        return att_fail(err, ATT_CONFIG_INVALID, "store", "sqlite:PATH", "no path");
    if (!(as_is ? is_there(path, err) : create_private(path, err)) || !open_lock(path, &lock, err))
        return false;
    struct sqlite *q = calloc(1, sizeof *q);
    if (q)
        q->as_is = as_is;
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

bool store_sqlite_open(const char *path, struct store **ret, struct att_err *err)
{
    return open_one(path, false, ret, err);
}

bool store_sqlite_open_as_is(const char *path, struct store **ret, struct att_err *err)
{
    return open_one(path, true, ret, err);
}
