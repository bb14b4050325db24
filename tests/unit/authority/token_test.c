/* layers: authority keys site store store/memory store/sqlite signer access base codec relying attest */
/* The token endpoint with secrets: what it gives, what it refuses, and what time and words tell about clients. */
#include "support/tokens.h" /* here too: the build looks for it */
#include "unit/authority/rig.h"

#include "access/access.h"

static struct cases cases = { .name = "authority.token" };

static struct {
    const char *right, *second, *expired, *of_b;
} secrets;

static void people(struct rig *r)
{
    struct site_credential a[3], b[1];

    secrets.right = rig_secret(r, &a[0], "one");
    secrets.second = rig_secret(r, &a[1], "two");
    secrets.expired = rig_secret(r, &a[2], "old");
    a[2].expires_unix_s = NOW - 1;
    rig_principal(r, TENANT_A, SUB_A, CLIENT, a, 3);
    secrets.of_b = rig_secret(r, &b[0], "one");
    rig_principal(r, TENANT_B, SUB_B, CLIENT_B, b, 1);
    rig_principal(r, TENANT_A, SUB_A2, CLIENT_2, NULL, 0);
}

static const char *form(const char *client, const char *secret, const char *scope)
{
    return test_text(
        "grant_type=client_credentials&client_id=%s&client_secret=%s&scope=%s%%2F.default&client_info=1"
        "&x-client-SKU=test&claims=%%7B%%22access_token%%22%%3A%%7B%%7D%%7D",
        client, secret, scope);
}

/* -- what is issued --------------------------------------------------------------------------------------- */

static void check_claims(struct rig *r, struct att_span payload, const char *client, const char *aud)
{
    static const char *const always[][2] = {
        { "idtyp", "app" }, { "iss", BASE "/" TENANT_A "/v2.0" }, { "tid", TENANT_A },
        { "ver", "2.0" },   { "app_displayname", "machine" },
    };
    static const char *const ids[] = { "appid", "azp", "oid", "sub" };

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        cases_check(&cases, is(member_of(r, payload, always[i][0]), always[i][1]), "claim %s", always[i][0]);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        cases_check(&cases, is(member_of(r, payload, ids[i]), client), "claim %s", ids[i]);
    cases_check(&cases, is(member_of(r, payload, "aud"), aud), "aud %s", member_of(r, payload, "aud"));
    cases_check(&cases,
                is(member_of(r, payload, "iat"), test_text("%lld", (long long)r->now)) &&
                    is(member_of(r, payload, "nbf"), member_of(r, payload, "iat")) &&
                    is(member_of(r, payload, "exp"), test_text("%lld", (long long)r->now + 3600)),
                "times");
    cases_check(&cases, strlen(member_of(r, payload, "jti")) == 32, "a jti");
    cases_check(&cases, is_sorted(r, payload), "claims in order of their names");
}

static void check_issued(struct rig *r)
{
    struct authority_answer a =
        rig_ask(r, TENANT_A, form(CLIENT, secrets.right, "https%3A%2F%2Fattest.azure.net"));
    struct authority_answer b =
        rig_ask(r, TENANT_A, form(CLIENT, secrets.second, "https%3A%2F%2Fmanagement.azure.com%2F"));
    struct att_token token = { 0 };

    cases_check(&cases, a.status == 200 && a.refusal.code == ATT_OK && is(a.client_id, CLIENT), "issued: %s",
                a.refusal.text);
    cases_check(&cases,
                is(member_of(r, a.json, "token_type"), "Bearer") &&
                    is(member_of(r, a.json, "expires_in"), "3600") &&
                    is(member_of(r, a.json, "ext_expires_in"), "3600") && is(a.resource, RESOURCE),
                "the answer's members");
    cases_check(&cases, rig_verified(r, member_of(r, a.json, "access_token"), &token),
                "signed by the published key");
    cases_check(&cases,
                is_sorted(r, token.header) && is(member_of(r, token.header, "typ"), "JWT") &&
                    is(member_of(r, token.header, "alg"), "RS256") &&
                    is(member_of(r, token.header, "kid"), r->kid),
                "the header");
    check_claims(r, token.payload, CLIENT, RESOURCE);
    cases_check(&cases, b.status == 200 && rig_verified(r, member_of(r, b.json, "access_token"), &token),
                "the second secret");
    check_claims(r, token.payload, CLIENT, "https://management.azure.com");
    cases_check(&cases, !is(member_of(r, a.json, "access_token"), member_of(r, b.json, "access_token")),
                "each its own jti");
}

