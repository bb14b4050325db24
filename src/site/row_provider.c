/* Attestation providers, with the certificates that were made for them. */
#include "base/err.h"
#include "site/row.h"

static bool is_provider_name(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

/* A label of a host name; the length is the documented one. */
static const struct site_form form_name = { "3 to 24 letters, digits and hyphens", is_provider_name, 3, 24 };
static const struct site_form form_tags = { "a JSON object of at most 64 KiB", NULL, 0, 64 * 1024 };
static const struct site_form form_signers = { "a JSON object of at most 512 KiB", NULL, 0, 512 * 1024 };
static const struct site_form form_der = { "a certificate of 1 byte to 16 KiB", NULL, 1, 16 * 1024 };

static const struct site_field certificate_fields[] = {
    { .name = "attest_uri",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_certificate, attest_uri),
      .form = &site_form_text },
    { .name = "der",
      .type = SITE_BYTES,
      .offset = offsetof(struct site_certificate, der),
      .form = &form_der },
    { .name = "kid",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_certificate, kid),
      .form = &site_form_text },
    { 0 },
};

/* As many as keys can be published (64), for an old and a new address. */
enum { CERTIFICATES_MAX = 128 };

static const struct site_field fields[] = {
    { .name = "certificates",
      .type = SITE_ARRAY,
      .offset = offsetof(struct site_provider, certificates),
      .fields = certificate_fields,
      .element_bytes = sizeof(struct site_certificate),
      .count_offset = offsetof(struct site_provider, certificate_count),
      .count_max = CERTIFICATES_MAX },
    SITE_FIELD_CHANGED_BY,
    SITE_FIELD_CREATED_AT,
    SITE_FIELD_CREATED_BY,
    { .name = "group",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_provider, group),
      .form = &site_form_flexible_name },
    { .name = "isolated", .type = SITE_FLAG, .offset = offsetof(struct site_provider, isolated) },
    { .name = "location",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_provider, location),
      .form = &site_form_text },
    { .name = "name", .type = SITE_TEXT, .offset = offsetof(struct site_provider, name), .form = &form_name },
    { .name = "public_network_disabled",
      .type = SITE_FLAG,
      .offset = offsetof(struct site_provider, public_network_disabled) },
    { .name = "signers",
      .type = SITE_OBJECT,
      .offset = offsetof(struct site_provider, signers),
      .form = &form_signers },
    { .name = "subscription",
      .type = SITE_TEXT,
      .offset = offsetof(struct site_provider, subscription),
      .form = &site_form_guid },
    { .name = "tags",
      .type = SITE_OBJECT,
      .offset = offsetof(struct site_provider, tags),
      .form = &form_tags },
    { .name = "tpm_authentication_disabled",
      .type = SITE_FLAG,
      .offset = offsetof(struct site_provider, tpm_authentication_disabled) },
    { 0 },
};

static bool check(const void *object, struct att_err *err)
{
    const struct site_provider *p = object;

    /* A trust model that its signers do not bear out would let anyone, or nobody, set policies. */
    if (p->isolated != (p->signers.len > 0))
        return att_fail(err, ATT_PARAMETER_INVALID, "site.provider.signers",
                        "signers for an isolated provider, none for another", "%s, %zu bytes of signers",
                        p->isolated ? "isolated" : "not isolated", p->signers.len);
    return site_key_check(&p->o, err,
                          "/subscriptions/%s/resourcegroups/%s/providers/microsoft.attestation/"
                          "attestationproviders/%s",
                          p->subscription, p->group, p->name);
}

const struct site_row site_row_provider = {
    .name = "provider",
    .bytes = sizeof(struct site_provider),
    .fields = fields,
    .check = check,
    .parent_segments = 4,
    .parent_kinds = 1u << SITE_GROUP,
};
