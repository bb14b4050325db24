/* evidence/common/dcap_pck.h - the PCK certificate chain inside a quote: leaf, CA, root, and what the leaf says. */
#ifndef EVIDENCE_COMMON_DCAP_PCK_H
#define EVIDENCE_COMMON_DCAP_PCK_H

#include "collateral/context.h"
#include "evidence/common/dcap_pck_extension.h"
#include "evidence/common/dcap_quote.h"

enum { DCAP_PCK_LEAF, DCAP_PCK_CA, DCAP_PCK_ROOT, DCAP_PCK_CERTS };

struct dcap_pck {
    struct att_cached cached; /* first: the library keeps verified ones */
    struct att_cert *certs[DCAP_PCK_CERTS];
    struct dcap_pck_extension ext;
    bool test_root; /* known once verified */
};

/* Form only: three certificates with Intel's names and the leaf's extension. PCK_CHAIN_MALFORMED,
 * PCK_EXTENSION_MALFORMED. One reference. */
ATT_CHECK bool dcap_pck_read(const struct att_lib *lib, const struct dcap_quote *q, struct dcap_pck **ret,
                             struct att_err *err);
/* And signatures up to a pinned root: PCK_CHAIN_SIGNATURE_INVALID, ROOT_UNTRUSTED. From the library's memory when
 * these very bytes were verified before. No time, no revocation. One reference. */
ATT_CHECK bool dcap_pck_verified(const struct att_lib *lib, const struct dcap_quote *q, struct dcap_pck **ret,
                                 struct att_err *err);
void dcap_pck_drop(struct dcap_pck *p); /* NULL is fine */

#endif
