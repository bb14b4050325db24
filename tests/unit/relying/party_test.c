/* layers: relying jose crypto codec base */
/* The object of a relying party: how long keys live, who is asked and how often, what claims must be. The clock is the
 * test's; the web keeps a log of what was asked. Names carry the numbers of the attack list. */
#include <attest/relying_party.h>

#include "support/cases.h"
#include "unit/jose/signing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static struct cases cases = { .name = "relying.party" };
static EVP_PKEY *one, *two, *evil;

#define ISSUER "https://attest.example:8443"
#define OTHER  "https://other.example"
static const char metadata_url[] = ISSUER "/.well-known/openid-configuration";
static const int64_t start = 1800000000;

struct web {
    const char *metadata;
    const char *jwks_url;
    const char *jwks;
    const char *other_metadata, *other_jwks; /* of OTHER */
    int64_t max_age_s;                       /* of the key set; -1: not said */
    int64_t metadata_max_age_s;
    bool down;
    bool silent; /* down, without a reason */
    atomic_uint asked;
    atomic_uint busy, most_busy; /* fetches at a time */
    unsigned delay_ms;
    char last[256];
};

static bool web_page(struct web *w, const char *url, struct att_span *ret)
{
    const char *const pages[][2] = { { metadata_url, w->metadata },
                                     { w->jwks_url, w->jwks },
                                     { OTHER "/.well-known/openid-configuration", w->other_metadata },
                                     { OTHER "/certs", w->other_jwks } };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (pages[i][0] && pages[i][1] && strcmp(pages[i][0], url) == 0) {
            *ret = att_str(pages[i][1]);
            return true;
        }
    }
    return false;
}

static bool web_get(void *ctx, const char *url, struct att_arena *arena, struct att_span *ret,
                    int64_t *ret_age, struct att_err *err)
{
    struct web *w = ctx;

    (void)arena;
    atomic_fetch_add(&w->asked, 1);
    unsigned busy = atomic_fetch_add(&w->busy, 1) + 1;
    if (busy > atomic_load(&w->most_busy))
        atomic_store(&w->most_busy, busy);
    if (w->delay_ms)
        usleep(w->delay_ms * 1000);
    snprintf(w->last, sizeof w->last, "%s", url);
    atomic_fetch_sub(&w->busy, 1);
    if (w->down || !web_page(w, url, ret)) {
        if (!w->silent)
            *err = (struct att_err){ .code = ATT_FETCH_FAILED,
                                     .where = "fetch.connect",
                                     .text = "no way there" };
        return false;
    }
    int64_t age = strstr(url, "openid") ? w->metadata_max_age_s : w->max_age_s;
    if (age != -1)
        *ret_age = age;
    return true;
}

static char *metadata(const char *issuer, const char *uri)
{
    return textf("{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}", issuer, uri);
}
static char *keys1(EVP_PKEY *key, const char *kid)
{
    return textf("{\"keys\":[%s]}", jwk_of(key, textf("\"kid\":\"%s\",", kid)));
}
static char *keys2(void)
{
    return textf("{\"keys\":[%s,%s]}", jwk_of(one, "\"kid\":\"k1\","), jwk_of(two, "\"kid\":\"k2\","));
}

static struct web good_web(void)
{
    return (struct web){ .metadata = metadata(ISSUER, ISSUER "/certs"),
                         .jwks_url = ISSUER "/certs",
                         .jwks = keys2(),
                         .max_age_s = -1,
                         .metadata_max_age_s = -1 };
}

static char *claims_of(const char *issuer, const char *more)
{
    return textf("{\"exp\":%lld,\"iat\":%lld,\"iss\":\"%s\",\"nbf\":%lld%s}", (long long)start + 1000000,
                 (long long)start - 100, issuer, (long long)start - 100, more);
}
static char *signed_by(EVP_PKEY *key, const char *kid, const char *payload)
{
    return token_of(key, "ES256", textf("{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", kid), payload);
}
static char *token1(void)
{
    return signed_by(one, "k1", claims_of(ISSUER, ""));
}

static const struct att_relying_issuer pinned = { .issuer = ISSUER };

static struct att_relying_options options_with(struct web *w)
{
    return (struct att_relying_options){ .size = sizeof(struct att_relying_options),
                                         .issuers = &pinned,
                                         .issuers_count = 1,
                                         .fetch = web_get,
                                         .fetch_ctx = w };
}

static struct att_relying_party *party_of(const struct att_relying_options *o)
{
    struct att_relying_party *p = NULL;
    struct att_err err = { 0 };
    bool ok = att_relying_party_new(o, &p, &err);

    cases_check(&cases, ok && p, "the object: %s %s", err.where, err.text);
    return p;
}

static enum att_code check_nonce(struct att_relying_party *p, const char *token, int64_t now,
                                 const char *nonce, struct att_err *err)
{
    const struct att_relying_check check = { .size = sizeof check, .now_unix_s = now, .nonce = nonce };
    struct att_arena *a = att_arena_new((size_t)4 << 20);
    struct att_token got;

    *err = (struct att_err){ 0 };
    bool ok = att_relying_party_check(p, a, att_str(token), &check, &got, err);
    if (ok != (err->code == ATT_OK) || (!ok && (!err->where[0] || !err->text[0])))
        err->code = ATT_CODE_COUNT; /* a refusal without a reason */
    if (ok && got.signature_valid != (got.key_thumbprint.len == 43))
        err->code = ATT_CODE_COUNT;
    att_arena_free(a);
    return err->code;
}

