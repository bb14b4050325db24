/* From an HTTP request to a call: what can be refused from the head alone is refused before the body is read. */
#include "api/internal.h"

#include "base/cidr.h"
#include "base/err.h"
#include "base/hex.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

enum {
    CHANGES_WAITING_MAX = 256,
    CHANGES_OF_TENANT_MAX = 64,
    IDENTITY_WAITING_MAX = 256,
    WRITES_PER_MINUTE = 6000,
    TPM_WAITING_MAX = 64, /* each holds a body of up to some MiB */
    TPM_OF_TENANT_MAX = 32,
    TPM_THREADS = 2,
    TPM_BODY_BYTES_MAX = 4 << 20,
    REFUSALS_PER_MINUTE = 600, /* that leave a record, of one tenant's callers */
};

/* Shaped as a W3C trace parent, as the original's. */
static void request_id_make(char ret[API_REQUEST_ID_SIZE])
{
    uint8_t id[16] = { 0 };
    char hex[33];

    (void)RAND_bytes(id, sizeof id); /* an id is for finding, not for secrecy: zeros are poor, not unsafe */
    att_hex_text(hex, att_span_of(id, sizeof id));
    (void)snprintf(ret, API_REQUEST_ID_SIZE, "00-%s-0000000000000000-00", hex);
}

static bool serving(const struct api *api)
{
    return atomic_load_explicit(&api->serving, memory_order_acquire);
}

static int64_t monotonic_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for a clock that is there */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void call_begin(struct api_call *call, struct api *api, const struct http_request *http,
                       struct http_response *answer)
{
    *call = (struct api_call){ .api = api,
                               .options = &api->options,
                               .http = http,
                               .arena = http->arena,
                               .answer = answer,
                               .refresh = ACCESS_NO_REFRESH };
    if (serving(api)) {
        call->service = api->parts.service;
        call->site = service_site(call->service);
        call->authority = api->parts.authority;
        call->now_unix_s = service_now_unix_s(call->service);
    }
    call->begun_us = monotonic_us();
    request_id_make(call->request_id);
    api_answer_headers(api, http->arena, call->request_id, http, answer);
}

char *api_lower(struct att_arena *arena, const char *text)
{
    char *copy = att_arena_dup(arena, att_str(text));

    for (char *p = copy; p && *p; p++) {
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    }
    return copy;
}

/* The path as the id that permissions and records know: decoded, lower case. */
static const char *resource_of(struct att_arena *arena, const struct http_path *path)
{
    size_t len = 0, at = 0;

    for (size_t i = 0; i < path->count; i++)
        len += 1 + path->segments[i].len;
    char *text = att_arena_alloc(arena, len + 1, 1);
    for (size_t i = 0; text && i < path->count; i++) {
        text[at++] = '/';
        memcpy(text + at, path->segments[i].ptr, path->segments[i].len);
        at += path->segments[i].len;
    }
    for (char *p = text; p && *p; p++) {
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    }
    return text;
}

/* -- which endpoint --------------------------------------------------------------------------------------- */

struct endpoint {
    const struct site_provider *provider; /* a reference; NULL: there is none of that name */
    bool of_provider;                     /* the host or the path names one: the data plane alone */
};

/* The certificate that was shown and the endpoint that answers are one (RFC 9110 section 7.4): over a connection to a
 * provider's host there is that host alone, under any path. */
static bool directed(struct api_call *call, const char *host, struct att_err *err)
{
    const char *raw = call->http->tls_server_name, *sni = NULL;
    struct att_err not_ours = { 0 };

    if (!raw || !http_host_name(call->arena, att_str(raw), &sni, &not_ours) ||
        !service_host_is_provider(call->service, sni) || (host && strcmp(sni, host) == 0))
        return true;
    return att_fail(err, ATT_REQUEST_MISDIRECTED, "host", "the host of the TLS connection", "another");
}

static bool endpoint_of(struct api_call *call, const struct api_place *place, struct endpoint *ret,
                        struct att_err *err)
{
    const char *host = NULL;

