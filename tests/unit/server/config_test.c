/* layers: server base codec */
#include "server/config.h"

#include <attest/attest.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

static bool read_text(struct att_arena *a, const char *text, struct config *c, struct att_err *err)
{
    return config_defaults(a, c, err) && config_read(a, "/etc/attestd.conf", att_str(text), c, err);
}

static void good_settings_are_taken(void **state)
{
    (void)state;
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    struct config c;

    if (!read_text(
            a,
            "# a comment\n[attestd]\nlisten = 0.0.0.0:443\nthreads=4\n"
            "collateral_dirs = /a/b  /c\naccepted_tcb = UpToDate, OutOfDate\nsigning_algorithm = ES256\n",
            &c, &err))
        fail_msg("%s", err.text);
    assert_string_equal(c.listen, "0.0.0.0:443");
    assert_int_equal(c.threads, 4);
    assert_int_equal(c.collateral_dirs.count, 2);
    assert_string_equal(c.collateral_dirs.path[1], "/c");
    assert_int_equal(c.accepted_tcb,
                     ATT_TCB_BIT(ATT_STATUS_UP_TO_DATE) | ATT_TCB_BIT(ATT_STATUS_OUT_OF_DATE));
    assert_int_equal(c.idle_timeout_s, 120); /* untouched */
    att_arena_free(a);
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *where;
    } rows[] = {
        { "unknown name", "[attestd]\nlistn = x\n", "attestd.conf:2" },
        { "twice", "[attestd]\nthreads = 1\nthreads = 2\n", "attestd.conf:3" },
        { "another section", "[other]\nthreads = 1\n", "attestd.conf:2" },
        { "no section", "threads = 1\n", "attestd.conf:1" },
        { "indented", "[attestd]\n threads = 1\n", "attestd.conf:2" },
        { "indented by a tab", "[attestd]\nlisten = a:1\n\tb\n", "attestd.conf:3" },
        { "negative", "[attestd]\nthreads = -1\n", "attestd.conf:2" },
        { "not a number", "[attestd]\nthreads = two\n", "attestd.conf:2" },
        { "hexadecimal", "[attestd]\nthreads = 0x10\n", "attestd.conf:2" },
        { "empty number", "[attestd]\nthreads =\n", "attestd.conf:2" },
        { "too large", "[attestd]\nthreads = 257\n", "attestd.conf:2" },
        { "far too large", "[attestd]\nthreads = 99999999999999999999\n", "attestd.conf:2" },
        { "too small", "[attestd]\nconnections_max = 0\n", "attestd.conf:2" },
        { "Revoked", "[attestd]\naccepted_tcb = UpToDate Revoked\n", "attestd.conf:2" },
        { "unknown status", "[attestd]\naccepted_tcb = uptodate\n", "attestd.conf:2" },
        { "unknown algorithm", "[attestd]\nsigning_algorithm = none\n", "attestd.conf:2" },
        { "neither section nor setting", "[attestd]\nhello\n", "attestd.conf:2" },
        { "a trust root", "[attestd]\ntrust_root = /x\n", "attestd.conf:2" },
        { "dev by file", "[attestd]\ndev = true\n", "attestd.conf:2" },
        { "evidence time by file", "[attestd]\nevidence_time = 2020-01-01T00:00:00Z\n", "attestd.conf:2" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_err err = { 0 };
        struct config c;
        if (read_text(a, rows[i].text, &c, &err))
            fail_msg("%s was taken", rows[i].name);
        if (err.code != ATT_CONFIG_INVALID || strncmp(err.where, rows[i].where, strlen(rows[i].where)) != 0)
            fail_msg("%s: %s at %s", rows[i].name, att_code_name(err.code), err.where);
        att_arena_free(a);
    }
}

static void long_lines_and_nul_are_refused(void **state)
{
    (void)state;
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    struct config c;
    char text[400] = "[attestd]\ndata_dir = ";
    size_t len = strlen(text);

    memset(text + len, 'x', 190 - (len - 10));
    assert_true(read_text(a, text, &c, &err)); /* exactly 190 */
    text[len + 190 - (len - 10)] = 'x';
    assert_false(read_text(a, text, &c, &err));
    assert_non_null(strstr(err.expected, "190"));
    err = (struct att_err){ 0 };
    assert_true(config_defaults(a, &c, &err));
    assert_false(config_read(a, "x.conf", att_span_of("[attestd]\n\0", 11), &c, &err));
    att_arena_free(a);
}

static void production_names_what_is_missing(void **state)
{
    (void)state;
    static const char *const order[] = { "base_url", "data_dir", "tls_certificate", "tls_key",
                                         "key_encryption_key" };
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    struct config c;

    assert_true(config_defaults(a, &c, &err));
    for (size_t i = 0; i < 5; i++) {
        err = (struct att_err){ 0 };
        assert_false(config_complete(&c, &err));
        assert_string_equal(err.where, order[i]);
        err = (struct att_err){ 0 };
        assert_true(config_set(a, &c, order[i], "https://attest.example", &err));
    }
    assert_true(config_complete(&c, &err));
    static const char *const bad_urls[] = { "http://attest.example", "https://", "https://attest.example/",
                                            "attest" };
    for (size_t i = 0; i < 4; i++) {
        err = (struct att_err){ 0 };
        assert_true(config_set(a, &c, "base_url", bad_urls[i], &err));
        assert_false(config_complete(&c, &err));
    }
    att_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_settings_are_taken),
        cmocka_unit_test(bad_settings_are_refused),
        cmocka_unit_test(long_lines_and_nul_are_refused),
        cmocka_unit_test(production_names_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
