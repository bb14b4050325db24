/* The default provider of this installation, which every subscription may use. */
#include "api/arm/internal.h"

#include "base/auto.h"
#include "base/err.h"

bool arm_default_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };

    if (!arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    const struct site_provider *p = site_provider_by_name(call->site, SERVICE_DEFAULT_PROVIDER);
    bool ok = !p || arm_put_shared_provider(&out, p, err);
    site_unref(p);
    return ok && arm_out_list_send(&out, err);
}

bool arm_default_get(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    const char *location = api_param(call, "location"), *place = NULL;
    struct att_shown shown;

    if (!service_location_of(call->arena, att_str(location), &place, err) || !arm_out_begin(call, &out, err))
        return false;
    const struct site_provider *p = site_provider_by_name(call->site, SERVICE_DEFAULT_PROVIDER);
    bool here = p && service_same_location(call->arena, location, p->location);
    bool ok = here ? arm_put_shared_provider(&out, p, err)
                   : att_fail(err, ATT_RESOURCE_NOT_FOUND, "location",
                              "a location with a default attestation provider", "\"%s\"",
                              att_shown(&shown, att_str(location)));
    site_unref(p);
    return ok && arm_out_send(&out, 200, err);
}
