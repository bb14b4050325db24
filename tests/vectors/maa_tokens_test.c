/* layers: attest relying jose crypto codec base */
/* Tokens, policies and keys recorded from the real service: they are read, their keys' names are recomputed, their
 * members stand in the order in which we write ours, and where the key is known the signature holds. */
#include <attest/jwks.h>
#include <attest/relying.h>
#include <attest/token.h>

#include "base/auto.h"
#include "base/buf.h"
#include "jose/jws.h"
#include "support/cases.h"
#include "unit/jose/signing.h"

#include <openssl/param_build.h>

static struct cases cases = { .name = "vectors.maa_tokens" };
static struct att_arena *arena;
static struct att_crypto *crypto;

static bool load(const char *dir, const char *name, struct att_span *ret)
{
    char *path = path_of(dir, "%s", name);
    size_t len = 0;
    uint8_t *bytes = file_read(path, &len);

    free(path);
    if (!bytes)
        return false;
    char *copy = att_arena_dup(arena, att_span_of(bytes, len));
    free(bytes);
    must(copy != NULL, "memory");
    *ret = att_span_of(copy, len);
    return true;
}

/* Files end in a newline; tokens do not. */
static struct att_span line(struct att_span s)
{
    while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    return s;
}

static struct att_span sorted(const struct att_json *doc, att_json_id id)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    must(att_json_put_sorted(doc, arena, id, &b) && !b.failed, "sorted");
    char *copy = att_arena_dup(arena, att_buf_span(&b));
    must(copy != NULL, "memory");
    return att_span_of(copy, b.len);
}

static bool same_as(struct att_span json, const struct att_json *expected, const char *member)
{
    struct att_err err = { 0 };
    struct att_json doc;
    att_json_id id = att_json_get(expected, ATT_JSON_ROOT, member);

    return id != ATT_JSON_NONE && att_json_parse(arena, json, NULL, &doc, &err) &&
           att_span_eq(sorted(&doc, ATT_JSON_ROOT), sorted(expected, id));
}

static void live_token(const char *name, struct att_span text, const struct att_json *expected)
{
    struct att_token got = { 0 };
    struct att_err err = { 0 };
    struct att_json doc;

    cases_check(&cases, !att_token_decode(arena, text, NULL, &got, &err),
                "%s: a newline is no part of a token", name);
    text = line(text);
    err = (struct att_err){ 0 };
    if (!att_token_decode(arena, text, NULL, &got, &err) ||
        !att_json_parse(arena, got.payload, NULL, &doc, &err)) {
        cases_check(&cases, false, "%s: %s", name, err.text);
        return;
    }
    cases_check(&cases, strcmp(got.alg, "RS256") == 0, "%s: %s", name, got.alg);
    cases_check(&cases, same_as(got.header, expected, "header"), "%s: header", name);
    cases_check(&cases, same_as(got.payload, expected, "claims"), "%s: claims", name);
    cases_check(&cases, att_span_eq(sorted(&doc, ATT_JSON_ROOT), got.payload),
                "%s: our order and spelling are the real ones", name);
    /* Nobody has the key: with another one under the same kid the answer is no, at the time of issue. */
    int64_t iat = 0;
    must(att_json_i64(&doc, att_json_get(&doc, ATT_JSON_ROOT, "iat"), &iat), "iat");
    EVP_PKEY *key = rsa_new(2048, 65537);
    struct att_token_check check = { .size = sizeof check, .now_unix_s = iat };
    check.jwks =
        att_str(jwk_of(key, textf("\"kid\":\"%.*s\",", (int)got.kid.len, (const char *)got.kid.ptr)));
    cases_check(&cases,
                !att_token_verify(arena, text, &check, &got, &err) &&
                    err.code == ATT_TOKEN_SIGNATURE_INVALID && !got.signature_valid,
                "%s: another key: %s", name, att_code_name(err.code));
    EVP_PKEY_free(key);
}

