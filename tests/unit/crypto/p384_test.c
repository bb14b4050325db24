/* layers: crypto codec base */
/* Verification by prepared tables against EVP_PKEY_verify, at the edges: keys are computed so that the points and
 * scalars of a verification are what the row says. */
#include "p384_made.h"

#include <openssl/bn.h>
#include <openssl/obj_mac.h>

#include "crypto/p384.h"

static struct att_crypto *c;
static struct att_p384 *p384;
static EC_GROUP *group;
static BN_CTX *ctx;
static const BIGNUM *order;

/* What a row is made of. R is where u1*G + u2*Q ends. */
struct parts {
    BIGNUM *e, *r, *s;
    EC_POINT *at; /* R */
    EC_POINT *q;
};

static void hashed(BIGNUM *e, const char *text)
{
    uint8_t digest[48];
    assert_true(att_digest(c, ATT_SHA384, att_str(text), digest));
    assert_non_null(BN_bin2bn(digest, 48, e));
}

static void mod(BIGNUM *n)
{
    assert_int_equal(BN_nnmod(n, n, order, ctx), 1);
}

/* a / b modulo the order */
static BIGNUM *ratio(const BIGNUM *a, const BIGNUM *b)
{
    BIGNUM *w = BN_mod_inverse(NULL, b, order, ctx);
    assert_non_null(w);
    assert_int_equal(BN_mod_mul(w, a, w, order, ctx), 1);
    return w;
}

/* The key for which (r, s) over e ends at R: Q = (s*R - e*G) / r. */
static void recover(struct parts *p)
{
    BIGNUM *g = ratio(p->e, p->r);
    BIGNUM *f = ratio(p->s, p->r);
    BN_set_negative(g, 1);
    mod(g);
    assert_int_equal(EC_POINT_mul(group, p->q, g, p->at, f, ctx), 1);
    BN_free(g);
    BN_free(f);
}

/* R with the first x from `start` on that the curve has; x - start in r. */
static void point_from(struct parts *p, const BIGNUM *start, BIGNUM *ret_x)
{
    assert_non_null(BN_copy(ret_x, start));
    do {
        assert_int_equal(BN_add_word(ret_x, 1), 1);
        ERR_clear_error();
    } while (EC_POINT_set_compressed_coordinates(group, p->at, ret_x, 0, ctx) != 1);
    ERR_clear_error();
}

