/* layers: access base codec */
/* Keys that come over the network: discovery, rotation, poisoned sets, and how often anybody can make us ask. */
#include "unit/access/attacks.h"

#include "access/internal.h"

#include <pthread.h>
#include <unistd.h>

static struct cases cases = { .name = "access.refresh" };

#define METADATA "https://login.example/a/.well-known/openid-configuration"
#define KEYS     "https://login.example/common/keys"

/* A web of two documents, and a record of who was asked. */
struct web {
    pthread_mutex_t lock;
    const char *metadata, *keys; /* NULL: no answer */
    unsigned asked_metadata, asked_keys, asked_others;
    char last[256], ca[64];
    unsigned delay_ms;
};

static bool web_get(void *ctx, const char *url, const char *ca_file, struct att_arena *arena,
                    struct att_span *ret, struct att_err *err)
{
    struct web *web = ctx;
    (void)pthread_mutex_lock(&web->lock);
    bool metadata = strcmp(url, METADATA) == 0, keys = strcmp(url, KEYS) == 0;
    const char *body = metadata ? web->metadata : keys ? web->keys : NULL;
    web->asked_metadata += metadata;
    web->asked_keys += keys;
    web->asked_others += !metadata && !keys;
    (void)snprintf(web->last, sizeof web->last, "%s", url);
    (void)snprintf(web->ca, sizeof web->ca, "%s", ca_file ? ca_file : "none");
    unsigned delay = web->delay_ms;
    (void)pthread_mutex_unlock(&web->lock);

    if (delay)
        (void)usleep(delay * 1000);
    char *copy = body ? att_arena_dup(arena, att_str(body)) : NULL;
    if (!copy) {
        err->code = ATT_FETCH_FAILED; /* as fetch/ says it */
        (void)snprintf(err->where, sizeof err->where, "fetch.connect");
        (void)snprintf(err->expected, sizeof err->expected, "an answer");
        (void)snprintf(err->found, sizeof err->found, "none");
        (void)snprintf(err->text, sizeof err->text, "no answer");
        return false;
    }
    *ret = att_str(copy);
    return true;
}

static char *metadata_of(const char *issuer, const char *jwks_uri)
{
    return test_text(
        "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\",\"token_endpoint\":\"https://login.example/token\"}", issuer,
        jwks_uri);
}

static char *set_of(EVP_PKEY *key, const char *kid)
{
    return test_jwks1(key, kid);
}

static struct web web_with(const char *keys)
{
    return (struct web){ .lock = PTHREAD_MUTEX_INITIALIZER,
                         .metadata = metadata_of(ISSUER_A, KEYS),
                         .keys = keys };
}

/* The issuer with local keys made remote; the caller frees. */
static struct access *remote(struct web *web)
{
    struct access_issuer issuer = issuer_with("");
    issuer.keys_json = (struct att_span){ 0 };
    issuer.metadata_url = METADATA;
    issuer.ca_file = "ca.pem";
    const struct access_options options = {
        .issuers = &issuer, .issuer_count = 1, .fetch = web_get, .fetch_ctx = web
    };
    struct access *a = NULL;
    struct att_err err = { 0 };

    test_must(access_new(&options, &a, &err), err.text);
    return a;
}

static enum att_code refresh(struct access *a, int64_t now)
{
    struct att_err err = { 0 };
    bool ok = access_refresh(a, 0, now, &err);
    cases_check(&cases, ok == (err.code == ATT_OK) && (ok || (err.where[0] && err.text[0])),
                "a refusal is explained");
    return err.code;
}

/* What the server does: check, ask when told to, check once more. The clock of the token's times stays near NOW. */
static struct verdict serve(struct access *a, const char *token, int64_t now)
{
    struct verdict v = check_at(a, token, ACCESS_DATA, now);
    struct att_err ignored = { 0 };

    if (v.refresh == ACCESS_NO_REFRESH || !access_refresh(a, v.refresh, now, &ignored) || v.good)
        return v;
    return check_at(a, token, ACCESS_DATA, now);
}

