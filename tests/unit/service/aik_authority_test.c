/* layers: service access keys signer store store/memory store/sqlite base codec */
/* The authority of attestation keys: made once, its certificates as OpenSSL sees them, and never another's face. */
#include <attest/seal.h>

#include "base/base64.h"
#include "base/buf.h"
#include "keys/keyrow.h"
#include "service/aik_authority.h"
#include "signer/certificate.h"
#include "signer/signer.h"
#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"
#include "store/store.h"
#include "support/cases.h"
#include "support/signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW  ((int64_t)1781524800) /* 2026-06-15T12:00:00Z */
#define DAY  ((int64_t)86400)
#define HOST "attest.example.org:8443"

static const uint8_t kek[ATT_SEAL_KEY_BYTES] = { 7, 1 };
static const uint8_t other_kek[ATT_SEAL_KEY_BYTES] = { 7, 2 };
static struct cases c = { .name = "service.aik_authority" };
static struct att_arena *arena;
static struct att_err err;

static struct store *memory_new(void)
{
    struct store *s = NULL;

    if (!store_memory_open("", &s, &err))
        abort();
    return s;
}

/* One for each key-encryption key; they live as long as the program. */
static struct signer *signer_of(const uint8_t *key)
{
    static struct signer *signers[2];
    struct signer **s = &signers[key == other_kek];

    if (!*s)
        *s = test_signer(key);
    return *s;
}

static struct aik_authority *open_as(struct store *store, const uint8_t *key, const char *host, bool test)
{
    const struct aik_authority_options o = {
        .store = store, .signer = signer_of(key), .host = host, .test = test, .now_unix_s = NOW
    };
    struct aik_authority *a = NULL;

    err = (struct att_err){ 0 };
    return aik_authority_open(&o, &a, &err) ? a : NULL;
}

static struct aik_authority *open_in(struct store *store)
{
    return open_as(store, kek, HOST, false);
}

static X509 *x509_of(struct att_span der)
{
    const uint8_t *p = der.ptr;

    X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    return cert && p == der.ptr + der.len ? cert : NULL;
}

static struct att_span spki_of(EVP_PKEY *key)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    char *copy = att_arena_dup(arena, att_span_of(der, (size_t)len));

    OPENSSL_free(der);
    return att_span_of(copy, (size_t)len);
}

/* TPM2B_NAME's content: SHA-256, and a digest. */
static struct att_span name_of(uint8_t fill)
{
    uint8_t bytes[34] = { 0x00, 0x0b };

    memset(bytes + 2, fill, 32);
    return att_span_of(att_arena_dup(arena, att_span_of(bytes, sizeof bytes)), sizeof bytes);
}

static bool issue(const struct aik_authority *a, struct att_span spki, uint32_t days, struct att_span *ret)
{
    const struct aik_request request = {
        .spki = spki, .name = name_of(0xa5), .now_unix_s = NOW, .life_days = days
    };

    err = (struct att_err){ 0 };
    return aik_authority_issue(a, &request, arena, ret, &err);
}

/* As a stranger checks a chain. */
static bool verifies(struct att_span leaf, struct att_span root, int64_t at)
{
    X509 *cert = x509_of(leaf), *ca = x509_of(root);
    X509_STORE *trusted = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();

    X509_STORE_add_cert(trusted, ca);
    X509_STORE_set_flags(trusted, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(trusted), (time_t)at);
    X509_STORE_CTX_init(ctx, trusted, cert, NULL);
    bool ok = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(trusted);
    X509_free(cert);
    X509_free(ca);
    return ok;
}

static bool cn_is(X509_NAME *name, const char *want)
{
    char text[128] = "";

    (void)X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text);
    return strcmp(text, want) == 0;
}