static void expect(const char *name, struct att_relying_party *p, const char *token, int64_t now,
                   enum att_code want)
{
    struct att_err err;
    enum att_code got = check_nonce(p, token, now, NULL, &err);
    cases_check(&cases, got == want, "%s: got %s at %s (%s), wanted %s", name, att_code_name(got), err.where,
                err.text, att_code_name(want));
}

static void asked(const char *name, struct web *w, unsigned fetches)
{
    unsigned n = atomic_load(&w->asked);
    cases_check(&cases, n == 2 * fetches, "%s: %u documents asked for, wanted %u fetches of two", name, n,
                fetches);
}

/* How long keys are kept: what was reported, within bounds. */
static void cache_life(void)
{
    static const struct {
        const char *name;
        int64_t keys, metadata, min, max, standard, life;
    } rows[] = {
        { "nothing reported", -1, -1, 0, 0, 0, 3600 },
        { "nothing reported, another default", -1, -1, 0, 0, 600, 600 },
        { "reported by the key set", 900, -1, 0, 0, 0, 900 },
        { "reported by the metadata", -1, 700, 0, 0, 0, 700 },
        { "the smaller of both", 900, 700, 0, 0, 0, 700 },
        { "the smaller of both, the other way", 600, 700, 0, 0, 0, 600 },
        { "no-store", 0, -1, 0, 0, 0, 60 },
        { "shorter than the bound", 10, -1, 300, 0, 0, 300 },
        { "longer than the bound", 1000000, -1, 0, 0, 0, 86400 },
        { "longer than a bound of the options", 1000000, -1, 0, 500, 0, 500 },
        { "longer than anything", INT64_MAX, -1, 0, 0, 0, 86400 },
        { "negative is nothing", -5, INT64_MIN, 0, 0, 0, 3600 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct web w = good_web();
        struct att_relying_options o = options_with(&w);
        char *token = token1();
        w.max_age_s = rows[i].keys, w.metadata_max_age_s = rows[i].metadata;
        o.max_age_min_s = rows[i].min, o.max_age_max_s = rows[i].max, o.max_age_default_s = rows[i].standard;
        struct att_relying_party *p = party_of(&o);
        asked("making the object asks nobody", &w, 0);
        expect(rows[i].name, p, token, start, ATT_OK);
        asked(rows[i].name, &w, 1);
        expect(rows[i].name, p, token, start + rows[i].life - 1, ATT_OK);
        asked(rows[i].name, &w, 1);
        expect(rows[i].name, p, token, start + rows[i].life, ATT_OK);
        asked(rows[i].name, &w, 2);
        att_relying_party_free(p);
    }
}

/* J19: what the issuer has taken away is refused from the next fetch on; what it has added gets in at once. */
static void rotation(void)
{
    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    struct att_relying_party *p = party_of(&o);
    struct att_relying_status status;

    w.jwks = keys1(one, "k1");
    expect("the first key", p, token1(), start, ATT_OK);
    w.jwks = keys2();
    expect("J23: a key that was published since", p, signed_by(two, "k2", claims_of(ISSUER, "")), start + 100,
           ATT_OK);
    asked("one fetch more", &w, 2);
    w.jwks = keys1(two, "k2");
    expect("J19: retired, and nobody has asked since", p, token1(), start + 200, ATT_OK);
    expect("J19: retired, after the next fetch", p, token1(), start + 100 + 3600, ATT_TOKEN_KEY_UNKNOWN);
    asked("the fetch that was due", &w, 3);
    expect("J19: the other one goes on", p, signed_by(two, "k2", claims_of(ISSUER, "")), start + 3701,
           ATT_OK);
    w.jwks = keys1(evil, "k2");
    expect("another key under the same kid is not asked for", p, signed_by(evil, "k2", claims_of(ISSUER, "")),
           start + 3702, ATT_TOKEN_SIGNATURE_INVALID);
    asked("a wrong signature asks nobody", &w, 3);
    cases_check(&cases,
                att_relying_party_status(p, 0, &status) && status.fetches == 3 && status.failures == 0 &&
                    status.keys_unix_s == start + 3700 && status.last.code == ATT_OK,
                "status");
    cases_check(&cases, !att_relying_party_status(p, 1, &status), "there is no second issuer");
    att_relying_party_free(p);
}

static void unknown_kids(void)
{
    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    struct att_relying_party *p = party_of(&o);

    o.refetch_min_s = 999; /* copied: nothing changes */
    expect("keys", p, token1(), start, ATT_OK);
    for (int i = 0; i < 100; i++)
        expect("J23: made-up kids, right after a fetch", p,
               signed_by(evil, textf("x%d", i), claims_of(ISSUER, "")), start + i % 30,
               ATT_TOKEN_KEY_UNKNOWN);
    asked("J23: nobody was asked", &w, 1);
    for (int i = 0; i < 100; i++)
        expect("J23: made-up kids for five minutes", p,
               signed_by(evil, textf("y%d", i), claims_of(ISSUER, "")), start + 30 + 3 * i,
               ATT_TOKEN_KEY_UNKNOWN);
    asked("J23: once in 30 seconds", &w, 11);
    const char *headers[] = { "{\"alg\":\"none\"}", "{\"alg\":\"HS256\",\"kid\":\"z\"}",
                              "{\"alg\":\"ES999\",\"kid\":\"z\"}" };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        cases_check(&cases, ({
            struct att_err err;
            check_nonce(p, textf("%s.%s", signing_input(headers[i], claims_of(ISSUER, "")), i ? "AAAA" : ""),
                        start + 10000, NULL, &err) != ATT_OK;
        }),
                    "J1, J2: %s", headers[i]);
    expect("J14: another issuer", p, signed_by(one, "z", claims_of(OTHER, "")), start + 10000,
           ATT_TOKEN_ISSUER);
    asked("J23: tokens that are refused anyway ask nobody", &w, 11);
    att_relying_party_free(p);
}

/* J6, J7: what the token says about keys is never looked at. */
static void foreign_keys(void)
{
    struct att_span cert = cert_of(evil, ISSUER);
    char *mine = jwk_of(evil, "\"kid\":\"k1\",");
    const char *more[] = { textf("\"jku\":\"%s\"", OTHER "/certs"),
                           "\"jku\":\"http://169.254.169.254/latest/\"",
                           textf("\"x5u\":\"%s\"", OTHER "/certs"), textf("\"jwk\":%s", mine),
                           textf("\"x5c\":[\"%s\"]", b64(cert.ptr, cert.len)) };

    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct web w = good_web();
        struct att_relying_options o = options_with(&w);
        w.other_jwks = textf("{\"keys\":[%s]}", mine);
        struct att_relying_party *p = party_of(&o);
        expect("J6: key brought along, known kid", p,
               token_of(evil, "ES256", textf("{\"alg\":\"ES256\",\"kid\":\"k1\",%s}", more[i]),
                        claims_of(ISSUER, "")),
               start, ATT_TOKEN_SIGNATURE_INVALID);
        expect("J7: key brought along, unknown kid", p,
               token_of(evil, "ES256", textf("{\"alg\":\"ES256\",\"kid\":\"k9\",%s}", more[i]),
                        claims_of(ISSUER, "")),
               start + 100, ATT_TOKEN_KEY_UNKNOWN);
        asked("J6: the issuer alone was asked", &w, 2);
        cases_check(&cases, strcmp(w.last, ISSUER "/certs") == 0, "J6: asked %s", w.last);
        att_relying_party_free(p);
    }
}

