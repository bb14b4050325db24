/* store/store.h - rows at rest: versioned documents and the audit trail.
 *
 * The store knows nothing of providers or roles. A row is a document: a tenant, a kind ("provider", "policy",
 * "signing-key"), an id that is unique within the two, a version that counts its changes, and a body of JSON. What a
 * kind's body holds is the business of src/site and src/service. docs/decisions/0012 says why there is not a table for
 * each kind.
 *
 * Changes are made inside a transaction and are durable when store_commit has returned true. Transactions of all
 * processes on one store exclude each other. Every change names the version that it replaces; if the row is at another
 * one by now the change is refused with STORE_CONFLICT and nothing is written.
 *
 * Example:
 *     struct store_tx *tx = NULL;
 *     if (!store_begin(store, &tx, &err))
 *         return false;
 *     struct store_doc doc = { .tenant = tid, .kind = "group", .id = id, .body = json };
 *     bool ok = store_doc_put(tx, &doc, 0, &err) && store_audit_append(tx, &record, &seq, &err);
 *     return ok ? store_commit(tx, &err) : (store_rollback(tx), false);
 *
 * Ownership: rows returned live in the caller's arena; what is passed in is borrowed for the call.
 * Errors: STORE_FAILED (the store's own trouble, also a broken row, and arguments that are empty or not UTF-8),
 * LIMIT_EXCEEDED (arguments that are too long), STORE_CONFLICT, OUT_OF_MEMORY.
 * Threads: a struct store and its transaction may be used by one thread at a time. One transaction at a time.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <attest/arena.h>
#include <attest/error.h>

enum {
    STORE_TENANT_BYTES_MAX = 64,
    STORE_KIND_BYTES_MAX = 32,
    STORE_ID_BYTES_MAX = 1024,
    STORE_BODY_BYTES_MAX = 1 << 20,
};

/* Rows of the installation itself (signing keys) have this tenant. */
#define STORE_TENANT_SITE "site"

struct store_doc {
    const char *tenant;
    const char *kind;
    const char *id;
    uint64_t version; /* 1 when new; set by the store */
    int64_t changed_unix_s;
    struct att_span body; /* JSON text; never empty */
};

/* One record of the audit trail. Records are never changed or removed. */
struct store_audit {
    uint64_t seq; /* 1, 2, 3, ... without a gap; set by the store */
    const char *tenant;
    const char *scope; /* lower-case id of what was changed: records are listed by what it begins with */
    int64_t at_unix_s;
    struct att_span body; /* JSON text */
};

struct store;
struct store_tx;

/* Called for each row in order of tenant, kind, id; false stops with the callback's error. The row is borrowed for
 * the call. */
typedef bool (*store_each_fn)(void *ctx, const struct store_doc *doc, struct att_err *err);

struct store_ops {
    const char *scheme; /* "memory", "sqlite", "postgres" */
    bool (*scan)(struct store *, const char *kind, store_each_fn each, void *ctx, struct att_err *);
    bool (*generation)(struct store *, uint64_t *ret, struct att_err *);
    bool (*audit_list)(struct store *, struct att_arena *, const char *tenant, const char *scope,
                       uint64_t after_seq, size_t max, struct store_audit **ret, size_t *ret_count,
                       struct att_err *);
    bool (*begin)(struct store *, struct store_tx **ret, struct att_err *);
    bool (*doc_get)(struct store_tx *, struct att_arena *, const char *tenant, const char *kind,
                    const char *id, struct store_doc *ret, bool *ret_found, struct att_err *);
    bool (*doc_put)(struct store_tx *, const struct store_doc *, uint64_t replaces, struct att_err *);
    bool (*doc_restore)(struct store_tx *, const struct store_doc *, struct att_err *);
    bool (*doc_delete)(struct store_tx *, const char *tenant, const char *kind, const char *id,
                       uint64_t replaces, struct att_err *);
    bool (*audit_last)(struct store_tx *, struct att_arena *, struct store_audit *ret, bool *ret_found,
                       struct att_err *);
    bool (*audit_append)(struct store_tx *, const struct store_audit *, uint64_t *ret_seq, struct att_err *);
    bool (*tx_generation)(struct store_tx *, uint64_t *ret, struct att_err *);
    bool (*commit)(struct store_tx *, struct att_err *);
    void (*rollback)(struct store_tx *);
    bool (*once)(struct store *, const char *space, const char *id, int64_t until_unix_s, int64_t now_unix_s,
                 bool *ret_first, struct att_err *);
    /* NULL: the back end cannot be told, and store_wait looks at the generation from time to time. */
    bool (*wait)(struct store *, unsigned ms, bool *ret_changed, struct att_err *);
    unsigned (*schema_version)(struct store *);
    void (*close)(struct store *);
};
struct store {
    const struct store_ops *ops; /* each back end embeds it as its first member */
    struct store_tx *tx;         /* the open one; kept by store.c, as is `refused` */
    uint64_t seen;               /* the generation that store_wait saw last; store.c's, too */
    bool seen_known, seen_lost;  /* there is one; the look after it failed */
};
struct store_tx {
    struct store *store; /* likewise */
    bool refused;        /* a call was: it can only be rolled back */
};