static void x_above_order(struct parts *p)
{
    BIGNUM *x = BN_new();
    point_from(p, order, x);
    assert_int_equal(BN_sub(p->r, x, order), 1);
    recover(p);
    BN_free(x);
}
static void x_small(struct parts *p)
{
    BIGNUM *zero = BN_new();
    point_from(p, zero, p->r);
    recover(p);
    BN_free(zero);
}
static void x_small_other_digest(struct parts *p)
{
    x_small(p);
    hashed(p->e, "another");
}
/* r is right only modulo the order, and the order goes in once: r + n is x + n here. */
static void x_above_order_r_unreduced(struct parts *p)
{
    x_above_order(p);
    assert_int_equal(BN_add(p->r, p->r, order), 1);
}
/* r + n is x only modulo the field's prime, which says nothing. */
static void r_plus_order_wraps(struct parts *p)
{
    BIGNUM *zero = BN_new();
    BIGNUM *prime = BN_new();
    BIGNUM *x = BN_new();
    point_from(p, zero, x);
    assert_int_equal(EC_GROUP_get_curve(group, prime, NULL, NULL, ctx), 1);
    assert_int_equal(BN_sub(p->r, prime, order), 1);
    assert_int_equal(BN_add(p->r, p->r, x), 1);
    recover(p);
    BN_free(zero);
    BN_free(prime);
    BN_free(x);
}
static void r_from(struct parts *p)
{
    assert_int_equal(EC_POINT_get_affine_coordinates(group, p->at, p->r, NULL, ctx), 1);
    mod(p->r);
}
/* Both products are the same point: the sum is a doubling. */
static void doubling(struct parts *p)
{
    BIGNUM *u = ratio(p->e, p->s);
    assert_int_equal(BN_mod_add(u, u, u, order, ctx), 1);
    assert_int_equal(EC_POINT_mul(group, p->at, u, NULL, NULL, ctx), 1);
    r_from(p);
    BIGNUM *d = ratio(p->e, p->r);
    assert_int_equal(EC_POINT_mul(group, p->q, d, NULL, NULL, ctx), 1);
    BN_free(u);
    BN_free(d);
}
/* The products are each other's negatives: the sum is the point at infinity. */
static void infinity(struct parts *p)
{
    BIGNUM *d = ratio(p->e, p->r);
    BN_set_negative(d, 1);
    mod(d);
    assert_int_equal(EC_POINT_mul(group, p->q, d, NULL, NULL, ctx), 1);
    BN_free(d);
}
static void any_key(struct parts *p)
{
    r_from(p);
    recover(p);
}
static void digest_zero(struct parts *p)
{
    BN_zero(p->e);
    any_key(p);
}
static void digest_order(struct parts *p)
{
    assert_non_null(BN_copy(p->e, order));
    any_key(p);
}
static void digest_order_plus_one(struct parts *p)
{
    digest_order(p);
    assert_int_equal(BN_add_word(p->e, 1), 1);
    recover(p);
}
static void digest_ones(struct parts *p)
{
    assert_int_equal(BN_lshift(p->e, BN_value_one(), 384), 1);
    assert_int_equal(BN_sub_word(p->e, 1), 1);
    any_key(p);
}
static void digest_zero_other_s(struct parts *p)
{
    digest_zero(p);
    assert_int_equal(BN_add_word(p->s, 1), 1);
}
static void u1_is_one(struct parts *p)
{
    assert_non_null(BN_copy(p->s, p->e));
    any_key(p);
}
static void u2_is_one(struct parts *p)
{
    r_from(p);
    assert_non_null(BN_copy(p->s, p->r));
    recover(p);
}
static void negated(BIGNUM *n)
{
    assert_int_equal(BN_sub(n, order, n), 1);
}
static void u1_is_minus_one(struct parts *p)
{
    assert_non_null(BN_copy(p->s, p->e));
    negated(p->s);
    any_key(p);
}
static void u2_is_minus_one(struct parts *p)
{
    u2_is_one(p);
    negated(p->s);
    recover(p);
}
static void s_one(struct parts *p)
{
    assert_int_equal(BN_one(p->s), 1);
    any_key(p);
}
static void s_largest(struct parts *p)
{
    s_one(p);
    negated(p->s);
    recover(p);
}
/* (r, n - s) ends at -R, which has the same x. */
static void s_mirrored(struct parts *p)
{
    any_key(p);
    negated(p->s);
}
static void ends_at_generator(struct parts *p)
{
    assert_int_equal(EC_POINT_copy(p->at, EC_GROUP_get0_generator(group)), 1);
    any_key(p);
}
static void ends_at_minus_generator(struct parts *p)
{
    assert_int_equal(EC_POINT_copy(p->at, EC_GROUP_get0_generator(group)), 1);
    assert_int_equal(EC_POINT_invert(group, p->at, ctx), 1);
    any_key(p);
}
/* A private key of `d`, negative: n - |d|. k = 7. */
static void private_key(struct parts *p, int d)
{
    BIGNUM *k = BN_new();
    BIGNUM *n = BN_new();
    assert_int_equal(BN_set_word(k, 7), 1);
    assert_int_equal(EC_POINT_mul(group, p->at, k, NULL, NULL, ctx), 1);
    r_from(p);
    assert_int_equal(BN_set_word(n, (BN_ULONG)(d < 0 ? -d : d)), 1);
    if (d < 0)
        negated(n);
    assert_int_equal(EC_POINT_mul(group, p->q, n, NULL, NULL, ctx), 1);
    assert_int_equal(BN_mod_mul(n, n, p->r, order, ctx), 1);
    assert_int_equal(BN_mod_add(n, n, p->e, order, ctx), 1);
    BIGNUM *s = ratio(n, k);
    assert_non_null(BN_copy(p->s, s));
    BN_free(s);
    BN_free(k);
    BN_free(n);
}
static void key_generator(struct parts *p)
{
    private_key(p, 1);
}
static void key_minus_generator(struct parts *p)
{
    private_key(p, -1);
}
static void key_two(struct parts *p)
{
    private_key(p, 2);
}
static void key_generator_flipped(struct parts *p)
{
    private_key(p, 1);
    assert_int_equal(BN_add_word(p->e, 1), 1);
}
static void r_zero(struct parts *p)
{
    any_key(p);
    BN_zero(p->r);
}
static void s_zero(struct parts *p)
{
    any_key(p);
    BN_zero(p->s);
}
static void both_zero(struct parts *p)
{
    r_zero(p);
    BN_zero(p->s);
}
static void r_order(struct parts *p)
{
    any_key(p);
    assert_non_null(BN_copy(p->r, order));
}
static void s_order(struct parts *p)
{
    any_key(p);
    assert_non_null(BN_copy(p->s, order));
}
static void r_order_plus_one(struct parts *p)
{
    r_order(p);
    assert_int_equal(BN_add_word(p->r, 1), 1);
}
/* s + n would do if it were reduced: small enough to fit. */
static void s_unreduced(struct parts *p)
{
    s_one(p);
    assert_int_equal(BN_add(p->s, p->s, order), 1);
}
static void r_largest(struct parts *p)
{
    any_key(p);
    assert_non_null(BN_copy(p->r, order));
    assert_int_equal(BN_sub_word(p->r, 1), 1);
}
static void r_all_ones(struct parts *p)
{
    any_key(p);
    assert_int_equal(BN_lshift(p->r, BN_value_one(), 384), 1);
    assert_int_equal(BN_sub_word(p->r, 1), 1);
}
static void s_all_ones(struct parts *p)
{
    any_key(p);
    assert_int_equal(BN_lshift(p->s, BN_value_one(), 384), 1);
    assert_int_equal(BN_sub_word(p->s, 1), 1);
}
static void swapped(struct parts *p)
{
    any_key(p);
    BN_swap(p->r, p->s);
}

