/* layers: tpm crypto codec base */
/* Credentials: what we make, opened with the EK's private key by a second writing of TPM2_ActivateCredential, with OpenSSL's own
 * derivations (KBKDF for KDFa, SSKDF for KDFe). */
#include "tpm_made.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

static struct att_crypto *c;
static struct att_arena *arena;
enum { EK_RSA, EK_P256, EK_P384, KEYS };
static EVP_PKEY *pkeys[KEYS];
static struct att_key *keys[KEYS];

static const uint8_t aik_name[34] = { 0, 0x0b, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    arena = att_arena_new((size_t)1 << 20);
    pkeys[EK_RSA] = EVP_RSA_gen(2048);
    pkeys[EK_P256] = EVP_EC_gen("P-256");
    pkeys[EK_P384] = EVP_EC_gen("P-384");
    for (size_t i = 0; i < KEYS; i++)
        keys[i] = key_of(c, pkeys[i]);
    return 0;
}
static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        EVP_PKEY_free(pkeys[i]);
        att_key_free(keys[i]);
    }
    att_arena_free(arena);
    att_crypto_free(c);
    return 0;
}

/* -- a TPM, as far as this goes ------------------------------------------------------------------------------- */

static struct att_span take_sized(struct att_span *from)
{
    assert_true(from->len >= 2);
    size_t len = (size_t)from->ptr[0] << 8 | from->ptr[1];
    assert_true(from->len >= 2 + len);
    struct att_span out = att_span_of(from->ptr + 2, len);
    *from = att_span_of(from->ptr + 2 + len, from->len - 2 - len);
    return out;
}

static char *writable(char room[16], const char *text)
{
    (void)snprintf(room, 16, "%s", text);
    return room;
}

static void *octets(struct att_span s)
{
    return (void *)(uintptr_t)s.ptr;
}

/* SP 800-108 in counter mode with HMAC: KDFa. */
static void kdfa(const char *md, struct att_span key, const char *label, struct att_span context,
                 uint8_t *ret, size_t len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    char room[3][16];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, writable(room[0], "HMAC"), 0),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, writable(room[1], md), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, octets(key), key.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, writable(room[2], label), strlen(label)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, octets(context), context.len),
        OSSL_PARAM_construct_end(),
    };
    assert_int_equal(EVP_KDF_derive(ctx, ret, len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

/* SP 800-56A in one step with a hash: KDFe. */
static void kdfe(const char *md, struct att_span z, struct att_span info, uint8_t *ret, size_t len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    char room[16];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, writable(room, md), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, octets(z), z.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, octets(info), info.len),
        OSSL_PARAM_construct_end(),
    };
    assert_int_equal(EVP_KDF_derive(ctx, ret, len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static size_t seed_rsa(EVP_PKEY *key, const char *md, struct att_span secret, uint8_t *seed)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    const EVP_MD *hash = EVP_get_digestbyname(md);
    uint8_t whole[256];
    size_t len = sizeof whole;

    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_true(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hash) > 0 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash) > 0);
    assert_true(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup("IDENTITY", 9), 9) > 0);
    bool ok = EVP_PKEY_decrypt(ctx, whole, &len, secret.ptr, secret.len) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (ok)
        memcpy(seed, whole, len);
    return ok ? len : 0;
}

static size_t seed_ecc(EVP_PKEY *key, const char *md, struct att_span own_x, struct att_span secret,
                       uint8_t *seed)
{
    struct att_span rest = secret, x = take_sized(&rest), y = take_sized(&rest);
    struct wire info = { .len = 0 }, point = { .len = 0 };
    EVP_PKEY *peer = EVP_PKEY_new();
    uint8_t z[66];
    size_t len = sizeof z, size = (size_t)EVP_MD_get_size(EVP_get_digestbyname(md));

    assert_int_equal(rest.len, 0);
    assert_int_equal(x.len, own_x.len);
    put_number(&point, 4, 1);
    put(&point, x);
    put(&point, y);
    assert_int_equal(EVP_PKEY_copy_parameters(peer, key), 1);
    assert_int_equal(EVP_PKEY_set1_encoded_public_key(peer, point.bytes, point.len), 1);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    assert_int_equal(EVP_PKEY_derive(ctx, z, &len), 1);
    put(&info, att_span_of("IDENTITY", 9));
    put(&info, x);
    put(&info, own_x);
    kdfe(md, att_span_of(z, len), wire_span(&info), seed, size);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    return size;
}

struct tpm {
    size_t key;
    const char *md;
    unsigned aes_bits;
    struct att_span x; /* ECC */
};

/* TPM2_ActivateCredential: false when the integrity does not hold. */
static bool activate(const struct tpm *t, struct att_span id_object, struct att_span encrypted,
                     struct att_span name, uint8_t *ret, size_t *ret_len)
{
    uint8_t seed[64], aes[32], hmac[64], mac[64], plain[80];
    struct att_span rest = id_object, id = take_sized(&rest), secret = take_sized(&encrypted);
    unsigned mac_len = 0;
    int len = 0;

