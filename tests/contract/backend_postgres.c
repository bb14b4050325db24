/* Each store of the suite is a schema of its own in one database. The defaults that a store must overrule are set in the
 * connection string: asynchronous commits, another isolation level, read-only transactions.
 * tests/support/with-postgres gives the server: ATTESTD_TEST_POSTGRES is the folder of its socket,
 * ATTESTD_TEST_POSTGRES_CTL a program that takes start, stop, restart. */
#include "contract/backend.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

enum { WAIT_MAX_S = 30 };

static const char *folder, *ctl;
static unsigned number;

static bool start(void)
{
    folder = getenv("ATTESTD_TEST_POSTGRES");
    ctl = getenv("ATTESTD_TEST_POSTGRES_CTL");
    if (!folder || !ctl)
        printf("no server: run it through tests/support/with-postgres\n");
    return folder && ctl;
}

/* Behind the store's back; `ret` gets the first column of the first row. */
static bool ask(const char *sql, char *ret, size_t room)
{
    char conninfo[512];

    (void)snprintf(conninfo, sizeof conninfo,
                   "host=%s user=attestd dbname=postgres options='-csearch_path=c%u'", folder, number);
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *r = PQexec(conn, sql);
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
    if (ok && ret)
        (void)snprintf(ret, room, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(conn);
    return ok;
}

static bool raw(const char *sql)
{
    return ask(sql, NULL, 0);
}

static bool fresh(void)
{
    char sql[64];

    number++;
    (void)snprintf(
        backend_postgres.url, sizeof backend_postgres.url,
        "postgres:host=%s user=attestd dbname=postgres options='-csearch_path=c%u -csynchronous_commit=off "
        "-cdefault_transaction_isolation=serializable -cdefault_transaction_read_only=on'",
        folder, number);
    (void)snprintf(sql, sizeof sql, "CREATE SCHEMA c%u", number);
    return raw(sql);
}

static bool control(const char *verb)
{
    char command[256];

    (void)snprintf(command, sizeof command, "'%s' %s >/dev/null 2>&1", ctl, verb);
    return system(command) == 0;
}

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void the_session_overrules_defaults(void)
{
    struct store *s = open_fresh();
    char text[64] = "";

    if (!s)
        return;
    CHECK(raw("CREATE TABLE seen (what text);"
              "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES ("
              "current_setting('synchronous_commit') || ' ' || current_setting('transaction_isolation')); "
              "RETURN NEW; END $$;"
              "CREATE TRIGGER look BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION look()"),
          "a trigger that looks");
    CHECK(put_alone(s, "a", "1", 0), "a row: %s", step_err.text);
    CHECK(ask("SELECT what FROM seen", text, sizeof text) && strcmp(text, "on read committed") == 0,
          "commits are synchronous, and see what others committed: %s", text);
    store_close(s);
}

static void a_server_that_restarts(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0), "a row: %s", step_err.text);
    CHECK(control("restart") && put_alone(s, "a", "2", 1), "restarted, then a change: %s", step_err.text);
    CHECK(control("restart") && value_of(s, "a", NULL) == 2, "restarted, then a scan: %s", step_err.text);
    CHECK(control("restart") && generation(s) == 2, "restarted, then the generation");
    struct store_audit *rows = NULL;
    size_t count = 9;
    CHECK(control("restart") && store_audit_list(s, arena, NULL, "", 0, 9, &rows, &count, &step_err) &&
              count == 0,
          "restarted, then the trail: %s", step_err.text);
    bool first = false;
    step_err = (struct att_err){ 0 };
    CHECK(control("restart") && store_once(s, "s", "a", 9, 1, &first, &step_err) && first,
          "restarted, then what may happen once: %s", step_err.text);

    struct store_tx *tx = begin(s);
    CHECK(put(tx, "t", "k", "a", "3", 2) && control("restart"), "restarted inside a transaction");
    CHECK(!put(tx, "t", "k", "b", "1", 0) && step_err.code == ATT_STORE_FAILED,
          "its next call is refused: %s", step_err.text);
    CHECK(!commit(tx) && step_err.code == ATT_STORE_FAILED, "and its commit");
    tx = begin(s);
    CHECK(put(tx, "t", "k", "a", "3", 2) && control("restart"), "restarted before a commit");
    CHECK(!commit(tx) && step_err.code == ATT_STORE_FAILED, "which is refused: %s", step_err.text);
    CHECK(value_of(s, "a", NULL) == 2 && generation(s) == 2, "nothing of either was kept");
    CHECK(put_alone(s, "a", "3", 2), "and the store goes on: %s", step_err.text);
    store_close(s);
}

