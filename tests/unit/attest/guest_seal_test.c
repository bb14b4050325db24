/* layers: attest makers crypto codec base */
/* Answers to guests: the key of the guest's TPM opens them, no other does, and no bit of them may change. The padding is what TPMs
 * decrypt as RSAES. */
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "support/cases.h"
#include "unit/evidence/guest/fixture.h"

static struct cases cases = { .name = "attest/guest_seal" };
static struct mk_tpm_vendor *vendor;
static struct mk_tpm *tpm;
static struct att_lib *lib;
static const char token[] = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";

static size_t decrypt(enum mk_tpm_key which, struct att_span wrapped, uint8_t ret[256])
{
    struct att_err err = { 0 };
    EVP_PKEY *key = NULL;
    size_t len = 256;

    need(mk_tpm_key(tpm, which, &key, &err), "mk_tpm_key", &err);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool ok = ctx && EVP_PKEY_decrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_decrypt(ctx, ret, &len, wrapped.ptr, wrapped.len) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok ? len : 0;
}

static void there_and_back(struct att_arena *a, struct att_span seal_to)
{
    struct att_span json = { 0 }, again = { 0 }, opened = { 0 };
    struct att_guest_sealed s, s2;
    struct att_err err = { 0 };
    uint8_t key[256], other[256];

    bool ok = att_guest_seal(lib, a, seal_to, att_str(token), &json, &err) &&
              att_guest_seal(lib, a, seal_to, att_str(token), &again, &err);
    cases_check(&cases, ok, "sealed: %s", err.text);
    ok = att_guest_sealed_read(lib, a, json, &s, &err) && att_guest_sealed_read(lib, a, again, &s2, &err);
    cases_check(&cases, ok, "read: %s", err.text);
    size_t len = decrypt(MK_TPM_ENC, s.encrypted_key, key);
    cases_check(&cases, len == 32, "an AES key of %zu bytes", len);
    cases_check(&cases,
                att_guest_open(a, &s, att_span_of(key, 32), &opened, &err) && att_span_is(opened, token),
                "opened: %s", err.text);
    cases_check(&cases,
                decrypt(MK_TPM_ENC, s2.encrypted_key, other) == 32 && memcmp(key, other, 32) != 0 &&
                    !att_span_eq(s.iv, s2.iv) && !att_span_eq(s.ciphertext, s2.ciphertext),
                "every answer has a key of its own");
    opened = (struct att_span){ 0 };
    cases_check(&cases,
                !att_guest_open(a, &s, att_span_of(other, 32), &opened, &err) &&
                    err.code == ATT_SEAL_INVALID && !opened.ptr,
                "the key of another answer");
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !att_guest_open(a, &s, att_span_of(key, 31), &opened, &err) && err.code == ATT_SEAL_INVALID,
                "a key that is too short");
    cases_check(&cases, memmem(json.ptr, json.len, token, sizeof token - 1) == NULL,
                "nothing of it is to be seen");
    static const char *const members[] = { "\"BlockMode\":\"ChainingModeGCM\"", "\"BlockPadding\":\"PKCS7\"",
                                           "\"Cipher\":\"AES\"", "\"KeySizeInBits\":256" };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        cases_check(&cases, memmem(json.ptr, json.len, members[i], strlen(members[i])) != NULL, "%s",
                    members[i]);

    /* Any bit of what is authenticated. */
    struct att_span *parts[] = { &s.iv, &s.tag, &s.ciphertext };
    unsigned open = 0;
    for (size_t p = 0; p < 3; p++) {
        struct att_span was = *parts[p];
        for (size_t i = 0; i < was.len; i++) {
            char *copy = att_arena_dup(a, was);
            need(copy != NULL, "att_arena_dup", NULL);
            copy[i] ^= (char)(1 << i % 8);
            *parts[p] = att_span_of(copy, was.len);
            open += att_guest_open(a, &s, att_span_of(key, 32), &opened, NULL);
        }
        *parts[p] = was;
    }
    cases_check(&cases, open == 0, "%u changed answers were opened", open);
}

static void not_sealed(struct att_arena *a, struct att_span seal_to)
{
    static const char *const forms[] = {
        "",
        "{}",
        "[]",
        "{\"AuthenticationData\":\"AA==\"}",
        "{\"AuthenticationData\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"EncryptedInnerKey\":\"AA==\",\"Jwt\":\"AA=="
        "\"}",
        "{\"AuthenticationData\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"EncryptedInnerKey\":\"AA==\",\"Jwt\":\"\","
        "\"EncryptionParams\":{\"Iv\":\"AAAAAAAAAAAAAAAA\"}}",
        "{\"AuthenticationData\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"EncryptedInnerKey\":\"AA==\",\"Jwt\":\"AA=="
        "\","
        "\"EncryptionParams\":{\"Iv\":\"AAAAAAAAAAAAAAA=\"}}",
        "{\"AuthenticationData\":7,\"EncryptedInnerKey\":\"AA==\",\"Jwt\":\"AA==\","
        "\"EncryptionParams\":{\"Iv\":\"AAAAAAAAAAAAAAAA\"}}",
    };
    struct att_guest_sealed s;
    struct att_span json = { 0 };
    struct att_err err = { 0 };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        err = (struct att_err){ 0 };
        cases_check(&cases,
                    !att_guest_sealed_read(lib, a, att_str(forms[i]), &s, &err) &&
                        err.code == ATT_SEAL_INVALID,
                    "form %zu: %s", i, att_code_name(err.code));
    }
    for (size_t n = 0; n < seal_to.len; n++) {
        err = (struct att_err){ 0 };
        if (att_guest_seal(lib, a, att_span_of(seal_to.ptr, n), att_str(token), &json, &err) ||
            err.code != ATT_KEY_INVALID)
            cases_check(&cases, false, "%zu bytes of a key: %s", n, att_code_name(err.code));
    }
    struct att_buf ec = { 0 };
    err = (struct att_err){ 0 };
    need(mk_tpm_public(tpm, MK_TPM_APP_EC, &ec, &err), "mk_tpm_public", &err);
    cases_check(&cases,
                !att_guest_seal(lib, a, att_buf_span(&ec), att_str(token), &json, &err) &&
                    err.code == ATT_KEY_INVALID,
                "an ECC key");
    att_buf_free(&ec);
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !att_guest_seal(lib, a, seal_to, (struct att_span){ 0 }, &json, &err) &&
                    err.code == ATT_LIMIT_EXCEEDED,
                "no token");
}

int main(void)
{
    struct att_arena *a = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_buf key = { 0 };
    struct att_err err = { 0 };

    need(a && mk_tpm_vendor_new(FIXTURE_NOW, &vendor, &err) &&
             mk_tpm_new(vendor, MK_BANK(MK_SHA256), &tpm, &err) && att_lib_new(NULL, &lib, &err) &&
             mk_tpm_public(tpm, MK_TPM_ENC, &key, &err),
         "a TPM", &err);
    there_and_back(a, att_buf_span(&key));
    not_sealed(a, att_buf_span(&key));
    att_buf_free(&key);
    att_lib_free(lib);
    mk_tpm_free(tpm);
    mk_tpm_vendor_free(vendor);
    att_arena_free(a);
    return cases_report(&cases);
}
