#include "base/auto.h"
#include "base/buf.h"
#include "base/secret.h"
#include "store/postgres/internal.h"

#include <stdlib.h>

/* -- transactions ----------------------------------------------------------------------------------------- */

static bool generation_call(struct postgres *p, void *ctx, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };
    int64_t number = 0;
    uint64_t *ret = ctx;

    RESULT r = postgres_run(p, SQL_GENERATION, &ps, "store.generation", err);
    if (!r)
        return false;
    if (!postgres_column_number(r, 0, &number) || number < 0)
        return att_fail(err, ATT_STORE_FAILED, "store.generation", "one row with a number", "a broken row");
    *ret = (uint64_t)number;
    return true;
}

static bool generation(struct store *s, uint64_t *ret, struct att_err *err)
{
    return postgres_call(postgres_of(s), generation_call, ret, err);
}

static bool tx_generation(struct store_tx *tx, uint64_t *ret, struct att_err *err)
{
    (void)err;
    *ret = postgres_of(tx->store)->generation;
    return true;
}

void postgres_roll_back(struct postgres *p)
{
    if (!postgres_connected(p))
        return;
    RESULT r = postgres_text(p, "ROLLBACK", "store.rollback", NULL);
    if (!r) /* with the connection the server drops the transaction */
        postgres_disconnect(p);
}

/* The row of state is locked until the end: whoever comes second waits here, and then sees what the first one did,
 * since each statement at this isolation level sees what is committed when it starts. A default of the database that
 * says otherwise is overruled. */
static bool lock_state(struct postgres *p, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };
    int64_t number = 0, schema = 0;

    RESULT r = postgres_run(p, SQL_STATE_LOCK, &ps, "store.begin", err);
    if (!r)
        return false;
    if (!postgres_column_number(r, 0, &number) || number < 0 || !postgres_column_number(r, 1, &schema))
        return att_fail(err, ATT_STORE_FAILED, "store.begin", "one row of state", "a broken row");
    if (schema != p->schema)
        return att_fail(err, ATT_STORE_FAILED, "store.schema", "the schema that was there at start",
                        "version %d: another attestd changed it", (int)schema);
    p->generation = (uint64_t)number;
    return true;
}

static bool begin_call(struct postgres *p, void *ctx, struct att_err *err)
{
    (void)ctx;
    RESULT r = postgres_text(p, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "store.begin", err);
    if (!r)
        return false;
    if (lock_state(p, err))
        return true;
    postgres_roll_back(p);
    return false;
}

static bool begin(struct store *s, struct store_tx **ret, struct att_err *err)
{
    struct postgres *p = postgres_of(s);

    if (!postgres_call(p, begin_call, NULL, err))
        return false;
    p->changed = false;
    *ret = &p->tx;
    return true;
}

static bool count_generation(struct postgres *p, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };

    RESULT r = postgres_run(p, SQL_GENERATION_NEXT, &ps, "store.generation", err);
    if (!r)
        return false;
    if (strcmp(PQcmdTuples(r), "1") != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.generation", "one row", "%s", PQcmdTuples(r));
    return true;
}

static bool commit(struct store_tx *tx, struct att_err *err)
{
    struct postgres *p = postgres_of(tx->store);

    if (p->changed && !count_generation(p, err)) {
        postgres_roll_back(p);
        return false;
    }
    /* A word to who listens goes with what it is about, or not at all. */
    RESULT r =
        postgres_text(p, p->changed ? "NOTIFY " POSTGRES_CHANNEL "; COMMIT" : "COMMIT", "store.commit", err);
    if (!r) {
        postgres_roll_back(p);
        return false;
    }
    /* A server answers COMMIT of a transaction that it had given up with ROLLBACK, and no error. */
    if (strcmp(PQcmdStatus(r), "COMMIT") != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.commit", "COMMIT", "%s", PQcmdStatus(r));
    return true;
}

static void rollback(struct store_tx *tx)
{
    postgres_roll_back(postgres_of(tx->store));
}

static unsigned schema_version(struct store *s)
{
    return postgres_of(s)->schema;
}

static void postgres_close(struct store *s)
{
    struct postgres *p = postgres_of(s);

    postgres_disconnect(p);
    if (p->conninfo)
        att_wipe(p->conninfo, strlen(p->conninfo));
    free(p->conninfo);
    free(p);
}

static const struct store_ops postgres_ops = {
    .scheme = "postgres",
    .scan = postgres_scan,
    .generation = generation,
    .audit_list = postgres_audit_list,
    .begin = begin,
    .doc_get = postgres_doc_get,
    .doc_put = postgres_doc_put,
    .doc_restore = postgres_doc_restore,
    .doc_delete = postgres_doc_delete,
    .audit_last = postgres_audit_last,
    .audit_append = postgres_audit_append,
    .tx_generation = tx_generation,
    .commit = commit,
    .rollback = rollback,
    .once = postgres_once,
    .wait = postgres_wait,
    .schema_version = schema_version,
    .close = postgres_close,
};

/* -- opening ---------------------------------------------------------------------------------------------- */

/* What libpq is given: the text behind "postgres:", or the whole URL when it was one. */
static bool take_conninfo(struct postgres *p, const char *rest, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    if (strncmp(rest, "//", 2) == 0)
        att_buf_puts(&text, "postgres:");
    att_buf_puts(&text, rest);
    att_buf_putc(&text, 0);
    p->conninfo = text.failed ? NULL : strdup((const char *)text.ptr);
    if (!p->conninfo)
        return att_fail_memory(err, "store");
    /* libpq's complaint may quote a password: it is not repeated. */
    PQconninfoOption *options = *rest ? PQconninfoParse(p->conninfo, NULL) : NULL;
    if (!options)
        return att_fail(err, ATT_CONFIG_INVALID, "store",
                        "postgres:KEY=VALUE ... or postgres://..., as libpq takes it",
                        "text that is neither");
    PQconninfoFree(options);
    return true;
}

static bool open_one(const char *rest, bool as_is, struct store **ret, struct att_err *err)
{
    struct postgres *p = calloc(1, sizeof *p);

    if (!p)
        return att_fail_memory(err, "store");
    p->base.ops = &postgres_ops;
    p->as_is = as_is;
    if (!take_conninfo(p, rest, err) || !postgres_connect(p, err)) {
        postgres_close(&p->base);
        return false;
    }
    *ret = &p->base;
    return true;
}

static bool postgres_open(const char *rest, struct store **ret, struct att_err *err)
{
    return open_one(rest, false, ret, err);
}

static bool postgres_open_as_is(const char *rest, struct store **ret, struct att_err *err)
{
    return open_one(rest, true, ret, err);
}

const struct store_backend attestd_module_postgres = { .scheme = "postgres",
                                                       .open = postgres_open,
                                                       .open_as_is = postgres_open_as_is };
