/* layers: tpm crypto codec base */
/* TPMT_SIGNATURE: signatures by OpenSSL in the TPM's form. What JOSE cannot name - SHA-1, salts of any length - holds here and stays
 * outside of att_verify. */
#include "tpm_made.h"

static struct att_crypto *c;
enum { RSA_2048, RSA_1024, P256, P384, P521, KEYS };
static EVP_PKEY *pkeys[KEYS];
static struct att_key *keys[KEYS];
static const char *const hash_names[] = { "SHA1", "SHA256", "SHA384", "SHA512" };

static const struct tpm_signature_rules strict = { "quote.signature", ATT_TPM_QUOTE_MALFORMED,
                                                   ATT_TPM_QUOTE_SIGNATURE_INVALID, false };
static const struct tpm_signature_rules with_sha1 = { "quote.signature", ATT_TPM_QUOTE_MALFORMED,
                                                      ATT_TPM_QUOTE_SIGNATURE_INVALID, true };

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    pkeys[RSA_2048] = EVP_RSA_gen(2048);
    pkeys[RSA_1024] = EVP_RSA_gen(1024);
    pkeys[P256] = EVP_EC_gen("P-256");
    pkeys[P384] = EVP_EC_gen("P-384");
    pkeys[P521] = EVP_EC_gen("P-521");
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
    att_crypto_free(c);
    return 0;
}

enum { NO_PSS = -100 };

/* An RSA signature, or r and s without leading zeros. */
static struct wire sign(size_t key, enum att_hash hash, int salt, struct att_span message)
{
    static const uint16_t algs[] = { 0x04, 0x0b, 0x0c, 0x0d };
    bool ecc = key >= P256;
    uint8_t sig[512], half[66];
    size_t len = sizeof sig;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    struct wire w = { .len = 0 };

    assert_int_equal(EVP_DigestSignInit(ctx, &pctx, EVP_get_digestbyname(hash_names[hash]), NULL, pkeys[key]),
                     1);
    if (salt != NO_PSS) {
        assert_true(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) > 0);
    }
    assert_int_equal(EVP_DigestSign(ctx, sig, &len, message.ptr, message.len), 1);
    EVP_MD_CTX_free(ctx);
    put_u16(&w, ecc ? 0x18 : salt == NO_PSS ? 0x14 : 0x16);
    put_u16(&w, algs[hash]);
    if (!ecc) {
        put_sized(&w, att_span_of(sig, len));
        return w;
    }
    const uint8_t *p = sig;
    ECDSA_SIG *rs = d2i_ECDSA_SIG(NULL, &p, (long)len);
    const BIGNUM *const numbers[] = { ECDSA_SIG_get0_r(rs), ECDSA_SIG_get0_s(rs) };
    for (size_t i = 0; i < 2; i++)
        put_sized(&w, att_span_of(half, (size_t)BN_bn2bin(numbers[i], half)));
    ECDSA_SIG_free(rs);
    return w;
}

static const struct {
    const char *name;
    size_t key;
    enum att_hash hash;
    int salt;
    bool good, sha1;
} rows[] = {
    { "RSASSA with SHA-256", RSA_2048, ATT_SHA256, NO_PSS, true, false },
    { "RSASSA with SHA-384", RSA_2048, ATT_SHA384, NO_PSS, true, false },
    { "RSASSA with SHA-512", RSA_2048, ATT_SHA512, NO_PSS, true, false },
    { "RSASSA with SHA-1", RSA_2048, ATT_SHA1, NO_PSS, true, true },
    { "RSAPSS, a salt like the hash", RSA_2048, ATT_SHA256, 32, true, false },
    { "RSAPSS, no salt", RSA_2048, ATT_SHA256, 0, true, false },
    { "RSAPSS, a salt of 20", RSA_2048, ATT_SHA384, 20, true, false },
    { "RSAPSS, the longest salt", RSA_2048, ATT_SHA512, RSA_PSS_SALTLEN_MAX, true, false },
    { "RSAPSS with SHA-1", RSA_2048, ATT_SHA1, 20, true, true },
    { "RSA of 1024 bits", RSA_1024, ATT_SHA256, NO_PSS, false, false },
    { "P-256 with SHA-256", P256, ATT_SHA256, NO_PSS, true, false },
    { "P-384 with SHA-384", P384, ATT_SHA384, NO_PSS, true, false },
    { "P-521 with SHA-512", P521, ATT_SHA512, NO_PSS, true, false },
    { "P-256 with SHA-384", P256, ATT_SHA384, NO_PSS, false, false },
    { "P-384 with SHA-256", P384, ATT_SHA256, NO_PSS, false, false },
    { "P-256 with SHA-1", P256, ATT_SHA1, NO_PSS, false, true },
};

