/* EC_GROUP_precompute_mult and projective coordinates are marked as deprecated since OpenSSL 3.0 without anything in
 * their place; this file alone asks for them. */
#define OPENSSL_API_COMPAT 0x10100000L

#include "crypto/p384.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>

#include "base/auto.h"

struct att_p384 {
    EC_GROUP *group; /* of the curve, its generator prepared */
    BIGNUM *field;
    BIGNUM *zero;
};

struct att_p384_table {
    EC_GROUP *group; /* its generator is the key's point */
};

ATT_AUTO_PTR(ctx_auto, BN_CTX, BN_CTX_free)
ATT_AUTO_PTR(group_auto, EC_GROUP, EC_GROUP_free)
ATT_AUTO_PTR(point_auto, EC_POINT, EC_POINT_free)
ATT_AUTO_PTR(p384_auto, struct att_p384, att_p384_free)
ATT_AUTO_PTR(table_auto, struct att_p384_table, att_p384_table_free)

static struct att_p384 *p384_make(void)
{
    ATT_AUTO(ctx_auto) BN_CTX *ctx = BN_CTX_new();
    ATT_AUTO(p384_auto) struct att_p384 *p = calloc(1, sizeof *p);
    if (!ctx || !p)
        return NULL;
    p->group = EC_GROUP_new_by_curve_name(NID_secp384r1);
    p->field = BN_new();
    p->zero = BN_new();
    if (!p->group || !p->field || !p->zero || EC_GROUP_get_curve(p->group, p->field, NULL, NULL, ctx) != 1 ||
        EC_GROUP_precompute_mult(p->group, ctx) != 1)
        return NULL;
    BN_zero(p->zero);
    return ATT_MOVE(p);
}

struct att_p384 *att_p384_new(void)
{
    struct att_p384 *p = p384_make();

    ERR_clear_error();
    return p;
}

void att_p384_free(struct att_p384 *p)
{
    if (!p)
        return;
    EC_GROUP_free(p->group);
    BN_free(p->field);
    BN_free(p->zero);
    free(p);
}

static struct att_p384_table *table_make(const struct att_p384 *p, const uint8_t *xy)
{
    uint8_t encoded[1 + 2 * ATT_P384_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };

    memcpy(encoded + 1, xy, 2 * ATT_P384_BYTES);
    ATT_AUTO(ctx_auto) BN_CTX *ctx = BN_CTX_new();
    ATT_AUTO(group_auto) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
    if (!ctx || !group)
        return NULL;
    ATT_AUTO(point_auto) EC_POINT *q = EC_POINT_new(group);
    if (!q || EC_POINT_oct2point(group, q, encoded, sizeof encoded, ctx) != 1 ||
        EC_GROUP_set_generator(group, q, EC_GROUP_get0_order(p->group), EC_GROUP_get0_cofactor(p->group)) !=
            1 ||
        EC_GROUP_precompute_mult(group, ctx) != 1)
        return NULL;
    ATT_AUTO(table_auto) struct att_p384_table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->group = ATT_MOVE(group);
    return ATT_MOVE(t);
}

struct att_p384_table *att_p384_table_new(const struct att_p384 *p, const uint8_t xy[2 * ATT_P384_BYTES])
{
    struct att_p384_table *t = table_make(p, xy);

    ERR_clear_error();
    return t;
}

void att_p384_table_free(struct att_p384_table *t)
{
    if (!t)
        return;
    EC_GROUP_free(t->group);
    free(t);
}

/* u1 = e/s and u2 = r/s modulo the order n. */
static bool scalars(const BIGNUM *n, const BIGNUM *e, const BIGNUM *r, const BIGNUM *s, BIGNUM *u1,
                    BIGNUM *u2, BN_CTX *ctx)
{
    BIGNUM *w = BN_CTX_get(ctx);

    return w && BN_mod_inverse(w, s, n, ctx) && BN_mod_mul(u1, e, w, n, ctx) == 1 &&
           BN_mod_mul(u2, r, w, n, ctx) == 1;
}

/* ret = u1*G + u2*Q. Each multiplication gets a second point, which it does not need: for a generator alone OpenSSL
 * takes its constant-time ladder, which knows nothing of prepared multiples. */
