/* Resource providers ("namespaces") of a subscription: what types there are, in which api-versions, and registration. */
#include "api/arm/internal.h"
#include "api/arm/roles.h"

#include "base/auto.h"
#include "base/err.h"

#include <strings.h>

enum { TYPES_MAX = 6 };

/* What tools read before they speak to a resource. Only ours can be registered or not; the others always are. */
static const struct space {
    const char *name;
    struct {
        const char *type, *versions;
        bool located;
    } types[TYPES_MAX];
} spaces[] = {
    { ARM_NAMESPACE,
      { { "attestationProviders", ARM_VERSIONS_ATTESTATION, true },
        { "attestationProviders/privateEndpointConnections", ARM_VERSIONS_CONNECTIONS, true },
        { "defaultProviders", ARM_VERSIONS_ATTESTATION, false },
        { "locations", ARM_VERSIONS_ATTESTATION, false },
        { "locations/defaultProvider", ARM_VERSIONS_ATTESTATION, false },
        { "operations", ARM_VERSIONS_ATTESTATION, false } } },
    { "Microsoft.Authorization",
      { { "roleAssignments", ROLE_VERSIONS_ASSIGNMENTS, false },
        { "roleDefinitions", ROLE_VERSIONS_DEFINITIONS, false } } },
    { "Microsoft.Insights",
      { { "diagnosticSettings", ARM_VERSIONS_DIAGNOSTICS, false },
        { "diagnosticSettingsCategories", ARM_VERSIONS_DIAGNOSTICS, false } } },
    { "Microsoft.Resources",
      { { "resourceGroups", ARM_VERSIONS_RESOURCES, true },
        { "resources", ARM_VERSIONS_RESOURCES, false },
        { "subscriptions", ARM_VERSIONS_SUBSCRIPTIONS, false },
        { "subscriptions/locations", ARM_VERSIONS_SUBSCRIPTIONS, false },
        { "subscriptions/resourceGroups", ARM_VERSIONS_RESOURCES, true },
        { "tenants", ARM_VERSIONS_SUBSCRIPTIONS, false } } },
};
enum { SPACES = sizeof spaces / sizeof spaces[0] };

static void put_versions(struct arm_out *out, const char *versions)
{
    att_jw_key(&out->w, "apiVersions");
    att_jw_array(&out->w);
    while (*versions) {
        size_t len = strcspn(versions, " ");
        att_jw_string(&out->w, att_span_of(versions, len));
        versions += len + strspn(versions + len, " ");
    }
    att_jw_end_array(&out->w);
}

static void put_type(struct arm_out *out, const char *type, const char *versions, bool located)
{
    att_jw_object(&out->w);
    arm_put(out, "resourceType", type);
    att_jw_key(&out->w, "locations");
    att_jw_array(&out->w);
    if (located)
        att_jw_str(&out->w, service_location(out->call->service));
    att_jw_end_array(&out->w);
    put_versions(out, versions);
    arm_put(out, "capabilities", located ? "SupportsTags, SupportsLocation" : "None");
    att_jw_end_object(&out->w);
}

static void put_space(struct arm_out *out, const struct space *space, const struct site_subscription *s)
{
    bool registered = s->registered || space != &spaces[0];

    att_jw_object(&out->w);
    arm_putf(out, "id", "/subscriptions/%s/providers/%s", s->id, space->name);
    arm_put(out, "namespace", space->name);
    arm_put(out, "registrationState", registered ? "Registered" : "NotRegistered");
    arm_put(out, "registrationPolicy", space == &spaces[0] ? "RegistrationRequired" : "RegistrationFree");
    att_jw_key(&out->w, "resourceTypes");
    att_jw_array(&out->w);
    for (size_t i = 0; i < TYPES_MAX && space->types[i].type; i++)
        put_type(out, space->types[i].type, space->types[i].versions, space->types[i].located);
    att_jw_end_array(&out->w);
    att_jw_end_object(&out->w);
}

static bool find_subscription(struct api_call *call, const struct site_subscription **ret,
                              struct att_err *err)
{
    const char *key = NULL;

    if (!arm_subscription_key(call, &key, err))
        return false;
    *ret = site_get(call->site, SITE_SUBSCRIPTION, key);
    return *ret || att_fail(err, ATT_SUBSCRIPTION_NOT_FOUND, "subscription", "a subscription", "none");
}

bool arm_namespace_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    const struct site_subscription *s = NULL;

    if (!arm_out_begin(call, &out, err) || !find_subscription(call, &s, err))
        return false;
    arm_out_list(&out);
    for (size_t i = 0; i < SPACES; i++)
        put_space(&out, &spaces[i], s);
    site_unref(s);
    return arm_out_list_send(&out, err);
}

bool arm_namespace_get(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    const char *name = api_param(call, "resourceProviderNamespace");
    const struct site_subscription *s = NULL;
    struct att_shown shown;
    size_t i = 0;

    while (i < SPACES && strcasecmp(spaces[i].name, name) != 0)
        i++;
    if (i == SPACES)
        return att_fail(err, ATT_RESOURCE_NOT_FOUND, "resourceProviderNamespace",
                        ARM_NAMESPACE ", Microsoft.Authorization, Microsoft.Insights or Microsoft.Resources",
                        "\"%s\"", att_shown(&shown, att_str(name)));
    if (!arm_out_begin(call, &out, err) || !find_subscription(call, &s, err))
        return false;
    put_space(&out, &spaces[i], s);
    site_unref(s);
    return arm_out_send(&out, 200, err);
}

/* Done at once: the state that clients would wait for stands in the answer. */
static bool change_registration(struct api_call *call, bool registered, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    const char *key = NULL;

    if (!arm_out_begin(call, &out, err) || !arm_subscription_key(call, &key, err) ||
        !service_register(call->service, call->change, key, registered, call->changed_by, err))
        return false;
    put_space(&out, &spaces[0], site_change_get(call->change, SITE_SUBSCRIPTION, key));
    return arm_out_send(&out, 200, err);
}

bool arm_register(struct api_call *call, struct att_err *err)
{
    return change_registration(call, true, err);
}

bool arm_unregister(struct api_call *call, struct att_err *err)
{
    return change_registration(call, false, err);
}
