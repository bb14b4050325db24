/* Waiting for the commits of others: LISTEN, and the generation about every second - for those that say nothing, and to
 * find out that a server is gone which does not say that either. */
#include "store/postgres/internal.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

enum { LOOK_MS = 1000 };

static const char where[] = "store.wait";

static int64_t clock_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Says whether the generation is another than the last time. */
static bool look(struct postgres *p, bool *ret_changed, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };
    int64_t now = 0;

    RESULT r = postgres_run(p, SQL_GENERATION, &ps, where, err);
    if (!r)
        return false;
    if (!postgres_column_number(r, 0, &now) || now < 0)
        return att_fail(err, ATT_STORE_FAILED, where, "one row with a number", "a broken row");
    *ret_changed = (uint64_t)now != p->base.seen;
    p->base.seen = (uint64_t)now;
    p->looked_ms = clock_ms();
    return true;
}

/* First LISTEN, then the number: what is committed in between is counted and also told. After a connection that broke
 * somebody may have restored an older database: whatever the number is, the caller shall read. */
static bool listen_first(struct postgres *p, bool *ret_changed, struct att_err *err)
{
    RESULT r = postgres_text(p, "LISTEN " POSTGRES_CHANNEL, where, err);
    if (!r || !look(p, ret_changed, err))
        return false;
    *ret_changed = p->listened;
    p->listening = p->listened = true;
    return true;
}

/* Were we told? What it is about is asked for: the channel is the whole database's, and the schema may not be. */
static bool told(struct postgres *p)
{
    bool any = false;

    for (PGnotify *n; (n = PQnotifies(p->conn)); any = true)
        PQfreemem(n);
    return any;
}

/* Until there is something to read, or so many milliseconds. */
static bool wait_readable(struct postgres *p, int64_t ms, struct att_err *err)
{
    struct pollfd fd = { .fd = PQsocket(p->conn), .events = POLLIN };
    int n = poll(&fd, 1, (int)ms);

    if (n == 0 || (n < 0 && errno == EINTR) || (n > 0 && PQconsumeInput(p->conn) == 1))
        return true;
    postgres_disconnect(p);
    return att_fail(err, ATT_STORE_FAILED, where, "a connection to the PostgreSQL server", "one that broke");
}

static bool wait_for(struct postgres *p, unsigned ms, bool *ret_changed, struct att_err *err)
{
    int64_t until_ms = clock_ms() + ms;

    if (!p->listening && !listen_first(p, ret_changed, err))
        return false;
    while (!*ret_changed) {
        int64_t now_ms = clock_ms();
        if ((told(p) || now_ms - p->looked_ms >= LOOK_MS) && !look(p, ret_changed, err))
            return false;
        if (*ret_changed || now_ms >= until_ms)
            break;
        int64_t next_ms = p->looked_ms + LOOK_MS;
        int64_t left_ms = (next_ms < until_ms ? next_ms : until_ms) - now_ms;
        if (!wait_readable(p, left_ms > 0 ? left_ms : 0, err))
            return false;
    }
    return true;
}

bool postgres_wait(struct store *s, unsigned ms, bool *ret_changed, struct att_err *err)
{
    struct postgres *p = postgres_of(s);
    struct att_err first = { 0 };

    p->waits = true;
    p->silent = false;
    bool kept = postgres_connected(p);
    if (!kept && !postgres_connect(p, err))
        return false;
    if (wait_for(p, ms, ret_changed, &first))
        return true;
    /* A server that restarted is there again. One that says nothing would keep us for as long once more. */
    if (kept && !postgres_connected(p) && !p->silent)
        return postgres_connect(p, err) && wait_for(p, ms, ret_changed, err);
    if (err && err->code == ATT_OK)
        *err = first;
    return false;
}
