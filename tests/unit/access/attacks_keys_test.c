/* layers: access base codec */
/* Attacks on algorithms, keys and signatures of bearer tokens (J1 to J8), by their number in the project's list (RFC 8725
 * and what has been found since). */
#include "unit/access/attacks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

static struct cases cases = { .name = "access.attacks_keys" };

static void right_tokens(void)
{
    expect(access_, "RS256", test_token(rsa, "RS256", H("RS256", "r1"), good_claims("")), ATT_OK);
    expect(access_, "PS256", test_token(pss, "PS256", H("PS256", "p1"), good_claims("")), ATT_OK);
    expect(access_, "ES256", good(), ATT_OK);
}

static void j1_none(void)
{
    static const char *const spellings[] = {
        "none", "None", "NONE", "nOnE", "none ", "", "\\u006eone", "null"
    };
    char *signature = strrchr(good(), '.');

    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        bool exact = i == 0 || i == 6;
        char *header = test_text("{\"alg\":\"%s\",\"kid\":\"e1\",\"typ\":\"JWT\"}", spellings[i]);
        expect(access_, test_text("J1: alg %s", spellings[i]),
               test_token(NULL, "none", header, good_claims("")),
               exact ? ATT_TOKEN_UNSECURED : ATT_TOKEN_ALGORITHM);
        expect(access_, test_text("J1: alg %s with a signature", spellings[i]),
               test_text("%s%s", test_signing_input(header, good_claims("")), signature),
               exact ? ATT_TOKEN_MALFORMED : ATT_TOKEN_ALGORITHM);
    }
    static const char *const values[] = { "null", "1", "true", "[\"ES256\"]", "{}" };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        expect(access_, test_text("J1: alg is %s", values[i]),
               test_token(ec, "ES256", test_text("{\"alg\":%s,\"kid\":\"e1\"}", values[i]), good_claims("")),
               ATT_TOKEN_MALFORMED);
    expect(access_, "J1: no alg", test_token(ec, "ES256", "{\"kid\":\"e1\"}", good_claims("")),
           ATT_TOKEN_MALFORMED);
}

static void j2_hmac(void)
{
    static const char *const algs[] = { "HS256", "HS384", "HS512" };
    const struct {
        const char *name;
        struct att_span secret;
    } secrets[] = {
        { "the public key as PEM", att_str(test_public_pem(rsa)) },
        { "the public key as DER", test_public_der(rsa) },
        { "the JWK", att_str(test_jwk(rsa, "r1", "\"use\":\"sig\",")) },
        { "the key set", att_str(keys_a()) },
        { "the modulus", att_str(test_key_number(rsa, OSSL_PKEY_PARAM_RSA_N, 0)) },
        { "nothing", att_str("") },
    };

    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        for (size_t j = 0; j < 3; j++)
            expect(access_, test_text("J2: %s with %s as secret", algs[j], secrets[i].name),
                   test_token_hmac(secrets[i].secret, algs[j],
                                   test_text("{\"alg\":\"%s\",\"kid\":\"r1\"}", algs[j]), good_claims("")),
                   ATT_TOKEN_ALGORITHM);
        expect(access_, test_text("J2: RS256 in the header, HS256 with %s", secrets[i].name),
               test_token_hmac(secrets[i].secret, "HS256", H("RS256", "r1"), good_claims("")),
               ATT_TOKEN_SIGNATURE_INVALID);
    }
    expect_keys(
        "J2: an oct key in the set", "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"c2VjcmV0\"}]}",
        test_token_hmac(att_str("secret"), "HS256", H("HS256", "k"), good_claims("")), ATT_TOKEN_ALGORITHM);
}

