/* Made-up AMDs on disk: one folder for each product. */
#include "base/auto.h"
#include "base/err.h"
#include "makers/amd_parts.h"
#include "makers/disk.h"
#include "makers/pki.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

static bool save_key(const struct mk_amd *amd, enum mk_amd_key key, const char *dir, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };

    return mk_key_pem(amd->key[key], &pem, err) &&
           mk_file_write(dir, mk_amd_key_file(key), ".TEST-KEY.pem", att_buf_span(&pem), 0600, err);
}

static bool save_cert(const struct mk_amd *amd, enum mk_amd_key key, const char *dir, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };

    return mk_cert_pem(amd->cert[key], &pem, err) &&
           mk_file_write(dir, mk_amd_key_file(key), ".pem", att_buf_span(&pem), 0644, err);
}

bool mk_amd_save(const struct mk_amd *amd, const char *dir, struct att_err *err)
{
    struct mk_path p;

    if (!mk_path_join(&p, dir, mk_amd_product_name(amd->product), "", err) ||
        !mk_folder_make(p.text, 0700, err))
        return false;
    for (enum mk_amd_key i = 0; i < MK_AMD_CERT_COUNT; i++)
        if (!save_cert(amd, i, p.text, err))
            return false;
    /* The ARK's key last: where it is, everything is. */
    for (enum mk_amd_key i = MK_AMD_KEY_COUNT; i-- > 0;)
        if (!save_key(amd, i, p.text, err))
            return false;
    return true;
}

/* RSA for those that have a certificate, P-384 for those that sign reports. */
static bool right_kind(EVP_PKEY *key, enum mk_amd_key which)
{
    if (which < MK_AMD_CERT_COUNT)
        return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= MK_AMD_BITS_QUICK &&
               EVP_PKEY_get_bits(key) <= MK_AMD_BITS_REAL;
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 384;
}

static bool load_key(const char *dir, enum mk_amd_key which, EVP_PKEY **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };
    struct mk_path p;

    if (!mk_path_join(&p, dir, mk_amd_key_file(which), ".TEST-KEY.pem", err) ||
        !mk_file_read(p.text, &pem, err))
        return false;
    ATT_AUTO(mk_bio_auto)
    BIO *bio = BIO_new_mem_buf(pem.len > 0 ? pem.ptr : (const uint8_t *)"", (int)pem.len);
    ATT_AUTO(mk_pkey_auto) EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    if (!key || !right_kind(key, which))
        return att_fail(err, ATT_CONFIG_INVALID, p.text,
                        which < MK_AMD_CERT_COUNT ? "an RSA key of 2048 to 4096 bits" : "a P-384 key",
                        key ? "another kind of key" : "no private key in PEM");
    *ret = ATT_MOVE(key);
    return true;
}

static bool load_cert(const char *dir, enum mk_amd_key which, X509 **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };
    struct mk_path p;

    if (!mk_path_join(&p, dir, mk_amd_key_file(which), ".pem", err) || !mk_file_read(p.text, &pem, err))
        return false;
    return mk_cert_from_pem(att_buf_span(&pem), ret, err) || att_fail_as(err, ATT_CONFIG_INVALID, p.text);
}

static bool load_parts(const char *dir, struct mk_amd *amd, struct att_err *err)
{
    for (enum mk_amd_key i = 0; i < MK_AMD_KEY_COUNT; i++)
        if (!load_key(dir, i, &amd->key[i], err))
            return false;
    for (enum mk_amd_key i = 0; i < MK_AMD_CERT_COUNT; i++)
        if (!load_cert(dir, i, &amd->cert[i], err))
            return false;
    return mk_amd_adopt(amd, err);
}

bool mk_amd_load(const char *dir, enum mk_amd_product product, struct mk_amd **ret, struct att_err *err)
{
    struct mk_path p;

    if (!mk_path_join(&p, dir, mk_amd_product_name(product), "", err))
        return false;
    struct mk_amd *amd = calloc(1, sizeof *amd);
    if (!amd)
        return att_fail_memory(err, dir);
    amd->product = product;
    if (!load_parts(p.text, amd, err)) {
        mk_amd_free(amd);
        return false;
    }
    *ret = amd;
    return true;
}

bool mk_amd_open(const char *dir, enum mk_amd_product product, int64_t at_unix_s, struct mk_amd **ret,
                 struct att_err *err)
{
    struct mk_path folder, ark;
    struct mk_amd *amd = NULL;

    if (!mk_path_join(&folder, dir, mk_amd_product_name(product), "", err) ||
        !mk_path_join(&ark, folder.text, mk_amd_key_file(MK_AMD_KEY_ARK), ".TEST-KEY.pem", err))
        return false;
    if (access(ark.text, F_OK) == 0)
        return mk_amd_load(dir, product, ret, err);
    if (errno != ENOENT && errno != ENOTDIR)
        return mk_io_failed(err, ark.text, "a file or none");
    if (!mk_amd_new(product, MK_AMD_BITS_QUICK, at_unix_s, &amd, err))
        return false;
    if (!mk_amd_save(amd, dir, err)) {
        mk_amd_free(amd);
        return false;
    }
    *ret = amd;
    return true;
}
