/* cli/snp_certs.h - the certificate table that a host hands to an SEV-SNP guest, as PEM. */
#ifndef CLI_SNP_CERTS_H
#define CLI_SNP_CERTS_H

#include <attest/error.h>

#include "base/buf.h"

/* Appends VCEK or VLEK, ASK and ARK, in this order; `ret_whole` says whether all three are there, and nothing is appended
 * when they are not. SNP_CERT_TABLE: the table cannot be read. What the certificates are worth is not looked at. */
ATT_CHECK bool snp_certs_pem(struct att_span table, struct att_buf *out, bool *ret_whole,
                             struct att_err *err);

#endif
