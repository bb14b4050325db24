#include "contract/backend.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct att_err step_err;
struct att_arena *arena;

static void clear(void)
{
    step_err = (struct att_err){ 0 };
}

struct store *open_again(void)
{
    struct store *s = NULL;

    clear();
    bool ok = store_open(backend->url, &s, &step_err);
    cases_check(&cases, ok, "a store opens: %s", step_err.text);
    return ok ? s : NULL;
}

struct store *open_fresh(void)
{
    att_arena_reset(arena);
    if (!backend->fresh()) {
        cases_check(&cases, false, "%s: a new place for a store", backend->name);
        return NULL;
    }
    return open_again();
}

struct store_tx *begin(struct store *s)
{
    struct store_tx *tx = NULL;

    clear();
    return store_begin(s, &tx, &step_err) ? tx : NULL;
}

bool put_doc(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces)
{
    if (!tx)
        return false; /* the error of begin stays */
    clear();
    return store_doc_put(tx, doc, replaces, &step_err);
}

bool put(struct store_tx *tx, const char *tenant, const char *kind, const char *id, const char *body,
         uint64_t replaces)
{
    struct store_doc doc = {
        .tenant = tenant, .kind = kind, .id = id, .changed_unix_s = 1700000000, .body = att_str(body)
    };
    return put_doc(tx, &doc, replaces);
}

bool del(struct store_tx *tx, const char *tenant, const char *kind, const char *id, uint64_t replaces)
{
    if (!tx)
        return false;
    clear();
    return store_doc_delete(tx, tenant, kind, id, replaces, &step_err);
}

bool get(struct store_tx *tx, const char *tenant, const char *kind, const char *id, struct store_doc *ret,
         bool *ret_found)
{
    if (!tx)
        return false;
    clear();
    return store_doc_get(tx, arena, tenant, kind, id, ret, ret_found, &step_err);
}

bool audit(struct store_tx *tx, const char *tenant, const char *scope, const char *body, uint64_t *ret_seq)
{
    struct store_audit row = {
        .tenant = tenant, .scope = scope, .at_unix_s = 1700000001, .body = att_str(body)
    };
    uint64_t seq = 0;

    if (!tx)
        return false;
    clear();
    return store_audit_append(tx, &row, ret_seq ? ret_seq : &seq, &step_err);
}

bool commit(struct store_tx *tx)
{
    if (!tx)
        return false;
    clear();
    return store_commit(tx, &step_err);
}

bool put_alone(struct store *s, const char *id, const char *body, uint64_t replaces)
{
    struct store_tx *tx = begin(s);

    if (put(tx, "t", "k", id, body, replaces))
        return commit(tx);
    struct att_err first = step_err;
    store_rollback(tx);
    step_err = first;
    return false;
}

bool audit_alone(struct store *s, const char *tenant, const char *scope, const char *body)
{
    struct store_tx *tx = begin(s);

    if (audit(tx, tenant, scope, body, NULL))
        return commit(tx);
    store_rollback(tx);
    return false;
}

uint64_t generation(struct store *s)
{
    uint64_t number = UINT64_MAX;

    clear();
    if (!store_generation(s, &number, &step_err))
        cases_check(&cases, false, "the generation is read: %s", step_err.text);
    return number;
}

static bool picture_doc(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    (void)err;
    (void)fprintf(ctx, "%s|%s|%s|%" PRIu64 "|%" PRId64 "|%.*s\n", doc->tenant, doc->kind, doc->id,
                  doc->version, doc->changed_unix_s, (int)doc->body.len, (const char *)doc->body.ptr);
    return true;
}

char *picture(struct store *s)
{
    static const char *const kinds[] = { "k", "l", "provider" };
    struct att_arena *a = att_arena_new(64 << 20);
    struct store_audit *rows = NULL;
    size_t count = 0, len = 0;
    char *text = NULL;
    FILE *f = open_memstream(&text, &len);

    if (!f || !a)
        abort();
    clear();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!store_scan(s, kinds[i], picture_doc, f, &step_err))
            (void)fprintf(f, "scan failed: %s\n", step_err.text);
    }
    if (!store_audit_list(s, a, NULL, "", 0, 100000, &rows, &count, &step_err))
        (void)fprintf(f, "list failed: %s\n", step_err.text);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(f, "%" PRIu64 " %s %s %" PRId64 " %.*s\n", rows[i].seq, rows[i].tenant, rows[i].scope,
                      rows[i].at_unix_s, (int)rows[i].body.len, (const char *)rows[i].body.ptr);
    (void)fprintf(f, "generation %" PRIu64 "\n", generation(s));
    (void)fclose(f);
    att_arena_free(a);
    return text;
}

struct wanted {
    const char *id;
    long value;
    uint64_t version;
};

static bool value_doc(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct wanted *w = ctx;

    (void)err;
    if (strcmp(doc->id, w->id) == 0 && strcmp(doc->tenant, "t") == 0) {
        w->value = strtol((const char *)doc->body.ptr, NULL, 10);
        w->version = doc->version;
    }
    return true;
}

long value_of(struct store *s, const char *id, uint64_t *ret_version)
{
    struct wanted w = { id, -1, 0 };

    clear();
    if (!store_scan(s, "k", value_doc, &w, &step_err))
        return -2;
    if (ret_version)
        *ret_version = w.version;
    return w.value;
}
