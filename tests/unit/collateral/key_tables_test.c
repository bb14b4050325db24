/* layers: collateral crypto codec base */
/* The options of a library reach its tables, and what is put off is done by att_lib_work. */
#include "unit/crypto/p384_made.h"

#include "collateral/context.h"

static unsigned wishes;

static void wish(void *ctx)
{
    wishes += *(unsigned *)ctx;
}

static struct att_lib *lib_of(const struct att_lib_options *o)
{
    struct att_lib *lib = NULL;
    struct att_err err = { .code = ATT_OK };
    if (!att_lib_new(o, &lib, &err))
        fail_msg("%s", err.text);
    return lib;
}

static void use(struct att_lib *lib, unsigned times)
{
    struct p384_made m = p384_made_new(lib->crypto);
    while (times-- > 0)
        assert_int_equal(
            att_fast_verify(lib->fast_keys, m.key, ATT_ES384, att_str("m"), att_span_of(m.sig, 96)),
            ATT_SIG_VALID);
    p384_made_free(&m);
}

static void check(struct att_lib *lib, size_t tables)
{
    size_t count = 99, bytes = 99;
    att_lib_key_tables(lib, &count, &bytes);
    assert_int_equal(count, tables);
    assert_int_equal(bytes, tables * 142 * 1024);
}

static void in_line(void **state)
{
    (void)state;
    struct att_lib *lib = lib_of(NULL);
    check(lib, 0);
    use(lib, 3);
    check(lib, 1);
    assert_false(att_lib_work(lib));
    att_lib_free(lib);
}

static void put_off(void **state)
{
    (void)state;
    unsigned step = 5;
    struct att_lib_options o = { .size = sizeof o, .work_wanted = wish, .work_ctx = &step };
    struct att_lib *lib = lib_of(&o);
    use(lib, 4);
    assert_int_equal(wishes, 5);
    check(lib, 0);
    assert_true(att_lib_work(lib));
    check(lib, 1);
    assert_false(att_lib_work(lib));
    att_lib_free(lib);
}

static void none(void **state)
{
    (void)state;
    struct att_lib_options o = { .size = sizeof o, .key_table_bytes_max = SIZE_MAX };
    struct att_lib *lib = lib_of(&o);
    use(lib, 4);
    check(lib, 0);
    att_lib_free(lib);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(in_line), cmocka_unit_test(put_off),
                                        cmocka_unit_test(none) };
    return cmocka_run_group_tests_name("collateral.key_tables", tests, NULL, NULL);
}
