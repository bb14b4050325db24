/* tests/unit/evidence/snp/fixture.h - one made-up AMD, reports of its guests, a library that trusts it. For tests linked
 * with attest, makers, base. Everything ends the program when it fails: what a test stands on is not what it tests. */
#ifndef TESTS_UNIT_EVIDENCE_SNP_FIXTURE_H
#define TESTS_UNIT_EVIDENCE_SNP_FIXTURE_H

#include <attest/attest.h>
#include <stdio.h>
#include <stdlib.h>

#include "makers/snp.h"

#define FIXTURE_NOW ((int64_t)1781524800) /* 2026-06-15T12:00:00Z */

static inline void need(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    printf("%s: %s\n", what, err ? err->text : "failed");
    exit(1);
}

static inline struct mk_amd *amd_new(enum mk_amd_product product)
{
    struct mk_amd *amd = NULL;
    struct att_err err = { 0 };

    need(mk_amd_new(product, MK_AMD_BITS_QUICK, FIXTURE_NOW, &amd, &err), "mk_amd_new", &err);
    return amd;
}

/* Trusts this vendor's ARK, besides those that are built in. */
static inline struct att_lib *lib_new(const struct mk_amd *amd)
{
    struct att_buf pem = { 0 };
    struct att_lib *lib = NULL;
    struct att_err err = { 0 };

    need(mk_amd_ark_pem(amd, &pem, &err), "mk_amd_ark_pem", &err);
    const struct att_root root = { .pem = att_buf_span(&pem), .test_root = true };
    const struct att_lib_options options = { .size = sizeof options, .roots = &root, .root_count = 1 };
    need(att_lib_new(&options, &lib, &err), "att_lib_new", &err);
    att_buf_free(&pem);
    return lib;
}

static inline void evidence_new(const struct mk_amd *amd, const struct mk_snp_options *o,
                                struct mk_snp_evidence *ret)
{
    struct att_err err = { 0 };

    *ret = (struct mk_snp_evidence){ 0 };
    need(mk_snp_make(amd, o, ret, &err), "mk_snp_make", &err);
}

static inline struct att_collateral *lists_of(const struct att_lib *lib, const struct mk_snp_evidence *ev)
{
    const struct att_amd_bundle b = {
        .name = "made",
        .vcek_crl = mk_snp_item(ev, MK_SNP_VCEK_CRL),
        .vcek_chain = mk_snp_item(ev, MK_SNP_ARK),
        .vlek_crl = mk_snp_item(ev, MK_SNP_VLEK_CRL),
        .vlek_chain = mk_snp_item(ev, MK_SNP_ARK),
    };
    const struct att_collateral_in in = { .size = sizeof in, .amd = &b, .amd_count = 1 };
    struct att_collateral *c = NULL;
    struct att_err err = { 0 };

    need(att_collateral_new(lib, &in, &c, &err), "att_collateral_new", &err);
    return c;
}

static inline struct att_arena *arena_new(void)
{
    struct att_arena *a = att_arena_new(att_limits_default.arena_bytes_max);

    need(a != NULL, "att_arena_new", NULL);
    return a;
}

/* The bare report and its chain, with the data that was bound into it. */
static inline struct att_attest_in in_of(const struct mk_snp_evidence *ev, const struct att_collateral *c)
{
    return (struct att_attest_in){
        .size = sizeof(struct att_attest_in),
        .evidence_type = "sev-snp",
        .evidence = mk_snp_item(ev, MK_SNP_REPORT),
        .cert_chain = mk_snp_item(ev, MK_SNP_CHAIN),
        .runtime = { .present = ev->present[MK_SNP_RUNTIME_DATA],
                     .bytes = mk_snp_item(ev, MK_SNP_RUNTIME_DATA) },
        .init_time = { .present = ev->present[MK_SNP_INIT_TIME_DATA],
                       .bytes = mk_snp_item(ev, MK_SNP_INIT_TIME_DATA) },
        .collateral = c,
        .now_unix_s = ev->options.at_unix_s,
        .accepted_tcb = ATT_TCB_DEFAULT,
    };
}

#endif
