/* layers: access base codec */
/* What a token with a good signature says: for whom it is, whose it is, who is calling. And what an operator may write. */
#include "unit/access/attacks.h"

static struct cases cases = { .name = "access.claims" };

/* A token of issuer A with these claims, signed truly. */
static char *token(const char *claims)
{
    return test_token(ec, "ES256", H("ES256", "e1"), claims);
}

static void audiences(void)
{
    static const struct {
        const char *name, *aud;
        enum att_code data, control;
    } rows[] = {
        { "A5: the data plane's", "\"aud\":\"https://attest.example\"", ATT_OK, ATT_ACCESS_AUDIENCE },
        { "A5: with a slash", "\"aud\":\"https://attest.example/\"", ATT_OK, ATT_ACCESS_AUDIENCE },
        { "A5: its GUID", "\"aud\":\"dddddddd-0000-4000-8000-00000000da7a\"", ATT_OK, ATT_ACCESS_AUDIENCE },
        { "A5: the control plane's", "\"aud\":\"https://management.example/\"", ATT_ACCESS_AUDIENCE, ATT_OK },
        { "A5: without the slash", "\"aud\":\"https://management.example\"", ATT_ACCESS_AUDIENCE, ATT_OK },
        { "A5: its second name", "\"aud\":\"https://core.example\"", ATT_ACCESS_AUDIENCE, ATT_OK },
        { "J14: aud in a list", "\"aud\":[\"https://attest.example\"]", ATT_OK, ATT_ACCESS_AUDIENCE },
        { "J14: aud second in a list", "\"aud\":[\"x\",\"https://attest.example/\"]", ATT_OK,
          ATT_ACCESS_AUDIENCE },
        { "J14: aud of both planes", "\"aud\":[\"https://attest.example\",\"https://management.example\"]",
          ATT_OK, ATT_OK },
#define NO ATT_ACCESS_AUDIENCE, ATT_ACCESS_AUDIENCE
        { "J14: aud missing", "", NO },
        { "J14: Aud", "\"Aud\":\"https://attest.example\"", NO },
        { "J14: an empty list", "\"aud\":[]", NO },
        { "J14: a list of others", "\"aud\":[\"x\",\"y\"]", NO },
        { "J14: a number among them", "\"aud\":[1,\"https://attest.example\"]", NO },
        { "J14: a number behind it", "\"aud\":[\"https://attest.example\",1]", NO },
        { "J14: a list in the list", "\"aud\":[[\"https://attest.example\"]]", NO },
        { "J14: an object", "\"aud\":{\"aud\":\"https://attest.example\"}", NO },
        { "J14: null", "\"aud\":null", NO },
        { "J14: true", "\"aud\":true", NO },
        { "J14: empty", "\"aud\":\"\"", NO },
        { "J14: a slash", "\"aud\":\"/\"", NO },
        { "J14: two slashes behind", "\"aud\":\"https://attest.example//\"", NO },
        { "J14: three slashes behind", "\"aud\":\"https://attest.example///\"", NO },
        { "J14: another case", "\"aud\":\"https://ATTEST.example\"", NO },
        { "J14: a longer host", "\"aud\":\"https://attest.example.evil.example\"", NO },
        { "J14: a path behind", "\"aud\":\"https://attest.example/x\"", NO },
        { "J14: a shorter one", "\"aud\":\"https://attest.exampl\"", NO },
        { "J14: http", "\"aud\":\"http://attest.example\"", NO },
        { "J14: a space behind", "\"aud\":\"https://attest.example \"", NO },
        { "J14: a NUL behind", "\"aud\":\"https://attest.example\\u0000\"", NO },
        { "J14: two in one string", "\"aud\":\"https://attest.example https://management.example\"", NO },
        { "J14: a wildcard", "\"aud\":\"*\"", NO },
        { "A5: another service's", "\"aud\":\"https://vault.example\"", NO },
#undef NO
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *t = token(claims_but("aud", rows[i].aud));
        struct verdict data = check_at(access_, t, ACCESS_DATA, NOW),
                       control = check_at(access_, t, ACCESS_CONTROL, NOW);
        attack(rows[i].name, data.err.code == rows[i].data, "data plane: %s", data.err.text);
        attack(rows[i].name, control.err.code == rows[i].control, "control plane: %s", control.err.text);
    }
    char *many = test_text("\"" DATA "\"");
    for (unsigned i = 0; i < 63; i++)
        many = test_text("%s,\"x\"", many);
    expect(access_, "J14: 64 audiences", token(claims_but("aud", test_text("\"aud\":[%s]", many))), ATT_OK);
    expect(access_, "J14: 65 audiences", token(claims_but("aud", test_text("\"aud\":[%s,\"x\"]", many))),
           ATT_ACCESS_AUDIENCE);
    struct access_issuer narrow = issuer_with(keys_a());
    narrow.audiences[ACCESS_DATA] = NULL;
    struct access *a = access_with(&narrow, 1);
    expect(a, "A5: an issuer that is not for this plane", good(), ATT_ACCESS_AUDIENCE);
    expect(a, "A5: nor with an empty audience", token(claims_but("aud", "\"aud\":\"\"")),
           ATT_ACCESS_AUDIENCE);
    access_free(a);
    attack("A5: a plane that is none",
           check_at(access_, good(), (enum access_audience)7, NOW).err.code == ATT_INTERNAL, "7");
}

