/* Rows that somebody else wrote: every one is STORE_FAILED, none is believed. */
#include "contract/backend.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

static bool see(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    (void)doc;
    (void)err;
    (*(unsigned *)ctx)++;
    return true;
}

/* SQL that both dialects take; the tables have no checks any more. */
static const struct broken_row documents[] = {
    { "version 0", "UPDATE documents SET version = 0" },
    { "version below 0", "UPDATE documents SET version = -1" },
    { "version is NULL", "UPDATE documents SET version = NULL" },
    { "time is NULL", "UPDATE documents SET changed_unix_s = NULL" },
    { "body is NULL", "UPDATE documents SET body = NULL" },
    { "body is empty", "UPDATE documents SET body = ''" },
    { "body is too long", "UPDATE documents SET body = repeat('x', 1048577)" },
    { "tenant is empty", "UPDATE documents SET tenant = ''" },
    { "tenant is NULL", "UPDATE documents SET tenant = NULL" },
    { "tenant is too long", "UPDATE documents SET tenant = repeat('x', 65)" },
    { "id is empty", "UPDATE documents SET id = ''" },
    { "id is NULL", "UPDATE documents SET id = NULL" },
    { "id is too long", "UPDATE documents SET id = repeat('x', 1025)" },
};

static const struct broken_row audits[] = {
    { "seq is 0", "UPDATE audit SET seq = 0" },
    { "seq is NULL", "UPDATE audit SET seq = NULL" },
    { "scope is NULL", "UPDATE audit SET scope = NULL" },
    { "scope is too long", "UPDATE audit SET scope = repeat('x', 1025)" },
    { "tenant is empty", "UPDATE audit SET tenant = ''" },
    { "time is NULL", "UPDATE audit SET at_unix_s = NULL" },
    { "body is empty", "UPDATE audit SET body = ''" },
    { "body is too long", "UPDATE audit SET body = repeat('x', 1048577)" },
};

/* Makes a place with one row and one record, in tables that take more than they should, and breaks it. */
static bool make_loose(const char *sql)
{
    struct store *s = open_fresh();

    if (!s || !put_alone(s, "a", "1", 0) || !audit_alone(s, "t", "/a", "{}")) {
        CHECK(false, "a row and a record: %s", step_err.text);
        store_close(s);
        return false;
    }
    store_close(s);
    bool ok = true;
    for (const char *const *loose = backend->loose_tables; *loose; loose++)
        ok = ok && backend->raw(*loose);
    ok = ok && backend->raw(sql);
    CHECK(ok, "behind the store's back: %s", sql);
    return ok;
}

static void broken_documents(void)
{
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct store *s = make_loose(documents[i].sql) ? open_again() : NULL;
        struct store_doc doc = { .version = 77 };
        bool found = true;
        unsigned seen = 0;
        if (!s)
            continue;
        step_err = (struct att_err){ 0 };
        CHECK(!store_scan(s, "k", see, &seen, &step_err) && step_err.code == ATT_STORE_FAILED && seen == 0,
              "scan, %s: %s", documents[i].name, step_err.text);
        struct store_tx *tx = begin(s);
        bool ok = get(tx, "t", "k", "a", &doc, &found);
        /* A row whose key is broken is not found under the right one. */
        CHECK(doc.version == 77 && (ok ? !found : step_err.code == ATT_STORE_FAILED), "get, %s: %s",
              documents[i].name, step_err.text);
        CHECK(ok ==
                  (strncmp(documents[i].name, "tenant", 6) == 0 || strncmp(documents[i].name, "id", 2) == 0),
              "get, %s: found or not", documents[i].name);
        store_rollback(tx);
        store_close(s);
    }
}

