/* tpm/ek_cert.h - what an endorsement key's certificate says for people. */
#ifndef TPM_EK_CERT_H
#define TPM_EK_CERT_H

#include "crypto/x509.h"

enum { TPM_MANUFACTURER_MAX = 64 };

/* The TPM's manufacturer (2.23.133.2.1) out of the subjectAltName's directory name (EK Credential Profile 3.2.9): "id:53575450".
 * Printable ASCII, cut to `size`; "" when there is none, or none that is such text. Nothing is decided by it. */
void tpm_ek_manufacturer(const struct att_cert *cert, char *ret, size_t size);

#endif