static void a_server_that_is_gone(void)
{
    struct store *s = open_fresh();
    struct store *other = NULL;
    uint64_t count = 0;

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0), "a row: %s", step_err.text);
    CHECK(control("stop"), "stopped");
    double started = seconds();
    for (int i = 0; i < 3; i++) {
        CHECK(!begin(s) && step_err.code == ATT_STORE_FAILED, "begin: %s", step_err.text);
        CHECK(value_of(s, "a", NULL) == -2 && step_err.code == ATT_STORE_FAILED, "scan: %s", step_err.text);
        step_err = (struct att_err){ 0 };
        CHECK(!store_generation(s, &count, &step_err) && step_err.code == ATT_STORE_FAILED, "generation: %s",
              step_err.text);
        step_err = (struct att_err){ 0 };
        CHECK(!store_open(backend->url, &other, &step_err) && step_err.code == ATT_STORE_FAILED, "open: %s",
              step_err.text);
    }
    CHECK(seconds() - started < WAIT_MAX_S, "twelve refusals took %.1f s", seconds() - started);
    CHECK(control("start"), "started");
    CHECK(value_of(s, "a", NULL) == 1 && put_alone(s, "a", "2", 1), "then it goes on: %s", step_err.text);
    store_close(s);
}

/* The server's process behind our session; 0 when it is not found. */
static pid_t session(void)
{
    char pid[32] = "";

    return ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'attestd' ORDER BY backend_start "
               "DESC",
               pid, sizeof pid)
               ? (pid_t)strtol(pid, NULL, 10)
               : 0;
}

static pid_t parent_of(pid_t pid)
{
    char path[64];
    int parent = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f || fscanf(f, "%*d (%*[^)]) %*c %d", &parent) != 1)
        parent = 0;
    if (f)
        (void)fclose(f);
    return parent;
}

static void a_session_that_is_ended_or_hangs(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0), "a row: %s", step_err.text);
    CHECK(raw("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = "
              "'attestd'") &&
              put_alone(s, "a", "2", 1),
          "the session is ended, then a change: %s", step_err.text);

    pid_t server = session();
    double started = seconds();
    if (server <= 1 || kill(server, SIGSTOP) != 0) {
        CHECK(false, "the session's process %d cannot be stopped", server);
        store_close(s);
        return;
    }
    CHECK(put_alone(s, "a", "3", 2), "a session that does not answer is replaced: %s", step_err.text);
    CHECK(seconds() - started < WAIT_MAX_S, "after %.1f s", seconds() - started);
    (void)kill(server, SIGCONT);

    server = session();
    pid_t postmaster = server > 1 ? parent_of(server) : 0;
    if (postmaster <= 1 || kill(postmaster, SIGSTOP) != 0 || kill(server, SIGSTOP) != 0) {
        CHECK(false, "the server %d cannot be stopped", postmaster);
        store_close(s);
        return;
    }
    started = seconds();
    struct store_tx *tx = begin(s);
    CHECK(!tx && step_err.code == ATT_STORE_FAILED, "a server that does not answer: %s", step_err.text);
    store_rollback(tx);
    CHECK(seconds() - started < WAIT_MAX_S, "is waited for %.1f s", seconds() - started);
    (void)kill(postmaster, SIGCONT);
    (void)kill(server, SIGCONT);
    CHECK(put_alone(s, "a", "4", 3), "then it goes on: %s", step_err.text);
    store_close(s);
}

