/* All resources of a subscription or a group: here, its attestation providers. */
#include "api/arm/internal.h"

#include "base/auto.h"

static void put_resource(struct arm_out *out, const struct site_provider *p)
{
    att_jw_object(&out->w);
    arm_putf(out, "id", "/subscriptions/%s/resourceGroups/%s/providers/" ARM_PROVIDER_TYPE "/%s",
             p->subscription, p->group, p->name);
    arm_put(out, "name", p->name);
    arm_put(out, "type", ARM_PROVIDER_TYPE);
    arm_put(out, "location", p->location);
    arm_put_tags(out, p->tags);
    arm_put_time(out, "createdTime", p->o.created_unix_s);
    arm_put_time(out, "changedTime", p->o.changed_unix_s);
    arm_put(out, "provisioningState", "Succeeded");
    att_jw_end_object(&out->w);
}

static bool answer_below(struct api_call *call, const char *prefix, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    ATT_AUTO(site_list_free) struct site_list list = { 0 };
    struct arm_filter filter;

    if (!arm_filter_read(call, &filter, err) || !site_list(call->site, SITE_PROVIDER, prefix, &list, err) ||
        !arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    for (size_t i = 0; i < list.count; i++) {
        const struct site_provider *p = list.objects[i];
        const struct arm_filtered what = { .name = p->name,
                                           .type = ARM_PROVIDER_TYPE,
                                           .group = p->group,
                                           .location = p->location,
                                           .tags = p->tags };
        att_arena_reset(out.scratch);
        if (arm_filter_takes(&filter, out.scratch, &what))
            put_resource(&out, p);
    }
    return arm_out_list_send(&out, err);
}

bool arm_resource_list(struct api_call *call, struct att_err *err)
{
    const char *key = NULL;

    return arm_subscription_key(call, &key, err) && answer_below(call, key, err);
}

bool arm_resource_list_group(struct api_call *call, struct att_err *err)
{
    const char *key = NULL;

    if (!arm_group_key(call, &key, err))
        return false;
    const struct site_group *group = site_get(call->site, SITE_GROUP, key);
    if (!group)
        return service_no_group(api_param(call, "resourceGroupName"), err);
    site_unref(group);
    return answer_below(call, key, err);
}
