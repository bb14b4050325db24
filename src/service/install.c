/* The first start: what the configuration names is made, and left alone ever after. */
#include "access/roles.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "service/internal.h"

#include <openssl/sha.h>
#include <stdio.h>

#define CONFIGURATION "configuration" /* who, in records and rows */
#define GROUP         "attestd"

enum { GUID_BYTES = 36, INSTALL_ARENA_BYTES = 4 << 20, PRINCIPAL_BYTES_MAX = 256 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

/* A seed in the form of the site's rows. */
struct seed {
    const char *subscription, *tenant; /* lower case */
    const char *name;
    const char *owner; /* lower case, or NULL */
    const char *key;   /* "/subscriptions/..." */
};

/* Ids are compared as they are written in rows: in lower case. */
static const char *lower_copy(struct att_arena *a, const char *text)
{
    char *copy = att_arena_dup(a, att_str(text));

    for (char *c = copy; c && *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return copy;
}

static bool is_guid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(text) != GUID_BYTES)
        return false;
    for (size_t i = 0; i < GUID_BYTES; i++) {
        bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (form[i] == '-' ? text[i] != '-' : !digit)
            return false;
    }
    return true;
}

static const char *joined(struct att_arena *a, const char *left, const char *right)
{
    size_t size = strlen(left) + strlen(right) + 1;
    char *text = att_arena_alloc(a, size, 1);

    if (text)
        (void)snprintf(text, size, "%s%s", left, right);
    return text;
}

static bool guid_of(struct att_arena *a, const char *text, const char *where, const char **ret,
                    struct att_err *err)
{
    struct att_shown shown;

    *ret = lower_copy(a, text ? text : "");
    if (!*ret)
        return att_fail_memory(err, where);
    return is_guid(*ret) ||
           att_fail(err, ATT_CONFIG_INVALID, where, "a GUID", "'%s'", att_shown(&shown, att_str(*ret)));
}

static bool read_seed(struct att_arena *a, const struct service_seed *from, struct seed *ret,
                      struct att_err *err)
{
    if (!guid_of(a, from->subscription, "subscription.id", &ret->subscription, err) ||
        !guid_of(a, from->tenant, "subscription.tenant", &ret->tenant, err))
        return false;
    if (from->owner && (from->owner[0] == '\0' || strlen(from->owner) > PRINCIPAL_BYTES_MAX))
        return att_fail(err, ATT_CONFIG_INVALID, "subscription.owner", "a principal of 1 to 256 bytes",
                        "%zu bytes", strlen(from->owner));
    ret->owner = from->owner ? lower_copy(a, from->owner) : NULL;
    ret->name = from->name && from->name[0] ? from->name : ret->subscription;
    ret->key = joined(a, "/subscriptions/", ret->subscription);
    return (ret->key && (ret->owner || !from->owner)) || att_fail_memory(err, "subscription");
}

static bool commit(struct site_change *change, const struct seed *seed, const char *scope,
                   const char *operation, const char *action, struct att_err *err)
{
    const struct site_record record = { .tenant = seed->tenant,
                                        .scope = scope,
                                        .operation = operation,
                                        .action = action,
                                        .principal = CONFIGURATION,
                                        .via = CONFIGURATION };

    return site_change_commit(change, &record, err);
}

/* -- the subscription and its first Owner ----------------------------------------------------------------- */

static bool tenant_is(const struct site_subscription *there, const struct seed *seed, struct att_err *err)
{
    return strcmp(there->o.tenant, seed->tenant) == 0 ||
           att_fail(err, ATT_CONFIG_INVALID, "subscription.tenant",
                    "the tenant that the subscription belongs to", "another");
}

/* A name for the assignment that is the same on every machine: a GUID of version 8 (RFC 9562 5.8). */
static void assignment_name(const struct seed *seed, char ret[GUID_BYTES + 1])
{
    char text[2 * GUID_BYTES + PRINCIPAL_BYTES_MAX + 16], hex[33];
    uint8_t digest[SHA256_DIGEST_LENGTH];

    int len = snprintf(text, sizeof text, "%s Owner %s", seed->key, seed->owner);
    (void)SHA256((const unsigned char *)text, (size_t)len, digest);
    digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x80);
    digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
    att_hex_text(hex, att_span_of(digest, 16));
    (void)snprintf(ret, GUID_BYTES + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                   hex + 20);
}

static bool put_owner(struct site_change *change, struct att_arena *a, const struct seed *seed,
                      struct att_err *err)
{
    const struct access_role *owner = access_role_by_name("Owner");
    char name[GUID_BYTES + 1];

    if (!seed->owner)
        return true;
    if (!owner)
        return att_fail(err, ATT_INTERNAL, "subscription.owner", "the role Owner", "none");
    assignment_name(seed, name);
    const char *scope = joined(a, seed->key, "/providers/microsoft.authorization/roleassignments/");
    const char *key = scope ? joined(a, scope, name) : NULL;
    if (!key)
        return att_fail_memory(err, "subscription.owner");
    const struct site_assignment assignment = {
        .o = { .kind = SITE_ASSIGNMENT, .tenant = seed->tenant, .key = key },
        .name = name,
        .scope = seed->key,
        .role = owner->guid,
        .principal = seed->owner,
        .principal_type = "ServicePrincipal",
        .description = "First owner, from the configuration",
    };
    return site_put(change, &assignment, 0, CONFIGURATION, err);
}

