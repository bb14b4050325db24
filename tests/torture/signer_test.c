/* layers: signer base codec */
/* What the process that signs is made of: key pairs, keys opened, signatures, certificates. Signatures are checked by OpenSSL. */
#include "torture/torture.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>

#include "signer/certificate.h"
#include "signer/key.h"
#include "signer/keypair.h"

static struct cases cases = { .name = "torture.signer" };

struct scene {
    const char *alg;
    struct signer_keypair pair;
    struct signer_keypair ca;
    struct att_span ca_der;
    struct key *key; /* keeps */
};

static enum torture_answer no_memory(struct att_err *err)
{
    torture_rest();
    *err = (struct att_err){ .code = ATT_OUT_OF_MEMORY, .where = "test", .text = "owned up to it" };
    return TORTURE_REFUSED;
}

static EVP_PKEY *public_key(struct att_span spki)
{
    const uint8_t *p = spki.ptr;
    return d2i_PUBKEY(NULL, &p, (long)spki.len);
}

/* r||s to DER, for OpenSSL. */
static int der_of(struct att_span raw, unsigned char **ret)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    int len = -1;

    if (ECDSA_SIG_set0(sig, BN_bin2bn(raw.ptr, 32, NULL), BN_bin2bn(raw.ptr + 32, 32, NULL)) == 1)
        len = i2d_ECDSA_SIG(sig, ret);
    ECDSA_SIG_free(sig);
    return len;
}

static bool signature_right(const struct scene *s, struct att_span sig)
{
    EVP_PKEY *key = public_key(s->pair.spki);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    bool raw = strcmp(s->alg, "ES256") == 0;
    int len = raw && sig.len == 64 ? der_of(sig, &der) : (int)sig.len;

    bool ok = len > 0 && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, raw ? der : sig.ptr, (size_t)len, (const uint8_t *)"input", 5) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok;
}

static enum torture_answer signed_with(const struct scene *s, struct key *key, struct att_err *err)
{
    struct att_span sig = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 16);

    if (!a)
        return no_memory(err);
    bool ok = key_sign(key, att_str("input"), a, &sig, err);
    torture_rest();
    if (ok)
        answer = signature_right(s, sig) ? TORTURE_RIGHT : torture_wrong("a signature that does not hold");
    att_arena_free(a);
    return answer;
}

static enum torture_answer whole(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct key *key = NULL;
    enum torture_answer answer = TORTURE_REFUSED;

    if (key_software_new(s->alg, s->pair.pkcs8, &key, err)) {
        answer = signed_with(s, key, err);
        torture_rest();
        key_free(key);
    }
    return answer;
}

/* A failed signature leaves the key as it is. */
static enum torture_answer again(void *state, struct att_err *err)
{
    const struct scene *s = state;

    return signed_with(s, s->key, err);
}

static enum torture_answer keypair(void *state, struct att_err *err)
{
    struct signer_keypair pair = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 16);

    (void)state;
    if (!a)
        return no_memory(err);
    if (signer_keypair_new("ES256", a, &pair, err)) {
        struct scene s = { .alg = "ES256", .pair = pair };
        torture_rest();
        answer = whole(&s, err) == TORTURE_RIGHT ? TORTURE_RIGHT : torture_wrong("halves of two pairs");
    } else if (pair.pkcs8.len > 0 || pair.spki.len > 0) {
        answer = torture_wrong("changed the output");
    }
    torture_rest();
    att_arena_free(a);
    return answer;
}

static enum torture_answer fits(void *state, struct att_err *err)
{
    const struct scene *s = state;
    const struct signer_keypair pair = { s->pair.pkcs8, s->ca.spki };
    bool right = att_span_eq(s->pair.spki, s->ca.spki);

