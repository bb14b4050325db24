/* layers: keys signer store store/sqlite site access attest base codec */
/* Every key of a store under another key-encryption key, and stores that must stay as they were. */
#include "base/buf.h"
#include "keys/rewrap.h"
#include "keys/rowkey.h"
#include "store/sqlite/sqlite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEYS = 4 };

static const char *const purposes[KEYS] = { "attestation", "attestation", "authority", "aik-authority" };

static struct {
    char dir[64], db[96], old[96], new[96], third[96];
    struct att_arena *arena;
    struct signer_key keys[KEYS];
} f;

static void put_file(const char *path, char digit)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    for (int i = 0; i < 64; i++)
        assert_int_equal(fputc(digit, file), digit);
    assert_int_equal(fclose(file), 0);
}

static struct signer *signer_with(const char *kek, const char *previous)
{
    const char *list[] = { previous, NULL };
    const struct signer_options options = { .kek = kek, .kek_previous = list, .in_process = true };
    struct signer *s = NULL;
    struct att_err err = { 0 };

    if (!signer_open(&options, &s, &err))
        fail_msg("%s: %s", err.where, err.text);
    return s;
}

static struct store *store_with(const char *path)
{
    struct store *s = NULL;
    struct att_err err = { 0 };

    if (!store_sqlite_open(path, &s, &err))
        fail_msg("%s: %s", err.where, err.text);
    return s;
}