/* One change: a subscription that was made without its Owner would never get one. */
static bool put_subscription(struct site_change *change, struct att_arena *a, const struct seed *seed,
                             bool *ret_put, struct att_err *err)
{
    const struct site_subscription *there = site_change_get(change, SITE_SUBSCRIPTION, seed->key);
    const struct site_subscription fresh = {
        .o = { .kind = SITE_SUBSCRIPTION, .tenant = seed->tenant, .key = seed->key },
        .id = seed->subscription,
        .name = seed->name,
        .registered = true,
    };

    if (there)
        return tenant_is(there, seed, err);
    *ret_put = true;
    return site_put(change, &fresh, 0, CONFIGURATION, err) && put_owner(change, a, seed, err);
}

static bool install_subscription(struct service *s, struct att_arena *a, const struct seed *seed,
                                 struct att_err *err)
{
    const struct site_subscription *there = site_get(s->options.site, SITE_SUBSCRIPTION, seed->key);
    struct site_change *change = NULL;
    bool put = false;

    if (there) {
        bool ok = tenant_is(there, seed, err);
        site_unref(there);
        return ok;
    }
    if (!site_change_begin(s->options.site, service_now_unix_s(s), &change, err))
        return false;
    bool ok = put_subscription(change, a, seed, &put, err);
    if (ok && put)
        return commit(change, seed, seed->key, "subscription.put", "Microsoft.Resources/subscriptions/write",
                      err);
    site_change_abandon(change);
    return ok;
}

/* -- the group and the default provider ------------------------------------------------------------------- */

static bool install_group(struct service *s, const struct seed *seed, const char *key, const char *location,
                          struct att_err *err)
{
    const struct site_group fresh = {
        .o = { .kind = SITE_GROUP, .tenant = seed->tenant, .key = key },
        .subscription = seed->subscription,
        .name = GROUP,
        .location = location,
    };
    struct site_change *change = NULL;

    if (!site_change_begin(s->options.site, service_now_unix_s(s), &change, err))
        return false;
    bool there = site_change_get(change, SITE_GROUP, key) != NULL;
    if (!there && site_put(change, &fresh, 0, CONFIGURATION, err))
        return commit(change, seed, key, "group.put",
                      "Microsoft.Resources/subscriptions/resourceGroups/write", err);
    site_change_abandon(change);
    return there;
}

static bool make_provider(const struct service *s, struct att_arena *a, const struct seed *seed,
                          const char *key, const char *location, struct site_provider *ret,
                          struct att_err *err)
{
    const char *uri = NULL;

    *ret = (struct site_provider){
        .o = { .kind = SITE_PROVIDER, .tenant = seed->tenant, .key = key },
        .subscription = seed->subscription,
        .group = GROUP,
        .name = SERVICE_DEFAULT_PROVIDER,
        .location = location,
    };
    return service_attest_uri(s, a, ret->name, location, &uri, err) &&
           service_certificates_make(s, a, ret->name, uri, &ret->certificates, &ret->certificate_count, err);
}

static bool name_is_taken(struct service *s)
{
    const struct site_provider *p = site_provider_by_name(s->options.site, SERVICE_DEFAULT_PROVIDER);

    site_unref(p);
    return p != NULL;
}

/* Once the change has begun the memory is that of the store, and the look at the name counts. */
static bool install_provider(struct service *s, const struct seed *seed, const struct site_provider *fresh,
                             struct att_err *err)
{
    struct site_change *change = NULL;

    if (!site_change_begin(s->options.site, service_now_unix_s(s), &change, err))
        return false;
    bool there = name_is_taken(s);
    if (!there && site_put(change, fresh, 0, CONFIGURATION, err))
        return commit(change, seed, fresh->o.key, "provider.put",
                      "Microsoft.Attestation/attestationProviders/write", err);
    site_change_abandon(change);
    return there;
}

/* Whoever has moved the default provider elsewhere keeps it there: the name is what counts. */
static bool install_default(struct service *s, struct att_arena *a, const struct seed *seed,
                            struct att_err *err)
{
    const char *location = NULL;
    struct site_provider fresh;

    if (name_is_taken(s))
        return true;
    const char *group = joined(a, seed->key, "/resourcegroups/" GROUP);
    const char *key =
        group ? joined(a, group,
                       "/providers/microsoft.attestation/attestationproviders/" SERVICE_DEFAULT_PROVIDER)
              : NULL;
    if (!key)
        return att_fail_memory(err, "provider");
    if (!service_location_of(a, att_str(s->options.location), &location, err)) /* kept as it is written */
        return att_fail_as(err, ATT_CONFIG_INVALID, "");
    return install_group(s, seed, group, s->options.location, err) &&
           make_provider(s, a, seed, key, s->options.location, &fresh, err) &&
           install_provider(s, seed, &fresh, err);
}

bool service_install(struct service *s, const struct service_seed *seeds, size_t count, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *a = att_arena_new(INSTALL_ARENA_BYTES);

    if (!a)
        return att_fail_memory(err, "service.install");
    for (size_t i = 0; i < count; i++) {
        struct seed seed = { 0 };
        if (!read_seed(a, &seeds[i], &seed, err) || !install_subscription(s, a, &seed, err) ||
            (i == 0 && !install_default(s, a, &seed, err)))
            return false;
    }
    return service_certificates_renew(s, err);
}
