/* Discovery (OpenID Connect Discovery 1.0 section 3): what MSAL and az read before they ask for a token. */
#include "authority/internal.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#include <stdio.h>

static void texts(struct att_json_writer *w, const char *name, const char *const *values)
{
    att_jw_key(w, name);
    att_jw_array(w);
    for (; *values; values++)
        att_jw_str(w, *values);
    att_jw_end_array(w);
}

#define TEXTS(w, name, ...) texts(w, name, (const char *const[]){ __VA_ARGS__, NULL })

static void url(struct att_json_writer *w, const char *name, const char *root, const char *rest)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_buf_puts(&text, root);
    att_buf_puts(&text, rest);
    att_jw_key(w, name);
    att_jw_string(w, att_buf_span(&text));
    w->out->failed = w->out->failed || text.failed;
}

/* Nobody signs in here: authorization_endpoint is there because clients refuse a document without it, and answers 404. */
static void put(struct att_json_writer *w, const char *root, bool adfs)
{
    att_jw_object(w);
    url(w, "authorization_endpoint", root, adfs ? "/oauth2/authorize" : "/oauth2/v2.0/authorize");
    TEXTS(w, "grant_types_supported", "client_credentials");
    TEXTS(w, "id_token_signing_alg_values_supported", "RS256");
    url(w, "issuer", root, adfs ? "" : "/v2.0");
    url(w, "jwks_uri", root, adfs ? "/discovery/keys" : "/discovery/v2.0/keys");
    TEXTS(w, "response_types_supported", "token");
    TEXTS(w, "subject_types_supported", "public");
    url(w, "token_endpoint", root, "/oauth2/v2.0/token");
    TEXTS(w, "token_endpoint_auth_methods_supported", "client_secret_post", "client_secret_basic",
          "private_key_jwt");
    TEXTS(w, "token_endpoint_auth_signing_alg_values_supported", "RS256", "PS256", "ES256");
    att_jw_end_object(w);
}

bool authority_metadata(struct authority *a, struct att_arena *arena, const char *tenant,
                        struct att_span *ret_json, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    struct att_json_writer w = { .out = &json };
    const char *root = NULL;

    if ((tenant && !authority_tenant_check(a, tenant, err)) || !authority_root(a, arena, tenant, &root, err))
        return false;
    put(&w, root, !tenant);
    char *copy = json.failed ? NULL : att_arena_dup(arena, att_buf_span(&json));
    if (!copy)
        return att_fail_memory(err, "authority.metadata");
    *ret_json = att_span_of(copy, json.len);
    return true;
}