/* Four keys by the old key-encryption key, each with times of its own. */
static int set_up(void **state)
{
    struct att_err err = { 0 };
    struct store_tx *tx = NULL;

    (void)state;
    memset(&f, 0, sizeof f);
    (void)snprintf(f.dir, sizeof f.dir, "/tmp/attestd-rewrap-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    (void)snprintf(f.db, sizeof f.db, "%s/db", f.dir);
    (void)snprintf(f.old, sizeof f.old, "%s/old", f.dir);
    (void)snprintf(f.new, sizeof f.new, "%s/new", f.dir);
    (void)snprintf(f.third, sizeof f.third, "%s/third", f.dir);
    put_file(f.old, '1');
    put_file(f.new, '2');
    put_file(f.third, '3');
    f.arena = att_arena_new(8 << 20);
    struct signer *signer = signer_with(f.old, NULL);
    struct store *store = store_with(f.db);
    assert_true(store_begin(store, &tx, &err));
    for (size_t i = 0; i < KEYS; i++) {
        struct store_doc doc;
        assert_true(signer_make(signer, purposes[i], "ES256", f.arena, &f.keys[i], &err));
        const struct keyrow row = { .purpose = f.keys[i].purpose,
                                    .kid = f.keys[i].kid,
                                    .alg = f.keys[i].alg,
                                    .made_unix_s = 1000 + (int64_t)i,
                                    .activate_unix_s = 2000 + (int64_t)i,
                                    .spki = f.keys[i].spki,
                                    .sealed = f.keys[i].sealed };
        assert_true(keyrow_encode(f.arena, &row, &doc, &err));
        assert_true(store_doc_put(tx, &doc, 0, &err));
    }
    assert_true(store_commit(tx, &err));
    store_close(store);
    signer_close(signer);
    return 0;
}

static int tear_down(void **state)
{
    char command[96];

    (void)state;
    att_arena_free(f.arena);
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", f.dir);
    return system(command);
}

static bool shown(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct att_buf *b = ctx;

    (void)err;
    att_buf_printf(b, "%s %s v%llu t%lld ", doc->tenant, doc->id, (unsigned long long)doc->version,
                   (long long)doc->changed_unix_s);
    att_buf_put(b, doc->body);
    att_buf_putc(b, '\n');
    return true;
}

/* All rows, and how many records there are. */
static char *picture(void)
{
    struct att_buf b = { 0 };
    struct att_err err = { 0 };
    struct store *store = store_with(f.db);
    struct store_audit *records = NULL;
    size_t count = 0;

    assert_true(store_scan(store, KEYROW_KIND, shown, &b, &err));
    assert_true(store_audit_list(store, f.arena, NULL, "", 0, 100, &records, &count, &err));
    att_buf_printf(&b, "records %zu", count);
    store_close(store);
    char *text = att_arena_dup(f.arena, att_buf_span(&b));
    att_buf_free(&b);
    return text;
}

static bool rewrap(const char *kek, const char *previous, bool commit, struct key_rewrap *ret,
                   struct att_err *err)
{
    struct signer *signer = signer_with(kek, previous);
    struct store *store = store_with(f.db);
    struct store_tx *tx = NULL;

    assert_true(store_begin(store, &tx, err));
    const struct key_change change = {
        .tx = tx, .arena = f.arena, .now_unix_s = 5000, .by = "unix:root", .via = "attestctl"
    };
    bool ok = key_rewrap_all(&change, store, signer, ret, err);
    if (ok && commit)
        ok = store_commit(tx, err);
    else
        store_rollback(tx);
    store_close(store);
    signer_close(signer);
    return ok;
}

struct reading {
    struct signer *signer;
    size_t rows;
    enum att_code code;
};

static bool loads(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct reading *r = ctx;
    struct keyrow row = { 0 };
    struct att_err why = { 0 };

    assert_true(keyrow_decode(f.arena, doc, &row, err));
    const struct signer_key key = keyrow_key(&row);
    if (!signer_load(r->signer, &key, &why))
        r->code = why.code;
    assert_true(row.made_unix_s >= 1000 && row.made_unix_s < 1000 + KEYS);
    assert_int_equal(row.activate_unix_s, row.made_unix_s + 1000);
    r->rows++;
    return true;
}

/* ATT_OK: all of them, with this key alone. */
static enum att_code opens_with(const char *kek)
{
    struct reading r = { .signer = signer_with(kek, NULL) };
    struct store *store = store_with(f.db);
    struct att_err err = { 0 };

    assert_true(store_scan(store, KEYROW_KIND, loads, &r, &err));
    assert_int_equal(r.rows, KEYS);
    store_close(store);
    signer_close(r.signer);
    return r.code;
}

static void all_of_them(void **state)
{
    struct key_rewrap done = { 0 };
    struct att_err err = { 0 };

    (void)state;
    assert_int_equal(opens_with(f.old), ATT_OK);
    assert_true(rewrap(f.new, f.old, true, &done, &err));
    assert_int_equal(done.rows, KEYS);
    assert_int_equal(done.changed, KEYS);
    assert_int_equal(opens_with(f.new), ATT_OK);
    assert_int_equal(opens_with(f.old), ATT_SEAL_INVALID);
    char *after = picture();
    assert_non_null(strstr(after, "records 1"));
    assert_true(rewrap(f.new, f.old, true, &done, &err)); /* again: nothing to do, and no record of it */
    assert_int_equal(done.changed, 0);
    assert_string_equal(after, picture());
    assert_true(rewrap(f.old, f.new, true, &done, &err)); /* and back */
    assert_int_equal(done.changed, KEYS);
    assert_int_equal(opens_with(f.old), ATT_OK);
}

static void a_look_changes_nothing(void **state)
{
    struct key_rewrap done = { 0 };
    struct att_err err = { 0 };
    char *before = picture();

    (void)state;
    assert_true(rewrap(f.new, f.old, false, &done, &err));
    assert_int_equal(done.changed, KEYS);
    assert_string_equal(before, picture());
}

static void the_wrong_previous_key(void **state)
{
    struct key_rewrap done = { 0 };
    struct att_err err = { 0 };
    char *before = picture();

    (void)state;
    assert_false(rewrap(f.new, f.third, true, &done, &err));
    assert_int_equal(err.code, ATT_SEAL_INVALID);
    assert_true(strlen(done.bad) > 64);
    assert_non_null(strstr(before, done.bad));
    assert_string_equal(before, picture());
}

/* The secret of rows: made once, the same for all, sealed anew with the keys. */
static void the_secret_of_rows(void **state)
{
    uint8_t one[SIGNER_SHARED_BYTES], same[SIGNER_SHARED_BYTES];
    struct signer *old = signer_with(f.old, NULL), *new = signer_with(f.new, NULL);
    struct store *store = store_with(f.db), *other = store_with(f.db);
    struct key_rewrap done = { 0 };
    struct store_tx *made = NULL;
    bool there = false;
    struct att_err err = { 0 }, refused = { 0 };

    (void)state;
    assert_true(store_begin(store, &made, &err));
    assert_true(rowkey_make(made, old, 4000, one, &err));
    assert_true(store_commit(made, &err));
    assert_true(rowkey_open(other, old, 4001, same, &there, &err));
    assert_memory_equal(one, same, sizeof one);
    assert_false(rowkey_open(other, new, 4001, same, &there, &refused));
    assert_int_equal(refused.code, ATT_SEAL_INVALID);
    assert_true(rewrap(f.new, f.old, true, &done, &err));
    assert_int_equal(done.changed, KEYS + 1);
    memset(same, 0, sizeof same);
    assert_true(rowkey_open(other, new, 4002, same, &there, &err));
    assert_memory_equal(one, same, sizeof one);
    struct att_err gone = { 0 };
    assert_false(rowkey_open(other, old, 4002, same, &there, &gone));
    static const char *const bodies[] = { "{}",
                                          "[]",
                                          "{\"sealed\":\"\"}",
                                          "{\"sealed\":\"AQ\"}",
                                          "{\"sealed\":1}",
                                          "{\"sealed\":\"AQ\",\"more\":1}",
                                          "{\"sealed\":\"!\"}" };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct store_tx *tx = NULL;
        struct att_err why = { 0 };
        const struct store_doc bad = {
            .tenant = STORE_TENANT_SITE, .kind = ROWKEY_KIND, .id = ROWKEY_ID, .body = att_str(bodies[i])
        };
        assert_true(store_begin(store, &tx, &err));
        assert_true(store_doc_put(tx, &bad, 2 + i, &err));
        assert_true(store_commit(tx, &err));
        assert_false(rowkey_open(other, new, 4003, same, &there, &why));
        char *before = picture();
        struct att_err also = { 0 };
        assert_false(rewrap(f.third, f.new, true, &done, &also));
        assert_string_equal(done.bad, "sealing-key/rows");
        assert_string_equal(before, picture());
    }
    store_close(store);
    store_close(other);
    signer_close(old);
    signer_close(new);
}

