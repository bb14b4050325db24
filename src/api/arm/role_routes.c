/* Microsoft.Authorization as far as it is here, and the audit trail. The permission is about the path, so an Owner of a
 * group may give roles in it and not above it. */
#include "api/arm/roles.h"

#define ROLES           "Microsoft.Authorization/roleDefinitions/"
#define GRANTS          "Microsoft.Authorization/roleAssignments/"
#define PRINCIPALS      "Microsoft.Authorization/principals/"
#define PRINCIPALS_PATH "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/principals"

enum { BODY_BYTES_MAX = 64 * 1024 };

#define READ(operation_, path_, action_, versions_, handle_)                                                 \
    {                                                                                                        \
        .operation = operation_, .method = "GET", .path = path_, .plane = API_CONTROL, .access = API_ACTION, \
        .action = action_, .versions = versions_, .handle = handle_                                          \
    }
#define CHANGE(operation_, method_, path_, action_, versions_, body_, handle_)                               \
    {                                                                                                        \
        .operation = operation_, .method = method_, .path = path_, .plane = API_CONTROL,                     \
        .access = API_ACTION, .action = action_, .lane = API_LANE_CHANGES, .change = true,                   \
        .versions = versions_, .body_bytes_max = body_, .handle = handle_                                    \
    }

const struct api_route api_arm_role_routes[] = {
    /* At the root: what is built in is nobody's secret. */
    { .operation = "role-definition.list",
      .method = "GET",
      .path = "/providers/Microsoft.Authorization/roleDefinitions",
      .plane = API_CONTROL,
      .access = API_ANY_CALLER,
      .versions = ROLE_VERSIONS_DEFINITIONS,
      .handle = role_definition_list },
    { .operation = "role-definition.get",
      .method = "GET",
      .path = "/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
      .plane = API_CONTROL,
      .access = API_ANY_CALLER,
      .versions = ROLE_VERSIONS_DEFINITIONS,
      .handle = role_definition_get },
    READ("role-definition.list", "/{scope*}/providers/Microsoft.Authorization/roleDefinitions", ROLES "read",
         ROLE_VERSIONS_DEFINITIONS, role_definition_list),
    READ("role-definition.get",
         "/{scope*}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}", ROLES "read",
         ROLE_VERSIONS_DEFINITIONS, role_definition_get),

    READ("role-assignment.list", "/{scope*}/providers/Microsoft.Authorization/roleAssignments", GRANTS "read",
         ROLE_VERSIONS_ASSIGNMENTS, role_assignment_list),
    READ("role-assignment.get",
         "/{scope*}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}", GRANTS "read",
         ROLE_VERSIONS_ASSIGNMENTS, role_assignment_get),
    CHANGE("role-assignment.put", "PUT",
           "/{scope*}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}", GRANTS "write",
           ROLE_VERSIONS_ASSIGNMENTS, BODY_BYTES_MAX, role_assignment_put),
    CHANGE("role-assignment.delete", "DELETE",
           "/{scope*}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
           GRANTS "delete", ROLE_VERSIONS_ASSIGNMENTS, 0, role_assignment_delete),

    READ("principal.list", PRINCIPALS_PATH, PRINCIPALS "read", ROLE_VERSIONS_OURS, principal_list),
    READ("principal.get", PRINCIPALS_PATH "/{clientId}", PRINCIPALS "read", ROLE_VERSIONS_OURS,
         principal_get),
    CHANGE("principal.put", "PUT", PRINCIPALS_PATH "/{clientId}", PRINCIPALS "write", ROLE_VERSIONS_OURS,
           BODY_BYTES_MAX, principal_put),
    CHANGE("principal.delete", "DELETE", PRINCIPALS_PATH "/{clientId}", PRINCIPALS "delete",
           ROLE_VERSIONS_OURS, 0, principal_delete),
    CHANGE("credential.add", "POST", PRINCIPALS_PATH "/{clientId}/credentials", PRINCIPALS "write",
           ROLE_VERSIONS_OURS, BODY_BYTES_MAX, principal_credential_add),
    CHANGE("credential.remove", "DELETE", PRINCIPALS_PATH "/{clientId}/credentials/{credentialId}",
           PRINCIPALS "write", ROLE_VERSIONS_OURS, 0, principal_credential_remove),

    /* Reads the store, which is the thread of changes' alone. */
    { .operation = "audit.list",
      .method = "GET",
      .path = "/{scope*}/providers/Microsoft.Attestation/auditRecords",
      .plane = API_CONTROL,
      .access = API_ACTION,
      .action = "Microsoft.Attestation/auditRecords/read",
      .lane = API_LANE_CHANGES,
      .versions = ROLE_VERSIONS_OURS,
      .handle = audit_list },
    { 0 },
};
