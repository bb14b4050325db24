/* What the resource provider can do, for tools that offer roles and logs. */
#include "api/arm/internal.h"

#include "base/auto.h"

/* The three that the roles name come first, with the words of the original. */
static const struct {
    const char *name, *resource, *operation;
} rows[] = {
    { "attestationProviders/attestation/read", "Attestation", "Get status of attestation service" },
    { "attestationProviders/attestation/write", "Attestation", "Adds attestation service." },
    { "attestationProviders/attestation/delete", "Attestation", "Removes attestation service" },
    { "attestationProviders/read", "Attestation provider", "Get attestation providers" },
    { "attestationProviders/write", "Attestation provider", "Create or update an attestation provider" },
    { "attestationProviders/delete", "Attestation provider", "Delete an attestation provider" },
    { "attestationProviders/privateEndpointConnections/read", "Private endpoint connection",
      "Get private endpoint connections" },
    { "attestationProviders/privateEndpointConnections/write", "Private endpoint connection",
      "Create or update a private endpoint connection" },
    { "attestationProviders/privateEndpointConnections/delete", "Private endpoint connection",
      "Delete a private endpoint connection" },
    { "attestationProviders/privateLinkResources/read", "Private link resource",
      "Get private link resources" },
    { "defaultProviders/read", "Default provider", "Get default attestation providers" },
    { "locations/defaultProvider/read", "Default provider",
      "Get the default attestation provider of a location" },
    { "operations/read", "Operation", "Get the operations of the resource provider" },
    { "register/action", "Subscription", "Register the subscription" },
    { "unregister/action", "Subscription", "Unregister the subscription" },
};

bool arm_operations(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };

    if (!arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        att_jw_object(&out.w);
        arm_putf(&out, "name", ARM_NAMESPACE "/%s", rows[i].name);
        att_jw_key(&out.w, "display");
        att_jw_object(&out.w);
        arm_put(&out, "provider", "Microsoft Azure Attestation");
        arm_put(&out, "resource", rows[i].resource);
        arm_put(&out, "operation", rows[i].operation);
        arm_put(&out, "description", rows[i].operation);
        att_jw_end_object(&out.w);
        /* No log of a provider can be sent anywhere yet: the list of 2021-06-01 is there and empty. */
        att_jw_key(&out.w, "properties");
        att_jw_raw(&out.w, att_str("{\"serviceSpecification\":{\"logSpecifications\":[]}}"));
        att_jw_end_object(&out.w);
    }
    return arm_out_list_send(&out, err);
}