/* What access/ makes of it: the two ends fit. */
static void check_accepted(struct rig *r)
{
    static const char *const data[] = { "https://attest.azure.net", NULL };
    static const char *const control[] = { "https://management.azure.com/", NULL };
    const struct access_issuer issuer = { .name = "built-in",
                                          .issuer = BASE "/" TENANT_A "/v2.0",
                                          .tenant = TENANT_A,
                                          .keys_json = att_str(r->keys_json),
                                          .audiences = { [ACCESS_CONTROL] = control, [ACCESS_DATA] = data } };
    const struct access_options options = { .issuers = &issuer, .issuer_count = 1 };
    struct authority_answer a =
        rig_ask(r, TENANT_A, form(CLIENT, secrets.right, "https%3A%2F%2Fattest.azure.net"));
    struct access_check in = { .token = att_str(member_of(r, a.json, "access_token")), .now_unix_s = NOW };
    struct access_identity who = { 0 };
    struct access *access = NULL;
    struct att_err err = { 0 };
    size_t refresh = 0;

    must(access_new(&options, &access, &err), &err, "access");
    in.audience = ACCESS_DATA;
    bool ok = access_token_check(access, r->arena, &in, &who, &refresh, &err);
    cases_check(&cases,
                ok && is(who.principal, CLIENT) && is(who.tenant, TENANT_A) && is(who.application, CLIENT) &&
                    is(who.name, "machine"),
                "access takes it: %s", err.text);
    in.audience = ACCESS_CONTROL;
    cases_check(&cases,
                !access_token_check(access, r->arena, &in, &who, &refresh, &err) &&
                    err.code == ATT_ACCESS_AUDIENCE,
                "A5: a token of the data plane on the control plane: %s", err.text);
    access_free(access);
}

/* -- what is refused -------------------------------------------------------------------------------------- */

enum secret_kind { RIGHT, WRONG, EXPIRED, OF_B, NONE };

struct row {
    const char *name;
    const char *tenant; /* NULL: /adfs */
    const char *rest;   /* with %s for the secret */
    enum secret_kind secret;
    int status;
    const char *error;
    const char *number;
};

#define FORM_OF(client)                                                                                      \
    "grant_type=client_credentials&client_id=" client                                                        \
    "&client_secret=%s&scope=https://attest.azure.net/.default"

