/* tests/unit/attest/tdx_fixture.h - a made-up trust domain on the machine of fixture.h. */
#ifndef TESTS_UNIT_ATTEST_TDX_FIXTURE_H
#define TESTS_UNIT_ATTEST_TDX_FIXTURE_H

#include "makers/tdx.h"
#include "unit/attest/fixture.h"

static inline void domain_new(const struct mk_hardware *hw, const struct mk_tdx_options *o,
                              struct mk_evidence *ret)
{
    struct att_err err = { 0 };

    *ret = (struct mk_evidence){ 0 };
    need(mk_tdx_make(hw, o, ret, &err), "mk_tdx_make", &err);
}

static inline struct att_attest_in domain_in(const struct mk_evidence *ev, const struct att_collateral *c)
{
    struct att_attest_in in = in_of(ev, c);

    in.evidence_type = "tdx";
    return in;
}

#endif
