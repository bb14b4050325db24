/* Diagnostic settings. Whoever may write a provider's settings chooses among the sinks that the server's configuration
 * names; a file, a socket or an address is never taken from a request. */
#include "service/arm_internal.h"

#include "base/err.h"

#include <stdio.h>
#include <strings.h>

static const struct log_row {
    const char *name;
    bool audit;
} logs[SERVICE_LOGS] = {
    [SERVICE_LOG_OPERATIONAL] = { "Operational", false },
    [SERVICE_LOG_AUDIT] = { "AuditEvent", true },
    [SERVICE_LOG_NOT_PROCESSED] = { "NotProcessed", false },
};

const char *service_log_name(enum service_log log)
{
    return logs[log].name;
}

bool service_log_in_audit_group(enum service_log log)
{
    return logs[log].audit;
}

/* Which kinds a line of a setting is about, as bits; 0: of none that is known. */
static unsigned kinds_of(const struct site_diagnostic_log *line)
{
    bool all = line->group && strcasecmp(line->category, "allLogs") == 0;
    bool audit = line->group && strcasecmp(line->category, "audit") == 0;
    unsigned kinds = 0;

    for (unsigned i = 0; i < SERVICE_LOGS; i++) {
        bool named = !line->group && strcasecmp(line->category, logs[i].name) == 0;
        if (all || (audit && logs[i].audit) || named)
            kinds |= 1u << i;
    }
    return kinds;
}

/* -- what may be put ---------------------------------------------------------------------------------------- */

static bool name_check(const char *name, struct att_err *err)
{
    struct att_shown shown;
    size_t len = strlen(name);

    if (len > 0 && len <= 260 && !strpbrk(name, "<>*%&:\\?+/") && name[len - 1] != ' ' &&
        name[len - 1] != '.')
        return true;
    return att_fail(err, ATT_NAME_INVALID, "name",
                    "1 to 260 characters without <>*%&:\\?+/, no dot or space at the end", "\"%s\"",
                    att_shown(&shown, att_str(name)));
}

static bool logs_check(const struct service_diagnostic_in *in, struct att_err *err)
{
    struct att_shown shown;
    bool enabled = false;

    if (in->log_count > SITE_DIAGNOSTIC_LOGS_MAX)
        return att_fail(err, ATT_DIAGNOSTIC_INVALID, "properties.logs", "at most 16 lines", "%zu",
                        in->log_count);
    for (size_t i = 0; i < in->log_count; i++) {
        const struct site_diagnostic_log *line = &in->logs[i];
        if (kinds_of(line) == 0)
            return att_fail(err, ATT_DIAGNOSTIC_INVALID,
                            line->group ? "properties.logs.categoryGroup" : "properties.logs.category",
                            line->group ? "audit or allLogs" : "AuditEvent, Operational or NotProcessed",
                            "\"%s\"", att_shown(&shown, att_str(line->category)));
        for (size_t k = 0; k < i; k++)
            if (in->logs[k].group == line->group && strcasecmp(in->logs[k].category, line->category) == 0)
                return att_fail(err, ATT_DIAGNOSTIC_INVALID, "properties.logs", "each category once",
                                "\"%s\" twice", att_shown(&shown, att_str(line->category)));
        enabled = enabled || line->enabled;
    }
    return enabled || att_fail(err, ATT_DIAGNOSTIC_INVALID, "properties.logs",
                               "at least one category or group that is enabled", "none");
}

static bool no_sink(struct service *s, struct att_arena *arena, const char *name, struct att_err *err)
{
    const char *names = s->options.sink_names ? s->options.sink_names(s->options.sink_ctx, arena) : NULL;
    struct att_shown shown;

    /* Only who may write settings gets as far as this. */
    return att_fail(err, ATT_SINK_UNKNOWN, "properties.workspaceId",
                    names && names[0] ? names : "a sink of the server's configuration, which has none",
                    "\"%s\"", att_shown(&shown, att_str(name)));
}

/* The last segment, of the one type of destination that there is here. */
static bool sink_of(struct service *s, struct att_arena *arena, const char *workspace_id, const char **ret,
                    struct att_err *err)
{
    static const char type[] = "/attestdSinks/";
    const size_t type_len = sizeof type - 1;
    const char *slash = strrchr(workspace_id, '/');
    size_t before = slash ? (size_t)(slash + 1 - workspace_id) : 0;
    struct att_shown shown;

