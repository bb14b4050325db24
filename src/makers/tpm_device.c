/* A TPM's state: keys, registers, counters. */
#include "makers/tpm_parts.h"

#include "base/base64.h"
#include "base/err.h"

#include <openssl/rsa.h>
#include <stdlib.h>

enum { RSA_BITS = 2048, FIRST_RESET = 7, DRTM_FIRST = 17, DRTM_LAST = 22 };

/* fixedTPM, fixedParent, sensitiveDataOrigin */
enum { BORN_HERE = 1 << 1 | 1 << 4 | 1 << 5, WITH_AUTH = 1 << 6, WITH_POLICY = 1 << 7, NO_DA = 1 << 10 };
enum { RESTRICTED = 1 << 16, DECRYPT = 1 << 17, SIGN = 1 << 18 };
#define AIK_ATTRIBUTES (BORN_HERE | WITH_AUTH | RESTRICTED | SIGN)

#define AIK_ROW(is_ec, alg, digest)                                                                          \
    {                                                                                                        \
        .ec = (is_ec), .attributes = AIK_ATTRIBUTES, .scheme = (alg), .hash = (digest),                      \
        .symmetric = MK_ALG_NULL                                                                             \
    }
#define APP_ROW(is_ec)                                                                                       \
    {                                                                                                        \
        .ec = (is_ec), .attributes = BORN_HERE | WITH_AUTH | SIGN, .scheme = MK_ALG_NULL, .hash = MK_SHA256, \
        .symmetric = MK_ALG_NULL                                                                             \
    }

const struct mk_tpm_key_row mk_tpm_keys[MK_TPM_KEY_COUNT] = {
    [MK_TPM_EK] = { .policy_ek = true,
                    .attributes = BORN_HERE | WITH_POLICY | RESTRICTED | DECRYPT,
                    .scheme = MK_ALG_NULL,
                    .hash = MK_SHA256,
                    .symmetric = MK_ALG_AES },
    [MK_TPM_AIK] = AIK_ROW(false, MK_ALG_RSASSA, MK_SHA256),
    [MK_TPM_AIK_PSS] = AIK_ROW(false, MK_ALG_RSAPSS, MK_SHA256),
    [MK_TPM_AIK_SHA1] = AIK_ROW(false, MK_ALG_RSASSA, MK_SHA1),
    [MK_TPM_AIK_EC] = AIK_ROW(true, MK_ALG_ECDSA, MK_SHA256),
    [MK_TPM_AIK_2] = AIK_ROW(false, MK_ALG_RSASSA, MK_SHA256),
    [MK_TPM_APP] = APP_ROW(false),
    [MK_TPM_APP_2] = APP_ROW(false),
    [MK_TPM_APP_EC] = APP_ROW(true),
    [MK_TPM_ENC] = { .policy_pcr = true,
                     .attributes = BORN_HERE | NO_DA | DECRYPT,
                     .scheme = MK_ALG_NULL,
                     .hash = MK_SHA256,
                     .symmetric = MK_ALG_NULL },
    [MK_TPM_OUTSIDE] = { .hash = MK_SHA256, .scheme = MK_ALG_RSASSA },
    [MK_TPM_OUTSIDE_EC] = { .ec = true, .hash = MK_SHA256, .scheme = MK_ALG_ECDSA },
    [MK_TPM_IDKS] = { .hash = MK_SHA256, .scheme = MK_ALG_RSAPSS },
    [MK_TPM_STRANGER] = { .hash = MK_SHA256, .scheme = MK_ALG_RSASSA },
};

bool mk_tpm_failed(struct att_err *err, const char *where)
{
    return att_fail(err, ATT_CRYPTO_FAILED, where, "success", "a failure inside OpenSSL");
}

bool mk_tpm_written(const struct att_buf *out, struct att_err *err)
{
    return !out->failed || att_fail_memory(err, "makers.tpm");
}

/* -- hashes --------------------------------------------------------------------------------------------------- */

