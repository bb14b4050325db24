/* layers: attest jose crypto codec base */
/* Whose signature counts on which provider: keys, chains, lists. Names carry the numbers of the attack list. */
#include "unit/attest/policy_tokens.h"

#include <openssl/hmac.h>

struct cases cases = { .name = "attest.policy_trust" };

static EVP_PKEY *rsa, *other, *small, *p256, *p384, *p521, *evil;
static char *payload;
/* A listed CA; a listed leaf without one; a chain of three below the CA; and strangers' ones. */
static char *ca, *leaf, *middle, *below, *stranger_ca, *stranger_leaf;

static void make(void)
{
    rsa = rsa_new(2048, 65537);
    other = rsa_new(2048, 65537);
    small = rsa_new(1024, 65537);
    p256 = ec_new("P-256");
    p384 = ec_new("P-384");
    p521 = ec_new("P-521");
    evil = ec_new("P-256");
    payload = payload_of(POLICY, "");
    ca = x5c_ca(rsa, "policy-ca");
    middle = x5c_make(&(struct x5c_cert){ .cn = "middle",
                                          .issuer_cn = "policy-ca",
                                          .key = p384,
                                          .signer = rsa,
                                          .constraints = "critical,CA:TRUE" });
    leaf =
        x5c_make(&(struct x5c_cert){ .cn = "leaf", .issuer_cn = "policy-ca", .key = other, .signer = rsa });
    below = x5c_make(&(struct x5c_cert){ .cn = "below", .issuer_cn = "middle", .key = p256, .signer = p384 });
    stranger_ca = x5c_ca(evil, "policy-ca");
    stranger_leaf =
        x5c_make(&(struct x5c_cert){ .cn = "leaf", .issuer_cn = "policy-ca", .key = evil, .signer = evil });
}

static struct ask listing(EVP_PKEY *key, const char *certificate)
{
    return (struct ask){ .signers = list_of(kept_key(key, certificate), NULL) };
}

static const struct ask aad = { .signers = NULL };

/* -- what is trusted ------------------------------------------------------------------------------------------ */

static void algorithms(void)
{
    const struct {
        EVP_PKEY *key;
        const char *alg;
    } rows[] = { { rsa, "RS256" }, { rsa, "RS384" },  { rsa, "RS512" },
                 { rsa, "PS256" }, { p256, "ES256" }, { p384, "ES384" } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EVP_PKEY *key = rows[i].key;
        const char *alg = rows[i].alg;
        char *own = x5c_ca(key, "signer");
        struct ask isolated = listing(key, own);
        char *token = signed_by(key, alg, x5c_of(own, NULL, NULL), payload);
        struct answer a = takes(alg, &isolated, token);
        cases_check(&cases, strcmp(a.text, POLICY) == 0 && strcmp(a.token, token) == 0, "%s: what it says",
                    alg);
        cases_check(&cases,
                    strcmp(a.jwk, textf("{\"alg\":\"%s\",\"kty\":\"%s\",%s}", alg, kty_of(key),
                                        x5c_of(own, NULL, NULL))) == 0,
                    "%s: the signer as a bare JWK: %s", alg, a.jwk);
        (void)takes(alg, &aad, token);
        char *bare = token_of(key, alg, header_of(alg, textf("\"jwk\":%s", jwk_of(key, ""))), payload);
        a = takes("a bare jwk", &isolated, bare);
        cases_check(&cases, strstr(a.jwk, "\"kty\"") && !strstr(a.jwk, "x5c") && a.t.thumbprint[0] == '\0',
                    "%s: the signer is the jwk itself: %s", alg, a.jwk);
        (void)takes("jwk and x5c of one key", &isolated,
                    token_of(key, alg,
                             header_of(alg, textf("%s,\"jwk\":%s", x5c_of(own, NULL, NULL), jwk_of(key, ""))),
                             payload));
        (void)takes(
            "a space first, alg last", &isolated,
            token_of(key, alg, textf("{ %s , \"alg\" : \"%s\" }", x5c_of(own, NULL, NULL), alg), payload));
    }
}