static void the_authority(void)
{
    struct store *store = memory_new();
    struct aik_authority *a = open_in(store), *again = open_in(store);
    X509 *cert = a ? x509_of(a->certificate) : NULL;

    cases_check(&c, cert != NULL, "one certificate: %s", err.text);
    if (!cert)
        exit(1);
    cases_check(&c, X509_check_ca(cert) == 1 && X509_get_pathlen(cert) == 0, "an authority of leaves alone");
    cases_check(&c, X509_get_key_usage(cert) == (KU_KEY_CERT_SIGN | KU_CRL_SIGN),
                "signs certificates and lists");
    cases_check(&c, !(X509_get_extension_flags(cert) & EXFLAG_XKUSAGE), "no extended usage");
    cases_check(&c, cn_is(X509_get_subject_name(cert), "TPM key authority of " HOST), "its name");
    cases_check(&c, X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0,
                "its own issuer");
    cases_check(&c,
                X509_get0_authority_key_id(cert) &&
                    ASN1_OCTET_STRING_cmp(X509_get0_subject_key_id(cert), X509_get0_authority_key_id(cert)) ==
                        0,
                "its own key id");
    cases_check(&c,
                verifies(a->certificate, a->certificate, NOW) &&
                    verifies(a->certificate, a->certificate, NOW + 3650 * DAY),
                "now, and in ten years");
    cases_check(&c,
                again && att_span_eq(a->certificate, again->certificate) && att_span_eq(a->pem, again->pem),
                "the same at the next start, byte for byte");

    BIO *pem = BIO_new_mem_buf(a->pem.ptr, (int)a->pem.len);
    X509 *from_pem = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    cases_check(&c, from_pem && X509_cmp(from_pem, cert) == 0 && !PEM_read_bio_X509(pem, NULL, NULL, NULL),
                "the PEM holds it alone");
    X509_free(from_pem);
    BIO_free(pem);
    X509_free(cert);
    aik_authority_free(a);
    aik_authority_free(again);
    a = open_as(store, kek, "moved.example.org", false);
    cert = a ? x509_of(a->certificate) : NULL;
    cases_check(&c, cert && cn_is(X509_get_subject_name(cert), "TPM key authority of " HOST),
                "an address that changes changes nothing");
    X509_free(cert);
    aik_authority_free(a);
    cases_check(&c, !open_as(store, other_kek, HOST, false) && err.code == ATT_SEAL_INVALID,
                "another key: %s", err.text);
    store_close(store);
    aik_authority_free(NULL);
}

static void made_in_dev(void)
{
    struct store *store = memory_new();
    struct aik_authority *test = open_as(store, kek, "localhost", true);
    struct aik_authority *real = open_as(store, kek, "localhost", false);
    struct att_span leaf = { 0 };
    EVP_PKEY *key = EVP_EC_gen("P-256");

    cases_check(&c, test && real && test->test && !real->test, "both: %s", err.text);
    cases_check(&c, !att_span_eq(test->certificate, real->certificate), "two authorities");
    cases_check(&c, issue(test, spki_of(key), 1, &leaf) && verifies(leaf, test->certificate, NOW),
                "one issues: %s", err.text);
    cases_check(&c, !verifies(leaf, real->certificate, NOW), "what --dev issued is worth nothing in earnest");
    EVP_PKEY_free(key);
    aik_authority_free(test);
    aik_authority_free(real);
    store_close(store);
}

static void long_names(void)
{
    static const char host[] = "a-very-long-label-for-a-host.of-many-parts.attestation.example.org:8443";
    struct store *store = memory_new();
    struct aik_authority *a = open_as(store, kek, host, false);
    X509 *cert = a ? x509_of(a->certificate) : NULL;
    char text[128] = "";

    cases_check(&c, cert && cn_is(X509_get_subject_name(cert), "TPM key authority"), "a long host: %s",
                err.text);
    if (cert)
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_description, text, sizeof text);
    cases_check(&c, strcmp(text, host) == 0, "stands in the description: %s", text);
    X509_free(cert);
    aik_authority_free(a);
    store_close(store);
}

static void check_leaf(const struct aik_authority *a, const char *what, EVP_PKEY *key)
{
    struct att_span der = { 0 }, second = { 0 };
    bool ok = issue(a, spki_of(key), 365, &der) && issue(a, spki_of(key), 365, &second);
    X509 *cert = ok ? x509_of(der) : NULL, *ca = x509_of(a->certificate),
         *other = ok ? x509_of(second) : NULL;

    cases_check(&c, cert && ca && other, "%s: issued: %s", what, err.text);
    if (!cert || !other)
        exit(1);
    cases_check(&c, EVP_PKEY_eq(X509_get0_pubkey(cert), key) == 1, "%s: for the key that was given", what);
    cases_check(&c, verifies(der, a->certificate, NOW), "%s: a chain", what);
    cases_check(&c, verifies(der, a->certificate, NOW - 300) && !verifies(der, a->certificate, NOW - 301),
                "%s: from five minutes ago", what);
    cases_check(&c,
                verifies(der, a->certificate, NOW + 365 * DAY - 1) &&
                    !verifies(der, a->certificate, NOW + 365 * DAY + 1),
                "%s: for its days", what);
    cases_check(&c, X509_check_ca(cert) == 0 && X509_get_key_usage(cert) == KU_DIGITAL_SIGNATURE,
                "%s: no authority", what);
    cases_check(&c,
                cn_is(X509_get_subject_name(cert), "TPM attestation key a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"),
                "%s: its name", what);
    cases_check(&c,
                X509_NAME_entry_count(X509_get_subject_name(cert)) == 1 &&
                    X509_get_ext_by_NID(cert, NID_subject_alt_name, -1) < 0,
                "%s: nothing else names the machine", what);
    cases_check(&c,
                ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(cert), X509_get0_subject_key_id(ca)) == 0,
                "%s: the authority's key id", what);
    cases_check(&c, X509_get0_subject_key_id(cert) != NULL, "%s: a key id", what);
    cases_check(&c,
                ASN1_INTEGER_cmp(X509_get0_serialNumber(cert), X509_get0_serialNumber(other)) != 0 &&
                    ASN1_STRING_length(X509_get0_serialNumber(cert)) == 16,
                "%s: random serial numbers", what);
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
    char oid[64] = "";
    if (usage)
        (void)OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(usage, 0), 1);
    cases_check(&c, usage && sk_ASN1_OBJECT_num(usage) == 1 && strcmp(oid, "2.23.133.8.3") == 0,
                "%s: usage %s", what, oid);
    EXTENDED_KEY_USAGE_free(usage);
    X509_free(cert);
    X509_free(other);
    X509_free(ca);
}

