/* layers: signer base codec */
/* The signer with a token, in both forms: SoftHSM holds the keys, OpenSSL judges what they sign. */
#include "base/base64.h"
#include "base/buf.h"
#include "signer/signer.h"
#include "support/softhsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct softhsm hsm;

static struct {
    bool in_process;
    char file[96];
    struct att_arena *arena;
    struct signer *sealing; /* key-encryption key in the token */
    struct signer *living;  /* new keys live in it, too */
} f;

static struct signer_options options_with(const char *kek, const char *const *previous, bool in_hsm)
{
    return (struct signer_options){ .kek = kek,
                                    .kek_previous = previous,
                                    .pkcs11_module = SOFTHSM_MODULE,
                                    .pkcs11_token = "attestd",
                                    .pkcs11_pin_file = hsm.pin_file,
                                    .keys_in_hsm = in_hsm,
                                    .in_process = f.in_process,
                                    .channels = 2 };
}

static struct signer *opened(const char *kek, const char *previous, bool in_hsm)
{
    const char *list[] = { previous, NULL };
    struct signer_options options = options_with(kek, list, in_hsm);
    struct signer *s = NULL;
    struct att_err err = { 0 };

    if (!signer_open(&options, &s, &err))
        fail_msg("%s: %s", err.where, err.text);
    return s;
}

static void set_up(bool in_process)
{
    f.in_process = in_process;
    (void)snprintf(f.file, sizeof f.file, "%s/kek", hsm.dir);
    FILE *file = fopen(f.file, "w");
    assert_non_null(file);
    assert_true(fputs("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    f.arena = att_arena_new(16 << 20);
    f.sealing = opened("pkcs11:kek", NULL, false);
    f.living = opened("pkcs11:kek", NULL, true);
}

static int set_up_local(void **state)
{
    (void)state;
    set_up(true);
    return 0;
}

static int set_up_process(void **state)
{
    (void)state;
    set_up(false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    signer_close(f.sealing);
    signer_close(f.living);
    att_arena_free(f.arena);
    return 0;
}

static void expect(const char *name, enum att_code want, enum att_code got)
{
    if (want != got)
        fail_msg("%s: wanted %s, got %s", name, att_code_name(want), att_code_name(got));
}

static struct signer_key make(struct signer *s, const char *purpose, const char *alg)
{
    struct signer_key key = { 0 };
    struct att_err err = { 0 };

    if (!signer_make(s, purpose, alg, f.arena, &key, &err))
        fail_msg("%s: %s", err.where, err.text);
    return key;
}

static enum att_code load_code(struct signer *s, const struct signer_key *key)
{
    struct att_err err = { 0 };
    return signer_load(s, key, &err) ? ATT_OK : err.code;
}

static bool verifies(const struct signer_key *key, struct att_span message, struct att_span sig)
{
    const uint8_t *p = key->spki.ptr;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)key->spki.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t *der = NULL;
    size_t len = sig.len;

    assert_non_null(pkey);
    if (strcmp(key->alg, "ES256") == 0) {
        ECDSA_SIG *s = ECDSA_SIG_new();
        assert_int_equal(sig.len, 64);
        ECDSA_SIG_set0(s, BN_bin2bn(sig.ptr, 32, NULL), BN_bin2bn(sig.ptr + 32, 32, NULL));
        len = (size_t)i2d_ECDSA_SIG(s, &der);
        ECDSA_SIG_free(s);
    }
    bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
              EVP_DigestVerify(ctx, der ? der : sig.ptr, len, message.ptr, message.len) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return ok;
}

static void signs(struct signer *s, const struct signer_key *key)
{
    char header[256];
    struct att_buf b = { 0 };
    struct att_span sig = { 0 };
    struct att_err err = { 0 };

    (void)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", key->alg,
                   key->kid);
    att_base64url_put(&b, att_str(header));
    att_buf_puts(&b, ".e30");
    if (!signer_sign(s, key->kid, att_buf_span(&b), f.arena, &sig, &err))
        fail_msg("%s: %s", err.where, err.text);
    assert_true(verifies(key, att_buf_span(&b), sig));
    att_buf_free(&b);
}

/* Sealed by the token, opened by another process with it. */
static void sealed_by_the_token(void **state)
{
    struct signer_key key = make(f.sealing, "attestation", "ES256");
    struct signer *replica = opened("pkcs11:kek", NULL, false), *other = opened("pkcs11:kek-2", NULL, false);
    struct signer_key moved = key;

    (void)state;
    assert_int_equal(key.sealed.ptr[0], 3);
    signs(f.sealing, &key);
    expect("a replica", ATT_OK, load_code(replica, &key));
    signs(replica, &key);
    expect("another key of the token", ATT_SEAL_INVALID, load_code(other, &key));
    moved.purpose = "authority";
    signer_forget(replica, key.kid);
    expect("another purpose", ATT_SEAL_INVALID, load_code(replica, &moved));
    signer_close(replica);
    signer_close(other);
}

static void lives_in_the_token(void **state)
{
    struct signer_key keys[] = { make(f.living, "attestation", "RS256"),
                                 make(f.living, "attestation", "ES256") };
    struct signer *by_file = opened(f.file, NULL, false); /* the setting has been changed back */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct signer_key moved = keys[i];
        struct att_span sealed = { 0 };
        struct att_err err = { 0 };
        bool changed = true;
        assert_int_equal(keys[i].sealed.ptr[0], 2);
        assert_int_equal(keys[i].sealed.len, 17);
        signs(f.living, &keys[i]);
        expect("still found", ATT_OK, load_code(by_file, &keys[i]));
        signs(by_file, &keys[i]);
        assert_true(signer_reseal(by_file, &keys[i], f.arena, &sealed, &changed, &err));
        assert_false(changed);
        signer_forget(by_file, keys[i].kid);
        moved.purpose = "authority";
        expect("another purpose", ATT_PKCS11_FAILED, load_code(by_file, &moved));
        moved = keys[i];
        moved.spki = keys[1 - i].spki;
        moved.kid = keys[1 - i].kid;
        expect("another's public half", ATT_KEY_INVALID, load_code(by_file, &moved));
        moved = keys[i];
        moved.kid = keys[1 - i].kid;
        expect("another name", ATT_KEY_INVALID, load_code(by_file, &moved));
        moved = keys[i];
        moved.sealed = keys[1 - i].sealed;
        assert_false(signer_reseal(by_file, &moved, f.arena, &sealed, &changed, &err));
    }
    signer_close(by_file);
}