static void j3_key_types(void)
{
    EVP_PKEY *p384 = test_key_ec("P-384"), *p521 = test_key_ec("P-521"), *ed = test_key_named("ED25519");
    char *sets = test_text("{\"keys\":[%s,%s,%s]}", test_jwk(ec, "e1", ""), test_jwk(p384, "e3", ""),
                           test_jwk(p521, "e5", ""));

    expect(access_, "J3: RS256 in the header, a P-256 key",
           test_token(rsa, "RS256", H("RS256", "e1"), good_claims("")), ATT_TOKEN_ALGORITHM);
    expect(access_, "J3: ES256 in the header, an RSA key",
           test_token(ec, "ES256", H("ES256", "r1"), good_claims("")), ATT_TOKEN_ALGORITHM);
    expect(access_, "J3: RS256 with a key that is for PS256",
           test_token(pss, "RS256", H("RS256", "p1"), good_claims("")), ATT_TOKEN_ALGORITHM);
    expect(access_, "J3: PS256 in the header, RS256 made",
           test_token(rsa, "RS256", H("PS256", "r1"), good_claims("")), ATT_TOKEN_SIGNATURE_INVALID);
    expect(access_, "J3: RS256 in the header, PS256 made",
           test_token(rsa, "PS256", H("RS256", "r1"), good_claims("")), ATT_TOKEN_SIGNATURE_INVALID);
    expect_keys("J3: ES256 in the header, a P-384 key", sets,
                test_token(p384, "ES256", H("ES256", "e3"), good_claims("")), ATT_TOKEN_ALGORITHM);
    expect_keys("J3: ES256 in the header, a P-521 key", sets,
                test_token(p521, "ES256", H("ES256", "e5"), good_claims("")), ATT_TOKEN_ALGORITHM);
    struct access_issuer wide = issuer_with(sets);
    wide.algorithms = "ES256 ES384 ES512";
    struct access *a = access_with(&wide, 1);
    expect(a, "J3: ES384 with a P-256 key", test_token(ec, "ES384", H("ES384", "e1"), good_claims("")),
           ATT_TOKEN_ALGORITHM);
    expect(a, "J3: ES384 with a P-384 key is right",
           test_token(p384, "ES384", H("ES384", "e3"), good_claims("")), ATT_OK);
    expect(a, "J3: ES512 with a P-384 key", test_token(p384, "ES512", H("ES512", "e3"), good_claims("")),
           ATT_TOKEN_ALGORITHM);
    access_free(a);
    static const char *const unknown[] = { "EdDSA", "ES256K", "ES257", "RSA1_5", "es256", "ES256 ", "RS1" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        expect(access_, test_text("J3: alg %s", unknown[i]),
               test_token(ec, "ES256", test_text("{\"alg\":\"%s\",\"kid\":\"e1\"}", unknown[i]),
                          good_claims("")),
               ATT_TOKEN_ALGORITHM);
    uint8_t sig[64];
    size_t len = sizeof sig;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    char *input = test_signing_input(H("EdDSA", "d1"), good_claims(""));
    test_must(ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, ed) == 1 &&
                  EVP_DigestSign(ctx, sig, &len, (const uint8_t *)input, strlen(input)) == 1,
              "Ed25519");
    EVP_MD_CTX_free(ctx);
    expect_keys("J3: an OKP key",
                test_text("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"d1\",\"x\":\"%s\"}]}",
                          test_b64url("01234567890123456789012345678901", 32)),
                test_join(input, att_span_of(sig, len)), ATT_TOKEN_ALGORITHM);
}