static void broken_records(void)
{
    for (size_t i = 0; i < sizeof audits / sizeof audits[0]; i++) {
        struct store *s = make_loose(audits[i].sql) ? open_again() : NULL;
        struct store_audit last = { .seq = 77 };
        bool found = true;
        if (!s)
            continue;
        struct store_tx *tx = begin(s);
        step_err = (struct att_err){ 0 };
        CHECK(!store_audit_last(tx, arena, &last, &found, &step_err) && step_err.code == ATT_STORE_FAILED &&
                  last.seq == 77,
              "last, %s: %s", audits[i].name, step_err.text);
        store_rollback(tx);
        struct store_audit *rows = NULL;
        size_t count = 0;
        bool ok;
        step_err = (struct att_err){ 0 };
        ok = store_audit_list(s, arena, NULL, "", 0, 10, &rows, &count, &step_err);
        /* Those without a seq above 0 are behind no other. */
        CHECK(ok ? count == 0 && strncmp(audits[i].name, "seq", 3) == 0 : step_err.code == ATT_STORE_FAILED,
              "list, %s: %s", audits[i].name, step_err.text);
        store_close(s);
    }
}

/* Columns of another type: the store does not open, or the row is refused. */
static void wrong_types(void)
{
    for (const struct broken_row *row = backend->wrong_types; row->name; row++) {
        struct store *s = NULL;
        unsigned seen = 0;
        if (!make_loose(row->sql))
            continue;
        step_err = (struct att_err){ 0 };
        bool ok = store_open(backend->url, &s, &step_err) && store_scan(s, "k", see, &seen, &step_err);
        CHECK(!ok && seen == 0 && step_err.code == ATT_STORE_FAILED, "%s: %s", row->name, step_err.text);
        store_close(s);
    }
}

static void broken_state(void)
{
    static const char *const rows[] = { "DELETE FROM store_state", "UPDATE store_state SET generation = -1" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store *s = open_fresh();
        uint64_t number = 77;
        if (!s)
            continue;
        CHECK(backend->raw(rows[i]), "behind the store's back: %s", rows[i]);
        step_err = (struct att_err){ 0 };
        CHECK(!store_generation(s, &number, &step_err) && step_err.code == ATT_STORE_FAILED && number == 77,
              "generation after %s: %s", rows[i], step_err.text);
        CHECK(!put_alone(s, "a", "1", 0) && step_err.code == ATT_STORE_FAILED,
              "nothing is committed that would not be counted, after %s: %s", rows[i], step_err.text);
        CHECK(value_of(s, "a", NULL) == -1, "and nothing is there");
        store_close(s);
    }
}

static void a_newer_schema_is_refused(void)
{
    struct store *s = open_fresh();
    struct store *other = NULL;

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0), "a row");
    CHECK(backend->raw(backend->newer_schema), "as if a newer release had been here");
    CHECK(!begin(s) && step_err.code == ATT_STORE_FAILED, "a store that was open does not write: %s",
          step_err.text);
    step_err = (struct att_err){ 0 };
    CHECK(!store_open(backend->url, &other, &step_err) && !other && step_err.code == ATT_STORE_FAILED &&
              strstr(step_err.text, "newer"),
          "a newer schema is not opened: %s", step_err.text);
    CHECK(backend->raw(backend->older_schema), "as it was");
    CHECK(put_alone(s, "a", "2", 1), "then it goes on: %s", step_err.text);
    store_close(s);
    s = open_again();
    CHECK(s && value_of(s, "a", NULL) == 2 && store_schema_version(s) == 2, "and was not changed");
    store_close(s);
}

static void the_trail_only_grows(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(audit_alone(s, "t", "/a", "{}"), "a record");
    char *before = picture(s);
    CHECK(!backend->raw("UPDATE audit SET body = '[]'"),
          "the database lets nobody change a record by mistake");
    CHECK(!backend->raw("DELETE FROM audit"), "nor remove one");
    char *after = picture(s);
    CHECK(strcmp(before, after) == 0, "it is as it was: %s", after);
    free(before);
    free(after);
    store_close(s);
}

void broken_suite(void)
{
    broken_documents();
    broken_records();
    wrong_types();
    broken_state();
    a_newer_schema_is_refused();
    the_trail_only_grows();
}
