#include "makers/folder.h"

#include "base/auto.h"
#include "base/err.h"
#include "makers/disk.h"
#include "makers/hardware_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static bool save_key(const struct mk_hardware *hw, enum mk_key key, const char *dir, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };

    return mk_key_pem(hw->key[key], &pem, err) &&
           mk_file_write(dir, mk_key_file(key), ".TEST-KEY.pem", att_buf_span(&pem), 0600, err);
}

static bool save_cert(const struct mk_hardware *hw, enum mk_key key, const char *dir, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };

    return mk_cert_pem(hw->cert[key], &pem, err) &&
           mk_file_write(dir, mk_key_file(key), ".pem", att_buf_span(&pem), 0644, err);
}

bool mk_hardware_save(const struct mk_hardware *hw, const char *dir, struct att_err *err)
{
    if (!mk_folder_make(dir, 0700, err))
        return false;
    for (enum mk_key i = 0; i < MK_CERT_COUNT; i++)
        if (!save_cert(hw, i, dir, err))
            return false;
    /* The root key last: where it is, everything is. */
    for (enum mk_key i = MK_KEY_COUNT; i-- > 0;)
        if (!save_key(hw, i, dir, err))
            return false;
    return true;
}

static bool load_key(const char *dir, enum mk_key key, EVP_PKEY **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };
    struct mk_path p;

    if (!mk_path_join(&p, dir, mk_key_file(key), ".TEST-KEY.pem", err) || !mk_file_read(p.text, &pem, err))
        return false;
    return mk_key_from_pem(att_buf_span(&pem), ret, err) || att_fail_as(err, ATT_CONFIG_INVALID, p.text);
}

static bool load_cert(const char *dir, enum mk_key key, X509 **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };
    struct mk_path p;

    if (!mk_path_join(&p, dir, mk_key_file(key), ".pem", err) || !mk_file_read(p.text, &pem, err))
        return false;
    return mk_cert_from_pem(att_buf_span(&pem), ret, err) || att_fail_as(err, ATT_CONFIG_INVALID, p.text);
}

static bool load_parts(const char *dir, struct mk_hardware *hw, struct att_err *err)
{
    for (enum mk_key i = 0; i < MK_KEY_COUNT; i++)
        if (!load_key(dir, i, &hw->key[i], err))
            return false;
    for (enum mk_key i = 0; i < MK_CERT_COUNT; i++)
        if (!load_cert(dir, i, &hw->cert[i], err))
            return false;
    return mk_hardware_adopt(hw, err);
}

bool mk_hardware_load(const char *dir, struct mk_hardware **ret, struct att_err *err)
{
    struct mk_hardware *hw = calloc(1, sizeof *hw);

    if (!hw)
        return att_fail_memory(err, dir);
    if (!load_parts(dir, hw, err)) {
        mk_hardware_free(hw);
        return false;
    }
    *ret = hw;
    return true;
}

bool mk_hardware_open(const char *dir, int64_t at_unix_s, struct mk_hardware **ret, struct att_err *err)
{
    struct mk_path root;
    struct mk_hardware *hw = NULL;

    if (!mk_path_join(&root, dir, mk_key_file(MK_KEY_ROOT), ".TEST-KEY.pem", err))
        return false;
    if (access(root.text, F_OK) == 0)
        return mk_hardware_load(dir, ret, err);
    if (errno != ENOENT && errno != ENOTDIR)
        return mk_io_failed(err, root.text, "a file or none");
    if (!mk_hardware_new(at_unix_s, &hw, err))
        return false;
    if (!mk_hardware_save(hw, dir, err)) {
        mk_hardware_free(hw);
        return false;
    }
    *ret = hw;
    return true;
}

static bool write_item(const struct mk_evidence *ev, enum mk_item item, const char *dir, struct att_err *err)
{
    if (ev->present[item])
        return mk_file_write(dir, mk_item_file(item), "", mk_item(ev, item), 0644, err);
    return mk_file_remove(dir, mk_item_file(item), err);
}

static bool write_items(const struct mk_evidence *ev, const char *dir, bool all, struct att_err *err)
{
    if (!mk_folder_make(dir, 0755, err))
        return false;
    for (enum mk_item i = 0; i < MK_ITEM_COUNT; i++)
        if ((all || mk_item_is_collateral(i)) && !write_item(ev, i, dir, err))
            return false;
    return true;
}

bool mk_evidence_write(const struct mk_evidence *ev, const char *dir, const char *name, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };

    return mk_expected_json(ev, name, &json, err) && write_items(ev, dir, true, err) &&
           mk_file_write(dir, "expected.json", "", att_buf_span(&json), 0644, err);
}

bool mk_collateral_write(const struct mk_evidence *ev, const char *dir, struct att_err *err)
{
    return write_items(ev, dir, false, err);
}

static bool make_default(const struct mk_hardware *hw, enum att_tee tee, enum mk_ca ca, int64_t at_unix_s,
                         struct mk_evidence *ret, struct att_err *err)
{
    struct mk_sgx_options sgx;
    struct mk_tdx_options tdx;

    mk_sgx_defaults(&sgx, at_unix_s);
    mk_tdx_defaults(&tdx, at_unix_s);
    sgx.ca = tdx.ca = ca;
    return tee == ATT_TEE_SGX ? mk_sgx_make(hw, &sgx, ret, err) : mk_tdx_make(hw, &tdx, ret, err);
}

bool mk_hardware_write_collateral(const struct mk_hardware *hw, const char *dir, int64_t at_unix_s,
                                  struct att_err *err)
{
    static const struct {
        const char *name;
        enum att_tee tee;
        enum mk_ca ca;
    } parts[] = {
        { "processor", ATT_TEE_SGX, MK_CA_PROCESSOR },
        { "platform", ATT_TEE_SGX, MK_CA_PLATFORM },
        { "processor-tdx", ATT_TEE_TDX, MK_CA_PROCESSOR },
        { "platform-tdx", ATT_TEE_TDX, MK_CA_PLATFORM },
    };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ATT_AUTO(mk_evidence_free) struct mk_evidence ev = { 0 };
        struct mk_path p;
        if (!mk_path_join(&p, dir, parts[i].name, "", err) ||
            !make_default(hw, parts[i].tee, parts[i].ca, at_unix_s, &ev, err) ||
            !mk_collateral_write(&ev, p.text, err))
            return false;
    }
    return true;
}
