/* collateral/item.h - one item on its own: read, checked, and found to be what it was taken for. */
#ifndef COLLATERAL_ITEM_H
#define COLLATERAL_ITEM_H

#include "collateral/amd_crl.h"
#include "collateral/dcap_bundle.h"

struct item_part {
    enum att_item_kind kind;     /* what it was taken for */
    struct att_err refusal;      /* ATT_OK: usable */
    struct att_item_facts facts; /* without a refusal; with one, what could be read */
    struct dcap_bundle
        *dcap; /* Intel's, but for TCB_NUMBERS: holds that one part, which carries the refusal, too */
    struct amd_crl amd; /* AMD_CRL; carries the refusal, too */
};

/* Fails for want of memory or by the crypto library only. Free with item_part_clear. */
ATT_CHECK bool item_part_read(const struct att_lib *lib, const struct att_collateral_item *item,
                              struct item_part *ret, struct att_err *err);
void item_part_clear(struct item_part *p);

#endif
