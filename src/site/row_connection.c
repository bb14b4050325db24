/* Private endpoint connections of a provider. */
#include "base/err.h"
#include "site/row.h"

static bool is_status(struct att_span s)
{
    return att_span_is(s, "Pending") || att_span_is(s, "Approved") || att_span_is(s, "Rejected");
}

static const struct site_form form_status = { "Pending, Approved or Rejected", is_status, 1, 16 };

static const struct site_field fields[] = {
    SITE_FIELD_CHANGED_BY,
    SITE_FIELD_CREATED_AT,
    SITE_FIELD_CREATED_BY,
    { .name = "description",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_connection, description),
      .form = &site_form_text_or_empty },
    { .name = "endpoint_id",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_connection, endpoint_id),
      .form = &site_form_text_or_empty },
    { .name = "name",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_connection, name),
      .form = &site_form_flexible_name },
    { .name = "status",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_connection, status),
      .form = &form_status },
    { 0 },
};

static bool check(const void *object, struct att_err *err)
{
    const struct site_connection *c = object;
    struct att_span provider = site_key_parent(c->o.key, 2);

    return site_key_check(&c->o, err, "%.*s/privateendpointconnections/%s", (int)provider.len,
                          (const char *)provider.ptr, c->name);
}

const struct site_row site_row_connection = {
    .name = "connection",
    .bytes = sizeof(struct site_connection),
    .fields = fields,
    .check = check,
    .parent_segments = 2,
    .parent_kinds = 1u << SITE_PROVIDER,
    .part_of_provider = true,
};
