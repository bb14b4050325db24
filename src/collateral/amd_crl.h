/* collateral/amd_crl.h - a revocation list of AMD's: issued by an ARK, about the ASK and ASVK (and what they issued).
 *
 * Read and checked without a time: form, chain to a pinned root key, signature. Its window and what it lists are looked
 * at with each attestation.
 */
#ifndef COLLATERAL_AMD_CRL_H
#define COLLATERAL_AMD_CRL_H

#include "collateral/amd_chain.h"

struct amd_crl {
    struct att_err refusal;  /* ATT_OK: usable */
    struct att_crl *crl;     /* with a refusal maybe NULL, and not to be used */
    struct att_cert *issuer; /* the ARK; NULL when its chain was refused: nobody knows whose list it is */
    enum att_amd_signer signer;
    char name[64];     /* where it is from, for refusals; cut to fit */
    char product[8];   /* the issuer's; "" when it is not known */
    char taken_for[8]; /* product of a single item; "" in a bundle, which does not say */
    bool test_root;
};

/* Always fills `ret`: what is wrong with the list is its refusal. Free with amd_crl_clear. */
void amd_crl_read(const struct att_lib *lib, const char *name, enum att_amd_signer signer,
                  struct att_span list, struct att_span chain_pem, struct amd_crl *ret);
void amd_crl_clear(struct amd_crl *l);

#endif
