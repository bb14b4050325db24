/* evidence/common/dcap_verify.h - everything between a parsed quote and its TCB level: the sentence of the spec, in its
 * order. What a body means is the caller's.
 *
 * A second attestation from the same platform costs two P-256 verifications and a few hashes: certificates and
 * collateral were read and checked before, only times and revocation are looked at again.
 */
#ifndef EVIDENCE_COMMON_DCAP_VERIFY_H
#define EVIDENCE_COMMON_DCAP_VERIFY_H

#include "collateral/snapshot.h"
#include "evidence/common/dcap_enclave.h"
#include "evidence/common/dcap_pck.h"
#include "evidence/common/dcap_tcb.h"
#include "evidence/common/verifier.h"

struct dcap_verification {
    struct dcap_pck *pck; /* one reference: dcap_pck_drop, also after a refusal */
    struct dcap_picked picked;
    struct dcap_enclave qe_report;
    struct dcap_measured measured; /* known once the chain is */
    struct att_tcb tcb;            /* as far as it got */
    bool test_root;
    struct dcap_wanted wanted;          /* what was looked for in the collateral */
    struct att_collateral_want missing; /* what was not there */
    uint32_t collateral_age_s;          /* of the oldest item past its nextUpdate, under grace */
};

/* Chain, collateral, signatures. Fills `ret` as far as it gets. `td`: NULL for SGX. */
ATT_CHECK bool dcap_verify(const struct att_ctx *ctx, const struct dcap_quote *q,
                           const struct dcap_measured_td *td, const struct att_collateral *c,
                           struct dcap_verification *ret, struct att_err *err);
/* And the level, today and under the next evaluation set: TDX_MODULE_MISMATCH, QE_SVN_NOT_SUPPORTED, TCB_NOT_SUPPORTED, TCB_REVOKED. */
ATT_CHECK bool dcap_verify_tcb(const struct att_ctx *ctx, const struct dcap_quote *q,
                               const struct att_collateral *c, struct dcap_verification *v,
                               struct att_err *err);
/* What every type tells of it, refused or not. `err` is why it was refused, if it was. */
void dcap_verification_told(const struct dcap_verification *v, const struct att_err *err,
                            struct att_evidence *ret);

#endif
