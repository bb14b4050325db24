/* layers: jose crypto codec base */
/* Compact JWS. A token that is split is put together again from its parts to the same bytes; no input verifies under
 * a key whose signatures nobody can make. */
#include "jose/jws.h"
#include "base/base64.h"
#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct att_crypto *crypto;

/* A P-256 key for tests: the point of the private key 2, so that the point is known to lie on the curve. Its
 * signatures could be made by anybody, but not by flipping bytes. */
static const uint8_t point[64] = { 0x7c, 0xf2, 0x7b, 0x18, 0x8d, 0x03, 0x4f, 0x7e, 0x8a, 0x52, 0x38,
                                   0x03, 0x04, 0xb5, 0x1a, 0xc3, 0xc0, 0x89, 0x69, 0xe2, 0x77, 0xf2,
                                   0x1b, 0x35, 0xa6, 0x0b, 0x48, 0xfc, 0x47, 0x66, 0x99, 0x78, 0x07,
                                   0x77, 0x55, 0x10, 0xdb, 0x8e, 0xd0, 0x40, 0x29, 0x3d, 0x9a, 0xc6,
                                   0x9f, 0x74, 0x30, 0xdb, 0xba, 0x7d, 0xad, 0xe6, 0x3c, 0xe9, 0x82,
                                   0x29, 0x9e, 0x04, 0xb7, 0x9d, 0x22, 0x78, 0x73, 0xd1 };

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* Strict base64url is canonical: one spelling for one value. */
static void same_bytes_again(const struct att_jws *jws, struct att_span text)
{
    struct att_buf b = { 0 };

    att_base64url_put(&b, jws->header);
    att_buf_putc(&b, '.');
    att_base64url_put(&b, jws->payload);
    require(att_span_eq(att_buf_span(&b), jws->signed_bytes));
    att_buf_putc(&b, '.');
    att_base64url_put(&b, jws->signature);
    require(att_span_eq(att_buf_span(&b), text));
    att_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct att_jws_rules rules = { .algs = ~0u };
    struct att_span text = att_span_of(data, size);
    struct att_jwk key = { 0 };
    struct att_err err = { 0 };
    struct att_jws jws;

    if (!crypto)
        crypto = att_crypto_new();
    struct att_arena *a = att_arena_new((size_t)4 << 20);
    require(crypto && a &&
            att_key_from_point(crypto, ATT_KEY_P256, att_span_of(point, sizeof point), &key.key, &err));
    if (!att_jws_split(a, text, NULL, &jws, &err)) {
        require(err.code != ATT_OK && err.where[0] && err.text[0]);
    } else {
        require(err.code == ATT_OK);
        same_bytes_again(&jws, text);
        require(!jws.unsecured || (jws.signature.len == 0 && !jws.alg_known));
        require(!jws.has_kid || jws.kid.len <= 512);
        require(att_json_get(&jws.members, ATT_JSON_ROOT, "crit") == ATT_JSON_NONE);
        require(!att_jws_verify(crypto, &jws, &key, &rules, &err) && err.code != ATT_OK);
    }
    att_jwk_free(&key);
    att_arena_free(a);
    return 0;
}