static X509 *certificate(const struct signer_key *key, const struct signer_certify *want)
{
    struct att_span der = { 0 };
    struct att_err err = { 0 };

    if (!signer_certify(f.living, key->kid, want, f.arena, &der, &err))
        fail_msg("%s: %s", err.where, err.text);
    const uint8_t *p = der.ptr;
    X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    assert_non_null(cert);
    assert_ptr_equal(p, der.ptr + der.len);
    return cert;
}

static void certifies_from_the_token(void **state)
{
    static const char *const algs[] = { "RS256", "ES256" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct signer_key key = make(f.living, "attestation", algs[i]);
        const struct signer_certify want = { .kind = SIGNER_CERTIFY_ENDPOINT,
                                             .name = "p",
                                             .uri = "https://p.example" };
        X509 *cert = certificate(&key, &want);
        assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
        uint8_t *spki = NULL;
        int len = i2d_PUBKEY(X509_get0_pubkey(cert), &spki);
        assert_true(att_span_eq(key.spki, att_span_of(spki, (size_t)len)));
        OPENSSL_free(spki);
        X509_free(cert);
    }
}

/* From a file into the token, from there to another key of it, and back. */
static void moves_between_keks(void **state)
{
    static const struct {
        const char *to, *from; /* NULL: the file */
        uint8_t form;
    } steps[] = {
        { "pkcs11:kek", NULL, 3 },
        { "pkcs11:kek-2", "pkcs11:kek", 3 },
        { NULL, "pkcs11:kek-2", 1 },
    };
    struct signer *first = opened(f.file, NULL, false);
    struct signer_key key = make(first, "attestation", "ES256");

    (void)state;
    assert_int_equal(key.sealed.ptr[0], 1);
    signer_close(first);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const char *to = steps[i].to ? steps[i].to : f.file, *from = steps[i].from ? steps[i].from : f.file;
        struct signer *both = opened(to, from, false), *alone = opened(to, NULL, false);
        struct att_err err = { 0 };
        bool changed = false;
        expect("not yet", ATT_SEAL_INVALID, load_code(alone, &key));
        expect("the previous one opens", ATT_OK, load_code(both, &key));
        assert_true(signer_reseal(both, &key, f.arena, &key.sealed, &changed, &err));
        assert_true(changed);
        assert_int_equal(key.sealed.ptr[0], steps[i].form);
        expect("moved", ATT_OK, load_code(alone, &key));
        signs(alone, &key);
        signer_close(both);
        signer_close(alone);
    }
}

