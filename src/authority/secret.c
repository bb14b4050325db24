#include "authority/secret.h"

#include "authority/authority.h"
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>

/* 32 MiB and about 80 ms on one core: RFC 7914's figure for interactive logins, doubled. The secrets are 256 random
 * bits; the cost is for the day that the store leaks and somebody put a password of their own in a backup tool. */
enum {
    SCRYPT_N = 32768,
    SCRYPT_R = 8,
    SCRYPT_P = 1,
    SCRYPT_MEMORY_MAX = 64 << 20,
    SALT_BYTES = 16,
    SALT_TEXT = 22,
    HASH_BYTES = 32,
    HASH_TEXT = 43,
    RANDOM_BYTES = 32,
    SELECTOR = 8, /* 48 bits of the salt's 128 */
};

/* With other parameters a check would take another time, and time would tell who has such a secret: when they are
 * raised, secret_waste has to follow the principal's. */
static const char prefix[] = "scrypt$32768$8$1$";
_Static_assert(SCRYPT_N == 32768 && SCRYPT_R == 8 && SCRYPT_P == 1, "the prefix names the parameters");

/* "scrypt$32768$8$1$" SALT "$" HASH */
static bool split(const char *hash, struct att_span *ret_salt, struct att_span *ret_hash)
{
    size_t begin = sizeof prefix - 1;

    if (strlen(hash) != begin + SALT_TEXT + 1 + HASH_TEXT || strncmp(hash, prefix, begin) != 0 ||
        hash[begin + SALT_TEXT] != '$')
        return false;
    *ret_salt = att_span_of(hash + begin, SALT_TEXT);
    *ret_hash = att_span_of(hash + begin + SALT_TEXT + 1, HASH_TEXT);
    return true;
}

/* Over the salt as text: what is stored is what goes in, and nothing has to be decoded. */
static bool scrypt(struct att_span secret, struct att_span salt_text, uint8_t ret[HASH_BYTES])
{
    return EVP_PBE_scrypt((const char *)secret.ptr, secret.len, salt_text.ptr, salt_text.len, SCRYPT_N,
                          SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY_MAX, ret, HASH_BYTES) == 1;
}

static bool hash_text(struct att_span secret, struct att_span salt_text, struct att_buf *ret)
{
    uint8_t raw[HASH_BYTES];
    bool ok = scrypt(secret, salt_text, raw);

    if (ok)
        att_base64url_put(ret, att_span_of(raw, sizeof raw));
    att_wipe(raw, sizeof raw);
    return ok && !ret->failed;
}

bool secret_selects(const char *hash, struct att_span secret)
{
    struct att_span salt, stored;

    return secret.len > SELECTOR && split(hash, &salt, &stored) &&
           att_secret_eq(att_span_of(secret.ptr, SELECTOR), att_span_of(salt.ptr, SELECTOR));
}

void secret_waste(struct att_span secret)
{
    static const char salt[] = "nobody-is-called-this-";
    uint8_t raw[HASH_BYTES];

    _Static_assert(sizeof salt - 1 == SALT_TEXT, "as long as a salt's text");
    (void)scrypt(secret, att_str(salt), raw); /* the answer is no, whatever comes out */
    att_wipe(raw, sizeof raw);
}

bool authority_secret_check(const char *hash, struct att_span secret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    struct att_span salt, stored;

    if (!split(hash, &salt, &stored))
        return att_fail(err, ATT_INTERNAL, "credential.hash", "scrypt with N 32768, r 8, p 1",
                        "another text");
    if (!hash_text(secret, salt, &text))
        return att_fail(err, ATT_CRYPTO_FAILED, "credential.hash", "a scrypt hash", "a failure");
    if (!att_secret_eq(att_buf_span(&text), stored))
        return att_fail(err, ATT_SECRET_INVALID, "client_secret", "the client's secret", "another");
    return true;
}

/* Command lines take a text that begins with '-' for an option, so a secret begins with a letter. */
static bool salt_new(struct att_buf *ret)
{
    uint8_t raw[SALT_BYTES];

    do {
        att_buf_clear(ret);
        if (RAND_bytes(raw, sizeof raw) != 1)
            return false;
        att_base64url_put(ret, att_span_of(raw, sizeof raw));
        if (ret->failed)
            return false;
    } while ((ret->ptr[0] | 0x20) < 'a' || (ret->ptr[0] | 0x20) > 'z');
    return true;
}

static bool secret_new(struct att_buf *salt, struct att_buf *secret)
{
    uint8_t raw[RANDOM_BYTES];
    bool ok = salt_new(salt) && RAND_priv_bytes(raw, sizeof raw) == 1;

    if (ok) {
        att_buf_put(secret, att_span_of(salt->ptr, SELECTOR));
        att_base64url_put(secret, att_span_of(raw, sizeof raw));
    }
    att_wipe(raw, sizeof raw);
    return ok;
}

bool authority_secret_new(struct att_arena *arena, const char **ret_secret, const char **ret_hash,
                          struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf salt = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf secret = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf hash = { 0 };

    if (!secret_new(&salt, &secret))
        return att_fail(err, ATT_CRYPTO_FAILED, "secret", "random bytes", "a failure");
    att_buf_puts(&hash, prefix);
    att_buf_put(&hash, att_buf_span(&salt));
    att_buf_putc(&hash, '$');
    if (secret.failed || hash.failed)
        return att_fail_memory(err, "secret");
    if (!hash_text(att_buf_span(&secret), att_buf_span(&salt), &hash))
        return att_fail(err, ATT_CRYPTO_FAILED, "secret", "a scrypt hash", "a failure");
    const char *secret_copy = att_arena_dup(arena, att_buf_span(&secret));
    const char *hash_copy = att_arena_dup(arena, att_buf_span(&hash));
    if (!secret_copy || !hash_copy)
        return att_fail_memory(err, "secret");
    *ret_secret = secret_copy;
    *ret_hash = hash_copy;
    return true;
}
