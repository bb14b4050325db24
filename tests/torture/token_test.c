/* layers: attest relying base codec */
/* Tokens and what is signed: composing, publishing keys, policies from clients, and the relying party's side. */
#include "torture/torture.h"

#include <attest/jwks.h>
#include <attest/relying_party.h>
#include <attest/token.h>

#include "base/buf.h"
#include "unit/jose/signing.h"

static struct cases cases = { .name = "torture.token" };

#define ISSUER "https://attest.example:8443"
static const int64_t now = 1800000000;
static EVP_PKEY *rsa, *ec, *evil;

struct scene {
    struct att_span text; /* token, policy, certificate or SPKI */
    const char *alg;
    enum att_code expected;
    const char *want; /* the right answer, where it is a text */
    struct att_token_check check;
    const char *path;
    const struct att_verdict *verdict;
    struct att_buf right;
};

static enum torture_answer no_memory(struct att_err *err)
{
    torture_rest();
    *err = (struct att_err){ .code = ATT_OUT_OF_MEMORY, .where = "test", .text = "owned up to it" };
    return TORTURE_REFUSED;
}

/* The answer `text` against the one that is wanted, or the one that peace gave. */
static enum torture_answer given(struct scene *s, struct att_span text)
{
    torture_rest();
    if (s->expected != ATT_OK)
        return torture_wrong("taken, though peace refuses it");
    if (!s->want && s->right.len == 0)
        att_buf_put(&s->right, text);
    struct att_span right = s->want ? att_str(s->want) : att_buf_span(&s->right);
    return att_span_eq(text, right) ? TORTURE_RIGHT
                                    : torture_wrong("%.*s", (int)text.len, (const char *)text.ptr);
}

static enum torture_answer refused(const struct scene *s, const struct att_err *err)
{
    return s->expected != ATT_OK && err->code == s->expected ? TORTURE_RIGHT : TORTURE_REFUSED;
}

/* A verdict as attesting leaves it, without the evidence. */
static struct att_verdict verdict_of(struct att_arena *a)
{
    struct att_verdict v = {
        .accepted = true, .attestation_type = "sgx", .test_root = true, .policy_ran = true
    };
    struct att_err err = { 0 };

    att_claims_init(&v.claims, a, &att_limits_default);
    att_claims_init(&v.policy.issued, a, &att_limits_default);
    must(att_claims_add_text(&v.claims, "x-ms-ver", att_str("1.0"), ATT_CLAIM_IN_TOKEN, &err) &&
             att_claims_add_json(&v.claims, "x-ms-runtime", att_str("{\"a\":1}"), ATT_CLAIM_IN_TOKEN, &err) &&
             att_claims_add_bool(&v.claims, "$tee", true, 0, &err) &&
             att_claims_add_int(&v.policy.issued, "svn", 3, 0, &err) &&
             att_claims_add_text(&v.policy.issued, "name", att_str("a"), 0, &err) &&
             att_claims_add_text(&v.policy.issued, "name", att_str("b \"c\""), 0, &err),
         "verdict");
    return v;
}

static enum torture_answer compose(void *state, struct att_err *err)
{
    struct scene *s = state;
    static const uint8_t jti[32] = { 7 };
    const struct att_token_in in = { .size = sizeof in,
                                     .issuer = att_str(ISSUER),
                                     .alg = s->alg,
                                     .kid = att_str("key-1"),
                                     .iat_unix_s = now,
                                     .lifetime_s = 3600,
                                     .jti = { jti, sizeof jti },
                                     .nonce = att_str("n"),
                                     .has_nonce = true,
                                     .policy_text = att_str("version= 1.0;"),
                                     .unsafe_evidence_time = true };
    struct att_span input = { 0 }, token = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 20);

    if (!a)
        return no_memory(err);
    if (att_token_input(a, s->verdict, &in, &input, err) &&
        att_token_join(a, input, s->alg ? att_str("signature") : (struct att_span){ 0 }, &token, err))
        answer = given(s, token);
    torture_rest();
    att_arena_free(a);
    return answer;
}

static enum torture_answer jwk(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_span json = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 20);

    if (!a)
        return no_memory(err);
    bool ok = att_jwk_of_certificate(a, s->text, s->alg, att_str("key-1"), &json, err);
    answer = ok ? given(s, json) : refused(s, err);
    torture_rest();
    att_arena_free(a);
    return answer;
}