static char *token_by(EVP_PKEY *key, const char *kid)
{
    return test_token(key, "ES256", test_text("{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid),
                      claims_but("exp", test_text("\"exp\":%d", NOW + 10 * 24 * 3600)));
}

static void first_use(void)
{
    struct web web = web_with(set_of(ec, "e1"));
    struct access *a = remote(&web);
    struct verdict v = check(a, good());

    attack("J23: no keys yet",
           v.err.code == ATT_TOKEN_KEY_UNKNOWN && v.refresh == 0 && web.asked_metadata == 0, "%s",
           v.err.text);
    v = serve(a, good(), NOW);
    attack("J23: asked once, then good", v.good && web.asked_metadata == 1 && web.asked_keys == 1, "%s",
           v.err.text);
    cases_check(&cases, strcmp(web.ca, "ca.pem") == 0, "the issuer's CA is used: %s", web.ca);
    v = check(a, good());
    cases_check(&cases, v.good && v.refresh == ACCESS_NO_REFRESH, "and nobody has to be asked again");
    struct att_err err = { 0 };
    cases_check(&cases, !access_refresh(a, 1, NOW, &err) && err.code == ATT_INTERNAL,
                "an issuer that is none: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(&cases, !access_refresh(a, 0, -1, &err) && err.code == ATT_INTERNAL,
                "a clock that is none: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !access_keys_set(a, "a", att_str(set_of(evil_ec, "e1")), &err) &&
                    err.code == ATT_CONFIG_INVALID,
                "keys of a remote issuer are not set by hand: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !access_keys_set(a, "x", att_str(set_of(ec, "e1")), &err) && err.code == ATT_CONFIG_INVALID,
                "nor those of nobody: %s", err.text);
    access_free(a);
}

static void j6_foreign_urls(void)
{
    struct web web = web_with(set_of(ec, "e1"));
    struct access *a = remote(&web);
    static const char *const members[] = { "\"jku\":\"https://evil.example/keys\"",
                                           "\"x5u\":\"https://evil.example/c\"", "\"jku\":\"" KEYS "\"" };

    for (size_t i = 0; i < 3; i++) {
        struct verdict v =
            serve(a, test_token(evil_ec, "ES256", header_more("ES256", "evil", members[i]), good_claims("")),
                  NOW + 100 * (int)i);
        attack("J6: a URL in the token is never asked",
               v.err.code == ATT_TOKEN_KEY_UNKNOWN && web.asked_others == 0, "%s: %s", web.last, v.err.text);
    }
    access_free(a);
}

static void discovery(void)
{
    static const struct {
        const char *name, *issuer, *uri;
        bool want;
    } rows[] = {
        { "as it should be", ISSUER_A, KEYS, true },
        { "the host in capitals", ISSUER_A, "https://LOGIN.example/common/keys",
          false }, /* only our web does not know it */
        { "another issuer", ISSUER_B, KEYS, false },
        { "a slash behind the issuer", ISSUER_A "/", KEYS, false },
        { "a template for the issuer", "https://login.example/{tenantid}/v2.0", KEYS, false },
        { "no issuer", "", KEYS, false },
        { "another host", ISSUER_A, "https://evil.example/keys", false },
        { "a host that begins alike", ISSUER_A, "https://login.example.evil.example/keys", false },
        { "another port", ISSUER_A, "https://login.example:8443/keys", false },
        { "http", ISSUER_A, "http://login.example/common/keys", false },
        { "file", ISSUER_A, "file:///etc/passwd", false },
        { "an inner address", ISSUER_A, "https://169.254.169.254/keys", false },
        { "a user name", ISSUER_A, "https://login.example@evil.example/keys", false },
        { "a backslash", ISSUER_A, "https://login.example\\\\@evil.example/keys", false },
        { "a fragment", ISSUER_A, KEYS "#x", false },
        { "a line break", ISSUER_A, KEYS "\\r\\nX: y", false },
        { "empty", ISSUER_A, "", false },
    };
    static const char *const documents[] = {
        "",
        "null",
        "[]",
        "{}",
        "<html>",
        "{\"issuer\":\"" ISSUER_A "\"}",
        "{\"jwks_uri\":\"" KEYS "\"}",
        "{\"issuer\":[\"" ISSUER_A "\"],\"jwks_uri\":\"" KEYS "\"}",
        "{\"issuer\":\"" ISSUER_A "\",\"jwks_uri\":1}",
        "{\"issuer\":\"" ISSUER_A "\",\"issuer\":\"" ISSUER_A "\",\"jwks_uri\":\"" KEYS "\"}",
        "{\"issuer\":\"" ISSUER_A "\",\"jwks_uri\":\"" KEYS "\",\"jwks_ur\\u0069\":\"https://evil.example\"}",
        "{\"Issuer\":\"" ISSUER_A "\",\"jwks_uri\":\"" KEYS "\"}",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct web web = web_with(set_of(ec, "e1"));
        web.metadata = metadata_of(rows[i].issuer, rows[i].uri);
        struct access *a = remote(&web);
        struct verdict v = serve(a, good(), NOW);
        bool asked = strcmp(rows[i].name, "the host in capitals") == 0;
        attack("J6: discovery", v.good == rows[i].want && web.asked_others == (asked ? 1 : 0), "%s: %s",
               rows[i].name, v.err.text);
        access_free(a);
    }
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct web web = web_with(set_of(ec, "e1"));
        web.metadata = documents[i];
        struct access *a = remote(&web);
        cases_check(&cases, refresh(a, NOW) == ATT_TOKEN_KEYS_INVALID && web.asked_keys == 0, "document %zu",
                    i);
        cases_check(&cases, !check(a, good()).good, "document %zu: no token is good", i);
        access_free(a);
    }
    /* Bounded, to the byte. */
    char *pad = test_kept(calloc(1, 300 * 1024));
    for (int more = 0; more < 2; more++) {
        struct web web = web_with(set_of(ec, "e1"));
        size_t len = strlen(web.metadata);
        memset(pad, ' ', (size_t)256 * 1024 - len + (size_t)more);
        pad[256 * 1024 - len + (size_t)more] = '\0';
        web.metadata = test_text("%s%s", pad, web.metadata);
        struct access *a = remote(&web);
        cases_check(&cases, refresh(a, NOW) == (more ? ATT_TOKEN_KEYS_INVALID : ATT_OK),
                    "a document of 256 KiB and %d", more);
        access_free(a);
        len = strlen(web.keys);
        web = web_with(set_of(ec, "e1"));
        memset(pad, ' ', (size_t)256 * 1024 - len + (size_t)more);
        pad[256 * 1024 - len + (size_t)more] = '\0';
        web.keys = test_text("%s%s", web.keys, pad);
        a = remote(&web);
        cases_check(&cases, refresh(a, NOW) == (more ? ATT_TOKEN_KEYS_INVALID : ATT_OK),
                    "a key set of 256 KiB and %d", more);
        access_free(a);
    }
}

