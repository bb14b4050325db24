/* layers: signer base codec */
/* A real library of PKCS#11 with tokens of its own; signatures are checked with OpenSSL from the public halves. */
#include "signer/p11.h"
#include "support/softhsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <attest/seal.h>
#include <cmocka.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct softhsm hsm;
static struct p11_options good;

static struct p11 *opened(void)
{
    struct att_err err = { 0 };
    struct p11 *p = NULL;

    if (!p11_open(&good, &p, &err))
        fail_msg("%s: %s", err.where, err.text);
    return p;
}

static struct p11_object *kek_of(struct p11 *p, const char *label)
{
    struct att_err err = { 0 };
    struct p11_object *o = NULL;

    if (!p11_kek_find(p, label, &o, &err))
        fail_msg("%s: %s", err.where, err.text);
    return o;
}

static void file(const char *path, const char *text, size_t len, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* -- opening ---------------------------------------------------------------------------------------------- */

static void doors_that_stay_shut(void **state)
{
    static const struct {
        const char *name, *module, *token, *pin;
        mode_t mode;
        enum att_code want;
        const char *says;
    } rows[] = {
        { "no module", NULL, "attestd", SOFTHSM_PIN, 0600, ATT_CONFIG_INVALID, "none" },
        { "no token", SOFTHSM_MODULE, NULL, SOFTHSM_PIN, 0600, ATT_CONFIG_INVALID, "none" },
        { "no such file", "/usr/lib/none.so", "attestd", SOFTHSM_PIN, 0600, ATT_CONFIG_INVALID,
          "cannot open" },
        { "no path", "libsofthsm2.so", "attestd", SOFTHSM_PIN, 0600, ATT_CONFIG_INVALID, "path" },
        { "no library", "/etc/passwd", "attestd", SOFTHSM_PIN, 0600, ATT_CONFIG_INVALID, "load" },
        { "another library", "libc", "attestd", SOFTHSM_PIN, 0600, ATT_CONFIG_INVALID, "C_GetFunctionList" },
        { "absent token", SOFTHSM_MODULE, "other", SOFTHSM_PIN, 0600, ATT_PKCS11_FAILED, "none among" },
        { "part of its label", SOFTHSM_MODULE, "attest", SOFTHSM_PIN, 0600, ATT_PKCS11_FAILED, "none among" },
        { "two of one label", SOFTHSM_MODULE, "twins", SOFTHSM_PIN, 0600, ATT_PKCS11_FAILED, "2 of them" },
        { "wrong PIN", SOFTHSM_MODULE, "wrong-pin", "4321 not a secret", 0600, ATT_PKCS11_FAILED,
          "CKR_PIN_INCORRECT" },
        { "short PIN", SOFTHSM_MODULE, "wrong-pin", "1", 0600, ATT_PKCS11_FAILED, "CKR_PIN_INCORRECT" },
        { "no PIN", SOFTHSM_MODULE, "attestd", NULL, 0600, ATT_CONFIG_INVALID, "none" },
        { "empty PIN", SOFTHSM_MODULE, "attestd", "\n", 0600, ATT_CONFIG_INVALID, "one line" },
        { "two lines", SOFTHSM_MODULE, "attestd", "1234\n5", 0600, ATT_CONFIG_INVALID, "one line" },
        { "all may read it", SOFTHSM_MODULE, "attestd", SOFTHSM_PIN, 0604, ATT_CONFIG_INVALID, "0604" },
        { "the group may write it", SOFTHSM_MODULE, "attestd", SOFTHSM_PIN, 0660, ATT_CONFIG_INVALID,
          "0660" },
    };
    char path[160];

    (void)state;
    snprintf(path, sizeof path, "%s/pin.other", hsm.dir);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct p11_options o = { .module = rows[i].module, .token = rows[i].token };
        struct att_err err = { 0 };
        struct p11 *p = NULL;
        if (rows[i].module && strcmp(rows[i].module, "libc") == 0)
            o.module = access("/lib/x86_64-linux-gnu/libc.so.6", R_OK) == 0
                           ? "/lib/x86_64-linux-gnu/libc.so.6"
                           : "/lib/aarch64-linux-gnu/libc.so.6";
        if (rows[i].pin) {
            file(path, rows[i].pin, strlen(rows[i].pin), rows[i].mode);
            o.pin_file = path;
        }
        if (p11_open(&o, &p, &err) || err.code != rows[i].want || !strstr(err.text, rows[i].says))
            fail_msg("%s: %s %s", rows[i].name, att_code_name(err.code), err.text);
        if (strstr(err.text, "not a secret"))
            fail_msg("%s: the PIN is in the text", rows[i].name);
    }
}