static const struct {
    uint16_t alg;
    uint8_t size;
} hashes[MK_HASH_COUNT] = { { 0x0004, 20 }, { 0x000b, 32 }, { 0x000c, 48 }, { 0x000d, 64 } };

uint16_t mk_hash_alg(enum mk_hash h)
{
    return hashes[h].alg;
}

size_t mk_hash_size(enum mk_hash h)
{
    return hashes[h].size;
}

const EVP_MD *mk_hash_md(enum mk_hash h)
{
    switch (h) {
    case MK_SHA1:
        return EVP_sha1();
    case MK_SHA384:
        return EVP_sha384();
    case MK_SHA512:
        return EVP_sha512();
    case MK_SHA256:
    case MK_HASH_COUNT:
        break;
    }
    return EVP_sha256();
}

bool mk_hash(enum mk_hash h, struct att_span data, uint8_t ret[MK_DIGEST_MAX], struct att_err *err)
{
    const uint8_t *from = data.len > 0 ? data.ptr : (const uint8_t *)"";
    return EVP_Digest(from, data.len, ret, NULL, mk_hash_md(h), NULL) == 1 ||
           mk_tpm_failed(err, "makers.tpm.hash");
}

/* -- keys ----------------------------------------------------------------------------------------------------- */

/* Three primes are found in a third of the time, and who checks a signature cannot tell. */
static EVP_PKEY *rsa_new(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    EVP_PKEY *key = NULL;

    if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, RSA_BITS) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_primes(ctx, 3) != 1 || EVP_PKEY_generate(ctx, &key) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

bool mk_tpm_key(struct mk_tpm *t, enum mk_tpm_key which, EVP_PKEY **ret, struct att_err *err)
{
    if ((size_t)which >= MK_TPM_KEY_COUNT)
        return att_fail(err, ATT_PARAMETER_INVALID, "key", "a key of this TPM", "another");
    if (!t->key[which])
        t->key[which] = mk_tpm_keys[which].ec ? EVP_EC_gen("P-256") : rsa_new();
    if (!t->key[which])
        return mk_tpm_failed(err, "makers.tpm.key");
    *ret = t->key[which];
    return true;
}

bool mk_tpm_modulus(const EVP_PKEY *key, struct att_buf *out, struct att_err *err)
{
    BIGNUM *n = NULL;
    int bytes = EVP_PKEY_get_bits(key) / 8;
    uint8_t *to = att_buf_room(out, (size_t)bytes);
    bool ok = to && EVP_PKEY_get_bn_param(key, "n", &n) == 1 && BN_bn2binpad(n, to, bytes) == bytes;

    BN_free(n);
    if (!ok)
        return mk_tpm_failed(err, "makers.tpm.modulus");
    out->len += (size_t)bytes;
    return true;
}

static void put_member(struct att_buf *out, const char *name, struct att_span bytes)
{
    att_buf_printf(out, "\"%s\":\"", name);
    att_base64url_put(out, bytes);
    att_buf_putc(out, '"');
}

bool mk_tpm_jwk(struct mk_tpm *t, enum mk_tpm_key which, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf n = { 0 };
    uint8_t point[64];
    EVP_PKEY *key;

    if (!mk_tpm_key(t, which, &key, err))
        return false;
    if (mk_tpm_keys[which].ec) {
        if (!mk_key_point(key, point, err))
            return false;
        att_buf_puts(out, "{\"kty\":\"EC\",\"crv\":\"P-256\",");
        put_member(out, "x", att_span_of(point, 32));
        att_buf_putc(out, ',');
        put_member(out, "y", att_span_of(point + 32, 32));
        att_buf_putc(out, '}');
        return mk_tpm_written(out, err);
    }
    if (!mk_tpm_modulus(key, &n, err))
        return false;
    att_buf_puts(out, "{\"kty\":\"RSA\",");
    put_member(out, "n", att_buf_span(&n));
    att_buf_puts(out, ",\"e\":\"AQAB\"}");
    return mk_tpm_written(out, err);
}

