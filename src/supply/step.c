/* What is due, one thing after the other. */
#include "supply/internal.h"

/* -- which item next ------------------------------------------------------------------------------------------ */

enum { RANK_AWAITED, RANK_WANTED, RANK_PLANNED, RANK_NONE };

static int rank_of(const struct supply_entry *e, int64_t now_ms)
{
    if (e->busy || e->look_ms > now_ms)
        return RANK_NONE;
    /* Anybody can make evidence of a chip that there is not: VCEKs would else keep the few lists of the same source from ever
     * being asked for. Being older they go first. */
    if (e->planned && e->what.kind == ATT_ITEM_AMD_CRL && now_ms - e->next_ms >= SUPPLY_OVERDUE_MS)
        return RANK_AWAITED;
    if (e->wanted)
        return e->waits > 0 ? RANK_AWAITED : RANK_WANTED;
    return e->planned && e->next_ms <= now_ms ? RANK_PLANNED : RANK_NONE;
}

/* The first time at which one of its sources may be asked. */
static int64_t ready_ms(struct supply *s, const struct supply_entry *e, int64_t now_ms)
{
    char path[SUPPLY_PATH_SIZE];
    int64_t ret = SUPPLY_NEVER;

    for (size_t i = 0; i < s->host_count; i++) {
        if (!supply_path(&s->hosts[i], &e->what, path))
            continue;
        int64_t at = supply_host_ready_ms(&s->hosts[i], now_ms);
        ret = at < ret ? at : ret;
    }
    return ret;
}

/* The root list comes without a chain: it waits for an item that has one. */
static bool has_chain(const struct supply *s)
{
    for (size_t i = 0; i < s->entry_count; i++) {
        const struct supply_entry *e = s->entries[i];
        if (e->got.body && (e->what.kind == ATT_ITEM_TCB_INFO || e->what.kind == ATT_ITEM_PCK_CRL ||
                            e->what.kind == ATT_ITEM_QE_IDENTITY))
            return true;
    }
    return false;
}

static int64_t since_ms(const struct supply_entry *e)
{
    return e->wanted ? e->wanted_ms : e->next_ms;
}

/* The most urgent item that can be asked for now; *ret_ms: else when to look again. Under `lock`. */
static struct supply_entry *pick(struct supply *s, int64_t now_ms, int64_t *ret_ms)
{
    struct supply_entry *best = NULL;
    int best_rank = RANK_NONE;
    bool chain = has_chain(s);

    for (size_t i = 0; i < s->entry_count; i++) {
        struct supply_entry *e = s->entries[i];
        int rank = rank_of(e, now_ms);
        if (rank == RANK_NONE) {
            int64_t at = e->look_ms > now_ms && e->wanted ? e->look_ms
                         : e->planned                     ? e->next_ms
                                                          : SUPPLY_NEVER;
            if (e->planned && e->look_ms > at)
                at = e->look_ms;
            if (!e->busy && at > now_ms && at < *ret_ms)
                *ret_ms = at;
            continue;
        }
        if (e->what.kind == ATT_ITEM_ROOT_CA_CRL && !chain)
            continue; /* whatever brings the chain ends a step */
        if (rank > best_rank || (best && rank == best_rank && since_ms(e) >= since_ms(best)))
            continue;
        int64_t ready = ready_ms(s, e, now_ms);
        if (ready <= now_ms) {
            best = e;
            best_rank = rank;
        } else if (ready < *ret_ms) {
            *ret_ms = ready;
        }
    }
    return best;
}

/* -- one thing ------------------------------------------------------------------------------------------------ */

static void answer_waits(struct supply *s)
{
    supply_lock(s);
    struct supply_wait *over = supply_waits_over(s, false);
    supply_unlock(s);
    supply_waits_answer(s, over);
}

static void evict(struct supply *s)
{
    char id[ATT_ITEM_ID_SIZE];

    for (;;) {
        supply_lock(s);
        bool one = supply_evict(s, id);
        supply_unlock(s);
        if (!one)
            return;
        supply_rows_forget(s, id);
    }
}

static void fetch(struct supply *s, struct supply_entry *e)
{
    supply_lock(s);
    supply_wake(s); /* while this thread waits for a source, others may ask theirs */
    supply_unlock(s);
    enum supply_claim claim = supply_rows_claim(s, e);
    if (claim == SUPPLY_CLAIM_MINE) {
        supply_try(s, e);
        evict(s);
        return;
    }
    supply_lock(s);
    e->busy = false;
    if (claim == SUPPLY_CLAIM_OTHERS)
        e->look_ms =
            supply_now_ms(s) + (e->wanted ? (int64_t)SUPPLY_CLAIMED_POLL_MS : (int64_t)SUPPLY_STORE_POLL_MS);
    supply_plan(s);
    supply_unlock(s);
}

/* Changes that come in a burst make one snapshot, unless somebody waits for it. */
static bool build_due(struct supply *s, bool more_to_fetch, int64_t now_ms)
{
    return s->dirty && now_ms >= s->build_ms &&
           (!more_to_fetch || now_ms - s->dirty_ms >= SUPPLY_COALESCE_MS || supply_waits_settled(s));
}

static void build(struct supply *s)
{
    struct att_err err = { 0 };

    if (!supply_build(s, &err))
        supply_event(s, "collateral.snapshot", "", "", &err);
}

/* Does one thing; true: there may be more. */
static bool once(struct supply *s, int64_t *ret_ms)
{
    answer_waits(s);
    supply_rows_poll(s);
    supply_lock(s);
    supply_sweep(s);
    int64_t now = supply_now_ms(s), next = s->options.store ? s->poll_ms : SUPPLY_NEVER;
    struct supply_entry *e = s->stopping ? NULL : pick(s, now, &next);
    bool due = build_due(s, e != NULL, now);
    if (e && !due)
        e->busy = true;
    if (s->dirty && s->build_ms > now && s->build_ms < next)
        next = s->build_ms;
    int64_t deadline = supply_waits_deadline_ms(s);
    supply_unlock(s);
    next = deadline < next ? deadline : next;
    *ret_ms = next == SUPPLY_NEVER ? SUPPLY_NEVER : next > now ? next - now : 0;
    if (due)
        build(s);
    else if (e)
        fetch(s, e);
    return due || e;
}

int64_t supply_step(struct supply *s)
{
    int64_t idle_ms = 0;

    (void)pthread_mutex_lock(&s->work);
    if (!s->loaded && s->poll_ms == 0)
        supply_rows_load(s);
    while (once(s, &idle_ms))
        continue;
    (void)pthread_mutex_unlock(&s->work);
    return idle_ms;
}
