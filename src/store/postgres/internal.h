/* store/postgres/internal.h - what the files of this back end share.
 *
 * The connection is kept. One that broke is replaced at the next call outside of a transaction, and that call is made
 * again; inside a transaction nothing is repeated, since nobody knows what the server still has of it. A server that
 * became a standby, or read-only in another way, is as good as a broken connection: another may be the primary by now.
 */
#ifndef STORE_POSTGRES_INTERNAL_H
#define STORE_POSTGRES_INTERNAL_H

#include "base/err.h"
#include "store/backends.h"
#include "store/rows.h"

#include <libpq-fe.h>

/* What cmake/modules.cmake exports. */
ATT_API extern const struct store_backend attestd_module_postgres;

/* Statements are prepared when a connection is made. */
enum postgres_sql {
    SQL_STATE_LOCK,
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
enum { PARAMETERS_MAX = 6, OID_INT8 = 20, OID_INT4 = 23, OID_TEXT = 25 };

struct postgres {
    struct store base;
    struct store_tx tx;
    PGconn *conn;        /* NULL: none, or one that broke */
    bool changed;        /* the open transaction changed a document */
    bool delivered;      /* rows of the running call went to the caller: it is not made again */
    uint64_t generation; /* as of its begin: nobody else can change it until its end */
    unsigned schema;
    bool as_is;        /* no schema is made or changed */
    bool waits;        /* this handle is for store_wait: a silent server is given up sooner */
    bool silent;       /* it was: the last connection was given up for that */
    bool listening;    /* this connection has said LISTEN */
    bool listened;     /* one before it had */
    int64_t looked_ms; /* when store_wait asked for the generation last */
    char *conninfo;    /* may hold a password: wiped when freed, never shown */
};

static inline struct postgres *postgres_of(struct store *s)
{
    return (struct postgres *)(void *)s;
}

/* A result that frees itself. */
static inline void postgres_clear(PGresult **r)
{
    PQclear(*r); /* NULL is fine */
}
#define RESULT __attribute__((cleanup(postgres_clear))) PGresult *

/* -- wire.c: asking the server, each wait bounded ---------------------------------------------------------- */

/* Is there a connection that has not been seen to break? */
bool postgres_connected(const struct postgres *p);
void postgres_disconnect(struct postgres *p);

/* Constant text, one statement or several; the last result. NULL with the error filled. */
PGresult *postgres_text(struct postgres *p, const char *sql, const char *where, struct att_err *err);
PGresult *postgres_prepare(struct postgres *p, const char *name, const char *sql, const Oid *types, int count,
                           struct att_err *err);
/* A kept statement and its parameters, added in order. Text goes as bytes with a length, numbers as digits. */
struct postgres_parameters {
    int count;
    const char *values[PARAMETERS_MAX]; /* NULL is SQL's NULL */
    int lengths[PARAMETERS_MAX];
    int formats[PARAMETERS_MAX];
    char numbers[PARAMETERS_MAX][24];
};
void postgres_add_text(struct postgres_parameters *ps, struct att_span text);
void postgres_add_null(struct postgres_parameters *ps);
void postgres_add_number(struct postgres_parameters *ps, int64_t number);
PGresult *postgres_run(struct postgres *p, enum postgres_sql which, const struct postgres_parameters *ps,
                       const char *where, struct att_err *err);
/* The same, row by row: `row` is called with results of one row each. False stops and skips the rest. */
typedef bool (*postgres_row_fn)(void *ctx, PGresult *row, struct att_err *err);
ATT_CHECK bool postgres_rows(struct postgres *p, enum postgres_sql which,
                             const struct postgres_parameters *ps, const char *where, postgres_row_fn row,
                             void *ctx, struct att_err *err);

/* Columns are input. Text of a type that is not text has a NULL pointer. */
struct att_span postgres_column_text(PGresult *r, int column);
ATT_CHECK bool postgres_column_number(PGresult *r, int column, int64_t *ret);

/* -- connect.c -------------------------------------------------------------------------------------------- */

/* A connection with our settings and statements. The first time the schema is brought to the newest; later the server's
 * must still be the same. */
ATT_CHECK bool postgres_connect(struct postgres *p, struct att_err *err);

/* Makes a call that leaves no trace when it fails. Outside of a transaction: connects first when there is no
 * connection, and once more when it is found broken. */
typedef bool (*postgres_call_fn)(struct postgres *p, void *ctx, struct att_err *err);
ATT_CHECK bool postgres_call(struct postgres *p, postgres_call_fn call, void *ctx, struct att_err *err);

/* -- statements.c ----------------------------------------------------------------------------------------- */

ATT_CHECK bool postgres_prepare_all(struct postgres *p, struct att_err *err);
const char *postgres_statement_name(enum postgres_sql which);

/* -- schema.c --------------------------------------------------------------------------------------------- */

/* Brings p->schema and the server to the newest; refuses a newer one. */
ATT_CHECK bool postgres_migrate(struct postgres *p, struct att_err *err);
ATT_CHECK bool postgres_schema_check(struct postgres *p, struct att_err *err);

/* -- postgres.c ------------------------------------------------------------------------------------------- */

void postgres_roll_back(struct postgres *p);

/* -- wait.c ----------------------------------------------------------------------------------------------- */

/* What a commit says to those who listen. Peers of version 0.1 say nothing and do not listen. */
#define POSTGRES_CHANNEL "attestd_changed"
bool postgres_wait(struct store *s, unsigned ms, bool *ret_changed, struct att_err *err);

/* -- documents.c, audit.c, once.c: rows of store_ops -------------------------------------------------------------- */

bool postgres_scan(struct store *s, const char *kind, store_each_fn each, void *ctx, struct att_err *err);
bool postgres_doc_get(struct store_tx *tx, struct att_arena *arena, const char *tenant, const char *kind,
                      const char *id, struct store_doc *ret, bool *ret_found, struct att_err *err);
bool postgres_doc_put(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces,
                      struct att_err *err);
bool postgres_doc_restore(struct store_tx *tx, const struct store_doc *doc, struct att_err *err);
bool postgres_doc_delete(struct store_tx *tx, const char *tenant, const char *kind, const char *id,
                         uint64_t replaces, struct att_err *err);
bool postgres_audit_list(struct store *s, struct att_arena *arena, const char *tenant, const char *scope,
                         uint64_t after_seq, size_t max, struct store_audit **ret, size_t *ret_count,
                         struct att_err *err);
bool postgres_audit_last(struct store_tx *tx, struct att_arena *arena, struct store_audit *ret,
                         bool *ret_found, struct att_err *err);
bool postgres_audit_append(struct store_tx *tx, const struct store_audit *record, uint64_t *ret_seq,
                           struct att_err *err);
bool postgres_once(struct store *s, const char *space, const char *id, int64_t until_unix_s,
                   int64_t now_unix_s, bool *ret_first, struct att_err *err);

#endif
