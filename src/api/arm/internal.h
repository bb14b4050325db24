/* api/arm/internal.h - what the handlers of arm_routes.c share. */
#ifndef API_ARM_INTERNAL_H
#define API_ARM_INTERNAL_H

#include "api/arm/arm.h"
#include "base/buf.h"
#include "codec/json.h"
#include "service/arm.h"

#define ARM_NAMESPACE     "Microsoft.Attestation"
#define ARM_PROVIDER_TYPE "Microsoft.Attestation/attestationProviders"

/* Known api-versions of each kind of resource, the newest first; namespace.c shows the same lists to clients. */
#define ARM_VERSIONS_ATTESTATION "2021-06-01 2021-06-01-preview 2020-10-01 2018-09-01-preview"
#define ARM_VERSIONS_CONNECTIONS "2021-06-01 2021-06-01-preview 2020-10-01"
#define ARM_VERSIONS_LINKS       "2021-06-01 2021-06-01-preview"
#define ARM_VERSIONS_DIAGNOSTICS "2021-05-01-preview 2017-05-01-preview"
#define ARM_VERSIONS_RESOURCES                                                                               \
    "2025-04-01 2025-03-01 2024-11-01 2024-07-01 2024-03-01 2023-07-01 2022-09-01 2021-04-01 2021-01-01 "    \
    "2020-10-01 2020-08-01 2020-06-01 2019-10-01 2019-08-01 2019-07-01 2019-05-10 2019-05-01 2019-03-01 "    \
    "2018-05-01 2018-02-01 2017-05-10"
#define ARM_VERSIONS_SUBSCRIPTIONS                                                                           \
    "2025-04-01 2024-11-01 2022-12-01 2022-09-01 2021-10-01 2021-04-01 2021-01-01 2020-10-01 2020-08-01 "    \
    "2020-06-01 2020-01-01 2019-11-01"

/* -- keys of what the path names; in the arena -------------------------------------------------------------- */

ATT_CHECK bool arm_subscription_key(struct api_call *call, const char **ret, struct att_err *err);
ATT_CHECK bool arm_group_key(struct api_call *call, const char **ret, struct att_err *err);
ATT_CHECK bool arm_provider_key(struct api_call *call, const char **ret, struct att_err *err);
ATT_CHECK bool arm_connection_key(struct api_call *call, const char **ret, struct att_err *err);
ATT_CHECK bool arm_diagnostic_key(struct api_call *call, const char **ret, struct att_err *err);
/* A reference, or the refusal that ARM gives: the group is looked for first. */
ATT_CHECK bool arm_find_provider(struct api_call *call, const struct site_provider **ret,
                                 struct att_err *err);

/* -- reading bodies: null is absent --------------------------------------------------------------------------- */

/* The member, ATT_JSON_NONE when it is absent; JSON_TYPE when it is of another type. */
ATT_CHECK bool arm_member(const struct att_json *doc, att_json_id obj, const char *where, const char *name,
                          enum att_json_type type, att_json_id *ret, struct att_err *err);
/* A string without control characters, of 1 to bytes_max bytes (or none at all: *ret NULL). */
ATT_CHECK bool arm_member_text(struct api_call *call, const struct att_json *doc, att_json_id obj,
                               const char *where, const char *name, size_t bytes_max, const char **ret,
                               struct att_err *err);
/* "Enabled" or "Disabled", exactly. */
ATT_CHECK bool arm_member_switch(struct api_call *call, const struct att_json *doc, att_json_id obj,
                                 const char *where, const char *name, enum service_switch *ret,
                                 struct att_err *err);
/* The member `tags`: at most 50, names of 1 to 512 and values of up to 256 bytes. Sorted, or empty when there is none.
 * *ret_given false: the member is absent. */
ATT_CHECK bool arm_member_tags(struct api_call *call, const struct att_json *doc, bool *ret_given,
                               struct att_span *ret, struct att_err *err);

/* -- $filter: FIELD eq 'VALUE' and FIELD eq 'VALUE' ... --------------------------------------------------------- */

enum arm_field {
    ARM_FIELD_NAME,
    ARM_FIELD_TYPE,
    ARM_FIELD_GROUP,
    ARM_FIELD_LOCATION,
    ARM_FIELD_TAG_NAME,
    ARM_FIELD_TAG_VALUE,
    ARM_FIELDS
};
struct arm_filter {
    const char *wanted[ARM_FIELDS]; /* NULL: anything */
};
/* Of the request; PARAMETER_INVALID says which fields may be asked for. */
ATT_CHECK bool arm_filter_read(struct api_call *call, struct arm_filter *ret, struct att_err *err);
struct arm_filtered {
    const char *name, *type, *group, *location;
    struct att_span tags;
};
/* `scratch` is used for the call alone and may be reset afterwards. */
bool arm_filter_takes(const struct arm_filter *filter, struct att_arena *scratch,
                      const struct arm_filtered *what);

