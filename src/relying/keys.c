/* From an issuer's name to its keys (OpenID Connect Discovery 1.0, section 4).
 *
 * Two documents at most, whatever the token says: an unknown kid asks nobody again. The issuer is the one
 * that the CALLER expects; the token's jku, x5u, jwk and x5c are not looked at. jwks_uri must lie on the
 * issuer's own origin: wider than MAA needs would mean that a bad metadata document could name any host. */
#include "relying/relying.h"

#include "base/err.h"

#include <stdio.h>

enum { URL_BYTES_MAX = 2000 };

static const char scheme[] = "https://";
static const char metadata_path[] = "/.well-known/openid-configuration";

/* Visible ASCII without the characters that URL readers disagree on. */
static bool plain_url(struct att_span url)
{
    if (url.len > URL_BYTES_MAX || url.len < sizeof scheme || memcmp(url.ptr, scheme, sizeof scheme - 1) != 0)
        return false;
    for (size_t i = 0; i < url.len; i++) {
        uint8_t c = url.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>' || c == '#' || c == '@')
            return false;
    }
    return true;
}

/* Scheme and authority: up to the first byte behind "https://" that ends an authority (RFC 3986 3.2). */
static struct att_span origin_of(struct att_span url)
{
    size_t end = sizeof scheme - 1;

    while (end < url.len && url.ptr[end] != '/' && url.ptr[end] != '?')
        end++;
    return att_span_of(url.ptr, end);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool same_origin(struct att_span a, struct att_span b)
{
    struct att_span x = origin_of(a), y = origin_of(b);

    if (x.len != y.len || x.len < sizeof scheme)
        return false;
    for (size_t i = 0; i < x.len; i++) {
        if (lower(x.ptr[i]) != lower(y.ptr[i]))
            return false;
    }
    return true;
}

static bool get(const struct att_token_check *check, struct att_arena *a, const char *where, const char *url,
                struct att_span *ret, struct att_err *err)
{
    const struct att_limits *limits = check->limits ? check->limits : &att_limits_default;
    struct att_span body = { 0 };

    if (!check->fetch(check->fetch_ctx, url, a, &body, err))
        return att_fail(err, ATT_IO_FAILED, where, "an answer", "none from %s", url);
    if (body.len > limits->collateral_bytes_max)
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, where, "a document within the size limit", "%zu bytes",
                        body.len);
    *ret = body;
    return true;
}

bool relying_issuer_usable(const char *issuer, struct att_err *err)
{
    struct att_span url = att_str(issuer);
    struct att_shown shown;

    if (!plain_url(url) || memchr(url.ptr, '?', url.len))
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "issuer", "an https URL without query and fragment",
                        "'%s'", att_shown(&shown, url));
    return true;
}

static bool metadata_url(const struct att_token_check *check, char *ret, size_t size, struct att_err *err)
{
    struct att_span issuer = att_str(check->issuer);

    if (!relying_issuer_usable(check->issuer, err))
        return false;
    if (issuer.ptr[issuer.len - 1] == '/') /* Discovery 4: a terminating slash is removed first */
        issuer.len--;
    (void)snprintf(ret, size, "%.*s%s", (int)issuer.len, (const char *)issuer.ptr, metadata_path);
    return true;
}

static bool read_metadata(const struct att_token_check *check, struct att_arena *a, struct att_span body,
                          const char **ret_jwks_uri, struct att_err *err)
{
    const struct att_json_options options = { .limits = check->limits };
    struct att_span issuer = { 0 }, uri = { 0 };
    struct att_shown shown;
    struct att_json doc;

    if (!att_json_parse(a, body, &options, &doc, err))
        return att_fail_as(err, ATT_TOKEN_KEYS_INVALID, "metadata");
    if (!att_json_want_string(&doc, a, ATT_JSON_ROOT, "metadata", "issuer", &issuer, err) ||
        !att_json_want_string(&doc, a, ATT_JSON_ROOT, "metadata", "jwks_uri", &uri, err))
        return att_fail_as(err, ATT_TOKEN_KEYS_INVALID, "");
    if (!att_span_is(issuer, check->issuer))
        return att_fail(err, ATT_TOKEN_ISSUER, "metadata.issuer", check->issuer, "'%s'",
                        att_shown(&shown, issuer));
    if (!plain_url(uri) || !same_origin(uri, issuer))
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "metadata.jwks_uri",
                        "an https URL on the issuer's own origin", "'%s'", att_shown(&shown, uri));
    *ret_jwks_uri = att_arena_dup(a, uri);
    return *ret_jwks_uri ? true : att_fail_memory(err, "metadata");
}

bool relying_fetch(struct att_arena *a, const struct att_token_check *check, struct att_span *ret,
                   struct att_err *err)
{
    char url[URL_BYTES_MAX + sizeof metadata_path];
    struct att_span body = { 0 };
    const char *jwks_uri = NULL;

    return metadata_url(check, url, sizeof url, err) && get(check, a, "metadata", url, &body, err) &&
           read_metadata(check, a, body, &jwks_uri, err) && get(check, a, "jwks", jwks_uri, ret, err);
}

bool relying_keys(const struct att_crypto *c, struct att_arena *a, const struct att_token_check *check,
                  struct att_jwk_set *ret, struct att_err *err)
{
    struct att_span json = check->jwks;

    if (!json.ptr && !relying_fetch(a, check, &json, err))
        return false;
    return att_jwk_set_read(c, a, check->limits, json, ret, err);
}