static void j19_rotation(void)
{
    struct web web =
        web_with(test_text("{\"keys\":[%s,%s]}", test_jwk(ec, "e1", ""), test_jwk(b_ec, "e2", "")));
    struct access *a = remote(&web);
    char *old = token_by(ec, "e1"), *current = token_by(b_ec, "e2"), *next = token_by(evil_ec, "e3");

    attack("J19: before the rotation", serve(a, old, NOW).good && serve(a, current, NOW).good, "both");
    web.keys = test_text("{\"keys\":[%s,%s]}", test_jwk(b_ec, "e2", ""), test_jwk(evil_ec, "e3", ""));
    attack("J19: a new key inside the window is not asked for",
           !serve(a, next, NOW + 59).good && web.asked_keys == 1, "%u", web.asked_keys);
    attack("J19: a new key after the window is", serve(a, next, NOW + 60).good && web.asked_keys == 2, "%u",
           web.asked_keys);
    struct verdict v = check_at(a, old, ACCESS_DATA, NOW + 60);
    attack("J19: the retired key is refused at once", v.err.code == ATT_TOKEN_KEY_UNKNOWN, "%s", v.err.text);
    attack("J19: and stays refused when the issuer is asked again",
           serve(a, old, NOW + 200).err.code == ATT_TOKEN_KEY_UNKNOWN && web.asked_keys == 3, "%u",
           web.asked_keys);
    web.keys = "{\"keys\":[]}";
    attack("J19: a set without keys retires them all",
           serve(a, token_by(ec, "e9"), NOW + 300).err.code == ATT_TOKEN_KEY_UNKNOWN &&
               serve(a, current, NOW + 301).err.code == ATT_TOKEN_KEY_UNKNOWN,
           "%u", web.asked_keys);
    access_free(a);

    /* By hand. */
    a = with_keys(set_of(ec, "e1"));
    struct att_err err = { 0 };
    attack("J19: local keys before", check(a, good()).good, "good");
    attack("J19: local keys replaced", access_keys_set(a, "a", att_str(set_of(b_ec, "e1")), &err), "%s",
           err.text);
    attack("J19: the old one is refused at once", check(a, good()).err.code == ATT_TOKEN_SIGNATURE_INVALID,
           "refused");
    static const char *const wrong[] = {
        "", "{}", "{\"keys\":[]}", "{\"keys\":{}}", "{\"keys\":[],\"kty\":\"EC\"}", "x"
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err = (struct att_err){ 0 };
        attack("J19: a set that cannot be used replaces nothing",
               !access_keys_set(a, "a", att_str(wrong[i]), &err) && err.code == ATT_CONFIG_INVALID &&
                   check(a, token_by(b_ec, "e1")).good,
               "%s", err.text);
    }
    access_free(a);
}

