/* The library path: what a server does between the decoded request and the answer. */
#include "bench.h"

#include "signer/key.h"
#include "signer/keypair.h"

#include <attest/token.h>
#include <openssl/rand.h>
#include <stdlib.h>

struct path {
    const struct bench_evidence *evidence;
    struct att_lib *lib;
    struct att_collateral *collateral;
    struct att_policy *policy;
    struct key *key;
};

struct path *path_new(const struct bench_evidence *e, size_t chain_cache_entries)
{
    struct path *p = calloc(1, sizeof *p);
    struct att_err err = { 0 };
    struct att_root root = { .pem = att_buf_span(&e->root_pem), .test_root = true };
    struct att_lib_options options = {
        .size = sizeof options, .roots = &root, .root_count = 1, .chain_cache_entries = chain_cache_entries
    };
    struct att_dcap_bundle bundle = {
        .name = "bench",
        .tcb_info = mk_item(&e->item, MK_TCB_INFO),
        .tcb_info_issuer_chain = mk_item(&e->item, MK_TCB_INFO_ISSUER_CHAIN),
        .qe_identity = mk_item(&e->item, MK_QE_IDENTITY),
        .qe_identity_issuer_chain = mk_item(&e->item, MK_QE_IDENTITY_ISSUER_CHAIN),
        .pck_crl = mk_item(&e->item, MK_PCK_CRL),
        .pck_crl_issuer_chain = mk_item(&e->item, MK_PCK_CRL_ISSUER_CHAIN),
        .root_ca_crl = mk_item(&e->item, MK_ROOT_CA_CRL),
    };
    struct att_arena *work = att_arena_new(1 << 20);
    struct signer_keypair pair;

    p->evidence = e;
    bench_must(att_lib_new(&options, &p->lib, &err), "library", &err);
    bench_must(att_collateral_new(p->lib,
                                  &(struct att_collateral_in){ .size = sizeof(struct att_collateral_in),
                                                               .dcap = &bundle,
                                                               .dcap_count = 1 },
                                  &p->collateral, &err),
               "collateral", &err);
    bench_must(att_policy_compile(att_policy_default(e->type), NULL, &p->policy, NULL, &err), "policy", &err);
    bench_must(signer_keypair_new("RS256", work, &pair, &err), "key", &err);
    bench_must(key_software_new("RS256", pair.pkcs8, &p->key, &err), "key", &err);
    att_arena_free(work);
    return p;
}

void path_run(struct path *p)
{
    struct att_err err = { 0 };
    struct att_verdict verdict;
    struct att_span input, signature, token;
    uint8_t jti[32];
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = p->evidence->type,
        .evidence = mk_item(&p->evidence->item, MK_QUOTE),
        .runtime = { true, false, mk_item(&p->evidence->item, MK_RUNTIME_DATA) },
        .collateral = p->collateral,
        .now_unix_s = p->evidence->at_unix_s,
        .accepted_tcb = ATT_TCB_DEFAULT,
        .policy = p->policy,
    };
    struct att_token_in what = {
        .size = sizeof what,
        .issuer = att_str("https://localhost:8443"),
        .alg = "RS256",
        .kid = att_str("bench"),
        .iat_unix_s = p->evidence->at_unix_s,
        .lifetime_s = 28800,
        .jti = att_span_of(jti, sizeof jti),
        .policy_text = att_policy_text(p->policy),
        .policy_is_default = true,
    };

    (void)RAND_bytes(jti, sizeof jti);
    bench_must(att_attest(p->lib, arena, &in, &verdict), "attest", &verdict.err);
    bench_must(att_token_input(arena, &verdict, &what, &input, &err), "token", &err);
    bench_must(key_sign(p->key, input, arena, &signature, &err), "sign", &err);
    bench_must(att_token_join(arena, input, signature, &token, &err), "join", &err);
    att_arena_free(arena);
}

void path_free(struct path *p)
{
    att_policy_free(p->policy);
    att_collateral_free(p->collateral);
    att_lib_free(p->lib);
    key_free(p->key);
    free(p);
}
