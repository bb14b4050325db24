#include "contract/backend.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

static void a_new_store_is_empty(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    char *p = picture(s);
    CHECK(strcmp(p, "generation 0\n") == 0, "a new store is empty: %s", p);
    CHECK(store_schema_version(s) == 2, "schema version %u, want 2", store_schema_version(s));
    free(p);
    store_close(s);
    store_close(NULL);
    store_rollback(NULL);
}

static void put_get_delete(void)
{
    struct store *s = open_fresh();
    struct store_doc doc = { 0 };
    bool found = true;

    if (!s)
        return;
    struct store_tx *tx = begin(s);
    CHECK(get(tx, "t", "k", "a", &doc, &found) && !found, "what was never put is not found");
    CHECK(put(tx, "t", "k", "a", "{\"n\":1}", 0), "a new row: %s", step_err.text);
    CHECK(get(tx, "t", "k", "a", &doc, &found) && found && doc.version == 1,
          "it is at version 1, before the commit");
    CHECK(put(tx, "t", "k", "a", "{\"n\":2}", 1), "the row just put is replaced");
    CHECK(commit(tx), "commit: %s", step_err.text);

    tx = begin(s);
    CHECK(get(tx, "t", "k", "a", &doc, &found) && found && doc.version == 2 &&
              att_span_is(doc.body, "{\"n\":2}") && strcmp(doc.tenant, "t") == 0 &&
              strcmp(doc.kind, "k") == 0 && strcmp(doc.id, "a") == 0 && doc.changed_unix_s == 1700000000,
          "all of the row comes back");
    CHECK(del(tx, "t", "k", "a", 2), "delete: %s", step_err.text);
    CHECK(get(tx, "t", "k", "a", &doc, &found) && !found, "it is gone before the commit");
    CHECK(put(tx, "t", "k", "a", "{}", 0), "and can be made anew");
    CHECK(get(tx, "t", "k", "a", &doc, &found) && found && doc.version == 1, "at version 1");
    CHECK(commit(tx), "commit: %s", step_err.text);
    CHECK(value_of(s, "a", NULL) == 0, "readers see it");
    store_close(s);
}

static bool count_rows(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    uint64_t *sum = ctx; /* of versions: each row has its own power of ten */

    (void)err;
    *sum += doc->version;
    return true;
}

/* Rows of a backup come back at the versions that they had; a row that is there is not replaced. */
static void restored_rows(void)
{
    struct store *s = open_fresh();
    const struct store_doc rows[] = {
        { "t", "k", "a", 1000, 1700000001, att_str("{\"n\":1}") },
        { "t", "l", "a", 100, 1700000002, att_str("{}") },
        { "u", "k", "a", 10, 1700000003, att_str("[]") },
    };
    struct store_doc doc = rows[0];
    uint64_t sum = 0;
    bool found = false;

    if (!s)
        return;
    struct store_tx *tx = begin(s);
    for (size_t i = 0; i < 3; i++)
        CHECK(store_doc_restore(tx, &rows[i], &step_err), "row %zu: %s", i, step_err.text);
    CHECK(commit(tx), "commit: %s", step_err.text);
    CHECK(store_scan(s, NULL, count_rows, &sum, &step_err) && sum == 1110, "rows of all kinds: %" PRIu64,
          sum);
    tx = begin(s);
    CHECK(get(tx, "t", "k", "a", &doc, &found) && found && doc.version == 1000 &&
              doc.changed_unix_s == 1700000001 && att_span_is(doc.body, "{\"n\":1}"),
          "as it was");
    CHECK(put(tx, "t", "k", "a", "{}", 1000), "and goes on from there: %s", step_err.text);
    CHECK(commit(tx), "commit: %s", step_err.text);
    tx = begin(s);
    CHECK(!store_doc_restore(tx, &rows[1], &step_err) && step_err.code == ATT_STORE_CONFLICT,
          "a row that is there");
    store_rollback(tx);
    tx = begin(s);
    doc = rows[1];
    doc.id = "new";
    doc.version = 0;
    CHECK(!store_doc_restore(tx, &doc, &step_err) && step_err.code == ATT_STORE_FAILED, "version 0 is none");
    store_rollback(tx);
    CHECK(generation(s) == 2, "two changes");
    store_close(s);
}