static void kinds(void **state)
{
    (void)state;
    struct att_span message = att_str("what the TPM says");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire w = sign(rows[i].key, rows[i].hash, rows[i].salt, message);
        enum att_hash hash = ATT_HASH_COUNT;
        struct att_err err = { .code = ATT_OK };
        bool got =
            tpm_signature_verify(c, keys[rows[i].key], wire_span(&w), message, &with_sha1, &hash, &err);
        if (got != rows[i].good)
            fail_msg("%s: %s", rows[i].name, err.text);
        assert_int_equal(hash, got ? rows[i].hash : ATT_HASH_COUNT);
        if (!got)
            made_check_refusal(&err, ATT_TPM_QUOTE_SIGNATURE_INVALID);
        err = (struct att_err){ .code = ATT_OK };
        got = tpm_signature_verify(c, keys[rows[i].key], wire_span(&w), message, &strict, NULL, &err);
        if (got != (rows[i].good && !rows[i].sha1))
            fail_msg("E-p: SHA-1 not allowed: %s: %s", rows[i].name, err.text);
    }
}

/* Every key but its own, every scheme but its own, every hash but its own. */
static void crossed(void **state)
{
    (void)state;
    struct att_span message = att_str("what the TPM says");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire w = sign(rows[i].key, rows[i].hash, rows[i].salt, message);
        for (size_t k = 0; k < KEYS; k++) {
            struct att_err err = { .code = ATT_OK };
            if (k == rows[i].key)
                continue;
            assert_false(tpm_signature_verify(c, keys[k], wire_span(&w), message, &with_sha1, NULL, &err));
            made_check_refusal(&err, ATT_TPM_QUOTE_SIGNATURE_INVALID);
        }
        for (unsigned alg = 0; alg < 0x30; alg++) {
            struct wire other = w;
            struct att_err err = { .code = ATT_OK };
            if (other.bytes[1] == alg)
                continue;
            other.bytes[1] = (uint8_t)alg;
            assert_false(tpm_signature_verify(c, keys[rows[i].key], wire_span(&other), message, &with_sha1,
                                              NULL, &err));
            assert_true(err.code == ATT_TPM_QUOTE_SIGNATURE_INVALID || err.code == ATT_TPM_QUOTE_MALFORMED);
        }
        for (unsigned alg = 0; alg < 0x30; alg++) {
            struct wire other = w;
            if (other.bytes[3] == alg)
                continue;
            other.bytes[3] = (uint8_t)alg;
            assert_false(tpm_signature_verify(c, keys[rows[i].key], wire_span(&other), message, &with_sha1,
                                              NULL, NULL));
        }
        assert_false(tpm_signature_verify(c, keys[rows[i].key], wire_span(&w), att_str("something else"),
                                          &with_sha1, NULL, NULL));
    }
}

/* JOSE's algorithms keep their one salt and their hashes. */
static void jose_stays_strict(void **state)
{
    (void)state;
    struct att_span message = att_str("what the TPM says");
    static const int salts[] = { 0, 20, RSA_PSS_SALTLEN_MAX };
    for (size_t i = 0; i < 3; i++) {
        struct wire w = sign(RSA_2048, ATT_SHA256, salts[i], message);
        struct att_span bare = att_span_of(w.bytes + 6, 256);
        for (enum att_sig_alg alg = ATT_ES256; alg <= ATT_PS512; alg++)
            assert_int_not_equal(att_verify(c, keys[RSA_2048], alg, message, bare), ATT_SIG_VALID);
        assert_int_equal(att_verify_rsa(c, keys[RSA_2048], ATT_RSA_PSS_ANY_SALT, ATT_SHA256, message, bare),
                         ATT_SIG_VALID);
        assert_int_equal(att_verify_rsa(c, keys[RSA_2048], ATT_RSA_PKCS1, ATT_SHA256, message, bare),
                         ATT_SIG_INVALID);
        assert_int_equal(att_verify_rsa(c, keys[P256], ATT_RSA_PKCS1, ATT_SHA256, message, bare),
                         ATT_SIG_BAD_KEY);
        assert_int_equal(att_verify_rsa(c, keys[RSA_2048], (enum att_rsa_form)2, ATT_SHA256, message, bare),
                         ATT_SIG_BAD_KEY);
        assert_int_equal(att_verify_rsa(c, keys[RSA_2048], ATT_RSA_PKCS1, ATT_HASH_COUNT, message, bare),
                         ATT_SIG_BAD_KEY);
    }
    struct wire sha1 = sign(RSA_2048, ATT_SHA1, NO_PSS, message);
    for (enum att_sig_alg alg = ATT_ES256; alg <= ATT_PS512 + 3; alg++)
        assert_int_not_equal(att_verify(c, keys[RSA_2048], alg, message, att_span_of(sha1.bytes + 6, 256)),
                             ATT_SIG_VALID);
}

