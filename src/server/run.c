/* Start-up order: settings, data folder, keys, library, collateral, listener, service, ready. Signals are taken by
 * this thread alone; the loops never see one. */
#include "server/run.h"

#include "api/api.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/secret.h"
#include "http/tls.h"
#include "server/admin.h"
#include "server/dev.h"
#include "server/files.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/version.h"
#include "signer/signer.h"
#include "store/sqlite/sqlite.h"

#include <attest/seal.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    SIGNING_KEYS_MAX = 64,
    COLLATERAL_ROWS_MAX = 512,
    COLLATERAL_ARENA_BYTES = 256 << 20,
    SETTINGS_ARENA_BYTES = 4 << 20,
    LOOPS_MAX = 64
};

struct server {
    struct options *options;
    struct att_arena *arena;
    struct dev dev;
    uint8_t kek[ATT_SEAL_KEY_BYTES];
    struct store *store;
    struct signer *signer;
    struct att_lib *lib;
    struct service *service;
    struct api *api;
    struct admin admin;
    struct http_server *http;
    struct http_server *admin_http;
    struct att_arena *reloaded; /* text of the settings that SIGHUP changed */
    const char *base_url;
};

static int64_t clock_now(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

static int64_t evidence_now(const struct options *o)
{
    return o->evidence_time_set ? o->evidence_time_unix_s : clock_now(NULL);
}

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

static void log_collateral(const struct att_collateral *c)
{
    struct att_collateral_row *rows = calloc(COLLATERAL_ROWS_MAX, sizeof *rows);
    size_t count = rows ? att_collateral_rows(c, rows, COLLATERAL_ROWS_MAX) : 0;

    for (size_t i = 0; i < count && i < COLLATERAL_ROWS_MAX; i++) {
        bool usable = rows[i].refusal.code == ATT_OK;
        log_event(usable ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
                  usable ? "collateral.loaded" : "collateral.refused", "bundle", rows[i].bundle, "item",
                  rows[i].item, "subject", rows[i].subject, "code", att_code_name(rows[i].refusal.code),
                  "found", rows[i].refusal.found, (const char *)NULL);
    }
    free(rows);
}

/* Everything anew from the folders; the old snapshot stays in use when this fails. */
static bool load_collateral(struct server *s, struct att_collateral **ret, struct att_err *err)
{
    const struct config_paths *dirs = &s->options->config.collateral_dirs;
    struct att_dcap_bundle bundles[CONFIG_PATHS_MAX + 2];
    struct att_arena *work = att_arena_new(COLLATERAL_ARENA_BYTES);
    size_t count = 0;
    bool ok = work || att_fail_memory(err, "collateral");

    for (size_t i = 0; ok && i < dirs->count; i++)
        ok = collateral_folder_load(work, dirs->path[i], &bundles[count++], err);
    static const char *const dev_parts[] = { "processor", "platform" };
    for (size_t i = 0; ok && s->dev.collateral_dir && i < 2; i++) {
        char *path = file_path(work, s->dev.collateral_dir, dev_parts[i]);
        ok = path ? collateral_folder_load(work, path, &bundles[count++], err)
                  : att_fail_memory(err, "collateral");
    }
    ok = ok && att_collateral_new(s->lib, bundles, count, ATT_COLLATERAL_INDEXED, ret, err);
    att_arena_free(work);
    if (ok)
        log_collateral(*ret);
    return ok;
}

static bool prepare(struct server *s, struct att_err *err)
{
    struct config *c = &s->options->config;

    if (s->options->dev && !dev_prepare(s->arena, c, clock_now(NULL), evidence_now(s->options), &s->dev, err))
        return false;
    if (!s->options->dev && !config_complete(c, err))
        return false;
    /* A check leaves nothing behind. */
    bool check = s->options->verb == OPTIONS_CHECK_CONFIG;
    return (check || folder_make(c->data_dir, 0700, err)) &&
           kek_load(s->arena, c->key_encryption_key, s->kek, err);
}

static bool open_library(struct server *s, struct att_err *err)
{
    struct att_root root = { .pem = s->dev.root_pem, .test_root = true };
    struct att_lib_options options = {
        .size = sizeof options,
        .roots = &root,
        .root_count = s->options->dev ? 1 : 0, /* without --dev no test root is ever loaded */
    };
    return att_lib_new(&options, &s->lib, err);
}

static bool open_store(struct server *s, struct att_err *err)
{
    char *path = file_path(s->arena, s->options->config.data_dir, "attestd.sqlite");

    return (path || att_fail_memory(err, "store")) && store_sqlite_open(path, &s->store, err) &&
           signer_local_new(SIGNING_KEYS_MAX, &s->signer, err);
}

static void on_refusal(void *ctx, const char *request_id, const char *operation, const struct att_err *err)
{
    (void)ctx;
    log_event(att_code_class(err->code) == ATT_CLASS_INTERNAL ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "refused",
              "request_id", request_id, "operation", operation, "code", att_code_name(err->code), "where",
              err->where, "found", err->found, "expected", err->expected, (const char *)NULL);
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

static bool listen_service(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct api_options options = {
        .attest_body_bytes_max = c->attest_body_bytes_max,
        .version = ATTESTD_VERSION,
        .on_refusal = on_refusal,
    };
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned loops = processors < 1 ? 1 : processors > LOOPS_MAX ? LOOPS_MAX : (unsigned)processors;
    struct http_server_options http = {
        .threads = c->threads > 0 ? (unsigned)c->threads : loops,
        .cert_path = c->tls_certificate,
        .key_path = c->tls_key,
        .head_ms = (unsigned)c->head_timeout_s * 1000,
        .body_ms = (unsigned)c->body_timeout_s * 1000,
        .idle_ms = (unsigned)c->idle_timeout_s * 1000,
        .connections_max = c->connections_max,
        .arena_bytes_max = att_limits_default.arena_bytes_max,
    };
    if (!split_listen(s->arena, c->listen, "listen", &http.host, &http.port, err) ||
        !api_new(&options, &s->api, err))
        return false;
    http.app = api_app(s->api);
    if (!http_server_start(&http, &s->http, err))
        return false;
    log_listening("service.listening", "https", http.host, s->http);
    atomic_store(&s->admin.server, s->http);
    return true;
}

static bool listen_admin(struct server *s, struct att_err *err)
{
    struct http_server_options http = { .threads = 1, .connections_max = 64, .app = admin_app(&s->admin) };

    s->admin.version = ATTESTD_VERSION;
    if (!split_listen(s->arena, s->options->config.admin_listen, "admin_listen", &http.host, &http.port,
                      err) ||
        !http_server_start(&http, &s->admin_http, err))
        return false;
    log_listening("admin.listening", "http", http.host, s->admin_http);
    return true;
}

static bool find_base_url(struct server *s, struct att_err *err)
{
    char text[64];

    s->base_url = s->options->config.base_url;
    if (s->base_url[0] != '\0')
        return true;
    (void)snprintf(text, sizeof text, "https://localhost:%u", http_server_port(s->http));
    s->base_url = att_arena_dup(s->arena, att_str(text));
    return s->base_url || att_fail_memory(err, "base_url");
}

static bool start_service(struct server *s, struct att_err *err)
{
    struct att_collateral *collateral = NULL;
    struct service_options options = {
        .lib = s->lib,
        .signer = s->signer,
        .store = s->store,
        .kek = s->kek,
        .provider = "default",
        .attest_uri = s->base_url,
        .alg = s->options->config.signing_algorithm,
        .accepted_tcb = s->options->config.accepted_tcb,
        .evidence_time_set = s->options->evidence_time_set,
        .evidence_time_unix_s = s->options->evidence_time_unix_s,
        .now_unix_s = clock_now,
    };
    if (!load_collateral(s, &collateral, err))
        return false;
    bool ok = service_new(&options, &s->service, err);
    if (ok)
        service_collateral_set(s->service, collateral);
    att_collateral_free(collateral);
    if (!ok)
        return false;
    atomic_store(&s->admin.service, s->service);
    api_serve(s->api, s->service);
    return true;
}

/* Settings that may change while serving. The new text lives in an arena of its own, which replaces the last one's.
 * Everything else waits for a restart: a listener or a key cannot change under running connections. */
static bool reload_settings(struct server *s, struct att_err *err)
{
    struct config *now = &s->options->config;
    struct options fresh;
    struct att_arena *arena = att_arena_new(SETTINGS_ARENA_BYTES);

    if (!arena)
        return att_fail_memory(err, "reload");
    if (!options_read(arena, s->options->argc, s->options->argv, &fresh, err) ||
        (!s->options->dev && !config_complete(&fresh.config, err))) {
        att_arena_free(arena);
        return false;
    }
    now->collateral_dirs = fresh.config.collateral_dirs;
    now->accepted_tcb = fresh.config.accepted_tcb;
    if (fresh.config.tls_certificate[0] != '\0') /* --dev fills them in by itself */
        now->tls_certificate = fresh.config.tls_certificate;
    if (fresh.config.tls_key[0] != '\0')
        now->tls_key = fresh.config.tls_key;
    /* A TLS path that went back to "by itself" would still point into the old text: then --dev keeps what it has. */
    if (s->options->dev && s->reloaded) {
        now->tls_certificate = att_arena_dup(arena, att_str(now->tls_certificate));
        now->tls_key = att_arena_dup(arena, att_str(now->tls_key));
        if (!now->tls_certificate || !now->tls_key)
            abort(); /* a few hundred bytes of a fresh 4 MiB arena */
    }
    att_arena_free(s->reloaded);
    s->reloaded = arena;
    service_accept_tcb(s->service, now->accepted_tcb);
    return true;
}

static bool reload_tls(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    return http_server_reload_tls(s->http, c->tls_certificate, c->tls_key, err);
}

static bool reload_collateral(struct server *s, struct att_err *err)
{
    struct att_collateral *collateral = NULL;

    if (!load_collateral(s, &collateral, err))
        return false;
    service_collateral_set(s->service, collateral);
    att_collateral_free(collateral);
    return true;
}

/* Each part by itself: one that cannot be read stays as it was and does not hold up the others. */
static void reload(struct server *s)
{
    static const struct {
        const char *failed;
        bool (*part)(struct server *, struct att_err *);
    } parts[] = {
        { "reload.settings", reload_settings },
        { "reload.tls", reload_tls },
        { "reload.collateral", reload_collateral },
    };
    bool all = true;

    notify_manager("RELOADING=1");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct att_err err = { 0 };
        if (parts[i].part(s, &err))
            continue;
        all = false;
        log_refusal(LOG_LEVEL_ERROR, parts[i].failed, &err);
    }
    log_event(LOG_LEVEL_INFO, "reload.done", "complete", all ? "yes" : "no", (const char *)NULL);
    notify_manager("READY=1");
}

static void signals_block(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGINT);
    sigaddset(ret, SIGHUP);
    pthread_sigmask(SIG_BLOCK, ret, NULL);
    (void)signal(SIGPIPE, SIG_IGN); /* cannot fail for a known signal */
}

