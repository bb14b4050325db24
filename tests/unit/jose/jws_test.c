/* layers: jose crypto codec base */
/* Compact JWS: what is refused by form, and what a signature must be. Names carry the numbers of the attack list. */
#include "jose/jws.h"

#include "support/cases.h"
#include "unit/jose/signing.h"

static struct cases cases = { .name = "jose.jws" };
static struct att_crypto *crypto;
static EVP_PKEY *rsa, *p256, *p384, *p521;

static const char payload[] = "{\"iss\":\"https://issuer.example\"}";
static const char all_algs[] = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512";

/* Split and verified with the JWK `jwk`, under the list `algs`. ATT_OK or the code of the refusal. */
static enum att_code verdict_of(struct att_span token, const char *jwk_text, const char *algs)
{
    struct att_arena *a = att_arena_new((size_t)16 << 20);
    struct att_jws_rules rules = { 0 };
    struct att_jwk_set set = { 0 };
    const struct att_jwk *jwk = NULL;
    struct att_err err = { 0 };
    struct att_jws jws;

    bool ok = att_alg_set(algs, &rules.algs, &err) &&
              att_jwk_set_read(crypto, a, NULL, att_str(jwk_text), &set, &err) &&
              att_jws_split(a, token, NULL, &jws, &err) && att_jws_alg_allowed(&jws, &rules, &err) &&
              att_jwk_set_find(&set, jws.has_kid ? &jws.kid : NULL, &jwk, &err) &&
              att_jws_verify(crypto, &jws, jwk, &rules, &err);
    cases_check(&cases, ok == (err.code == ATT_OK), "a refusal has a code, a success has none");
    cases_check(&cases, ok || (err.where[0] && err.text[0]), "a refusal says where and why");
    att_jwk_set_free(&set);
    att_arena_free(a);
    return err.code;
}

static void expect(const char *name, const char *token, const char *jwk, const char *algs, enum att_code want)
{
    enum att_code got = verdict_of(att_str(token), jwk, algs);
    cases_check(&cases, got == want, "%s: got %s, wanted %s", name, att_code_name(got), att_code_name(want));
}

static void expect_refused(const char *name, const char *token, const char *jwk)
{
    enum att_code got = verdict_of(att_str(token), jwk, all_algs);
    cases_check(&cases, got != ATT_OK, "%s: accepted", name);
}

static char *header_of(const char *alg)
{
    return textf("{\"alg\":\"%s\"}", alg);
}

static void every_algorithm_works(void)
{
    const struct {
        const char *alg;
        EVP_PKEY *key;
    } rows[] = {
        { "RS256", rsa }, { "RS384", rsa },  { "RS512", rsa },  { "PS256", rsa },  { "PS384", rsa },
        { "PS512", rsa }, { "ES256", p256 }, { "ES384", p384 }, { "ES512", p521 },
    };
    EVP_PKEY *keys[] = { rsa, p256, p384, p521 };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *token = token_of(rows[i].key, rows[i].alg, header_of(rows[i].alg), payload);
        char *jwk = jwk_of(rows[i].key, "");
        expect(rows[i].alg, token, jwk, all_algs, ATT_OK);
        expect(rows[i].alg, token, jwk, rows[i].alg, ATT_OK);
        /* J21: the list is the caller's. */
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            if (k != i)
                expect("J21 not in the caller's list", token, jwk, rows[k].alg, ATT_TOKEN_ALGORITHM);
        }
        /* J3: an algorithm never picks another key type or curve than its own. */
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            if (keys[k] != rows[i].key)
                expect("J3 key of another type or curve", token, jwk_of(keys[k], ""), all_algs,
                       ATT_TOKEN_ALGORITHM);
        }
        /* J22: the key itself says which algorithm it is for. */
        expect("J22 the key's own algorithm", token,
               jwk_of(rows[i].key, textf("\"alg\":\"%s\",", rows[i].alg)), all_algs, ATT_OK);
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            if (k != i && rows[k].key == rows[i].key)
                expect("J22 the key is for another algorithm", token,
                       jwk_of(rows[i].key, textf("\"alg\":\"%s\",", rows[k].alg)), all_algs,
                       ATT_TOKEN_ALGORITHM);
        }
        /* The header names one algorithm, the signature is of another. */
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            if (k != i && rows[k].key == rows[i].key)
                expect("J21 signed by another algorithm than it says",
                       token_of(rows[k].key, rows[k].alg, header_of(rows[i].alg), payload), jwk, all_algs,
                       ATT_TOKEN_SIGNATURE_INVALID);
        }
    }
}

