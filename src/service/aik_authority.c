#include "service/aik_authority.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "codec/json.h"
#include "keys/keyring.h"
#include "signer/certificate.h"
#include "signer/signer.h"
#include "store/store.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ARENA_BYTES = 4 << 20,
    ID_SIZE = 128,
    NAME_SIZE = 80,
    NAME_BYTES_MIN = 18,
    BACKDATED_S = 300,
    DAY_S = 86400
};

static const char kind[] = "aik-authority";
struct authority {
    struct aik_authority open; /* first: its address is the caller's */
    struct att_arena *arena;
    struct keyring *ring;
    const struct keyset *keys;
    struct signer *signer;
    const struct aik_authority_options *options; /* during aik_authority_open only */
};

ATT_AUTO_PTR(x509_auto, X509, X509_free)
ATT_AUTO_PTR(bio_auto, BIO, BIO_free_all)

static void authority_free(struct authority *a)
{
    keyset_unref(a->keys);
    keyring_close(a->ring);
    att_arena_free(a->arena);
    free(a);
}

ATT_AUTO_PTR(authority_auto, struct authority, authority_free)

/* The newest, whatever its moment: the authority takes a new key at a start alone. */
static const struct keyset_key *signing_key(const struct authority *a)
{
    return keyset_signing(a->keys, KEYSET_NEVER);
}

static const char *purpose_of(const struct aik_authority_options *o)
{
    return o->test ? "aik-authority-test" : "aik-authority";
}

/* Elliptic: a start should not wait for primes. */
static bool open_keys(struct authority *a, struct att_err *err)
{
    const struct keyring_options options = {
        .store = a->options->store,
        .signer = a->options->signer,
        .purpose = purpose_of(a->options),
        .alg = "ES256",
        .now_unix_s = a->options->now_unix_s,
    };
    if (!keyring_open(&options, &a->ring, err))
        return false;
    a->keys = keyring_keys(a->ring);
    return true;
}

/* -- its certificates ------------------------------------------------------------------------------------- */

static bool id_of(const struct authority *a, const struct keyset_key *key, char ret[ID_SIZE],
                  struct att_err *err)
{
    uint8_t digest[32];
    char hex[2 * sizeof digest + 1];

    if (EVP_Digest(key->spki.ptr, key->spki.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "aik-authority", "a digest", "none");
    att_hex_text(hex, att_span_of(digest, sizeof digest));
    (void)snprintf(ret, ID_SIZE, "%s/%s", purpose_of(a->options), hex);
    return true;
}

static bool make(struct authority *a, const struct keyset_key *key, struct att_span *ret_der,
                 struct att_err *err)
{
    const struct signer_certify want = {
        .kind = SIGNER_CERTIFY_AIK_CA,
        .name = a->options->host,
        .test = a->options->test,
    };
    return signer_certify(a->signer, key->kid, &want, a->arena, ret_der, err);
}

static bool encode(struct authority *a, const char *id, struct att_span der, struct store_doc *ret,
                   struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };

    att_buf_puts(&body, "{\"certificate\":\"");
    att_base64url_put(&body, der);
    att_buf_puts(&body, "\"}");
    char *text = body.failed ? NULL : att_arena_dup(a->arena, att_buf_span(&body));
    if (!text)
        return att_fail_memory(err, kind);
    *ret = (struct store_doc){ .tenant = STORE_TENANT_SITE,
                               .kind = kind,
                               .id = id,
                               .changed_unix_s = a->options->now_unix_s,
                               .body = att_span_of(text, body.len) };
    return true;
}

/* Who can write the store but lacks the key must not give the authority another face. */
static bool own(struct att_span der, const struct keyset_key *key, struct att_err *err)
{
    const uint8_t *p = der.ptr;

    if (!signer_certificate_fits(der, key->spki, err))
        return false;
    ATT_AUTO(x509_auto) X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    if (!cert || X509_verify(cert, X509_get0_pubkey(cert)) != 1 || X509_check_ca(cert) != 1)
        return att_fail(err, ATT_CERT_MALFORMED, kind, "a certificate of an authority, signed by itself",
                        "another");
    return true;
}

/* A row that is wrong is the store's trouble, not a client's. */
static bool decode(struct authority *a, const struct store_doc *doc, const struct keyset_key *key,
                   struct att_span *ret_der, struct att_err *err)
{
    struct att_span text = { 0 };
    struct att_json json;

    if (!att_json_parse(a->arena, doc->body, NULL, &json, err))
        return att_fail_as(err, ATT_STORE_FAILED, kind);
    if (!att_json_string(&json, a->arena, att_json_get(&json, ATT_JSON_ROOT, "certificate"), &text))
        return att_fail(err, ATT_STORE_FAILED, kind, "a certificate", "none");
    return (att_base64_decode(a->arena, ATT_BASE64_STRICT, text, "certificate", ret_der, err) &&
            own(*ret_der, key, err)) ||
           att_fail_as(err, ATT_STORE_FAILED, kind);
}