static void pin_files_of_many_forms(void **state)
{
    char path[160], longest[P11_PIN_BYTES_MAX + 2];
    struct p11_options o = good;
    struct att_err err = { 0 };
    struct p11 *p = NULL;

    (void)state;
    snprintf(path, sizeof path, "%s/pin.form", hsm.dir);
    o.pin_file = path;
    static const char *const fine[] = { SOFTHSM_PIN, SOFTHSM_PIN "\n", SOFTHSM_PIN "\r\n" };
    for (size_t i = 0; i < 3; i++) {
        file(path, fine[i], strlen(fine[i]), 0640);
        assert_true(p11_open(&o, &p, &err));
        p11_close(p);
    }
    memset(longest, '1', sizeof longest);
    file(path, longest, P11_PIN_BYTES_MAX + 1, 0600);
    assert_false(p11_open(&o, &p, &err));
    assert_int_equal(err.code, ATT_CONFIG_INVALID);
    err = (struct att_err){ 0 };
    file(path,
         "12\0"
         "34",
         5, 0600); /* a NUL */
    assert_false(p11_open(&o, &p, &err));
    assert_int_equal(err.code, ATT_CONFIG_INVALID);
    err = (struct att_err){ 0 };
    o.pin_file = hsm.dir;
    assert_false(p11_open(&o, &p, &err));
    assert_int_equal(err.code, ATT_CONFIG_INVALID);
    err = (struct att_err){ 0 };
    o.pin_file = "/nowhere/pin";
    assert_false(p11_open(&o, &p, &err));
    assert_int_equal(err.code, ATT_IO_FAILED);
}

static void keys_that_will_not_do(void **state)
{
    static const struct {
        const char *name, *label, *says;
        enum att_code want;
    } rows[] = {
        { "absent", "other", "none", ATT_PKCS11_FAILED },
        { "part of a label", "ke", "none", ATT_PKCS11_FAILED },
        { "two of one label", "twins", "several", ATT_PKCS11_FAILED },
        { "can leave the token", "loose", "extractable", ATT_PKCS11_FAILED },
        { "sensitive, and can leave it", "sensitive", "extractable", ATT_PKCS11_FAILED },
        { "stays, and shows itself", "shown", "extractable", ATT_PKCS11_FAILED },
        { "128 bits", "short", "128", ATT_PKCS11_FAILED },
        { "no label", "", "1 to 64", ATT_CONFIG_INVALID },
        { "a long label", "12345678901234567890123456789012345678901234567890123456789012345", "1 to 64",
          ATT_CONFIG_INVALID },
    };
    struct p11 *p = opened();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        struct p11_object *o = NULL;
        if (p11_kek_find(p, rows[i].label, &o, &err) || err.code != rows[i].want ||
            !strstr(err.text, rows[i].says))
            fail_msg("%s: %s %s", rows[i].name, att_code_name(err.code), err.text);
    }
    p11_close(p);
}