/* Keys that grow old, and an issuer that does not answer. */
static void j19_age(void)
{
    struct web web = web_with(set_of(ec, "e1"));
    struct access *a = remote(&web);
    char *token = token_by(ec, "e1");

    attack("J19: young keys", serve(a, token, NOW).good, "good");
    struct verdict v = check_at(a, token, ACCESS_DATA, NOW + 3599);
    attack("J19: not old yet", v.good && v.refresh == ACCESS_NO_REFRESH, "%zu", v.refresh);
    v = check_at(a, token, ACCESS_DATA, NOW + 3600);
    attack("J19: old keys are still good, and somebody is told to ask", v.good && v.refresh == 0, "%zu",
           v.refresh);
    v = check_at(a, token, ACCESS_DATA, NOW + 3601);
    attack("J19: one is enough", v.good && v.refresh == ACCESS_NO_REFRESH, "%zu", v.refresh);
    web.keys = NULL;
    attack("J19: a refresh that fails", refresh(a, NOW + 3602) == ATT_FETCH_FAILED, "refused");
    attack("J19: keeps the old keys", check_at(a, token, ACCESS_DATA, NOW + 3603).good, "good");
    attack("J19: its outcome holds for the window, without asking again",
           refresh(a, NOW + 3650) == ATT_FETCH_FAILED && web.asked_keys == 2, "%u", web.asked_keys);
    web.keys = "{\"keys\":7}";
    attack("J19: a set that cannot be read",
           refresh(a, NOW + 3700) == ATT_TOKEN_KEYS_INVALID && web.asked_keys == 3, "%u", web.asked_keys);
    attack("J19: keeps the old keys too", check_at(a, token, ACCESS_DATA, NOW + 3701).good, "good");
    v = check_at(a, token_by(ec, "e2"), ACCESS_DATA, NOW + 3761);
    attack("J19: after the window an unknown kid asks again", v.refresh == 0, "%zu", v.refresh);
    web.keys = set_of(b_ec, "e2");
    attack("J19: an answer at last", refresh(a, NOW + 3800) == ATT_OK, "good");
    attack("J19: ends the old keys",
           check_at(a, token, ACCESS_DATA, NOW + 3801).err.code == ATT_TOKEN_KEY_UNKNOWN, "refused");
    web.metadata = NULL;
    char *second = token_by(b_ec, "e2");
    attack("J19: keys a day old", check_at(a, second, ACCESS_DATA, NOW + 3800 + ACCESS_KEYS_LIFE_S - 1).good,
           "good");
    attack("J19: and no longer, whoever keeps us from asking",
           check_at(a, second, ACCESS_DATA, NOW + 3800 + ACCESS_KEYS_LIFE_S).err.code ==
               ATT_TOKEN_KEY_UNKNOWN,
           "refused");
    attack("J19: until there is an answer", refresh(a, NOW + 3801 + ACCESS_KEYS_LIFE_S) == ATT_FETCH_FAILED,
           "refused");
    web.metadata = metadata_of(ISSUER_A, KEYS);
    attack("J19: which there is", serve(a, second, NOW + 3900 + ACCESS_KEYS_LIFE_S).good, "good");
    /* Clocks: requests that began a little before the refresh, and a clock that was set back. */
    attack("J19: a request from a second before",
           check_at(a, second, ACCESS_DATA, NOW + 3899 + ACCESS_KEYS_LIFE_S).good, "good");
    unsigned asked = web.asked_keys;
    (void)serve(a, token_by(ec, "e7"), NOW + 3890 + ACCESS_KEYS_LIFE_S);
    attack("J23: a clock that is a little behind opens no second window", web.asked_keys == asked, "%u",
           web.asked_keys);
    access_free(a);
}