static void leaves(void)
{
    struct store *store = memory_new(), *elsewhere = memory_new();
    struct aik_authority *a = open_in(store), *b = open_in(elsewhere);
    EVP_PKEY *rsa = EVP_RSA_gen(2048), *p256 = EVP_EC_gen("P-256"), *p384 = EVP_EC_gen("P-384");
    struct att_span der = { 0 }, spki = spki_of(p256);

    check_leaf(a, "RSA", rsa);
    check_leaf(a, "P-256", p256);
    check_leaf(a, "P-384", p384);
    cases_check(&c, issue(a, spki, 1, &der) && !verifies(der, b->certificate, NOW), "not another service's");
    cases_check(&c, !issue(a, spki, 0, &der) && err.code == ATT_INTERNAL, "no days: %s", err.text);
    cases_check(&c, !issue(a, att_str("no key at all"), 1, &der) && err.code == ATT_CRYPTO_FAILED,
                "no key: %s", err.text);
    cases_check(&c, !issue(a, att_span_of(spki.ptr, spki.len - 1), 1, &der) && err.code == ATT_CRYPTO_FAILED,
                "a key cut short: %s", err.text);
    const struct aik_request nameless = {
        .spki = spki, .name = att_str("short"), .now_unix_s = NOW, .life_days = 1
    };
    err = (struct att_err){ 0 };
    cases_check(&c, !aik_authority_issue(a, &nameless, arena, &der, &err) && err.code == ATT_INTERNAL,
                "no name: %s", err.text);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
    aik_authority_free(a);
    aik_authority_free(b);
    store_close(store);
    store_close(elsewhere);
}

/* -- what may be done to the store by who lacks the key-encryption key -------------------------------------- */

struct kept {
    char id[128];
    uint64_t version;
};

static bool take_id(void *ctx, const struct store_doc *doc, struct att_err *e)
{
    struct kept *k = ctx;

    (void)e;
    (void)snprintf(k->id, sizeof k->id, "%s", doc->id);
    k->version = doc->version;
    return true;
}

static void replace(struct store *store, const char *body)
{
    struct kept k = { .version = 0 };
    struct store_tx *tx = NULL;

    err = (struct att_err){ 0 };
    if (!store_scan(store, "aik-authority", take_id, &k, &err) || !store_begin(store, &tx, &err))
        abort();
    struct store_doc doc = {
        .tenant = STORE_TENANT_SITE, .kind = "aik-authority", .id = k.id, .body = att_str(body)
    };
    if (!store_doc_put(tx, &doc, k.version, &err) || !store_commit(tx, &err))
        abort();
}

static const char *body_of(struct att_span der)
{
    struct att_buf b = { 0 };

    att_buf_puts(&b, "{\"certificate\":\"");
    att_base64url_put(&b, der);
    att_buf_puts(&b, "\"}");
    const char *copy = att_arena_dup(arena, att_buf_span(&b));
    att_buf_free(&b);
    return copy;
}

static bool unseal_row(void *ctx, const struct store_doc *doc, struct att_err *e)
{
    struct keyrow row;
    char label[128];

    if (!keyrow_is_of(doc, "aik-authority"))
        return true;
    if (!keyrow_decode(arena, doc, &row, e))
        return false;
    (void)snprintf(label, sizeof label, "signing-key:%s:%s", row.purpose, row.kid);
    return att_unseal(arena, kek, att_str(label), row.sealed, ctx, e);
}

/* Certificates of the authority's own key that it never made for itself: this test has the key-encryption key. */
static struct att_span other_face(struct store *store, bool ca, bool self_signed)
{
    struct att_span pkcs8 = { 0 };
    unsigned char *der = NULL;

