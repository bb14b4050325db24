/* collateral/snapshot_core.h - what a snapshot is made of; for the files snapshot*.c alone. */
#ifndef COLLATERAL_SNAPSHOT_CORE_H
#define COLLATERAL_SNAPSHOT_CORE_H

#include "collateral/item.h"
#include "collateral/snapshot.h"

#include <stdatomic.h>

struct att_collateral {
    atomic_uint references;
    enum att_collateral_use use;
    struct dcap_bundle **bundles; /* given ones first, then those put together from items */
    size_t count;
    size_t given;
    struct item_part *parts; /* single items; the bundles behind `given` borrow from them */
    size_t part_count;
    struct amd_crl *amd; /* of AMD bundles */
    size_t amd_count;
    struct att_tcb_floor *floors;
    size_t floor_count;
    bool has_early;
};

/* Puts the parts together: a bundle for each TCB info. Room for them is there: 2 * part_count behind `count`. */
ATT_CHECK bool snapshot_compose(struct att_collateral *c, struct att_err *err);

#endif
