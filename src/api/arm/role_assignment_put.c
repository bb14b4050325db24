/* Giving a role to somebody. */
#include "api/arm/roles.h"

#include "access/roles.h"
#include "access/text.h"
#include "base/err.h"

#include <strings.h>

enum { ID_BYTES_MAX = 1024, PRINCIPAL_BYTES_MAX = 256, DESCRIPTION_BYTES_MAX = 1024 };

static const char where[] = "properties";

struct wanted {
    const struct access_role *role;
    const char *principal, *principal_type, *description;
    bool type_given;
};

static bool text(struct api_call *call, const struct att_json *doc, att_json_id properties, const char *name,
                 size_t max, const char **ret, struct att_err *err)
{
    return arm_member_text(call, doc, properties, where, name, max, ret, err);
}

/* What we would not hold to must not be taken: a condition narrows what is given. */
static bool refuse_unknown(const struct att_json *doc, att_json_id properties, struct att_err *err)
{
    static const char *const names[] = { "condition", "conditionVersion",
                                         "delegatedManagedIdentityResourceId" };
    static const char *const places[] = { "properties.condition", "properties.conditionVersion",
                                          "properties.delegatedManagedIdentityResourceId" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        att_json_id id = att_json_get(doc, properties, names[i]);
        if (id != ATT_JSON_NONE && att_json_type(doc, id) != ATT_JSON_NULL)
            return att_fail(err, ATT_PARAMETER_INVALID, places[i], "none: it would not be evaluated", "one");
    }
    return true;
}

static bool role_read(struct api_call *call, const struct att_json *doc, att_json_id properties,
                      const struct access_role **ret, struct att_err *err)
{
    const char *id = NULL;
    struct att_shown shown;

    if (!text(call, doc, properties, "roleDefinitionId", ID_BYTES_MAX, &id, err))
        return false;
    if (!id)
        return att_fail(err, ATT_PARAMETER_MISSING, "properties.roleDefinitionId", "the id of a role",
                        "none");
    *ret = access_role_by_guid(att_str(id));
    return *ret || att_fail(err, ATT_ROLE_UNKNOWN, "properties.roleDefinitionId", "the id of a built-in role",
                            "\"%s\"", att_shown(&shown, att_str(id)));
}

/* Of the built-in authority we know it; for others ARM's word is User. */
static const char *type_of(struct api_call *call, const char *principal)
{
    const struct site_principal *p = site_principal_by_client(call->site, principal);
    bool ours = p && strcmp(p->o.tenant, call->who.tenant) == 0;

    site_unref(p);
    return ours ? "ServicePrincipal" : "User";
}

static bool type_read(struct api_call *call, const struct att_json *doc, att_json_id properties,
                      struct wanted *wanted, struct att_err *err)
{
    static const char *const known[] = { "User", "Group", "ServicePrincipal" };
    const char *type = NULL;
    struct att_shown shown;

    if (!text(call, doc, properties, "principalType", 64, &type, err))
        return false;
    wanted->type_given = type != NULL;
    if (!type) {
        wanted->principal_type = type_of(call, wanted->principal);
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcasecmp(type, known[i]) == 0) {
            wanted->principal_type = known[i];
            return true;
        }
    }
    return att_fail(err, ATT_PARAMETER_INVALID, "properties.principalType", "User, Group or ServicePrincipal",
                    "\"%s\"", att_shown(&shown, att_str(type)));
}

static bool principal_read(struct api_call *call, const struct att_json *doc, att_json_id properties,
                           struct wanted *wanted, struct att_err *err)
{
    const char *id = NULL;

    if (!text(call, doc, properties, "principalId", PRINCIPAL_BYTES_MAX, &id, err))
        return false;
    if (!id)
        return att_fail(err, ATT_PARAMETER_MISSING, "properties.principalId", "the object id of a principal",
                        "none");
    wanted->principal = access_text_id(call->arena, att_str(id)); /* as bearer tokens are read */
    return (wanted->principal || att_fail_memory(err, where)) &&
           type_read(call, doc, properties, wanted, err);
}

