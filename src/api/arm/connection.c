/* Private endpoint connections of a provider, and the one private link resource that it has. */
#include "api/arm/internal.h"

#include "base/auto.h"
#include "base/err.h"

enum { DESCRIPTION_BYTES_MAX = 1024, ENDPOINT_ID_BYTES_MAX = 1024 };

bool arm_connection_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    ATT_AUTO(site_list_free) struct site_list list = { 0 };
    const struct site_provider *p = NULL;

    if (!arm_find_provider(call, &p, err))
        return false;
    bool ok = site_list(call->site, SITE_CONNECTION, p->o.key, &list, err) && arm_out_begin(call, &out, err);
    if (ok) {
        arm_out_list(&out);
        for (size_t i = 0; i < list.count; i++)
            arm_put_connection(&out, p, list.objects[i]);
        ok = arm_out_list_send(&out, err);
    }
    site_unref(p);
    return ok;
}

static bool answer(struct api_call *call, const struct site_provider *p, const struct site_connection *c,
                   struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };

    if (!arm_out_begin(call, &out, err))
        return false;
    arm_put_connection(&out, p, c);
    api_answer_etag(call, c->o.version);
    return arm_out_send(&out, 200, err);
}

static bool no_connection(const struct api_call *call, struct att_err *err)
{
    struct att_shown shown;

    return att_fail(err, ATT_RESOURCE_NOT_FOUND, "privateEndpointConnection", "a connection of this provider",
                    "\"%s\"", att_shown(&shown, att_str(api_param(call, "privateEndpointConnectionName"))));
}

bool arm_connection_get(struct api_call *call, struct att_err *err)
{
    const struct site_provider *p = NULL;
    const char *key = NULL;

    if (!arm_connection_key(call, &key, err) || !arm_find_provider(call, &p, err))
        return false;
    const struct site_connection *c = site_get(call->site, SITE_CONNECTION, key);
    bool ok = c ? answer(call, p, c, err) : no_connection(call, err);
    site_unref(c);
    site_unref(p);
    return ok;
}

static const char *known_status(const char *text)
{
    static const char *const known[] = { "Pending", "Approved", "Rejected" };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(text, known[i]) == 0)
            return known[i];
    }
    return NULL;
}

static bool read_state(struct api_call *call, const struct att_json *doc, att_json_id state,
                       struct service_connection_in *in, struct att_err *err)
{
    static const char where[] = "properties.privateLinkServiceConnectionState";
    const char *status = NULL;
    struct att_shown shown;

    if (state == ATT_JSON_NONE)
        return att_fail(err, ATT_PARAMETER_MISSING, where, "an object", "none");
    if (!arm_member_text(call, doc, state, where, "status", 16, &status, err) ||
        !arm_member_text(call, doc, state, where, "description", DESCRIPTION_BYTES_MAX, &in->description,
                         err))
        return false;
    in->status = known_status(status ? status : "Pending"); /* nobody has approved what does not say so */
    return in->status ||
           att_fail(err, ATT_PARAMETER_INVALID, "properties.privateLinkServiceConnectionState.status",
                    "Pending, Approved or Rejected", "\"%s\"",
                    att_shown(&shown, att_str(status ? status : "")));
}

static bool read_put(struct api_call *call, struct service_connection_in *in, struct att_err *err)
{
    struct att_json doc;
    att_json_id properties = ATT_JSON_NONE, state = ATT_JSON_NONE, endpoint = ATT_JSON_NONE;

    return api_body_json(call, &doc, err) &&
           arm_member(&doc, ATT_JSON_ROOT, "", "properties", ATT_JSON_OBJECT, &properties, err) &&
           arm_member(&doc, properties, "properties", "privateLinkServiceConnectionState", ATT_JSON_OBJECT,
                      &state, err) &&
           arm_member(&doc, properties, "properties", "privateEndpoint", ATT_JSON_OBJECT, &endpoint, err) &&
           arm_member_text(call, &doc, endpoint, "properties.privateEndpoint", "id", ENDPOINT_ID_BYTES_MAX,
                           &in->endpoint_id, err) &&
           read_state(call, &doc, state, in, err);
}

bool arm_connection_put(struct api_call *call, struct att_err *err)
{
    struct service_connection_in in = { .name = api_param(call, "privateEndpointConnectionName") };
    const struct site_connection *c = NULL;
    const char *key = NULL;

    if (!read_put(call, &in, err) || !arm_provider_key(call, &in.provider_key, err) ||
        !arm_connection_key(call, &key, err))
        return false;
    const struct site_provider *p = site_change_get(call->change, SITE_PROVIDER, in.provider_key);
    if (!p)
        return service_no_provider(api_param(call, "providerName"), api_param(call, "resourceGroupName"),
                                   err);
    const struct site_connection *old = site_change_get(call->change, SITE_CONNECTION, key);
    return api_precondition(call, old ? old->o.version : 0, err) &&
           service_connection_put(call->service, call->change, call->arena, &in, call->changed_by, &c, err) &&
           answer(call, p, c, err);
}

bool arm_connection_delete(struct api_call *call, struct att_err *err)
{
    const char *key = NULL;
    bool deleted = false;

    if (!arm_connection_key(call, &key, err))
        return false;
    const struct site_connection *old = site_change_get(call->change, SITE_CONNECTION, key);
    if (!api_precondition(call, old ? old->o.version : 0, err) ||
        !service_connection_delete(call->change, key, &deleted, err))
        return false;
    api_answer_empty(call, deleted ? 200 : 204);
    return true;
}

bool arm_link_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    const struct site_provider *p = NULL;

    if (!arm_out_begin(call, &out, err) || !arm_find_provider(call, &p, err))
        return false;
    arm_out_list(&out);
    att_jw_object(&out.w);
    arm_putf(&out, "id",
             "/subscriptions/%s/resourceGroups/%s/providers/" ARM_PROVIDER_TYPE
             "/%s/privateLinkResources/tenant",
             p->subscription, p->group, p->name);
    site_unref(p);
    arm_put(&out, "name", "tenant");
    arm_put(&out, "type", ARM_PROVIDER_TYPE "/privateLinkResources");
    att_jw_key(&out.w, "properties");
    att_jw_raw(&out.w, att_str("{\"groupId\":\"standard\",\"requiredMembers\":[\"default\"],"
                               "\"requiredZoneNames\":[\"privatelink.attest.azure.net\"]}"));
    att_jw_end_object(&out.w);
    return arm_out_list_send(&out, err);
}
