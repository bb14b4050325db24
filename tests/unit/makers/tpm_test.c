/* layers: makers base */
/* A made-up TPM, read back with libtss2-mu and OpenSSL: structures to their last byte, names, signatures, digests, certificates;
 * credentials that were made by hand here; vendors on disk. */
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <tss2/tss2_mu.h>
#include <unistd.h>

#include "base/hex.h"
#include "makers/tpm.h"
#include "support/cases.h"

#define AT ((int64_t)1780000000) /* 2026-05-28T20:26:40Z */

static struct cases cases = { .name = "makers.tpm" };
static struct mk_tpm_vendor *vendor;
static struct mk_tpm *tpm;

static void must(bool ok, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "a maker failed: %s at %s\n", err->text, err->where);
    exit(2);
}

static EVP_PKEY *key_of(enum mk_tpm_key which)
{
    struct att_err err = { 0 };
    EVP_PKEY *key = NULL;

    must(mk_tpm_key(tpm, which, &key, &err), &err);
    return key;
}

/* -- signatures --------------------------------------------------------------------------------------------------- */

static const EVP_MD *md_of(TPMI_ALG_HASH alg)
{
    return alg == TPM2_ALG_SHA1 ? EVP_sha1() : alg == TPM2_ALG_SHA256 ? EVP_sha256() : NULL;
}

