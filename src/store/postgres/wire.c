#include "store/postgres/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* As long as a server may be silent. Above the time it may wait for a lock (connect.c), so that its own refusal
 * arrives; below its limit on a statement, so that a COMMIT which waits for a standby is unknown to us before the
 * server gives up waiting and calls it done. */
enum { SILENCE_MS = 10000 };

/* The handle that waits asks for one number, which waits for nobody: who does not answer that is not there. */
enum { SILENCE_WAITING_MS = 3000 };

bool postgres_connected(const struct postgres *p)
{
    return p->conn && PQstatus(p->conn) == CONNECTION_OK;
}

void postgres_disconnect(struct postgres *p)
{
    PQfinish(p->conn); /* NULL is fine */
    p->conn = NULL;
    p->listening = false;
}

/* The connection is of no more use. libpq's words name hosts, users and reasons, no password. */
static bool lost(struct postgres *p, const char *where, struct att_err *err)
{
    struct att_shown shown = { 0 };
    const char *message = p->conn ? PQerrorMessage(p->conn) : "no connection";

    (void)att_fail(err, ATT_STORE_FAILED, where, "an answer of the PostgreSQL server", "%s",
                   att_shown(&shown, att_span_of(message, strcspn(message, "\n"))));
    postgres_disconnect(p);
    return false;
}

/* The server's no: its five-letter state and the first line. The details, which may quote values, are left out. */
static void refused(const PGresult *r, const char *where, struct att_err *err)
{
    struct att_shown shown = { 0 };
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    (void)att_fail(err, ATT_STORE_FAILED, where, "success", "%s: %s", state ? state : "no state",
                   att_shown(&shown, att_str(message)));
}

static bool idle(struct postgres *p)
{
    return PQtransactionStatus(p->conn) != PQTRANS_UNKNOWN && PQstatus(p->conn) == CONNECTION_OK;
}

/* A server that was the primary and is none any more, or is read-only for another reason: it goes on answering, and would
 * refuse every change until somebody looks. */
static bool read_only(const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    return state && strcmp(state, "25006") == 0; /* read_only_sql_transaction */
}

/* Until the next result can be had without waiting. */
static bool wait_for_result(struct postgres *p, const char *where, struct att_err *err)
{
    int silence_ms = p->waits ? SILENCE_WAITING_MS : SILENCE_MS;

    for (;;) {
        int unsent = PQflush(p->conn);
        if (unsent < 0)
            return lost(p, where, err);
        if (unsent == 0 && !PQisBusy(p->conn))
            return true;
        struct pollfd fd = { .fd = PQsocket(p->conn), .events = unsent ? POLLIN | POLLOUT : POLLIN };
        int n = poll(&fd, 1, silence_ms);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0) {
            (void)att_fail(err, ATT_STORE_FAILED, where, "an answer of the PostgreSQL server",
                           "none for %d s", silence_ms / 1000);
            postgres_disconnect(p);
            p->silent = true;
            return false;
        }
        if (n < 0 || PQconsumeInput(p->conn) == 0)
            return lost(p, where, err);
    }
}

static bool good(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE;
}

/* Reads all results of what was sent; the last, or NULL when one of them was a refusal or the connection broke. */
static PGresult *finish(struct postgres *p, const char *where, struct att_err *err)
{
    RESULT last = NULL;
    bool ok = true, of_use = true;

    for (;;) {
        if (!wait_for_result(p, where, err))
            return NULL;
        PGresult *r = PQgetResult(p->conn);
        if (!r)
            break;
        if (!good(r)) {
            refused(r, where, err);
            ok = false;
            of_use = of_use && !read_only(r);
        }
        PQclear(last);
        last = r;
    }
    if (!of_use || !idle(p)) /* a refusal may have been the server's last words */
        postgres_disconnect(p);
    if (!ok || !last)
        return NULL;
    PGresult *out = last;
    last = NULL;
    return out;
}

PGresult *postgres_text(struct postgres *p, const char *sql, const char *where, struct att_err *err)
{
    if (!postgres_connected(p) || PQsendQuery(p->conn, sql) == 0) {
        (void)lost(p, where, err);
        return NULL;
    }
    return finish(p, where, err);
}

PGresult *postgres_prepare(struct postgres *p, const char *name, const char *sql, const Oid *types, int count,
                           struct att_err *err)
{
    if (!postgres_connected(p) || PQsendPrepare(p->conn, name, sql, count, types) == 0) {
        (void)lost(p, name, err);
        return NULL;
    }
    return finish(p, name, err);
}

static bool send_statement(struct postgres *p, enum postgres_sql which, const struct postgres_parameters *ps,
                           const char *where, struct att_err *err)
{
    if (!postgres_connected(p) || PQsendQueryPrepared(p->conn, postgres_statement_name(which), ps->count,
                                                      ps->values, ps->lengths, ps->formats, 0) == 0)
        return lost(p, where, err);
    return true;
}

PGresult *postgres_run(struct postgres *p, enum postgres_sql which, const struct postgres_parameters *ps,
                       const char *where, struct att_err *err)
{
    if (!send_statement(p, which, ps, where, err))
        return NULL;
    return finish(p, where, err);
}

bool postgres_rows(struct postgres *p, enum postgres_sql which, const struct postgres_parameters *ps,
                   const char *where, postgres_row_fn row, void *ctx, struct att_err *err)
{
    bool ok = true;

    if (!send_statement(p, which, ps, where, err))
        return false;
    if (PQsetSingleRowMode(p->conn) == 0)
        return lost(p, where, err);
    for (;;) {
        if (!wait_for_result(p, where, err))
            return false;
        RESULT r = PQgetResult(p->conn);
        if (!r)
            break;
        if (!good(r)) {
            refused(r, where, err);
            ok = false;
        }
        ok = ok && (PQresultStatus(r) != PGRES_SINGLE_TUPLE || row(ctx, r, err));
    }
    if (!idle(p))
        postgres_disconnect(p);
    return ok;
}

void postgres_add_text(struct postgres_parameters *ps, struct att_span text)
{
    int i = ps->count++;

    ps->values[i] = (const char *)text.ptr;
    ps->lengths[i] = (int)text.len; /* bodies are the longest: 1 MiB */
    ps->formats[i] = 1;             /* by length: a span has no NUL behind it */
}

void postgres_add_null(struct postgres_parameters *ps)
{
    ps->values[ps->count++] = NULL;
}

void postgres_add_number(struct postgres_parameters *ps, int64_t number)
{
    int i = ps->count++;

    (void)snprintf(ps->numbers[i], sizeof ps->numbers[i], "%" PRId64, number);
    ps->values[i] = ps->numbers[i];
}

struct att_span postgres_column_text(PGresult *r, int column)
{
    if (PQntuples(r) != 1 || column >= PQnfields(r) || PQftype(r, column) != OID_TEXT ||
        PQgetisnull(r, 0, column))
        return (struct att_span){ 0 };
    return att_span_of(PQgetvalue(r, 0, column), (size_t)PQgetlength(r, 0, column));
}

bool postgres_column_number(PGresult *r, int column, int64_t *ret)
{
    char *end = NULL;

    if (PQntuples(r) != 1 || column >= PQnfields(r) || PQgetisnull(r, 0, column) ||
        (PQftype(r, column) != OID_INT8 && PQftype(r, column) != OID_INT4))
        return false;
    const char *text = PQgetvalue(r, 0, column);
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end)
        return false;
    *ret = number;
    return true;
}
