/* From the parameters of a path to the key of what it names. */
#include "api/arm/internal.h"

bool arm_subscription_key(struct api_call *call, const char **ret, struct att_err *err)
{
    return service_key_subscription(call->arena, api_param(call, "subscriptionId"), ret, err);
}

bool arm_group_key(struct api_call *call, const char **ret, struct att_err *err)
{
    return service_key_group(call->arena, api_param(call, "subscriptionId"),
                             api_param(call, "resourceGroupName"), ret, err);
}

bool arm_provider_key(struct api_call *call, const char **ret, struct att_err *err)
{
    return service_key_provider(call->arena, api_param(call, "subscriptionId"),
                                api_param(call, "resourceGroupName"), api_param(call, "providerName"), ret,
                                err);
}

bool arm_connection_key(struct api_call *call, const char **ret, struct att_err *err)
{
    const char *provider = NULL;

    return arm_provider_key(call, &provider, err) &&
           service_key_connection(call->arena, provider, api_param(call, "privateEndpointConnectionName"),
                                  ret, err);
}

bool arm_diagnostic_key(struct api_call *call, const char **ret, struct att_err *err)
{
    const char *provider = NULL;

    return arm_provider_key(call, &provider, err) &&
           service_key_diagnostic(call->arena, provider, api_param(call, "diagnosticSettingName"), ret, err);
}

bool arm_find_provider(struct api_call *call, const struct site_provider **ret, struct att_err *err)
{
    const char *key = NULL, *group_key = NULL;

    if (!arm_provider_key(call, &key, err) || !arm_group_key(call, &group_key, err))
        return false;
    *ret = site_get(call->site, SITE_PROVIDER, key);
    if (*ret)
        return true;
    const char *group_name = api_param(call, "resourceGroupName");
    const struct site_group *group = site_get(call->site, SITE_GROUP, group_key);
    site_unref(group);
    return group ? service_no_provider(api_param(call, "providerName"), group_name, err)
                 : service_no_group(group_name, err);
}
