#include "collateral/dcap_cert.h"

#include "base/err.h"

static const struct {
    const char *oid;
    const char *name;
} required[] = {
    { "2.5.29.35", "authority key identifier" }, { "2.5.29.31", "CRL distribution points" },
    { "2.5.29.14", "subject key identifier" },   { "2.5.29.15", "key usage" },
    { "2.5.29.19", "basic constraints" },
};

bool dcap_cert_form(const struct att_cert *cert, const char *cn_part, enum att_code code, const char *where,
                    struct att_err *err)
{
    const char *cn = att_cert_subject_cn(cert);
    struct att_span ignored;

    if (!strstr(cn, cn_part))
        return att_fail(err, code, where, cn_part, "%s", att_shown(&(struct att_shown){ 0 }, att_str(cn)));
    if (att_key_type(att_cert_key(cert)) != ATT_KEY_P256)
        return att_fail(err, code, where, "a P-256 key", "another kind of key");
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if (!att_cert_extension(cert, required[i].oid, &ignored))
            return att_fail(err, code, where, required[i].name, "a certificate without this extension");
    return true;
}

bool dcap_same_authority(const struct att_cert *a, const struct att_cert *b)
{
    return att_span_eq(att_cert_subject(a), att_cert_subject(b)) &&
           att_span_eq(att_key_point(att_cert_key(a)), att_key_point(att_cert_key(b)));
}

bool dcap_is_platform_ca(const struct att_cert *ca)
{
    return strstr(att_cert_subject_cn(ca), "Platform") != NULL;
}