/* One row in the middle that nobody can open: of the others none is changed. */
static void one_broken_row(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "[]",
        "{\"alg\":\"ES256\",\"created\":1,\"kid\":\"k\",\"purpose\":\"attestation\",\"sealed\":\"AQ\","
        "\"spki\":\"AA\"}",
        "{\"alg\":\"ES256\",\"created\":1,\"kid\":\"k\",\"purpose\":\"attestation\",\"sealed\":\"AQ\","
        "\"spki\":\"AA\","
        "\"more\":1}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct store *store = store_with(f.db);
        struct store_tx *tx = NULL;
        struct key_rewrap done = { 0 };
        struct att_err err = { 0 };
        const struct store_doc bad = { .tenant = STORE_TENANT_SITE,
                                       .kind = KEYROW_KIND,
                                       .id = "attestation/zz",
                                       .body = att_str(bodies[i]) };
        assert_true(store_begin(store, &tx, &err));
        assert_true(store_doc_put(tx, &bad, i, &err));
        assert_true(store_commit(tx, &err));
        store_close(store);
        char *before = picture();
        if (rewrap(f.new, f.old, true, &done, &err))
            fail_msg("%s: taken", bodies[i]);
        assert_string_equal(done.bad, "attestation/zz");
        assert_string_equal(before, picture());
    }
}

/* Killed when all rows have been written and nothing has been committed. */
static void killed_in_the_middle(void **state)
{
    char *before = picture();
    int status = 0;

    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct signer *signer = signer_with(f.new, f.old);
        struct store *store = store_with(f.db);
        struct store_tx *tx = NULL;
        struct att_err err = { 0 };
        struct key_rewrap done = { 0 };
        bool ok = store_begin(store, &tx, &err);
        const struct key_change change = {
            .tx = tx, .arena = f.arena, .now_unix_s = 5000, .by = "unix:root", .via = "attestctl"
        };
        ok = ok && key_rewrap_all(&change, store, signer, &done, &err) && done.changed == KEYS;
        _exit(ok ? 0 : 1);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_string_equal(before, picture());
    assert_int_equal(opens_with(f.old), ATT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_of_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_look_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_wrong_previous_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_secret_of_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_broken_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_in_the_middle, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
