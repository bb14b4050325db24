/* The report: what is signed, the signature, and what is done to both afterwards. */
#include "makers/snp_plan.h"

#include "base/err.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/objects.h>

enum { NUMBER_BYTES = 48 };

ATT_AUTO_PTR(mk_md_ctx_auto, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(mk_ecdsa_auto, ECDSA_SIG, ECDSA_SIG_free)
ATT_AUTO_PTR(mk_group_auto, EC_GROUP, EC_GROUP_free)
ATT_AUTO_PTR(mk_bn_auto, BIGNUM, BN_free)

static bool sign(EVP_PKEY *key, struct att_span message, ECDSA_SIG **ret)
{
    uint8_t der[128];
    size_t len = sizeof der;

    ATT_AUTO(mk_md_ctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, der, &len, message.ptr, message.len) != 1)
        return false;
    const uint8_t *cursor = der;
    *ret = d2i_ECDSA_SIG(NULL, &cursor, (long)len);
    return *ret != NULL;
}

/* 48 bytes, the least significant first (or last), and 24 zero bytes. */
static bool put_half(struct att_buf *out, const BIGNUM *right, const BIGNUM *order, enum mk_snp_half how,
                     bool big_endian)
{
    uint8_t half[MK_SNP_HALF_BYTES] = { 0 };
    const BIGNUM *number = how == MK_SNP_HALF_ORDER ? order : right;

    if (how == MK_SNP_HALF_ONES)
        memset(half, 0xff, NUMBER_BYTES);
    if (how == MK_SNP_HALF_RIGHT || how == MK_SNP_HALF_ORDER) {
        int n = big_endian ? BN_bn2binpad(number, half, NUMBER_BYTES)
                           : BN_bn2lebinpad(number, half, NUMBER_BYTES);
        if (n != NUMBER_BYTES)
            return false;
    }
    att_buf_put(out, att_span_of(half, sizeof half));
    return true;
}

static bool put_signature(const struct mk_snp_plan *p, struct att_buf *out)
{
    ECDSA_SIG *made = NULL;

    if (!sign(p->signer, att_span_of(p->body, sizeof p->body), &made))
        return false;
    ATT_AUTO(mk_ecdsa_auto) ECDSA_SIG *sig = made;
    ATT_AUTO(mk_group_auto) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
    const BIGNUM *order = group ? EC_GROUP_get0_order(group) : NULL;
    ATT_AUTO(mk_bn_auto) BIGNUM *s = BN_dup(ECDSA_SIG_get0_s(sig));
    ATT_AUTO(mk_bn_auto) BIGNUM *other = BN_new();
    if (!order || !s || !other || BN_sub(other, order, s) != 1)
        return false;
    if (p->upper_half && BN_cmp(other, s) > 0 && !BN_copy(s, other))
        return false;
    return put_half(out, ECDSA_SIG_get0_r(sig), order, p->r, p->big_endian) &&
           put_half(out, s, order, p->s, p->big_endian);
}

bool mk_snp_report_put(const struct mk_snp_plan *p, struct att_buf *out, struct att_err *err)
{
    att_buf_put(out, att_span_of(p->body, sizeof p->body));
    if (!put_signature(p, out))
        return att_fail(err, ATT_CRYPTO_FAILED, "makers.snp.sign", "success", "a failure inside OpenSSL");
    att_buf_fill(out, 0, MK_SNP_REPORT_BYTES - MK_SNP_AT_TAIL);
    if (out->failed)
        return att_fail_memory(err, "makers.snp.report");
    out->ptr[p->flip_at] ^= p->flip_bits;
    if (out->len > p->cut_to)
        out->len = p->cut_to;
    att_buf_fill(out, 0, p->trailing);
    return !out->failed || att_fail_memory(err, "makers.snp.report");
}