    assert_int_equal(rest.len + encrypted.len, 0);
    size_t size = t->key == EK_RSA ? seed_rsa(pkeys[t->key], t->md, secret, seed)
                                   : seed_ecc(pkeys[t->key], t->md, t->x, secret, seed);
    assert_int_equal(size, EVP_MD_get_size(EVP_get_digestbyname(t->md)));
    struct att_span integrity = take_sized(&id);
    kdfa(t->md, att_span_of(seed, size), "INTEGRITY", att_span_of("", 0), hmac, size);
    struct wire covered = { .len = 0 };
    put(&covered, id);
    put(&covered, name);
    assert_non_null(
        HMAC(EVP_get_digestbyname(t->md), hmac, (int)size, covered.bytes, covered.len, mac, &mac_len));
    if (!att_span_eq(integrity, att_span_of(mac, mac_len)))
        return false;
    kdfa(t->md, att_span_of(seed, size), "STORAGE", name, aes, t->aes_bits / 8);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    static const uint8_t iv[16] = { 0 };
    assert_int_equal(
        EVP_DecryptInit(ctx, t->aes_bits == 128 ? EVP_aes_128_cfb() : EVP_aes_256_cfb(), aes, iv), 1);
    assert_int_equal(EVP_DecryptUpdate(ctx, plain, &len, id.ptr, (int)id.len), 1);
    EVP_CIPHER_CTX_free(ctx);
    struct att_span out = att_span_of(plain, (size_t)len), inside = take_sized(&out);
    assert_int_equal(out.len, 0);
    memcpy(ret, inside.ptr, inside.len);
    *ret_len = inside.len;
    return true;
}

/* -- tests ---------------------------------------------------------------------------------------------------- */

static struct tpm_public ek_of(struct wire *room, const struct made_public *o)
{
    struct tpm_public pub;
    struct att_err err = { .code = ATT_OK };

    *room = made_public(o);
    if (!tpm_public_read(wire_span(room), "ek", ATT_EK_MISMATCH, &pub, &err))
        fail_msg("%s", err.text);
    return pub;
}

static const struct {
    const char *name;
    size_t key;
    uint16_t name_alg;
    size_t policy;
    const char *md;
    uint16_t aes_bits;
    size_t secret;
} good[] = {
    { "RSA, SHA-256, AES-128: template L-1", EK_RSA, 0x0b, 32, "SHA256", 128, 32 },
    { "RSA, a short secret", EK_RSA, 0x0b, 32, "SHA256", 128, 1 },
    { "RSA, AES-256", EK_RSA, 0x0b, 32, "SHA256", 256, 32 },
    { "RSA, SHA-384", EK_RSA, 0x0c, 48, "SHA384", 256, 48 },
    { "RSA, SHA-512", EK_RSA, 0x0d, 64, "SHA512", 256, 64 },
    { "P-256: template L-2", EK_P256, 0x0b, 32, "SHA256", 128, 32 },
    { "P-384: template H-3", EK_P384, 0x0c, 48, "SHA384", 256, 32 },
};

static void opens(void **state)
{
    (void)state;
    struct att_span name = att_span_of(aik_name, sizeof aik_name);
    uint8_t secret[64], opened[64], other_name[34];
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)(i * 7 + 1);
    memcpy(other_name, aik_name, sizeof other_name);
    other_name[33] ^= 1;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct made_public o = public_of(keys[good[i].key], true);
        struct wire room;
        struct att_span id, encrypted;
        struct att_err err = { .code = ATT_OK };
        size_t len = 0;
        o.name_alg = good[i].name_alg;
        o.policy_len = good[i].policy;
        o.symmetric_bits = good[i].aes_bits;
        struct tpm_public ek = ek_of(&room, &o);
        struct tpm tpm = { good[i].key, good[i].md, good[i].aes_bits, ek.x };
        if (!tpm_credential_make(arena, c, &ek, name, att_span_of(secret, good[i].secret), &id, &encrypted,
                                 &err))
            fail_msg("%s: %s", good[i].name, err.text);
        if (!activate(&tpm, id, encrypted, name, opened, &len) || len != good[i].secret ||
            memcmp(opened, secret, len) != 0)
            fail_msg("%s: does not open", good[i].name);
        assert_false(activate(&tpm, id, encrypted, att_span_of(other_name, 34), opened, &len));
        for (size_t bit = 16; bit < 8 * id.len;
             bit += 5) { /* behind the lengths; not one bit may be another */
            uint8_t flipped[256];
            memcpy(flipped, id.ptr, id.len);
            flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (bit / 8 == 2 || bit / 8 == 3)
                continue;
            assert_false(activate(&tpm, att_span_of(flipped, id.len), encrypted, name, opened, &len));
        }
    }
}

