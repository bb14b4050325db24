/* layers: attest jose crypto codec base */
/* Policies as clients send them. Names carry the numbers of the attack list. */
#include <attest/token.h>

#include "support/cases.h"
#include "unit/jose/signing.h"

static struct cases cases = { .name = "attest.policy_client" };
static EVP_PKEY *rsa, *small, *p256, *p384, *p521, *evil;

static const char policy[] =
    "version= 1.0;\nauthorizationrules\n{\n  c:[type==\"\xc3\xa9\"] => permit();\n};";

static bool read_policy(const char *sent, char **ret_text, struct att_err *err)
{
    struct att_arena *a = att_arena_new((size_t)32 << 20);
    struct att_span got = att_str("untouched");

    *err = (struct att_err){ 0 };
    bool ok = att_policy_from_client(a, att_str(sent), NULL, &got, err);
    *ret_text = textf("%.*s", (int)got.len, (const char *)got.ptr);
    cases_check(&cases, ok == (err->code == ATT_OK), "a refusal has a code");
    cases_check(&cases, ok || att_span_is(got, "untouched"), "the output changes only on success");
    att_arena_free(a);
    return ok;
}

static void expect(const char *name, const char *sent, const char *want)
{
    struct att_err err;
    char *got = NULL;

    bool ok = read_policy(sent, &got, &err);
    cases_check(&cases, ok && strcmp(got, want) == 0, "%s: %s (%s)", name, err.text, got);
}

static void expect_refused(const char *name, const char *sent, const char *where)
{
    struct att_err err;
    char *got = NULL;

    bool ok = read_policy(sent, &got, &err);
    cases_check(&cases, !ok && err.code == ATT_POLICY_TOKEN_INVALID, "%s: %s", name,
                ok ? "taken" : att_code_name(err.code));
    cases_check(&cases, ok || strstr(err.where, where), "%s: refused at %s, wanted %s", name, err.where,
                where);
}

static char *wrapped(const char *value)
{
    return textf("{\"AttestationPolicy\":\"%s\"}", value);
}
static char *unsigned_token(const char *payload)
{
    return textf("%s.", signing_input("{\"alg\":\"none\"}", payload));
}

static char *x5c_of(EVP_PKEY *key)
{
    struct att_span der = cert_of(key, "test signer");
    return b64(der.ptr, der.len);
}

static char *with_x5c(EVP_PKEY *key, const char *alg, const char *payload)
{
    return token_of(key, alg, textf("{ \"alg\":\"%s\", \"x5c\":[\"%s\"] }", alg, x5c_of(key)), payload);
}

static void texts(void)
{
    static const char *const as_sent[] = { "version= 1.0;authorizationrules{=> permit();};",
                                           "  version=1.0; x",
                                           "version=1.0",
                                           "",
                                           "not a policy at all",
                                           "no.such.policy here",
                                           "// comment\nversion=1.0;",
                                           "nodots",
                                           "\"version=1.0;\"" };

    for (size_t i = 0; i < sizeof as_sent / sizeof as_sent[0]; i++)
        expect("text goes on to the policy reader as it is", as_sent[i], as_sent[i]);
    expect("text", policy, policy);
}

static void right_tokens(void)
{
    char *value = b64url_text(policy), *payload = wrapped(value);
    char *good = unsigned_token(payload);
    const struct {
        EVP_PKEY *key;
        const char *alg;
    } rows[] = { { rsa, "RS256" }, { rsa, "RS384" },  { rsa, "RS512" },
                 { rsa, "PS256" }, { p256, "ES256" }, { p384, "ES384" } };

    expect("unsigned", good, policy);
    expect("in quotes", textf("\"%s\"", good), policy);
    expect("in white space", textf(" \r\n%s\t\n", good), policy);
    expect("in quotes and white space", textf("\n\"%s\"\n", good), policy);
    expect("spaces in the payload",
           unsigned_token(textf(" { \"AttestationPolicy\" : \"%s\" , \"x\" : 1 } ", value)), policy);
    expect("value padded", unsigned_token(wrapped(b64(policy, strlen(policy)))), policy);
    expect("value in quotes inside", unsigned_token(wrapped(b64url_text("\"version=1.0;\\nx\\u00e9\\\"\""))),
           "version=1.0;\nx\xc3\xa9\"");
    expect("value is the text", unsigned_token(wrapped("version=1.0; x==\\\"a\\\"")),
           "version=1.0; x==\"a\"");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect(rows[i].alg, with_x5c(rows[i].key, rows[i].alg, payload), policy);
        expect(rows[i].alg,
               token_of(rows[i].key, rows[i].alg,
                        textf("{\"alg\":\"%s\",\"jwk\":%s}", rows[i].alg, jwk_of(rows[i].key, "")), payload),
               policy);
        expect("jwk and x5c",
               token_of(rows[i].key, rows[i].alg,
                        textf("{\"x5c\":[\"%s\"],\"alg\":\"%s\",\"jwk\":%s}", x5c_of(rows[i].key),
                              rows[i].alg, jwk_of(rows[i].key, "")),
                        payload),
               policy);
    }
}

