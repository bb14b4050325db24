/* collateral/dcap_hash.h - the hashes that the claim x-ms-sgx-collateral carries.
 *
 * Each is the SHA-256 of a text and ONE NUL byte behind it (the quote provider's C strings). Chains and CRLs
 * are written again as PEM - 64 columns, LF, LF at the end - so that the form in which they came does not
 * matter.
 */
#ifndef COLLATERAL_DCAP_HASH_H
#define COLLATERAL_DCAP_HASH_H

#include "crypto/x509.h"

ATT_CHECK bool dcap_hash_text(const struct att_crypto *c, struct att_span text, uint8_t ret[32]);
/* Issuer, then root. */
ATT_CHECK bool dcap_hash_chain(const struct att_crypto *c, const struct att_cert *leaf,
                               const struct att_cert *root, uint8_t ret[32]);
ATT_CHECK bool dcap_hash_crl(const struct att_crypto *c, const struct att_crl *crl, uint8_t ret[32]);

#endif