static void failing_fetches(void)
{
    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    struct att_relying_status status;
    struct att_err err = { 0 };
    o.stale_max_s = 7200;
    struct att_relying_party *p = party_of(&o);

    w.down = true;
    expect("no keys yet: the callback's reason", p, token1(), start, ATT_FETCH_FAILED);
    expect("asked a moment ago", p, token1(), start + 29, ATT_FETCH_FAILED);
    cases_check(&cases, atomic_load(&w.asked) == 1, "a fetch that failed is not tried at once: %u",
                atomic_load(&w.asked));
    cases_check(&cases, !att_relying_party_refresh(p, start + 29, &err) && err.code == ATT_FETCH_FAILED,
                "refresh says why");
    w.down = false;
    expect("back", p, token1(), start + 30, ATT_OK);
    w.down = true;
    int64_t had = start + 30;
    expect("due, nobody answers: the old keys", p, token1(), had + 3600, ATT_OK);
    expect("old keys until they are stale", p, token1(), had + 7199, ATT_OK);
    cases_check(&cases,
                att_relying_party_status(p, 0, &status) && status.failures == 3 && status.fetches == 4 &&
                    status.keys_unix_s == had && status.last.code == ATT_FETCH_FAILED,
                "status: %llu failures of %llu", (unsigned long long)status.failures,
                (unsigned long long)status.fetches);
    expect("then no", p, token1(), had + 7200, ATT_FETCH_FAILED);
    w.silent = true;
    expect("no reason given", p, token1(), had + 8000, ATT_IO_FAILED);
    w.silent = w.down = false;
    err = (struct att_err){ 0 };
    cases_check(&cases, att_relying_party_refresh(p, had + 9000, &err), "refresh: %s", err.text);
    unsigned before = atomic_load(&w.asked);
    expect("back by a refresh", p, token1(), had + 9001, ATT_OK);
    cases_check(&cases, atomic_load(&w.asked) == before, "the refresh has done it");
    /* A clock that was set back: what lies in the future by more than a period counts as old. */
    expect("a clock a second back", p, token1(), had + 8999, ATT_OK);
    cases_check(&cases, atomic_load(&w.asked) == before, "nobody is asked for a second");
    w.down = true;
    expect("a clock a day back, nobody answers", p, token1(), had + 9000 - 86400, ATT_FETCH_FAILED);
    att_relying_party_free(p);
}

