/* Those who wait for an item. */
#include "supply/internal.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

enum { SOURCE_SHOWN = 80, WHY_SIZE = 180 };

/* -- why not -------------------------------------------------------------------------------------------------- */

static bool has_source(const struct supply *s, const struct att_collateral_want *what)
{
    char path[SUPPLY_PATH_SIZE];

    for (size_t i = 0; i < s->host_count; i++) {
        if (supply_path(&s->hosts[i], what, path))
            return true;
    }
    return false;
}

bool supply_asks(const struct supply *s, const struct att_collateral_want *what)
{
    return what->kind != ATT_ITEM_NONE && has_source(s, what);
}

/* All sources that could have it are closed: gives the time when the first one opens again, and one of them: an answer tells
 * more than a connection that was not made. */
static bool all_closed(const struct supply *s, const struct att_collateral_want *what, int64_t now_ms,
                       int64_t *ret_until_ms, const struct supply_host **ret)
{
    char path[SUPPLY_PATH_SIZE];
    int64_t until = SUPPLY_NEVER;

    for (size_t i = 0; i < s->host_count; i++) {
        const struct supply_host *h = &s->hosts[i];
        if (!supply_path(h, what, path))
            continue;
        if (!supply_host_closed(h, now_ms))
            return false;
        until = h->closed_until_ms < until ? h->closed_until_ms : until;
        if (!*ret || (*ret)->last_status == 0)
            *ret = h;
    }
    *ret_until_ms = until;
    return until != SUPPLY_NEVER;
}

static int64_t again_ms(const struct supply *s, const struct supply_entry *e, int64_t now_ms,
                        const struct att_err **ret_why)
{
    const struct supply_host *closed = NULL;
    int64_t at = e->not_before_ms > now_ms ? e->not_before_ms : now_ms, until = 0;

    *ret_why = &e->last;
    if (all_closed(s, &e->what, now_ms, &until, &closed)) {
        at = until > at ? until : at;
        if (e->last.code == ATT_OK)
            *ret_why = &closed->last;
    }
    return at;
}

void supply_missing(const struct supply *s, const struct supply_entry *e, struct att_err *ret)
{
    const struct att_err *why = NULL;
    int64_t now = supply_now_ms(s), in_s = (again_ms(s, e, now, &why) - now + 999) / 1000;
    char again[48] = "at the next request";

    *ret = (struct att_err){ 0 };
    if (!has_source(s, &e->what)) {
        att_fail(ret, ATT_COLLATERAL_MISSING, "collateral.item", e->id, "no source for it is configured");
        return;
    }
    if (in_s > 0)
        (void)snprintf(again, sizeof again, "in %lld s", (long long)in_s);
    if (why->code == ATT_OK) {
        att_fail(ret, ATT_COLLATERAL_MISSING, "collateral.item", e->id, "no answer of its source in time");
        return;
    }
    att_fail(ret, ATT_COLLATERAL_MISSING, "collateral.item", e->id, "%.*s; asked again %s", WHY_SIZE - 50,
             why->found, again);
    att_err_text(ret, "%s is not here: %s (%s at %s; expected %s). It is asked for again %s.", e->id,
                 why->found, att_code_name(why->code), why->where, why->expected, again);
}

/* -- waits ---------------------------------------------------------------------------------------------------- */

static bool refused_for_now(const struct supply *s, const struct supply_entry *e, int64_t now_ms)
{
    const struct supply_host *h = NULL;
    int64_t until = 0;

    return e->not_before_ms > now_ms || all_closed(s, &e->what, now_ms, &until, &h);
}

/* Nothing more will come of it soon. */
static bool settled(const struct supply *s, const struct supply_wait *w, size_t i, int64_t now_s,
                    int64_t now_ms)
{
    const struct supply_entry *e = w->group[i];

    return supply_usable(s, e, now_s) || e->tries != w->tries[i] || !has_source(s, &e->what) ||
           (!e->busy && refused_for_now(s, e, now_ms));
}

static bool all_settled(const struct supply *s, const struct supply_wait *w, int64_t now_s, int64_t now_ms)
{
    if (settled(s, w, 0, now_s, now_ms) && !supply_usable(s, w->group[0], now_s))
        return true;
    for (size_t i = 0; i < w->count; i++) {
        if (!settled(s, w, i, now_s, now_ms))
            return false;
    }
    return true;
}

/* VCEKs are held, all others must be in the snapshot, too. */
static bool there(const struct supply *s, const struct supply_wait *w, int64_t now_s)
{
    return supply_usable(s, w->group[0], now_s) && (w->group[0]->what.kind == ATT_ITEM_VCEK || !s->dirty);
}