/* Rows t/k/a at version 3 and t/k/b at version 1; nothing else. */
static void conflicts(void)
{
    static const struct {
        const char *name, *id;
        bool remove;
        uint64_t replaces;
    } rows[] = {
        { "put of a new row that is there", "a", false, 0 },
        { "put over an older version", "a", false, 2 },
        { "put over a version that is not yet", "a", false, 4 },
        { "put over a row that is not there", "c", false, 1 },
        { "put over the largest version", "a", false, INT64_MAX },
        { "put over a version beyond numbers", "a", false, (uint64_t)INT64_MAX + 4 },
        { "put over the very largest", "a", false, UINT64_MAX },
        { "delete of an older version", "a", true, 2 },
        { "delete of a version that is not yet", "a", true, 4 },
        { "delete without a version", "a", true, 0 },
        { "delete of what is not there", "c", true, 1 },
        { "delete of nothing, without a version", "c", true, 0 },
        { "delete of the largest version", "a", true, UINT64_MAX },
    };
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0) && put_alone(s, "a", "2", 1) && put_alone(s, "a", "3", 2) &&
              put_alone(s, "b", "1", 0),
          "rows are put: %s", step_err.text);
    char *before = picture(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store_tx *tx = begin(s);
        struct store_doc doc = { 0 };
        bool found = false;
        bool first = put(tx, "t", "k", "first", "0", 0) && audit(tx, "t", "/x", "{}", NULL);
        bool ok = rows[i].remove ? del(tx, "t", "k", rows[i].id, rows[i].replaces)
                                 : put(tx, "t", "k", rows[i].id, "9", rows[i].replaces);
        CHECK(first && !ok && step_err.code == ATT_STORE_CONFLICT, "%s: %s", rows[i].name, step_err.text);
        CHECK(!get(tx, "t", "k", "a", &doc, &found) && step_err.code == ATT_STORE_FAILED,
              "%s: the transaction is of no more use", rows[i].name);
        CHECK(!commit(tx) && step_err.code == ATT_STORE_FAILED, "%s: and cannot be committed", rows[i].name);
        char *after = picture(s);
        CHECK(strcmp(before, after) == 0, "%s: nothing was written:\n%s", rows[i].name, after);
        free(after);
    }
    free(before);
    store_close(s);
}

static void rollback_leaves_nothing(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0) && put_alone(s, "b", "1", 0) && audit_alone(s, "t", "/a", "{}"),
          "rows: %s", step_err.text);
    char *before = picture(s);
    for (int i = 0; i < 3; i++) {
        struct store_tx *tx = begin(s);
        CHECK(put(tx, "t", "k", "a", "2", 1) && put(tx, "t", "k", "a", "3", 2) && del(tx, "t", "k", "a", 3) &&
                  put(tx, "t", "k", "a", "4", 0) && del(tx, "t", "k", "b", 1) &&
                  put(tx, "t", "k", "c", "1", 0) && put(tx, "u", "k", "a", "1", 0) &&
                  del(tx, "t", "k", "c", 1) && audit(tx, "t", "/b", "{}", NULL) &&
                  audit(tx, "t", "/c", "{}", NULL),
              "many changes: %s", step_err.text);
        char *within = picture(s);
        CHECK(strcmp(before, within) != 0, "reading on the same store sees the transaction's changes");
        free(within);
        store_rollback(tx);
        char *after = picture(s);
        CHECK(strcmp(before, after) == 0, "round %d: rolled back:\n%s", i, after);
        free(after);
    }
    free(before);
    store_close(s);
}

enum { KEYS = 12 };

struct model {
    uint64_t version[KEYS];
    int value[KEYS];
    uint64_t generation, audits;
};

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* One random change to the store and to the model; some are wrong on purpose. Says whether the store did as the model
 * would. */