/* -- registers ------------------------------------------------------------------------------------------------- */

unsigned mk_tpm_banks(const struct mk_tpm *t)
{
    return t->banks;
}

static void start_registers(struct mk_tpm *t)
{
    memset(t->pcr, 0, sizeof t->pcr);
    for (size_t h = 0; h < MK_HASH_COUNT; h++)
        for (size_t i = DRTM_FIRST; i <= DRTM_LAST; i++)
            memset(t->pcr[h][i], 0xff, sizeof t->pcr[h][i]);
}

bool mk_tpm_new(const struct mk_tpm_vendor *v, unsigned banks, struct mk_tpm **ret, struct att_err *err)
{
    if (banks == 0 || banks >> MK_HASH_COUNT)
        return att_fail(err, ATT_PARAMETER_INVALID, "banks", "one bank or more", "%#x", banks);
    struct mk_tpm *t = calloc(1, sizeof *t);
    if (!t)
        return att_fail_memory(err, "makers.tpm");
    t->vendor = v;
    t->banks = banks;
    t->clock_ms = 123456789;
    t->reset_count = FIRST_RESET;
    start_registers(t);
    *ret = t;
    return true;
}

void mk_tpm_free(struct mk_tpm *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < MK_TPM_KEY_COUNT; i++)
        EVP_PKEY_free(t->key[i]);
    free(t);
}

const struct mk_tpm_vendor *mk_tpm_vendor_of(const struct mk_tpm *t)
{
    return t->vendor;
}

void mk_tpm_restart(struct mk_tpm *t, unsigned banks)
{
    if (banks)
        t->banks = banks;
    t->clock_ms += 60000;
    t->reset_count++;
    t->restart_count = 0;
    start_registers(t);
}

void mk_tpm_counts(struct mk_tpm *t, uint32_t reset_count, uint32_t restart_count)
{
    t->reset_count = reset_count;
    t->restart_count = restart_count;
}

void mk_tpm_drtm(struct mk_tpm *t)
{
    for (size_t h = 0; h < MK_HASH_COUNT; h++)
        for (size_t i = DRTM_FIRST; i <= DRTM_LAST; i++)
            memset(t->pcr[h][i], 0, sizeof t->pcr[h][i]);
}

void mk_tpm_locality(struct mk_tpm *t, uint8_t locality)
{
    for (size_t h = 0; h < MK_HASH_COUNT; h++)
        t->pcr[h][0][hashes[h].size - 1] = locality;
}

const uint8_t *mk_tpm_pcr(const struct mk_tpm *t, enum mk_hash bank, uint32_t pcr)
{
    return t->pcr[bank][pcr];
}

bool mk_tpm_extend(struct mk_tpm *t, enum mk_hash bank, uint32_t pcr, const uint8_t *digest,
                   struct att_err *err)
{
    uint8_t both[2 * MK_DIGEST_MAX];
    size_t size = mk_hash_size(bank);

    if (pcr >= MK_PCRS)
        return att_fail(err, ATT_PARAMETER_INVALID, "pcr", "0 to 23", "%u", (unsigned)pcr);
    if (!(t->banks & MK_BANK(bank)))
        return true; /* as a TPM does: the command succeeds for banks that are not allocated */
    memcpy(both, t->pcr[bank][pcr], size);
    memcpy(both + size, digest, size);
    return mk_hash(bank, att_span_of(both, 2 * size), t->pcr[bank][pcr], err);
}

bool mk_tpm_extend_data(struct mk_tpm *t, uint32_t pcr, struct att_span data, struct att_err *err)
{
    uint8_t digest[MK_DIGEST_MAX];

    for (enum mk_hash h = 0; h < MK_HASH_COUNT; h++)
        if (!mk_hash(h, data, digest, err) || !mk_tpm_extend(t, h, pcr, digest, err))
            return false;
    return true;
}