static void the_key_cannot_be_read(void **state)
{
    CK_SESSION_HANDLE session = softhsm_session(&hsm, "attestd");
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    char label[] = "kek";
    uint8_t value[64];
    CK_ATTRIBUTE want[] = { { CKA_CLASS, &class, sizeof class }, { CKA_LABEL, label, 3 } };
    CK_ATTRIBUTE secret[] = { { CKA_VALUE, value, sizeof value } };
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG count = 0;

    (void)state;
    assert_int_equal(hsm.f->C_FindObjectsInit(session, want, 2), CKR_OK);
    assert_int_equal(hsm.f->C_FindObjects(session, &key, 1, &count), CKR_OK);
    assert_int_equal(hsm.f->C_FindObjectsFinal(session), CKR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(hsm.f->C_GetAttributeValue(session, key, secret, 1), CKR_ATTRIBUTE_SENSITIVE);
    assert_int_equal(hsm.f->C_CloseSession(session), CKR_OK);
}

/* -- sealing ---------------------------------------------------------------------------------------------- */

static void opens_what_it_sealed_and_nothing_else(void **state)
{
    struct att_arena *arena = att_arena_new(4 << 20);
    struct att_span secret = att_str("a private key"), sealed = { 0 }, again = { 0 }, opened_up = { 0 };
    struct att_err err = { 0 };
    struct p11 *p = opened();
    struct p11_object *kek = kek_of(p, "kek"), *second = kek_of(p, "kek-2");

    (void)state;
    assert_true(p11_kek_seal(p, kek, att_str("signing-key:a:b"), secret, arena, &sealed, &err));
    assert_int_equal(sealed.len, 1 + 12 + secret.len + 16);
    assert_int_equal(sealed.ptr[0], 3);
    assert_null(memmem(sealed.ptr, sealed.len, "private", 7));
    assert_true(p11_kek_seal(p, kek, att_str("signing-key:a:b"), secret, arena, &again, &err));
    assert_false(att_span_eq(sealed, again));
    assert_true(p11_kek_unseal(p, kek, att_str("signing-key:a:b"), sealed, arena, &opened_up, &err));
    assert_true(att_span_eq(opened_up, secret));

    static const char *const labels[] = { "signing-key:a:c", "signing-key:a:", "", "signing-key:a:bb" };
    for (size_t i = 0; i < 4; i++) {
        struct att_err why = { 0 };
        assert_false(p11_kek_unseal(p, kek, att_str(labels[i]), sealed, arena, &opened_up, &why));
        assert_int_equal(why.code, ATT_SEAL_INVALID);
    }
    struct att_err other = { 0 };
    assert_false(p11_kek_unseal(p, second, att_str("signing-key:a:b"), sealed, arena, &opened_up, &other));
    assert_int_equal(other.code, ATT_SEAL_INVALID);
    uint8_t changed[128];
    for (size_t i = 0; i < sealed.len; i++) { /* a bit of each byte; each length less, and one more */
        struct att_err why = { 0 }, cut = { 0 };
        memcpy(changed, sealed.ptr, sealed.len);
        changed[i] ^= (uint8_t)(1 << (i % 8));
        assert_false(p11_kek_unseal(p, kek, att_str("signing-key:a:b"), att_span_of(changed, sealed.len),
                                    arena, &opened_up, &why));
        assert_int_equal(why.code, ATT_SEAL_INVALID);
        assert_false(p11_kek_unseal(p, kek, att_str("signing-key:a:b"), att_span_of(sealed.ptr, i), arena,
                                    &opened_up, &cut));
        assert_int_equal(cut.code, ATT_SEAL_INVALID);
    }
    memcpy(changed, sealed.ptr, sealed.len);
    changed[sealed.len] = 0;
    struct att_err longer = { 0 };
    assert_false(p11_kek_unseal(p, kek, att_str("signing-key:a:b"), att_span_of(changed, sealed.len + 1),
                                arena, &opened_up, &longer));
    assert_int_equal(longer.code, ATT_SEAL_INVALID);
    p11_object_free(kek);
    p11_object_free(second);
    p11_close(p);
    att_arena_free(arena);
}

static void sizes_have_ends(void **state)
{
    static uint8_t room[P11_SECRET_BYTES_MAX + 1];
    struct att_arena *arena = att_arena_new(4 << 20);
    struct att_span sealed = { 0 }, back = { 0 };
    struct att_err err = { 0 };
    struct p11 *p = opened();
    struct p11_object *kek = kek_of(p, "kek");
    static const size_t sizes[] = { 1, 15, 16, 17, 1218, P11_SECRET_BYTES_MAX };

    (void)state;
    memset(room, 'x', sizeof room);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(p11_kek_seal(p, kek, att_str("l"), att_span_of(room, sizes[i]), arena, &sealed, &err));
        assert_true(p11_kek_unseal(p, kek, att_str("l"), sealed, arena, &back, &err));
        assert_true(att_span_eq(back, att_span_of(room, sizes[i])));
    }
    assert_false(p11_kek_seal(p, kek, att_str("l"), att_span_of(room, sizeof room), arena, &sealed, &err));
    assert_int_equal(err.code, ATT_LIMIT_EXCEEDED);
    struct att_err label = { 0 };
    assert_false(p11_kek_seal(p, kek, att_span_of(room, 256), att_str("s"), arena, &sealed, &label));
    assert_int_equal(label.code, ATT_LIMIT_EXCEEDED);
    p11_object_free(kek);
    p11_close(p);
    att_arena_free(arena);
}

