/* From files, items and floors to the snapshot that attestations use. */
#include "supply/internal.h"

#include "base/err.h"

#include <stdlib.h>

void supply_mark_dirty(struct supply *s)
{
    if (!s->dirty)
        s->dirty_ms = supply_now_ms(s);
    s->dirty = true;
}

static bool in_snapshot(const struct supply_entry *e)
{
    return e->got.body && e->what.kind != ATT_ITEM_VCEK && e->what.kind != ATT_ITEM_TCB_NUMBERS;
}

/* Under `lock`: the table may grow meanwhile. The bytes stay as long as `work` is held. */
static struct att_collateral_item *items_of(const struct supply *s, size_t *ret_count)
{
    size_t n = s->files.item_count;
    struct att_collateral_item *items = calloc(n + s->entry_count + 1, sizeof *items);

    if (!items)
        return NULL;
    if (n > 0)
        memcpy(items, s->files.items, n * sizeof *items);
    for (size_t i = 0; i < s->entry_count; i++) {
        const struct supply_entry *e = s->entries[i];
        if (in_snapshot(e))
            items[n++] = (struct att_collateral_item){ .what = e->what,
                                                       .body = supply_blob_span(e->got.body),
                                                       .chain = supply_blob_span(e->got.chain),
                                                       .name = (const char *)e->got.source->bytes };
    }
    *ret_count = n;
    return items;
}

bool supply_build(struct supply *s, struct att_err *err)
{
    struct att_collateral *snapshot = NULL;
    struct att_collateral_in in = {
        .size = sizeof in,
        .dcap = s->files.dcap,
        .dcap_count = s->files.dcap_count,
        .amd = s->files.amd,
        .amd_count = s->files.amd_count,
        .floors = s->floors,
        .floor_count = s->floor_count,
    };

    supply_lock(s);
    struct att_collateral_item *items = items_of(s, &in.item_count);
    supply_unlock(s);
    in.items = items;
    bool ok = (items || att_fail_memory(err, "collateral")) &&
              att_collateral_new(s->options.lib, &in, &snapshot, err);
    free(items);
    supply_lock(s);
    s->dirty = !ok;
    s->build_ms = ok ? 0 : supply_now_ms(s) + SUPPLY_REBUILD_MS;
    supply_unlock(s);
    if (!ok)
        return false;
    atomic_fetch_add(&s->snapshots, 1);
    if (s->options.changed)
        s->options.changed(s->options.ctx, snapshot);
    att_collateral_free(snapshot);
    return true;
}
