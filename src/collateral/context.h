/* collateral/context.h - what a struct att_lib is: fetched algorithms, limits, trusted root keys, the cache
 * of verified PCK chains, the tables of keys that come again. Only the last two change after att_lib_new, under their own
 * locks. */
#ifndef COLLATERAL_CONTEXT_H
#define COLLATERAL_CONTEXT_H

#include <attest/collateral.h>

#include "collateral/chain_cache.h"
#include "crypto/fast_key.h"
#include "crypto/x509.h"

struct att_lib {
    struct att_crypto *crypto;
    struct att_limits limits;
    struct att_pinned_key *roots; /* Intel's, AMD's three, then those that were given */
    size_t root_count;
    uint8_t (*root_hashes)[32]; /* what roots[].spki_sha256 points at */
    struct att_chain_cache *chains;
    struct att_fast_keys *fast_keys;
};

#endif