    bool ok = signer_keypair_fits(&pair, err);
    torture_rest();
    if (ok)
        return right ? TORTURE_RIGHT : torture_wrong("took halves of two pairs");
    return !right && err->code == ATT_KEY_INVALID ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static bool certificate_right(const struct scene *s, struct att_span der, int extensions)
{
    const uint8_t *p = der.ptr, *ca = s->ca_der.ptr;
    X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    X509 *issuer = ca ? d2i_X509(NULL, &ca, (long)s->ca_der.len) : NULL;
    EVP_PKEY *own = public_key(s->pair.spki);

    bool ok = cert && X509_get_ext_count(cert) == extensions &&
              X509_verify(cert, issuer ? X509_get0_pubkey(issuer) : own) == 1 &&
              EVP_PKEY_eq(X509_get0_pubkey(cert), own) == 1 &&
              X509_NAME_entry_count(X509_get_subject_name(cert)) == 2 &&
              X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer ? issuer : cert)) == 0;
    X509_free(cert);
    X509_free(issuer);
    EVP_PKEY_free(own);
    return ok;
}

static enum torture_answer certificate(void *state, struct att_err *err)
{
    struct scene *s = state;
    static const char *const names[] = { "URI:https://a.example", "DNS:localhost", NULL };
    const struct signer_certificate want = {
        .common_name = "torture",
        .description = "what does not fit",
        .alt_names = names,
        .not_before_unix_s = 1700000000,
        .not_after_unix_s = 1800000000,
        .ext_key_usage = "serverAuth",
        .subject_spki = s->pair.spki,
        .issuer_pkcs8 = s->ca_der.len ? s->ca.pkcs8 : s->pair.pkcs8,
        .issuer_der = s->ca_der,
    };
    struct att_span der = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 16);

    if (!a)
        return no_memory(err);
    bool ok = signer_certificate_make(&want, a, &der, err);
    torture_rest();
    if (ok)
        answer = certificate_right(s, der, 6) ? TORTURE_RIGHT
                                              : torture_wrong("a certificate that lacks something");
    att_arena_free(a);
    return answer;
}

static bool set_up(struct att_arena *a, struct scene *rsa, struct scene *ec, struct scene *issued)
{
    struct att_err err = { 0 };

    if (!signer_keypair_new("RS256", a, &rsa->pair, &err) ||
        !signer_keypair_new("ES256", a, &ec->pair, &err) ||
        !key_software_new("RS256", rsa->pair.pkcs8, &rsa->key, &err) ||
        !key_software_new("ES256", ec->pair.pkcs8, &ec->key, &err))
        return false;
    *issued = *ec;
    issued->ca = rsa->pair;
    const struct signer_certificate ca = { .common_name = "torture CA",
                                           .not_before_unix_s = 1700000000,
                                           .not_after_unix_s = 1800000000,
                                           .ca = true,
                                           .subject_spki = rsa->pair.spki,
                                           .issuer_pkcs8 = rsa->pair.pkcs8 };
    return signer_certificate_make(&ca, a, &issued->ca_der, &err);
}

int main(void)
{
    torture_start();
    struct att_arena *a = att_arena_new((size_t)1 << 16);
    struct scene rsa = { .alg = "RS256" }, ec = { .alg = "ES256" }, issued;

    if (!a || !set_up(a, &rsa, &ec, &issued))
        return 1;
    struct scene same = { .pair = ec.pair, .ca = ec.pair };
    const struct torture_flow flows[] = {
        { "open, sign RS256", whole, NULL, &rsa, false },
        { "open, sign ES256", whole, NULL, &ec, false },
        { "sign again RS256", again, NULL, &rsa, true },
        { "sign again ES256", again, NULL, &ec, true },
        { "key pair", keypair, NULL, NULL, false },
        { "halves of one pair", fits, NULL, &same, false },
        { "halves of two pairs", fits, NULL, &issued, false },
        { "certificate, self-signed", certificate, NULL, &ec, false },
        { "certificate, issued by a CA", certificate, NULL, &issued, false },
    };
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        torture_flow(&cases, &flows[i]);
    key_free(rsa.key);
    key_free(ec.key);
    att_arena_free(a);
    return cases_report(&cases);
}
