/* Manufacturer and authority: their certificates, and those that they issue. */
#include "makers/tpm_parts.h"

#include "base/err.h"
#include "base/timetext.h"
#include "makers/pki.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

#define YEAR_S           ((int64_t)31557600)
#define YEAR_2020_UNIX_S ((int64_t)1577836800)
#define YEAR_2050_UNIX_S ((int64_t)2524608000)

ATT_AUTO_PTR(tpm_extension_auto, X509_EXTENSION, X509_EXTENSION_free)
ATT_AUTO_PTR(tpm_bignum_auto, BIGNUM, BN_free)
ATT_AUTO_PTR(tpm_names_auto, GENERAL_NAMES, GENERAL_NAMES_free)
ATT_AUTO_PTR(tpm_name_auto, GENERAL_NAME, GENERAL_NAME_free)
ATT_AUTO_PTR(tpm_x509_name_auto, X509_NAME, X509_NAME_free)
ATT_AUTO_PTR(tpm_vendor_auto, struct mk_tpm_vendor, mk_tpm_vendor_free)

static const struct {
    const char *file, *cn;
    enum mk_tpm_ca issuer;
} rows[MK_TPM_CA_COUNT] = {
    [MK_TPM_CA_EK_ROOT] = { "ek_root", MK_CN_TPM_EK_ROOT, MK_TPM_CA_EK_ROOT },
    [MK_TPM_CA_EK] = { "ek_ca", MK_CN_TPM_EK_CA, MK_TPM_CA_EK_ROOT },
    [MK_TPM_CA_AIK] = { "aik_ca", MK_CN_TPM_AIK_CA, MK_TPM_CA_AIK },
};

const char *mk_tpm_ca_file(enum mk_tpm_ca which)
{
    return rows[which].file;
}

const char *mk_tpm_ca_cn(enum mk_tpm_ca which)
{
    return rows[which].cn;
}

static bool add(X509 *cert, int nid, const char *value)
{
    ATT_AUTO(tpm_extension_auto) X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    return e && X509_add_ext(cert, e, -1) == 1;
}

static bool set_cn(X509_NAME *to, const char *cn)
{
    return to &&
           X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1;
}

/* Everything but subject and extensions. */
static bool begin(EVP_PKEY *key, const char *issuer_cn, int64_t from, int64_t to, X509 **ret,
                  struct att_err *err)
{
    uint8_t serial[MK_SERIAL_BYTES];

    if (!mk_serial_new(serial, err))
        return false;
    ATT_AUTO(mk_x509_auto) X509 *cert = X509_new();
    ATT_AUTO(tpm_bignum_auto) BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    if (!cert || !number || X509_set_version(cert, X509_VERSION_3) != 1 ||
        !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) ||
        !ASN1_TIME_adj(X509_getm_notBefore(cert), (time_t)from, 0, 0) ||
        !ASN1_TIME_adj(X509_getm_notAfter(cert), (time_t)to, 0, 0) ||
        !set_cn(X509_get_issuer_name(cert), issuer_cn) || X509_set_pubkey(cert, key) != 1)
        return mk_tpm_failed(err, "makers.tpm.cert");
    *ret = ATT_MOVE(cert);
    return true;
}

static bool make_ca(struct mk_tpm_vendor *v, enum mk_tpm_ca which, struct att_err *err)
{
    ATT_AUTO(mk_x509_auto) X509 *cert = NULL;
    enum mk_tpm_ca issuer = rows[which].issuer;

    if (!begin(v->key[which], rows[issuer].cn, v->not_before, v->not_after, &cert, err))
        return false;
    if (!set_cn(X509_get_subject_name(cert), rows[which].cn) ||
        !add(cert, NID_basic_constraints,
             which == MK_TPM_CA_EK_ROOT ? "critical,CA:TRUE" : "critical,CA:TRUE,pathlen:0") ||
        !add(cert, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        X509_sign(cert, v->key[issuer], EVP_sha256()) <= 0)
        return mk_tpm_failed(err, "makers.tpm.ca");
    v->cert[which] = ATT_MOVE(cert);
    return true;
}

bool mk_tpm_vendor_new(int64_t at, struct mk_tpm_vendor **ret, struct att_err *err)
{
    int64_t first, last;

    /* Certificates carry years of four digits, and room is needed on both sides. */
    if (!att_time_from_civil(1971, 1, 1, 0, 0, 0, &first) ||
        !att_time_from_civil(9970, 1, 1, 0, 0, 0, &last) || at < first || at > last)
        return att_fail(err, ATT_PARAMETER_INVALID, "at", "a time in the years 1971 to 9969", "%lld s",
                        (long long)at);
    ATT_AUTO(tpm_vendor_auto) struct mk_tpm_vendor *v = calloc(1, sizeof *v);
    if (!v)
        return att_fail_memory(err, "makers.tpm");
    v->not_before = at - YEAR_S < YEAR_2020_UNIX_S ? at - YEAR_S : YEAR_2020_UNIX_S;
    v->not_after = at + YEAR_S > YEAR_2050_UNIX_S ? at + 20 * YEAR_S : YEAR_2050_UNIX_S;
    for (enum mk_tpm_ca i = 0; i < MK_TPM_CA_COUNT; i++)
        if (!mk_key_new(&v->key[i], err))
            return false;
    for (enum mk_tpm_ca i = 0; i < MK_TPM_CA_COUNT; i++)
        if (!make_ca(v, i, err))
            return false;
    if (!mk_key_new(&v->stranger, err))
        return false;
    *ret = ATT_MOVE(v);
    return true;
}

void mk_tpm_vendor_free(struct mk_tpm_vendor *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < MK_TPM_CA_COUNT; i++) {
        EVP_PKEY_free(v->key[i]);
        X509_free(v->cert[i]);
    }
    EVP_PKEY_free(v->stranger);
    free(v);
}

