/* access/roles.h - what a role allows: the documented role definitions, their actions and wildcards, and scopes.
 *
 * An action ("Microsoft.Attestation/attestationProviders/write") is allowed by a role when one of the role's actions
 * matches it and none of its notActions does; `*` matches any characters, `/` among them, case is ignored. An assignment
 * gives a role to a principal or group at a scope and below it. Deny is the starting value; there are no deny assignments.
 *
 *     const struct access_role *role = access_role_by_guid(att_str(assignment->role_id));
 *     bool allowed = role && access_scope_covers(assignment->scope, resource) && access_role_allows(role, action);
 *
 * Pure functions, no state. NULL is nobody, nothing and nowhere: the answer is no.
 */
#ifndef ACCESS_ROLES_H
#define ACCESS_ROLES_H

#include <attest/error.h>

struct access_role {
    const char *guid; /* lower case */
    const char *name; /* "Attestation Reader" */
    const char *description;
    const char *const *actions; /* NULL-terminated */
    const char *const *not_actions;
};
extern const struct access_role access_roles[]; /* ends with an empty row */

/* By GUID, in any case, or by a role definition id "[SCOPE]/providers/Microsoft.Authorization/roleDefinitions/GUID"; NULL
 * when unknown. */
const struct access_role *access_role_by_guid(struct att_span guid_or_id);
const struct access_role *access_role_by_name(const char *name); /* in any case */
/* An empty action, and one of more than 256 bytes, matches nothing. */
bool access_action_matches(const char *pattern, const char *action);
bool access_role_allows(const struct access_role *role, const char *action);
/* Is `resource` the scope itself or below it? Both are lower-case ids ("/subscriptions/x/resourcegroups/y"); "/x/y" is
 * not below "/x/yy". Only "/a/b" is an id: an empty text, "/", an empty or dotted segment, a slash at the end are neither
 * scope nor resource. */
bool access_scope_covers(const char *scope, const char *resource);

#endif
