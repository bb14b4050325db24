/* layers: crypto codec base */
/* JSON read and written again, base64, secrets at rest, and P-384 by tables. */
#include "torture/torture.h"

#include <attest/seal.h>

#include <stdio.h>

#include "base/base64.h"
#include "base/buf.h"
#include "codec/json.h"
#include "crypto/crypto.h"
#include "crypto/fast_key.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

static struct cases cases = { .name = "torture.values" };

/* More members than are compared pair by pair, more values than a first guess holds, escapes in names and values. */
static const char json_text[] = "{\"q\":1,\"p\":2,\"o\":3,\"n\":4,\"m\":5,\"l\":6,\"k\":7,\"j\":8,\"i\":9,"
                                "\"h\":10,\"g\":11,\"f\":12,\"e\":13,"
                                "\"\\u0064\":\"\\ud83d\\ude00\\n\",\"c\":{},\"b\":[],\"a\":[[[1,2,3,[4]]],{"
                                "\"\\\"\":null,\"!\":true}],\"r\":-0.5,"
                                "\"s\":\"plain\"}";
static const char json_sorted[] = "{\"a\":[[[1,2,3,[4]]],{\"!\":true,\"\\\"\":null}],\"b\":[],\"c\":{},\"d\":"
                                  "\"\xf0\x9f\x98\x80\\n\",\"e\":13,"
                                  "\"f\":12,\"g\":11,\"h\":10,\"i\":9,\"j\":8,\"k\":7,\"l\":6,\"m\":5,\"n\":"
                                  "4,\"o\":3,\"p\":2,\"q\":1,\"r\":-0.5,"
                                  "\"s\":\"plain\"}";

struct scene {
    const char *text;
    enum att_code expected;
    uint8_t key[ATT_SEAL_KEY_BYTES];
    struct att_span sealed;
    struct att_crypto *crypto;
    struct att_key *p384;
    const char *message; /* "m" is signed */
    uint8_t p384_sig[96];
    struct att_fast_keys *fast;
};

static enum torture_answer no_memory(struct att_err *err)
{
    torture_rest();
    *err = (struct att_err){ .code = ATT_OUT_OF_MEMORY, .where = "test", .text = "owned up to it" };
    return TORTURE_REFUSED;
}

static enum torture_answer sorted(struct att_arena *a, const struct att_json *j, struct att_err *err)
{
    struct att_buf b = { 0 };

    bool ok = att_json_put_sorted(j, a, ATT_JSON_ROOT, &b) && !b.failed;
    torture_rest();
    enum torture_answer answer = TORTURE_RIGHT;
    if (!ok)
        answer = b.len == 0 ? no_memory(err) : torture_wrong("half of a value was written");
    else if (!att_span_is(att_buf_span(&b), json_sorted))
        answer = torture_wrong("%.*s", (int)b.len, (const char *)b.ptr);
    att_buf_free(&b);
    return answer;
}

static enum torture_answer json(void *state, struct att_err *err)
{
    const struct scene *s = state;
    struct att_json j;
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 20);

    if (!a)
        return no_memory(err);
    if (att_json_parse(a, att_str(s->text), NULL, &j, err))
        answer =
            s->expected == ATT_OK ? sorted(a, &j, err) : torture_wrong("parsed what is refused in peace");
    else if (s->expected != ATT_OK && err->code == s->expected)
        answer = TORTURE_RIGHT;
    torture_rest();
    att_arena_free(a);
    return answer;
}

static enum torture_answer members(void *state, struct att_err *err)
{
    const struct scene *s = state;
    struct att_json j;
    struct att_span smile = { 0 }, plain = { 0 };
    uint32_t n = 0;
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 20);

    if (!a)
        return no_memory(err);
    if (att_json_parse(a, att_str(s->text), NULL, &j, err) &&
        att_json_want_string(&j, a, ATT_JSON_ROOT, "", "d", &smile, err) &&
        att_json_want_string(&j, a, ATT_JSON_ROOT, "", "s", &plain, err) &&
        att_json_want_u32(&j, ATT_JSON_ROOT, "", "q", 9, &n, err)) {
        torture_rest();
        answer = att_span_is(smile, "\xf0\x9f\x98\x80\n") && att_span_is(plain, "plain") && n == 1
                     ? TORTURE_RIGHT
                     : torture_wrong("other values");
    }
    torture_rest();
    att_arena_free(a);
    return answer;
}

static enum torture_answer base64(void *state, struct att_err *err)
{
    struct att_span got = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 16);

    (void)state;
    if (!a)
        return no_memory(err);
    if (att_base64_decode(a, ATT_BASE64_STRICT, att_str("aGVsbG8"), "text", &got, err))
        answer = att_span_is(got, "hello") ? TORTURE_RIGHT : torture_wrong("decoded to other bytes");
    torture_rest();
    att_arena_free(a);
    return answer;
}

static enum torture_answer seal(void *state, struct att_err *err)
{
    const struct scene *s = state;
    struct att_span sealed = { 0 }, opened = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 16);

    if (!a)
        return no_memory(err);
    if (att_seal(a, s->key, att_str("label"), att_str("secret"), &sealed, err)) {
        torture_rest(); /* whatever came out must open */
        answer =
            att_unseal(a, s->key, att_str("label"), sealed, &opened, err) && att_span_is(opened, "secret")
                ? TORTURE_RIGHT
                : torture_wrong("sealed what does not open");
    }
    torture_rest();
    att_arena_free(a);
    return answer;
}

static enum torture_answer unseal(void *state, struct att_err *err)
{
    const struct scene *s = state;
    struct att_span opened = { 0 };
    struct att_arena *a = att_arena_new((size_t)1 << 16);
    enum torture_answer answer = TORTURE_REFUSED;

