/* tests/unit/evidence/tpm/fixture.h - a made-up machine, whose requests are judged through the whole library. */
#ifndef TESTS_UNIT_EVIDENCE_TPM_FIXTURE_H
#define TESTS_UNIT_EVIDENCE_TPM_FIXTURE_H

#include <attest/tpm.h>

#include <stdio.h>
#include <stdlib.h>

#include "makers/tpm_request.h"
#include "support/cases.h"

#define AT ((int64_t)1780000000) /* 2026-05-28T20:26:40Z */

#define RIG_HELPER __attribute__((unused)) static

/* One machine for all cases: its keys are the costly thing. */
struct rig {
    struct mk_tpm_vendor *vendor;
    struct mk_tpm *tpm;
    struct att_lib *lib;
    struct att_tpm_trust *trust;
    struct att_arena *arena;
};

RIG_HELPER void must(bool ok, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "the fixture failed: %s at %s\n", err->text, err->where);
    exit(2);
}

RIG_HELPER void rig_open(struct rig *r)
{
    const struct att_lib_options options = { .size = sizeof options };
    struct att_err err = { 0 };
    struct att_buf pem = { 0 };

    must(mk_tpm_vendor_new(AT, &r->vendor, &err), &err);
    must(mk_tpm_new(r->vendor, MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256), &r->tpm, &err), &err);
    must(att_lib_new(&options, &r->lib, &err), &err);
    must(mk_tpm_aik_ca_pem(r->vendor, &pem, &err), &err);
    const struct att_root root = { .pem = att_buf_span(&pem), .test_root = true };
    const struct att_tpm_trust_in in = { .size = sizeof in, .roots = &root, .root_count = 1 };
    must(att_tpm_trust_new(r->lib, &in, &r->trust, &err), &err);
    att_buf_free(&pem);
    r->arena = att_arena_new(att_limits_default.arena_bytes_max);
}

RIG_HELPER void rig_close(struct rig *r)
{
    att_arena_free(r->arena);
    att_tpm_trust_free(r->trust);
    att_lib_free(r->lib);
    mk_tpm_free(r->tpm);
    mk_tpm_vendor_free(r->vendor);
}

/* "version=1.2" with a mask, and more configuration. */
RIG_HELPER struct att_policy *mask_policy(uint32_t mask, const char *more)
{
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };
    char text[512];

    (void)snprintf(text, sizeof text,
                   "version=1.2;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=%u);%s};"
                   "authorizationrules{=>permit();};issuancerules{};",
                   (unsigned)mask, more);
    must(att_policy_compile(att_str(text), NULL, &policy, NULL, &err), &err);
    return policy;
}

/* What a server would give. The arena is emptied before: one verdict at a time. */
RIG_HELPER struct att_attest_in rig_in(const struct rig *r, struct att_span jws, struct att_span challenge,
                                       const struct att_policy *policy)
{
    return (struct att_attest_in){
        .size = sizeof(struct att_attest_in),
        .evidence_type = "tpm",
        .evidence = jws,
        .aik_trust = r->trust,
        .challenge_given = true,
        .challenge = challenge,
        .now_unix_s = AT,
        .accepted_tcb = ATT_TCB_DEFAULT,
        .policy = policy,
    };
}

RIG_HELPER bool rig_judge(const struct rig *r, const struct att_attest_in *in, struct att_verdict *ret)
{
    att_arena_reset(r->arena);
    return att_attest(r->lib, r->arena, in, ret);
}

RIG_HELPER bool bool_claim(const struct att_verdict *v, const char *name, bool want)
{
    const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);

    return c && c->value.kind == ATT_CLAIM_BOOL && c->value.boolean == want;
}

#endif
