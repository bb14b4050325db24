/* Who asks for a token: the form's words, and the proof. */
#include "authority/internal.h"

#include "access/text.h"
#include "authority/secret.h"
#include "base/base64.h"
#include "base/err.h"

enum { CLIENT_ID_BYTES_MAX = 128 };
_Static_assert((int)FORM_BYTES_MAX == (int)AUTHORITY_FORM_BYTES_MAX,
               "what the route lets in is what is read");

static const char assertion_type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
static const char default_scope[] = "/.default";

/* -- the form --------------------------------------------------------------------------------------------- */

static bool missing(struct att_err *err, const char *name, const char *expected)
{
    return att_fail(err, ATT_PARAMETER_MISSING, name, expected, "none");
}

/* Space and control characters have no business in an id, and so do ids that no log line would hold. */
static bool client_id_read(struct att_arena *arena, struct att_span text, const char **ret,
                           struct att_err *err)
{
    struct att_shown shown;

    if (!access_text_plain(text, CLIENT_ID_BYTES_MAX))
        return att_fail(err, ATT_REQUEST_MALFORMED, "client_id", "1 to 128 printable characters", "'%s'",
                        att_shown(&shown, text));
    char *copy = access_text_id(arena, text);
    if (!copy)
        return att_fail_memory(err, "client_id");
    *ret = copy;
    return true;
}

/* RFC 6749 2.3.1: id and secret are form-encoded before they are joined by a colon. */
static bool basic_read(struct att_arena *arena, struct att_span basic, struct att_span *ret_id,
                       struct att_span *ret_secret, struct att_err *err)
{
    struct att_span pair = { 0 };
    struct att_err detail = { 0 };

    if (!att_base64_decode(arena, ATT_BASE64_STANDARD, basic, "authorization", &pair, &detail))
        return att_fail(err, ATT_REQUEST_MALFORMED, "authorization", "base64 of id and secret",
                        "something else");
    const uint8_t *colon = pair.len > 0 ? memchr(pair.ptr, ':', pair.len) : NULL;
    if (!colon)
        return att_fail(err, ATT_REQUEST_MALFORMED, "authorization", "id, colon, secret", "no colon");
    size_t id_len = (size_t)(colon - pair.ptr);
    if (!form_decode(arena, att_span_of(pair.ptr, id_len), ret_id, err) ||
        !form_decode(arena, att_span_of(colon + 1, pair.len - id_len - 1), ret_secret, err))
        return false;
    if (ret_secret->len == 0)
        return missing(err, "authorization", "a secret behind the colon");
    return true;
}

/* Exactly one way to prove it (RFC 6749 2.3: not more than one method in a request). */
static bool proof_read(struct att_arena *arena, const struct authority_token_in *in, const struct form *form,
                       struct authority_asked *asked, struct att_span *id, struct att_err *err)
{
    struct att_span secret = form_get(form, "client_secret");
    struct att_span assertion = form_get(form, "client_assertion");
    int ways = (secret.len > 0) + (assertion.len > 0) + (in->basic.len > 0);

    if (ways != 1)
        return ways == 0 ? missing(err, "client_secret", "a client_secret or a client_assertion")
                         : att_fail(err, ATT_REQUEST_MALFORMED, "client_secret", "one way to prove who asks",
                                    "%u", ways);
    if (in->basic.len > 0) {
        struct att_span basic_id = { 0 };
        if (!basic_read(arena, in->basic, &basic_id, &secret, err))
            return false;
        if (id->len > 0 && !att_span_eq(*id, basic_id))
            return att_fail(err, ATT_REQUEST_MALFORMED, "client_id", "the one in the Authorization header",
                            "another");
        *id = basic_id;
    }
    if (assertion.len > 0 && !att_span_is(form_get(form, "client_assertion_type"), assertion_type))
        return att_fail(err, ATT_REQUEST_MALFORMED, "client_assertion_type", assertion_type,
                        "another, or none");
    asked->secret = secret;
    asked->assertion = assertion;
    return true;
}

/* Scopes that some clients add to every request; they mean nothing without a user. */
static bool is_of_users(struct att_span scope)
{
    return att_span_is(scope, "openid") || att_span_is(scope, "profile") ||
           att_span_is(scope, "offline_access");
}

static bool scope_resource(struct att_span scopes, struct att_span *ret, struct att_err *err)
{
    size_t suffix = sizeof default_scope - 1;
    struct att_shown shown;
    bool found = false;

    for (size_t at = 0; at < scopes.len;) {
        const uint8_t *space = memchr(scopes.ptr + at, ' ', scopes.len - at);
        size_t len = space ? (size_t)(space - scopes.ptr) - at : scopes.len - at;
        struct att_span scope = att_span_of(scopes.ptr + at, len);
        at += len + 1;
        if (len == 0 || is_of_users(scope))
            continue;
        if (found || len <= suffix || memcmp(scope.ptr + len - suffix, default_scope, suffix) != 0)
            return att_fail(err, ATT_AUDIENCE_UNKNOWN, "scope", "one resource with /.default behind it",
                            "'%s'", att_shown(&shown, scopes));
        *ret = att_span_of(scope.ptr, len - suffix);
        found = true;
    }
    return found || missing(err, "scope", "a resource with /.default behind it");
}

