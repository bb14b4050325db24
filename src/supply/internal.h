/* supply/internal.h - what the files of this folder share.
 *
 * Two locks. `work`: who holds it may change items, files, floors and hosts, and use the store; it is given away for the time of a
 * GET alone. `lock`, taken inside of `work` or alone and never for long: whoever looks at the table, the waits or a host. So
 *   reading the table              `lock`
 *   adding an entry, or a wait     `lock`
 *   bytes, facts, removing entries both; whoever holds `work` may therefore read bytes without `lock`
 */
#ifndef SUPPLY_INTERNAL_H
#define SUPPLY_INTERNAL_H

#include "supply/supply.h"

#include "base/auto.h"
#include "supply/host.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    SUPPLY_BODY_BYTES_MAX = 512 * 1024, /* as base64 beside a chain, it still is a row of the store */
    SUPPLY_CHAIN_BYTES_MAX = 32 * 1024,
    SUPPLY_ARENA_BYTES = 16 << 20, /* one answer, its check, its row */
    SUPPLY_ENTRIES_MAX = 2048,     /* all but VCEKs: TCB infos of some 400 platform families */
    SUPPLY_VCEKS_MAX = 4096,       /* the least recently used one makes room */
    SUPPLY_WAITS_MAX = 1024,
    SUPPLY_ABANDONED_MAX =
        16,               /* VCEKs never seen for which nobody waits any more, and that are still asked for */
    SUPPLY_GROUP_MAX = 5, /* items of one wait */
    SUPPLY_CHAINS_KEPT = 8,

    SUPPLY_SKEW_S = 300, /* an issuer's clock may be so far ahead of ours */
    SUPPLY_DAY_S = 24 * 3600,
    SUPPLY_LOOK_AGAIN_S =
        SUPPLY_DAY_S, /* sets are promoted and certificates revoked within the life of an item */
    SUPPLY_RETRY_MIN_S = 60,
    SUPPLY_RETRY_MAX_S = 3600,
    SUPPLY_NEGATIVE_S = 600,
    SUPPLY_NEGATIVE_VCEK_S = 3600,
    SUPPLY_CLAIM_S = 15,           /* another replica is asking: so long it is left to it */
    SUPPLY_OVERDUE_MS = 60 * 1000, /* a list that is due for so long is as urgent as what is waited for */
    SUPPLY_STORE_POLL_MS = 5000,   /* what others have fetched is looked for */
    SUPPLY_CLAIMED_POLL_MS = 500,  /* while somebody waits for it */
    SUPPLY_COALESCE_MS = 250,      /* changes that come closer together than this make one snapshot */
    SUPPLY_REBUILD_MS = 5000,      /* after a snapshot could not be made */
};
#define SUPPLY_NEVER INT64_MAX

/* Bytes shared by those who hold them; counted under `work`. */
struct supply_blob {
    size_t refs;
    size_t len;
    uint8_t bytes[];
};
struct supply_blob *supply_blob_new(struct att_span bytes); /* NULL: out of memory */
struct supply_blob *supply_blob_ref(struct supply_blob *b);
void supply_blob_unref(struct supply_blob *b); /* NULL is fine */
static inline struct att_span supply_blob_span(const struct supply_blob *b)
{
    return b ? att_span_of(b->bytes, b->len) : (struct att_span){ 0 };
}

/* One version of an item that has passed the check. */
struct supply_bytes {
    struct supply_blob *body; /* NULL: there is none */
    struct supply_blob *chain;
    struct supply_blob *source; /* URL, with its NUL */
    struct att_item_facts facts;
    int64_t fetched_unix_s;
};
void supply_bytes_clear(struct supply_bytes *b);

struct supply_entry {
    struct att_collateral_want what;
    char id[ATT_ITEM_ID_SIZE];
    struct supply_bytes got;  /* from a source, by us or another replica */
    struct supply_bytes file; /* the newest of those in files */
    uint64_t row_version;     /* of the row that `got` is, or that was looked at last; 0: none */
    bool unsaved;             /* `got` is not in the store yet */
    bool planned;             /* kept fresh without being asked for */
    bool busy;                /* somebody is fetching it */
    bool wanted;              /* somebody asked, and no try has ended since */
    int64_t wanted_ms;
    unsigned waits;        /* that name it */
    unsigned tries;        /* that have ended */
    unsigned failures;     /* of them, since the last good one */
    int64_t next_ms;       /* when the plan tries it; SUPPLY_NEVER */
    int64_t not_before_ms; /* until then it is not asked for, whoever wants it */
    int64_t look_ms;       /* another replica is fetching it: when to look at the store again */
    int64_t used_ms;       /* VCEKs: for who has to make room */
    struct att_err last;   /* of the last try; ATT_OK: it was good */
    unsigned last_status;  /* HTTP; 0: no answer */
};

