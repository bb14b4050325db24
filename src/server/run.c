/* The life of the server. Order of the start: settings, data folder, store, keys, library, listeners, site, service, what
 * the configuration wants in it, who may vouch for callers, the api, ready. Signals are taken by this thread alone; the
 * loops never see one. */
#include "server/run.h"

#include "authority/authority.h"
#include "base/err.h"
#include "base/secret.h"
#include "config/store_url.h"
#include "fetch/fetch.h"
#include "files/files.h"
#include "http/tls.h"
#include "records/records.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/server.h"
#include "signer/signer.h"
#include "site/site.h"
#include "store/store.h"
#include "supply/supply.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

int64_t server_clock(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

static int64_t evidence_now(const struct options *o)
{
    return o->evidence_time_set ? o->evidence_time_unix_s : server_clock(NULL);
}

/* -- the parts, in order ---------------------------------------------------------------------------------- */

static bool prepare(struct server *s, struct att_err *err)
{
    struct config *c = &s->options->config;

    if (!options_usable(s->options, err))
        return false;
    if (s->options->dev &&
        !dev_prepare(s->arena, c, server_clock(NULL), evidence_now(s->options), &s->dev, err))
        return false;
    /* A check leaves nothing behind. */
    bool check = s->options->verb == OPTIONS_CHECK_CONFIG;
    return (check || c->data_dir[0] == '\0' || folder_make(c->data_dir, 0700, err)) &&
           memory_closed(s, err) && signing_start(s, err);
}

static bool open_library(struct server *s, struct att_err *err)
{
    struct att_root roots[1 + DEV_AMD] = { { .pem = s->dev.root_pem, .test_root = true } };
    for (size_t i = 0; i < s->dev.amd_root_count; i++)
        roots[1 + i] = (struct att_root){ .pem = s->dev.amd_root_pems[i], .test_root = true };
    struct att_lib_options options = {
        .size = sizeof options,
        .roots = roots,
        .root_count =
            s->options->dev ? 1 + s->dev.amd_root_count : 0, /* without --dev no test root is ever loaded */
        .work_wanted = background_wake,
        .work_ctx = &s->background,
    };
    return att_lib_new(&options, &s->lib, err);
}

/* After the listener: with --dev the address has the port that the system picked. */
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

/* -- sinks, as the service asks for them ------------------------------------------------------------------- */

static int sink_number(void *ctx, const char *name)
{
    const struct server *s = ctx;

    return records_sink(s->records, name);
}

static const char *sink_names(void *ctx, struct att_arena *arena)
{
    const struct server *s = ctx;
    struct records_stats stats = { 0 };
    char text[RECORDS_SINKS_MAX * 36] = "";
    size_t len = 0;

    if (s->records)
        records_stats(s->records, &stats);
    for (size_t i = 0; i < stats.sink_count && len < sizeof text; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? ", " : "", stats.sinks[i].name);
    return att_arena_dup(arena, att_str(text));
}

static bool start_service(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct service_options options = {
        .lib = s->lib,
        .supply = s->supply,
        .collateral_grace_s = (uint32_t)c->collateral_grace_s,
        .signer = s->signer,
        .site = s->site,
        .keys = s->keys,
        .base_url = s->base_url,
        .once = s->once_store,
        .store_health = &s->store_health,
        .context_key = s->context_key,
        .aik_trust = s->aik_trust,
        .ek_trust = s->ek_trust,
        .aik_authority = s->aik_authority,
        .aik_lifetime_days = (uint32_t)c->tpm_aik_lifetime_days,
        .tpm_challenge_lifetime_s = (uint32_t)c->tpm_challenge_lifetime_s,
        .other_banks_allowed = c->tpm_other_banks,
        .sha1_allowed = c->tpm_sha1,
        .boot_hashes = c->tpm_boot_hashes[0] ? &s->boot_hashes : NULL,
        .domain = c->domain[0] ? c->domain : NULL,
        .location = c->location,
        .accepted_tcb = c->accepted_tcb,
        .signer_rsa_bits_min = (unsigned)c->policy_signer_rsa_bits_min,
        .policy_tokens_fresh_only = c->policy_tokens_fresh_only,
        .token_lifetime_max_s = (int64_t)c->key_keep_s - KEY_LEEWAY_S,
        .evidence_time_set = s->options->evidence_time_set,
        .evidence_time_unix_s = s->options->evidence_time_unix_s,
        .sink = sink_number,
        .sink_names = sink_names,
        .sink_ctx = s,
        .now_unix_s = server_clock,
    };
    return compliance_of(s, &options.compliance, &options.compliance_count, err) &&
           service_new(&options, &s->service, err);
}

static bool start_background(struct server *s, struct att_err *err)
{
    return background_start(&s->background, s->lib, err);
}

static bool open_site(struct server *s, struct att_err *err)
{
    bool ok = site_open_sealed(s->store, s->rows_sealed ? s->row_key : NULL, &s->site, err);
    att_wipe(s->row_key, sizeof s->row_key); /* the site has it */
    if (!ok)
        return false;
    store_health_init(&s->store_health, s->options->config.store_outage_max_s, server_clock(NULL));
    atomic_store(&s->store_health.generation, site_generation(s->site));
    return true;
}

static bool tell_dev(struct server *s, struct att_err *err)
{
    return !s->options->dev || dev_credentials_write(s->arena, &s->dev, s->base_url, err);
}

static bool serve_api(struct server *s, struct att_err *err)
{
    struct api_parts parts = {
        .service = s->service,
        .access = s->access,
        .authority = s->authority,
        .data_audience = s->options->config.data_audiences.item[0],
        .authorization_uri = identity_authorization_uri,
        .authorization_ctx = s,
        .tick = keys_tick,
        .tick_ctx = s,
    };
    return api_serve(s->api, &parts, err);
}

static void look_soon(void *api)
{
    api_look_soon(api);
}

/* Changes are served now: there is somebody to tell. */
static bool start_watch(struct server *s, struct att_err *err)
{
    s->watch.health = &s->store_health;
    s->watch.changed = look_soon;
    s->watch.ctx = s->api;
    return watch_start(&s->watch, err);
}

/* The admin listener says so from here on; until now every request was answered 503. */
static bool be_ready(struct server *s, struct att_err *err)
{
    (void)err;
    atomic_store(&s->admin.keys, s->keys);
    atomic_store(&s->admin.authority_keys, s->authority_keys);
    atomic_store(&s->admin.supply, s->supply);
    atomic_store(&s->admin.api, s->api);
    atomic_store(&s->admin.store_health, &s->store_health);
    atomic_store(&s->admin.records, s->records);
    atomic_store(&s->admin.service, s->service);
    return true;
}

typedef bool (*step_fn)(struct server *, struct att_err *);

static const step_fn start_steps[] = {
    storage_open,  journal_start,    listen_service,     find_base_url, listen_admin,
    open_site,     start_background, storage_open_again, tpm_open,      collateral_open,
    start_service, collateral_start, install_site,       identity_open, tell_dev,
    serve_api,     start_watch,      listen_identity,    be_ready,
};

static bool tls_usable(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct tls_store *tls = NULL;

    if (!tls_store_new(c->tls_certificate, c->tls_key, &tls, err))
        return false;
    tls_store_free(tls);
    return true;
}

/* With --dev the port is not known yet; any will do to look at issuers. */
static bool name_checked_url(struct server *s, struct att_err *err)
{
    (void)err;
    s->base_url = s->options->config.base_url[0] ? s->options->config.base_url : "https://localhost";
    return true;
}

static bool store_usable(struct server *s, struct att_err *err)
{
    return store_url_check(&s->options->config, err);
}

static bool say_complete(struct server *s, struct att_err *err)
{
    (void)s;
    (void)err;
    puts("configuration is complete");
    return true;
}

static const step_fn check_steps[] = {
    listen_check,     tls_usable, store_usable, name_checked_url, identity_check,
    collateral_check, tpm_check,  sinks_check,  say_complete,
};

static bool run_steps(struct server *s, const step_fn *steps, size_t count, struct att_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!steps[i](s, err))
            return false;
    }
    return true;
}

