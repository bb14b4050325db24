/* layers: api base */
/* Token buckets: what a client gets, over times that are given; a table that stays the same size. */
#include "api/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static struct rate *new (unsigned per_second, unsigned burst)
{
    struct att_err err = { 0 };
    struct rate *r = NULL;

    assert_true(rate_new(per_second, burst, &r, &err));
    return r;
}

static unsigned take_many(struct rate *r, const char *who, int64_t at_ms, unsigned tries)
{
    unsigned got = 0, wait = 0;

    for (unsigned i = 0; i < tries; i++)
        got += rate_take(r, att_str(who), at_ms, &wait);
    return got;
}

static void test_timeline(void **state)
{
    /* 10 a second, 20 at once; at each time `tries` are made */
    static const struct {
        int64_t at_ms;
        unsigned tries, got;
    } rows[] = {
        { 1000, 100, 20 }, { 1000, 5, 0 },
        { 1099, 5, 0 },    { 1100, 5, 1 },
        { 1600, 9, 5 },    { 1600, 1, 0 },
        { 1500, 3, 0 },    { 1700, 3, 1 },
        { 60000, 50, 20 }, { 61000, 50, 10 },
        { 61050, 1, 0 },   { 61099, 1, 0 },
        { 61100, 2, 1 },   { INT64_C(1) << 60, 50, 20 },
    };
    struct rate *r = new (10, 0);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned got = take_many(r, "a", rows[i].at_ms, rows[i].tries);
        if (got != rows[i].got)
            fail_msg("row %zu: %u instead of %u", i, got, rows[i].got);
    }
    rate_free(r);
}

static void test_each_has_its_own(void **state)
{
    struct rate *r = new (1, 3);
    unsigned wait = 0;

    (void)state;
    assert_int_equal(take_many(r, "a", 5, 10), 3);
    assert_int_equal(take_many(r, "b", 5, 10), 3);
    assert_int_equal(take_many(r, "", 5, 10), 3);
    assert_false(rate_take(r, att_str("a"), 5, &wait));
    assert_int_equal(wait, 2); /* a whole second is missing: not one moment too early */
    assert_false(rate_take(r, att_str("a"), 999, &wait));
    assert_int_equal(wait, 1);
    assert_true(rate_take(r, att_str("a"), 1005, &wait));
    assert_true(rate_take(NULL, att_str("a"), 5, &wait)); /* no limit */
    rate_free(r);
}

/* Ever new addresses: memory is that of the table, and somebody who asks all the time keeps his bucket. */
static void test_churn(void **state)
{
    struct rate *r = new (1, 2);
    unsigned got = 0, wait = 0;
    char name[32];

    (void)state;
    for (int i = 0; i < 200000; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        (void)!rate_take(r, att_str(name), 100 + i / 200, &wait);
        if (i % 20 == 0)
            got += rate_take(r, att_str("busy"), 100 + i / 200, &wait);
    }
    assert_in_range(got, 2, 4); /* a second has passed */
    rate_free(r);
}

static void test_client_keys(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "2001:db8::1", "2001:db8::ffff:1", true },
        { "2001:db8::1", "2001:db8:0:1::1", false },
        { "unix", "unix", true },
        { "unix", "192.0.2.1", false },
        { NULL, "unix", true },
        { "192.0.2.1", "c000:201::", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rate_client x, y;
        struct att_span a = rate_client_key(rows[i].a, &x), b = rate_client_key(rows[i].b, &y);
        assert_int_equal(att_span_eq(a, b), rows[i].same);
    }
}

static struct rate *shared;
static atomic_uint shared_got;

static void *taker(void *arg)
{
    (void)arg;
    (void)atomic_fetch_add(&shared_got, take_many(shared, "one", 7, 1000));
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[4];

    (void)state;
    shared = new (1, 1234);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, taker, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&shared_got), 1234);
    rate_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timeline), cmocka_unit_test(test_each_has_its_own),
        cmocka_unit_test(test_churn),    cmocka_unit_test(test_client_keys),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