static void j1_none(void)
{
    static const char *const variants[] = { "None",  "NONE",        "nOnE", "none ",
                                            " none", "non\\u0065 ", "",     "null" };
    char *jwk = jwk_of(p256, "");
    char *plain = textf("%s.", signing_input("{\"alg\":\"none\"}", payload));

    expect("J1 none", plain, jwk, all_algs, ATT_TOKEN_UNSECURED);
    expect("J1 none, written with an escape",
           textf("%s.", signing_input("{\"alg\":\"n\\u006fne\"}", payload)), jwk, all_algs,
           ATT_TOKEN_UNSECURED);
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        expect("J1 variant of none", textf("%s.", signing_input(header_of(variants[i]), payload)), jwk,
               all_algs, ATT_TOKEN_ALGORITHM);
    expect("J1 none with a signature", token_of(p256, "ES256", "{\"alg\":\"none\"}", payload), jwk, all_algs,
           ATT_TOKEN_MALFORMED);
    expect("J1 a list cannot allow none", plain, jwk, "none", ATT_TOKEN_ALGORITHM);
}

static void j2_key_confusion(void)
{
    struct att_span spki = spki_of(rsa);
    char *pem = textf("-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", b64(spki.ptr, spki.len));
    char *input = signing_input("{\"alg\":\"HS256\"}", payload);
    const struct att_span secrets[] = { spki, att_str(pem), att_str(jwk_of(rsa, "")) };
    uint8_t mac[64];
    unsigned len = 0;

    for (size_t i = 0; i < 3; i++) {
        must(HMAC(EVP_sha256(), secrets[i].ptr, (int)secrets[i].len, (const unsigned char *)input,
                  strlen(input), mac, &len) != NULL,
             "HMAC");
        expect("J2 HMAC with the public key", join(input, att_span_of(mac, len)), jwk_of(rsa, ""), all_algs,
               ATT_TOKEN_ALGORITHM);
    }
    expect("J2 HS256 cannot be allowed", join(input, att_span_of(mac, len)), jwk_of(rsa, ""), "HS256",
           ATT_TOKEN_ALGORITHM);
}

/* r||s from two numbers given as offsets from the group's order. */
static char *with_r_and_s(const char *input, const BIGNUM *r, const BIGNUM *s)
{
    uint8_t raw[64];
    must(BN_bn2binpad(r, raw, 32) == 32 && BN_bn2binpad(s, raw + 32, 32) == 32, "r||s");
    return join(input, att_span_of(raw, sizeof raw));
}