/* Keys of type id-RSASSA-PSS: free ones take any salt, those with parameters none but by JOSE's rule; never PKCS#1 v1.5. */
static void pss_keys(void **state)
{
    (void)state;
    struct att_span message = att_str("what the TPM says");
    for (int bound = 0; bound < 2; bound++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
        EVP_PKEY *pkey = NULL;
        EVP_PKEY_CTX *pctx = NULL;
        uint8_t sig[256];
        size_t len = sizeof sig;
        assert_true(EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024) > 0);
        if (bound) {
            assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, EVP_sha256()) > 0);
            assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx, EVP_sha256()) > 0);
            assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, 32) > 0);
        }
        assert_true(EVP_PKEY_keygen(ctx, &pkey) > 0);
        EVP_PKEY_CTX_free(ctx);
        struct att_key *key = key_of(c, pkey);
        EVP_MD_CTX *signer = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(signer, &pctx, EVP_sha256(), NULL, pkey), 1);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 32) > 0);
        assert_int_equal(EVP_DigestSign(signer, sig, &len, message.ptr, message.len), 1);
        EVP_MD_CTX_free(signer);
        struct att_span signature = att_span_of(sig, len);
        assert_int_equal(att_verify(c, key, ATT_PS256, message, signature), ATT_SIG_VALID);
        assert_int_equal(att_verify_rsa(c, key, ATT_RSA_PSS_ANY_SALT, ATT_SHA256, message, signature),
                         bound ? ATT_SIG_BAD_KEY : ATT_SIG_VALID);
        assert_int_equal(att_verify_rsa(c, key, ATT_RSA_PKCS1, ATT_SHA256, message, signature),
                         ATT_SIG_BAD_KEY);
        att_key_free(key);
        EVP_PKEY_free(pkey);
    }
}

/* r and s: short ones are padded, zeros and the order are nobody's. */
static void coordinates(void **state)
{
    (void)state;
    struct att_span message = att_str("what the TPM says");
    struct wire w = sign(P256, ATT_SHA256, NO_PSS, message), made = { .len = 0 };
    size_t r_len = w.bytes[5];
    struct att_span r = att_span_of(w.bytes + 6, r_len),
                    s = att_span_of(w.bytes + 8 + r_len, w.len - 8 - r_len);
    uint8_t padded[34] = { 0 }, zero[32] = { 0 };
    memcpy(padded + 33 - r.len, r.ptr, r.len);
    const struct {
        const char *name;
        struct att_span r, s;
        bool good;
    } table[] = {
        { "as made", r, s, true },
        { "r padded to the field", att_span_of(padded + 1, 32), s, true },
        { "r one byte longer than the field", att_span_of(padded, 33), s, false },
        { "r of zeros", att_span_of(zero, 32), s, false },
        { "r of nothing", att_span_of(NULL, 0), s, false },
        { "s of nothing", r, att_span_of(NULL, 0), false },
        { "r for s", s, r, false },
        { "s without its last byte", r, att_span_of(s.ptr, s.len - 1), false },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        made = (struct wire){ .len = 0 };
        put_u16(&made, 0x18);
        put_u16(&made, 0x0b);
        put_sized(&made, table[i].r);
        put_sized(&made, table[i].s);
        if (tpm_signature_verify(c, keys[P256], wire_span(&made), message, &strict, NULL, NULL) !=
            table[i].good)
            fail_msg("%s", table[i].name);
    }
}

/* A point or number with a zero in front is sent short one time in 128: sign until it happens. */
static void really_short(void **state)
{
    (void)state;
    struct att_span message = att_str("what the TPM says");
    for (int i = 0; i < 20000; i++) {
        struct wire w = sign(P256, ATT_SHA256, NO_PSS, message);
        if (w.len == 8 + 64)
            continue;
        assert_true(tpm_signature_verify(c, keys[P256], wire_span(&w), message, &strict, NULL, NULL));
        return;
    }
    fail_msg("no short number in 20000 signatures");
}

static void cuts(void **state)
{
    (void)state;
    struct att_span message = att_str("what the TPM says");
    static const size_t who[] = { RSA_2048, P256 };
    static const enum att_hash hashes[] = { ATT_SHA256, ATT_SHA256 };
    for (size_t k = 0; k < 2; k++) {
        struct wire w = sign(who[k], hashes[k], NO_PSS, message);
        for (size_t n = 0; n < w.len; n++) {
            struct att_err err = { .code = ATT_OK };
            assert_false(
                tpm_signature_verify(c, keys[who[k]], att_span_of(w.bytes, n), message, &strict, NULL, &err));
            made_check_refusal(&err, ATT_TPM_QUOTE_MALFORMED);
        }
        struct wire more = w;
        put_number(&more, 0, 1);
        assert_false(tpm_signature_verify(c, keys[who[k]], wire_span(&more), message, &strict, NULL, NULL));
        for (size_t bit = 0; bit < 8 * w.len; bit += k == 0 ? 13 : 3) {
            struct wire flipped = w;
            flipped.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(
                tpm_signature_verify(c, keys[who[k]], wire_span(&flipped), message, &with_sha1, NULL, NULL));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),    cmocka_unit_test(crossed),     cmocka_unit_test(jose_stays_strict),
        cmocka_unit_test(pss_keys), cmocka_unit_test(coordinates), cmocka_unit_test(really_short),
        cmocka_unit_test(cuts),
    };
    return cmocka_run_group_tests_name("tpm/signature", tests, setup, teardown);
}
