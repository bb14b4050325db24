/* layers: store/sqlite store base codec */
#include "store/sqlite/sqlite.h"

#include "support/cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char dir[64];
    char path[128];
    struct att_arena *arena;
    struct store *store;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct att_err err = { 0 };

    (void)snprintf(f->dir, sizeof f->dir, "%s/attestd-test-XXXXXX",
                   getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof f->path, "%s/a.sqlite", f->dir);
    f->arena = att_arena_new(1 << 20);
    if (!store_sqlite_open(f->path, &f->store, &err))
        fail_msg("%s", err.text);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const ends[] = { "", "-wal", "-shm" };

    store_close(f->store);
    for (size_t i = 0; i < 3; i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
        unlink(path);
    }
    rmdir(f->dir);
    att_arena_free(f->arena);
    free(f);
    return 0;
}

static struct store_key row(const char *kid, int64_t created)
{
    return (struct store_key){ kid, "RS256", att_str("sealed bytes"), att_str("spki bytes"), created };
}

static void reopen(struct fixture *f)
{
    struct att_err err = { 0 };
    store_close(f->store);
    f->store = NULL;
    if (!store_sqlite_open(f->path, &f->store, &err))
        fail_msg("%s", err.text);
}

static void only_one_is_the_first_of_its_algorithm(void **state)
{
    struct fixture *f = *state;
    struct att_err err = { 0 };
    struct store_key *rows = NULL;
    size_t count = 0;
    struct store_key a = row("a", 10), b = row("b", 5), other = row("c", 7);
    bool put = false;

    other.alg = "ES256";
    assert_true(store_key_put_first(f->store, &a, &put, &err) && put);
    assert_true(store_key_put_first(f->store, &b, &put, &err) && !put);
    assert_true(store_key_put_first(f->store, &a, &put, &err) && !put);
    assert_true(store_key_put_first(f->store, &other, &put, &err) && put);
    reopen(f);
    assert_true(store_key_put_first(f->store, &b, &put, &err) && !put);
    assert_true(store_key_list(f->store, f->arena, &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].kid, "c");
    assert_string_equal(rows[1].kid, "a");
}

static void keys_survive_and_are_ordered(void **state)
{
    struct fixture *f = *state;
    struct att_err err = { 0 };
    struct store_key *rows = NULL;
    size_t count = 9;
    struct store_key a = row("newer", 20), b = row("older", 10);

    assert_true(store_key_list(f->store, f->arena, &rows, &count, &err));
    assert_int_equal(count, 0);
    assert_true(store_key_put(f->store, &a, &err) && store_key_put(f->store, &b, &err));
    reopen(f);
    assert_true(store_key_list(f->store, f->arena, &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].kid, "older");
    assert_string_equal(rows[1].kid, "newer");
    assert_true(att_span_is(rows[1].sealed, "sealed bytes"));
    assert_int_equal(rows[1].created_unix_s, 20);
    assert_int_equal(store_schema_version(f->store), 1);
}

static void a_key_is_never_replaced(void **state)
{
    struct fixture *f = *state;
    struct att_err err = { 0 };
    struct store_key a = row("k", 1);

    assert_true(store_key_put(f->store, &a, &err));
    assert_false(store_key_put(f->store, &a, &err));
    assert_int_equal(err.code, ATT_STORE_FAILED);
}

static void many_keys(void **state)
{
    struct fixture *f = *state;
    struct att_err err = { 0 };
    struct store_key *rows = NULL;
    size_t count = 0;
    char kid[16];

    for (int i = 0; i < 40; i++) {
        (void)snprintf(kid, sizeof kid, "k%02d", i);
        struct store_key a = row(kid, i);
        assert_true(store_key_put(f->store, &a, &err));
    }
    assert_true(store_key_list(f->store, f->arena, &rows, &count, &err));
    assert_int_equal(count, 40);
    assert_string_equal(rows[39].kid, "k39");
}

