#include "base/base64.h"
#include "base/err.h"
#include "makers/uvm_parts.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum {
    CHAIN_FROM = 1577836800, /* 2020-01-01 */
    LEAF_BEFORE_S = 24 * 3600,
    LEAF_AFTER_S = 100 * 24 * 3600,
    RSA_BITS = 2048,
};
static const int64_t chain_to = 2493072000; /* 2049-01-01 */

ATT_AUTO_PTR(uvm_md_ctx_auto, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(uvm_sig_auto, ECDSA_SIG, ECDSA_SIG_free)
ATT_AUTO_PTR(uvm_extension_auto, X509_EXTENSION, X509_EXTENSION_free)
ATT_AUTO_PTR(uvm_bignum_auto, BIGNUM, BN_free)
ATT_AUTO_PTR(uvm_signer_auto, struct mk_uvm_signer, mk_uvm_signer_free)

static const struct mk_uvm_alg algs[] = {
    { "ES256", -7, "P-256", "SHA256", 32 }, { "ES384", -35, "P-384", "SHA384", 48 },
    { "PS256", -37, NULL, "SHA256", 0 },    { "PS384", -38, NULL, "SHA384", 0 },
    { "PS512", -39, NULL, "SHA512", 0 },
};

static bool failed(struct att_err *err, const char *where)
{
    return att_fail(err, ATT_CRYPTO_FAILED, where, "success", "a failure inside OpenSSL");
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
    if (!value)
        return true;
    ATT_AUTO(uvm_extension_auto) X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    return e && X509_add_ext(cert, e, -1) == 1;
}

static bool name(X509_NAME *to, const char *cn)
{
    return to &&
           X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1;
}

bool mk_uvm_cert_make(const struct mk_uvm_cert *spec, X509 **ret, struct att_err *err)
{
    uint8_t serial[MK_SERIAL_BYTES];

    if (!mk_serial_new(serial, err))
        return false;
    ATT_AUTO(mk_x509_auto) X509 *cert = X509_new();
    ATT_AUTO(uvm_bignum_auto) BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    if (!cert || !number || X509_set_version(cert, X509_VERSION_3) != 1 ||
        !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) ||
        !ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)spec->not_before) ||
        !ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)spec->not_after) ||
        !name(X509_get_subject_name(cert), spec->cn) || !name(X509_get_issuer_name(cert), spec->issuer_cn) ||
        X509_set_pubkey(cert, spec->key) != 1)
        return failed(err, "makers.uvm.cert");
    if (!add_extension(cert, NID_basic_constraints, spec->constraints) ||
        !add_extension(cert, NID_key_usage, spec->usage) ||
        !add_extension(cert, NID_ext_key_usage, spec->purpose) ||
        !add_extension(cert, NID_netscape_comment, spec->unknown_critical ? "critical,TEST" : NULL) ||
        X509_sign(cert, spec->signer, EVP_sha384()) <= 0)
        return failed(err, "makers.uvm.cert");
    *ret = ATT_MOVE(cert);
    return true;
}

struct mk_uvm_cert mk_uvm_cert_of(const struct mk_uvm_signer *s, unsigned which, int64_t signed_unix_s)
{
    static const char *const names[MK_UVM_CERTS] = { "TEST UVM signer", "TEST UVM CA", "TEST UVM root" };
    unsigned above = which == MK_UVM_ROOT ? which : which + 1;
    bool leaf = which == MK_UVM_LEAF;

    return (struct mk_uvm_cert){
        .cn = names[which],
        .issuer_cn = names[above],
        .key = s->keys[which],
        .signer = s->keys[above],
        .not_before = leaf ? signed_unix_s - LEAF_BEFORE_S : CHAIN_FROM,
        .not_after = leaf ? signed_unix_s + LEAF_AFTER_S : chain_to,
        .constraints = leaf ? "critical,CA:FALSE" : "critical,CA:TRUE",
        .usage = leaf ? "critical,digitalSignature" : "critical,digitalSignature,keyCertSign,cRLSign",
        .purpose = leaf ? "1.3.6.1.4.1.311.76.59.1.1," MK_UVM_USAGE : NULL,
    };
}

static bool raw_of(struct att_span der, size_t half_bytes, struct att_buf *out)
{
    const unsigned char *p = der.ptr;
    uint8_t *to = att_buf_room(out, 2 * half_bytes);
    ATT_AUTO(uvm_sig_auto) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
    int half = (int)half_bytes;

    if (!to || !sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig), to, half) != half ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), to + half_bytes, half) != half)
        return false;
    out->len += 2 * half_bytes;
    return true;
}

