/* layers: store/sqlite store base codec */
/* What only a file can do wrong; the rows are the business of tests/contract. */
#include "store/sqlite/sqlite.h"
#include "support/cases.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(ok, ...) cases_check(&c, ok, __VA_ARGS__)

static struct cases c = { .name = "store.sqlite" };
static char dir[64];

static struct store *open_file(const char *path, struct att_err *err)
{
    struct store *s = NULL;

    *err = (struct att_err){ 0 };
    return store_sqlite_open(path, &s, err) ? s : NULL;
}

static bool put(struct store *s, const char *id, struct att_span body, uint64_t replaces, struct att_err *err)
{
    struct store_doc doc = { .tenant = "t", .kind = "k", .id = id, .changed_unix_s = 1, .body = body };
    struct store_tx *tx = NULL;

    *err = (struct att_err){ 0 };
    if (!store_begin(s, &tx, err))
        return false;
    if (store_doc_put(tx, &doc, replaces, err))
        return store_commit(tx, err);
    store_rollback(tx);
    return false;
}

static bool count_doc(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    (void)doc;
    (void)err;
    (*(unsigned *)ctx)++;
    return true;
}

static unsigned count(struct store *s)
{
    struct att_err err = { 0 };
    unsigned n = 0;

    return store_scan(s, "k", count_doc, &n, &err) ? n : 9999;
}

static void the_file_is_private(void)
{
    char *path = path_of(dir, "private.sqlite");
    struct att_err err;
    struct stat st = { 0 };
    mode_t before = umask(0);
    struct store *s = open_file(path, &err);
    static const char *const ends[] = { "", "-wal", "-shm", "-open" };

    CHECK(s && put(s, "a", att_str("1"), 0, &err), "a store: %s", err.text);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char *file = path_of(dir, "private.sqlite%s", ends[i]);
        CHECK(stat(file, &st) == 0 && (st.st_mode & 0777) == 0600, "private.sqlite%s has mode %o", ends[i],
              (unsigned)st.st_mode & 0777);
        free(file);
    }
    store_close(s);
    (void)umask(before);
    free(path);
}

static void what_is_no_database_is_refused(void)
{
    struct att_err err;
    char *path = path_of(dir, "text.sqlite"), *link = path_of(dir, "link.sqlite");
    FILE *f = fopen(path, "w");

    for (int i = 0; f && i < 500; i++)
        (void)fputs("this is not a database. ", f);
    CHECK(f && fclose(f) == 0, "a file of text");
    CHECK(!open_file(path, &err) && err.code == ATT_STORE_FAILED, "a file of text: %s", err.text);
    CHECK(symlink("nowhere.sqlite", link) == 0 && !open_file(link, &err) && err.code == ATT_STORE_FAILED,
          "a symbolic link is not followed: %s", err.text);
    CHECK(!open_file(dir, &err) && err.code == ATT_STORE_FAILED, "a folder: %s", err.text);
    CHECK(!open_file("/nonexistent/folder/a.sqlite", &err) && err.code == ATT_STORE_FAILED, "no folder: %s",
          err.text);
    CHECK(!open_file("", &err) && err.code == ATT_CONFIG_INVALID, "no path: %s", err.text);
    free(path);
    free(link);
}

/* Every byte of the first pages damaged in turn: refused or read, never a crash. */
static void a_damaged_file(void)
{
    char *good = path_of(dir, "good.sqlite"), *bad = path_of(dir, "bad.sqlite");
    struct att_err err;
    struct store *s = open_file(good, &err);
    size_t len = 0;
    unsigned refused = 0, tried = 0;

    CHECK(s && put(s, "a", att_str("{\"some\":\"body\"}"), 0, &err), "a store: %s", err.text);
    store_close(s); /* the last handle writes everything into the one file */
    uint8_t *bytes = file_read(good, &len);
    for (size_t at = 0; bytes && at < len; at += 13) {
        char command[256];
        FILE *f = fopen(bad, "wb");
        bytes[at] ^= 0x55;
        bool ok = f && fwrite(bytes, 1, len, f) == len && fclose(f) == 0;
        bytes[at] ^= 0x55;
        s = ok ? open_file(bad, &err) : NULL;
        if (s && (count(s) != 1 || !put(s, "b", att_str("1"), 0, &err)))
            refused++;
        refused += !s;
        tried++;
        store_close(s);
        (void)snprintf(command, sizeof command, "%s-wal", bad);
        (void)unlink(command);
    }
    CHECK(tried > 100 && refused > 20, "%u damaged files, %u of them seen to be", tried, refused);
    free(bytes);
    free(good);
    free(bad);
}

