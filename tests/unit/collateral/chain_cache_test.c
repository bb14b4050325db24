/* layers: collateral base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "collateral/chain_cache.h"

struct thing {
    struct att_cached cached;
    unsigned *destroyed;
};

static void destroy(struct att_cached *e)
{
    struct thing *t = (struct thing *)e;

    ++*t->destroyed;
    free(t);
}

static struct thing *thing_new(unsigned *destroyed)
{
    struct thing *t = calloc(1, sizeof *t);

    assert_non_null(t);
    att_cached_init(&t->cached, destroy);
    t->destroyed = destroyed;
    return t;
}

static void key_of(unsigned n, uint8_t ret[32])
{
    memset(ret, 0, 32);
    ret[3] = (uint8_t)n; /* picks the set */
    ret[31] = (uint8_t)(n >> 8);
}

static void put(struct att_chain_cache *c, unsigned n, unsigned *destroyed)
{
    struct thing *t = thing_new(destroyed);
    uint8_t key[32];

    key_of(n, key);
    att_chain_cache_put(c, key, &t->cached);
    att_cached_drop(&t->cached);
}

static bool has(struct att_chain_cache *c, unsigned n)
{
    uint8_t key[32];

    key_of(n, key);
    struct att_cached *e = att_chain_cache_get(c, key);
    att_cached_drop(e);
    return e != NULL;
}

static void test_bounded(void **state)
{
    (void)state;
    for (size_t max = 1; max <= 40; max++) {
        struct att_chain_cache *c = att_chain_cache_new(max);
        unsigned destroyed = 0;
        assert_non_null(c);
        for (unsigned n = 0; n < 200; n++) {
            put(c, n, &destroyed);
            assert_true(has(c, n));
            assert_true(att_chain_cache_count(c) <= max);
        }
        assert_int_equal(destroyed, 200 - att_chain_cache_count(c));
        att_chain_cache_free(c);
        assert_int_equal(destroyed, 200);
    }
    assert_null(att_chain_cache_new(0));
    assert_null(att_chain_cache_new(SIZE_MAX));
    att_chain_cache_free(NULL);
}

static void test_oldest_goes(void **state)
{
    struct att_chain_cache *c = att_chain_cache_new(2);
    unsigned destroyed = 0;

    (void)state;
    put(c, 1, &destroyed);
    put(c, 2, &destroyed);
    assert_true(has(c, 1)); /* used: 2 is the older one now */
    put(c, 3, &destroyed);
    assert_true(has(c, 1));
    assert_false(has(c, 2));
    assert_true(has(c, 3));
    put(c, 3, &destroyed); /* the first one stays, the second is not kept */
    assert_int_equal(destroyed, 2);
    att_chain_cache_free(c);
}

static void test_whole_key_counts(void **state)
{
    struct att_chain_cache *c = att_chain_cache_new(8);
    unsigned destroyed = 0;

    (void)state;
    put(c, 1, &destroyed);
    assert_true(has(c, 1));
    assert_false(has(c, 1 + 256)); /* differs in the last byte alone */
    att_chain_cache_free(c);
}

/* What is in use outlives its eviction. */
static void test_use_after_eviction(void **state)
{
    struct att_chain_cache *c = att_chain_cache_new(1);
    unsigned destroyed = 0;
    uint8_t key[32];

    (void)state;
    put(c, 1, &destroyed);
    key_of(1, key);
    struct att_cached *e = att_chain_cache_get(c, key);
    put(c, 2, &destroyed);
    assert_int_equal(destroyed, 0);
    att_cached_drop(e);
    assert_int_equal(destroyed, 1);
    att_chain_cache_free(c);
    assert_int_equal(destroyed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_oldest_goes),
        cmocka_unit_test(test_whole_key_counts),
        cmocka_unit_test(test_use_after_eviction),
    };

    return cmocka_run_group_tests_name("collateral.chain_cache", tests, NULL, NULL);
}
