/* The end of a change: its record, the commit, and what readers see from then on. */
#include "base/err.h"
#include "site/internal.h"

#include <stdlib.h>

static void change_free(struct site_change *c)
{
    for (size_t i = 0; i < c->row_count; i++) {
        site_unref(c->rows[i].after);
        free(c->rows[i].key);
    }
    free(c->rows);
    for (size_t i = 0; i < c->spent_count; i++)
        site_unref(c->spent[i]);
    free(c->spent);
    site_view_drop(&c->view);
    att_arena_free(c->arena);
    c->site->changing = false;
    free(c);
}

static bool complete(const struct site_change *c, const struct site_record *record, struct att_err *err)
{
    if (c->failed)
        return att_fail(err, ATT_INTERNAL, "site.change", "a change of which every step was taken",
                        "one that failed");
    if (record->refusal)
        return att_fail(err, ATT_INTERNAL, "site.change", "a record of a change that is done",
                        "one of a refusal");
    for (size_t i = 0; i < c->row_count; i++)
        if (!c->rows[i].after && !site_rule_childless(&c->view, c->rows[i].key, err))
            return false;
    return true;
}

/* The store counts commits that changed a row. One whose changes cancel out may be counted or not: then the next change
 * reads everything. */
static void count_generation(struct site *s, const struct site_change *c)
{
    bool changed = c->kept;

    if (!c->wrote)
        return;
    for (size_t i = 0; i < c->row_count; i++)
        changed = changed || c->rows[i].before || c->rows[i].after;
    s->generation_known = changed;
    s->generation++;
}

/* Nothing here can fail: the store has it already. */
static void publish(struct site_change *c)
{
    count_generation(c->site, c);
    site_publish(c->site, &c->view);
    for (size_t i = 0; i < c->row_count; i++) {
        site_unref(c->rows[i].before);
        c->rows[i].after = NULL; /* the view's now */
    }
}

bool site_change_commit(struct site_change *c, const struct site_record *record, struct att_err *err)
{
    att_arena_reset(c->arena);
    bool written = complete(c, record, err) &&
                   site_audit_append(c->tx, c->arena, c->now_unix_s, record, c->rows, c->row_count, err);
    struct store_tx *tx = c->tx;
    c->tx = NULL;
    if (!written)
        store_rollback(tx);
    bool done = written && store_commit(tx, err);
    if (done)
        publish(c);
    change_free(c);
    return done;
}

void site_change_abandon(struct site_change *c)
{
    if (!c)
        return;
    store_rollback(c->tx);
    change_free(c);
}

bool site_record_append(struct store_tx *tx, int64_t now_unix_s, const struct site_record *record,
                        struct att_err *err)
{
    struct att_arena *arena = att_arena_new(SITE_ARENA_BYTES_MAX);

    if (!arena)
        return att_fail_memory(err, "site.audit");
    bool done = site_audit_append(tx, arena, now_unix_s, record, NULL, 0, err);
    att_arena_free(arena);
    return done;
}

bool site_record_refusal(struct site *s, int64_t now_unix_s, const struct site_record *record,
                         struct att_err *err)
{
    struct store_tx *tx = NULL;
    struct att_arena *arena = att_arena_new(SITE_ARENA_BYTES_MAX);

    if (!arena)
        return att_fail_memory(err, "site.audit");
    if (!store_begin(s->store, &tx, err)) {
        att_arena_free(arena);
        return false;
    }
    bool done = site_audit_append(tx, arena, now_unix_s, record, NULL, 0, err);
    if (done)
        done = store_commit(tx, err);
    else
        store_rollback(tx);
    att_arena_free(arena);
    return done;
}