/* Documents that are not taken; the keys from before stay. */
static void documents(void)
{
    char *huge = malloc(300001);
    memset(huge, ' ', 300000), huge[300000] = 0;
    const struct {
        const char *name, *metadata, *jwks;
        enum att_code want;
    } rows[] = {
        { "J6: jwks_uri on another host", metadata(ISSUER, OTHER "/certs"), NULL, ATT_TOKEN_KEYS_INVALID },
        { "J6: jwks_uri on another port", metadata(ISSUER, "https://attest.example/certs"), NULL,
          ATT_TOKEN_KEYS_INVALID },
        { "J6: jwks_uri without TLS", metadata(ISSUER, "http://attest.example:8443/certs"), NULL,
          ATT_TOKEN_KEYS_INVALID },
        { "J6: jwks_uri is a file", metadata(ISSUER, "file:///etc/passwd"), NULL, ATT_TOKEN_KEYS_INVALID },
        { "metadata of another issuer", metadata(OTHER, ISSUER "/certs"), NULL, ATT_TOKEN_ISSUER },
        { "metadata is a page", "<html>", NULL, ATT_TOKEN_KEYS_INVALID },
        { "huge metadata", huge, NULL, ATT_TOKEN_KEYS_INVALID },
        { "huge key set", NULL, huge, ATT_TOKEN_KEYS_INVALID },
        { "J10: keys twice", NULL, "{\"keys\":[],\"keys\":[]}", ATT_TOKEN_KEYS_INVALID },
        { "an empty key set", NULL, "{\"keys\":[]}", ATT_TOKEN_KEYS_INVALID },
        { "an empty body", NULL, "", ATT_TOKEN_KEYS_INVALID },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct web w = good_web(), good = good_web();
        struct att_relying_options o = options_with(&w);
        struct att_relying_party *p = party_of(&o);
        w.metadata = rows[i].metadata ? rows[i].metadata : w.metadata;
        w.jwks = rows[i].jwks ? rows[i].jwks : w.jwks;
        expect(rows[i].name, p, token1(), start, rows[i].want);
        w.metadata = good.metadata, w.jwks = good.jwks;
        expect(rows[i].name, p, token1(), start + 30, ATT_OK);
        w.metadata = rows[i].metadata ? rows[i].metadata : w.metadata;
        w.jwks = rows[i].jwks ? rows[i].jwks : w.jwks;
        expect(rows[i].name, p, token1(), start + 5000, ATT_OK);
        expect(rows[i].name, p, token1(), start + 30 + 86400, rows[i].want);
        att_relying_party_free(p);
    }
    free(huge);

    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    struct att_relying_party *p = party_of(&o);
    expect("keys", p, token1(), start, ATT_OK);
    w.metadata = metadata(ISSUER, ISSUER "/keys/2"), w.jwks_url = ISSUER "/keys/2", w.jwks = keys1(two, "k3");
    expect("metadata that names another place", p, signed_by(two, "k3", claims_of(ISSUER, "")), start + 30,
           ATT_OK);
    expect("J22: and the old place's key is gone", p, token1(), start + 31, ATT_TOKEN_KEY_UNKNOWN);
    w.jwks = textf("{\"keys\":[%s,%s]}", jwk_of(one, "\"kid\":\"k1\","), jwk_of(evil, "\"kid\":\"k1\","));
    expect("J22: two keys of one kid", p, token1(), start + 5000, ATT_TOKEN_KEY_UNKNOWN);
    att_relying_party_free(p);
}

/* Each issuer's keys are good for its own tokens only. */
static void issuers(void)
{
    const struct att_relying_issuer both[] = { { .issuer = ISSUER }, { .issuer = OTHER } };
    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    w.jwks = keys1(one, "k");
    w.other_metadata = metadata(OTHER, OTHER "/certs"), w.other_jwks = keys1(two, "k");
    o.issuers = both, o.issuers_count = 2;
    struct att_relying_party *p = party_of(&o);

    expect("the first", p, signed_by(one, "k", claims_of(ISSUER, "")), start, ATT_OK);
    asked("only the first was asked", &w, 1);
    expect("the second", p, signed_by(two, "k", claims_of(OTHER, "")), start, ATT_OK);
    expect("J18: the first's name, the second's key", p, signed_by(two, "k", claims_of(ISSUER, "")), start,
           ATT_TOKEN_SIGNATURE_INVALID);
    expect("J18: the second's name, the first's key", p, signed_by(one, "k", claims_of(OTHER, "")), start,
           ATT_TOKEN_SIGNATURE_INVALID);
    expect("J14: a third", p, signed_by(one, "k", claims_of(ISSUER "/", "")), start, ATT_TOKEN_ISSUER);
    expect("J14: no issuer", p, signed_by(one, "k", "{\"exp\":1900000000}"), start, ATT_TOKEN_ISSUER);
    expect("J14: a list", p, signed_by(one, "k", "{\"exp\":1900000000,\"iss\":[\"" ISSUER "\"]}"), start,
           ATT_TOKEN_ISSUER);
    att_relying_party_free(p);

    struct att_relying_issuer hand = { .issuer = ISSUER, .jwks = att_str(keys1(one, "k1")) };
    o.issuers = &hand, o.issuers_count = 1, o.fetch = NULL;
    atomic_store(&w.asked, 0);
    p = party_of(&o);
    expect("keys at hand", p, token1(), start, ATT_OK);
    expect("keys at hand do not grow old", p, token1(), start + 500000, ATT_OK);
    expect("keys at hand, unknown kid", p, signed_by(one, "k3", claims_of(ISSUER, "")), start,
           ATT_TOKEN_KEY_UNKNOWN);
    att_relying_party_free(p);
    hand.issuer = NULL;
    p = party_of(&o);
    expect("any issuer", p, signed_by(one, "k1", claims_of("x", "")), start, ATT_OK);
    asked("nobody", &w, 0);
    att_relying_party_free(p);
}