/* An issuer that gives a new key an old name: nobody would ask it as long as the old keys count. */
static void j19_same_name(void)
{
    struct web web = web_with(set_of(ec, "e1"));
    struct access *a = remote(&web);

    test_must(refresh(a, NOW) == ATT_OK, "refresh");
    web.keys = set_of(b_ec, "e1");
    struct verdict v = check_at(a, token_by(b_ec, "e1"), ACCESS_DATA, NOW + 3599);
    attack("J19: a new key under an old name, keys still young",
           v.err.code == ATT_TOKEN_SIGNATURE_INVALID && v.refresh == ACCESS_NO_REFRESH, "%s", v.err.text);
    attack("J19: the same with old keys asks, and is good", serve(a, token_by(b_ec, "e1"), NOW + 3600).good,
           "good");
    attack("J19: which ends the old key of that name",
           check_at(a, token_by(ec, "e1"), ACCESS_DATA, NOW + 3601).err.code == ATT_TOKEN_SIGNATURE_INVALID,
           "refused");
    access_free(a);
}

/* A refresh between the check and the question: the new keys are there already. */
static void refreshed_meanwhile(void)
{
    struct web web = web_with(set_of(ec, "e1"));
    struct access *a = remote(&web);

    test_must(refresh(a, NOW) == ATT_OK, "refresh");
    struct access_keys *old = access_keys_now(&a->sources[0], NOW);
    web.keys = set_of(b_ec, "e2");
    struct verdict before = check_at(a, token_by(b_ec, "e2"), ACCESS_DATA, NOW + 60);
    test_must(refresh(a, NOW + 60) == ATT_OK, "refresh");
    attack("J23: told to ask, and somebody else has",
           before.refresh == 0 && refresh(a, NOW + 60) == ATT_OK && web.asked_keys == 2, "%u",
           web.asked_keys);
    /* A check that took the old keys and ends after the refresh: asking gives the new ones, without a request. */
    attack("J23: keys replaced under a check",
           access_worth_refresh(a, &a->sources[0], old, ACCESS_KEY_UNKNOWN, NOW + 60), "told to ask");
    struct access_keys *current = access_keys_now(&a->sources[0], NOW + 60);
    attack("J23: and not when they are the same",
           !access_worth_refresh(a, &a->sources[0], current, ACCESS_KEY_UNKNOWN, NOW + 60) &&
               web.asked_keys == 2,
           "not told");
    access_keys_unref(current);
    access_keys_unref(old);
    attack("J23: good the second time", check_at(a, token_by(b_ec, "e2"), ACCESS_DATA, NOW + 60).good,
           "good");
    access_free(a);
}

