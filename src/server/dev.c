#include "server/dev.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/secret.h"
#include "files/files.h"
#include "makers/amd.h"
#include "makers/folder.h"
#include "makers/tpm.h"
#include "server/dev_principals.h"
#include "server/dev_tls.h"

#include <attest/seal.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <unistd.h>

static bool kek_make(const char *path, struct att_err *err)
{
    uint8_t key[ATT_SEAL_KEY_BYTES];
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    if (access(path, F_OK) == 0)
        return true;
    if (RAND_bytes(key, sizeof key) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "key_encryption_key", "random bytes", "none to be had");
    att_hex_put(&text, att_span_of(key, sizeof key));
    att_buf_putc(&text, '\n');
    att_wipe(key, sizeof key);
    return file_store(path, att_buf_span(&text), 0600, err);
}

static bool dev_collateral(struct att_arena *arena, const char *dir, struct dev *ret, struct att_err *err)
{
    static const char *const parts[] = { "processor", "platform", "processor-tdx", "platform-tdx" };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *path = file_path(arena, dir, parts[i]);
        if (!path)
            return att_fail_memory(err, "dev.hardware");
        ret->collateral_dirs[ret->collateral_count++] = path;
    }
    return true;
}

static bool hardware(struct att_arena *arena, const char *dev_dir, int64_t at_unix_s, struct dev *ret,
                     struct att_err *err)
{
    char *dir = file_path(arena, dev_dir, "hardware");
    char *collateral = dir ? file_path(arena, dir, "collateral") : NULL;
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };
    struct mk_hardware *hw = NULL;

    if (!collateral)
        return att_fail_memory(err, "dev.hardware");
    if (!mk_hardware_open(dir, at_unix_s, &hw, err))
        return false;
    /* Made anew at each start: it is valid for a month around the time of judgement. */
    bool ok =
        mk_hardware_write_collateral(hw, collateral, at_unix_s, err) && mk_hardware_root_pem(hw, &pem, err);
    mk_hardware_free(hw);
    if (!ok)
        return false;
    char *copy = att_arena_dup(arena, att_buf_span(&pem));
    if (!copy)
        return att_fail_memory(err, "dev.hardware");
    ret->root_pem = att_span_of(copy, pem.len);
    return dev_collateral(arena, collateral, ret, err);
}

/* Milan is made at the first start; what `attestctl evidence make` made of the others since is trusted as well. */
static bool amd_roots(struct att_arena *arena, const char *dir, int64_t at_unix_s,
                      struct att_buf pems[DEV_AMD], struct att_err *err)
{
    for (unsigned p = 0; p < DEV_AMD; p++) {
        char *of_product = file_path(arena, dir, mk_amd_product_name((enum mk_amd_product)p));
        struct mk_amd *amd = NULL;
        if (!of_product)
            return att_fail_memory(err, "dev.hardware");
        if (p != MK_AMD_MILAN && access(of_product, F_OK) != 0)
            continue;
        if (!mk_amd_open(dir, (enum mk_amd_product)p, at_unix_s, &amd, err))
            return false;
        bool ok = mk_amd_ark_pem(amd, &pems[p], err);
        mk_amd_free(amd);
        if (!ok)
            return false;
    }
    return true;
}

static bool amd_hardware(struct att_arena *arena, const char *dev_dir, int64_t at_unix_s, struct dev *ret,
                         struct att_err *err)
{
    struct att_buf pems[DEV_AMD] = { 0 };
    char *hardware = file_path(arena, dev_dir, "hardware");
    char *dir = hardware ? file_path(arena, hardware, "amd") : NULL;
    bool ok = dir ? amd_roots(arena, dir, at_unix_s, pems, err) : att_fail_memory(err, "dev.hardware");

    for (unsigned p = 0; p < DEV_AMD; p++) {
        const char *copy = ok && pems[p].len > 0 ? att_arena_dup(arena, att_buf_span(&pems[p])) : NULL;
        if (copy)
            ret->amd_root_pems[ret->amd_root_count++] = att_span_of(copy, pems[p].len);
        att_buf_free(&pems[p]);
    }
    return ok;
}