bool mk_uvm_sign(const struct mk_uvm_alg *alg, EVP_PKEY *key, struct att_span message, struct att_buf *out,
                 struct att_err *err)
{
    ATT_AUTO(uvm_md_ctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL; /* ctx has it */
    uint8_t bytes[RSA_BITS / 8];
    size_t len = sizeof bytes;

    if (!ctx || EVP_DigestSignInit_ex(ctx, &how, alg->digest, NULL, NULL, key, NULL) != 1)
        return failed(err, "makers.uvm.sign");
    if (!alg->curve && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) <= 0 ||
                        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) <= 0))
        return failed(err, "makers.uvm.sign");
    if (EVP_DigestSign(ctx, bytes, &len, message.ptr, message.len) != 1)
        return failed(err, "makers.uvm.sign");
    if (!alg->curve)
        att_buf_put(out, att_span_of(bytes, len));
    else if (!raw_of(att_span_of(bytes, len), alg->half_bytes, out))
        return failed(err, "makers.uvm.sign");
    return !out->failed || att_fail_memory(err, "makers.uvm.sign");
}

bool mk_uvm_did_start(X509 *cert, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf der = { 0 };
    uint8_t digest[32];

    if (!mk_cert_der(cert, &der, err) || !mk_sha256(att_buf_span(&der), digest, err))
        return false;
    att_buf_puts(out, "did:x509:0:sha256:");
    att_base64url_put(out, att_span_of(digest, sizeof digest));
    return !out->failed || att_fail_memory(err, "makers.uvm.did");
}

static bool key_new(const struct mk_uvm_alg *alg, EVP_PKEY **ret, struct att_err *err)
{
    *ret = alg->curve ? EVP_EC_gen(alg->curve) : EVP_RSA_gen(RSA_BITS);
    return *ret || failed(err, "makers.uvm.key");
}

static bool fill(struct mk_uvm_signer *s, struct att_err *err)
{
    static const struct mk_uvm_alg chain_alg = { .curve = "P-384" };
    ATT_AUTO(att_buf_free) struct att_buf issuer = { .max = sizeof s->issuer - 1 };

    if (!key_new(s->alg, &s->keys[MK_UVM_LEAF], err) || !key_new(&chain_alg, &s->keys[MK_UVM_CA], err) ||
        !key_new(&chain_alg, &s->keys[MK_UVM_ROOT], err))
        return false;
    /* Another key of the same kind: RSA keys take long to make, so there the stranger is of P-384 and only signs certificates. */
    if (!key_new(s->alg->curve ? s->alg : &chain_alg, &s->stranger, err))
        return false;
    struct mk_uvm_cert root = mk_uvm_cert_of(s, MK_UVM_ROOT, CHAIN_FROM);
    if (!mk_uvm_cert_make(&root, &s->root, err) || !mk_uvm_did_start(s->root, &issuer, err))
        return false;
    att_buf_puts(&issuer, "::eku:" MK_UVM_USAGE);
    if (issuer.failed)
        return att_fail_memory(err, "makers.uvm.did");
    memcpy(s->issuer, issuer.ptr, issuer.len);
    return true;
}

bool mk_uvm_signer_new(const char *alg, struct mk_uvm_signer **ret, struct att_err *err)
{
    ATT_AUTO(uvm_signer_auto) struct mk_uvm_signer *s = calloc(1, sizeof *s);

    if (!s)
        return att_fail_memory(err, "makers.uvm");
    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++)
        if (strcmp(algs[i].name, alg) == 0)
            s->alg = &algs[i];
    if (!s->alg)
        return att_fail(err, ATT_KEY_INVALID, "makers.uvm.alg", "ES256, ES384, PS256, PS384, PS512",
                        "another");
    if (!fill(s, err))
        return false;
    *ret = ATT_MOVE(s);
    return true;
}

void mk_uvm_signer_free(struct mk_uvm_signer *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < MK_UVM_CERTS; i++)
        EVP_PKEY_free(s->keys[i]);
    EVP_PKEY_free(s->stranger);
    X509_free(s->root);
    free(s);
}

const char *mk_uvm_issuer(const struct mk_uvm_signer *s)
{
    return s->issuer;
}