static void the_root_is_the_keys_own(void **state)
{
    uint8_t one[P11_ROOT_BYTES], same[P11_ROOT_BYTES], other[P11_ROOT_BYTES], zeros[P11_ROOT_BYTES] = { 0 };
    struct att_err err = { 0 };
    struct p11 *p = opened(), *replica = opened();
    struct p11_object *kek = kek_of(p, "kek"), *its = kek_of(replica, "kek"), *second = kek_of(p, "kek-2");

    (void)state;
    assert_true(p11_kek_root(p, kek, one, &err) && p11_kek_root(replica, its, same, &err) &&
                p11_kek_root(p, second, other, &err));
    assert_memory_equal(one, same, sizeof one);
    assert_memory_not_equal(one, other, sizeof one);
    assert_memory_not_equal(one, zeros, sizeof one);
    assert_memory_not_equal(one, one + 16, 16);
    p11_object_free(kek);
    p11_object_free(its);
    p11_object_free(second);
    p11_close(p);
    p11_close(replica);
}

/* -- keys in the token ------------------------------------------------------------------------------------ */

static bool verifies(struct att_span spki, const char *alg, const char *text, struct att_span sig)
{
    const uint8_t *p = spki.ptr;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)spki.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t *der = NULL;

    assert_non_null(key);
    if (strcmp(alg, "ES256") == 0) {
        ECDSA_SIG *s = ECDSA_SIG_new();
        assert_int_equal(sig.len, 64);
        ECDSA_SIG_set0(s, BN_bin2bn(sig.ptr, 32, NULL), BN_bin2bn(sig.ptr + 32, 32, NULL));
        int len = i2d_ECDSA_SIG(s, &der);
        sig = att_span_of(der, (size_t)len);
        ECDSA_SIG_free(s);
    }
    bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, sig.ptr, sig.len, (const uint8_t *)text, strlen(text)) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok;
}

struct made {
    struct att_span spki, sealed;
    struct p11_object *key;
};

static void lives_and_signs(struct p11 *p, const char *alg, struct att_arena *arena, struct made *ret)
{
    struct att_span sig = { 0 };
    struct att_err err = { 0 };
    struct p11_object *found = NULL;

    if (!p11_key_make(p, "attestation", alg, arena, &ret->key, &ret->spki, &ret->sealed, &err))
        fail_msg("%s: %s", err.where, err.text);
    assert_int_equal(ret->sealed.len, 17);
    assert_int_equal(ret->sealed.ptr[0], 2);
    assert_true(p11_key_sign(p, ret->key, att_str("header.payload"), arena, &sig, &err));
    assert_true(verifies(ret->spki, alg, "header.payload", sig));
    assert_false(verifies(ret->spki, alg, "header.payloaD", sig));
    struct p11 *replica = opened();
    assert_true(p11_key_find(replica, "attestation", alg, ret->spki, ret->sealed, &found, &err));
    assert_true(p11_key_sign(replica, found, att_str("x"), arena, &sig, &err));
    assert_true(verifies(ret->spki, alg, "x", sig));
    p11_object_free(found);
    p11_close(replica);
}

