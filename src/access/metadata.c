/* The discovery document (OpenID Connect Discovery 1.0 section 4.2, 4.3). */
#include "access/internal.h"

#include "base/err.h"
#include "codec/json.h"

bool access_metadata_read(struct att_arena *a, const struct access_issuer *issuer, struct att_span body,
                          const char **ret_jwks_uri, struct att_err *err)
{
    struct att_span name = { 0 }, uri = { 0 };
    struct att_shown shown;
    struct att_json doc;

    if (body.len > ACCESS_DOCUMENT_BYTES_MAX)
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "metadata", "at most 256 KiB", "%zu bytes", body.len);
    if (!att_json_parse(a, body, NULL, &doc, err))
        return att_fail_as(err, ATT_TOKEN_KEYS_INVALID, "metadata");
    if (!att_json_want_string(&doc, a, ATT_JSON_ROOT, "metadata", "issuer", &name, err) ||
        !att_json_want_string(&doc, a, ATT_JSON_ROOT, "metadata", "jwks_uri", &uri, err))
        return att_fail_as(err, ATT_TOKEN_KEYS_INVALID, "");
    /* Else a document of one issuer would give its keys to another (Discovery 4.3). */
    if (!att_span_is(name, issuer->issuer))
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "metadata.issuer", issuer->issuer, "'%s'",
                        att_shown(&shown, name));
    /* The operator chose one host to ask; its document does not choose another one, an inner one least of all. */
    if (!access_url_https(uri) || !access_url_same_origin(uri, att_str(issuer->metadata_url)))
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "metadata.jwks_uri",
                        "an https URL on the origin of metadata_url", "'%s'", att_shown(&shown, uri));
    const char *copy = att_arena_dup(a, uri);
    if (!copy)
        return att_fail_memory(err, "metadata");
    *ret_jwks_uri = copy;
    return true;
}
