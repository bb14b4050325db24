/* layers: attest relying jose policy claims crypto codec base */
/* Composing tokens: exact bytes, order, whose word wins, what is refused; and that a relying party takes the result. */
#include <attest/relying.h>
#include <attest/token.h>

#include "codec/json.h"
#include "support/cases.h"
#include "unit/jose/signing.h"

#include <time.h>

static struct cases cases = { .name = "attest.token" };

#define ISSUER      "https://attest.example"
#define POLICY      "version= 1.0;authorizationrules{=> permit();};"
#define POLICY_HASH "9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco" /* recorded in live tokens of that policy */

static const uint8_t jti[32] = { 0x00, 0x01, 0xfe, 0xff, [31] = 0x7f };
#define JTI_HEX "0001feff0000000000000000000000000000000000000000000000000000007f"

/* A verdict to add claims to, and what is said about the token. */
struct made {
    struct att_arena *arena;
    struct att_verdict verdict;
    struct att_token_in in;
};

static struct made make(void)
{
    struct made m = { .arena = att_arena_new((size_t)16 << 20) };

    m.verdict.accepted = true;
    m.verdict.attestation_type = "sgx";
    m.verdict.policy_ran = true;
    att_claims_init(&m.verdict.claims, m.arena, NULL);
    att_claims_init(&m.verdict.policy.issued, m.arena, NULL);
    m.in = (struct att_token_in){ .size = sizeof m.in,
                                  .issuer = att_str(ISSUER),
                                  .alg = "RS256",
                                  .kid = att_str("a+b/c="),
                                  .iat_unix_s = 1700000000,
                                  .lifetime_s = 28800,
                                  .jti = att_span_of(jti, sizeof jti),
                                  .policy_text = att_str(POLICY),
                                  .policy_is_default = true };
    return m;
}

static void add(struct att_claims *set, const char *type, struct att_value value, unsigned flags,
                enum att_claim_issuer issuer)
{
    struct att_claim claim = { .type = att_str(type), .value = value, .issuer = issuer, .flags = flags };
    struct att_err err = { 0 };
    must(att_claims_add(set, &claim, &err), err.text);
}

static struct att_value text(const char *v)
{
    return (struct att_value){ .kind = ATT_CLAIM_STRING, .text = att_str(v) };
}
static struct att_value json(const char *v)
{
    return (struct att_value){ .kind = ATT_CLAIM_JSON, .text = att_str(v) };
}
static struct att_value number(int64_t v)
{
    return (struct att_value){ .kind = ATT_CLAIM_INT, .integer = v };
}
static struct att_value boolean(bool v)
{
    return (struct att_value){ .kind = ATT_CLAIM_BOOL, .boolean = v };
}

static void saw(struct made *m, const char *type, struct att_value v)
{
    add(&m->verdict.claims, type, v, ATT_CLAIM_IN_TOKEN, ATT_ISSUER_SERVICE);
}

static void issued(struct made *m, const char *type, struct att_value v)
{
    add(&m->verdict.policy.issued, type, v, 0, ATT_ISSUER_POLICY);
}

/* Header and payload of the composed token, decoded. */
static bool compose(const struct made *m, struct att_token *ret, struct att_err *err)
{
    struct att_span input = { 0 }, token = { 0 };

    return att_token_input(m->arena, &m->verdict, &m->in, &input, err) &&
           att_token_join(m->arena, input, (struct att_span){ 0 }, &token, err) &&
           att_token_decode(m->arena, token, NULL, ret, err);
}

static void expect(const char *name, struct made m, const char *payload)
{
    struct att_token got = { 0 };
    struct att_err err = { 0 };

    bool ok = compose(&m, &got, &err);
    cases_check(&cases, ok && att_span_is(got.payload, payload), "%s: %s\n  got    %.*s\n  wanted %s", name,
                err.text, (int)got.payload.len, (const char *)got.payload.ptr, payload);
    att_arena_free(m.arena);
}