/* -- serving ---------------------------------------------------------------------------------------------- */

static void signals_block(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGINT);
    sigaddset(ret, SIGHUP);
    sigaddset(ret, SIGCHLD); /* the signer */
    pthread_sigmask(SIG_BLOCK, ret, NULL);
    (void)signal(SIGPIPE, SIG_IGN); /* cannot fail for a known signal */
}

/* Without a signer nothing can be answered that matters. It is not started again from here: what ended it may have been an
 * attack, and a server that begins anew loads everything anew. */
static bool signer_ended(struct server *s, struct att_err *err)
{
    log_event(LOG_LEVEL_ERROR, "signer.gone", (const char *)NULL);
    notify_manager("STOPPING=1");
    atomic_store(&s->admin.draining, true);
    return att_fail(err, ATT_SIGNER_FAILED, "signer", "a process that signs", "none: it ended");
}

static bool serve(struct server *s, const sigset_t *signals, struct att_err *err)
{
    int got = 0;

    printf("attestd ready %s\n", s->base_url);
    (void)fflush(stdout);
    notify_manager("READY=1");
    if (!signer_alive(s->signer)) /* before the signal that says so could be waited for */
        return signer_ended(s, err);
    while (sigwait(signals, &got) == 0 && (got == SIGHUP || got == SIGCHLD)) {
        if (got == SIGHUP)
            server_reload(s);
        else if (!signer_alive(s->signer))
            return signer_ended(s, err);
    }
    log_event(LOG_LEVEL_INFO, "draining", (const char *)NULL);
    notify_manager("STOPPING=1");
    atomic_store(&s->admin.draining, true);
    watch_end(&s->watch);
    if (!http_server_drain(s->http, (unsigned)s->options->config.drain_timeout_s * 1000))
        log_event(LOG_LEVEL_WARN, "drain.cut", (const char *)NULL);
    return true;
}

