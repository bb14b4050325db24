/* Sealing. The form is checked against OpenSSL's AES-256-GCM from outside, so that another program can open a seal. */
#include "made.h"

#include <attest/seal.h>

static const uint8_t key[ATT_SEAL_KEY_BYTES] = "a key that only tests know, ..32";
static struct att_arena *arena;

static struct att_span seal(const char *label, struct att_span secret)
{
    struct att_span sealed = { NULL, 0 };
    struct att_err err = { .code = ATT_OK };
    if (!att_seal(arena, key, att_str(label), secret, &sealed, &err))
        fail_msg("%s", err.text);
    return sealed;
}

static void refuse(const uint8_t *k, struct att_span label, struct att_span sealed)
{
    struct att_span out = { NULL, 77 };
    struct att_err err = { .code = ATT_OK };
    assert_false(att_unseal(arena, k, label, sealed, &out, &err));
    made_check_refusal(&err, ATT_SEAL_INVALID);
    assert_int_equal(out.len, 77);
}

static void round_trip(void **state)
{
    (void)state;
    uint8_t secret[300];
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n <= sizeof secret; n += n < 34 ? 1 : 53) {
        struct att_span sealed = seal("signing-key:1", att_span_of(secret, n));
        struct att_span out = { NULL, 0 };
        assert_int_equal(sealed.len, 1 + 12 + n + 16);
        assert_int_equal(sealed.ptr[0], 1);
        assert_true(att_unseal(arena, key, att_str("signing-key:1"), sealed, &out, NULL));
        assert_true(att_span_eq(out, att_span_of(secret, n)));
        if (n >= 16)
            assert_null(memmem(sealed.ptr, sealed.len, secret, 16));
    }
}

static void nonces_differ(void **state)
{
    (void)state;
    struct att_span seen[200];
    for (size_t i = 0; i < 200; i++) {
        seen[i] = seal("l", att_str("s"));
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(seen[i].ptr + 1, seen[k].ptr + 1, 12);
    }
}

static void form(void **state)
{
    (void)state;
    struct att_span sealed = seal("label", att_str("secret"));
    uint8_t out[16];
    uint8_t tag[16];
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    memcpy(tag, sealed.ptr + sealed.len - 16, 16);
    assert_int_equal(EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed.ptr + 1), 1);
    assert_int_equal(EVP_DecryptUpdate(ctx, NULL, &len, (const uint8_t *)"\x01label", 6), 1);
    assert_int_equal(EVP_DecryptUpdate(ctx, out, &len, sealed.ptr + 13, 6), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, tag), 1);
    assert_int_equal(EVP_DecryptFinal_ex(ctx, out + 6, &len), 1);
    assert_memory_equal(out, "secret", 6);
    EVP_CIPHER_CTX_free(ctx);
}

static void changes(void **state)
{
    (void)state;
    struct att_span sealed = seal("signing-key:1", att_str("secret"));
    uint8_t copy[64];
    uint8_t other[ATT_SEAL_KEY_BYTES];
    for (size_t n = 0; n < sealed.len; n++)
        refuse(key, att_str("signing-key:1"), att_span_of(sealed.ptr, n));
    memcpy(copy, sealed.ptr, sealed.len);
    copy[sealed.len] = 0;
    refuse(key, att_str("signing-key:1"), att_span_of(copy, sealed.len + 1));
    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        refuse(key, att_str("signing-key:1"), att_span_of(copy, sealed.len));
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    static const char *const labels[] = { "", "signing-key:2", "signing-key:", "signing-key:11",
                                          "Signing-key:1" };
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        refuse(key, att_str(labels[i]), sealed);
    for (size_t bit = 0; bit < 8 * sizeof other; bit++) {
        memcpy(other, key, sizeof other);
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
        refuse(other, att_str("signing-key:1"), sealed);
    }
    refuse(key, att_str("x"), (struct att_span){ NULL, 0 });
    refuse(key, att_str("x"), att_span_of(sealed.ptr, SIZE_MAX));
}

static void no_room(void **state)
{
    (void)state;
    struct att_span sealed = seal("l", att_str("secret"));
    struct att_arena *small = att_arena_new(4);
    struct att_span out = { NULL, 0 };
    struct att_err err = { .code = ATT_OK };
    assert_false(att_seal(small, key, att_str("l"), att_str("secret"), &out, &err));
    assert_int_equal(err.code, ATT_OUT_OF_MEMORY);
    err.code = ATT_OK;
    assert_false(att_unseal(small, key, att_str("l"), sealed, &out, &err));
    assert_int_equal(err.code, ATT_OUT_OF_MEMORY);
    err.code = ATT_OK;
    assert_false(att_seal(arena, key, att_str("l"), att_span_of(key, SIZE_MAX), &out, &err));
    assert_int_equal(err.code, ATT_LIMIT_EXCEEDED);
    att_arena_free(small);
}

static int setup(void **state)
{
    (void)state;
    arena = att_arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    att_arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip), cmocka_unit_test(nonces_differ), cmocka_unit_test(form),
        cmocka_unit_test(changes),    cmocka_unit_test(no_room),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
