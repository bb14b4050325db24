/* Rows that hold what tenants may not want read: policies, and what happened to them. With a row key their bodies are sealed;
 * a body that is not is then no body, or who can write the store could put a policy of their own there. */
#include <attest/seal.h>

#include "base/base64.h"
#include "base/err.h"
#include "codec/json.h"
#include "site/internal.h"

#include <stdio.h>

enum { LABEL_BYTES = STORE_KIND_BYTES_MAX + STORE_ID_BYTES_MAX + 8 };

static bool is_sealed_kind(const char *kind)
{
    return strcmp(kind, site_rows[SITE_POLICY]->name) == 0 || strcmp(kind, SITE_ROW_EVENT) == 0;
}

bool site_seals(const struct site *s, const char *kind)
{
    return s->sealing && is_sealed_kind(kind);
}

/* The row that it is of: one that is moved elsewhere does not open. */
static struct att_span label_of(char room[LABEL_BYTES], const char *kind, const char *id)
{
    (void)snprintf(room, LABEL_BYTES, "row:%s:%s", kind, id);
    return att_str(room);
}

bool site_seal(const uint8_t *key, const char *kind, const char *id, struct att_arena *arena,
               struct att_span plain, struct att_buf *out, struct att_err *err)
{
    struct att_json_writer w = { .out = out };
    struct att_buf text = { 0 };
    struct att_span sealed = { 0 };
    char label[LABEL_BYTES];

    if (!att_seal(arena, key, label_of(label, kind, id), plain, &sealed, err))
        return false;
    att_base64url_put(&text, sealed);
    att_jw_object(&w);
    att_jw_key(&w, "sealed");
    att_jw_string(&w, att_buf_span(&text));
    att_jw_end_object(&w);
    bool failed = text.failed;
    att_buf_free(&text);
    if (failed)
        return att_fail_memory(err, "site.seal");
    return !out->failed ||
           att_fail(err, ATT_LIMIT_EXCEEDED, "site.seal", "a row of at most 1 MiB", "a larger one");
}

static bool read_sealed(struct att_arena *arena, struct att_span body, struct att_span *ret,
                        struct att_err *err)
{
    struct att_json j;
    struct att_span text = { 0 };

    if (!att_json_parse(arena, body, NULL, &j, err) ||
        !att_json_want_string(&j, arena, ATT_JSON_ROOT, "site.row", "sealed", &text, err))
        return false;
    if (j.nodes[ATT_JSON_ROOT].count != 1)
        return att_fail(err, ATT_JSON_LIMIT, "site.row", "the one member of a sealed row", "%u members",
                        (unsigned)j.nodes[ATT_JSON_ROOT].count);
    return att_base64_decode(arena, ATT_BASE64_STRICT, text, "site.row.sealed", ret, err);
}

bool site_unseal(const uint8_t *key, struct att_arena *arena, const struct store_doc *doc,
                 struct store_doc *ret, struct att_err *err)
{
    struct att_span sealed = { 0 };
    char label[LABEL_BYTES];

    *ret = *doc;
    if (!read_sealed(arena, doc->body, &sealed, err))
        return att_fail_as(err, ATT_STORE_FAILED, "");
    return att_unseal(arena, key, label_of(label, doc->kind, doc->id), sealed, &ret->body, err);
}

/* -- every row, once -------------------------------------------------------------------------------------- */

struct sealing {
    struct store_tx *tx;
    const uint8_t *key;
    struct att_arena *names; /* ids and versions of rows that are to be sealed */
    struct store_doc *docs;
    size_t count, room;
};

static bool note(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct sealing *s = ctx;

    if (s->count == s->room) {
        size_t room = 2 * s->room + 64;
        struct store_doc *docs = att_arena_alloc(s->names, room, sizeof *docs);
        if (!docs)
            return att_fail_memory(err, "site.seal");
        if (s->count > 0)
            memcpy(docs, s->docs, s->count * sizeof *docs);
        s->docs = docs;
        s->room = room;
    }
    struct store_doc *d = &s->docs[s->count];
    *d = *doc;
    d->tenant = att_arena_dup(s->names, att_str(doc->tenant));
    d->id = att_arena_dup(s->names, att_str(doc->id));
    d->body = (struct att_span){ 0 };
    if (!d->tenant || !d->id)
        return att_fail_memory(err, "site.seal");
    s->count++;
    return true;
}

static bool seal_row(struct sealing *s, const struct store_doc *named, const char *kind, struct att_err *err)
{
    struct att_arena *work = att_arena_new((size_t)8 << 20);
    struct att_buf body = { .max = STORE_BODY_BYTES_MAX };
    struct store_doc doc = { 0 };
    bool found = false;

    bool ok = work ? store_doc_get(s->tx, work, named->tenant, kind, named->id, &doc, &found, err)
                   : att_fail_memory(err, "site.seal");
    if (ok && !found)
        ok = att_fail(err, ATT_STORE_FAILED, "site.seal", "the row that was just read", "none");
    uint64_t version = doc.version;
    ok = ok && site_seal(s->key, kind, named->id, work, doc.body, &body, err);
    doc.body = att_buf_span(&body);
    ok = ok && store_doc_put(s->tx, &doc, version, err);
    att_buf_free(&body);
    att_arena_free(work);
    return ok;
}

bool site_seal_rows(struct store *store, struct store_tx *tx, const uint8_t key[32], size_t *ret_count,
                    struct att_err *err)
{
    const char *const kinds[] = { site_rows[SITE_POLICY]->name, SITE_ROW_EVENT };
    struct sealing s = { .tx = tx, .key = key, .names = att_arena_new((size_t)256 << 20) };
    bool ok = s.names || att_fail_memory(err, "site.seal");

    *ret_count = 0;
    for (size_t i = 0; ok && i < sizeof kinds / sizeof kinds[0]; i++) {
        s.count = 0;
        ok = store_scan(store, kinds[i], note, &s, err);
        for (size_t k = 0; ok && k < s.count; k++)
            ok = seal_row(&s, &s.docs[k], kinds[i], err);
        *ret_count += s.count;
    }
    att_arena_free(s.names);
    return ok;
}