static void secrets_of_all_replicas(void **state)
{
    struct signer *replica = opened("pkcs11:kek", NULL, false), *other = opened("pkcs11:kek-2", NULL, false);
    uint8_t one[32], same[32], another[32], rows[32], again[32];
    struct att_span none = { 0 }, sealed = { 0 }, kept = { 0 };
    struct att_err err = { 0 };

    (void)state;
    assert_true(signer_share(f.sealing, SIGNER_SHARED_CONTEXT, none, f.arena, one, &sealed, &err) &&
                signer_share(replica, SIGNER_SHARED_CONTEXT, none, f.arena, same, &sealed, &err) &&
                signer_share(other, SIGNER_SHARED_CONTEXT, none, f.arena, another, &sealed, &err));
    assert_memory_equal(one, same, sizeof one);
    assert_memory_not_equal(one, another, sizeof one);
    assert_true(signer_share(f.sealing, SIGNER_SHARED_ROWS, none, f.arena, rows, &sealed, &err));
    assert_int_equal(sealed.ptr[0], 3);
    assert_true(signer_share(replica, SIGNER_SHARED_ROWS, sealed, f.arena, again, &kept, &err));
    assert_memory_equal(rows, again, sizeof rows);
    assert_false(signer_share(other, SIGNER_SHARED_ROWS, sealed, f.arena, again, &kept, &err));
    expect("another key of the token", ATT_SEAL_INVALID, err.code);
    signer_close(replica);
    signer_close(other);
}

static void does_not_open(void **state)
{
    struct signer_options rows[] = {
        options_with("pkcs11:absent", NULL, false), options_with("pkcs11:", NULL, false),
        options_with("pkcs11:kek", NULL, false),    options_with("pkcs11:kek", NULL, false),
        options_with(f.file, NULL, true),           options_with("pkcs11:kek", NULL, false),
    };
    static const enum att_code want[] = { ATT_PKCS11_FAILED, ATT_CONFIG_INVALID, ATT_CONFIG_INVALID,
                                          ATT_PKCS11_FAILED, ATT_CONFIG_INVALID, ATT_IO_FAILED };

    (void)state;
    rows[2].pkcs11_module = NULL;
    rows[3].pkcs11_token = "another";
    rows[4].pkcs11_module = NULL;
    rows[5].pkcs11_pin_file = "/nowhere/pin";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signer *s = NULL;
        struct att_err err = { 0 };
        assert_false(signer_open(&rows[i], &s, &err));
        if (err.code != want[i])
            fail_msg("%zu: %s %s", i, att_code_name(err.code), err.text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sealed_by_the_token),      cmocka_unit_test(lives_in_the_token),
    cmocka_unit_test(certifies_from_the_token), cmocka_unit_test(moves_between_keks),
    cmocka_unit_test(secrets_of_all_replicas),  cmocka_unit_test(does_not_open),
};

int main(int argc, char **argv)
{
    signer_role(argc, argv);
    if (!softhsm_start(&hsm)) {
        printf("skipped: no SoftHSM (scripts/install-deps check)\n");
        return 77;
    }
    softhsm_token(&hsm, "attestd");
    softhsm_aes(&hsm, "attestd", "kek", 32, true, false);
    softhsm_aes(&hsm, "attestd", "kek-2", 32, true, false);
    int failed = cmocka_run_group_tests_name("local", tests, set_up_local, tear_down);
    failed += cmocka_run_group_tests_name("process", tests, set_up_process, tear_down);
    softhsm_stop(&hsm);
    return failed;
}
