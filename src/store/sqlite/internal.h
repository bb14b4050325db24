/* store/sqlite/internal.h - what the files of this back end share. */
#ifndef STORE_SQLITE_INTERNAL_H
#define STORE_SQLITE_INTERNAL_H

#include "base/err.h"
#include "store/rows.h"

#include <sqlite3.h>

/* Statements are prepared once, when first used, and kept. */
enum sqlite_sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SCHEMA,
    SQL_GENERATION,
    SQL_GENERATION_NEXT,
    SQL_DOC_SCAN,
    SQL_DOC_SCAN_ALL,
    SQL_DOC_RESTORE,
    SQL_DOC_GET,
    SQL_DOC_INSERT,
    SQL_DOC_UPDATE,
    SQL_DOC_DELETE,
    SQL_AUDIT_LIST,
    SQL_AUDIT_LAST,
    SQL_AUDIT_INSERT,
    SQL_ONCE_TAKE,
    SQL_ONCE_FORGET,
    SQL_COUNT
};

struct sqlite {
    struct store base;
    struct store_tx tx;
    bool changed; /* the open transaction changed a document */
    unsigned schema;
    bool as_is; /* no schema is made or changed */
    sqlite3 *db;
    sqlite3_stmt *kept[SQL_COUNT];
};

static inline struct sqlite *sqlite_of(struct store *s)
{
    return (struct sqlite *)(void *)s;
}

/* -- statements.c ----------------------------------------------------------------------------------------- */

/* SQLite's words name tables and files, never values: they may be shown to the operator. False. */
bool sqlite_failed(struct sqlite *q, const char *where, struct att_err *err);
/* Ready to be bound; NULL with the error filled. Goes back through SQLITE_USE. */
sqlite3_stmt *sqlite_use(struct sqlite *q, enum sqlite_sql which, const char *where, struct att_err *err);
void sqlite_unuse(sqlite3_stmt **st);
#define SQLITE_USE __attribute__((cleanup(sqlite_unuse))) sqlite3_stmt *
/* Runs one that gives no rows and has nothing to bind. */
ATT_CHECK bool sqlite_do(struct sqlite *q, enum sqlite_sql which, const char *where, struct att_err *err);
/* Runs one that gives a single number. */
ATT_CHECK bool sqlite_number(struct sqlite *q, enum sqlite_sql which, const char *where, int64_t *ret,
                             struct att_err *err);
ATT_CHECK bool sqlite_bind_text(sqlite3_stmt *st, int at, struct att_span text);
/* Columns are input: the pointer is NULL when the column is not text. */
struct att_span sqlite_text(sqlite3_stmt *st, int at);
/* 0, which is refused where it matters, when the column is not an integer. */
bool sqlite_integer(sqlite3_stmt *st, int at, int64_t *ret);
void sqlite_finalize_all(struct sqlite *q);

/* -- schema.c --------------------------------------------------------------------------------------------- */

/* Brings the file to the newest schema; refuses one that is newer. */
ATT_CHECK bool sqlite_migrate(struct sqlite *q, struct att_err *err);

/* -- sqlite.c --------------------------------------------------------------------------------------------- */

/* Keeps other writers out until the end; refused when another attestd has changed the schema. */
ATT_CHECK bool sqlite_write_begin(struct sqlite *q, struct att_err *err);
void sqlite_write_undo(struct sqlite *q);

/* -- documents.c, audit.c, once.c: rows of store_ops -------------------------------------------------------------- */

bool sqlite_scan(struct store *s, const char *kind, store_each_fn each, void *ctx, struct att_err *err);
bool sqlite_doc_get(struct store_tx *tx, struct att_arena *arena, const char *tenant, const char *kind,
                    const char *id, struct store_doc *ret, bool *ret_found, struct att_err *err);
bool sqlite_doc_put(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces, struct att_err *err);
bool sqlite_doc_restore(struct store_tx *tx, const struct store_doc *doc, struct att_err *err);
bool sqlite_doc_delete(struct store_tx *tx, const char *tenant, const char *kind, const char *id,
                       uint64_t replaces, struct att_err *err);
bool sqlite_audit_list(struct store *s, struct att_arena *arena, const char *tenant, const char *scope,
                       uint64_t after_seq, size_t max, struct store_audit **ret, size_t *ret_count,
                       struct att_err *err);
bool sqlite_audit_last(struct store_tx *tx, struct att_arena *arena, struct store_audit *ret, bool *ret_found,
                       struct att_err *err);
bool sqlite_audit_append(struct store_tx *tx, const struct store_audit *record, uint64_t *ret_seq,
                         struct att_err *err);
bool sqlite_once(struct store *s, const char *space, const char *id, int64_t until_unix_s, int64_t now_unix_s,
                 bool *ret_first, struct att_err *err);

#endif
