/* One attestation provider: PUT, GET, HEAD, PATCH, DELETE. */
#include "api/arm/internal.h"

#include "base/auto.h"
#include "base/err.h"

enum { LOCATION_BYTES_MAX = 64 };

/* The object `properties`, ATT_JSON_NONE when it is absent; what both PUT and PATCH take of it. */
static bool read_properties(struct api_call *call, const struct att_json *doc, struct service_provider_in *in,
                            att_json_id *ret_properties, struct att_err *err)
{
    static const char where[] = "properties";
    att_json_id id = ATT_JSON_NONE;

    if (!arm_member(doc, ATT_JSON_ROOT, "", where, ATT_JSON_OBJECT, &id, err))
        return false;
    *ret_properties = id;
    return arm_member_switch(call, doc, id, where, "publicNetworkAccess", &in->public_network, err) &&
           arm_member_switch(call, doc, id, where, "tpmAttestationAuthentication", &in->tpm_authentication,
                             err);
}

static struct service_provider_in named_by(const struct api_call *call)
{
    return (struct service_provider_in){
        .subscription = api_param(call, "subscriptionId"),
        .group = api_param(call, "resourceGroupName"),
        .name = api_param(call, "providerName"),
    };
}

static bool read_put(struct api_call *call, struct service_provider_in *in, struct att_err *err)
{
    struct att_json doc;
    att_json_id properties = ATT_JSON_NONE, signers = ATT_JSON_NONE;
    bool tags_named = false;

    if (!api_body_json(call, &doc, err) ||
        !arm_member_text(call, &doc, ATT_JSON_ROOT, "", "location", LOCATION_BYTES_MAX, &in->location, err) ||
        !arm_member_tags(call, &doc, &tags_named, &in->tags, err) ||
        !read_properties(call, &doc, in, &properties, err))
        return false;
    if (!in->location)
        return att_fail(err, ATT_PARAMETER_MISSING, "location", "a location", "none");
    if (properties == ATT_JSON_NONE)
        return att_fail(err, ATT_PARAMETER_MISSING, "properties", "an object, which may be empty", "none");
    if (!arm_member(&doc, properties, "properties", "policySigningCertificates", ATT_JSON_OBJECT, &signers,
                    err))
        return false;
    in->tags_given = true; /* PUT says all tags there are: none named, none left */
    in->signers_given = signers != ATT_JSON_NONE;
    in->signers = att_json_source(&doc, signers);
    return true;
}

static bool read_patch(struct api_call *call, struct service_provider_in *in, struct att_err *err)
{
    struct att_json doc;
    att_json_id ignored = ATT_JSON_NONE;

    return api_body_json(call, &doc, err) && arm_member_tags(call, &doc, &in->tags_given, &in->tags, err) &&
           read_properties(call, &doc, in, &ignored, err);
}

static bool answer(struct api_call *call, int status, const struct site_provider *p, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    ATT_AUTO(site_list_free) struct site_list connections = { 0 };

    if (!arm_out_begin(call, &out, err) ||
        !site_list(call->site, SITE_CONNECTION, p->o.key, &connections, err) ||
        !arm_put_provider(&out, p, &connections, err))
        return false;
    api_answer_etag(call, p->o.version);
    return arm_out_send(&out, status, err);
}

/* Where the new provider answers; clients of the original get it with the 201. */
static bool answer_location(struct api_call *call, const struct site_provider *p, struct att_err *err)
{
    const char *uri = NULL;

    if (!service_attest_uri(call->service, call->arena, p->name, p->location, &uri, err))
        return false;
    size_t len = strlen(uri);
    char *text = att_arena_alloc(call->arena, len + 2, 1);
    if (!text)
        return att_fail_memory(err, "Location");
    memcpy(text, uri, len);
    text[len] = '/';
    api_answer_header(call, "Location", att_span_of(text, len + 1));
    return true;
}

static uint64_t version_of(const struct site_provider *p)
{
    return p ? p->o.version : 0;
}

bool arm_provider_put(struct api_call *call, struct att_err *err)
{
    struct service_provider_in in = named_by(call);
    const struct site_provider *p = NULL;
    const char *key = NULL;
    bool created = false;

    if (!read_put(call, &in, err) || !arm_provider_key(call, &key, err) ||
        !api_precondition(call, version_of(site_change_get(call->change, SITE_PROVIDER, key)), err) ||
        !service_provider_put(call->service, call->change, call->arena, &in, call->changed_by, &created, &p,
                              err))
        return false;
    return (!created || answer_location(call, p, err)) && answer(call, created ? 201 : 200, p, err);
}

bool arm_provider_patch(struct api_call *call, struct att_err *err)
{
    struct service_provider_in in = named_by(call);
    const struct site_provider *p = NULL;
    const char *key = NULL;
    bool created = false;

    if (!read_patch(call, &in, err) || !arm_provider_key(call, &key, err))
        return false;
    const struct site_provider *old = site_change_get(call->change, SITE_PROVIDER, key);
    if (!old)
        return service_no_provider(in.name, in.group, err);
    return api_precondition(call, version_of(old), err) &&
           service_provider_put(call->service, call->change, call->arena, &in, call->changed_by, &created, &p,
                                err) &&
           answer(call, 200, p, err);
}

bool arm_provider_delete(struct api_call *call, struct att_err *err)
{
    const char *key = NULL;
    bool deleted = false;

    if (!arm_provider_key(call, &key, err) ||
        !api_precondition(call, version_of(site_change_get(call->change, SITE_PROVIDER, key)), err) ||
        !service_provider_delete(call->service, call->change, key, &deleted, err))
        return false;
    api_answer_empty(call, deleted ? 200 : 204);
    return true;
}

bool arm_provider_get(struct api_call *call, struct att_err *err)
{
    const struct site_provider *p = NULL;

    if (!arm_find_provider(call, &p, err))
        return false;
    bool ok = answer(call, 200, p, err);
    site_unref(p);
    return ok;
}

/* "Is it there?": 204 is what the clients of Azure Resource Manager take for yes. */
bool arm_provider_head(struct api_call *call, struct att_err *err)
{
    const struct site_provider *p = NULL;

    if (!arm_find_provider(call, &p, err))
        return false;
    api_answer_etag(call, p->o.version);
    site_unref(p);
    api_answer_empty(call, 204);
    return true;
}
