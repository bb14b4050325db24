/* Role assignments: seeing and deleting them. */
#include "api/arm/roles.h"

#include "access/roles.h"
#include "access/text.h"
#include "base/err.h"

#include <strings.h>

bool role_assignment_key(struct api_call *call, struct role_scope *ret_scope, const char **ret_key,
                         struct att_err *err)
{
    struct att_span name = att_str(api_param(call, "roleAssignmentName"));
    struct att_buf text = { 0 };
    struct att_shown shown;

    if (!role_scope_of(call->arena, api_param(call, "scope"), ret_scope, err))
        return false;
    if (!access_text_guid(name))
        return att_fail(err, ATT_PARAMETER_INVALID, "roleAssignmentName", "a GUID", "\"%s\"",
                        att_shown(&shown, name));
    att_buf_printf(&text, "%s/providers/microsoft.authorization/roleassignments/", ret_scope->key);
    att_buf_put(&text, name);
    char *key = text.failed ? NULL : att_arena_dup(call->arena, att_buf_span(&text));
    att_buf_free(&text);
    *ret_key = key ? api_lower(call->arena, key) : NULL;
    return *ret_key || att_fail_memory(err, "roleAssignmentName");
}

static void put_properties(struct arm_out *out, const struct role_scope *scope, const char *shown,
                           const struct site_assignment *a)
{
    att_jw_object(&out->w);
    arm_put(out, "condition", NULL);
    arm_put(out, "conditionVersion", NULL);
    arm_put(out, "createdBy", a->o.created_by);
    arm_put_time(out, "createdOn", a->o.created_unix_s);
    arm_put(out, "delegatedManagedIdentityResourceId", NULL);
    arm_put(out, "description", a->description[0] ? a->description : NULL);
    arm_put(out, "principalId", a->principal);
    arm_put(out, "principalType", a->principal_type);
    arm_putf(out, "roleDefinitionId", "%s/providers/Microsoft.Authorization/roleDefinitions/%s",
             scope->subscription_key, a->role);
    arm_put(out, "scope", shown);
    arm_put(out, "updatedBy", a->o.changed_by);
    arm_put_time(out, "updatedOn", a->o.changed_unix_s);
    att_jw_end_object(&out->w);
}

void role_assignment_put_json(struct arm_out *out, const struct site_assignment *a)
{
    struct att_err ignored = { 0 };
    struct role_scope scope = { 0 };
    const char *shown = NULL;

    att_arena_reset(out->scratch);
    if (role_scope_of(out->scratch, a->scope, &scope, &ignored))
        shown = role_scope_shown(out->call->site, out->scratch, &scope);
    if (!shown) { /* the site keeps no other scopes: memory is out */
        out->text.failed = true;
        return;
    }
    att_jw_object(&out->w);
    arm_putf(out, "id", "%s/providers/Microsoft.Authorization/roleAssignments/%s", shown, a->name);
    arm_put(out, "name", a->name);
    att_jw_key(&out->w, "properties");
    put_properties(out, &scope, shown, a);
    arm_put(out, "type", "Microsoft.Authorization/roleAssignments");
    att_jw_end_object(&out->w);
}

static bool answer(struct api_call *call, int status, const struct site_assignment *a, struct att_err *err)
{
    struct arm_out out;

    if (!arm_out_begin(call, &out, err))
        return false;
    role_assignment_put_json(&out, a);
    bool ok = arm_out_send(&out, status, err);
    arm_out_end(&out);
    return ok;
}

bool role_assignment_get(struct api_call *call, struct att_err *err)
{
    struct role_scope scope;
    const char *key = NULL;

    if (!role_assignment_key(call, &scope, &key, err) || !role_scope_check(call, &scope, err))
        return false;
    const struct site_assignment *a = site_get(call->site, SITE_ASSIGNMENT, key);
    if (!a)
        return att_fail(err, ATT_RESOURCE_NOT_FOUND, "roleAssignmentName", "an assignment at this scope",
                        "none");
    bool ok = answer(call, 200, a, err);
    site_unref(a);
    return ok;
}