static enum torture_answer kid(void *state, struct att_err *err)
{
    struct scene *s = state;
    char name[ATT_KID_SIZE];

    return att_kid_of_spki(s->text, name, err) ? given(s, att_str(name)) : refused(s, err);
}

static enum torture_answer policy(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_span text = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)4 << 20);

    if (!a)
        return no_memory(err);
    bool ok = att_policy_from_client(a, s->text, NULL, &text, err);
    answer = ok ? given(s, text) : refused(s, err);
    torture_rest();
    att_arena_free(a);
    return answer;
}

/* Two documents into the arena; without memory it says so, or says nothing. */
static bool web_get(void *ctx, const char *url, struct att_arena *arena, struct att_span *ret,
                    struct att_err *err)
{
    const char *const *pages = ctx;
    const char *body = pages[strstr(url, "/.well-known/") ? 0 : 1];
    char *copy = att_arena_dup(arena, att_str(body));

    (void)err;
    if (!copy)
        return false;
    *ret = att_str(copy);
    return true;
}

static enum torture_answer verify(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_token token;
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)4 << 20);

    if (!a)
        return no_memory(err);
    bool ok = att_token_verify(a, s->text, &s->check, &token, err);
    torture_rest();
    if (!ok)
        answer = refused(s, err);
    else if (!token.signature_valid || token.key_thumbprint.len != 43 || strcmp(token.alg, s->alg) != 0)
        answer = torture_wrong("verified without a signature or a key");
    else
        answer = given(s, token.payload);
    att_arena_free(a);
    return answer;
}

static bool party_get(void *ctx, const char *url, struct att_arena *arena, struct att_span *ret,
                      int64_t *ret_age, struct att_err *err)
{
    (void)ret_age;
    return web_get(ctx, url, arena, ret, err);
}

/* A relying party's object made, asked and freed, with claims that want copies. */
static enum torture_answer party(void *state, struct att_err *err)
{
    static const char *const issuers[] = { "elsewhere", ISSUER };
    static const struct att_required_claim wanted[] = {
        { .path = "iss", .kind = ATT_REQUIRE_ONE_OF, .values = issuers, .values_count = 2 },
        { .path = "iss", .value = ISSUER },
    };
    struct scene *s = state;
    const struct att_relying_issuer issuer = { .issuer = ISSUER, .jwks = s->check.jwks };
    const struct att_relying_options options = { .size = sizeof options,
                                                 .issuers = &issuer,
                                                 .issuers_count = 1,
                                                 .fetch = party_get,
                                                 .fetch_ctx = s->check.fetch_ctx,
                                                 .claims = wanted,
                                                 .claims_count = 2 };
    const struct att_relying_check check = { .size = sizeof check, .now_unix_s = now };
    struct att_relying_party *p = NULL;
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_token token;
    struct att_arena *a = att_arena_new((size_t)4 << 20);

    if (!a)
        return no_memory(err);
    bool ok = att_relying_party_new(&options, &p, err) &&
              att_relying_party_check(p, a, s->text, &check, &token, err);
    torture_rest();
    if (!ok)
        answer = refused(s, err);
    else if (!token.signature_valid || token.key_thumbprint.len != 43)
        answer = torture_wrong("taken without a signature or a key");
    else
        answer = given(s, token.payload);
    att_relying_party_free(p);
    att_arena_free(a);
    return answer;
}

static enum torture_answer expect(void *state, struct att_err *err)
{
    struct scene *s = state;
    const struct att_token token = { .payload = s->text };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 20);

    if (!a)
        return no_memory(err);
    bool ok = att_token_expect(a, &token, att_str(s->path), att_str(s->want), err);
    torture_rest();
    if (ok)
        answer = s->expected == ATT_OK ? TORTURE_RIGHT : torture_wrong("found what is not there");
    else
        answer = refused(s, err);
    att_arena_free(a);
    return answer;
}

static char *claims(int64_t exp)
{
    return textf("{\"exp\":%lld,\"i\\u0073s\":\"https:\\/\\/attest.example:8443\",\"nbf\":%lld}",
                 (long long)exp, (long long)now - 100);
}

