/* Manufacturer and authority of made-up TPMs on disk. */
#include "base/auto.h"
#include "base/err.h"
#include "makers/disk.h"
#include "makers/pki.h"
#include "makers/tpm_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static bool save_one(const struct mk_tpm_vendor *v, enum mk_tpm_ca which, const char *dir,
                     struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf cert = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf key = { 0 };
    const char *file = mk_tpm_ca_file(which);

    return mk_cert_pem(v->cert[which], &cert, err) && mk_key_pem(v->key[which], &key, err) &&
           mk_file_write(dir, file, ".pem", att_buf_span(&cert), 0644, err) &&
           mk_file_write(dir, file, ".TEST-KEY.pem", att_buf_span(&key), 0600, err);
}

bool mk_tpm_vendor_save(const struct mk_tpm_vendor *v, const char *dir, struct att_err *err)
{
    if (!mk_folder_make(dir, 0700, err))
        return false;
    /* The root's key last: where it is, everything is. */
    for (enum mk_tpm_ca i = MK_TPM_CA_COUNT; i-- > 0;)
        if (!save_one(v, i, dir, err))
            return false;
    return true;
}

static bool load_one(const char *dir, enum mk_tpm_ca which, struct mk_tpm_vendor *v, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf cert = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf key = { 0 };
    struct mk_path cert_path, key_path;

    if (!mk_path_join(&cert_path, dir, mk_tpm_ca_file(which), ".pem", err) ||
        !mk_path_join(&key_path, dir, mk_tpm_ca_file(which), ".TEST-KEY.pem", err) ||
        !mk_file_read(cert_path.text, &cert, err) || !mk_file_read(key_path.text, &key, err))
        return false;
    if (!mk_cert_from_pem(att_buf_span(&cert), &v->cert[which], err))
        return att_fail_as(err, ATT_CONFIG_INVALID, cert_path.text);
    return mk_key_from_pem(att_buf_span(&key), &v->key[which], err) ||
           att_fail_as(err, ATT_CONFIG_INVALID, key_path.text);
}

bool mk_tpm_vendor_load(const char *dir, struct mk_tpm_vendor **ret, struct att_err *err)
{
    struct mk_tpm_vendor *v = calloc(1, sizeof *v);
    bool ok = v || att_fail_memory(err, dir);

    for (enum mk_tpm_ca i = 0; ok && i < MK_TPM_CA_COUNT; i++)
        ok = load_one(dir, i, v, err);
    if (!ok || !mk_tpm_vendor_adopt(v, err)) {
        mk_tpm_vendor_free(v);
        return false;
    }
    *ret = v;
    return true;
}

bool mk_tpm_vendor_open(const char *dir, int64_t at_unix_s, struct mk_tpm_vendor **ret, struct att_err *err)
{
    struct mk_path root;
    struct mk_tpm_vendor *v = NULL;

    if (!mk_path_join(&root, dir, mk_tpm_ca_file(MK_TPM_CA_EK_ROOT), ".TEST-KEY.pem", err))
        return false;
    if (access(root.text, F_OK) == 0)
        return mk_tpm_vendor_load(dir, ret, err);
    if (errno != ENOENT && errno != ENOTDIR)
        return mk_io_failed(err, root.text, "a file or none");
    if (!mk_tpm_vendor_new(at_unix_s, &v, err))
        return false;
    if (!mk_tpm_vendor_save(v, dir, err)) {
        mk_tpm_vendor_free(v);
        return false;
    }
    *ret = v;
    return true;
}