/* The same secret twice: nothing of the answer may be the same, but the lengths. */
static void fresh_every_time(void **state)
{
    (void)state;
    struct att_span name = att_span_of(aik_name, sizeof aik_name), secret = att_str("0123456789abcdef");
    for (size_t k = 0; k < KEYS - 1; k++) {
        struct made_public o = public_of(keys[k], true);
        struct wire room;
        struct tpm_public ek = ek_of(&room, &o);
        struct att_span id[2], encrypted[2];
        for (size_t i = 0; i < 2; i++)
            assert_true(tpm_credential_make(arena, c, &ek, name, secret, &id[i], &encrypted[i], NULL));
        assert_int_equal(id[0].len, id[1].len);
        assert_memory_not_equal(id[0].ptr + 4, id[1].ptr + 4, 32);
        assert_memory_not_equal(id[0].ptr + 36, id[1].ptr + 36, id[0].len - 36);
        assert_memory_not_equal(encrypted[0].ptr + 4, encrypted[1].ptr + 4, 32);
    }
}

static void refused(void **state)
{
    (void)state;
    static const uint8_t long_name[67] = { 0 };
    struct made_public usual = public_of(keys[EK_RSA], true);
    struct att_span name = att_span_of(aik_name, sizeof aik_name), secret = att_str("0123456789abcdef");
    uint8_t weak[128] = { 0xc1 }, off_curve[32] = { 5 };
    weak[127] = 1;
#define O(...)                                                                                               \
    (__extension__({                                                                                         \
        struct made_public o = usual;                                                                        \
        __VA_ARGS__;                                                                                         \
        o;                                                                                                   \
    }))
    const struct {
        const char *text;
        struct made_public made;
        struct att_span name, secret;
        enum att_code code;
    } rows[] = {
        { "an attestation key", O(o.attributes = AIK_ATTRIBUTES), name, secret, ATT_KEY_INVALID },
        { "not restricted", O(o.attributes &= ~(uint32_t)TPM_RESTRICTED), name, secret, ATT_KEY_INVALID },
        { "does not decrypt", O(o.attributes &= ~(uint32_t)TPM_DECRYPT), name, secret, ATT_KEY_INVALID },
        { "signs, too", O(o.attributes |= TPM_SIGN), name, secret, ATT_KEY_INVALID },
        { "no cipher", O(o.symmetric = 0x10), name, secret, ATT_KEY_INVALID },
        { "Camellia", O(o.symmetric = 0x26), name, secret, ATT_KEY_INVALID },
        { "AES in CBC", O(o.symmetric_mode = 0x42), name, secret, ATT_KEY_INVALID },
        { "AES of no bits", O(o.symmetric_bits = 0), name, secret, ATT_KEY_INVALID },
        { "AES of 64 bits", O(o.symmetric_bits = 64), name, secret, ATT_KEY_INVALID },
        { "AES of 65535 bits", O(o.symmetric_bits = 65535), name, secret, ATT_KEY_INVALID },
        { "a name by SHA-1", O(o.name_alg = 4, o.policy_len = 20), name, secret, ATT_KEY_INVALID },
        { "RSA of 1024 bits", O(o.n = att_span_of(weak, 128), o.key_bits = 1024), name, secret,
          ATT_KEY_INVALID },
        { "an even exponent", O(o.exponent = 2), name, secret, ATT_KEY_INVALID },
        { "no point of the curve", (__extension__({
              struct made_public o = public_of(keys[EK_P256], true);
              o.x = att_span_of(off_curve, 32);
              o;
          })),
          name, secret, ATT_KEY_INVALID },
        { "no secret", usual, name, att_str(""), ATT_PARAMETER_INVALID },
        { "a secret longer than the digest", usual, name, att_str("0123456789abcdef0123456789abcdefX"),
          ATT_PARAMETER_INVALID },
        { "no name", usual, att_str(""), secret, ATT_PARAMETER_INVALID },
        { "a name longer than any", usual, att_span_of(long_name, 67), secret, ATT_PARAMETER_INVALID },
    };
#undef O
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire room;
        struct tpm_public ek = ek_of(&room, &rows[i].made);
        struct att_span id = { NULL, 77 }, encrypted = { NULL, 77 };
        struct att_err err = { .code = ATT_OK };
        if (tpm_credential_make(arena, c, &ek, rows[i].name, rows[i].secret, &id, &encrypted, &err))
            fail_msg("%s", rows[i].text);
        made_check_refusal(&err, rows[i].code);
        assert_true(id.len == 77 && encrypted.len == 77);
    }
}

/* No room in the arena: memory, and nobody's fault. */
static void no_memory(void **state)
{
    (void)state;
    struct made_public o = public_of(keys[EK_RSA], true);
    struct wire room;
    struct tpm_public ek = ek_of(&room, &o);
    for (size_t bytes = 16; bytes < 512; bytes += 112) {
        struct att_arena *small = att_arena_new(bytes);
        struct att_span id, encrypted;
        struct att_err err = { .code = ATT_OK };
        assert_false(tpm_credential_make(small, c, &ek, att_span_of(aik_name, 34),
                                         att_str("0123456789abcdef"), &id, &encrypted, &err));
        assert_int_equal(err.code, ATT_OUT_OF_MEMORY);
        att_arena_free(small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(opens), cmocka_unit_test(fresh_every_time),
                                        cmocka_unit_test(refused), cmocka_unit_test(no_memory) };
    return cmocka_run_group_tests_name("tpm/credential", tests, setup, teardown);
}
