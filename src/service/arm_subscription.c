/* Registration of a subscription for this resource provider. */
#include "service/arm.h"

#include "base/err.h"

static bool nothing_left(struct service *s, const char *subscription_key, struct att_err *err)
{
    struct site_list list = { 0 };

    if (!site_list(service_site(s), SITE_PROVIDER, subscription_key, &list, err))
        return false;
    size_t count = list.count;
    site_list_free(&list);
    return count == 0 || att_fail(err, ATT_RESOURCE_IN_USE, "subscription.Microsoft.Attestation",
                                  "no attestation provider left in the subscription", "%zu", count);
}

bool service_register(struct service *s, struct site_change *change, const char *subscription_key,
                      bool registered, const char *changed_by, struct att_err *err)
{
    const struct site_subscription *old = site_change_get(change, SITE_SUBSCRIPTION, subscription_key);

    if (!old)
        return att_fail(err, ATT_SUBSCRIPTION_NOT_FOUND, "subscription", "a subscription", "none");
    if (old->registered == registered)
        return true;
    if (!registered && !nothing_left(s, subscription_key, err))
        return false;
    struct site_subscription changed = *old;
    changed.registered = registered;
    return site_put(change, &changed, old->o.version, changed_by, err);
}
