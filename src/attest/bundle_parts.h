/* attest/bundle_parts.h - what writing and reading a file of collateral have in common. */
#ifndef ATTEST_BUNDLE_PARTS_H
#define ATTEST_BUNDLE_PARTS_H

#include <attest/collateral_bundle.h>

#include "base/buf.h"
#include "codec/json.h"

#define ATT_BUNDLE_WHERE  "collateral_bundle"
#define ATT_BUNDLE_FORMAT "attestd-collateral-1"
#define ATT_BUNDLE_TYP    "attestd-collateral"

const char *att_bundle_tee_name(enum att_tee tee);
/* By TEE, then by FMSPC: below, equal to or above 0, as qsort wants it. */
int att_bundle_floor_order(const struct att_tcb_floor *a, const struct att_tcb_floor *b);
/* The header's typ: what else the same key has signed is no collateral. */
ATT_CHECK bool att_bundle_typ(struct att_arena *arena, const struct att_json *header, struct att_err *err);
/* What the signature is over, as it is written: appended to `out`, whose `failed` the caller looks at.
 * COLLATERAL_BUNDLE_INVALID: an item or a floor that no file may hold. */
ATT_CHECK bool att_bundle_payload(struct att_arena *arena, const struct att_bundle *bundle,
                                  struct att_buf *out, struct att_err *err);
/* What stands behind the signature. limits NULL: defaults. COLLATERAL_BUNDLE_INVALID, LIMIT_EXCEEDED. */
ATT_CHECK bool att_bundle_content(struct att_arena *arena, struct att_span payload,
                                  const struct att_limits *limits, struct att_bundle *ret,
                                  struct att_err *err);

#endif
