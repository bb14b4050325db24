/* TPM2_ActivateCredential for the endorsement key: Part 1, clause 24; KDFa: Part 1, 11.4.10.2. */
#include "makers/tpm_parts.h"

#include "base/err.h"
#include "base/reader.h"
#include "base/secret.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

enum { SEED_MAX = 32, DIGEST = 32, AES_KEY = 16, SECRET_MAX = 64 };

ATT_AUTO_PTR(tpm_pkey_ctx_auto, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
ATT_AUTO_PTR(tpm_cipher_auto, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static bool refuse(struct att_err *err, const char *what)
{
    return att_fail(err, ATT_TPM_CREDENTIAL_INVALID, "makers.tpm.activate", "a credential for this TPM", "%s",
                    what);
}

/* SHA-256, at most one block of output. */
static bool kdfa(struct att_span key, const char *label, struct att_span context, size_t bytes,
                 uint8_t ret[DIGEST], struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf in = { 0 };

    mk_u32be(&in, 1);
    att_buf_put(&in, att_span_of(label, strlen(label) + 1));
    att_buf_put(&in, context);
    mk_u32be(&in, (uint32_t)(8 * bytes));
    if (!mk_tpm_written(&in, err))
        return false;
    return HMAC(EVP_sha256(), key.ptr, (int)key.len, in.ptr, in.len, ret, NULL) ||
           mk_tpm_failed(err, "makers.tpm.kdfa");
}

/* RSA-OAEP with the label "IDENTITY" and its NUL. */
static bool open_seed(EVP_PKEY *ek, struct att_span secret, uint8_t ret[SEED_MAX], struct att_err *err)
{
    uint8_t out[512];
    size_t len = sizeof out;
    ATT_AUTO(tpm_pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek, NULL);
    char *label = OPENSSL_memdup("IDENTITY", 9);

    if (!ctx || !label || EVP_PKEY_decrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) != 1 ||
        EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, 9) != 1) {
        OPENSSL_free(label);
        return mk_tpm_failed(err, "makers.tpm.activate");
    }
    if (EVP_PKEY_decrypt(ctx, out, &len, secret.ptr, secret.len) != 1 || len != SEED_MAX)
        return refuse(err, "an encrypted secret for another key");
    memcpy(ret, out, SEED_MAX);
    att_wipe(out, sizeof out);
    return true;
}

static bool decrypt(const uint8_t key[AES_KEY], struct att_span in, uint8_t *ret, struct att_err *err)
{
    static const uint8_t iv[16];
    int n = 0;
    ATT_AUTO(tpm_cipher_auto) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (!ctx || EVP_DecryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, key, iv) != 1 ||
        EVP_DecryptUpdate(ctx, ret, &n, in.ptr, (int)in.len) != 1 || (size_t)n != in.len)
        return mk_tpm_failed(err, "makers.tpm.activate");
    return true;
}

struct id_object {
    struct att_span integrity, identity;
};

static bool read_id_object(struct att_span bytes, struct id_object *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    size_t size = att_take_u16be(&r);
    bool whole = !r.failed && size == r.left;

    ret->integrity = att_take(&r, att_take_u16be(&r));
    ret->identity = att_take(&r, r.left);
    return (whole && !r.failed && ret->integrity.len == DIGEST && ret->identity.len <= SECRET_MAX) ||
           refuse(err, "an ID object that cannot be read");
}

static bool check_integrity(const uint8_t seed[SEED_MAX], const struct id_object *o, struct att_span name,
                            struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf covered = { 0 };
    uint8_t key[DIGEST], mac[DIGEST];

    if (!kdfa(att_span_of(seed, SEED_MAX), "INTEGRITY", (struct att_span){ 0 }, DIGEST, key, err))
        return false;
    att_buf_put(&covered, o->identity);
    att_buf_put(&covered, name);
    if (!mk_tpm_written(&covered, err))
        return false;
    if (!HMAC(EVP_sha256(), key, DIGEST, covered.ptr, covered.len, mac, NULL))
        return mk_tpm_failed(err, "makers.tpm.activate");
    return CRYPTO_memcmp(mac, o->integrity.ptr, DIGEST) == 0 ||
           refuse(err, "an integrity value of another object");
}

bool mk_tpm_activate(struct mk_tpm *t, struct att_span name, struct att_span id_object,
                     struct att_span encrypted_secret, struct att_buf *ret_secret, struct att_err *err)
{
    uint8_t seed[SEED_MAX], key[DIGEST], plain[SECRET_MAX];
    struct att_reader sized = att_reader_of(encrypted_secret);
    struct att_span secret = att_take(&sized, att_take_u16be(&sized));
    struct id_object o;
    EVP_PKEY *ek;

    if (sized.failed || sized.left != 0)
        return refuse(err, "an encrypted secret that cannot be read");
    if (!read_id_object(id_object, &o, err) || !mk_tpm_key(t, MK_TPM_EK, &ek, err) ||
        !open_seed(ek, secret, seed, err) || !check_integrity(seed, &o, name, err) ||
        !kdfa(att_span_of(seed, SEED_MAX), "STORAGE", name, AES_KEY, key, err) ||
        !decrypt(key, o.identity, plain, err))
        return false;
    struct att_reader r = att_reader_of(att_span_of(plain, o.identity.len));
    struct att_span inside = att_take(&r, att_take_u16be(&r));
    if (r.failed || r.left != 0)
        return refuse(err, "a secret of another length");
    att_buf_put(ret_secret, inside);
    return mk_tpm_written(ret_secret, err);
}
