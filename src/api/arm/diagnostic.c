/* Diagnostic settings of a provider (Microsoft.Insights): which of its records go to which sink of the configuration. The one
 * destination is a workspaceId that names a sink; whatever else a setting could ask for is refused, not forgotten. */
#include "api/arm/internal.h"

#include "base/auto.h"
#include "base/err.h"

#include <strings.h>

enum { ID_BYTES_MAX = 1024, CATEGORY_BYTES_MAX = 64 };

/* -- reading ------------------------------------------------------------------------------------------------ */

static bool answer(struct api_call *call, const struct site_provider *p, const struct site_diagnostic *d,
                   struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };

    if (!arm_out_begin(call, &out, err))
        return false;
    arm_put_diagnostic(&out, p, d);
    api_answer_etag(call, d->o.version);
    return arm_out_send(&out, 200, err);
}

bool arm_diagnostic_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    ATT_AUTO(site_list_free) struct site_list list = { 0 };
    const struct site_provider *p = NULL;

    if (!arm_find_provider(call, &p, err))
        return false;
    bool ok = site_list(call->site, SITE_DIAGNOSTIC, p->o.key, &list, err) && arm_out_begin(call, &out, err);
    if (ok) {
        arm_out_list(&out);
        for (size_t i = 0; i < list.count; i++)
            arm_put_diagnostic(&out, p, list.objects[i]);
        ok = arm_out_list_send(&out, err);
    }
    site_unref(p);
    return ok;
}

static bool no_setting(const struct api_call *call, struct att_err *err)
{
    struct att_shown shown;

    return att_fail(err, ATT_RESOURCE_NOT_FOUND, "diagnosticSetting", "a diagnostic setting of this provider",
                    "\"%s\"", att_shown(&shown, att_str(api_param(call, "diagnosticSettingName"))));
}

bool arm_diagnostic_get(struct api_call *call, struct att_err *err)
{
    const struct site_provider *p = NULL;
    const char *key = NULL;

    if (!arm_diagnostic_key(call, &key, err) || !arm_find_provider(call, &p, err))
        return false;
    const struct site_diagnostic *d = site_get(call->site, SITE_DIAGNOSTIC, key);
    bool ok = d ? answer(call, p, d, err) : no_setting(call, err);
    site_unref(d);
    site_unref(p);
    return ok;
}

/* -- a setting as it is sent -------------------------------------------------------------------------------- */

/* Absent and null are false. */
static bool flag(const struct att_json *doc, att_json_id obj, const char *where, const char *name, bool *ret,
                 struct att_err *err)
{
    att_json_id id = ATT_JSON_NONE;

    if (!arm_member(doc, obj, where, name, ATT_JSON_BOOL, &id, err))
        return false;
    *ret = id != ATT_JSON_NONE && att_span_is(att_json_source(doc, id), "true");
    return true;
}

/* How long records are kept is the sink's: who asks for more than that here would not get it. */
static bool retention_none(const struct att_json *doc, att_json_id line, struct att_err *err)
{
    static const char where[] = "properties.logs.retentionPolicy";
    att_json_id policy = ATT_JSON_NONE;
    bool enabled = false;

    if (!arm_member(doc, line, "properties.logs", "retentionPolicy", ATT_JSON_OBJECT, &policy, err))
        return false;
    if (policy == ATT_JSON_NONE)
        return true;
    return flag(doc, policy, where, "enabled", &enabled, err) &&
           (!enabled || att_fail(err, ATT_DIAGNOSTIC_INVALID, where,
                                 "enabled: false; sinks of the configuration have their own", "true"));
}

static bool read_log(struct api_call *call, const struct att_json *doc, att_json_id line,
                     struct site_diagnostic_log *ret, struct att_err *err)
{
    static const char where[] = "properties.logs";
    const char *category = NULL, *group = NULL;

    if (att_json_type(doc, line) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_JSON_TYPE, where, "objects", "another JSON value");
    if (!arm_member_text(call, doc, line, where, "category", CATEGORY_BYTES_MAX, &category, err) ||
        !arm_member_text(call, doc, line, where, "categoryGroup", CATEGORY_BYTES_MAX, &group, err) ||
        !flag(doc, line, where, "enabled", &ret->enabled, err) || !retention_none(doc, line, err))
        return false;
    if (!category == !group)
        return att_fail(err, ATT_DIAGNOSTIC_INVALID, where, "category or categoryGroup in each line", "%s",
                        category ? "both" : "neither");
    ret->group = group != NULL;
    ret->category = group ? group : category;
    return true;
}

