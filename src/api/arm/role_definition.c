/* The role definitions: built in, the same everywhere. */
#include "api/arm/roles.h"

#include "access/roles.h"
#include "access/text.h"
#include "base/err.h"

#include <strings.h>

static void put_texts(struct arm_out *out, const char *name, const char *const *texts)
{
    att_jw_key(&out->w, name);
    att_jw_array(&out->w);
    for (; texts && *texts; texts++)
        att_jw_str(&out->w, *texts);
    att_jw_end_array(&out->w);
}

/* `at` is "" or "/subscriptions/ID": ids of roles name the subscription and nothing below it. */
static void put_role(struct arm_out *out, const char *at, const struct access_role *role)
{
    static const char *const everywhere[] = { "/", NULL };

    att_jw_object(&out->w);
    arm_putf(out, "id", "%s/providers/Microsoft.Authorization/roleDefinitions/%s", at, role->guid);
    arm_put(out, "name", role->guid);
    att_jw_key(&out->w, "properties");
    att_jw_object(&out->w);
    put_texts(out, "assignableScopes", everywhere);
    arm_put(out, "description", role->description);
    att_jw_key(&out->w, "permissions");
    att_jw_array(&out->w);
    att_jw_object(&out->w);
    put_texts(out, "actions", role->actions);
    put_texts(out, "dataActions", NULL);
    put_texts(out, "notActions", role->not_actions);
    put_texts(out, "notDataActions", NULL);
    att_jw_end_object(&out->w);
    att_jw_end_array(&out->w);
    arm_put(out, "roleName", role->name);
    arm_put(out, "type", "BuiltInRole");
    att_jw_end_object(&out->w);
    arm_put(out, "type", "Microsoft.Authorization/roleDefinitions");
    att_jw_end_object(&out->w);
}

/* At the root there is no {scope} in the path. */
static bool place_of(struct api_call *call, const char **ret, struct att_err *err)
{
    const char *text = api_param(call, "scope");
    struct role_scope scope;

    *ret = "";
    if (text[0] == '\0')
        return true;
    if (!role_scope_of(call->arena, text, &scope, err) || !role_scope_check(call, &scope, err))
        return false;
    *ret = scope.subscription_key;
    return true;
}

static bool takes(const struct role_filter *filter, const struct access_role *role)
{
    return (!filter->role_name || strcasecmp(filter->role_name, role->name) == 0) &&
           (!filter->type || strcasecmp(filter->type, "BuiltInRole") == 0);
}

bool role_definition_list(struct api_call *call, struct att_err *err)
{
    struct role_filter filter;
    struct arm_out out;
    const char *at = NULL;

    if (!role_filter_read(call, ROLE_FILTER_DEFINITIONS, &filter, err) || !place_of(call, &at, err) ||
        !arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    for (const struct access_role *role = access_roles; role->guid; role++) {
        if (takes(&filter, role))
            put_role(&out, at, role);
    }
    bool ok = arm_out_list_send(&out, err);
    arm_out_end(&out);
    return ok;
}

bool role_definition_get(struct api_call *call, struct att_err *err)
{
    struct att_span guid = att_str(api_param(call, "roleDefinitionId"));
    const struct access_role *role = access_text_guid(guid) ? access_role_by_guid(guid) : NULL;
    struct att_shown shown;
    struct arm_out out;
    const char *at = NULL;

    if (!place_of(call, &at, err))
        return false;
    if (!role)
        return att_fail(err, ATT_ROLE_UNKNOWN, "roleDefinitionId", "the GUID of a built-in role", "\"%s\"",
                        att_shown(&shown, guid));
    if (!arm_out_begin(call, &out, err))
        return false;
    put_role(&out, at, role);
    bool ok = arm_out_send(&out, 200, err);
    arm_out_end(&out);
    return ok;
}