static void j22_poison(void)
{
    char *good_key = test_jwk(ec, "e1", "");
    char *private_number = test_key_number(ec, "priv", 32);
    const struct {
        const char *name, *other;
        enum att_code want; /* of a token by evil_ec with the kid "evil" */
    } rows[] = {
        { "another key beside it", test_jwk(evil_ec, "evil", ""), ATT_OK },
        { "its private member", test_jwk(evil_ec, "evil", test_text("\"d\":\"%s\",", private_number)),
          ATT_TOKEN_KEY_INVALID },
        { "an RSA private member", test_jwk(rsa, "evil", "\"p\":\"AQ\","), ATT_TOKEN_KEY_INVALID },
        { "use enc", test_jwk(evil_ec, "evil", "\"use\":\"enc\","), ATT_TOKEN_KEY_INVALID },
        { "use of another type", test_jwk(evil_ec, "evil", "\"use\":[\"sig\"],"), ATT_TOKEN_KEY_INVALID },
        { "key_ops without verify", test_jwk(evil_ec, "evil", "\"key_ops\":[\"encrypt\"],"),
          ATT_TOKEN_KEY_INVALID },
        { "key_ops sign", test_jwk(evil_ec, "evil", "\"key_ops\":[\"sign\"],"), ATT_TOKEN_KEY_INVALID },
        { "alg of another type", test_jwk(evil_ec, "evil", "\"alg\":\"RS256\","), ATT_TOKEN_KEY_INVALID },
        { "alg HS256", test_jwk(evil_ec, "evil", "\"alg\":\"HS256\","), ATT_TOKEN_KEY_INVALID },
        { "alg none", test_jwk(evil_ec, "evil", "\"alg\":\"none\","), ATT_TOKEN_KEY_INVALID },
        { "an oct key", "{\"kty\":\"oct\",\"kid\":\"evil\",\"k\":\"AAAA\"}", ATT_TOKEN_KEY_INVALID },
        { "an unknown kty", "{\"kty\":\"XYZ\",\"kid\":\"evil\"}", ATT_TOKEN_KEY_INVALID },
        { "no kty", "{\"kid\":\"evil\"}", ATT_TOKEN_KEY_INVALID },
        { "two different keys of one kid",
          test_text("%s,%s", test_jwk(evil_ec, "evil", ""), test_jwk(b_ec, "evil", "")),
          ATT_TOKEN_KEY_UNKNOWN },
        { "the same key twice",
          test_text("%s,%s", test_jwk(evil_ec, "evil", ""), test_jwk(evil_ec, "evil", "")), ATT_OK },
        { "the same key under two kids",
          test_text("%s,%s", test_jwk(evil_ec, "evil", ""), test_jwk(evil_ec, "e3", "")), ATT_OK },
        { "a number", "1", ATT_TOKEN_KEY_UNKNOWN },
        { "null", "null", ATT_TOKEN_KEY_UNKNOWN },
        { "a list", "[]", ATT_TOKEN_KEY_UNKNOWN },
        { "an empty object", "{}", ATT_TOKEN_KEY_UNKNOWN },
        { "a kid that is a number", test_jwk(evil_ec, NULL, "\"kid\":1,"), ATT_TOKEN_KEY_UNKNOWN },
        { "a key without kid", test_jwk(evil_ec, NULL, ""), ATT_TOKEN_KEY_UNKNOWN },
        { "127 other keys", NULL, ATT_TOKEN_KEY_UNKNOWN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *other = rows[i].other;
        for (unsigned n = 0; !rows[i].other && n < 127; n++)
            other =
                test_text("%s%s{\"kty\":\"EC\",\"kid\":\"x%u\"}", other ? other : "", other ? "," : "", n);
        for (int first = 0; first < 2; first++) {
            struct web web = web_with(first ? test_text("{\"keys\":[%s,%s]}", other, good_key)
                                            : test_text("{\"keys\":[%s,%s]}", good_key, other));
            struct access *a = remote(&web);
            struct verdict v = serve(a, good(), NOW);
            attack("J22: the good key stays good", v.good, "beside %s: %s", rows[i].name, v.err.text);
            v = serve(a, token_by(evil_ec, "evil"), NOW);
            attack("J22: a key that must not be used", v.err.code == rows[i].want, "%s: %s", rows[i].name,
                   v.err.text);
            v = serve(a, token_by(evil_ec, "e1"), NOW);
            attack("J22: and never stands in for another", v.err.code == ATT_TOKEN_SIGNATURE_INVALID,
                   "%s: %s", rows[i].name, v.err.text);
            access_free(a);
        }
    }
    /* The kid itself twice: then it names nothing. */
    struct web web = web_with(
        test_text("{\"keys\":[%s,%s,%s]}", good_key, test_jwk(evil_ec, "e1", ""), test_jwk(b_ec, "e2", "")));
    struct access *a = remote(&web);
    attack("J22: the kid twice: neither key", serve(a, good(), NOW).err.code == ATT_TOKEN_KEY_UNKNOWN,
           "refused");
    attack("J22: nor the other one", serve(a, token_by(evil_ec, "e1"), NOW).err.code == ATT_TOKEN_KEY_UNKNOWN,
           "refused");
    attack("J22: but the third", serve(a, token_by(b_ec, "e2"), NOW).good, "good");
    /* The same kid in other spellings. */
    web.keys = test_text("{\"keys\":[%s,%s]}", good_key, test_jwk(evil_ec, "\\u00651", ""));
    attack("J22: the kid twice, once with an escape",
           refresh(a, NOW + 100) == ATT_OK && check(a, good()).err.code == ATT_TOKEN_KEY_UNKNOWN, "refused");
    char *many = test_text("%s", good_key);
    for (unsigned i = 0; i < 128; i++)
        many = test_text("%s,{\"kty\":\"EC\",\"kid\":\"x%u\"}", many, i);
    web.keys = test_text("{\"keys\":[%s]}", many);
    attack("J22: 129 keys are no set", refresh(a, NOW + 200) == ATT_TOKEN_KEYS_INVALID, "refused");
    access_free(a);
}

/* Ten thousand tokens with made-up kids in a minute, and another ten thousand in the next. */
static void j23_amplification(void)
{
    struct web web = web_with(set_of(ec, "e1"));
    struct access *a = remote(&web);
    const char *tail = strchr(good(), '.');
    unsigned good_ones = 0;

    for (int window = 0; window < 3; window++) {
        for (int i = 0; i < 10000; i++) {
            /* The claims and the signature of a good token, under a header of its own each. */
            char header[64], encoded[128], token[1200];
            int len =
                snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"k%08d\"}", window * 10000 + i);
            (void)EVP_EncodeBlock((uint8_t *)encoded, (const uint8_t *)header, len);
            test_must(len % 3 == 0 &&
                          snprintf(token, sizeof token, "%s%s", encoded, tail) < (int)sizeof token,
                      "token");
            good_ones += serve(a, token, NOW + 60 * window + i * 59 / 10000).good;
        }
        attack("J23: 10,000 tokens of made-up kids",
               web.asked_metadata == (unsigned)window + 1 && web.asked_keys == (unsigned)window + 1,
               "window %d: %u and %u requests", window, web.asked_metadata, web.asked_keys);
    }
    attack("J23: none of them was good", good_ones == 0, "%u", good_ones);
    attack("J23: and the real ones were not disturbed", serve(a, good(), NOW + 180).good, "good");
    /* The same with an issuer that does not answer. */
    web.metadata = NULL;
    unsigned before = web.asked_metadata;
    for (int i = 0; i < 1000; i++)
        (void)serve(a, token_by(evil_ec, "nobody"), NOW + 400 + i * 59 / 1000);
    attack("J23: nor does a failure open the window", web.asked_metadata == before + 1, "%u",
           web.asked_metadata - before);
    access_free(a);
    /* What costs nothing to write costs nothing to ask: tokens that fail before their key is looked for. */
    web = web_with(set_of(ec, "e1"));
    a = remote(&web);
    static const char *const cheap[] = { "x", "a.b.c", "" };
    for (size_t i = 0; i < 3; i++)
        (void)serve(a, cheap[i], NOW);
    (void)serve(a, test_token(NULL, "none", "{\"alg\":\"none\",\"kid\":\"x\"}", good_claims("")), NOW);
    (void)serve(a, test_token_hmac(att_str("x"), "HS256", H("HS256", "x"), good_claims("")), NOW);
    attack("J23: an algorithm that is not listed asks nobody", web.asked_metadata == 0, "%u",
           web.asked_metadata);
    access_free(a);
}

