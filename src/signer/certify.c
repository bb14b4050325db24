#include "signer/certify.h"

#include "base/err.h"
#include "signer/certificate.h"

#include <stdio.h>

enum {
    CN_BYTES_MAX = 64, /* X.520 */
    URI_BYTES_MAX = 500,
    DESCRIPTION_BYTES_MAX = 1024,
    AIK_DAYS_MAX = 3651, /* the longest tpm_aik_lifetime_days, and what is put before it */
    DAY_S = 86400,
};

static const char aik_usage[] = "2.23.133.8.3"; /* tcg-kp-AIKCertificate */
static const char aik_name[] = "TPM attestation key ";

/* Like the real service's: a certificate that outlives every token; rotation replaces keys, not certificates. */
static const int64_t always_from = 1556668800;  /* 2019-05-01T00:00:00Z */
static const int64_t always_until = 2556143999; /* 2050-12-31T23:59:59Z */

static bool refuse(struct att_err *err, const char *where, const char *expected, const char *found)
{
    return att_fail(err, ATT_SIGNER_REFUSED, where, expected, "%s", found);
}

/* Alternative names are read from a configuration text, where a comma would begin another name. */
static bool plain(const char *text, const char *where, size_t max, struct att_err *err)
{
    size_t len = text ? strlen(text) : 0;

    if (len == 0 || len > max)
        return att_fail(err, ATT_SIGNER_REFUSED, where, "a text that is not empty and not too long",
                        "%zu bytes", len);
    for (const char *c = text; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f || *c == ',' || *c == ';' || *c == '"')
            return att_fail(err, ATT_SIGNER_REFUSED, where, "plain characters", "the byte 0x%02x",
                            (unsigned)(uint8_t)*c);
    }
    return true;
}

/* Official clients look for the endpoint inside the subject; a CN holds 64 bytes, so a longer one goes into
 * the description. */
static bool endpoint(struct signer_certificate *c, const struct signer_certify *want, struct att_arena *arena,
                     struct att_span *ret_der, struct att_err *err)
{
    char alt[URI_BYTES_MAX + sizeof "URI:"];
    const char *names[] = { alt, NULL };

    if (!plain(want->uri, "signer.certify.uri", URI_BYTES_MAX, err))
        return false;
    bool fits = strlen(want->uri) <= CN_BYTES_MAX;
    if (!fits && !plain(want->name, "signer.certify.name", CN_BYTES_MAX, err))
        return false;
    (void)snprintf(alt, sizeof alt, "URI:%s", want->uri);
    c->common_name = fits ? want->uri : want->name;
    c->description = fits ? NULL : want->uri;
    c->alt_names = names;
    return signer_certificate_make(c, arena, ret_der, err);
}

static bool aik_ca(struct signer_certificate *c, const struct signer_certify *want, struct att_arena *arena,
                   struct att_span *ret_der, struct att_err *err)
{
    char name[CN_BYTES_MAX + 1];

    if (!plain(want->name, "signer.certify.name", DESCRIPTION_BYTES_MAX, err))
        return false;
    bool fits = snprintf(name, sizeof name, "TPM key authority of %s%s", want->name,
                         want->test ? " (TEST)" : "") < (int)sizeof name;
    if (!fits)
        (void)snprintf(name, sizeof name, "TPM key authority%s", want->test ? " (TEST)" : "");
    c->common_name = name;
    c->description = fits ? NULL : want->name;
    c->ca = true;
    return signer_certificate_make(c, arena, ret_der, err);
}

static bool aik_wish_ok(const struct signer_certify *want, struct att_span spki, struct att_err *err)
{
    static const char digits[] = "0123456789abcdef";
    size_t prefix = sizeof aik_name - 1;

    if (!want->name || strncmp(want->name, aik_name, prefix) != 0 || strlen(want->name) > CN_BYTES_MAX ||
        strspn(want->name + prefix, digits) != strlen(want->name + prefix) || want->name[prefix] == '\0')
        return refuse(err, "signer.certify.name", "\"TPM attestation key \" and hexadecimal digits",
                      "another name");
    if (want->not_before_unix_s < 0 || want->not_after_unix_s <= want->not_before_unix_s ||
        want->not_after_unix_s - want->not_before_unix_s > (int64_t)AIK_DAYS_MAX * DAY_S ||
        want->not_after_unix_s > always_until)
        return refuse(err, "signer.certify.dates", "at most 3651 days, inside those of the authority",
                      "others");
    if (want->issuer_der.len == 0)
        return refuse(err, "signer.certify.issuer", "the authority's certificate", "none");
    if (att_span_eq(want->subject_spki, spki))
        return refuse(err, "signer.certify.subject", "the key of a TPM", "the authority's own");
    return signer_certificate_fits(want->issuer_der, spki, err);
}

static bool aik(struct signer_certificate *c, const struct signer_certify *want, struct att_arena *arena,
                struct att_span *ret_der, struct att_err *err)
{
    if (!aik_wish_ok(want, c->subject_spki, err))
        return false;
    c->common_name = want->name;
    c->not_before_unix_s = want->not_before_unix_s;
    c->not_after_unix_s = want->not_after_unix_s;
    c->ext_key_usage = aik_usage;
    c->subject_spki = want->subject_spki;
    c->issuer_der = want->issuer_der;
    return signer_certificate_make(c, arena, ret_der, err);
}

static bool (*const kinds[SIGNER_CERTIFICATE_KINDS])(struct signer_certificate *,
                                                     const struct signer_certify *, struct att_arena *,
                                                     struct att_span *, struct att_err *) = {
    [SIGNER_CERTIFY_ENDPOINT] = endpoint,
    [SIGNER_CERTIFY_AIK_CA] = aik_ca,
    [SIGNER_CERTIFY_AIK] = aik,
};

bool certify(struct key *key, const struct purpose *purpose, const char *alg, struct att_span spki,
             const struct signer_certify *want, struct att_arena *arena, struct att_span *ret_der,
             struct att_err *err)
{
    /* What the kinds have in common; each changes what is its own. */
    struct signer_certificate c = {
        .not_before_unix_s = always_from,
        .not_after_unix_s = always_until,
        .subject_spki = spki,
        .issuer_key = key,
        .issuer_alg = alg,
    };

    if ((unsigned)want->kind >= SIGNER_CERTIFICATE_KINDS || !purpose->certify[want->kind])
        return refuse(err, "signer.certify", "a certificate of the key's purpose", "another");
    if (want->kind == SIGNER_CERTIFY_AIK_CA && want->test != purpose->test)
        return refuse(err, "signer.certify.test", "what the purpose says of itself", "the other");
    return kinds[want->kind](&c, want, arena, ret_der, err);
}
