#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/tpm.h"
#include "cli/tpm_service.h"
#include "cli/tpm_shot.h"
#include "cli/tpm_state.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { CHAIN_MAX = 8, SECRET_BYTES_MAX = 64 };

ATT_AUTO_PTR(tss_auto, struct tss, tss_close)
ATT_AUTO_PTR(x509_auto, X509, X509_free)
ATT_AUTO_PTR(bio_auto, BIO, BIO_free_all)
ATT_AUTO_PTR(bn_auto, BIGNUM, BN_free)

struct enrolment {
    struct tpm_state state;
    enum tss_key_type ek, key;
    struct att_span ek_certificate, ek_public, ek_chain;
    struct tss_key aik;
    tss_loaded aik_loaded;
    bool renewed; /* the key was there */
    struct att_span id_object, encrypted_secret, context;
    struct att_span secret;
    struct att_span chain[CHAIN_MAX]; /* the AIK's certificate, then its issuers; DER */
    size_t chain_count;
};

static bool type_of(const struct cli *c, const char *option, enum tss_key_type *ret, struct att_err *err)
{
    const char *text = cli_value(c, option);
    struct att_shown shown;

    *ret = text && strcmp(text, "ecc") == 0 ? TSS_ECC_P256 : TSS_RSA_2048;
    return !text || *ret == TSS_ECC_P256 || strcmp(text, "rsa") == 0 ||
           att_fail(err, ATT_USAGE, option, "rsa or ecc", "%s", att_shown(&shown, att_str(text)));
}

/* -- the TPM's side ------------------------------------------------------------------------------------------- */

/* NV indices may be longer than the certificate in them: zeros or 0xff stand behind it. */
static struct att_span first_der(struct att_span bytes)
{
    const unsigned char *p = bytes.ptr;
    ATT_AUTO(x509_auto) X509 *cert = bytes.len > 0 ? d2i_X509(NULL, &p, (long)bytes.len) : NULL;

    return cert ? att_span_of(bytes.ptr, (size_t)(p - bytes.ptr)) : (struct att_span){ 0 };
}

static bool read_ek(struct cli *c, struct tss *tpm, struct enrolment *e, struct att_err *err)
{
    bool given = false;
    struct att_span found = { 0 };

    if (!cli_read_option(c, "ek-cert", &given, &found, err))
        return false;
    if (!given &&
        !tpm->ops->nv_read(tpm, e->ek == TSS_ECC_P256 ? TSS_NV_EK_ECC : TSS_NV_EK_RSA, c->arena, &found, err))
        return false;
    e->ek_certificate = first_der(found);
    if (e->ek_certificate.len == 0)
        return att_fail(err, ATT_IO_FAILED, given ? "ek-cert" : "tpm.nv",
                        given ? "a certificate in DER"
                              : "a certificate of the endorsement key: try --ek ecc, or give --ek-cert",
                        found.len > 0 ? "something else" : "none");
    return tpm->ops->ek_chain(tpm, c->arena, &e->ek_chain, err) &&
           tpm->ops->ek_public(tpm, e->ek, c->arena, &e->ek_public, err);
}

static bool take_key(struct cli *c, struct tss *tpm, struct enrolment *e, struct att_err *err)
{
    e->renewed = e->state.has_key && !cli_has(c, "new-key");
    if (e->renewed)
        e->aik = e->state.aik;
    else if (!tpm->ops->create(tpm, TSS_USE_AIK, e->key, c->arena, &e->aik, err))
        return false;
    return tpm->ops->load(tpm, &e->aik, &e->aik_loaded, err);
}

/* -- the service's side --------------------------------------------------------------------------------------- */

static void put_member(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    att_jw_key(w, name);
    tpm_put_base64url(w, bytes);
}

static bool bytes_of(struct cli *c, const struct att_json *doc, const char *name, struct att_span *ret,
                     struct att_err *err)
{
    struct att_span text;

    return att_json_want_string(doc, c->arena, ATT_JSON_ROOT, "answer", name, &text, err) &&
           att_base64_decode(c->arena, ATT_BASE64_LENIENT, text, name, ret, err);
}

/* What a service says that is no answer is its fault, not the user's. */
static bool not_understood(struct tpm_service *s, const struct att_err *why)
{
    struct att_err err = { 0 };

    att_fail(&err, ATT_SERVICE_UNAVAILABLE, why->where[0] ? why->where : "answer",
             why->expected[0] ? why->expected : "an answer", "something else");
    return tpm_service_fail(s, &err);
}

