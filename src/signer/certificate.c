#include "signer/certificate.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "signer/key.h"
#include "signer/private_key.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(x509_auto, X509, X509_free)

static bool set_subject(X509 *cert, const struct signer_certificate *want)
{
    X509_NAME *name = X509_get_subject_name(cert);

    if (X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)want->common_name, -1, -1, 0) != 1)
        return false;
    return !want->description ||
           X509_NAME_add_entry_by_NID(name, NID_description, MBSTRING_UTF8,
                                      (const unsigned char *)want->description, -1, -1, 0) == 1;
}

static bool set_serial(X509 *cert, bool self_signed)
{
    uint8_t bytes[16] = { 0 };

    if (self_signed)
        return ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1;
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and never short */
    BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
    BN_free(n);
    return ok;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = ext && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

static bool add_alt_names(X509 *cert, const char *const *names)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    if (!names || !names[0])
        return true;
    for (size_t i = 0; names[i]; i++)
        att_buf_printf(&text, "%s%s", i > 0 ? "," : "", names[i]);
    att_buf_putc(&text, '\0');
    return !text.failed && add_extension(cert, cert, NID_subject_alt_name, (const char *)text.ptr);
}

static bool add_extensions(X509 *cert, X509 *issuer, const struct signer_certificate *want)
{
    return add_extension(cert, issuer, NID_basic_constraints,
                         want->ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
           add_extension(cert, issuer, NID_key_usage,
                         want->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
           (!want->ext_key_usage || add_extension(cert, issuer, NID_ext_key_usage, want->ext_key_usage)) &&
           add_extension(cert, issuer, NID_subject_key_identifier, "hash") &&
           /* "always": OpenSSL leaves an authority's own empty otherwise, and who looks for its issuer finds none */
           add_extension(cert, issuer, NID_authority_key_identifier, want->ca ? "keyid:always" : "keyid") &&
           add_alt_names(cert, want->alt_names);
}

static bool fill(const struct signer_certificate *want, X509 *cert, X509 *issuer)
{
    const uint8_t *p = want->subject_spki.ptr;
    ATT_AUTO(pkey_auto) EVP_PKEY *subject = d2i_PUBKEY(NULL, &p, (long)want->subject_spki.len);
    X509 *signing = issuer ? issuer : cert;

    return subject && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert, !issuer) &&
           set_subject(cert, want) && X509_set_issuer_name(cert, X509_get_subject_name(signing)) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(cert), want->not_before_unix_s) &&
           ASN1_TIME_set(X509_getm_notAfter(cert), want->not_after_unix_s) &&
           X509_set_pubkey(cert, subject) == 1 && add_extensions(cert, signing, want);
}

/* -- signing ---------------------------------------------------------------------------------------------- */

/* A certificate is put together around a signature that a struct key made: it may be one of a token, of which there is no
 * EVP_PKEY. RFC 5280 4.1: SEQUENCE { tbs, algorithm, BIT STRING }; for each algorithm its AlgorithmIdentifier. */
static const struct form {
    const char *alg;
    int nid;
    int parameter; /* RFC 4055 5: NULL is there; RFC 5758 3.2: nothing is */
} forms[] = {
    { "RS256", NID_sha256WithRSAEncryption, V_ASN1_NULL },
    { "ES256", NID_ecdsa_with_SHA256, V_ASN1_UNDEF },
};

static const struct form *form_of(const char *alg)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].alg, alg) == 0)
            return &forms[i];
    }
    return NULL;
}

static bool keep(struct att_arena *arena, uint8_t *der, int len, struct att_span *ret)
{
    char *copy = len > 0 ? att_arena_dup(arena, att_span_of(der, (size_t)len)) : NULL;

    OPENSSL_free(der);
    *ret = att_span_of(copy, copy ? (size_t)len : 0);
    return copy;
}

/* r||s becomes what X.509 wants (RFC 3279 2.2.3); RSA's bytes stay. */
static bool signature_der(const char *alg, struct att_span *signature, struct att_arena *arena)
{
    size_t half = signature->len / 2;
    uint8_t *der = NULL;

    if (strcmp(alg, "ES256") != 0)
        return true;
    ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature->ptr, (int)half, NULL);
    BIGNUM *v = BN_bin2bn(signature->ptr + half, (int)half, NULL);
    if (!s || !r || !v || ECDSA_SIG_set0(s, r, v) != 1) {
        BN_free(r);
        BN_free(v);
        ECDSA_SIG_free(s);
        return false;
    }
    int len = i2d_ECDSA_SIG(s, &der);
    ECDSA_SIG_free(s);
    return keep(arena, der, len, signature);
}

/* The getters give what is inside of the certificate, and this is the one place that fills it by hand. */
static bool set_algorithm(const X509_ALGOR *inside, const struct form *form)
{
    return X509_ALGOR_set0((X509_ALGOR *)(uintptr_t)inside, OBJ_nid2obj(form->nid), form->parameter, NULL) ==
           1;
}