/* A disk that is full: in a child, whose files may not grow. */
static int full_disk(const char *path, struct att_span body)
{
    struct att_err err;
    struct store *s = open_file(path, &err);
    struct rlimit none = { 0, 0 }, before;
    uint64_t generation = 99;

    if (!s || !put(s, "first", att_str("1"), 0, &err) || getrlimit(RLIMIT_FSIZE, &before) != 0)
        return 2;
    (void)signal(SIGXFSZ, SIG_IGN);
    none.rlim_max = before.rlim_max;
    if (setrlimit(RLIMIT_FSIZE, &none) != 0)
        return 3;
    for (int i = 0; i < 3; i++) {
        if (put(s, "second", body, 0, &err) || err.code != ATT_STORE_FAILED)
            return 4;
    }
    if (count(s) != 1)
        return 5;
    if (setrlimit(RLIMIT_FSIZE, &before) != 0 || !store_generation(s, &generation, &err) || generation != 1)
        return 6;
    if (!put(s, "third", body, 0, &err) || count(s) != 2)
        return 7;
    store_close(s);
    s = open_file(path, &err);
    return s && count(s) == 2 ? 0 : 8;
}

static void a_full_disk_keeps_what_was_committed(void)
{
    static uint8_t body[200000];
    static const size_t lengths[] = { 1, sizeof body };

    memset(body, 'x', sizeof body);
    for (size_t i = 0; i < 2; i++) {
        char *path = path_of(dir, "full%zu.sqlite", i);
        int status = -1;
        (void)fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            _exit(full_disk(path, att_span_of(body, lengths[i])));
        CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0,
              "a full disk, a body of %zu bytes: status %x", lengths[i], (unsigned)status);
        free(path);
    }
}

/* Who only looks makes no file, fills none, and leaves the schema of an older release to the attestd that may still run on it. */
static void looking_changes_nothing(void)
{
    char *path = path_of(dir, "look.sqlite");
    struct att_err err = { 0 };
    struct store *s = NULL;
    struct stat st = { 0 };

    CHECK(!store_sqlite_open_as_is(path, &s, &err) && err.code == ATT_STORE_FAILED && access(path, F_OK) != 0,
          "no file: %s", err.text);
    FILE *f = fopen(path, "w");
    CHECK(f && fclose(f) == 0, "an empty file");
    err = (struct att_err){ 0 };
    CHECK(!store_sqlite_open_as_is(path, &s, &err) && strcmp(err.where, "store.schema") == 0,
          "an empty one: %s", err.text);
    CHECK(stat(path, &st) == 0 && st.st_size == 0, "it stays empty");

    s = open_file(path, &err);
    CHECK(s && put(s, "a", att_str("1"), 0, &err), "a store: %s", err.text);
    unsigned newest = s ? store_schema_version(s) : 0;
    store_close(s);
    for (unsigned version = 0; version <= newest + 1; version++) {
        char sql[64];
        sqlite3 *db = NULL;
        (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %u", version);
        CHECK(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
              "version %u", version);
        sqlite3_close(db);
        err = (struct att_err){ 0 };
        s = NULL;
        bool ok = store_sqlite_open_as_is(path, &s, &err);
        CHECK(ok == (version == newest) && (ok || strcmp(err.where, "store.schema") == 0), "version %u: %s",
              version, err.text);
        CHECK(!ok || count(s) == 1, "its row");
        store_close(s);
    }
    free(path);
}

int main(void)
{
    char command[128];

    (void)snprintf(dir, sizeof dir, "%s/attestd-test-XXXXXX",
                   getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp");
    if (!mkdtemp(dir))
        return 1;
    the_file_is_private();
    what_is_no_database_is_refused();
    a_damaged_file();
    a_full_disk_keeps_what_was_committed();
    looking_changes_nothing();
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", dir);
    CHECK(system(command) == 0, "nothing is left behind");
    return cases_report(&c);
}
