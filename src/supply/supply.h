/* supply/supply.h - the collateral service: what vendors publish, here before anybody needs it.
 *
 * Items (include/attest/collateral.h: TCB info, QE identity, revocation lists, VCEK certificates) come from sources: Intel's
 * PCS v4 or any PCCS, AMD's KDS, folders and bundle files. They are fetched in the background, checked by libattest, kept in
 * the store - so that all replicas have what one has fetched - and made into a snapshot that replaces the last one whole.
 * Nothing here is on the path of an attestation for which a valid item is in memory; who lacks one asks supply_want.
 *
 * What it promises
 *   one flight       one request at a time for an item, however many wait for it
 *   bounded          every request has its time-outs; a host has a rate and a back-off (supply_host.h)
 *   remembers no     what a source does not have is not asked for again for a while (negative cache)
 *   early            an item is fetched anew when a third of its life is left, at the latest a day before its end, and once a
 *                    day in any case: sets are promoted and certificates revoked within the life of an item
 *   never worse      an answer that is refused, older than what is held, or of a lower evaluation number than was ever
 *                    current for the platform (floors; kept in the store) replaces nothing
 *   says why         status and first words of what a source answered are kept with the item, for supply_each and refusals
 *
 * Time comes from the options, so that a test lives an hour in a second. The work is done by threads of the service, one at a
 * time but for requests: each source has one, so that one that stalls keeps no other from being asked. Tests call supply_step
 * instead. supply_want, supply_vcek and supply_each are for any thread.
 * Errors: COLLATERAL_MISSING (which item, from where, what the source answered), STORE_FAILED, OUT_OF_MEMORY.
 */
#ifndef SUPPLY_SUPPLY_H
#define SUPPLY_SUPPLY_H

#include <attest/collateral.h>

struct fetch;
struct store;
struct supply;

enum supply_source_kind { SUPPLY_PCS, SUPPLY_PCCS, SUPPLY_KDS };

struct supply_source {
    enum supply_source_kind kind;
    const char
        *url; /* "https://api.trustedservices.intel.com", "https://kdsintf.amd.com"; no slash at the end */
    const char *ca_file; /* NULL: the system's CAs */
    const char *api_key; /* PCS subscription key; NULL: none. Never in a log or an error */
    unsigned per_minute; /* requests to this host, half of them at once at most; 0: 60, KDS 6 */
};

/* What a source was asked and answered; given by the fetch function. */
struct supply_answer {
    unsigned status;              /* HTTP; 0: none came */
    struct att_span body;         /* in the arena */
    struct att_span issuer_chain; /* the header that carries it, as it came (URL-encoded PEM); empty: none */
    unsigned retry_after_s;       /* 0: not said */
};
/* One GET. False: no answer at all (err: FETCH_FAILED). Replaced in tests; supply_fetch (supply_fetch.h) is the real one. */
typedef bool (*supply_get_fn)(void *ctx, const struct supply_source *source, const char *path,
                              struct att_arena *arena, struct supply_answer *ret, struct att_err *err);

struct supply_options {
    const struct att_lib *lib;
    struct store
        *store; /* of its own: used by one of the service's threads at a time; NULL: nothing is kept */
    const struct supply_source *sources;
    size_t source_count;
    supply_get_fn get;
    void *get_ctx;
    int64_t (*now_unix_s)(void *ctx); /* of items and their validity */
    int64_t (*elapsed_ms)(void *ctx); /* monotonic: time-outs, back-off, rates */
    void *clock_ctx;
    /* Items and bundles from files, and of --dev: there from the start and as good as fetched ones. Borrowed for the call. */
    const struct att_dcap_bundle *dcap;
    size_t dcap_count;
    const struct att_amd_bundle *amd;
    size_t amd_count;
    const struct att_collateral_item *items;
    size_t item_count;
    const struct att_tcb_floor *floors; /* of bundle files: joined with what is known */
    size_t floor_count;
    bool only_wanted; /* asks for nothing that supply_want did not name: one piece of evidence, not a site */
    /* A new snapshot; the receiver takes its own reference. On a thread of the service, one call at a time. */
    void (*changed)(void *ctx, struct att_collateral *snapshot);
    /* One thing that happened, for the log: "collateral.fetched", "collateral.refused" (an answer, a row), "collateral.source"
     * (no answer, or another status than 200), "collateral.store" (why NULL: well again), "collateral.snapshot" (could not be
     * made). On a thread of the service; may not call back. */
    void (*event)(void *ctx, const char *event, const char *item, const char *source,
                  const struct att_err *why);
    void *ctx;
};

