/* SIGHUP: what may change while serving. Each part by itself: one that cannot be read stays as it was and does not hold
 * up the others. */
#include "server/server.h"

#include "base/err.h"
#include "server/log.h"
#include "server/notify.h"

#include <stdlib.h>

enum { SETTINGS_ARENA_BYTES = 4 << 20 };

/* The new text lives in an arena of its own, which replaces the last one's. Everything else waits for a restart: a
 * listener or a key cannot change under running connections. */
static bool reload_settings(struct server *s, struct att_err *err)
{
    struct config *now = &s->options->config;
    struct options fresh;
    struct att_arena *arena = att_arena_new(SETTINGS_ARENA_BYTES);

    if (!arena)
        return att_fail_memory(err, "reload");
    bool ok = options_read(arena, s->options->argc, s->options->argv, &fresh, err);
    if (ok)
        ok = options_usable(&fresh, err);
    if (!ok) {
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

void server_reload(struct server *s)
{
    static const struct {
        const char *failed;
        bool (*part)(struct server *, struct att_err *);
    } parts[] = {
        { "reload.settings", reload_settings }, { "reload.tls", reload_tls },
        { "reload.issuers", identity_reload },  { "reload.collateral", collateral_reload },
        { "reload.sinks", sinks_reload },
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
