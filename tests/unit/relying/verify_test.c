/* layers: relying jose crypto codec base */
/* The relying party: issuer, keys, times. Names carry the numbers of the attack list. */
#include <attest/relying.h>

#include "support/cases.h"
#include "unit/jose/signing.h"

static struct cases cases = { .name = "relying.verify" };
static EVP_PKEY *rsa, *ec, *evil;

#define ISSUER "https://attest.example:8443"
static const int64_t now = 1800000000;

/* A web of documents, and a count of who was asked. */
struct web {
    struct {
        const char *url;
        const char *body;
    } pages[4];
    unsigned asked;
    char last[256];
    bool fail_silently;
};

static bool web_get(void *ctx, const char *url, struct att_arena *arena, struct att_span *ret,
                    struct att_err *err)
{
    struct web *web = ctx;

    (void)arena;
    (void)err;
    web->asked++;
    snprintf(web->last, sizeof web->last, "%s", url);
    for (size_t i = 0; i < 4 && !web->fail_silently; i++) {
        if (web->pages[i].url && strcmp(web->pages[i].url, url) == 0) {
            *ret = att_str(web->pages[i].body);
            return true;
        }
    }
    return false;
}

static char *metadata(const char *issuer, const char *jwks_uri)
{
    return textf("{\"response_types_supported\":[\"token\"],\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}", issuer,
                 jwks_uri);
}

static struct web good_web(void)
{
    return (struct web){
        .pages = { { ISSUER "/.well-known/openid-configuration", metadata(ISSUER, ISSUER "/certs") },
                   { ISSUER "/certs", textf("{\"keys\":[%s,%s]}", jwk_of(rsa, "\"kid\":\"r1\","),
                                            jwk_of(ec, "\"kid\":\"e1\",")) } }
    };
}

static char *claims(const char *more)
{
    return textf("{\"exp\":%lld,\"iat\":%lld,\"iss\":\"" ISSUER "\",\"nbf\":%lld%s}", (long long)now + 100,
                 (long long)now - 100, (long long)now - 100, more);
}

static char *signed_by(EVP_PKEY *key, const char *kid, const char *payload)
{
    const char *alg = key == rsa ? "RS256" : "ES256";
    return token_of(key, alg, textf("{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", alg, kid), payload);
}

static struct att_token_check check_with(struct web *web)
{
    return (struct att_token_check){ .size = sizeof(struct att_token_check),
                                     .issuer = ISSUER,
                                     .fetch = web_get,
                                     .fetch_ctx = web,
                                     .now_unix_s = now };
}

static enum att_code verdict(const char *token, const struct att_token_check *check, struct att_err *ret_err)
{
    struct att_arena *a = att_arena_new((size_t)16 << 20);
    struct att_token got;

    *ret_err = (struct att_err){ 0 };
    bool ok = att_token_verify(a, att_str(token), check, &got, ret_err);
    cases_check(&cases, ok == (ret_err->code == ATT_OK), "a refusal has a code");
    cases_check(&cases, ok || (ret_err->where[0] && ret_err->text[0]), "a refusal says where and why");
    cases_check(&cases, !ok || check->allow_unsecured || got.signature_valid, "yes only with a signature");
    cases_check(&cases, got.signature_valid == (got.key_thumbprint.len == 43),
                "the key that signed is named");
    att_arena_free(a);
    return ret_err->code;
}

static void expect_check(const char *name, const char *token, const struct att_token_check *check,
                         enum att_code want)
{
    struct att_err err;
    enum att_code got = verdict(token, check, &err);
    cases_check(&cases, got == want, "%s: got %s (%s), wanted %s", name, att_code_name(got), err.text,
                att_code_name(want));
}

static void expect(const char *name, const char *token, struct web web, enum att_code want)
{
    struct att_token_check check = check_with(&web);
    expect_check(name, token, &check, want);
}