/* -- reading: what is committed, and the changes of a transaction that is open on this very store ---------- */

/* Every row of a kind (NULL: of all kinds, in no particular order), all tenants, as of one moment. The callback may not call the
 * store. */
ATT_CHECK bool store_scan(struct store *s, const char *kind, store_each_fn each, void *ctx,
                          struct att_err *err);
/* Counts the commits that changed a document (0 in a new store), of all processes: who has kept rows in memory under an older number
 * reads them again. */
ATT_CHECK bool store_generation(struct store *s, uint64_t *ret, struct att_err *err);
/* Records of a tenant (NULL: of all) whose scope is `scope` or lies below it ("" is above all), oldest first, from
 * the one behind `after_seq` on, at most `max`. What lies below "/a/b" begins with "/a/b/": "/a/bb" does not. */
ATT_CHECK bool store_audit_list(struct store *s, struct att_arena *arena, const char *tenant,
                                const char *scope, uint64_t after_seq, size_t max, struct store_audit **ret,
                                size_t *ret_count, struct att_err *err);

/* -- transactions ----------------------------------------------------------------------------------------- *
 * After a call on a transaction was refused, for whatever reason, it can only be rolled back: store_commit refuses it
 * with STORE_FAILED, so a result that nobody looked at never becomes half a change. */

/* STORE_FAILED while another one is open on this store. Waits for the transaction of another process, a bounded time. */
ATT_CHECK bool store_begin(struct store *s, struct store_tx **ret, struct att_err *err);
/* ret_found false: there is no such row. Sees the transaction's own changes. */
ATT_CHECK bool store_doc_get(struct store_tx *tx, struct att_arena *arena, const char *tenant,
                             const char *kind, const char *id, struct store_doc *ret, bool *ret_found,
                             struct att_err *err);
/* `replaces` 0: there must be no such row yet (the new one gets version 1); else the row must be at that version and
 * goes to the next. doc->version is not looked at. STORE_CONFLICT. */
ATT_CHECK bool store_doc_put(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces,
                             struct att_err *err);
/* A row as it was in another store, at the version that it had there: for restoring a backup. There must be no such row:
 * STORE_CONFLICT. */
ATT_CHECK bool store_doc_restore(struct store_tx *tx, const struct store_doc *doc, struct att_err *err);
/* STORE_CONFLICT unless the row is there at that version. */
ATT_CHECK bool store_doc_delete(struct store_tx *tx, const char *tenant, const char *kind, const char *id,
                                uint64_t replaces, struct att_err *err);
/* The newest record, for the chain of hashes. */
ATT_CHECK bool store_audit_last(struct store_tx *tx, struct att_arena *arena, struct store_audit *ret,
                                bool *ret_found, struct att_err *err);
ATT_CHECK bool store_audit_append(struct store_tx *tx, const struct store_audit *record, uint64_t *ret_seq,
                                  struct att_err *err);
/* As of now, this transaction's own changes not counted. */
ATT_CHECK bool store_tx_generation(struct store_tx *tx, uint64_t *ret, struct att_err *err);
/* True: durable. False: nothing of it was written (or, when the connection broke in the very commit, it is not known:
 * the next store_generation tells). Either way the transaction is over. */
ATT_CHECK bool store_commit(struct store_tx *tx, struct att_err *err);
void store_rollback(struct store_tx *tx); /* NULL is fine */

/* -- what may happen once --------------------------------------------------------------------------------- */

/* Remembers (space, id) until that time. ret_first true: nobody had, in any process, and from here on it is durable; false: it is
 * remembered already, and stays so until the time that it was first given. What is past its time at `now` is forgotten, a
 * bounded number of rows with each call. No document changes and no generation is raised: replicas read nothing again. Not while
 * a transaction is open on this store (STORE_FAILED). `space` and `id` have the lengths of a kind and of an id. */
ATT_CHECK bool store_once(struct store *s, const char *space, const char *id, int64_t until_unix_s,
                          int64_t now_unix_s, bool *ret_first, struct att_err *err);

/* -- replicas ---------------------------------------------------------------------------------------------- */

/* Waits at most so many milliseconds for a commit of another store handle that changed a document, of this process or another.
 * ret_changed true: there was one, or there may have been one (a connection that broke and is back): read store_generation.
 * Commits before the first call count as seen by it. STORE_FAILED at once when the store cannot be reached: the caller waits by
 * itself before it asks again. A handle of its own for this: no transaction may be open on it. */
ATT_CHECK bool store_wait(struct store *s, unsigned ms, bool *ret_changed, struct att_err *err);

unsigned store_schema_version(struct store *s);
void store_close(struct store *s); /* NULL is fine; rolls an open transaction back */

#endif