static bool ask_credential(struct tpm_service *s, struct enrolment *e)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };
    struct att_err err = { 0 };
    struct att_json doc;

    att_jw_object(&w);
    put_member(&w, "ekCertificate", e->ek_certificate);
    put_member(&w, "ekPublic", e->ek_public);
    put_member(&w, "aikPublic", e->aik.public_area);
    att_jw_end_object(&w);
    if (!tpm_service_post(s, "/tpm/credential?api-version=" VERSION_DATA, &body, &doc))
        return false;
    return (bytes_of(s->c, &doc, "credentialBlob", &e->id_object, &err) &&
            bytes_of(s->c, &doc, "encryptedSecret", &e->encrypted_secret, &err) &&
            att_json_want_string(&doc, s->c->arena, ATT_JSON_ROOT, "answer", "context", &e->context, &err)) ||
           not_understood(s, &err);
}

static bool add_certificate(struct cli *c, const struct att_json *doc, att_json_id id, struct enrolment *e,
                            struct att_err *err)
{
    struct att_span text, der;

    if (e->chain_count == CHAIN_MAX || !att_json_string(doc, c->arena, id, &text) ||
        !att_base64_decode(c->arena, ATT_BASE64_LENIENT, text, "certificate", &der, err) ||
        first_der(der).len != der.len || der.len == 0)
        return att_fail(err, ATT_SERVICE_UNAVAILABLE, "answer.chain", "at most 8 certificates",
                        "something else");
    e->chain[e->chain_count++] = der;
    return true;
}

static bool ask_certificate(struct tpm_service *s, struct enrolment *e)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };
    struct att_err err = { 0 };
    struct att_json doc;

    att_jw_object(&w);
    att_jw_key(&w, "context");
    att_jw_string(&w, e->context);
    put_member(&w, "secret", e->secret);
    att_jw_end_object(&w);
    if (!tpm_service_post(s, "/tpm/certificate?api-version=" VERSION_DATA, &body, &doc))
        return false;
    if (!add_certificate(s->c, &doc, att_json_get(&doc, ATT_JSON_ROOT, "certificate"), e, &err))
        return not_understood(s, &err);
    att_json_id chain = att_json_get(&doc, ATT_JSON_ROOT, "chain");
    for (att_json_id id = att_json_first(&doc, chain); id != ATT_JSON_NONE; id = att_json_next(&doc, id))
        if (!add_certificate(s->c, &doc, id, e, &err))
            return not_understood(s, &err);
    return true;
}

static bool number_is(const EVP_PKEY *key, const char *name, struct att_span wanted)
{
    ATT_AUTO(bn_auto) BIGNUM *has = NULL;
    ATT_AUTO(bn_auto) BIGNUM *want = BN_bin2bn(wanted.ptr, (int)wanted.len, NULL);

    return want && EVP_PKEY_get_bn_param(key, name, &has) == 1 && BN_cmp(has, want) == 0;
}

/* Who reads aik.pem takes it for this TPM's key: a service must not put another's there. */
static bool certifies(struct cli *c, struct tss *tpm, const struct enrolment *e, struct att_err *err)
{
    const unsigned char *p = e->chain[0].ptr;
    ATT_AUTO(x509_auto) X509 *cert = d2i_X509(NULL, &p, (long)e->chain[0].len);
    const EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;
    struct tss_public own;

    if (!tpm->ops->public_read(e->aik.public_area, c->arena, &own, err))
        return false;
    bool same = key && (own.ecc ? number_is(key, OSSL_PKEY_PARAM_EC_PUB_X, own.x) &&
                                      number_is(key, OSSL_PKEY_PARAM_EC_PUB_Y, own.y)
                                : number_is(key, OSSL_PKEY_PARAM_RSA_N, own.n) &&
                                      number_is(key, OSSL_PKEY_PARAM_RSA_E, own.e));
    return same || att_fail(err, ATT_SERVICE_UNAVAILABLE, "answer.certificate",
                            "a certificate of the key that was enrolled", "one of another key");
}

/* -- what is kept --------------------------------------------------------------------------------------------- */

static bool write_pem(const struct enrolment *e, const char *name, bool key_only, struct att_err *err)
{
    ATT_AUTO(bio_auto) BIO *out = BIO_new(BIO_s_mem());
    bool ok = out != NULL;
    char *text = NULL;

    for (size_t i = 0; ok && i < (key_only ? 1 : e->chain_count); i++) {
        const unsigned char *p = e->chain[i].ptr;
        ATT_AUTO(x509_auto) X509 *cert = d2i_X509(NULL, &p, (long)e->chain[i].len);
        ok = cert && (key_only ? PEM_write_bio_PUBKEY(out, X509_get0_pubkey(cert))
                               : PEM_write_bio_X509(out, cert)) == 1;
    }
    long len = ok ? BIO_get_mem_data(out, &text) : 0;
    if (len <= 0)
        return att_fail(err, ATT_CRYPTO_FAILED, name, "PEM", "a failure of the crypto library");
    return tpm_state_put(&e->state, name, att_span_of(text, (size_t)len), err);
}

