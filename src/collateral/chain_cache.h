/* collateral/chain_cache.h - verified certificate chains, kept by the SHA-256 of the bytes they were read
 * from.
 *
 * What is kept depends on those bytes and on the library's pinned roots alone - never on a time, a revocation
 * list or another request - so nothing ever has to be dropped for being stale. Bounded: a full set loses the
 * entry that was unused longest. Thread-safe; no lock is held while the caller works with an entry, which is
 * why entries count their references.
 */
#ifndef COLLATERAL_CHAIN_CACHE_H
#define COLLATERAL_CHAIN_CACHE_H

#include <attest/span.h>

#include <stdatomic.h>

/* First member of whatever is kept. Starts with one reference, the maker's. */
struct att_cached {
    atomic_uint references;
    void (*destroy)(struct att_cached *);
};

static inline void att_cached_init(struct att_cached *e, void (*destroy)(struct att_cached *))
{
    atomic_init(&e->references, 1);
    e->destroy = destroy;
}
struct att_cached *att_cached_ref(struct att_cached *e);
void att_cached_drop(struct att_cached *e); /* NULL is fine */

struct att_chain_cache;

/* At most `entries_max` (at least 1) are kept. NULL when memory runs out. */
struct att_chain_cache *att_chain_cache_new(size_t entries_max);
void att_chain_cache_free(struct att_chain_cache *c);
/* One reference for the caller, or NULL. Keys are made from what strangers send, and several kinds are kept here: compare
 * `destroy` before you take it for one of yours. */
struct att_cached *att_chain_cache_get(struct att_chain_cache *c, const uint8_t key[32]);
/* Takes a reference of its own. An entry already there under this key stays. */
void att_chain_cache_put(struct att_chain_cache *c, const uint8_t key[32], struct att_cached *e);
/* How many are kept now; for tests and metrics. */
size_t att_chain_cache_count(struct att_chain_cache *c);

#endif
