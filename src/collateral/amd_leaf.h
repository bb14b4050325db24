/* collateral/amd_leaf.h - what AMD writes into a VCEK or VLEK certificate: product, firmware versions, chip.
 *
 * Nothing is believed here: the certificate's chain is checked by others. Spec: AMD 57230, "VCEK certificate fields",
 * "VLEK certificate fields".
 */
#ifndef COLLATERAL_AMD_LEAF_H
#define COLLATERAL_AMD_LEAF_H

#include <attest/collateral.h>

#include "crypto/x509.h"

enum { AMD_HWID_BYTES = 64, AMD_HWID_TURIN_BYTES = 8, AMD_TCB_BYTES = 8 };

struct amd_leaf {
    enum att_amd_signer kind;     /* by the subject's common name */
    struct att_span product_name; /* as written: "Milan-B0"; borrowed from the certificate */
    char product[8];              /* without its stepping: "Milan" */
    uint8_t struct_version;       /* 0: Milan, Genoa; 1: Turin */
    uint8_t bl;
    uint8_t tee;
    uint8_t snp;
    uint8_t spl4; /* reserved ones; 0 when absent */
    uint8_t spl5;
    uint8_t spl6;
    uint8_t spl7;
    uint8_t ucode;
    uint8_t fmc;
    bool has_fmc;           /* struct version 1: yes; 0: no */
    struct att_span hwid;   /* VCEK: 64 bytes, struct version 1: 8; empty in a VLEK. Borrowed */
    struct att_span csp_id; /* VLEK; empty in a VCEK. Borrowed */
};

/* Every extension of AMD's in its place, form and range, and none that the kind does not have. VCEK_EXTENSION_MALFORMED. */
ATT_CHECK bool amd_leaf_read(const struct att_cert *cert, struct amd_leaf *ret, struct att_err *err);

/* Its versions in the order in which a report has them in REPORTED_TCB. */
void amd_leaf_tcb(const struct amd_leaf *leaf, uint8_t ret[AMD_TCB_BYTES]);

#endif