static void times(void)
{
    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    static const struct {
        const char *name, *claims;
        int64_t skew;
        enum att_code want;
    } rows[] = {
        { "J13: exp now", "\"exp\":1800000000", 0, ATT_TOKEN_EXPIRED },
        { "J13: exp now, skew", "\"exp\":1800000000", 1, ATT_OK },
        { "J13: exp before the skew", "\"exp\":1799999940", 60, ATT_TOKEN_EXPIRED },
        { "J13: no exp", "\"iat\":1", 60, ATT_TOKEN_CLAIM },
        { "J13: exp as text", "\"exp\":\"1900000000\"", 0, ATT_TOKEN_CLAIM },
        { "J13: nbf ahead", "\"exp\":1900000000,\"nbf\":1800000001", 0, ATT_TOKEN_NOT_YET_VALID },
        { "J13: nbf within the skew", "\"exp\":1900000000,\"nbf\":1800000060", 60, ATT_OK },
        { "J13: nbf behind the skew", "\"exp\":1900000000,\"nbf\":1800000061", 60, ATT_TOKEN_NOT_YET_VALID },
        { "J13: iat ahead", "\"exp\":1900000000,\"iat\":1800000001", 0, ATT_TOKEN_NOT_YET_VALID },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        o.skew_s = rows[i].skew;
        struct att_relying_party *p = party_of(&o);
        expect(rows[i].name, p, signed_by(one, "k1", textf("{\"iss\":\"" ISSUER "\",%s}", rows[i].claims)),
               start, rows[i].want);
        att_relying_party_free(p);
    }
}

