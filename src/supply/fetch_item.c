/* One try to get one item: its sources in their order, until one has it. */
#include "supply/internal.h"

#include "base/err.h"

#include <string.h>

enum { BODY_SHOWN = 48, ROOT_CHAINS_MAX = 4 };

/* How the try went, over all sources. */
struct outcome {
    bool held;       /* the item is here, anew or unchanged */
    bool asked;      /* at least one source was */
    bool only_gone;  /* all that were asked say that there is no such item */
    bool refused;    /* one gave something that was not taken */
    unsigned status; /* of the last one */
    struct att_err err;
};

static bool gone(unsigned status)
{
    return status == 404 || status == 410;
}

/* -- one request ---------------------------------------------------------------------------------------------- */

static void refuse_status(struct att_err *err, const struct supply_host *h, const struct supply_answer *a)
{
    struct att_shown url, words;
    struct att_span first = att_span_of(a->body.ptr, a->body.len < BODY_SHOWN ? a->body.len : BODY_SHOWN);

    att_fail(err, ATT_COLLATERAL_MISSING, "collateral.source", "status 200 with the item", "%u from %s: '%s'",
             a->status, att_shown(&url, att_str(h->is.url)), att_shown(&words, first));
}

/* What an answer, or none, means for the host. True: it is a 200. */
static bool judge(struct supply *s, struct supply_host *h, bool came, const struct supply_answer *a,
                  struct att_err *err)
{
    int64_t now = supply_now_ms(s);

    if (came && a->status != 200)
        refuse_status(err, h, a);
    supply_lock(s);
    uint64_t random = supply_random(&s->random);
    h->busy = false;
    if (!came) {
        atomic_fetch_add(&s->failed, 1);
        supply_host_failed(h, now, random, 0, err);
    } else if (a->status == 429 || a->status == 503) {
        atomic_fetch_add(&s->throttled, 1);
        supply_host_throttled(h, now, random, a->retry_after_s, a->status, err);
    } else if (a->status >= 500 || a->status == 401 || a->status == 403 || a->status < 200) {
        atomic_fetch_add(&s->failed, 1);
        supply_host_failed(h, now, random, a->status, err);
    } else {
        supply_host_good(h);
    }
    supply_unlock(s);
    return came && a->status == 200;
}

/* `work` is given away for the request; the host is busy for so long, and so is the entry. */
static bool ask(struct supply *s, struct supply_host *h, const struct supply_entry *e, const char *path,
                struct att_arena *arena, struct supply_answer *ret, struct att_err *err)
{
    const struct supply_source source = h->is;

    supply_lock(s);
    h->busy = true;
    supply_host_spend(h, supply_now_ms(s));
    supply_unlock(s);
    (void)pthread_mutex_unlock(&s->work);
    bool came = s->options.get(s->options.get_ctx, &source, path, arena, ret, err);
    (void)pthread_mutex_lock(&s->work);
    if (!came)
        *ret = (struct supply_answer){ 0 };
    bool good = judge(s, h, came, ret, err);
    if (!good)
        supply_event(s, "collateral.source", e->id, h->is.url, err);
    return good;
}

/* -- chains --------------------------------------------------------------------------------------------------- */

static bool is_dcap(enum att_item_kind kind)
{
    return kind == ATT_ITEM_TCB_INFO || kind == ATT_ITEM_QE_IDENTITY || kind == ATT_ITEM_PCK_CRL;
}

/* Different chains of Intel's items that are held: the root list comes without one. */
static size_t root_chains(const struct supply *s, struct att_span ret[ROOT_CHAINS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < s->entry_count && n < ROOT_CHAINS_MAX; i++) {
        struct att_span chain = supply_blob_span(s->entries[i]->got.chain);
        bool seen = chain.len == 0 || !is_dcap(s->entries[i]->what.kind);
        for (size_t k = 0; k < n; k++)
            seen = seen || att_span_eq(chain, ret[k]);
        if (!seen)
            ret[n++] = chain;
    }
    return n;
}

/* The chain of another item that the same intermediate has signed. */
static struct att_span amd_chain(const struct supply *s, const struct att_collateral_want *what)
{
    bool vlek = what->kind == ATT_ITEM_AMD_CRL && what->signer == ATT_AMD_VLEK;

    for (size_t i = 0; i < s->entry_count; i++) {
        const struct supply_entry *e = s->entries[i];
        bool amd = e->what.kind == ATT_ITEM_AMD_CRL || e->what.kind == ATT_ITEM_VCEK;
        bool of_vlek = e->what.kind == ATT_ITEM_AMD_CRL && e->what.signer == ATT_AMD_VLEK;
        if (amd && e->got.chain && of_vlek == vlek && strcmp(e->what.product, what->product) == 0)
            return supply_blob_span(e->got.chain);
    }
    return (struct att_span){ 0 };
}

/* -- one source ----------------------------------------------------------------------------------------------- */

static void took(struct supply *s, struct supply_entry *e, const struct supply_candidate *c,
                 enum supply_taken taken, struct outcome *o)
{
    o->held = taken != SUPPLY_REFUSED;
    o->refused = !o->held;
    if (!o->held) {
        atomic_fetch_add(&s->refused, 1);
        supply_event(s, "collateral.refused", e->id, c->source, &o->err);
        return;
    }
    atomic_fetch_add(&s->fetched, 1);
    if (taken == SUPPLY_TAKEN)
        supply_event(s, "collateral.fetched", e->id, c->source, NULL);
}

/* The root list with each chain that could be its own. */
static enum supply_taken take_root_crl(struct supply *s, struct supply_entry *e, struct supply_candidate *c,
                                       struct att_err *err)
{
    struct att_span chains[ROOT_CHAINS_MAX];