/* One of a made-up TPM's authorities, in the arena. */
static bool tpm_pem(struct att_arena *arena, const struct mk_tpm_vendor *v,
                    bool (*put)(const struct mk_tpm_vendor *, struct att_buf *, struct att_err *),
                    struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };

    if (!put(v, &pem, err))
        return false;
    const char *copy = att_arena_dup(arena, att_buf_span(&pem));
    if (!copy)
        return att_fail_memory(err, "dev.hardware");
    *ret = att_span_of(copy, pem.len);
    return true;
}

static bool tpm_hardware(struct att_arena *arena, const char *dev_dir, int64_t at_unix_s, struct dev *ret,
                         struct att_err *err)
{
    char *hardware = file_path(arena, dev_dir, "hardware");
    char *dir = hardware ? file_path(arena, hardware, "tpm") : NULL;
    struct mk_tpm_vendor *v = NULL;

    if (!dir)
        return att_fail_memory(err, "dev.hardware");
    if (!mk_tpm_vendor_open(dir, at_unix_s, &v, err))
        return false;
    bool ok = tpm_pem(arena, v, mk_tpm_ek_root_pem, &ret->tpm_ek_root_pem, err) &&
              tpm_pem(arena, v, mk_tpm_ek_ca_pem, &ret->tpm_ek_ca_pem, err) &&
              tpm_pem(arena, v, mk_tpm_aik_ca_pem, &ret->tpm_aik_ca_pem, err);
    mk_tpm_vendor_free(v);
    return ok;
}

static bool setting(struct att_arena *arena, const char **to, const char *dir, const char *name,
                    struct att_err *err)
{
    if ((*to)[0] != '\0')
        return true;
    *to = file_path(arena, dir, name);
    return *to || att_fail_memory(err, name);
}

/* Two servers may start on the same new folder: the first makes what is missing, the second waits and finds it. */
static int lock_folder(struct att_arena *arena, const char *dir, struct att_err *err)
{
    char *path = file_path(arena, dir, "lock");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

    if (fd < 0) {
        att_fail(err, ATT_IO_FAILED, "dev.lock", "a file that can be written", "%m");
        return -1;
    }
    while (flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        att_fail(err, ATT_IO_FAILED, "dev.lock", "a lock", "%m");
        (void)close(fd); /* nothing was written */
        return -1;
    }
    return fd;
}

static bool make_all(struct att_arena *arena, struct config *c, const char *dir, int64_t now_unix_s,
                     int64_t at_unix_s, struct dev *ret, struct att_err *err)
{
    bool own_kek = c->key_encryption_key[0] == '\0';

    return dev_tls_make(arena, dir, now_unix_s, err) &&
           setting(arena, &c->tls_certificate, dir, "server.pem", err) &&
           setting(arena, &c->tls_key, dir, "server-key.TEST-KEY.pem", err) &&
           setting(arena, &c->key_encryption_key, dir, "kek.TEST-KEY", err) &&
           (!own_kek || kek_make(c->key_encryption_key, err)) && hardware(arena, dir, at_unix_s, ret, err) &&
           amd_hardware(arena, dir, at_unix_s, ret, err) && tpm_hardware(arena, dir, at_unix_s, ret, err) &&
           dev_principals_open(arena, dir, ret, err);
}

bool dev_prepare(struct att_arena *arena, struct config *c, int64_t now_unix_s, int64_t at_unix_s,
                 struct dev *ret, struct att_err *err)
{
    if (c->data_dir[0] == '\0')
        c->data_dir = "attestd-dev-data";
    char *dir = file_path(arena, c->data_dir, "dev");
    if (!dir)
        return att_fail_memory(err, "dev");
    if (!folder_make(c->data_dir, 0700, err) || !folder_make(dir, 0700, err))
        return false;
    int lock = lock_folder(arena, dir, err);
    if (lock < 0)
        return false;
    ret->dir = dir;
    bool ok = make_all(arena, c, dir, now_unix_s, at_unix_s, ret, err);
    (void)close(lock); /* and unlocked */
    return ok;
}
