/* Principals of the built-in authority, with what proves who they are. */
#include "base/err.h"
#include "site/row.h"

#include <inttypes.h>

static const char *const credential_kinds[] = {
    [SITE_SECRET] = "secret",
    [SITE_CERTIFICATE] = "certificate",
    [SITE_UNIX_USER] = "unix_user",
    NULL,
};

static const struct site_form form_id = { "text of 1 to 128 bytes without control characters", site_is_text,
                                          1, 128 };
static const struct site_form form_der = { "a certificate of at most 16 KiB", NULL, 0, 16 * 1024 };

static const struct site_field credential_fields[] = {
    { .name = "certificate",
      .type = SITE_BYTES,
      .offset = offsetof(struct site_credential, certificate),
      .form = &form_der },
    { .name = "expires", .type = SITE_TIME, .offset = offsetof(struct site_credential, expires_unix_s) },
    { .name = "hash",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_credential, hash),
      .form = &site_form_text_or_empty },
    { .name = "id", .type = SITE_TEXT, .offset = offsetof(struct site_credential, id), .form = &form_id },
    { .name = "kind",
      .type = SITE_CHOICE,
      .offset = offsetof(struct site_credential, kind),
      .choices = credential_kinds },
    { .name = "uid", .type = SITE_NUMBER, .offset = offsetof(struct site_credential, uid) },
    { 0 },
};

static const struct site_field fields[] = {
    SITE_FIELD_CHANGED_BY,
    { .name = "client_id",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_principal, client_id),
      .form = &site_form_guid },
    SITE_FIELD_CREATED_AT,
    SITE_FIELD_CREATED_BY,
    { .name = "credentials",
      .type = SITE_ARRAY,
      .offset = offsetof(struct site_principal, credentials),
      .fields = credential_fields,
      .element_bytes = sizeof(struct site_credential),
      .count_offset = offsetof(struct site_principal, credential_count),
      .count_max = SITE_CREDENTIALS_MAX },
    { .name = "name",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_principal, name),
      .form = &site_form_text },
    { .name = "subscription",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_principal, subscription),
      .form = &site_form_guid },
    { 0 },
};

/* A credential holds what its kind needs and nothing else: the unused members say nothing, so nobody reads them. */
static bool credential_check(const struct site_credential *c, struct att_err *err)
{
    bool secret = c->kind == SITE_SECRET;
    bool certificate = c->kind == SITE_CERTIFICATE;
    bool user = c->kind == SITE_UNIX_USER;

    if ((c->hash[0] != '\0') != secret || (c->certificate.len > 0) != certificate || (!user && c->uid != 0))
        return att_fail(err, ATT_PARAMETER_INVALID, "site.principal.credentials",
                        "a hash for a secret, a certificate for a certificate, a uid for a unix user",
                        "a credential of kind %s with %zu bytes of hash, %zu of certificate, uid %" PRIu32,
                        credential_kinds[c->kind], strlen(c->hash), c->certificate.len, c->uid);
    return true;
}

static bool check(const void *object, struct att_err *err)
{
    const struct site_principal *p = object;

    for (size_t i = 0; i < p->credential_count; i++) {
        if (!credential_check(&p->credentials[i], err))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(p->credentials[i].id, p->credentials[k].id) == 0)
                return att_fail(err, ATT_PARAMETER_INVALID, "site.principal.credentials",
                                "credentials with ids of their own", "the id of [%zu] at [%zu], too", k, i);
    }
    return site_key_check(&p->o, err, "/subscriptions/%s/principals/%s", p->subscription, p->client_id);
}

const struct site_row site_row_principal = {
    .name = "principal",
    .bytes = sizeof(struct site_principal),
    .fields = fields,
    .check = check,
    .parent_segments = 2,
    .parent_kinds = 1u << SITE_SUBSCRIPTION,
};
