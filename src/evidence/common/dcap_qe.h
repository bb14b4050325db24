/* evidence/common/dcap_qe.h - the quoting enclave: vouched for by the PCK key, vouching for the attestation key, and
 * one that Intel's QE identity names. */
#ifndef EVIDENCE_COMMON_DCAP_QE_H
#define EVIDENCE_COMMON_DCAP_QE_H

#include "collateral/dcap_qe_identity.h"
#include "crypto/crypto.h"
#include "evidence/common/dcap_enclave.h"
#include "evidence/common/dcap_quote.h"

/* QE_REPORT_SIGNATURE_INVALID */
ATT_CHECK bool dcap_qe_signature(const struct att_crypto *crypto, const struct dcap_quote *q,
                                 const struct att_key *pck, struct att_err *err);
/* REPORTDATA is SHA-256(attestation key || authentication data), then 32 zero bytes. QE_REPORT_DATA_MISMATCH */
ATT_CHECK bool dcap_qe_report_data(const struct att_crypto *crypto, const struct dcap_quote *q,
                                   const struct dcap_enclave *report, struct att_err *err);
/* MISCSELECT, ATTRIBUTES, MRSIGNER, ISVPRODID. QE_IDENTITY_MISMATCH */
ATT_CHECK bool dcap_qe_identity_fits(const struct dcap_quote *q, const struct dcap_enclave *report,
                                     const struct dcap_qe_identity *identity, struct att_err *err);
/* ATTESTATION_KEY_INVALID, QUOTE_SIGNATURE_INVALID */
ATT_CHECK bool dcap_quote_signature(const struct att_crypto *crypto, const struct dcap_quote *q,
                                    struct att_err *err);

#endif
