/* A transaction of its own that does not lock the row of state: it changes no document, so it need not wait for those
 * who do, nor they for it. Two with the same key: the second waits for the first's end, and then sees its row. */
#include "store/postgres/internal.h"

static const char where[] = "store.once";

/* A newer attestd may have changed the schema while we were running. Asked along with the beginning: callers wait here
 * one behind the other, and each way to the server and back counts. */
static bool begin_call(struct postgres *p, void *ctx, struct att_err *err)
{
    int64_t schema = 0;

    (void)ctx;
    RESULT r = postgres_text(p,
                             "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
                             "SELECT schema FROM store_state WHERE one",
                             where, err);
    if (r && postgres_column_number(r, 0, &schema) && schema == p->schema)
        return true;
    if (r)
        (void)att_fail(err, ATT_STORE_FAILED, "store.schema", "the schema that was there at start",
                       "version %d: another attestd changed it", (int)schema);
    postgres_roll_back(p);
    return false;
}

/* One row more than there was, or one that had been past its time: nobody else has it. */
static bool take(struct postgres *p, const char *space, const char *id, int64_t until_unix_s,
                 int64_t now_unix_s, bool *ret_first, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };

    postgres_add_text(&ps, att_str(space));
    postgres_add_text(&ps, att_str(id));
    postgres_add_number(&ps, until_unix_s);
    postgres_add_number(&ps, now_unix_s);
    RESULT r = postgres_run(p, SQL_ONCE_TAKE, &ps, where, err);
    if (!r)
        return false;
    *ret_first = strcmp(PQcmdTuples(r), "1") == 0;
    return true;
}

static bool forget(struct postgres *p, int64_t now_unix_s, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };

    postgres_add_number(&ps, now_unix_s);
    postgres_add_number(&ps, STORE_ONCE_FORGOTTEN_MAX);
    RESULT r = postgres_run(p, SQL_ONCE_FORGET, &ps, where, err);
    return r != NULL;
}

static bool commit(struct postgres *p, struct att_err *err)
{
    RESULT r = postgres_text(p, "COMMIT", where, err);
    if (!r)
        return false;
    if (strcmp(PQcmdStatus(r), "COMMIT") != 0)
        return att_fail(err, ATT_STORE_FAILED, where, "COMMIT", "%s", PQcmdStatus(r));
    return true;
}

bool postgres_once(struct store *s, const char *space, const char *id, int64_t until_unix_s,
                   int64_t now_unix_s, bool *ret_first, struct att_err *err)
{
    struct postgres *p = postgres_of(s);
    bool first = false;

    /* Only the beginning is made again after a connection broke: a take that counted, but whose answer was lost,
     * would find itself. */
    if (!postgres_call(p, begin_call, NULL, err))
        return false;
    if (!take(p, space, id, until_unix_s, now_unix_s, &first, err) || !forget(p, now_unix_s, err) ||
        !commit(p, err)) {
        postgres_roll_back(p);
        return false;
    }
    *ret_first = first;
    return true;
}
