/* RFC 7638: the digest of the required members alone, in order of their names, without spaces. */
#include "jose/jwk.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"

static void put_member(struct att_buf *b, const char *before, struct att_span value)
{
    att_buf_puts(b, before);
    att_base64url_put(b, value);
    att_buf_putc(b, '"');
}

static void put_ec(struct att_buf *b, const struct att_key *key)
{
    static const char *const names[] = {
        [ATT_KEY_P256] = "P-256", [ATT_KEY_P384] = "P-384", [ATT_KEY_P521] = "P-521"
    };
    struct att_span xy = att_key_point(key);
    size_t half = xy.len / 2;

    att_buf_puts(b, "{\"crv\":\"");
    att_buf_puts(b, names[att_key_type(key)]);
    att_buf_puts(b, "\",\"kty\":\"EC\"");
    put_member(b, ",\"x\":\"", att_span_of(xy.ptr, half));
    put_member(b, ",\"y\":\"", att_span_of(xy.ptr + half, half));
    att_buf_putc(b, '}');
}

bool att_jwk_thumbprint(const struct att_crypto *c, struct att_arena *a, const struct att_key *key,
                        struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    uint8_t digest[32];

    if (att_key_type(key) == ATT_KEY_RSA) {
        put_member(&json, "{\"e\":\"", att_key_rsa_e(key));
        put_member(&json, ",\"kty\":\"RSA\",\"n\":\"", att_key_rsa_n(key));
        att_buf_putc(&json, '}');
    } else {
        put_ec(&json, key);
    }
    if (json.failed)
        return att_fail_memory(err, "thumbprint");
    if (!att_digest(c, ATT_SHA256, att_buf_span(&json), digest))
        return att_fail(err, ATT_CRYPTO_FAILED, "thumbprint", "a digest", "a failure");
    att_base64url_put(&text, att_span_of(digest, sizeof digest));
    char *copy = text.failed ? NULL : att_arena_dup(a, att_buf_span(&text));
    if (!copy)
        return att_fail_memory(err, "thumbprint");
    *ret = att_span_of(copy, text.len);
    return true;
}
