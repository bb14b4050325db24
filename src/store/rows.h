/* store/rows.h - for back ends: rows on their way out of a database are input.
 *
 * A back end reads its columns into spans and numbers; here they are held against the limits that the store has for
 * writing, and copied into the caller's arena. A broken row is STORE_FAILED and names the column, not its bytes.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "store/store.h"

/* Rows that one store_once forgets, at most: more than it adds, so that they do not pile up, and few enough that no
 * call waits for a long clean-up. */
enum { STORE_ONCE_FORGOTTEN_MAX = 16 };

/* UTF-8 without NUL, 1 to STORE_BODY_BYTES_MAX bytes. */
ATT_CHECK bool store_body_valid(struct att_span body);

/* Columns as a database gave them: borrowed, each text with a NUL behind it as SQLite and libpq have it. What is not
 * text at all has a NULL pointer. */
struct store_columns {
    struct att_span tenant;
    struct att_span kind;  /* documents */
    struct att_span id;    /* documents */
    struct att_span scope; /* audit */
    int64_t number;        /* version, seq */
    int64_t at_unix_s;
    struct att_span body;
};

/* The row, checked; it borrows from the columns. */
ATT_CHECK bool store_doc_view(const struct store_columns *c, struct store_doc *ret, struct att_err *err);
ATT_CHECK bool store_audit_view(const struct store_columns *c, struct store_audit *ret, struct att_err *err);
/* The row in the arena. OUT_OF_MEMORY. */
ATT_CHECK bool store_doc_copy(const struct store_doc *doc, struct att_arena *arena, struct store_doc *ret,
                              struct att_err *err);
ATT_CHECK bool store_audit_copy(const struct store_audit *row, struct att_arena *arena,
                                struct store_audit *ret, struct att_err *err);

/* Records being gathered in an arena. */
struct store_audit_list {
    struct att_arena *arena;
    struct store_audit *rows;
    size_t count, room;
};
/* A copy of the record is appended. */
ATT_CHECK bool store_audit_gather(struct store_audit_list *list, const struct store_audit *row,
                                  struct att_err *err);

/* STORE_CONFLICT; false. */
bool store_conflict(struct att_err *err, uint64_t replaces);

/* What lies below a scope: every text from `from` on and before `to`, byte for byte; the scope itself is not among
 * them. '0' is the character behind '/'. Not for "", which is above all. */
struct store_below {
    char from[STORE_ID_BYTES_MAX + 2];
    char to[STORE_ID_BYTES_MAX + 2];
};
void store_below_of(struct store_below *ret, const char *scope);

#endif