static const struct {
    const char *name;
    void (*make)(struct parts *p);
    enum att_sig want;
} rows[] = {
    { "any key", any_key, ATT_SIG_VALID },
    { "x of R above the order, r = x - n", x_above_order, ATT_SIG_VALID },
    { "x of R above the order, r = x", x_above_order_r_unreduced, ATT_SIG_INVALID },
    { "x of R small, r + n below the prime", x_small, ATT_SIG_VALID },
    { "x of R small, another digest", x_small_other_digest, ATT_SIG_INVALID },
    { "r + n = x modulo the prime", r_plus_order_wraps, ATT_SIG_INVALID },
    { "u1*G = u2*Q", doubling, ATT_SIG_VALID },
    { "u1*G = -u2*Q: infinity", infinity, ATT_SIG_INVALID },
    { "digest zero, u1 = 0", digest_zero, ATT_SIG_VALID },
    { "digest zero, another s", digest_zero_other_s, ATT_SIG_INVALID },
    { "digest the order, u1 = 0", digest_order, ATT_SIG_VALID },
    { "digest the order plus one", digest_order_plus_one, ATT_SIG_VALID },
    { "digest all ones", digest_ones, ATT_SIG_VALID },
    { "u1 = 1", u1_is_one, ATT_SIG_VALID },
    { "u2 = 1", u2_is_one, ATT_SIG_VALID },
    { "u1 = -1", u1_is_minus_one, ATT_SIG_VALID },
    { "u2 = -1", u2_is_minus_one, ATT_SIG_VALID },
    { "s = 1", s_one, ATT_SIG_VALID },
    { "s = n - 1", s_largest, ATT_SIG_VALID },
    { "n - s", s_mirrored, ATT_SIG_VALID },
    { "R = G", ends_at_generator, ATT_SIG_VALID },
    { "R = -G", ends_at_minus_generator, ATT_SIG_VALID },
    { "Q = G", key_generator, ATT_SIG_VALID },
    { "Q = -G", key_minus_generator, ATT_SIG_VALID },
    { "Q = 2G", key_two, ATT_SIG_VALID },
    { "Q = G, another digest", key_generator_flipped, ATT_SIG_INVALID },
    { "r = 0", r_zero, ATT_SIG_INVALID },
    { "s = 0", s_zero, ATT_SIG_INVALID },
    { "r = s = 0", both_zero, ATT_SIG_INVALID },
    { "r = n", r_order, ATT_SIG_INVALID },
    { "s = n", s_order, ATT_SIG_INVALID },
    { "r = n + 1", r_order_plus_one, ATT_SIG_INVALID },
    { "s = n + 1 instead of 1", s_unreduced, ATT_SIG_INVALID },
    { "r = n - 1", r_largest, ATT_SIG_INVALID },
    { "r all ones", r_all_ones, ATT_SIG_INVALID },
    { "s all ones", s_all_ones, ATT_SIG_INVALID },
    { "r and s swapped", swapped, ATT_SIG_INVALID },
};

static enum att_sig by_openssl(const struct att_key *k, const uint8_t *digest, const uint8_t *raw)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    uint8_t *der = NULL;
    assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(raw, 48, NULL), BN_bin2bn(raw + 48, 48, NULL)), 1);
    int len = i2d_ECDSA_SIG(sig, &der);
    EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new(k->pkey, NULL);
    assert_true(len > 0 && EVP_PKEY_verify_init(pctx) == 1);
    int got = EVP_PKEY_verify(pctx, der, (size_t)len, digest, 48);
    EVP_PKEY_CTX_free(pctx);
    ECDSA_SIG_free(sig);
    OPENSSL_free(der);
    ERR_clear_error();
    return got == 1 ? ATT_SIG_VALID : ATT_SIG_INVALID;
}

