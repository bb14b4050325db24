/* evidence/common/dcap_tcb.h - how good a platform is: its TCB level, joined with its TDX module's and its quoting
 * enclave's.
 *
 * A pure function of what was measured and of one evaluation set, so it can be asked twice: of the set that counts, and of
 * the one that will count next. Spec: Intel PCS API, "Get TCB Info"; Intel TDX DCAP quoting library API, "TD relaunch".
 */
#ifndef EVIDENCE_COMMON_DCAP_TCB_H
#define EVIDENCE_COMMON_DCAP_TCB_H

#include "collateral/dcap_qe_identity.h"
#include "collateral/dcap_tcb_info.h"

/* What the TD report says of the module that made it. */
struct dcap_measured_td {
    struct att_span tee_tcb_svn;     /* 16 */
    struct att_span tee_tcb_svn2;    /* 16; empty in TD report 1.0: the module that runs now */
    struct att_span mrsignerseam;    /* 48 */
    struct att_span seam_attributes; /* 8 */
};

/* All that levels are compared with. Spans are borrowed. */
struct dcap_measured {
    enum dcap_tee tee;
    const uint8_t *components; /* 16, of the PCK certificate - never the report's CPUSVN */
    uint16_t pcesvn;           /* of the PCK certificate, too */
    uint16_t qe_isvsvn;
    struct dcap_measured_td td; /* TDX only */
};

/* What one evaluation set says of the platform, in `ret` (evaluation number and `early` excepted). What reaches no
 * level is UNKNOWN; what is known is filled in all the same. Lists live in `arena`; advisories are borrowed from the
 * collateral. Fails for want of memory only. TDX: `status` is UNKNOWN, too, when dcap_tdx_module_fits would refuse. */
ATT_CHECK bool dcap_tcb_evaluate(struct att_arena *arena, const struct dcap_tcb_info *info,
                                 const struct dcap_qe_identity *qe, const struct dcap_measured *m,
                                 struct att_tcb *ret, struct att_err *err);

/* TDX: the module is one that the TCB info names. TDX_MODULE_MISMATCH at "<place>.quote.body..." */
ATT_CHECK bool dcap_tdx_module_fits(const struct dcap_tcb_info *info, const struct dcap_measured_td *td,
                                    const char *place, struct att_err *err);

/* -- the parts, for tests --------------------------------------------------------------------------------------- */

/* The first level that the platform reaches in every component, those of the TDX module included (TDX); NULL when it
 * reaches none. */
const struct dcap_tcb_level *dcap_tcb_level_of(const struct dcap_tcb_info *info,
                                               const struct dcap_measured *m);
/* The first level whose ISVSVN is not above this one; NULL when there is none. */
const struct dcap_svn_level *dcap_svn_level_of(const struct dcap_svn_level *levels, size_t count,
                                               uint16_t isvsvn);
/* What a platform status becomes under the status of a part of it (quoting enclave, TDX module). */
enum att_tcb_status dcap_status_join(enum att_tcb_status platform, enum att_tcb_status part);

/* "sgxtcbcomp03 is 2, needs 4; pcesvn is 11, needs 13"; "" when nothing is short. Cut to fit. */
void dcap_shortfall_text(const struct att_tcb *tcb, char *ret, size_t size);

#endif