/* -- writing answers ------------------------------------------------------------------------------------------ */

/* An answer in the making. `scratch` holds what is needed for one resource. */
struct arm_out {
    struct api_call *call;
    struct att_buf text;
    struct att_json_writer w;
    struct att_arena *scratch;
};
ATT_CHECK bool arm_out_begin(struct api_call *call, struct arm_out *ret, struct att_err *err);
void arm_out_end(struct arm_out *out); /* frees what has not been sent */
ATT_CHECK bool arm_out_send(struct arm_out *out, int status, struct att_err *err);
/* {"value":[ and ]} */
void arm_out_list(struct arm_out *out);
ATT_CHECK bool arm_out_list_send(struct arm_out *out, struct att_err *err);

void arm_put(struct arm_out *out, const char *name, const char *value);
__attribute__((format(printf, 3, 4))) void arm_putf(struct arm_out *out, const char *name, const char *format,
                                                    ...);
void arm_put_tags(struct arm_out *out, struct att_span tags); /* null when there are none */
void arm_put_time(struct arm_out *out, const char *name, int64_t unix_s);

/* The connections that may belong to providers that are written, in order of their keys. */
ATT_CHECK bool arm_put_provider(struct arm_out *out, const struct site_provider *p,
                                const struct site_list *connections, struct att_err *err);
/* The default provider as everybody sees it: without its group, tags and makers (A25). */
ATT_CHECK bool arm_put_shared_provider(struct arm_out *out, const struct site_provider *p,
                                       struct att_err *err);
void arm_put_connection(struct arm_out *out, const struct site_provider *p, const struct site_connection *c);
void arm_put_diagnostic(struct arm_out *out, const struct site_provider *p, const struct site_diagnostic *d);
void arm_put_group(struct arm_out *out, const struct site_group *g);
/* The first of a sorted list whose key lies below `key`, and how many follow it. */
void arm_below(const struct site_list *list, const char *key, size_t *ret_first, size_t *ret_count);

/* -- handlers ------------------------------------------------------------------------------------------------- */

bool arm_operations(struct api_call *call, struct att_err *err);
bool arm_provider_put(struct api_call *call, struct att_err *err);
bool arm_provider_get(struct api_call *call, struct att_err *err);
bool arm_provider_head(struct api_call *call, struct att_err *err);
bool arm_provider_patch(struct api_call *call, struct att_err *err);
bool arm_provider_delete(struct api_call *call, struct att_err *err);
bool arm_provider_list(struct api_call *call, struct att_err *err);
bool arm_provider_list_group(struct api_call *call, struct att_err *err);
bool arm_default_list(struct api_call *call, struct att_err *err);
bool arm_default_get(struct api_call *call, struct att_err *err);
bool arm_connection_list(struct api_call *call, struct att_err *err);
bool arm_connection_get(struct api_call *call, struct att_err *err);
bool arm_connection_put(struct api_call *call, struct att_err *err);
bool arm_connection_delete(struct api_call *call, struct att_err *err);
bool arm_link_list(struct api_call *call, struct att_err *err);
bool arm_diagnostic_list(struct api_call *call, struct att_err *err);
bool arm_diagnostic_get(struct api_call *call, struct att_err *err);
bool arm_diagnostic_put(struct api_call *call, struct att_err *err);
bool arm_diagnostic_delete(struct api_call *call, struct att_err *err);
bool arm_diagnostic_category_list(struct api_call *call, struct att_err *err);
bool arm_diagnostic_category_get(struct api_call *call, struct att_err *err);
bool arm_subscription_list(struct api_call *call, struct att_err *err);
bool arm_subscription_get(struct api_call *call, struct att_err *err);
bool arm_location_list(struct api_call *call, struct att_err *err);
bool arm_tenant_list(struct api_call *call, struct att_err *err);
bool arm_group_put(struct api_call *call, struct att_err *err);
bool arm_group_get(struct api_call *call, struct att_err *err);
bool arm_group_head(struct api_call *call, struct att_err *err);
bool arm_group_patch(struct api_call *call, struct att_err *err);
bool arm_group_delete(struct api_call *call, struct att_err *err);
bool arm_group_list(struct api_call *call, struct att_err *err);
bool arm_namespace_list(struct api_call *call, struct att_err *err);
bool arm_namespace_get(struct api_call *call, struct att_err *err);
bool arm_register(struct api_call *call, struct att_err *err);
bool arm_unregister(struct api_call *call, struct att_err *err);
bool arm_resource_list(struct api_call *call, struct att_err *err);
bool arm_resource_list_group(struct api_call *call, struct att_err *err);

#endif