static void right_tokens(void)
{
    struct web web = good_web();
    struct att_token_check check = check_with(&web);

    expect_check("RS256", signed_by(rsa, "r1", claims("")), &check, ATT_OK);
    cases_check(&cases, web.asked == 2, "two documents are asked for");
    expect("ES256", signed_by(ec, "e1", claims("")), good_web(), ATT_OK);
    check.jwks = att_str(jwk_of(ec, ""));
    web.asked = 0;
    expect_check("key at hand", signed_by(ec, "any", claims("")), &check, ATT_OK);
    expect_check("key at hand, no kid", token_of(ec, "ES256", "{\"alg\":\"ES256\"}", claims("")), &check,
                 ATT_OK);
    cases_check(&cases, web.asked == 0, "with a key set at hand nothing is fetched");
    check.issuer = NULL;
    expect_check("no issuer expected", signed_by(ec, "any", "{\"exp\":1800000001,\"iss\":5}"), &check,
                 ATT_OK);
}

static void keys_and_issuers(void)
{
    struct web web = good_web();
    struct att_token_check check = check_with(&web);
    struct web rotated = good_web();
    rotated.pages[1].body = textf("{\"keys\":[%s]}", jwk_of(evil, "\"kid\":\"r2\","));
    struct web same_kid = good_web();
    same_kid.pages[1].body =
        textf("{\"keys\":[%s,%s]}", jwk_of(evil, "\"kid\":\"e1\","), jwk_of(rsa, "\"kid\":\"r1\","));
    struct web poisoned = good_web();
    poisoned.pages[1].body =
        textf("{\"keys\":[%s,%s]}", jwk_of(ec, "\"kid\":\"e1\","), jwk_of(evil, "\"kid\":\"e1\","));
    char *good = signed_by(ec, "e1", claims(""));

    expect("unknown kid", signed_by(ec, "e2", claims("")), good_web(), ATT_TOKEN_KEY_UNKNOWN);
    expect("no kid, two keys", token_of(ec, "ES256", "{\"alg\":\"ES256\"}", claims("")), good_web(),
           ATT_TOKEN_KEY_UNKNOWN);
    expect("J18 another tenant's key under the same kid", signed_by(evil, "e1", claims("")), good_web(),
           ATT_TOKEN_SIGNATURE_INVALID);
    expect("J18 the same kid, the keys of another tenant", good, same_kid, ATT_TOKEN_SIGNATURE_INVALID);
    expect("J19 rotated out", good, rotated, ATT_TOKEN_KEY_UNKNOWN);
    expect("J22 kid twice", good, poisoned, ATT_TOKEN_KEY_UNKNOWN);
    expect("J2 kid of the other key", signed_by(ec, "r1", claims("")), good_web(), ATT_TOKEN_ALGORITHM);

    /* J14: another issuer is refused before anybody is asked. */
    static const char *const issuers[] = { ISSUER "/",
                                           "https://attest.example",
                                           "https://ATTEST.example:8443",
                                           "http://attest.example:8443",
                                           "https://attest.example:8443.evil.example",
                                           "",
                                           ISSUER "\\u0000" };
    for (size_t i = 0; i < sizeof issuers / sizeof issuers[0]; i++)
        expect_check(
            "J14 another issuer",
            signed_by(ec, "e1", textf("{\"exp\":%lld,\"iss\":\"%s\"}", (long long)now + 9, issuers[i])),
            &check, ATT_TOKEN_ISSUER);
    expect_check("J14 no issuer", signed_by(ec, "e1", textf("{\"exp\":%lld}", (long long)now + 9)), &check,
                 ATT_TOKEN_ISSUER);
    expect_check("J14 list of issuers",
                 signed_by(ec, "e1", textf("{\"exp\":%lld,\"iss\":[\"" ISSUER "\"]}", (long long)now + 9)),
                 &check, ATT_TOKEN_ISSUER);
    cases_check(&cases, web.asked == 0, "J23 a foreign issuer makes nobody ask");
    for (unsigned i = 0; i < 50; i++)
        expect_check("J23 unknown kids", signed_by(ec, textf("kid-%u", i), claims("")), &check,
                     ATT_TOKEN_KEY_UNKNOWN);
    cases_check(&cases, web.asked == 100,
                "J23 an unknown kid is not asked for again: %u requests for 50 tokens", web.asked);
    web.asked = 0;
    expect_check("J1 none", textf("%s.", signing_input("{\"alg\":\"none\"}", claims(""))), &check,
                 ATT_TOKEN_UNSECURED);
    expect_check("J21 not in the list",
                 token_of(ec, "ES256", "{\"alg\":\"ES512\",\"kid\":\"e1\"}", claims("")), &check,
                 ATT_TOKEN_ALGORITHM);
    cases_check(&cases, web.asked == 0, "J23 an algorithm that is not taken makes nobody ask");
}

