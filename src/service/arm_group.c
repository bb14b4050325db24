/* Resource groups. */
#include "service/arm_internal.h"

#include "base/err.h"

bool service_no_group(const char *name, struct att_err *err)
{
    struct att_shown shown;

    if (!err || err->code != ATT_OK)
        return false;
    att_shown(&shown, att_str(name));
    att_fail(err, ATT_GROUP_NOT_FOUND, "resourceGroup", "a resource group of this subscription", "\"%s\"",
             shown.text);
    att_err_text(err, "Resource group '%s' could not be found.", shown.text);
    return false;
}

/* A group that is there keeps its location: what lies in it may be bound to that. */
static bool change_group(struct site_change *change, struct att_arena *arena,
                         const struct service_group_in *in, const struct site_group *old,
                         const char *changed_by, struct att_err *err)
{
    struct site_group group = *old;
    struct att_shown shown;

    if (in->location && !service_same_location(arena, in->location, old->location))
        return att_fail(err, ATT_IMMUTABLE_PROPERTY, "location", old->location, "\"%s\"",
                        att_shown(&shown, att_str(in->location)));
    if (in->tags_given)
        group.tags = in->tags;
    return site_put(change, &group, old->o.version, changed_by, err);
}

static bool make_group(struct site_change *change, struct att_arena *arena, const struct service_group_in *in,
                       const struct site_subscription *subscription, const char *key, const char *changed_by,
                       struct att_err *err)
{
    struct site_group group = {
        .o = { .kind = SITE_GROUP, .tenant = subscription->o.tenant, .key = key },
        .subscription = subscription->id,
        .name = in->name,
        .tags = in->tags,
    };

    if (!in->location)
        return att_fail(err, ATT_PARAMETER_MISSING, "location", "a location", "none");
    /* ARM keeps a group's location in its short form. */
    return service_location_of(arena, att_str(in->location), &group.location, err) &&
           site_put(change, &group, 0, changed_by, err);
}

bool service_group_put(struct site_change *change, struct att_arena *arena, const struct service_group_in *in,
                       const char *changed_by, bool *ret_created, const struct site_group **ret,
                       struct att_err *err)
{
    const char *key = NULL, *subscription_key = NULL;

    if (!service_key_subscription(arena, in->subscription, &subscription_key, err) ||
        !service_key_group(arena, in->subscription, in->name, &key, err))
        return false;
    const struct site_subscription *subscription =
        site_change_get(change, SITE_SUBSCRIPTION, subscription_key);
    if (!subscription)
        return att_fail(err, ATT_SUBSCRIPTION_NOT_FOUND, "subscription", "a subscription", "none");
    const struct site_group *old = site_change_get(change, SITE_GROUP, key);
    if (old) {
        if (!change_group(change, arena, in, old, changed_by, err))
            return false;
    } else if (!service_group_name_check(in->name, err) ||
               !make_group(change, arena, in, subscription, key, changed_by, err)) {
        return false;
    }
    *ret = site_change_get(change, SITE_GROUP, key);
    *ret_created = !old;
    return true;
}

bool arm_delete_below(struct service *s, struct site_change *change, enum site_kind kind, const char *prefix,
                      struct att_err *err)
{
    struct site_list list = { 0 };
    bool ok = site_list(service_site(s), kind, prefix, &list, err);

    for (size_t i = 0; ok && i < list.count; i++) {
        const struct site_object *o = list.objects[i];
        ok = site_delete(change, kind, o->key, o->version, err);
    }
    site_list_free(&list);
    return ok;
}

bool arm_delete_parts(struct service *s, struct site_change *change, const char *key, struct att_err *err)
{
    static const enum site_kind parts[] = { SITE_POLICY, SITE_CONNECTION, SITE_ASSIGNMENT, SITE_DIAGNOSTIC };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!arm_delete_below(s, change, parts[i], key, err))
            return false;
    }
    return true;
}

static bool holds_default(struct service *s, const char *key)
{
    const struct site_provider *p = site_provider_by_name(service_site(s), SERVICE_DEFAULT_PROVIDER);
    size_t len = strlen(key);
    bool holds = p && strncmp(p->o.key, key, len) == 0 && p->o.key[len] == '/';

    site_unref(p);
    return holds;
}

bool service_group_delete(struct service *s, struct site_change *change, const char *key, struct att_err *err)
{
    const struct site_group *group = site_change_get(change, SITE_GROUP, key);

    if (!group)
        return service_no_group(strrchr(key, '/') + 1, err);
    if (holds_default(s, key))
        return arm_refuse_default(err);
    return arm_delete_parts(s, change, key, err) && arm_delete_below(s, change, SITE_PROVIDER, key, err) &&
           site_delete(change, SITE_GROUP, key, group->o.version, err);
}