static bool rsa_good(EVP_PKEY *key, const TPMT_SIGNATURE *s, const struct att_buf *message)
{
    const TPMS_SIGNATURE_RSA *rsa = &s->signature.rsassa; /* rsapss has the same form */
    EVP_PKEY_CTX *params = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = md_of(rsa->hash) && EVP_DigestVerifyInit(ctx, &params, md_of(rsa->hash), NULL, key) == 1;

    if (ok && s->sigAlg == TPM2_ALG_RSAPSS)
        ok = EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(params, RSA_PSS_SALTLEN_AUTO) == 1;
    ok = ok && EVP_DigestVerify(ctx, rsa->sig.buffer, rsa->sig.size, message->ptr, message->len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static bool ec_good(EVP_PKEY *key, const TPMT_SIGNATURE *s, const struct att_buf *message)
{
    const TPMS_SIGNATURE_ECDSA *ec = &s->signature.ecdsa;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    uint8_t der[80], *to = der;

    ECDSA_SIG_set0(sig, BN_bin2bn(ec->signatureR.buffer, ec->signatureR.size, NULL),
                   BN_bin2bn(ec->signatureS.buffer, ec->signatureS.size, NULL));
    int len = i2d_ECDSA_SIG(sig, &to);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = len > 0 && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, der, (size_t)len, message->ptr, message->len) == 1;
    EVP_MD_CTX_free(ctx);
    ECDSA_SIG_free(sig);
    return ok;
}

static void check_signature(const char *label, enum mk_tpm_key aik, uint16_t scheme,
                            const struct att_buf *signature, const struct att_buf *message)
{
    TPMT_SIGNATURE s;
    size_t at = 0;
    bool read = Tss2_MU_TPMT_SIGNATURE_Unmarshal(signature->ptr, signature->len, &at, &s) == TSS2_RC_SUCCESS;

    cases_check(&cases, read && at == signature->len, "%s: signature's structure", label);
    cases_check(&cases, s.sigAlg == scheme, "%s: scheme %#x", label, s.sigAlg);
    if (read)
        cases_check(&cases, (scheme == TPM2_ALG_ECDSA ? ec_good : rsa_good)(key_of(aik), &s, message),
                    "%s: signature", label);
}

/* -- quotes -------------------------------------------------------------------------------------------------------- */

static void check_header(const char *label, const TPMS_ATTEST *a, TPM2_ST type, const char *extra)
{
    cases_check(&cases, a->magic == TPM2_GENERATED_VALUE, "%s: magic", label);
    cases_check(&cases, a->type == type, "%s: type %#x", label, a->type);
    cases_check(&cases,
                a->extraData.size == strlen(extra) && memcmp(a->extraData.buffer, extra, strlen(extra)) == 0,
                "%s: extra data", label);
    cases_check(&cases, a->qualifiedSigner.size == 34 && a->clockInfo.safe == 1, "%s: signer", label);
}

static void check_quote(const char *label, enum mk_tpm_key aik, uint16_t scheme, const EVP_MD *md)
{
    static const struct mk_tpm_selection both[] = { { MK_SHA1, 0x81 }, { MK_SHA256, 0x8000ff } };
    struct att_buf attest = { 0 }, signature = { 0 }, values = { 0 };
    struct att_err err = { 0 };
    uint8_t digest[64];
    unsigned len = 0;
    TPMS_ATTEST a;
    size_t at = 0;

    must(mk_tpm_quote(tpm, aik, att_str("nonce"), both, 2, &attest, &signature, &err), &err);
    bool read = Tss2_MU_TPMS_ATTEST_Unmarshal(attest.ptr, attest.len, &at, &a) == TSS2_RC_SUCCESS;
    cases_check(&cases, read && at == attest.len, "%s: quote's structure", label);
    check_header(label, &a, TPM2_ST_ATTEST_QUOTE, "nonce");
    const TPML_PCR_SELECTION *s = &a.attested.quote.pcrSelect;
    cases_check(&cases,
                s->count == 2 && s->pcrSelections[0].hash == TPM2_ALG_SHA1 &&
                    s->pcrSelections[0].pcrSelect[0] == 0x81 && s->pcrSelections[1].hash == TPM2_ALG_SHA256 &&
                    s->pcrSelections[1].pcrSelect[0] == 0xff && s->pcrSelections[1].pcrSelect[2] == 0x80,
                "%s: selection", label);
    att_buf_put(&values, att_span_of(mk_tpm_pcr(tpm, MK_SHA1, 0), 20));
    att_buf_put(&values, att_span_of(mk_tpm_pcr(tpm, MK_SHA1, 7), 20));
    for (uint32_t i = 0; i < 8; i++)
        att_buf_put(&values, att_span_of(mk_tpm_pcr(tpm, MK_SHA256, i), 32));
    att_buf_put(&values, att_span_of(mk_tpm_pcr(tpm, MK_SHA256, 23), 32));
    EVP_Digest(values.ptr, values.len, digest, &len, md, NULL);
    cases_check(&cases,
                a.attested.quote.pcrDigest.size == len &&
                    memcmp(a.attested.quote.pcrDigest.buffer, digest, len) == 0,
                "%s: digest of the registers", label);
    check_signature(label, aik, scheme, &signature, &attest);
    att_buf_free(&attest);
    att_buf_free(&signature);
    att_buf_free(&values);
}

/* -- public areas, certifications ------------------------------------------------------------------------------------ */

static void check_public(const char *label, enum mk_tpm_key key, uint32_t attributes, bool ec)
{
    struct att_buf area = { 0 }, name = { 0 };
    struct att_err err = { 0 };
    uint8_t again[1024], digest[32];
    TPMT_PUBLIC p;
    size_t at = 0, written = 0;

    must(mk_tpm_public(tpm, key, &area, &err) && mk_tpm_name(tpm, key, &name, &err), &err);
    bool read = Tss2_MU_TPMT_PUBLIC_Unmarshal(area.ptr, area.len, &at, &p) == TSS2_RC_SUCCESS;
    cases_check(&cases, read && at == area.len, "%s: public area's structure", label);
    if (!read)
        return;
    cases_check(&cases, p.type == (ec ? TPM2_ALG_ECC : TPM2_ALG_RSA) && p.nameAlg == TPM2_ALG_SHA256,
                "%s: type", label);
    cases_check(&cases, p.objectAttributes == attributes, "%s: attributes %#x", label, p.objectAttributes);
    (void)Tss2_MU_TPMT_PUBLIC_Marshal(&p, again, sizeof again, &written);
    cases_check(&cases, written == area.len && memcmp(again, area.ptr, written) == 0, "%s: written again",
                label);
    EVP_Digest(area.ptr, area.len, digest, NULL, EVP_sha256(), NULL);
    cases_check(&cases,
                name.len == 34 && name.ptr[0] == 0 && name.ptr[1] == 0x0b &&
                    memcmp(name.ptr + 2, digest, 32) == 0,
                "%s: name", label);
    if (!ec) {
        BIGNUM *n = NULL, *found = BN_bin2bn(p.unique.rsa.buffer, p.unique.rsa.size, NULL);
        EVP_PKEY_get_bn_param(key_of(key), "n", &n);
        cases_check(&cases, BN_cmp(n, found) == 0, "%s: modulus", label);
        BN_free(n);
        BN_free(found);
    }
    att_buf_free(&area);
    att_buf_free(&name);
}

/* TCG EK Credential Profile, template L-1: everyone's policy of an EK is this. */
static void check_ek(void)
{
    static const char policy[] = "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa";
    struct att_buf area = { 0 };
    struct att_err err = { 0 };
    char hex[65] = "";
    TPMT_PUBLIC p;
    size_t at = 0;

    must(mk_tpm_public(tpm, MK_TPM_EK, &area, &err), &err);
    (void)Tss2_MU_TPMT_PUBLIC_Unmarshal(area.ptr, area.len, &at, &p);
    att_hex_text(hex, att_span_of(p.authPolicy.buffer, 32));
    cases_check(&cases, p.authPolicy.size == 32 && strcmp(hex, policy) == 0, "EK: policy %s", hex);
    const TPMT_SYM_DEF_OBJECT *s = &p.parameters.rsaDetail.symmetric;
    cases_check(&cases, s->algorithm == TPM2_ALG_AES && s->keyBits.aes == 128 && s->mode.aes == TPM2_ALG_CFB,
                "EK: cipher");
    att_buf_free(&area);
}

static void check_certify(const char *label, enum mk_tpm_key aik, uint16_t scheme, enum mk_tpm_key key)
{
    struct att_buf attest = { 0 }, signature = { 0 }, name = { 0 };
    struct att_err err = { 0 };
    TPMS_ATTEST a;
    size_t at = 0;

    must(mk_tpm_certify(tpm, aik, key, att_str("challenge"), &attest, &signature, &err) &&
             mk_tpm_name(tpm, key, &name, &err),
         &err);
    bool read = Tss2_MU_TPMS_ATTEST_Unmarshal(attest.ptr, attest.len, &at, &a) == TSS2_RC_SUCCESS;
    cases_check(&cases, read && at == attest.len, "%s: certification's structure", label);
    check_header(label, &a, TPM2_ST_ATTEST_CERTIFY, "challenge");
    cases_check(&cases,
                a.attested.certify.name.size == name.len &&
                    memcmp(a.attested.certify.name.name, name.ptr, name.len) == 0,
                "%s: certified name", label);
    check_signature(label, aik, scheme, &signature, &attest);
    att_buf_free(&attest);
    att_buf_free(&signature);
    att_buf_free(&name);
}

/* -- registers -------------------------------------------------------------------------------------------------------- */

static bool all(const uint8_t *bytes, uint8_t value)
{
    for (size_t i = 0; i < 32; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static void check_registers(void)
{
    struct att_err err = { 0 };
    uint8_t both[64] = { 0 }, want[32];

    mk_tpm_restart(tpm, 0);
    cases_check(&cases, all(mk_tpm_pcr(tpm, MK_SHA256, 0), 0) && all(mk_tpm_pcr(tpm, MK_SHA256, 23), 0),
                "registers start with zeros");
    cases_check(&cases,
                all(mk_tpm_pcr(tpm, MK_SHA256, 17), 0xff) && all(mk_tpm_pcr(tpm, MK_SHA256, 22), 0xff),
                "those of a dynamic launch with ones");
    mk_tpm_drtm(tpm);
    cases_check(&cases, all(mk_tpm_pcr(tpm, MK_SHA256, 17), 0), "and with zeros when there is one");
    must(mk_tpm_extend_data(tpm, 5, att_str("x"), &err), &err);
    EVP_Digest("x", 1, both + 32, NULL, EVP_sha256(), NULL);
    EVP_Digest(both, 64, want, NULL, EVP_sha256(), NULL);
    cases_check(&cases, memcmp(mk_tpm_pcr(tpm, MK_SHA256, 5), want, 32) == 0, "extended");
    cases_check(&cases, all(mk_tpm_pcr(tpm, MK_SHA384, 5), 0), "a bank that is not there is not extended");
    mk_tpm_restart(tpm, 0);
    mk_tpm_locality(tpm, 3);
    cases_check(&cases, mk_tpm_pcr(tpm, MK_SHA1, 0)[19] == 3 && mk_tpm_pcr(tpm, MK_SHA256, 0)[31] == 3,
                "locality in the last byte of PCR 0");
    mk_tpm_restart(tpm, 0);
}

/* -- certificates ------------------------------------------------------------------------------------------------------ */

static X509 *cert_of_pem(bool (*put)(const struct mk_tpm_vendor *, struct att_buf *, struct att_err *))
{
    struct att_buf pem = { 0 };
    struct att_err err = { 0 };

    must(put(vendor, &pem, &err), &err);
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    att_buf_free(&pem);
    return cert;
}

static bool chain_good(X509 *leaf, X509 *root, X509 *between, int64_t at, bool ignore_critical)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *others = sk_X509_new_null();

    X509_STORE_add_cert(store, root);
    if (between)
        sk_X509_push(others, between);
    X509_STORE_CTX_init(ctx, store, leaf, others);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)at);
    X509_STORE_CTX_set_flags(ctx, ignore_critical ? X509_V_FLAG_IGNORE_CRITICAL : 0);
    bool ok = X509_verify_cert(ctx) == 1;
    sk_X509_free(others);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return ok;
}

