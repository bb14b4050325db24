#include "store/postgres/internal.h"

/* What our sessions rely on, whatever the server, the database or the role set.
 *   lock_timeout        a writer waits for another one as long as it does on SQLite, then is refused
 *   statement_timeout   the server's own end to anything (a scan of all rows is the longest)
 *   idle_in_transaction a program that stopped in the middle of a transaction does not keep the others out for ever
 *   synchronous_commit  an answered commit is on disk; stricter settings are left alone */
static const char settings[] =
    "SET lock_timeout = '5s'; SET statement_timeout = '60s';"
    "SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = error;"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')";

static void no_notice(void *ctx, const PGresult *r)
{
    (void)ctx;
    (void)r; /* libpq would print it on stderr */
}

static bool dial(struct postgres *p, struct att_err *err)
{
    /* Those before the connection string are defaults, those behind it are set whatever it says. Of several hosts the one
     * that is no standby is meant; a peer that is gone without a word is noticed in about twenty seconds, by the kernel. */
    static const char *const names[] = { "connect_timeout",      "fallback_application_name",
                                         "target_session_attrs", "keepalives_idle",
                                         "keepalives_interval",  "keepalives_count",
                                         "tcp_user_timeout",     "dbname",
                                         "client_encoding",      NULL };
    const char *const values[] = { "5", "attestd", "primary",   "10",   "3",
                                   "3", "10000",   p->conninfo, "UTF8", NULL };

    postgres_disconnect(p);
    p->conn = PQconnectdbParams(names, values, 1);
    if (!p->conn)
        return att_fail_memory(err, "store.connect");
    if (PQstatus(p->conn) != CONNECTION_OK || PQsetnonblocking(p->conn, 1) != 0) {
        struct att_shown shown = { 0 };
        const char *message = PQerrorMessage(p->conn);
        return att_fail(err, ATT_STORE_FAILED, "store.connect", "a PostgreSQL server that lets us in", "%s",
                        att_shown(&shown, att_span_of(message, strcspn(message, "\n"))));
    }
    (void)PQsetNoticeReceiver(p->conn, no_notice, NULL);
    return true;
}

static bool set_up(struct postgres *p, struct att_err *err)
{
    const char *encoding = PQparameterStatus(p->conn, "server_encoding");

    /* Others (SQL_ASCII) would take bytes that are not text, or change some on the way. */
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.encoding", "a database with encoding UTF8", "%s",
                        encoding ? encoding : "none");
    RESULT r = postgres_text(p, settings, "store.settings", err);
    if (!r)
        return false;
    bool first = p->schema == 0;
    return (first ? postgres_migrate(p, err) : postgres_schema_check(p, err)) && postgres_prepare_all(p, err);
}

bool postgres_connect(struct postgres *p, struct att_err *err)
{
    if (dial(p, err) && set_up(p, err))
        return true;
    postgres_disconnect(p);
    return false;
}

bool postgres_call(struct postgres *p, postgres_call_fn call, void *ctx, struct att_err *err)
{
    struct att_err first = { 0 };

    if (p->base.tx)
        return call(p, ctx, err);
    bool kept = postgres_connected(p);
    if (!kept && !postgres_connect(p, err))
        return false;
    p->delivered = false;
    if (call(p, ctx, &first))
        return true;
    /* A kept connection may have broken long ago, unnoticed. */
    if (kept && !postgres_connected(p) && !p->delivered)
        return postgres_connect(p, err) && call(p, ctx, err);
    if (err && err->code == ATT_OK)
        *err = first;
    return false;
}