    supply_lock(s);
    size_t count = root_chains(s, chains);
    supply_unlock(s);
    for (size_t i = 0; i < count; i++) {
        *err = (struct att_err){ 0 };
        c->chain = chains[i];
        enum supply_taken taken = supply_take(s, e, c, err);
        if (taken != SUPPLY_REFUSED)
            return taken;
    }
    if (count == 0)
        att_fail(err, ATT_COLLATERAL_MISSING, "collateral.chain", "another item with a chain to the root",
                 "none yet");
    return SUPPLY_REFUSED;
}

/* AMD's chain is a document of its own; the one that is held will do, unless the intermediate has been issued anew. */
static enum supply_taken take_amd(struct supply *s, struct supply_host *h, struct supply_entry *e,
                                  struct att_arena *arena, struct supply_candidate *c, struct outcome *o)
{
    char path[SUPPLY_PATH_SIZE];
    struct supply_answer a = { 0 };

    supply_lock(s);
    c->chain = amd_chain(s, &e->what);
    supply_unlock(s);
    if (c->chain.len > 0) {
        enum supply_taken taken = supply_take(s, e, c, &o->err);
        if (taken != SUPPLY_REFUSED || o->err.code == ATT_TCB_EVAL_NUMBER_TOO_LOW)
            return taken;
    }
    o->err = (struct att_err){ 0 };
    supply_chain_path(&e->what, path);
    if (!ask(s, h, e, path, arena, &a, &o->err)) {
        o->status = a.status;
        return SUPPLY_REFUSED;
    }
    c->chain = a.body;
    return supply_take(s, e, c, &o->err);
}

static void try_host(struct supply *s, struct supply_host *h, struct supply_entry *e, const char *path,
                     struct outcome *o)
{
    ATT_AUTO(supply_arena_auto) struct att_arena *arena = att_arena_new(SUPPLY_ARENA_BYTES);
    struct supply_answer a = { 0 };

    o->err = (struct att_err){ 0 };
    o->asked = true;
    if (!arena) {
        att_fail_memory(&o->err, "collateral");
        o->only_gone = false;
        return;
    }
    bool good = ask(s, h, e, path, arena, &a, &o->err);
    o->status = a.status;
    o->only_gone = o->only_gone && gone(a.status);
    if (!good)
        return;
    struct supply_candidate c = { .body = a.body, .source = h->is.url, .fetched_unix_s = supply_now_s(s) };
    enum supply_taken taken = SUPPLY_REFUSED;
    if (h->is.kind == SUPPLY_KDS)
        taken = take_amd(s, h, e, arena, &c, o);
    else if (e->what.kind == ATT_ITEM_ROOT_CA_CRL)
        taken = take_root_crl(s, e, &c, &o->err);
    else if (supply_chain_decode(arena, a.issuer_chain, &c.chain, &o->err))
        taken = supply_take(s, e, &c, &o->err);
    took(s, e, &c, taken, o);
}

/* -- the try -------------------------------------------------------------------------------------------------- */

/* Under `lock`. */
static void after(struct supply *s, struct supply_entry *e, const struct outcome *o)
{
    int64_t now_ms = supply_now_ms(s), now_s = supply_now_s(s);

    e->busy = false;
    e->tries++;
    e->wanted = false;
    e->last = o->held ? (struct att_err){ 0 } : o->err;
    e->last_status = o->status;
    if (o->held) {
        e->failures = 0;
        e->not_before_ms = 0;
        e->next_ms = supply_due_ms(s, e);
        return;
    }
    e->failures += e->failures < 32;
    int64_t retry_ms = 1000 * supply_retry_in_s(s, e, now_s);
    if (o->only_gone)
        e->not_before_ms =
            now_ms + 1000 * (e->what.kind == ATT_ITEM_VCEK ? SUPPLY_NEGATIVE_VCEK_S : SUPPLY_NEGATIVE_S);
    else if (o->refused || (o->status >= 200 && o->status < 500 && o->status != 429))
        e->not_before_ms = now_ms + retry_ms; /* a source that answers, but nothing that can be used */
    e->next_ms = e->planned ? now_ms + retry_ms : SUPPLY_NEVER;
    if (e->planned && e->next_ms < e->not_before_ms)
        e->next_ms = e->not_before_ms;
}

/* A source that is closed counts as asked with what it said last; one that is only out of tokens or busy does not count. */
static void closed_ones(struct supply *s, struct supply_entry *e, struct outcome *o)
{
    char path[SUPPLY_PATH_SIZE];

    for (size_t i = 0; i < s->host_count; i++) {
        const struct supply_host *h = &s->hosts[i];
        if (!supply_path(h, &e->what, path) || !supply_host_closed(h, supply_now_ms(s)))
            continue;
        o->only_gone = false;
        if (!o->asked && (o->err.code == ATT_OK || o->status == 0)) {
            o->err = h->last;
            o->status = h->last_status;
        }
    }
}

void supply_try(struct supply *s, struct supply_entry *e)
{
    struct outcome o = { .only_gone = true };
    char path[SUPPLY_PATH_SIZE];

    for (size_t i = 0; i < s->host_count && !o.held; i++) {
        struct supply_host *h = &s->hosts[i];
        if (!supply_path(h, &e->what, path))
            continue;
        supply_lock(s);
        int64_t now = supply_now_ms(s);
        bool ready =
            !s->stopping && supply_host_ready_ms(h, now) <= now; /* who ends the service waits for this one */
        supply_unlock(s);
        if (ready)
            try_host(s, h, e, path, &o);
    }
    supply_lock(s);
    if (!o.held)
        closed_ones(s, e, &o);
    after(s, e, &o);
    supply_plan(s);
    supply_unlock(s);
    if (o.held)
        supply_rows_save(s, e);
    else
        supply_rows_release(s, e->id);
}
