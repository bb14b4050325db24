/* layers: crypto codec base */
/* Tables that are kept: when one is made, for whom one goes, who waits, and that answers never change. */
#include "p384_made.h"

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/fast_key.h"

enum {
    TABLE = 142 * 1024,
    ONE_TABLE = 3 * TABLE + TABLE / 2,
    TWO_TABLES = 4 * TABLE + TABLE / 2, /* for the object itself, the generator's table, and two more */
    KEYS = 6,
    WAITING_MAX = 32,
};

static struct att_crypto *c;
static struct p384_made keys[KEYS];

static struct att_fast_keys *fast_new(size_t bytes_max, void (*work_wanted)(void *), void *ctx)
{
    struct att_fast_options o = { .bytes_max = bytes_max, .work_wanted = work_wanted, .ctx = ctx };
    struct att_fast_keys *f = att_fast_keys_new(c, &o);
    assert_non_null(f);
    return f;
}

static struct att_fast_stats stats_of(struct att_fast_keys *f)
{
    struct att_fast_stats s = { 0 };
    att_fast_keys_stats(f, &s);
    return s;
}

static void use(struct att_fast_keys *f, const struct p384_made *m, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        assert_int_equal(att_fast_verify(f, m->key, ATT_ES384, att_str("m"), att_span_of(m->sig, 96)),
                         ATT_SIG_VALID);
        assert_true(ERR_peek_error() == 0);
    }
}

/* Everything about a signature, against att_verify. */
static void agree(struct att_fast_keys *f, const struct p384_made *m)
{
    uint8_t sig[97] = { 0 };

    memcpy(sig, m->sig, 96);
    for (size_t i = 0; i < 96; i += 5) {
        sig[i] ^= (uint8_t)(1U << i % 8);
        enum att_sig plain = att_verify(c, m->key, ATT_ES384, att_str("m"), att_span_of(sig, 96));
        ERR_raise(ERR_LIB_EC, EC_R_POINT_AT_INFINITY); /* left by somebody else: of no account */
        assert_int_equal(att_fast_verify(f, m->key, ATT_ES384, att_str("m"), att_span_of(sig, 96)), plain);
        assert_int_equal(plain, ATT_SIG_INVALID);
        assert_true(ERR_peek_error() == 0);
        sig[i] ^= (uint8_t)(1U << i % 8);
    }
    const struct {
        enum att_sig_alg alg;
        const char *message;
        size_t len;
        enum att_sig want;
    } rows[] = {
        { ATT_ES384, "m", 96, ATT_SIG_VALID },
        { ATT_ES384, "n", 96, ATT_SIG_INVALID },
        { ATT_ES384, "", 96, ATT_SIG_INVALID },
        { ATT_ES384, "m", 0, ATT_SIG_INVALID },
        { ATT_ES384, "m", 95, ATT_SIG_INVALID },
        { ATT_ES384, "m", 97, ATT_SIG_INVALID },
        { ATT_ES384, "m", 64, ATT_SIG_INVALID },
        { ATT_ES256, "m", 96, ATT_SIG_BAD_KEY },
        { ATT_ES512, "m", 96, ATT_SIG_BAD_KEY },
        { ATT_RS384, "m", 96, ATT_SIG_BAD_KEY },
        { (enum att_sig_alg)99, "m", 96, ATT_SIG_BAD_KEY },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_span s = { sig, rows[i].len };
        assert_int_equal(att_fast_verify(f, m->key, rows[i].alg, att_str(rows[i].message), s), rows[i].want);
        assert_int_equal(att_verify(c, m->key, rows[i].alg, att_str(rows[i].message), s), rows[i].want);
    }
}

static void third_use(void **state)
{
    (void)state;
    struct att_fast_keys *f = fast_new(0, NULL, NULL);
    use(f, &keys[0], 2);
    assert_int_equal(stats_of(f).tables, 0);
    use(f, &keys[0], 1);
    assert_int_equal(stats_of(f).tables, 1);
    assert_int_equal(stats_of(f).bytes, TABLE);
    assert_int_equal(stats_of(f).by_openssl, 2);
    assert_int_equal(stats_of(f).by_table, 1);
    use(f, &keys[0], 5);
    use(f, &keys[1], 2);
    assert_int_equal(stats_of(f).made, 1);
    assert_int_equal(stats_of(f).by_table, 6);
    agree(f, &keys[0]); /* with a table */
    agree(f, &keys[2]); /* without, at first */
    att_fast_keys_free(f);
    att_fast_keys_free(NULL);
}

static void bad_signatures_earn_nothing(void **state)
{
    (void)state;
    struct att_fast_keys *f = fast_new(0, NULL, NULL);
    use(f, &keys[0], 2);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(
            att_fast_verify(f, keys[1].key, ATT_ES384, att_str("other"), att_span_of(keys[1].sig, 96)),
            ATT_SIG_INVALID);
    assert_int_equal(stats_of(f).tables, 0);
    use(f, &keys[1], 2);
    assert_int_equal(stats_of(f).tables, 0);
    use(f, &keys[1], 1);
    assert_int_equal(stats_of(f).tables, 1);
    att_fast_keys_free(f);
}