static bool unix_time(const ASN1_TIME *t, int64_t *ret)
{
    struct tm tm;

    return ASN1_TIME_to_tm(t, &tm) == 1 && att_time_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                                               tm.tm_hour, tm.tm_min, tm.tm_sec, ret);
}

bool mk_tpm_vendor_adopt(struct mk_tpm_vendor *v, struct att_err *err)
{
    for (enum mk_tpm_ca i = 0; i < MK_TPM_CA_COUNT; i++) {
        char cn[64] = "";
        int64_t from, to;
        /* The subject's last CN is the one; these have one. */
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(v->cert[i]), NID_commonName, cn, sizeof cn);
        if (strcmp(cn, rows[i].cn) != 0)
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, rows[i].cn,
                            "a certificate of another name");
        if (X509_check_private_key(v->cert[i], v->key[i]) != 1)
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, "key and certificate of one pair",
                            "another key");
        if (X509_verify(v->cert[i], v->key[rows[i].issuer]) != 1)
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, "a certificate signed by its issuer",
                            "another signer");
        if (!unix_time(X509_get0_notBefore(v->cert[i]), &from) ||
            !unix_time(X509_get0_notAfter(v->cert[i]), &to))
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].file, "a validity that can be read",
                            "another form");
        v->not_before = i == 0 || from > v->not_before ? from : v->not_before;
        v->not_after = i == 0 || to < v->not_after ? to : v->not_after;
    }
    return mk_key_new(&v->stranger, err);
}

bool mk_tpm_vendor_covers(const struct mk_tpm_vendor *v, int64_t at_unix_s)
{
    return at_unix_s > v->not_before && at_unix_s < v->not_after;
}

bool mk_tpm_ek_root_pem(const struct mk_tpm_vendor *v, struct att_buf *out, struct att_err *err)
{
    return mk_cert_pem(v->cert[MK_TPM_CA_EK_ROOT], out, err);
}

bool mk_tpm_ek_ca_pem(const struct mk_tpm_vendor *v, struct att_buf *out, struct att_err *err)
{
    return mk_cert_pem(v->cert[MK_TPM_CA_EK], out, err);
}

bool mk_tpm_aik_ca_pem(const struct mk_tpm_vendor *v, struct att_buf *out, struct att_err *err)
{
    return mk_cert_pem(v->cert[MK_TPM_CA_AIK], out, err);
}

/* -- leafs ---------------------------------------------------------------------------------------------------- */

static bool add_entry(X509_NAME *name, const char *oid, const char *value)
{
    ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
    bool ok =
        o && X509_NAME_add_entry_by_OBJ(name, o, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0) == 1;

    ASN1_OBJECT_free(o);
    return ok;
}

/* An EK certificate names its TPM in a critical directoryName and may have an empty subject. */
static bool add_tpm_name(X509 *cert)
{
    ATT_AUTO(tpm_names_auto) GENERAL_NAMES *names = GENERAL_NAMES_new();
    ATT_AUTO(tpm_name_auto) GENERAL_NAME *general = GENERAL_NAME_new();
    ATT_AUTO(tpm_x509_name_auto) X509_NAME *name = X509_NAME_new();

    if (!names || !general || !name || !add_entry(name, "2.23.133.2.1", "id:54455354") /* "TEST" */ ||
        !add_entry(name, "2.23.133.2.2", "made up") || !add_entry(name, "2.23.133.2.3", "id:00010001"))
        return false;
    GENERAL_NAME_set0_value(general, GEN_DIRNAME, ATT_MOVE(name));
    if (sk_GENERAL_NAME_push(names, general) <= 0)
        return false;
    general = NULL; /* in `names` now */
    return X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 1, X509V3_ADD_DEFAULT) == 1;
}

bool mk_tpm_cert_der(const struct mk_tpm_vendor *v, const struct mk_tpm_cert_spec *spec, struct att_buf *out,
                     struct att_err *err)
{
    enum mk_tpm_ca issuer = spec->ek ? MK_TPM_CA_EK : MK_TPM_CA_AIK;
    EVP_PKEY *signer = spec->stranger ? v->stranger : v->key[issuer];
    ATT_AUTO(mk_x509_auto) X509 *cert = NULL;

    if (!begin(spec->key, rows[issuer].cn, spec->not_before, spec->not_after, &cert, err))
        return false;
    if (!(!spec->cn || set_cn(X509_get_subject_name(cert), spec->cn)) ||
        !add(cert, NID_basic_constraints, "critical,CA:FALSE") ||
        !add(cert, NID_key_usage, spec->ek ? "critical,keyEncipherment" : "critical,digitalSignature") ||
        !(spec->no_usage || add(cert, NID_ext_key_usage, spec->ek ? "2.23.133.8.1" : "2.23.133.8.3")) ||
        !(!spec->ek || add_tpm_name(cert)) || X509_sign(cert, signer, EVP_sha256()) <= 0)
        return mk_tpm_failed(err, "makers.tpm.cert");
    return mk_cert_der(cert, out, err);
}

bool mk_tpm_cert(struct mk_tpm *t, enum mk_tpm_key key, int64_t at_unix_s, struct att_buf *out,
                 struct att_err *err)
{
    struct mk_tpm_cert_spec spec = { .ek = key == MK_TPM_EK,
                                     .not_before = at_unix_s - YEAR_S / 2,
                                     .not_after = at_unix_s + YEAR_S / 2 };

    return mk_tpm_key(t, key, &spec.key, err) && mk_tpm_cert_der(t->vendor, &spec, out, err);
}