/* Until it is told, at most that long; counts refusals on the way. */
static bool told_within(struct store *s, double most, unsigned *ret_refused)
{
    double until = seconds() + most;
    int got = 0;

    *ret_refused = 0;
    do {
        got = wait_ms(s, 100);
        *ret_refused += got < 0;
    } while (got != 1 && seconds() < until);
    return got == 1;
}

static void waiting(void)
{
    struct store *s = open_fresh(), *other = s ? open_again() : NULL;
    unsigned refused = 0;

    if (!other) {
        store_close(s);
        return;
    }
    CHECK(wait_ms(s, 0) == 0, "nothing yet: %s", step_err.text);
    CHECK(put_alone(other, "a", "1", 0), "a row: %s", step_err.text);
    double started = seconds();
    CHECK(wait_ms(s, 5000) == 1 && seconds() - started < 0.5, "told by the server: %.3f s",
          seconds() - started);
    CHECK(raw("NOTIFY attestd_changed") && wait_ms(s, 100) == 0, "a word about nothing of ours: %s",
          step_err.text);
    CHECK(raw("UPDATE store_state SET generation = generation + 1"), "a peer that says nothing");
    CHECK(told_within(s, 3, &refused) && refused == 0, "is seen, too: %s", step_err.text);

    CHECK(control("restart") && told_within(s, 5, &refused) && refused == 0,
          "a server that restarts between waits: %s", step_err.text);
    CHECK(wait_ms(s, 50) == 0, "and then nothing more: %s", step_err.text);
    CHECK(put_alone(other, "a", "2", 1) && wait_ms(s, 5000) == 1, "and it is told again: %s", step_err.text);

    CHECK(control("stop"), "stopped");
    started = seconds();
    CHECK(wait_ms(s, 60000) == -1 && step_err.code == ATT_STORE_FAILED && wait_ms(s, 60000) == -1,
          "nobody there: %s", step_err.text);
    CHECK(seconds() - started < 2, "is said at once: %.1f s", seconds() - started);
    CHECK(control("start") && told_within(s, 5, &refused), "and when it is back: %s", step_err.text);
    store_close(s);
    store_close(other);
}

/* The newest session is the one that waits. */
static void waiting_for_who_does_not_answer(void)
{
    struct store *s = open_fresh();
    unsigned refused = 0;

    if (!s)
        return;
    CHECK(wait_ms(s, 0) == 0, "nothing yet: %s", step_err.text);
    pid_t server = session(), postmaster = server > 1 ? parent_of(server) : 0;
    if (postmaster <= 1 || kill(postmaster, SIGSTOP) != 0 || kill(server, SIGSTOP) != 0) {
        CHECK(false, "the server %d cannot be stopped", postmaster);
        store_close(s);
        return;
    }
    double started = seconds();
    CHECK(wait_ms(s, 60000) == -1 && step_err.code == ATT_STORE_FAILED, "it says nothing: %s", step_err.text);
    CHECK(seconds() - started < 6, "which is noticed after %.1f s", seconds() - started);
    (void)kill(postmaster, SIGCONT);
    (void)kill(server, SIGCONT);
    CHECK(told_within(s, 5, &refused), "then it goes on: %s", step_err.text);
    store_close(s);
}

/* As a primary that became a standby answers, under a connection that stays. */
static void a_server_that_only_reads(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0), "a row: %s", step_err.text);
    CHECK(raw("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'standby' USING "
              "ERRCODE = '25006'; END $$;"
              "CREATE TRIGGER no BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION no()"),
          "a trigger that refuses");
    pid_t before = session();
    CHECK(!put_alone(s, "b", "1", 0) && step_err.code == ATT_STORE_FAILED, "a change: %s", step_err.text);
    CHECK(raw("DROP TRIGGER no ON documents") && put_alone(s, "b", "1", 0), "later it is done: %s",
          step_err.text);
    CHECK(before > 1 && session() != before, "over another connection");
    store_close(s);
}