static void expect_refused(const char *name, struct made m, enum att_code want)
{
    struct att_span got = att_str("untouched");
    struct att_err err = { 0 };

    bool ok = att_token_input(m.arena, &m.verdict, &m.in, &got, &err);
    cases_check(&cases, !ok && err.code == want, "%s: %s", name, att_code_name(err.code));
    cases_check(&cases, att_span_is(got, "untouched"), "%s: the output changes only on success", name);
    att_arena_free(m.arena);
}

#define TIMES "\"exp\":1700028800,\"iat\":1700000000,\"iss\":\"" ISSUER "\""
#define JTI   "\"jti\":\"" JTI_HEX "\",\"nbf\":1700000000"
#define TYPE  "\"x-ms-attestation-type\":\"sgx\""
#define HASH  "\"x-ms-policy-hash\":\"" POLICY_HASH "\""
#define VER   "\"x-ms-ver\":\"1.0\""

static void exact_bytes(void)
{
    struct made m = make();
    expect("nothing seen, nothing issued", m, "{" TIMES "," JTI "," TYPE "," HASH "," VER "}");

    m = make();
    saw(&m, "x-ms-sgx-svn", number(1));
    saw(&m, "x-ms-sgx-is-debuggable", boolean(false));
    saw(&m, "x-ms-attestation-type", text("sgx"));
    saw(&m, "aas-ehd", text("AQID"));
    saw(&m, "x-ms-runtime", json("{\"a\":1,\"b\":[2]}"));
    add(&m.verdict.claims, "$svn", number(1), 0, ATT_ISSUER_SERVICE); /* incoming only */
    issued(&m, "tee", text("sgx"));
    issued(&m, "svn", number(1));
    expect("default policy", m,
           "{\"aas-ehd\":\"AQID\"," TIMES "," JTI ",\"svn\":1,\"tee\":\"sgx\"," TYPE "," HASH
           ",\"x-ms-runtime\":{\"a\":1,\"b\":[2]},\"x-ms-sgx-is-debuggable\":false,\"x-ms-sgx-svn\":1," VER
           "}");

    m = make();
    m.in.policy_is_default = false;
    m.in.has_nonce = true;
    m.in.nonce = att_str("18446744073709551615");
    issued(&m, "b", text("x"));
    issued(&m, "a", boolean(true));
    expect("custom policy, nonce", m,
           "{\"a\":true,\"b\":\"x\"," TIMES "," JTI ",\"nonce\":\"18446744073709551615\"," TYPE
           ",\"x-ms-policy\":{\"a\":true,\"b\":\"x\"}," HASH "," VER "}");

    m = make();
    m.in.policy_is_default = false;
    expect("custom policy that issues nothing", m,
           "{" TIMES "," JTI "," TYPE ",\"x-ms-policy\":{}," HASH "," VER "}");

    m = make();
    m.in.policy_signer_jwk = att_str("{\"kty\":\"EC\",\"x5c\":[\"AA==\"]}");
    issued(&m, "x-ms-policy-signer", text("forged"));
    expect("who signed the policy", m,
           "{" TIMES "," JTI "," TYPE "," HASH
           ",\"x-ms-policy-signer\":{\"kty\":\"EC\",\"x5c\":[\"AA==\"]}," VER "}");

    m = make();
    m.in.has_nonce = true;
    expect("empty nonce", m, "{" TIMES "," JTI ",\"nonce\":\"\"," TYPE "," HASH "," VER "}");

    m = make();
    issued(&m, "k", number(3));
    issued(&m, "k", text("z"));
    issued(&m, "k", number(1));
    issued(&m, "k", boolean(true));
    issued(&m, "k", number(3)); /* equal: the set keeps one */
    issued(&m, "ka", number(-9223372036854775807 - 1));
    issued(&m, "K", text("\"\\\n\x01\xc3\xa9"));
    expect("values of one type, order of names", m,
           "{\"K\":\"\\\"\\\\\\n\\u0001\xc3\xa9\"," TIMES ",\"jti\":\"" JTI_HEX
           "\",\"k\":[3,\"z\",1,true],\"ka\":-9223372036854775808,\"nbf\":1700000000," TYPE "," HASH "," VER
           "}");
}

