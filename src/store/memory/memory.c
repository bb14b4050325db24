#include "store/memory/memory.h"

#include "base/err.h"
#include "store/memory/once.h"
#include "store/memory/table.h"
#include "store/rows.h"

#include <stdlib.h>

struct memory {
    struct store base;
    struct store_tx tx;
    struct memory_table table;
    struct memory_once once;
    struct store_audit *audit; /* strings of each: one allocation, which `tenant` begins */
    size_t audit_count, audit_room;
    size_t audit_kept; /* records before the open transaction */
    uint64_t generation;
};

static struct memory *memory_of(struct store *s)
{
    return (struct memory *)(void *)s;
}

/* -- documents -------------------------------------------------------------------------------------------- */

static bool scan(struct store *s, const char *kind, store_each_fn each, void *ctx, struct att_err *err)
{
    const struct memory_table *t = &memory_of(s)->table;

    for (size_t i = kind ? memory_table_kind(t, kind) : 0;
         i < t->count && (!kind || strcmp(t->rows[i]->doc.kind, kind) == 0); i++) {
        if (!each(ctx, &t->rows[i]->doc, err))
            return false;
    }
    return true;
}

static bool doc_get(struct store_tx *tx, struct att_arena *arena, const char *tenant, const char *kind,
                    const char *id, struct store_doc *ret, bool *ret_found, struct att_err *err)
{
    const struct memory_table *t = &memory_of(tx->store)->table;
    size_t at = memory_table_find(t, kind, tenant, id, ret_found);

    if (!*ret_found)
        return true;
    return store_doc_copy(&t->rows[at]->doc, arena, ret, err);
}

/* The row's place, if it is there at that version. */
static bool at_version(const struct memory_table *t, const char *tenant, const char *kind, const char *id,
                       uint64_t version, size_t *ret, struct att_err *err)
{
    bool there = false;
    size_t at = memory_table_find(t, kind, tenant, id, &there);

    if ((there ? t->rows[at]->doc.version : 0) != version)
        return store_conflict(err, version);
    *ret = at;
    return true;
}

static bool doc_put(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces, struct att_err *err)
{
    struct memory_table *t = &memory_of(tx->store)->table;
    struct store_doc next = *doc;
    size_t at = 0;

    if (!at_version(t, doc->tenant, doc->kind, doc->id, replaces, &at, err))
        return false;
    next.version = replaces + 1;
    return memory_table_put(t, &next) || att_fail_memory(err, "store.documents");
}

static bool doc_restore(struct store_tx *tx, const struct store_doc *doc, struct att_err *err)
{
    struct memory_table *t = &memory_of(tx->store)->table;
    size_t at = 0;

    return at_version(t, doc->tenant, doc->kind, doc->id, 0, &at, err) &&
           (memory_table_put(t, doc) || att_fail_memory(err, "store.documents"));
}

static bool doc_delete(struct store_tx *tx, const char *tenant, const char *kind, const char *id,
                       uint64_t replaces, struct att_err *err)
{
    struct memory_table *t = &memory_of(tx->store)->table;
    size_t at = 0;

    if (!at_version(t, tenant, kind, id, replaces, &at, err))
        return false;
    return memory_table_remove(t, at) || att_fail_memory(err, "store.documents");
}

static bool generation(struct store *s, uint64_t *ret, struct att_err *err)
{
    (void)err;
    *ret = memory_of(s)->generation;
    return true;
}

static bool tx_generation(struct store_tx *tx, uint64_t *ret, struct att_err *err)
{
    return generation(tx->store, ret, err);
}

/* -- the audit trail -------------------------------------------------------------------------------------- */

static bool covers(const char *scope, const char *what)
{
    size_t len = strlen(scope);

    return strncmp(scope, what, len) == 0 && (len == 0 || what[len] == 0 || what[len] == '/');
}

static bool audit_list(struct store *s, struct att_arena *arena, const char *tenant, const char *scope,
                       uint64_t after_seq, size_t max, struct store_audit **ret, size_t *ret_count,
                       struct att_err *err)
{
    const struct memory *m = memory_of(s);
    struct store_audit_list list = { .arena = arena };

    /* The record with seq n is at n - 1: the one behind after_seq is at after_seq. */
    for (uint64_t i = after_seq; i < m->audit_count && list.count < max; i++) {
        const struct store_audit *row = &m->audit[i];
        if ((tenant && strcmp(tenant, row->tenant) != 0) || !covers(scope, row->scope))
            continue;
        if (!store_audit_gather(&list, row, err))
            return false;
    }
    *ret = list.rows;
    *ret_count = list.count;
    return true;
}

