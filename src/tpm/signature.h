/* tpm/signature.h - TPMT_SIGNATURE read, not yet checked. */
#ifndef TPM_SIGNATURE_H
#define TPM_SIGNATURE_H

#include "tpm/tpm.h"

enum tpm_signature_form { TPM_RSASSA, TPM_RSAPSS, TPM_ECDSA };

struct tpm_signature {
    enum tpm_signature_form form;
    enum att_hash hash;
    struct att_span rsa;  /* RSASSA, RSAPSS */
    struct att_span r, s; /* ECDSA; may be shorter than the field */
};
ATT_CHECK bool tpm_signature_read(struct att_span bytes, const char *where, enum att_code code,
                                  struct tpm_signature *ret, struct att_err *err);

#endif
