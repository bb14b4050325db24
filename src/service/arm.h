/* service/arm.h - the rules behind the control plane's resources: what may be made, changed and deleted, and what goes
 * with it. No HTTP and no JSON of requests: src/api/arm decodes and encodes.
 *
 * Everything that changes runs inside a change of the site, on its thread. A function that refuses may have put or
 * deleted part of it: the caller abandons the change, which takes all of it back.
 *
 *     if (!service_provider_put(service, change, arena, &in, changed_by, &created, &provider, &err))
 *         return false;                                      the pipeline abandons
 *     answer(created ? 201 : 200, provider);                 as the change leaves it; the pipeline commits
 *
 * Ownership: inputs are borrowed for the call; objects returned are borrowed from the change.
 * Errors: those of site/site.h, and the codes at each function.
 */
#ifndef SERVICE_ARM_H
#define SERVICE_ARM_H

#include "service/service.h"

enum { SERVICE_CONNECTIONS_MAX = 100 }; /* of one provider */

/* -- keys ------------------------------------------------------------------------------------------------- */

/* Ids in lower case, in the arena. OUT_OF_MEMORY. Names in any case; whether they are good names is not asked. */
ATT_CHECK bool service_key_subscription(struct att_arena *arena, const char *subscription, const char **ret,
                                        struct att_err *err);
ATT_CHECK bool service_key_group(struct att_arena *arena, const char *subscription, const char *group,
                                 const char **ret, struct att_err *err);
ATT_CHECK bool service_key_provider(struct att_arena *arena, const char *subscription, const char *group,
                                    const char *name, const char **ret, struct att_err *err);
ATT_CHECK bool service_key_connection(struct att_arena *arena, const char *provider_key, const char *name,
                                      const char **ret, struct att_err *err);
ATT_CHECK bool service_key_diagnostic(struct att_arena *arena, const char *provider_key, const char *name,
                                      const char **ret, struct att_err *err);

/* -- names ------------------------------------------------------------------------------------------------ */

/* A provider's name is a label of its host name: 3 to 24 letters, digits and hyphens, none at either end, not "xn--...",
 * and none of those that belong to the installation ("default", "www", ...). NAME_INVALID. */
ATT_CHECK bool service_provider_name_check(const char *name, struct att_err *err);
/* 1 to 90 letters, digits, '-', '_', '.', '(' and ')', no dot at the end. NAME_INVALID. */
ATT_CHECK bool service_group_name_check(const char *name, struct att_err *err);
/* 1 to 80 letters, digits, '-', '_' and '.', a letter or digit first, no '-' or '.' at the end. NAME_INVALID. */
ATT_CHECK bool service_connection_name_check(const char *name, struct att_err *err);

/* -- subscriptions ---------------------------------------------------------------------------------------- */

/* Registers the subscription for Microsoft.Attestation, or takes that back. Nothing happens when it is so already.
 * RESOURCE_IN_USE: it still has providers. SUBSCRIPTION_NOT_FOUND. */
ATT_CHECK bool service_register(struct service *s, struct site_change *change, const char *subscription_key,
                                bool registered, const char *changed_by, struct att_err *err);

/* -- resource groups -------------------------------------------------------------------------------------- */

struct service_group_in {
    const char *subscription; /* id */
    const char *name;
    const char *location; /* NULL: not said */
    bool tags_given;      /* false: as they are */
    struct att_span tags; /* JSON object, or empty for none */
};
/* Makes the group, or changes its tags. Another location than before: IMMUTABLE_PROPERTY. A new one needs a location:
 * PARAMETER_MISSING. SUBSCRIPTION_NOT_FOUND, NAME_INVALID. */
ATT_CHECK bool service_group_put(struct site_change *change, struct att_arena *arena,
                                 const struct service_group_in *in, const char *changed_by, bool *ret_created,
                                 const struct site_group **ret, struct att_err *err);
/* With all that is in it: providers, their policies and connections, assignments at it and below. GROUP_NOT_FOUND;
 * RESOURCE_IN_USE: the default provider is in it. */