/* J6, J7: what the token itself says about keys steers nothing. */
static void j6_keys_in_the_token(void)
{
    struct att_span cert = cert_of(evil, ISSUER);
    char *mine = jwk_of(evil, "\"kid\":\"e1\",");
    const char *headers[] = {
        textf("{\"alg\":\"ES256\",\"kid\":\"e1\",\"jku\":\"https://evil.example/certs\"}"),
        textf("{\"alg\":\"ES256\",\"kid\":\"e1\",\"jku\":\"http://169.254.169.254/latest/\"}"),
        textf("{\"alg\":\"ES256\",\"kid\":\"e1\",\"x5u\":\"https://evil.example/cert\"}"),
        textf("{\"alg\":\"ES256\",\"kid\":\"e1\",\"jwk\":%s}", mine),
        textf("{\"alg\":\"ES256\",\"kid\":\"e1\",\"x5c\":[\"%s\"]}", b64(cert.ptr, cert.len)),
    };

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct web web = good_web();
        web.pages[2].url = "https://evil.example/certs";
        web.pages[2].body = textf("{\"keys\":[%s]}", mine);
        struct att_token_check check = check_with(&web);
        expect_check("J6 key brought along", token_of(evil, "ES256", headers[i], claims("")), &check,
                     ATT_TOKEN_SIGNATURE_INVALID);
        cases_check(&cases, web.asked == 2 && strcmp(web.last, ISSUER "/certs") == 0, "J6 asked %s",
                    web.last);
    }
}

static void discovery(void)
{
    static const char *const uris[] = {
        "http://attest.example:8443/certs",
        "https://evil.example/certs",
        "https://attest.example/certs",
        "https://attest.example:8443@evil.example/certs",
        "https://attest.example:84430/certs",
        "https://attest.example:8443.evil.example/",
        "https://attest.example:8443\\\\@evil.example/",
        "/certs",
        "",
        "file:///etc/passwd",
        "https://",
        "https://attest.example:8443/certs#x",
        "https://attest.example:8443/ce rts",
        "https://attest.example:8443/\\r\\nX: y",
        "https://attest.example:8443/certs\\u0000",
    };
    char *good = signed_by(ec, "e1", claims(""));
    struct web web = good_web();

    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        web = good_web();
        web.pages[0].body = metadata(ISSUER, uris[i]);
        web.pages[2].url = uris[i];
        web.pages[2].body = web.pages[1].body;
        struct att_token_check check = check_with(&web);
        expect_check(uris[i], good, &check, ATT_TOKEN_KEYS_INVALID);
        cases_check(&cases, web.asked == 1, "J6 nobody is asked at %s", uris[i]);
    }
    web = good_web();
    web.pages[0].body = metadata(ISSUER, "https://ATTEST.example:8443/certs?a=1");
    web.pages[1].url = "https://ATTEST.example:8443/certs?a=1";
    expect("origin in another case, with a query", good, web, ATT_OK);

    const struct {
        const char *name, *page0, *page1;
        enum att_code want;
    } rows[] = {
        { "metadata of another issuer", metadata("https://evil.example", ISSUER "/certs"), NULL,
          ATT_TOKEN_ISSUER },
        { "metadata with a slash more", metadata(ISSUER "/", ISSUER "/certs"), NULL, ATT_TOKEN_ISSUER },
        { "metadata without issuer", "{\"jwks_uri\":\"" ISSUER "/certs\"}", NULL, ATT_TOKEN_KEYS_INVALID },
        { "metadata without jwks_uri", "{\"issuer\":\"" ISSUER "\"}", NULL, ATT_TOKEN_KEYS_INVALID },
        { "metadata with issuer twice",
          "{\"issuer\":\"" ISSUER "\",\"issuer\":\"x\",\"jwks_uri\":\"" ISSUER "/certs\"}", NULL,
          ATT_TOKEN_KEYS_INVALID },
        { "metadata is a list", "[]", NULL, ATT_TOKEN_KEYS_INVALID },
        { "metadata is a page", "<html>", NULL, ATT_TOKEN_KEYS_INVALID },
        { "metadata is empty", "", NULL, ATT_TOKEN_KEYS_INVALID },
        { "keys are a page", NULL, "<html>", ATT_TOKEN_KEYS_INVALID },
        { "no keys", NULL, "{\"keys\":[]}", ATT_TOKEN_KEYS_INVALID },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        web = good_web();
        web.pages[0].body = rows[i].page0 ? rows[i].page0 : web.pages[0].body;
        web.pages[1].body = rows[i].page1 ? rows[i].page1 : web.pages[1].body;
        expect(rows[i].name, good, web, rows[i].want);
    }
    web = good_web();
    web.fail_silently = true;
    expect("nobody answers", good, web, ATT_IO_FAILED);
    struct att_limits low = att_limits_default;
    struct web large = good_web();
    struct att_token_check check = check_with(&large);
    low.collateral_bytes_max = 200;
    check.limits = &low;
    expect_check("keys larger than the limit", good, &check, ATT_TOKEN_KEYS_INVALID);
    static const char *const bad_issuers[] = { "http://attest.example", "attest.example", "https://",
                                               "https://a b",           "https://a?b",    "https://a#b",
                                               "https://u@a",           "https://a\\b" };
    for (size_t i = 0; i < sizeof bad_issuers / sizeof bad_issuers[0]; i++) {
        struct web unasked = good_web();
        check = check_with(&unasked);
        check.issuer = bad_issuers[i];
        const char *issuer = i == 7 ? "https://a\\\\b" : textf("%s", bad_issuers[i]);
        expect_check(bad_issuers[i],
                     signed_by(ec, "e1", textf("{\"exp\":%lld,\"iss\":\"%s\"}", (long long)now + 9, issuer)),
                     &check, ATT_TOKEN_KEYS_INVALID);
        cases_check(&cases, unasked.asked == 0, "nobody is asked for the issuer %s", bad_issuers[i]);
    }
}

