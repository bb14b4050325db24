/* Structures of TPM 2.0, written. Part 2: TPMT_PUBLIC 12.2.4, TPMS_ATTEST 10.12.8, TPMT_SIGNATURE 11.3.4. */
#include "makers/tpm_parts.h"

#include "base/err.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

enum {
    GENERATED = 0xff544347,
    ST_CERTIFY = 0x8017,
    ST_QUOTE = 0x8018,
    CC_POLICY_SECRET = 0x151,
    CC_POLICY_PCR = 0x17f,
    RH_ENDORSEMENT = 0x4000000b,
    SELECT_BYTES = 3,
};
static const uint64_t firmware = UINT64_C(0x5445535400000001);

ATT_AUTO_PTR(tpm_ecdsa_auto, ECDSA_SIG, ECDSA_SIG_free)

void mk_u16be(struct att_buf *out, uint16_t v)
{
    att_buf_put(out, att_span_of((uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2));
}

void mk_u32be(struct att_buf *out, uint32_t v)
{
    mk_u16be(out, (uint16_t)(v >> 16));
    mk_u16be(out, (uint16_t)v);
}

void mk_u64be(struct att_buf *out, uint64_t v)
{
    mk_u32be(out, (uint32_t)(v >> 32));
    mk_u32be(out, (uint32_t)v);
}

void mk_tpm2b(struct att_buf *out, struct att_span bytes)
{
    mk_u16be(out, (uint16_t)bytes.len);
    att_buf_put(out, bytes);
}

static void put_selections(struct att_buf *out, const struct mk_tpm_selection *s, size_t count)
{
    mk_u32be(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        mk_u16be(out, mk_hash_alg(s[i].bank));
        att_buf_putc(out, SELECT_BYTES);
        for (unsigned b = 0; b < SELECT_BYTES; b++)
            att_buf_putc(out, (char)(uint8_t)(s[i].pcrs >> (8 * b)));
    }
}

/* Selection by selection, registers ascending. */
static bool digest_pcrs(const struct mk_tpm *t, enum mk_hash h, const struct mk_tpm_selection *s,
                        size_t count, uint8_t ret[MK_DIGEST_MAX], struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf values = { 0 };

    for (size_t i = 0; i < count; i++)
        for (uint32_t pcr = 0; pcr < MK_PCRS; pcr++)
            if (s[i].pcrs >> pcr & 1)
                att_buf_put(&values, att_span_of(t->pcr[s[i].bank][pcr], mk_hash_size(s[i].bank)));
    return mk_tpm_written(&values, err) && mk_hash(h, att_buf_span(&values), ret, err);
}

/* -- TPMT_PUBLIC ---------------------------------------------------------------------------------------------- */

/* PolicySecret(endorsement hierarchy): Part 3, 23.4; the template's authPolicy. */
static bool policy_of_ek(uint8_t ret[MK_DIGEST_MAX], struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf first = { 0 };
    uint8_t digest[MK_DIGEST_MAX];

    att_buf_fill(&first, 0, 32);
    mk_u32be(&first, CC_POLICY_SECRET);
    mk_u32be(&first, RH_ENDORSEMENT);
    /* And once more over an empty policyRef. */
    return mk_tpm_written(&first, err) && mk_hash(MK_SHA256, att_buf_span(&first), digest, err) &&
           mk_hash(MK_SHA256, att_span_of(digest, 32), ret, err);
}

/* PolicyPCR over SHA-256 of PCR 0 to 7 as they are: Part 3, 23.7. */
static bool policy_of_pcrs(const struct mk_tpm *t, uint8_t ret[MK_DIGEST_MAX], struct att_err *err)
{
    const struct mk_tpm_selection s = { MK_SHA256, 0xff };
    ATT_AUTO(att_buf_free) struct att_buf in = { 0 };
    uint8_t digest[MK_DIGEST_MAX];

    if (!digest_pcrs(t, MK_SHA256, &s, 1, digest, err))
        return false;
    att_buf_fill(&in, 0, 32);
    mk_u32be(&in, CC_POLICY_PCR);
    put_selections(&in, &s, 1);
    att_buf_put(&in, att_span_of(digest, 32));
    return mk_tpm_written(&in, err) && mk_hash(MK_SHA256, att_buf_span(&in), ret, err);
}

static void put_scheme(const struct mk_tpm_key_row *row, struct att_buf *out)
{
    mk_u16be(out, row->scheme);
    if (row->scheme != MK_ALG_NULL)
        mk_u16be(out, mk_hash_alg(row->hash));
}

static void put_symmetric(const struct mk_tpm_key_row *row, struct att_buf *out)
{
    mk_u16be(out, row->symmetric);
    if (row->symmetric == MK_ALG_NULL)
        return;
    mk_u16be(out, 128);
    mk_u16be(out, MK_ALG_CFB);
}

static bool put_unique(const struct mk_tpm_key_row *row, const EVP_PKEY *key, struct att_buf *out,
                       struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf n = { 0 };
    uint8_t point[64];

    if (row->ec) {
        if (!mk_key_point(key, point, err))
            return false;
        mk_u16be(out, MK_CURVE_P256);
        mk_u16be(out, MK_ALG_NULL); /* kdf */
        mk_tpm2b(out, att_span_of(point, 32));
        mk_tpm2b(out, att_span_of(point + 32, 32));
        return mk_tpm_written(out, err);
    }
    if (!mk_tpm_modulus(key, &n, err))
        return false;
    mk_u16be(out, (uint16_t)EVP_PKEY_get_bits(key));
    mk_u32be(out, 0); /* 65537 */
    mk_tpm2b(out, att_buf_span(&n));
    return mk_tpm_written(out, err);
}

bool mk_tpm_public(struct mk_tpm *t, enum mk_tpm_key object, struct att_buf *out, struct att_err *err)
{
    const struct mk_tpm_key_row *row = &mk_tpm_keys[object];
    uint8_t policy[MK_DIGEST_MAX];
    EVP_PKEY *key;

    if (row->attributes == 0)
        return att_fail(err, ATT_PARAMETER_INVALID, "key", "an object of the TPM", "a key outside of it");
    if (!mk_tpm_key(t, object, &key, err) || (row->policy_ek && !policy_of_ek(policy, err)) ||
        (row->policy_pcr && !policy_of_pcrs(t, policy, err)))
        return false;
    mk_u16be(out, row->ec ? MK_ALG_ECC : MK_ALG_RSA);
    mk_u16be(out, mk_hash_alg(MK_SHA256));
    mk_u32be(out, row->attributes);
    mk_tpm2b(out, att_span_of(policy, row->policy_ek || row->policy_pcr ? 32 : 0));
    put_symmetric(row, out);
    put_scheme(row, out);
    return put_unique(row, key, out, err);
}

bool mk_tpm_name(struct mk_tpm *t, enum mk_tpm_key object, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf area = { 0 };
    uint8_t digest[MK_DIGEST_MAX];

    if (!mk_tpm_public(t, object, &area, err) || !mk_hash(MK_SHA256, att_buf_span(&area), digest, err))
        return false;
    mk_u16be(out, mk_hash_alg(MK_SHA256));
    att_buf_put(out, att_span_of(digest, 32));
    return mk_tpm_written(out, err);
}

/* -- TPMS_ATTEST ---------------------------------------------------------------------------------------------- */

void mk_tpm_attest_put(const struct mk_tpm_attest *a, struct att_buf *out)
{
    uint16_t type = a->certify ? ST_CERTIFY : ST_QUOTE;

    mk_u32be(out, a->magic ? a->magic : GENERATED);
    mk_u16be(out, a->type ? a->type : type);
    mk_tpm2b(out, a->qualified_signer);
    mk_tpm2b(out, a->extra);
    mk_u64be(out, a->clock_ms);
    mk_u32be(out, a->reset_count);
    mk_u32be(out, a->restart_count);
    att_buf_putc(out, a->unsafe ? 0 : 1);
    mk_u64be(out, a->firmware_version);
    if (a->certify) {
        mk_tpm2b(out, a->name);
        mk_tpm2b(out, a->qualified_name);
        return;
    }
    put_selections(out, a->selections, a->selection_count);
    mk_tpm2b(out, a->pcr_digest);
}

/* A primary object's qualified name: of its hierarchy's handle and its name. Who reads it only shows it. */
static bool put_qualified(struct mk_tpm *t, enum mk_tpm_key object, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf in = { 0 };
    uint8_t digest[MK_DIGEST_MAX];

    mk_u32be(&in, RH_ENDORSEMENT);
    if (!mk_tpm_name(t, object, &in, err) || !mk_hash(MK_SHA256, att_buf_span(&in), digest, err))
        return false;
    mk_u16be(out, mk_hash_alg(MK_SHA256));
    att_buf_put(out, att_span_of(digest, 32));
    return mk_tpm_written(out, err);
}

static struct mk_tpm_attest attest_of(const struct mk_tpm *t, struct att_span signer, struct att_span extra)
{
    return (struct mk_tpm_attest){ .qualified_signer = signer,
                                   .extra = extra,
                                   .clock_ms = t->clock_ms,
                                   .reset_count = t->reset_count,
                                   .restart_count = t->restart_count,
                                   .firmware_version = firmware };
}

bool mk_tpm_attest_quote(struct mk_tpm *t, enum mk_tpm_key aik, struct att_span extra,
                         const struct mk_tpm_selection *selections, size_t count, struct att_buf scratch[2],
                         struct mk_tpm_attest *ret, struct att_err *err)
{
    enum mk_hash h = mk_tpm_keys[aik].hash;
    uint8_t digest[MK_DIGEST_MAX];

    if (!put_qualified(t, aik, &scratch[0], err) || !digest_pcrs(t, h, selections, count, digest, err))
        return false;
    att_buf_put(&scratch[1], att_span_of(digest, mk_hash_size(h)));
    *ret = attest_of(t, att_buf_span(&scratch[0]), extra);
    ret->selections = selections;
    ret->selection_count = count;
    ret->pcr_digest = att_buf_span(&scratch[1]);
    return mk_tpm_written(&scratch[1], err);
}

bool mk_tpm_attest_certify(struct mk_tpm *t, enum mk_tpm_key aik, enum mk_tpm_key object,
                           struct att_span extra, struct att_buf scratch[2], struct mk_tpm_attest *ret,
                           struct att_err *err)
{
    if (!put_qualified(t, aik, &scratch[0], err) || !mk_tpm_name(t, object, &scratch[1], err))
        return false;
    size_t name = scratch[1].len;
    if (!put_qualified(t, object, &scratch[1], err))
        return false;
    *ret = attest_of(t, att_buf_span(&scratch[0]), extra);
    ret->certify = true;
    ret->name = att_span_of(scratch[1].ptr, name);
    ret->qualified_name = att_span_of(scratch[1].ptr + name, scratch[1].len - name);
    return true;
}

/* -- signatures ----------------------------------------------------------------------------------------------- */

static bool sign(EVP_PKEY *key, const EVP_MD *md, bool pss, int salt, struct att_span message,
                 uint8_t ret[512], size_t *ret_len)
{
    EVP_PKEY_CTX *params = NULL; /* the context's own */
    ATT_AUTO(mk_md_ctx_tpm_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    *ret_len = 512;
    if (!ctx || EVP_DigestSignInit(ctx, &params, md, NULL, key) != 1)
        return false;
    if (pss && (EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) != 1 ||
                EVP_PKEY_CTX_set_rsa_pss_saltlen(params, salt) != 1))
        return false;
    return EVP_DigestSign(ctx, ret, ret_len, message.ptr, message.len) == 1;
}

static bool ec_halves(const uint8_t *der, size_t len, uint8_t ret[64])
{
    ATT_AUTO(tpm_ecdsa_auto) ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)len);
    return s && BN_bn2binpad(ECDSA_SIG_get0_r(s), ret, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(s), ret + 32, 32) == 32;
}

