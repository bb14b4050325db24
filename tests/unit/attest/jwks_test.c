/* layers: attest jose crypto codec base */
/* Publishing keys: the kid and the JWK of a certificate, read back by the reader of src/jose. */
#include <attest/jwks.h>

#include "jose/jwk.h"
#include "support/cases.h"
#include "unit/jose/signing.h"

static struct cases cases = { .name = "attest.jwks" };

/* OpenSSL's own PEM writer and base64, not ours. */
static char *kid_by_openssl(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    uint8_t digest[32];
    char *pem = NULL;

    must(bio && PEM_write_bio_PUBKEY(bio, key) == 1, "PEM");
    long len = BIO_get_mem_data(bio, &pem);
    char *with_nul = textf("%.*s", (int)len, pem);
    must(EVP_Digest(with_nul, (size_t)len + 1, digest, NULL, EVP_sha256(), NULL) == 1, "digest");
    BIO_free(bio);
    return b64(digest, sizeof digest);
}

static char *pem_of(EVP_PKEY *key, const char *line_end)
{
    struct att_span spki = spki_of(key);
    char *text = b64(spki.ptr, spki.len);
    char *pem = textf("-----BEGIN PUBLIC KEY-----%s", line_end);

    for (size_t at = 0; at < strlen(text); at += 64)
        pem = textf("%s%.64s%s", pem, text + at, line_end);
    return textf("%s-----END PUBLIC KEY-----%s", pem, line_end);
}

static void kids(EVP_PKEY *key)
{
    char got[ATT_KID_SIZE] = "";
    struct att_err err = { 0 };
    char *want = kid_by_openssl(key);

    cases_check(&cases, att_kid_of_spki(spki_of(key), got, &err) && strcmp(got, want) == 0,
                "DER: %s, wanted %s (%s)", got, want, err.text);
    memset(got, 0, sizeof got);
    cases_check(&cases, att_kid_of_spki(att_str(pem_of(key, "\n")), got, &err) && strcmp(got, want) == 0,
                "PEM: %s", got);
    memset(got, 0, sizeof got);
    cases_check(&cases, att_kid_of_spki(att_str(pem_of(key, "\r\n")), got, &err) && strcmp(got, want) == 0,
                "PEM with CRLF: %s", got);
    struct att_span spki = spki_of(key);
    for (size_t cut = 0; cut < spki.len; cut++) {
        struct att_err why = { 0 };
        cases_check(&cases,
                    !att_kid_of_spki(att_span_of(spki.ptr, cut), got, &why) && why.code == ATT_KEY_INVALID,
                    "SPKI cut at %zu: %s", cut, att_code_name(why.code));
    }
    cases_check(&cases, strcmp(got, want) == 0, "the output changes only on success");
}

static void jwks(EVP_PKEY *key, const char *alg, const char *wrong_alg)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_span cert = cert_of(key, "https://attest.example"), got = att_str("untouched");
    struct att_jwk_set set = { 0 };
    struct att_crypto *c = att_crypto_new();
    struct att_err err = { 0 };
    char *body = b64(cert.ptr, cert.len);
    char *want;

    if (EVP_PKEY_is_a(key, "RSA"))
        want = textf("{\"alg\":\"%s\",\"e\":\"AQAB\",\"kid\":\"k+/"
                     "=\",\"kty\":\"RSA\",\"n\":\"%s\",\"use\":\"sig\",\"x5c\":"
                     "[\"%s\"]}",
                     alg, key_number(key, OSSL_PKEY_PARAM_RSA_N, 0), body);
    else
        want = textf(
            "{\"alg\":\"%s\",\"crv\":\"%s\",\"kid\":\"k+/=\",\"kty\":\"EC\",\"use\":\"sig\",\"x\":\"%s\","
            "\"x5c\":[\"%s\"],\"y\":\"%s\"}",
            alg, curve_name(key), key_number(key, OSSL_PKEY_PARAM_EC_PUB_X, coordinate_bytes(key)), body,
            key_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, coordinate_bytes(key)));
    cases_check(&cases,
                !att_jwk_of_certificate(a, cert, wrong_alg, att_str("k"), &got, &err) &&
                    err.code == ATT_KEY_INVALID && att_span_is(got, "untouched"),
                "%s for a key of %s: %s", wrong_alg, alg, att_code_name(err.code));
    err = (struct att_err){ 0 };
    cases_check(&cases,
                att_jwk_of_certificate(a, cert, alg, att_str("k+/="), &got, &err) && att_span_is(got, want),
                "%s: %s\n got %.*s\nwant %s", alg, err.text, (int)got.len, (const char *)got.ptr, want);
    cases_check(&cases,
                att_jwk_set_read(c, a, NULL, got, &set, &err) && set.keys[0].key && set.keys[0].has_alg &&
                    att_span_is(set.keys[0].kid, "k+/="),
                "%s is read back: %s", alg, err.text);
    att_jwk_set_free(&set);
    for (size_t cut = 0; cut < cert.len; cut += 7) {
        struct att_err why = { 0 };
        cases_check(&cases,
                    !att_jwk_of_certificate(a, att_span_of(cert.ptr, cut), alg, att_str("k"), &got, &why) &&
                        why.code == ATT_CERT_MALFORMED,
                    "certificate cut at %zu: %s", cut, att_code_name(why.code));
    }
    att_crypto_free(c);
    att_arena_free(a);
}

static void not_a_key(void)
{
    static const char *const wrong[] = { "",
                                         "x",
                                         "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
                                         "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
                                         "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
                                         "0\x00" };
    char got[ATT_KID_SIZE];

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct att_err err = { 0 };
        cases_check(&cases, !att_kid_of_spki(att_str(wrong[i]), got, &err) && err.code == ATT_KEY_INVALID,
                    "%zu: %s", i, att_code_name(err.code));
    }
}

int main(void)
{
    EVP_PKEY *rsa = rsa_new(2048, 65537), *p256 = ec_new("P-256"), *p384 = ec_new("P-384"),
             *p521 = ec_new("P-521");

    kids(rsa), kids(p256), kids(p384), kids(p521);
    jwks(rsa, "RS256", "ES256");
    jwks(rsa, "PS512", "HS256");
    jwks(p256, "ES256", "ES384");
    jwks(p384, "ES384", "RS256");
    jwks(p521, "ES512", "none");
    not_a_key();
    EVP_PKEY_free(rsa), EVP_PKEY_free(p256), EVP_PKEY_free(p384), EVP_PKEY_free(p521);
    return cases_report(&cases);
}