/* The body may repeat the scope; another one than the path's would have been meant for elsewhere. */
static bool scope_agrees(struct api_call *call, const struct att_json *doc, att_json_id properties,
                         const struct role_scope *scope, struct att_err *err)
{
    const char *repeated = NULL;
    struct att_shown shown;

    if (!text(call, doc, properties, "scope", ID_BYTES_MAX, &repeated, err))
        return false;
    size_t len = repeated ? strlen(repeated) : 0;
    if (len > 0 && repeated[len - 1] == '/')
        len--;
    if (repeated && (len != strlen(scope->key) || strncasecmp(repeated, scope->key, len) != 0))
        return att_fail(err, ATT_PARAMETER_INVALID, "properties.scope", "the scope of the path", "\"%s\"",
                        att_shown(&shown, att_str(repeated)));
    return true;
}

static bool body_read(struct api_call *call, const struct role_scope *scope, struct wanted *ret,
                      struct att_err *err)
{
    att_json_id properties = ATT_JSON_NONE;
    struct att_json doc;

    if (!api_body_json(call, &doc, err) ||
        !arm_member(&doc, ATT_JSON_ROOT, "", where, ATT_JSON_OBJECT, &properties, err))
        return false;
    if (properties == ATT_JSON_NONE)
        return att_fail(err, ATT_PARAMETER_MISSING, where, "roleDefinitionId and principalId",
                        "no properties");
    if (!refuse_unknown(&doc, properties, err) || !role_read(call, &doc, properties, &ret->role, err) ||
        !principal_read(call, &doc, properties, ret, err) ||
        !scope_agrees(call, &doc, properties, scope, err) ||
        !text(call, &doc, properties, "description", DESCRIPTION_BYTES_MAX, &ret->description, err))
        return false;
    if (!ret->description)
        ret->description = "";
    return true;
}

/* Who has what where stays as it is under a name (so that the trail of a name is the trail of one grant); only the
 * description may change. */
static bool same_grant(const struct site_assignment *old, const struct wanted *wanted, struct att_err *err)
{
    if (strcmp(old->role, wanted->role->guid) != 0)
        return att_fail(err, ATT_ROLE_ASSIGNMENT_CHANGED, "properties.roleDefinitionId", old->role, "%s",
                        wanted->role->guid);
    if (strcmp(old->principal, wanted->principal) != 0 ||
        (wanted->type_given && strcmp(old->principal_type, wanted->principal_type) != 0))
        return att_fail(err, ATT_ROLE_ASSIGNMENT_CHANGED, "properties.principalId", "the same principal",
                        "another");
    return true;
}

static bool write_it(struct api_call *call, const struct role_scope *scope, const char *key,
                     const struct wanted *wanted, const struct site_assignment *old, struct att_err *err)
{
    struct site_assignment fresh = {
        .o = { .kind = SITE_ASSIGNMENT, .tenant = call->who.tenant, .key = key },
        .name = old ? old->name : strrchr(key, '/') + 1,
        .scope = scope->key,
        .role = wanted->role->guid,
        .principal = wanted->principal,
        .principal_type = old ? old->principal_type : wanted->principal_type,
        .description = wanted->description,
    };
    struct arm_out out;

    if (!(old && strcmp(old->description, wanted->description) == 0) &&
        !site_put(call->change, &fresh, old ? old->o.version : 0, call->changed_by, err))
        return false;
    const struct site_assignment *now = site_change_get(call->change, SITE_ASSIGNMENT, key);
    if (!now)
        return att_fail(err, ATT_INTERNAL, "role.assignment", "what was put", "nothing");
    if (!arm_out_begin(call, &out, err))
        return false;
    role_assignment_put_json(&out, now);
    bool ok = arm_out_send(&out, old ? 200 : 201, err);
    arm_out_end(&out);
    return ok;
}

bool role_assignment_put(struct api_call *call, struct att_err *err)
{
    struct wanted wanted = { 0 };
    struct role_scope scope;
    const char *key = NULL;

    if (!role_assignment_key(call, &scope, &key, err) || !role_scope_check(call, &scope, err) ||
        !body_read(call, &scope, &wanted, err))
        return false;
    const struct site_assignment *old = site_get(call->site, SITE_ASSIGNMENT, key);
    bool ok = (!old || same_grant(old, &wanted, err)) && write_it(call, &scope, key, &wanted, old, err);
    site_unref(old);
    return ok;
}
