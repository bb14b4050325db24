/* evidence/common/dcap_tcb.h - how good a platform is: its TCB level, joined with its quoting enclave's. */
#ifndef EVIDENCE_COMMON_DCAP_TCB_H
#define EVIDENCE_COMMON_DCAP_TCB_H

#include "collateral/dcap_qe_identity.h"
#include "collateral/dcap_tcb_info.h"

struct dcap_platform {
    const uint8_t *components; /* 16, of the PCK certificate - never the report's CPUSVN */
    uint16_t pcesvn;
};

/* The first level that the platform reaches in every component; NULL when it reaches none. */
const struct dcap_tcb_level *dcap_tcb_level_of(const struct dcap_tcb_info *info,
                                               const struct dcap_platform *p);
/* The first level whose ISVSVN is not above this one; NULL when there is none. */
const struct dcap_qe_level *dcap_qe_level_of(const struct dcap_qe_identity *qe, uint16_t isvsvn);

/* What a platform status becomes under the status of a part of it (quoting enclave, TDX module). */
enum att_tcb_status dcap_status_join(enum att_tcb_status platform, enum att_tcb_status part);

/* Both levels joined into `ret` (evaluation number excepted). Levels may be NULL: not supported; what is known is
 * filled in all the same. Lists live in `arena`; advisories are borrowed from the collateral. */
ATT_CHECK bool dcap_tcb_fill(struct att_arena *arena, const struct dcap_tcb_info *info,
                             const struct dcap_platform *p, const struct dcap_qe_identity *qe,
                             uint16_t qe_isvsvn, struct att_tcb *ret, struct att_err *err);

/* "sgxtcbcomp03 is 2, needs 4; pcesvn is 11, needs 13"; "" when nothing is short. Cut to fit. */
void dcap_shortfall_text(const struct att_tcb *tcb, char *ret, size_t size);

#endif
