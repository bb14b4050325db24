/* Ten thousand machines in turn: VCEK keys (P-384) of which none stands out, where keeping tables pays least. The same
 * signatures by att_fast_verify and by OpenSSL alone, in alternation. */
#include "bench.h"

#include "crypto/fast_key.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum { MACHINES = 10000, STEP = 250, TURNS = 4, REPORT_BYTES = 672, SIG_BYTES = 96, DER_BYTES = 112 };

struct machine {
    EVP_PKEY *openssl;
    struct att_key *key;
    uint8_t der[DER_BYTES];
    size_t der_len;
    uint8_t raw[SIG_BYTES];
};

static uint8_t report[REPORT_BYTES];

static void must(bool ok)
{
    bench_must(ok, "crowd", NULL);
}

static void machine_make(const struct att_crypto *c, struct machine *m)
{
    uint8_t point[1 + SIG_BYTES];
    size_t len = 0;
    struct att_err err = { 0 };
    EVP_PKEY *pair = EVP_EC_gen("P-384");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    m->der_len = sizeof m->der;
    must(pair && ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, pair) == 1 &&
         EVP_DigestSign(ctx, m->der, &m->der_len, report, sizeof report) == 1 &&
         EVP_PKEY_get_octet_string_param(pair, "pub", point, sizeof point, &len) == 1 && len == sizeof point);
    const uint8_t *p = m->der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)m->der_len);
    must(sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), m->raw, 48) == 48 &&
         BN_bn2binpad(ECDSA_SIG_get0_s(sig), m->raw + 48, 48) == 48);
    bench_must(att_key_from_point(c, ATT_KEY_P384, att_span_of(point + 1, SIG_BYTES), &m->key, &err), "key",
               &err);
    m->openssl = pair;
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(ctx);
}

static double time_openssl(const EVP_MD *sha384, const struct machine *m, size_t count)
{
    uint8_t digest[48];
    double started = bench_cpu_s();

    for (size_t i = 0; i < count; i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(m[i].openssl, NULL);
        must(EVP_Digest(report, sizeof report, digest, NULL, sha384, NULL) == 1 &&
             EVP_PKEY_verify_init(ctx) == 1 &&
             EVP_PKEY_verify(ctx, m[i].der, m[i].der_len, digest, sizeof digest) == 1);
        EVP_PKEY_CTX_free(ctx);
    }
    return bench_cpu_s() - started;
}

static double time_fast(struct att_fast_keys *f, const struct machine *m, size_t count)
{
    double started = bench_cpu_s();

    for (size_t i = 0; i < count; i++)
        must(att_fast_verify(f, m[i].key, ATT_ES384, att_span_of(report, sizeof report),
                             att_span_of(m[i].raw, SIG_BYTES)) == ATT_SIG_VALID);
    return bench_cpu_s() - started;
}

void bench_crowd(void)
{
    struct att_crypto *c = att_crypto_new();
    struct att_fast_keys *f = c ? att_fast_keys_new(c, NULL) : NULL;
    struct machine *m = calloc(MACHINES, sizeof *m);
    EVP_MD *sha384 = EVP_MD_fetch(NULL, "SHA2-384", NULL);
    struct att_fast_stats stats;
    double plain = 0, fast = 0;

    must(f && m && sha384);
    for (size_t i = 0; i < MACHINES; i++)
        machine_make(c, &m[i]);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < MACHINES; i += STEP) {
            plain += time_openssl(sha384, m + i, STEP);
            fast += time_fast(f, m + i, STEP);
        }
    }
    att_fast_keys_stats(f, &stats);
    printf("%u keys, %u turns: %zu tables, %.1f MiB\n", MACHINES, TURNS, stats.tables,
           (double)stats.bytes / 1024 / 1024);
    printf("ratio sevsnp.crowd_vs_openssl %.3f\n", fast / plain);
    for (size_t i = 0; i < MACHINES; i++) {
        EVP_PKEY_free(m[i].openssl);
        att_key_free(m[i].key);
    }
    free(m);
    EVP_MD_free(sha384);
    att_fast_keys_free(f);
    att_crypto_free(c);
}