    if (!a)
        return no_memory(err);
    bool ok = att_unseal(a, s->key, att_str("label"), s->sealed, &opened, err);
    torture_rest();
    if (ok)
        answer = s->expected == ATT_OK && att_span_is(opened, "secret")
                     ? TORTURE_RIGHT
                     : torture_wrong("opened to something");
    else if (s->expected != ATT_OK && err->code == s->expected)
        answer = TORTURE_RIGHT;
    att_arena_free(a);
    return answer;
}

static enum torture_answer digests(void *state, struct att_err *err)
{
    const struct scene *s = state;
    const struct att_span parts[] = { { (const uint8_t *)"ab", 2 }, { (const uint8_t *)"c", 1 } };
    static const uint8_t sha256_abc[4] = { 0xba, 0x78, 0x16, 0xbf };
    uint8_t one[32] = { 0 }, two[32] = { 0 };

    bool whole = att_digest(s->crypto, ATT_SHA256, att_str("abc"), one);
    bool pieces = att_digest_parts(s->crypto, ATT_SHA256, parts, 2, two);
    torture_rest();
    if ((whole && memcmp(one, sha256_abc, 4) != 0) || (pieces && memcmp(two, sha256_abc, 4) != 0))
        return torture_wrong("another digest");
    return whole && pieces ? TORTURE_RIGHT : no_memory(err);
}

/* The answer must be the right one or none. Which of the ways it went - by table, or without for want of one - is free. */
static enum torture_answer fast_verify(const struct scene *s, struct att_fast_keys *f, struct att_err *err)
{
    enum att_sig want = strcmp(s->message, "m") == 0 ? ATT_SIG_VALID : ATT_SIG_INVALID;
    enum att_sig got =
        att_fast_verify(f, s->p384, ATT_ES384, att_str(s->message), att_span_of(s->p384_sig, 96));

    if (got == ATT_SIG_FAILED)
        return no_memory(err);
    return got == want ? TORTURE_RIGHT : torture_wrong("the answer is %d", (int)got);
}

static enum torture_answer by_table(void *state, struct att_err *err)
{
    const struct scene *s = state;

    return fast_verify(s, s->fast, err);
}

/* Twice with OpenSSL, then the table is made and used. */
static enum torture_answer table(void *state, struct att_err *err)
{
    const struct scene *s = state;
    enum torture_answer answer = TORTURE_RIGHT;
    struct att_fast_keys *f = att_fast_keys_new(s->crypto, NULL);

    if (!f)
        return no_memory(err);
    for (unsigned i = 0; i < 4 && answer == TORTURE_RIGHT; i++)
        answer = fast_verify(s, f, err);
    torture_rest();
    att_fast_keys_free(f);
    return answer;
}

static bool p384_scene(struct scene *s)
{
    uint8_t point[97], der[120];
    const uint8_t *p = der;
    size_t len = sizeof point, der_len = sizeof der;
    struct att_err err = { 0 };
    EVP_PKEY *pkey = EVP_EC_gen("P-384");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    s->message = "m";
    bool ok = pkey && ctx && EVP_PKEY_get_octet_string_param(pkey, "pub", point, sizeof point, &len) == 1 &&
              EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, pkey) == 1 &&
              EVP_DigestSign(ctx, der, &der_len, (const uint8_t *)"m", 1) == 1 &&
              att_key_from_point(s->crypto, ATT_KEY_P384, att_span_of(point + 1, 96), &s->p384, &err);
    ECDSA_SIG *sig = ok ? d2i_ECDSA_SIG(NULL, &p, (long)der_len) : NULL;
    ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), s->p384_sig, 48) == 48 &&
         BN_bn2binpad(ECDSA_SIG_get0_s(sig), s->p384_sig + 48, 48) == 48;
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    s->fast = att_fast_keys_new(s->crypto, NULL);
    for (unsigned i = 0; ok && s->fast && i < 3; i++)
        ok = by_table(s, &err) == TORTURE_RIGHT;
    return ok && s->fast;
}

int main(void)
{
    torture_start();
    struct att_err err = { 0 };
    struct att_arena *a = att_arena_new((size_t)1 << 16);
    struct scene good = { .key = { 1 }, .text = json_text, .crypto = att_crypto_new() };
    struct scene twice = { .text = "{\"a\":1,\"\\u0061\":2}", .expected = ATT_JSON_DUPLICATE };
    struct scene other = { .key = { 2 }, .expected = ATT_SEAL_INVALID };

    if (!a || !good.crypto || !att_seal(a, good.key, att_str("label"), att_str("secret"), &good.sealed, &err))
        return 1;
    if (!p384_scene(&good))
        return 1;
    struct scene unsigned_text = good;
    unsigned_text.message = "n";
    other.sealed = good.sealed;
    const struct torture_flow flows[] = {
        { "JSON parsed and sorted", json, NULL, &good, false },
        { "JSON with a name twice", json, NULL, &twice, false },
        { "JSON members", members, NULL, &good, false },
        { "base64", base64, NULL, NULL, false },
        { "seal", seal, NULL, &good, false },
        { "unseal", unseal, NULL, &good, false },
        { "unseal with another key", unseal, NULL, &other, false },
        { "digests", digests, NULL, &good, true },
        { "P-384 by table, good", by_table, NULL, &good, true },
        { "P-384 by table, bad", by_table, NULL, &unsigned_text, true },
        { "P-384 table", table, NULL, &good, false },
    };
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        torture_flow(&cases, &flows[i]);
    att_arena_free(a);
    att_fast_keys_free(good.fast);
    att_key_free(good.p384);
    att_crypto_free(good.crypto);
    return cases_report(&cases);
}
