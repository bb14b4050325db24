#include "store/memory/table.h"

#include <stdlib.h>

static int compare(const struct store_doc *a, const char *kind, const char *tenant, const char *id)
{
    int order = strcmp(a->kind, kind);

    if (order == 0)
        order = strcmp(a->tenant, tenant);
    return order != 0 ? order : strcmp(a->id, id);
}

size_t memory_table_find(const struct memory_table *t, const char *kind, const char *tenant, const char *id,
                         bool *ret_there)
{
    size_t low = 0, high = t->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&t->rows[middle]->doc, kind, tenant, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_there = low < t->count && compare(&t->rows[low]->doc, kind, tenant, id) == 0;
    return low;
}

size_t memory_table_kind(const struct memory_table *t, const char *kind)
{
    bool there = false;

    return memory_table_find(t, kind, "", "", &there); /* no tenant is empty: before all of the kind */
}

/* Room for one more row and one more note. */
static bool reserve(struct memory_table *t)
{
    if (t->count == t->room) {
        size_t more = t->room ? 2 * t->room : 64;
        struct memory_row **grown = reallocarray(t->rows, more, sizeof *grown);
        if (!grown)
            return false;
        t->rows = grown;
        t->room = more;
    }
    if (t->note_count == t->note_room) {
        size_t more = t->note_room ? 2 * t->note_room : 16;
        struct memory_note *grown = reallocarray(t->notes, more, sizeof *grown);
        if (!grown)
            return false;
        t->notes = grown;
        t->note_room = more;
    }
    return true;
}

static const char *append(uint8_t **at, struct att_span bytes)
{
    uint8_t *start = *at;

    memcpy(start, bytes.ptr, bytes.len);
    start[bytes.len] = 0;
    *at = start + bytes.len + 1;
    return (const char *)start;
}

static struct memory_row *row_new(const struct store_doc *doc)
{
    struct att_span tenant = att_str(doc->tenant), kind = att_str(doc->kind), id = att_str(doc->id);
    struct memory_row *row = malloc(sizeof *row + tenant.len + kind.len + id.len + doc->body.len + 4);

    if (!row)
        return NULL;
    uint8_t *at = (uint8_t *)(row + 1);
    row->doc = *doc;
    row->doc.tenant = append(&at, tenant);
    row->doc.kind = append(&at, kind);
    row->doc.id = append(&at, id);
    row->doc.body = att_span_of(append(&at, doc->body), doc->body.len);
    return row;
}

static void insert(struct memory_table *t, size_t at, struct memory_row *row)
{
    memmove(&t->rows[at + 1], &t->rows[at], (t->count - at) * sizeof *t->rows);
    t->rows[at] = row;
    t->count++;
}

static void take_out(struct memory_table *t, size_t at)
{
    t->count--;
    memmove(&t->rows[at], &t->rows[at + 1], (t->count - at) * sizeof *t->rows);
}

bool memory_table_put(struct memory_table *t, const struct store_doc *doc)
{
    struct memory_row *row = row_new(doc);
    struct memory_row *before = NULL;
    bool there = false;

    if (!row || !reserve(t)) {
        free(row);
        return false;
    }
    size_t at = memory_table_find(t, doc->kind, doc->tenant, doc->id, &there);
    if (there) {
        before = t->rows[at];
        t->rows[at] = row;
    } else {
        insert(t, at, row);
    }
    t->notes[t->note_count++] = (struct memory_note){ before, row };
    return true;
}

bool memory_table_remove(struct memory_table *t, size_t at)
{
    if (!reserve(t))
        return false;
    t->notes[t->note_count++] = (struct memory_note){ t->rows[at], NULL };
    take_out(t, at);
    return true;
}

void memory_table_keep(struct memory_table *t)
{
    for (size_t i = 0; i < t->note_count; i++)
        free(t->notes[i].before);
    t->note_count = 0;
}

void memory_table_undo(struct memory_table *t)
{
    while (t->note_count > 0) {
        struct memory_note note = t->notes[--t->note_count];
        const struct store_doc *key = note.after ? &note.after->doc : &note.before->doc;
        bool there = false;
        size_t at = memory_table_find(t, key->kind, key->tenant, key->id, &there);
        if (there && note.before)
            t->rows[at] = note.before;
        else if (there)
            take_out(t, at);
        else
            insert(t, at, note.before); /* there is room: it was there before */
        free(note.after);
    }
}

void memory_table_free(struct memory_table *t)
{
    memory_table_undo(t);
    for (size_t i = 0; i < t->count; i++)
        free(t->rows[i]);
    free(t->rows);
    free(t->notes);
}
