/* Resource groups. */
#include "api/arm/internal.h"

#include "base/auto.h"
#include "base/err.h"

enum { LOCATION_BYTES_MAX = 64 };

static bool answer(struct api_call *call, int status, const struct site_group *g, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };

    if (!arm_out_begin(call, &out, err))
        return false;
    arm_put_group(&out, g);
    api_answer_etag(call, g->o.version);
    return arm_out_send(&out, status, err);
}

static bool read_body(struct api_call *call, struct service_group_in *in, struct att_err *err)
{
    struct att_json doc;

    in->subscription = api_param(call, "subscriptionId");
    in->name = api_param(call, "resourceGroupName");
    return api_body_json(call, &doc, err) &&
           arm_member_text(call, &doc, ATT_JSON_ROOT, "", "location", LOCATION_BYTES_MAX, &in->location,
                           err) &&
           arm_member_tags(call, &doc, &in->tags_given, &in->tags, err);
}

static uint64_t version_of(const struct site_group *g)
{
    return g ? g->o.version : 0;
}

bool arm_group_put(struct api_call *call, struct att_err *err)
{
    struct service_group_in in = { 0 };
    const struct site_group *g = NULL;
    const char *key = NULL;
    bool created = false;

    if (!read_body(call, &in, err) || !arm_group_key(call, &key, err))
        return false;
    if (!in.location)
        return att_fail(err, ATT_PARAMETER_MISSING, "location", "a location", "none");
    in.tags_given = true; /* PUT says all tags there are */
    return api_precondition(call, version_of(site_change_get(call->change, SITE_GROUP, key)), err) &&
           service_group_put(call->change, call->arena, &in, call->changed_by, &created, &g, err) &&
           answer(call, created ? 201 : 200, g, err);
}

bool arm_group_patch(struct api_call *call, struct att_err *err)
{
    struct service_group_in in = { 0 };
    const struct site_group *g = NULL;
    const char *key = NULL;
    bool created = false;

    if (!read_body(call, &in, err) || !arm_group_key(call, &key, err))
        return false;
    const struct site_group *old = site_change_get(call->change, SITE_GROUP, key);
    if (!old)
        return service_no_group(in.name, err);
    return api_precondition(call, version_of(old), err) &&
           service_group_put(call->change, call->arena, &in, call->changed_by, &created, &g, err) &&
           answer(call, 200, g, err);
}

/* A group that was not there is 404, as at ARM, whose clients take no 204 here; 200 ends what they poll otherwise. */
bool arm_group_delete(struct api_call *call, struct att_err *err)
{
    const char *key = NULL;

    if (!arm_group_key(call, &key, err) ||
        !api_precondition(call, version_of(site_change_get(call->change, SITE_GROUP, key)), err) ||
        !service_group_delete(call->service, call->change, key, err))
        return false;
    api_answer_empty(call, 200);
    return true;
}

static bool find(struct api_call *call, const struct site_group **ret, struct att_err *err)
{
    const char *key = NULL;

    if (!arm_group_key(call, &key, err))
        return false;
    *ret = site_get(call->site, SITE_GROUP, key);
    return *ret || service_no_group(api_param(call, "resourceGroupName"), err);
}

bool arm_group_get(struct api_call *call, struct att_err *err)
{
    const struct site_group *g = NULL;

    if (!find(call, &g, err))
        return false;
    bool ok = answer(call, 200, g, err);
    site_unref(g);
    return ok;
}

bool arm_group_head(struct api_call *call, struct att_err *err)
{
    const struct site_group *g = NULL;

    if (!find(call, &g, err))
        return false;
    site_unref(g);
    api_answer_empty(call, 204);
    return true;
}

bool arm_group_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    ATT_AUTO(site_list_free) struct site_list list = { 0 };
    struct arm_filter filter;
    const char *key = NULL;

    if (!arm_filter_read(call, &filter, err) || !arm_subscription_key(call, &key, err) ||
        !site_list(call->site, SITE_GROUP, key, &list, err) || !arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    for (size_t i = 0; i < list.count; i++) {
        const struct site_group *g = list.objects[i];
        const struct arm_filtered what = { .name = g->name,
                                           .type = "Microsoft.Resources/resourceGroups",
                                           .group = g->name,
                                           .location = g->location,
                                           .tags = g->tags };
        att_arena_reset(out.scratch);
        if (arm_filter_takes(&filter, out.scratch, &what))
            arm_put_group(&out, g);
    }
    return arm_out_list_send(&out, err);
}
