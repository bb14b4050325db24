/* layers: authority keys site store store/memory store/sqlite signer access base codec relying attest */
/* Client assertions (RFC 7523): each row changes one thing of a good one. */
#include "support/tokens.h" /* here too: the build looks for it */
#include "unit/authority/rig.h"

static struct cases cases = { .name = "authority.assertion" };

#define AUD BASE "/" TENANT_A "/oauth2/v2.0/token"

static struct {
    EVP_PKEY *rsa, *second, *ec, *old, *small, *of_b, *stranger;
    struct att_span stranger_der, rsa_der;
} keys;

static void people(struct rig *r)
{
    struct site_credential a[6], b[1];

    keys.rsa = test_key_rsa(2048, 65537);
    keys.second = test_key_rsa(2048, 65537);
    keys.ec = test_key_ec("P-256");
    keys.old = test_key_rsa(2048, 65537);
    keys.small = test_key_rsa(1024, 65537);
    keys.of_b = test_key_rsa(2048, 65537);
    keys.stranger = test_key_rsa(2048, 65537);
    keys.stranger_der = test_certificate(keys.stranger, "stranger", 0);
    a[0] = rig_certificate(keys.rsa, "rsa");
    keys.rsa_der = a[0].certificate;
    a[1] = rig_certificate(keys.second, "second");
    a[2] = rig_certificate(keys.ec, "ec");
    a[3] = rig_certificate(keys.old, "old");
    a[3].expires_unix_s = NOW;
    a[4] = rig_certificate(keys.small, "small");
    (void)rig_secret(r, &a[5], "a secret beside them");
    rig_principal(r, TENANT_A, SUB_A, CLIENT, a, 6);
    b[0] = rig_certificate(keys.of_b, "rsa");
    rig_principal(r, TENANT_A, SUB_A2, CLIENT_2, b, 1);
    rig_principal(r, TENANT_B, SUB_B, CLIENT_B, b, 1);
}

static const char *next_jti(void)
{
    static unsigned n;

    return test_text("jti-%u", n++);
}

/* `more` ends with a comma or is empty. */
static const char *claims(const char *client, const char *aud, long long exp, const char *more)
{
    return test_text(
        "{%s\"aud\":\"%s\",\"exp\":%lld,\"iss\":\"%s\",\"jti\":\"%s\",\"nbf\":%d,\"sub\":\"%s\"}", more, aud,
        exp, client, next_jti(), NOW, client);
}

static const char *good_claims(void)
{
    return claims(CLIENT, AUD, NOW + 600, "");
}

static const char *form_of(const char *client_id, const char *assertion)
{
    return test_text("grant_type=client_credentials%s%s&scope=https%%3A%%2F%%2Fattest.azure.net%%2F.default"
                     "&client_assertion_type="
                     "%s"
                     "&client_assertion=%s",
                     client_id ? "&client_id=" : "", client_id ? client_id : "", JWT_BEARER, assertion);
}

static struct authority_answer ask(struct rig *r, const char *assertion)
{
    return rig_ask(r, TENANT_A, form_of(CLIENT, assertion));
}

static void want(struct rig *r, const char *name, const char *assertion, enum att_code code)
{
    struct authority_answer a = ask(r, assertion);
    int status = code == ATT_OK ? 200 : 401;

    cases_check(&cases, a.refusal.code == code && a.status == status, "%s: %d %s: %s", name, a.status,
                att_code_name(a.refusal.code), a.refusal.text);
    cases_check(&cases, (a.status == 200) == (member_of(r, a.json, "access_token")[0] != '\0'), "%s: a token",
                name);
    if (code != ATT_OK)
        cases_check(&cases, is(member_of(r, a.json, "error"), "invalid_client"), "%s: %s", name,
                    member_of(r, a.json, "error"));
}

#define RS "{\"alg\":\"RS256\"}"

static const char *rs256(const char *payload)
{
    return test_token(keys.rsa, "RS256", RS, payload);
}