static void wrong_payloads(void)
{
    const struct {
        const char *name, *payload, *where;
    } rows[] = {
        { "empty: a reset", "", "payload" },
        { "no member", "{}", "AttestationPolicy" },
        { "member in another case", "{\"attestationPolicy\":\"dg\"}", "AttestationPolicy" },
        { "member is a number", "{\"AttestationPolicy\":1}", "AttestationPolicy" },
        { "member is null", "{\"AttestationPolicy\":null}", "AttestationPolicy" },
        { "member is a list", "{\"AttestationPolicy\":[\"dg\"]}", "AttestationPolicy" },
        { "J10 member twice", "{\"AttestationPolicy\":\"dg\",\"AttestationPolicy\":\"dg\"}", "payload" },
        { "J10 member twice, once escaped",
          "{\"AttestationPolicy\":\"dg\",\"\\u0041ttestationPolicy\":\"dg\"}", "payload" },
        { "empty value", wrapped(""), "AttestationPolicy" },
        { "value neither base64url nor a policy", wrapped("!!"), "AttestationPolicy" },
        { "value that begins otherwise", wrapped(" version=1.0;"), "AttestationPolicy" },
        { "quotes that do not close", wrapped(b64url_text("\"version=1.0;")), "AttestationPolicy" },
        { "text behind the quotes", wrapped(b64url_text("\"version=1.0;\"x")), "AttestationPolicy" },
        { "nothing inside the quotes", wrapped(b64url_text("\"\"")), "AttestationPolicy" },
        { "a list", "[]", "payload" },
        { "text", "\"version\"", "payload" },
        { "not JSON", "version=1.0;", "payload" },
        { "not UTF-8", "{\"AttestationPolicy\":\"\xff\"}", "payload" },
        { "J14 an attestation token", "{\"iss\":\"https://attest.example\",\"exp\":1}", "AttestationPolicy" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_refused(rows[i].name, unsigned_token(rows[i].payload), rows[i].where);
        expect_refused(rows[i].name, with_x5c(p256, "ES256", rows[i].payload), rows[i].where);
    }
    expect_refused("the recorded reset", "eyJhbGciOiJub25lIn0..", "payload");
}

static void wrong_signatures(void)
{
    char *payload = wrapped(b64url_text(policy)), *evil_jwk = jwk_of(evil, "");
    char *mine = x5c_of(p256), *theirs = x5c_of(evil);
    char *signed_input = signing_input(textf("{\"alg\":\"ES256\",\"x5c\":[\"%s\"]}", mine), payload);
    const struct {
        const char *name, *sent, *where;
    } rows[] = {
        { "no key", token_of(p256, "ES256", "{\"alg\":\"ES256\"}", payload), "header" },
        { "J6 key elsewhere",
          token_of(p256, "ES256", "{\"alg\":\"ES256\",\"jku\":\"https://x\",\"kid\":\"a\"}", payload),
          "header" },
        { "J4 no signature", textf("%s.", signed_input), "signature" },
        { "J4 signature cut", textf("%s.AAAA", signed_input), "signature" },
        { "J7 another key's signature", join(signed_input, sign_bytes(evil, "ES256", signed_input, NULL)),
          "signature" },
        { "J8 chain in the wrong order",
          token_of(p256, "ES256", textf("{\"alg\":\"ES256\",\"x5c\":[\"%s\",\"%s\"]}", theirs, mine),
                   payload),
          "signature" },
        { "J8 leaf and jwk differ",
          token_of(p256, "ES256", textf("{\"alg\":\"ES256\",\"x5c\":[\"%s\"],\"jwk\":%s}", mine, evil_jwk),
                   payload),
          "x5c" },
        { "J8 jwk right, leaf another's",
          token_of(p256, "ES256",
                   textf("{\"alg\":\"ES256\",\"x5c\":[\"%s\"],\"jwk\":%s}", theirs, jwk_of(p256, "")),
                   payload),
          "x5c" },
        { "J8 x5c empty", token_of(p256, "ES256", "{\"alg\":\"ES256\",\"x5c\":[]}", payload), "x5c" },
        { "J8 x5c is text",
          token_of(p256, "ES256", textf("{\"alg\":\"ES256\",\"x5c\":\"%s\"}", mine), payload), "x5c" },
        { "J8 eleven certificates",
          token_of(p256, "ES256",
                   textf("{\"alg\":\"ES256\",\"x5c\":[\"%s\",\"%s\",\"%s\",\"%s\",\"%s\",\"%s\",\"%s\",\"%"
                         "s\",\"%s\",\"%s\",\"%s\"]}",
                         mine, mine, mine, mine, mine, mine, mine, mine, mine, mine, mine),
                   payload),
          "x5c" },
        { "J22 jwk with its private half",
          token_of(p256, "ES256", textf("{\"alg\":\"ES256\",\"jwk\":%s}", jwk_of(p256, "\"d\":\"AAAA\",")),
                   payload),
          "jwk.d" },
        { "J22 jwk for encryption",
          token_of(p256, "ES256", textf("{\"alg\":\"ES256\",\"jwk\":%s}", jwk_of(p256, "\"use\":\"enc\",")),
                   payload),
          "jwk.use" },
        { "J5 RSA of 1024 bits", with_x5c(small, "RS256", payload), "key" },
        { "J3 alg of another curve",
          token_of(p256, "ES256", textf("{\"alg\":\"ES384\",\"x5c\":[\"%s\"]}", mine), payload), "alg" },
        { "J3 alg of another key type",
          token_of(p256, "ES256", textf("{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}", mine), payload), "alg" },
        { "J21 PS384 is not taken", with_x5c(rsa, "PS384", payload), "alg" },
        { "J21 ES512 is not taken", with_x5c(p521, "ES512", payload), "alg" },
        { "J21 a misspelt algorithm",
          token_of(rsa, "RS256", textf("{\"alg\":\"RSA256\",\"x5c\":[\"%s\"]}", x5c_of(rsa)), payload),
          "alg" },
        { "J2 HS256", token_of(p256, "ES256", "{\"alg\":\"HS256\"}", payload), "alg" },
        { "J1 None", textf("%s.", signing_input("{\"alg\":\"None\"}", payload)), "alg" },
        { "J1 none with a signature", token_of(p256, "ES256", "{\"alg\":\"none\"}", payload), "signature" },
        { "J11 crit",
          token_of(p256, "ES256", textf("{\"alg\":\"ES256\",\"crit\":[],\"x5c\":[\"%s\"]}", mine), payload),
          "crit" },
        { "J10 alg twice", textf("%s.", signing_input("{\"alg\":\"none\",\"alg\":\"none\"}", payload)),
          "header" },
        { "no alg", textf("%s.", signing_input("{}", payload)), "alg" },
        { "J12 padding", textf("eyJhbGciOiJub25lIn0=.%s.", b64url_text(payload)), "header" },
        { "J15 JSON serialisation",
          textf("{\"payload\":\"%s\",\"protected\":\"eyJhbGciOiJub25lIn0\",\"signature\":\"\"}",
                b64url_text(payload)),
          "token" },
        { "J15 five segments", textf("%s.AA.AA.AA", b64url_text("{\"alg\":\"none\"}")), "token" },
        { "J15 two segments", signing_input("{\"alg\":\"none\"}", payload), "token" },
        { "dots", "..", "token.header" },
        { "one dot", ".", "token" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_refused(rows[i].name, rows[i].sent, rows[i].where);
    expect("the honest one", join(signed_input, sign_bytes(p256, "ES256", signed_input, NULL)), policy);
}

/* A changed signed token is refused or, when a flip makes it no token at all, goes on as text: never another policy. */
static void every_bit(void)
{
    char *good = token_of(p256, "ES256", textf("{\"alg\":\"ES256\",\"jwk\":%s}", jwk_of(p256, "")),
                          wrapped(b64url_text(policy)));
    size_t len = strlen(good);
    unsigned changed = 0;

    for (size_t bit = 0; bit < 8 * len; bit++) {
        struct att_arena *a = att_arena_new((size_t)4 << 20);
        struct att_span got = { 0 };
        struct att_err err = { 0 };
        char *other = strdup(good);
        other[bit / 8] = (char)(other[bit / 8] ^ (char)(1 << bit % 8));
        struct att_span sent = att_span_of(other, len);
        if (att_policy_from_client(a, sent, NULL, &got, &err) && !att_span_eq(got, sent))
            changed++;
        free(other);
        att_arena_free(a);
    }
    cases_check(&cases, changed == 0, "%u tokens with one bit flipped gave a policy", changed);
    for (size_t cut = 1; cut < len; cut++) {
        struct att_arena *a = att_arena_new((size_t)4 << 20);
        struct att_span got = { 0 }, sent = att_span_of(good, cut);
        struct att_err err = { 0 };
        if (att_policy_from_client(a, sent, NULL, &got, &err) && !att_span_eq(got, sent))
            changed++;
        att_arena_free(a);
    }
    cases_check(&cases, changed == 0, "%u tokens cut short gave a policy", changed);
}

int main(void)
{
    rsa = rsa_new(2048, 65537);
    small = rsa_new(1024, 65537);
    p256 = ec_new("P-256");
    p384 = ec_new("P-384");
    p521 = ec_new("P-521");
    evil = ec_new("P-256");
    texts();
    right_tokens();
    wrong_payloads();
    wrong_signatures();
    every_bit();
    EVP_PKEY_free(rsa), EVP_PKEY_free(small), EVP_PKEY_free(p256), EVP_PKEY_free(p384), EVP_PKEY_free(p521);
    EVP_PKEY_free(evil);
    return cases_report(&cases);
}