static void j4_signature_ranges(void)
{
    char *jwk = jwk_of(p256, "");
    char *input = signing_input(header_of("ES256"), payload);
    struct att_span sig = sign_bytes(p256, "ES256", input, NULL);
    BIGNUM *order = NULL, *r = BN_bin2bn(sig.ptr, 32, NULL), *s = BN_bin2bn(sig.ptr + 32, 32, NULL);
    BIGNUM *zero = BN_new(), *other = BN_new(), *one = BN_new();
    uint8_t longer[66] = { 0 };

    must(EVP_PKEY_get_bn_param(p256, OSSL_PKEY_PARAM_EC_ORDER, &order) == 1 && BN_one(one), "order");
    expect("right", join(input, sig), jwk, all_algs, ATT_OK);
    expect("J4 r = 0", with_r_and_s(input, zero, s), jwk, all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    expect("J4 s = 0", with_r_and_s(input, r, zero), jwk, all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    expect("J4 r = s = 0", with_r_and_s(input, zero, zero), jwk, all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    expect("J4 r = n", with_r_and_s(input, order, s), jwk, all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    expect("J4 s = n", with_r_and_s(input, r, order), jwk, all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    expect("J4 r = s = 1", with_r_and_s(input, one, one), jwk, all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    must(BN_sub(other, order, s) == 1, "n - s");
    expect("J4 the other s is as good", with_r_and_s(input, r, other), jwk, all_algs, ATT_OK);
    const struct signing der = { .salt_len = -1, .keep_der = true };
    expect("J4 DER", join(input, sign_bytes(p256, "ES256", input, &der)), jwk, all_algs,
           ATT_TOKEN_SIGNATURE_INVALID);
    memcpy(longer + 1, sig.ptr, 32);
    memcpy(longer + 34, sig.ptr + 32, 32);
    expect("J4 halves with a zero in front", join(input, att_span_of(longer, 66)), jwk, all_algs,
           ATT_TOKEN_SIGNATURE_INVALID);
    for (size_t len = 0; len < 64; len++)
        expect("J4 truncated ECDSA signature", join(input, att_span_of(sig.ptr, len)), jwk, all_algs,
               ATT_TOKEN_SIGNATURE_INVALID);
    char *rs = signing_input(header_of("RS256"), payload);
    struct att_span rsa_sig = sign_bytes(rsa, "RS256", rs, NULL);
    for (size_t len = 0; len < rsa_sig.len; len += 17)
        expect("J4 truncated RSA signature", join(rs, att_span_of(rsa_sig.ptr, len)), jwk_of(rsa, ""),
               all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    BN_free(order), BN_free(r), BN_free(s), BN_free(zero), BN_free(other), BN_free(one);
}

/* Bleichenbacher 2006: with e = 3, a number whose cube begins with padding, DigestInfo and the right hash, and ends
 * in anything. A verifier that does not look behind the hash takes it. */
static char *forged_with_small_exponent(EVP_PKEY *key, const char *input)
{
    static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
    uint8_t em[256];
    unsigned len = 0;
    size_t at = 12;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *want = NULL, *low = BN_new(), *high = BN_new(), *mid = BN_new(), *cube = BN_new();

    memset(em, 0xff, sizeof em);
    em[0] = 0, em[1] = 1, em[at - 1] = 0;
    memcpy(em + at, info, sizeof info);
    must(EVP_Digest(input, strlen(input), em + at + sizeof info, &len, EVP_sha256(), NULL) == 1, "hash");
    want = BN_bin2bn(em, sizeof em, NULL);
    must(ctx && want && low && high && mid && cube && BN_set_bit(high, 700), "numbers");
    for (int i = 0; i < 720; i++) { /* the cube root, rounded down, by halving */
        must(BN_add(mid, low, high) && BN_rshift1(mid, mid) && BN_sqr(cube, mid, ctx) &&
                 BN_mul(cube, cube, mid, ctx),
             "cube");
        must(BN_copy(BN_cmp(cube, want) > 0 ? high : low, mid) != NULL, "halve");
    }
    uint8_t sig[256], check[256];
    must(BN_bn2binpad(low, sig, 256) == 256 && BN_sqr(cube, low, ctx) && BN_mul(cube, cube, low, ctx) &&
             BN_bn2binpad(cube, check, 256) == 256 && memcmp(check, em, at + sizeof info + 32) == 0,
         "the forgery has the right beginning");
    (void)key;
    BN_free(want), BN_free(low), BN_free(high), BN_free(mid), BN_free(cube), BN_CTX_free(ctx);
    return join(input, att_span_of(sig, sizeof sig));
}

static void j5_rsa(void)
{
    EVP_PKEY *small = rsa_new(1024, 65537), *odd = rsa_new(2047, 65537), *cube = rsa_new(2048, 3);
    char *rs = signing_input(header_of("RS256"), payload);
    char *ps = signing_input(header_of("PS256"), payload);

    expect("J5 RSA of 1024 bits", token_of(small, "RS256", header_of("RS256"), payload), jwk_of(small, ""),
           all_algs, ATT_TOKEN_KEY_INVALID);
    expect("J5 RSA of 2047 bits", token_of(odd, "RS256", header_of("RS256"), payload), jwk_of(odd, ""),
           all_algs, ATT_TOKEN_KEY_INVALID);
    expect("J5 e = 1", rs,
           textf("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQ\"}", key_number(rsa, OSSL_PKEY_PARAM_RSA_N, 0)),
           all_algs, ATT_TOKEN_MALFORMED);
    expect("J5 e = 1", join(rs, att_span_of("x", 1)),
           textf("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQ\"}", key_number(rsa, OSSL_PKEY_PARAM_RSA_N, 0)),
           all_algs, ATT_TOKEN_KEY_INVALID);
    expect("J5 e = 3, honest", token_of(cube, "RS256", header_of("RS256"), payload), jwk_of(cube, ""),
           all_algs, ATT_OK);
    expect("J5 e = 3, forged after Bleichenbacher", forged_with_small_exponent(cube, rs), jwk_of(cube, ""),
           all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    for (int salt = 0; salt <= 64; salt += 4) {
        const struct signing how = { .salt_len = salt };
        expect(salt == 32 ? "J5 PSS salt as long as the hash" : "J5 PSS salt of another length",
               join(ps, sign_bytes(rsa, "PS256", ps, &how)), jwk_of(rsa, ""), all_algs,
               salt == 32 ? ATT_OK : ATT_TOKEN_SIGNATURE_INVALID);
    }
    EVP_PKEY_free(small), EVP_PKEY_free(odd), EVP_PKEY_free(cube);
}

static void headers(void)
{
    char *deep = malloc(400);
    memset(deep, '[', 199);
    strcpy(deep + 199, "1");
    memset(deep + 200, ']', 199);
    deep[399] = '\0';
    char *long_kid = malloc(1 << 20);
    memset(long_kid, 'k', (1 << 20) - 1);
    long_kid[(1 << 20) - 1] = '\0';
    const struct {
        const char *name;
        const char *header;
        enum att_code want;
    } rows[] = {
        { "plain", "{\"alg\":\"ES256\"}", ATT_OK },
        { "spaces", " { \"alg\" : \"ES256\" }\n", ATT_OK },
        { "typ and cty are free", "{\"alg\":\"ES256\",\"typ\":\"anything\",\"cty\":7}", ATT_OK },
        { "J6 jku is not looked at", "{\"alg\":\"ES256\",\"jku\":\"http://169.254.169.254/\",\"x5u\":[]}",
          ATT_OK },
        { "J10 name twice", "{\"alg\":\"ES256\",\"alg\":\"ES256\"}", ATT_TOKEN_MALFORMED },
        { "J10 name twice, once escaped", "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\"}", ATT_TOKEN_MALFORMED },
        { "J10 escaped name alone", "{\"\\u0061lg\":\"ES256\"}", ATT_OK },
        { "J10 name twice, deeper", "{\"alg\":\"ES256\",\"a\":{\"b\":1,\"b\":2}}", ATT_TOKEN_MALFORMED },
        { "J10 BOM", "\xef\xbb\xbf{\"alg\":\"ES256\"}", ATT_TOKEN_MALFORMED },
        { "J10 NaN", "{\"alg\":\"ES256\",\"a\":NaN}", ATT_TOKEN_MALFORMED },
        { "J10 deep nesting", textf("{\"alg\":\"ES256\",\"a\":%s}", deep), ATT_TOKEN_MALFORMED },
        { "J10 not UTF-8", "{\"alg\":\"ES256\",\"a\":\"\xff\"}", ATT_TOKEN_MALFORMED },
        { "J10 bytes behind", "{\"alg\":\"ES256\"}x", ATT_TOKEN_MALFORMED },
        { "J10 another case is another name", "{\"Alg\":\"ES256\"}", ATT_TOKEN_MALFORMED },
        { "J11 crit", "{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}", ATT_TOKEN_CRITICAL },
        { "J11 crit empty", "{\"alg\":\"ES256\",\"crit\":[]}", ATT_TOKEN_CRITICAL },
        { "J11 crit null", "{\"alg\":\"ES256\",\"crit\":null}", ATT_TOKEN_CRITICAL },
        { "J11 crit b64", "{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":true}", ATT_TOKEN_CRITICAL },
        { "J11 b64 false", "{\"alg\":\"ES256\",\"b64\":false}", ATT_TOKEN_CRITICAL },
        { "J11 b64 of another type", "{\"alg\":\"ES256\",\"b64\":\"true\"}", ATT_TOKEN_CRITICAL },
        { "J11 b64 true", "{\"alg\":\"ES256\",\"b64\":true}", ATT_OK },
        { "no alg", "{\"typ\":\"JWT\"}", ATT_TOKEN_MALFORMED },
        { "alg null", "{\"alg\":null}", ATT_TOKEN_MALFORMED },
        { "alg list", "{\"alg\":[\"ES256\"]}", ATT_TOKEN_MALFORMED },
        { "alg in another case", "{\"alg\":\"es256\"}", ATT_TOKEN_ALGORITHM },
        { "alg with a NUL", "{\"alg\":\"ES256\\u0000\"}", ATT_TOKEN_ALGORITHM },
        { "array", "[\"alg\",\"ES256\"]", ATT_TOKEN_MALFORMED },
        { "string", "\"ES256\"", ATT_TOKEN_MALFORMED },
        { "empty object", "{}", ATT_TOKEN_MALFORMED },
        { "J9 kid that is a number", "{\"alg\":\"ES256\",\"kid\":1}", ATT_TOKEN_MALFORMED },
        { "J9 kid null", "{\"alg\":\"ES256\",\"kid\":null}", ATT_TOKEN_MALFORMED },
        { "J9 kid of a megabyte", textf("{\"alg\":\"ES256\",\"kid\":\"%.700000s\"}", long_kid),
          ATT_TOKEN_MALFORMED },
        { "J9 kid of 513 bytes", textf("{\"alg\":\"ES256\",\"kid\":\"%.513s\"}", long_kid),
          ATT_TOKEN_MALFORMED },
        { "J9 right kid", "{\"alg\":\"ES256\",\"kid\":\"one\"}", ATT_OK },
        { "J9 kid with a NUL behind", "{\"alg\":\"ES256\",\"kid\":\"one\\u0000\"}", ATT_TOKEN_KEY_UNKNOWN },
        { "J9 path", "{\"alg\":\"ES256\",\"kid\":\"../../one\"}", ATT_TOKEN_KEY_UNKNOWN },
        { "J9 SQL", "{\"alg\":\"ES256\",\"kid\":\"one' OR '1'='1\"}", ATT_TOKEN_KEY_UNKNOWN },
        { "J9 other case", "{\"alg\":\"ES256\",\"kid\":\"One\"}", ATT_TOKEN_KEY_UNKNOWN },
        { "J9 empty", "{\"alg\":\"ES256\",\"kid\":\"\"}", ATT_TOKEN_KEY_UNKNOWN },
        { "J16 zip is not unpacked", "{\"alg\":\"ES256\",\"zip\":\"DEF\"}", ATT_OK },
        { "J16 PBES2", "{\"alg\":\"PBES2-HS256+A128KW\",\"p2c\":2147483647,\"enc\":\"A128GCM\"}",
          ATT_TOKEN_ALGORITHM },
    };
    char *jwk = jwk_of(p256, "\"kid\":\"one\",");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].name, token_of(p256, "ES256", rows[i].header, payload), jwk, all_algs, rows[i].want);
    free(deep), free(long_kid);
}

static void j7_embedded_key(void)
{
    EVP_PKEY *evil = ec_new("P-256");
    char *jwk = jwk_of(p256, "\"kid\":\"one\",");
    struct att_span cert = cert_of(evil, "evil");

    expect("J7 embedded jwk",
           token_of(evil, "ES256", textf("{\"alg\":\"ES256\",\"jwk\":%s}", jwk_of(evil, "")), payload), jwk,
           all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    expect("J7 embedded jwk under the trusted kid",
           token_of(evil, "ES256",
                    textf("{\"alg\":\"ES256\",\"kid\":\"one\",\"jwk\":%s}", jwk_of(evil, "\"kid\":\"one\",")),
                    payload),
           jwk, all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    expect("J7 embedded x5c",
           token_of(evil, "ES256", textf("{\"alg\":\"ES256\",\"x5c\":[\"%s\"]}", b64(cert.ptr, cert.len)),
                    payload),
           jwk, all_algs, ATT_TOKEN_SIGNATURE_INVALID);
    EVP_PKEY_free(evil);
}

static void j12_segments(void)
{
    char *jwk = jwk_of(p256, "");
    char *good = token_of(p256, "ES256", header_of("ES256"), "{\"a\":\"?\\?>>\"}");
    char *h = b64url_text(header_of("ES256"));
    char *standard = token_of(p256, "ES256", header_of("ES256"), "{\"a\":\"\xc3\xbf\xc3\xbf\xc3\xbf?\"}");
    const char *dot = strchr(good, '.');
    size_t len = strlen(good);

    expect("right", good, jwk, all_algs, ATT_OK);
    expect("J12 padding behind the signature", textf("%s=", good), jwk, all_algs, ATT_TOKEN_MALFORMED);
    expect("J12 padding behind the header", textf("%s==%s", h, dot), jwk, all_algs, ATT_TOKEN_MALFORMED);
    expect("J12 space in front", textf(" %s", good), jwk, all_algs, ATT_TOKEN_MALFORMED);
    expect("J12 newline behind", textf("%s\n", good), jwk, all_algs, ATT_TOKEN_MALFORMED);
    expect("J12 newline inside", textf("%.10s\n%s", good, good + 10), jwk, all_algs, ATT_TOKEN_MALFORMED);
    expect("J12 quotes", textf("\"%s\"", good), jwk, all_algs, ATT_TOKEN_MALFORMED);
    enum att_code nul = verdict_of(att_span_of(good, len + 1), jwk, all_algs);
    cases_check(&cases, nul == ATT_TOKEN_MALFORMED, "J12 NUL behind: %s", att_code_name(nul));
    /* The signature of 64 bytes leaves four bits of its last character unused: 15 other spellings. */
    const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < 64; i++) {
        char *other = strdup(good);
        other[len - 1] = alphabet[i];
        if (other[len - 1] != good[len - 1])
            expect_refused("J12 another last character", other, jwk);
        free(other);
    }
    char *plus = strdup(standard);
    unsigned changed = 0;
    for (char *c = plus; *c; c++) {
        changed += *c == '-' || *c == '_';
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    }
    cases_check(&cases, changed > 0, "the token has characters that differ between the alphabets");
    expect("J12 standard alphabet", plus, jwk, all_algs, ATT_TOKEN_MALFORMED);
    free(plus);
}

static void j15_other_forms(void)
{
    char *jwk = jwk_of(p256, "");
    char *good = token_of(p256, "ES256", header_of("ES256"), payload);
    char *h = strndup(good, strcspn(good, "."));
    char *p = strndup(strchr(good, '.') + 1, strcspn(strchr(good, '.') + 1, "."));
    char *s = strdup(strrchr(good, '.') + 1);
    const struct {
        const char *name;
        const char *token;
        enum att_code want;
    } rows[] = {
        { "right", good, ATT_OK },
        { "empty", "", ATT_TOKEN_MALFORMED },
        { "one dot", ".", ATT_TOKEN_MALFORMED },
        { "two dots", "..", ATT_TOKEN_MALFORMED },
        { "header alone", h, ATT_TOKEN_MALFORMED },
        { "two segments", textf("%s.%s", h, p), ATT_TOKEN_MALFORMED },
        { "no signature", textf("%s.%s.", h, p), ATT_TOKEN_SIGNATURE_INVALID },
        { "J15 four segments", textf("%s.%s.%s.%s", h, p, s, s), ATT_TOKEN_MALFORMED },
        { "J15 dot behind", textf("%s.%s.%s.", h, p, s), ATT_TOKEN_MALFORMED },
        { "J15 dot in front", textf(".%s.%s.%s", h, p, s), ATT_TOKEN_MALFORMED },
        { "J15 five segments, a JWE", textf("%s.%s.%s.%s.%s", h, p, s, p, s), ATT_TOKEN_MALFORMED },
        { "J15 flattened JSON",
          textf("{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}", h, p, s),
          ATT_TOKEN_MALFORMED },
        { "J15 general JSON, two signatures",
          textf("{\"payload\":\"%s\",\"signatures\":[{\"protected\":\"%s\",\"signature\":\"%s\"},{"
                "\"protected\":\"%s\","
                "\"signature\":\"%s\"}]}",
                p, h, s, h, s),
          ATT_TOKEN_MALFORMED },
        { "J15 detached payload", textf("%s..%s", h, s), ATT_TOKEN_SIGNATURE_INVALID },
        { "header and payload exchanged", textf("%s.%s.%s", p, h, s), ATT_TOKEN_MALFORMED },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].name, rows[i].token, jwk, all_algs, rows[i].want);
    free(h), free(p), free(s);
}

/* J20: what is signed is what was sent. */
static void j20_other_spelling(void)
{
    char *jwk = jwk_of(p256, "");
    char *input = signing_input(header_of("ES256"), "{\"a\":1,\"b\":2}");
    struct att_span sig = sign_bytes(p256, "ES256", input, NULL);

    expect("right", join(input, sig), jwk, all_algs, ATT_OK);
    expect("J20 spaces", join(signing_input(header_of("ES256"), "{\"a\": 1,\"b\":2}"), sig), jwk, all_algs,
           ATT_TOKEN_SIGNATURE_INVALID);
    expect("J20 order", join(signing_input(header_of("ES256"), "{\"b\":2,\"a\":1}"), sig), jwk, all_algs,
           ATT_TOKEN_SIGNATURE_INVALID);
    expect("J20 header with a space", join(signing_input("{\"alg\": \"ES256\"}", "{\"a\":1,\"b\":2}"), sig),
           jwk, all_algs, ATT_TOKEN_SIGNATURE_INVALID);
}

static void every_bit_and_every_length(void)
{
    char *jwk = jwk_of(p256, "");
    char *good = token_of(p256, "ES256", header_of("ES256"), payload);
    size_t len = strlen(good);
    unsigned accepted = 0;

    for (size_t bit = 0; bit < 8 * len; bit++) {
        char *other = strdup(good);
        other[bit / 8] = (char)(other[bit / 8] ^ (char)(1 << bit % 8));
        accepted += verdict_of(att_span_of(other, len), jwk, all_algs) == ATT_OK;
        free(other);
    }
    cases_check(&cases, accepted == 0, "%u tokens with one bit flipped were accepted", accepted);
    for (size_t cut = 0; cut < len; cut++)
        accepted += verdict_of(att_span_of(good, cut), jwk, all_algs) == ATT_OK;
    cases_check(&cases, accepted == 0, "%u tokens cut short were accepted", accepted);
}

static void limits_hold(void)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_limits low = att_limits_default;
    char *good = token_of(p256, "ES256", header_of("ES256"), payload);
    struct att_err err = { 0 };
    struct att_jws jws;

    low.token_bytes_max = strlen(good);
    cases_check(&cases, att_jws_split(a, att_str(good), &low, &jws, &err), "as long as the limit");
    low.token_bytes_max--;
    memset(&jws, 0x5a, sizeof jws);
    cases_check(&cases, !att_jws_split(a, att_str(good), &low, &jws, &err) && err.code == ATT_TOKEN_MALFORMED,
                "longer than the limit");
    cases_check(&cases, ((uint8_t *)&jws)[0] == 0x5a, "the output changes only on success");
    for (size_t ceiling = 0; ceiling < 400; ceiling += 7) {
        struct att_arena *tiny = att_arena_new(ceiling);
        struct att_err why = { 0 };
        bool ok = att_jws_split(tiny, att_str(good), NULL, &jws, &why);
        cases_check(&cases, ok || why.code == ATT_OUT_OF_MEMORY, "ceiling %zu: %s", ceiling,
                    att_code_name(why.code));
        att_arena_free(tiny);
    }
    att_arena_free(a);
}

int main(void)
{
    crypto = att_crypto_new();
    must(crypto != NULL, "crypto");
    rsa = rsa_new(2048, 65537);
    p256 = ec_new("P-256");
    p384 = ec_new("P-384");
    p521 = ec_new("P-521");
    every_algorithm_works();
    j1_none();
    j2_key_confusion();
    j4_signature_ranges();
    j5_rsa();
    headers();
    j7_embedded_key();
    j12_segments();
    j15_other_forms();
    j20_other_spelling();
    every_bit_and_every_length();
    limits_hold();
    EVP_PKEY_free(rsa), EVP_PKEY_free(p256), EVP_PKEY_free(p384), EVP_PKEY_free(p521);
    att_crypto_free(crypto);
    return cases_report(&cases);
}