static void ways_to_be_known(void)
{
    struct ask by_ca = listing(rsa, ca), by_leaf = listing(other, leaf), by_middle = listing(p384, middle);
    char *twin = x5c_make(&(struct x5c_cert){ .cn = "renewed", .key = other });

    (void)takes("the listed leaf, no CA", &by_leaf,
                signed_by(other, "RS256", x5c_of(leaf, NULL, NULL), payload));
    (void)takes("the listed leaf with its CA", &by_leaf,
                signed_by(other, "RS256", x5c_of(leaf, ca, NULL), payload));
    (void)takes("its key in another certificate", &by_leaf,
                signed_by(other, "RS256", x5c_of(twin, NULL, NULL), payload));
    (void)takes("a leaf whose x5c ends in the listed CA", &by_ca,
                signed_by(other, "RS256", x5c_of(leaf, ca, NULL), payload));
    (void)takes("a leaf alone that the listed CA issued", &by_ca,
                signed_by(other, "RS256", x5c_of(leaf, NULL, NULL), payload));
    (void)takes("a chain of three", &by_ca, signed_by(p256, "ES256", x5c_of(below, middle, ca), payload));
    (void)takes("a chain of two below the listed CA", &by_ca,
                signed_by(p256, "ES256", x5c_of(below, middle, NULL), payload));
    (void)takes("the listed CA stands in the middle", &by_middle,
                signed_by(p256, "ES256", x5c_of(below, middle, ca), payload));
    (void)takes("a purpose that is critical is not asked for", &by_ca,
                signed_by(evil, "ES256",
                          x5c_of(x5c_make(&(struct x5c_cert){ .cn = "purposeful",
                                                              .issuer_cn = "policy-ca",
                                                              .key = evil,
                                                              .signer = rsa,
                                                              .purpose = "critical,codeSigning" }),
                                 ca, NULL),
                          payload));
    (void)takes("the second of two that are listed",
                &(struct ask){ .signers = list_of(kept_key(evil, stranger_ca), kept_key(rsa, ca)) },
                signed_by(rsa, "RS256", x5c_of(ca, NULL, NULL), payload));
    (void)takes("AAD: anybody, no CA", &aad,
                signed_by(evil, "ES256", x5c_of(stranger_leaf, NULL, NULL), payload));
}

