/* store/memory/table.h - documents in key order, and what a transaction did to them.
 *
 * Every change is noted with the row that it replaced; undoing the notes from the last to the first restores the table
 * as it was. A change allocates everything that it needs, its note too, before it touches the table: so it happens
 * whole or not at all, and undoing never allocates. */
#ifndef STORE_MEMORY_TABLE_H
#define STORE_MEMORY_TABLE_H

#include "store/store.h"

struct memory_row {
    struct store_doc doc; /* its strings lie behind it, in the same allocation */
};

struct memory_note {
    struct memory_row *before; /* NULL: there was none */
    struct memory_row *after;  /* NULL: removed */
};

struct memory_table {
    struct memory_row **rows; /* by kind, tenant, id */
    size_t count, room;
    struct memory_note *notes;
    size_t note_count, note_room;
};

/* Where the key is, or where it would go. */
size_t memory_table_find(const struct memory_table *t, const char *kind, const char *tenant, const char *id,
                         bool *ret_there);
/* The first row of the kind, or where it would be. */
size_t memory_table_kind(const struct memory_table *t, const char *kind);
/* Puts the document, at the version it has, in the place of the row with its key if there is one. False: no memory. */
ATT_CHECK bool memory_table_put(struct memory_table *t, const struct store_doc *doc);
/* Removes the row at `at`. False: no memory. */
ATT_CHECK bool memory_table_remove(struct memory_table *t, size_t at);
/* The end of a transaction: notes are dropped with the rows that nobody needs any more. */
void memory_table_keep(struct memory_table *t);
void memory_table_undo(struct memory_table *t);
void memory_table_free(struct memory_table *t);

#endif
