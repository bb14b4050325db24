/* Subscriptions: to whom everything below them belongs. */
#include "site/row.h"

static const struct site_field fields[] = {
    SITE_FIELD_CHANGED_BY,
    SITE_FIELD_CREATED_AT,
    SITE_FIELD_CREATED_BY,
    { .name = "id",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_subscription, id),
      .form = &site_form_guid },
    { .name = "name",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_subscription, name),
      .form = &site_form_text },
    { .name = "registered", .type = SITE_FLAG, .offset = offsetof(struct site_subscription, registered) },
    { 0 },
};

static bool check(const void *object, struct att_err *err)
{
    const struct site_subscription *s = object;

    return site_key_check(&s->o, err, "/subscriptions/%s", s->id);
}

const struct site_row site_row_subscription = {
    .name = "subscription",
    .bytes = sizeof(struct site_subscription),
    .fields = fields,
    .check = check,
};