/* -- good ones -------------------------------------------------------------------------------------------- */

static void check_good(struct rig *r)
{
    want(r, "RS256", rs256(good_claims()), ATT_OK);
    want(r, "RS256 with x5t, as MSAL sends it",
         test_token(keys.rsa, "RS256", "{\"alg\":\"RS256\",\"x5t\":\"3q2-7w\",\"typ\":\"JWT\"}",
                    good_claims()),
         ATT_OK);
    want(r, "PS256 with x5t#S256",
         test_token(keys.rsa, "PS256", "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\"AAAA\"}",
                    good_claims()),
         ATT_OK);
    want(r, "ES256", test_token(keys.ec, "ES256", "{\"alg\":\"ES256\"}", good_claims()), ATT_OK);
    want(r, "the second of several certificates", test_token(keys.second, "RS256", RS, good_claims()),
         ATT_OK);
    want(r, "a kid of the client's own",
         test_token(keys.second, "RS256", "{\"alg\":\"RS256\",\"kid\":\"A1B2\"}", good_claims()), ATT_OK);
    want(r, "its own certificate in x5c",
         test_token(
             keys.rsa, "RS256",
             test_text("{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}", test_b64(keys.rsa_der.ptr, keys.rsa_der.len)),
             good_claims()),
         ATT_OK);
    want(r, "aud: the issuer", rs256(claims(CLIENT, BASE "/" TENANT_A "/v2.0", NOW + 600, "")), ATT_OK);
    want(r, "aud: the token URL of version 1",
         rs256(claims(CLIENT, BASE "/" TENANT_A "/oauth2/token", NOW + 600, "")), ATT_OK);
    want(r, "aud in capitals",
         rs256(claims(CLIENT, "HTTPS://LocalHost:8443/" TENANT_A "/OAUTH2/v2.0/token", NOW + 600, "")),
         ATT_OK);
    want(r, "an hour", rs256(claims(CLIENT, AUD, NOW + 3600, "")), ATT_OK);
    want(r, "client id in capitals",
         rs256(claims("C11E0000-0000-4000-8000-00000000000A", AUD, NOW + 600, "")), ATT_OK);
    cases_check(&cases, rig_ask(r, TENANT_A, form_of(NULL, rs256(good_claims()))).status == 200,
                "no client_id beside it (RFC 7521 4.2)");
    cases_check(&cases,
                rig_ask(r, NULL,
                        form_of(CLIENT, rs256(claims(CLIENT, BASE "/adfs/oauth2/v2.0/token", NOW + 600, ""))))
                        .status == 200,
                "at /adfs");
    cases_check(
        &cases,
        rig_ask(r, NULL, form_of(CLIENT, rs256(claims(CLIENT, BASE "/" TENANT_A "/v2.0", NOW + 600, ""))))
                .status == 200,
        "at /adfs, aud: the issuer of its tenant");
}

/* -- the signature ---------------------------------------------------------------------------------------- */