static const struct row rows[] = {
    { "good", TENANT_A, FORM_OF(CLIENT), RIGHT, 200, "", "" },
    { "good, at /adfs", NULL, FORM_OF(CLIENT), RIGHT, 200, "", "" },
    { "good, another tenant's at /adfs", NULL, FORM_OF(CLIENT_B), OF_B, 200, "", "" },
    { "good, client id in capitals", TENANT_A, FORM_OF("C11E0000-0000-4000-8000-00000000000A"), RIGHT, 200,
      "", "" },
    { "good, scopes of users beside it", TENANT_A, FORM_OF(CLIENT) "+openid+profile+offline_access", RIGHT,
      200, "", "" },
    { "good, version 1", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT
      "&client_secret=%s&resource=https://attest.azure.net/",
      RIGHT, 200, "", "" },
    { "good, both, the same", TENANT_A, FORM_OF(CLIENT) "&resource=https://attest.azure.net", RIGHT, 200, "",
      "" },
    { "good, double slash", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT
      "&client_secret=%s&scope=https://attest.azure.net//.default",
      RIGHT, 200, "", "" },

    { "wrong secret", TENANT_A, FORM_OF(CLIENT), WRONG, 401, "invalid_client", "[7000215]" },
    { "no such client", TENANT_A, FORM_OF(NOBODY), RIGHT, 401, "invalid_client", "[7000215]" },
    { "a client that is no GUID", TENANT_A, FORM_OF("app1"), RIGHT, 401, "invalid_client", "[7000215]" },
    { "a client without credentials", TENANT_A, FORM_OF(CLIENT_2), RIGHT, 401, "invalid_client",
      "[7000215]" },
    { "another client's secret", TENANT_A, FORM_OF(CLIENT), OF_B, 401, "invalid_client", "[7000215]" },
    { "A4: a client of another tenant", TENANT_A, FORM_OF(CLIENT_B), OF_B, 401, "invalid_client",
      "[7000215]" },
    { "A4: the other way round", TENANT_B, FORM_OF(CLIENT), RIGHT, 401, "invalid_client", "[7000215]" },
    { "an expired secret", TENANT_A, FORM_OF(CLIENT), EXPIRED, 401, "invalid_client", "[7000222]" },
    { "no such tenant", "cccccccc-0000-4000-8000-000000000001", FORM_OF(CLIENT), RIGHT, 400,
      "invalid_request", "[90002]" },
    { "no secret", TENANT_A, FORM_OF(CLIENT), NONE, 400, "invalid_request", "[900144]" },
    { "no client", TENANT_A, FORM_OF(""), RIGHT, 400, "invalid_request", "[900144]" },
    { "a client with a space", TENANT_A, FORM_OF("a+b"), RIGHT, 400, "invalid_request", "[9002313]" },
    { "a client of many bytes", TENANT_A,
      FORM_OF("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
      RIGHT, 400, "invalid_request", "[9002313]" },
    { "no grant", TENANT_A, "client_id=" CLIENT "&client_secret=%s&scope=https://attest.azure.net/.default",
      RIGHT, 400, "invalid_request", "[900144]" },
    { "another grant", TENANT_A,
      "grant_type=password&client_id=" CLIENT "&client_secret=%s&scope=https://attest.azure.net/.default",
      RIGHT, 400, "unsupported_grant_type", "[70003]" },
    { "a grant in capitals", TENANT_A,
      "grant_type=CLIENT_CREDENTIALS&client_id=" CLIENT
      "&client_secret=%s&scope=https://attest.azure.net/.default",
      RIGHT, 400, "unsupported_grant_type", "[70003]" },
    { "no scope", TENANT_A, "grant_type=client_credentials&client_id=" CLIENT "&client_secret=%s", RIGHT, 400,
      "invalid_request", "[900144]" },
    { "a scope of users alone", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT "&client_secret=%s&scope=openid", RIGHT, 400,
      "invalid_request", "[900144]" },
    { "no .default", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT "&client_secret=%s&scope=https://attest.azure.net",
      RIGHT, 400, "invalid_scope", "[70011]" },
    { "another right of it", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT
      "&client_secret=%s&scope=https://attest.azure.net/user",
      RIGHT, 400, "invalid_scope", "[70011]" },
    { ".default alone", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT "&client_secret=%s&scope=/.default", RIGHT, 400,
      "invalid_scope", "[70011]" },
    { "a slash and .default", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT "&client_secret=%s&scope=//.default", RIGHT, 400,
      "invalid_scope", "[70011]" },
    { "A5: a foreign resource", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT
      "&client_secret=%s&scope=https://vault.azure.net/.default",
      RIGHT, 400, "invalid_scope", "[70011]" },
    { "a resource that begins so", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT
      "&client_secret=%s&scope=https://attest.azure.net.evil/.default",
      RIGHT, 400, "invalid_scope", "[70011]" },
    { "two resources", TENANT_A,
      "grant_type=client_credentials&client_id=" CLIENT
      "&client_secret=%s&scope=https://attest.azure.net/.default+https://management.azure.com/.default",
      RIGHT, 400, "invalid_scope", "[70011]" },
    { "scope and another resource", TENANT_A, FORM_OF(CLIENT) "&resource=https://management.azure.com", RIGHT,
      400, "invalid_scope", "[70011]" },
    { "a secret twice", TENANT_A, FORM_OF(CLIENT) "&client_secret=x", RIGHT, 400, "invalid_request",
      "[9002313]" },
    { "a broken escape", TENANT_A, FORM_OF(CLIENT) "&x=%%zz", RIGHT, 400, "invalid_request", "[9002313]" },
    { "a secret and an assertion", TENANT_A,
      FORM_OF(CLIENT) "&client_assertion=e30.e30.AA&client_assertion_type=" JWT_BEARER, RIGHT, 400,
      "invalid_request", "[9002313]" },
};

static const char *secret_of(enum secret_kind kind)
{
    switch (kind) {
    case RIGHT:
        return secrets.right;
    case EXPIRED:
        return secrets.expired;
    case OF_B:
        return secrets.of_b;
    case WRONG:
        return test_text("%.8s%s", secrets.right, secrets.of_b + 8);
    case NONE:
        break;
    }
    return "";
}

/* The "%s" of a row, by hand: its text is no literal format. */
static const char *filled(const char *rest, const char *secret)
{
    struct att_buf text = { 0 };
    const char *at = strstr(rest, "%s");

    att_buf_put(&text, att_span_of(rest, (size_t)(at - rest)));
    att_buf_puts(&text, secret);
    att_buf_puts(&text, at + 2);
    att_buf_putc(&text, '\0');
    return test_kept(text.ptr);
}

static bool says_nothing_secret(const struct authority_answer *a)
{
    const char *all[] = { secrets.right, secrets.second, secrets.expired, secrets.of_b };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (contains(a->json, all[i] + 8) || strstr(a->refusal.text, all[i] + 8) ||
            strstr(a->refusal.found, all[i] + 8))
            return false;
    }
    return true;
}

