/* Public keys: made once, then only read. */
#include "crypto/core.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdlib.h>

#include "base/err.h"

ATT_AUTO_PTR(bn_auto, BIGNUM, BN_free)
ATT_AUTO_PTR(bld_auto, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
ATT_AUTO_PTR(params_auto, OSSL_PARAM, OSSL_PARAM_free)
ATT_AUTO_PTR(pkey_ctx_auto, EVP_PKEY_CTX, EVP_PKEY_CTX_free)

static struct att_key *key_new(enum att_key_type type, unsigned bits, size_t bytes)
{
    struct att_key *k = calloc(1, sizeof *k + bytes);
    if (!k)
        return NULL;
    atomic_init(&k->refs, 1);
    k->type = type;
    k->bits = bits;
    return k;
}

static struct att_span keep(struct att_key *k, size_t at, struct att_span bytes)
{
    memcpy(k->bytes + at, bytes.ptr, bytes.len);
    return att_span_of(k->bytes + at, bytes.len);
}

bool att_key_from_point(const struct att_crypto *c, enum att_key_type type, struct att_span xy,
                        struct att_key **ret, struct att_err *err)
{
    if ((size_t)type >= ATT_CURVE_COUNT)
        return att_fail(err, ATT_KEY_INVALID, "key.curve", "P-256, P-384 or P-521", "no curve");
    const struct att_curve *curve = &c->curves[type];
    if (xy.len != 2 * curve->field_bytes)
        return att_fail(err, ATT_KEY_INVALID, "key.point", "x and y, each as long as the field",
                        "%zu bytes for %s", xy.len, curve->group);
    ATT_AUTO(att_key_auto) struct att_key *k = key_new(type, curve->bits, xy.len);
    if (!k)
        return att_fail_memory(err, "key");
    switch (att_curve_point(curve, xy.ptr, &k->pkey)) {
    case ATT_SIG_VALID:
        break;
    case ATT_SIG_BAD_KEY:
        return att_fail(err, ATT_KEY_INVALID, "key.point", "a point on the curve", "one that is not on %s",
                        curve->group);
    case ATT_SIG_INVALID:
    case ATT_SIG_FAILED:
        return att_fail(err, ATT_CRYPTO_FAILED, "key.point", "a key object", "none");
    }
    k->point = keep(k, 0, xy);
    *ret = ATT_MOVE(k);
    return true;
}

static struct att_span without_zeros(struct att_span s)
{
    while (s.len > 0 && s.ptr[0] == 0) {
        s.ptr++;
        s.len--;
    }
    return s;
}

static unsigned bits_of(struct att_span minimal)
{
    if (minimal.len == 0)
        return 0;
    return (unsigned)(minimal.len * 8) - ((unsigned)__builtin_clz(minimal.ptr[0]) - 24);
}

static EVP_PKEY *rsa_pkey(struct att_span n, struct att_span e)
{
    ATT_AUTO(bn_auto) BIGNUM *bn_n = BN_bin2bn(n.ptr, (int)n.len, NULL);
    ATT_AUTO(bn_auto) BIGNUM *bn_e = BN_bin2bn(e.ptr, (int)e.len, NULL);
    ATT_AUTO(bld_auto) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (!bn_n || !bn_e || !bld || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn_n) != 1 ||
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, bn_e) != 1)
        return NULL;
    ATT_AUTO(params_auto) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    ATT_AUTO(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        return NULL;
    return key;
}

bool att_key_from_rsa(const struct att_crypto *c, struct att_span n, struct att_span e, struct att_key **ret,
                      struct att_err *err)
{
    (void)c; /* RSA needs nothing prepared; the parameter keeps the makers of keys alike */
    n = without_zeros(n);
    e = without_zeros(e);
    if (n.len > ATT_RSA_BITS_MAX / 8 || bits_of(n) < ATT_RSA_BITS_MIN)
        return att_fail(err, ATT_KEY_INVALID, "key.n", "1024 to 8192 bits", "%zu bytes", n.len);
    if (n.ptr[n.len - 1] % 2 == 0)
        return att_fail(err, ATT_KEY_INVALID, "key.n", "an odd number", "an even one");
    if (e.len > ATT_RSA_EXPONENT_BYTES)
        return att_fail(err, ATT_KEY_INVALID, "key.e", "a number below 2^64", "%zu bytes", e.len);
    if (e.len == 0 || e.ptr[e.len - 1] % 2 == 0 || (e.len == 1 && e.ptr[0] < 3))
        return att_fail(err, ATT_KEY_INVALID, "key.e", "an odd number from 3 on", "another");
    ATT_AUTO(att_key_auto) struct att_key *k = key_new(ATT_KEY_RSA, bits_of(n), n.len + e.len);
    if (!k)
        return att_fail_memory(err, "key");
    k->n = keep(k, 0, n);
    k->e = keep(k, n.len, e);
    k->pkey = rsa_pkey(n, e);
    ERR_clear_error();
    if (!k->pkey)
        return att_fail(err, ATT_CRYPTO_FAILED, "key", "a key object", "none");
    *ret = ATT_MOVE(k);
    return true;
}

struct att_key *att_key_ref(struct att_key *k)
{
    atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void att_key_free(struct att_key *k)
{
    if (!k || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(k->pkey);
    free(k);
}

enum att_key_type att_key_type(const struct att_key *k)
{
    return k->type;
}
unsigned att_key_bits(const struct att_key *k)
{
    return k->bits;
}
struct att_span att_key_point(const struct att_key *k)
{
    return k->point;
}
struct att_span att_key_rsa_n(const struct att_key *k)
{
    return k->n;
}
struct att_span att_key_rsa_e(const struct att_key *k)
{
    return k->e;
}
