/* layers: attest jose crypto codec base */
/* When and where a policy token counts, and how often. Names carry the numbers of the attack list. */
#include "unit/attest/policy_tokens.h"

struct cases cases = { .name = "attest.policy_fresh" };

static EVP_PKEY *key, *other;
static char *own, *others;
static struct ask isolated;
static const struct ask aad = { .use = ATT_POLICY_SET };

static char *listed(const char *payload)
{
    return signed_by(key, "ES256", x5c_of(own, NULL, NULL), payload);
}

/* A signed reset has these members in its header. */
static char *resetting(const char *members)
{
    return signed_by(key, "ES256", textf("%s,%s", members, x5c_of(own, NULL, NULL)), "");
}

struct row {
    const char *name, *members;
    enum att_code code; /* ATT_OK: taken */
    const char *member;
};

/* The same members, wherever a token may have them. */
static void everywhere(const struct row *row)
{
    struct ask reset = isolated, signer = isolated;
    const struct {
        const struct ask *how;
        const char *body, *where;
    } asks[] = {
        { &isolated, listed(payload_of(POLICY, row->members)), "policy.payload" },
        { &aad, textf("%s.", signing_input("{\"alg\":\"none\"}", payload_of(POLICY, row->members))),
          "policy.payload" },
        { &reset, resetting(row->members), "policy.token.header" },
        { &signer,
          listed(textf("{%s,\"policyCertificate\":{\"kty\":\"EC\",%s}}", row->members,
                       x5c_of(others, NULL, NULL))),
          "policy.payload" },
    };

    reset.use = ATT_POLICY_RESET;
    signer.use = ATT_POLICY_SIGNER;
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        if (row->code == ATT_OK)
            (void)takes(row->name, asks[i].how, asks[i].body);
        else
            (void)refuses(row->name, asks[i].how, asks[i].body, row->code,
                          textf("%s.%s", asks[i].where, row->member));
    }
}

