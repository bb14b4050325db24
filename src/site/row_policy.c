/* Policies that somebody has set. The text is kept as bytes: its hash is over bytes. */
#include "base/err.h"
#include "site/row.h"

static bool is_type(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
            return false;
    }
    return true;
}

static const struct site_form form_type = { "1 to 32 letters and digits", is_type, 1, 32 };
static const struct site_form form_signer = { "a JWK of at most 128 KiB", NULL, 1, 128 * 1024 };
static const struct site_form form_policy = { "a policy of 1 byte to 512 KiB", NULL, 1, 512 * 1024 };

static const struct site_field fields[] = {
    SITE_FIELD_CHANGED_BY,
    SITE_FIELD_CREATED_AT,
    SITE_FIELD_CREATED_BY,
    { .name = "signer",
      .type = SITE_OBJECT,
      .later = true,
      .offset = offsetof(struct site_policy, signer),
      .form = &form_signer },
    { .name = "text",
      .type = SITE_BYTES,
      .offset = offsetof(struct site_policy, text),
      .form = &form_policy },
    { .name = "token",
      .type = SITE_TEXT_SPAN,
      .offset = offsetof(struct site_policy, token),
      .form = &site_form_jws },
    { .name = "type", .type = SITE_TEXT, .offset = offsetof(struct site_policy, type), .form = &form_type },
    { 0 },
};

static bool check(const void *object, struct att_err *err)
{
    const struct site_policy *p = object;
    struct att_span provider = site_key_parent(p->o.key, 2);

    return site_key_check(&p->o, err, "%.*s/policies/%s", (int)provider.len, (const char *)provider.ptr,
                          p->type);
}

const struct site_row site_row_policy = {
    .name = "policy",
    .bytes = sizeof(struct site_policy),
    .fields = fields,
    .check = check,
    .parent_segments = 2,
    .parent_kinds = 1u << SITE_PROVIDER,
    .part_of_provider = true,
};
