/* tests/unit/attest/fixture.h - one made-up machine, its evidence, a library that trusts it. For tests of SGX evidence;
 * every test of this kind is linked with attest, makers, base. Everything ends the program when it fails: what a test
 * stands on is not what it tests. */
#ifndef TESTS_UNIT_ATTEST_FIXTURE_H
#define TESTS_UNIT_ATTEST_FIXTURE_H

#include <attest/attest.h>
#include <stdio.h>
#include <stdlib.h>

#include "makers/hardware.h"
#include "makers/sgx.h"

#define FIXTURE_NOW ((int64_t)1781524800) /* 2026-06-15T12:00:00Z */

static inline void need(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    printf("%s: %s\n", what, err ? err->text : "failed");
    exit(1);
}

static inline struct mk_hardware *hardware_new(void)
{
    struct mk_hardware *hw = NULL;
    struct att_err err = { 0 };

    need(mk_hardware_new(FIXTURE_NOW, &hw, &err), "mk_hardware_new", &err);
    return hw;
}

/* Trusts each of the given machines' roots. */
static inline struct att_lib *lib_new(struct mk_hardware *const *hw, size_t count, size_t cache_entries)
{
    struct att_buf pem[8] = { { 0 } };
    struct att_root roots[8];
    struct att_lib *lib = NULL;
    struct att_err err = { 0 };

    for (size_t i = 0; i < count; i++) {
        need(mk_hardware_root_pem(hw[i], &pem[i], &err), "mk_hardware_root_pem", &err);
        roots[i] = (struct att_root){ .pem = att_buf_span(&pem[i]), .test_root = true };
    }
    struct att_lib_options options = {
        .size = sizeof options, .roots = roots, .root_count = count, .chain_cache_entries = cache_entries
    };
    need(att_lib_new(&options, &lib, &err), "att_lib_new", &err);
    for (size_t i = 0; i < count; i++)
        att_buf_free(&pem[i]);
    return lib;
}

static inline void evidence_new(const struct mk_hardware *hw, const struct mk_sgx_options *o,
                                struct mk_evidence *ret)
{
    struct att_err err = { 0 };

    *ret = (struct mk_evidence){ 0 };
    need(mk_sgx_make(hw, o, ret, &err), "mk_sgx_make", &err);
}

static inline struct att_dcap_bundle bundle_of(const struct mk_evidence *ev)
{
    return (struct att_dcap_bundle){
        .name = "made",
        .tcb_info = mk_item(ev, MK_TCB_INFO),
        .tcb_info_issuer_chain = mk_item(ev, MK_TCB_INFO_ISSUER_CHAIN),
        .qe_identity = mk_item(ev, MK_QE_IDENTITY),
        .qe_identity_issuer_chain = mk_item(ev, MK_QE_IDENTITY_ISSUER_CHAIN),
        .pck_crl = mk_item(ev, MK_PCK_CRL),
        .pck_crl_issuer_chain = mk_item(ev, MK_PCK_CRL_ISSUER_CHAIN),
        .root_ca_crl = mk_item(ev, MK_ROOT_CA_CRL),
    };
}

static inline struct att_collateral *collateral_new(const struct att_lib *lib,
                                                    const struct att_dcap_bundle *b, size_t count,
                                                    enum att_collateral_use use)
{
    struct att_collateral *c = NULL;
    struct att_err err = { 0 };

    need(att_collateral_new(
             lib,
             &(struct att_collateral_in){
                 .size = sizeof(struct att_collateral_in), .dcap = b, .dcap_count = count, .use = use },
             &c, &err),
         "att_collateral_new", &err);
    return c;
}

static inline struct att_collateral *collateral_of(const struct att_lib *lib, const struct mk_evidence *ev)
{
    struct att_dcap_bundle b = bundle_of(ev);

    return collateral_new(lib, &b, 1, ATT_COLLATERAL_SOLE);
}

static inline struct att_arena *arena_new(void)
{
    struct att_arena *a = att_arena_new(att_limits_default.arena_bytes_max);

    need(a != NULL, "att_arena_new", NULL);
    return a;
}

static inline struct att_attest_in in_of(const struct mk_evidence *ev, const struct att_collateral *c)
{
    return (struct att_attest_in){
        .size = sizeof(struct att_attest_in),
        .evidence_type = "sgx",
        .evidence = mk_item(ev, MK_QUOTE),
        .runtime = { .present = ev->present[MK_RUNTIME_DATA], .bytes = mk_item(ev, MK_RUNTIME_DATA) },
        .init_time = { .present = ev->present[MK_INIT_TIME_DATA], .bytes = mk_item(ev, MK_INIT_TIME_DATA) },
        .collateral = c,
        .now_unix_s = ev->at_unix_s,
        .accepted_tcb = ATT_TCB_ANY_BUT_REVOKED,
    };
}

#endif