    if (before < type_len || workspace_id[0] != '/' ||
        strncasecmp(workspace_id + before - type_len, type, type_len) != 0)
        return att_fail(err, ATT_DIAGNOSTIC_INVALID, "properties.workspaceId",
                        "an id that ends in /attestdSinks/NAME, NAME a sink of the server's configuration",
                        "\"%s\"", att_shown(&shown, att_str(workspace_id)));
    char *name = att_arena_dup(arena, att_str(slash + 1));
    if (!name)
        return att_fail_memory(err, "properties.workspaceId");
    for (char *c = name; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    }
    if (!s->options.sink || s->options.sink(s->options.sink_ctx, name) < 0)
        return no_sink(s, arena, name, err);
    *ret = name;
    return true;
}

static bool room_for_one(struct service *s, const char *provider_key, struct att_err *err)
{
    struct site_list list = { 0 };

    if (!site_list(service_site(s), SITE_DIAGNOSTIC, provider_key, &list, err))
        return false;
    size_t count = list.count;
    site_list_free(&list);
    return count < SERVICE_DIAGNOSTICS_MAX || att_fail(err, ATT_QUOTA_EXCEEDED, "diagnosticSettings",
                                                       "at most 5 of one provider", "%zu already", count);
}

bool service_diagnostic_put(struct service *s, struct site_change *change, struct att_arena *arena,
                            const struct service_diagnostic_in *in, const char *changed_by,
                            const struct site_diagnostic **ret, struct att_err *err)
{
    const struct site_provider *p = site_change_get(change, SITE_PROVIDER, in->provider_key);
    const char *key = NULL, *sink = NULL;

    if (!p)
        return att_fail(err, ATT_RESOURCE_NOT_FOUND, "attestationProvider", "an attestation provider",
                        "none");
    if (!name_check(in->name, err) || !logs_check(in, err) ||
        !sink_of(s, arena, in->workspace_id, &sink, err) ||
        !service_key_diagnostic(arena, in->provider_key, in->name, &key, err))
        return false;
    const struct site_diagnostic *old = site_change_get(change, SITE_DIAGNOSTIC, key);
    if (!old && !room_for_one(s, in->provider_key, err))
        return false;
    const struct site_diagnostic d = {
        .o = { .kind = SITE_DIAGNOSTIC, .tenant = p->o.tenant, .key = key },
        .name = old ? old->name : in->name,
        .sink = sink,
        .workspace_id = in->workspace_id,
        .destination_type = in->destination_type ? in->destination_type : "",
        .provider_created_unix_s = p->o.created_unix_s,
        .logs = in->logs,
        .log_count = in->log_count,
    };
    if (!site_put(change, &d, old ? old->o.version : 0, changed_by, err))
        return false;
    *ret = site_change_get(change, SITE_DIAGNOSTIC, key);
    return true;
}

bool service_diagnostic_delete(struct site_change *change, const char *key, bool *ret_deleted,
                               struct att_err *err)
{
    const struct site_diagnostic *d = site_change_get(change, SITE_DIAGNOSTIC, key);

    if (d && !site_delete(change, SITE_DIAGNOSTIC, key, d->o.version, err))
        return false;
    *ret_deleted = d != NULL;
    return true;
}

/* -- what they say ------------------------------------------------------------------------------------------ */

/* A sink that the configuration has no more gets nothing; the setting says so to who reads it by naming it. */
static void add_sinks(struct service *s, const struct site_diagnostic *d, uint32_t ret[SERVICE_LOGS])
{
    int sink = s->options.sink ? s->options.sink(s->options.sink_ctx, d->sink) : -1;

    for (size_t i = 0; sink >= 0 && sink < 32 && i < d->log_count; i++) {
        unsigned kinds = d->logs[i].enabled ? kinds_of(&d->logs[i]) : 0;
        for (unsigned k = 0; k < SERVICE_LOGS; k++)
            if (kinds & 1u << k)
                ret[k] |= (uint32_t)1 << sink;
    }
}

void service_sinks(struct service *s, const char *provider_key, uint32_t ret[SERVICE_LOGS])
{
    struct site_list list = { 0 };
    struct att_err ignored = { 0 };

    for (unsigned k = 0; k < SERVICE_LOGS; k++)
        ret[k] = 0;
    if (!site_list(s->options.site, SITE_DIAGNOSTIC, provider_key, &list, &ignored))
        return;
    for (size_t i = 0; i < list.count; i++)
        add_sinks(s, list.objects[i], ret);
    site_list_free(&list);
}
