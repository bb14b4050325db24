/* tpm/trust.h - whose certificates of attestation keys (AIK) and endorsement keys (EK) count.
 *
 * A request carries a leaf alone. The set holds certificates of authorities whose key is trusted, and certificates between them and
 * leaves, which are trusted for nothing by themselves; a chain is looked for from the leaf up. Immutable, reference counted.
 * The public face is attest/tpm.h.
 */
#ifndef TPM_TRUST_H
#define TPM_TRUST_H

#include <attest/tpm.h>

#include "crypto/x509.h"

struct att_tpm_trust;

enum { TPM_TRUST_CERTS_MAX = 512, TPM_TRUST_DEPTH_MAX = 6 };

ATT_CHECK bool tpm_trust_new(const struct att_crypto *c, const struct att_limits *limits,
                             const struct att_root *roots, size_t root_count,
                             struct att_span intermediates_pem, struct att_tpm_trust **ret,
                             struct att_err *err);

enum tpm_cert_kind {
    TPM_CERT_AIK, /* EKU 2.23.133.8.3; AIK_UNTRUSTED */
    TPM_CERT_EK,  /* EKU 2.23.133.8.1; EK_UNTRUSTED */
};
struct tpm_cert_facts {
    struct att_key
        *key; /* one reference, of the leaf; set also when the leaf could be read and is not trusted */
    bool test_root;
    char issuer[64]; /* CN of the authority that was trusted, for people; "" */
};
/* Reads the leaf (CERT_MALFORMED as AIK_UNTRUSTED or EK_UNTRUSTED) and looks for a chain: signatures, CA marks and path lengths,
 * every certificate inside its dates at `now`, the leaf's usage. A critical subjectAltName is fine (EK certificates name the TPM
 * there). NULL trust: nobody is trusted. */
ATT_CHECK bool tpm_trust_check(const struct att_tpm_trust *trust, const struct att_crypto *c,
                               const struct att_limits *limits, struct att_span der, enum tpm_cert_kind kind,
                               const char *where, int64_t now_unix_s, struct tpm_cert_facts *ret,
                               struct att_err *err);
void tpm_cert_facts_clear(struct tpm_cert_facts *f);

#endif
