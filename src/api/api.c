/* From an HTTP request to a route's handler. */
#include "api/internal.h"

#include "base/err.h"
#include "base/hex.h"

#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Shaped as a W3C trace parent, as the original's. */
static void request_id_make(char ret[API_REQUEST_ID_SIZE])
{
    uint8_t id[16] = { 0 };
    char hex[33];

    (void)RAND_bytes(id, sizeof id); /* an id is for finding, not for secrecy: zeros are poor, not unsafe */
    att_hex_text(hex, att_span_of(id, sizeof id));
    (void)snprintf(ret, API_REQUEST_ID_SIZE, "00-%s-0000000000000000-00", hex);
}

static void call_begin(struct api_call *call, struct api *api, const struct http_request *http,
                       struct http_response *answer)
{
    *call = (struct api_call){ .api = api, .http = http, .answer = answer };
    call->service = atomic_load_explicit(&api->service, memory_order_acquire);
    request_id_make(call->request_id);
    api_answer_headers(api, http->arena, call->request_id, http, answer);
}

static void refuse(struct api_call *call, const char *operation, const struct att_err *err)
{
    api_answer_error(call, err, true);
    if (call->api->options.on_refusal)
        call->api->options.on_refusal(call->api->options.on_refusal_ctx, call->request_id, operation, err);
}

static const struct api_route *find(const struct http_request *http, char allow[64], struct att_err *err)
{
    struct att_shown shown;
    struct http_path path;

    allow[0] = '\0';
    if (!http_path_split(http->arena, http->path, &path, err))
        return NULL;
    const struct api_route *route = api_route_of(&path, http->method, allow);
    if (route)
        return route;
    if (allow[0])
        att_fail(err, ATT_METHOD_NOT_ALLOWED, "method", allow, "%s", att_shown(&shown, http->method));
    else
        att_fail(err, ATT_NOT_FOUND, "path", "a path of the API description", "%s",
                 att_shown(&shown, http->path));
    return NULL;
}

/* Everything that can be refused without the body is refused before it is read. */
static bool on_head(void *ctx, const struct http_request *head, size_t *ret_body_max,
                    struct http_response *refusal)
{
    struct api *api = ctx;
    struct att_err err = { 0 };
    struct api_call call;
    char allow[64];
    enum api_version version = API_VERSION_NONE;
    const struct api_route *route = find(head, allow, &err);

    if (!atomic_load_explicit(&api->service, memory_order_acquire))
        att_fail(&err, ATT_SERVICE_UNAVAILABLE, "service", "a service that is ready", "one that is starting");
    else if (route && api_version_of(route, head->arena, head->query, &version, &err)) {
        *ret_body_max = route->attest_body ? api->options.attest_body_bytes_max : 0;
        return true;
    }
    *refusal = (struct http_response){ 0 };
    call_begin(&call, api, head, refusal);
    refuse(&call, route ? route->operation : "none", &err);
    char *copy = allow[0] ? att_arena_dup(head->arena, att_str(allow)) : NULL;
    if (copy && refusal->extra_count < HTTP_RESPONSE_HEADERS_MAX)
        refusal->extra[refusal->extra_count++] = (struct http_header){ att_str("Allow"), att_str(copy) };
    return false;
}

static void on_request(void *ctx, const struct http_request *http, struct http_response *ret)
{
    struct api *api = ctx;
    struct att_err err = { 0 };
    struct api_call call;
    char allow[64];

    *ret = (struct http_response){ 0 };
    call_begin(&call, api, http, ret);
    const struct api_route *route = find(http, allow, &err);
    if (!call.service)
        att_fail(&err, ATT_SERVICE_UNAVAILABLE, "service", "a service that is ready", "one that is starting");
    if (!call.service || !route || !api_version_of(route, http->arena, http->query, &call.version, &err)) {
        refuse(&call, "none", &err);
        return;
    }
    route->handle(&call);
}

static void on_bad(void *ctx, struct att_arena *arena, int status, const struct att_err *err,
                   struct http_response *ret)
{
    struct api *api = ctx;
    char request_id[API_REQUEST_ID_SIZE];

    request_id_make(request_id);
    api_answer_headers(api, arena, request_id, NULL, ret);
    api_answer_framing(arena, status, err, request_id, ret);
    if (api->options.on_refusal)
        api->options.on_refusal(api->options.on_refusal_ctx, request_id, "http", err);
}

bool api_new(const struct api_options *options, struct api **ret, struct att_err *err)
{
    if (!api_routes_check(api_routes, err))
        return false;
    struct api *api = calloc(1, sizeof *api);
    if (!api)
        return att_fail_memory(err, "api");
    api->options = *options;
    *ret = api;
    return true;
}

struct http_app api_app(struct api *api)
{
    return (struct http_app){ .ctx = api, .on_head = on_head, .on_request = on_request, .on_bad = on_bad };
}

void api_serve(struct api *api, struct service *service)
{
    atomic_store_explicit(&api->service, service, memory_order_release);
}

void api_free(struct api *api)
{
    free(api);
}
