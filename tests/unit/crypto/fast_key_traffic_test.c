/* layers: crypto codec base */
/* What tables cost and save under many kinds of traffic, in millions of verifications: fast_key.c itself, with the
 * arithmetic replaced by a sum of what it would take. All of it against plain OpenSSL, for which each costs 1. */
#include "made.h"

#include "crypto/core.h"
#include "crypto/p384.h"

/* As measured, on the careful side. */
static const double cost_plain = 1, cost_quick = 0.45, cost_table = 3.5;
static double cost;
static void (*meanwhile)(void); /* while a table is in use */
static uint64_t quick;

static struct att_p384 *counted_new(void)
{
    return (struct att_p384 *)&cost;
}
static void counted_free(struct att_p384 *p)
{
    (void)p;
}
static struct att_p384_table *counted_table_new(const struct att_p384 *p, const uint8_t *xy)
{
    (void)p;
    (void)xy;
    cost += cost_table;
    return (struct att_p384_table *)&cost;
}
static void counted_table_free(struct att_p384_table *t)
{
    (void)t;
}
static enum att_sig counted_by_table(const struct att_p384 *p, const struct att_p384_table *t,
                                     const uint8_t *digest, const uint8_t *signature)
{
    (void)p;
    (void)t;
    (void)digest;
    (void)signature;
    quick++;
    cost += cost_quick;
    if (meanwhile)
        meanwhile();
    return ATT_SIG_VALID;
}
static enum att_sig counted_plain(const struct att_crypto *c, const struct att_key *k, enum att_sig_alg alg,
                                  struct att_span message, struct att_span signature)
{
    (void)c;
    (void)k;
    (void)alg;
    (void)message;
    (void)signature;
    cost += cost_plain;
    return ATT_SIG_VALID;
}
static bool counted_digest(const struct att_crypto *c, enum att_hash h, struct att_span data, uint8_t *ret)
{
    (void)c;
    (void)data;
    memset(ret, 0, att_hash_size(h));
    return true;
}

#define att_p384_new        counted_new
#define att_p384_free       counted_free
#define att_p384_table_new  counted_table_new
#define att_p384_table_free counted_table_free
#define att_p384_verify     counted_by_table
#define att_verify          counted_plain
#define att_digest          counted_digest
#define att_fast_keys_new   traffic_keys_new
#define att_fast_keys_free  traffic_keys_free
#define att_fast_verify     traffic_verify
#define att_fast_work       traffic_work
#define att_fast_keys_stats traffic_stats
#include "crypto/fast_key.c"

static struct att_fast_keys *f;
static uint64_t chance;
static uint64_t requests;

static uint64_t mix(uint64_t n)
{
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9U;
    n = (n ^ n >> 27) * 0x94d049bb133111ebU;
    return n ^ n >> 31;
}

static uint64_t any(uint64_t below)
{
    chance += 0x9e3779b97f4a7c15U;
    return mix(chance) % below;
}

/* Key `number` comes once. */
static void request(uint64_t number)
{
    static const uint8_t sig[POINT_BYTES] = { 1 };
    uint8_t point[POINT_BYTES] = { 0 };
    struct att_key k = { .type = ATT_KEY_P384, .point = { point, sizeof point } };

    uint64_t x = mix(number + 1);
    memcpy(point, &x, sizeof x);
    memcpy(point + 8, &number, sizeof number);
    assert_int_equal(att_fast_verify(f, &k, ATT_ES384, att_str("m"), att_span_of(sig, sizeof sig)),
                     ATT_SIG_VALID);
    requests++;
}

static void begin(void)
{
    cost = 0;
    quick = 0;
    requests = 0;
}

static double share(void)
{
    return (double)quick / (double)requests;
}

static void check_cost(const char *what, double most)
{
    printf("%-48s cost %.3f, by table %.3f\n", what, cost / (double)requests, share());
    if (cost > most * (double)requests)
        fail_msg("%s: costs %.3f of plain OpenSSL, allowed are %.3f", what, cost / (double)requests, most);
}

static void in_turn(uint64_t first, uint64_t keys, unsigned rounds)
{
    for (unsigned r = 0; r < rounds; r++)
        for (uint64_t i = 0; i < keys; i++)
            request(first + i);
}

