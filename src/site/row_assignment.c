/* Role assignments. */
#include "base/err.h"
#include "site/row.h"

static bool is_principal_type(struct att_span s)
{
    return att_span_is(s, "User") || att_span_is(s, "Group") || att_span_is(s, "ServicePrincipal");
}

static const struct site_form form_type = { "User, Group or ServicePrincipal", is_principal_type, 1, 32 };
static const struct site_form form_scope = { "an id of at most 900 bytes in lower case", site_is_lower_text,
                                             1, 900 };

static const struct site_field fields[] = {
    SITE_FIELD_CHANGED_BY,
    SITE_FIELD_CREATED_AT,
    SITE_FIELD_CREATED_BY,
    { .name = "description",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_assignment, description),
      .form = &site_form_text_or_empty },
    { .name = "name",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_assignment, name),
      .form = &site_form_guid_any_case },
    { .name = "principal",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_assignment, principal),
      .form = &site_form_principal },
    { .name = "principal_type",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_assignment, principal_type),
      .form = &form_type },
    { .name = "role",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_assignment, role),
      .form = &site_form_guid },
    { .name = "scope",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_assignment, scope),
      .form = &form_scope },
    { 0 },
};

static bool check(const void *object, struct att_err *err)
{
    const struct site_assignment *a = object;

    /* That the scope is the key of something is the business of whoever has the index (view.c). */
    return site_key_check(&a->o, err, "%s/providers/microsoft.authorization/roleassignments/%s", a->scope,
                          a->name);
}

const struct site_row site_row_assignment = {
    .name = "assignment",
    .bytes = sizeof(struct site_assignment),
    .fields = fields,
    .check = check,
    .parent_segments = 4,
    .parent_kinds = 1u << SITE_SUBSCRIPTION | 1u << SITE_GROUP | 1u << SITE_PROVIDER,
};