static bool has_usage(X509 *cert, const char *oid)
{
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
    char text[64] = "";

    if (usages && sk_ASN1_OBJECT_num(usages) == 1)
        OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(usages, 0), 1);
    EXTENDED_KEY_USAGE_free(usages);
    return strcmp(text, oid) == 0;
}

static X509 *leaf_of(enum mk_tpm_key key)
{
    struct att_buf der = { 0 };
    struct att_err err = { 0 };

    must(mk_tpm_cert(tpm, key, AT, &der, &err), &err);
    const uint8_t *at = der.ptr;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    cases_check(&cases, cert && at == der.ptr + der.len, "a certificate and nothing behind it");
    att_buf_free(&der);
    return cert;
}

static void check_certificates(void)
{
    X509 *root = cert_of_pem(mk_tpm_ek_root_pem), *ca = cert_of_pem(mk_tpm_ek_ca_pem),
         *aik_ca = cert_of_pem(mk_tpm_aik_ca_pem), *ek = leaf_of(MK_TPM_EK), *aik = leaf_of(MK_TPM_AIK);
    int critical = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(ek, NID_subject_alt_name, &critical, NULL);
    char text[256] = "";

    cases_check(&cases, chain_good(ek, root, ca, AT, false), "EK certificate: chain");
    cases_check(&cases, !chain_good(ek, root, NULL, AT, false), "EK certificate: not without its CA");
    cases_check(&cases, !chain_good(ek, aik_ca, ca, AT, false),
                "EK certificate: not under the other authority");
    cases_check(&cases, chain_good(aik, aik_ca, NULL, AT, false), "AIK certificate: chain");
    cases_check(&cases, !chain_good(aik, aik_ca, NULL, AT + 31557600, false), "AIK certificate: its dates");
    cases_check(&cases, has_usage(ek, "2.23.133.8.1") && has_usage(aik, "2.23.133.8.3"), "usages");
    cases_check(&cases, X509_check_private_key(aik, key_of(MK_TPM_AIK)) == 1, "AIK certificate: key");
    cases_check(&cases, names && critical == 1 && sk_GENERAL_NAME_num(names) == 1,
                "EK certificate: one name");
    if (names && sk_GENERAL_NAME_value(names, 0)->type == GEN_DIRNAME)
        X509_NAME_oneline(sk_GENERAL_NAME_value(names, 0)->d.directoryName, text, sizeof text);
    cases_check(&cases, strstr(text, "2.23.133.2.1=id:54455354") != NULL, "EK certificate: %s", text);
    X509_NAME_oneline(X509_get_subject_name(aik_ca), text, sizeof text);
    cases_check(&cases, strstr(text, "TEST") != NULL, "authorities say that they are for tests");
    GENERAL_NAMES_free(names);
    X509_free(root);
    X509_free(ca);
    X509_free(aik_ca);
    X509_free(ek);
    X509_free(aik);
}