static void j13_times(void)
{
    const struct {
        const char *name, *claims;
        int64_t leeway;
        enum att_code want;
    } rows[] = {
        { "exp one second ahead", "\"exp\":1800000001", 0, ATT_OK },
        { "exp now", "\"exp\":1800000000", 0, ATT_TOKEN_EXPIRED },
        { "exp a second ago", "\"exp\":1799999999", 0, ATT_TOKEN_EXPIRED },
        { "exp inside the leeway", "\"exp\":1799999999", 2, ATT_OK },
        { "exp at the end of the leeway", "\"exp\":1799999998", 2, ATT_TOKEN_EXPIRED },
        { "no exp", "\"iat\":1", 0, ATT_TOKEN_CLAIM },
        { "exp 0", "\"exp\":0", 0, ATT_TOKEN_EXPIRED },
        { "exp negative", "\"exp\":-1", 0, ATT_TOKEN_CLAIM },
        { "exp minus zero", "\"exp\":-0", 0, ATT_TOKEN_EXPIRED },
        { "exp 2^53 - 1", "\"exp\":9007199254740991", 0, ATT_OK },
        { "exp 2^53", "\"exp\":9007199254740992", 0, ATT_TOKEN_CLAIM },
        { "exp 2^63 - 1", "\"exp\":9223372036854775807", 86400, ATT_TOKEN_CLAIM },
        { "exp 2^63", "\"exp\":9223372036854775808", 0, ATT_TOKEN_CLAIM },
        { "exp 2^64 + 1", "\"exp\":18446744073709551617", 0, ATT_TOKEN_CLAIM },
        { "J10 exp 1e999", "\"exp\":1e999", 0, ATT_TOKEN_CLAIM },
        { "J10 exp 2e9", "\"exp\":2e9", 0, ATT_TOKEN_CLAIM },
        { "J10 exp with a fraction", "\"exp\":1800000001.5", 0, ATT_TOKEN_CLAIM },
        { "J10 exp with a zero fraction", "\"exp\":1800000001.0", 0, ATT_TOKEN_CLAIM },
        { "exp as text", "\"exp\":\"1800000001\"", 0, ATT_TOKEN_CLAIM },
        { "exp null", "\"exp\":null", 0, ATT_TOKEN_CLAIM },
        { "exp in a list", "\"exp\":[1800000001]", 0, ATT_TOKEN_CLAIM },
        { "J10 exp twice", "\"exp\":1,\"exp\":1800000001", 0, ATT_TOKEN_MALFORMED },
        { "J10 exp twice, once escaped", "\"exp\":1800000001,\"\\u0065xp\":1800000001", 0,
          ATT_TOKEN_MALFORMED },
        { "exp in another case", "\"Exp\":1800000001", 0, ATT_TOKEN_CLAIM },
        { "nbf now", "\"exp\":1800000001,\"nbf\":1800000000", 0, ATT_OK },
        { "nbf a second ahead", "\"exp\":1800000009,\"nbf\":1800000001", 0, ATT_TOKEN_NOT_YET_VALID },
        { "nbf inside the leeway", "\"exp\":1800000009,\"nbf\":1800000001", 1, ATT_OK },
        { "nbf behind the leeway", "\"exp\":1800000009,\"nbf\":1800000002", 1, ATT_TOKEN_NOT_YET_VALID },
        { "nbf as text", "\"exp\":1800000001,\"nbf\":\"1\"", 0, ATT_TOKEN_CLAIM },
        { "iat a second ahead", "\"exp\":1800000009,\"iat\":1800000001", 0, ATT_TOKEN_NOT_YET_VALID },
        { "iat inside the leeway", "\"exp\":1800000009,\"iat\":1800000001", 1, ATT_OK },
        { "iat with a fraction", "\"exp\":1800000001,\"iat\":1.5", 0, ATT_TOKEN_CLAIM },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct web web = good_web();
        struct att_token_check check = check_with(&web);
        check.leeway_s = rows[i].leeway;
        char *token = signed_by(ec, "e1", textf("{\"iss\":\"" ISSUER "\",%s}", rows[i].claims));
        expect_check(textf("J13 %s", rows[i].name), token, &check, rows[i].want);
    }
    /* Before the signature is checked, exp is anybody's word: a forged and expired token is forged. */
    expect("J13 expired and forged", signed_by(evil, "e1", "{\"iss\":\"" ISSUER "\",\"exp\":1}"), good_web(),
           ATT_TOKEN_SIGNATURE_INVALID);
}

