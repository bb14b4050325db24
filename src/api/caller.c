/* Who is calling, and what a caller who is not known is told. */
#include "api/internal.h"

#include "base/err.h"

#include <stdio.h>
#include <strings.h>

enum { CHALLENGE_BYTES = 768 };

bool api_needs_action(const struct api_call *call)
{
    const struct api_route *r = call->route;

    if (r->access == API_ACTION_TPM)
        return !call->provider || !call->provider->tpm_authentication_disabled;
    return r->access == API_ACTION ||
           (r->access == API_ACTION_2018 && call->version == API_2018_09_01_PREVIEW);
}

bool api_needs_caller(const struct api_call *call)
{
    return call->route->access == API_ANY_CALLER || api_needs_action(call);
}

static bool bearer(const struct http_request *http, struct att_span *ret, struct att_err *err)
{
    const struct http_header *h = http_header_find(http, "Authorization");
    static const char scheme[] = "Bearer";
    size_t len = sizeof scheme - 1;

    if (!h)
        return att_fail(err, ATT_ACCESS_TOKEN_MISSING, "authorization", "Bearer and a token", "no header");
    if (h->value.len <= len || strncasecmp((const char *)h->value.ptr, scheme, len) != 0 ||
        h->value.ptr[len] != ' ')
        return att_fail(err, ATT_ACCESS_TOKEN_MISSING, "authorization", "Bearer and a token",
                        "another scheme");
    struct att_span token = att_span_of(h->value.ptr + len + 1, h->value.len - len - 1);
    while (token.len > 0 && token.ptr[0] == ' ')
        token = att_span_of(token.ptr + 1, token.len - 1);
    if (token.len == 0)
        return att_fail(err, ATT_ACCESS_TOKEN_MISSING, "authorization", "Bearer and a token",
                        "the scheme alone");
    *ret = token;
    return true;
}

bool api_caller_check(struct api_call *call, size_t *ret_refresh, struct att_err *err)
{
    struct access_check in = {
        .audience = call->route->plane == API_DATA ? ACCESS_DATA : ACCESS_CONTROL,
        .now_unix_s = call->now_unix_s,
    };

    *ret_refresh = ACCESS_NO_REFRESH;
    call->caller_refused = true;
    if (!bearer(call->http, &in.token, err) ||
        !access_token_check(call->api->parts.access, call->arena, &in, &call->who, ret_refresh, err))
        return false;
    call->caller_refused = false;
    call->changed_by = call->who.principal;
    return true;
}

bool api_may(const struct api_call *call, const char *resource, const char *action)
{
    struct att_err ignored = { 0 };

    return call->who.principal && site_allows(call->site, &call->who, resource, action, &ignored);
}

/* Whose sign-in page: the endpoint's tenant; for the control plane that of the subscription in the path, when the
 * caller names one. */
static const char *tenant_of(const struct api_call *call)
{
    return call->provider ? call->provider->o.tenant : NULL;
}

void api_challenge(struct api_call *call, const struct att_err *err)
{
    const struct api_parts *parts = &call->api->parts;
    const char *uri = NULL;
    const char *tenant = tenant_of(call);
    char text[CHALLENGE_BYTES];

    if (parts->authorization_uri &&
        !parts->authorization_uri(parts->authorization_ctx, call->arena, tenant, &uri))
        uri = NULL;
    /* As the service that clients know writes it; what is wrong with a token stands in the body. */
    int len =
        snprintf(text, sizeof text, "Bearer authorization_uri=\"%s\", resource=\"%s\"",
                 uri ? uri : service_base_url(call->service),
                 call->route->plane == API_DATA ? parts->data_audience : service_base_url(call->service));
    if (len > 0 && (size_t)len < sizeof text && call->route->plane == API_CONTROL &&
        err->code != ATT_ACCESS_TOKEN_MISSING)
        (void)snprintf(text + len, sizeof text - (size_t)len, ", error=\"invalid_token\"");
    char *copy = att_arena_dup(call->arena, att_str(text));
    if (copy)
        api_answer_header(call, "WWW-Authenticate", att_str(copy));
}
