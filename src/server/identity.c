/* Who may vouch for callers: the issuers of the configuration, and the built-in authority as one issuer for each tenant.
 * Nobody is asked here: the keys of an issuer are fetched when its first token comes. */
#include "server/server.h"

#include "authority/authority.h"
#include "base/auto.h"
#include "base/err.h"
#include "fetch/fetch.h"
#include "files/files.h"
#include "server/log.h"
#include "site/site.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_ARENA_BYTES = 8 << 20, NAME_SIZE = 64 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

struct issuers {
    struct access_issuer list[ACCESS_ISSUERS_MAX];
    size_t count;
    bool fetched; /* one of them has its keys elsewhere */
};

/* -- audiences -------------------------------------------------------------------------------------------- */

/* The list, its extension, and base_url: NULL-terminated, in the arena. */
static const char *const *audiences(struct att_arena *arena, const struct config_list *list,
                                    const struct config_list *more, const char *base_url)
{
    size_t most = list->count + (more ? more->count : 0) + 2, n = 0;
    const char **ret = att_arena_alloc(arena, most, sizeof *ret);

    if (!ret)
        return NULL;
    for (size_t i = 0; i < list->count; i++)
        ret[n++] = list->item[i];
    for (size_t i = 0; more && i < more->count; i++)
        ret[n++] = more->item[i];
    ret[n] = base_url;
    return ret;
}

static bool set_audiences(struct server *s, struct access_issuer *to, const struct config_list *data,
                          const struct config_list *control, struct att_err *err)
{
    const struct config *c = &s->options->config;

    if (!data || data->count == 0)
        data = &c->data_audiences;
    if (!control || control->count == 0)
        control = &c->control_audiences;
    to->audiences[ACCESS_DATA] = audiences(s->arena, data, NULL, s->base_url);
    to->audiences[ACCESS_CONTROL] = audiences(s->arena, control, NULL, s->base_url);
    return (to->audiences[ACCESS_DATA] && to->audiences[ACCESS_CONTROL]) || att_fail_memory(err, "issuer");
}

/* -- issuers of the configuration ------------------------------------------------------------------------- */

static const char *text_or_null(const char *text)
{
    return text[0] ? text : NULL;
}

/* OpenID Connect Discovery 1.0, 4: below the issuer, whether or not that ends with a slash. */
static bool metadata_url(struct server *s, const struct config_issuer *from, const char **ret,
                         struct att_err *err)
{
    static const char path[] = "/.well-known/openid-configuration";
    size_t len = strlen(from->url);

    if (from->metadata[0]) {
        *ret = from->metadata;
        return true;
    }
    if (len > 0 && from->url[len - 1] == '/')
        len--;
    size_t size = len + sizeof path;
    char *url = att_arena_alloc(s->arena, size, 1);
    if (!url)
        return att_fail_memory(err, "issuer.metadata");
    (void)snprintf(url, size, "%.*s%s", (int)len, from->url, path);
    *ret = url;
    return true;
}

static bool load_keys(struct att_arena *arena, const struct config_issuer *from, struct att_span *ret,
                      struct att_err *err)
{
    char where[NAME_SIZE];

    (void)snprintf(where, sizeof where, "issuer.%s.keys", from->section);
    return file_load(arena, from->keys, ret, err) || att_fail_as(err, ATT_CONFIG_INVALID, where);
}

static bool add_configured(struct server *s, const struct config_issuer *from, struct issuers *all,
                           struct att_err *err)
{
    struct access_issuer *to = &all->list[all->count];

    *to = (struct access_issuer){
        .name = from->section,
        .issuer = from->url,
        .tenant = from->tenant,
        .ca_file = text_or_null(from->ca),
        .algorithms = from->algorithms,
        .principal_claim = text_or_null(from->principal_claim),
        .groups_claim = text_or_null(from->groups_claim),
        .leeway_s = (int64_t)from->leeway_s,
    };
    if (!set_audiences(s, to, &from->data_audiences, &from->control_audiences, err))
        return false;
    bool ok = from->keys[0] ? load_keys(s->arena, from, &to->keys_json, err)
                            : metadata_url(s, from, &to->metadata_url, err);
    all->fetched = all->fetched || !from->keys[0];
    all->count += ok;
    return ok;
}

static bool add_all_configured(struct server *s, struct issuers *all, struct att_err *err)
{
    const struct config *c = &s->options->config;

    for (size_t i = 0; i < c->issuer_count; i++) {
        if (!add_configured(s, &c->issuers[i], all, err))
            return false;
    }
    return true;
}

/* -- the built-in authority ------------------------------------------------------------------------------- */

static bool open_authority(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct authority_options options = {
        .site = s->site,
        .signer = s->signer,
        .keys = s->authority_keys,
        .base_url = s->base_url,
        .resources = audiences(s->arena, &c->data_audiences, &c->control_audiences, s->base_url),
        .token_lifetime_s = (int64_t)c->authority_token_lifetime_s,
        .now_unix_s = server_clock,
    };
    if (!options.resources)
        return att_fail_memory(err, "authority");
    return authority_new(&options, &s->authority, err);
}