/* The point is the key: objects made from it one by one share a table, and Q and -Q do not, not even where all keys are
 * in one bucket. */
static void point_is_identity(void **state)
{
    (void)state;
    struct att_fast_keys *f = fast_new(ONE_TABLE, NULL, NULL);
    struct att_err err = { .code = ATT_OK };
    uint8_t xy[96];
    for (unsigned i = 0; i < 4; i++) {
        struct p384_made again = keys[0];
        assert_true(att_key_from_point(c, ATT_KEY_P384, att_key_point(keys[0].key), &again.key, &err));
        use(f, &again, 1);
        att_key_free(again.key);
    }
    assert_int_equal(stats_of(f).made, 1);
    assert_int_equal(stats_of(f).by_table, 2);

    memcpy(xy, att_key_point(keys[0].key).ptr, 96);
    BIGNUM *y = BN_bin2bn(xy + 48, 48, NULL);
    BIGNUM *p = NULL;
    assert_true(BN_hex2bn(&p, "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
                              "ffffffff0000000000000000ffffffff") > 0);
    assert_int_equal(BN_sub(y, p, y), 1);
    assert_int_equal(BN_bn2binpad(y, xy + 48, 48), 48);
    struct att_key *mirrored = NULL;
    assert_true(att_key_from_point(c, ATT_KEY_P384, att_span_of(xy, 96), &mirrored, &err));
    assert_int_equal(att_fast_verify(f, mirrored, ATT_ES384, att_str("m"), att_span_of(keys[0].sig, 96)),
                     ATT_SIG_INVALID);
    assert_int_equal(stats_of(f).by_table, 2);
    att_key_free(mirrored);
    BN_free(y);
    BN_free(p);
    att_fast_keys_free(f);
}

static void other_keys_fall_through(void **state)
{
    (void)state;
    struct att_fast_keys *f = fast_new(0, NULL, NULL);
    static const struct {
        const char *curve;
        enum att_key_type type;
        size_t len;
        enum att_sig_alg alg;
    } rows[] = {
        { "P-256", ATT_KEY_P256, 64, ATT_ES256 },
        { "P-521", ATT_KEY_P521, 132, ATT_ES512 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EVP_PKEY *pkey = EVP_EC_gen(rows[i].curve);
        struct att_key *k = NULL;
        struct att_err err = { .code = ATT_OK };
        uint8_t encoded[133], sig[132] = { 1 };
        size_t len = 0;
        assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, "pub", encoded, sizeof encoded, &len), 1);
        assert_true(att_key_from_point(c, rows[i].type, att_span_of(encoded + 1, len - 1), &k, &err));
        for (unsigned n = 0; n < 4; n++) {
            assert_int_equal(att_fast_verify(f, k, rows[i].alg, att_str("m"), att_span_of(sig, rows[i].len)),
                             ATT_SIG_INVALID);
            assert_int_equal(att_fast_verify(f, k, ATT_ES384, att_str("m"), att_span_of(sig, 96)),
                             ATT_SIG_BAD_KEY);
        }
        att_key_free(k);
        EVP_PKEY_free(pkey);
    }
    assert_int_equal(stats_of(f).by_openssl, 0);
    att_fast_keys_free(f);
}

static void no_memory_for_tables(void **state)
{
    (void)state;
    static const size_t sizes[] = { SIZE_MAX, 1, TABLE, 2 * TABLE };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct att_fast_keys *f = fast_new(sizes[i], NULL, NULL);
        use(f, &keys[0], 5);
        assert_int_equal(stats_of(f).made, 0);
        assert_int_equal(stats_of(f).bytes, 0);
        assert_false(att_fast_work(f));
        att_fast_keys_free(f);
    }
}

static void replaced_by_the_clearly_more_used(void **state)
{
    (void)state;
    struct att_fast_keys *f = fast_new(TWO_TABLES, NULL, NULL);
    for (unsigned i = 0; i < KEYS - 1; i++)
        use(f, &keys[i], 3);
    assert_int_equal(stats_of(f).tables, 2);
    assert_int_equal(stats_of(f).replaced, 0);
    for (unsigned i = 0; i < 2; i++)
        use(f, &keys[i], 3); /* 6 uses each */
    struct p384_made *late = &keys[KEYS - 1];
    use(f, late, 14); /* the 14 of it are not more than 2 * 6 + 2 */
    assert_int_equal(stats_of(f).replaced, 0);
    use(f, late, 1);
    assert_int_equal(stats_of(f).replaced, 1);
    assert_int_equal(stats_of(f).tables, 2);
    uint64_t by_table = stats_of(f).by_table;
    use(f, late, 1);
    assert_int_equal(stats_of(f).by_table, by_table + 1);
    agree(f, late);
    att_fast_keys_free(f);
}