/* In a transaction: of two processes that start at once, one makes it. */
static bool kept_or_made(struct authority *a, struct store_tx *tx, const struct keyset_key *key,
                         struct att_span *ret_der, struct att_err *err)
{
    struct store_doc doc = { 0 };
    char id[ID_SIZE];
    bool found = false;

    if (!id_of(a, key, id, err) ||
        !store_doc_get(tx, a->arena, STORE_TENANT_SITE, kind, id, &doc, &found, err))
        return false;
    if (found)
        return decode(a, &doc, key, ret_der, err);
    return make(a, key, ret_der, err) && encode(a, id, *ret_der, &doc, err) &&
           store_doc_put(tx, &doc, 0, err);
}

static bool put_pem(BIO *out, struct att_span der)
{
    return PEM_write_bio(out, "CERTIFICATE", "", der.ptr, (long)der.len) > 0;
}

static bool gather(struct authority *a, struct store_tx *tx, BIO *pem, struct att_err *err)
{
    for (size_t i = 0; i < a->keys->count; i++) {
        const struct keyset_key *key = &a->keys->keys[i];
        struct att_span der = { 0 };
        if (!kept_or_made(a, tx, key, &der, err))
            return false;
        if (!put_pem(pem, der))
            return att_fail_memory(err, kind);
        if (key == signing_key(a))
            a->open.certificate = der;
    }
    return true;
}

static bool keep_pem(struct authority *a, BIO *pem, struct att_err *err)
{
    char *text = NULL;
    long len = BIO_get_mem_data(pem, &text);
    char *copy = len > 0 ? att_arena_dup(a->arena, att_span_of(text, (size_t)len)) : NULL;

    if (!copy)
        return att_fail_memory(err, kind);
    a->open.pem = att_span_of(copy, (size_t)len);
    return true;
}

static bool open_certificates(struct authority *a, struct att_err *err)
{
    ATT_AUTO(bio_auto) BIO *pem = BIO_new(BIO_s_mem());
    struct store_tx *tx = NULL;

    if (!pem)
        return att_fail_memory(err, kind);
    if (!store_begin(a->options->store, &tx, err))
        return false;
    if (!gather(a, tx, pem, err)) {
        store_rollback(tx);
        return false;
    }
    return store_commit(tx, err) && keep_pem(a, pem, err);
}

bool aik_authority_open(const struct aik_authority_options *options, struct aik_authority **ret,
                        struct att_err *err)
{
    ATT_AUTO(authority_auto) struct authority *a = calloc(1, sizeof *a);

    if (!a)
        return att_fail_memory(err, kind);
    a->options = options;
    a->signer = options->signer;
    a->open.test = options->test;
    a->arena = att_arena_new(ARENA_BYTES);
    if (!a->arena)
        return att_fail_memory(err, kind);
    if (!open_keys(a, err) || !open_certificates(a, err))
        return false;
    a->options = NULL;
    *ret = &ATT_MOVE(a)->open;
    return true;
}

void aik_authority_free(struct aik_authority *a)
{
    if (a)
        authority_free((struct authority *)(void *)a);
}

/* -- certificates of attestation keys --------------------------------------------------------------------- */

/* The certificate was held against its key when it was opened: what cannot be read of it now, memory is missing for. */
static bool own_trouble(struct att_err *err)
{
    bool of_certificate =
        strcmp(err->where, "certificate") == 0 || strcmp(err->where, "certificate.key") == 0;

    if (!of_certificate || (err->code != ATT_KEY_INVALID && err->code != ATT_CERT_MALFORMED))
        return false;
    *err = (struct att_err){ 0 };
    return att_fail_memory(err, kind);
}

bool aik_authority_issue(const struct aik_authority *open, const struct aik_request *request,
                         struct att_arena *arena, struct att_span *ret_der, struct att_err *err)
{
    const struct authority *a = (const struct authority *)(const void *)open;
    const struct keyset_key *key = signing_key(a);
    char hex[33], name[NAME_SIZE];

    if (request->name.len < NAME_BYTES_MIN || request->life_days == 0)
        return att_fail(err, ATT_INTERNAL, kind, "a name and a lifetime", "less");
    /* Behind the name's two bytes of algorithm: the key's digest. */
    att_hex_text(hex, att_span_of(request->name.ptr + 2, 16));
    (void)snprintf(name, sizeof name, "TPM attestation key %s", hex);
    const struct signer_certify want = {
        .kind = SIGNER_CERTIFY_AIK,
        .name = name,
        .test = a->open.test,
        .subject_spki = request->spki,
        .issuer_der = a->open.certificate,
        .not_before_unix_s = request->now_unix_s - BACKDATED_S,
        .not_after_unix_s = request->now_unix_s + (int64_t)request->life_days * DAY_S,
    };
    return signer_certify(a->signer, key->kid, &want, arena, ret_der, err) || own_trouble(err);
}
