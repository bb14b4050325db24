/* collateral/amd_vcek.h - a VCEK as an item: the certificate of one chip at one TCB. */
#ifndef COLLATERAL_AMD_VCEK_H
#define COLLATERAL_AMD_VCEK_H

#include "collateral/context.h"

/* Leaf (DER or PEM) under an ASK under a pinned ARK; its product, chip and versions go into `ret`. VCEK_CHAIN_MALFORMED,
 * VCEK_CHAIN_SIGNATURE_INVALID, VCEK_EXTENSION_MALFORMED, ROOT_UNTRUSTED, PRODUCT_MISMATCH. */
ATT_CHECK bool amd_vcek_check(const struct att_lib *lib, const struct att_collateral_item *item,
                              struct att_item_facts *ret, struct att_err *err);

#endif