static void serve(struct server *s, const sigset_t *signals)
{
    int got = 0;

    printf("attestd ready %s\n", s->base_url);
    (void)fflush(stdout);
    notify_manager("READY=1");
    while (sigwait(signals, &got) == 0 && got == SIGHUP)
        reload(s);
    log_event(LOG_LEVEL_INFO, "draining", (const char *)NULL);
    notify_manager("STOPPING=1");
    atomic_store(&s->admin.draining, true);
    if (!http_server_drain(s->http, (unsigned)s->options->config.drain_timeout_s * 1000))
        log_event(LOG_LEVEL_WARN, "drain.cut", (const char *)NULL);
}

static void tear_down(struct server *s)
{
    http_server_stop(s->admin_http);
    http_server_stop(s->http);
    api_free(s->api);
    service_free(s->service);
    att_lib_free(s->lib);
    signer_close(s->signer);
    store_close(s->store);
    att_arena_free(s->reloaded);
    att_wipe(s->kek, sizeof s->kek);
}

static bool check_listen(struct server *s, const char *text, const char *where, struct att_err *err)
{
    const char *host = NULL;
    uint16_t port = 0;

    return split_listen(s->arena, text, where, &host, &port, err);
}

static bool check_only(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct att_collateral *collateral = NULL;
    struct tls_store *tls = NULL;

    if (!check_listen(s, c->listen, "listen", err) ||
        !check_listen(s, c->admin_listen, "admin_listen", err) ||
        !tls_store_new(c->tls_certificate, c->tls_key, &tls, err))
        return false;
    tls_store_free(tls);
    if (!load_collateral(s, &collateral, err))
        return false;
    att_collateral_free(collateral);
    puts("configuration is complete");
    return true;
}

bool server_run(struct att_arena *arena, struct options *options, struct att_err *err)
{
    struct server s = { .options = options, .arena = arena };
    sigset_t signals;
    bool check = options->verb == OPTIONS_CHECK_CONFIG;

    signals_block(&signals);
    bool ok = prepare(&s, err) && open_library(&s, err);
    if (ok && check)
        ok = check_only(&s, err);
    else if (ok)
        ok = open_store(&s, err) && listen_service(&s, err) && find_base_url(&s, err) &&
             listen_admin(&s, err) && start_service(&s, err);
    if (ok && !check)
        serve(&s, &signals);
    tear_down(&s);
    return ok;
}