/* Threads that check while others refresh and replace keys; the thread sanitizer looks on. */
struct crowd {
    struct access *a;
    struct web *web;
    char *tokens[2];
    unsigned wrong;
    pthread_mutex_t lock;
};

static void *customer(void *arg)
{
    struct crowd *c = arg;
    unsigned wrong = 0;

    for (unsigned i = 0; i < 60; i++) {
        struct att_arena *arena = att_arena_new((size_t)4 << 20);
        const struct access_check in = { .token = att_str(c->tokens[i % 2]),
                                         .audience = ACCESS_DATA,
                                         .now_unix_s = NOW + i };
        struct access_identity who;
        struct att_err err = { 0 };
        size_t again = 0;
        bool ok = access_token_check(c->a, arena, &in, &who, &again, &err);
        if (!ok && again != ACCESS_NO_REFRESH) {
            struct att_err why = { 0 }, second = { 0 };
            ok = access_refresh(c->a, again, in.now_unix_s, &why) &&
                 access_token_check(c->a, arena, &in, &who, &again, &second);
        }
        /* The first token is good from the first refresh on; the second never is. */
        wrong += i % 2 ? ok : !ok;
        att_arena_free(arena);
    }
    (void)pthread_mutex_lock(&c->lock);
    c->wrong += wrong;
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void threads(void)
{
    struct web web = web_with(set_of(ec, "e1"));
    web.delay_ms = 30;
    struct access *a = remote(&web);
    struct crowd crowd = { .a = a, .web = &web, .lock = PTHREAD_MUTEX_INITIALIZER };
    crowd.tokens[0] = good();
    crowd.tokens[1] = token_by(evil_ec, "e1");
    pthread_t all[8];

    for (size_t i = 0; i < 8; i++)
        test_must(pthread_create(&all[i], NULL, customer, &crowd) == 0, "thread");
    for (size_t i = 0; i < 8; i++)
        test_must(pthread_join(all[i], NULL) == 0, "thread");
    attack("J23: eight threads at once, one request",
           crowd.wrong == 0 && web.asked_metadata == 1 && web.asked_keys == 1, "%u wrong, %u requests",
           crowd.wrong, web.asked_keys);
    access_free(a);

    struct access *local = with_keys(set_of(ec, "e1"));
    crowd = (struct crowd){ .a = local,
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .tokens = { crowd.tokens[0], crowd.tokens[1] } };
    for (size_t i = 0; i < 8; i++)
        test_must(pthread_create(&all[i], NULL, customer, &crowd) == 0, "thread");
    unsigned failed = 0;
    for (unsigned i = 0; i < 200; i++) {
        struct att_err err = { 0 };
        failed += !access_keys_set(local, "a", att_str(i % 2 ? set_of(ec, "e1") : keys_a()), &err);
    }
    for (size_t i = 0; i < 8; i++)
        test_must(pthread_join(all[i], NULL) == 0, "thread");
    attack("J19: keys replaced under eight threads", crowd.wrong == 0 && failed == 0, "%u wrong, %u failed",
           crowd.wrong, failed);
    access_free(local);
}

int main(void)
{
    set_up();
    first_use();
    j6_foreign_urls();
    discovery();
    j19_rotation();
    j19_age();
    j19_same_name();
    refreshed_meanwhile();
    j22_poison();
    j23_amplification();
    threads();
    access_free(access_);
    return attacks_report();
}