static void whose_word_wins(void)
{
    static const char *const reserved[] = { "iss",
                                            "iat",
                                            "exp",
                                            "nbf",
                                            "jti",
                                            "nonce",
                                            "cnf",
                                            "rp_data",
                                            "x-ms-ver",
                                            "x-ms-policy",
                                            "x-ms-",
                                            "x-ms-policy-hash",
                                            "x-attestd-unsafe",
                                            "x-attestd-anything" };

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        struct made m = make();
        issued(&m, reserved[i], text("forged"));
        expect(reserved[i], m, "{" TIMES "," JTI "," TYPE "," HASH "," VER "}");
    }
    struct made m = make();
    saw(&m, "product-id", number(7));
    issued(&m, "product-id", number(8));
    issued(&m, "product-id", number(9));
    expect("the service before the policy", m,
           "{" TIMES "," JTI ",\"product-id\":7," TYPE "," HASH "," VER "}");
    m = make();
    saw(&m, "exp", number(1));
    saw(&m, "iss", text("https://evil.example"));
    saw(&m, "x-ms-policy-hash", text("x"));
    expect("the token's own members before all", m, "{" TIMES "," JTI "," TYPE "," HASH "," VER "}");
    m = make();
    m.verdict.policy_ran = false;
    m.in.policy_is_default = false;
    issued(&m, "left-over", number(1));
    expect("no policy ran: nothing was issued", m, "{" TIMES "," JTI "," TYPE "," HASH "," VER "}");
}

static void unsafe(void)
{
    static const char *const want[] = { "", "\"x-attestd-unsafe\":[\"evidence-time\"],",
                                        "\"x-attestd-unsafe\":[\"test-roots\"],",
                                        "\"x-attestd-unsafe\":[\"evidence-time\",\"test-roots\"]," };

    for (unsigned i = 0; i < 4; i++) {
        struct made m = make();
        m.in.unsafe_evidence_time = i & 1;
        m.verdict.test_root = i & 2;
        expect("x-attestd-unsafe", m, textf("{" TIMES "," JTI ",%s" TYPE "," HASH "," VER "}", want[i]));
        m = make();
        m.in.unsafe_evidence_time = i & 1;
        m.verdict.test_root = i & 2;
        m.verdict.collateral_age_s = UINT32_MAX;
        expect("x-attestd-collateral-age", m,
               textf("{" TIMES "," JTI ",\"x-attestd-collateral-age\":4294967295,%s" TYPE "," HASH "," VER
                     "}",
                     want[i]));
    }
}

static char *shown(struct att_span s)
{
    return textf("%.*s", (int)s.len, s.ptr ? (const char *)s.ptr : "");
}

static void headers(void)
{
    struct made m = make();
    struct att_token got = { 0 };
    struct att_err err = { 0 };

    cases_check(&cases,
                compose(&m, &got, &err) &&
                    att_span_is(got.header, "{\"alg\":\"RS256\",\"jku\":\"" ISSUER
                                            "/certs\",\"kid\":\"a+b/c=\",\"typ\":\"JWT\"}"),
                "signed header: %s", shown(got.header));
    m.in.alg = NULL;
    struct att_span input = { 0 }, token = { 0 };
    cases_check(&cases,
                compose(&m, &got, &err) && att_span_is(got.header, "{\"alg\":\"none\",\"typ\":\"JWT\"}"),
                "unsecured header: %s", shown(got.header));
    bool ok = att_token_input(m.arena, &m.verdict, &m.in, &input, &err) &&
              att_token_join(m.arena, input, (struct att_span){ 0 }, &token, &err);
    cases_check(&cases, ok && token.len == input.len + 1 && token.ptr[token.len - 1] == '.',
                "an unsecured token ends in a dot");
    att_arena_free(m.arena);
}

