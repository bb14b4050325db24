#include "cli/init.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/secret.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>

/* Parameters and form are those of attestd's authority, which takes no others (src/authority/secret.c): a salt of 16
 * bytes as base64url text, hashed as text; the secret begins with eight characters of it, which say which of a
 * principal's credentials is meant, and a letter, so that command lines do not take it for an option. */
enum {
    SCRYPT_N = 32768,
    SCRYPT_R = 8,
    SCRYPT_P = 1,
    SCRYPT_MEMORY_MAX = 64 << 20,
    SALT_BYTES = 16,
    SELECTOR = 8,
    HASH_BYTES = 32,
    RANDOM_BYTES = 32,
    GUID_SIZE = 37,
    KEK_BYTES = 32
};

static bool no_random(struct att_err *err)
{
    return att_fail(err, ATT_CRYPTO_FAILED, "init", "random bytes", "none to be had");
}

static bool copy_out(struct att_arena *arena, const struct att_buf *text, const char **ret,
                     struct att_err *err)
{
    char *copy = text->failed ? NULL : att_arena_dup(arena, att_buf_span(text));

    if (!copy)
        return att_fail_memory(err, "init");
    *ret = copy;
    return true;
}

static bool guid_of(unsigned version, struct att_arena *arena, const char **ret, struct att_err *err)
{
    uint8_t b[16];
    char text[GUID_SIZE];

    if (RAND_bytes(b, sizeof b) != 1)
        return no_random(err);
    b[6] = (uint8_t)((b[6] & 0x0f) | version << 4); /* RFC 9562 4.2 */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(text, sizeof text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                   b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
    *ret = att_arena_dup(arena, att_str(text));
    return *ret || att_fail_memory(err, "init");
}

bool init_guid(struct att_arena *arena, const char **ret, struct att_err *err)
{
    return guid_of(4, arena, ret, err);
}

/* Principals of the built-in authority have ids that no identity provider gives out (docs/decisions/0014). */
bool init_principal_guid(struct att_arena *arena, const char **ret, struct att_err *err)
{
    return guid_of(8, arena, ret, err);
}

bool init_kek(struct att_arena *arena, const char **ret, struct att_err *err)
{
    uint8_t key[KEK_BYTES];
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    if (RAND_priv_bytes(key, sizeof key) != 1)
        return no_random(err);
    att_hex_put(&text, att_span_of(key, sizeof key));
    att_buf_putc(&text, '\n');
    att_wipe(key, sizeof key);
    return copy_out(arena, &text, ret, err);
}

static bool salt_make(struct att_buf *salt, struct att_err *err)
{
    uint8_t raw[SALT_BYTES];
    unsigned char first = 0;

    do {
        att_buf_clear(salt);
        if (RAND_bytes(raw, sizeof raw) != 1)
            return no_random(err);
        att_base64url_put(salt, att_span_of(raw, sizeof raw));
        if (salt->failed)
            return att_fail_memory(err, "init");
        first = salt->ptr[0] | 0x20;
    } while (first < 'a' || first > 'z');
    return true;
}

bool init_secret(struct att_arena *arena, const char **ret_secret, const char **ret_hash, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf salt = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf secret = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf hash = { 0 };
    uint8_t raw[RANDOM_BYTES];

    _Static_assert(RANDOM_BYTES == HASH_BYTES, "one room for both");
    if (!salt_make(&salt, err))
        return false;
    if (RAND_priv_bytes(raw, sizeof raw) != 1)
        return no_random(err);
    att_buf_put(&secret, att_span_of(salt.ptr, SELECTOR));
    att_base64url_put(&secret, att_span_of(raw, sizeof raw));
    if (secret.failed || EVP_PBE_scrypt((const char *)secret.ptr, secret.len, salt.ptr, salt.len, SCRYPT_N,
                                        SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY_MAX, raw, HASH_BYTES) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "init", "a scrypt hash", "a failure");
    att_buf_printf(&hash, "scrypt$%d$%d$%d$", SCRYPT_N, SCRYPT_R, SCRYPT_P);
    att_buf_put(&hash, att_buf_span(&salt));
    att_buf_putc(&hash, '$');
    att_base64url_put(&hash, att_span_of(raw, sizeof raw));
    att_wipe(raw, sizeof raw);
    return copy_out(arena, &secret, ret_secret, err) && copy_out(arena, &hash, ret_hash, err);
}