static void check_algorithms(struct rig *r)
{
    static const char *const none[] = { "none", "None", "nOnE", "NONE", "" };
    static const char *const others[] = { "RS384", "RS512", "PS384", "PS512" };
    const char *pem = test_public_pem(keys.rsa);
    struct att_span der = test_public_der(keys.rsa);

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        const char *header = test_text("{\"alg\":\"%s\"}", none[i]);
        want(r, test_text("J1: alg '%s'", none[i]),
             test_join(test_signing_input(header, good_claims()), (struct att_span){ 0 }),
             ATT_TOKEN_ALGORITHM);
        want(r, test_text("J1: alg '%s' over a signature", none[i]),
             test_token(keys.rsa, "RS256", header, good_claims()),
             is(none[i], "none") ? ATT_TOKEN_MALFORMED : ATT_TOKEN_ALGORITHM);
    }
    want(r, "J2: HS256 with the public key in PEM",
         test_token_hmac(att_str(pem), "HS256", "{\"alg\":\"HS256\"}", good_claims()), ATT_TOKEN_ALGORITHM);
    want(r, "J2: HS256 with the public key in DER",
         test_token_hmac(der, "HS256", "{\"alg\":\"HS256\"}", good_claims()), ATT_TOKEN_ALGORITHM);
    want(r, "J2: HMAC called RS256", test_token_hmac(att_str(pem), "HS256", RS, good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        want(r, test_text("J21: %s is not in the list", others[i]),
             test_token(keys.rsa, others[i], test_text("{\"alg\":\"%s\"}", others[i]), good_claims()),
             ATT_TOKEN_ALGORITHM);
    want(r, "J3: an RSA signature called ES256",
         test_token(keys.rsa, "RS256", "{\"alg\":\"ES256\"}", good_claims()), ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J3: an EC signature called RS256", test_token(keys.ec, "ES256", RS, good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J3: RS256 called PS256", test_token(keys.rsa, "RS256", "{\"alg\":\"PS256\"}", good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J5: a certificate of 1024 bits", test_token(keys.small, "RS256", RS, good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J5: PSS with a salt of another length",
         test_join(
             test_signing_input("{\"alg\":\"PS256\"}", good_claims()),
             test_sign_pss(keys.rsa, "PS256", test_signing_input("{\"alg\":\"PS256\"}", good_claims()), 20)),
         ATT_TOKEN_KEY_UNKNOWN);
}

static void check_signatures(struct rig *r)
{
    const char *input = test_signing_input("{\"alg\":\"ES256\"}", good_claims());
    struct att_span sig = test_sign(keys.ec, "ES256", input);
    uint8_t zero[64] = { 0 };

    want(r, "J4: no signature", test_join(input, (struct att_span){ 0 }), ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J4: half of it", test_join(input, att_span_of(sig.ptr, 32)), ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J4: r and s are zero", test_join(input, att_span_of(zero, 64)), ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J4: DER", test_join(input, test_sign_der(keys.ec, "ES256", input)), ATT_TOKEN_KEY_UNKNOWN);
    for (size_t bit = 0; bit < sig.len * 8; bit += 7) {
        uint8_t changed[64];
        memcpy(changed, sig.ptr, sizeof changed);
        changed[bit / 8] = (uint8_t)(changed[bit / 8] ^ 1u << bit % 8);
        want(r, test_text("J4: bit %zu", bit), test_join(input, att_span_of(changed, sizeof changed)),
             ATT_TOKEN_KEY_UNKNOWN);
    }
    want(r, "the same bytes untouched", test_join(input, sig), ATT_OK);
    want(r, "J20: another payload under a good signature",
         test_join(test_signing_input("{\"alg\":\"ES256\"}", claims(CLIENT, AUD, NOW + 601, "")), sig),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J20: another header under a good signature",
         test_join(test_signing_input("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", good_claims()), sig),
         ATT_TOKEN_KEY_UNKNOWN);
}

static void check_keys(struct rig *r)
{
    const char *x5c = test_text("{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}",
                                test_b64(keys.stranger_der.ptr, keys.stranger_der.len));
    const char *both = test_text("{\"alg\":\"RS256\",\"x5c\":[\"%s\",\"%s\"]}",
                                 test_b64(keys.stranger_der.ptr, keys.stranger_der.len),
                                 test_b64(keys.rsa_der.ptr, keys.rsa_der.len));

    want(r, "a stranger's key", test_token(keys.stranger, "RS256", RS, good_claims()), ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J6: jku",
         test_token(keys.stranger, "RS256", "{\"alg\":\"RS256\",\"jku\":\"https://evil.example/keys\"}",
                    good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J6: x5u",
         test_token(keys.stranger, "RS256", "{\"alg\":\"RS256\",\"x5u\":\"https://evil.example/cert\"}",
                    good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J7: an embedded jwk",
         test_token(keys.stranger, "RS256",
                    test_text("{\"alg\":\"RS256\",\"jwk\":%s}", test_jwk(keys.stranger, NULL, "")),
                    good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J8: a stranger's certificate in x5c", test_token(keys.stranger, "RS256", x5c, good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J8: and a listed one behind it", test_token(keys.stranger, "RS256", both, good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J9: kid of a path",
         test_token(keys.stranger, "RS256", "{\"alg\":\"RS256\",\"kid\":\"../../keys/1\"}", good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J9: kid of SQL",
         test_token(keys.stranger, "RS256", "{\"alg\":\"RS256\",\"kid\":\"' OR 1=1 --\"}", good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J9: kid with a quote and an end of object",
         test_token(keys.stranger, "RS256", "{\"alg\":\"RS256\",\"kid\":\"x\\\",\\\"n\\\":\\\"AQAB\"}",
                    good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J18: another principal's certificate", test_token(keys.of_b, "RS256", RS, good_claims()),
         ATT_TOKEN_KEY_UNKNOWN);
    want(r, "an expired certificate", test_token(keys.old, "RS256", RS, good_claims()), ATT_SECRET_EXPIRED);
}

/* -- the form --------------------------------------------------------------------------------------------- */

static void check_form(struct rig *r)
{
    const char *good = rs256(good_claims());
    char *padded = test_text("%s=", good);
    const char *h = test_b64url(RS, sizeof RS - 1);

    want(r, "J10: alg twice",
         test_token(keys.rsa, "RS256", "{\"alg\":\"RS256\",\"alg\":\"RS256\"}", good_claims()),
         ATT_TOKEN_MALFORMED);
    want(r, "J10: alg twice, escaped",
         test_token(keys.rsa, "RS256", "{\"alg\":\"RS256\",\"\\u0061lg\":\"none\"}", good_claims()),
         ATT_TOKEN_MALFORMED);
    want(r, "J10: sub twice", rs256(claims(CLIENT, AUD, NOW + 600, "\"sub\":\"" NOBODY "\",")),
         ATT_TOKEN_MALFORMED);
    want(r, "J10: exp as text",
         rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":\"%d\",\"iss\":\"" CLIENT
                         "\",\"jti\":\"%s\",\"sub\":\"" CLIENT "\"}",
                         NOW + 600, next_jti())),
         ATT_TOKEN_CLAIM);
    want(r, "J10: exp with a fraction",
         rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":%d.5,\"iss\":\"" CLIENT
                         "\",\"jti\":\"%s\",\"sub\":\"" CLIENT "\"}",
                         NOW + 600, next_jti())),
         ATT_TOKEN_CLAIM);
    want(r, "J11: crit",
         test_token(keys.rsa, "RS256", "{\"alg\":\"RS256\",\"crit\":[\"x\"],\"x\":1}", good_claims()),
         ATT_TOKEN_CRITICAL);
    want(r, "J11: b64 false",
         test_token(keys.rsa, "RS256", "{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", good_claims()),
         ATT_TOKEN_CRITICAL);
    want(r, "J12: padding behind the signature", padded, ATT_TOKEN_MALFORMED);
    want(r, "J12: white space", test_text("%s%%20", good), ATT_TOKEN_MALFORMED);
    want(r, "J15: five parts", test_text("%s.AA.AA", good), ATT_TOKEN_MALFORMED);
    want(r, "J15: two parts", test_text("%s.e30", h), ATT_TOKEN_MALFORMED);
    want(r, "J15: JSON serialisation", "%7B%22payload%22%3A%22e30%22%2C%22signatures%22%3A%5B%5D%7D",
         ATT_TOKEN_MALFORMED);
    want(r, "J15: a detached payload", test_text("%s..AAAA", h), ATT_TOKEN_MALFORMED);
    want(r, "the payload is a list", test_token(keys.rsa, "RS256", RS, "[]"), ATT_TOKEN_MALFORMED);
    for (size_t len = 1; len < strlen(good); len += 5) {
        struct authority_answer a = ask(r, test_text("%.*s", (int)len, good));
        cases_check(&cases, a.status == 401, "cut at %zu: %d", len, a.status);
    }
    want(r, "whole", good, ATT_OK);
}

/* -- the claims ------------------------------------------------------------------------------------------- */

static void check_times(struct rig *r)
{
    want(r, "J13: expired", rs256(claims(CLIENT, AUD, NOW - 61, "")), ATT_TOKEN_EXPIRED);
    want(r, "J13: exactly at its end, with the leeway", rs256(claims(CLIENT, AUD, NOW - 60, "")),
         ATT_TOKEN_EXPIRED);
    want(r, "J13: exp far away", rs256(claims(CLIENT, AUD, NOW + 3661, "")), ATT_TOKEN_CLAIM);
    want(r, "J13: exp of 2^53", rs256(claims(CLIENT, AUD, 1LL << 53, "")), ATT_TOKEN_CLAIM);
    want(r, "J13: exp of 2^63",
         rs256("{\"aud\":\"" AUD "\",\"exp\":9223372036854775808,\"iss\":\"" CLIENT
               "\",\"jti\":\"x1\",\"sub\":\"" CLIENT "\"}"),
         ATT_TOKEN_CLAIM);
    want(r, "J13: a negative exp", rs256(claims(CLIENT, AUD, -1, "")), ATT_TOKEN_CLAIM);
    want(r, "J13: no exp",
         rs256("{\"aud\":\"" AUD "\",\"iss\":\"" CLIENT "\",\"jti\":\"x2\",\"sub\":\"" CLIENT "\"}"),
         ATT_TOKEN_CLAIM);
    want(r, "J13: iat in the future",
         rs256(claims(CLIENT, AUD, NOW + 600, test_text("\"iat\":%d,", NOW + 61))), ATT_TOKEN_NOT_YET_VALID);
    want(r, "J13: nbf in the future",
         rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":%d,\"iss\":\"" CLIENT
                         "\",\"jti\":\"x3\",\"nbf\":%d,\"sub\":\"" CLIENT "\"}",
                         NOW + 600, NOW + 61)),
         ATT_TOKEN_NOT_YET_VALID);
}

static void check_claims(struct rig *r)
{
    want(r, "J14: aud of another tenant",
         rs256(claims(CLIENT, BASE "/" TENANT_B "/oauth2/v2.0/token", NOW + 600, "")), ATT_TOKEN_CLAIM);
    want(r, "J14: aud of another host",
         rs256(claims(CLIENT, "https://login.microsoftonline.com/" TENANT_A "/oauth2/v2.0/token", NOW + 600,
                      "")),
         ATT_TOKEN_CLAIM);
    want(r, "J14: aud of /adfs at a tenant's path",
         rs256(claims(CLIENT, BASE "/adfs/oauth2/v2.0/token", NOW + 600, "")), ATT_TOKEN_CLAIM);
    want(r, "J14: aud is the resource (an access token's shape)",
         rs256(claims(CLIENT, RESOURCE, NOW + 600, "")), ATT_TOKEN_CLAIM);
    want(r, "J14: aud and more behind it", rs256(claims(CLIENT, AUD "x", NOW + 600, "")), ATT_TOKEN_CLAIM);
    want(r, "J14: aud cut", rs256(claims(CLIENT, BASE "/" TENANT_A "/oauth2/v2.0/toke", NOW + 600, "")),
         ATT_TOKEN_CLAIM);
    want(r, "J14: an empty aud", rs256(claims(CLIENT, "", NOW + 600, "")), ATT_TOKEN_CLAIM);
    want(r, "J14: no aud",
         rs256(test_text("{\"exp\":%d,\"iss\":\"" CLIENT "\",\"jti\":\"y1\",\"sub\":\"" CLIENT "\"}",
                         NOW + 600)),
         ATT_TOKEN_CLAIM);
    want(r, "J14: aud is a list",
         rs256(test_text("{\"aud\":[\"" AUD "\",\"https://other\"],\"exp\":%d,\"iss\":\"" CLIENT
                         "\",\"jti\":\"y2\",\"sub\":\"" CLIENT "\"}",
                         NOW + 600)),
         ATT_TOKEN_CLAIM);
    want(r, "iss is not sub",
         rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":%d,\"iss\":\"" CLIENT_2
                         "\",\"jti\":\"y3\",\"sub\":\"" CLIENT "\"}",
                         NOW + 600)),
         ATT_TOKEN_CLAIM);
    want(
        r, "no iss",
        rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":%d,\"jti\":\"y4\",\"sub\":\"" CLIENT "\"}", NOW + 600)),
        ATT_TOKEN_CLAIM);
    want(
        r, "no sub",
        rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":%d,\"iss\":\"" CLIENT "\",\"jti\":\"y5\"}", NOW + 600)),
        ATT_TOKEN_CLAIM);
    want(r, "sub is a number",
         rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":%d,\"iss\":1,\"jti\":\"y6\",\"sub\":1}", NOW + 600)),
         ATT_TOKEN_CLAIM);
    want(r, "another client's assertion under this client_id",
         test_token(keys.of_b, "RS256", RS, claims(CLIENT_2, AUD, NOW + 600, "")), ATT_TOKEN_CLAIM);
    want(r, "no jti",
         rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":%d,\"iss\":\"" CLIENT "\",\"sub\":\"" CLIENT "\"}",
                         NOW + 600)),
         ATT_TOKEN_CLAIM);
    want(r, "an empty jti",
         rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":%d,\"iss\":\"" CLIENT
                         "\",\"jti\":\"\",\"sub\":\"" CLIENT "\"}",
                         NOW + 600)),
         ATT_TOKEN_CLAIM);
    want(r, "a jti of 129 bytes",
         rs256(test_text("{\"aud\":\"" AUD "\",\"exp\":%d,\"iss\":\"" CLIENT
                         "\",\"jti\":\"%0129d\",\"sub\":\"" CLIENT "\"}",
                         NOW + 600, 7)),
         ATT_TOKEN_CLAIM);
}

