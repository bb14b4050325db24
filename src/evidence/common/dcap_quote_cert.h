/* evidence/common/dcap_quote_cert.h - certification data in a quote: u16 type, u32 length, content.
 *
 * It stands twice: around the quoting enclave's report (versions 4 and 5, type 6), and behind it, where the platform's PCK
 * belongs (types 1 to 5, of which only 5 carries all that a verifier needs). Spec: Intel SGX ECDSA quote library API, "QE
 * certification data".
 */
#ifndef EVIDENCE_COMMON_DCAP_QUOTE_CERT_H
#define EVIDENCE_COMMON_DCAP_QUOTE_CERT_H

#include <attest/error.h>

enum dcap_cert_role { DCAP_CERT_AROUND_QE_REPORT, DCAP_CERT_OF_PLATFORM };

/* `section` is the certification data and nothing else: its length must be all that is left, for a part that nobody reads is
 * a part in which two readers differ. Borrowed. QUOTE_LENGTH, CERT_DATA_TYPE, CERT_DATA_TYPE_UNSUPPORTED at
 * "<place>.quote.certification_data...". */
ATT_CHECK bool dcap_cert_data_read(struct att_span section, enum dcap_cert_role role, const char *place,
                                   struct att_span *ret, struct att_err *err);

#endif