static struct att_span token(EVP_PKEY *key, const char *alg, const char *kid_text, const char *payload)
{
    char *header = textf("{\"alg\":\"%s\",\"k\\u0069d\":\"%s\"}", alg, kid_text);
    return att_str(token_of(key, alg, header, payload));
}

/* Base64 as JSON writers of the field put it: every '/' behind a backslash. */
static char *slashes_escaped(const char *text)
{
    char *out = kept(malloc(2 * strlen(text) + 1));
    size_t n = 0;

    for (; *text; text++) {
        if (*text == '/')
            out[n++] = '\\';
        out[n++] = *text;
    }
    out[n] = '\0';
    return out;
}

static char *x5c_of(EVP_PKEY *key)
{
    struct att_span der = cert_of(key, "torture");
    return slashes_escaped(textf("%s", b64(der.ptr, der.len)));
}

/* A good key of each kind, one by certificate alone, one that cannot be used, all with escapes. */
static char *key_set(EVP_PKEY *first)
{
    return textf(
        "{\"keys\":[%s,%s,{\"k\\u0069d\":\"x\\u0031\",\"kty\":\"RSA\",\"use\":\"s\\u0069g\","
        "\"x5c\":[\"%s\"]},{\"kid\":\"bad\\u0031\",\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
        jwk_of(first, "\"kid\":\"r1\",\"key_ops\":[\"sign\",\"ver\\u0069fy\"],\"alg\":\"R\\u0053256\","),
        jwk_of(ec, "\"kid\":\"e1\","), x5c_of(rsa));
}

static struct att_token_check check_of(const char *jwks)
{
    return (struct att_token_check){
        .size = sizeof(struct att_token_check), .issuer = ISSUER, .jwks = att_str(jwks), .now_unix_s = now
    };
}

static const char policy_text[] = "version= 1.0;\nauthorizationrules{ => permit(); };";

static struct att_span policy_token(EVP_PKEY *key, const char *alg, const char *more, const char *value)
{
    char *header = textf("{\"alg\":\"%s\"%s}", alg, more);
    char *payload = textf("{\"Attest\\u0061tionPolicy\":\"%s\"}", value);

    if (!key)
        return att_str(textf("%s.", signing_input(header, payload)));
    return att_str(token_of(key, alg, header, payload));
}

static char *pem_of(struct att_span der)
{
    return textf("-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", b64(der.ptr, der.len));
}

static void policies(void)
{
    char *wrapped = b64url_text(policy_text), *quoted = b64url_text("\"version= 1.\\u0030;\"");
    char *by_cert = textf(",\"x5c\":[\"%s\"]", x5c_of(rsa)), *by_key = textf(",\"jwk\":%s", jwk_of(ec, ""));
    char *both = textf("%s,\"jwk\":%s", by_cert, jwk_of(rsa, ""));
    struct scene scenes[] = {
        { .text = policy_token(NULL, "none", "", wrapped), .want = policy_text },
        { .text = policy_token(rsa, "RS256", by_cert, wrapped), .want = policy_text },
        { .text = policy_token(rsa, "PS256", both, wrapped), .want = policy_text },
        { .text = policy_token(ec, "ES256", by_key, quoted), .want = "version= 1.0;" },
        { .text = policy_token(evil, "ES256", by_key, wrapped), .expected = ATT_POLICY_TOKEN_INVALID },
    };
    static const char *const names[] = { "policy, unsecured", "policy, RS256 with x5c",
                                         "policy, PS256 with both", "policy, ES256 with jwk, quoted",
                                         "policy, signed by a stranger" };

    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
        torture_flow(&cases, &(struct torture_flow){ names[i], policy, NULL, &scenes[i], false });
}

