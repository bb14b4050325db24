/* The table of items, in order of their ids. */
#include "supply/internal.h"

#include <stdlib.h>

/* -- bytes ---------------------------------------------------------------------------------------------------- */

struct supply_blob *supply_blob_new(struct att_span bytes)
{
    struct supply_blob *b = malloc(sizeof *b + bytes.len);

    if (!b)
        return NULL;
    b->refs = 1;
    b->len = bytes.len;
    if (bytes.len > 0)
        memcpy(b->bytes, bytes.ptr, bytes.len);
    return b;
}

struct supply_blob *supply_blob_ref(struct supply_blob *b)
{
    b->refs++;
    return b;
}

void supply_blob_unref(struct supply_blob *b)
{
    if (b && --b->refs == 0)
        free(b);
}

void supply_bytes_clear(struct supply_bytes *b)
{
    supply_blob_unref(b->body);
    supply_blob_unref(b->chain);
    supply_blob_unref(b->source);
    *b = (struct supply_bytes){ 0 };
}

bool supply_usable(const struct supply *s, const struct supply_entry *e, int64_t now_unix_s)
{
    (void)s;
    return e->got.body && now_unix_s < e->got.facts.next_unix_s;
}

/* -- entries -------------------------------------------------------------------------------------------------- */

/* Index of the id, or where it would be. */
static size_t place(const struct supply *s, const char *id, bool *ret_found)
{
    size_t low = 0, high = s->entry_count;

    *ret_found = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(s->entries[mid]->id, id);
        if (order == 0) {
            *ret_found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct supply_entry *supply_find(const struct supply *s, const char *id)
{
    bool found = false;
    size_t at = place(s, id, &found);

    return found ? s->entries[at] : NULL;
}

static bool room_for_one(struct supply *s)
{
    if (s->entry_count < s->entry_room)
        return true;
    size_t room = s->entry_room ? 2 * s->entry_room : 64;
    struct supply_entry **bigger = realloc(s->entries, room * sizeof *bigger);
    if (!bigger)
        return false;
    s->entries = bigger;
    s->entry_room = room;
    return true;
}

/* Twice as many VCEKs as are kept: the newest ones are there before supply_evict has made room. */
static bool full(const struct supply *s, enum att_item_kind kind)
{
    return kind == ATT_ITEM_VCEK ? s->vcek_count >= 2 * (size_t)SUPPLY_VCEKS_MAX
                                 : s->entry_count - s->vcek_count >= SUPPLY_ENTRIES_MAX;
}

struct supply_entry *supply_entry_of(struct supply *s, const struct att_collateral_want *what)
{
    char id[ATT_ITEM_ID_SIZE];
    bool found = false;
    size_t at = place(s, att_item_id(what, id), &found);

    if (found)
        return s->entries[at];
    if (id[0] == '\0' || full(s, what->kind) || !room_for_one(s))
        return NULL;
    struct supply_entry *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->what = *what;
    memcpy(e->id, id, sizeof id);
    e->next_ms = SUPPLY_NEVER;
    e->used_ms = supply_now_ms(s);
    memmove(s->entries + at + 1, s->entries + at, (s->entry_count - at) * sizeof(struct supply_entry *));
    s->entries[at] = e;
    s->entry_count++;
    s->vcek_count += what->kind == ATT_ITEM_VCEK;
    return e;
}

static void entry_free(struct supply_entry *e)
{
    supply_bytes_clear(&e->got);
    supply_bytes_clear(&e->file);
    free(e);
}

static void remove_at(struct supply *s, size_t at)
{
    struct supply_entry *e = s->entries[at];

    s->vcek_count -= e->what.kind == ATT_ITEM_VCEK;
    s->entry_count--;
    memmove(s->entries + at, s->entries + at + 1, (s->entry_count - at) * sizeof(struct supply_entry *));
    entry_free(e);
}

/* Of VCEKs that nobody waits for any more only the newest few are still asked for: chips that do not exist, asked for by who
 * knows whom, would else fill the queue of a source that gives out six in a minute. */
static void abandon_oldest(struct supply *s)
{
    for (;;) {
        struct supply_entry *oldest = NULL;
        size_t count = 0;
        for (size_t i = 0; i < s->entry_count; i++) {
            struct supply_entry *e = s->entries[i];
            if (e->what.kind != ATT_ITEM_VCEK || !e->wanted || e->waits > 0 || e->busy)
                continue;
            count++;
            oldest = oldest && oldest->wanted_ms <= e->wanted_ms ? oldest : e;
        }
        if (count <= SUPPLY_ABANDONED_MAX)
            return;
        oldest->wanted = false;
    }
}

void supply_sweep(struct supply *s)
{
    int64_t now = supply_now_ms(s);

    abandon_oldest(s);
    for (size_t i = s->entry_count; i-- > 0;) {
        const struct supply_entry *e = s->entries[i];
        if (!e->got.body && !e->file.body && !e->busy && !e->wanted && !e->planned && e->waits == 0 &&
            e->not_before_ms <= now)
            remove_at(s, i);
    }
}

bool supply_evict(struct supply *s, char ret_id[ATT_ITEM_ID_SIZE])
{
    size_t held = 0, oldest = SIZE_MAX;

    for (size_t i = 0; i < s->entry_count; i++) {
        const struct supply_entry *e = s->entries[i];
        if (e->what.kind != ATT_ITEM_VCEK || !e->got.body)
            continue;
        held++;
        if (!e->busy && e->waits == 0 && (oldest == SIZE_MAX || e->used_ms < s->entries[oldest]->used_ms))
            oldest = i;
    }
    if (held <= SUPPLY_VCEKS_MAX || oldest == SIZE_MAX)
        return false;
    memcpy(ret_id, s->entries[oldest]->id, ATT_ITEM_ID_SIZE);
    remove_at(s, oldest);
    return true;
}

void supply_table_free(struct supply *s)
{
    for (size_t i = 0; i < s->entry_count; i++)
        entry_free(s->entries[i]);
    free(s->entries);
    for (size_t i = 0; i < SUPPLY_CHAINS_KEPT; i++)
        supply_blob_unref(s->chains[i]);
    free(s->floors);
}