static bool audit_last(struct store_tx *tx, struct att_arena *arena, struct store_audit *ret, bool *ret_found,
                       struct att_err *err)
{
    const struct memory *m = memory_of(tx->store);

    *ret_found = m->audit_count > 0;
    return !*ret_found || store_audit_copy(&m->audit[m->audit_count - 1], arena, ret, err);
}

static bool audit_strings(const struct store_audit *record, struct store_audit *ret)
{
    size_t tenant = strlen(record->tenant) + 1, scope = strlen(record->scope) + 1;
    char *copy = malloc(tenant + scope + record->body.len);

    if (!copy)
        return false;
    memcpy(copy, record->tenant, tenant);
    memcpy(copy + tenant, record->scope, scope);
    memcpy(copy + tenant + scope, record->body.ptr, record->body.len);
    ret->tenant = copy;
    ret->scope = copy + tenant;
    ret->body = att_span_of(copy + tenant + scope, record->body.len);
    return true;
}

static bool audit_append(struct store_tx *tx, const struct store_audit *record, uint64_t *ret_seq,
                         struct att_err *err)
{
    struct memory *m = memory_of(tx->store);

    if (m->audit_count == m->audit_room) {
        size_t more = m->audit_room ? 2 * m->audit_room : 64;
        struct store_audit *grown = reallocarray(m->audit, more, sizeof *grown);
        if (!grown)
            return att_fail_memory(err, "store.audit");
        m->audit = grown;
        m->audit_room = more;
    }
    struct store_audit row = { .seq = m->audit_count + 1, .at_unix_s = record->at_unix_s };
    if (!audit_strings(record, &row))
        return att_fail_memory(err, "store.audit");
    m->audit[m->audit_count++] = row;
    *ret_seq = row.seq;
    return true;
}

static void audit_cut(struct memory *m, size_t count)
{
    while (m->audit_count > count)
        free((void *)(uintptr_t)m->audit[--m->audit_count].tenant);
}

/* -- transactions ----------------------------------------------------------------------------------------- */

static bool begin(struct store *s, struct store_tx **ret, struct att_err *err)
{
    struct memory *m = memory_of(s);

    (void)err;
    m->audit_kept = m->audit_count;
    *ret = &m->tx;
    return true;
}

static bool commit(struct store_tx *tx, struct att_err *err)
{
    struct memory *m = memory_of(tx->store);

    (void)err;
    if (m->table.note_count > 0)
        m->generation++;
    memory_table_keep(&m->table);
    return true;
}

static void rollback(struct store_tx *tx)
{
    struct memory *m = memory_of(tx->store);

    memory_table_undo(&m->table);
    audit_cut(m, m->audit_kept);
}

static bool once(struct store *s, const char *space, const char *id, int64_t until_unix_s, int64_t now_unix_s,
                 bool *ret_first, struct att_err *err)
{
    return memory_once_take(&memory_of(s)->once, space, id, until_unix_s, now_unix_s, ret_first) ||
           att_fail_memory(err, "store.once");
}

/* What the other back ends can do at this schema, this one can. */
static unsigned schema_version(struct store *s)
{
    (void)s;
    return 2;
}

static void memory_close(struct store *s)
{
    struct memory *m = memory_of(s);

    memory_table_free(&m->table);
    memory_once_free(&m->once);
    audit_cut(m, 0);
    free(m->audit);
    free(m);
}

static const struct store_ops memory_ops = {
    .scheme = "memory",
    .scan = scan,
    .generation = generation,
    .audit_list = audit_list,
    .begin = begin,
    .doc_get = doc_get,
    .doc_put = doc_put,
    .doc_restore = doc_restore,
    .doc_delete = doc_delete,
    .audit_last = audit_last,
    .audit_append = audit_append,
    .tx_generation = tx_generation,
    .commit = commit,
    .rollback = rollback,
    .once = once,
    .schema_version = schema_version,
    .close = memory_close,
};

bool store_memory_open(const char *rest, struct store **ret, struct att_err *err)
{
    if (*rest)
        return att_fail(err, ATT_CONFIG_INVALID, "store", "memory: with nothing behind it", "%zu bytes more",
                        strlen(rest));
    struct memory *m = calloc(1, sizeof *m);
    if (!m)
        return att_fail_memory(err, "store");
    m->base.ops = &memory_ops;
    *ret = &m->base;
    return true;
}
