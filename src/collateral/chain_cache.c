/* Set-associative: the key picks a set of up to WAYS slots, a set has a lock. Keys are SHA-256 values, so
 * sets fill evenly, and a look-up compares at most WAYS keys. */
#include "collateral/chain_cache.h"

#include <pthread.h>
#include <stdlib.h>

enum { WAYS = 8 };

struct slot {
    uint8_t key[32];
    struct att_cached *entry; /* NULL: free */
    uint64_t used;            /* tick of the last use */
};

struct set {
    pthread_mutex_t lock;
    uint64_t tick;
    struct slot slots[WAYS];
};

struct att_chain_cache {
    size_t set_count;
    size_t ways;
    struct set sets[];
};

struct att_cached *att_cached_ref(struct att_cached *e)
{
    (void)atomic_fetch_add_explicit(&e->references, 1, memory_order_relaxed);
    return e;
}

void att_cached_drop(struct att_cached *e)
{
    if (e && atomic_fetch_sub_explicit(&e->references, 1, memory_order_acq_rel) == 1)
        e->destroy(e);
}

struct att_chain_cache *att_chain_cache_new(size_t entries_max)
{
    size_t ways = entries_max < WAYS ? entries_max : WAYS;
    size_t sets = entries_max / WAYS ? entries_max / WAYS : 1;
    struct att_chain_cache *c = NULL;

    if (entries_max == 0 || sets > (SIZE_MAX - sizeof *c) / sizeof c->sets[0])
        return NULL;
    c = calloc(1, sizeof *c + sets * sizeof c->sets[0]);
    if (!c)
        return NULL;
    c->ways = ways;
    for (; c->set_count < sets; c->set_count++)
        if (pthread_mutex_init(&c->sets[c->set_count].lock, NULL) != 0) {
            att_chain_cache_free(c);
            return NULL;
        }
    return c;
}

void att_chain_cache_free(struct att_chain_cache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->set_count; i++) {
        for (size_t w = 0; w < c->ways; w++)
            att_cached_drop(c->sets[i].slots[w].entry);
        (void)pthread_mutex_destroy(&c->sets[i].lock); /* fails only for a lock that is held */
    }
    free(c);
}

static struct set *set_of(struct att_chain_cache *c, const uint8_t key[32])
{
    uint32_t n = (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];

    return &c->sets[n % c->set_count];
}

/* Locking a valid, non-recursive mutex that this thread does not hold cannot fail. */
static void lock(struct set *s)
{
    (void)pthread_mutex_lock(&s->lock);
}

static void unlock(struct set *s)
{
    (void)pthread_mutex_unlock(&s->lock);
}

static struct slot *find(struct set *s, size_t ways, const uint8_t key[32])
{
    for (size_t w = 0; w < ways; w++)
        if (s->slots[w].entry && memcmp(s->slots[w].key, key, 32) == 0)
            return &s->slots[w];
    return NULL;
}

struct att_cached *att_chain_cache_get(struct att_chain_cache *c, const uint8_t key[32])
{
    struct set *s = set_of(c, key);
    struct att_cached *found = NULL;

    lock(s);
    struct slot *slot = find(s, c->ways, key);
    if (slot) {
        slot->used = ++s->tick;
        found = att_cached_ref(slot->entry);
    }
    unlock(s);
    return found;
}

static struct slot *victim(struct set *s, size_t ways)
{
    struct slot *oldest = &s->slots[0];

    for (size_t w = 0; w < ways; w++) {
        if (!s->slots[w].entry)
            return &s->slots[w];
        if (s->slots[w].used < oldest->used)
            oldest = &s->slots[w];
    }
    return oldest;
}

void att_chain_cache_put(struct att_chain_cache *c, const uint8_t key[32], struct att_cached *e)
{
    struct set *s = set_of(c, key);
    struct att_cached *evicted = NULL;

    lock(s);
    if (!find(s, c->ways, key)) {
        struct slot *slot = victim(s, c->ways);
        evicted = slot->entry;
        memcpy(slot->key, key, 32);
        slot->entry = att_cached_ref(e);
        slot->used = ++s->tick;
    }
    unlock(s);
    att_cached_drop(evicted); /* frees certificates: not under the lock */
}

size_t att_chain_cache_count(struct att_chain_cache *c)
{
    size_t count = 0;

    for (size_t i = 0; i < c->set_count; i++) {
        lock(&c->sets[i]);
        for (size_t w = 0; w < c->ways; w++)
            count += c->sets[i].slots[w].entry ? 1 : 0;
        unlock(&c->sets[i]);
    }
    return count;
}
