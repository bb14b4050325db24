/* evidence/snp/uvm.h - endorsements of a utility VM: a COSE_Sign1 by whoever built the image, which says what it
 * measures and how new it is.
 *
 * What holds after snp_uvm_verify(): somebody who owned a certificate under the CA that `issuer` names, with the usage
 * that `issuer` names, signed that `feed` has this measurement. Anybody can make such a statement with a CA of his own:
 * WHO is believed is the table of attest/compliance.h, by issuer and feed. The caller compares `measurement` with the
 * report's; this file has not seen the report.
 *
 * Example:
 *     struct snp_uvm uvm;
 *     if (!snp_uvm_verify(ctx, in->uvm_endorsements[i], &uvm, err))
 *         return false;
 */
#ifndef EVIDENCE_SNP_UVM_H
#define EVIDENCE_SNP_UVM_H

#include "evidence/common/verifier.h"

enum { SNP_UVM_MEASUREMENT_BYTES = 48 };

struct snp_uvm {
    struct att_span issuer; /* "did:x509:0:sha256:...::eku:..."; points into the endorsement, as does feed */
    struct att_span feed;
    uint64_t svn; /* of the image; not GUEST_SVN of the report */
    uint8_t measurement[SNP_UVM_MEASUREMENT_BYTES];
    int64_t signed_unix_s; /* by the signer's word: certificates are judged at this time, not now */
};

/* Every check of an endorsement but whose word counts. ENDORSEMENT_INVALID, places "sevsnp.endorsement.<part>"; ret
 * changes on success only. Outcomes are kept in the library's chain cache when a row of ctx->in->compliance names the
 * issuer: others could push real chains out. */
ATT_CHECK bool snp_uvm_verify(const struct att_ctx *ctx, struct att_span cose, struct snp_uvm *ret,
                              struct att_err *err);

#endif
