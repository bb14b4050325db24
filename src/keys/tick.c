/* What is due: orders, the schedule, keys past their time. */
#include "base/auto.h"
#include "base/err.h"
#include "keys/change.h"
#include "keys/internal.h"

#include <string.h>

enum { TICK_ARENA_BYTES = 16 << 20, TRY_AGAIN_S = 10 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

/* What is to be done, as rows and an order say it. */
struct plan {
    bool make;
    int64_t activate_unix_s;
    bool remove; /* something is past its time */
};

/* The schedule counts from when a key began to sign, so that a lead that is changed does not move it. */
static void plan_schedule(const struct keyring *r, const struct keyrows *rows, int64_t now, struct plan *ret)
{
    const struct keyring_schedule *s = &r->options.schedule;
    const struct keyrow *newest = keyrows_newest(rows, r->options.alg);

    if (s->rotate_every_s == 0 || !newest || newest->activate_unix_s > now)
        return;
    int64_t due = newest->activate_unix_s + (int64_t)s->rotate_every_s;
    if (due > now + (int64_t)s->lead_s)
        return;
    ret->make = true;
    ret->activate_unix_s = now + (int64_t)s->lead_s; /* `due`, unless nobody looked in time */
}

static bool past(const struct keyring *r, const struct keyrows *rows, const struct keyrow *row, int64_t now)
{
    return keyrows_remove(rows, row, r->options.schedule.keep_s) <= now;
}

/* Of two keys with the same moment the name decides, and the old one might go on to sign: no second is used twice, but for that of
 * a key that goes in the same step. */
static bool taken(const struct keyring *r, const struct keyrows *rows, const char *goes, int64_t moment)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct keyrow *row = &rows->row[i];
        if (row->activate_unix_s == moment && strcmp(row->alg, r->options.alg) == 0 &&
            !(goes && strcmp(row->kid, goes) == 0))
            return true;
    }
    return false;
}

static struct plan plan_of(const struct keyring *r, const struct keyrows *rows, const struct key_order *order,
                           int64_t now)
{
    const struct keyring_schedule *s = &r->options.schedule;
    struct plan plan = { 0 };

    if (order) {
        plan.make = true;
        plan.activate_unix_s =
            now + (order->activate_in_s == KEY_ORDER_LEAD ? (int64_t)s->lead_s : order->activate_in_s);
        while (taken(r, rows, order->retire, plan.activate_unix_s))
            plan.activate_unix_s++;
    } else {
        plan_schedule(r, rows, now, &plan);
    }
    for (size_t i = 0; i < rows->count; i++)
        plan.remove = plan.remove || past(r, rows, &rows->row[i], now);
    return plan;
}

/* -- carrying out ----------------------------------------------------------------------------------------- */

struct doing {
    struct keyring *r;
    struct key_change change;
    struct keyrows *rows; /* as the transaction sees them */
    struct key_order order;
    bool ordered;
    const struct signer_key *fresh; /* NULL: none was made */
    bool used;
};

/* By the view's word: a row that the signer has not taken must not end the life of one that it has. */
static bool remove_old(struct doing *d, struct att_err *err)
{
    const struct keyrows *seen = &d->r->view->rows;

    for (size_t i = 0; i < d->rows->count; i++) {
        const struct keyrow *row = &d->rows->row[i];
        const struct keyrow *known = keyrows_find(seen, row->kid);
        if (known && past(d->r, seen, known, d->change.now_unix_s) &&
            !key_change_delete(&d->change, row, "key.remove", err))
            return false;
    }
    return true;
}

static bool retire_old(struct doing *d, struct att_err *err)
{
    const struct keyrow *row = d->ordered && d->order.retire ? keyrows_find(d->rows, d->order.retire) : NULL;

    return !row || key_change_delete(&d->change, row, "key.retire", err);
}

static bool add_fresh(struct doing *d, const struct plan *plan, struct att_err *err)
{
    const struct keyrow row = { .purpose = d->r->options.purpose,
                                .kid = d->fresh->kid,
                                .alg = d->fresh->alg,
                                .made_unix_s = d->change.now_unix_s,
                                .activate_unix_s = plan->activate_unix_s,
                                .spki = d->fresh->spki,
                                .sealed = d->fresh->sealed };

    d->used = true;
    d->change.by = d->ordered ? d->order.by : "schedule";
    d->change.via = d->ordered ? "attestctl" : "attestd";
    return key_change_add(&d->change, &row, err) && retire_old(d, err) &&
           (!d->ordered || key_order_delete(d->change.tx, &d->order, err));
}

/* Inside of the transaction: what is due now, since another replica may have been faster. */
static bool carry_out(struct doing *d, struct att_err *err)
{
    const struct keyring_options *o = &d->r->options;
    struct att_arena *a = d->change.arena;
    struct att_err why = { 0 };
    size_t bad = 0;

    if (!key_order_get(d->change.tx, a, o->purpose, &d->order, &d->ordered, err) ||
        !keyrows_read(o->store, o->purpose, a, d->rows, &bad, &why, err))
        return false;
    const struct plan plan = plan_of(d->r, d->rows, d->ordered ? &d->order : NULL, d->change.now_unix_s);
    if (plan.make && d->fresh && d->rows->count >= KEYSET_KEYS_MAX)
        return att_fail(err, ATT_KEY_STATE, "keys", "fewer than 256 keys of a purpose", "%zu",
                        d->rows->count);
    return remove_old(d, err) && (!plan.make || !d->fresh || add_fresh(d, &plan, err));
}

static bool transact(struct doing *d, struct att_err *err)
{
    if (!store_begin(d->r->options.store, &d->change.tx, err))
        return false;
    if (!carry_out(d, err)) {
        store_rollback(d->change.tx);
        return false;
    }
    return store_commit(d->change.tx, err);
}

static bool act(struct keyring *r, const struct plan *plan, int64_t now, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(TICK_ARENA_BYTES);
    struct doing d = { .r = r };
    struct signer_key fresh = { 0 };

    if (!arena)
        return att_fail_memory(err, "keyring");
    d.change = (struct key_change){ .arena = arena, .now_unix_s = now, .by = "schedule", .via = "attestd" };
    d.rows = att_arena_alloc(arena, 1, sizeof *d.rows);
    if (!d.rows)
        return att_fail_memory(err, "keyring");
    if (plan->make) {
        if (!signer_make(r->options.signer, r->options.purpose, r->options.alg, arena, &fresh, err))
            return false;
        d.fresh = &fresh;
    }
    bool done = transact(&d, err);
    if (d.fresh && (!done || !d.used))
        signer_forget(r->options.signer, fresh.kid);
    return done;
}

bool keyring_tick(struct keyring *r, int64_t now_unix_s, struct att_err *err)
{
    if (!keyring_refresh(r, now_unix_s, err))
        return false;
    struct plan plan = plan_of(r, &r->view->rows, NULL, now_unix_s);
    plan.make = plan.make || r->view->ordered;
    if ((!plan.make && !plan.remove) || now_unix_s < r->try_again_unix_s)
        return true;
    r->try_again_unix_s = now_unix_s + TRY_AGAIN_S;
    if (!act(r, &plan, now_unix_s, err))
        return false;
    r->try_again_unix_s = 0;
    return keyring_refresh(r, now_unix_s, err);
}
