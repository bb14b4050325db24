/* evidence/snp/chain.h - the certificates of the key that signs reports: VCEK and ASK, or VLEK and ASVK; then ARK. */
#ifndef EVIDENCE_SNP_CHAIN_H
#define EVIDENCE_SNP_CHAIN_H

#include "collateral/amd_leaf.h"
#include "collateral/context.h"
#include "evidence/snp/report.h"

enum {
    SNP_CHAIN_LEAF,
    SNP_CHAIN_ASK,
    SNP_CHAIN_ARK,
    SNP_CHAIN_CERTS,
    SNP_CHAIN_PEM_MAX =
        8, /* clients send more than the three at times; those behind are read, and not used */
};

struct snp_chain_in {
    struct att_span pem;                  /* leaf first */
    struct att_span der[SNP_CHAIN_CERTS]; /* when there is no PEM */
};

struct snp_chain {
    struct att_cached cached; /* first: the library keeps verified ones */
    struct att_cert *certs[SNP_CHAIN_CERTS];
    struct amd_leaf leaf;
    enum snp_product product; /* on which leaf, ASK and ARK agree */
    bool test_root;           /* known once verified */
};

/* Form only: names, links by name, one product, what AMD writes into a leaf. VCEK_CHAIN_MALFORMED,
 * VCEK_CHAIN_SIGNATURE_INVALID (a link by name), VCEK_EXTENSION_MALFORMED, PRODUCT_MISMATCH. One reference. */
ATT_CHECK bool snp_chain_read(const struct att_lib *lib, const struct snp_chain_in *in,
                              struct snp_chain **ret, struct att_err *err);
/* And signatures up to a pinned root: VCEK_CHAIN_SIGNATURE_INVALID, ROOT_UNTRUSTED. From the library's memory when
 * these very bytes were verified before. No time, no revocation. One reference. */
ATT_CHECK bool snp_chain_verified(const struct att_lib *lib, const struct snp_chain_in *in,
                                  struct snp_chain **ret, struct att_err *err);
void snp_chain_drop(struct snp_chain *p); /* NULL is fine */

#endif
