/* attest/compliance.h - which machines a site calls compliant: a table of its own, and the claim that follows.
 *
 * Tokens of confidential VMs carry x-ms-compliance-status when the machine is known to the service beyond "the hardware
 * is genuine". What is known is the operator's statement: rows, of which the first that fits gives the claim its value.
 * No row fits: no claim. A row without any condition fits nothing.
 *
 * Example: Azure's confidential VMs by the key that signed their firmware
 *     static const struct att_compliance_row rows[] = {
 *         { .status = "azure-compliant-cvm", .evidence_type = "sev-snp",
 *           .id_key_digest = att_span_of(digest, 48) } };
 *     in.compliance = rows, in.compliance_count = 1;
 *
 * Ownership: borrowed for the attestation; `status` ends up in its claims. A row that allows no debugging (all of them) does
 * not fit evidence that can be debugged. Threads: plain data. Spec: docs/api.md, "x-ms-compliance-status".
 */
#ifndef ATTEST_COMPLIANCE_H
#define ATTEST_COMPLIANCE_H

#include <attest/span.h>

#ifdef __cplusplus
extern "C" {
#endif

struct att_compliance_row {
    const char *status;        /* value of the claim */
    const char *evidence_type; /* "sev-snp", "tdx" */
    /* Conditions; an empty span, NULL or 0 is none. All that are given must hold. */
    struct att_span id_key_digest; /* 48 bytes: sev-snp */
    struct att_span family_id;     /* 16: sev-snp */
    struct att_span image_id;      /* 16: sev-snp */
    struct att_span measurement;   /* 48: sev-snp MEASUREMENT, tdx MRTD */
    struct att_span mrseam;        /* 48: tdx */
    uint32_t guest_svn_min;        /* sev-snp */
    /* sev-snp: an endorsement of the utility VM by this issuer ("did:x509:...") for this feed, for this very measurement.
     * Without an issuer the other two hold for nobody: anybody can endorse with a CA of his own. */
    const char *uvm_issuer;
    const char *uvm_feed;
    uint64_t uvm_svn_min;
};

#ifdef __cplusplus
}
#endif
#endif