ATT_CHECK bool supply_new(const struct supply_options *options, struct supply **ret, struct att_err *err);
/* Ends the threads; who waits is told COLLATERAL_MISSING. Everything else still answers. NULL is fine. */
void supply_stop(struct supply *s);
void supply_free(struct supply *s); /* stops it first; NULL is fine */
/* Reads the store, makes the first snapshot and, with sources or a store, starts the threads. A store that fails is an
 * event, not a refusal: the service works without it until it is well again. */
ATT_CHECK bool supply_start(struct supply *s, struct att_err *err);
/* Tests: does what is due now and returns for how many milliseconds there is nothing to do. */
int64_t supply_step(struct supply *s);
/* Files again (SIGHUP): replaces what earlier files gave; what was fetched stays. */
ATT_CHECK bool supply_files(struct supply *s, const struct supply_options *files, struct att_err *err);

/* Is there a source that could have this item? Without one nobody need wait. */
bool supply_asks(const struct supply *s, const struct att_collateral_want *what);
/* Asks for an item that an attestation missed. `done` is called once, on a thread of the service (or at once, on this one, when
 * the answer is known: no source for it, or remembered as not to be had): err NULL when a new snapshot has it, else why not.
 * At the latest after `budget_ms`; the fetch itself goes on for those who come later. What the same evidence would miss next
 * (QE identity, lists) is fetched in the same go. `done` may call supply_want again, but should not work for long. */
typedef void (*supply_done_fn)(void *ctx, const struct att_err *err);
void supply_want(struct supply *s, const struct att_collateral_want *what, unsigned budget_ms,
                 supply_done_fn done, void *ctx);

/* The VCEK chain (PEM: leaf, ASK, ARK) of a chip at a TCB, when it is held; in the arena. */
bool supply_vcek(struct supply *s, const struct att_collateral_want *what, struct att_arena *arena,
                 struct att_span *ret_pem);

/* One item as it stands. */
struct supply_item {
    char id[ATT_ITEM_ID_SIZE];
    const char *source; /* URL, or "file"; "" when it was never there */
    struct att_item_facts facts;
    int64_t fetched_unix_s;  /* when these bytes came; 0: from a file */
    int64_t next_try_unix_s; /* 0: not planned */
    bool held;               /* there are bytes; else only the last refusal */
    bool aging;              /* past 80 % of its life */
    struct att_err last;     /* ATT_OK, or how the last try failed */
    unsigned last_status;    /* HTTP of the last try; 0: none */
    struct att_span body;    /* borrowed for the call of `each` */
    struct att_span chain;
};
/* In order of ids. Nothing may be called back on `s` from inside. */
void supply_each(struct supply *s, void (*each)(void *ctx, const struct supply_item *item), void *ctx);
/* Floors as they stand: at most `max`; returns how many there are. */
size_t supply_floors(struct supply *s, struct att_tcb_floor *ret, size_t max);

struct supply_counters {
    unsigned long fetched, refused, failed, throttled; /* answers taken, not taken, none, 429 or 503 */
    unsigned long waited, missing; /* calls of supply_want; those that ended without the item */
    unsigned long snapshots;
};
void supply_counters(const struct supply *s, struct supply_counters *ret);

#endif
