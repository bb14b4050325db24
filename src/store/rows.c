#include "store/rows.h"

#include "base/err.h"
#include "codec/utf8.h"

#include <inttypes.h>

static bool text_valid(struct att_span text, size_t least, size_t most)
{
    return text.ptr && text.len >= least && text.len <= most && !memchr(text.ptr, 0, text.len) &&
           att_utf8_valid(text);
}

bool store_body_valid(struct att_span body)
{
    return text_valid(body, 1, STORE_BODY_BYTES_MAX);
}

static bool broken(struct att_err *err, const char *where)
{
    return att_fail(err, ATT_STORE_FAILED, where, "a value of the schema's type and size", "a broken row");
}

static bool view_text(struct att_span text, size_t least, size_t most, const char *where, const char **ret,
                      struct att_err *err)
{
    if (!text_valid(text, least, most))
        return broken(err, where);
    *ret = (const char *)text.ptr;
    return true;
}

static bool view_number(int64_t number, const char *where, uint64_t *ret, struct att_err *err)
{
    if (number < 1)
        return broken(err, where);
    *ret = (uint64_t)number;
    return true;
}

static bool view_body(struct att_span body, const char *where, struct att_span *ret, struct att_err *err)
{
    if (!store_body_valid(body))
        return broken(err, where);
    *ret = body;
    return true;
}

bool store_doc_view(const struct store_columns *c, struct store_doc *ret, struct att_err *err)
{
    struct store_doc doc = { .changed_unix_s = c->at_unix_s };

    if (!view_text(c->tenant, 1, STORE_TENANT_BYTES_MAX, "store.documents.tenant", &doc.tenant, err) ||
        !view_text(c->kind, 1, STORE_KIND_BYTES_MAX, "store.documents.kind", &doc.kind, err) ||
        !view_text(c->id, 1, STORE_ID_BYTES_MAX, "store.documents.id", &doc.id, err) ||
        !view_number(c->number, "store.documents.version", &doc.version, err) ||
        !view_body(c->body, "store.documents.body", &doc.body, err))
        return false;
    *ret = doc;
    return true;
}

bool store_audit_view(const struct store_columns *c, struct store_audit *ret, struct att_err *err)
{
    struct store_audit row = { .at_unix_s = c->at_unix_s };

    if (!view_text(c->tenant, 1, STORE_TENANT_BYTES_MAX, "store.audit.tenant", &row.tenant, err) ||
        !view_text(c->scope, 0, STORE_ID_BYTES_MAX, "store.audit.scope", &row.scope, err) ||
        !view_number(c->number, "store.audit.seq", &row.seq, err) ||
        !view_body(c->body, "store.audit.body", &row.body, err))
        return false;
    *ret = row;
    return true;
}

bool store_doc_copy(const struct store_doc *doc, struct att_arena *arena, struct store_doc *ret,
                    struct att_err *err)
{
    struct store_doc copy = *doc;

    copy.tenant = att_arena_dup(arena, att_str(doc->tenant));
    copy.kind = att_arena_dup(arena, att_str(doc->kind));
    copy.id = att_arena_dup(arena, att_str(doc->id));
    copy.body = att_span_of(att_arena_dup(arena, doc->body), doc->body.len);
    if (!copy.tenant || !copy.kind || !copy.id || !copy.body.ptr)
        return att_fail_memory(err, "store.documents");
    *ret = copy;
    return true;
}

bool store_audit_copy(const struct store_audit *row, struct att_arena *arena, struct store_audit *ret,
                      struct att_err *err)
{
    struct store_audit copy = *row;

    copy.tenant = att_arena_dup(arena, att_str(row->tenant));
    copy.scope = att_arena_dup(arena, att_str(row->scope));
    copy.body = att_span_of(att_arena_dup(arena, row->body), row->body.len);
    if (!copy.tenant || !copy.scope || !copy.body.ptr)
        return att_fail_memory(err, "store.audit");
    *ret = copy;
    return true;
}

bool store_audit_gather(struct store_audit_list *list, const struct store_audit *row, struct att_err *err)
{
    if (list->count == list->room) {
        size_t more = list->room ? 2 * list->room : 16;
        struct store_audit *grown = att_arena_alloc(list->arena, more, sizeof *grown);
        if (!grown)
            return att_fail_memory(err, "store.audit");
        if (list->count > 0)
            memcpy(grown, list->rows, list->count * sizeof *grown);
        list->rows = grown;
        list->room = more;
    }
    if (!store_audit_copy(row, list->arena, &list->rows[list->count], err))
        return false;
    list->count++;
    return true;
}

bool store_conflict(struct att_err *err, uint64_t replaces)
{
    if (replaces == 0)
        return att_fail(err, ATT_STORE_CONFLICT, "store.version", "no such row yet", "a row");
    return att_fail(err, ATT_STORE_CONFLICT, "store.version", "the row at the version to be replaced",
                    "none at %" PRIu64, replaces);
}

void store_below_of(struct store_below *ret, const char *scope)
{
    size_t len = strnlen(scope, STORE_ID_BYTES_MAX);

    memcpy(ret->from, scope, len);
    memcpy(ret->from + len, "/", 2);
    memcpy(ret->to, scope, len);
    memcpy(ret->to + len, "0", 2);
}
