#include "store/postgres/internal.h"

static const char where[] = "store.documents";

static bool read_row(PGresult *r, struct store_doc *ret, struct att_err *err)
{
    struct store_columns c = {
        .tenant = postgres_column_text(r, 0),
        .kind = postgres_column_text(r, 1),
        .id = postgres_column_text(r, 2),
        .body = postgres_column_text(r, 5),
    };

    if (!postgres_column_number(r, 3, &c.number) || !postgres_column_number(r, 4, &c.at_unix_s))
        return att_fail(err, ATT_STORE_FAILED, where, "numbers for version and time", "a broken row");
    return store_doc_view(&c, ret, err);
}

struct scan {
    struct postgres *p;
    const char *kind;
    store_each_fn each;
    void *ctx;
};

static bool scan_row(void *ctx, PGresult *r, struct att_err *err)
{
    const struct scan *scan = ctx;
    struct store_doc doc = { 0 };

    if (!read_row(r, &doc, err))
        return false;
    scan->p->delivered = true;
    return scan->each(scan->ctx, &doc, err);
}

static bool scan_call(struct postgres *p, void *ctx, struct att_err *err)
{
    struct scan *scan = ctx;
    struct postgres_parameters ps = { 0 };

    if (scan->kind)
        postgres_add_text(&ps, att_str(scan->kind));
    return postgres_rows(p, scan->kind ? SQL_DOC_SCAN : SQL_DOC_SCAN_ALL, &ps, where, scan_row, scan, err);
}

bool postgres_scan(struct store *s, const char *kind, store_each_fn each, void *ctx, struct att_err *err)
{
    struct scan scan = { postgres_of(s), kind, each, ctx };

    return postgres_call(scan.p, scan_call, &scan, err);
}

static void add_key(struct postgres_parameters *ps, const char *tenant, const char *kind, const char *id)
{
    postgres_add_text(ps, att_str(tenant));
    postgres_add_text(ps, att_str(kind));
    postgres_add_text(ps, att_str(id));
}

bool postgres_doc_get(struct store_tx *tx, struct att_arena *arena, const char *tenant, const char *kind,
                      const char *id, struct store_doc *ret, bool *ret_found, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };
    struct store_doc doc = { 0 };

    add_key(&ps, tenant, kind, id);
    RESULT r = postgres_run(postgres_of(tx->store), SQL_DOC_GET, &ps, where, err);
    if (!r)
        return false;
    *ret_found = PQntuples(r) > 0;
    return !*ret_found || (read_row(r, &doc, err) && store_doc_copy(&doc, arena, ret, err));
}

/* A statement that changes the one row it names, or none when that is not as expected. */
static bool change_one(struct postgres *p, enum postgres_sql which, const struct postgres_parameters *ps,
                       uint64_t replaces, struct att_err *err)
{
    RESULT r = postgres_run(p, which, ps, where, err);

    if (!r)
        return false;
    if (strcmp(PQcmdTuples(r), "1") != 0)
        return store_conflict(err, replaces);
    p->changed = true;
    return true;
}

bool postgres_doc_put(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces,
                      struct att_err *err)
{
    struct postgres_parameters ps = { 0 };

    add_key(&ps, doc->tenant, doc->kind, doc->id);
    postgres_add_number(&ps, doc->changed_unix_s);
    postgres_add_text(&ps, doc->body);
    if (replaces == 0)
        return change_one(postgres_of(tx->store), SQL_DOC_INSERT, &ps, replaces, err);
    postgres_add_number(&ps, (int64_t)replaces);
    return change_one(postgres_of(tx->store), SQL_DOC_UPDATE, &ps, replaces, err);
}

bool postgres_doc_restore(struct store_tx *tx, const struct store_doc *doc, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };

    add_key(&ps, doc->tenant, doc->kind, doc->id);
    postgres_add_number(&ps, doc->changed_unix_s);
    postgres_add_text(&ps, doc->body);
    postgres_add_number(&ps, (int64_t)doc->version);
    return change_one(postgres_of(tx->store), SQL_DOC_RESTORE, &ps, 0, err);
}

bool postgres_doc_delete(struct store_tx *tx, const char *tenant, const char *kind, const char *id,
                         uint64_t replaces, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };

    add_key(&ps, tenant, kind, id);
    postgres_add_number(&ps, (int64_t)replaces);
    return change_one(postgres_of(tx->store), SQL_DOC_DELETE, &ps, replaces, err);
}
