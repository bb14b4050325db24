/* Resource groups. */
#include "site/row.h"

static const struct site_form form_tags = { "a JSON object of at most 64 KiB", NULL, 0, 64 * 1024 };

static const struct site_field fields[] = {
    SITE_FIELD_CHANGED_BY,
    SITE_FIELD_CREATED_AT,
    SITE_FIELD_CREATED_BY,
    { .name = "location",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_group, location),
      .form = &site_form_text },
    { .name = "name",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_group, name),
      .form = &site_form_flexible_name },
    { .name = "subscription",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_group, subscription),
      .form = &site_form_guid },
    { .name = "tags", .type = SITE_OBJECT, .offset = offsetof(struct site_group, tags), .form = &form_tags },
    { 0 },
};

static bool check(const void *object, struct att_err *err)
{
    const struct site_group *g = object;

    return site_key_check(&g->o, err, "/subscriptions/%s/resourcegroups/%s", g->subscription, g->name);
}

const struct site_row site_row_group = {
    .name = "group",
    .bytes = sizeof(struct site_group),
    .fields = fields,
    .check = check,
    .parent_segments = 2,
    .parent_kinds = 1u << SITE_SUBSCRIPTION,
};
