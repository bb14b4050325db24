/* What the tests of policy tokens share: asking, and what an answer must keep to whatever it is. Keys are made anew for each
 * run and mean nothing. */
#ifndef TESTS_UNIT_ATTEST_POLICY_TOKENS_H
#define TESTS_UNIT_ATTEST_POLICY_TOKENS_H

#include <attest/policy_token.h>
#include <attest/signers.h>

#include "support/cases.h"
#include "support/x5c.h"

#include <ctype.h>

enum { NOW = 1800000000 }; /* 2027-01-15T08:00:00Z */
#define PROVIDER "https://contoso.example"
#define POLICY   "version= 1.0;authorizationrules{=> permit();};"

extern struct cases cases;

/* How a provider is asked; what is not said is usual. */
struct ask {
    enum att_policy_token_use use;
    const char *signers; /* as they are kept; NULL: an AAD provider */
    int64_t now;         /* 0: NOW */
    const char *uri;     /* NULL: PROVIDER */
    bool fresh_only;
    unsigned rsa_bits_min;
    const struct att_limits *limits;
};

struct answer {
    bool ok;
    struct att_err err;
    struct att_policy_token t; /* the spans of it that tests look at are these: */
    char *token, *text, *jwk, *key;
};

TEST_HELPER char *text_of(struct att_span s)
{
    return textf("%.*s", (int)s.len, s.ptr ? (const char *)s.ptr : "");
}

TEST_HELPER struct att_policy_token_options options_of(const struct ask *how)
{
    return (struct att_policy_token_options){
        .size = sizeof(struct att_policy_token_options),
        .limits = how->limits,
        .isolated = how->signers != NULL,
        .signers = att_str(how->signers),
        .rsa_bits_min = how->rsa_bits_min,
        .now_unix_s = how->now ? how->now : NOW,
        .provider_uri = how->uri ? how->uri : PROVIDER,
        .fresh_only = how->fresh_only,
    };
}

TEST_HELPER bool is_printable(const char *text)
{
    for (; *text; text++) {
        if (!isprint((unsigned char)*text))
            return false;
    }
    return true;
}

/* Asked of every answer, of thousands of flipped ones too: counted only when it fails. */
TEST_HELPER void keeps_to(const char *promise, bool holds)
{
    if (!holds)
        cases_check(&cases, false, "an answer that breaks its promise: %s", promise);
}

TEST_HELPER struct answer ask_span(const struct ask *how, struct att_span body)
{
    const struct att_policy_token_options options = options_of(how);
    struct att_arena *arena = att_arena_new((size_t)16 << 20);
    struct answer a = { .t = { .expires_unix_s = 4711 } };

    must(arena != NULL, "arena");
    a.ok = att_policy_token_read(arena, how->use, body, &options, &a.t, &a.err);
    if (a.ok) {
        a.token = text_of(a.t.token), a.text = text_of(a.t.text);
        a.jwk = text_of(a.t.signer_jwk), a.key = text_of(a.t.key_json);
        keeps_to("taken, and the error is left alone", a.err.code == ATT_OK);
        keeps_to("no unsigned token on an Isolated provider", !how->signers || a.t.is_signed);
        keeps_to("a policy has a text", how->use != ATT_POLICY_SET || a.t.text.len > 0);
        keeps_to("who signed is shown", a.t.is_signed == (a.t.signer_jwk.len > 0));
    } else {
        keeps_to("outputs change only on success", a.t.expires_unix_s == 4711 && !a.t.token.ptr);
        keeps_to("a refusal says what, where and why", a.err.code != ATT_OK && a.err.text[0] &&
                                                           a.err.where[0] && a.err.found[0] &&
                                                           a.err.expected[0]);
        keeps_to("a refusal is printable", is_printable(a.err.text));
    }
    att_arena_free(arena);
    return a;
}

TEST_HELPER struct answer ask(const struct ask *how, const char *body)
{
    return ask_span(how, att_str(body));
}

TEST_HELPER struct answer takes(const char *name, const struct ask *how, const char *body)
{
    struct answer a = ask(how, body);

    cases_check(&cases, a.ok, "%s: %s", name, a.err.text);
    if (!a.ok)
        a.token = a.text = a.jwk = a.key = textf("%s", "");
    return a;
}

TEST_HELPER struct answer refuses(const char *name, const struct ask *how, const char *body,
                                  enum att_code code, const char *where)
{
    struct answer a = ask(how, body);

    cases_check(&cases, !a.ok && a.err.code == code && strcmp(a.err.where, where) == 0,
                "%s: %s at %s, wanted %s at %s: %s", name, att_code_name(a.err.code), a.err.where,
                att_code_name(code), where, a.err.text);
    return a;
}

/* -- makers --------------------------------------------------------------------------------------------------- */

TEST_HELPER char *quoted(const char *text)
{
    return textf("\"%s\"", text);
}

/* Certificates as x5c has them, from one to three. */
TEST_HELPER char *x5c_of(const char *a, const char *b, const char *c)
{
    return textf("\"x5c\":[\"%s\"%s%s%s%s%s%s]", a, b ? ",\"" : "", b ? b : "", b ? "\"" : "", c ? ",\"" : "",
                 c ? c : "", c ? "\"" : "");
}

TEST_HELPER char *header_of(const char *alg, const char *members)
{
    return textf("{\"alg\":\"%s\"%s%s}", alg, members[0] ? "," : "", members);
}

/* A token with this key's certificates in its header. */
TEST_HELPER char *signed_by(EVP_PKEY *key, const char *alg, const char *x5c, const char *payload)
{
    return token_of(key, alg, header_of(alg, x5c), payload);
}

TEST_HELPER char *payload_of(const char *policy, const char *more)
{
    return textf("{\"AttestationPolicy\":\"%s\"%s%s}", b64url_text(policy), more[0] ? "," : "", more);
}

TEST_HELPER char *unsigned_of(const char *payload)
{
    return textf("%s.", signing_input("{\"alg\":\"none\"}", payload));
}

TEST_HELPER char *adding(const char *claim, const char *kty, const char *certificate)
{
    return textf("{\"%s\":{\"kty\":\"%s\",%s}}", claim, kty, x5c_of(certificate, NULL, NULL));
}

TEST_HELPER const char *kty_of(EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "RSA") ? "RSA" : "EC";
}

/* One key as it is kept. */
TEST_HELPER char *kept_key(EVP_PKEY *key, const char *certificate)
{
    return textf("{\"alg\":\"%s\",\"kty\":\"%s\",\"use\":\"sig\",%s}",
                 EVP_PKEY_is_a(key, "RSA") ? "RS256" : "ES256", kty_of(key), x5c_of(certificate, NULL, NULL));
}

TEST_HELPER char *list_of(const char *first, const char *second)
{
    return textf("{\"keys\":[%s%s%s]}", first, second ? "," : "", second ? second : "");
}

#endif