static void issuers_and_tenants(void)
{
    static const char *const strangers[] = {
        "\"iss\":\"https://login.example/33333333-3333-4333-8333-333333333333/v2.0\"",
        "\"iss\":\"" ISSUER_A "/\"",
        "\"iss\":\"https://LOGIN.example/11111111-1111-4111-8111-111111111111/v2.0\"",
        "\"iss\":\"http://login.example/11111111-1111-4111-8111-111111111111/v2.0\"",
        "\"iss\":\"" ISSUER_A ".evil.example\"",
        "\"iss\":\"" ISSUER_A "\\u0000\"",
        "\"iss\":\" " ISSUER_A "\"",
        "\"iss\":\"\"",
        "\"iss\":\"a\"", /* the name of its section in the configuration is not the issuer */
        "\"iss\":[\"" ISSUER_A "\"]",
        "\"iss\":{\"iss\":\"" ISSUER_A "\"}",
        "\"iss\":1",
        "\"iss\":null",
        "\"Iss\":\"" ISSUER_A "\"",
        "",
    };
    static const struct {
        const char *name, *tid;
        enum att_code want;
    } tenants[] = {
        { "none", "", ATT_OK },
        { "in capitals", "\"tid\":\"11111111-1111-4111-8111-11111111ABCD\"", ATT_OK },
        { "another's", "\"tid\":\"" TENANT_B "\"", ATT_ACCESS_TENANT },
        { "empty", "\"tid\":\"\"", ATT_ACCESS_TENANT },
        { "cut", "\"tid\":\"11111111-1111-4111-8111-11111111abc\"", ATT_ACCESS_TENANT },
        { "with a byte behind", "\"tid\":\"11111111-1111-4111-8111-11111111abcd\\u0000\"",
          ATT_ACCESS_TENANT },
        { "in braces", "\"tid\":\"{11111111-1111-4111-8111-11111111abcd}\"", ATT_ACCESS_TENANT },
        { "null", "\"tid\":null", ATT_ACCESS_TENANT },
        { "a list", "\"tid\":[\"" TENANT_A "\"]", ATT_ACCESS_TENANT },
        { "a number", "\"tid\":1", ATT_ACCESS_TENANT },
    };

    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        expect(access_, test_text("J14: %s", strangers[i]), token(claims_but("iss", strangers[i])),
               ATT_ACCESS_ISSUER_UNKNOWN);
        expect(access_, test_text("A3: forged as well: %s", strangers[i]),
               test_token(evil_ec, "ES256", H("ES256", "e1"), claims_but("iss", strangers[i])),
               ATT_ACCESS_ISSUER_UNKNOWN);
    }
    for (size_t i = 0; i < sizeof tenants / sizeof tenants[0]; i++)
        expect(access_, test_text("A4: tid %s", tenants[i].name), token(claims_but("tid", tenants[i].tid)),
               tenants[i].want);
    expect(access_, "A1: no token", "", ATT_ACCESS_TOKEN_MISSING);
    expect(access_, "A2: expired", token(claims_but("exp", "\"exp\":1799999999")), ATT_TOKEN_EXPIRED);
    struct access *nobody = access_with(NULL, 0);
    expect(nobody, "A3: without an issuer nobody gets in", good(), ATT_ACCESS_ISSUER_UNKNOWN);
    access_free(nobody);
    struct access_issuer keyless = issuer_with(keys_a());
    keyless.keys_json = (struct att_span){ 0 };
    struct access *a = access_with(&keyless, 1);
    struct verdict v = check(a, good());
    attack("A3: an issuer without keys",
           v.err.code == ATT_TOKEN_KEY_UNKNOWN && v.refresh == ACCESS_NO_REFRESH, "%s", v.err.text);
    access_free(a);
}

