/* The tables that are kept: found by the key's point, bounded, replaced as admission.h says.
 *
 * A table in use is never replaced, so all tables there are are in the index, and their number is the memory. Before a
 * new one is made the old one is gone. */
#include "crypto/fast_key.h"

#include <openssl/err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/auto.h"
#include "crypto/admission.h"
#include "crypto/core.h"
#include "crypto/p384.h"

enum {
    POINT_BYTES = 2 * ATT_P384_BYTES,
    /* What a table takes from the allocator on 64-bit machines (140,080 bytes in 2,718 pieces, measured), its struct and its
     * places in the index, rounded up. */
    TABLE_BYTES = 142 * 1024,
    BYTES_MAX_DEFAULT = 64 * 1024 * 1024,
    TABLES_MAX = 1 << 20, /* 142 GiB: nobody's setting; keeps products small */
    WAITING_MAX = 32,     /* a key that finds no room asks again with its next use */
    SAMPLE = 8,           /* tables looked at for one to be replaced */
};

struct kept {
    struct kept *next; /* in its bucket */
    size_t at;         /* in all[] */
    uint64_t id;       /* some bytes of the point */
    atomic_uint users; /* raised under the lock only */
    struct att_p384_table *table;
    uint8_t point[POINT_BYTES];
};

/* A key whose table is to be made, or is being made. */
struct waiting {
    enum { PLACE_FREE, PLACE_WAITS, PLACE_TAKEN } state;
    uint64_t order; /* the oldest goes first */
    uint8_t point[POINT_BYTES];
};

struct att_fast_keys {
    const struct att_crypto *crypto;
    struct att_fast_options options;
    size_t tables_max;
    pthread_mutex_t lock;  /* for all that follows */
    struct att_p384 *p384; /* made with the first table, then never changed */
    struct kept **all;     /* tables_max of them, the first `count` in use */
    struct kept **buckets;
    size_t bucket_mask;
    size_t count;
    size_t making;
    size_t hand; /* where the next look for one to be replaced begins */
    uint64_t orders;
    struct waiting waiting[WAITING_MAX];
    struct att_fast_stats stats;
    struct att_admission admission;
};

ATT_AUTO_PTR(fast_auto, struct att_fast_keys, att_fast_keys_free)

/* Locking a valid, non-recursive mutex that this thread does not hold cannot fail. */
static void lock(struct att_fast_keys *f)
{
    (void)pthread_mutex_lock(&f->lock);
}

static void unlock(struct att_fast_keys *f)
{
    (void)pthread_mutex_unlock(&f->lock);
}

static size_t tables_max_of(size_t bytes_max)
{
    size_t fixed = sizeof(struct att_fast_keys) + TABLE_BYTES; /* the generator has a table, too */

    if (bytes_max == SIZE_MAX)
        return 0;
    if (bytes_max == 0)
        bytes_max = BYTES_MAX_DEFAULT;
    size_t tables = bytes_max < fixed ? 0 : (bytes_max - fixed) / TABLE_BYTES;
    return tables < TABLES_MAX ? tables : TABLES_MAX;
}

struct att_fast_keys *att_fast_keys_new(const struct att_crypto *c, const struct att_fast_options *options)
{
    struct att_fast_keys *fresh = calloc(1, sizeof *fresh);

    if (!fresh)
        return NULL;
    if (pthread_mutex_init(&fresh->lock, NULL) != 0) {
        free(fresh);
        return NULL;
    }
    ATT_AUTO(fast_auto) struct att_fast_keys *f = fresh;
    f->crypto = c;
    f->options = options ? *options : (struct att_fast_options){ 0 };
    f->tables_max = tables_max_of(f->options.bytes_max);
    att_admission_init(&f->admission);
    if (f->tables_max == 0)
        return ATT_MOVE(f);
    size_t buckets = 1;
    while (buckets < f->tables_max)
        buckets *= 2;
    f->bucket_mask = buckets - 1;
    f->all = calloc(f->tables_max, sizeof(struct kept *));
    f->buckets = calloc(buckets, sizeof(struct kept *));
    return f->all && f->buckets ? ATT_MOVE(f) : NULL;
}

static void kept_free(struct kept *k)
{
    if (!k)
        return;
    att_p384_table_free(k->table);
    free(k);
}
ATT_AUTO_PTR(kept_auto, struct kept, kept_free)

void att_fast_keys_free(struct att_fast_keys *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        kept_free(f->all[i]);
    att_p384_free(f->p384);
    free(f->all);
    free(f->buckets);
    (void)pthread_mutex_destroy(&f->lock); /* fails only for a lock that is held */
    free(f);
}

/* -- the index; under the lock -- */