static bool read_logs(struct api_call *call, const struct att_json *doc, att_json_id properties,
                      struct service_diagnostic_in *in, struct att_err *err)
{
    att_json_id logs = ATT_JSON_NONE;
    size_t count = 0;

    if (!arm_member(doc, properties, "properties", "logs", ATT_JSON_ARRAY, &logs, err))
        return false;
    for (att_json_id id = logs == ATT_JSON_NONE ? logs : att_json_first(doc, logs); id != ATT_JSON_NONE;
         id = att_json_next(doc, id))
        count++;
    if (count == 0)
        return true;
    if (count > SITE_DIAGNOSTIC_LOGS_MAX)
        return att_fail(err, ATT_DIAGNOSTIC_INVALID, "properties.logs", "at most 16 lines", "%zu", count);
    struct site_diagnostic_log *lines = att_arena_alloc(call->arena, count, sizeof *lines);
    if (!lines)
        return att_fail_memory(err, "properties.logs");
    att_json_id id = att_json_first(doc, logs);
    for (size_t i = 0; i < count; i++, id = att_json_next(doc, id))
        if (!read_log(call, doc, id, &lines[i], err))
            return false;
    in->logs = lines;
    in->log_count = count;
    return true;
}

/* A provider has no metrics here that could be sent anywhere; clients list them as disabled. */
static bool no_metrics(const struct att_json *doc, att_json_id properties, struct att_err *err)
{
    static const char where[] = "properties.metrics";
    att_json_id metrics = ATT_JSON_NONE;

    if (!arm_member(doc, properties, "properties", "metrics", ATT_JSON_ARRAY, &metrics, err))
        return false;
    if (metrics == ATT_JSON_NONE)
        return true;
    for (att_json_id id = att_json_first(doc, metrics); id != ATT_JSON_NONE; id = att_json_next(doc, id)) {
        bool enabled = false;
        if (att_json_type(doc, id) != ATT_JSON_OBJECT)
            return att_fail(err, ATT_JSON_TYPE, where, "objects", "another JSON value");
        if (!flag(doc, id, where, "enabled", &enabled, err))
            return false;
        if (enabled)
            return att_fail(err, ATT_DIAGNOSTIC_INVALID, where,
                            "none that is enabled: a provider has logs alone", "an enabled one");
    }
    return true;
}

static bool no_other_destination(const struct att_json *doc, att_json_id properties, struct att_err *err)
{
    static const char *const others[] = { "storageAccountId", "serviceBusRuleId",
                                          "eventHubAuthorizationRuleId", "eventHubName",
                                          "marketplacePartnerId" };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        att_json_id id = ATT_JSON_NONE;
        if (!arm_member(doc, properties, "properties", others[i], ATT_JSON_STRING, &id, err))
            return false;
        if (id != ATT_JSON_NONE)
            return att_fail(err, ATT_DIAGNOSTIC_INVALID, "properties",
                            "workspaceId with an id that ends in /attestdSinks/NAME", "%s", others[i]);
    }
    return true;
}

static bool read_destination(struct api_call *call, const struct att_json *doc, att_json_id properties,
                             struct service_diagnostic_in *in, struct att_err *err)
{
    const char *type = NULL;
    struct att_shown shown;

    if (!no_other_destination(doc, properties, err) ||
        !arm_member_text(call, doc, properties, "properties", "workspaceId", ID_BYTES_MAX, &in->workspace_id,
                         err) ||
        !arm_member_text(call, doc, properties, "properties", "logAnalyticsDestinationType",
                         CATEGORY_BYTES_MAX, &type, err))
        return false;
    if (!in->workspace_id)
        return att_fail(err, ATT_DIAGNOSTIC_INVALID, "properties.workspaceId",
                        "an id that ends in /attestdSinks/NAME, NAME a sink of the server's configuration",
                        "none");
    if (type && strcmp(type, "Dedicated") != 0 && strcmp(type, "AzureDiagnostics") != 0)
        return att_fail(err, ATT_DIAGNOSTIC_INVALID, "properties.logAnalyticsDestinationType",
                        "Dedicated, AzureDiagnostics or nothing", "\"%s\"", att_shown(&shown, att_str(type)));
    in->destination_type = type;
    return true;
}