/* The published key's kid follows the rule, recomputed from n and e. */
static void live_key(const char *name, struct att_span json)
{
    struct att_jwk_set set = { 0 };
    struct att_err err = { 0 };
    char kid[ATT_KID_SIZE] = "";

    if (!att_jwk_set_read(crypto, arena, NULL, json, &set, &err) || !set.keys[0].key) {
        cases_check(&cases, false, "%s: %s", name, err.text);
        return;
    }
    struct att_span n = att_key_rsa_n(set.keys[0].key), e = att_key_rsa_e(set.keys[0].key);
    BIGNUM *bn = BN_bin2bn(n.ptr, (int)n.len, NULL), *be = BN_bin2bn(e.ptr, (int)e.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    must(build && ctx && OSSL_PARAM_BLD_push_BN(build, "n", bn) && OSSL_PARAM_BLD_push_BN(build, "e", be),
         "numbers");
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    must(params && EVP_PKEY_fromdata_init(ctx) == 1 &&
             EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1,
         "key");
    cases_check(&cases, att_kid_of_spki(spki_of(key), kid, &err) && att_span_is(set.keys[0].kid, kid),
                "%s: kid %s", name, kid);
    EVP_PKEY_free(key), EVP_PKEY_CTX_free(ctx), OSSL_PARAM_free(params), OSSL_PARAM_BLD_free(build);
    BN_free(bn), BN_free(be);
    att_jwk_set_free(&set);
}

static void live_folder(const char *vectors, const char *name)
{
    char *dir = path_of(vectors, "maa-tokens/%s", name);
    struct att_span expected = { 0 }, token = { 0 }, jwk = { 0 };
    struct att_err err = { 0 };
    struct att_json doc;

    if (!load(dir, "expected.json", &expected) || !att_json_parse(arena, expected, NULL, &doc, &err)) {
        cases_check(&cases, false, "%s: expected.json: %s", name, err.text);
    } else {
        if (load(dir, "token.jwt", &token))
            live_token(name, token, &doc);
        if (load(dir, "jwk.json", &jwk))
            live_key(name, jwk);
    }
    free(dir);
}

/* `more`: the recorded text goes on behind the expected one's closing brace. */
static void policy(const char *dir, const char *name, struct att_span want, bool more)
{
    struct att_span token = { 0 }, got = { 0 };
    struct att_err err = { 0 };

    bool ok = load(dir, name, &token) && att_policy_from_client(arena, token, NULL, &got, &err);
    if (ok && more) {
        want.len -= 2; /* "};" */
        cases_check(&cases, got.len > want.len, "%s: longer", name);
        got.len = got.len > want.len ? want.len : got.len;
    }
    cases_check(&cases, ok && att_span_eq(got, want), "%s: %s", name, err.text);
}

/* Both signed tokens hold under the key they bring, and under no other bytes. */
static void brought_signature(const char *dir, const char *name)
{
    struct att_jws_rules rules = { 0 };
    struct att_jwk key = { 0 };
    struct att_span token = { 0 };
    struct att_err err = { 0 };
    struct att_jws jws;

    bool ok = load(dir, name, &token) && att_alg_set("RS256", &rules.algs, &err) &&
              att_jws_split(arena, line(token), NULL, &jws, &err) &&
              att_jwk_x5c_key(crypto, arena, NULL, &jws.members,
                              att_json_get(&jws.members, ATT_JSON_ROOT, "x5c"), "x5c", &key.key, &err) &&
              att_jws_verify(crypto, &jws, &key, &rules, &err);
    cases_check(&cases, ok, "%s: %s", name, err.text);
    for (size_t bit = 0; ok && bit < 8 * jws.signature.len; bit += 13) {
        char *other = att_arena_dup(arena, jws.signature);
        struct att_jws changed = jws;
        must(other != NULL, "memory");
        other[bit / 8] = (char)(other[bit / 8] ^ (char)(1 << bit % 8));
        changed.signature = att_span_of(other, jws.signature.len);
        struct att_err why = { 0 };
        cases_check(&cases, !att_jws_verify(crypto, &changed, &key, &rules, &why), "%s: bit %zu flipped",
                    name, bit);
    }
    att_jwk_free(&key);
}

static void recorded_keys(const char *dir)
{
    struct att_jwk_set set = { 0 };
    struct att_span json = { 0 };
    struct att_err err = { 0 };
    const struct att_jwk *key = NULL;

    bool ok = load(dir, "jwks.json", &json) && att_jwk_set_read(crypto, arena, NULL, json, &set, &err);
    cases_check(&cases, ok && set.count == 2, "jwks.json: %s", err.text);
    for (size_t i = 0; i < set.count; i++) {
        cases_check(&cases, set.keys[i].key && att_key_bits(set.keys[i].key) == 2048,
                    "key %zu from its certificate", i);
        cases_check(&cases, att_jwk_set_find(&set, &set.keys[i].kid, &key, &err) && key == &set.keys[i],
                    "key %zu by kid", i);
    }
    att_jwk_set_free(&set);
}

int main(void)
{
    static const char *const folders[] = { "azurevm-guest-2022",    "azurevm-guest-payload-only",
                                           "azurevm-guest-windows", "sevsnp-aci-nouvm",
                                           "sevsnp-cvm-genoa",      "tdx-cvm-noruntime" };
    const char *vectors = vectors_dir();
    struct att_span text = { 0 };

    if (!vectors) {
        cases_skip(&cases, "no vectors folder");
        return cases_report(&cases);
    }
    arena = att_arena_new((size_t)64 << 20);
    crypto = att_crypto_new();
    must(arena && crypto, "memory");
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        live_folder(vectors, folders[i]);
    char *seeds = path_of(vectors, "seeds");
    recorded_keys(seeds);
    cases_check(&cases, load(seeds, "policy-sgx.txt", &text), "policy-sgx.txt");
    policy(seeds, "policy-unsigned.jwt", line(text), false);
    policy(seeds, "policy-signed.jwt", line(text), true);
    brought_signature(seeds, "policy-signed.jwt");
    brought_signature(seeds, "signer-add.jwt");
    free(seeds);
    att_crypto_free(crypto);
    att_arena_free(arena);
    return cases_report(&cases);
}
