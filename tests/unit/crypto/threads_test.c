/* One att_crypto, one set of keys, four threads: every answer is right, and the thread sanitizer stays silent. */
#include "made.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 150, MESSAGES = 4 };

struct shared {
    struct att_crypto *c;
    struct att_cert *cert; /* P-256 */
    struct att_cert *rsa;
    uint8_t raw[MESSAGES][64];
    uint8_t rs256[MESSAGES][256];
};

static const char *const messages[MESSAGES] = { "one", "two", "three", "four" };

static unsigned wrong_answers(const struct shared *s, unsigned round)
{
    const struct att_key *ec = att_cert_key(s->cert);
    const struct att_key *rsa = att_cert_key(s->rsa);
    unsigned m = round % MESSAGES;
    unsigned other = (m + 1) % MESSAGES;
    struct att_span raw = { s->raw[m], 64 };
    struct att_span sig = { s->rs256[m], 256 };
    unsigned wrong = 0;

    wrong += att_verify(s->c, ec, ATT_ES256, att_str(messages[m]), raw) != ATT_SIG_VALID;
    wrong += att_verify(s->c, ec, ATT_ES256, att_str(messages[other]), raw) != ATT_SIG_INVALID;
    wrong += att_verify_p256_raw(s->c, att_key_point(ec).ptr, att_str(messages[m]), raw.ptr) != ATT_SIG_VALID;
    wrong += att_verify_p256_raw(s->c, att_key_point(ec).ptr, att_str(messages[other]), raw.ptr) !=
             ATT_SIG_INVALID;
    wrong += att_verify(s->c, rsa, ATT_RS256, att_str(messages[m]), sig) != ATT_SIG_VALID;
    wrong += att_verify(s->c, rsa, ATT_RS256, att_str(messages[other]), sig) != ATT_SIG_INVALID;
    wrong += att_verify(s->c, rsa, ATT_ES256, att_str(messages[m]), raw) != ATT_SIG_BAD_KEY;
    wrong += att_cert_signed_by(s->c, s->cert, s->rsa) != ATT_SIG_VALID;

    struct att_cert *again = NULL;
    struct att_key *key = NULL;
    uint8_t digest[32];
    wrong += !att_cert_from_der(s->c, att_cert_der(s->cert), NULL, &again, NULL);
    wrong += !att_key_from_point(s->c, ATT_KEY_P256, att_key_point(ec), &key, NULL);
    wrong += !att_digest(s->c, ATT_SHA256, att_str(messages[m]), digest);
    att_cert_free(again);
    att_key_free(key);
    att_cert_free(att_cert_ref(s->cert));
    return wrong;
}

static void *work(void *arg)
{
    const struct shared *s = arg;
    uintptr_t wrong = 0;

    for (unsigned round = 0; round < ROUNDS; round++)
        wrong += wrong_answers(s, round);
    return (void *)wrong;
}

static void sign_all(struct shared *s, EVP_PKEY *ec, EVP_PKEY *rsa)
{
    for (size_t m = 0; m < MESSAGES; m++) {
        uint8_t der[80];
        const uint8_t *p = der;
        size_t len = sizeof der;
        EVP_MD_CTX *ctx = made_signer(ec, "SHA256", 0);
        assert_int_equal(EVP_DigestSign(ctx, der, &len, (const uint8_t *)messages[m], strlen(messages[m])),
                         1);
        EVP_MD_CTX_free(ctx);
        ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
        assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), s->raw[m], 32), 32);
        assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), s->raw[m] + 32, 32), 32);
        ECDSA_SIG_free(sig);
        len = 256;
        ctx = made_signer(rsa, "SHA256", 0);
        assert_int_equal(
            EVP_DigestSign(ctx, s->rs256[m], &len, (const uint8_t *)messages[m], strlen(messages[m])), 1);
        EVP_MD_CTX_free(ctx);
    }
}

static void four_threads(void **state)
{
    (void)state;
    struct shared s = { .c = att_crypto_new() };
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    pthread_t threads[THREADS];

    assert_non_null(s.c);
    struct made_cert leaf = { .subject = "leaf", .issuer = "root", .key = ec, .signer = rsa };
    struct made_cert root = { .subject = "root", .key = rsa, .constraints = "critical,CA:TRUE" };
    s.cert = made_parsed(s.c, &leaf);
    s.rsa = made_parsed(s.c, &root);
    sign_all(&s, ec, rsa);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &s), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    att_cert_free(s.cert);
    att_cert_free(s.rsa);
    att_crypto_free(s.c);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(four_threads) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
