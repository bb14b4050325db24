/* A key-encryption key of 32 bytes in this process, from a file or from a credential of systemd. */
#include "signer/kek.h"

#include <attest/seal.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One byte more than the longest text that is taken: 64 digits and CR, LF, twice. */
enum { TEXT_BYTES_MAX = 2 * ATT_SEAL_KEY_BYTES + 4, PATH_SIZE = 4096 };

struct kek_bytes {
    struct kek base;
    uint8_t key[ATT_SEAL_KEY_BYTES];
};

static const struct kek_bytes *bytes_of(const struct kek *k)
{
    return (const struct kek_bytes *)(const void *)k;
}

static bool bytes_seal(struct kek *k, struct att_arena *arena, struct att_span label, struct att_span secret,
                       struct att_span *ret, struct att_err *err)
{
    return att_seal(arena, bytes_of(k)->key, label, secret, ret, err);
}

static bool bytes_open(struct kek *k, struct att_arena *arena, struct att_span label, struct att_span sealed,
                       struct att_span *ret, struct att_err *err)
{
    return att_unseal(arena, bytes_of(k)->key, label, sealed, ret, err);
}

bool kek_hkdf(const uint8_t root[32], const char *info, uint8_t ret[32], struct att_err *err)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)root, 32),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, strlen(info)),
        OSSL_PARAM_construct_end(),
    };
    bool ok = ctx && EVP_KDF_derive(ctx, ret, 32, params) == 1;

    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return ok || att_fail(err, ATT_CRYPTO_FAILED, "signer.derive", "a derived key", "none");
}

static bool bytes_derive(struct kek *k, const char *info, uint8_t ret[32], struct att_err *err)
{
    return kek_hkdf(bytes_of(k)->key, info, ret, err);
}

static void bytes_close(struct kek *k)
{
    att_wipe(k, sizeof(struct kek_bytes));
    free(k);
}

static const struct kek_ops bytes_ops = {
    .scheme = "bytes", .seal = bytes_seal, .open = bytes_open, .derive = bytes_derive, .close = bytes_close
};

/* Without stdio: its buffer would keep the text. */
static bool read_text(const char *path, char ret[TEXT_BYTES_MAX + 1], size_t *ret_len, struct att_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t len = 0;
    ssize_t got = fd < 0 ? -1 : 1;

    while (got > 0 && len < TEXT_BYTES_MAX + 1) {
        got = read(fd, ret + len, TEXT_BYTES_MAX + 1 - len);
        if (got < 0 && errno == EINTR)
            got = 1;
        else
            len += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        att_fail(err, ATT_IO_FAILED, path, "the key-encryption key, in a file that can be read", "%m");
    if (fd >= 0)
        (void)close(fd); /* only read from */
    *ret_len = len;
    return got >= 0;
}

bool kek_file_open(const struct signer_options *options, const char *path, struct kek **ret,
                   struct att_err *err)
{
    char text[TEXT_BYTES_MAX + 1];
    size_t len = 0;
    struct kek_bytes *k = NULL;

    (void)options;
    if (!read_text(path, text, &len, err))
        return false;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    k = calloc(1, sizeof *k);
    bool ok = k && att_hex_read(att_span_of(text, len), k->key, sizeof k->key);
    att_wipe(text, sizeof text);
    if (ok) {
        k->base.ops = &bytes_ops;
        *ret = &k->base;
        return true;
    }
    if (!k)
        return att_fail_memory(err, "key_encryption_key");
    free(k);
    return att_fail(err, ATT_CONFIG_INVALID, "key_encryption_key", "64 hexadecimal digits",
                    "%zu characters%s", len, len > TEXT_BYTES_MAX ? " or more" : "");
}

/* The folder is the service manager's word, the name the configuration's: one file of it, no path. */
bool kek_credential_open(const struct signer_options *options, const char *name, struct kek **ret,
                         struct att_err *err)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char path[PATH_SIZE];

    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/'))
        return att_fail(err, ATT_CONFIG_INVALID, "key_encryption_key", "credential:NAME, one name of a file",
                        "another form");
    if (!dir || dir[0] != '/')
        return att_fail(err, ATT_CONFIG_INVALID, "key_encryption_key",
                        "CREDENTIALS_DIRECTORY from the service manager", dir ? "no full path" : "none");
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return att_fail(err, ATT_CONFIG_INVALID, "key_encryption_key", "a path of less than 4096 bytes",
                        "more");
    return kek_file_open(options, path, ret, err);
}