/* -- credentials --------------------------------------------------------------------------------------------------------- */

/* Part 1, 24.5, in the simplest words: TPM2_MakeCredential for an RSA EK of SHA-256 and AES 128. */
static void kdfa(const uint8_t seed[32], const char *label, const struct att_buf *context, uint8_t ret[32],
                 uint32_t bits)
{
    struct att_buf in = { 0 };

    mk_u32be(&in, 1);
    att_buf_put(&in, att_span_of(label, strlen(label) + 1));
    if (context)
        att_buf_put(&in, att_buf_span(context));
    mk_u32be(&in, bits);
    HMAC(EVP_sha256(), seed, 32, in.ptr, in.len, ret, NULL);
    att_buf_free(&in);
}

static void make_credential(const struct att_buf *name, const char *secret, struct att_buf *id,
                            struct att_buf *encrypted)
{
    uint8_t seed[32], key[32], mac_key[32], mac[32], sealed[64], wrapped[512];
    struct att_buf plain = { 0 }, covered = { 0 }, body = { 0 };
    static const uint8_t iv[16];
    size_t len = sizeof wrapped;
    int n = 0;

    memset(seed, 0x5e, sizeof seed);
    EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new(key_of(MK_TPM_EK), NULL);
    EVP_PKEY_encrypt_init(rsa);
    EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_OAEP_PADDING);
    EVP_PKEY_CTX_set_rsa_oaep_md(rsa, EVP_sha256());
    EVP_PKEY_CTX_set0_rsa_oaep_label(rsa, OPENSSL_memdup("IDENTITY", 9), 9);
    EVP_PKEY_encrypt(rsa, wrapped, &len, seed, sizeof seed);
    EVP_PKEY_CTX_free(rsa);
    mk_tpm2b(encrypted, att_span_of(wrapped, len));
    kdfa(seed, "STORAGE", name, key, 128);
    mk_tpm2b(&plain, att_str(secret));
    EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(aes, EVP_aes_128_cfb128(), NULL, key, iv);
    EVP_EncryptUpdate(aes, sealed, &n, plain.ptr, (int)plain.len);
    EVP_CIPHER_CTX_free(aes);
    kdfa(seed, "INTEGRITY", NULL, mac_key, 256);
    att_buf_put(&covered, att_span_of(sealed, (size_t)n));
    att_buf_put(&covered, att_buf_span(name));
    HMAC(EVP_sha256(), mac_key, 32, covered.ptr, covered.len, mac, NULL);
    mk_tpm2b(&body, att_span_of(mac, 32));
    att_buf_put(&body, att_span_of(sealed, (size_t)n));
    mk_tpm2b(id, att_buf_span(&body));
    att_buf_free(&plain);
    att_buf_free(&covered);
    att_buf_free(&body);
}