/* Coordinates are as good as random, except to somebody who makes keys for it; that one slows down the keys he made. */
static uint64_t id_of(const uint8_t *point)
{
    uint64_t id = 0;

    for (size_t i = 0; i < sizeof id; i++) /* of both x and y: Q and -Q are two keys */
        id = id << 8 | (point[i] ^ point[POINT_BYTES - 1 - i]);
    return id;
}

static struct kept **bucket_of(struct att_fast_keys *f, uint64_t id)
{
    return &f->buckets[id & f->bucket_mask];
}

static struct kept *find(struct att_fast_keys *f, const uint8_t *point, uint64_t id)
{
    for (struct kept *k = *bucket_of(f, id); k; k = k->next)
        if (memcmp(k->point, point, POINT_BYTES) == 0)
            return k;
    return NULL;
}

static void insert(struct att_fast_keys *f, struct kept *k)
{
    struct kept **bucket = bucket_of(f, k->id);

    k->next = *bucket;
    *bucket = k;
    k->at = f->count;
    f->all[f->count++] = k;
}

static void take_out(struct att_fast_keys *f, struct kept *k)
{
    struct kept **link = bucket_of(f, k->id);

    while (*link != k)
        link = &(*link)->next;
    *link = k->next;
    struct kept *last = f->all[--f->count];
    f->all[k->at] = last;
    last->at = k->at;
}

/* The least used of a few tables that are not in use, when the candidate is used clearly more; else NULL. A few: with
 * all of them the unluckiest of many equals would look like one to be replaced. */
static struct kept *replaceable(struct att_fast_keys *f, unsigned candidate)
{
    struct kept *least = NULL;
    unsigned least_uses = 0;

    for (size_t i = 0; i < SAMPLE && i < f->count; i++) {
        struct kept *k = f->all[f->hand++ % f->count];
        unsigned uses = att_admission_uses(&f->admission, k->id);
        if (atomic_load_explicit(&k->users, memory_order_acquire) == 0 && (!least || uses < least_uses)) {
            least = k;
            least_uses = uses;
        }
    }
    return least && att_admission_replaces(candidate, least_uses) ? least : NULL;
}

static bool has_room(const struct att_fast_keys *f)
{
    return f->count + f->making < f->tables_max;
}

static struct waiting *place_of(struct att_fast_keys *f, const uint8_t *point)
{
    struct waiting *free_place = NULL;

    for (size_t i = 0; i < WAITING_MAX; i++) {
        struct waiting *w = &f->waiting[i];
        if (w->state == PLACE_FREE)
            free_place = w;
        else if (memcmp(w->point, point, POINT_BYTES) == 0)
            return NULL; /* is on its way */
    }
    return free_place;
}

/* A place in the queue for a key that has earned a table, or NULL. */
static struct waiting *apply(struct att_fast_keys *f, const uint8_t *point, unsigned uses)
{
    if (uses < ATT_USES_FOR_TABLE || !att_admission_affords(&f->admission) ||
        (!has_room(f) && !replaceable(f, uses)))
        return NULL;
    struct waiting *w = place_of(f, point);
    if (!w)
        return NULL;
    w->state = f->options.work_wanted ? PLACE_WAITS : PLACE_TAKEN;
    w->order = f->orders++;
    memcpy(w->point, point, POINT_BYTES);
    f->stats.waiting += w->state == PLACE_WAITS;
    return w;
}

/* -- making a table -- */

/* Memory for one more table, and time to make it; what had to go for it is handed out to be freed without the lock. The
 * key may have waited: all is asked again. */
static bool reserve(struct att_fast_keys *f, const uint8_t *point, struct kept **ret_gone)
{
    uint64_t id = id_of(point);

    if (find(f, point, id) || !att_admission_affords(&f->admission))
        return false;
    if (!has_room(f)) {
        struct kept *gone = replaceable(f, att_admission_uses(&f->admission, id) + 1);
        if (!gone)
            return false;
        take_out(f, gone);
        f->stats.replaced++;
        *ret_gone = gone;
    }
    f->making++;
    att_admission_pay(&f->admission);
    return true;
}

/* The generator's own table. Two threads may make it at once; the first one's stays. */
static const struct att_p384 *generator(struct att_fast_keys *f)
{
    lock(f);
    struct att_p384 *have = f->p384;
    unlock(f);
    if (have)
        return have;
    struct att_p384 *made = att_p384_new();
    lock(f);
    have = f->p384;
    if (!have)
        f->p384 = made;
    unlock(f);
    if (!have)
        return made;
    att_p384_free(made);
    return have;
}

