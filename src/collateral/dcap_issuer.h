/* collateral/dcap_issuer.h - issuer chains of collateral: a certificate and its root, checked to a trusted
 * root key. No time and no revocation: those are judged with each attestation. */
#ifndef COLLATERAL_DCAP_ISSUER_H
#define COLLATERAL_DCAP_ISSUER_H

#include "collateral/context.h"

struct dcap_issuer {
    struct att_cert *leaf; /* TCB signing certificate, or the CA that issues PCK certificates and their CRL */
    struct att_cert *root;
    bool test_root;
};

struct dcap_issuer_kind {
    const char *cn;    /* what the leaf's common name contains */
    const char *where; /* "collateral.tcb_info_issuer_chain" */
    enum att_code invalid;
};

/* Exactly two certificates, leaf first. Free with dcap_issuer_clear. */
ATT_CHECK bool dcap_issuer_read(const struct att_lib *lib, const struct dcap_issuer_kind *kind,
                                struct att_span pem, struct dcap_issuer *ret, struct att_err *err);
void dcap_issuer_clear(struct dcap_issuer *i);

#endif
