/* evidence/common/compliance.h - which row of a site's table (attest/compliance.h) verified evidence fits.
 *
 * Example:
 *     struct att_compliance_facts facts = { .evidence_type = "tdx", .measurement = mrtd, .mrseam = mrseam,
 *                                           .debug = td_is_debuggable };
 *     const char *status = att_compliance_status(ctx, &facts);
 *     if (status)
 *         ... the claim x-ms-compliance-status
 */
#ifndef EVIDENCE_COMMON_COMPLIANCE_H
#define EVIDENCE_COMMON_COMPLIANCE_H

#include <attest/compliance.h>

#include "evidence/common/verifier.h"

/* An endorsement that was verified. */
struct att_compliance_uvm {
    struct att_span issuer;
    struct att_span feed;
    uint64_t svn;
    struct att_span measurement;
};

/* What verification has established. A field that a type does not have stays empty, and fits no condition. */
struct att_compliance_facts {
    const char *evidence_type; /* as in att_attest_in: "sev-snp", "tdx" */
    struct att_span id_key_digest;
    struct att_span family_id;
    struct att_span image_id;
    struct att_span measurement; /* MEASUREMENT, MRTD */
    struct att_span mrseam;
    uint32_t guest_svn;
    bool debug; /* evidence that can be debugged fits no row */
    const struct att_compliance_uvm *uvm;
    size_t uvm_count;
};

/* Status of the first row of ctx->in->compliance that fits; NULL: none does. Borrowed from the row. */
const char *att_compliance_status(const struct att_ctx *ctx, const struct att_compliance_facts *facts);

#endif
