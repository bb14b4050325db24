/* layers: attest jose crypto codec base */
/* What is a policy token, what it says, when it counts, and what its refusals say. Names carry the numbers of the attack
 * list. */
#include "unit/attest/policy_tokens.h"

struct cases cases = { .name = "attest.policy_token" };

static EVP_PKEY *rsa, *p256;
static char *ca, *ec_ca;
static const struct ask aad_set = { .use = ATT_POLICY_SET }, aad_reset = { .use = ATT_POLICY_RESET };
static struct ask set, reset, signer;

static void make(void)
{
    rsa = rsa_new(2048, 65537);
    p256 = ec_new("P-256");
    ca = x5c_ca(rsa, "policy-ca");
    ec_ca = x5c_ca(p256, "ec-ca");
    set = (struct ask){ .signers = list_of(kept_key(p256, ec_ca), NULL) };
    reset = set, signer = set;
    reset.use = ATT_POLICY_RESET;
    signer.use = ATT_POLICY_SIGNER;
}

/* By the listed signer. */
static char *listed(const char *header_members, const char *payload)
{
    return token_of(p256, "ES256",
                    header_of("ES256", textf("%s%s%s", header_members, header_members[0] ? "," : "",
                                             x5c_of(ec_ca, NULL, NULL))),
                    payload);
}

static char *sha1_of(const char *certificate, bool upper)
{
    uint8_t der[4096], digest[20];
    char *hex = kept(calloc(1, 41));
    unsigned len = 0;
    int bytes = EVP_DecodeBlock(der, (const unsigned char *)certificate, (int)strlen(certificate));

    for (const char *c = certificate + strlen(certificate); c[-1] == '='; c--)
        bytes--;
    must(EVP_Digest(der, (size_t)bytes, digest, &len, EVP_sha1(), NULL) == 1 && len == 20, "SHA-1");
    for (int i = 0; i < 20; i++)
        (void)snprintf(hex + 2 * i, 3, upper ? "%02X" : "%02x", digest[i]);
    return hex;
}

/* -- what is taken -------------------------------------------------------------------------------------------- */