static void check_tenants(struct rig *r)
{
    const char *b = test_token(keys.of_b, "RS256", RS,
                               claims(CLIENT_B, BASE "/" TENANT_B "/oauth2/v2.0/token", NOW + 600, ""));
    struct authority_answer a = rig_ask(r, TENANT_A, form_of(CLIENT_B, b));

    cases_check(&cases, a.status == 401 && a.refusal.code == ATT_TOKEN_KEY_UNKNOWN,
                "A4: a client of tenant B at tenant A");
    a = rig_ask(r, TENANT_B, form_of(CLIENT_B, b));
    cases_check(&cases, a.status == 200, "and at home: %s", a.refusal.text);
    a = rig_ask(r, TENANT_A,
                form_of(NOBODY, test_token(keys.stranger, "RS256", RS, claims(NOBODY, AUD, NOW + 600, ""))));
    struct authority_answer known = ask(r, test_token(keys.stranger, "RS256", RS, good_claims()));
    cases_check(
        &cases,
        a.status == 401 &&
            is(member_of(r, a.json, "error_description"), member_of(r, known.json, "error_description")) &&
            is(member_of(r, a.json, "error_codes"), member_of(r, known.json, "error_codes")),
        "A26: a client that does not exist gets the words of one that does");
    struct site_credential none = { .kind = SITE_UNIX_USER, .id = "u", .hash = "", .uid = 4242 };
    rig_principal(r, TENANT_A, SUB_A, NOBODY, &none, 1);
    a = rig_ask(r, TENANT_A,
                form_of(NOBODY, test_token(keys.stranger, "RS256", RS, claims(NOBODY, AUD, NOW + 600, ""))));
    cases_check(&cases,
                is(member_of(r, a.json, "error_description"), member_of(r, known.json, "error_description")),
                "A26: nor one without certificates");
}