static void tear_down(struct server *s)
{
    http_server_stop(s->admin_http);
    http_server_stop(s->identity_http);
    http_server_stop(s->http);
    watch_join(&s->watch);  /* it wakes the api */
    supply_stop(s->supply); /* who waits is told so, and is still answered below */
    api_free(s->api);
    atomic_store(&s->admin.records, NULL);
    records_close(s->records); /* who could write has stopped */
    fetch_close(s->records_fetch);
    access_free(s->access);
    authority_free(s->authority);
    fetch_close(s->fetch);
    service_free(s->service);
    supply_free(s->supply);
    fetch_close(s->collateral_fetch);
    site_close(s->site);
    tpm_close(s);
    background_stop(&s->background);
    att_lib_free(s->lib);
    keyring_close(s->authority_keys);
    keyring_close(s->keys);
    signer_close(s->signer);
    store_close(s->watch.store);
    store_close(s->once_store);
    store_close(s->collateral_store);
    store_close(s->store);
    att_arena_free(s->reloaded);
}

bool server_run(struct att_arena *arena, struct options *options, struct att_err *err)
{
    struct server s = { .options = options, .arena = arena };
    sigset_t signals;
    bool check = options->verb == OPTIONS_CHECK_CONFIG;

    background_init(&s.background);
    signals_block(&signals);
    bool ok = prepare(&s, err) && open_library(&s, err);
    if (ok && check)
        ok = run_steps(&s, check_steps, sizeof check_steps / sizeof check_steps[0], err);
    else if (ok)
        ok = run_steps(&s, start_steps, sizeof start_steps / sizeof start_steps[0], err);
    if (ok && !check)
        ok = serve(&s, &signals, err);
    tear_down(&s);
    return ok;
}
