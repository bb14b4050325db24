/* collateral/dcap_cert.h - what every certificate of Intel's SGX hierarchy must be, whichever chain it stands
 * in. */
#ifndef COLLATERAL_DCAP_CERT_H
#define COLLATERAL_DCAP_CERT_H

#include "crypto/x509.h"

#define DCAP_CN_ROOT        "SGX Root CA"
#define DCAP_CN_CA          "CA"
#define DCAP_CN_PCK         "SGX PCK Certificate"
#define DCAP_CN_TCB_SIGNING "SGX TCB Signing"

/* The subject's common name contains `part`, the key is on P-256, and the five extensions that Intel's
 * verifier demands are there. `code` and `where` name the refusal. */
ATT_CHECK bool dcap_cert_form(const struct att_cert *cert, const char *cn_part, enum att_code code,
                              const char *where, struct att_err *err);
/* Same name and same key: the same authority, perhaps under another certificate. */
bool dcap_same_authority(const struct att_cert *a, const struct att_cert *b);
/* Of the two CAs that issue PCK certificates: the one for platforms with several packages? */
bool dcap_is_platform_ca(const struct att_cert *ca);

#endif