    *ret = (struct endpoint){ 0 };
    if (call->http->host.len > 0 && !http_host_name(call->arena, call->http->host, &host, err))
        return false;
    if (!directed(call, host, err))
        return false;
    if (host && service_host_is_provider(call->service, host)) {
        ret->of_provider = true; /* and the path names no second one */
        ret->provider = place->provider_name ? NULL : service_provider_by_host(call->service, host);
    } else if (place->provider_name) {
        ret->of_provider = true;
        ret->provider = site_provider_by_name(call->site, place->provider_name);
    } else {
        ret->provider = site_provider_by_name(call->site, SERVICE_DEFAULT_PROVIDER);
    }
    return true;
}

static bool private_client(const struct api_call *call)
{
    struct att_ip ip;

    return call->http->client && att_ip_parse(att_str(call->http->client), &ip) &&
           att_cidr_list_has(&call->api->private_networks, &ip);
}

/* -- finding ---------------------------------------------------------------------------------------------- */

static bool not_found(const struct http_request *http, const char *allow, struct att_err *err)
{
    struct att_shown shown;
    struct http_path path;

    /* Two slashes at the start are taken for one where an official client sends them, and are a mistake elsewhere. */
    if (!http_path_split(http->arena, http->path, &path, err))
        return false;

    if (allow[0])
        return att_fail(err, ATT_METHOD_NOT_ALLOWED, "method", allow, "%s", att_shown(&shown, http->method));
    return att_fail(err, ATT_NOT_FOUND, "path", "a path of the API description", "%s",
                    att_shown(&shown, http->path));
}

static bool has_authority(const struct api_call *call, const struct api_route *r)
{
    return r->plane != API_AUTHORITY || call->authority;
}

/* Fills route, provider, resource and version. On failure the provider's reference may be held. */
static bool find(struct api_call *call, bool machine, char allow[API_ALLOW_SIZE], struct att_err *err)
{
    struct api_place place;
    struct endpoint endpoint;

    allow[0] = '\0';
    if (!call->service)
        return att_fail(err, ATT_SERVICE_UNAVAILABLE, "service", "a service that is ready",
                        "one that is starting");
    if (!api_place_of(call->http, &place, err) || !endpoint_of(call, &place, &endpoint, err))
        return false;
    call->provider = endpoint.provider;
    call->endpoint_named = endpoint.of_provider;
    struct api_where where = { .data_only = endpoint.of_provider, .machine = machine };
    const struct api_route *route = api_match(call->api, &place, &where, call->http->method, call, allow);
    if (!route || !has_authority(call, route))
        return not_found(call->http, route ? "" : allow, err);
    call->route = route;
    if (route->plane == API_DATA && !call->provider)
        return att_fail(err, ATT_NOT_FOUND, "path", "a provider of this service", "no such provider");
    if (route->plane != API_DATA) {
        site_unref(call->provider);
        call->provider = NULL;
    }
    call->resource = call->provider ? call->provider->o.key : resource_of(call->arena, &place.path);
    if (!call->resource)
        return att_fail_memory(err, "path");
    if (call->provider && call->provider->public_network_disabled && !private_client(call))
        return att_fail(err, ATT_ACCESS_NETWORK, "client", "an address of the private networks", "%s",
                        call->http->client ? call->http->client : "an unknown one");
    return api_version_of(route, call->arena, call->http->query, &call->version, &call->version_text, err);
}

static void refuse_found(struct api_call *call, const char *allow, const struct att_err *err)
{
    api_refuse(call, err, true);
    char *copy =
        allow[0] && err->code == ATT_METHOD_NOT_ALLOWED ? att_arena_dup(call->arena, att_str(allow)) : NULL;
    if (copy)
        api_answer_header(call, "Allow", att_str(copy));
    (void)api_record(call,
                     &(struct att_err){ 0 }); /* a refusal gives nothing that would have to be taken back */
    api_measure(call);
    site_unref(call->provider);
    call->provider = NULL;
}