static bool put_signature(X509 *cert, struct att_span signature)
{
    const ASN1_BIT_STRING *inside = NULL;

    X509_get0_signature(&inside, NULL, cert);
    ASN1_BIT_STRING *bits = (ASN1_BIT_STRING *)(uintptr_t)inside;
    if (ASN1_BIT_STRING_set(bits, (unsigned char *)(uintptr_t)signature.ptr, (int)signature.len) != 1)
        return false;
    bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
    bits->flags |= ASN1_STRING_FLAG_BITS_LEFT; /* all bits of the last byte count */
    return true;
}

static bool sign(X509 *cert, struct key *key, const char *alg, struct att_arena *arena, struct att_err *err)
{
    const struct form *form = form_of(alg);
    const X509_ALGOR *outer = NULL;
    struct att_span tbs = { 0 }, signature = { 0 };
    uint8_t *der = NULL;

    if (!form)
        return att_fail(err, ATT_TOKEN_ALGORITHM, "certificate.alg", "RS256 or ES256", "another");
    X509_get0_signature(NULL, &outer, cert);
    if (!set_algorithm(X509_get0_tbs_sigalg(cert), form) || !set_algorithm(outer, form))
        return att_fail_memory(err, "certificate");
    int len = i2d_re_X509_tbs(cert, &der);
    if (!keep(arena, der, len, &tbs))
        return att_fail_memory(err, "certificate");
    if (!key_sign(key, tbs, arena, &signature, err))
        return false;
    /* Encodings of what is there: only memory can be missing. */
    return (signature_der(alg, &signature, arena) && put_signature(cert, signature)) ||
           att_fail_memory(err, "certificate");
}

/* NULL when there is none: self-signed. */
static bool issuer_read(struct att_span der, X509 **ret, struct att_err *err)
{
    const uint8_t *p = der.ptr;

    if (der.len == 0)
        return true;
    ERR_clear_error();
    *ret = d2i_X509(NULL, &p, (long)der.len);
    bool memory = signer_out_of_memory();
    if (*ret)
        return true;
    return memory ? att_fail_memory(err, "certificate.issuer")
                  : att_fail(err, ATT_CERT_MALFORMED, "certificate.issuer", "one DER certificate",
                             "something else");
}

/* Of a key that is given as PKCS#8 the algorithm is seen by trying: it must fit one. Want of memory says nothing of it. */
static bool own_key(struct att_span pkcs8, struct key **ret, const char **ret_alg, struct att_err *err)
{
    struct att_err why = { 0 };

    *ret_alg = "RS256";
    if (key_software_new("RS256", pkcs8, ret, &why))
        return true;
    if (why.code == ATT_OUT_OF_MEMORY)
        return att_fail_memory(err, "signer.key");
    *ret_alg = "ES256";
    return key_software_new("ES256", pkcs8, ret, err);
}

static bool make(const struct signer_certificate *want, struct key *key, const char *alg,
                 struct att_arena *arena, struct att_span *ret_der, struct att_err *err)
{
    ATT_AUTO(x509_auto) X509 *cert = X509_new();
    ATT_AUTO(x509_auto) X509 *issuer = NULL;
    struct att_span made = { 0 };
    uint8_t *der = NULL;

    if (!issuer_read(want->issuer_der, &issuer, err))
        return false;
    if (!cert)
        return att_fail_memory(err, "certificate");
    if (!fill(want, cert, issuer))
        return att_fail(err, ATT_CRYPTO_FAILED, "certificate", "a certificate", "the crypto library refused");
    if (!sign(cert, key, alg, arena, err))
        return false;
    int len = i2d_X509(cert, &der);
    if (!keep(arena, der, len, &made))
        return att_fail_memory(err, "certificate");
    *ret_der = made;
    return true;
}

bool signer_certificate_make(const struct signer_certificate *want, struct att_arena *arena,
                             struct att_span *ret_der, struct att_err *err)
{
    struct key *own = NULL;
    const char *alg = want->issuer_alg;

    if (!want->issuer_key && !own_key(want->issuer_pkcs8, &own, &alg, err))
        return false;
    bool ok = make(want, own ? own : want->issuer_key, alg, arena, ret_der, err);
    key_free(own);
    return ok;
}

bool signer_certificate_fits(struct att_span der, struct att_span spki, struct att_err *err)
{
    const uint8_t *p = der.ptr, *q = spki.ptr;

    ERR_clear_error();
    ATT_AUTO(x509_auto) X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    ATT_AUTO(pkey_auto) EVP_PKEY *key = d2i_PUBKEY(NULL, &q, (long)spki.len);
    EVP_PKEY *inside = cert ? X509_get0_pubkey(cert) : NULL; /* decoded when it is first asked for */
    bool same = key && inside && EVP_PKEY_eq(inside, key) == 1;

    if (cert && same && p == der.ptr + der.len)
        return true;
    /* Without memory there are also keys that do not know what they are. */
    if (signer_out_of_memory())
        return att_fail_memory(err, "certificate");
    if (!cert || p != der.ptr + der.len)
        return att_fail(err, ATT_CERT_MALFORMED, "certificate", "one DER certificate", "something else");
    return att_fail(err, ATT_KEY_INVALID, "certificate.key", "the key that the certificate is kept for",
                    "another");
}