static void check_type(struct rig *r)
{
    static const char *const types[] = {
        "", "jwt-bearer", "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Asaml2-bearer"
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct authority_answer a = rig_ask(
            r, TENANT_A,
            test_text(
                "grant_type=client_credentials&scope=https://attest.azure.net/.default&client_id=" CLIENT
                "&client_assertion_type=%s&client_assertion=%s",
                types[i], rs256(good_claims())));
        cases_check(&cases, a.status == 400, "assertion type '%s'", types[i]);
    }
}

/* -- once ------------------------------------------------------------------------------------------------- */

static void check_replay(struct rig *r)
{
    const char *one = rs256(good_claims());
    const char *other_resource = test_text("%s&resource=", form_of(CLIENT, one));
    struct authority_answer a;

    want(r, "J17: the first use", one, ATT_OK);
    want(r, "J17: the second use", one, ATT_ASSERTION_REPLAYED);
    a = rig_ask(r, TENANT_A, other_resource);
    cases_check(&cases, a.refusal.code == ATT_ASSERTION_REPLAYED, "J17: with another form around it");
    a = rig_ask(r, NULL, form_of(CLIENT, one));
    cases_check(&cases, a.status == 401, "J17: at another path");
    a = rig_ask(
        r, TENANT_A,
        test_text(
            "grant_type=client_credentials&scope=https://management.azure.com/.default&client_id=" CLIENT
            "&client_assertion_type="
            "%s"
            "&client_assertion=%s",
            JWT_BEARER, one));
    cases_check(&cases, a.status == 200, "J17: once for each resource, as MSAL does: %s", a.refusal.text);
    const char *payload = test_text("{\"aud\":\"" AUD "\",\"exp\":%d,\"iss\":\"" CLIENT
                                    "\",\"jti\":\"same\",\"sub\":\"" CLIENT "\"}",
                                    NOW + 600);
    want(r, "J17: a jti", rs256(payload), ATT_OK);
    want(r, "J17: the same jti, signed by another of its keys", test_token(keys.second, "RS256", RS, payload),
         ATT_ASSERTION_REPLAYED);
    want(r, "J17: the same jti in PS256", test_token(keys.rsa, "PS256", "{\"alg\":\"PS256\"}", payload),
         ATT_ASSERTION_REPLAYED);
    const char *edge = rs256(claims(CLIENT, AUD, NOW + 30, ""));
    want(r, "J17: one that ends soon", edge, ATT_OK);
    r->now += 89; /* its end and all but a second of the leeway */
    want(r, "J17: still known as long as it would be taken", edge, ATT_ASSERTION_REPLAYED);
    r->now += 1;
    want(r, "J17: and then expired", edge, ATT_TOKEN_EXPIRED);
    r->now = NOW;
}

static void check_removed(struct rig *r)
{
    struct site_credential left = rig_certificate(keys.second, "second");
    struct a_principal room;
    struct att_err err = { 0 };

    (void)a_principal(&room, TENANT_A, SUB_A, CLIENT);
    room.p.credentials = &left;
    room.p.credential_count = 1;
    must(put_one(r->site, &room.p, 1, &err), &err, "a change");
    want(r, "J19: a certificate that was removed", rs256(good_claims()), ATT_TOKEN_KEY_UNKNOWN);
    want(r, "J19: one that was kept", test_token(keys.second, "RS256", RS, good_claims()), ATT_OK);
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    people(&r);
    check_good(&r);
    check_algorithms(&r);
    check_signatures(&r);
    check_keys(&r);
    check_form(&r);
    check_times(&r);
    check_claims(&r);
    check_tenants(&r);
    check_type(&r);
    check_replay(&r);
    check_removed(&r);
    cases_check(&cases, scrypt_calls == 1, "assertions cost no scrypt: %u",
                scrypt_calls); /* the one that made a secret */
    rig_free(&r);
    return cases_report(&cases);
}