static void payloads(void)
{
    static const char *const wrong[] = { "",
                                         "null",
                                         "[]",
                                         "1",
                                         "\"x\"",
                                         "{",
                                         "{}x",
                                         "\xef\xbb\xbf{}",
                                         "{\"a\":\"\xc3\x28\"}",
                                         "{\"a\":\"\\ud800\"}",
                                         "{\"a\":01}",
                                         "{'a':1}",
                                         "{\"a\":1,}" };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect(textf("J10 payload %zu", i), signed_by(ec, "e1", wrong[i]), good_web(), ATT_TOKEN_MALFORMED);
    char *compressed =
        token_of(ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"e1\",\"zip\":\"DEF\"}", "\xab\x56\x4a\x04\x00");
    expect("J16 a packed payload is not unpacked", compressed, good_web(), ATT_TOKEN_MALFORMED);
    expect("J15 detached",
           textf("%s..%s", b64url_text("{\"alg\":\"ES256\",\"kid\":\"e1\"}"), b64url_text("sig")), good_web(),
           ATT_TOKEN_MALFORMED);
}

static void unsecured(void)
{
    struct web web = good_web();
    struct att_token_check check = check_with(&web);
    char *token = textf("%s.", signing_input("{\"alg\":\"none\",\"typ\":\"JWT\"}", claims("")));
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_token got;
    struct att_err err = { 0 };

    expect_check("J1 not asked for", token, &check, ATT_TOKEN_UNSECURED);
    check.allow_unsecured = true;
    expect_check("asked for", token, &check, ATT_OK);
    cases_check(&cases,
                att_token_verify(a, att_str(token), &check, &got, &err) && !got.signature_valid &&
                    got.key_thumbprint.len == 0 && strcmp(got.alg, "none") == 0,
                "an unsecured token is never called signed");
    expect_check("J1 variant", textf("%s.", signing_input("{\"alg\":\"None\"}", claims(""))), &check,
                 ATT_TOKEN_ALGORITHM);
    expect_check("J1 with a signature", textf("%sAAAA", token), &check, ATT_TOKEN_MALFORMED);
    expect_check("expired",
                 textf("%s.", signing_input("{\"alg\":\"none\"}", "{\"exp\":1,\"iss\":\"" ISSUER "\"}")),
                 &check, ATT_TOKEN_EXPIRED);
    expect_check("another issuer",
                 textf("%s.", signing_input("{\"alg\":\"none\"}", "{\"exp\":2000000000,\"iss\":\"x\"}")),
                 &check, ATT_TOKEN_ISSUER);
    expect_check("a forged one is still forged", signed_by(evil, "e1", claims("")), &check,
                 ATT_TOKEN_SIGNATURE_INVALID);
    cases_check(&cases, web.asked == 2, "an unsecured token asks nobody");
    att_arena_free(a);
}