/* Certificates of live instances have a path length and no cA. */
static void leaf_with_a_path_length(void)
{
    char *odd =
        x5c_make(&(struct x5c_cert){ .cn = "odd", .key = other, .constraints = "CA:FALSE,pathlen:0" });
    struct ask first = listing(rsa, ca);

    first.use = ATT_POLICY_SIGNER;
    struct answer a =
        takes("a leaf with a path length and no cA is added", &first,
              signed_by(rsa, "RS256", x5c_of(ca, NULL, NULL), adding("policyCertificate", "RSA", odd)));
    struct ask both = { .signers = list_of(kept_key(rsa, ca), a.key) };
    (void)takes("and signs", &both, signed_by(other, "RS256", x5c_of(odd, NULL, NULL), payload));
    (void)refuses("J8: and does not vouch for others", &both,
                  signed_by(evil, "ES256",
                            x5c_of(x5c_make(&(struct x5c_cert){
                                       .cn = "under odd", .issuer_cn = "odd", .key = evil, .signer = other }),
                                   NULL, NULL),
                            payload),
                  ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[0]");
}

/* -- what is not ---------------------------------------------------------------------------------------------- */

static void wrong_algorithms(void)
{
    static const char *const names[] = { "None",  "nOnE",  "NONE",  "none ", "",      "RSA256", "rs256",
                                         "PS384", "PS512", "ES512", "EdDSA", "HS256", "ES256K" };
    struct ask isolated = listing(rsa, ca);
    char *x5c = x5c_of(ca, NULL, NULL);
    struct att_span spki = spki_of(rsa);
    uint8_t mac[64];
    unsigned len = 0;

    (void)refuses("J1, A18: none on an Isolated provider", &isolated, unsigned_of(payload),
                  ATT_POLICY_SIGNATURE_REQUIRED, "policy.token.header.alg");
    (void)refuses("J1: none with the signer's certificate beside it", &isolated,
                  textf("%s.", signing_input(header_of("none", x5c), payload)), ATT_POLICY_SIGNATURE_REQUIRED,
                  "policy.token.header.alg");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *input = signing_input(header_of(names[i], x5c), payload);
        (void)refuses("J1: a name that is no algorithm here, no signature", &isolated, textf("%s.", input),
                      ATT_TOKEN_ALGORITHM, "policy.token.header.alg");
        struct answer a = refuses("J21: the provider's list, not the token's", &aad,
                                  join(input, sign_bytes(rsa, "RS256", input, NULL)), ATT_TOKEN_ALGORITHM,
                                  "policy.token.header.alg");
        cases_check(&cases, strstr(a.err.text, "RS256 RS384 RS512 PS256 ES256 ES384 none") != NULL,
                    "the allowed ones are named: %s", a.err.text);
    }
    char *input = signing_input(header_of("HS256", x5c), payload);
    must(HMAC(EVP_sha256(), spki.ptr, (int)spki.len, (const unsigned char *)input, strlen(input), mac,
              &len) != NULL,
         "HMAC");
    (void)refuses("J2: the public key as a shared secret", &isolated, join(input, att_span_of(mac, len)),
                  ATT_TOKEN_ALGORITHM, "policy.token.header.alg");
    char *p256_x5c = x5c_of(x5c_ca(p256, "p"), NULL, NULL);
    (void)refuses("J3: ES384 with a key on P-256", &aad,
                  token_of(p256, "ES256", header_of("ES384", p256_x5c), payload), ATT_TOKEN_ALGORITHM,
                  "policy.token.header.alg");
    (void)refuses("J3: RS256 with an EC key", &aad,
                  token_of(p256, "ES256", header_of("RS256", p256_x5c), payload), ATT_TOKEN_ALGORITHM,
                  "policy.token.header.alg");
    (void)refuses("J3: ES256 with an RSA key", &aad, token_of(rsa, "RS256", header_of("ES256", x5c), payload),
                  ATT_TOKEN_ALGORITHM, "policy.token.header.alg");
    (void)refuses(
        "J3: a point that is not on the curve", &aad,
        token_of(
            p256, "ES256",
            header_of("ES256",
                      textf("\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
                            b64url("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 32),
                            b64url("\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2", 32))),
            payload),
        ATT_TOKEN_KEY_INVALID, "policy.token.header.jwk.x.key.point");
}

static char *with_r_s(const char *input, const uint8_t r[32], const uint8_t s[32])
{
    uint8_t raw[64];

    memcpy(raw, r, 32);
    memcpy(raw + 32, s, 32);
    return join(input, att_span_of(raw, sizeof raw));
}

static void wrong_signatures(void)
{
    static const uint8_t zero[32] = { 0 },
                         ones[32] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    char *own = x5c_ca(p256, "own");
    struct ask isolated = listing(p256, own), by_rsa = listing(rsa, ca);
    char *input = signing_input(header_of("ES256", x5c_of(own, NULL, NULL)), payload);
    struct att_span good = sign_bytes(p256, "ES256", input, NULL);
    const struct signing der = { .keep_der = true };
    const struct {
        const char *name;
        char *token;
    } rows[] = {
        { "J4: no signature", textf("%s.", input) },
        { "J4: one byte", textf("%s.AA", input) },
        { "J4: cut by one byte", join(input, att_span_of(good.ptr, good.len - 1)) },
        { "J4: r is zero", with_r_s(input, zero, good.ptr + 32) },
        { "J4: s is zero", with_r_s(input, good.ptr, zero) },
        { "J4: r is over n", with_r_s(input, ones, good.ptr + 32) },
        { "J4: s is over n", with_r_s(input, good.ptr, ones) },
        { "J4: DER instead of r and s", join(input, sign_bytes(p256, "ES256", input, &der)) },
        { "J7: another key's signature", join(input, sign_bytes(evil, "ES256", input, NULL)) },
        { "J20: a signature over the same JSON written otherwise",
          textf("%s.%s", input,
                b64url(sign_bytes(
                           p256, "ES256",
                           signing_input(textf("{ \"alg\":\"ES256\",%s}", x5c_of(own, NULL, NULL)), payload),
                           NULL)
                           .ptr,
                       64)) },
    };

    (void)takes("the honest one", &isolated, join(input, good));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)refuses(rows[i].name, &isolated, rows[i].token, ATT_TOKEN_SIGNATURE_INVALID,
                      "policy.token.signature");

    char *ps = signing_input(header_of("PS256", x5c_of(ca, NULL, NULL)), payload);
    const struct signing salt = { .salt_len = 20 };
    (void)refuses("J5: PSS with a salt of another length", &by_rsa,
                  join(ps, sign_bytes(rsa, "PS256", ps, &salt)), ATT_TOKEN_SIGNATURE_INVALID,
                  "policy.token.signature");
    (void)refuses("J5: PKCS#1 under the name of PSS", &by_rsa, join(ps, sign_bytes(rsa, "RS256", ps, NULL)),
                  ATT_TOKEN_SIGNATURE_INVALID, "policy.token.signature");
    char *small_ca = x5c_ca(small, "small");
    struct ask by_small = listing(small, small_ca);
    char *by_1024 = signed_by(small, "RS256", x5c_of(small_ca, NULL, NULL), payload);
    (void)refuses("J5: RSA of 1024 bits, though listed", &by_small, by_1024, ATT_TOKEN_KEY_INVALID,
                  "policy.token.key");
    by_small.rsa_bits_min = 1024;
    (void)takes("1024 bits where the operator allows them", &by_small, by_1024);
    by_small.rsa_bits_min = 2049;
    by_rsa.rsa_bits_min = 2049;
    (void)refuses("J5: RSA of 2048 bits where more are demanded", &by_rsa,
                  signed_by(rsa, "RS256", x5c_of(ca, NULL, NULL), payload), ATT_TOKEN_KEY_INVALID,
                  "policy.token.key");
    (void)refuses(
        "J5: e is 1", &aad,
        textf("%s.AQ",
              signing_input(header_of("RS256", textf("\"jwk\":{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQ\"}",
                                                     key_number(rsa, "n", 0))),
                            payload)),
        ATT_TOKEN_KEY_INVALID, "policy.token.header.jwk.n.key.e");
}

