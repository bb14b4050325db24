/* Subscriptions, their locations, tenants: what clients ask first after signing in. */
#include "api/arm/internal.h"

#include "base/auto.h"
#include "base/err.h"

static void put_subscription(struct arm_out *out, const struct site_subscription *s)
{
    att_jw_object(&out->w);
    arm_putf(out, "id", "/subscriptions/%s", s->id);
    arm_put(out, "authorizationSource", "RoleBased");
    att_jw_key(&out->w, "managedByTenants");
    att_jw_raw(&out->w, att_str("[]"));
    arm_put(out, "subscriptionId", s->id);
    arm_put(out, "tenantId", s->o.tenant);
    arm_put(out, "displayName", s->name);
    arm_put(out, "state", "Enabled");
    att_jw_end_object(&out->w);
}

static bool is_caller(const struct access_identity *who, const char *principal)
{
    if (strcmp(who->principal, principal) == 0)
        return true;
    for (size_t i = 0; i < who->group_count; i++) {
        if (strcmp(who->groups[i], principal) == 0)
            return true;
    }
    return false;
}

/* Whoever has a role somewhere in a subscription sees that it is there, whatever the role allows; otherwise nobody with
 * a role at a group or a provider alone could sign in. */
static bool has_role_in(struct api_call *call, const struct site_subscription *s, bool *ret,
                        struct att_err *err)
{
    ATT_AUTO(site_list_free) struct site_list list = { 0 };

    *ret = false;
    if (strcmp(s->o.tenant, call->who.tenant) != 0)
        return true;
    if (!site_list(call->site, SITE_ASSIGNMENT, s->o.key, &list, err))
        return false;
    for (size_t i = 0; i < list.count && !*ret; i++)
        *ret = is_caller(&call->who, ((const struct site_assignment *)list.objects[i])->principal);
    return true;
}

bool arm_subscription_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    ATT_AUTO(site_list_free) struct site_list list = { 0 };

    if (!site_list(call->site, SITE_SUBSCRIPTION, "", &list, err) || !arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    for (size_t i = 0; i < list.count; i++) {
        bool seen = false;
        if (!has_role_in(call, list.objects[i], &seen, err))
            return false;
        if (seen)
            put_subscription(&out, list.objects[i]);
    }
    return arm_out_list_send(&out, err);
}

bool arm_subscription_get(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    const char *key = NULL;

    if (!arm_subscription_key(call, &key, err) || !arm_out_begin(call, &out, err))
        return false;
    const struct site_subscription *s = site_get(call->site, SITE_SUBSCRIPTION, key);
    if (!s)
        return att_fail(err, ATT_SUBSCRIPTION_NOT_FOUND, "subscription", "a subscription", "none");
    put_subscription(&out, s);
    site_unref(s);
    return arm_out_send(&out, 200, err);
}

bool arm_location_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    const char *shown = service_location(call->service), *name = NULL, *key = NULL;

    if (!arm_subscription_key(call, &key, err) ||
        !service_location_of(call->arena, att_str(shown), &name, err) || !arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    att_jw_object(&out.w);
    arm_putf(&out, "id", "%s/locations/%s", key, name);
    arm_put(&out, "name", name);
    arm_put(&out, "type", "Region");
    arm_put(&out, "displayName", shown);
    arm_put(&out, "regionalDisplayName", shown);
    att_jw_end_object(&out.w);
    return arm_out_list_send(&out, err);
}

bool arm_tenant_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };

    if (!arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    att_jw_object(&out.w);
    arm_putf(&out, "id", "/tenants/%s", call->who.tenant);
    arm_put(&out, "tenantId", call->who.tenant);
    arm_put(&out, "tenantCategory", "Home");
    att_jw_end_object(&out.w);
    return arm_out_list_send(&out, err);
}