static bool random_step(struct store_tx *tx, struct model *m, uint32_t *seed, bool *ret_changed,
                        bool *ret_refused)
{
    size_t key = draw(seed) % KEYS;
    uint32_t what = draw(seed) % 10;
    bool stale = draw(seed) % 25 == 0;
    uint64_t replaces = m->version[key] + (stale ? 1 : 0);
    char id[16], body[16];
    int value = (int)(draw(seed) % 1000);

    (void)snprintf(id, sizeof id, "%zu", key);
    (void)snprintf(body, sizeof body, "%d", value);
    if (what < 2) {
        m->audits++;
        return audit(tx, "t", "/r", body, NULL);
    }
    if (what < 5 && m->version[key] > 0) {
        bool ok = del(tx, "t", "k", id, replaces);
        *ret_refused = stale;
        if (ok)
            m->version[key] = 0;
        *ret_changed = *ret_changed || ok;
        return ok == !stale;
    }
    bool ok = put(tx, "t", "k", id, body, replaces);
    *ret_refused = stale;
    if (ok) {
        m->version[key]++;
        m->value[key] = value;
    }
    *ret_changed = *ret_changed || ok;
    return ok == !stale;
}

static bool as_model(struct store *s, const struct model *m)
{
    for (size_t key = 0; key < KEYS; key++) {
        char id[16];
        uint64_t version = 0;
        (void)snprintf(id, sizeof id, "%zu", key);
        long value = value_of(s, id, &version);
        if (version != m->version[key] || (version > 0 && value != m->value[key]))
            return false;
    }
    struct store_audit *rows = NULL;
    size_t count = 0;
    att_arena_reset(arena);
    return generation(s) == m->generation &&
           store_audit_list(s, arena, "t", "/r", 0, 100000, &rows, &count, &step_err) && count == m->audits &&
           (count == 0 || rows[count - 1].seq == count);
}

static void random_transactions(void)
{
    struct store *s = open_fresh();
    struct model kept = { 0 };
    uint32_t seed = 20240607;
    int committed = 0;

    for (int round = 0; s && round < 300; round++) {
        struct model now = kept;
        struct store_tx *tx = begin(s);
        bool changed = false, refused = false, right = tx != NULL;
        for (uint32_t n = draw(&seed) % 8; right && !refused && n > 0; n--)
            right = random_step(tx, &now, &seed, &changed, &refused);
        if (draw(&seed) % 3 == 0) {
            store_rollback(tx);
        } else if (commit(tx)) {
            now.generation += changed;
            kept = now;
            committed++;
            right = right && !refused;
        } else {
            right = right && refused;
        }
        CHECK(right && as_model(s, &kept), "random transaction %d: the store is as the model says: %s", round,
              step_err.text);
        if (!right)
            break;
    }
    CHECK(committed > 100, "%d of 300 were committed", committed);
    store_close(s);
}

struct gathered {
    char text[4096];
    size_t stop_after, count;
};

static bool gather(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct gathered *g = ctx;

    if (g->stop_after > 0 && g->count == g->stop_after) {
        *err = (struct att_err){ .code = ATT_LIMIT_EXCEEDED };
        return false;
    }
    g->count++;
    size_t len = strlen(g->text);
    (void)snprintf(g->text + len, sizeof g->text - len, "%s/%s ", doc->tenant, doc->id);
    return true;
}

static void scan_is_in_order(void)
{
    /* Byte order, whatever a database's locale says: upper case first, '_' between, then lower case, then the rest. */
    static const char *const ids[] = { "\xc3\xa9",         "b",   "_",  "B", "a",
                                       "\xf0\x9f\x98\x80", "a b", "ab", "A", "\xef\xbf\xbd" };
    static const char want[] =
        "T/a t/A t/B t/_ t/a t/a b t/ab t/b t/\xc3\xa9 t/\xef\xbf\xbd t/\xf0\x9f\x98\x80 t0/a ";
    struct store *s = open_fresh();
    struct gathered g = { .text = "" };

    if (!s)
        return;
    struct store_tx *tx = begin(s);
    bool ok = put(tx, "t0", "provider", "a", "1", 0) && put(tx, "T", "provider", "a", "1", 0) &&
              put(tx, "t", "providers", "other", "1", 0) && put(tx, "t", "provide", "other", "1", 0) &&
              put(tx, "t", "PROVIDER", "other", "1", 0);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        ok = ok && put(tx, "t", "provider", ids[i], "1", 0);
    CHECK(ok && commit(tx), "rows: %s", step_err.text);
    CHECK(store_scan(s, "provider", gather, &g, &step_err) && strcmp(g.text, want) == 0,
          "a kind's rows by tenant and id, byte for byte: %s", g.text);

    struct gathered two = { .stop_after = 2 };
    step_err = (struct att_err){ 0 };
    CHECK(!store_scan(s, "provider", gather, &two, &step_err) && step_err.code == ATT_LIMIT_EXCEEDED &&
              two.count == 2,
          "the callback's no ends it, with its error");
    g = (struct gathered){ .text = "" };
    CHECK(store_scan(s, "provider", gather, &g, &step_err) && strcmp(g.text, want) == 0,
          "and it can be done again");
    store_close(s);
}