/* A call of supply_want that has not been answered. */
struct supply_wait {
    struct supply_wait *next;
    struct supply_entry *group[SUPPLY_GROUP_MAX]; /* what was asked for, then what goes with it */
    unsigned tries[SUPPLY_GROUP_MAX];             /* of each when the wait began */
    size_t count;
    int64_t deadline_ms;
    supply_done_fn done;
    void *ctx;
    bool good; /* once taken out */
    struct att_err err;
};

/* What files gave, copied. */
struct supply_files_set {
    struct att_arena *arena;
    struct att_dcap_bundle *dcap;
    size_t dcap_count;
    struct att_amd_bundle *amd;
    size_t amd_count;
    struct att_collateral_item *items;
    size_t item_count;
};

struct supply {
    struct supply_options options; /* sources, files: NULL */
    struct att_arena *arena;       /* texts of the sources */
    struct supply_host *hosts;
    size_t host_count;
    uint64_t random;

    pthread_mutex_t work;
    pthread_mutex_t lock;
    pthread_cond_t wake;     /* there may be something to do */
    pthread_cond_t deadline; /* the earliest deadline is another one */

    struct supply_entry **entries; /* in order of ids */
    size_t entry_count, entry_room, vcek_count;
    struct supply_wait *waits;
    size_t wait_count;
    struct supply_files_set files;
    struct att_tcb_floor *floors;
    size_t floor_count, floor_room;
    struct supply_blob
        *chains[SUPPLY_CHAINS_KEPT]; /* most items of a vendor have the same chain: kept once */
    size_t chain_at;

    bool loaded;                /* the store was read */
    bool dirty;                 /* the snapshot is behind the table */
    int64_t dirty_ms, build_ms; /* since when; not before */
    uint64_t generation;        /* of the store, as last seen */
    int64_t poll_ms;            /* when to look at the store again */
    bool store_ailing;          /* said once */

    bool stopping;
    uint64_t
        woken; /* counts the calls of supply_wake: one that comes while a thread is at work is not lost */
    pthread_t *threads;
    size_t thread_count;

    atomic_ulong fetched, refused, failed, throttled, waited, missing, snapshots;
};

ATT_AUTO_PTR(supply_arena_auto, struct att_arena, att_arena_free)

static inline int64_t supply_now_s(const struct supply *s)
{
    return s->options.now_unix_s(s->options.clock_ctx);
}
static inline int64_t supply_now_ms(const struct supply *s)
{
    return s->options.elapsed_ms(s->options.clock_ctx);
}
static inline void supply_lock(struct supply *s)
{
    (void)pthread_mutex_lock(&s->lock);
}
static inline void supply_unlock(struct supply *s)
{
    (void)pthread_mutex_unlock(&s->lock);
}
/* There may be something to do; under `lock`. */
static inline void supply_wake(struct supply *s)
{
    s->woken++;
    (void)pthread_cond_broadcast(&s->wake);
}
/* Under `work`, without `lock`. */
void supply_event(struct supply *s, const char *event, const char *item, const char *source,
                  const struct att_err *why);

/* -- table.c: under `lock` ------------------------------------------------------------------------------------ */

struct supply_entry *supply_find(const struct supply *s, const char *id);
/* The entry of an item, made when there is none. NULL: no room, or no memory. */
struct supply_entry *supply_entry_of(struct supply *s, const struct att_collateral_want *what);
/* Entries without bytes that nobody asks for go; under `work`, too. */
void supply_sweep(struct supply *s);
/* The VCEK that was not used for longest goes when there are too many. Gives its id, to be deleted from the store; false:
 * none went. Under `work`, too. */
bool supply_evict(struct supply *s, char ret_id[ATT_ITEM_ID_SIZE]);
void supply_table_free(struct supply *s);
/* Bytes from a source, inside their window. */
bool supply_usable(const struct supply *s, const struct supply_entry *e, int64_t now_unix_s);

/* -- plan.c: under `lock` ------------------------------------------------------------------------------------- */