/* Points that are none, under the name of the key that a token asks for. */
static void j3_points(void)
{
    uint8_t zero[32] = { 0 }, ones[32];
    memset(ones, 0xff, sizeof ones);
    const char *x = test_key_number(ec, OSSL_PKEY_PARAM_EC_PUB_X, 32);
    const char *y = test_key_number(ec, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    const struct {
        const char *name, *x, *y, *crv;
    } rows[] = {
        { "x and y swapped", y, x, "P-256" },
        { "the point at infinity", test_b64url(zero, 32), test_b64url(zero, 32), "P-256" },
        { "x beyond the field", test_b64url(ones, 32), y, "P-256" },
        { "y of another point", x, test_key_number(evil_ec, OSSL_PKEY_PARAM_EC_PUB_Y, 32), "P-256" },
        { "an empty x", "", y, "P-256" },
        { "x and y too short", test_b64url(zero, 31), test_b64url(zero, 31), "P-256" },
        { "P-384 named for it", x, y, "P-384" },
        { "secp256k1 named for it", x, y, "secp256k1" },
        { "p-256 in small letters", x, y, "p-256" },
        { "padding in x", test_text("%s=", x), y, "P-256" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_keys(
            test_text("J3: key with %s", rows[i].name),
            test_text("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"%s\",\"kid\":\"e1\",\"x\":\"%s\",\"y\":\"%s\"}]}",
                      rows[i].crv, rows[i].x, rows[i].y),
            good(), ATT_TOKEN_KEY_INVALID);
}

static struct att_span half(const BIGNUM *r, const BIGNUM *s)
{
    uint8_t *raw = test_kept(malloc(64));
    test_must(BN_bn2binpad(r, raw, 32) == 32 && BN_bn2binpad(s, raw + 32, 32) == 32, "r||s");
    return att_span_of(raw, 64);
}

static void j4_signatures(void)
{
    char *input = test_signing_input(H("ES256", "e1"), good_claims(""));
    struct att_span sig = test_sign(ec, "ES256", input);
    BIGNUM *zero = BN_new(), *n = NULL, *r = BN_bin2bn(sig.ptr, 32, NULL),
           *s = BN_bin2bn(sig.ptr + 32, 32, NULL);
    BIGNUM *high = BN_new();

    test_must(BN_hex2bn(&n, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551") > 0 && zero &&
                  r && s && high && BN_sub(high, n, s) == 1,
              "numbers");
    BN_zero(zero);
    const struct {
        const char *name;
        struct att_span sig;
        enum att_code want;
    } rows[] = {
        { "as made", sig, ATT_OK },
        { "high S is another spelling of the same and valid", half(r, high), ATT_OK },
        { "empty", { 0 }, ATT_TOKEN_SIGNATURE_INVALID },
        { "r is 0", half(zero, s), ATT_TOKEN_SIGNATURE_INVALID },
        { "s is 0", half(r, zero), ATT_TOKEN_SIGNATURE_INVALID },
        { "both are 0", half(zero, zero), ATT_TOKEN_SIGNATURE_INVALID },
        { "r is n", half(n, s), ATT_TOKEN_SIGNATURE_INVALID },
        { "s is n", half(r, n), ATT_TOKEN_SIGNATURE_INVALID },
        { "both are n", half(n, n), ATT_TOKEN_SIGNATURE_INVALID },
        { "r and s swapped", half(s, r), ATT_TOKEN_SIGNATURE_INVALID },
        { "DER", test_sign_der(ec, "ES256", input), ATT_TOKEN_SIGNATURE_INVALID },
        { "of another text", test_sign(ec, "ES256", "x"), ATT_TOKEN_SIGNATURE_INVALID },
        { "of another key", test_sign(evil_ec, "ES256", input), ATT_TOKEN_SIGNATURE_INVALID },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(access_, test_text("J4: ES256 %s", rows[i].name), test_join(input, rows[i].sig), rows[i].want);

    uint8_t longer[65] = { 0 };
    memcpy(longer, sig.ptr, 64);
    expect(access_, "J4: ES256 with a byte behind", test_join(input, att_span_of(longer, 65)),
           ATT_TOKEN_SIGNATURE_INVALID);
    memmove(longer + 1, sig.ptr, 64);
    longer[0] = 0;
    expect(access_, "J4: ES256 with a zero in front", test_join(input, att_span_of(longer, 65)),
           ATT_TOKEN_SIGNATURE_INVALID);
    char *rsa_input = test_signing_input(H("RS256", "r1"), good_claims(""));
    struct att_span rsa_sig = test_sign(rsa, "RS256", rsa_input);
    for (size_t cut = 0; cut < sig.len; cut += 7)
        expect(access_, test_text("J4: ES256 cut to %zu bytes", cut),
               test_join(input, att_span_of(sig.ptr, cut)), ATT_TOKEN_SIGNATURE_INVALID);
    for (size_t cut = 0; cut < rsa_sig.len; cut += 51)
        expect(access_, test_text("J4: RS256 cut to %zu bytes", cut),
               test_join(rsa_input, att_span_of(rsa_sig.ptr, cut)), ATT_TOKEN_SIGNATURE_INVALID);
    BN_free(zero);
    BN_free(n);
    BN_free(r);
    BN_free(s);
    BN_free(high);
}

/* Every single bit of a good signature, and of the signed text. */
static void j4_bits(void)
{
    char *token = good();
    size_t len = strlen(token), body = len - strlen(strrchr(token, '.'));
    unsigned accepted = 0, flips = 0;

    for (size_t at = 0; at < len; at++) {
        for (unsigned bit = 0; bit < 7; bit++) {
            char *wrong = strdup(token);
            test_must(wrong != NULL, "memory");
            wrong[at] = (char)(wrong[at] ^ (1 << bit));
            accepted += wrong[at] != '\0' && check(access_, wrong).good;
            flips++;
            free(wrong);
        }
        if (at == 40 &&
            body > 400) /* header and payload: their beginnings and the whole signature are enough */
            at = body - 40;
    }
    attack("J4: every bit", accepted == 0 && flips > 500, "%u of %u flips accepted", accepted, flips);
}

/* The signature of Bleichenbacher's forgery: with e = 3 a cube root whose cube begins like a padded digest and has
 * anything behind it (CVE-2006-4339). */
static struct att_span cube_root_forgery(const char *input)
{
    static const uint8_t prefix[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
    uint8_t block[256] = { 0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *low = BN_new(), *high = BN_new(), *mid = BN_new(), *cube = BN_new(), *three = BN_new();
    uint8_t *sig = test_kept(calloc(1, 256));

    memcpy(block + 11, prefix, sizeof prefix);
    SHA256((const uint8_t *)input, strlen(input), block + 11 + sizeof prefix);
    BIGNUM *target = BN_bin2bn(block, sizeof block, NULL);
    test_must(ctx && low && high && mid && cube && three && target && BN_set_word(three, 3) &&
                  BN_lshift(high, BN_value_one(), 700),
              "numbers");
    BN_zero(low);
    for (unsigned i = 0; i < 702; i++) { /* the smallest number whose cube is not below the target */
        test_must(BN_add(mid, low, high) && BN_rshift1(mid, mid) && BN_exp(cube, mid, three, ctx),
                  "cube root");
        if (BN_cmp(cube, target) < 0)
            test_must(BN_add(low, mid, BN_value_one()) == 1, "cube root");
        else
            test_must(BN_copy(high, mid) != NULL, "cube root");
    }
    uint8_t cubed[256];
    test_must(BN_exp(cube, high, three, ctx) && BN_bn2binpad(cube, cubed, 256) == 256 &&
                  memcmp(cubed, block, 62) == 0,
              "the cube begins as wanted");
    test_must(BN_bn2binpad(high, sig, 256) == 256, "cube root");
    BN_free(low);
    BN_free(high);
    BN_free(mid);
    BN_free(cube);
    BN_free(three);
    BN_free(target);
    BN_CTX_free(ctx);
    return att_span_of(sig, 256);
}

static void j5_rsa(void)
{
    EVP_PKEY *small = test_key_rsa(1024, 65537), *nearly = test_key_rsa(2040, 65537),
             *three = test_key_rsa(2048, 3);
    char *n = test_key_number(rsa, OSSL_PKEY_PARAM_RSA_N, 0);
    char *input = test_signing_input(H("RS256", "r1"), good_claims(""));

    expect_keys("J5: 1024 bits", test_jwks1(small, "r1"),
                test_token(small, "RS256", H("RS256", "r1"), good_claims("")), ATT_TOKEN_KEY_INVALID);
    expect_keys("J5: 2040 bits", test_jwks1(nearly, "r1"),
                test_token(nearly, "PS256", H("PS256", "r1"), good_claims("")), ATT_TOKEN_KEY_INVALID);
    expect_keys("J5: e = 3, signed truly", test_jwks1(three, "r1"),
                test_token(three, "RS256", H("RS256", "r1"), good_claims("")), ATT_OK);
    expect_keys("J5: e = 3, Bleichenbacher's forgery", test_jwks1(three, "r1"),
                test_join(input, cube_root_forgery(input)), ATT_TOKEN_SIGNATURE_INVALID);
    static const struct {
        const char *name, *e;
    } exponents[] = { { "e = 1", "AQ" },
                      { "e = 0", "AA" },
                      { "e = 2", "Ag" },
                      { "no e", "" },
                      { "e of 9 bytes", "AQAAAAAAAAAB" } };
    for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++)
        expect_keys(test_text("J5: %s", exponents[i].name),
                    test_text("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\",\"n\":\"%s\",\"e\":\"%s\"}]}", n,
                              exponents[i].e),
                    test_token(rsa, "RS256", H("RS256", "r1"), good_claims("")), ATT_TOKEN_KEY_INVALID);
    /* With e = 1 the signature would be the padded digest itself, which everybody can write. */
    static const int salts[] = { 0, 20, 31, 33, 64 };
    char *pss_input = test_signing_input(H("PS256", "p1"), good_claims(""));
    for (size_t i = 0; i < sizeof salts / sizeof salts[0]; i++)
        expect(access_, test_text("J5: PS256 with a salt of %d bytes", salts[i]),
               test_join(pss_input, test_sign_pss(pss, "PS256", pss_input, salts[i])),
               ATT_TOKEN_SIGNATURE_INVALID);
    expect(access_, "J5: PS256 with SHA-384 inside", test_join(pss_input, test_sign(pss, "PS384", pss_input)),
           ATT_TOKEN_SIGNATURE_INVALID);
    expect(access_, "J5: RS256 with SHA-512 inside", test_join(input, test_sign(rsa, "RS512", input)),
           ATT_TOKEN_SIGNATURE_INVALID);
}

/* J6, J7, J8: keys that a token brings along. */
static void j6_to_j8_brought_keys(void)
{
    struct att_span cert = test_certificate(evil_ec, "login.example", 0), own = test_certificate(ec, "e1", 0);
    const char *x5c = test_b64(cert.ptr, cert.len);
    const struct {
        const char *name, *member;
    } rows[] = {
        { "J6: jku", "\"jku\":\"https://evil.example/keys\"" },
        { "J6: jku inside", "\"jku\":\"https://169.254.169.254/metadata\"" },
        { "J6: x5u", "\"x5u\":\"https://evil.example/cert.pem\"" },
        { "J6: jku of the issuer's own origin", "\"jku\":\"https://login.example/upload/keys\"" },
        { "J7: jwk", test_text("\"jwk\":%s", test_jwk(evil_ec, NULL, "")) },
        { "J7: jwk of the same kid", test_text("\"jwk\":%s", test_jwk(evil_ec, "e1", "")) },
        { "J8: x5c", test_text("\"x5c\":[\"%s\"]", x5c) },
        { "J8: x5c that begins with the issuer's certificate",
          test_text("\"x5c\":[\"%s\",\"%s\"]", test_b64(own.ptr, own.len), x5c) },
        { "J8: x5t", "\"x5t\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA\"" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect(access_, rows[i].name,
               test_token(evil_ec, "ES256", header_more("ES256", "e1", rows[i].member), good_claims("")),
               ATT_TOKEN_SIGNATURE_INVALID);
        expect(access_, test_text("%s, and no kid", rows[i].name),
               test_token(evil_ec, "ES256", test_text("{\"alg\":\"ES256\",%s}", rows[i].member),
                          good_claims("")),
               ATT_TOKEN_KEY_UNKNOWN);
        expect(access_, test_text("%s beside a true signature is not looked at", rows[i].name),
               test_token(ec, "ES256", header_more("ES256", "e1", rows[i].member), good_claims("")), ATT_OK);
    }
}

/* Certificates in the issuer's own key set. */
static void j8_published_certificates(void)
{
    struct att_span own = test_certificate(ec, "e1", 0), evil = test_certificate(evil_ec, "e1", 0),
                    huge = test_certificate(ec, "e1", 20000);
    const char *mine = test_b64(own.ptr, own.len), *theirs = test_b64(evil.ptr, evil.len);
    char *eleven = test_text("\"%s\"", mine);
    for (unsigned i = 0; i < 10; i++)
        eleven = test_text("%s,\"%s\"", eleven, mine);
    const struct {
        const char *name, *x5c;
        enum att_code want;
    } rows[] = {
        { "its own certificate", test_text("\"%s\"", mine), ATT_OK },
        { "its own, then another", test_text("\"%s\",\"%s\"", mine, theirs), ATT_OK },
        { "another's certificate", test_text("\"%s\"", theirs), ATT_TOKEN_KEY_INVALID },
        { "wrong order: another's first", test_text("\"%s\",\"%s\"", theirs, mine), ATT_TOKEN_KEY_INVALID },
        { "eleven certificates", eleven, ATT_TOKEN_KEY_INVALID },
        { "a certificate of 20 kB", test_text("\"%s\"", test_b64(huge.ptr, huge.len)),
          ATT_TOKEN_KEY_INVALID },
        { "no certificate", "", ATT_TOKEN_KEY_INVALID },
        { "a number", "1", ATT_TOKEN_KEY_INVALID },
        { "no certificate but text", "\"QUJD\"", ATT_TOKEN_KEY_INVALID },
        { "url alphabet", test_text("\"%s\"", test_b64url(own.ptr, own.len)), ATT_TOKEN_KEY_INVALID },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_keys(test_text("J8: key set with %s", rows[i].name),
                    test_text("{\"keys\":[%s]}", test_jwk(ec, "e1", test_text("\"x5c\":[%s],", rows[i].x5c))),
                    good(), rows[i].want);
}

int main(void)
{
    set_up();
    right_tokens();
    j1_none();
    j2_hmac();
    j3_key_types();
    j3_points();
    j4_signatures();
    j4_bits();
    j5_rsa();
    j6_to_j8_brought_keys();
    j8_published_certificates();
    access_free(access_);
    return attacks_report();
}