static void wrong_keys(void)
{
    struct ask isolated = listing(rsa, ca);
    char *evil_x5c = x5c_of(stranger_ca, NULL, NULL), *jwk = textf("\"jwk\":%s", jwk_of(evil, ""));
    const struct {
        const char *name, *members;
        enum att_code code;
        const char *where;
    } rows[] = {
        { "J6: jku elsewhere is not followed", "\"jku\":\"https://evil.example/keys\",\"kid\":\"k\"",
          ATT_TOKEN_KEY_UNKNOWN, "policy.token.header" },
        { "J6: x5u elsewhere is not followed", "\"x5u\":\"https://evil.example/chain\"",
          ATT_TOKEN_KEY_UNKNOWN, "policy.token.header" },
        { "J7: an embedded jwk that is not listed", jwk, ATT_POLICY_SIGNER_UNKNOWN,
          "policy.token.header.jwk" },
        { "J7: an embedded x5c that is not listed, a CA of the listed one's name", evil_x5c,
          ATT_POLICY_SIGNER_UNKNOWN, "policy.token.header.x5c" },
        { "J7: the listed certificate beside another's jwk", textf("%s,%s", x5c_of(ca, NULL, NULL), jwk),
          ATT_TOKEN_KEY_INVALID, "policy.token.header.x5c[0]" },
        { "J7: another's certificate with the listed one behind it", x5c_of(stranger_ca, ca, NULL),
          ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[0]" },
        { "J22: a private member", textf("\"jwk\":%s", jwk_of(evil, "\"d\":\"AAAA\",")),
          ATT_TOKEN_KEY_INVALID, "policy.token.header.jwk.d" },
        { "J22: kty oct", "\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}", ATT_TOKEN_KEY_INVALID,
          "policy.token.header.jwk.k" },
        { "J22: use enc", textf("\"jwk\":%s", jwk_of(evil, "\"use\":\"enc\",")), ATT_TOKEN_KEY_INVALID,
          "policy.token.header.jwk.use" },
        { "J22: key_ops without verify", textf("\"jwk\":%s", jwk_of(evil, "\"key_ops\":[\"sign\"],")),
          ATT_TOKEN_KEY_INVALID, "policy.token.header.jwk.key_ops" },
        { "J23, J9: a kid that nobody knows fetches nothing and finds nothing",
          "\"kid\":\"../../etc/passwd' OR 1=1 --\"", ATT_TOKEN_KEY_UNKNOWN, "policy.token.header" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)refuses(rows[i].name, &isolated, signed_by(evil, "ES256", rows[i].members, payload),
                      rows[i].code, rows[i].where);
    (void)takes("J23: an unknown kid is ignored where the key is there", &isolated,
                signed_by(rsa, "RS256", textf("\"kid\":\"nobody\",%s", x5c_of(ca, NULL, NULL)), payload));
    (void)takes(
        "J9: a kid with a path is a text", &isolated,
        signed_by(rsa, "RS256", textf("\"kid\":\"../../x\\u0000y\",%s", x5c_of(ca, NULL, NULL)), payload));
    (void)refuses(
        "J9: a kid of 100 kB", &isolated,
        signed_by(rsa, "RS256", textf("\"kid\":\"%0100000d\",%s", 7, x5c_of(ca, NULL, NULL)), payload),
        ATT_POLICY_TOKEN_INVALID, "policy.token.header.kid");
    (void)takes("J6: jku and x5u beside the key are ignored", &isolated,
                signed_by(rsa, "RS256",
                          textf("\"jku\":\"http://169.254.169.254/\",\"x5u\":\"file:///x\",%s",
                                x5c_of(ca, NULL, NULL)),
                          payload));
}

/* -- chains --------------------------------------------------------------------------------------------------- */

static void chains(void)
{
    struct ask by_ca = listing(rsa, ca), by_leaf = listing(other, leaf);
    char *impostor =
        x5c_make(&(struct x5c_cert){ .cn = "policy-ca", .key = evil, .constraints = "critical,CA:TRUE" });
    char *no_ca =
        x5c_make(&(struct x5c_cert){ .cn = "attestationsigningcert", .key = rsa, .constraints = "CA:FALSE" });
    char *under_no_ca = x5c_make(&(struct x5c_cert){
        .cn = "under", .issuer_cn = "attestationsigningcert", .key = p256, .signer = rsa });
    char *under_leaf =
        x5c_make(&(struct x5c_cert){ .cn = "under", .issuer_cn = "leaf", .key = p256, .signer = other });
    char *short_ca = x5c_make(
        &(struct x5c_cert){ .cn = "short", .key = rsa, .constraints = "critical,CA:TRUE,pathlen:0" });
    char *too_deep = x5c_make(&(struct x5c_cert){
        .cn = "middle", .issuer_cn = "short", .key = p384, .signer = rsa, .constraints = "CA:TRUE" });
    char *named = x5c_make(&(struct x5c_cert){
        .cn = "named", .key = rsa, .constraints = "CA:TRUE", .names = "critical,permitted;DNS:example.org" });
    char *under_named =
        x5c_make(&(struct x5c_cert){ .cn = "under", .issuer_cn = "named", .key = p256, .signer = rsa });
    char *garbled = textf("%s", leaf);
    garbled[200] = garbled[200] == 'A' ? 'B' : 'A';
    const struct {
        const char *name;
        struct ask how;
        EVP_PKEY *key;
        const char *x5c;
        enum att_code code;
        const char *where;
    } rows[] = {
        { "J8: wrong order: the leaf did not sign", by_ca, other, x5c_of(ca, leaf, NULL),
          ATT_TOKEN_SIGNATURE_INVALID, "policy.token.signature" },
        { "J8: wrong order behind the leaf", by_ca, p256, x5c_of(below, ca, middle), ATT_CERT_CHAIN_INVALID,
          "policy.token.header.x5c[0]" },
        { "J8: a gap", by_ca, p256, x5c_of(below, ca, NULL), ATT_CERT_CHAIN_INVALID,
          "policy.token.header.x5c[0]" },
        { "J8: the end has the issuer's name and not its key", by_ca, other, x5c_of(leaf, impostor, NULL),
          ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[0]" },
        { "J8: the listed leaf, and a chain behind it that does not hold", by_leaf, other,
          x5c_of(leaf, stranger_ca, NULL), ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[0]" },
        { "J8: alone, unlisted, no CA", by_ca, evil, x5c_of(stranger_leaf, NULL, NULL),
          ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[0]" },
        { "J8: the root is no CA", by_ca, p256, x5c_of(under_no_ca, no_ca, NULL), ATT_CERT_CHAIN_INVALID,
          "policy.token.header.x5c[1]" },
        { "J8: the root is no CA, on an AAD provider too", aad, p256, x5c_of(under_no_ca, no_ca, NULL),
          ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[1]" },
        { "J8: in between stands a leaf", by_ca, p256, x5c_of(under_leaf, leaf, ca), ATT_CERT_CHAIN_INVALID,
          "policy.token.header.x5c[1]" },
        { "J8: a listed leaf issues nothing", by_leaf, p256, x5c_of(under_leaf, NULL, NULL),
          ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[0]" },
        { "J8: longer than the path length allows", listing(rsa, short_ca), p256,
          x5c_of(below, too_deep, NULL), ATT_POLICY_SIGNER_UNKNOWN, "policy.token.header.x5c" },
        { "J8: longer than the path length allows, the CA sent along", listing(rsa, short_ca), p256,
          x5c_of(below, too_deep, short_ca), ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[2]" },
        { "J8: name constraints are not followed, so not accepted", listing(rsa, named), p256,
          x5c_of(under_named, named, NULL), ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[1]" },
        { "J8: a good chain that leads elsewhere", by_leaf, p256, x5c_of(below, middle, ca),
          ATT_POLICY_SIGNER_UNKNOWN, "policy.token.header.x5c" },
        { "J8: a chain of an unlisted CA", by_ca, evil, x5c_of(stranger_leaf, stranger_ca, NULL),
          ATT_POLICY_SIGNER_UNKNOWN, "policy.token.header.x5c" },
        { "J8: behind the leaf stands no certificate", by_ca, other, x5c_of(leaf, "AAAA", NULL),
          ATT_CERT_MALFORMED, "policy.token.header.x5c[1].certificate" },
        { "J8: x5c is empty", by_ca, other, "\"x5c\":[]", ATT_TOKEN_KEY_INVALID, "policy.token.header.x5c" },
        { "J8: x5c is a text", by_ca, other, textf("\"x5c\":\"%s\"", leaf), ATT_TOKEN_KEY_INVALID,
          "policy.token.header.x5c" },
        { "J8: a huge certificate", by_ca, other, textf("\"x5c\":[\"%s\",\"%0100000d\"]", leaf, 0),
          ATT_TOKEN_KEY_INVALID, "policy.token.header.x5c" },
        { "J12: a certificate in the url alphabet", by_ca, other, "\"x5c\":[\"MIIB-_AA\"]",
          ATT_TOKEN_KEY_INVALID, "policy.token.header.x5c" },
        { "J12: white space in a certificate", by_ca, other, textf("\"x5c\":[\" %s\"]", leaf),
          ATT_TOKEN_KEY_INVALID, "policy.token.header.x5c" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)refuses(rows[i].name, &rows[i].how,
                      signed_by(rows[i].key, EVP_PKEY_is_a(rows[i].key, "RSA") ? "RS256" : "ES256",
                                rows[i].x5c, payload),
                      rows[i].code, rows[i].where);
    struct answer a = refuses("J8: the manual's text", &aad,
                              signed_by(p256, "ES256", x5c_of(under_no_ca, no_ca, NULL), payload),
                              ATT_CERT_CHAIN_INVALID, "policy.token.header.x5c[1]");
    cases_check(&cases,
                strstr(a.err.text,
                       "The requested item is not found    Msg:[Unable to find issuer certificate "
                       "CN=attestationsigningcert]") != NULL,
                "the text that the manual shows: %s", a.err.text);
    char *eleven = quoted(ca);
    for (int i = 1; i < 11; i++)
        eleven = textf("%s,\"%s\"", eleven, ca);
    (void)refuses("J8: eleven certificates", &by_ca,
                  signed_by(rsa, "RS256", textf("\"x5c\":[%s]", eleven), payload), ATT_TOKEN_KEY_INVALID,
                  "policy.token.header.x5c");
    (void)takes("the path length allows a leaf",
                &(struct ask){ .signers = list_of(kept_key(rsa, short_ca), NULL) },
                signed_by(p256, "ES256",
                          x5c_of(x5c_make(&(struct x5c_cert){
                                     .cn = "direct", .issuer_cn = "short", .key = p256, .signer = rsa }),
                                 NULL, NULL),
                          payload));
}

static void dates(void)
{
    char *late = x5c_make(&(struct x5c_cert){
        .cn = "late", .key = rsa, .constraints = "CA:TRUE", .not_after = "20270115075930Z" });
    char *early = x5c_make(&(struct x5c_cert){
        .cn = "early", .key = rsa, .constraints = "CA:TRUE", .not_before = "20270115080030Z" });
    char *late_leaf = x5c_make(&(struct x5c_cert){ .cn = "leaf",
                                                   .issuer_cn = "policy-ca",
                                                   .key = other,
                                                   .signer = rsa,
                                                   .not_after = "20260101000000Z" });
    char *under_late =
        x5c_make(&(struct x5c_cert){ .cn = "under", .issuer_cn = "late", .key = other, .signer = rsa });
    struct ask how = listing(rsa, late), by_early = listing(rsa, early), by_ca = listing(rsa, ca);
    char *by_late = signed_by(rsa, "RS256", x5c_of(late, NULL, NULL), payload);
    char *token = signed_by(rsa, "RS256", x5c_of(early, NULL, NULL), payload);
    char *bare = token_of(rsa, "RS256", header_of("RS256", textf("\"jwk\":%s", jwk_of(rsa, ""))), payload);

    (void)takes("J8: the last second, with half a minute of skew", &how, by_late);
    how.now = NOW + 1;
    (void)refuses("J8: expired", &how, by_late, ATT_CERT_EXPIRED, "policy.token.header.x5c[0]");
    (void)refuses("J8: expired, the list's certificate alone", &how, bare, ATT_CERT_EXPIRED,
                  "provider.signers");
    (void)refuses("J8: expired, on an AAD provider", &(struct ask){ .now = NOW + 1 }, by_late,
                  ATT_CERT_EXPIRED, "policy.token.header.x5c[0]");
    (void)takes("J8: from half a minute before", &by_early, token);
    by_early.now = NOW - 1;
    (void)refuses("J8: not yet valid", &by_early, token, ATT_CERT_NOT_YET_VALID,
                  "policy.token.header.x5c[0]");
    (void)refuses("J8: a leaf past its time below a listed CA", &by_ca,
                  signed_by(other, "RS256", x5c_of(late_leaf, ca, NULL), payload), ATT_CERT_EXPIRED,
                  "policy.token.header.x5c[0]");
    (void)refuses("J8: a leaf in its time below a listed CA that is not", &how,
                  signed_by(other, "RS256", x5c_of(under_late, NULL, NULL), payload), ATT_CERT_EXPIRED,
                  "provider.signers");
    how.signers = list_of(kept_key(rsa, late), kept_key(rsa, ca));
    (void)takes("a key that is listed again in its time", &how, bare);
    how.signers = list_of(kept_key(other, leaf), NULL);
    (void)takes("what nobody rests on is not judged", &how,
                signed_by(other, "RS256",
                          x5c_of(leaf,
                                 x5c_make(&(struct x5c_cert){ .cn = "policy-ca",
                                                              .key = rsa,
                                                              .constraints = "CA:TRUE",
                                                              .not_after = "20260101000000Z" }),
                                 NULL),
                          payload));
}

/* -- lists ---------------------------------------------------------------------------------------------------- */

static void lists(void)
{
    char *one = x5c_ca(p256, "signer of A"), *two = x5c_ca(p384, "signer of B"),
         *fresh = x5c_ca(evil, "self");
    struct ask a = listing(p256, one), b = listing(p384, two);
    struct ask nobody = { .signers = "{\"keys\":[]}" }, blank = { .signers = "" };
    char *for_a = signed_by(p256, "ES256", x5c_of(one, NULL, NULL), payload);
    char *only_a =
        signed_by(p256, "ES256", x5c_of(one, NULL, NULL), payload_of(POLICY, "\"aud\":\"" PROVIDER "\""));

    (void)takes("signed by A's signer for A", &a, for_a);
    (void)refuses("A9, J18: signed by A's signer for B", &b, for_a, ATT_POLICY_SIGNER_UNKNOWN,
                  "policy.token.header.x5c");
    struct ask elsewhere = a;
    elsewhere.uri = "https://fabrikam.example";
    (void)refuses("A9: a signer of both, a token for A, at B", &elsewhere, only_a, ATT_POLICY_TOKEN_AUDIENCE,
                  "policy.payload.aud");
    struct ask add = a;
    add.use = ATT_POLICY_SIGNER;
    char *new_signer = adding("policyCertificate", "EC", fresh);
    (void)refuses("A20: a signer is added with its own key", &add,
                  signed_by(evil, "ES256", x5c_of(fresh, NULL, NULL), new_signer), ATT_POLICY_SIGNER_UNKNOWN,
                  "policy.token.header.x5c");
    (void)refuses("A20: a signer is added with its own key, as a bare jwk", &add,
                  signed_by(evil, "ES256", textf("\"jwk\":%s", jwk_of(evil, "")), new_signer),
                  ATT_POLICY_SIGNER_UNKNOWN, "policy.token.header.jwk");
    (void)refuses("A20, A18: a signer is added unsigned", &add, unsigned_of(new_signer),
                  ATT_POLICY_SIGNATURE_REQUIRED, "policy.token.header.alg");
    (void)refuses("A20: unsigned, where there are no signers", &(struct ask){ .use = ATT_POLICY_SIGNER },
                  unsigned_of(new_signer), ATT_POLICY_SIGNATURE_REQUIRED, "policy.token.header.alg");
    (void)refuses("A9: B's signer adds one to A", &add,
                  signed_by(p384, "ES384", x5c_of(two, NULL, NULL), new_signer), ATT_POLICY_SIGNER_UNKNOWN,
                  "policy.token.header.x5c");
    (void)takes("A's signer adds one to A", &add,
                signed_by(p256, "ES256", x5c_of(one, NULL, NULL), new_signer));
    (void)refuses("A22: nobody is listed", &nobody, for_a, ATT_POLICY_SIGNER_UNKNOWN,
                  "policy.token.header.x5c");
    (void)refuses("A22: an empty list", &blank, for_a, ATT_POLICY_SIGNER_UNKNOWN, "policy.token.header.x5c");
    (void)refuses("A18: a text on an Isolated provider", &a, POLICY, ATT_POLICY_SIGNATURE_REQUIRED, "policy");
    struct ask broken = { .signers = "{\"keys\":[{\"x5c\":[\"AAAA\"]}]}" };
    (void)refuses("a list that cannot be read trusts nobody", &broken, for_a, ATT_INTERNAL,
                  "provider.signers.certificate");
    broken.signers = "{\"keys\":{}}";
    (void)refuses("a list of another form trusts nobody", &broken, for_a, ATT_INTERNAL, "provider.signers");
    broken.signers = "{";
    (void)refuses("a list that is no JSON trusts nobody", &broken, for_a, ATT_INTERNAL,
                  "provider.signers.json");
}

/* One after the other signs; who was removed does not. */
static void rotation(void)
{
    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    char *one = x5c_ca(p256, "one"), *two = x5c_ca(p384, "two");
    struct att_span both = { 0 }, second = { 0 };
    struct att_err err = { 0 };
    bool changed = false;
    struct ask how = listing(p256, one);
    char *by_one = signed_by(p256, "ES256", x5c_of(one, NULL, NULL), payload);
    char *by_two = signed_by(p384, "ES384", x5c_of(two, NULL, NULL), payload);

    how.use = ATT_POLICY_SIGNER;
    struct answer a =
        takes("one adds two", &how,
              signed_by(p256, "ES256", x5c_of(one, NULL, NULL), adding("policyCertificate", "EC", two)));
    cases_check(&cases,
                att_signers_add(arena, att_str(how.signers), att_str(a.key), &both, &changed, &err) &&
                    changed,
                "added: %s", err.text);
    how.signers = text_of(both);
    a = takes("two removes one", &how,
              signed_by(p384, "ES384", x5c_of(two, NULL, NULL), adding("policyCertificate", "EC", one)));
    cases_check(&cases, att_signers_remove(arena, both, att_str(a.key), &second, &changed, &err) && changed,
                "removed: %s", err.text);
    how.use = ATT_POLICY_SET;
    (void)takes("before, one signs", &how, by_one);
    how.signers = text_of(second);
    (void)refuses("A22, J19: a policy of the signer that was removed", &how, by_one,
                  ATT_POLICY_SIGNER_UNKNOWN, "policy.token.header.x5c");
    (void)takes("the other one signs", &how, by_two);
    how.use = ATT_POLICY_RESET;
    (void)refuses("A22, J19: a reset of the signer that was removed", &how,
                  signed_by(p256, "ES256", x5c_of(one, NULL, NULL), ""), ATT_POLICY_SIGNER_UNKNOWN,
                  "policy.token.header.x5c");
    att_arena_free(arena);
}

int main(void)
{
    make();
    algorithms();
    ways_to_be_known();
    leaf_with_a_path_length();
    wrong_algorithms();
    wrong_signatures();
    wrong_keys();
    chains();
    dates();
    lists();
    rotation();
    EVP_PKEY_free(rsa), EVP_PKEY_free(other), EVP_PKEY_free(small), EVP_PKEY_free(p256), EVP_PKEY_free(p384);
    EVP_PKEY_free(p521), EVP_PKEY_free(evil);
    return cases_report(&cases);
}
