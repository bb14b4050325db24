/* Providers of a subscription or a group. Without pages: the documented list has no nextLink. */
#include "api/arm/internal.h"

#include "base/auto.h"

static bool answer_below(struct api_call *call, const char *prefix, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    ATT_AUTO(site_list_free) struct site_list providers = { 0 };
    ATT_AUTO(site_list_free) struct site_list connections = { 0 };

    if (!site_list(call->site, SITE_PROVIDER, prefix, &providers, err) ||
        !site_list(call->site, SITE_CONNECTION, prefix, &connections, err) || !arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    for (size_t i = 0; i < providers.count; i++) {
        if (!arm_put_provider(&out, providers.objects[i], &connections, err))
            return false;
    }
    return arm_out_list_send(&out, err);
}

bool arm_provider_list(struct api_call *call, struct att_err *err)
{
    const char *key = NULL;

    return arm_subscription_key(call, &key, err) && answer_below(call, key, err);
}

bool arm_provider_list_group(struct api_call *call, struct att_err *err)
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
