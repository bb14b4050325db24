/* A machine that attests again and again: its report through the library - chain, levels, list, claims, default policy -
 * against the one thing that cannot be left out, the check of the report's signature, by OpenSSL with the key at hand. */
#include "bench.h"

#include "makers/snp.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PER_ROUND = 300, SIGNED_BYTES = 0x2a0, NUMBER_BYTES = 48, NUMBER_ROOM = 72, DER_BYTES = 112 };

struct snp {
    struct mk_amd *amd;
    struct mk_snp_evidence ev;
    struct att_lib *lib;
    struct att_collateral *lists;
    struct att_policy *policy;
    struct att_arena *arena;
    EVP_PKEY *vcek;
    EVP_MD *sha384;
    uint8_t der[DER_BYTES];
    size_t der_len;
};

static void must(bool ok, const char *what)
{
    bench_must(ok, what, NULL);
}

static void library_new(struct snp *s)
{
    struct att_err err = { 0 };
    const struct att_root root = { .pem = mk_snp_item(&s->ev, MK_SNP_ARK), .test_root = true };
    const struct att_lib_options options = { .size = sizeof options, .roots = &root, .root_count = 1 };
    const struct att_amd_bundle bundle = {
        .name = "bench",
        .vcek_crl = mk_snp_item(&s->ev, MK_SNP_VCEK_CRL),
        .vcek_chain = mk_snp_item(&s->ev, MK_SNP_ARK),
    };
    const struct att_collateral_in in = { .size = sizeof in, .amd = &bundle, .amd_count = 1 };

    bench_must(att_lib_new(&options, &s->lib, &err), "library", &err);
    bench_must(att_collateral_new(s->lib, &in, &s->lists, &err), "lists", &err);
    bench_must(att_policy_compile(att_policy_default("sev-snp"), NULL, &s->policy, NULL, &err), "policy",
               &err);
    s->arena = att_arena_new(att_limits_default.arena_bytes_max);
    must(s->arena != NULL, "arena");
}

static void openssl_new(struct snp *s)
{
    struct att_span chain = mk_snp_item(&s->ev, MK_SNP_CHAIN);
    const uint8_t *at = mk_snp_item(&s->ev, MK_SNP_REPORT).ptr + SIGNED_BYTES;
    BIO *bio = BIO_new_mem_buf(chain.ptr, (int)chain.len);
    X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    uint8_t *p = s->der;

    must(ECDSA_SIG_set0(sig, BN_lebin2bn(at, NUMBER_BYTES, NULL),
                        BN_lebin2bn(at + NUMBER_ROOM, NUMBER_BYTES, NULL)) == 1,
         "signature");
    s->der_len = (size_t)i2d_ECDSA_SIG(sig, &p);
    s->vcek = X509_get_pubkey(leaf);
    s->sha384 = EVP_MD_fetch(NULL, "SHA2-384", NULL);
    must(s->vcek && s->sha384, "VCEK");
    ECDSA_SIG_free(sig);
    X509_free(leaf);
    BIO_free(bio);
}

static void by_openssl(struct snp *s)
{
    uint8_t digest[NUMBER_BYTES];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s->vcek, NULL);

    must(EVP_Digest(mk_snp_item(&s->ev, MK_SNP_REPORT).ptr, SIGNED_BYTES, digest, NULL, s->sha384, NULL) ==
                 1 &&
             EVP_PKEY_verify_init(ctx) == 1 &&
             EVP_PKEY_verify(ctx, s->der, s->der_len, digest, sizeof digest) == 1,
         "verify");
    EVP_PKEY_CTX_free(ctx);
}

static void by_library(struct snp *s)
{
    struct att_verdict verdict;
    struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = "sev-snp",
        .evidence = mk_snp_item(&s->ev, MK_SNP_REPORT),
        .cert_chain = mk_snp_item(&s->ev, MK_SNP_CHAIN),
        .runtime = { true, false, mk_snp_item(&s->ev, MK_SNP_RUNTIME_DATA) },
        .collateral = s->lists,
        .now_unix_s = s->ev.options.at_unix_s,
        .accepted_tcb = ATT_TCB_DEFAULT,
        .policy = s->policy,
    };

    bench_must(att_attest(s->lib, s->arena, &in, &verdict), "attest", &verdict.err);
    att_arena_reset(s->arena);
}

static double time_of(void (*run)(struct snp *), struct snp *s)
{
    double started = bench_cpu_s();

    for (int i = 0; i < PER_ROUND; i++)
        run(s);
    return (bench_cpu_s() - started) / PER_ROUND;
}

void bench_snp(void)
{
    struct snp s = { .amd = NULL };
    struct mk_snp_options o;
    struct att_err err = { 0 };
    int64_t at = (int64_t)time(NULL);
    double library[ROUNDS], openssl[ROUNDS], ratio[ROUNDS];

    mk_snp_defaults(&o, MK_AMD_GENOA, at);
    bench_must(mk_amd_new(MK_AMD_GENOA, MK_AMD_BITS_QUICK, at, &s.amd, &err), "hardware", &err);
    bench_must(mk_snp_make(s.amd, &o, &s.ev, &err), "evidence", &err);
    library_new(&s);
    openssl_new(&s);
    (void)time_of(by_openssl, &s); /* warm up, uncounted */
    (void)time_of(by_library, &s);
    for (int i = 0; i < ROUNDS; i++) {
        double before = time_of(by_openssl, &s);
        library[i] = time_of(by_library, &s);
        openssl[i] = (before + time_of(by_openssl, &s)) / 2;
        ratio[i] = openssl[i] / library[i];
    }
    printf("%-40s %10.1f\n", "OpenSSL, signature of a report", bench_median(openssl, ROUNDS) * 1e6);
    printf("%-40s %10.1f\n", "library, SEV-SNP evidence to claims", bench_median(library, ROUNDS) * 1e6);
    printf("ratio sevsnp.verify_vs_openssl %.3f\n", bench_median(ratio, ROUNDS));
    EVP_PKEY_free(s.vcek);
    EVP_MD_free(s.sha384);
    att_policy_free(s.policy);
    att_collateral_free(s.lists);
    att_lib_free(s.lib);
    att_arena_free(s.arena);
    mk_snp_evidence_free(&s.ev);
    mk_amd_free(s.amd);
}