static bool keep(const struct enrolment *e, struct att_err *err)
{
    const struct {
        const char *name;
        struct att_span bytes;
    } files[] = {
        { "ek_cert.der", e->ek_certificate },         { "ek_chain.der", e->ek_chain },
        { "ek.tpm2b_public", e->ek_public },          { "aik.tpm2b_public", e->aik.public_area },
        { "aik.tpm2b_private", e->aik.private_area }, { "aik_cert.der", e->chain[0] },
    };

    if (!tpm_state_folder(&e->state, err))
        return false;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (!tpm_state_put(&e->state, files[i].name, files[i].bytes, err))
            return false;
    return write_pem(e, "aik_chain.pem", false, err) && write_pem(e, "aik.pem", true, err);
}

static void answer(struct cli *c, const struct enrolment *e)
{
    struct att_json_writer w = cli_writer(c);

    if (!c->json) {
        att_buf_printf(&c->out, "%s\n  state       %s\n  certificate %s/aik_cert.der\n",
                       e->renewed ? "the attestation key has a new certificate"
                                  : "enrolled a new attestation key",
                       e->state.dir, e->state.dir);
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "state");
    att_jw_str(&w, e->state.dir);
    att_jw_key(&w, "newKey");
    att_jw_bool(&w, !e->renewed);
    put_member(&w, "certificate", e->chain[0]);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static bool prepare(struct cli *c, struct tss **ret, struct enrolment *e, struct att_err *err)
{
    return type_of(c, "ek", &e->ek, err) && type_of(c, "key-type", &e->key, err) &&
           tpm_state_read(c, &e->state, err) && tss_open(cli_value(c, "tcti"), ret, err) &&
           read_ek(c, *ret, e, err) && take_key(c, *ret, e, err);
}

static enum cli_exit run_enroll(struct cli *c)
{
    ATT_AUTO(tss_auto) struct tss *tpm = NULL;
    struct enrolment e = { 0 };
    struct tpm_service service;
    struct att_err err = { 0 };

    if (!tpm_service_open(c, &service))
        return service.exit;
    if (!prepare(c, &tpm, &e, &err))
        return cli_refuse(c, &err);
    if (!ask_credential(&service, &e))
        return service.exit;
    if (!tpm->ops->activate(tpm, e.aik_loaded, e.ek, e.id_object, e.encrypted_secret, c->arena, &e.secret,
                            &err))
        return cli_refuse(c, &err);
    if (!ask_certificate(&service, &e))
        return service.exit;
    if (!certifies(c, tpm, &e, &err) || !keep(&e, &err))
        return cli_refuse(c, &err);
    answer(c, &e);
    return CLI_YES;
}

static const struct cli_option options[] = {
    OPTION_TCTI,
    OPTION_STATE,
    OPTIONS_TPM_SERVICE,
    { .name = "ek", .argument = "rsa|ecc", .help = "Which endorsement key vouches; rsa if not given." },
    { .name = "ek-cert", .argument = "FILE", .help = "Its certificate in DER, where the TPM holds none." },
    { .name = "key-type", .argument = "rsa|ecc", .help = "RSA of 2048 bits, if not given, or P-256." },
    { .name = "new-key", .help = "Make another attestation key even if the folder has one." },
    { 0 },
};

const struct cli_command cli_tpm_enroll = {
    .name = "tpm enroll",
    .summary = "make an attestation key in the TPM and have it certified",
    .about = "Makes a restricted signing key in the TPM and asks the provider's authority for a certificate "
             "of it. The "
             "authority checks the certificate of the TPM's endorsement key, and encrypts a secret that only "
             "that TPM "
             "opens, and only while it holds the new key.\n\n"
             "The key's blobs, which load on this TPM alone, and its certificate are kept in the state "
             "folder. Where a key "
             "is there already it is certified again.",
    .examples =
        "  attestctl tpm enroll\n"
        "  attestctl tpm enroll --tcti swtpm:path=/tmp/tpm.sock --state aik --url https://localhost:8443\n",
    .options = options,
    .run = run_enroll,
};
