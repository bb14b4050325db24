#include "store/postgres/internal.h"

static const char where[] = "store.audit";

static bool read_row(PGresult *r, struct store_audit *ret, struct att_err *err)
{
    struct store_columns c = {
        .tenant = postgres_column_text(r, 1),
        .scope = postgres_column_text(r, 2),
        .body = postgres_column_text(r, 4),
    };

    if (!postgres_column_number(r, 0, &c.number) || !postgres_column_number(r, 3, &c.at_unix_s))
        return att_fail(err, ATT_STORE_FAILED, where, "numbers for seq and time", "a broken row");
    return store_audit_view(&c, ret, err);
}

struct listing {
    struct store_audit_list list;
    const char *tenant, *scope;
    int64_t after_seq, max;
};

static bool list_row(void *ctx, PGresult *r, struct att_err *err)
{
    struct store_audit row = { 0 };

    return read_row(r, &row, err) && store_audit_gather(ctx, &row, err);
}

static bool list_call(struct postgres *p, void *ctx, struct att_err *err)
{
    struct listing *l = ctx;
    struct postgres_parameters ps = { 0 };
    struct store_below below;

    store_below_of(&below, l->scope);
    postgres_add_number(&ps, l->after_seq);
    if (l->tenant)
        postgres_add_text(&ps, att_str(l->tenant));
    else
        postgres_add_null(&ps);
    postgres_add_text(&ps, att_str(l->scope));
    postgres_add_text(&ps, att_str(below.from));
    postgres_add_text(&ps, att_str(below.to));
    postgres_add_number(&ps, l->max);
    l->list.count = 0; /* the call may be the second one */
    return postgres_rows(p, SQL_AUDIT_LIST, &ps, where, list_row, &l->list, err);
}

bool postgres_audit_list(struct store *s, struct att_arena *arena, const char *tenant, const char *scope,
                         uint64_t after_seq, size_t max, struct store_audit **ret, size_t *ret_count,
                         struct att_err *err)
{
    struct listing l = { { .arena = arena }, tenant, scope, (int64_t)after_seq, (int64_t)max };

    if (!postgres_call(postgres_of(s), list_call, &l, err))
        return false;
    *ret = l.list.rows;
    *ret_count = l.list.count;
    return true;
}

bool postgres_audit_last(struct store_tx *tx, struct att_arena *arena, struct store_audit *ret,
                         bool *ret_found, struct att_err *err)
{
    struct postgres_parameters ps = { 0 };
    struct store_audit row = { 0 };

    RESULT r = postgres_run(postgres_of(tx->store), SQL_AUDIT_LAST, &ps, where, err);
    if (!r)
        return false;
    *ret_found = PQntuples(r) > 0;
    return !*ret_found || (read_row(r, &row, err) && store_audit_copy(&row, arena, ret, err));
}

bool postgres_audit_append(struct store_tx *tx, const struct store_audit *record, uint64_t *ret_seq,
                           struct att_err *err)
{
    struct postgres_parameters ps = { 0 };
    int64_t seq = 0;

    postgres_add_text(&ps, att_str(record->tenant));
    postgres_add_text(&ps, att_str(record->scope));
    postgres_add_number(&ps, record->at_unix_s);
    postgres_add_text(&ps, record->body);
    /* No other writer exists until the commit, so the largest seq and one is free. */
    RESULT r = postgres_run(postgres_of(tx->store), SQL_AUDIT_INSERT, &ps, where, err);
    if (!r)
        return false;
    if (!postgres_column_number(r, 0, &seq) || seq < 1)
        return att_fail(err, ATT_STORE_FAILED, "store.audit.seq", "the number of the new record", "none");
    *ret_seq = (uint64_t)seq;
    return true;
}