static bool combine(const struct att_p384 *p, const struct att_p384_table *t, const BIGNUM *u1,
                    const BIGNUM *u2, EC_POINT *ret, BN_CTX *ctx)
{
    ATT_AUTO(point_auto) EC_POINT *a = EC_POINT_new(p->group);

    return a && EC_POINT_mul(t->group, a, u2, EC_GROUP_get0_generator(p->group), p->zero, ctx) == 1 &&
           EC_POINT_mul(p->group, ret, u1, a, BN_value_one(), ctx) == 1;
}

/* Is X/Z^2 the candidate, modulo the field? Asked as X == candidate*Z^2, which saves the division. */
static enum att_sig is_x(const BIGNUM *candidate, const BIGNUM *x, const BIGNUM *zz, const BIGNUM *field,
                         BN_CTX *ctx)
{
    BIGNUM *product = BN_CTX_get(ctx);

    if (!product || BN_mod_mul(product, candidate, zz, field, ctx) != 1)
        return ATT_SIG_FAILED;
    return BN_cmp(product, x) == 0 ? ATT_SIG_VALID : ATT_SIG_INVALID;
}

/* Is the affine x of the point, taken modulo the order, r? The order is below the field's prime, so x may be r or
 * r + n. */
static enum att_sig matches(const struct att_p384 *p, const EC_POINT *point, const BIGNUM *r, BN_CTX *ctx)
{
    BIGNUM *x = BN_CTX_get(ctx);
    BIGNUM *z = BN_CTX_get(ctx);
    BIGNUM *next = BN_CTX_get(ctx);

    if (!x || !z || !next ||
        EC_POINT_get_Jprojective_coordinates_GFp(p->group, point, x, NULL, z, ctx) != 1 ||
        BN_mod_sqr(z, z, p->field, ctx) != 1)
        return ATT_SIG_FAILED;
    enum att_sig first = is_x(r, x, z, p->field, ctx);
    if (first != ATT_SIG_INVALID)
        return first;
    if (BN_add(next, r, EC_GROUP_get0_order(p->group)) != 1)
        return ATT_SIG_FAILED;
    return BN_cmp(next, p->field) < 0 ? is_x(next, x, z, p->field, ctx) : ATT_SIG_INVALID;
}

static bool in_range(const BIGNUM *value, const BIGNUM *order)
{
    return !BN_is_zero(value) && BN_cmp(value, order) < 0;
}

static enum att_sig verify(const struct att_p384 *p, const struct att_p384_table *t, const uint8_t *digest,
                           const uint8_t *signature, BN_CTX *ctx)
{
    const BIGNUM *n = EC_GROUP_get0_order(p->group);
    BIGNUM *r = BN_CTX_get(ctx);
    BIGNUM *s = BN_CTX_get(ctx);
    BIGNUM *e = BN_CTX_get(ctx);
    BIGNUM *u1 = BN_CTX_get(ctx);
    BIGNUM *u2 = BN_CTX_get(ctx);

    if (!r || !s || !e || !u1 || !u2 || !BN_bin2bn(signature, ATT_P384_BYTES, r) ||
        !BN_bin2bn(signature + ATT_P384_BYTES, ATT_P384_BYTES, s) || !BN_bin2bn(digest, ATT_P384_BYTES, e))
        return ATT_SIG_FAILED;
    if (!in_range(r, n) || !in_range(s, n))
        return ATT_SIG_INVALID;
    ATT_AUTO(point_auto) EC_POINT *sum = EC_POINT_new(p->group);
    if (!sum || !scalars(n, e, r, s, u1, u2, ctx) || !combine(p, t, u1, u2, sum, ctx))
        return ATT_SIG_FAILED;
    if (EC_POINT_is_at_infinity(p->group, sum))
        return ATT_SIG_INVALID;
    return matches(p, sum, r, ctx);
}

enum att_sig att_p384_verify(const struct att_p384 *p, const struct att_p384_table *t,
                             const uint8_t digest[ATT_P384_BYTES],
                             const uint8_t signature[2 * ATT_P384_BYTES])
{
    ATT_AUTO(ctx_auto) BN_CTX *ctx = BN_CTX_new();

    if (!ctx)
        return ATT_SIG_FAILED;
    BN_CTX_start(ctx);
    enum att_sig ret = verify(p, t, digest, signature, ctx);
    BN_CTX_end(ctx);
    ERR_clear_error();
    return ret;
}
