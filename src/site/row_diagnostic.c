/* Diagnostic settings of a provider: which of its records go to which sink. */
#include "base/err.h"
#include "site/row.h"

/* As Azure Resource Manager has the names of such settings; a slash would be another key. */
static bool is_setting_name(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (strchr("<>*%&:\\?+/", s.ptr[i]))
            return false;
    return site_is_text(s) && s.len > 0 && s.ptr[s.len - 1] != ' ' && s.ptr[s.len - 1] != '.';
}

static bool is_sink_name(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

static const struct site_form form_name = {
    "1 to 260 bytes without <>*%&:\\?+/ and control characters, no dot or space at the end", is_setting_name,
    1, 260
};
static const struct site_form form_sink = { "1 to 32 of a-z, 0-9 and hyphens", is_sink_name, 1, 32 };

static const struct site_field log_fields[] = {
    { .name = "category",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_diagnostic_log, category),
      .form = &site_form_text },
    { .name = "enabled", .type = SITE_FLAG, .offset = offsetof(struct site_diagnostic_log, enabled) },
    { .name = "group", .type = SITE_FLAG, .offset = offsetof(struct site_diagnostic_log, group) },
    { 0 },
};

static const struct site_field fields[] = {
    SITE_FIELD_CHANGED_BY,
    SITE_FIELD_CREATED_AT,
    SITE_FIELD_CREATED_BY,
    { .name = "destination_type",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_diagnostic, destination_type),
      .form = &site_form_text_or_empty },
    { .name = "logs",
      .type = SITE_ARRAY,
      .offset = offsetof(struct site_diagnostic, logs),
      .fields = log_fields,
      .element_bytes = sizeof(struct site_diagnostic_log),
      .count_offset = offsetof(struct site_diagnostic, log_count),
      .count_max = SITE_DIAGNOSTIC_LOGS_MAX },
    { .name = "name",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_diagnostic, name),
      .form = &form_name },
    { .name = "provider_created_at",
      .type = SITE_TIME,
      .offset = offsetof(struct site_diagnostic, provider_created_unix_s) },
    { .name = "sink",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_diagnostic, sink),
      .form = &form_sink },
    { .name = "workspace_id",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_diagnostic, workspace_id),
      .form = &site_form_text_or_empty },
    { 0 },
};

static bool check(const void *object, struct att_err *err)
{
    const struct site_diagnostic *d = object;
    struct att_span provider = site_key_parent(d->o.key, 4);

    return site_key_check(&d->o, err, "%.*s/providers/microsoft.insights/diagnosticsettings/%s",
                          (int)provider.len, (const char *)provider.ptr, d->name);
}

const struct site_row site_row_diagnostic = {
    .name = "diagnostic",
    .bytes = sizeof(struct site_diagnostic),
    .fields = fields,
    .check = check,
    .parent_segments = 4,
    .parent_kinds = 1u << SITE_PROVIDER,
    .part_of_provider = true,
    .may_be_left = true,
};
