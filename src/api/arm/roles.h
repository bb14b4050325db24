/* api/arm/roles.h - what the handlers of role_routes.c share: role definitions, role assignments, principals, audit. */
#ifndef API_ARM_ROLES_H
#define API_ARM_ROLES_H

#include "api/arm/arm.h"
#include "api/arm/internal.h"

/* What @azure/arm-authorization 9 and az 2.45 send, and what later ones do. */
#define ROLE_VERSIONS_ASSIGNMENTS "2022-04-01 2020-10-01-preview 2020-04-01-preview"
#define ROLE_VERSIONS_DEFINITIONS "2022-04-01 2022-05-01-preview 2018-01-01-preview"
/* Ours alone. */
#define ROLE_VERSIONS_OURS "2026-01-01"

#define ROLE_OWNER_GUID "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

/* -- scopes: role_scope.c ----------------------------------------------------------------------------------- */

enum role_scope_kind { ROLE_AT_SUBSCRIPTION, ROLE_AT_GROUP, ROLE_AT_PROVIDER };
struct role_scope {
    enum role_scope_kind kind;
    const char *key;              /* lower-case id */
    const char *subscription_key; /* "/subscriptions/ID" */
};
/* A subscription, resource group or attestation provider, by its form alone. PARAMETER_INVALID. */
ATT_CHECK bool role_scope_of(struct att_arena *arena, const char *text, struct role_scope *ret,
                             struct att_err *err);
/* It is there: SUBSCRIPTION_NOT_FOUND, GROUP_NOT_FOUND, RESOURCE_NOT_FOUND. */
ATT_CHECK bool role_scope_check(struct api_call *call, const struct role_scope *scope, struct att_err *err);
/* The id as people write it, with the names that groups and providers were given; NULL when memory is out. */
const char *role_scope_shown(struct site *site, struct att_arena *arena, const struct role_scope *scope);

/* -- $filter: role_filter.c --------------------------------------------------------------------------------- */

enum { ROLE_FILTER_DEFINITIONS = 1, ROLE_FILTER_ASSIGNMENTS = 2 };
struct role_filter {
    bool at_scope;           /* atScope(): not what lies below */
    bool at_scope_and_below; /* atScopeAndBelow(): not what lies above */
    const char *principal;   /* principalId eq 'X' */
    const char *assigned_to; /* assignedTo('X') */
    const char *role_name;   /* roleName eq 'X' */
    const char *type;        /* type eq 'X' */
};
/* Of the request's query; PARAMETER_INVALID names the terms that are known to this list. */
ATT_CHECK bool role_filter_read(struct api_call *call, unsigned list, struct role_filter *ret,
                                struct att_err *err);

/* -- assignments -------------------------------------------------------------------------------------------- */

/* "SCOPE/providers/microsoft.authorization/roleassignments/NAME" of the path; the name must be a GUID. */
ATT_CHECK bool role_assignment_key(struct api_call *call, struct role_scope *ret_scope, const char **ret_key,
                                   struct att_err *err);
void role_assignment_put_json(struct arm_out *out, const struct site_assignment *a);
/* LAST_OWNER when without these assignments nobody would be Owner of the whole subscription any more. `gone` says of an
 * assignment whether it is to be deleted. */
ATT_CHECK bool role_owner_left(struct api_call *call, const char *subscription_key,
                               bool (*gone)(const void *ctx, const struct site_assignment *a),
                               const void *ctx, struct att_err *err);

/* -- principals --------------------------------------------------------------------------------------------- */

/* The principal that the path names, among those whose home is the path's subscription: RESOURCE_NOT_FOUND. A reference. */
ATT_CHECK bool principal_find(struct api_call *call, const struct site_principal **ret, struct att_err *err);
ATT_CHECK bool principal_key(struct api_call *call, const char **ret, struct att_err *err);
ATT_CHECK bool principal_answer(struct api_call *call, int status, const struct site_principal *p,
                                struct att_err *err);
/* Members of one credential; never its hash. */
void principal_credential_members(struct arm_out *out, const struct site_credential *c);
/* A random GUID (version 4) in the arena. */
ATT_CHECK bool principal_guid_new(struct att_arena *arena, const char **ret, struct att_err *err);

/* -- handlers ----------------------------------------------------------------------------------------------- */

bool role_definition_list(struct api_call *call, struct att_err *err);
bool role_definition_get(struct api_call *call, struct att_err *err);
bool role_assignment_list(struct api_call *call, struct att_err *err);
bool role_assignment_get(struct api_call *call, struct att_err *err);
bool role_assignment_put(struct api_call *call, struct att_err *err);
bool role_assignment_delete(struct api_call *call, struct att_err *err);
bool principal_list(struct api_call *call, struct att_err *err);
bool principal_get(struct api_call *call, struct att_err *err);
bool principal_put(struct api_call *call, struct att_err *err);
bool principal_delete(struct api_call *call, struct att_err *err);
bool principal_credential_add(struct api_call *call, struct att_err *err);
bool principal_credential_remove(struct api_call *call, struct att_err *err);
bool audit_list(struct api_call *call, struct att_err *err);

#endif