enum mk_hash mk_tpm_scheme_hash(enum mk_tpm_key key)
{
    return mk_tpm_keys[key].hash;
}

/* RSA alone, or r||s. TPMs fill PSS with as much salt as fits. */
bool mk_tpm_sign_bare(struct mk_tpm *t, enum mk_tpm_key which, struct att_span message, struct att_buf *out,
                      struct att_err *err)
{
    const struct mk_tpm_key_row *row = &mk_tpm_keys[which];
    uint8_t raw[512], halves[64];
    size_t len;
    EVP_PKEY *key;

    if (!mk_tpm_key(t, which, &key, err))
        return false;
    if (!sign(key, mk_hash_md(row->hash), row->scheme == MK_ALG_RSAPSS, RSA_PSS_SALTLEN_MAX, message, raw,
              &len) ||
        (row->ec && !ec_halves(raw, len, halves)))
        return mk_tpm_failed(err, "makers.tpm.sign");
    att_buf_put(out, row->ec ? att_span_of(halves, sizeof halves) : att_span_of(raw, len));
    return mk_tpm_written(out, err);
}

bool mk_tpm_sign(struct mk_tpm *t, enum mk_tpm_key which, struct att_span message, struct att_buf *out,
                 struct att_err *err)
{
    const struct mk_tpm_key_row *row = &mk_tpm_keys[which];
    uint16_t none = row->ec ? MK_ALG_ECDSA : MK_ALG_RSASSA;
    ATT_AUTO(att_buf_free) struct att_buf raw = { 0 };

