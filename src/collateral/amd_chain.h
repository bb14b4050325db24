/* collateral/amd_chain.h - AMD's issuers: an ARK whose key is pinned, and the ASK or ASVK that it issued.
 *
 * The leaf is not part of it: every VCEK and VLEK has the serial number zero, which a chain refuses. No time, no
 * revocation. Spec: AMD 57230.
 */
#ifndef COLLATERAL_AMD_CHAIN_H
#define COLLATERAL_AMD_CHAIN_H

#include "collateral/context.h"

struct amd_chain {
    struct att_cert *ask; /* ASK or ASVK; NULL: the ARK stands alone */
    struct att_cert *ark;
    enum att_amd_signer signer; /* of an ASK VCEK, of an ASVK VLEK; means nothing without one */
    char product[8];            /* of the ARK's name: "Milan" */
    bool test_root;
};

/* Place and codes of its refusals. */
struct amd_chain_kind {
    const char *where;
    enum att_code malformed; /* no such chain */
    enum att_code broken;    /* a signature, or what makes an issuer one */
    enum att_code untrusted; /* another root */
};

/* ASK or ASVK and ARK, or the ARK alone, as PEM. Free with amd_chain_clear. */
ATT_CHECK bool amd_chain_read(const struct att_lib *lib, const struct amd_chain_kind *kind,
                              struct att_span pem, struct amd_chain *ret, struct att_err *err);
void amd_chain_clear(struct amd_chain *c);

/* The product in the name of an ARK ("ARK-Milan": Milan); false when it is no such name. */
bool amd_product_of(const struct att_cert *ark, char ret[8]);
/* The same name and the same key. */
bool amd_same_authority(const struct att_cert *a, const struct att_cert *b);

#endif