static void said_claims(void)
{
    static const char *const types[] = { "sgx", "tdxvm" };
    static const struct {
        const char *name, *claims;
        struct att_required_claim want;
        const char *where; /* NULL: fits */
    } rows[] = {
        { "equal", ",\"a\":\"x\"", { .path = "a", .value = "x" }, NULL },
        { "equal, another", ",\"a\":\"x\"", { .path = "a", .value = "xx" }, "a" },
        { "equal, a number", ",\"a\":7", { .path = "a", .value = "7" }, NULL },
        { "equal, deep", ",\"o\":{\"a.b\":\"x\"}", { .path = "o.a.b", .value = "x" }, NULL },
        { "equal, missing", "", { .path = "a", .value = "" }, "a" },
        { "equal, null", ",\"a\":null", { .path = "a", .value = "" }, "a" },
        { "one of",
          ",\"t\":\"tdxvm\"",
          { .path = "t", .kind = ATT_REQUIRE_ONE_OF, .values = types, .values_count = 2 },
          NULL },
        { "one of, none",
          ",\"t\":\"sevsnpvm\"",
          { .path = "t", .kind = ATT_REQUIRE_ONE_OF, .values = types, .values_count = 2 },
          "t" },
        { "one of, a list of them",
          ",\"t\":[\"sgx\"]",
          { .path = "t", .kind = ATT_REQUIRE_ONE_OF, .values = types, .values_count = 2 },
          "t" },
        { "one of, missing",
          "",
          { .path = "t", .kind = ATT_REQUIRE_ONE_OF, .values = types, .values_count = 2 },
          "t" },
        { "false", ",\"d\":false", { .path = "d", .kind = ATT_REQUIRE_BOOLEAN }, NULL },
        { "false, is true", ",\"d\":true", { .path = "d", .kind = ATT_REQUIRE_BOOLEAN }, "d" },
        { "false, is text", ",\"d\":\"false\"", { .path = "d", .kind = ATT_REQUIRE_BOOLEAN }, "d" },
        { "false, is 0", ",\"d\":0", { .path = "d", .kind = ATT_REQUIRE_BOOLEAN }, "d" },
        { "false, is null", ",\"d\":null", { .path = "d", .kind = ATT_REQUIRE_BOOLEAN }, "d" },
        { "false, missing", "", { .path = "d", .kind = ATT_REQUIRE_BOOLEAN }, "d" },
        { "true", ",\"d\":true", { .path = "d", .kind = ATT_REQUIRE_BOOLEAN, .boolean = true }, NULL },
        { "true, is text",
          ",\"d\":\"true\"",
          { .path = "d", .kind = ATT_REQUIRE_BOOLEAN, .boolean = true },
          "d" },
        { "at least", ",\"n\":3", { .path = "n", .kind = ATT_REQUIRE_AT_LEAST, .at_least = 3 }, NULL },
        { "at least, more", ",\"n\":9", { .path = "n", .kind = ATT_REQUIRE_AT_LEAST, .at_least = 3 }, NULL },
        { "at least, less", ",\"n\":2", { .path = "n", .kind = ATT_REQUIRE_AT_LEAST, .at_least = 3 }, "n" },
        { "at least, text",
          ",\"n\":\"9\"",
          { .path = "n", .kind = ATT_REQUIRE_AT_LEAST, .at_least = 3 },
          "n" },
        { "J10: at least, 9e0",
          ",\"n\":9e0",
          { .path = "n", .kind = ATT_REQUIRE_AT_LEAST, .at_least = 3 },
          "n" },
        { "J10: at least, 2^64",
          ",\"n\":18446744073709551616",
          { .path = "n", .kind = ATT_REQUIRE_AT_LEAST, .at_least = 3 },
          "n" },
        { "at least 0, missing", "", { .path = "n", .kind = ATT_REQUIRE_AT_LEAST }, "n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct web w = good_web();
        struct att_relying_options o = options_with(&w);
        struct att_required_claim two_of[2] = { { .path = "iss", .value = ISSUER }, rows[i].want };
        struct att_err err;
        o.claims = two_of, o.claims_count = 2;
        struct att_relying_party *p = party_of(&o);
        two_of[1] = (struct att_required_claim){ .path = "copied" };
        enum att_code got =
            check_nonce(p, signed_by(one, "k1", claims_of(ISSUER, rows[i].claims)), start, NULL, &err);
        cases_check(&cases,
                    rows[i].where ? got == ATT_TOKEN_CLAIM && strcmp(err.where, rows[i].where) == 0
                                  : got == ATT_OK,
                    "%s: %s at %s: %s", rows[i].name, att_code_name(got), err.where, err.text);
        got = check_nonce(p, signed_by(evil, "k1", claims_of(ISSUER, rows[i].claims)), start, NULL, &err);
        cases_check(&cases, got == ATT_TOKEN_SIGNATURE_INVALID, "%s: forged is forged", rows[i].name);
        att_relying_party_free(p);
    }
}

static void unsafe_audience_nonce(void)
{
    static const struct {
        const char *name, *claims, *audience, *nonce;
        bool allow_unsafe;
        enum att_code want;
    } rows[] = {
        { "test roots", ",\"x-attestd-unsafe\":[\"test-roots\"]", NULL, NULL, false, ATT_TOKEN_CLAIM },
        { "unsafe, an empty list", ",\"x-attestd-unsafe\":[]", NULL, NULL, false, ATT_TOKEN_CLAIM },
        { "unsafe, false", ",\"x-attestd-unsafe\":false", NULL, NULL, false, ATT_TOKEN_CLAIM },
        { "unsafe, null", ",\"x-attestd-unsafe\":null", NULL, NULL, false, ATT_TOKEN_CLAIM },
        { "unsafe, escaped", ",\"x-attestd-\\u0075nsafe\":[]", NULL, NULL, false, ATT_TOKEN_CLAIM },
        { "unsafe, allowed by name", ",\"x-attestd-unsafe\":[\"test-roots\"]", NULL, NULL, true, ATT_OK },
        { "J14: aud for somebody else", ",\"aud\":\"them\"", NULL, NULL, false, ATT_TOKEN_CLAIM },
        { "J14: aud null", ",\"aud\":null", NULL, NULL, false, ATT_TOKEN_CLAIM },
        { "aud is me", ",\"aud\":\"me\"", "me", NULL, false, ATT_OK },
        { "aud lists me", ",\"aud\":[\"them\",\"me\"]", "me", NULL, false, ATT_OK },
        { "J14: aud lists others", ",\"aud\":[\"them\",7,null]", "me", NULL, false, ATT_TOKEN_CLAIM },
        { "J14: aud is an empty list", ",\"aud\":[]", "me", NULL, false, ATT_TOKEN_CLAIM },
        { "J14: aud is a longer name", ",\"aud\":\"me2\"", "me", NULL, false, ATT_TOKEN_CLAIM },
        { "J14: aud hides me in an object", ",\"aud\":{\"a\":\"me\"}", "me", NULL, false, ATT_TOKEN_CLAIM },
        { "J14: aud missing", "", "me", NULL, false, ATT_TOKEN_CLAIM },
        { "nonce", ",\"nonce\":\"n1\"", NULL, "n1", false, ATT_OK },
        { "J17: another nonce", ",\"nonce\":\"n2\"", NULL, "n1", false, ATT_TOKEN_CLAIM },
        { "J17: no nonce", "", NULL, "n1", false, ATT_TOKEN_CLAIM },
        { "J17: nonce is a number", ",\"nonce\":1", NULL, "1", false, ATT_TOKEN_CLAIM },
        { "J17: nonce null", ",\"nonce\":null", NULL, "null", false, ATT_TOKEN_CLAIM },
        { "J17: nonce elsewhere", ",\"o\":{\"nonce\":\"n1\"}", NULL, "n1", false, ATT_TOKEN_CLAIM },
        { "J17: an empty nonce is expected", "", NULL, "", false, ATT_TOKEN_CLAIM },
        { "nonce nobody asks for", ",\"nonce\":\"n1\"", NULL, NULL, false, ATT_OK },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct web w = good_web();
        struct att_relying_options o = options_with(&w);
        struct att_err err;
        o.audience = rows[i].audience, o.allow_unsafe = rows[i].allow_unsafe;
        struct att_relying_party *p = party_of(&o);
        char *token = signed_by(one, "k1", claims_of(ISSUER, rows[i].claims));
        enum att_code got = check_nonce(p, token, start, rows[i].nonce, &err);
        cases_check(&cases, got == rows[i].want, "%s: %s (%s)", rows[i].name, att_code_name(got), err.text);
        att_relying_party_free(p);
    }

    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    char *unsigned_ = textf("%s.", signing_input("{\"alg\":\"none\"}", claims_of(ISSUER, "")));
    char *elsewhere = textf("%s.", signing_input("{\"alg\":\"none\"}", claims_of(OTHER, "")));
    struct att_relying_party *p = party_of(&o);
    expect("J1: not signed", p, unsigned_, start, ATT_TOKEN_UNSECURED);
    expect("J1: None", p, textf("%s.", signing_input("{\"alg\":\"None\"}", claims_of(ISSUER, ""))), start,
           ATT_TOKEN_ALGORITHM);
    att_relying_party_free(p);
    o.allow_unsecured = true;
    p = party_of(&o);
    expect("not signed, allowed by name", p, unsigned_, start, ATT_OK);
    expect("J14: not signed, of another issuer", p, elsewhere, start, ATT_TOKEN_ISSUER);
    expect("J13: not signed, too late", p, unsigned_, start + 2000000, ATT_TOKEN_EXPIRED);
    expect("J4: none, with a signature", p, textf("%sAAAA", unsigned_), start, ATT_TOKEN_MALFORMED);
    asked("nobody", &w, 0);
    expect("a forged one is still forged", p, signed_by(evil, "k1", claims_of(ISSUER, "")), start,
           ATT_TOKEN_SIGNATURE_INVALID);
    att_relying_party_free(p);
}

/* A challenge in the runtime data is of one check alone. */
static void challenge(void)
{
    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    const struct att_required_claim mine = { .path = "x-ms-runtime.challenge", .value = "c1" };
    const struct att_required_claim svn = { .path = "svn", .kind = ATT_REQUIRE_AT_LEAST, .at_least = 2 };
    struct att_relying_check check = {
        .size = sizeof check, .now_unix_s = start, .claims = &mine, .claims_count = 1
    };
    static const struct {
        const char *name, *claims;
        const char *where;
    } rows[] = { { "challenge", ",\"svn\":2,\"x-ms-runtime\":{\"challenge\":\"c1\"}", NULL },
                 { "J17: another challenge", ",\"svn\":2,\"x-ms-runtime\":{\"challenge\":\"c0\"}",
                   "x-ms-runtime.challenge" },
                 { "J17: no challenge", ",\"svn\":2", "x-ms-runtime.challenge" },
                 { "the claims of the options count, too",
                   ",\"svn\":1,\"x-ms-runtime\":{\"challenge\":\"c1\"}", "svn" } };

    o.claims = &svn, o.claims_count = 1;
    struct att_relying_party *p = party_of(&o);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_err err = { 0 };
        struct att_token got;
        bool ok = att_relying_party_check(
            p, a, att_str(signed_by(one, "k1", claims_of(ISSUER, rows[i].claims))), &check, &got, &err);
        cases_check(
            &cases,
            rows[i].where ? !ok && err.code == ATT_TOKEN_CLAIM && strcmp(err.where, rows[i].where) == 0 : ok,
            "%s: %s", rows[i].name, err.text);
        att_arena_free(a);
    }
    att_relying_party_free(p);
}