/* The same tenant by two issuers, as Entra's two versions of tokens have it. */
static void two_issuers_of_a_tenant(void)
{
    struct access_issuer both[] = { issuer_with(keys_a()), issuer_with(test_jwks1(b_ec, "e1")) };
    both[1].name = "v1";
    both[1].issuer = ISSUER_B;
    struct access *a = access_with(both, 2);
    char *v1 = claims_but("iss", "\"iss\":\"" ISSUER_B "\"");

    struct verdict one = check(a, good()), two = check(a, test_token(b_ec, "ES256", H("ES256", "e1"), v1));
    attack("J18: two issuers of one tenant",
           one.good && two.good && strcmp(one.who.principal, two.who.principal) == 0, "%s %s", one.err.text,
           two.err.text);
    attack("J18: each has its own name",
           strcmp(one.who.issuer_name, "a") == 0 && strcmp(two.who.issuer_name, "v1") == 0, "%s %s",
           one.who.issuer_name, two.who.issuer_name);
    expect(a, "J18: the keys of one are not the other's", token(v1), ATT_TOKEN_SIGNATURE_INVALID);
    access_free(a);
}

static void types_of_tokens(void)
{
    static const struct {
        const char *typ;
        enum att_code want;
    } rows[] = {
        { "", ATT_OK },
        { "\"typ\":\"JWT\",", ATT_OK },
        { "\"typ\":\"jwt\",", ATT_OK },
        { "\"typ\":\"at+jwt\",", ATT_OK },
        { "\"typ\":\"AT+JWT\",", ATT_OK },
        { "\"typ\":\"application/at+jwt\",", ATT_OK },
        { "\"typ\":\"Application/AT+jwt\",", ATT_OK },
        { "\"typ\":\"\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"JWS\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"JOSE\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"id+jwt\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"dpop+jwt\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"logout+jwt\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"secevent+jwt\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"attestation+jwt\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"eat+jwt\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"JWT \",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"JWTX\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"text/at+jwt\",", ATT_TOKEN_CLAIM },
        { "\"typ\":\"JWT\\u0000\",", ATT_TOKEN_CLAIM },
        { "\"typ\":null,", ATT_TOKEN_MALFORMED },
        { "\"typ\":[\"JWT\"],", ATT_TOKEN_MALFORMED },
        { "\"typ\":1,", ATT_TOKEN_MALFORMED },
    };
    static const char *const marks[] = {
        "\"x-ms-ver\":\"1.0\",",
        "\"x-ms-attestation-type\":\"sgx\",",
        "\"x-ms-policy-hash\":\"AAAA\",",
        "\"AttestationPolicy\":\"dmVyc2lvbj0\",",
        "\"policyCertificate\":{},",
        "\"maa-policyCertificate\":{},",
        "\"x-ms-ver\":null,",
        "\"x-ms-v\\u0065r\":\"1.0\",",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(access_, test_text("J14: typ %s", rows[i].typ),
               test_token(ec, "ES256", test_text("{\"alg\":\"ES256\",%s\"kid\":\"e1\"}", rows[i].typ),
                          good_claims("")),
               rows[i].want);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        expect(access_, test_text("J14: an attestation or policy token by an issuer's key: %s", marks[i]),
               token(good_claims(marks[i])), ATT_TOKEN_CLAIM);
    /* What attestd itself issues, with its own key set configured as an issuer by mistake. */
    expect(access_, "A5: an attestation token as a bearer token",
           token(test_text("{\"exp\":%d,\"iat\":%d,\"is-debuggable\":false,\"iss\":\"" ISSUER_A
                           "\",\"jti\":\"00\",\"nbf\":%d,"
                           "\"x-ms-attestation-type\":\"sgx\",\"x-ms-ver\":\"1.0\"}",
                           NOW + 60, NOW, NOW)),
           ATT_TOKEN_CLAIM);
    /* Microsoft Graph's tokens are signed over a header in which the nonce is hashed; nobody else can check them. */
    char *hashed = test_signing_input(header_more("ES256", "e1", "\"nonce\":\"aGFzaGVk\""), good_claims(""));
    char *shown = test_signing_input(header_more("ES256", "e1", "\"nonce\":\"plain\""), good_claims(""));
    expect(access_, "J14: a nonce in the header as Graph has it",
           test_join(shown, test_sign(ec, "ES256", hashed)), ATT_TOKEN_SIGNATURE_INVALID);
}

static void principals(void)
{
    char *long_sub = test_kept(calloc(1, 200));
    memset(long_sub, 's', 129);
    const struct {
        const char *name, *claim, *value, *want; /* want NULL: refused */
    } rows[] = {
        { "oid", NULL, "\"oid\":\"" OID "\"", OID },
        { "oid in capitals", NULL, "\"oid\":\"AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE\"", OID },
        { "sub when there is no oid", NULL, "\"sub\":\"auth0|Abc\"", "auth0|Abc" },
        { "oid before sub", NULL, "\"sub\":\"x\",\"oid\":\"" OID "\"", OID },
        { "sub in two cases: one", NULL, "\"sub\":\"Alice\"", "Alice" },
        { "sub in two cases: the other", NULL, "\"sub\":\"alice\"", "alice" },
        { "a GUID as sub", NULL, "\"sub\":\"AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE\"", OID },
        { "nearly a GUID keeps its case", NULL, "\"sub\":\"AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEG\"",
          "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEG" },
        { "a claim of the operator's choice", "email", "\"email\":\"a@b.example\",\"oid\":\"x\"",
          "a@b.example" },
        { "its choice missing: oid does not stand in", "email", "\"oid\":\"" OID "\"", NULL },
        { "its choice in another case", "email", "\"Email\":\"a@b.example\"", NULL },
        { "a dotted choice is one name", "a.b", "\"a\":{\"b\":\"x\"}", NULL },
        { "128 bytes", NULL, test_text("\"sub\":\"%.128s\"", long_sub), test_text("%.128s", long_sub) },
        { "129 bytes", NULL, test_text("\"sub\":\"%s\"", long_sub), NULL },
        { "nobody", NULL, "", NULL },
        { "an empty oid", NULL, "\"oid\":\"\"", NULL },
        { "an empty oid: sub does not stand in", NULL, "\"oid\":\"\",\"sub\":\"x\"", NULL },
        { "oid null: sub does not stand in", NULL, "\"oid\":null,\"sub\":\"x\"", NULL },
        { "oid a number", NULL, "\"oid\":1", NULL },
        { "oid in a list", NULL, "\"oid\":[\"" OID "\"]", NULL },
        { "sub an object", NULL, "\"sub\":{\"x\":1}", NULL },
        { "a space", NULL, "\"sub\":\"a b\"", NULL },
        { "a space behind", NULL, "\"sub\":\"a \"", NULL },
        { "a NUL", NULL, "\"sub\":\"a\\u0000\"", NULL },
        { "a line break", NULL, "\"sub\":\"a\\n\"", NULL },
        { "beyond ASCII", NULL, "\"sub\":\"\xc3\xa9\"", NULL },
        { "a letter that looks like a", NULL, "\"sub\":\"\xd0\xb0lice\"", NULL },
        { "DEL", NULL, "\"sub\":\"a\x7f\"", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct access_issuer issuer = issuer_with(keys_a());
        issuer.principal_claim = rows[i].claim;
        struct access *a = access_with(&issuer, 1);
        struct verdict v = check(a, token(claims_but("oid", rows[i].value)));
        cases_check(&cases,
                    rows[i].want ? v.good && strcmp(v.who.principal, rows[i].want) == 0
                                 : v.err.code == ATT_ACCESS_PRINCIPAL,
                    "principal %s: %s %s", rows[i].name, v.good ? v.who.principal : "", v.err.text);
        access_free(a);
    }
}

static void groups(void)
{
    char *many = test_text("\"g\"");
    for (unsigned i = 0; i < 255; i++)
        many = test_text("%s,\"g%u\"", many, i);
    const struct {
        const char *name, *claim, *more;
        int want; /* -1: refused */
        const char *first;
    } rows[] = {
        { "none", NULL, "", 0, NULL },
        { "an empty list", NULL, "\"groups\":[],", 0, NULL },
        { "two", NULL, "\"groups\":[\"BBBBBBBB-0000-4000-8000-000000000001\",\"x\"],", 2,
          "bbbbbbbb-0000-4000-8000-000000000001" },
        { "a name keeps its case", NULL, "\"groups\":[\"Admins\"],", 1, "Admins" },
        { "another claim", "roles", "\"roles\":[\"r\"],\"groups\":[\"g\"],", 1, "r" },
        { "another claim that is missing", "roles", "\"groups\":[\"g\"],", 0, NULL },
        { "overage", NULL,
          "\"_claim_names\":{\"groups\":\"src1\"},\"_claim_sources\":{\"src1\":{\"endpoint\":\"https://"
          "x\"}},",
          0, NULL },
        { "overage of another claim", NULL, "\"_claim_names\":{\"other\":\"src1\"},\"groups\":[\"g\"],", 1,
          "g" },
        { "overage and groups", NULL, "\"_claim_names\":{\"groups\":\"src1\"},\"groups\":[\"g\"],", 0, NULL },
        { "hasgroups", NULL, "\"hasgroups\":true,", 0, NULL },
        { "hasgroups and groups", NULL, "\"hasgroups\":true,\"groups\":[\"g\"],", 0, NULL },
        { "256", NULL, test_text("\"groups\":[%s],", many), 256, "g" },
        { "257", NULL, test_text("\"groups\":[%s,\"x\"],", many), -1, NULL },
        { "one string", NULL, "\"groups\":\"g\",", -1, NULL },
        { "null", NULL, "\"groups\":null,", -1, NULL },
        { "an object", NULL, "\"groups\":{\"g\":1},", -1, NULL },
        { "a number among them", NULL, "\"groups\":[\"g\",1],", -1, NULL },
        { "a list among them", NULL, "\"groups\":[[\"g\"]],", -1, NULL },
        { "an empty one", NULL, "\"groups\":[\"g\",\"\"],", -1, NULL },
        { "one with a space", NULL, "\"groups\":[\"g g\"],", -1, NULL },
        { "one with a NUL", NULL, "\"groups\":[\"g\\u0000\"],", -1, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct access_issuer issuer = issuer_with(keys_a());
        issuer.groups_claim = rows[i].claim;
        struct access *a = access_with(&issuer, 1);
        struct verdict v = check(a, token(good_claims(rows[i].more)));
        bool ok = rows[i].want < 0 ? v.err.code == ATT_TOKEN_CLAIM
                                   : v.good && v.who.group_count == (size_t)rows[i].want &&
                                         (rows[i].want == 0 || strcmp(v.who.groups[0], rows[i].first) == 0);
        cases_check(&cases, ok, "groups %s: %zu %s", rows[i].name, v.who.group_count, v.err.text);
        access_free(a);
    }
}

static void the_rest(void)
{
    static const struct {
        const char *name, *more, *application, *who;
        bool want;
    } rows[] = {
        { "nothing", "", NULL, OID, true },
        { "appid", "\"appid\":\"CCCCCCCC-0000-4000-8000-000000000001\",",
          "cccccccc-0000-4000-8000-000000000001", OID, true },
        { "azp", "\"azp\":\"client\",", "client", OID, true },
        { "appid before azp", "\"azp\":\"z\",\"appid\":\"a\",", "a", OID, true },
        { "appid a number", "\"appid\":1,", NULL, NULL, false },
        { "azp empty", "\"azp\":\"\",", NULL, NULL, false },
        { "azp with a line break", "\"azp\":\"a\\nb\",", NULL, NULL, false },
        { "upn", "\"upn\":\"a@b\",\"preferred_username\":\"x\",", NULL, "a@b", true },
        { "preferred_username", "\"preferred_username\":\"x\",", NULL, "x", true },
        { "app_displayname", "\"app_displayname\":\"my app\",", NULL, "my app", true },
        { "a name that is no string is passed over", "\"upn\":1,\"app_displayname\":\"d\",", NULL, "d",
          true },
        { "an empty name is passed over", "\"upn\":\"\",", NULL, OID, true },
        { "a name that would write its own line into a log", "\"upn\":\"a\\nb\\u0000\",", NULL,
          "a\\x0ab\\x00", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct verdict v = check(access_, token(good_claims(rows[i].more)));
        bool ok = v.good == rows[i].want;
        if (ok && v.good)
            ok = strcmp(v.who.name, rows[i].who) == 0 && !v.who.application == !rows[i].application &&
                 (!v.who.application || strcmp(v.who.application, rows[i].application) == 0);
        cases_check(&cases, ok, "%s: name '%s', application '%s', %s", rows[i].name, v.good ? v.who.name : "",
                    v.good && v.who.application ? v.who.application : "", v.err.text);
    }
    struct verdict v = check(access_, good());
    cases_check(&cases,
                v.good && v.who.expires_unix_s == NOW + 3600 && strcmp(v.who.tenant, TENANT_A) == 0 &&
                    strcmp(v.who.issuer_name, "a") == 0 && v.who.group_count == 0 &&
                    v.refresh == ACCESS_NO_REFRESH,
                "the whole identity");
    char *large = test_kept(calloc(1, 20000));
    for (int size = 11000; size < 13000; size += 3) {
        memset(large, 'x', (size_t)size);
        large[size] = '\0';
        char *t = token(good_claims(test_text("\"x\":\"%s\",", large)));
        bool fits = strlen(t) <= ACCESS_TOKEN_BYTES_MAX;
        struct verdict size_v = check(access_, t);
        cases_check(&cases, size_v.err.code == (fits ? ATT_OK : ATT_TOKEN_MALFORMED), "%zu bytes: %s",
                    strlen(t), size_v.err.text);
    }
    /* Too little memory is told, and is nobody's identity. */
    for (size_t room = 0; room < 40000; room += 61) {
        struct att_arena *arena = att_arena_new(room);
        const struct access_check in = { .token = att_str(good()),
                                         .audience = ACCESS_DATA,
                                         .now_unix_s = NOW };
        struct access_identity who = { 0 };
        struct att_err err = { 0 };
        size_t refresh = 0;
        bool yes = access_token_check(access_, arena, &in, &who, &refresh, &err);
        cases_check(&cases,
                    yes ? who.principal && who.name && who.tenant
                        : err.code == ATT_OUT_OF_MEMORY && !who.principal,
                    "arena of %zu bytes: %s", room, err.text);
        att_arena_free(arena);
    }
}

static bool no_fetch(void *ctx, const char *url, const char *ca_file, struct att_arena *arena,
                     struct att_span *ret, struct att_err *err)
{
    (void)ctx, (void)url, (void)ca_file, (void)arena, (void)ret, (void)err;
    return false;
}

static void configurations(void)
{
#define METADATA "https://login.example/.well-known/openid-configuration"
    static const char *const empty_name[] = { "", NULL }, *const slash[] = { "/", NULL },
                             *const spaced[] = { "a b", NULL };
    static const char *const none[] = { NULL };
    const char *many[18];
    struct access_issuer good_one = issuer_with(keys_a()), rows[48];
    const char *names[48];
    size_t count = 0;

    for (size_t i = 0; i < 17; i++)
        many[i] = "x";
    many[17] = NULL;
#define ROW(label, ...)                                                                                      \
    do {                                                                                                     \
        struct access_issuer it = good_one;                                                                  \
        __VA_ARGS__;                                                                                         \
        names[count] = label;                                                                                \
        rows[count++] = it;                                                                                  \
    } while (0)
    ROW("no name", it.name = NULL);
    ROW("empty name", it.name = "");
    ROW("name with a space", it.name = "a b");
    ROW("no issuer", it.issuer = NULL);
    ROW("empty issuer", it.issuer = "");
    ROW("issuer with a line break", it.issuer = "https://a\n");
    ROW("no tenant", it.tenant = NULL);
    ROW("tenant that is no GUID", it.tenant = "contoso.example");
    ROW("tenant with a byte less", it.tenant = "11111111-1111-4111-8111-11111111abc");
    ROW("algorithm none", it.algorithms = "none");
    ROW("algorithm HS256", it.algorithms = "HS256");
    ROW("HS256 among others", it.algorithms = "RS256 HS256");
    ROW("no algorithm", it.algorithms = "");
    ROW("a space behind", it.algorithms = "RS256 ");
    ROW("two spaces", it.algorithms = "RS256  ES256");
    ROW("a comma", it.algorithms = "RS256,ES256");
    ROW("small letters", it.algorithms = "rs256");
    ROW("leeway -1", it.leeway_s = -1);
    ROW("leeway 301", it.leeway_s = 301);
    ROW("no audiences", it.audiences[0] = NULL, it.audiences[1] = NULL);
    ROW("empty lists of audiences", it.audiences[0] = none, it.audiences[1] = none);
    ROW("an empty audience", it.audiences[0] = empty_name);
    ROW("a slash as audience", it.audiences[0] = slash);
    ROW("an audience with a space", it.audiences[1] = spaced);
    ROW("17 audiences", it.audiences[1] = many);
    ROW("an empty principal claim", it.principal_claim = "");
    ROW("a groups claim with a space", it.groups_claim = "a b");
    ROW("http metadata", it.keys_json.ptr = NULL, it.metadata_url = "http://login.example/");
    ROW("metadata with a user name", it.keys_json.ptr = NULL, it.metadata_url = "https://u@login.example/");
    ROW("metadata with a fragment", it.keys_json.ptr = NULL, it.metadata_url = METADATA "#x");
    ROW("metadata without a host", it.keys_json.ptr = NULL, it.metadata_url = "https:///x");
    ROW("both kinds of keys", it.metadata_url = METADATA);
    ROW("keys that are no JSON", it.keys_json = att_str("keys"));
    ROW("keys that are an array", it.keys_json = att_str("[]"));
    ROW("an empty key set", it.keys_json = att_str("{\"keys\":[]}"));
    ROW("keys that are a number", it.keys_json = att_str("{\"keys\":1}"));
    ROW("keys twice", it.keys_json = att_str("{\"keys\":[],\"keys\":[]}"));

    for (size_t i = 0; i < count; i++) {
        const struct access_options options = { .issuers = &rows[i], .issuer_count = 1, .fetch = no_fetch };
        struct access *a = NULL;
        struct att_err err = { 0 };
        bool ok = access_new(&options, &a, &err);
        cases_check(&cases, !ok && !a && err.code == ATT_CONFIG_INVALID && err.where[0] && err.expected[0],
                    "configuration with %s: %s", names[i], err.text);
        access_free(a);
    }
    struct access_issuer twice[2] = { good_one, good_one };
    struct access_options options = { .issuers = twice, .issuer_count = 2 };
    struct access *a = NULL;
    struct att_err err = { 0 };
    cases_check(&cases, !access_new(&options, &a, &err) && err.code == ATT_CONFIG_INVALID,
                "one name twice: %s", err.text);
    twice[1].name = "b";
    err = (struct att_err){ 0 };
    cases_check(&cases, !access_new(&options, &a, &err) && err.code == ATT_CONFIG_INVALID,
                "one issuer twice: %s", err.text);
    struct access_issuer remote = good_one;
    remote.keys_json = (struct att_span){ 0 };
    remote.metadata_url = METADATA;
    options = (struct access_options){ .issuers = &remote, .issuer_count = 1 };
    err = (struct att_err){ 0 };
    cases_check(&cases, !access_new(&options, &a, &err) && err.code == ATT_CONFIG_INVALID,
                "no way to fetch: %s", err.text);
    options.fetch = no_fetch;
    static const int64_t seconds[][2] = { { -1, 0 }, { 0, -1 }, { 86401, 0 }, { 0, 86401 } };
    for (size_t i = 0; i < 4; i++) {
        options.refresh_min_s = seconds[i][0];
        options.keys_max_age_s = seconds[i][1];
        err = (struct att_err){ 0 };
        cases_check(&cases, !access_new(&options, &a, &err) && err.code == ATT_CONFIG_INVALID, "seconds: %s",
                    err.text);
    }
    options = (struct access_options){ .issuers = &good_one, .issuer_count = ACCESS_ISSUERS_MAX + 1 };
    err = (struct att_err){ 0 };
    cases_check(&cases, !access_new(&options, &a, &err) && err.code == ATT_CONFIG_INVALID, "33 issuers: %s",
                err.text);
    access_free(NULL);
}

int main(void)
{
    set_up();
    audiences();
    issuers_and_tenants();
    two_issuers_of_a_tenant();
    types_of_tokens();
    principals();
    groups();
    the_rest();
    configurations();
    access_free(access_);
    return attacks_report();
}