    if (!store_scan(store, "signing-key", unseal_row, &pkcs8, &err) || pkcs8.len == 0)
        abort();
    const unsigned char *at = pkcs8.ptr;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)pkcs8.len);
    EVP_PKEY *stranger = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"another face", -1, -1,
                                     0);
    (void)X509_set_issuer_name(x, name);
    (void)X509_set_version(x, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    (void)ASN1_TIME_set(X509_getm_notBefore(x), NOW);
    (void)ASN1_TIME_set(X509_getm_notAfter(x), NOW + DAY);
    (void)X509_set_pubkey(x, key);
    X509_EXTENSION *basic =
        X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    (void)X509_add_ext(x, basic, -1);
    X509_EXTENSION_free(basic);
    if (X509_sign(x, self_signed ? key : stranger, EVP_sha256()) <= 0)
        abort();
    int len = i2d_X509(x, &der);
    char *copy = att_arena_dup(arena, att_span_of(der, (size_t)len));
    OPENSSL_free(der);
    X509_free(x);
    EVP_PKEY_free(key);
    EVP_PKEY_free(stranger);
    return att_span_of(copy, (size_t)len);
}

static void rows_that_others_wrote(void)
{
    struct store *store = memory_new(), *elsewhere = memory_new();
    struct aik_authority *a = open_in(store), *b = open_in(elsewhere);
    const char *mine = body_of(a->certificate);
    struct att_span cut = { a->certificate.ptr, a->certificate.len - 1 };
    const struct {
        const char *name, *body;
    } rows[] = {
        { "another authority's", body_of(b->certificate) },
        { "no authority", body_of(other_face(store, false, true)) },
        { "not signed by itself", body_of(other_face(store, true, false)) },
        { "cut short", body_of(cut) },
        { "empty", "{\"certificate\":\"\"}" },
        { "no base64", "{\"certificate\":\"!\"}" },
        { "padded", "{\"certificate\":\"AA==\"}" },
        { "a number", "{\"certificate\":5}" },
        { "no member", "{}" },
        { "no object", "[]" },
        { "no JSON", "certificate" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        replace(store, rows[i].body);
        struct aik_authority *got = open_in(store);
        cases_check(&c, !got && err.code == ATT_STORE_FAILED, "%s: %s", rows[i].name, err.text);
        aik_authority_free(got);
    }
    replace(store, mine);
    struct aik_authority *again = open_in(store);
    cases_check(&c, again && att_span_eq(again->certificate, a->certificate), "its own again: %s", err.text);
    aik_authority_free(again);
    aik_authority_free(a);
    aik_authority_free(b);
    store_close(store);
    store_close(elsewhere);
}

/* -- several that start at once ------------------------------------------------------------------------------ */

enum { STARTS = 4 };
static char path[64];
static struct aik_authority *opened[STARTS];
static struct signer *signers[STARTS]; /* as in processes of their own */

static void *start_one(void *ctx)
{
    const struct aik_authority_options o = { .host = HOST, .now_unix_s = NOW };
    struct aik_authority_options mine = o;
    struct att_err e = { 0 };

    mine.signer = signers[(struct aik_authority **)ctx - opened] = test_signer(kek);
    if (!store_sqlite_open(path, &mine.store, &e))
        return NULL;
    if (!aik_authority_open(&mine, (struct aik_authority **)ctx, &e))
        (void)fprintf(stderr, "%s\n", e.text);
    store_close(mine.store);
    return NULL;
}

static void replicas(void)
{
    pthread_t threads[STARTS];
    char folder[] = "/tmp/attestd-aik-XXXXXX", command[96];

    if (!mkdtemp(folder))
        abort();
    (void)snprintf(path, sizeof path, "%s/s.sqlite", folder);
    for (int i = 0; i < STARTS; i++)
        if (pthread_create(&threads[i], NULL, start_one, &opened[i]) != 0)
            abort();
    for (int i = 0; i < STARTS; i++)
        (void)pthread_join(threads[i], NULL);
    for (int i = 0; i < STARTS; i++) {
        cases_check(&c, opened[0] && opened[i] && att_span_eq(opened[i]->certificate, opened[0]->certificate),
                    "replica %d has the same authority", i);
    }
    for (int i = 0; i < STARTS; i++)
        aik_authority_free(opened[i]);
    for (int i = 0; i < STARTS; i++)
        signer_close(signers[i]);
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
    cases_check(&c, system(command) == 0, "nothing is left behind");
}

int main(void)
{
    arena = att_arena_new((size_t)16 << 20);
    the_authority();
    made_in_dev();
    long_names();
    leaves();
    rows_that_others_wrote();
    replicas();
    signer_close(signer_of(kek));
    signer_close(signer_of(other_kek));
    att_arena_free(arena);
    return cases_report(&c);
}
