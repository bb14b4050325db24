/* layers: jose crypto codec base */
/* Keys as JSON: J3, J8 and J22 of the attack list, sets, thumbprints. */
#include "jose/jwk.h"

#include "support/cases.h"
#include "unit/jose/signing.h"

static struct cases cases = { .name = "jose.jwk" };
static struct att_crypto *crypto;
static EVP_PKEY *rsa, *p256, *p384, *p521, *other;

/* Reads one JWK; its refusal or ATT_OK. */
static enum att_code read_code(const char *json, struct att_err *ret_err)
{
    struct att_arena *a = att_arena_new((size_t)16 << 20);
    struct att_jwk jwk = { 0 };
    struct att_json doc;

    *ret_err = (struct att_err){ 0 };
    must(att_json_parse(a, att_str(json), NULL, &doc, ret_err), json);
    bool ok = att_jwk_read(crypto, a, NULL, &doc, ATT_JSON_ROOT, "jwk", &jwk, ret_err);
    cases_check(&cases, ok == (ret_err->code == ATT_OK) && ok == (jwk.key != NULL), "answer and key agree");
    att_jwk_free(&jwk);
    att_arena_free(a);
    return ret_err->code;
}

static void expect(const char *name, const char *json, const char *want_where)
{
    struct att_err err;
    enum att_code got = read_code(json, &err);

    if (!want_where) {
        cases_check(&cases, got == ATT_OK, "%s: %s", name, err.text);
        return;
    }
    cases_check(&cases, got == ATT_TOKEN_KEY_INVALID, "%s: got %s", name, att_code_name(got));
    cases_check(&cases, strncmp(err.where, want_where, strlen(want_where)) == 0,
                "%s: refused at %s, wanted %s", name, err.where, want_where);
}

static const char *n_of(EVP_PKEY *key)
{
    return key_number(key, OSSL_PKEY_PARAM_RSA_N, 0);
}
static const char *x_of(EVP_PKEY *key)
{
    return key_number(key, OSSL_PKEY_PARAM_EC_PUB_X, coordinate_bytes(key));
}
static const char *y_of(EVP_PKEY *key)
{
    return key_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, coordinate_bytes(key));
}

static char *ec(const char *crv, const char *x, const char *y)
{
    return textf("{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}", crv, x, y);
}

static char *x5c_of(EVP_PKEY *key)
{
    struct att_span der = cert_of(key, "test");
    return b64(der.ptr, der.len);
}

static void right_keys(void)
{
    EVP_PKEY *keys[] = { rsa, p256, p384, p521 };
    static const char *const algs[] = { "PS384", "ES256", "ES384", "ES512" };

    for (size_t i = 0; i < 4; i++) {
        const char *kty = i == 0 ? "RSA" : "EC";
        expect("bare", jwk_of(keys[i], ""), NULL);
        expect("with its algorithm", jwk_of(keys[i], textf("\"alg\":\"%s\",", algs[i])), NULL);
        expect("use and key_ops", jwk_of(keys[i], "\"use\":\"sig\",\"key_ops\":[\"sign\",\"verify\"],"),
               NULL);
        expect("with its certificate", jwk_of(keys[i], textf("\"x5c\":[\"%s\"],", x5c_of(keys[i]))), NULL);
        expect("certificate alone", textf("{\"kty\":\"%s\",\"x5c\":[\"%s\"]}", kty, x5c_of(keys[i])), NULL);
        expect("certificate of the wrong type",
               textf("{\"kty\":\"%s\",\"x5c\":[\"%s\"]}", i ? "RSA" : "EC", x5c_of(keys[i])), "jwk.x5c[0]");
        for (size_t k = 0; k < 4; k++) {
            if (k != i)
                expect("J22 alg of another key", jwk_of(keys[i], textf("\"alg\":\"%s\",", algs[k])),
                       "jwk.alg");
        }
    }
    expect("unknown members are free", jwk_of(rsa, "\"x5t\":1,\"x5u\":\"http://x\",\"ext\":true,"), NULL);
}