static void refusals(void)
{
    struct made m = make();
    m.verdict.accepted = false;
    expect_refused("a refusal gets no token", m, ATT_INTERNAL);
    m = make(), m.in.size = 0;
    expect_refused("size", m, ATT_INTERNAL);
    m = make(), m.in.alg = "HS256";
    expect_refused("algorithm", m, ATT_INTERNAL);
    m = make(), m.in.alg = "none";
    expect_refused("none is not asked for by name", m, ATT_INTERNAL);
    m = make(), m.in.kid = (struct att_span){ 0 };
    expect_refused("kid", m, ATT_INTERNAL);
    m = make(), m.in.issuer = (struct att_span){ 0 };
    expect_refused("issuer", m, ATT_INTERNAL);
    m = make(), m.in.jti.len = 31;
    expect_refused("jti", m, ATT_INTERNAL);
    m = make(), m.in.lifetime_s = 0;
    expect_refused("lifetime", m, ATT_INTERNAL);
    m = make(), m.in.lifetime_s = INT64_MAX;
    expect_refused("lifetime that runs over", m, ATT_INTERNAL);
    m = make(), m.in.iat_unix_s = -1;
    expect_refused("iat", m, ATT_INTERNAL);
    m = make(), issued(&m, "\xff", number(1));
    expect_refused("a name that is no UTF-8", m, ATT_UTF8_INVALID);
}

/* Every ceiling of memory ends in a token or in OUT_OF_MEMORY. */
static void little_memory(void)
{
    struct made m = make();
    unsigned refused = 0;

    saw(&m, "a", number(1));
    issued(&m, "b", text("x"));
    m.in.policy_is_default = false;
    for (size_t ceiling = 0; ceiling < 3000; ceiling += 13) {
        struct att_arena *tiny = att_arena_new(ceiling);
        struct att_span got = { 0 };
        struct att_err err = { 0 };
        bool ok = att_token_input(tiny, &m.verdict, &m.in, &got, &err);
        cases_check(&cases, ok || err.code == ATT_OUT_OF_MEMORY, "ceiling %zu: %s", ceiling,
                    att_code_name(err.code));
        refused += !ok;
        att_arena_free(tiny);
    }
    cases_check(&cases, refused > 10, "small ceilings are met");
    att_arena_free(m.arena);
}

static uint32_t state = 12345;
static uint32_t next_random(void)
{
    return state = state * 1664525u + 1013904223u, state >> 8;
}

static bool sorted_without_duplicates(const struct att_json *doc, struct att_arena *a, att_json_id object)
{
    struct att_span last = { 0 };

    for (att_json_id at = att_json_first(doc, object); at != ATT_JSON_NONE; at = att_json_next(doc, at)) {
        struct att_span name = { 0 };
        must(att_json_key(doc, a, at, &name), "name");
        size_t len = last.len < name.len ? last.len : name.len;
        int order = last.ptr ? memcmp(last.ptr, name.ptr, len) : -1;
        if (order > 0 || (order == 0 && last.len >= name.len))
            return false;
        last = name;
    }
    return true;
}

/* Whatever was seen and issued: strict JSON, names ascending, none twice, the token's own members as given. */
static void any_claims(void)
{
    static const char *const names[] = {
        "a",      "aa", "a-", "b",   "B", "\xc3\xa9",         "iss", "exp", "nonce", "x-ms-ver",
        "x-ms-a", "\"", "\\", "z.z", "",  "x-attestd-unsafe", "tee", "svn"
    };

    for (unsigned round = 0; round < 500; round++) {
        struct made m = make();
        struct att_token got = { 0 };
        struct att_err err = { 0 };
        struct att_json doc;
        int64_t exp = 0;
        for (unsigned i = next_random() % 20; i > 0; i--) {
            const char *name = names[next_random() % (sizeof names / sizeof names[0])];
            struct att_value v = next_random() % 2 ? number(next_random() % 3) : text(name);
            if (next_random() % 2)
                saw(&m, name, v);
            else
                issued(&m, name, v);
        }
        m.in.policy_is_default = next_random() % 2;
        bool ok = compose(&m, &got, &err) && att_json_parse(m.arena, got.payload, NULL, &doc, &err);
        cases_check(&cases, ok, "round %u: %s", round, err.text);
        if (ok) {
            att_json_id inner = att_json_get(&doc, ATT_JSON_ROOT, "x-ms-policy");
            cases_check(&cases, sorted_without_duplicates(&doc, m.arena, ATT_JSON_ROOT), "round %u: order",
                        round);
            cases_check(&cases, inner == ATT_JSON_NONE || sorted_without_duplicates(&doc, m.arena, inner),
                        "round %u: order inside x-ms-policy", round);
            cases_check(&cases, (inner != ATT_JSON_NONE) == !m.in.policy_is_default, "round %u: x-ms-policy",
                        round);
            cases_check(&cases,
                        att_json_i64(&doc, att_json_get(&doc, ATT_JSON_ROOT, "exp"), &exp) &&
                            exp == 1700028800,
                        "round %u: exp", round);
        }
        att_arena_free(m.arena);
    }
}

