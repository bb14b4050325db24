/* Private endpoint connections. Nothing here opens a network: a connection is what somebody has approved or not. */
#include "service/arm.h"

#include "base/err.h"

static bool room_for_one(struct service *s, const char *provider_key, struct att_err *err)
{
    struct site_list list = { 0 };

    if (!site_list(service_site(s), SITE_CONNECTION, provider_key, &list, err))
        return false;
    size_t count = list.count;
    site_list_free(&list);
    return count < SERVICE_CONNECTIONS_MAX || att_fail(err, ATT_QUOTA_EXCEEDED, "privateEndpointConnections",
                                                       "at most 100 of one provider", "%zu already", count);
}

bool service_connection_put(struct service *s, struct site_change *change, struct att_arena *arena,
                            const struct service_connection_in *in, const char *changed_by,
                            const struct site_connection **ret, struct att_err *err)
{
    const struct site_provider *p = site_change_get(change, SITE_PROVIDER, in->provider_key);
    const char *key = NULL;

    if (!p)
        return att_fail(err, ATT_RESOURCE_NOT_FOUND, "attestationProvider", "an attestation provider",
                        "none");
    if (!service_key_connection(arena, in->provider_key, in->name, &key, err))
        return false;
    const struct site_connection *old = site_change_get(change, SITE_CONNECTION, key);
    if (!old && (!service_connection_name_check(in->name, err) || !room_for_one(s, in->provider_key, err)))
        return false;
    struct site_connection c = {
        .o = { .kind = SITE_CONNECTION, .tenant = p->o.tenant, .key = key },
        .name = in->name,
        .endpoint_id = "",
        .description = "",
    };
    if (old)
        c = *old;
    c.status = in->status;
    if (in->endpoint_id)
        c.endpoint_id = in->endpoint_id;
    if (in->description)
        c.description = in->description;
    if (!site_put(change, &c, old ? old->o.version : 0, changed_by, err))
        return false;
    *ret = site_change_get(change, SITE_CONNECTION, key);
    return true;
}

bool service_connection_delete(struct site_change *change, const char *key, bool *ret_deleted,
                               struct att_err *err)
{
    const struct site_connection *c = site_change_get(change, SITE_CONNECTION, key);

    if (c && !site_delete(change, SITE_CONNECTION, key, c->o.version, err))
        return false;
    *ret_deleted = c != NULL;
    return true;
}
