/* Client assertions: a JWT by which a client proves to hold a private key (RFC 7523 section 3).
 *
 * The header says nothing that is believed: not x5c, not x5t, not kid. The keys are those of the certificates that are
 * listed for the client, each tried in turn; MSAL sends x5t or x5t#S256 and mostly no kid, so there is nothing better. */
#include "authority/internal.h"

#include "access/text.h"
#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#include <attest/jwks.h>
#include <attest/relying.h>
#include <stdio.h>
#include <strings.h>

enum {
    LIFE_MAX_S = 3600, /* what must be remembered; MSAL's live ten minutes */
    LEEWAY_S = 60,
    JTI_BYTES_MAX = 128,
    ID_BYTES_MAX = 128,
};

static const char algs[] = "RS256 PS256 ES256";
static const char where[] = "client_assertion";

/* One text for all that would tell whether there is such a client, and what it has. */
static bool unknown_key(struct att_err *err, const char *found, const char *client_id)
{
    struct att_shown shown;

    return att_fail(err, ATT_TOKEN_KEY_UNKNOWN, where, "a signature by a certificate of this client",
                    "%s (client '%s')", found, att_shown(&shown, att_str(client_id)));
}

static bool decode(struct att_arena *arena, struct att_span assertion, struct att_token *ret,
                   struct att_json *ret_claims, struct att_err *err)
{
    struct att_shown shown;

    if (!att_token_decode(arena, assertion, NULL, ret, err))
        return false;
    if (strcmp(ret->alg, "RS256") != 0 && strcmp(ret->alg, "PS256") != 0 && strcmp(ret->alg, "ES256") != 0)
        return att_fail(err, ATT_TOKEN_ALGORITHM, "client_assertion.alg", algs, "'%s'",
                        att_shown(&shown, att_str(ret->alg)));
    return att_json_parse(arena, ret->payload, NULL, ret_claims, err);
}

static bool text_claim(struct att_arena *arena, const struct att_json *claims, const char *name, size_t max,
                       struct att_span *ret, struct att_err *err)
{
    struct att_span text = { 0 };
    char place[48];

    (void)snprintf(place, sizeof place, "%s.%s", where, name);
    if (!att_json_string(claims, arena, att_json_get(claims, ATT_JSON_ROOT, name), &text))
        return att_fail(err, ATT_TOKEN_CLAIM, place, "a text", "none, or something else");
    if (text.len == 0 || text.len > max)
        return att_fail(err, ATT_TOKEN_CLAIM, place, "a text that is neither empty nor longer than needed",
                        "%zu bytes", text.len);
    *ret = text;
    return true;
}

static bool claims_client(struct att_arena *arena, const struct att_json *claims, const char **ret,
                          struct att_err *err)
{
    struct att_span iss = { 0 }, sub = { 0 };

    if (!text_claim(arena, claims, "iss", ID_BYTES_MAX, &iss, err) ||
        !text_claim(arena, claims, "sub", ID_BYTES_MAX, &sub, err))
        return false;
    if (!access_text_same(iss, sub) || !access_text_plain(sub, ID_BYTES_MAX))
        return att_fail(err, ATT_TOKEN_CLAIM, "client_assertion.iss", "the client's id, the same in sub",
                        "something else");
    char *copy = access_text_id(arena, sub);
    if (!copy)
        return att_fail_memory(err, where);
    *ret = copy;
    return true;
}

bool assertion_client(struct att_arena *arena, struct att_span assertion, const char **ret,
                      struct att_err *err)
{
    struct att_json claims;
    struct att_token token;

    return decode(arena, assertion, &token, &claims, err) && claims_client(arena, &claims, ret, err);
}

/* -- the signature ---------------------------------------------------------------------------------------- */

static bool one_key(struct att_arena *arena, const struct site_credential *c, const struct att_token *token,
                    struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf set = { 0 };
    struct att_span jwk = { 0 };
    /* The token's own name for it, so that any kid finds it: which certificate it is, the signature says. */
    struct att_span kid = token->kid.len > 0 ? token->kid : att_str("listed");

    if (!att_jwk_of_certificate(arena, c->certificate, token->alg, kid, &jwk, err))
        return false;
    att_buf_puts(&set, "{\"keys\":[");
    att_buf_put(&set, jwk);
    att_buf_puts(&set, "]}");
    char *copy = set.failed ? NULL : att_arena_dup(arena, att_buf_span(&set));
    if (!copy)
        return att_fail_memory(err, where);
    *ret = att_span_of(copy, set.len);
    return true;
}

/* Ours, or the machine's: not a word about the assertion. */
static bool is_internal(const struct att_err *err)
{
    return att_code_class(err->code) == ATT_CLASS_INTERNAL;
}