static void activate(const char *label, const struct att_buf *name, const struct att_buf *id,
                     const struct att_buf *encrypted, const char *secret)
{
    struct att_buf opened = { 0 };
    struct att_err err = { 0 };
    bool ok =
        mk_tpm_activate(tpm, att_buf_span(name), att_buf_span(id), att_buf_span(encrypted), &opened, &err);

    if (secret)
        cases_check(&cases, ok && att_span_is(att_buf_span(&opened), secret), "%s: %s", label, err.text);
    else
        cases_check(&cases, !ok && err.code == ATT_TPM_CREDENTIAL_INVALID && opened.len == 0, "%s", label);
    att_buf_free(&opened);
}

static void check_credentials(void)
{
    struct att_buf name = { 0 }, other = { 0 }, id = { 0 }, encrypted = { 0 };
    struct att_err err = { 0 };

    must(mk_tpm_name(tpm, MK_TPM_AIK, &name, &err) && mk_tpm_name(tpm, MK_TPM_AIK_2, &other, &err), &err);
    make_credential(&name, "sixteen bytes ok", &id, &encrypted);
    activate("credential: opened", &name, &id, &encrypted, "sixteen bytes ok");
    activate("credential: of another key", &other, &id, &encrypted, NULL);
    id.len--;
    activate("credential: cut", &name, &id, &encrypted, NULL);
    id.ptr[id.len++] ^= 1;
    activate("credential: changed", &name, &id, &encrypted, NULL);
    encrypted.ptr[40] ^= 1;
    activate("credential: for another EK", &name, &id, &encrypted, NULL);
    att_buf_free(&name);
    att_buf_free(&other);
    att_buf_free(&id);
    att_buf_free(&encrypted);
}