/* -- the three functions of http_app ---------------------------------------------------------------------- */

static size_t body_max(const struct api_options *o, const struct api_route *route)
{
    if (route->body_bytes_max == API_BODY_ATTEST)
        return o->attest_body_bytes_max;
    if (route->body_bytes_max == API_BODY_TPM)
        return o->tpm_body_bytes_max ? o->tpm_body_bytes_max : TPM_BODY_BYTES_MAX;
    return route->body_bytes_max;
}

/* Bodies of this size are held for callers who are known, not for everybody who opens a connection. Whose issuer's keys must be
 * asked for first is known later. A change is not refused here: it leaves a record, which is no work for this thread. */
static bool worth_a_body(struct api_call *call, struct att_err *err)
{
    size_t refresh = ACCESS_NO_REFRESH;

    return call->route->body_bytes_max != API_BODY_TPM || !api_needs_caller(call) ||
           api_caller_check(call, &refresh, err) || refresh != ACCESS_NO_REFRESH;
}

static bool head(struct api *api, bool machine, const struct http_request *http, size_t *ret_body_max,
                 struct http_response *refusal)
{
    struct att_err err = { 0 };
    struct api_call call;
    char allow[API_ALLOW_SIZE];

    *refusal = (struct http_response){ 0 };
    call_begin(&call, api, http, refusal);
    if (!find(&call, machine, allow, &err) || !api_limits_pass_head(&call, &err) ||
        !worth_a_body(&call, &err)) {
        refuse_found(&call, allow, &err);
        return false;
    }
    *ret_body_max = body_max(&api->options, call.route);
    site_unref(call.provider);
    return true;
}

static void request(struct api *api, bool machine, const struct http_request *http, struct http_response *ret)
{
    struct att_err err = { 0 };
    char allow[API_ALLOW_SIZE];
    struct api_call *call = att_arena_alloc(http->arena, 1, sizeof *call);

    *ret = (struct http_response){ 0 };
    if (!call) {
        ret->status = 503;
        ret->content_type = "application/json";
        ret->body = att_str("{\"error\":{\"code\":\"ServiceUnavailable\",\"message\":\"out of memory\"}}");
        return;
    }
    call_begin(call, api, http, ret);
    if (!find(call, machine, allow, &err))
        refuse_found(call, allow, &err);
    else if (!api_limits_pass(call, &err))
        refuse_found(call, "", &err);
    else
        api_dispatch(call);
}

static bool on_head(void *ctx, const struct http_request *http, size_t *ret_body_max,
                    struct http_response *refusal)
{
    return head(ctx, false, http, ret_body_max, refusal);
}

static void on_request(void *ctx, const struct http_request *http, struct http_response *ret)
{
    request(ctx, false, http, ret);
}

static bool on_machine_head(void *ctx, const struct http_request *http, size_t *ret_body_max,
                            struct http_response *refusal)
{
    return head(ctx, true, http, ret_body_max, refusal);
}

static void on_machine_request(void *ctx, const struct http_request *http, struct http_response *ret)
{
    request(ctx, true, http, ret);
}

static void on_bad(void *ctx, struct att_arena *arena, int status, const struct att_err *err,
                   struct http_response *ret)
{
    struct api *api = ctx;
    char request_id[API_REQUEST_ID_SIZE];

    request_id_make(request_id);
    api_answer_headers(api, arena, request_id, NULL, ret);
    api_answer_framing(arena, status, err, request_id, ret);
    api_record_unread(api, status, err, request_id);
    if (api->options.on_refusal)
        api->options.on_refusal(api->options.on_refusal_ctx, request_id, "http", err);
}

/* -- life ------------------------------------------------------------------------------------------------- */