/* RFC 6749 5.2 allows few characters in a description. */
static bool plain_description(const char *text)
{
    for (; *text; text++) {
        if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\')
            return false;
    }
    return true;
}

static void check_row(struct rig *r, const struct row *row)
{
    struct authority_answer a = rig_ask(r, row->tenant, filled(row->rest, secret_of(row->secret)));

    cases_check(&cases,
                a.status == row->status && is(member_of(r, a.json, "error"), row->error) &&
                    is(member_of(r, a.json, "error_codes"), row->number),
                "%s: %d %s", row->name, a.status, a.refusal.text);
    cases_check(&cases, says_nothing_secret(&a), "%s: a secret in the answer", row->name);
    if (row->status == 200)
        return;
    cases_check(&cases,
                a.refusal.code != ATT_OK && !a.resource && is(member_of(r, a.json, "access_token"), ""),
                "%s: refused wholly", row->name);
    cases_check(&cases,
                plain_description(member_of(r, a.json, "error_description")) &&
                    is(member_of(r, a.json, "trace_id"), "trace") && !a.challenge_basic &&
                    a.retry_after_s == 0,
                "%s: the shape of the refusal", row->name);
}

/* A26: nobody learns from words or from work whether a client exists. */
static void check_same(struct rig *r)
{
    static const char *const clients[] = { CLIENT, CLIENT_2, CLIENT_B, NOBODY, "app1" };
    const char *text = NULL;

    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        scrypt_calls = 0;
        struct authority_answer a =
            rig_ask(r, TENANT_A,
                    form(clients[i], "wrongwrongwrongwrongwrongwrongwrongwrongwrongwrongw",
                         "https://attest.azure.net"));
        const char *mine = member_of(r, a.json, "error_description");
        cases_check(&cases, a.status == 401 && (!text || is(mine, text)), "A26: %s: another answer",
                    clients[i]);
        cases_check(&cases, scrypt_calls == 1, "A26: %s: %u times scrypt", clients[i], scrypt_calls);
        text = mine;
    }
    scrypt_calls = 0;
    (void)rig_ask(r, TENANT_A, form(CLIENT, secrets.right, "https://attest.azure.net"));
    cases_check(&cases, scrypt_calls == 1, "A26: the right secret: %u times scrypt", scrypt_calls);
    scrypt_calls = 0;
    (void)rig_ask(r, TENANT_A, form(CLIENT, secrets.second, "https://attest.azure.net"));
    cases_check(&cases, scrypt_calls == 1, "A26: the second of three: %u times scrypt", scrypt_calls);
    scrypt_calls = 0;
    (void)rig_ask(r, TENANT_A, form(CLIENT, secrets.right, "https://vault.azure.net"));
    cases_check(&cases, scrypt_calls == 0, "what is wrong with the form costs none: %u", scrypt_calls);
}

/* -- HTTP Basic ------------------------------------------------------------------------------------------- */

static struct authority_answer ask_basic(struct rig *r, const char *pair, const char *rest)
{
    struct att_buf text = { 0 };

