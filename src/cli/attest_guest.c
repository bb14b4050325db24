/* Answers to Azure guests: sealed to a key of their TPM. Only that TPM opens one of a real guest; of made-up evidence the key lies in a
 * file. */
#include "cli/attest_guest.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/secret.h"
#include "cli/files.h"

#include <attest/tpm.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

ATT_AUTO_PTR(lib_auto, struct att_lib, att_lib_free)
ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(pkey_ctx_auto, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
ATT_AUTO_PTR(bio_auto, BIO, BIO_free_all)

enum { KEY_BYTES = 32, RSA_BYTES_MAX = 1024 };

/* No question about a password: this is a key of tests. */
static int no_password(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf, (void)size, (void)rwflag, (void)ctx;
    return -1;
}

static EVP_PKEY *key_of(struct att_span pem)
{
    ATT_AUTO(bio_auto) BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

    ERR_clear_error();
    return key;
}

static bool unwrap(EVP_PKEY *key, struct att_span wrapped, uint8_t ret[KEY_BYTES])
{
    ATT_AUTO(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    uint8_t out[RSA_BYTES_MAX];
    size_t len = sizeof out;
    bool ok = ctx && EVP_PKEY_decrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_decrypt(ctx, out, &len, wrapped.ptr, wrapped.len) == 1 && len == KEY_BYTES;

    if (ok)
        memcpy(ret, out, KEY_BYTES);
    att_wipe(out, sizeof out);
    ERR_clear_error();
    return ok;
}

static bool open_with(struct cli *c, struct att_span pem, struct att_span sealed, struct att_span *ret,
                      struct att_err *err)
{
    ATT_AUTO(lib_auto) struct att_lib *lib = NULL;
    ATT_AUTO(pkey_auto) EVP_PKEY *key = key_of(pem);
    struct att_guest_sealed parts;
    struct att_span json = { 0 };
    uint8_t inner[KEY_BYTES];

    if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_size(key) > RSA_BYTES_MAX)
        return att_fail(err, ATT_USAGE, "answer-key", "an RSA private key in PEM, without a password",
                        "something else");
    if (!att_lib_new(NULL, &lib, err) ||
        !att_base64_decode(c->arena, ATT_BASE64_STRICT, sealed, "answer.token", &json, err) ||
        !att_guest_sealed_read(lib, c->arena, json, &parts, err))
        return false;
    if (!unwrap(key, parts.encrypted_key, inner))
        return att_fail(err, ATT_SEAL_INVALID, "answer-key", "the key that the answer was sealed to",
                        "another key");
    bool ok = att_guest_open(c->arena, &parts, att_span_of(inner, sizeof inner), ret, err);
    att_wipe(inner, sizeof inner);
    return ok;
}

bool cli_guest_answer(struct cli *c, struct att_span *token, struct att_err *err)
{
    struct att_span pem = { 0 };
    bool given = false;

    return cli_read_option(c, "answer-key", &given, &pem, err) &&
           (!given || open_with(c, pem, *token, token, err));
}