static void ten_thousand_in_turn(void **state)
{
    (void)state;
    begin();
    for (unsigned round = 1; round <= 60; round++) {
        in_turn(0, 10000, 1);
        if (round == 1 || round == 3 || round == 4 || round == 10 || round == 60) {
            char what[64];
            (void)snprintf(what, sizeof what, "10,000 keys in turn, %u rounds", round);
            check_cost(what, 1.05);
        }
    }
    begin();
    in_turn(0, 10000, 30);
    check_cost("10,000 keys in turn, 30 rounds more", 1.0);
}

static void ten_thousand_by_chance(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        begin();
        for (unsigned n = 0; n < 250000; n++)
            request(any(10000));
        check_cost("10,000 keys by chance, 250,000 requests", 1.05);
    }
}

/* Who comes three times and never again. */
static void strangers(void **state)
{
    (void)state;
    begin();
    for (unsigned i = 0; i < 100000; i++)
        for (unsigned n = 0; n < 3; n++)
            request(i);
    check_cost("keys of three uses", 1.05);
    begin();
    for (unsigned i = 0; i < 1000000; i++)
        request(1000000 + i);
    check_cost("keys of one use", 1.05);
}

static void hot_ones(void **state)
{
    (void)state;
    in_turn(0, 10000, 10); /* the memory is full of tables */
    begin();
    uint64_t hot = 0;
    for (unsigned n = 0; n < 100000; n++) {
        bool is_hot = any(100) == 0;
        uint64_t before = quick;
        request(is_hot ? 77777 : any(10000));
        hot += is_hot && quick > before;
    }
    check_cost("one key of 1 % among 10,000", 1.03);
    printf("%-48s %.3f\n", "that key by table", (double)hot / (double)requests / 0.01);
    assert_true(hot > 800);
    begin();
    for (unsigned n = 0; n < 300000; n++)
        request(any(10) < 8 ? 50000 + any(300) : any(10000));
    check_cost("300 keys with 80 %, 10,000 with the rest", 0.75);
}

static void fleet_that_fits(void **state)
{
    (void)state;
    begin();
    in_turn(0, 400, 5);
    check_cost("400 keys, five rounds", 1.15); /* 128 tables in advance have not paid for themselves yet */
    in_turn(0, 400, 15);
    check_cost("400 keys, twenty rounds", 0.95);
    in_turn(0, 400, 100);
    begin();
    in_turn(0, 400, 50);
    check_cost("400 keys, later", 0.46);
}

static void fleet_that_changes(void **state)
{
    (void)state;
    in_turn(0, 450, 3000); /* old and well-used: 1.3 million */
    begin();
    in_turn(100000, 450, 2000);
    check_cost("450 others instead, 900,000 requests", 0.9);
    begin();
    in_turn(100000, 450, 100);
    check_cost("450 others, later", 0.5);
    struct att_fast_stats s;
    att_fast_keys_stats(f, &s);
    assert_true(s.bytes <= BYTES_MAX_DEFAULT);
}

static uint64_t replaced(void)
{
    struct att_fast_stats s;
    att_fast_keys_stats(f, &s);
    return s.replaced;
}

static void somebody_more_eager(void)
{
    meanwhile = NULL;
    in_turn(2, 1, 50);
    assert_int_equal(replaced(), 0);
}

/* There is memory for one table, and it is in use when another key has earned it. */
static void nothing_goes_while_in_use(void **state)
{
    (void)state;
    struct att_fast_options one = { .bytes_max = 3 * TABLE_BYTES + TABLE_BYTES / 2 };
    att_fast_keys_free(f);
    f = att_fast_keys_new(NULL, &one);
    assert_true(f && f->tables_max == 1);
    in_turn(1, 1, 4);
    begin();
    meanwhile = somebody_more_eager;
    request(1);
    assert_int_equal(quick, 1);
    request(2);
    assert_int_equal(replaced(), 1);
    assert_int_equal(quick, 2);
    assert_int_equal(f->making, 0);
}

static int fresh(void **state)
{
    (void)state;
    chance = 1;
    f = att_fast_keys_new(NULL, NULL);
    return f ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    att_fast_keys_free(f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ten_thousand_in_turn, fresh, done),
        cmocka_unit_test_setup_teardown(ten_thousand_by_chance, fresh, done),
        cmocka_unit_test_setup_teardown(strangers, fresh, done),
        cmocka_unit_test_setup_teardown(hot_ones, fresh, done),
        cmocka_unit_test_setup_teardown(nothing_goes_while_in_use, fresh, done),
        cmocka_unit_test_setup_teardown(fleet_that_fits, fresh, done),
        cmocka_unit_test_setup_teardown(fleet_that_changes, fresh, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
