/* layers: config files base codec */
/* The address of the store, with a password that comes from a file alone. */
#include "config/store_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/attestd-storage-XXXXXX";
static char password_path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(password_path, sizeof password_path, "%s/password", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(password_path);
    return rmdir(folder);
}

static void write_password(const char *bytes, size_t len)
{
    FILE *file = fopen(password_path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *name, *store, *password, *want;
    } rows[] = {
        { "none is SQLite in the data folder", "", NULL, "sqlite:/var/lib/a/attestd.sqlite" },
        { "as it stands", "postgres:host=db dbname=a", NULL, "postgres:host=db dbname=a" },
        { "a keyword more", "postgres:host=db dbname=a", "s3cret\n",
          "postgres:host=db dbname=a password='s3cret'" },
        { "without a line end", "postgres:host=db", "s3cret", "postgres:host=db password='s3cret'" },
        { "a line end of two bytes", "postgres:host=db", "s3cret\r\n", "postgres:host=db password='s3cret'" },
        { "the first line alone", "postgres:host=db", "one\ntwo\n", "postgres:host=db password='one'" },
        { "a quote and a backslash stay in the password", "postgres:host=db", "a'b\\c host=evil",
          "postgres:host=db password='a\\'b\\\\c host=evil'" },
        { "a parameter of a URL", "postgres://attestd@db/a", "a&b=c",
          "postgres://attestd@db/a?password=%61%26%62%3D%63" },
        { "one more parameter", "postgres:postgres://db/a?user=x", "%",
          "postgres:postgres://db/a?user=x&password=%25" },
        { "bytes beyond ASCII", "postgres://db/a", "\xc3\xa4", "postgres://db/a?password=%C3%A4" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_err err = { 0 };
        struct config c = { .data_dir = "/var/lib/a", .store = rows[i].store, .store_password_file = "" };
        const char *url = NULL;

        if (rows[i].password) {
            write_password(rows[i].password, strlen(rows[i].password));
            c.store_password_file = password_path;
        }
        if (!store_url(&c, a, &url, &err))
            fail_msg("%s: %s", rows[i].name, err.text);
        if (strcmp(url, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].name, url);
        att_arena_free(a);
    }
}

static void passwords_that_cannot_be_used(void **state)
{
    (void)state;
    char many[1100];
    memset(many, 'x', sizeof many);
    const struct {
        const char *name, *bytes;
        size_t len;
    } rows[] = {
        { "an empty file", "", 0 },
        { "an empty first line", "\nsecret\n", 8 },
        { "a NUL byte", "a\0b", 3 },
        { "over 1024 bytes", many, sizeof many },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_err err = { 0 };
        struct config c = { .data_dir = "",
                            .store = "postgres:host=db",
                            .store_password_file = password_path };
        const char *url = NULL;

        write_password(rows[i].bytes, rows[i].len);
        if (store_url(&c, a, &url, &err))
            fail_msg("%s was taken", rows[i].name);
        assert_int_equal(err.code, ATT_CONFIG_INVALID);
        assert_null(url);
        assert_null(strstr(err.text, "secret"));
        att_arena_free(a);
    }
}

static void a_store_that_nobody_has(void **state)
{
    (void)state;
    static const char *const rows[] = { "mysql:x", "SQLITE:x", ":x", "sqlite3:x", "/var/lib/a:b" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        struct config c = { .data_dir = "", .store = rows[i], .store_password_file = "" };
        if (store_url_check(&c, &err))
            fail_msg("%s was taken", rows[i]);
        assert_int_equal(err.code, ATT_CONFIG_INVALID);
    }
    static const char *const good[] = { "", "memory:", "sqlite:x", "postgres:dbname=a" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct att_err err = { 0 };
        struct config c = { .data_dir = "d", .store = good[i], .store_password_file = "" };
        if (!store_url_check(&c, &err))
            fail_msg("%s: %s", good[i], err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(passwords_that_cannot_be_used),
        cmocka_unit_test(a_store_that_nobody_has),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
