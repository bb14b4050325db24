/* attest/collateral_bundle.h - collateral of all vendors in one signed file, for sites without a network.
 *
 * The file is a compact JWS. Its payload: {"collateral":[{"body":base64url,"chain":PEM,"id":"dcap/..."},...],
 * "created":unix seconds,"floors":[{"fmspc":hex,"number":n,"tee":"sgx"},...],"format":"attestd-collateral-1"}, members sorted,
 * items in order of their ids, each once. Its header: alg, typ "attestd-collateral", x5c or jwk. The signature says who
 * packed it; whether an item is genuine its vendor's signature says, and att_item_check looks at that too.
 *
 * Example:
 *     struct att_span input;
 *     att_bundle_input(arena, &bundle, header_json, &input, &err);       what is to be signed
 *     ...
 *     if (!att_bundle_read(arena, file, trusted_keys_json, &limits, &bundle, &err))
 *         return false;                                             signed by a key that is not trusted, or damaged
 *     for (size_t i = 0; i < bundle.item_count; i++)
 *         if (!att_item_check(lib, &bundle.items[i], &facts, &err)) ...
 *
 * Ownership: what is read lives in the arena or points into `file`. Errors: COLLATERAL_BUNDLE_INVALID, LIMIT_EXCEEDED, and
 * the TOKEN_* codes of signatures. Threads: no shared state.
 */
#ifndef ATTEST_COLLATERAL_BUNDLE_H
#define ATTEST_COLLATERAL_BUNDLE_H

#include <attest/collateral.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ATT_BUNDLE_BYTES_MAX = 64 << 20, ATT_BUNDLE_ITEMS_MAX = 100000 };

struct att_bundle {
    int64_t created_unix_s;
    const struct att_collateral_item *items;
    size_t item_count;
    const struct att_tcb_floor *floors;
    size_t floor_count;
};

/* "header.payload", to be signed and joined by att_token_join. `header_json` is a whole JSON object with alg, typ and x5c or
 * jwk, members sorted. */
ATT_API ATT_CHECK bool att_bundle_input(struct att_arena *arena, const struct att_bundle *bundle,
                                        struct att_span header_json, struct att_span *ret,
                                        struct att_err *err);
/* Signature first, by one of the keys of a JWK set; then the payload, strictly. */
ATT_API ATT_CHECK bool att_bundle_read(struct att_arena *arena, struct att_span file,
                                       struct att_span trusted_jwks, const struct att_limits *limits,
                                       struct att_bundle *ret, struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