static void other_servers(void)
{
    struct store *s = NULL;
    char url[512];

    CHECK(
        raw("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"),
        "a database of another encoding");
    (void)snprintf(url, sizeof url, "postgres:host=%s user=attestd dbname=ascii", folder);
    step_err = (struct att_err){ 0 };
    CHECK(!store_open(url, &s, &step_err) && step_err.code == ATT_STORE_FAILED &&
              strstr(step_err.text, "SQL_ASCII"),
          "is refused: %s", step_err.text);
    (void)snprintf(url, sizeof url, "postgres:host=%s user=nobody-we-know password=hidden dbname=postgres",
                   folder);
    step_err = (struct att_err){ 0 };
    CHECK(!store_open(url, &s, &step_err) && step_err.code == ATT_STORE_FAILED &&
              !strstr(step_err.text, "hidden"),
          "a role that is not there: %s", step_err.text);
    (void)snprintf(url, sizeof url, "postgres://attestd@/postgres?host=%s&options=-csearch_path%%3Durl",
                   folder);
    step_err = (struct att_err){ 0 };
    CHECK(raw("CREATE SCHEMA url") && store_open(url, &s, &step_err), "the form of a URL: %s", step_err.text);
    store_close(s);
}

static void own(struct cases *c)
{
    (void)c;
    the_session_overrules_defaults();
    other_servers();
    waiting();
    waiting_for_who_does_not_answer();
    a_server_that_only_reads();
    a_session_that_is_ended_or_hangs();
    a_server_that_restarts();
    a_server_that_is_gone();
}

static void stop(void) {}

static const char *const loose[] = {
    "ALTER TABLE documents DROP CONSTRAINT documents_pkey, DROP CONSTRAINT documents_version_check, "
    "DROP CONSTRAINT documents_body_check, ALTER tenant DROP NOT NULL, ALTER id DROP NOT NULL, "
    "ALTER version DROP NOT NULL, ALTER changed_unix_s DROP NOT NULL, ALTER body DROP NOT NULL",
    "DROP TRIGGER audit_only_grows ON audit",
    "ALTER TABLE audit DROP CONSTRAINT audit_pkey, DROP CONSTRAINT audit_seq_check, DROP CONSTRAINT "
    "audit_body_check, "
    "ALTER seq DROP NOT NULL, ALTER tenant DROP NOT NULL, ALTER scope DROP NOT NULL, ALTER at_unix_s DROP "
    "NOT NULL",
    NULL,
};

static const struct broken_row wrong[] = {
    { "version is text", "ALTER TABLE documents ALTER version TYPE text" },
    { "version is a fraction", "ALTER TABLE documents ALTER version TYPE numeric" },
    { "version is small", "ALTER TABLE documents ALTER version TYPE smallint" },
    { "time is a time", "ALTER TABLE documents ALTER changed_unix_s TYPE timestamptz USING to_timestamp(0)" },
    { "time is a fraction", "ALTER TABLE documents ALTER changed_unix_s TYPE float8" },
    { "body is bytes", "ALTER TABLE documents ALTER body TYPE bytea USING '\\x7b7d'" },
    { "body is JSON", "ALTER TABLE documents ALTER body TYPE json USING '{}'" },
    { "body is of limited length", "ALTER TABLE documents ALTER body TYPE varchar(9)" },
    { "tenant is of fixed length", "ALTER TABLE documents ALTER tenant TYPE char(9)" },
    { "id is a number", "ALTER TABLE documents ALTER id TYPE bigint USING 5" },
    { "no table", "DROP TABLE documents" },
    { "a table without the column", "ALTER TABLE documents DROP COLUMN version" },
    { NULL, NULL },
};

struct backend backend_postgres = {
    .name = "postgres",
    .shared = true,
    .start = start,
    .fresh = fresh,
    .raw = raw,
    .newer_schema = "UPDATE store_state SET schema = 99",
    .older_schema = "UPDATE store_state SET schema = 2",
    .first_schema = "DROP TABLE once; UPDATE store_state SET schema = 1",
    .loose_tables = loose,
    .wrong_types = wrong,
    .own = own,
    .stop = stop,
};
