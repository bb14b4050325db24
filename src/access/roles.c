#include "access/roles.h"

#include "access/text.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

#define NONE ((const char *const[]){ NULL })

/* The roles as Azure documents them, as far as they mean something here: notActions of resource providers that this
 * service does not have (blueprints, image galleries, ...) are left out. All are actions, none are data actions, also
 * where they gate the data plane. */
const struct access_role access_roles[] = {
    {
        .guid = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        .name = "Owner",
        .description = "Everything, giving roles to others included.",
        .actions = LIST("*"),
        .not_actions = NONE,
    },
    {
        .guid = "b24988ac-6180-42a0-ab88-20f7382dd24c",
        .name = "Contributor",
        .description = "Everything but giving roles to others.",
        .actions = LIST("*"),
        .not_actions = LIST("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
                            "Microsoft.Authorization/elevateAccess/Action"),
    },
    {
        .guid = "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        .name = "Reader",
        .description = "Sees everything, changes nothing.",
        .actions = LIST("*/read"),
        .not_actions = NONE,
    },
    {
        .guid = "bbf86eb8-f7b4-4cce-96e4-18cddf81d86e",
        .name = "Attestation Contributor",
        .description = "Reads, writes and deletes what an attestation provider holds.",
        .actions = LIST("Microsoft.Attestation/attestationProviders/attestation/read",
                        "Microsoft.Attestation/attestationProviders/attestation/write",
                        "Microsoft.Attestation/attestationProviders/attestation/delete"),
        .not_actions = NONE,
    },
    {
        .guid = "fd1bd22b-8476-40bc-a0bc-69b95687b9f3",
        .name = "Attestation Reader",
        .description = "Reads what an attestation provider holds.",
        .actions = LIST("Microsoft.Attestation/attestationProviders/attestation/read"),
        .not_actions = NONE,
    },
    { .guid = NULL },
};

/* What stands before the GUID in an id, for any scope. */
static const char definitions[] = "/providers/Microsoft.Authorization/roleDefinitions/";

enum { ACTION_BYTES_MAX = 256 };

const struct access_role *access_role_by_guid(struct att_span id)
{
    struct att_span before = { id.ptr, id.len > ACCESS_GUID_LEN ? id.len - ACCESS_GUID_LEN : 0 };
    size_t len = sizeof definitions - 1;

    if (id.len < ACCESS_GUID_LEN)
        return NULL;
    if (before.len > 0 &&
        (before.len < len ||
         !access_text_same(att_span_of(before.ptr + before.len - len, len), att_str(definitions))))
        return NULL;
    struct att_span guid = att_span_of(id.ptr + before.len, ACCESS_GUID_LEN);
    for (const struct access_role *role = access_roles; role->guid; role++) {
        if (access_text_same(guid, att_str(role->guid)))
            return role;
    }
    return NULL;
}

const struct access_role *access_role_by_name(const char *name)
{
    for (const struct access_role *role = access_roles; name && role->guid; role++) {
        if (access_text_same(att_str(name), att_str(role->name)))
            return role;
    }
    return NULL;
}

/* One place to come back to is enough: when a later `*` has been reached, an earlier one can be left as it is. So the
 * work is at most pattern times action, both short. */
bool access_action_matches(const char *pattern, const char *action)
{
    const char *star = NULL, *resume = NULL;

    if (!pattern || !action || action[0] == '\0' || strnlen(action, ACTION_BYTES_MAX + 1) > ACTION_BYTES_MAX)
        return false;
    while (*action != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = action;
        } else if (access_lower((uint8_t)*pattern) == access_lower((uint8_t)*action)) {
            pattern++;
            action++;
        } else if (star) {
            pattern = star + 1;
            action = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool any_matches(const char *const *patterns, const char *action)
{
    for (; patterns && *patterns; patterns++) {
        if (access_action_matches(*patterns, action))
            return true;
    }
    return false;
}

bool access_role_allows(const struct access_role *role, const char *action)
{
    /* An action with a wildcard in it is no action: asked literally, a notAction might fail to match it. */
    if (!role || !action || strchr(action, '*'))
        return false;
    return any_matches(role->actions, action) && !any_matches(role->not_actions, action);
}

/* "/a/b": segments that are neither empty nor "." nor "..". An id that is spelled in another way was not made by the
 * server, and what it means is anybody's guess. */
static bool proper_id(const char *id)
{
    if (!id || id[0] != '/')
        return false;
    while (*id == '/') {
        size_t len = strcspn(++id, "/");
        if (len == 0 || (len <= 2 && id[0] == '.' && id[len - 1] == '.'))
            return false;
        id += len;
    }
    return true;
}

bool access_scope_covers(const char *scope, const char *resource)
{
    if (!proper_id(scope) || !proper_id(resource))
        return false;
    size_t len = strlen(scope);
    return strncmp(scope, resource, len) == 0 && (resource[len] == '\0' || resource[len] == '/');
}