    att_base64_put(&text, att_str(pair));
    char *basic = att_arena_dup(r->arena, att_buf_span(&text));
    att_buf_free(&text);
    struct authority_token_in in = {
        .tenant = TENANT_A,
        .form = att_str(
            test_text("grant_type=client_credentials&scope=https://attest.azure.net/.default%s", rest)),
        .basic = att_str(basic),
        .peer = "192.0.2.8",
    };
    struct authority_answer answer;
    authority_token(r->authority, r->arena, &in, &answer);
    return answer;
}

static void check_basic(struct rig *r)
{
    const char *good = test_text("%s:%s", CLIENT, secrets.right);
    struct authority_token_in in = { .tenant = TENANT_A,
                                     .form = att_str("grant_type=client_credentials"),
                                     .basic = att_str("###") };
    struct authority_answer a;

    cases_check(&cases, ask_basic(r, good, "").status == 200, "Basic");
    cases_check(&cases, ask_basic(r, good, "&client_id=" CLIENT).status == 200,
                "Basic, and the same id in the form");
    cases_check(
        &cases,
        ask_basic(r, test_text("c11e0000%%2D0000-4000-8000-00000000000a:%s", secrets.right), "").status ==
            200,
        "Basic, escaped (RFC 6749 2.3.1)");
    a = ask_basic(r, CLIENT ":wrong", "");
    cases_check(&cases, a.status == 401 && a.challenge_basic, "Basic, wrong: 401 and a challenge");
    cases_check(&cases, ask_basic(r, good, "&client_id=" NOBODY).status == 400,
                "Basic, another id in the form");
    cases_check(&cases, ask_basic(r, good, test_text("&client_secret=%s", secrets.right)).status == 400,
                "Basic, and a secret in the form");
    cases_check(&cases, ask_basic(r, CLIENT, "").status == 400, "Basic without a colon");
    cases_check(&cases, ask_basic(r, CLIENT ":", "").status == 400, "Basic without a secret");
    cases_check(&cases, ask_basic(r, test_text(":%s", secrets.right), "").status == 400,
                "Basic without an id");
    cases_check(&cases, ask_basic(r, CLIENT ":%zz", "").status == 400, "Basic, broken escape");
    authority_token(r->authority, r->arena, &in, &a);
    cases_check(&cases, a.status == 400, "Basic that is no base64");
}

/* -- guessing --------------------------------------------------------------------------------------------- */

static struct authority_answer ask_from(struct rig *r, const char *peer, const char *client,
                                        const char *secret)
{
    struct authority_token_in in = { .tenant = TENANT_A,
                                     .form = att_str(form(client, secret, "https://attest.azure.net")),
                                     .peer = peer,
                                     .trace_id = "trace" };
    struct authority_answer answer;

    authority_token(r->authority, r->arena, &in, &answer);
    return answer;
}

static void check_guessing(void)
{
    struct site_credential c;
    struct rig r;
    unsigned refused = 0, throttled = 0;

    scrypt_cheap = true;
    rig_new(&r);
    const char *right = rig_secret(&r, &c, "one");
    rig_principal(&r, TENANT_A, SUB_A, CLIENT, &c, 1);
    scrypt_calls = 0;
    for (int i = 0; i < 100; i++) {
        struct authority_answer a = ask_from(&r, "198.51.100.1", CLIENT, "guess");
        refused += a.status == 401;
        throttled += a.status == 429 && a.retry_after_s > 0;
    }
    cases_check(&cases, refused == 10 && throttled == 90, "%u refused, %u throttled", refused, throttled);
    cases_check(&cases, scrypt_calls == 10, "guesses beyond the bound cost no scrypt: %u", scrypt_calls);
    cases_check(&cases, ask_from(&r, "198.51.100.1", CLIENT, right).status == 200,
                "who has the secret is not locked out, from the same address");
    cases_check(&cases, ask_from(&r, "198.51.100.2", CLIENT, right).status == 200, "nor from another one");
    cases_check(&cases, ask_from(&r, "198.51.100.1", NOBODY, "guess").status == 401,
                "other clients are counted apart");
    for (int i = 0; i < 20; i++)
        refused += ask_from(&r, "198.51.100.1", NOBODY, "guess").status == 401;
    cases_check(&cases, refused == 19, "A26: a client that does not exist is throttled alike: %u", refused);
    r.now += 60;
    cases_check(&cases, ask_from(&r, "198.51.100.1", CLIENT, "guess").status == 401, "a minute later");
    rig_free(&r);
    scrypt_cheap = false;
}