/* `scope` of version 2, or `resource` of version 1; with both, the same one. */
static bool resource_read(const struct authority *a, struct att_arena *arena, const struct form *form,
                          const char **ret, struct att_err *err)
{
    struct att_span scope = form_get(form, "scope"), resource = form_get(form, "resource"), text = { 0 };
    const char *by_scope = NULL, *by_resource = NULL;

    if (scope.len == 0 && resource.len == 0)
        return missing(err, "scope", "a resource with /.default behind it");
    if (scope.len > 0 &&
        (!scope_resource(scope, &text, err) || !authority_resource_of(a, arena, text, &by_scope, err)))
        return false;
    if (resource.len > 0 && !authority_resource_of(a, arena, resource, &by_resource, err))
        return false;
    if (by_scope && by_resource && strcmp(by_scope, by_resource) != 0)
        return att_fail(err, ATT_AUDIENCE_UNKNOWN, "resource", "that of the scope", "another");
    *ret = by_scope ? by_scope : by_resource;
    return true;
}

/* An assertion names its client itself (RFC 7521 4.2); with a client_id beside it, assertion_check compares the two. */
static bool client_read(struct att_arena *arena, const struct authority_token_in *in, const struct form *form,
                        struct authority_asked *asked, struct att_err *err)
{
    struct att_span id = form_get(form, "client_id");

    if (!proof_read(arena, in, form, asked, &id, err))
        return false;
    if (id.len > 0)
        return client_id_read(arena, id, &asked->client_id, err);
    if (asked->assertion.len > 0)
        return assertion_client(arena, asked->assertion, &asked->client_id, err);
    return missing(err, "client_id", "the client's id");
}

bool authority_asked_read(const struct authority *a, struct att_arena *arena,
                          const struct authority_token_in *in, struct authority_asked *ret,
                          const char **ret_client_id, struct att_err *err)
{
    struct authority_asked asked = { .tenant = in->tenant, .peer = in->peer ? in->peer : "" };
    struct att_shown shown;
    struct form form;

    if ((in->tenant && !authority_tenant_check(a, in->tenant, err)) ||
        !form_parse(arena, in->form, &form, err))
        return false;
    struct att_span grant = form_get(&form, "grant_type");
    if (grant.len == 0)
        return missing(err, "grant_type", "client_credentials");
    bool ok = client_read(arena, in, &form, &asked, err);
    *ret_client_id = asked.client_id;
    if (!ok)
        return false;
    if (!att_span_is(grant, "client_credentials"))
        return att_fail(err, ATT_GRANT_UNSUPPORTED, "grant_type", "client_credentials", "'%s'",
                        att_shown(&shown, grant));
    if (!resource_read(a, arena, &form, &asked.resource, err))
        return false;
    *ret = asked;
    return true;
}

/* -- the proof -------------------------------------------------------------------------------------------- */

const struct site_principal *authority_principal(const struct authority *a, const char *client_id,
                                                 const char *tenant)
{
    const struct site_principal *p = site_principal_by_client(a->options.site, client_id);

    if (p && tenant && strcmp(p->o.tenant, tenant) != 0) {
        site_unref(p);
        return NULL;
    }
    return p;
}

static const struct site_credential *selected(const struct site_principal *p, struct att_span secret)
{
    const struct site_credential *found = NULL;

    for (size_t i = 0; p && i < p->credential_count; i++) {
        const struct site_credential *c = &p->credentials[i];
        if (c->kind == SITE_SECRET && secret_selects(c->hash, secret) && !found)
            found = c;
    }
    return found;
}

static bool too_many(struct att_err *err, const char *client_id)
{
    struct att_shown shown;

    return att_fail(err, ATT_THROTTLED, "client_secret", "fewer wrong secrets in a minute", "client '%s'",
                    att_shown(&shown, att_str(client_id)));
}

/* A guess: its answer is no, and takes as long as one that could be yes. */
static bool guessed(struct authority *a, const struct authority_asked *asked, bool known, struct att_err *err)
{
    struct att_shown shown;

    if (!guesses_take(a->guesses, asked->client_id, asked->peer, authority_now(a)))
        return too_many(err, asked->client_id);
    secret_waste(asked->secret);
    return att_fail(err, ATT_SECRET_INVALID, "client_secret",
                    known ? "a secret of this client" : "a client of this tenant",
                    known ? "client '%s' with another" : "'%s'",
                    att_shown(&shown, att_str(asked->client_id)));
}

static bool secret_check(struct authority *a, const struct authority_asked *asked,
                         const struct site_principal *p, struct att_err *err)
{
    const struct site_credential *c = selected(p, asked->secret);
    int64_t now = authority_now(a);
    struct att_shown shown;

    if (!c)
        return guessed(a, asked, p != NULL, err);
    if (!guesses_left(a->misses, asked->client_id, asked->peer, now))
        return too_many(err, asked->client_id);
    if (!authority_secret_check(c->hash, asked->secret, err)) {
        guesses_add(a->misses, asked->client_id, asked->peer, now);
        return false;
    }
    if (c->expires_unix_s != 0 && c->expires_unix_s <= now)
        return att_fail(err, ATT_SECRET_EXPIRED, "client_secret", "a secret that has not expired",
                        "credential '%s' of client '%s'", c->id,
                        att_shown(&shown, att_str(asked->client_id)));
    return true;
}

bool authority_client_check(struct authority *a, struct att_arena *arena, const struct authority_asked *asked,
                            const struct site_principal **ret, struct att_err *err)
{
    const struct site_principal *p = authority_principal(a, asked->client_id, asked->tenant);
    bool ok =
        asked->assertion.len > 0 ? assertion_check(a, arena, asked, p, err) : secret_check(a, asked, p, err);

    if (!ok || !p) {
        site_unref(p);
        return ok && att_fail(err, ATT_INTERNAL, "authority.client", "a principal", "none");
    }
    *ret = p;
    return true;
}
