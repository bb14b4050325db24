/* evidence/snp/uvm_parts.h - what an endorsement says, part by part. Internal to uvm*.c.
 *
 * Places in the errors are those inside the endorsement ("payload"); snp_uvm_verify puts its own in front. */
#ifndef EVIDENCE_SNP_UVM_PARTS_H
#define EVIDENCE_SNP_UVM_PARTS_H

#include "evidence/snp/cose.h"
#include "evidence/snp/uvm.h"

/* Issuer, feed, time of signing, from the protected header: labels "iss", "feed", "signingtime", or claims of a CWT (RFC
 * 9597). Both may be there when they say the same. Changes those three of `ret`. */
ATT_CHECK bool uvm_headers_read(const struct cose_sign1 *cose, struct snp_uvm *ret, struct att_err *err);

/* SVN and measurement. Changes those two of `ret`. */
ATT_CHECK bool uvm_payload_read(const struct att_ctx *ctx, const struct cose_sign1 *cose, struct snp_uvm *ret,
                                struct att_err *err);

/* did:x509:0:sha256:FINGERPRINT::eku:OID */
enum { UVM_USAGE_MAX = 63 };
struct uvm_did {
    uint8_t ca_sha256[32]; /* of a certificate above the leaf */
    char usage[UVM_USAGE_MAX + 1];
};
ATT_CHECK bool uvm_did_read(struct att_span did, struct uvm_did *ret, struct att_err *err);
/* Does this chain, leaf first, have the certificate and the leaf the usage? Links are not looked at. */
ATT_CHECK bool uvm_did_holds(const struct att_crypto *crypto, const struct uvm_did *did,
                             struct att_cert *const *chain, size_t count, struct att_err *err);

#endif