/* Which items shall be here, given those that are: entries, and when they are tried. */
void supply_plan(struct supply *s);
/* What an attestation that misses `what` needs besides; fills at most SUPPLY_GROUP_MAX, `what` first. */
size_t supply_group(const struct att_collateral_want *what, struct att_collateral_want *ret);
/* When an item is fetched anew, or for the first time. */
int64_t supply_due_ms(const struct supply *s, const struct supply_entry *e);
/* When one that could not be had is tried again, in seconds, with jitter. */
int64_t supply_retry_in_s(struct supply *s, const struct supply_entry *e, int64_t now_unix_s);

/* -- path.c --------------------------------------------------------------------------------------------------- */

enum { SUPPLY_PATH_SIZE = 512 };
/* Where a source has the item; false: it does not have such items. */
ATT_CHECK bool supply_path(const struct supply_host *host, const struct att_collateral_want *what,
                           char ret[SUPPLY_PATH_SIZE]);
/* Where AMD's chain for it is. */
void supply_chain_path(const struct att_collateral_want *what, char ret[SUPPLY_PATH_SIZE]);
/* Percent-encoded PEM of a header, decoded; in the arena. COLLATERAL_MALFORMED. */
ATT_CHECK bool supply_chain_decode(struct att_arena *arena, struct att_span header, struct att_span *ret,
                                   struct att_err *err);

/* -- take.c: under `work`, without `lock` --------------------------------------------------------------------- */

enum supply_taken {
    SUPPLY_TAKEN,     /* new bytes are held */
    SUPPLY_UNCHANGED, /* the very bytes that are held */
    SUPPLY_REFUSED,
};
struct supply_candidate {
    struct att_span body, chain;
    const char *source;
    int64_t fetched_unix_s;
    bool stored; /* a row: may be past its window, so that evidence is refused with the item's own code */
};
/* Is it what was asked for, and not worse than what is held? Then it is held. */
enum supply_taken supply_take(struct supply *s, struct supply_entry *e, const struct supply_candidate *c,
                              struct att_err *err);
uint32_t supply_floor_of(const struct supply *s, const struct att_collateral_want *what);
/* Never lowers; under `lock`, too. */
ATT_CHECK bool supply_floor_raise(struct supply *s, enum att_tee tee, const uint8_t fmspc[6],
                                  uint32_t number);

/* -- fetch_item.c: under `work`, which is given away for each GET ----------------------------------------------- */

/* One try of a busy entry, with all of its sources that can be asked now. */
void supply_try(struct supply *s, struct supply_entry *e);

/* -- rows.c: under `work`, without `lock` --------------------------------------------------------------------- */

void supply_rows_load(struct supply *s);
/* Looks for what others have written, when that is due. */
void supply_rows_poll(struct supply *s);
enum supply_claim { SUPPLY_CLAIM_MINE, SUPPLY_CLAIM_OTHERS, SUPPLY_CLAIM_ADOPTED };
/* Before asking a source: has another replica fetched it, or is it about to? */
enum supply_claim supply_rows_claim(struct supply *s, struct supply_entry *e);
void supply_rows_save(struct supply *s, struct supply_entry *e);
void supply_rows_forget(struct supply *s, const char *id); /* a VCEK that made room */
/* The try came to nothing: others may have more luck. */
void supply_rows_release(struct supply *s, const char *id);

/* -- files.c: under `work`, without `lock` -------------------------------------------------------------------- */

ATT_CHECK bool supply_files_take(struct supply *s, const struct supply_options *from, struct att_err *err);
void supply_files_free(struct supply_files_set *f);

/* -- snapshot.c: under `work`, without `lock` ----------------------------------------------------------------- */

ATT_CHECK bool supply_build(struct supply *s, struct att_err *err);
void supply_mark_dirty(struct supply *s); /* under `lock` */

/* -- want.c --------------------------------------------------------------------------------------------------- */

/* Waits that are over by now, taken out; under `lock`. The caller answers them when it holds no lock. */
struct supply_wait *supply_waits_over(struct supply *s, bool all);
void supply_waits_answer(struct supply *s, struct supply_wait *over);
bool supply_waits_settled(const struct supply *s); /* is one over but for the snapshot? */
int64_t supply_waits_deadline_ms(const struct supply *s);
/* Why the item is not here, for those who asked. */
void supply_missing(const struct supply *s, const struct supply_entry *e, struct att_err *ret);

#endif
