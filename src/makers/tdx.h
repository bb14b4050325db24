/* makers/tdx.h - evidence of a made-up TDX domain, whole or with exactly one thing broken.
 *
 * The machine, its certificates and the form of the result are those of sgx.h, where ownership, times and errors are
 * described; what differs is the body of the quote, the TCB info and the identity of the quoting enclave.
 *
 * Example: a domain that should be relaunched, in a quote of version 5
 *
 *     struct mk_tdx_options o;
 *     struct mk_evidence ev = { 0 };
 *
 *     mk_tdx_defaults(&o, now_unix_s);
 *     o.broken = MK_BREAK_RELAUNCH_ADVISED;   // or: o.quote_version = 5; o.td.report_15 = true; o.td.tee_tcb_svn[0] = 3;
 *     if (!mk_tdx_make(hw, &o, &ev, &err))
 *         return false;
 *     ... mk_item(&ev, MK_QUOTE), mk_item(&ev, MK_TCB_INFO), ... ; ev.expected_tcb_status: "TDRelaunchAdvised"
 *     mk_evidence_free(&ev);
 *
 * The defaults reach UpToDate for every TEE_TCB_SVN with a known module version that is high enough: TDX_01 from SVN 5
 * on, TDX_03 from 3 on, component 2 from 2 on.
 */
#ifndef MAKERS_TDX_H
#define MAKERS_TDX_H

#include "makers/dcap.h"

/* The TD report. Fields of bytes are in the order of the quote, as tokens show them. */
struct mk_td {
    uint8_t tee_tcb_svn[16]; /* [0] SVN and [1] version of the TDX module, [2] SEAM loader, ... */
    uint8_t mrseam[48];
    uint8_t mrsignerseam[48];
    uint8_t seam_attributes[8];
    uint8_t td_attributes[8];
    uint8_t xfam[8];
    uint8_t mrtd[48];
    uint8_t mrconfigid[48]; /* bytes 0..31 are replaced by the hash when init-time data is given */
    uint8_t mrowner[48];
    uint8_t mrownerconfig[48];
    uint8_t rtmr[4][48];
    uint8_t report_data[64]; /* bytes 0..31 are replaced by the hash when runtime data is given */
    bool debug;              /* sets bit 0 of td_attributes */

    bool report_15; /* TD report 1.5, in quotes of version 5 only; the two fields below are in it alone */
    uint8_t tee_tcb_svn2[16];
    uint8_t mrservicetd[48];
};

#define MK_MODULES_MAX 4
/* One TDX module as the TCB info knows it. */
struct mk_tdx_module {
    uint8_t version; /* id TDX_xx; not in the module of version 0, which has no id and no levels */
    uint8_t mrsigner[48];
    uint8_t attributes[8];
    struct mk_svn_level levels[MK_LEVELS_MAX]; /* highest first */
    size_t level_count;
};
struct mk_tdx_tcb {
    struct mk_tdx_module module_0;                /* tdxModule */
    struct mk_tdx_module modules[MK_MODULES_MAX]; /* tdxModuleIdentities */
    size_t module_count;
};

struct mk_tdx_options {
    union {
        struct {
#include "makers/dcap_options.def"
        };
        struct mk_dcap_options dcap; /* the same fields as one thing */
    };
    struct mk_td td;
    struct mk_tdx_tcb tdx;
};
/* A machine at UpToDate under the processor CA, a quote of version 4, a domain without debug, with runtime data. */
void mk_tdx_defaults(struct mk_tdx_options *ret, int64_t at_unix_s);
/* There is no MK_REPORT among the items. */
ATT_CHECK bool mk_tdx_make(const struct mk_hardware *hw, const struct mk_tdx_options *options,
                           struct mk_evidence *ret, struct att_err *err);

#endif
