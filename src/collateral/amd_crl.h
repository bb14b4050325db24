/* collateral/amd_crl.h - a revocation list of AMD's: issued by an ARK, about the ASK and ASVK (and what they issued).
 *
 * Read and checked without a time: form, chain to a pinned root key, signature. Its window and what it lists are looked
 * at with each attestation.
 */
#ifndef COLLATERAL_AMD_CRL_H
#define COLLATERAL_AMD_CRL_H

#include "collateral/context.h"

struct amd_crl {
    struct att_err refusal;  /* ATT_OK: usable */
    struct att_crl *crl;     /* with a refusal maybe NULL, and not to be used */
    struct att_cert *issuer; /* the ARK; NULL when the chain could not be read */
    enum att_amd_signer signer;
    const char *name; /* where it is from */
    bool test_root;
};

/* Fails for want of memory or by the crypto library only: what is wrong with the list stays with it, in `ret`. Free with amd_crl_clear. */
ATT_CHECK bool amd_crl_read(const struct att_lib *lib, const char *name, enum att_amd_signer signer,
                            struct att_span list, struct att_span chain_pem, struct amd_crl *ret,
                            struct att_err *err);
void amd_crl_clear(struct amd_crl *l);

#endif
