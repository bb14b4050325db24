#include "contract/backend.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[64];
static char path[96];

static bool start(void)
{
    (void)snprintf(dir, sizeof dir,
                   "/var/tmp/attestd-contract-XXXXXX"); /* a disk: not a file system in memory */
    return mkdtemp(dir) != NULL;
}

static bool fresh(void)
{
    static unsigned number;

    (void)snprintf(path, sizeof path, "%s/%u.sqlite", dir, number++);
    (void)snprintf(backend_sqlite.url, sizeof backend_sqlite.url, "sqlite:%s", path);
    return true;
}

static void repeat(sqlite3_context *ctx, int count, sqlite3_value **values)
{
    int n = sqlite3_value_int(values[1]);
    char *text = sqlite3_malloc(n);

    (void)count;
    if (!text)
        abort();
    memset(text, sqlite3_value_text(values[0])[0], (size_t)n);
    sqlite3_result_text(ctx, text, n, sqlite3_free);
}

static bool raw(const char *sql)
{
    sqlite3 *db = NULL;
    bool ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
              sqlite3_create_function(db, "repeat", 2, SQLITE_UTF8, NULL, repeat, NULL, NULL) == SQLITE_OK &&
              sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;

    (void)sqlite3_close(db);
    return ok;
}

static void stop(void)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", dir);
    cases_check(&cases, system(command) == 0, "nothing is left behind");
}

static const char *const loose[] = {
    "CREATE TABLE loose (tenant, kind, id, version, changed_unix_s, body); INSERT INTO loose SELECT tenant, "
    "kind, id, "
    "version, changed_unix_s, body FROM documents; DROP TABLE documents; ALTER TABLE loose RENAME TO "
    "documents",
    "CREATE TABLE loose (seq, tenant, scope, at_unix_s, body); INSERT INTO loose SELECT seq, tenant, scope, "
    "at_unix_s, "
    "body FROM audit; DROP TABLE audit; ALTER TABLE loose RENAME TO audit",
    NULL,
};

static const struct broken_row wrong[] = {
    { "version is text", "UPDATE documents SET version = 'x'" },
    { "version is digits", "UPDATE documents SET version = '1'" },
    { "version is a fraction", "UPDATE documents SET version = 1.5" },
    { "version is bytes", "UPDATE documents SET version = x'01'" },
    { "time is text", "UPDATE documents SET changed_unix_s = 'x'" },
    { "time is a fraction", "UPDATE documents SET changed_unix_s = 1e300" },
    { "body is bytes", "UPDATE documents SET body = x'7b7d'" },
    { "body is a number", "UPDATE documents SET body = 5" },
    { "body is not UTF-8", "UPDATE documents SET body = CAST(x'22ff22' AS TEXT)" },
    { "body ends in the middle of a character", "UPDATE documents SET body = CAST(x'22c3' AS TEXT)" },
    { "body has a NUL", "UPDATE documents SET body = CAST(x'220022' AS TEXT)" },
    { "tenant is bytes", "UPDATE documents SET tenant = x'74'" },
    { "tenant is a number", "UPDATE documents SET tenant = 5" },
    { "id is bytes", "UPDATE documents SET id = x'61'" },
    { "id is a number", "UPDATE documents SET id = 5" },
    { "id has a NUL", "UPDATE documents SET id = CAST(x'610061' AS TEXT)" },
    { "no table", "DROP TABLE documents" },
    { "a table without the column", "ALTER TABLE documents DROP COLUMN version" },
    { NULL, NULL },
};

struct backend backend_sqlite = {
    .name = "sqlite",
    .shared = true,
    .start = start,
    .fresh = fresh,
    .raw = raw,
    .newer_schema = "PRAGMA user_version = 99",
    .older_schema = "PRAGMA user_version = 2",
    .first_schema = "DROP TABLE once; PRAGMA user_version = 1",
    .loose_tables = loose,
    .wrong_types = wrong,
    .stop = stop,
};