static bool read_put(struct api_call *call, struct service_diagnostic_in *in, struct att_err *err)
{
    struct att_json doc;
    att_json_id properties = ATT_JSON_NONE;

    if (!api_body_json(call, &doc, err) ||
        !arm_member(&doc, ATT_JSON_ROOT, "", "properties", ATT_JSON_OBJECT, &properties, err))
        return false;
    if (properties == ATT_JSON_NONE)
        return att_fail(err, ATT_PARAMETER_MISSING, "properties", "an object", "none");
    return read_destination(call, &doc, properties, in, err) && read_logs(call, &doc, properties, in, err) &&
           no_metrics(&doc, properties, err);
}

bool arm_diagnostic_put(struct api_call *call, struct att_err *err)
{
    struct service_diagnostic_in in = { .name = api_param(call, "diagnosticSettingName") };
    const struct site_diagnostic *d = NULL;
    const char *key = NULL;

    if (!read_put(call, &in, err) || !arm_provider_key(call, &in.provider_key, err) ||
        !arm_diagnostic_key(call, &key, err))
        return false;
    if (!site_change_get(call->change, SITE_PROVIDER, in.provider_key))
        return service_no_provider(api_param(call, "providerName"), api_param(call, "resourceGroupName"),
                                   err);
    const struct site_diagnostic *old = site_change_get(call->change, SITE_DIAGNOSTIC, key);
    if (!api_precondition(call, old ? old->o.version : 0, err) ||
        !service_diagnostic_put(call->service, call->change, call->arena, &in, call->changed_by, &d, err))
        return false;
    /* Putting a part of it makes the provider another object: the one from before has gone. 200 also for a new setting: the
     * clients know no other success. */
    return answer(call, site_change_get(call->change, SITE_PROVIDER, in.provider_key), d, err);
}

bool arm_diagnostic_delete(struct api_call *call, struct att_err *err)
{
    const char *key = NULL;
    bool deleted = false;

    if (!arm_diagnostic_key(call, &key, err))
        return false;
    const struct site_diagnostic *old = site_change_get(call->change, SITE_DIAGNOSTIC, key);
    if (!api_precondition(call, old ? old->o.version : 0, err) ||
        !service_diagnostic_delete(call->change, key, &deleted, err))
        return false;
    api_answer_empty(call, deleted ? 200 : 204);
    return true;
}

/* -- categories --------------------------------------------------------------------------------------------- */

static void put_category(struct arm_out *out, const struct site_provider *p, enum service_log log)
{
    att_jw_object(&out->w);
    arm_putf(out, "id",
             "/subscriptions/%s/resourceGroups/%s/providers/" ARM_PROVIDER_TYPE
             "/%s/providers/Microsoft.Insights/diagnosticSettingsCategories/%s",
             p->subscription, p->group, p->name, service_log_name(log));
    arm_put(out, "name", service_log_name(log));
    arm_put(out, "type", "Microsoft.Insights/diagnosticSettingsCategories");
    att_jw_key(&out->w, "properties");
    att_jw_object(&out->w);
    arm_put(out, "categoryType", "Logs");
    att_jw_key(&out->w, "categoryGroups");
    att_jw_array(&out->w);
    if (service_log_in_audit_group(log))
        att_jw_str(&out->w, "audit");
    att_jw_str(&out->w, "allLogs");
    att_jw_end_array(&out->w);
    att_jw_end_object(&out->w);
    att_jw_end_object(&out->w);
}

bool arm_diagnostic_category_list(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    const struct site_provider *p = NULL;

    if (!arm_out_begin(call, &out, err) || !arm_find_provider(call, &p, err))
        return false;
    arm_out_list(&out);
    for (unsigned i = 0; i < SERVICE_LOGS; i++)
        put_category(&out, p, (enum service_log)i);
    site_unref(p);
    return arm_out_list_send(&out, err);
}

bool arm_diagnostic_category_get(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arm_out_end) struct arm_out out = { 0 };
    const char *name = api_param(call, "categoryName");
    const struct site_provider *p = NULL;
    struct att_shown shown;
    unsigned i = 0;

    while (i < SERVICE_LOGS && strcasecmp(service_log_name((enum service_log)i), name) != 0)
        i++;
    if (i == SERVICE_LOGS)
        return att_fail(err, ATT_RESOURCE_NOT_FOUND, "categoryName",
                        "AuditEvent, Operational or NotProcessed", "\"%s\"",
                        att_shown(&shown, att_str(name)));
    if (!arm_out_begin(call, &out, err) || !arm_find_provider(call, &p, err))
        return false;
    put_category(&out, p, (enum service_log)i);
    site_unref(p);
    return arm_out_send(&out, 200, err);
}
