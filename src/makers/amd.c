#include "makers/amd_parts.h"

#include <openssl/rsa.h>

#include "base/err.h"
#include "base/timetext.h"
#include "makers/pki.h"

#include <stdio.h>
#include <stdlib.h>

#define YEAR_S           ((int64_t)31557600)
#define YEAR_2020_UNIX_S ((int64_t)1577836800)
#define YEAR_2050_UNIX_S ((int64_t)2524608000)

static const struct {
    const char *file;
    const char *cn; /* before the product's name, where it is one of several */
    bool per_product;
} rows[MK_AMD_KEY_COUNT] = {
    [MK_AMD_KEY_ARK] = { "ark", "ARK-", true },        [MK_AMD_KEY_ASK] = { "ask", "SEV-", true },
    [MK_AMD_KEY_ASVK] = { "asvk", "SEV-VLEK-", true }, [MK_AMD_KEY_VCEK] = { "vcek", "SEV-VCEK", false },
    [MK_AMD_KEY_VLEK] = { "vlek", "SEV-VLEK", false },
};

static bool failed(struct att_err *err)
{
    return att_fail(err, ATT_CRYPTO_FAILED, "makers.amd", "success", "a failure inside OpenSSL");
}

const char *mk_amd_product_name(enum mk_amd_product product)
{
    static const char *const names[] = {
        [MK_AMD_MILAN] = "Milan", [MK_AMD_GENOA] = "Genoa", [MK_AMD_TURIN] = "Turin"
    };
    return (size_t)product < MK_AMD_PRODUCT_COUNT ? names[product] : "unknown";
}

const char *mk_amd_key_file(enum mk_amd_key key)
{
    return rows[key].file;
}

void mk_amd_cn(enum mk_amd_product product, enum mk_amd_key key, char ret[MK_AMD_CN_SIZE])
{
    (void)snprintf(ret, MK_AMD_CN_SIZE, "%s%s", rows[key].cn,
                   rows[key].per_product ? mk_amd_product_name(product) : "");
}

enum mk_amd_product mk_amd_product(const struct mk_amd *amd)
{
    return amd->product;
}

void mk_amd_cert_spec(const struct mk_amd *amd, enum mk_amd_key which, struct mk_amd_cert_spec *ret)
{
    *ret = (struct mk_amd_cert_spec){
        .ready = amd->cert[which],
        .subject_key = amd->key[which],
        .issuer_key = amd->key[MK_AMD_KEY_ARK],
        .signer = amd->key[MK_AMD_KEY_ARK],
        .not_before = amd->not_before[which],
        .not_after = amd->not_after[which],
        .ca = true,
        .root = which == MK_AMD_KEY_ARK,
    };
    mk_amd_cn(amd->product, which, ret->subject_cn);
    mk_amd_cn(amd->product, MK_AMD_KEY_ARK, ret->issuer_cn);
    memcpy(ret->serial, amd->serial[which], sizeof ret->serial);
}

/* A modulus of three primes is found three times as fast, and nobody who checks a signature can tell. */
static EVP_PKEY *rsa_new(unsigned bits)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    EVP_PKEY *key = NULL;

    if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_primes(ctx, 3) != 1 || EVP_PKEY_generate(ctx, &key) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static bool make_keys(struct mk_amd *amd, unsigned rsa_bits, struct att_err *err)
{
    for (enum mk_amd_key i = 0; i < MK_AMD_KEY_COUNT; i++) {
        amd->key[i] = i < MK_AMD_CERT_COUNT ? rsa_new(rsa_bits) : EVP_EC_gen("P-384");
        if (!amd->key[i])
            return failed(err);
    }
    return true;
}

static bool make_certs(struct mk_amd *amd, int64_t at, struct att_err *err)
{
    int64_t from = at - YEAR_S < YEAR_2020_UNIX_S ? at - YEAR_S : YEAR_2020_UNIX_S;
    int64_t to = at + YEAR_S > YEAR_2050_UNIX_S ? at + 20 * YEAR_S : YEAR_2050_UNIX_S;

    for (enum mk_amd_key i = 0; i < MK_AMD_CERT_COUNT; i++) {
        ATT_AUTO(att_buf_free) struct att_buf der = { 0 };
        struct mk_amd_cert_spec spec;
        amd->not_before[i] = from;
        amd->not_after[i] = to;
        if (!mk_serial_new(amd->serial[i], err))
            return false;
        mk_amd_cert_spec(amd, i, &spec);
        if (!mk_amd_cert_put(&spec, &der, err))
            return false;
        const uint8_t *cursor = der.ptr;
        amd->cert[i] = d2i_X509(NULL, &cursor, (long)der.len);
        if (!amd->cert[i])
            return failed(err);
    }
    return true;
}