static void count_wish(void *ctx)
{
    atomic_fetch_add((atomic_uint *)ctx, 1);
}

static void put_off(void **state)
{
    (void)state;
    atomic_uint wishes = 0;
    struct att_fast_keys *f = fast_new(0, count_wish, &wishes);
    assert_false(att_fast_work(f));
    use(f, &keys[0], 2);
    assert_int_equal(wishes, 0);
    use(f, &keys[0], 3); /* wanted with the third use, once */
    assert_int_equal(wishes, 1);
    use(f, &keys[1], 3);
    assert_int_equal(wishes, 2);
    assert_int_equal(stats_of(f).made, 0);
    assert_int_equal(stats_of(f).by_table, 0);
    assert_int_equal(stats_of(f).waiting, 2);
    assert_true(att_fast_work(f));
    use(f, &keys[0], 1); /* the first to come was the first served */
    assert_int_equal(stats_of(f).by_table, 1);
    assert_true(att_fast_work(f));
    use(f, &keys[1], 1);
    assert_int_equal(stats_of(f).by_table, 2);
    assert_int_equal(stats_of(f).waiting, 0);
    assert_false(att_fast_work(f));
    assert_int_equal(wishes, 2);
    agree(f, &keys[0]);
    use(f, &keys[2], 3); /* left waiting */
    att_fast_keys_free(f);
}

static void queue_is_bounded(void **state)
{
    (void)state;
    atomic_uint wishes = 0;
    struct att_fast_keys *f = fast_new(0, count_wish, &wishes);
    struct p384_made many[WAITING_MAX + 2];
    for (size_t i = 0; i < WAITING_MAX + 2; i++) {
        many[i] = p384_made_new(c);
        use(f, &many[i], 3);
    }
    assert_int_equal(wishes, WAITING_MAX);
    assert_int_equal(stats_of(f).waiting, WAITING_MAX);
    assert_true(att_fast_work(f));
    use(f, &many[WAITING_MAX], 1); /* asks again, and finds a place */
    assert_int_equal(wishes, WAITING_MAX + 1);
    assert_int_equal(stats_of(f).waiting, WAITING_MAX);
    for (size_t i = 0; i < WAITING_MAX + 2; i++)
        p384_made_free(&many[i]);
    att_fast_keys_free(f);
}

struct shared {
    struct att_fast_keys *f;
    atomic_uint wishes;
    atomic_uint threads;
    bool put_off;
};

static bool is_right(const struct shared *s, size_t key, bool good)
{
    enum att_sig want = good ? ATT_SIG_VALID : ATT_SIG_INVALID;

    return att_fast_verify(s->f, keys[key].key, ATT_ES384, att_str(good ? "m" : "n"),
                           att_span_of(keys[key].sig, 96)) == want;
}

/* Each key is used so much more often than those before it that it takes the place of one of them, while every other
 * thread keeps all tables busy with bad signatures, which earn nothing. */
static void *work(void *arg)
{
    static const unsigned times[KEYS] = { 2, 2, 9, 9, 30, 30 };
    struct shared *s = arg;
    bool good = atomic_fetch_add(&s->threads, 1) % 2 == 0;
    uintptr_t wrong = 0;

    for (size_t key = 0; key < KEYS; key++) {
        for (unsigned i = 0; i < times[key]; i++) {
            wrong += !is_right(s, good ? key : i % KEYS, good);
            if (s->put_off && i % 3 == 0)
                (void)att_fast_work(s->f);
            wrong += stats_of(s->f).bytes > 2 * (size_t)TABLE;
        }
    }
    return (void *)wrong;
}

/* Four threads, more keys than tables: tables come and go under their feet. */
static void threads(void **state)
{
    (void)state;
    for (int put_off = 0; put_off < 2; put_off++) {
        struct shared s = { .put_off = put_off };
        s.f = fast_new(TWO_TABLES, put_off ? count_wish : NULL, &s.wishes);
        pthread_t t[4];
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&t[i], NULL, work, &s), 0);
        for (size_t i = 0; i < 4; i++) {
            void *wrong = NULL;
            assert_int_equal(pthread_join(t[i], &wrong), 0);
            assert_null(wrong);
        }
        while (att_fast_work(s.f))
            continue;
        assert_int_equal(stats_of(s.f).tables, 2);
        assert_int_equal(stats_of(s.f).by_table + stats_of(s.f).by_openssl, 4 * 82);
        att_fast_keys_free(s.f);
    }
}

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    for (size_t i = 0; c && i < KEYS; i++)
        keys[i] = p384_made_new(c);
    return c ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++)
        p384_made_free(&keys[i]);
    att_crypto_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(third_use),
        cmocka_unit_test(bad_signatures_earn_nothing),
        cmocka_unit_test(point_is_identity),
        cmocka_unit_test(other_keys_fall_through),
        cmocka_unit_test(no_memory_for_tables),
        cmocka_unit_test(replaced_by_the_clearly_more_used),
        cmocka_unit_test(put_off),
        cmocka_unit_test(queue_is_bounded),
        cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
