/* What is the same for every back end: arguments are checked, and what a transaction allows, before a back end sees the
 * call. The lengths are those that the tables' keys can hold; a row that would not be read back is not written. */
#include "store/store.h"

#include "base/err.h"
#include "codec/utf8.h"
#include "store/rows.h"

#include <time.h>

static bool check_text(const char *text, size_t least, size_t most, const char *where, struct att_err *err)
{
    if (!text)
        return att_fail(err, ATT_STORE_FAILED, where, "text", "nothing");
    size_t len = strnlen(text, most + 1);
    if (len < least)
        return att_fail(err, ATT_STORE_FAILED, where, "text that is not empty", "the empty text");
    if (len > most)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "text within the limit", "more than %zu bytes", most);
    if (!att_utf8_valid(att_span_of(text, len)))
        return att_fail(err, ATT_STORE_FAILED, where, "UTF-8", "other bytes");
    return true;
}

static bool check_body(struct att_span body, const char *where, struct att_err *err)
{
    if (body.len > STORE_BODY_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "a body within the limit", "%zu bytes, at most %d",
                        body.len, STORE_BODY_BYTES_MAX);
    if (!store_body_valid(body))
        return att_fail(err, ATT_STORE_FAILED, where, "UTF-8 text without NUL, not empty",
                        "%zu bytes that are not", body.len);
    return true;
}

static bool check_key(const char *tenant, const char *kind, const char *id, struct att_err *err)
{
    return check_text(tenant, 1, STORE_TENANT_BYTES_MAX, "store.tenant", err) &&
           check_text(kind, 1, STORE_KIND_BYTES_MAX, "store.kind", err) &&
           check_text(id, 1, STORE_ID_BYTES_MAX, "store.id", err);
}

/* Versions are signed 64-bit numbers in both databases. No row is ever at one above: that is a conflict. */
static bool check_version(uint64_t replaces, const char *where, struct att_err *err)
{
    if (replaces >= INT64_MAX)
        return att_fail(err, ATT_STORE_CONFLICT, where, "a version that a row can have", "a larger number");
    return true;
}

/* -- reading ---------------------------------------------------------------------------------------------- */

/* A database may have given up the open transaction over a failed read. */
static bool read_done(struct store *s, bool ok)
{
    if (!ok && s->tx)
        s->tx->refused = true;
    return ok;
}

bool store_scan(struct store *s, const char *kind, store_each_fn each, void *ctx, struct att_err *err)
{
    if (kind && !check_text(kind, 1, STORE_KIND_BYTES_MAX, "store.kind", err))
        return false;
    return read_done(s, s->ops->scan(s, kind, each, ctx, err));
}

bool store_generation(struct store *s, uint64_t *ret, struct att_err *err)
{
    return read_done(s, s->ops->generation(s, ret, err));
}

bool store_audit_list(struct store *s, struct att_arena *arena, const char *tenant, const char *scope,
                      uint64_t after_seq, size_t max, struct store_audit **ret, size_t *ret_count,
                      struct att_err *err)
{
    if (tenant && !check_text(tenant, 1, STORE_TENANT_BYTES_MAX, "store.audit.tenant", err))
        return false;
    if (!check_text(scope, 0, STORE_ID_BYTES_MAX, "store.audit.scope", err))
        return false;
    if (max == 0 || after_seq >= INT64_MAX) {
        *ret = NULL;
        *ret_count = 0;
        return true;
    }
    if (max > INT64_MAX)
        max = INT64_MAX;
    return read_done(s, s->ops->audit_list(s, arena, tenant, scope, after_seq, max, ret, ret_count, err));
}

/* -- transactions ----------------------------------------------------------------------------------------- */

bool store_begin(struct store *s, struct store_tx **ret, struct att_err *err)
{
    struct store_tx *tx = NULL;

    if (s->tx)
        return att_fail(err, ATT_STORE_FAILED, "store.begin", "no open transaction", "one that is open");
    if (!s->ops->begin(s, &tx, err))
        return false;
    tx->store = s;
    tx->refused = false;
    s->tx = tx;
    *ret = tx;
    return true;
}

static bool done(struct store_tx *tx, bool ok)
{
    tx->refused = tx->refused || !ok;
    return ok;
}

static bool usable(const struct store_tx *tx, struct att_err *err)
{
    if (tx->refused)
        return att_fail(err, ATT_STORE_FAILED, "store.transaction", "one in which every call succeeded",
                        "one in which a call was refused: it can only be rolled back");
    return true;
}

bool store_doc_get(struct store_tx *tx, struct att_arena *arena, const char *tenant, const char *kind,
                   const char *id, struct store_doc *ret, bool *ret_found, struct att_err *err)
{
    struct store_doc row = { 0 };
    bool found = false;

    if (!usable(tx, err) || !check_key(tenant, kind, id, err) ||
        !tx->store->ops->doc_get(tx, arena, tenant, kind, id, &row, &found, err))
        return done(tx, false);
    if (found)
        *ret = row;
    *ret_found = found;
    return true;
}

bool store_doc_restore(struct store_tx *tx, const struct store_doc *doc, struct att_err *err)
{
    return done(tx, usable(tx, err) && check_key(doc->tenant, doc->kind, doc->id, err) &&
                        check_body(doc->body, "store.body", err) &&
                        check_version(doc->version, "store.version", err) &&
                        (doc->version > 0 ||
                         att_fail(err, ATT_STORE_FAILED, "store.version", "a version from 1 on", "0")) &&
                        tx->store->ops->doc_restore(tx, doc, err));
}