static void times(void)
{
    const struct row rows[] = {
        { "exp in time", "\"exp\":1800000001", ATT_OK, "" },
        { "exp within the skew", "\"exp\":1799999971", ATT_OK, "" },
        { "J13: exp past the skew", "\"exp\":1799999970", ATT_POLICY_TOKEN_STALE, "exp" },
        { "J13: exp long ago", "\"exp\":0", ATT_POLICY_TOKEN_STALE, "exp" },
        { "J13: exp is negative", "\"exp\":-1", ATT_POLICY_TOKEN_INVALID, "exp" },
        { "J13: exp is 2^53", "\"exp\":9007199254740992", ATT_POLICY_TOKEN_INVALID, "exp" },
        { "J13: exp is 2^63", "\"exp\":9223372036854775808", ATT_POLICY_TOKEN_INVALID, "exp" },
        { "exp is 2^53 - 1", "\"exp\":9007199254740991", ATT_OK, "" },
        { "J10: exp is 1e999", "\"exp\":1e999", ATT_POLICY_TOKEN_INVALID, "exp" },
        { "J10: exp is a float", "\"exp\":1900000000.0", ATT_POLICY_TOKEN_INVALID, "exp" },
        { "J10: exp is a text", "\"exp\":\"1900000000\"", ATT_POLICY_TOKEN_INVALID, "exp" },
        { "J10: exp is null", "\"exp\":null", ATT_POLICY_TOKEN_INVALID, "exp" },
        { "nbf now", "\"nbf\":1800000000", ATT_OK, "" },
        { "nbf within the skew", "\"nbf\":1800000030", ATT_OK, "" },
        { "J13: nbf in the future", "\"nbf\":1800000031", ATT_POLICY_TOKEN_STALE, "nbf" },
        { "J13: nbf is a text", "\"nbf\":\"0\"", ATT_POLICY_TOKEN_INVALID, "nbf" },
        { "iat within the skew", "\"iat\":1800000030", ATT_OK, "" },
        { "J13: iat in the future", "\"iat\":1800000031", ATT_POLICY_TOKEN_STALE, "iat" },
        { "iat long ago says nothing of an end", "\"iat\":1", ATT_OK, "" },
        { "J13: iat is an object", "\"iat\":{}", ATT_POLICY_TOKEN_INVALID, "iat" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        everywhere(&rows[i]);
    struct answer a = takes("when it ends", &isolated, listed(payload_of(POLICY, "\"exp\":1800000500")));
    cases_check(&cases, a.t.expires_unix_s == 1800000500, "it ends at %lld", (long long)a.t.expires_unix_s);
    struct ask once_more = isolated;
    once_more.now = INT64_C(1) << 40;
    (void)refuses("J13: now far away", &once_more, listed(payload_of(POLICY, "\"exp\":1800000500")),
                  ATT_CERT_EXPIRED, "policy.token.header.x5c[0]");
}

static void audiences(void)
{
    const struct row rows[] = {
        { "aud is this provider", "\"aud\":\"" PROVIDER "\"", ATT_OK, "" },
        { "aud holds this provider", "\"aud\":[\"x\",\"" PROVIDER "\"]", ATT_OK, "" },
        { "A9, J14: aud is another provider", "\"aud\":\"https://fabrikam.example\"",
          ATT_POLICY_TOKEN_AUDIENCE, "aud" },
        { "J14: aud is longer", "\"aud\":\"" PROVIDER "/x\"", ATT_POLICY_TOKEN_AUDIENCE, "aud" },
        { "J14: aud is shorter", "\"aud\":\"https://contoso\"", ATT_POLICY_TOKEN_AUDIENCE, "aud" },
        { "J14: aud with a NUL behind it", "\"aud\":\"" PROVIDER "\\u0000\"", ATT_POLICY_TOKEN_AUDIENCE,
          "aud" },
        { "J14: aud of another case", "\"aud\":\"https://CONTOSO.example\"", ATT_POLICY_TOKEN_AUDIENCE,
          "aud" },
        { "J14: aud is empty", "\"aud\":\"\"", ATT_POLICY_TOKEN_AUDIENCE, "aud" },
        { "J14: aud holds nobody", "\"aud\":[]", ATT_POLICY_TOKEN_AUDIENCE, "aud" },
        { "J14: aud is a number", "\"aud\":1", ATT_POLICY_TOKEN_INVALID, "aud" },
        { "J14: aud is null", "\"aud\":null", ATT_POLICY_TOKEN_INVALID, "aud" },
        { "J14: aud holds a number behind us", "\"aud\":[\"" PROVIDER "\",1]", ATT_POLICY_TOKEN_INVALID,
          "aud" },
        { "J14: aud is an object", "\"aud\":{\"x\":\"" PROVIDER "\"}", ATT_POLICY_TOKEN_INVALID, "aud" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        everywhere(&rows[i]);
    struct ask nowhere = isolated;
    nowhere.uri = "";
    (void)refuses("J14: a provider without an address is no audience", &nowhere,
                  listed(payload_of(POLICY, "\"aud\":\"\"")), ATT_POLICY_TOKEN_AUDIENCE,
                  "policy.payload.aud");
}

static bool same_once(const struct answer *a, const struct answer *b)
{
    return memcmp(a->t.once_sha256, b->t.once_sha256, 32) == 0;
}

static void identities(void)
{
    const struct row rows[] = {
        { "jti", "\"jti\":\"a\"", ATT_OK, "" },
        { "jti of 256 bytes", textf("\"jti\":\"%0256d\"", 1), ATT_OK, "" },
        { "J17: jti of 257 bytes", textf("\"jti\":\"%0257d\"", 1), ATT_POLICY_TOKEN_INVALID, "jti" },
        { "J17: jti is empty", "\"jti\":\"\"", ATT_POLICY_TOKEN_INVALID, "jti" },
        { "J17: jti is a number", "\"jti\":7", ATT_POLICY_TOKEN_INVALID, "jti" },
        { "J17: jti is null", "\"jti\":null", ATT_POLICY_TOKEN_INVALID, "jti" },
    };
    struct ask two = isolated, reset = isolated;
    const char *with = payload_of(POLICY, "\"jti\":\"a\"");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        everywhere(&rows[i]);
    two.signers = list_of(kept_key(key, own), kept_key(other, others));
    reset.use = ATT_POLICY_RESET;
    struct answer first = takes("a token with a name", &two, listed(with));
    struct answer again = takes("signed anew: ES256 signs otherwise each time", &two, listed(with));
    struct answer text =
        takes("another policy, the same name", &two, listed(payload_of("version=1.0;", "\"jti\":\"a\"")));
    struct answer name = takes("another name", &two, listed(payload_of(POLICY, "\"jti\":\"b\"")));
    struct answer whose =
        takes("another signer's", &two, signed_by(other, "ES256", x5c_of(others, NULL, NULL), with));
    struct answer what = takes("another use", &reset, resetting("\"jti\":\"a\""));
    struct answer nobody = takes("unsigned", &aad, unsigned_of(with));
    struct answer none = takes("no name", &two, listed(payload_of(POLICY, "")));
    cases_check(&cases, first.t.counts_once && same_once(&first, &again) && same_once(&first, &text),
                "J17: one name of one signer is one token, whatever it says");
    cases_check(&cases,
                !same_once(&first, &name) && !same_once(&first, &whose) && !same_once(&first, &what) &&
                    !same_once(&first, &nobody) && nobody.t.counts_once,
                "J17: another name, signer or use is another token");
    cases_check(&cases, !none.t.counts_once, "a token without a name counts as often as it is sent");
    /* What separates the parts cannot be moved into them. */
    struct answer nul = takes("a name with a NUL", &two, listed(payload_of(POLICY, "\"jti\":\"\\u0000a\"")));
    cases_check(&cases, !same_once(&first, &nul), "J17: a NUL is part of the name");
}

static void demanded(void)
{
    static const char *const all[] = { "\"jti\":\"a\"", "\"exp\":1800000500", "\"aud\":\"" PROVIDER "\"" };
    static const struct {
        const char *member;
        enum att_code code;
    } gaps[] = { { "jti", ATT_POLICY_TOKEN_STALE },
                 { "exp", ATT_POLICY_TOKEN_STALE },
                 { "aud", ATT_POLICY_TOKEN_AUDIENCE } };
    struct ask how = isolated, open = { .fresh_only = true };

    how.fresh_only = true;
    (void)takes("a token with all of it", &how,
                listed(payload_of(POLICY, textf("%s,%s,%s", all[0], all[1], all[2]))));
    for (size_t i = 0; i < 3; i++) {
        char *two = textf("%s,%s", all[(i + 1) % 3], all[(i + 2) % 3]);
        (void)refuses("J17: a token that can be sent again where that is not allowed", &how,
                      listed(payload_of(POLICY, two)), gaps[i].code,
                      textf("policy.payload.%s", gaps[i].member));
        how.use = ATT_POLICY_RESET;
        (void)refuses("J17: a reset that can be sent again", &how, resetting(two), gaps[i].code,
                      textf("policy.token.header.%s", gaps[i].member));
        how.use = ATT_POLICY_SET;
    }
    (void)takes("the members count in the payload", &how,
                signed_by(key, "ES256", textf("\"exp\":1,\"aud\":7,%s", x5c_of(own, NULL, NULL)),
                          payload_of(POLICY, textf("%s,%s,%s", all[0], all[1], all[2]))));
    (void)takes("an AAD provider demands nothing", &open, unsigned_of(payload_of(POLICY, "")));
}

int main(void)
{
    key = ec_new("P-256");
    other = ec_new("P-256");
    own = x5c_ca(key, "own");
    others = x5c_ca(other, "others");
    isolated = (struct ask){ .signers = list_of(kept_key(key, own), NULL) };
    times();
    audiences();
    identities();
    demanded();
    EVP_PKEY_free(key), EVP_PKEY_free(other);
    return cases_report(&cases);
}