/* -- threads */
struct runner {
    struct att_relying_party *party;
    const char *token;
    int64_t now;
    unsigned rounds;
    unsigned good, bad;
};

static void *run(void *arg)
{
    struct runner *r = arg;
    struct att_err err;

    for (unsigned i = 0; i < r->rounds; i++)
        *(check_nonce(r->party, r->token, r->now, NULL, &err) == ATT_OK ? &r->good : &r->bad) += 1;
    return NULL;
}

enum { THREADS = 8 };

static unsigned all_run(struct att_relying_party *p, const char *token, int64_t now, unsigned rounds)
{
    struct runner runners[THREADS];
    pthread_t threads[THREADS];
    unsigned good = 0;

    for (size_t i = 0; i < THREADS; i++) {
        runners[i] = (struct runner){ .party = p, .token = token, .now = now, .rounds = rounds };
        if (pthread_create(&threads[i], NULL, run, &runners[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        good += runners[i].good;
    }
    return good;
}

static void stampedes(void)
{
    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    struct att_relying_party *p = party_of(&o);
    char *token = token1(), *made_up = signed_by(evil, "k9", claims_of(ISSUER, "")),
         *newer = signed_by(two, "k3", claims_of(ISSUER, ""));

    w.delay_ms = 20;
    cases_check(&cases, all_run(p, token, start, 3) == 3 * THREADS,
                "eight threads, no keys yet: all wait for the one");
    asked("J23: one fetch", &w, 1);
    cases_check(&cases, all_run(p, token, start + 3600, 3) == 3 * THREADS, "keys are due: all go on");
    asked("J23: one fetch more", &w, 2);
    cases_check(&cases, all_run(p, made_up, start + 5000, 3) == 0, "made-up kids are refused");
    asked("J23: eight threads with a made-up kid, one fetch", &w, 3);
    w.jwks = textf("{\"keys\":[%s]}", jwk_of(two, "\"kid\":\"k3\","));
    cases_check(&cases, all_run(p, newer, start + 6000, 3) == 3 * THREADS,
                "J19: all see the key that is new");
    asked("J19: by one fetch", &w, 4);
    w.down = true;
    cases_check(&cases, all_run(p, newer, start + 20000, 3) == 3 * THREADS, "nobody answers: the old keys");
    cases_check(&cases, atomic_load(&w.asked) == 9, "one try: %u", atomic_load(&w.asked));
    cases_check(&cases, atomic_load(&w.most_busy) == 1, "never two at a time");
    att_relying_party_free(p);
}

/* While one thread fetches, the others answer from the old keys. */
static void old_keys_meanwhile(void)
{
    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    struct att_relying_party *p = party_of(&o);
    struct runner slow = { .party = p, .token = token1(), .now = start + 3600, .rounds = 1 };
    pthread_t thread;

    expect("keys", p, slow.token, start, ATT_OK);
    w.delay_ms = 150;
    if (pthread_create(&thread, NULL, run, &slow) != 0)
        abort();
    while (atomic_load(&w.asked) < 3)
        usleep(1000);
    expect("while somebody fetches", p, slow.token, start + 3600, ATT_OK);
    cases_check(&cases, atomic_load(&w.busy) == 1, "the fetch is still under way");
    (void)pthread_join(thread, NULL);
    cases_check(&cases, slow.good == 1, "and its own token is good");
    att_relying_party_free(p);
}

static void wrong_options(void)
{
    static const struct att_relying_issuer nameless = { 0 },
                                           twice[] = { { .issuer = ISSUER }, { .issuer = ISSUER } },
                                           plain = { .issuer = "http://attest.example" };
    static const struct att_required_claim bad[] = {
        { .value = "x" },
        { .path = "a" },
        { .path = "a", .kind = ATT_REQUIRE_ONE_OF },
        { .path = "a", .kind = (enum att_require)9, .value = "x" }
    };
    struct web w = good_web();
    const struct att_relying_options good = options_with(&w);
    struct att_relying_options rows[24];
    size_t n = 0;

    for (size_t i = 0; i < 24; i++)
        rows[i] = good;
    rows[n++].size = 0;
    rows[n++].issuers = NULL;
    rows[n++].issuers_count = 0;
    rows[n++].issuers_count = 17;
    rows[n++].issuers = &nameless;
    rows[n].issuers = twice, rows[n++].issuers_count = 2;
    rows[n++].issuers = &plain;
    rows[n++].fetch = NULL;
    rows[n++].skew_s = -1;
    rows[n++].skew_s = 601;
    rows[n++].max_age_default_s = -1;
    rows[n++].max_age_min_s = INT64_MAX;
    rows[n++].max_age_max_s = 30; /* less than the smallest */
    rows[n++].stale_max_s = -1;
    rows[n++].stale_max_s = 10; /* less than the time between two fetches */
    rows[n++].refetch_min_s = -1;
    rows[n++].algs = "HS256";
    rows[n++].algs = "none";
    rows[n++].claims_count = 1;
    for (size_t i = 0; i < 4; i++)
        rows[n].claims = &bad[i], rows[n++].claims_count = 1;
    for (size_t i = 0; i < n; i++) {
        struct att_relying_party *p = NULL;
        struct att_err err = { 0 };
        bool ok = att_relying_party_new(&rows[i], &p, &err);
        cases_check(&cases, !ok && !p && err.code != ATT_OK && err.where[0], "wrong options %zu", i);
    }
    struct att_relying_party *p = party_of(&good);
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_token got;
    const struct att_relying_check checks[] = {
        { .size = 0, .now_unix_s = start },
        { .size = sizeof checks[0], .now_unix_s = -1 },
        { .size = sizeof checks[0], .now_unix_s = INT64_MAX },
        { .size = sizeof checks[0], .now_unix_s = start, .claims_count = 1 },
        { .size = sizeof checks[0], .now_unix_s = start, .claims = bad, .claims_count = 1 }
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct att_err err = { 0 };
        cases_check(&cases,
                    !att_relying_party_check(p, a, att_str(token1()), &checks[i], &got, &err) &&
                        err.code == ATT_INTERNAL,
                    "wrong check %zu", i);
    }
    struct att_err err = { 0 };
    cases_check(&cases, !att_relying_party_refresh(p, -1, &err), "refresh before 1970");
    att_arena_free(a);
    att_relying_party_free(p);
    att_relying_party_free(NULL);
}

static void every_bit(void)
{
    struct web w = good_web();
    struct att_relying_options o = options_with(&w);
    struct att_relying_party *p = party_of(&o);
    char *good = token1();
    size_t len = strlen(good);
    unsigned accepted = 0;
    struct att_err err;

    for (size_t bit = 0; bit < 8 * len; bit += 5) {
        char *other = strdup(good);
        other[bit / 8] = (char)(other[bit / 8] ^ (char)(1 << bit % 8));
        accepted += check_nonce(p, other, start, NULL, &err) == ATT_OK;
        free(other);
    }
    cases_check(&cases, accepted == 0, "J4, J20: %u changed tokens accepted", accepted);
    cases_check(&cases, atomic_load(&w.asked) <= 4,
                "J23: by changed kids the issuer is asked once more at most");
    att_relying_party_free(p);
}

int main(void)
{
    one = ec_new("P-256");
    two = ec_new("P-256");
    evil = ec_new("P-256");
    cache_life();
    rotation();
    unknown_kids();
    foreign_keys();
    failing_fetches();
    documents();
    issuers();
    times();
    said_claims();
    unsafe_audience_nonce();
    challenge();
    stampedes();
    old_keys_meanwhile();
    wrong_options();
    every_bit();
    EVP_PKEY_free(one), EVP_PKEY_free(two), EVP_PKEY_free(evil);
    return cases_report(&cases);
}
