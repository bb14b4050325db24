/* The doors: the service over TLS, health and metrics on loopback, the identity socket of this machine. */
#include "server/server.h"

#include "api/arm/arm.h"
#include "base/err.h"
#include "server/log.h"
#include "server/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOPS_MAX = 64,
    ADMIN_CONNECTIONS_MAX = 64,
    ADMIN_ARENA_BYTES = 128 << 20, /* /collateral/items has all that is held; attestctl reads 64 MiB of it */
    IDENTITY_CONNECTIONS_MAX = 256,
    /* What one request may take at most: the list of 10,000 providers has no pages, and is its answer twice. */
    REQUEST_ARENA_BYTES = 32 << 20,
};

/* "HOST:PORT", "[::1]:PORT" */
static bool split_listen(struct att_arena *arena, const char *text, const char *where, const char **ret_host,
                         uint16_t *ret_port, struct att_err *err)
{
    const char *colon = strrchr(text, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    unsigned long port = digits > 0 && digits < 6 ? strtoul(colon + 1, NULL, 10) : 65536;

    if (!colon || colon == text || colon[1 + digits] != '\0' || port > 65535)
        return att_fail(err, ATT_CONFIG_INVALID, where, "HOST:PORT", "%.60s", text);
    struct att_span host = att_span_of(text, (size_t)(colon - text));
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = att_span_of(host.ptr + 1, host.len - 2);
    *ret_host = att_arena_dup(arena, host);
    *ret_port = (uint16_t)port;
    return *ret_host || att_fail_memory(err, where);
}

bool listen_check(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    const char *host = NULL;
    uint16_t port = 0;

    return split_listen(s->arena, c->listen, "listen", &host, &port, err) &&
           split_listen(s->arena, c->admin_listen, "admin_listen", &host, &port, err);
}

/* base_url may name another port, or none: this is where the socket is. */
static void log_listening(const char *event, const char *scheme, const char *host,
                          const struct http_server *server)
{
    bool v6 = strchr(host, ':') != NULL;
    char url[128];

    (void)snprintf(url, sizeof url, "%s://%s%.60s%s:%u", scheme, v6 ? "[" : "", host, v6 ? "]" : "",
                   http_server_port(server));
    log_event(LOG_LEVEL_INFO, event, "url", url, (const char *)NULL);
}

static void on_refusal(void *ctx, const char *request_id, const char *operation, const struct att_err *err)
{
    struct server *s = ctx;

    counters_refused(&s->admin.counters, err->code);
    log_event(att_code_class(err->code) == ATT_CLASS_INTERNAL ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "refused",
              "request_id", request_id, "operation", operation, "code", att_code_name(err->code), "where",
              err->where, "found", err->found, "expected", err->expected, (const char *)NULL);
}

static void on_token(void *ctx, const char *request_id, const char *client_id, const char *resource,
                     const char *client)
{
    (void)ctx;
    log_event(LOG_LEVEL_INFO, "token.issued", "request_id", request_id, "client_id",
              client_id ? client_id : "", "resource", resource ? resource : "", "client",
              client ? client : "", (const char *)NULL);
}

static void on_change(void *ctx, bool done)
{
    struct server *s = ctx;

    counters_add(done ? &s->admin.counters.changes_done : &s->admin.counters.changes_refused);
}

static void on_refresh(void *ctx, enum api_refresh outcome, uint64_t generation)
{
    static const enum store_refresh of[] = {
        [API_REFRESH_SAME] = STORE_REFRESH_SAME,
        [API_REFRESH_READ] = STORE_REFRESH_READ,
        [API_REFRESH_FAILED] = STORE_REFRESH_FAILED,
    };
    struct server *s = ctx;

    store_health_refreshed(&s->store_health, of[outcome], generation, server_clock(NULL));
}

static bool make_api(struct server *s, struct att_err *err)
{
    static const struct api_route *const tables[] = { api_data_routes, api_authority_routes, api_arm_routes,
                                                      api_arm_role_routes, NULL };
    const struct config *c = &s->options->config;
    struct api_options options = {
        .attest_body_bytes_max = c->attest_body_bytes_max,
        .keys_max_age_s = (unsigned)c->keys_max_age_s,
        .tpm_body_bytes_max = c->tpm_body_bytes_max,
        .version = ATTESTD_VERSION,
        .tables = tables,
        .changes_waiting_max = c->changes_waiting_max,
        .changes_of_tenant_max = c->changes_of_tenant_max,
        .writes_per_minute = (unsigned)c->writes_per_minute,
        .client_per_s = (unsigned)c->client_requests_per_s,
        .client_burst = (unsigned)c->client_burst,
        .provider_per_s = (unsigned)c->provider_attestations_per_s,
        .provider_burst = (unsigned)c->provider_burst,
        .overload_ms = (unsigned)c->overload_ms,
        .private_networks = c->private_networks.item,
        .records = s->records,
        .on_refusal = on_refusal,
        .on_refusal_ctx = s,
        .on_token = on_token,
        .on_change = on_change,
        .on_refresh = on_refresh,
    };
    return api_new(&options, &s->api, err);
}

bool listen_service(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned loops = processors < 1 ? 1 : processors > LOOPS_MAX ? LOOPS_MAX : (unsigned)processors;
    struct http_server_options http = {
        .threads = c->threads > 0 ? (unsigned)c->threads : loops,
        .cert_path = c->tls_certificate,
        .key_path = c->tls_key,
        .trusted_proxies = c->trusted_proxies.item,
        .proxy_protocol = c->proxy_protocol,
        .head_ms = (unsigned)c->head_timeout_s * 1000,
        .body_ms = (unsigned)c->body_timeout_s * 1000,
        .idle_ms = (unsigned)c->idle_timeout_s * 1000,
        .connections_max = c->connections_max,
        .connections_per_client_max = c->connections_per_client_max,
        .arena_bytes_max = REQUEST_ARENA_BYTES,
    };
    if (!split_listen(s->arena, c->listen, "listen", &http.host, &http.port, err) || !make_api(s, err))
        return false;
    http.app = api_app(s->api);
    if (!http_server_start(&http, &s->http, err))
        return false;
    log_listening("service.listening", "https", http.host, s->http);
    atomic_store(&s->admin.server, s->http);
    return true;
}

bool listen_admin(struct server *s, struct att_err *err)
{
    struct http_server_options http = {
        .threads = 1,
        .connections_max = ADMIN_CONNECTIONS_MAX,
        .arena_bytes_max = ADMIN_ARENA_BYTES,
        .app = admin_app(&s->admin),
    };

    s->admin.version = ATTESTD_VERSION;
    if (!split_listen(s->arena, s->options->config.admin_listen, "admin_listen", &http.host, &http.port,
                      err) ||
        !http_server_start(&http, &s->admin_http, err))
        return false;
    log_listening("admin.listening", "http", http.host, s->admin_http);
    return true;
}

bool listen_identity(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct http_server_options http = {
        .threads = 1,
        .connections_max = IDENTITY_CONNECTIONS_MAX,
        .unix_path = c->identity_socket,
        .unix_mode = (unsigned)c->identity_socket_mode,
        .app = api_machine_app(s->api),
    };

    if (c->identity_socket[0] == '\0')
        return true;
    if (!http_server_start(&http, &s->identity_http, err))
        return att_fail_as(err, ATT_CONFIG_INVALID, "identity_socket");
    log_event(LOG_LEVEL_INFO, "identity.listening", "path", c->identity_socket, (const char *)NULL);
    return true;
}