bool store_doc_put(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces, struct att_err *err)
{
    return done(tx, usable(tx, err) && check_key(doc->tenant, doc->kind, doc->id, err) &&
                        check_body(doc->body, "store.body", err) &&
                        check_version(replaces, "store.version", err) &&
                        tx->store->ops->doc_put(tx, doc, replaces, err));
}

bool store_doc_delete(struct store_tx *tx, const char *tenant, const char *kind, const char *id,
                      uint64_t replaces, struct att_err *err)
{
    if (replaces == 0)
        return done(tx, att_fail(err, ATT_STORE_CONFLICT, "store.version", "the version of a row", "0"));
    return done(tx, usable(tx, err) && check_key(tenant, kind, id, err) &&
                        check_version(replaces, "store.version", err) &&
                        tx->store->ops->doc_delete(tx, tenant, kind, id, replaces, err));
}

bool store_audit_last(struct store_tx *tx, struct att_arena *arena, struct store_audit *ret, bool *ret_found,
                      struct att_err *err)
{
    struct store_audit row = { 0 };
    bool found = false;

    if (!usable(tx, err) || !tx->store->ops->audit_last(tx, arena, &row, &found, err))
        return done(tx, false);
    if (found)
        *ret = row;
    *ret_found = found;
    return true;
}

bool store_audit_append(struct store_tx *tx, const struct store_audit *record, uint64_t *ret_seq,
                        struct att_err *err)
{
    return done(tx, usable(tx, err) &&
                        check_text(record->tenant, 1, STORE_TENANT_BYTES_MAX, "store.audit.tenant", err) &&
                        check_text(record->scope, 0, STORE_ID_BYTES_MAX, "store.audit.scope", err) &&
                        check_body(record->body, "store.audit.body", err) &&
                        tx->store->ops->audit_append(tx, record, ret_seq, err));
}

bool store_tx_generation(struct store_tx *tx, uint64_t *ret, struct att_err *err)
{
    return done(tx, usable(tx, err) && tx->store->ops->tx_generation(tx, ret, err));
}

bool store_commit(struct store_tx *tx, struct att_err *err)
{
    if (!usable(tx, err)) {
        store_rollback(tx);
        return false;
    }
    tx->store->tx = NULL;
    return tx->store->ops->commit(tx, err);
}

void store_rollback(struct store_tx *tx)
{
    if (!tx)
        return;
    tx->store->tx = NULL;
    tx->store->ops->rollback(tx);
}

/* -- what may happen once --------------------------------------------------------------------------------- */

bool store_once(struct store *s, const char *space, const char *id, int64_t until_unix_s, int64_t now_unix_s,
                bool *ret_first, struct att_err *err)
{
    if (s->tx)
        return att_fail(err, ATT_STORE_FAILED, "store.once", "no open transaction", "one that is open");
    if (!check_text(space, 1, STORE_KIND_BYTES_MAX, "store.once.space", err) ||
        !check_text(id, 1, STORE_ID_BYTES_MAX, "store.once.id", err))
        return false;
    /* It would be forgotten at once, and everybody would be the first. */
    if (until_unix_s < now_unix_s)
        return att_fail(err, ATT_STORE_FAILED, "store.once.until", "a time that is not past",
                        "one before the present");
    return s->ops->once(s, space, id, until_unix_s, now_unix_s, ret_first, err);
}

unsigned store_schema_version(struct store *s)
{
    return s->ops->schema_version(s);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_rollback(s->tx);
    s->ops->close(s);
}

/* -- replicas ---------------------------------------------------------------------------------------------- */

enum { LOOK_MS = 200 };

static int64_t clock_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int64_t ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    (void)nanosleep(&t, NULL); /* cut short by a signal: one look more */
}

/* What was seen before the first look counts as seen; after a look that failed nobody knows. */
static bool look(struct store *s, bool *ret_changed, struct att_err *err)
{
    uint64_t now = 0;

    if (!s->ops->generation(s, &now, err)) {
        s->seen_lost = s->seen_known;
        return false;
    }
    *ret_changed = s->seen_known && (s->seen_lost || now != s->seen);
    s->seen = now;
    s->seen_known = true;
    s->seen_lost = false;
    return true;
}

static bool wait_by_looking(struct store *s, unsigned ms, bool *ret_changed, struct att_err *err)
{
    int64_t until_ms = clock_ms() + ms;

    for (;;) {
        if (!look(s, ret_changed, err))
            return false;
        int64_t left = until_ms - clock_ms();
        if (*ret_changed || left <= 0)
            return true;
        sleep_ms(left < LOOK_MS ? left : LOOK_MS);
    }
}

bool store_wait(struct store *s, unsigned ms, bool *ret_changed, struct att_err *err)
{
    bool changed = false;

    if (s->tx)
        return att_fail(err, ATT_STORE_FAILED, "store.wait", "no open transaction", "one that is open");
    if (!(s->ops->wait ? s->ops->wait : wait_by_looking)(s, ms, &changed, err))
        return false;
    *ret_changed = changed;
    return true;
}
