/* layers: access base codec */
/* Attacks on the form, the times and the bytes of bearer tokens, and between issuers (J9 to J13, J15 to J18, J20, J21), by
 * their number in the project's list (RFC 8725 and what has been found since). */
#include "unit/access/attacks.h"

static struct cases cases = { .name = "access.attacks_form" };

static void j9_kid(void)
{
    char *big = test_kept(calloc(1, (1 << 20) + 1)), *long_kid = test_kept(calloc(1, 600));
    memset(big, 'k', 1 << 20);
    memset(long_kid, 'k', 513);
    const struct {
        const char *name, *kid;
        enum att_code want;
    } rows[] = {
        { "a path", "\"../../../../dev/null\"", ATT_TOKEN_KEY_UNKNOWN },
        { "a file", "\"/etc/passwd\"", ATT_TOKEN_KEY_UNKNOWN },
        { "a URL", "\"https://evil.example/key\"", ATT_TOKEN_KEY_UNKNOWN },
        { "SQL", "\"e1' OR '1'='1\"", ATT_TOKEN_KEY_UNKNOWN },
        { "a command", "\"e1|id\"", ATT_TOKEN_KEY_UNKNOWN },
        { "a NUL behind", "\"e1\\u0000\"", ATT_TOKEN_KEY_UNKNOWN },
        { "a NUL in front", "\"\\u0000e1\"", ATT_TOKEN_KEY_UNKNOWN },
        { "another case", "\"E1\"", ATT_TOKEN_KEY_UNKNOWN },
        { "a space behind", "\"e1 \"", ATT_TOKEN_KEY_UNKNOWN },
        { "nothing in it", "\"\"", ATT_TOKEN_KEY_UNKNOWN },
        { "half of it", "\"e\"", ATT_TOKEN_KEY_UNKNOWN },
        { "a quote that would end the set's text", "\"e1\\\"}]}\"", ATT_TOKEN_KEY_UNKNOWN },
        { "a number", "1", ATT_TOKEN_MALFORMED },
        { "null", "null", ATT_TOKEN_MALFORMED },
        { "a list", "[\"e1\"]", ATT_TOKEN_MALFORMED },
        { "an object", "{\"e1\":1}", ATT_TOKEN_MALFORMED },
        { "513 bytes", test_text("\"%s\"", long_kid), ATT_TOKEN_MALFORMED },
        { "1 MB", test_text("\"%s\"", big), ATT_TOKEN_MALFORMED },
        { "the same spelled with an escape is the same", "\"\\u00651\"", ATT_OK },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(access_, test_text("J9: kid with %s", rows[i].name),
               test_token(ec, "ES256", test_text("{\"alg\":\"ES256\",\"kid\":%s}", rows[i].kid),
                          good_claims("")),
               rows[i].want);
    expect(access_, "J9: no kid, and several keys",
           test_token(ec, "ES256", "{\"alg\":\"ES256\"}", good_claims("")), ATT_TOKEN_KEY_UNKNOWN);
    expect_keys("J9: no kid, and one key", test_jwks1(ec, "e1"),
                test_token(ec, "ES256", "{\"alg\":\"ES256\"}", good_claims("")), ATT_OK);
    expect_keys("J9: another kid, and one key", test_jwks1(ec, "e2"), good(), ATT_TOKEN_KEY_UNKNOWN);
    expect_keys("J9: a kid, and one key without", test_text("{\"keys\":[%s]}", test_jwk(ec, NULL, "")),
                good(), ATT_OK);
    expect_keys("J9: a kid, and two keys without",
                test_text("{\"keys\":[%s,%s]}", test_jwk(ec, NULL, ""), test_jwk(evil_ec, NULL, "")), good(),
                ATT_TOKEN_KEY_UNKNOWN);
}

static void j10_json(void)
{
    static const char *const headers[] = {
        "{\"alg\":\"ES256\",\"alg\":\"none\",\"kid\":\"e1\"}",
        "{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"e1\"}",
        "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\",\"kid\":\"e1\"}",
        "{\"alg\":\"ES256\",\"kid\":\"e1\",\"kid\":\"e1\"}",
        "\xef\xbb\xbf{\"alg\":\"ES256\",\"kid\":\"e1\"}",
        "{\"alg\":\"ES256\",\"kid\":\"e1\"}x",
        "{\"alg\":\"ES256\",\"kid\":\"e1\"}{}",
        "{\"alg\":\"ES256\",\"kid\":\"e1\",}",
        "{\"alg\":\"ES256\",\"kid\":\"e1\",\"x\":NaN}",
        "{\"alg\":\"ES256\",\"kid\":\"e1\",\"x\":\"\xc3\x28\"}",
        "{\"alg\":\"ES256\",\"kid\":\"\\ud800\"}",
        "[\"ES256\"]",
        "\"ES256\"",
        "",
    };
    char deep[400] = "";

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        expect(access_, test_text("J10: header %zu", i), test_token(ec, "ES256", headers[i], good_claims("")),
               ATT_TOKEN_MALFORMED);
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    const struct {
        const char *name, *more;
        enum att_code want;
    } rows[] = {
        { "aud twice", "\"aud\":\"https://evil.example\",", ATT_TOKEN_MALFORMED },
        { "oid twice", "\"oid\":\"" OID "\",", ATT_TOKEN_MALFORMED },
        { "oid twice, once with an escape", "\"\\u006fid\":\"x\",", ATT_TOKEN_MALFORMED },
        { "iss twice", "\"iss\":\"" ISSUER_B "\",", ATT_TOKEN_MALFORMED },
        { "iss twice, once with an escape", "\"is\\u0073\":\"" ISSUER_B "\",", ATT_TOKEN_MALFORMED },
        { "exp twice", "\"exp\":1,", ATT_TOKEN_MALFORMED },
        { "tid twice", "\"tid\":\"" TENANT_B "\",", ATT_TOKEN_MALFORMED },
        { "the same name twice deep inside", "\"x\":{\"y\":1,\"y\":1},", ATT_TOKEN_MALFORMED },
        { "names in another case are other names", "\"AUD\":\"https://evil.example\",\"Oid\":\"x\",",
          ATT_OK },
        { "depth", test_text("\"x\":%s,", deep), ATT_TOKEN_MALFORMED },
        { "NaN", "\"x\":NaN,", ATT_TOKEN_MALFORMED },
        { "Infinity", "\"x\":Infinity,", ATT_TOKEN_MALFORMED },
        { "a leading zero", "\"x\":01,", ATT_TOKEN_MALFORMED },
        { "a plus", "\"x\":+1,", ATT_TOKEN_MALFORMED },
        { "hexadecimal", "\"x\":0x1,", ATT_TOKEN_MALFORMED },
        { "single quotes", "'x':1,", ATT_TOKEN_MALFORMED },
        { "a comment", "/*x*/", ATT_TOKEN_MALFORMED },
        { "a raw control character", "\"x\":\"\x01\",", ATT_TOKEN_MALFORMED },
        { "half a surrogate", "\"x\":\"\\udc00\",", ATT_TOKEN_MALFORMED },
        { "no UTF-8", "\"x\":\"\xff\",", ATT_TOKEN_MALFORMED },
        { "an overlong slash", "\"x\":\"\xc0\xaf\",", ATT_TOKEN_MALFORMED },
        { "1e999 where nobody looks is a number", "\"x\":1e999,", ATT_OK },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(access_, test_text("J10: payload with %s", rows[i].name),
               test_token(ec, "ES256", H("ES256", "e1"), good_claims(rows[i].more)), rows[i].want);
    static const char *const payloads[] = { "", "null", "[]", "1", "\"x\"", "{", "{}x", "\xef\xbb\xbf{}" };
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++)
        expect(access_, test_text("J10: payload %zu", i),
               test_token(ec, "ES256", H("ES256", "e1"), payloads[i]), ATT_TOKEN_MALFORMED);
}

static void j11_crit(void)
{
    static const char *const members[] = {
        "\"crit\":[\"exp\"],\"exp\":1",
        "\"crit\":[]",
        "\"crit\":[\"b64\"],\"b64\":true",
        "\"crit\":null",
        "\"crit\":\"x\"",
        "\"crit\":[\"x\"]",
        "\"cr\\u0069t\":[\"x\"],\"x\":1",
        "\"b64\":false",
        "\"b64\":null",
        "\"b64\":\"true\"",
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        expect(access_, test_text("J11: %s", members[i]),
               test_token(ec, "ES256", header_more("ES256", "e1", members[i]), good_claims("")),
               ATT_TOKEN_CRITICAL);
    /* RFC 7797: the payload as it is, and signed as it is. */
    char *raw = test_text("%s.%s", test_b64url(H("ES256", "e1"), strlen(H("ES256", "e1"))), "{}");
    expect(access_, "J11: a payload that is not encoded", test_join(raw, test_sign(ec, "ES256", raw)),
           ATT_TOKEN_MALFORMED);
}

static void j12_base64(void)
{
    char *token = good(), *end = token + strlen(token);
    char *dot1 = strchr(token, '.'), *dot2 = strrchr(token, '.');
    int head = (int)(dot1 - token);
    const struct {
        const char *name;
        char *token;
    } rows[] = {
        { "padding in a segment", test_text("%.*s=.%s", head, token, dot1 + 1) },
        { "padding at the end", test_text("%s==", token) },
        { "a space in front", test_text(" %s", token) },
        { "a space behind", test_text("%s ", token) },
        { "a newline behind", test_text("%s\n", token) },
        { "a tab inside", test_text("%.*s\t%s", head / 2, token, token + head / 2) },
        { "a line break inside", test_text("%.*s\r\n%s", head / 2, token, token + head / 2) },
        { "a percent sign", test_text("%.*s%%2e%s", head, token, dot1 + 1) },
        { "quotes around", test_text("\"%s\"", token) },
        { "Bearer before it", test_text("Bearer %s", token) },
        { "a comma and another", test_text("%s,%s", token, token) },
        { "a dot behind", test_text("%s.", token) },
        { "a dot in front", test_text(".%s", token) },
        { "an empty header", test_text(".%s", dot1 + 1) },
        { "an empty payload", test_text("%.*s..%s", head, token, dot2 + 1) },
        { "one dot", test_text("%.*s%s", head, token, dot1 + 1) },
        { "no dot", test_text("%.*s", head, token) },
        { "a high byte", test_text("%.*s\x80%s", head, token, dot1) },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(access_, test_text("J12: %s", rows[i].name), rows[i].token, ATT_TOKEN_MALFORMED);
    /* 64 bytes of signature end in a character with four bits that mean nothing: sixteen spellings, one of them right. */
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t last = (size_t)(strchr(alphabet, end[-1]) - alphabet);
    for (size_t i = 1; i < 16; i++)
        expect(access_, test_text("J12: trailing bits %zu", i),
               test_text("%.*s%c", (int)(end - token - 1), token, alphabet[(last & 48) | i]),
               ATT_TOKEN_MALFORMED);
    /* A payload with bytes that the two alphabets write in two ways. */
    char *claims = good_claims("\"x\":\"\xc3\xbe\xc3\xbf\xc3\xbf?>?>~~\",");
    char *both = test_token(ec, "ES256", H("ES256", "e1"), claims);
    unsigned changed = 0;
    for (char *c = both; *c; c++) {
        changed += *c == '-' || *c == '_';
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    }
    attack("J12: the standard alphabet occurs", changed > 0, "%u characters", changed);
    expect(access_, "J12: the standard alphabet", both, ATT_TOKEN_MALFORMED);
}

static void j13_times(void)
{
    static const struct {
        const char *name, *part, *instead;
        int64_t leeway;
        enum att_code want;
    } rows[] = {
        { "exp missing", "exp", "", 300, ATT_TOKEN_CLAIM },
        { "exp negative", "exp", "\"exp\":-1", 300, ATT_TOKEN_CLAIM },
        { "exp 2^53", "exp", "\"exp\":9007199254740992", 300, ATT_TOKEN_CLAIM },
        { "exp 2^63 - 1", "exp", "\"exp\":9223372036854775807", 300, ATT_TOKEN_CLAIM },
        { "exp 2^63", "exp", "\"exp\":9223372036854775808", 300, ATT_TOKEN_CLAIM },
        { "exp 2^64 + 1800003600", "exp", "\"exp\":18446744075509555216", 300, ATT_TOKEN_CLAIM },
        { "exp as text", "exp", "\"exp\":\"1800003600\"", 300, ATT_TOKEN_CLAIM },
        { "exp with a fraction", "exp", "\"exp\":1800003600.5", 300, ATT_TOKEN_CLAIM },
        { "exp with an exponent", "exp", "\"exp\":18e8", 300, ATT_TOKEN_CLAIM },
        { "exp 1e999", "exp", "\"exp\":1e999", 300, ATT_TOKEN_CLAIM },
        { "exp null", "exp", "\"exp\":null", 300, ATT_TOKEN_CLAIM },
        { "exp true", "exp", "\"exp\":true", 300, ATT_TOKEN_CLAIM },
        { "exp in a list", "exp", "\"exp\":[1800003600]", 300, ATT_TOKEN_CLAIM },
        { "Exp", "exp", "\"Exp\":1800003600", 300, ATT_TOKEN_CLAIM },
        { "exp 0", "exp", "\"exp\":0", 300, ATT_TOKEN_EXPIRED },
        { "exp now", "exp", "\"exp\":1800000000", 0, ATT_TOKEN_EXPIRED },
        { "exp in a second", "exp", "\"exp\":1800000001", 0, ATT_OK },
        { "exp at the end of the leeway", "exp", "\"exp\":1799999700", 300, ATT_TOKEN_EXPIRED },
        { "exp inside the leeway", "exp", "\"exp\":1799999701", 300, ATT_OK },
        { "exp a minute ago, leeway 59", "exp", "\"exp\":1799999940", 59, ATT_TOKEN_EXPIRED },
        { "nbf in a second", "nbf", "\"nbf\":1800000001", 0, ATT_TOKEN_NOT_YET_VALID },
        { "nbf at the end of the leeway", "nbf", "\"nbf\":1800000300", 300, ATT_OK },
        { "nbf beyond the leeway", "nbf", "\"nbf\":1800000301", 300, ATT_TOKEN_NOT_YET_VALID },
        { "nbf as text", "nbf", "\"nbf\":\"1\"", 300, ATT_TOKEN_CLAIM },
        { "nbf negative", "nbf", "\"nbf\":-5", 300, ATT_TOKEN_CLAIM },
        { "no nbf is fine", "nbf", "", 0, ATT_OK },
        { "iat in a second", "iat", "\"iat\":1800000001", 0, ATT_TOKEN_NOT_YET_VALID },
        { "iat beyond the leeway", "iat", "\"iat\":1800000301", 300, ATT_TOKEN_NOT_YET_VALID },
        { "iat with a fraction", "iat", "\"iat\":1.5", 300, ATT_TOKEN_CLAIM },
        { "no iat is fine", "iat", "", 0, ATT_OK },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct access_issuer issuer = issuer_with(keys_a());
        issuer.leeway_s = rows[i].leeway;
        struct access *a = access_with(&issuer, 1);
        expect(a, test_text("J13: %s", rows[i].name),
               test_token(ec, "ES256", H("ES256", "e1"), claims_but(rows[i].part, rows[i].instead)),
               rows[i].want);
        access_free(a);
    }
    expect(access_, "J13: expired and forged is forged",
           test_token(evil_ec, "ES256", H("ES256", "e1"), claims_but("exp", "\"exp\":1")),
           ATT_TOKEN_SIGNATURE_INVALID);
    static const int64_t clocks[] = { -1, INT64_MIN, (INT64_C(1) << 53) + 1, INT64_MAX };
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++)
        attack("J13: a clock that is none",
               check_at(access_, good(), ACCESS_DATA, clocks[i]).err.code == ATT_INTERNAL, "%lld",
               (long long)clocks[i]);
}

static void j15_other_forms(void)
{
    char *token = good(), *dot1 = strchr(token, '.'), *dot2 = strrchr(token, '.');
    char *protected = test_text("%.*s", (int)(dot1 - token), token);
    char *payload = test_text("%.*s", (int)(dot2 - dot1 - 1), dot1 + 1);
    char *detached = test_signing_input(H("ES256", "e1"), "");
    const struct {
        const char *name;
        char *token;
    } rows[] = {
        { "J15: flattened JSON", test_text("{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}",
                                           protected, payload, dot2 + 1) },
        { "J15: general JSON with one signature",
          test_text("{\"payload\":\"%s\",\"signatures\":[{\"protected\":\"%s\",\"signature\":\"%s\"}]}",
                    payload, protected, dot2 + 1) },
        { "J15: general JSON with two signatures",
          test_text("{\"payload\":\"%s\",\"signatures\":[{\"protected\":\"%s\",\"signature\":\"%s\"},{"
                    "\"protected\":\"%s\","
                    "\"signature\":\"AAAA\"}]}",
                    payload, protected, dot2 + 1, protected) },
        { "J15: detached", test_text("%s..%s", protected, dot2 + 1) },
        { "J15: detached, signed as empty", test_join(detached, test_sign(ec, "ES256", detached)) },
        { "J15: four segments", test_text("%s.AAAA", token) },
        { "J15: two tokens", test_text("%s.%s", token, token) },
        { "J15: an array of tokens", test_text("[\"%s\"]", token) },
        { "J16: JWE, dir", test_text("%s..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
                                     test_b64url("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", 29)) },
        { "J16: JWE, packed with zip",
          test_text("%s.AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
                    test_b64url("{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}", 47)) },
        { "J16: JWE, a billion rounds of PBES2",
          test_text(
              "%s.AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
              test_b64url(
                  "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2c\":2000000000,\"p2s\":\"AA\"}",
                  76)) },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(access_, rows[i].name, rows[i].token, ATT_TOKEN_MALFORMED);
    expect(access_, "J15: a JWT inside a JWT",
           test_token(ec, "ES256", header_more("ES256", "e1", "\"cty\":\"JWT\""), token),
           ATT_TOKEN_MALFORMED);
    static const char *const algs[] = { "dir", "RSA-OAEP", "PBES2-HS256+A128KW", "A128KW", "ECDH-ES" };
    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++)
        expect(access_, test_text("J16: three segments with alg %s", algs[i]),
               test_token(ec, "ES256", header_more(algs[i], "e1", "\"p2c\":2000000000,\"enc\":\"A256GCM\""),
                          good_claims("")),
               ATT_TOKEN_ALGORITHM);
    /* {} as DEFLATE has it. */
    expect(access_, "J16: zip in a signed token is not unpacked",
           test_token(ec, "ES256", header_more("ES256", "e1", "\"zip\":\"DEF\""), "\xab\xae\x05\x01"),
           ATT_TOKEN_MALFORMED);
}

static void j17_replay(void)
{
    char *token = good();

    for (unsigned i = 0; i < 3; i++)
        expect(access_, "J17: a bearer token counts until it ends", token, ATT_OK);
    attack("J17: and no longer",
           check_at(access_, token, ACCESS_DATA, NOW + 3600).err.code == ATT_TOKEN_EXPIRED, "at exp");
    char *jti = test_token(ec, "ES256", H("ES256", "e1"), good_claims("\"jti\":\"once\",\"nonce\":\"n\","));
    expect(access_, "J17: jti does not make it a token for one use", jti, ATT_OK);
    expect(access_, "J17: nor the second time", jti, ATT_OK);
}

static void j18_to_j21(void)
{
    char *claims_b = claims_but("iss", "\"iss\":\"" ISSUER_B "\"");
    char *tenant_b = test_text("{\"aud\":\"" DATA "\",\"exp\":%d,\"iss\":\"" ISSUER_B "\",\"oid\":\"" OID
                               "\",\"tid\":\"" TENANT_B "\"}",
                               NOW + 3600);

    expect(access_, "J18: B's key under A's name",
           test_token(b_rsa, "RS256", H("RS256", "r1"), good_claims("")), ATT_TOKEN_SIGNATURE_INVALID);
    expect(access_, "J18: A's key under B's name", test_token(rsa, "RS256", H("RS256", "r1"), tenant_b),
           ATT_TOKEN_SIGNATURE_INVALID);
    expect(access_, "J18: B's token with A's tenant", test_token(b_rsa, "RS256", H("RS256", "r1"), claims_b),
           ATT_ACCESS_TENANT);
    struct verdict v = check(access_, test_token(b_rsa, "RS256", H("RS256", "r1"), tenant_b));
    attack("J18: B's own token is B's",
           v.good && strcmp(v.who.tenant, TENANT_B) == 0 && strcmp(v.who.issuer_name, "b") == 0, "%s",
           v.err.text);
    expect(access_, "J18: a key that only A has", test_token(pss, "PS256", H("PS256", "p1"), tenant_b),
           ATT_TOKEN_ALGORITHM);

    char *input = test_signing_input(H("ES256", "e1"), good_claims(""));
    struct att_span sig = test_sign(ec, "ES256", input);
    const struct {
        const char *name, *header, *payload;
    } same[] = {
        { "J20: a space in the header", "{\"alg\":\"ES256\", \"kid\":\"e1\",\"typ\":\"JWT\"}",
          good_claims("") },
        { "J20: members of the header in another order", "{\"kid\":\"e1\",\"alg\":\"ES256\",\"typ\":\"JWT\"}",
          good_claims("") },
        { "J20: a space in the payload", H("ES256", "e1"), test_text(" %s", good_claims("")) },
        { "J20: a newline behind the payload", H("ES256", "e1"), test_text("%s\n", good_claims("")) },
        { "J20: an escape in the payload", H("ES256", "e1"),
          claims_but("aud", "\"\\u0061ud\":\"" DATA "\"") },
        { "J20: one claim more", H("ES256", "e1"), good_claims("\"groups\":[\"admins\"],") },
        { "J20: another principal", H("ES256", "e1"),
          claims_but("oid", "\"oid\":\"ffffffff-bbbb-4ccc-8ddd-eeeeeeeeeeee\"") },
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        expect(access_, same[i].name, test_join(test_signing_input(same[i].header, same[i].payload), sig),
               ATT_TOKEN_SIGNATURE_INVALID);

    expect(access_, "J21: B takes RS256 only: ES256 by its own key",
           test_token(b_ec, "ES256", H("ES256", "e1"), tenant_b), ATT_TOKEN_ALGORITHM);
    expect(access_, "J21: PS256 by its own key", test_token(b_rsa, "PS256", H("PS256", "r1"), tenant_b),
           ATT_TOKEN_ALGORITHM);
    expect(access_, "J21: A takes ES256", good(), ATT_OK);
    expect(access_, "J21: RS512 is in nobody's list",
           test_token(rsa, "RS512", H("RS512", "r1"), good_claims("")), ATT_TOKEN_ALGORITHM);
    struct access_issuer strict = issuer_with(keys_a());
    strict.algorithms = "PS256";
    struct access *a = access_with(&strict, 1);
    expect(a, "J21: PS256 alone: RS256", test_token(rsa, "RS256", H("RS256", "r1"), good_claims("")),
           ATT_TOKEN_ALGORITHM);
    expect(a, "J21: PS256 alone: ES256", good(), ATT_TOKEN_ALGORITHM);
    expect(a, "J21: PS256 alone: PS256", test_token(pss, "PS256", H("PS256", "p1"), good_claims("")), ATT_OK);
    access_free(a);
}

int main(void)
{
    set_up();
    j9_kid();
    j10_json();
    j11_crit();
    j12_base64();
    j13_times();
    j15_other_forms();
    j17_replay();
    j18_to_j21();
    access_free(access_);
    return attacks_report();
}
