/* Where a role is given: the three kinds of scope. */
#include "api/arm/roles.h"

#include "base/err.h"

#include <strings.h>

/* "/subscriptions/S/resourceGroups/G/providers/Microsoft.Attestation/attestationProviders/N", or less of it. NULL: a name
 * of somebody's choice. */
static const char *const form[] = {
    "subscriptions",        NULL, "resourcegroups", NULL, "providers", "microsoft.attestation",
    "attestationproviders", NULL,
};
enum { SEGMENTS_MAX = sizeof form / sizeof form[0], SEGMENTS_SUBSCRIPTION = 2, SEGMENTS_GROUP = 4 };

/* How many segments of the form the id has; 0 when it is not of this form. */
static size_t segments_of(const char *key)
{
    size_t n = 0;

    for (const char *at = key; *at == '/'; n++) {
        size_t len = strcspn(at + 1, "/");
        if (n == SEGMENTS_MAX || len == 0 ||
            (form[n] && (strlen(form[n]) != len || strncmp(at + 1, form[n], len) != 0)))
            return 0;
        at += 1 + len;
    }
    return n;
}

bool role_scope_of(struct att_arena *arena, const char *text, struct role_scope *ret, struct att_err *err)
{
    struct role_scope scope = { .key = api_lower(arena, text) };
    struct att_shown shown;

    if (!scope.key)
        return att_fail_memory(err, "scope");
    switch (segments_of(scope.key)) {
    case SEGMENTS_SUBSCRIPTION:
        scope.kind = ROLE_AT_SUBSCRIPTION;
        break;
    case SEGMENTS_GROUP:
        scope.kind = ROLE_AT_GROUP;
        break;
    case SEGMENTS_MAX:
        scope.kind = ROLE_AT_PROVIDER;
        break;
    default:
        return att_fail(err, ATT_PARAMETER_INVALID, "scope",
                        "a subscription, a resource group or an attestation provider", "\"%s\"",
                        att_shown(&shown, att_str(text)));
    }
    size_t id = sizeof "/subscriptions/" - 1;
    scope.subscription_key = att_arena_dup(arena, att_span_of(scope.key, id + strcspn(scope.key + id, "/")));
    if (!scope.subscription_key)
        return att_fail_memory(err, "scope");
    *ret = scope;
    return true;
}

static bool is_there(struct site *site, enum site_kind kind, const char *key)
{
    const void *object = site_get(site, kind, key);

    site_unref(object);
    return object != NULL;
}

static const char *group_key_of(struct att_arena *arena, const struct role_scope *scope)
{
    size_t len = strlen(scope->subscription_key) + sizeof "/resourcegroups/" - 1;

    return att_arena_dup(arena, att_span_of(scope->key, len + strcspn(scope->key + len, "/")));
}

bool role_scope_check(struct api_call *call, const struct role_scope *scope, struct att_err *err)
{
    if (!is_there(call->site, SITE_SUBSCRIPTION, scope->subscription_key))
        return att_fail(err, ATT_SUBSCRIPTION_NOT_FOUND, "scope", "a subscription of the caller's tenant",
                        "none");
    if (scope->kind == ROLE_AT_SUBSCRIPTION)
        return true;
    const char *group = group_key_of(call->arena, scope);
    if (!group)
        return att_fail_memory(err, "scope");
    if (!is_there(call->site, SITE_GROUP, group))
        return att_fail(err, ATT_GROUP_NOT_FOUND, "scope", "a resource group of the subscription", "none");
    if (scope->kind == ROLE_AT_PROVIDER && !is_there(call->site, SITE_PROVIDER, scope->key))
        return att_fail(err, ATT_RESOURCE_NOT_FOUND, "scope", "an attestation provider of the group", "none");
    return true;
}

static void put_group(struct site *site, struct att_arena *arena, const struct role_scope *scope,
                      struct att_buf *out)
{
    const char *key = group_key_of(arena, scope);
    const struct site_group *group = key ? site_get(site, SITE_GROUP, key) : NULL;

    out->failed = out->failed || !key;
    if (!out->failed)
        att_buf_printf(out, "/resourceGroups/%s", group ? group->name : strrchr(key, '/') + 1);
    site_unref(group);
}

static void put_provider(struct site *site, const struct role_scope *scope, struct att_buf *out)
{
    const struct site_provider *p = site_get(site, SITE_PROVIDER, scope->key);

    att_buf_printf(out, "/providers/" ARM_PROVIDER_TYPE "/%s", p ? p->name : strrchr(scope->key, '/') + 1);
    site_unref(p);
}

const char *role_scope_shown(struct site *site, struct att_arena *arena, const struct role_scope *scope)
{
    struct att_buf text = { 0 };

    att_buf_puts(&text, scope->subscription_key);
    if (scope->kind != ROLE_AT_SUBSCRIPTION)
        put_group(site, arena, scope, &text);
    if (scope->kind == ROLE_AT_PROVIDER)
        put_provider(site, scope, &text);
    const char *copy = text.failed ? NULL : att_arena_dup(arena, att_buf_span(&text));
    att_buf_free(&text);
    return copy;
}
