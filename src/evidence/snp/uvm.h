/* evidence/snp/uvm.h - endorsements of a utility VM: a COSE_Sign1 by whoever built the image, which says what it
 * measures and how new it is.
 *
 * Checked, in this order: the COSE_Sign1 (cose.h); five certificates at most, RSA from 2048 bits, the thumbprint when
 * there is one; the signature by the first certificate, which may sign; every link of the chain, CA flags, path lengths, no
 * critical extension but basicConstraints and keyUsage; the time of signing inside every certificate's validity; the issuer,
 * did:x509:0:sha256:FINGERPRINT::eku:OID, against the certificates above the first and the usages of the first; a payload of
 * SVN and measurement and nothing else; the time of signing not after the time of judgement.
 *
 * Not checked: WHO the issuer is. No root is pinned here: anybody can make a chain, and an endorsement that holds under it.
 * Its issuer then names that chain, by a fingerprint that cannot be another's - so whom to believe is the table of
 * attest/compliance.h, by issuer and feed, and without a row an endorsement means nothing. Nor: the report, which this file
 * has not seen (the caller compares `measurement`); revocation; time stamps and receipts in the unprotected header. The
 * time of signing is the signer's own word: who has the key of an expired certificate can date back.
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