/* The issuer's and the relying party's halves meet, with a signature made outside both. */
static void a_relying_party_takes_it(void)
{
    EVP_PKEY *keys[] = { rsa_new(2048, 65537), ec_new("P-256") };
    static const char *const algs[] = { "RS256", "ES256" };

    for (size_t i = 0; i < 2; i++) {
        struct made m = make();
        struct att_span input = { 0 }, token = { 0 };
        struct att_err err = { 0 };
        struct att_token got;
        m.in.alg = algs[i];
        saw(&m, "x-ms-sgx-product-id", number(7));
        must(att_token_input(m.arena, &m.verdict, &m.in, &input, &err), err.text);
        char *bytes = textf("%.*s", (int)input.len, (const char *)input.ptr);
        must(att_token_join(m.arena, input, sign_bytes(keys[i], algs[i], bytes, NULL), &token, &err),
             err.text);
        struct att_token_check check = { .size = sizeof check,
                                         .issuer = ISSUER,
                                         .now_unix_s = 1700000000,
                                         .jwks = att_str(jwk_of(keys[i], "\"kid\":\"a+b/c=\",")) };
        bool ok = att_token_verify(m.arena, token, &check, &got, &err);
        cases_check(&cases, ok && got.signature_valid, "%s: %s", algs[i], err.text);
        cases_check(&cases,
                    att_token_expect(m.arena, &got, att_str("x-ms-sgx-product-id"), att_str("7"), &err),
                    "claim");
        check.now_unix_s += 28800;
        cases_check(&cases,
                    !att_token_verify(m.arena, token, &check, &got, &err) && err.code == ATT_TOKEN_EXPIRED,
                    "%s at its end: %s", algs[i], att_code_name(err.code));
        att_arena_free(m.arena);
        EVP_PKEY_free(keys[i]);
    }
}

/* Printed, not judged: the machine and the build decide. */
static void cost(void)
{
    struct made m = make();
    struct timespec from, to;
    struct att_span got = { 0 };
    struct att_err err = { 0 };
    enum { ROUNDS = 20000 };

    for (unsigned i = 0; i < 30; i++)
        saw(&m, textf("x-ms-sgx-claim-%u", i * 7919 % 31),
            text("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
    clock_gettime(CLOCK_MONOTONIC, &from);
    struct att_arena *a = att_arena_new((size_t)16 << 20);
    for (unsigned i = 0; i < ROUNDS; i++) {
        must(att_token_input(a, &m.verdict, &m.in, &got, &err), err.text);
        att_arena_reset(a);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    double us =
        ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / 1e3 / ROUNDS;
    printf("composing a token of %zu bytes from 30 claims: %.1f us\n", got.len, us);
    att_arena_free(a);
    att_arena_free(m.arena);
}

int main(void)
{
    exact_bytes();
    whose_word_wins();
    unsafe();
    headers();
    refusals();
    little_memory();
    any_claims();
    a_relying_party_takes_it();
    cost();
    return cases_report(&cases);
}
