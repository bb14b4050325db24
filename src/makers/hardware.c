#include "makers/hardware_parts.h"

#include "base/err.h"
#include "base/timetext.h"

#include <openssl/asn1.h>
#include <stdlib.h>

static const struct {
    const char *file;
    const char *cn;
    bool ca;
    unsigned path_len;
} rows[MK_KEY_COUNT] = {
    [MK_KEY_ROOT] = { "root_ca", MK_CN_ROOT, true, 1 },
    [MK_KEY_PROCESSOR_CA] = { "processor_ca", MK_CN_PROCESSOR_CA, true, 0 },
    [MK_KEY_PLATFORM_CA] = { "platform_ca", MK_CN_PLATFORM_CA, true, 0 },
    [MK_KEY_TCB_SIGNING] = { "tcb_signing", MK_CN_TCB_SIGNING, false, 0 },
    [MK_KEY_PCK] = { "pck", MK_CN_PCK, false, 0 },
    [MK_KEY_ATTESTATION] = { "attestation", NULL, false, 0 },
};

#define YEAR_S           ((int64_t)31557600)
#define YEAR_2020_UNIX_S ((int64_t)1577836800)
#define YEAR_2040_UNIX_S ((int64_t)2208988800)

const char *mk_key_file(enum mk_key key)
{
    return rows[key].file;
}

bool mk_hardware_cert_spec(const struct mk_hardware *hw, enum mk_key which, struct mk_cert_spec *ret,
                           struct att_err *err)
{
    struct mk_cert_spec spec = {
        .ready = hw->cert[which],
        .subject_cn = rows[which].cn,
        .issuer_cn = MK_CN_ROOT,
        .subject_key = hw->key[which],
        .issuer_key = hw->key[MK_KEY_ROOT],
        .signer = hw->key[MK_KEY_ROOT],
        .not_before = hw->not_before[which],
        .not_after = hw->not_after[which],
        .ca = rows[which].ca,
        .may_sign = rows[which].ca,
        .path_len = rows[which].path_len,
    };

    if (!spec.ready) {
        if (!mk_serial_new(spec.serial, err))
            return false;
    } else {
        BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(spec.ready), NULL);
        bool fits = serial && BN_num_bytes(serial) <= MK_SERIAL_BYTES;
        bool written = fits && BN_bn2binpad(serial, spec.serial, MK_SERIAL_BYTES) == MK_SERIAL_BYTES;
        bool failed = !serial || (fits && !written);
        BN_free(serial);
        if (failed)
            return att_fail(err, ATT_CRYPTO_FAILED, "makers.hardware", "a serial",
                            "a failure inside OpenSSL");
        if (!fits)
            return att_fail(err, ATT_CERT_MALFORMED, "makers.hardware", "a serial of at most 20 bytes",
                            "a longer one");
    }
    *ret = spec;
    return true;
}

static bool make_keys(struct mk_hardware *hw, struct att_err *err)
{
    for (size_t i = 0; i < MK_KEY_COUNT; i++)
        if (!mk_key_new(&hw->key[i], err))
            return false;
    return mk_key_new(&hw->stranger, err);
}

static bool make_certs(struct mk_hardware *hw, int64_t at, struct att_err *err)
{
    int64_t from = at - YEAR_S < YEAR_2020_UNIX_S ? at - YEAR_S : YEAR_2020_UNIX_S;
    int64_t to = at + YEAR_S > YEAR_2040_UNIX_S ? at + 20 * YEAR_S : YEAR_2040_UNIX_S;

    for (enum mk_key i = 0; i < MK_CERT_COUNT; i++) {
        struct mk_cert_spec spec;
        hw->not_before[i] = from;
        hw->not_after[i] = to;
        if (!mk_hardware_cert_spec(hw, i, &spec, err) || !mk_cert_make(&spec, &hw->cert[i], err))
            return false;
    }
    return true;
}

bool mk_hardware_new(int64_t at_unix_s, struct mk_hardware **ret, struct att_err *err)
{
    int64_t first, last;

    /* Certificates carry years of four digits, and room is needed on both sides. */
    if (!att_time_from_civil(1971, 1, 1, 0, 0, 0, &first) ||
        !att_time_from_civil(9970, 1, 1, 0, 0, 0, &last) || at_unix_s < first || at_unix_s > last)
        return att_fail(err, ATT_PARAMETER_INVALID, "at", "a time in the years 1971 to 9969", "%lld s",
                        (long long)at_unix_s);
    struct mk_hardware *hw = calloc(1, sizeof *hw);
    if (!hw)
        return att_fail_memory(err, "makers.hardware");
    if (!make_keys(hw, err) || !make_certs(hw, at_unix_s, err)) {
        mk_hardware_free(hw);
        return false;
    }
    *ret = hw;
    return true;
}

void mk_hardware_free(struct mk_hardware *hw)
{
    if (!hw)
        return;
    for (size_t i = 0; i < MK_KEY_COUNT; i++)
        EVP_PKEY_free(hw->key[i]);
    for (size_t i = 0; i < MK_CERT_COUNT; i++)
        X509_free(hw->cert[i]);
    EVP_PKEY_free(hw->stranger);
    free(hw);
}

bool mk_hardware_root_pem(const struct mk_hardware *hw, struct att_buf *out, struct att_err *err)
{
    return mk_cert_pem(hw->cert[MK_KEY_ROOT], out, err);
}

bool mk_hardware_covers(const struct mk_hardware *hw, int64_t at_unix_s)
{
    for (size_t i = 0; i < MK_CERT_COUNT; i++)
        if (at_unix_s <= hw->not_before[i] || at_unix_s >= hw->not_after[i])
            return false;
    return true;
}

static bool unix_time(const ASN1_TIME *t, int64_t *ret)
{
    struct tm tm;

    return ASN1_TIME_to_tm(t, &tm) == 1 && att_time_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                                               tm.tm_hour, tm.tm_min, tm.tm_sec, ret);
}

bool mk_hardware_adopt(struct mk_hardware *hw, struct att_err *err)
{
    for (enum mk_key i = 0; i < MK_CERT_COUNT; i++) {
        if (X509_check_private_key(hw->cert[i], hw->key[i]) != 1)
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, "key and certificate of one pair",
                            "another key");
        if (X509_verify(hw->cert[i], hw->key[MK_KEY_ROOT]) != 1)
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, "a certificate signed by root_ca",
                            "another signer");
        if (!unix_time(X509_get0_notBefore(hw->cert[i]), &hw->not_before[i]) ||
            !unix_time(X509_get0_notAfter(hw->cert[i]), &hw->not_after[i]))
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, "a validity that can be read",
                            "another form");
    }
    return mk_key_new(&hw->stranger, err);
}
