/* evidence/tdx/tdx.h - the parsed form of TDX evidence. Private to this folder. */
#ifndef EVIDENCE_TDX_TDX_H
#define EVIDENCE_TDX_TDX_H

#include "evidence/common/dcap_verify.h"
#include "evidence/common/verifier.h"

#define TDX_ATTESTATION_TYPE "tdxvm"

/* Bits of TDATTRIBUTES. The first byte is about looking into the TD: debugging, profiling, and bits reserved for more. */
enum {
    TDX_DEBUG = 0,
    TDX_HGS_PLUS_PROF = 4,
    TDX_PERF_PROF = 5,
    TDX_PMT_PROF = 6,
    TDX_ICSSD = 16,
    TDX_SEPT_VE_DISABLE = 28,
    TDX_MIGRATABLE = 29,
    TDX_PKS = 30,
    TDX_KEY_LOCKER = 31,
    TDX_PERFMON = 63,
};
/* Bits of XFAM. */
enum { TDX_CET_U = 11, TDX_CET_S = 12 };

/* TD report body, 584 bytes (1.0) or 648 (1.5). */
struct tdx_report {
    struct att_span tee_tcb_svn;     /* 16 */
    struct att_span mrseam;          /* 48 */
    struct att_span mrsignerseam;    /* 48 */
    struct att_span seam_attributes; /* 8 */
    struct att_span td_attributes;   /* 8 */
    struct att_span xfam;            /* 8 */
    struct att_span mrtd;            /* 48 */
    struct att_span mrconfigid;      /* 48 */
    struct att_span mrowner;         /* 48 */
    struct att_span mrownerconfig;   /* 48 */
    struct att_span rtmr[4];         /* 48 each */
    struct att_span report_data;     /* 64 */
    struct att_span tee_tcb_svn2;    /* 16; 1.5, empty elsewhere: so is the next */
    struct att_span mrservicetd;     /* 48 */
    uint64_t td_attribute_bits;
    uint64_t xfam_bits;
};

struct tdx_evidence {
    struct att_evidence base; /* first */
    struct dcap_quote quote;
    struct tdx_report report;
    struct dcap_verification verification;
    struct att_span runtime_json;   /* sorted; empty unless JSON was given */
    struct att_span init_time_json; /* as above */
};

static inline bool tdx_bit(uint64_t bits, unsigned at)
{
    return bits >> at & 1;
}

/* Can anybody look into this TD? Reserved bits of that group count: what they will mean is not known yet. */
static inline bool tdx_debuggable(const struct tdx_report *r)
{
    return (r->td_attribute_bits & 0xff) != 0;
}

/* `body` is 584 or 648 bytes, which the caller has made sure of. */
struct tdx_report tdx_report_read(struct att_span body);

ATT_CHECK bool tdx_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret,
                         struct att_err *err);
ATT_CHECK bool tdx_verify(struct att_ctx *ctx, struct att_evidence *ev, const struct att_collateral *c,
                          struct att_err *err);
ATT_CHECK bool tdx_claims(struct att_ctx *ctx, const struct att_evidence *ev, struct att_claims *set,
                          struct att_err *err);
void tdx_describe(struct att_ctx *ctx, const struct att_evidence *ev, struct att_json_writer *w);
void tdx_destroy(struct att_evidence *ev);

#endif