static void policies(void)
{
    char *plain = unsigned_of(payload_of(POLICY, ""));
    char *by_signer = listed("", payload_of(POLICY, ""));
    const struct {
        const char *name;
        const struct ask *how;
        const char *body, *token, *text;
    } rows[] = {
        { "unsigned", &aad_set, plain, plain, POLICY },
        { "in quotes", &aad_set, quoted(plain), plain, POLICY },
        { "in quotes and white space", &set, textf("\r\n \"%s\"\t", by_signer), by_signer, POLICY },
        { "signed", &set, by_signer, by_signer, POLICY },
        { "the value in the other alphabet, padded", &aad_set,
          unsigned_of(textf("{\"AttestationPolicy\":\"%s\"}", b64(POLICY "//", strlen(POLICY "//")))), NULL,
          POLICY "//" },
        { "the value as text", &set, listed("", "{\"AttestationPolicy\":\"version=1.0; x==\\\"a\\\"\"}"),
          NULL, "version=1.0; x==\"a\"" },
        { "the value wrapped twice", &aad_set, unsigned_of(payload_of("\"version=1.0;\\nx\"", "")), NULL,
          "version=1.0;\nx" },
        { "members that nobody knows", &set,
          listed("\"typ\":\"JWT\",\"cty\":7,\"x\":{}", payload_of(POLICY, "\"x\":[1]")), NULL, POLICY },
        { "a text", &aad_set, POLICY, plain, POLICY },
        { "a text with white space keeps it", &aad_set, " version=1.0;\n", NULL, " version=1.0;\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = takes(rows[i].name, rows[i].how, rows[i].body);
        cases_check(&cases, strcmp(a.text, rows[i].text) == 0, "%s: %s", rows[i].name, a.text);
        cases_check(&cases, !rows[i].token || strcmp(a.token, rows[i].token) == 0, "%s: kept as %s",
                    rows[i].name, a.token);
        cases_check(&cases, a.key[0] == '\0' && a.t.expires_unix_s == 0 && !a.t.counts_once, "%s: no more",
                    rows[i].name);
        struct answer again = takes("what is kept", rows[i].how, a.token);
        cases_check(&cases, strcmp(again.text, a.text) == 0 && strcmp(again.token, a.token) == 0,
                    "%s: read again it is the same", rows[i].name);
    }
    struct answer a = takes("who signed", &set, by_signer);
    cases_check(&cases, strcmp(a.t.thumbprint, sha1_of(ec_ca, true)) == 0, "thumbprint %s", a.t.thumbprint);
}

static void resets(void)
{
    static const char unsecured[] = "eyJhbGciOiJub25lIn0..";
    char *by_signer = listed("", "");

    struct answer a = takes("an unsigned reset", &aad_reset, unsecured);
    cases_check(&cases, strcmp(a.token, unsecured) == 0 && !a.t.is_signed && a.text[0] == '\0', "%s",
                a.token);
    a = takes("an empty body", &aad_reset, "");
    cases_check(&cases, strcmp(a.token, unsecured) == 0, "it stands for %s", a.token);
    (void)takes("white space and quotes around nothing", &aad_reset, " \"\"\n");
    a = takes("a signed reset", &reset, by_signer);
    cases_check(&cases, a.t.is_signed && strcmp(a.token, by_signer) == 0, "%s", a.token);
    (void)takes("a signed reset on an AAD provider", &aad_reset, by_signer);

    (void)refuses("A21: a reset without signature", &reset, unsecured, ATT_POLICY_SIGNATURE_REQUIRED,
                  "policy.token.header.alg");
    (void)refuses("A21: an empty body", &reset, "", ATT_POLICY_SIGNATURE_REQUIRED, "policy");
    (void)refuses("A21: a reset without its signature", &reset,
                  textf("%s.", signing_input(header_of("ES256", x5c_of(ec_ca, NULL, NULL)), "")),
                  ATT_TOKEN_SIGNATURE_INVALID, "policy.token.signature");
    (void)refuses("J14: a policy as a reset", &reset, listed("", payload_of(POLICY, "")),
                  ATT_POLICY_TOKEN_INVALID, "policy.payload");
    (void)refuses("a reset with {}", &reset, listed("", "{}"), ATT_POLICY_TOKEN_INVALID, "policy.payload");
    (void)refuses("a reset with {}, unsigned", &aad_reset, unsigned_of("{}"), ATT_POLICY_TOKEN_INVALID,
                  "policy.payload");
    (void)refuses("a text as a reset", &aad_reset, POLICY, ATT_POLICY_TOKEN_INVALID, "policy");
    (void)refuses("J14: a reset as a policy", &set, by_signer, ATT_POLICY_TOKEN_INVALID, "policy.payload");
    (void)refuses("J14: a reset as a signer", &signer, by_signer, ATT_POLICY_TOKEN_INVALID,
                  "policy.payload.json");
}

static void signers(void)
{
    static const char *const names[] = { "policyCertificate", "maa-policyCertificate",
                                         "aas-policyCertificate", "x-ms-policyCertificate" };

    for (size_t i = 0; i < 4; i++) {
        struct answer a = takes(names[i], &signer, listed("", adding(names[i], "RSA", ca)));
        cases_check(&cases, strcmp(a.key, kept_key(rsa, ca)) == 0, "%s: kept as %.80s", names[i], a.key);
        cases_check(&cases, strcmp(a.t.thumbprint, sha1_of(ca, true)) == 0,
                    "the thumbprint is the new one's");
        cases_check(&cases, a.t.certificate.len > 0 && a.text[0] == '\0', "%s: no policy", names[i]);
    }
    (void)takes("in quotes", &signer, quoted(listed("", adding(names[0], "RSA", ca))));

    EVP_PKEY *small = rsa_new(1024, 65537);
    char *small_ca = x5c_ca(small, "small");
    char *naming = listed("", adding(names[0], "RSA", small_ca));
    (void)refuses("J5: a signer of 1024 bits", &signer, naming, ATT_KEY_INVALID,
                  "policy.payload.policyCertificate.x5c[0]");
    struct ask lower = signer, has_it = signer;
    lower.rsa_bits_min = 1024;
    has_it.signers = list_of(kept_key(p256, ec_ca), kept_key(small, small_ca));
    (void)takes("a signer of 1024 bits where they are allowed", &lower, naming);
    (void)takes("a signer that is listed can be named to remove it", &has_it, naming);
    EVP_PKEY_free(small);

    const struct {
        const char *name, *payload;
        enum att_code code;
        const char *where;
    } rows[] = {
        { "no claim", "{}", ATT_POLICY_SIGNER_MISSING, "policy.payload" },
        { "the claim in another case", adding("PolicyCertificate", "RSA", ca), ATT_POLICY_SIGNER_MISSING,
          "policy.payload" },
        { "J14: a policy as a signer", payload_of(POLICY, ""), ATT_POLICY_SIGNER_MISSING, "policy.payload" },
        { "two names", textf("{\"policyCertificate\":{},\"maa-policyCertificate\":{}}"),
          ATT_POLICY_TOKEN_INVALID, "policy.payload" },
        { "J10: one name twice", "{\"policyCertificate\":{},\"policyCertificate\":{}}",
          ATT_POLICY_TOKEN_INVALID, "policy.payload.json" },
        { "J10: one name twice, once escaped", "{\"policyCertificate\":{},\"\\u0070olicyCertificate\":{}}",
          ATT_POLICY_TOKEN_INVALID, "policy.payload.json" },
        { "the claim is a text", textf("{\"policyCertificate\":\"%s\"}", ca), ATT_POLICY_TOKEN_INVALID,
          "policy.payload.policyCertificate" },
        { "the claim is null", "{\"policyCertificate\":null}", ATT_POLICY_TOKEN_INVALID,
          "policy.payload.policyCertificate" },
        { "a key without certificate", textf("{\"policyCertificate\":%s}", jwk_of(rsa, "")),
          ATT_POLICY_SIGNER_MISSING, "policy.payload.policyCertificate" },
        { "no certificate", "{\"policyCertificate\":{\"kty\":\"RSA\",\"x5c\":[]}}", ATT_JSON_MISSING,
          "policy.payload.policyCertificate.x5c[0]" },
        { "no kty", textf("{\"policyCertificate\":{%s}}", x5c_of(ca, NULL, NULL)), ATT_KEY_INVALID,
          "policy.payload.policyCertificate.kty" },
        { "J3: kty of another key", adding("policyCertificate", "EC", ca), ATT_KEY_INVALID,
          "policy.payload.policyCertificate.x5c[0]" },
        { "J22: a private member",
          textf("{\"policyCertificate\":{\"kty\":\"RSA\",\"d\":\"AQAB\",%s}}", x5c_of(ca, NULL, NULL)),
          ATT_KEY_INVALID, "policy.payload.policyCertificate.d" },
        { "J12: a certificate in the url alphabet", adding("policyCertificate", "RSA", "MIIB-_AA"),
          ATT_BASE64_INVALID, "policy.payload.policyCertificate.x5c[0]" },
        { "J8: bytes that are no certificate", adding("maa-policyCertificate", "RSA", "AAAA"),
          ATT_CERT_MALFORMED, "policy.payload.maa-policyCertificate.x5c[0].certificate" },
        { "J8: a chain that does not hold",
          textf("{\"policyCertificate\":{\"kty\":\"RSA\",%s}}", x5c_of(ca, ec_ca, NULL)),
          ATT_CERT_CHAIN_INVALID, "policy.payload.policyCertificate.x5c[0]" },
        { "a list", "[]", ATT_POLICY_TOKEN_INVALID, "policy.payload" },
        { "not JSON", "policyCertificate", ATT_POLICY_TOKEN_INVALID, "policy.payload.json" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)refuses(rows[i].name, &signer, listed("", rows[i].payload), rows[i].code, rows[i].where);
}

/* -- forms ---------------------------------------------------------------------------------------------------- */

static void wrong_payloads(void)
{
    const struct {
        const char *name, *payload;
        enum att_code code;
        const char *where;
    } rows[] = {
        { "no member", "{}", ATT_POLICY_TOKEN_INVALID, "policy.payload.AttestationPolicy" },
        { "the member in another case", "{\"attestationPolicy\":\"dg\"}", ATT_POLICY_TOKEN_INVALID,
          "policy.payload.AttestationPolicy" },
        { "a number", "{\"AttestationPolicy\":1}", ATT_POLICY_TOKEN_INVALID,
          "policy.payload.AttestationPolicy" },
        { "null", "{\"AttestationPolicy\":null}", ATT_POLICY_TOKEN_INVALID,
          "policy.payload.AttestationPolicy" },
        { "a list of one", "{\"AttestationPolicy\":[\"dg\"]}", ATT_POLICY_TOKEN_INVALID,
          "policy.payload.AttestationPolicy" },
        { "an empty value", "{\"AttestationPolicy\":\"\"}", ATT_POLICY_TOKEN_INVALID,
          "policy.AttestationPolicy" },
        { "nothing inside the quotes", payload_of("\"\"", ""), ATT_POLICY_TOKEN_INVALID,
          "policy.AttestationPolicy" },
        { "J10: the member twice", "{\"AttestationPolicy\":\"dg\",\"AttestationPolicy\":\"dg\"}",
          ATT_POLICY_TOKEN_INVALID, "policy.payload.json" },
        { "J10: the member twice, once escaped",
          "{\"AttestationPolicy\":\"dg\",\"\\u0041ttestationPolicy\":\"dg\"}", ATT_POLICY_TOKEN_INVALID,
          "policy.payload.json" },
        { "J10: a byte order mark", "\xef\xbb\xbf{\"AttestationPolicy\":\"dg\"}", ATT_POLICY_TOKEN_INVALID,
          "policy.payload.json" },
        { "J10: NaN", "{\"AttestationPolicy\":\"dg\",\"exp\":NaN}", ATT_POLICY_TOKEN_INVALID,
          "policy.payload.json" },
        { "not UTF-8", "{\"AttestationPolicy\":\"\xff\"}", ATT_POLICY_TOKEN_INVALID, "policy.payload.json" },
        { "bytes behind it", "{\"AttestationPolicy\":\"dg\"}x", ATT_POLICY_TOKEN_INVALID,
          "policy.payload.json" },
        { "a list", "[]", ATT_POLICY_TOKEN_INVALID, "policy.payload" },
        { "J14: an attestation token's claims", "{\"iss\":\"https://contoso.example\",\"x-ms-ver\":\"1.0\"}",
          ATT_POLICY_TOKEN_INVALID, "policy.payload.AttestationPolicy" },
        { "J12: a character that is none", "{\"AttestationPolicy\":\"dmVyc2lvbj0xLjA7)\"}",
          ATT_BASE64_INVALID, "policy.AttestationPolicy" },
        { "J12: a length that is none", "{\"AttestationPolicy\":\"dmVyc\"}", ATT_BASE64_INVALID,
          "policy.AttestationPolicy" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)refuses(rows[i].name, &aad_set, unsigned_of(rows[i].payload), rows[i].code, rows[i].where);
        (void)refuses(rows[i].name, &set, listed("", rows[i].payload), rows[i].code, rows[i].where);
    }
    char *deep = textf("%s", "{\"AttestationPolicy\":\"dg\",\"x\":");
    for (int i = 0; i < 200; i++)
        deep = textf("%s[", deep);
    (void)refuses("J10: nested too deep", &set, listed("", deep), ATT_POLICY_TOKEN_INVALID,
                  "policy.payload.json");
}

static void wrong_forms(void)
{
    char *payload = payload_of(POLICY, ""), *x5c = x5c_of(ec_ca, NULL, NULL);
    char *good = listed("", payload), *encoded = b64url_text(payload);
    const struct {
        const char *name, *body;
        enum att_code code;
        const char *where;
    } rows[] = {
        { "J11: crit", listed("\"crit\":[\"exp\"]", payload), ATT_TOKEN_CRITICAL,
          "policy.token.header.crit" },
        { "J11: crit, empty", listed("\"crit\":[]", payload), ATT_TOKEN_CRITICAL,
          "policy.token.header.crit" },
        { "J11: b64 false", listed("\"b64\":false", payload), ATT_TOKEN_CRITICAL, "policy.token.header.b64" },
        { "J10: alg twice", textf("%s.", signing_input("{\"alg\":\"none\",\"alg\":\"none\"}", payload)),
          ATT_POLICY_TOKEN_INVALID, "policy.token.header.json" },
        { "J10: x5c twice", listed(x5c, payload), ATT_POLICY_TOKEN_INVALID, "policy.token.header.json" },
        { "no alg", textf("%s.", signing_input("{}", payload)), ATT_POLICY_TOKEN_INVALID,
          "policy.token.header.alg" },
        { "alg is a number", textf("%s.", signing_input("{\"alg\":256}", payload)), ATT_POLICY_TOKEN_INVALID,
          "policy.token.header.alg" },
        { "J1: none with a signature", token_of(p256, "ES256", "{\"alg\":\"none\"}", payload),
          ATT_POLICY_TOKEN_INVALID, "policy.token.signature" },
        { "J12: padding", textf("eyJhbGciOiJub25lIn0=.%s.", encoded), ATT_BASE64_INVALID,
          "policy.token.header" },
        { "J12: the other alphabet", "eyJhbGciOiJub25lIn0.e+8.", ATT_BASE64_INVALID, "policy.payload" },
        { "J12: bits that count nothing", "eyJhbGciOiJub25lIn1.e30.", ATT_BASE64_INVALID,
          "policy.token.header" },
        { "J15: the JSON serialisation",
          textf("{\"payload\":\"%s\",\"protected\":\"eyJhbGciOiJub25lIn0\",\"signature\":\"\"}", encoded),
          ATT_POLICY_TOKEN_INVALID, "policy" },
        { "J15: several signatures", textf("{\"payload\":\"%s\",\"signatures\":[{},{}]}", encoded),
          ATT_POLICY_TOKEN_INVALID, "policy" },
        { "J15: five segments", "eyJhbGciOiJkaXIifQ.AA.AA.AA.AA", ATT_POLICY_TOKEN_INVALID, "policy" },
        { "J15: two segments", signing_input("{\"alg\":\"none\"}", payload), ATT_POLICY_TOKEN_INVALID,
          "policy" },
        { "J15: detached: the payload is elsewhere",
          textf("%s..%s", b64url_text(header_of("ES256", x5c)), strrchr(good, '.') + 1),
          ATT_TOKEN_SIGNATURE_INVALID, "policy.token.signature" },
        { "J16: encrypted with a password: no algorithm here, and p2c is not looked at",
          textf("%s.AAAA.AAAA",
                b64url_text("{\"alg\":\"PBES2-HS256+A128KW\",\"p2c\":2147483647,\"enc\":\"A128GCM\"}")),
          ATT_TOKEN_ALGORITHM, "policy.token.header.alg" },
        { "J16: zip says nothing in a JWS: the payload is read as it is",
          listed("\"zip\":\"DEF\"", "\x78\x9c\xab\x56"), ATT_POLICY_TOKEN_INVALID, "policy.payload.json" },
        { "only dots", "..", ATT_POLICY_TOKEN_INVALID, "policy.token.header.json" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)refuses(rows[i].name, &set, rows[i].body, rows[i].code, rows[i].where);
    (void)refuses("a text that begins with a quotation mark would be read as another one", &aad_set,
                  "\"version=1.0;\"", ATT_POLICY_TOKEN_INVALID, "policy");
    (void)refuses("an empty body is no policy", &aad_set, "", ATT_POLICY_TOKEN_INVALID, "policy");
    struct att_limits limits = att_limits_default;
    struct ask narrow = set;
    narrow.limits = &limits;
    limits.token_bytes_max = strlen(good);
    (void)takes("a token of the largest size", &narrow, good);
    limits.token_bytes_max--;
    (void)refuses("a token that is larger", &narrow, good, ATT_LIMIT_EXCEEDED, "policy");
    char *huge = textf("{\"alg\":\"none\",\"x\":\"%01100000d\"}", 0);
    (void)refuses("a huge header", &aad_set, textf("%s.%s.", b64url_text(huge), encoded), ATT_LIMIT_EXCEEDED,
                  "policy");
    const struct att_policy_token_options other_size = { .size = 1 };
    struct att_arena *arena = att_arena_new(1 << 16);
    struct att_policy_token t;
    struct att_err err = { 0 };
    cases_check(&cases,
                !att_policy_token_read(arena, ATT_POLICY_SET, att_str(good), &other_size, &t, &err) &&
                    err.code == ATT_INTERNAL,
                "options of another size: %s", err.text);
    att_arena_free(arena);
}

/* The texts of the manual that people search for, each from what provokes it there. */
static void known_texts(void)
{
    const struct {
        const char *name;
        const struct ask *how;
        const char *body, *text;
    } rows[] = {
        { "a certificate that is no token", &signer, ca,
          "Bad message    Msg:[Malformed JWT: Could not find first period in the token.]" },
        { "one segment more", &signer, "AA.AA", "Malformed JWT: Could not find second period in the token." },
        { "no claim", &signer, listed("", "{}"),
          "Bad message    Msg:[Could not find \"maa-policyCertificate\" claim in policy token]" },
        { "a value that is no base64url", &aad_set,
          unsigned_of("{\"AttestationPolicy\":\"dmVyc2lvbj0xLjA7)\"}"),
          "Bad message    Msg:[Unknown base64 character: 41 (')')" },
        { "a policy's payload that is no base64url", &aad_set, "eyJhbGciOiJub25lIn0.e30).",
          "Bad message    Msg:[Unknown base64 character: 41 (')')" },
        { "a header that is no base64url", &signer, "ey)hbGciOiJub25lIn0.e30.",
          "Bad message    Msg:[Unknown base64 character: 41 (')')" },
        { "unsigned where signatures are required", &set, unsigned_of(payload_of(POLICY, "")),
          "this provider takes only policies signed by one of its policy signers" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = ask(rows[i].how, rows[i].body);
        cases_check(&cases, !a.ok && strstr(a.err.text, rows[i].text), "%s: %s", rows[i].name, a.err.text);
        cases_check(&cases, strstr(a.err.text, a.err.where) != NULL, "%s: says where: %s", rows[i].name,
                    a.err.text);
    }
}

/* An Isolated provider says nothing of the payload to whom it does not know. */
static void order(void)
{
    EVP_PKEY *evil = ec_new("P-256"), *twin = ec_new("P-256");
    char *x5c = x5c_of(x5c_ca(evil, "evil"), NULL, NULL);
    char *payload = payload_of(POLICY, "\"exp\":1");

    (void)refuses("J7: who signed comes before what it says", &set, signed_by(evil, "ES256", x5c, "{"),
                  ATT_POLICY_SIGNER_UNKNOWN, "policy.token.header.x5c");
    (void)refuses("J13: and before when it counts", &set, signed_by(evil, "ES256", x5c, payload),
                  ATT_POLICY_SIGNER_UNKNOWN, "policy.token.header.x5c");
    (void)refuses("J4: and the signature before the list", &set, signed_by(twin, "ES256", x5c, "{"),
                  ATT_TOKEN_SIGNATURE_INVALID, "policy.token.signature");
    EVP_PKEY_free(evil), EVP_PKEY_free(twin);
}

/* -- broken everywhere ---------------------------------------------------------------------------------------- */

/* Every cut, and every bit: an Isolated provider takes none; what an AAD provider takes says what the whole one says or, since
 * it is no token any more, is a text that says itself. */
static void every_bit(const char *name, EVP_PKEY *key, const char *alg, const char *certificate)
{
    struct ask isolated = { .signers = list_of(kept_key(key, certificate), NULL) };
    char *good = signed_by(key, alg, textf("\"jwk\":%s", jwk_of(key, "")), payload_of(POLICY, ""));
    size_t len = strlen(good), taken = 0, changed = 0;
    char *other = kept(malloc(len + 1));

    (void)takes(name, &isolated, good);
    for (size_t cut = 0; cut < len; cut++) {
        taken += ask_span(&isolated, att_span_of(good, cut)).ok;
        struct answer a = ask_span(&aad_set, att_span_of(good, cut));
        changed += a.ok && !att_span_eq(att_str(a.text), att_span_of(good, cut));
    }
    cases_check(&cases, taken == 0 && changed == 0, "%s: %zu cut ones were taken, %zu with another meaning",
                name, taken, changed);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        memcpy(other, good, len + 1);
        other[bit / 8] = (char)(other[bit / 8] ^ (char)(1 << bit % 8));
        struct att_span sent = att_span_of(other, len);
        taken += ask_span(&isolated, sent).ok;
        struct answer a = ask_span(&aad_set, sent);
        changed += a.ok && !att_span_eq(att_str(a.text), sent);
    }
    cases_check(&cases, taken == 0 && changed == 0,
                "%s: %zu flipped ones were taken, %zu with another meaning", name, taken, changed);
}

static void little_memory(void)
{
    const struct {
        const struct ask *how;
        const char *body;
    } rows[] = { { &set, listed("", payload_of(POLICY, "\"jti\":\"a\",\"aud\":[\"" PROVIDER "\"]")) },
                 { &signer, listed("", adding("policyCertificate", "RSA", ca)) },
                 { &aad_set, POLICY } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct att_policy_token_options options = options_of(rows[i].how);
        size_t refused = 0;
        bool ok = false;
        for (size_t room = 16; !ok && room < 65536; room += 16) {
            struct att_arena *arena = att_arena_new(room);
            struct att_policy_token t;
            struct att_err err = { 0 };
            ok = att_policy_token_read(arena, rows[i].how->use, att_str(rows[i].body), &options, &t, &err);
            cases_check(&cases, ok || err.code == ATT_OUT_OF_MEMORY, "row %zu, %zu bytes: %s", i, room,
                        err.text);
            refused += !ok;
            att_arena_free(arena);
        }
        cases_check(&cases, ok && refused > 1, "row %zu: memory ran out %zu times", i, refused);
    }
}

int main(void)
{
    make();
    policies();
    resets();
    signers();
    wrong_payloads();
    wrong_forms();
    known_texts();
    order();
    every_bit("ES256", p256, "ES256", ec_ca);
    every_bit("RS256", rsa, "RS256", ca);
    little_memory();
    EVP_PKEY_free(rsa), EVP_PKEY_free(p256);
    return cases_report(&cases);
}