bool supply_waits_settled(const struct supply *s)
{
    int64_t now_s = supply_now_s(s), now_ms = supply_now_ms(s);

    for (const struct supply_wait *w = s->waits; w; w = w->next) {
        if (all_settled(s, w, now_s, now_ms) && supply_usable(s, w->group[0], now_s))
            return true;
    }
    return false;
}

static bool over(const struct supply *s, const struct supply_wait *w, int64_t now_s, int64_t now_ms)
{
    if (now_ms >= w->deadline_ms)
        return true;
    return all_settled(s, w, now_s, now_ms) && (there(s, w, now_s) || !supply_usable(s, w->group[0], now_s));
}

struct supply_wait *supply_waits_over(struct supply *s, bool all)
{
    struct supply_wait *ret = NULL, **tail = &ret, **at = &s->waits;
    int64_t now_s = supply_now_s(s), now_ms = supply_now_ms(s);

    while (*at) {
        struct supply_wait *w = *at;
        if (!all && !over(s, w, now_s, now_ms)) {
            at = &w->next;
            continue;
        }
        w->good = there(s, w, now_s);
        if (!w->good)
            supply_missing(s, w->group[0], &w->err);
        for (size_t i = 0; i < w->count; i++)
            w->group[i]->waits--;
        *at = w->next;
        s->wait_count--;
        w->next = NULL;
        *tail = w;
        tail = &w->next;
    }
    return ret;
}

void supply_waits_answer(struct supply *s, struct supply_wait *done)
{
    while (done) {
        struct supply_wait *w = done;
        done = w->next;
        if (!w->good)
            atomic_fetch_add(&s->missing, 1);
        w->done(w->ctx, w->good ? NULL : &w->err);
        free(w);
    }
}

int64_t supply_waits_deadline_ms(const struct supply *s)
{
    int64_t ret = SUPPLY_NEVER;

    for (const struct supply_wait *w = s->waits; w; w = w->next)
        ret = w->deadline_ms < ret ? w->deadline_ms : ret;
    return ret;
}

/* -- wanting -------------------------------------------------------------------------------------------------- */

static void ask_for(struct supply *s, struct supply_entry *e, int64_t now_s, int64_t now_ms)
{
    if (supply_usable(s, e, now_s) || e->wanted || e->busy || !has_source(s, &e->what))
        return;
    if (e->not_before_ms > now_ms)
        return;
    e->wanted = true;
    e->wanted_ms = now_ms;
}

static struct supply_wait *wait_for(struct supply *s, const struct att_collateral_want *what,
                                    unsigned budget_ms)
{
    struct att_collateral_want group[SUPPLY_GROUP_MAX];
    size_t count = supply_group(what, group);
    int64_t now_s = supply_now_s(s), now_ms = supply_now_ms(s);
    struct supply_wait *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct supply_entry *e = supply_entry_of(s, &group[i]);
        if (!e && i == 0) {
            free(w);
            return NULL;
        }
        if (!e)
            continue;
        ask_for(s, e, now_s, now_ms);
        w->tries[w->count] = e->tries;
        w->group[w->count++] = e;
    }
    w->deadline_ms = now_ms + budget_ms;
    return w;
}

void supply_want(struct supply *s, const struct att_collateral_want *what, unsigned budget_ms,
                 supply_done_fn done, void *ctx)
{
    struct att_err why = { 0 };

    atomic_fetch_add(&s->waited, 1);
    supply_lock(s);
    struct supply_wait *w =
        s->wait_count < SUPPLY_WAITS_MAX && !s->stopping ? wait_for(s, what, budget_ms) : NULL;
    if (!w) {
        supply_unlock(s);
        atomic_fetch_add(&s->missing, 1);
        att_fail(&why, ATT_COLLATERAL_MISSING, "collateral.item", "an item, and room for one more who waits",
                 "none, or a service that is about to end");
        done(ctx, &why);
        return;
    }
    w->done = done;
    w->ctx = ctx;
    if (over(s, w, supply_now_s(s), supply_now_ms(s)) || budget_ms == 0) { /* the answer is known */
        w->good = there(s, w, supply_now_s(s));
        if (!w->good)
            supply_missing(s, w->group[0], &w->err);
        supply_unlock(s);
        supply_waits_answer(s, w);
        return;
    }
    for (size_t i = 0; i < w->count; i++)
        w->group[i]->waits++;
    w->next = s->waits;
    s->waits = w;
    s->wait_count++;
    supply_wake(s);
    (void)pthread_cond_broadcast(&s->deadline);
    supply_unlock(s);
}
