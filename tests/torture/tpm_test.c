/* layers: attest tpm collateral crypto codec base */
/* A quote is checked, an attestation key enrolled: good ones and bad ones, with memory and libcrypto failing under them. */
#include "unit/tpm/tpm_made.h"

#include <attest/tpm.h>
#include <openssl/pem.h>

#include "torture/torture.h"

enum { NOW = 1750000000 };

static struct cases cases = { .name = "torture.tpm" };

struct scene {
    struct att_lib *lib;
    struct att_crypto *crypto;
    struct att_arena *arena;
    struct att_tpm_trust *trust;
    struct made ek_cert;
    struct wire ek, aik, quote, signature;
    struct tpm_pcrs pcrs;
    struct att_key *key;
    enum att_code expected;
};

static void fresh(void *state)
{
    struct scene *s = state;
    s->arena = att_arena_new((size_t)1 << 20);
    if (!s->arena)
        exit(2);
}

static enum torture_answer outcome(struct scene *s, bool ok, bool whole, const struct att_err *err)
{
    att_arena_free(s->arena);
    s->arena = NULL;
    if (ok && s->expected != ATT_OK)
        return torture_wrong("what is bad holds");
    if (ok)
        return whole ? TORTURE_RIGHT : torture_wrong("holds, and is not whole");
    return err->code == s->expected ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static enum torture_answer enrolled(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_tpm_enroll_in in = { .size = sizeof in,
                                    .ek_cert = made_span(s->ek_cert),
                                    .ek_public = wire_span(&s->ek),
                                    .aik_public = wire_span(&s->aik),
                                    .ek_trust = s->trust,
                                    .now_unix_s = NOW };
    struct att_tpm_enroll_facts facts = { .test_root = false };
    struct att_tpm_credential cred = { .id_object = { NULL, 0 } };
    static const uint8_t secret[32] = { 1 };
    bool ok = att_tpm_enroll_check(s->lib, s->arena, &in, &facts, err) &&
              att_tpm_credential(s->lib, s->arena, &in, &facts, att_span_of(secret, 32), &cred, err);

    torture_rest();
    return outcome(s, ok, facts.aik_name.len == 34 && facts.aik_spki.len > 0 && cred.id_object.len == 70,
                   err);
}

static enum torture_answer quoted(void *state, struct att_err *err)
{
    static const struct tpm_signature_rules rules = { "quote.signature", ATT_TPM_QUOTE_MALFORMED,
                                                      ATT_TPM_QUOTE_SIGNATURE_INVALID, false };
    struct scene *s = state;
    struct tpm_attest a = { .reset_count = 0 };
    enum att_hash hash = ATT_SHA1;
    bool ok = tpm_attest_read(wire_span(&s->quote), TPM_QUOTE, "quote", &a, err) &&
              tpm_signature_verify(s->crypto, s->key, wire_span(&s->signature), wire_span(&s->quote), &rules,
                                   &hash, err) &&
              tpm_pcrs_quoted(s->crypto, &a, hash, &s->pcrs, "pcrs", err);

    torture_rest();
    return outcome(s, ok, hash == ATT_SHA256 && a.reset_count == 7, err);
}

/* A quote of nothing: its digest is that of nothing. */
static void make_quote(struct scene *s, EVP_PKEY *aik)
{
    struct made_attest o = a_quote();
    uint8_t sig[256], digest[32];
    size_t len = sizeof sig;
    EVP_MD_CTX *ctx = made_signer(aik, "SHA256", 20);

    o.selection_count = 0;
    s->quote = made_attest(&o);
    if (!att_digest(s->crypto, ATT_SHA256, att_str(""), digest))
        exit(2);
    memcpy(s->quote.bytes + s->quote.len - 32, digest, 32);
    if (EVP_DigestSign(ctx, sig, &len, s->quote.bytes, s->quote.len) != 1)
        exit(2);
    EVP_MD_CTX_free(ctx);
    put_u16(&s->signature, 0x16);
    put_u16(&s->signature, 0x0b);
    put_sized(&s->signature, att_span_of(sig, len));
}

static X509 *ek_usage(X509 *x)
{
    made_extension(x, "extendedKeyUsage", "2.23.133.8.1");
    return x;
}

static void make_trust(struct scene *s, EVP_PKEY *ca)
{
    struct made_cert o = { .subject = "EK CA", .key = ca, .constraints = "critical,CA:TRUE" };
    struct made m = made_certificate(&o);
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    struct att_err err = { 0 };

    (void)PEM_write_bio(bio, "CERTIFICATE", "", m.ptr, (long)m.len);
    long len = BIO_get_mem_data(bio, &pem);
    struct att_root root = { .pem = att_span_of(pem, (size_t)len) };
    struct att_tpm_trust_in in = { .size = sizeof in, .roots = &root, .root_count = 1 };
    if (!att_tpm_trust_new(s->lib, &in, &s->trust, &err))
        exit(2);
    BIO_free(bio);
    OPENSSL_free(m.ptr);
}

/* `ek` RSA or EC; the AIK is RSA. */
static void enrolments(struct scene *s, const char *name, EVP_PKEY *ca, EVP_PKEY *ek,
                       const struct made_public *aik)
{
    struct made_cert o = { .subject = "EK", .issuer = "EK CA", .key = ek, .signer = ca, .twist = ek_usage };
    struct att_key *key = key_of(s->crypto, ek);
    struct made_public area = public_of(key, true);
    struct wire ek_area = made_public(&area), aik_area = made_public(aik);

    s->ek = made_sized(&ek_area);
    s->aik = made_sized(&aik_area);
    s->ek_cert = made_certificate(&o);
    torture_flow(&cases, &(struct torture_flow){ name, enrolled, fresh, s, true });
    OPENSSL_free(s->ek_cert.ptr);
    att_key_free(key);
}

int main(void)
{
    struct scene s = { .expected = ATT_OK };
    struct att_err err = { 0 };

    torture_start();
    EVP_PKEY *rsa = EVP_RSA_gen(2048), *ec = EVP_EC_gen("P-256"), *ca = EVP_EC_gen("P-256");
    s.crypto = att_crypto_new();
    if (!rsa || !ec || !ca || !s.crypto || !att_lib_new(NULL, &s.lib, &err))
        return 2;
    s.key = key_of(s.crypto, rsa);
    make_trust(&s, ca);
    make_quote(&s, rsa);
    struct made_public aik = public_of(s.key, false), app = aik;
    app.attributes = 0x40072;
    torture_flow(&cases, &(struct torture_flow){ "quote", quoted, fresh, &s, true });
    enrolments(&s, "enrolment, RSA", ca, rsa, &aik);
    enrolments(&s, "enrolment, EC", ca, ec, &aik);
    s.expected = ATT_AIK_UNFIT;
    enrolments(&s, "enrolment of an application's key", ca, ec, &app);
    s.expected = ATT_TPM_QUOTE_SIGNATURE_INVALID;
    s.signature.bytes[60] ^= 1;
    torture_flow(&cases, &(struct torture_flow){ "quote, another signature", quoted, fresh, &s, true });
    att_tpm_trust_free(s.trust);
    att_key_free(s.key);
    att_lib_free(s.lib);
    att_crypto_free(s.crypto);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ca);
    return cases_report(&cases);
}