bool api_new(const struct api_options *options, struct api **ret, struct att_err *err)
{
    if (!api_routes_check(options->tables, err))
        return false;
    struct api *api = calloc(1, sizeof *api);
    if (!api)
        return att_fail_memory(err, "api");
    api->options = *options;
    if (api->options.writes_per_minute == 0)
        api->options.writes_per_minute = WRITES_PER_MINUTE;
    if (!att_cidr_list_parse(options->private_networks, "private_networks", &api->private_networks, err) ||
        !throttle_new(api->options.writes_per_minute, &api->throttle, err) ||
        !throttle_new(REFUSALS_PER_MINUTE, &api->refusals, err) || !api_limits_new(api, err)) {
        api_free(api);
        return false;
    }
    *ret = api;
    return true;
}

struct http_app api_app(struct api *api)
{
    return (struct http_app){ .ctx = api, .on_head = on_head, .on_request = on_request, .on_bad = on_bad };
}

struct http_app api_machine_app(struct api *api)
{
    return (struct http_app){
        .ctx = api, .on_head = on_machine_head, .on_request = on_machine_request, .on_bad = on_bad
    };
}

/* What other processes have changed in the store - a role that was taken away, for one - counts here as soon as we are told
 * (api_look_soon), else within about a second, and before any change of our own (site_change_begin looks itself). A store
 * that is known to be away is not tried here: jobs would wait behind that. */
static void see_others(void *ctx)
{
    struct api *api = ctx;
    const struct api_options *o = &api->options;
    struct site *site = service_site(api->parts.service);
    struct att_err err = { 0 };

    if (service_store_away(api->parts.service))
        return;
    uint64_t before = site_generation(site);
    bool ok = site_refresh(site, &err);
    if (!ok && o->on_refusal)
        o->on_refusal(o->on_refusal_ctx, "-", "site.refresh", &err);
    if (o->on_refresh)
        o->on_refresh(o->on_refusal_ctx,
                      !ok                               ? API_REFRESH_FAILED
                      : site_generation(site) != before ? API_REFRESH_READ
                                                        : API_REFRESH_SAME,
                      site_generation(site));
    if (api->parts.tick && !service_store_away(api->parts.service)) /* it may have gone meanwhile */
        api->parts.tick(api->parts.tick_ctx);
}

void api_look_soon(struct api *api)
{
    lane_tick_soon(api->changes);
}

bool api_serve(struct api *api, const struct api_parts *parts, struct att_err *err)
{
    const struct api_options *o = &api->options;
    struct lane_options changes = {
        .name = "changes",
        .waiting_max = o->changes_waiting_max ? o->changes_waiting_max : CHANGES_WAITING_MAX,
        .of_tenant_max = o->changes_of_tenant_max ? o->changes_of_tenant_max : CHANGES_OF_TENANT_MAX,
        .tick = see_others,
        .tick_ctx = api,
    };
    struct lane_options identity = {
        .name = "identity",
        .waiting_max = IDENTITY_WAITING_MAX,
        .of_tenant_max = IDENTITY_WAITING_MAX,
    };

    struct lane_options collateral = {
        .name = "collateral",
        .waiting_max = API_WAITING_FOR_COLLATERAL_MAX,
        .of_tenant_max = API_WAITING_FOR_COLLATERAL_MAX,
    };

    struct lane_options tpm = {
        .name = "tpm",
        .threads = o->tpm_threads ? o->tpm_threads : TPM_THREADS,
        .waiting_max = TPM_WAITING_MAX,
        .of_tenant_max = TPM_OF_TENANT_MAX,
    };

    api->parts = *parts;
    if (!lane_new(&changes, &api->changes, err) || !lane_new(&identity, &api->identity, err) ||
        !lane_new(&collateral, &api->collateral, err) || !lane_new(&tpm, &api->tpm, err))
        return false;
    atomic_store_explicit(&api->serving, true, memory_order_release);
    return true;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    lane_free(api->identity); /* what it does may go on to those below */
    lane_free(api->tpm);
    lane_free(api->collateral);
    lane_free(api->changes);
    api_limits_free(api);
    throttle_free(api->throttle);
    throttle_free(api->refusals);
    att_cidr_list_free(&api->private_networks);
    free(api);
}
