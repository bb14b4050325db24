/* Paths of the built-in authority: what @azure/identity (tenant paths) and az (/adfs) ask, and the machine's own endpoint.
 *
 * The token endpoints answer refusals in OAuth's shape (RFC 6749 5.2), not in this API's: their clients know no other. */
#include "authority/authority.h"

#include "access/text.h"
#include "api/call.h"
#include "base/err.h"

#include <stdio.h>
#include <strings.h>

static bool nothing_here(struct att_err *err)
{
    return att_fail(err, ATT_NOT_FOUND, "path", "an operation of this service", "another path");
}

/* Only GUIDs: "/{tenant}/..." must not take the paths of other planes. *ret NULL for the paths of /adfs. */
static bool tenant_of(const struct api_call *call, const char **ret, struct att_err *err)
{
    const char *tenant = NULL;

    if (!api_authority(call))
        return nothing_here(err);
    if (strncmp(call->route->path, "/{tenant}", 9) != 0) {
        *ret = NULL;
        return true;
    }
    if (!access_text_guid(att_str(api_param(call, "tenant"))))
        return nothing_here(err);
    tenant = api_lower(call->arena, api_param(call, "tenant"));
    if (!tenant)
        return att_fail_memory(err, "tenant");
    *ret = tenant;
    return true;
}

static bool metadata(struct api_call *call, struct att_err *err)
{
    struct att_err detail = { 0 };
    struct att_span json = { 0 };
    const char *tenant = NULL;

    if (!tenant_of(call, &tenant, err))
        return false;
    if (!authority_metadata(api_authority(call), call->arena, tenant, &json, &detail)) {
        if (detail.code == ATT_TENANT_NOT_FOUND)
            return nothing_here(err);
        *err = detail;
        return false;
    }
    return api_answer_cached(call, json, err);
}

/* The same keys for every tenant: one authority signs for all of them. */
static bool keys(struct api_call *call, struct att_err *err)
{
    const char *tenant = NULL;
    struct att_span json = { 0 };

    return tenant_of(call, &tenant, err) && authority_keys(api_authority(call), call->arena, &json, err) &&
           api_answer_cached(call, json, err);
}

/* -- tokens ----------------------------------------------------------------------------------------------- */

/* RFC 6749 5.1: tokens are nobody's to keep on the way. */
static void answer(struct api_call *call, const struct authority_answer *a)
{
    api_answer_json(call, a->status, a->json);
    api_answer_header(call, "Cache-Control", att_str("no-store"));
    api_answer_header(call, "Pragma", att_str("no-cache"));
    if (a->challenge_basic)
        api_answer_header(call, "WWW-Authenticate", att_str("Basic realm=\"attestd\""));
    if (a->retry_after_s > 0) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", a->retry_after_s);
        char *copy = att_arena_dup(call->arena, att_str(text));
        if (copy)
            api_answer_header(call, "Retry-After", att_str(copy));
    }
    const struct api_options *o = call->options;
    if (a->refusal.code != ATT_OK && o->on_refusal)
        o->on_refusal(o->on_refusal_ctx, call->request_id, call->route->operation, &a->refusal);
    if (a->refusal.code == ATT_OK && o->on_token)
        o->on_token(o->on_refusal_ctx, call->request_id, a->client_id, a->resource, call->http->client);
}

static struct att_span basic_of(const struct http_request *http)
{
    static const char scheme[] = "Basic ";
    const struct http_header *h = http_header_find(http, "Authorization");
    size_t len = sizeof scheme - 1;

    if (!h || h->value.len <= len || strncasecmp((const char *)h->value.ptr, scheme, len) != 0)
        return (struct att_span){ 0 };
    return att_span_of(h->value.ptr + len, h->value.len - len);
}

static bool token(struct api_call *call, struct att_err *err)
{
    struct authority_token_in in = { .form = call->http->body,
                                     .basic = basic_of(call->http),
                                     .peer = call->http->client,
                                     .trace_id = call->request_id };
    struct authority_answer got;

    if (!tenant_of(call, &in.tenant, err))
        return false;
    authority_token(api_authority(call), call->arena, &in, &got);
    answer(call, &got);
    return true;
}

/* -- a machine's own identity ----------------------------------------------------------------------------- */

/* A header that a browser, or a server that was talked into fetching a URL, does not send. */
static bool metadata_header(const struct http_request *http, struct att_err *err)
{
    const struct http_header *h = http_header_find(http, "Metadata");

    return (h && http_text_is(h->value, "true")) ||
           att_fail(err, ATT_REQUEST_MALFORMED, "metadata", "the header Metadata: true",
                    h ? "another value" : "none");
}

static bool query_text(const struct api_call *call, const char *name, const char **ret, struct att_err *err)
{
    struct att_span value = { 0 };
    bool present = false;

    *ret = NULL;
    if (!http_query_get(call->arena, call->http->query, name, &present, &value, err))
        return false;
    if (!present || value.len == 0)
        return true;
    *ret = att_arena_dup(call->arena, value);
    return *ret || att_fail_memory(err, name);
}

static bool machine_token(struct api_call *call, struct att_err *err)
{
    const char *resource = NULL, *client_id = NULL;
    struct authority_answer got;

    if (!api_authority(call) || !call->http->local)
        return nothing_here(err);
    if (!metadata_header(call->http, err) || !query_text(call, "resource", &resource, err) ||
        !query_text(call, "client_id", &client_id, err))
        return false;
    authority_machine_token(api_authority(call), call->arena, call->http->local->uid, att_str(resource),
                            client_id, &got);
    answer(call, &got);
    return true;
}

#define DOCUMENT(operation_, path_, handle_)                                                                 \
    {                                                                                                        \
        .operation = operation_, .method = "GET", .path = path_, .plane = API_AUTHORITY,                     \
        .access = API_ANYONE, .handle = handle_                                                              \
    }
#define TOKEN(path_)                                                                                         \
    {                                                                                                        \
        .operation = "authority.token", .method = "POST", .path = path_, .plane = API_AUTHORITY,             \
        .access = API_ANYONE, .lane = API_LANE_IDENTITY, .body_bytes_max = AUTHORITY_FORM_BYTES_MAX,         \
        .handle = token                                                                                      \
    }

const struct api_route api_authority_routes[] = {
    DOCUMENT("authority.metadata", "/{tenant}/v2.0/.well-known/openid-configuration", metadata),
    DOCUMENT("authority.metadata", "/{tenant}/.well-known/openid-configuration", metadata),
    DOCUMENT("authority.keys", "/{tenant}/discovery/v2.0/keys", keys),
    TOKEN("/{tenant}/oauth2/v2.0/token"),
    TOKEN("/{tenant}/oauth2/token"),
    DOCUMENT("authority.metadata", "/adfs/.well-known/openid-configuration", metadata),
    DOCUMENT("authority.keys", "/adfs/discovery/keys", keys),
    TOKEN("/adfs/oauth2/v2.0/token"),
    TOKEN("/adfs/oauth2/token"),
    { .operation = "authority.machine-token",
      .method = "GET",
      .path = "/metadata/identity/oauth2/token",
      .plane = API_AUTHORITY,
      .access = API_ANYONE,
      .lane = API_LANE_IDENTITY,
      .machine_only = true,
      .handle = machine_token },
    { 0 },
};
