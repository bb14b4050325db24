/* collateral/dcap_bundle.h - one platform's collateral, read and checked as far as that goes without a time.
 *
 * Every item has its own refusal: ATT_OK when it can be used, COLLATERAL_MISSING when it is not there.
 * Nothing of an item with a refusal may be used.
 */
#ifndef COLLATERAL_DCAP_BUNDLE_H
#define COLLATERAL_DCAP_BUNDLE_H

#include "collateral/dcap_crl.h"
#include "collateral/dcap_qe_identity.h"
#include "collateral/dcap_tcb_info.h"

struct dcap_bundle {
    struct att_arena *arena;
    const char *name;
    enum att_tcb_set set; /* of TCB info and QE identity */
    struct dcap_document tcb_info_doc;
    struct dcap_tcb_info tcb_info;
    struct dcap_document qe_doc;
    struct dcap_qe_identity qe;
    struct dcap_crl pck_crl;
    struct dcap_crl root_crl;
    bool borrowed; /* put together from parts that others own */
};

/* Fails for want of memory or by the crypto library only: what is wrong with an item stays with the item. */
ATT_CHECK bool dcap_bundle_read(const struct att_lib *lib, const struct att_dcap_bundle *b,
                                struct dcap_bundle **ret, struct att_err *err);
/* The same for one single item (TCB info, QE identity, PCK CRL, root CRL): a bundle with that part alone. */
ATT_CHECK bool dcap_bundle_read_item(const struct att_lib *lib, const struct att_collateral_item *item,
                                     struct dcap_bundle **ret, struct att_err *err);
void dcap_bundle_free(struct dcap_bundle *b);

#endif