    if (!mk_tpm_sign_bare(t, which, message, &raw, err))
        return false;
    mk_u16be(out, row->scheme == MK_ALG_NULL ? none : row->scheme);
    mk_u16be(out, mk_hash_alg(row->hash));
    if (row->ec) {
        mk_tpm2b(out, att_span_of(raw.ptr, 32));
        mk_tpm2b(out, att_span_of(raw.ptr + 32, 32));
    } else {
        mk_tpm2b(out, att_buf_span(&raw));
    }
    return mk_tpm_written(out, err);
}

const char *mk_tpm_jose_alg(enum mk_tpm_key key)
{
    return mk_tpm_keys[key].ec ? "ES256" : "PS256";
}

bool mk_tpm_sign_jose(struct mk_tpm *t, enum mk_tpm_key which, struct att_span message, struct att_buf *out,
                      struct att_err *err)
{
    bool ec = mk_tpm_keys[which].ec;
    uint8_t raw[512], halves[64];
    size_t len;
    EVP_PKEY *key;

    if (!mk_tpm_key(t, which, &key, err))
        return false;
    if (!sign(key, EVP_sha256(), !ec, 32, message, raw, &len) || (ec && !ec_halves(raw, len, halves)))
        return mk_tpm_failed(err, "makers.tpm.sign");
    att_buf_put(out, ec ? att_span_of(halves, sizeof halves) : att_span_of(raw, len));
    return mk_tpm_written(out, err);
}

