/* collateral/dcap_crl.h - Intel's revocation lists: of a PCK CA, and of the root. No time: windows and what is listed are
 * looked at with each attestation. */
#ifndef COLLATERAL_DCAP_CRL_H
#define COLLATERAL_DCAP_CRL_H

#include "collateral/dcap_document.h"

struct dcap_crl {
    struct att_err refusal;
    struct att_crl *crl;
    struct att_cert *issuer;
    bool test_root;
    uint8_t pem_sha256[32]; /* root CRL only: of its PEM and one NUL: tcbinfocrlhash, qeidcrlhash */
};

/* What is wrong with a list is its refusal. `ret_issuer` gets the chain, also of a list that was refused. */
void dcap_pck_crl_read(const struct dcap_source *s, struct att_span list, struct att_span chain,
                       struct dcap_crl *ret, struct dcap_issuer *ret_issuer);
/* The list of the first of these roots that has its name. NULLs are passed over. */
void dcap_root_crl_read(const struct dcap_source *s, struct att_span list, struct att_cert *const *roots,
                        size_t root_count, struct dcap_crl *ret);
/* The same with a chain that ends in the root: any of Intel's, or the root alone. */
void dcap_root_crl_read_chain(const struct dcap_source *s, struct att_span list, struct att_span chain,
                              struct dcap_crl *ret);
void dcap_crl_clear(struct dcap_crl *l);

#endif
