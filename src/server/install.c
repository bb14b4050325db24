/* What the configuration, or --dev, wants to be there: subscriptions with an Owner, the default provider, and principals
 * of the built-in authority. Each is made once; what people have changed since then stays as they left it. */
#include "server/server.h"

#include "access/roles.h"
#include "base/err.h"
#include "server/guid.h"
#include "site/site.h"

#include <stdio.h>

enum { SEEDS_MAX = CONFIG_SUBSCRIPTIONS_MAX + 1, KEY_SIZE = 320, WORK_ARENA_BYTES = 1 << 20 };

static const char configuration[] = "configuration";

/* A principal that should be there, and the role that it should have on its subscription. */
struct wanted {
    const char *subscription, *tenant;
    const char *client_id;
    const char *name;
    const char *secret_hash;
    const char *role; /* NULL: none, or one that the subscription came with */
};

static size_t collect_seeds(const struct server *s, struct service_seed ret[SEEDS_MAX])
{
    const struct config *c = &s->options->config;
    size_t count = 0;

    if (s->options->dev)
        ret[count++] = (struct service_seed){ .subscription = s->dev.subscription,
                                              .tenant = s->dev.tenant,
                                              .name = "Development",
                                              .owner = s->dev.principals[0].client_id };
    for (size_t i = 0; i < c->subscription_count; i++) {
        const struct config_subscription *from = &c->subscriptions[i];
        ret[count++] = (struct service_seed){ .subscription = from->section,
                                              .tenant = from->tenant,
                                              .name = from->name,
                                              .owner = from->owner[0] ? from->owner : NULL };
    }
    return count;
}

/* A subscription without an Owner could never be used: better no start than one that looks good. */
static bool owners_named(struct server *s, const struct service_seed *seeds, size_t count,
                         struct att_err *err)
{
    for (size_t i = 0; i < count; i++) {
        char key[KEY_SIZE], where[96];
        (void)snprintf(key, sizeof key, "/subscriptions/%s", seeds[i].subscription);
        const void *there = site_get(s->site, SITE_SUBSCRIPTION, key);
        site_unref(there);
        if (there || seeds[i].owner)
            continue;
        (void)snprintf(where, sizeof where, "subscription.%s.owner", seeds[i].subscription);
        return att_fail(err, ATT_CONFIG_INVALID, where, "the principal that becomes its first Owner",
                        "not set, and the subscription is new");
    }
    return true;
}

/* The id that the control plane knows a principal by. The trail keeps every one that ever was: one that people have
 * deleted does not come back with a restart. */
static void resource_of(const struct wanted *w, char ret[KEY_SIZE])
{
    (void)snprintf(ret, KEY_SIZE, "/subscriptions/%s/providers/microsoft.authorization/principals/%s",
                   w->subscription, w->client_id);
}

static bool never_was(struct server *s, struct att_arena *work, const struct wanted *w, bool *ret,
                      struct att_err *err)
{
    struct site_audit_row *rows = NULL;
    size_t count = 0;
    char resource[KEY_SIZE];

    resource_of(w, resource);
    if (!site_audit_list(s->site, work, w->tenant, resource, 0, 1, &rows, &count, err))
        return false;
    *ret = count == 0;
    return true;
}

static bool put_role(struct site_change *change, const struct wanted *w, struct att_err *err)
{
    const struct access_role *role = access_role_by_name(w->role);
    char name[GUID_SIZE], scope[KEY_SIZE], key[KEY_SIZE];

    if (!role)
        return att_fail(err, ATT_INTERNAL, "install.role", "a role that access/ knows", "%s", w->role);
    if (!guid_new(name, err))
        return false;
    (void)snprintf(scope, sizeof scope, "/subscriptions/%s", w->subscription);
    (void)snprintf(key, sizeof key, "/subscriptions/%s/providers/microsoft.authorization/roleassignments/%s",
                   w->subscription, name);
    struct site_assignment assignment = {
        .o = { .kind = SITE_ASSIGNMENT, .tenant = w->tenant, .key = key },
        .name = name,
        .scope = scope,
        .role = role->guid,
        .principal = w->client_id,
        .principal_type = "ServicePrincipal",
        .description = "",
    };
    return site_put(change, &assignment, 0, configuration, err);
}

static bool put_principal(struct site_change *change, const struct wanted *w, const char *key,
                          struct att_err *err)
{
    struct site_credential secret = { .kind = SITE_SECRET, .id = "first", .hash = w->secret_hash };
    struct site_principal principal = {
        .o = { .kind = SITE_PRINCIPAL, .tenant = w->tenant, .key = key },
        .subscription = w->subscription,
        .client_id = w->client_id,
        .name = w->name,
        .credentials = &secret,
        .credential_count = 1,
    };
    return site_put(change, &principal, 0, configuration, err) && (!w->role || put_role(change, w, err));
}

/* The look and the change are one transaction: another process may do the same at this moment. */
static bool put_once(struct server *s, struct att_arena *work, const struct wanted *w, struct att_err *err)
{
    struct site_change *change = NULL;
    char key[KEY_SIZE], resource[KEY_SIZE];
    bool fresh = false;

    (void)snprintf(key, sizeof key, "/subscriptions/%s/principals/%s", w->subscription, w->client_id);
    if (!site_change_begin(s->site, server_clock(NULL), &change, err))
        return false;
    if (site_change_get(change, SITE_PRINCIPAL, key)) {
        site_change_abandon(change);
        return true;
    }
    bool known = never_was(s, work, w, &fresh, err);
    if (!known || !fresh || !put_principal(change, w, key, err)) {
        site_change_abandon(change);
        return known && !fresh;
    }
    resource_of(w, resource);
    struct site_record record = {
        .tenant = w->tenant,
        .scope = resource,
        .operation = "principal.put",
        .action = "Microsoft.Authorization/principals/write",
        .principal = configuration,
        .via = configuration,
    };
    return site_change_commit(change, &record, err);
}

static bool put_principals(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct att_arena *work = att_arena_new(WORK_ARENA_BYTES);
    bool ok = work || att_fail_memory(err, "install");

    for (size_t i = 0; ok && s->options->dev && i < DEV_PRINCIPALS; i++) {
        const struct dev_principal *from = &s->dev.principals[i];
        struct wanted w = { .subscription = s->dev.subscription,
                            .tenant = s->dev.tenant,
                            .client_id = from->client_id,
                            .name = from->name,
                            .secret_hash = from->secret_hash,
                            .role = i == 0 ? NULL : from->role };
        ok = put_once(s, work, &w, err);
    }
    for (size_t i = 0; ok && i < c->subscription_count; i++) {
        const struct config_subscription *from = &c->subscriptions[i];
        struct wanted w = { .subscription = from->section,
                            .tenant = from->tenant,
                            .client_id = from->owner,
                            .name = from->owner_name,
                            .secret_hash = from->owner_secret_hash };
        ok = from->owner_secret_hash[0] == '\0' || put_once(s, work, &w, err);
    }
    att_arena_free(work);
    return ok;
}

bool install_site(struct server *s, struct att_err *err)
{
    struct service_seed seeds[SEEDS_MAX];
    size_t count = collect_seeds(s, seeds);

    return owners_named(s, seeds, count, err) && service_install(s->service, seeds, count, err) &&
           put_principals(s, err);
}