bool mk_amd_new(enum mk_amd_product product, unsigned rsa_bits, int64_t at_unix_s, struct mk_amd **ret,
                struct att_err *err)
{
    int64_t first, last;

    if ((size_t)product >= MK_AMD_PRODUCT_COUNT)
        return att_fail(err, ATT_PARAMETER_INVALID, "product", "Milan, Genoa or Turin", "another");
    if (rsa_bits < MK_AMD_BITS_QUICK || rsa_bits > MK_AMD_BITS_REAL)
        return att_fail(err, ATT_PARAMETER_INVALID, "rsa_bits", "2048 to 4096", "%u", rsa_bits);
    /* Certificates carry years of four digits, and room is needed on both sides. */
    if (!att_time_from_civil(1971, 1, 1, 0, 0, 0, &first) ||
        !att_time_from_civil(9970, 1, 1, 0, 0, 0, &last) || at_unix_s < first || at_unix_s > last)
        return att_fail(err, ATT_PARAMETER_INVALID, "at", "a time in the years 1971 to 9969", "%lld s",
                        (long long)at_unix_s);
    struct mk_amd *amd = calloc(1, sizeof *amd);
    if (!amd)
        return att_fail_memory(err, "makers.amd");
    amd->product = product;
    if (!make_keys(amd, rsa_bits, err) || !make_certs(amd, at_unix_s, err)) {
        mk_amd_free(amd);
        return false;
    }
    *ret = amd;
    return true;
}

void mk_amd_free(struct mk_amd *amd)
{
    if (!amd)
        return;
    for (size_t i = 0; i < MK_AMD_KEY_COUNT; i++)
        EVP_PKEY_free(amd->key[i]);
    for (size_t i = 0; i < MK_AMD_CERT_COUNT; i++)
        X509_free(amd->cert[i]);
    free(amd);
}

bool mk_amd_ark_pem(const struct mk_amd *amd, struct att_buf *out, struct att_err *err)
{
    return mk_cert_pem(amd->cert[MK_AMD_KEY_ARK], out, err);
}

bool mk_amd_covers(const struct mk_amd *amd, int64_t at_unix_s)
{
    for (size_t i = 0; i < MK_AMD_CERT_COUNT; i++)
        if (at_unix_s <= amd->not_before[i] || at_unix_s >= amd->not_after[i])
            return false;
    return true;
}

static bool unix_time(const ASN1_TIME *t, int64_t *ret)
{
    struct tm tm;

    return ASN1_TIME_to_tm(t, &tm) == 1 && att_time_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                                               tm.tm_hour, tm.tm_min, tm.tm_sec, ret);
}

static bool read_serial(X509 *cert, uint8_t ret[MK_AMD_SERIAL_BYTES])
{
    BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    bool ok = serial && BN_bn2binpad(serial, ret, MK_AMD_SERIAL_BYTES) == MK_AMD_SERIAL_BYTES;

    BN_free(serial);
    return ok;
}

bool mk_amd_adopt(struct mk_amd *amd, struct att_err *err)
{
    for (enum mk_amd_key i = 0; i < MK_AMD_CERT_COUNT; i++) {
        char cn[MK_AMD_CN_SIZE], found[MK_AMD_CN_SIZE] = "";
        X509 *cert = amd->cert[i];
        mk_amd_cn(amd->product, i, cn);
        /* The subject's last CN is the one; these have one. */
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, found, sizeof found);
        if (strcmp(cn, found) != 0)
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, cn, "a certificate of another name");
        if (X509_check_private_key(cert, amd->key[i]) != 1)
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, "key and certificate of one pair",
                            "another key");
        if (X509_verify(cert, amd->key[MK_AMD_KEY_ARK]) != 1)
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, "a certificate signed by ark",
                            "another signer");
        if (!read_serial(cert, amd->serial[i]) ||
            !unix_time(X509_get0_notBefore(cert), &amd->not_before[i]) ||
            !unix_time(X509_get0_notAfter(cert), &amd->not_after[i]))
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, "a serial and a validity that can be read",
                            "another form");
    }
    return true;
}