/* -- the list --------------------------------------------------------------------------------------------- */

/* Groups are the caller's business: of other people's the service knows nothing. */
static bool assigned_to(const struct api_call *call, const struct site_assignment *a, const char *principal)
{
    if (strcasecmp(a->principal, principal) == 0)
        return true;
    if (!call->who.principal || strcasecmp(call->who.principal, principal) != 0)
        return false;
    for (size_t i = 0; i < call->who.group_count; i++) {
        if (strcmp(a->principal, call->who.groups[i]) == 0)
            return true;
    }
    return false;
}

/* Without a filter: all that has to do with the scope - at it, above it (what is inherited), below it. */
static bool takes(const struct api_call *call, const struct role_filter *filter, const char *scope,
                  const struct site_assignment *a)
{
    bool inherited = access_scope_covers(a->scope, scope);
    bool below = access_scope_covers(scope, a->scope);

    if (!inherited && (!below || filter->at_scope))
        return false;
    if (!below && filter->at_scope_and_below)
        return false;
    return (!filter->principal || strcasecmp(a->principal, filter->principal) == 0) &&
           (!filter->assigned_to || assigned_to(call, a, filter->assigned_to));
}

bool role_assignment_list(struct api_call *call, struct att_err *err)
{
    struct site_list list = { 0 };
    struct role_filter filter;
    struct role_scope scope;
    struct arm_out out;

    if (!role_filter_read(call, ROLE_FILTER_ASSIGNMENTS, &filter, err) ||
        !role_scope_of(call->arena, api_param(call, "scope"), &scope, err) ||
        !role_scope_check(call, &scope, err) ||
        !site_list(call->site, SITE_ASSIGNMENT, scope.subscription_key, &list, err))
        return false;
    bool ok = arm_out_begin(call, &out, err);
    if (ok) {
        arm_out_list(&out);
        for (size_t i = 0; i < list.count; i++) {
            if (takes(call, &filter, scope.key, list.objects[i]))
                role_assignment_put_json(&out, list.objects[i]);
        }
        ok = arm_out_list_send(&out, err);
        arm_out_end(&out);
    }
    site_list_free(&list);
    return ok;
}

/* -- deleting --------------------------------------------------------------------------------------------- */

bool role_owner_left(struct api_call *call, const char *subscription_key,
                     bool (*gone)(const void *ctx, const struct site_assignment *a), const void *ctx,
                     struct att_err *err)
{
    struct site_list list = { 0 };
    size_t left = 0, lost = 0;

    if (!site_list(call->site, SITE_ASSIGNMENT, subscription_key, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        const struct site_assignment *a = list.objects[i];
        if (strcmp(a->scope, subscription_key) != 0 || strcmp(a->role, ROLE_OWNER_GUID) != 0)
            continue;
        if (gone(ctx, a))
            lost++;
        else
            left++;
    }
    site_list_free(&list);
    if (lost > 0 && left == 0)
        return att_fail(err, ATT_LAST_OWNER, "scope", "another Owner of the subscription", "none");
    return true;
}

static bool is_this(const void *key, const struct site_assignment *a)
{
    return strcmp(a->o.key, key) == 0;
}

bool role_assignment_delete(struct api_call *call, struct att_err *err)
{
    struct role_scope scope;
    const char *key = NULL;

    if (!role_assignment_key(call, &scope, &key, err) || !role_scope_check(call, &scope, err))
        return false;
    const struct site_assignment *a = site_get(call->site, SITE_ASSIGNMENT, key);
    if (!a) {
        api_answer_empty(call, 204);
        return true;
    }
    bool ok = role_owner_left(call, scope.subscription_key, is_this, key, err) && answer(call, 200, a, err) &&
              site_delete(call->change, SITE_ASSIGNMENT, key, a->o.version, err);
    site_unref(a);
    return ok;
}
