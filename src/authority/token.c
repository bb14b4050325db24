/* What is issued: an access token that looks as the well-known ones do, so that access/ needs no rule of its own. */
#include "authority/internal.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "codec/json.h"
#include "signer/signer.h"

#include <openssl/rand.h>

enum { JTI_BYTES = 16 };

static size_t without_slash(struct att_span text)
{
    return text.len > 0 && text.ptr[text.len - 1] == '/' ? text.len - 1 : text.len;
}

bool authority_resource_of(const struct authority *a, struct att_arena *arena, struct att_span text,
                           const char **ret, struct att_err *err)
{
    struct att_span asked = att_span_of(text.ptr, without_slash(text));
    struct att_shown shown;

    for (const char *const *r = a->options.resources; *r; r++) {
        struct att_span known = att_span_of(*r, without_slash(att_str(*r)));
        if (asked.len == 0 || !att_span_eq(asked, known))
            continue;
        *ret = att_arena_dup(arena, known);
        return *ret || att_fail_memory(err, "resource");
    }
    return att_fail(err, ATT_AUDIENCE_UNKNOWN, "scope", "a resource of this service", "'%s'",
                    att_shown(&shown, text));
}

static void member(struct att_json_writer *w, const char *name, const char *value)
{
    att_jw_key(w, name);
    att_jw_str(w, value);
}

static void put_header(struct att_json_writer *w, const char *kid)
{
    att_jw_object(w);
    member(w, "alg", "RS256");
    member(w, "kid", kid);
    member(w, "typ", "JWT");
    att_jw_end_object(w);
}

struct claims {
    const struct site_principal *who;
    const char *issuer, *resource, *jti;
    int64_t iat, exp;
};

static void put_claims(struct att_json_writer *w, const struct claims *c)
{
    att_jw_object(w);
    member(w, "app_displayname", c->who->name);
    member(w, "appid", c->who->client_id);
    member(w, "aud", c->resource);
    member(w, "azp", c->who->client_id);
    att_jw_key(w, "exp");
    att_jw_int(w, c->exp);
    att_jw_key(w, "iat");
    att_jw_int(w, c->iat);
    member(w, "idtyp", "app");
    member(w, "iss", c->issuer);
    member(w, "jti", c->jti);
    att_jw_key(w, "nbf");
    att_jw_int(w, c->iat);
    member(w, "oid", c->who->client_id);
    member(w, "sub", c->who->client_id);
    member(w, "tid", c->who->o.tenant);
    member(w, "ver", "2.0");
    att_jw_end_object(w);
}

static bool compose(const char *kid, const struct claims *c, struct att_buf *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf header = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };
    struct att_json_writer wh = { .out = &header }, wp = { .out = &payload };

    put_header(&wh, kid);
    put_claims(&wp, c);
    if (header.failed || payload.failed)
        return false;
    att_base64url_put(ret, att_buf_span(&header));
    att_buf_putc(ret, '.');
    att_base64url_put(ret, att_buf_span(&payload));
    return !ret->failed;
}

/* The key of this moment; the set is held until the signature is there. */
static bool sign(const struct authority *a, struct att_arena *arena, const struct claims *claims,
                 struct att_buf *jwt, struct att_span *ret, struct att_err *err)
{
    const struct keyset *keys = keyring_keys(a->options.keys);
    const char *kid = keyset_signing(keys, claims->iat)->kid;
    bool ok = compose(kid, claims, jwt) || att_fail_memory(err, "authority.token");

    ok = ok && signer_sign(a->options.signer, kid, att_buf_span(jwt), arena, ret, err);
    keyset_unref(keys);
    return ok;
}

bool authority_issue(const struct authority *a, struct att_arena *arena, const struct site_principal *p,
                     const char *resource, struct authority_issued *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf jwt = { 0 };
    int64_t now = authority_now(a);
    char jti[2 * JTI_BYTES + 1];
    uint8_t raw[JTI_BYTES];
    struct att_span signature = { 0 };
    struct claims claims = { .who = p, .resource = resource, .jti = jti, .iat = now };

    claims.exp = now + a->options.token_lifetime_s;
    if (!authority_issuer(a, arena, p->o.tenant, &claims.issuer, err))
        return false;
    if (RAND_bytes(raw, sizeof raw) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "authority.token", "random bytes", "a failure");
    att_hex_text(jti, att_span_of(raw, sizeof raw));
    if (!sign(a, arena, &claims, &jwt, &signature, err))
        return false;
    att_buf_putc(&jwt, '.');
    att_base64url_put(&jwt, signature);
    char *copy = jwt.failed ? NULL : att_arena_dup(arena, att_buf_span(&jwt));
    if (!copy)
        return att_fail_memory(err, "authority.token");
    *ret = (struct authority_issued){
        .jwt = att_span_of(copy, jwt.len),
        .issued_unix_s = now,
        .lifetime_s = a->options.token_lifetime_s,
    };
    return true;
}