static void put(const BIGNUM *n, uint8_t to[48])
{
    assert_int_equal(BN_bn2binpad(n, to, 48), 48);
}

static void check_row(size_t i, const struct parts *p)
{
    uint8_t encoded[97], digest[48], sig[96];
    struct att_key *k = NULL;
    struct att_err err = { .code = ATT_OK };

    put(p->e, digest);
    put(p->r, sig);
    put(p->s, sig + 48);
    assert_int_equal(
        EC_POINT_point2oct(group, p->q, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded, ctx), 97);
    struct att_p384_table *t = att_p384_table_new(p384, encoded + 1);
    assert_non_null(t);
    if (!att_key_from_point(c, ATT_KEY_P384, att_span_of(encoded + 1, 96), &k, &err))
        fail_msg("%s: %s", rows[i].name, err.text);
    enum att_sig openssl = by_openssl(k, digest, sig);
    if (openssl != rows[i].want)
        fail_msg("%s: the row is wrong, OpenSSL says %d", rows[i].name, (int)openssl);
    enum att_sig got = att_p384_verify(p384, t, digest, sig);
    if (got != rows[i].want)
        fail_msg("%s: %d instead of %d", rows[i].name, (int)got, (int)rows[i].want);
    assert_true(ERR_peek_error() == 0);
    att_p384_table_free(t);
    att_key_free(k);
}

static void edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct parts p = { BN_new(), BN_new(), BN_new(), EC_POINT_new(group), EC_POINT_new(group) };
        hashed(p.e, "e");
        hashed(p.r, "r");
        hashed(p.s, "s");
        mod(p.r);
        mod(p.s);
        assert_int_equal(EC_POINT_mul(group, p.at, p.s, NULL, NULL, ctx), 1); /* any point */
        rows[i].make(&p);
        check_row(i, &p);
        BN_free(p.e);
        BN_free(p.r);
        BN_free(p.s);
        EC_POINT_free(p.at);
        EC_POINT_free(p.q);
    }
}

/* Keys, messages and bits by chance: the answer is that of att_verify. */
static void random_and_flipped(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct p384_made m = p384_made_new(c);
        uint8_t digest[48], sig[96];
        assert_true(att_digest(c, ATT_SHA384, att_str("m"), digest));
        struct att_p384_table *t = att_p384_table_new(p384, att_key_point(m.key).ptr);
        assert_non_null(t);
        for (unsigned n = 0; n < 8; n++) {
            p384_sign(m.pkey, att_str("m"), sig); /* another one each time */
            assert_int_equal(att_p384_verify(p384, t, digest, sig), ATT_SIG_VALID);
        }
        for (unsigned bit = i * 2; bit < 8 * sizeof sig; bit += 8) {
            sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(att_p384_verify(p384, t, digest, sig), ATT_SIG_INVALID);
            sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        for (unsigned bit = i * 2; bit < 8 * sizeof digest; bit += 8) {
            digest[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(att_p384_verify(p384, t, digest, sig), ATT_SIG_INVALID);
            digest[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_int_equal(att_p384_verify(p384, t, digest, sig), ATT_SIG_VALID);
        att_p384_table_free(t);
        p384_made_free(&m);
    }
}

static void no_point(void **state)
{
    (void)state;
    struct p384_made m = p384_made_new(c);
    uint8_t xy[96] = { 0 };
    assert_null(att_p384_table_new(p384, xy));
    memset(xy, 0xff, sizeof xy);
    assert_null(att_p384_table_new(p384, xy));
    p384_point(m.pkey, xy);
    xy[95] ^= 1;
    assert_null(att_p384_table_new(p384, xy));
    assert_true(ERR_peek_error() == 0);
    att_p384_table_free(NULL);
    att_p384_free(NULL);
    p384_made_free(&m);
}

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    p384 = att_p384_new();
    group = EC_GROUP_new_by_curve_name(NID_secp384r1);
    ctx = BN_CTX_new();
    order = group ? EC_GROUP_get0_order(group) : NULL;
    return c && p384 && order && ctx ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    att_p384_free(p384);
    EC_GROUP_free(group);
    BN_CTX_free(ctx);
    att_crypto_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges),
        cmocka_unit_test(random_and_flipped),
        cmocka_unit_test(no_point),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