static bool tenant_seen(const struct site_list *subscriptions, size_t i)
{
    const struct site_object *o = subscriptions->objects[i];

    for (size_t k = 0; k < i; k++) {
        const struct site_object *before = subscriptions->objects[k];
        if (strcmp(before->tenant, o->tenant) == 0)
            return true;
    }
    return false;
}

static bool add_authority(struct server *s, const char *tenant, struct issuers *all, struct att_err *err)
{
    char name[NAME_SIZE];

    if (all->count == ACCESS_ISSUERS_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "authority", "at most 32 issuers and tenants together",
                        "more");
    struct access_issuer *to = &all->list[all->count];
    (void)snprintf(name, sizeof name, "authority:%s", tenant); /* no section can be called so */
    *to = (struct access_issuer){
        .name = att_arena_dup(s->arena, att_str(name)),
        .tenant = att_arena_dup(s->arena, att_str(tenant)),
        .algorithms = "RS256",
    };
    if (!to->name || !to->tenant)
        return att_fail_memory(err, "authority");
    if (!authority_keys(s->authority, s->arena, &to->keys_json, err) ||
        !authority_issuer(s->authority, s->arena, tenant, &to->issuer, err) ||
        !set_audiences(s, to, NULL, NULL, err))
        return false;
    s->authority_issuers[s->authority_issuer_count++] = to->name;
    all->count++;
    return true;
}

/* Every tenant that has a subscription, whether or not the configuration still names it. */
static bool add_tenants(struct server *s, struct issuers *all, struct att_err *err)
{
    struct site_list subscriptions = { 0 };
    bool ok = site_list(s->site, SITE_SUBSCRIPTION, "", &subscriptions, err);

    for (size_t i = 0; ok && i < subscriptions.count; i++) {
        const struct site_object *o = subscriptions.objects[i];
        ok = tenant_seen(&subscriptions, i) || add_authority(s, o->tenant, all, err);
    }
    site_list_free(&subscriptions);
    return ok;
}

/* -- together --------------------------------------------------------------------------------------------- */

static bool fetch_for_access(void *ctx, const char *url, const char *ca_file, struct att_arena *arena,
                             struct att_span *ret_body, struct att_err *err)
{
    struct server *s = ctx;
    struct fetch_request request = { .url = url, .ca_file = ca_file };
    bool ok = fetch_get(s->fetch, &request, arena, ret_body, err);

    counters_add(ok ? &s->admin.counters.fetched : &s->admin.counters.fetch_failed);
    if (!ok)
        log_refusal(LOG_LEVEL_WARN, "issuer.fetch", err);
    return ok;
}

static bool make_access(struct server *s, const struct issuers *all, struct att_err *err)
{
    struct access_options options = {
        .issuers = all->list,
        .issuer_count = all->count,
        .fetch = all->fetched ? fetch_for_access : NULL,
        .fetch_ctx = s,
    };
    return access_new(&options, &s->access, err);
}

bool identity_open(struct server *s, struct att_err *err)
{
    struct issuers all = { 0 };

    if (!add_all_configured(s, &all, err))
        return false;
    if (s->options->config.authority && (!open_authority(s, err) || !add_tenants(s, &all, err)))
        return false;
    if (all.fetched && !fetch_open(&s->fetch, err))
        return false;
    return make_access(s, &all, err);
}

bool identity_check(struct server *s, struct att_err *err)
{
    struct issuers all = { 0 };

    return add_all_configured(s, &all, err) && make_access(s, &all, err);
}

bool identity_reload(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(KEYS_ARENA_BYTES);
    bool all = true;

    if (!work)
        return att_fail_memory(err, "issuer");
    for (size_t i = 0; i < c->issuer_count; i++) {
        struct att_span keys = { 0 };
        if (c->issuers[i].keys[0] == '\0')
            continue;
        all = load_keys(work, &c->issuers[i], &keys, err) &&
              access_keys_set(s->access, c->issuers[i].section, keys, err) && all;
    }
    return all;
}

bool identity_keys_changed(struct server *s, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(KEYS_ARENA_BYTES);
    struct att_span keys = { 0 };
    bool all = true;

    if (!work)
        return att_fail_memory(err, "authority");
    if (!authority_keys(s->authority, work, &keys, err))
        return false;
    for (size_t i = 0; i < s->authority_issuer_count; i++)
        all = access_keys_set(s->access, s->authority_issuers[i], keys, err) && all;
    return all;
}

bool identity_authorization_uri(void *ctx, struct att_arena *arena, const char *tenant, const char **ret)
{
    struct server *s = ctx;
    const struct config *c = &s->options->config;
    const char *url = c->issuer_count > 0 ? c->issuers[0].url : s->base_url;

    if (c->authority && tenant) {
        size_t size = strlen(s->base_url) + strlen(tenant) + 2;
        char *text = att_arena_alloc(arena, size, 1);
        if (!text)
            return false;
        (void)snprintf(text, size, "%s/%s", s->base_url, tenant);
        *ret = text;
        return true;
    }
    for (size_t i = 0; tenant && i < c->issuer_count; i++) {
        if (strcmp(c->issuers[i].tenant, tenant) == 0)
            url = c->issuers[i].url;
    }
    *ret = att_arena_dup(arena, att_str(url));
    return *ret != NULL;
}