/* -- quote and certify ------------------------------------------------------------------------------------------ */

static bool finish(struct mk_tpm *t, enum mk_tpm_key aik, const struct mk_tpm_attest *a,
                   struct att_buf *attest, struct att_buf *signature, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf bytes = { 0 };

    mk_tpm_attest_put(a, &bytes);
    if (!mk_tpm_written(&bytes, err) ||
        (signature && !mk_tpm_sign(t, aik, att_buf_span(&bytes), signature, err)))
        return false;
    if (attest)
        att_buf_put(attest, att_buf_span(&bytes));
    return !attest || mk_tpm_written(attest, err);
}

static void free_two(struct att_buf (*scratch)[2])
{
    att_buf_free(&(*scratch)[0]);
    att_buf_free(&(*scratch)[1]);
}

bool mk_tpm_quote(struct mk_tpm *t, enum mk_tpm_key aik, struct att_span extra,
                  const struct mk_tpm_selection *selections, size_t count, struct att_buf *attest,
                  struct att_buf *signature, struct att_err *err)
{
    ATT_AUTO(free_two) struct att_buf scratch[2] = { 0 };
    struct mk_tpm_attest a;

    return mk_tpm_attest_quote(t, aik, extra, selections, count, scratch, &a, err) &&
           finish(t, aik, &a, attest, signature, err);
}

bool mk_tpm_certify(struct mk_tpm *t, enum mk_tpm_key aik, enum mk_tpm_key object, struct att_span extra,
                    struct att_buf *attest, struct att_buf *signature, struct att_err *err)
{
    ATT_AUTO(free_two) struct att_buf scratch[2] = { 0 };
    struct mk_tpm_attest a;

    return mk_tpm_attest_certify(t, aik, object, extra, scratch, &a, err) &&
           finish(t, aik, &a, attest, signature, err);
}