/* -- disk ------------------------------------------------------------------------------------------------------------------ */

static void check_folder(void)
{
    char dir[] = "/tmp/attestd-makers-tpm-XXXXXX", path[96];
    struct mk_tpm_vendor *first = NULL, *second = NULL;
    struct att_buf a = { 0 }, b = { 0 };
    struct att_err err = { 0 };
    struct stat st;

    if (!mkdtemp(dir))
        exit(2);
    must(mk_tpm_vendor_open(dir, AT, &first, &err) && mk_tpm_vendor_open(dir, AT + 9, &second, &err), &err);
    must(mk_tpm_aik_ca_pem(first, &a, &err) && mk_tpm_aik_ca_pem(second, &b, &err), &err);
    cases_check(&cases, a.len > 0 && att_span_eq(att_buf_span(&a), att_buf_span(&b)), "the same one again");
    (void)snprintf(path, sizeof path, "%s/aik_ca.TEST-KEY.pem", dir);
    cases_check(&cases, stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "keys are the owner's alone");
    mk_tpm_vendor_free(second);
    second = NULL;
    (void)unlink(path);
    cases_check(&cases, !mk_tpm_vendor_open(dir, AT, &second, &err) && !second,
                "a damaged folder is not replaced");
    static const char *const files[] = { "ek_root.pem", "ek_ca.pem", "aik_ca.pem", "ek_root.TEST-KEY.pem",
                                         "ek_ca.TEST-KEY.pem" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        cases_check(&cases, unlink(path) == 0, "%s", files[i]);
    }
    cases_check(&cases, rmdir(dir) == 0, "and nothing else");
    mk_tpm_vendor_free(first);
    att_buf_free(&a);
    att_buf_free(&b);
}

int main(void)
{
    struct att_err err = { 0 };

    must(mk_tpm_vendor_new(AT, &vendor, &err) &&
             mk_tpm_new(vendor, MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256), &tpm, &err),
         &err);
    check_registers();
    must(mk_tpm_extend_data(tpm, 0, att_str("firmware"), &err), &err);
    check_quote("RSASSA", MK_TPM_AIK, TPM2_ALG_RSASSA, EVP_sha256());
    check_quote("RSAPSS", MK_TPM_AIK_PSS, TPM2_ALG_RSAPSS, EVP_sha256());
    check_quote("SHA-1", MK_TPM_AIK_SHA1, TPM2_ALG_RSASSA, EVP_sha1());
    check_quote("ECDSA", MK_TPM_AIK_EC, TPM2_ALG_ECDSA, EVP_sha256());
    check_public("EK", MK_TPM_EK, 0x000300b2, false);
    check_public("AIK", MK_TPM_AIK, 0x00050072, false);
    check_public("AIK of P-256", MK_TPM_AIK_EC, 0x00050072, true);
    check_public("signing key", MK_TPM_APP, 0x00040072, false);
    check_public("key of an Azure guest", MK_TPM_ENC, 0x00020432, false);
    check_ek();
    check_certify("RSA by RSA", MK_TPM_AIK, TPM2_ALG_RSASSA, MK_TPM_APP);
    check_certify("EC by EC", MK_TPM_AIK_EC, TPM2_ALG_ECDSA, MK_TPM_APP_EC);
    check_certificates();
    check_credentials();
    check_folder();
    mk_tpm_free(tpm);
    mk_tpm_vendor_free(vendor);
    return cases_report(&cases);
}