/* Every private key of the token: none gives its number away. */
static void none_can_be_read(void)
{
    CK_SESSION_HANDLE session = softhsm_session(&hsm, "attestd");
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE want[] = { { CKA_CLASS, &class, sizeof class } };
    CK_OBJECT_HANDLE keys[8];
    CK_ULONG count = 0;

    assert_int_equal(hsm.f->C_FindObjectsInit(session, want, 1), CKR_OK);
    assert_int_equal(hsm.f->C_FindObjects(session, keys, 8, &count), CKR_OK);
    assert_int_equal(hsm.f->C_FindObjectsFinal(session), CKR_OK);
    assert_true(count >= 2);
    for (CK_ULONG i = 0; i < count; i++) {
        uint8_t room[512];
        CK_KEY_TYPE type = 0;
        CK_ATTRIBUTE kind[] = { { CKA_KEY_TYPE, &type, sizeof type } };
        assert_int_equal(hsm.f->C_GetAttributeValue(session, keys[i], kind, 1), CKR_OK);
        CK_ATTRIBUTE secret[] = { { type == CKK_RSA ? CKA_PRIVATE_EXPONENT : CKA_VALUE, room, sizeof room } };
        assert_int_equal(hsm.f->C_GetAttributeValue(session, keys[i], secret, 1), CKR_ATTRIBUTE_SENSITIVE);
    }
    assert_int_equal(hsm.f->C_CloseSession(session), CKR_OK);
}

static void rows_that_name_no_key(struct p11 *p, const struct made *rsa, const struct made *ec)
{
    uint8_t other_id[17], longer[18] = { 0 };
    memcpy(other_id, rsa->sealed.ptr, 17);
    other_id[16] ^= 1;
    memcpy(longer, rsa->sealed.ptr, 17);
    const struct {
        const char *name, *purpose, *alg;
        struct att_span spki, sealed;
        enum att_code want;
    } rows[] = {
        { "another purpose", "authority", "RS256", rsa->spki, rsa->sealed, ATT_PKCS11_FAILED },
        { "another algorithm", "attestation", "ES256", rsa->spki, rsa->sealed, ATT_PKCS11_FAILED },
        { "unknown algorithm", "attestation", "HS256", rsa->spki, rsa->sealed, ATT_TOKEN_ALGORITHM },
        { "another's public half", "attestation", "RS256", ec->spki, rsa->sealed, ATT_KEY_INVALID },
        { "another's public half, EC", "attestation", "ES256", rsa->spki, ec->sealed, ATT_KEY_INVALID },
        { "no public half", "attestation", "RS256", att_str(""), rsa->sealed, ATT_KEY_INVALID },
        { "another name", "attestation", "RS256", rsa->spki, att_span_of(other_id, 17), ATT_PKCS11_FAILED },
        { "cut", "attestation", "RS256", rsa->spki, att_span_of(rsa->sealed.ptr, 16), ATT_KEY_INVALID },
        { "longer", "attestation", "RS256", rsa->spki, att_span_of(longer, 18), ATT_KEY_INVALID },
        { "something sealed", "attestation", "RS256", rsa->spki, att_str("\001aaaaaaaaaaaaaaaa"),
          ATT_KEY_INVALID },
        { "a long purpose", "123456789012345678901234567890123456789012345678901234567", "RS256", rsa->spki,
          rsa->sealed, ATT_LIMIT_EXCEEDED },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        struct p11_object *o = NULL;
        if (p11_key_find(p, rows[i].purpose, rows[i].alg, rows[i].spki, rows[i].sealed, &o, &err) ||
            err.code != rows[i].want)
            fail_msg("%s: %s %s", rows[i].name, att_code_name(err.code), err.text);
    }
}

struct caller {
    struct p11 *p;
    struct made key;
    int failed;
};

static void *sign_often(void *arg)
{
    struct caller *c = arg;
    struct att_arena *arena = att_arena_new(1 << 20);

    for (int i = 0; i < 3; i++) {
        struct att_span sig = { 0 };
        struct att_err err = { 0 };
        if (!p11_key_sign(c->p, c->key.key, att_str("text"), arena, &sig, &err) ||
            !verifies(c->key.spki, "ES256", "text", sig))
            c->failed++;
    }
    att_arena_free(arena);
    return NULL;
}

/* More threads than sessions; and then again, when all sessions have gone. */
static void many_at_a_time(struct p11 *p, const struct made *ec)
{
    enum { THREADS = P11_SESSIONS_MAX + 4 };
    pthread_t threads[THREADS];
    struct caller callers[THREADS];

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < THREADS; i++) {
            callers[i] = (struct caller){ .p = p, .key = *ec };
            assert_int_equal(pthread_create(&threads[i], NULL, sign_often, &callers[i]), 0);
        }
        for (size_t i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_int_equal(callers[i].failed, 0);
        }
        softhsm_restart(&hsm);
    }
}