static void callers_mistakes(void)
{
    char *token = signed_by(ec, "e1", claims(""));
    struct web web = good_web();
    const struct att_token_check good = check_with(&web);
    struct att_token_check c = good;

    c.size = 0;
    expect_check("size", token, &c, ATT_INTERNAL);
    c = good, c.issuer = NULL;
    expect_check("neither issuer nor keys", token, &c, ATT_INTERNAL);
    c = good, c.fetch = NULL;
    expect_check("no way to fetch", token, &c, ATT_INTERNAL);
    c = good, c.fetch = NULL, c.allow_unsecured = true;
    expect_check("no way to fetch, a signed token", token, &c, ATT_INTERNAL);
    c = good, c.leeway_s = -1;
    expect_check("leeway negative", token, &c, ATT_INTERNAL);
    c = good, c.leeway_s = INT64_MAX;
    expect_check("leeway endless", token, &c, ATT_INTERNAL);
    c = good, c.now_unix_s = INT64_MAX;
    expect_check("time at its end", token, &c, ATT_INTERNAL);
    c = good, c.now_unix_s = -1;
    expect_check("time before 1970", token, &c, ATT_INTERNAL);
    static const char *const lists[] = { "",      " ",    "RS256 ",      " RS256", "RS256,ES256",
                                         "HS256", "none", "RS256  ES256" };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        c = good, c.algs = lists[i];
        expect_check("list of algorithms", token, &c, ATT_TOKEN_ALGORITHM);
    }
    c = good, c.algs = "RS256";
    expect_check("J21 list without the token's", token, &c, ATT_TOKEN_ALGORITHM);
    c = good, c.algs = "RS256 ES256";
    expect_check("J21 list with the token's", token, &c, ATT_OK);
    c = good, c.rsa_bits_min = 3072;
    expect_check("J5 smallest RSA key", signed_by(rsa, "r1", claims("")), &c, ATT_TOKEN_KEY_INVALID);
    c.rsa_bits_min = 2048;
    expect_check("J5 smallest RSA key", signed_by(rsa, "r1", claims("")), &c, ATT_OK);
}

static void every_bit(void)
{
    struct web web = good_web();
    struct att_token_check check = check_with(&web);
    char *good = signed_by(ec, "e1", claims(""));
    struct att_arena *a = att_arena_new((size_t)1 << 20);
    unsigned accepted = 0, valid = 0;
    size_t len = strlen(good);

    check.jwks = att_str(web.pages[1].body);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        char *other = strdup(good);
        struct att_token got;
        struct att_err err = { 0 };
        other[bit / 8] = (char)(other[bit / 8] ^ (char)(1 << bit % 8));
        accepted += att_token_verify(a, att_span_of(other, len), &check, &got, &err);
        valid += got.signature_valid;
        att_arena_reset(a);
        free(other);
    }
    for (size_t cut = 0; cut < len; cut++) {
        struct att_token got;
        struct att_err err = { 0 };
        accepted += att_token_verify(a, att_span_of(good, cut), &check, &got, &err);
        valid += got.signature_valid;
        att_arena_reset(a);
    }
    cases_check(&cases, accepted == 0 && valid == 0, "%u changed tokens accepted", accepted);
    att_arena_free(a);
}

int main(void)
{
    rsa = rsa_new(2048, 65537);
    ec = ec_new("P-256");
    evil = ec_new("P-256");
    right_tokens();
    keys_and_issuers();
    j6_keys_in_the_token();
    discovery();
    j13_times();
    payloads();
    unsecured();
    callers_mistakes();
    every_bit();
    EVP_PKEY_free(rsa), EVP_PKEY_free(ec), EVP_PKEY_free(evil);
    return cases_report(&cases);
}