static void j22_members(void)
{
    static const char *const private[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
    static const struct {
        const char *name;
        const char *more;
        const char *where;
    } rows[] = {
        { "J22 use enc", "\"use\":\"enc\",", "jwk.use" },
        { "J22 use in another case", "\"use\":\"SIG\",", "jwk.use" },
        { "J22 use is no text", "\"use\":[\"sig\"],", "jwk.use" },
        { "J22 key_ops without verify", "\"key_ops\":[\"sign\"],", "jwk.key_ops" },
        { "J22 key_ops empty", "\"key_ops\":[],", "jwk.key_ops" },
        { "J22 key_ops is text", "\"key_ops\":\"verify\",", "jwk.key_ops" },
        { "J22 key_ops of numbers", "\"key_ops\":[1],", "jwk.key_ops" },
        { "J22 alg HS256", "\"alg\":\"HS256\",", "jwk.alg" },
        { "J22 alg none", "\"alg\":\"none\",", "jwk.alg" },
        { "J22 alg for encryption", "\"alg\":\"RSA-OAEP\",", "jwk.alg" },
        { "J22 alg null", "\"alg\":null,", "jwk.alg" },
        { "kid is a number", "\"kid\":1,", "jwk.kid" },
        { "x5c is text", "\"x5c\":\"AAAA\",", "jwk.x5c" },
        { "x5c empty", "\"x5c\":[],", "jwk.x5c" },
        { "x5c of numbers", "\"x5c\":[1],", "jwk.x5c" },
        { "x5c is no certificate", "\"x5c\":[\"AAAA\"],", "jwk.x5c[0]" },
        { "x5c in base64url", "\"x5c\":[\"_-_-\"],", "jwk.x5c" },
    };

    for (size_t i = 0; i < sizeof private / sizeof private[0]; i++) {
        expect("J22 private member", jwk_of(rsa, textf("\"%s\":\"AQAB\",", private[i])),
               textf("jwk.%s", private[i]));
        expect("J22 private member", jwk_of(p256, textf("\"%s\":\"AQAB\",", private[i])),
               textf("jwk.%s", private[i]));
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].name, jwk_of(rsa, rows[i].more), rows[i].where);
    expect("J22 oct", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", "jwk.k");
    expect("J22 oct without k", "{\"kty\":\"oct\"}", "jwk.kty");
    expect("J22 OKP", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "jwk.kty");
    expect("kty in another case", textf("{\"kty\":\"rsa\",\"n\":\"%s\",\"e\":\"AQAB\"}", n_of(rsa)),
           "jwk.kty");
    expect("no kty", textf("{\"n\":\"%s\",\"e\":\"AQAB\"}", n_of(rsa)), "jwk.kty");
    expect("no key", "{\"kty\":\"RSA\"}", "jwk.n");
    expect("no object", "[]", "jwk");
}

static void rsa_numbers(void)
{
    const char *n = n_of(rsa);
    char *even = strdup(n);
    size_t len = strlen(n);
    even[len - 1] = 'A'; /* 256 bytes end in a character of two bytes' rest: the lowest bits become zero */
    const struct {
        const char *name, *n, *e, *where;
    } rows[] = {
        { "no e", n, NULL, "jwk.e" },
        { "no n", NULL, "AQAB", "jwk.n" },
        { "e = 1", n, "AQ", "jwk.n" },
        { "e = 0", n, "AA", "jwk.e" },
        { "e empty", n, "", "jwk.e" },
        { "e even", n, "AQAA", "jwk.n" },
        { "e with a leading zero", n, "AAEAAQ", "jwk.e" },
        { "e of 16 bytes", n, "_____________________w", "jwk.n" },
        { "n empty", "", "AQAB", "jwk.n" },
        { "n = 1", "AQ", "AQAB", "jwk.n" },
        { "n of 8 bytes", "_____________", "AQAB", "jwk.n" },
        { "n even", even, "AQAB", "jwk.n" },
        { "n padded", textf("%s==", n), "AQAB", "jwk.n" },
        { "n in the standard alphabet", textf("+%s", n + 1), "AQAB", "jwk.n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].name,
               textf("{\"kty\":\"RSA\"%s%s%s%s%s%s}", rows[i].n ? ",\"n\":\"" : "",
                     rows[i].n ? rows[i].n : "", rows[i].n ? "\"" : "", rows[i].e ? ",\"e\":\"" : "",
                     rows[i].e ? rows[i].e : "", rows[i].e ? "\"" : ""),
               rows[i].where);
    char *huge = malloc(1400);
    memset(huge, '_', 1400);
    huge[1399 - 3] = '\0'; /* 1396 characters: 1047 bytes */
    expect("n over 8192 bits", textf("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}", huge), "jwk.n");
    free(huge);
    free(even);
}

static void j3_points(void)
{
    static const char zero[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const char *x = x_of(p256), *y = y_of(p256);
    char *off = strdup(y);
    off[0] = off[0] == 'A' ? 'B' : 'A';

    expect("J3 point not on the curve", ec("P-256", x, off), "jwk.x");
    expect("J3 coordinates exchanged", ec("P-256", y, x), "jwk.x");
    expect("J3 0, 0: the usual spelling of infinity", ec("P-256", zero, zero), "jwk.x");
    expect("J3 empty coordinates", ec("P-256", "", ""), "jwk.x");
    expect("J3 x of the field's size", ec("P-256", "_____wAAAAEAAAAAAAAAAAAAAAD_______________8", y),
           "jwk.x");
    expect("J3 curve of another length", ec("P-384", x, y), "jwk.x");
    expect("J3 unknown curve", ec("secp256k1", x, y), "jwk.crv");
    expect("J3 curve in another case", ec("p-256", x, y), "jwk.crv");
    expect("J3 coordinate one byte short", ec("P-256", x + 2, y), "jwk.x");
    expect("J3 coordinate with a zero in front", ec("P-256", textf("AAAA%s", x), y), "jwk.x");
    uint8_t both[64];
    BIGNUM *bx = NULL, *by = NULL;
    must(EVP_PKEY_get_bn_param(p256, OSSL_PKEY_PARAM_EC_PUB_X, &bx) == 1 &&
             EVP_PKEY_get_bn_param(p256, OSSL_PKEY_PARAM_EC_PUB_Y, &by) == 1 &&
             BN_bn2binpad(bx, both, 32) == 32 && BN_bn2binpad(by, both + 32, 32) == 32,
         "point");
    BN_free(bx), BN_free(by);
    for (size_t cut = 0; cut <= 64; cut++)
        expect("J3 the point cut in two elsewhere",
               ec("P-256", b64url(both, cut), b64url(both + cut, 64 - cut)), cut == 32 ? NULL : "jwk.x");
    expect("J3 points of two keys", ec("P-256", x, y_of(other)), "jwk.x");
    expect("no y", textf("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\"}", x), "jwk.y");
    expect("no crv", textf("{\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y), "jwk.crv");
    free(off);
}

static void j8_certificates(void)
{
    char *mine = x5c_of(p256), *another = x5c_of(other), *chain = strdup("");

    expect("J8 certificate of another key", jwk_of(p256, textf("\"x5c\":[\"%s\"],", another)), "jwk.x5c[0]");
    expect("J8 chain in the wrong order", jwk_of(p256, textf("\"x5c\":[\"%s\",\"%s\"],", another, mine)),
           "jwk.x5c[0]");
    expect("J8 chain in the right order", jwk_of(p256, textf("\"x5c\":[\"%s\",\"%s\"],", mine, another)),
           NULL);
    expect("J8 padding missing", jwk_of(p256, textf("\"x5c\":[\"%.*s\"],", (int)strlen(mine) - 1, mine)),
           "jwk.x5c");
    expect("J8 newline inside", jwk_of(p256, textf("\"x5c\":[\"%.64s\\n%s\"],", mine, mine + 64)), "jwk.x5c");
    for (unsigned i = 0; i < 11; i++) {
        char *longer = textf("%s%s\"%s\"", chain, i ? "," : "", mine);
        free(chain);
        chain = strdup(longer);
        expect("J8 number of certificates", jwk_of(p256, textf("\"x5c\":[%s],", chain)),
               i < 10 ? NULL : "jwk.x5c");
    }
    char *huge = malloc(20001);
    memset(huge, 'A', 20000);
    huge[20000] = '\0';
    expect("J8 huge certificate", jwk_of(p256, textf("\"x5c\":[\"%s\"],", huge)), "jwk.x5c");
    expect("J8 huge second certificate", jwk_of(p256, textf("\"x5c\":[\"%s\",\"%s\"],", mine, huge)),
           "jwk.x5c");
    free(huge);
    free(chain);
}

/* A modulus as the faulty generator of CVE-2017-15361 makes it: two primes k * M + 65537^a mod M. */
static void roca(void)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *m = BN_new(), *n = BN_new(), *k = BN_new(), *part = BN_new(), *g = BN_new();
    uint8_t bytes[256];
    unsigned marked = 0;

    must(ctx && m && n && k && part && g && BN_one(m) && BN_set_word(g, 65537), "numbers");
    for (unsigned p = 2; p <= 167; p++) {
        bool prime = true;
        for (unsigned d = 2; d < p; d++)
            prime = prime && p % d != 0;
        if (prime)
            must(BN_mul_word(m, p) == 1, "M");
    }
    must(BN_one(n), "1");
    for (unsigned a = 1234; a <= 987654; a += 986420) {
        must(BN_set_word(part, a) && BN_mod_exp(part, g, part, m, ctx) && BN_rand(k, 800, -1, 0) &&
                 BN_mul(k, k, m, ctx) && BN_add(k, k, part) && BN_mul(n, n, k, ctx),
             "factor");
    }
    int len = BN_bn2bin(n, bytes);
    cases_check(&cases, att_jwk_roca(att_span_of(bytes, (size_t)len)), "J5 a modulus with the mark");
    expect("J5 key with the mark of CVE-2017-15361",
           textf("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}", b64url(bytes, (size_t)len)), "jwk.n");
    bytes[len - 1] ^= 2;
    cases_check(&cases, !att_jwk_roca(att_span_of(bytes, (size_t)len)), "a modulus two away has no mark");
    for (unsigned i = 0; i < 20000; i++) { /* odd numbers at random: the mark is no accident */
        must(BN_rand(n, 2048, 0, 1) == 1, "random");
        marked += att_jwk_roca(att_span_of(bytes, (size_t)BN_bn2bin(n, bytes)));
    }
    cases_check(&cases, marked == 0, "%u of 20000 random moduli carry the mark", marked);
    cases_check(&cases, !att_jwk_roca((struct att_span){ 0 }), "nothing carries no mark");
    BN_free(m), BN_free(n), BN_free(k), BN_free(part), BN_free(g), BN_CTX_free(ctx);
}

/* Sets ------------------------------------------------------------------------------------------------------- */

/* What a token with this kid (NULL: without) meets in the set; ret_key says which entry answered. */
static enum att_code find(const char *json, const char *kid, size_t *ret_index)
{
    struct att_arena *a = att_arena_new((size_t)16 << 20);
    struct att_jwk_set set = { 0 };
    const struct att_jwk *key = NULL;
    struct att_span name = att_str(kid);
    struct att_err err = { 0 };

    if (att_jwk_set_read(crypto, a, NULL, att_str(json), &set, &err) &&
        att_jwk_set_find(&set, kid ? &name : NULL, &key, &err))
        *ret_index = (size_t)(key - set.keys);
    att_jwk_set_free(&set);
    att_arena_free(a);
    return err.code;
}

static void sets(void)
{
    char *one = jwk_of(rsa, "\"kid\":\"one\","), *two = jwk_of(p256, "\"kid\":\"two\","),
         *nameless = jwk_of(p256, "");
    char *bad = jwk_of(other, "\"kid\":\"bad\",\"use\":\"enc\",");
    char *many = strdup(one);
    const struct {
        const char *name, *json, *kid;
        enum att_code want;
        size_t index;
    } rows[] = {
        { "by kid", textf("{\"keys\":[%s,%s]}", one, two), "two", ATT_OK, 1 },
        { "alone", one, "one", ATT_OK, 0 },
        { "alone, no kid asked", one, NULL, ATT_OK, 0 },
        { "J19 alone, another kid", one, "two", ATT_TOKEN_KEY_UNKNOWN, 0 },
        { "nameless alone", nameless, "any", ATT_OK, 0 },
        { "unknown kid", textf("{\"keys\":[%s,%s]}", one, two), "three", ATT_TOKEN_KEY_UNKNOWN, 0 },
        { "J22 no kid, two keys", textf("{\"keys\":[%s,%s]}", one, two), NULL, ATT_TOKEN_KEY_UNKNOWN, 0 },
        { "nameless among two", textf("{\"keys\":[%s,%s]}", one, nameless), "x", ATT_TOKEN_KEY_UNKNOWN, 0 },
        { "prefix of a kid", textf("{\"keys\":[%s,%s]}", one, two), "tw", ATT_TOKEN_KEY_UNKNOWN, 0 },
        { "J22 kid twice, two keys", textf("{\"keys\":[%s,%s]}", one, jwk_of(p256, "\"kid\":\"one\",")),
          "one", ATT_TOKEN_KEY_UNKNOWN, 0 },
        { "J22 kid twice, other kid asked",
          textf("{\"keys\":[%s,%s,%s]}", one, jwk_of(other, "\"kid\":\"one\","), two), "two", ATT_OK, 2 },
        { "kid twice, the same key", textf("{\"keys\":[%s,%s]}", two, two), "two", ATT_OK, 0 },
        { "J22 kid twice, the same key for two algorithms",
          textf("{\"keys\":[%s,%s]}", jwk_of(rsa, "\"kid\":\"a\",\"alg\":\"RS256\","),
                jwk_of(rsa, "\"kid\":\"a\",\"alg\":\"PS256\",")),
          "a", ATT_TOKEN_KEY_UNKNOWN, 0 },
        { "J22 kid twice, one of them refused",
          textf("{\"keys\":[%s,%s]}", two, jwk_of(p256, "\"kid\":\"two\",\"d\":\"AA\",")), "two",
          ATT_TOKEN_KEY_UNKNOWN, 0 },
        { "J22 the refused one", textf("{\"keys\":[%s,%s]}", bad, two), "bad", ATT_TOKEN_KEY_INVALID, 0 },
        { "J22 a refused one beside", textf("{\"keys\":[%s,%s]}", bad, two), "two", ATT_OK, 1 },
        { "J22 oct beside", textf("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"s\"},%s]}", two),
          "two", ATT_OK, 1 },
        { "J22 oct asked", textf("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"s\"},%s]}", two), "s",
          ATT_TOKEN_KEY_INVALID, 0 },
        { "J22 refused one does not make the other the only one", textf("{\"keys\":[%s,%s]}", bad, two), NULL,
          ATT_TOKEN_KEY_UNKNOWN, 0 },
        { "empty", "{\"keys\":[]}", "one", ATT_TOKEN_KEYS_INVALID, 0 },
        { "no keys", "{}", "one", ATT_TOKEN_KEYS_INVALID, 0 },
        { "keys is an object", textf("{\"keys\":%s}", one), "one", ATT_TOKEN_KEYS_INVALID, 0 },
        { "keys twice", textf("{\"keys\":[%s],\"keys\":[%s]}", one, two), "one", ATT_TOKEN_KEYS_INVALID, 0 },
        { "key and keys", textf("{\"keys\":[%s],%s}", one, jwk_members(p256, "")), "one",
          ATT_TOKEN_KEYS_INVALID, 0 },
        { "J10 member twice in a key",
          textf("{\"keys\":[{\"kid\":\"one\",%s}]}", jwk_members(rsa, "\"kid\":\"one\",")), "one",
          ATT_TOKEN_KEYS_INVALID, 0 },
        { "a key that is text", textf("{\"keys\":[%s,\"x\"]}", one), "one", ATT_TOKEN_KEYS_INVALID, 0 },
        { "a list of keys", textf("[%s]", one), "one", ATT_TOKEN_KEYS_INVALID, 0 },
        { "null", "null", "one", ATT_TOKEN_KEYS_INVALID, 0 },
        { "nothing", "", "one", ATT_TOKEN_KEYS_INVALID, 0 },
        { "cut short", textf("{\"keys\":[%s", one), "one", ATT_TOKEN_KEYS_INVALID, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t index = 99;
        enum att_code got = find(rows[i].json, rows[i].kid, &index);
        cases_check(&cases, got == rows[i].want, "%s: got %s, wanted %s", rows[i].name, att_code_name(got),
                    att_code_name(rows[i].want));
        cases_check(&cases, got != ATT_OK || index == rows[i].index, "%s: key %zu", rows[i].name, index);
    }
    for (unsigned count = 1; count <= ATT_JWK_SET_MAX + 1; count++) {
        size_t index = 0;
        if (count >= ATT_JWK_SET_MAX) {
            enum att_code got = find(textf("{\"keys\":[%s]}", many), "one", &index);
            cases_check(&cases, got == (count == ATT_JWK_SET_MAX ? ATT_OK : ATT_TOKEN_KEYS_INVALID),
                        "%u keys: %s", count, att_code_name(got));
        }
        char *longer = textf("%s,%s", many, one);
        free(many);
        many = strdup(longer);
    }
    free(many);
}

/* The example of RFC 7638 3.1. */
static void rfc7638_example(void)
{
    static const char json[] =
        "{\"kty\":\"RSA\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\",\"e\":\"AQAB\",\"n\":\""
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
        "xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw\"}";
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_jwk_set set = { 0 };
    struct att_span got = { 0 };
    struct att_err err = { 0 };

    bool ok = att_jwk_set_read(crypto, a, NULL, att_str(json), &set, &err) && set.keys[0].key &&
              att_jwk_thumbprint(crypto, a, set.keys[0].key, &got, &err);
    cases_check(&cases, ok && att_span_is(got, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
                "RFC 7638 3.1: %s", err.text);
    att_jwk_set_free(&set);
    att_arena_free(a);
}

/* Recomputed from the key's own numbers, after RFC 7638 3. */
static void thumbprints(void)
{
    EVP_PKEY *keys[] = { rsa, p256, p384, p521 };

    for (size_t i = 0; i < 4; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_span spki = spki_of(keys[i]), got = { 0 };
        struct att_key *key = NULL;
        struct att_err err = { 0 };
        uint8_t digest[32];
        char *canonical = i == 0 ? textf("{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"%s\"}", n_of(rsa))
                                 : textf("{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
                                         curve_name(keys[i]), x_of(keys[i]), y_of(keys[i]));
        must(att_key_from_spki(crypto, spki, &key, &err), "key");
        must(EVP_Digest(canonical, strlen(canonical), digest, NULL, EVP_sha256(), NULL) == 1, "digest");
        cases_check(&cases,
                    att_jwk_thumbprint(crypto, a, key, &got, &err) && att_span_is(got, b64url(digest, 32)),
                    "thumbprint %zu", i);
        att_key_free(key);
        att_arena_free(a);
    }
}

int main(void)
{
    crypto = att_crypto_new();
    must(crypto != NULL, "crypto");
    rsa = rsa_new(2048, 65537);
    p256 = ec_new("P-256");
    p384 = ec_new("P-384");
    p521 = ec_new("P-521");
    other = ec_new("P-256");
    right_keys();
    j22_members();
    rsa_numbers();
    j3_points();
    j8_certificates();
    roca();
    sets();
    rfc7638_example();
    thumbprints();
    EVP_PKEY_free(rsa), EVP_PKEY_free(p256), EVP_PKEY_free(p384), EVP_PKEY_free(p521), EVP_PKEY_free(other);
    att_crypto_free(crypto);
    return cases_report(&cases);
}
