/* The floor, directly on OpenSSL: nothing of libattest is used here. */
#include "bench.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum { QE_BYTES = 384, KEY_AND_DATA_BYTES = 96 };

/* Offsets in the quotes that the makers make: see the evidence folder's README. */
struct offsets {
    size_t body_end, sig, att_key, qe_report, qe_sig;
};
static const struct offsets sgx_v3 = { 432, 436, 500, 564, 948 };
static const struct offsets tdx_v4 = { 632, 636, 700, 770, 1154 };

struct floor {
    struct offsets at;
    const uint8_t *quote;
    size_t quote_len;
    EVP_MD *sha256;
    EVP_PKEY *template_key;
    EVP_PKEY *rsa;
    uint8_t pck_point[65];
    uint8_t der[2][80];
    size_t der_len[2];
    uint8_t token[1600];
};

static size_t der_of(const uint8_t *raw, uint8_t *out)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    (void)ECDSA_SIG_set0(sig, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
    uint8_t *p = out;
    int len = i2d_ECDSA_SIG(sig, &p);
    ECDSA_SIG_free(sig);
    return (size_t)len;
}

/* The PCK key out of the chain in the quote. */
static void pck_point(struct floor *f, const struct bench_evidence *e)
{
    struct att_span pem = mk_item(&e->item, MK_PCK_CHAIN);
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    size_t len = 0;
    EVP_PKEY *key = X509_get_pubkey(leaf);
    if (EVP_PKEY_get_octet_string_param(key, "pub", f->pck_point, sizeof f->pck_point, &len) != 1 ||
        len != 65)
        abort();
    f->template_key = key;
    X509_free(leaf);
    BIO_free(bio);
}

struct floor *floor_new(const struct bench_evidence *e)
{
    struct floor *f = calloc(1, sizeof *f);
    struct att_span quote = mk_item(&e->item, MK_QUOTE);

    f->at = strcmp(e->type, "tdx") == 0 ? tdx_v4 : sgx_v3;
    f->quote = quote.ptr;
    f->quote_len = quote.len;
    f->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    f->rsa = EVP_RSA_gen(2048);
    pck_point(f, e);
    f->der_len[0] = der_of(f->quote + f->at.sig, f->der[0]);
    f->der_len[1] = der_of(f->quote + f->at.qe_sig, f->der[1]);
    memset(f->token, 'a', sizeof f->token);
    return f;
}

static void verify(struct floor *f, const uint8_t *point, const uint8_t *message, size_t len, int sig)
{
    uint8_t digest[32];
    EVP_PKEY *key = EVP_PKEY_dup(f->template_key);
    if (EVP_PKEY_set1_encoded_public_key(key, point, 65) != 1)
        abort();
    EVP_Digest(message, len, digest, NULL, f->sha256, NULL);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    if (EVP_PKEY_verify_init(ctx) != 1 || EVP_PKEY_verify(ctx, f->der[sig], f->der_len[sig], digest, 32) != 1)
        abort();
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

void floor_run(struct floor *f)
{
    uint8_t att_point[65], digest[32], signature[256];
    size_t len = sizeof signature;

    att_point[0] = 4;
    memcpy(att_point + 1, f->quote + f->at.att_key, 64);
    verify(f, att_point, f->quote, f->at.body_end, 0);
    verify(f, f->pck_point, f->quote + f->at.qe_report, QE_BYTES, 1);
    /* The quote's own hash for the token, and that of the QE report data. */
    EVP_Digest(f->quote, f->quote_len, digest, NULL, f->sha256, NULL);
    EVP_Digest(f->quote + f->at.att_key, KEY_AND_DATA_BYTES, digest, NULL, f->sha256, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (EVP_DigestSignInit(ctx, NULL, f->sha256, NULL, f->rsa) != 1 ||
        EVP_DigestSign(ctx, signature, &len, f->token, sizeof f->token) != 1)
        abort();
    EVP_MD_CTX_free(ctx);
}

void floor_free(struct floor *f)
{
    EVP_PKEY_free(f->template_key);
    EVP_PKEY_free(f->rsa);
    EVP_MD_free(f->sha256);
    free(f);
}
