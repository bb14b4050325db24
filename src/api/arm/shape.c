/* Resources as JSON, in the order that Azure writes their members. */
#include "api/arm/internal.h"

#include "base/err.h"

static const char *switch_name(bool disabled)
{
    return disabled ? "Disabled" : "Enabled";
}

/* Whether the maker is a person or a program is not known here: createdByType is left out. */
static void put_system_data(struct arm_out *out, const struct site_object *o)
{
    att_jw_key(&out->w, "systemData");
    att_jw_object(&out->w);
    arm_put(out, "createdBy", o->created_by);
    arm_put_time(out, "createdAt", o->created_unix_s);
    arm_put(out, "lastModifiedBy", o->changed_by);
    arm_put_time(out, "lastModifiedAt", o->changed_unix_s);
    att_jw_end_object(&out->w);
}

void arm_put_connection(struct arm_out *out, const struct site_provider *p, const struct site_connection *c)
{
    att_jw_object(&out->w);
    arm_putf(out, "id",
             "/subscriptions/%s/resourceGroups/%s/providers/" ARM_PROVIDER_TYPE
             "/%s/privateEndpointConnections/%s",
             p->subscription, p->group, p->name, c->name);
    arm_put(out, "name", c->name);
    arm_put(out, "type", ARM_PROVIDER_TYPE "/privateEndpointConnections");
    att_jw_key(&out->w, "properties");
    att_jw_object(&out->w);
    arm_put(out, "provisioningState", "Succeeded");
    if (c->endpoint_id[0]) {
        att_jw_key(&out->w, "privateEndpoint");
        att_jw_object(&out->w);
        arm_put(out, "id", c->endpoint_id);
        att_jw_end_object(&out->w);
    }
    att_jw_key(&out->w, "privateLinkServiceConnectionState");
    att_jw_object(&out->w);
    arm_put(out, "status", c->status);
    arm_put(out, "description", c->description);
    att_jw_end_object(&out->w);
    att_jw_end_object(&out->w);
    att_jw_end_object(&out->w);
}

static bool put_properties(struct arm_out *out, const struct site_provider *p, struct att_err *err)
{
    const char *uri = NULL;

    att_arena_reset(out->scratch);
    if (!service_attest_uri(out->call->service, out->scratch, p->name, p->location, &uri, err))
        return false;
    arm_put(out, "trustModel", p->isolated ? "Isolated" : "AAD");
    arm_put(out, "status", "Ready");
    arm_put(out, "attestUri", uri);
    arm_put(out, "publicNetworkAccess", switch_name(p->public_network_disabled));
    arm_put(out, "tpmAttestationAuthentication", switch_name(p->tpm_authentication_disabled));
    return true;
}

bool arm_put_provider(struct arm_out *out, const struct site_provider *p, const struct site_list *connections,
                      struct att_err *err)
{
    size_t first = 0, count = 0;

    att_jw_object(&out->w);
    arm_putf(out, "id", "/subscriptions/%s/resourceGroups/%s/providers/" ARM_PROVIDER_TYPE "/%s",
             p->subscription, p->group, p->name);
    arm_put(out, "name", p->name);
    arm_put(out, "type", ARM_PROVIDER_TYPE);
    arm_put(out, "location", p->location);
    arm_put_tags(out, p->tags);
    put_system_data(out, &p->o);
    att_jw_key(&out->w, "properties");
    att_jw_object(&out->w);
    if (!put_properties(out, p, err))
        return false;
    arm_below(connections, p->o.key, &first, &count);
    att_jw_key(&out->w, "privateEndpointConnections");
    att_jw_array(&out->w);
    for (size_t i = 0; i < count; i++)
        arm_put_connection(out, p, connections->objects[first + i]);
    att_jw_end_array(&out->w);
    att_jw_end_object(&out->w);
    att_jw_end_object(&out->w);
    return true;
}

bool arm_put_shared_provider(struct arm_out *out, const struct site_provider *p, struct att_err *err)
{
    att_jw_object(&out->w);
    arm_putf(out, "id", "/providers/" ARM_PROVIDER_TYPE "/%s", p->name);
    arm_put(out, "name", p->name);
    arm_put(out, "type", ARM_PROVIDER_TYPE);
    arm_put(out, "location", p->location);
    att_jw_key(&out->w, "properties");
    att_jw_object(&out->w);
    if (!put_properties(out, p, err))
        return false;
    att_jw_end_object(&out->w);
    att_jw_end_object(&out->w);
    return true;
}

static void put_none(struct arm_out *out, const char *name)
{
    att_jw_key(&out->w, name);
    att_jw_null(&out->w);
}

/* Retention is the sinks' own: the members that clients look for say that none was asked for. */
static void put_log(struct arm_out *out, const struct site_diagnostic_log *log)
{
    att_jw_object(&out->w);
    put_none(out, log->group ? "category" : "categoryGroup");
    arm_put(out, log->group ? "categoryGroup" : "category", log->category);
    att_jw_key(&out->w, "enabled");
    att_jw_bool(&out->w, log->enabled);
    att_jw_key(&out->w, "retentionPolicy");
    att_jw_raw(&out->w, att_str("{\"enabled\":false,\"days\":0}"));
    att_jw_end_object(&out->w);
}

void arm_put_diagnostic(struct arm_out *out, const struct site_provider *p, const struct site_diagnostic *d)
{
    static const char *const others[] = { "storageAccountId", "serviceBusRuleId",
                                          "eventHubAuthorizationRuleId", "eventHubName",
                                          "marketplacePartnerId" };

    att_jw_object(&out->w);
    arm_putf(out, "id",
             "/subscriptions/%s/resourceGroups/%s/providers/" ARM_PROVIDER_TYPE
             "/%s/providers/Microsoft.Insights/diagnosticSettings/%s",
             p->subscription, p->group, p->name, d->name);
    arm_put(out, "name", d->name);
    arm_put(out, "type", "Microsoft.Insights/diagnosticSettings");
    put_system_data(out, &d->o);
    att_jw_key(&out->w, "properties");
    att_jw_object(&out->w);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        put_none(out, others[i]);
    arm_put(out, "workspaceId", d->workspace_id);
    if (d->destination_type[0])
        arm_put(out, "logAnalyticsDestinationType", d->destination_type);
    else
        put_none(out, "logAnalyticsDestinationType");
    att_jw_key(&out->w, "logs");
    att_jw_array(&out->w);
    for (size_t i = 0; i < d->log_count; i++)
        put_log(out, &d->logs[i]);
    att_jw_end_array(&out->w);
    att_jw_key(&out->w, "metrics");
    att_jw_array(&out->w);
    att_jw_end_array(&out->w);
    att_jw_end_object(&out->w);
    att_jw_end_object(&out->w);
}

void arm_put_group(struct arm_out *out, const struct site_group *g)
{
    att_jw_object(&out->w);
    arm_putf(out, "id", "/subscriptions/%s/resourceGroups/%s", g->subscription, g->name);
    arm_put(out, "name", g->name);
    arm_put(out, "type", "Microsoft.Resources/resourceGroups");
    arm_put(out, "location", g->location);
    arm_put_tags(out, g->tags);
    att_jw_key(&out->w, "properties");
    att_jw_object(&out->w);
    arm_put(out, "provisioningState", "Succeeded");
    att_jw_end_object(&out->w);
    att_jw_end_object(&out->w);
}
