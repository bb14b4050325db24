/* Is an answer better than what is held? All that comes from outside, also from the store, comes through here. */
#include "supply/internal.h"

#include "base/err.h"
#include "base/timetext.h"

#include <stdio.h>
#include <stdlib.h>

/* What an item's own window is called when it is over, or has not begun. */
static const struct {
    enum att_code late, early;
    bool current_only; /* of a current set: its number may not fall */
} kinds[ATT_ITEM_KIND_COUNT] = {
    [ATT_ITEM_TCB_INFO] = { ATT_TCB_INFO_EXPIRED, ATT_TCB_INFO_NOT_YET_VALID, true },
    [ATT_ITEM_QE_IDENTITY] = { ATT_QE_IDENTITY_EXPIRED, ATT_QE_IDENTITY_NOT_YET_VALID, true },
    [ATT_ITEM_TCB_NUMBERS] = { ATT_TCB_INFO_EXPIRED, ATT_TCB_INFO_NOT_YET_VALID, false },
    [ATT_ITEM_PCK_CRL] = { ATT_CRL_EXPIRED, ATT_CRL_NOT_YET_VALID, false },
    [ATT_ITEM_ROOT_CA_CRL] = { ATT_CRL_EXPIRED, ATT_CRL_NOT_YET_VALID, false },
    [ATT_ITEM_AMD_CRL] = { ATT_CRL_EXPIRED, ATT_CRL_NOT_YET_VALID, false },
    [ATT_ITEM_VCEK] = { ATT_VCEK_CERT_EXPIRED, ATT_VCEK_CERT_NOT_YET_VALID, false },
};

/* -- floors --------------------------------------------------------------------------------------------------- */

static struct att_tcb_floor *floor_find(const struct supply *s, enum att_tee tee, const uint8_t fmspc[6])
{
    for (size_t i = 0; i < s->floor_count; i++) {
        if (s->floors[i].tee == tee && memcmp(s->floors[i].fmspc, fmspc, sizeof s->floors[i].fmspc) == 0)
            return &s->floors[i];
    }
    return NULL;
}

uint32_t supply_floor_of(const struct supply *s, const struct att_collateral_want *what)
{
    const struct att_tcb_floor *f = floor_find(s, what->tee, what->fmspc);

    return f ? f->evaluation_number : 0;
}

bool supply_floor_raise(struct supply *s, enum att_tee tee, const uint8_t fmspc[6], uint32_t number)
{
    struct att_tcb_floor *f = floor_find(s, tee, fmspc);

    if (f) {
        f->evaluation_number = f->evaluation_number > number ? f->evaluation_number : number;
        return true;
    }
    if (s->floor_count == s->floor_room) {
        size_t room = s->floor_room ? 2 * s->floor_room : 16;
        struct att_tcb_floor *bigger = realloc(s->floors, room * sizeof *bigger);
        if (!bigger)
            return false;
        s->floors = bigger;
        s->floor_room = room;
    }
    f = &s->floors[s->floor_count++];
    *f = (struct att_tcb_floor){ .tee = tee, .evaluation_number = number };
    memcpy(f->fmspc, fmspc, sizeof f->fmspc);
    return true;
}

/* -- checks --------------------------------------------------------------------------------------------------- */

static bool sizes_usable(const struct supply_candidate *c, struct att_err *err)
{
    if (c->body.len == 0)
        return att_fail(err, ATT_COLLATERAL_MALFORMED, "collateral.body", "an item", "an empty answer");
    if (c->body.len > SUPPLY_BODY_BYTES_MAX || c->chain.len > SUPPLY_CHAIN_BYTES_MAX)
        return att_fail(err, ATT_COLLATERAL_MALFORMED, "collateral.body",
                        "an item of at most 512 KiB, a chain of at most 32 KiB", "%zu and %zu bytes",
                        c->body.len, c->chain.len);
    return true;
}

static bool window_open(const struct supply_entry *e, const struct att_item_facts *f, int64_t now_unix_s,
                        struct att_err *err)
{
    struct att_time_text at, now;

    if (f->issued_unix_s > now_unix_s + SUPPLY_SKEW_S)
        return att_fail(err, kinds[e->what.kind].early, "collateral.issued", att_time_text(&now, now_unix_s),
                        "%s", att_time_text(&at, f->issued_unix_s));
    if (f->next_unix_s <= now_unix_s)
        return att_fail(err, kinds[e->what.kind].late, "collateral.next", att_time_text(&now, now_unix_s),
                        "%s", att_time_text(&at, f->next_unix_s));
    return true;
}

static bool not_below(const struct supply *s, const struct supply_entry *e, const struct att_item_facts *f,
                      struct att_err *err)
{
    uint32_t least = e->got.body ? e->got.facts.evaluation_number : 0;
    char expected[48];