static void tenant_and_kind_are_part_of_the_key(void)
{
    struct store *s = open_fresh();
    struct store_doc doc = { 0 };
    bool found = false;

    if (!s)
        return;
    struct store_tx *tx = begin(s);
    CHECK(put(tx, "t", "k", "a", "1", 0) && put(tx, "u", "k", "a", "2", 0) &&
              put(tx, "t", "l", "a", "3", 0) && put(tx, "u", "k", "a", "22", 1) && commit(tx),
          "one id in two tenants and two kinds: %s", step_err.text);
    tx = begin(s);
    CHECK(get(tx, "t", "k", "a", &doc, &found) && found && att_span_is(doc.body, "1") && doc.version == 1,
          "t k a");
    CHECK(get(tx, "u", "k", "a", &doc, &found) && found && att_span_is(doc.body, "22") && doc.version == 2,
          "u k a");
    CHECK(get(tx, "t", "l", "a", &doc, &found) && found && att_span_is(doc.body, "3"), "t l a");
    CHECK(get(tx, "u", "l", "a", &doc, &found) && !found, "u l a is not there");
    CHECK(get(tx, "T", "k", "a", &doc, &found) && !found, "T k a is not there: upper case is another tenant");
    CHECK(del(tx, "u", "k", "a", 2) && commit(tx), "one is removed: %s", step_err.text);
    tx = begin(s);
    CHECK(get(tx, "t", "k", "a", &doc, &found) && found && get(tx, "t", "l", "a", &doc, &found) && found,
          "the others stay");
    store_rollback(tx);
    store_close(s);
}

static void generation_counts(void)
{
    struct store *s = open_fresh();
    uint64_t number = 9;

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0) && generation(s) == 1, "a commit with a change counts");
    struct store_tx *tx = begin(s);
    CHECK(put(tx, "t", "k", "b", "1", 0) && put(tx, "t", "k", "c", "1", 0) && del(tx, "t", "k", "a", 1) &&
              store_tx_generation(tx, &number, &step_err) && number == 1,
          "own changes are not counted before the commit: %" PRIu64, number);
    CHECK(commit(tx) && generation(s) == 2, "a commit with many counts once");
    CHECK(audit_alone(s, "t", "/", "{}") && generation(s) == 2, "records alone do not count");
    tx = begin(s);
    CHECK(commit(tx) && generation(s) == 2, "nor does nothing");
    tx = begin(s);
    CHECK(put(tx, "t", "k", "z", "1", 0), "a change");
    store_rollback(tx);
    CHECK(generation(s) == 2, "nor does what is rolled back");
    tx = begin(s);
    CHECK(audit(tx, "t", "/", "{}", NULL) && commit(tx) && generation(s) == 2,
          "nor is a mark left of it for the next commit");
    store_close(s);
}

static void one_transaction_at_a_time(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    struct store_tx *tx = begin(s);
    CHECK(put(tx, "t", "k", "a", "1", 0), "a change");
    CHECK(!begin(s) && step_err.code == ATT_STORE_FAILED, "a second transaction is refused");
    CHECK(put(tx, "t", "k", "b", "1", 0) && commit(tx), "and the first does not mind: %s", step_err.text);
    CHECK(value_of(s, "a", NULL) == 1 && value_of(s, "b", NULL) == 1, "all of it is there");
    tx = begin(s);
    CHECK(put(tx, "t", "k", "c", "1", 0), "a change");
    store_close(s); /* rolls back */
    if (!backend->shared)
        return;
    s = open_again();
    CHECK(s && value_of(s, "a", NULL) == 1 && value_of(s, "c", NULL) == -1,
          "closing rolls an open transaction back, and keeps what was committed");
    store_close(s);
}

void documents_suite(void)
{
    a_new_store_is_empty();
    put_get_delete();
    restored_rows();
    conflicts();
    rollback_leaves_nothing();
    random_transactions();
    scan_is_in_order();
    tenant_and_kind_are_part_of_the_key();
    generation_counts();
    one_transaction_at_a_time();
}