static struct kept *kept_new(struct att_fast_keys *f, const uint8_t *point)
{
    const struct att_p384 *p384 = generator(f);
    ATT_AUTO(kept_auto) struct kept *k = calloc(1, sizeof *k);

    if (!p384 || !k)
        return NULL;
    memcpy(k->point, point, POINT_BYTES);
    k->id = id_of(point);
    atomic_init(&k->users, 0);
    k->table = att_p384_table_new(p384, point);
    return k->table ? ATT_MOVE(k) : NULL;
}

/* Makes the table of a place that is TAKEN. Returns it with one user, or NULL: then the key goes on without. */
static struct kept *make(struct att_fast_keys *f, struct waiting *w)
{
    struct kept *gone = NULL;
    struct kept *made = NULL;

    lock(f);
    bool reserved = reserve(f, w->point, &gone);
    unlock(f);
    kept_free(gone);
    if (reserved)
        made = kept_new(f, w->point);
    lock(f);
    w->state = PLACE_FREE;
    f->making -= reserved;
    if (made) {
        insert(f, made);
        atomic_store_explicit(&made->users, 1, memory_order_relaxed);
        f->stats.made++;
    }
    unlock(f);
    return made;
}

static void leave(struct kept *k)
{
    (void)atomic_fetch_sub_explicit(&k->users, 1, memory_order_release);
}

bool att_fast_work(struct att_fast_keys *f)
{
    struct waiting *next = NULL;

    lock(f);
    for (size_t i = 0; i < WAITING_MAX; i++) {
        struct waiting *w = &f->waiting[i];
        if (w->state == PLACE_WAITS && (!next || w->order < next->order))
            next = w;
    }
    if (next) {
        next->state = PLACE_TAKEN;
        f->stats.waiting--;
    }
    unlock(f);
    if (!next)
        return false;
    struct kept *made = make(f, next);
    if (made)
        leave(made);
    return true;
}

/* -- verifying -- */

/* The table, with one user more; or NULL, and the place that was given to the key, if any. */
static struct kept *enter(struct att_fast_keys *f, const uint8_t *point, struct waiting **ret_place)
{
    uint64_t id = id_of(point);

    lock(f);
    struct kept *k = find(f, point, id);
    if (k)
        (void)atomic_fetch_add_explicit(&k->users, 1, memory_order_relaxed);
    else
        *ret_place = apply(f, point, att_admission_uses(&f->admission, id) + 1);
    unlock(f);
    return k;
}

static struct kept *table_for(struct att_fast_keys *f, const uint8_t *point)
{
    struct waiting *place = NULL;
    struct kept *k = enter(f, point, &place);

    if (!place)
        return k;
    if (!f->options.work_wanted)
        return make(f, place);
    f->options.work_wanted(f->options.ctx);
    return NULL;
}

/* Good signatures alone count as uses: whoever sends certificates of machines that he does not have gets no tables for
 * them, and takes none away. */
static void count_use(struct att_fast_keys *f, const uint8_t *point, bool by_table, bool good)
{
    lock(f);
    if (good)
        (void)att_admission_use(&f->admission, id_of(point));
    f->stats.by_table += by_table;
    f->stats.by_openssl += !by_table;
    unlock(f);
}

static enum att_sig verify_by_table(const struct att_fast_keys *f, const struct kept *kept,
                                    struct att_span message, const uint8_t *signature)
{
    uint8_t digest[ATT_P384_BYTES];

    if (!att_digest(f->crypto, ATT_SHA384, message, digest)) {
        ERR_clear_error();
        return ATT_SIG_FAILED;
    }
    /* p384 was there before this table was. */
    return att_p384_verify(f->p384, kept->table, digest, signature);
}

enum att_sig att_fast_verify(struct att_fast_keys *f, const struct att_key *k, enum att_sig_alg alg,
                             struct att_span message, struct att_span signature)
{
    if (f->tables_max == 0 || alg != ATT_ES384 || k->type != ATT_KEY_P384 || signature.len != POINT_BYTES)
        return att_verify(f->crypto, k, alg, message, signature);
    struct kept *kept = table_for(f, k->point.ptr);
    enum att_sig ret = kept ? verify_by_table(f, kept, message, signature.ptr)
                            : att_verify(f->crypto, k, alg, message, signature);
    if (kept)
        leave(kept);
    count_use(f, k->point.ptr, kept != NULL, ret == ATT_SIG_VALID);
    return ret;
}

void att_fast_keys_stats(struct att_fast_keys *f, struct att_fast_stats *ret)
{
    lock(f);
    *ret = f->stats;
    ret->tables = f->count;
    ret->bytes = (f->count + f->making) * TABLE_BYTES;
    unlock(f);
}