    if (!kinds[e->what.kind].current_only || e->what.set != ATT_SET_CURRENT)
        return true;
    if (e->what.kind == ATT_ITEM_TCB_INFO) {
        uint32_t seen = supply_floor_of(s, &e->what);
        least = seen > least ? seen : least;
    }
    (void)snprintf(expected, sizeof expected, "at least %u", least);
    return f->evaluation_number >= least ||
           att_fail(err, ATT_TCB_EVAL_NUMBER_TOO_LOW, "collateral.evaluation_number", expected, "%u",
                    f->evaluation_number);
}

static bool not_older(const struct supply_entry *e, const struct att_item_facts *f, struct att_err *err)
{
    struct att_time_text held, at;

    return !e->got.body || f->issued_unix_s >= e->got.facts.issued_unix_s ||
           att_fail(err, ATT_COLLATERAL_MISMATCH, "collateral.issued",
                    att_time_text(&held, e->got.facts.issued_unix_s), "an older one, of %s",
                    att_time_text(&at, f->issued_unix_s));
}

static bool check(struct supply *s, const struct supply_entry *e, const struct supply_candidate *c,
                  struct att_item_facts *ret, struct att_err *err)
{
    const struct att_collateral_item item = {
        .what = e->what, .body = c->body, .chain = c->chain, .name = c->source
    };

    int64_t now = supply_now_s(s);
    bool any_time = c->stored && !supply_usable(s, e, now);

    return sizes_usable(c, err) && att_item_check(s->options.lib, &item, ret, err) &&
           (any_time || window_open(e, ret, now, err)) && not_below(s, e, ret, err) && not_older(e, ret, err);
}

/* -- taking --------------------------------------------------------------------------------------------------- */

static struct supply_blob *chain_blob(struct supply *s, struct att_span chain)
{
    for (size_t i = 0; i < SUPPLY_CHAINS_KEPT; i++) {
        if (s->chains[i] && att_span_eq(supply_blob_span(s->chains[i]), chain))
            return supply_blob_ref(s->chains[i]);
    }
    struct supply_blob *b = supply_blob_new(chain);
    if (b) {
        supply_blob_unref(s->chains[s->chain_at]);
        s->chains[s->chain_at] = supply_blob_ref(b);
        s->chain_at = (s->chain_at + 1) % SUPPLY_CHAINS_KEPT;
    }
    return b;
}

static bool bytes_of(struct supply *s, const struct supply_candidate *c, const struct att_item_facts *facts,
                     struct supply_bytes *ret, struct att_err *err)
{
    struct supply_bytes b = {
        .body = supply_blob_new(c->body),
        .chain = chain_blob(s, c->chain),
        .source = supply_blob_new(att_span_of(c->source, strlen(c->source) + 1)),
        .facts = *facts,
        .fetched_unix_s = c->fetched_unix_s,
    };
    if (b.body && b.chain && b.source) {
        *ret = b;
        return true;
    }
    supply_bytes_clear(&b);
    return att_fail_memory(err, "collateral");
}

static bool same(const struct supply_bytes *held, const struct supply_candidate *c)
{
    return held->body && att_span_eq(supply_blob_span(held->body), c->body) &&
           att_span_eq(supply_blob_span(held->chain), c->chain);
}

static void hold(struct supply *s, struct supply_entry *e, const struct supply_bytes *b, bool unsaved)
{
    struct supply_bytes old;

    supply_lock(s);
    old = e->got;
    e->got = *b;
    e->unsaved = unsaved;
    /* Numbers are looked up, VCEKs come with each call: snapshots have neither. */
    if (e->what.kind != ATT_ITEM_VCEK && e->what.kind != ATT_ITEM_TCB_NUMBERS)
        supply_mark_dirty(s);
    supply_unlock(s);
    supply_bytes_clear(&old);
}

enum supply_taken supply_take(struct supply *s, struct supply_entry *e, const struct supply_candidate *c,
                              struct att_err *err)
{
    struct att_item_facts facts = { 0 };
    struct supply_bytes b;

    if (same(&e->got, c) && (c->stored || window_open(e, &e->got.facts, supply_now_s(s), err))) {
        supply_lock(s);
        if (e->got.fetched_unix_s < c->fetched_unix_s)
            e->got.fetched_unix_s = c->fetched_unix_s;
        e->unsaved = e->unsaved || !c->stored; /* others shall know that it was looked at */
        supply_unlock(s);
        return SUPPLY_UNCHANGED;
    }
    if (err->code != ATT_OK || !check(s, e, c, &facts, err) || !bytes_of(s, c, &facts, &b, err))
        return SUPPLY_REFUSED;
    if (e->what.kind == ATT_ITEM_TCB_INFO && e->what.set == ATT_SET_CURRENT) {
        supply_lock(s);
        bool raised = supply_floor_raise(s, e->what.tee, e->what.fmspc, facts.evaluation_number);
        supply_unlock(s);
        if (!raised) {
            supply_bytes_clear(&b);
            att_fail_memory(err, "collateral.floor");
            return SUPPLY_REFUSED;
        }
    }
    hold(s, e, &b, !c->stored);
    return SUPPLY_TAKEN;
}