/* True: this certificate's key signed it and its times are right. *ret_signed without that: the times are wrong. */
static bool signed_by(struct att_arena *arena, struct att_span assertion, const struct att_token *token,
                      const struct site_credential *c, int64_t now, bool *ret_signed, struct att_err *err)
{
    struct att_token_check check = {
        .size = sizeof check, .now_unix_s = now, .leeway_s = LEEWAY_S, .algs = algs
    };
    struct att_token verified = { 0 };

    if (!one_key(arena, c, token, &check.jwks, err))
        return false;
    bool ok = att_token_verify(arena, assertion, &check, &verified, err);
    *ret_signed = verified.signature_valid;
    return ok;
}

static bool signature_check(struct att_arena *arena, const struct authority_asked *asked,
                            const struct site_principal *p, const struct att_token *token, int64_t now,
                            struct att_err *err)
{
    unsigned tried = 0;

    for (size_t i = 0; p && i < p->credential_count; i++) {
        const struct site_credential *c = &p->credentials[i];
        struct att_err detail = { 0 };
        bool is_signed = false;
        if (c->kind != SITE_CERTIFICATE)
            continue;
        tried++;
        if (signed_by(arena, asked->assertion, token, c, now, &is_signed, &detail)) {
            if (c->expires_unix_s == 0 || c->expires_unix_s > now)
                return true;
            return att_fail(err, ATT_SECRET_EXPIRED, where, "a certificate that has not expired",
                            "credential '%s' of client '%s'", c->id, asked->client_id);
        }
        if (is_signed || is_internal(&detail)) {
            *err = detail;
            return false;
        }
    }
    return unknown_key(err,
                       !p           ? "no such client here"
                       : tried == 0 ? "no certificates"
                                    : "another signature",
                       asked->client_id);
}

/* -- the claims ------------------------------------------------------------------------------------------- */

static bool is_url(struct att_span aud, const char *root, const char *rest)
{
    size_t len = strlen(root);

    return aud.len == len + strlen(rest) && strncasecmp((const char *)aud.ptr, root, len) == 0 &&
           strncasecmp((const char *)aud.ptr + len, rest, strlen(rest)) == 0;
}

/* A text: a list of audiences would be good elsewhere, too. */
static bool audience_check(const struct authority *a, struct att_arena *arena, const struct att_json *claims,
                           const struct authority_asked *asked, const struct site_principal *p,
                           struct att_err *err)
{
    const char *root = NULL, *home = NULL;
    struct att_span aud = { 0 };
    struct att_shown shown;

    if (!text_claim(arena, claims, "aud", ACCESS_URL_BYTES_MAX, &aud, err) ||
        !authority_root(a, arena, asked->tenant, &root, err) ||
        !authority_root(a, arena, p->o.tenant, &home, err))
        return false;
    if (is_url(aud, root, "/oauth2/v2.0/token") || is_url(aud, root, "/oauth2/token") ||
        is_url(aud, home, "/v2.0"))
        return true;
    return att_fail(err, ATT_TOKEN_CLAIM, "client_assertion.aud", "the token endpoint or the issuer", "'%s'",
                    att_shown(&shown, aud));
}

static bool life_check(const struct att_json *claims, int64_t now, int64_t *ret_exp, struct att_err *err)
{
    int64_t exp = 0;

    if (!att_json_i64(claims, att_json_get(claims, ATT_JSON_ROOT, "exp"), &exp))
        return att_fail(err, ATT_TOKEN_CLAIM, "client_assertion.exp", "seconds since 1970", "something else");
    if (exp > now + LIFE_MAX_S + LEEWAY_S)
        return att_fail(err, ATT_TOKEN_CLAIM, "client_assertion.exp", "at most an hour from now", "%lld s",
                        (long long)(exp - now));
    *ret_exp = exp;
    return true;
}

bool assertion_check(struct authority *a, struct att_arena *arena, const struct authority_asked *asked,
                     const struct site_principal *p, struct att_err *err)
{
    struct replay_use use = { .client_id = asked->client_id,
                              .resource = asked->resource,
                              .now_unix_s = authority_now(a) };
    const char *client_id = NULL;
    struct att_token token;
    struct att_json claims;
    int64_t exp = 0;

    if (!decode(arena, asked->assertion, &token, &claims, err) ||
        !claims_client(arena, &claims, &client_id, err))
        return false;
    if (strcmp(client_id, asked->client_id) != 0)
        return att_fail(err, ATT_TOKEN_CLAIM, "client_assertion.sub", "the client that asks", "another");
    if (!signature_check(arena, asked, p, &token, use.now_unix_s, err) ||
        !audience_check(a, arena, &claims, asked, p, err) ||
        !life_check(&claims, use.now_unix_s, &exp, err) ||
        !text_claim(arena, &claims, "jti", JTI_BYTES_MAX, &use.jti, err))
        return false;
    use.until_unix_s = exp + LEEWAY_S;
    return replay_take(a->replay, &use, err);
}