/* A flood of guesses from everywhere, for every id: bounded work, and those who are right get in. */
static void check_flood(void)
{
    struct site_credential c;
    struct rig r;
    unsigned throttled = 0;

    scrypt_cheap = true;
    rig_new(&r);
    const char *right = rig_secret(&r, &c, "one");
    rig_principal(&r, TENANT_A, SUB_A, CLIENT, &c, 1);
    scrypt_calls = 0;
    for (int i = 0; i < 1000; i++)
        throttled +=
            ask_from(&r, test_text("198.51.%d.%d", i / 250, i % 250), test_text("c%d", i), "guess").status ==
            429;
    cases_check(&cases, scrypt_calls == 300 && throttled == 700, "scrypt %u times, %u throttled",
                scrypt_calls, throttled);
    cases_check(&cases, ask_from(&r, "198.51.0.1", CLIENT, right).status == 200,
                "A28: the right secret gets in");
    rig_free(&r);
    scrypt_cheap = false;
}

/* Who knows the part that names the credential, and not the rest. */
static void check_misses(void)
{
    struct site_credential c;
    struct rig r;
    unsigned refused = 0;

    scrypt_cheap = true;
    rig_new(&r);
    const char *right = rig_secret(&r, &c, "one");
    const char *wrong = test_text("%.8sxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", right);
    rig_principal(&r, TENANT_A, SUB_A, CLIENT, &c, 1);
    scrypt_calls = 0;
    for (int i = 0; i < 50; i++)
        refused += ask_from(&r, "198.51.100.1", CLIENT, wrong).status == 401;
    cases_check(&cases, refused == 10 && scrypt_calls == 10, "%u refused", refused);
    cases_check(&cases, ask_from(&r, "198.51.100.2", CLIENT, right).status == 200,
                "from elsewhere the right one gets in");
    rig_free(&r);
    scrypt_cheap = false;
}

static void check_failing(struct rig *r)
{
    scrypt_fails = true;
    struct authority_answer a = rig_ask(r, TENANT_A, form(CLIENT, secrets.right, "https://attest.azure.net"));
    cases_check(&cases,
                a.status == 500 && is(member_of(r, a.json, "error"), "server_error") &&
                    a.refusal.code == ATT_CRYPTO_FAILED,
                "a failing scrypt is no yes: %d", a.status);
    scrypt_fails = false;
}

/* A principal that is gone has no tokens any more. */
static void check_deleted(struct rig *r)
{
    struct att_err err = { 0 };

    must(delete_one(r->site, SITE_PRINCIPAL, "/subscriptions/" SUB_A "/principals/" CLIENT, 1, &err), &err,
         "delete");
    r->now += 120;
    cases_check(&cases,
                rig_ask(r, TENANT_A, form(CLIENT, secrets.right, "https://attest.azure.net")).status == 401,
                "deleted");
}

static void check_options(struct rig *r)
{
    const struct authority_options good = { .site = r->site,
                                            .signer = r->signer,
                                            .keys = r->keys,
                                            .base_url = BASE,
                                            .resources = rig_resources,
                                            .now_unix_s = rig_now };
    static const char *const none[] = { NULL };
    struct authority_options bad[5] = { good, good, good, good, good };
    struct authority *a = NULL;

    bad[0].resources = none;
    bad[1].base_url = BASE "/";
    bad[2].token_lifetime_s = -1;
    bad[3].now_unix_s = NULL;
    bad[4].token_lifetime_s = 7 * 24 * 3600;
    for (size_t i = 0; i < 5; i++) {
        struct att_err err = { 0 };
        cases_check(&cases, !authority_new(&bad[i], &a, &err) && err.code == ATT_CONFIG_INVALID && !a,
                    "options %zu", i);
    }
    authority_free(NULL);
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    people(&r);
    check_issued(&r);
    check_accepted(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r.now += 60; /* so that no row meets the bound of guesses */
        check_row(&r, &rows[i]);
    }
    r.now = NOW;
    check_same(&r);
    check_basic(&r);
    check_guessing();
    check_flood();
    check_misses();
    check_failing(&r);
    check_options(&r);
    check_deleted(&r);
    rig_free(&r);
    return cases_report(&cases);
}