static void issuing(void)
{
    struct att_arena *a = att_arena_new((size_t)1 << 16);
    must(a != NULL, "arena");
    struct att_verdict v = verdict_of(a);
    struct scene scenes[] = {
        { .verdict = &v, .alg = "RS256" },
        { .verdict = &v },
        { .text = cert_of(rsa, "torture"), .alg = "RS256" },
        { .text = cert_of(ec, "torture"), .alg = "ES256" },
        { .text = cert_of(ec, "torture"), .alg = "RS256", .expected = ATT_KEY_INVALID },
        { .text = spki_of(rsa) },
        { .text = att_str(pem_of(spki_of(ec))) },
        { .text = att_str("-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n"),
          .expected = ATT_KEY_INVALID },
    };
    const struct torture_flow flows[] = {
        { "token composed", compose, NULL, &scenes[0], false },
        { "token composed, unsecured", compose, NULL, &scenes[1], false },
        { "JWK of an RSA certificate", jwk, NULL, &scenes[2], false },
        { "JWK of an EC certificate", jwk, NULL, &scenes[3], false },
        { "JWK under another algorithm", jwk, NULL, &scenes[4], false },
        { "name of a key in DER", kid, NULL, &scenes[5], false },
        { "name of a key in PEM", kid, NULL, &scenes[6], false },
        { "name of no key", kid, NULL, &scenes[7], false },
    };

    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        torture_flow(&cases, &flows[i]);
        att_buf_free(&scenes[i].right);
    }
    att_arena_free(a);
}

static void relying(void)
{
    const char *set = key_set(rsa);
    const char *pages[] = { "{\"issuer\":\"https:\\/\\/attest.example:8443\","
                            "\"jwks_ur\\u0069\":\"https:\\/\\/attest.example:8443\\/certs\"}",
                            set };
    struct att_token_check at_hand = check_of(set), fetched = check_of("");
    fetched.jwks = (struct att_span){ 0 };
    fetched.fetch = web_get;
    fetched.fetch_ctx = pages;
    struct att_span good = token(rsa, "RS256", "r1", claims(now + 100));
    struct scene scenes[] = {
        { .text = good, .alg = "RS256", .check = at_hand },
        { .text = token(ec, "ES256", "e1", claims(now + 100)), .alg = "ES256", .check = at_hand },
        { .text = token(rsa, "PS384", "x\\u0031", claims(now + 100)), .alg = "PS384", .check = at_hand },
        { .text = good, .alg = "RS256", .check = fetched },
        { .text = token(evil, "ES256", "e1", claims(now + 100)),
          .alg = "ES256",
          .check = at_hand,
          .expected = ATT_TOKEN_SIGNATURE_INVALID },
        { .text = token(ec, "ES256", "bad\\u0031", claims(now + 100)),
          .alg = "ES256",
          .check = at_hand,
          .expected = ATT_TOKEN_KEY_INVALID },
        { .text = token(ec, "ES256", "e2", claims(now + 100)),
          .alg = "ES256",
          .check = fetched,
          .expected = ATT_TOKEN_KEY_UNKNOWN },
        { .text = token(ec, "ES256", "e1", claims(now - 1)),
          .alg = "ES256",
          .check = at_hand,
          .expected = ATT_TOKEN_EXPIRED },
    };
    static const char *const names[] = { "token, RS256",        "token, ES256",
                                         "token, PS384 by x5c", "token, keys fetched",
                                         "token of a stranger", "token of an unusable key",
                                         "token, unknown key",  "token that has ended" };

    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        torture_flow(&cases, &(struct torture_flow){ names[i], verify, NULL, &scenes[i], false });
        torture_flow(&cases,
                     &(struct torture_flow){ textf("party: %s", names[i]), party, NULL, &scenes[i], false });
        att_buf_free(&scenes[i].right);
    }
}

/* Of two names the longer one counts, and it takes memory to read. */
static void expecting(void)
{
    static const char payload[] = "{\"a\":{\"b\":\"short\"},\"a.\\u0062\":\"l\\u006fng\"}";
    struct scene scenes[] = {
        { .text = att_str(payload), .path = "a.b", .want = "long" },
        { .text = att_str(payload), .path = "a.b", .want = "short", .expected = ATT_TOKEN_CLAIM },
        { .text = att_str(payload), .path = "c", .want = "long", .expected = ATT_TOKEN_CLAIM },
    };
    static const char *const names[] = { "claim", "claim of another value", "claim that is not there" };

    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
        torture_flow(&cases, &(struct torture_flow){ names[i], expect, NULL, &scenes[i], false });
}

int main(void)
{
    torture_start();
    rsa = rsa_new(2048, 65537);
    ec = ec_new("P-256");
    evil = ec_new("P-256");
    issuing();
    policies();
    relying();
    expecting();
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(evil);
    return cases_report(&cases);
}