static void lost_sessions_come_back(struct p11 *p, const struct made *rsa, struct att_arena *arena)
{
    struct att_span sig = { 0 };
    struct att_err err = { 0 };
    char moved[160];

    softhsm_restart(&hsm);
    if (!p11_key_sign(p, rsa->key, att_str("x"), arena, &sig, &err))
        fail_msg("%s: %s", err.where, err.text);
    assert_true(verifies(rsa->spki, "RS256", "x", sig));
    /* A PIN that has become wrong is told, tried once, and not again even when it is right. */
    file(hsm.pin_file, "4321", 4, 0600);
    softhsm_restart(&hsm);
    assert_false(p11_key_sign(p, rsa->key, att_str("x"), arena, &sig, &err));
    assert_string_equal(err.where, "pkcs11.C_Login");
    file(hsm.pin_file, SOFTHSM_PIN, strlen(SOFTHSM_PIN), 0600);
    struct att_err again = { 0 };
    assert_false(p11_key_sign(p, rsa->key, att_str("x"), arena, &sig, &again));
    assert_non_null(strstr(again.text, "not tried twice"));
    /* A file that is away for a moment costs nothing. */
    struct p11 *q = opened();
    struct p11_object *kek = kek_of(q, "kek");
    uint8_t root[P11_ROOT_BYTES];
    snprintf(moved, sizeof moved, "%s.away", hsm.pin_file);
    assert_int_equal(rename(hsm.pin_file, moved), 0);
    softhsm_restart(&hsm);
    struct att_err away = { 0 }, back = { 0 };
    assert_false(p11_kek_root(q, kek, root, &away));
    assert_int_equal(away.code, ATT_IO_FAILED);
    assert_int_equal(rename(moved, hsm.pin_file), 0);
    assert_true(p11_kek_root(q, kek, root, &back));
    p11_object_free(kek);
    p11_close(q);
}

static void keys_live_in_the_token(void **state)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct p11 *p = opened();
    struct made rsa = { 0 }, ec = { 0 };

    (void)state;
    lives_and_signs(p, "ES256", arena, &ec);
    lives_and_signs(p, "RS256", arena, &rsa);
    none_can_be_read();
    rows_that_name_no_key(p, &rsa, &ec);
    many_at_a_time(p, &ec);
    lost_sessions_come_back(p, &rsa, arena);
    p11_object_free(rsa.key);
    p11_object_free(ec.key);
    p11_close(p);
    att_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doors_that_stay_shut),
        cmocka_unit_test(pin_files_of_many_forms),
        cmocka_unit_test(keys_that_will_not_do),
        cmocka_unit_test(the_key_cannot_be_read),
        cmocka_unit_test(opens_what_it_sealed_and_nothing_else),
        cmocka_unit_test(sizes_have_ends),
        cmocka_unit_test(the_root_is_the_keys_own),
        cmocka_unit_test(keys_live_in_the_token),
    };
    if (!softhsm_start(&hsm)) {
        printf("skipped: no SoftHSM (scripts/install-deps check)\n");
        return 77;
    }
    good = (struct p11_options){ .module = SOFTHSM_MODULE, .token = "attestd", .pin_file = hsm.pin_file };
    softhsm_token(&hsm, "attestd");
    softhsm_token(&hsm, "wrong-pin");
    softhsm_token(&hsm, "twins");
    softhsm_token(&hsm, "twins");
    softhsm_aes(&hsm, "attestd", "kek", 32, true, false);
    softhsm_aes(&hsm, "attestd", "kek-2", 32, true, false);
    softhsm_aes(&hsm, "attestd", "short", 16, true, false);
    softhsm_aes(&hsm, "attestd", "loose", 32, false, true);
    softhsm_aes(&hsm, "attestd", "sensitive", 32, true, true);
    softhsm_aes(&hsm, "attestd", "shown", 32, false, false);
    softhsm_aes(&hsm, "attestd", "twins", 32, true, false);
    softhsm_aes(&hsm, "attestd", "twins", 32, true, false);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    softhsm_stop(&hsm);
    return failed;
}