ATT_CHECK bool service_group_delete(struct service *s, struct site_change *change, const char *key,
                                    struct att_err *err);

/* -- providers -------------------------------------------------------------------------------------------- */

enum service_switch { SERVICE_AS_IT_IS, SERVICE_ENABLED, SERVICE_DISABLED };

struct service_provider_in {
    const char *subscription; /* id */
    const char *group;        /* name */
    const char *name;
    const char *location;               /* NULL: not said */
    bool tags_given;                    /* false: as they are */
    struct att_span tags;               /* JSON object, or empty for none */
    bool signers_given;                 /* false: as they are; none for a new one */
    struct att_span signers;            /* a JWK set as sent */
    enum service_switch public_network; /* AS_IT_IS of a new one: enabled */
    enum service_switch tpm_authentication;
};
/* Makes the provider, or changes tags and switches of the one that is there. A new one: SUBSCRIPTION_NOT_REGISTERED,
 * GROUP_NOT_FOUND, NAME_INVALID, NAME_TAKEN, PARAMETER_MISSING (location), the errors of attest/signers.h. An old one:
 * IMMUTABLE_PROPERTY for another location or other signers, so its trust model stays what it is. */
ATT_CHECK bool service_provider_put(struct service *s, struct site_change *change, struct att_arena *arena,
                                    const struct service_provider_in *in, const char *changed_by,
                                    bool *ret_created, const struct site_provider **ret, struct att_err *err);
/* With its policies, connections and the assignments below it. *ret_deleted false: there was none.
 * RESOURCE_IN_USE: the default provider. */
ATT_CHECK bool service_provider_delete(struct service *s, struct site_change *change, const char *key,
                                       bool *ret_deleted, struct att_err *err);
/* Are these two the same place, however it is written? */
bool service_same_location(struct att_arena *arena, const char *a, const char *b);

/* -- private endpoint connections ------------------------------------------------------------------------- */

struct service_connection_in {
    const char *provider_key;
    const char *name;
    const char *endpoint_id; /* NULL: as it is; "" of a new one */
    const char *status;      /* Pending, Approved, Rejected */
    const char *description; /* NULL: as it is */
};
/* RESOURCE_NOT_FOUND: no such provider. QUOTA_EXCEEDED, NAME_INVALID. */
ATT_CHECK bool service_connection_put(struct service *s, struct site_change *change, struct att_arena *arena,
                                      const struct service_connection_in *in, const char *changed_by,
                                      const struct site_connection **ret, struct att_err *err);
ATT_CHECK bool service_connection_delete(struct site_change *change, const char *key, bool *ret_deleted,
                                         struct att_err *err);

/* -- diagnostic settings: which records of a provider go to which sink of the configuration ------------------ */

enum { SERVICE_DIAGNOSTICS_MAX = 5 }; /* of one provider */

/* The name of a category ("AuditEvent"), as clients know it. */
const char *service_log_name(enum service_log log);
bool service_log_in_audit_group(enum service_log log); /* "allLogs" has them all */

struct service_diagnostic_in {
    const char *provider_key;
    const char *name;
    const char *workspace_id;     /* a path that ends in "/attestdSinks/NAME" */
    const char *destination_type; /* NULL: not said */
    const struct site_diagnostic_log *logs;
    size_t log_count;
};
/* Makes the setting or replaces it. RESOURCE_NOT_FOUND: no such provider. SINK_UNKNOWN, DIAGNOSTIC_INVALID, NAME_INVALID,
 * QUOTA_EXCEEDED. */
ATT_CHECK bool service_diagnostic_put(struct service *s, struct site_change *change, struct att_arena *arena,
                                      const struct service_diagnostic_in *in, const char *changed_by,
                                      const struct site_diagnostic **ret, struct att_err *err);
ATT_CHECK bool service_diagnostic_delete(struct site_change *change, const char *key, bool *ret_deleted,
                                         struct att_err *err);

/* -- what several of these say ---------------------------------------------------------------------------- */

/* ARM's sentences. Both return false. */
bool service_no_group(const char *name, struct att_err *err);
bool service_no_provider(const char *name, const char *group, struct att_err *err);

#endif