static void certificates_by_provider_and_endpoint(void **state)
{
    struct fixture *f = *state;
    struct att_err err = { 0 };
    struct att_span der = { 0 };
    bool found = true;
    struct store_key k = row("k", 1);
    struct store_certificate c = { "default", "k", "https://a", att_str("der one") };

    assert_true(store_key_put(f->store, &k, &err));
    assert_true(store_certificate_get(f->store, f->arena, "default", "k", "https://a", &der, &found, &err));
    assert_false(found);
    assert_true(store_certificate_put(f->store, &c, &err));
    assert_true(store_certificate_get(f->store, f->arena, "default", "k", "https://a", &der, &found, &err));
    assert_true(found && att_span_is(der, "der one"));
    assert_true(store_certificate_get(f->store, f->arena, "other", "k", "https://a", &der, &found, &err));
    assert_false(found);
    c.attest_uri = "https://b";
    c.der = att_str("der two");
    assert_true(store_certificate_put(f->store, &c, &err));
    assert_true(store_certificate_get(f->store, f->arena, "default", "k", "https://a", &der, &found, &err));
    assert_false(found);
    assert_true(store_certificate_get(f->store, f->arena, "default", "k", "https://b", &der, &found, &err));
    assert_true(found && att_span_is(der, "der two"));
    c.kid = "no such key";
    assert_false(store_certificate_put(f->store, &c, &err)); /* a certificate without its key */
}

static void hand_written(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void broken_rows_are_errors(void **state)
{
    static const char *const statements[] = {
        "INSERT INTO signing_keys VALUES ('', 'RS256', x'00', x'00', 1)",
        "INSERT INTO signing_keys VALUES ('k', '', x'00', x'00', 1)",
        "INSERT INTO signing_keys VALUES ('k', 'RS256', x'', x'00', 1)",
        "INSERT INTO signing_keys VALUES ('k', 'RS256', x'00', zeroblob(70000), 1)",
        "INSERT INTO signing_keys VALUES ('k', 'RS' || char(0) || '256', x'00', x'00', 1)",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct att_err err = { 0 };
        struct store_key *rows = NULL;
        size_t count = 0;
        hand_written(f->path, "DELETE FROM signing_keys");
        hand_written(f->path, statements[i]);
        if (store_key_list(f->store, f->arena, &rows, &count, &err) || err.code != ATT_STORE_FAILED)
            fail_msg("%s was believed", statements[i]);
    }
}

static void a_newer_schema_is_refused(void **state)
{
    struct fixture *f = *state;
    struct att_err err = { 0 };
    struct store *other = NULL;

    hand_written(f->path, "PRAGMA user_version = 99");
    assert_false(store_sqlite_open(f->path, &other, &err));
    assert_int_equal(err.code, ATT_STORE_FAILED);
    assert_non_null(strstr(err.text, "newer attestd"));
}

static void what_is_no_database_is_refused(void **state)
{
    struct fixture *f = *state;
    struct att_err err = { 0 };
    struct store *other = NULL;
    char path[160];

    (void)snprintf(path, sizeof path, "%s/text", f->dir);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 500; i++)
        fputs("this is not a database. ", file);
    fclose(file);
    assert_false(store_sqlite_open(path, &other, &err));
    assert_int_equal(err.code, ATT_STORE_FAILED);
    unlink(path);
    err = (struct att_err){ 0 };
    assert_false(store_sqlite_open(f->dir, &other, &err));
    assert_int_equal(err.code, ATT_STORE_FAILED);
    err = (struct att_err){ 0 };
    assert_false(store_sqlite_open("/nonexistent/folder/a.sqlite", &other, &err));
}

static void the_file_is_private(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_one_is_the_first_of_its_algorithm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_survive_and_are_ordered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_is_never_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(certificates_by_provider_and_endpoint, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_rows_are_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_schema_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_database_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_file_is_private, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
