#include "keys/rewrap.h"

#include "base/err.h"
#include "keys/rowkey.h"
#include "site/site.h"

#include <stdio.h>

enum { ROWS_MAX = 8 * KEYSET_KEYS_MAX, SUBJECT_SIZE = 64 };

struct rows {
    struct att_arena *arena;
    struct store_doc *docs; /* room for ROWS_MAX */
    size_t count;
};

/* Kept for later: the callback may not call the store. */
static bool keep(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct rows *r = ctx;
    struct store_doc *to = &r->docs[r->count];

    if (r->count == ROWS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "store.signing-key", "at most 2048 rows", "more");
    *to = *doc;
    to->tenant = att_arena_dup(r->arena, att_str(doc->tenant));
    to->kind = KEYROW_KIND;
    to->id = att_arena_dup(r->arena, att_str(doc->id));
    to->body = att_span_of(att_arena_dup(r->arena, doc->body), doc->body.len);
    if (!to->tenant || !to->id || !to->body.ptr)
        return att_fail_memory(err, "store.signing-key");
    r->count++;
    return true;
}

/* A seal that does not open again would be the end of the key. */
static bool opens_again(struct signer *signer, const struct keyrow *row, struct att_arena *arena,
                        struct att_err *err)
{
    const struct signer_key key = keyrow_key(row);
    struct att_span sealed = { 0 };
    bool changed = true;

    if (!signer_reseal(signer, &key, arena, &sealed, &changed, err))
        return false;
    return (!changed && att_span_eq(sealed, row->sealed)) ||
           att_fail(err, ATT_SEAL_INVALID, "store.signing-key.sealed", "a seal of the key of now", "another");
}

static bool rewrap_row(const struct key_change *c, const struct store_doc *doc, struct signer *signer,
                       bool *ret_changed, struct att_err *err)
{
    struct keyrow row = { 0 };
    struct store_doc fresh;

    if (strcmp(doc->tenant, STORE_TENANT_SITE) != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key", "a row of the installation", "another's");
    if (!keyrow_decode(c->arena, doc, &row, err))
        return false;
    const struct signer_key key = keyrow_key(&row);
    if (!signer_reseal(signer, &key, c->arena, &row.sealed, ret_changed, err))
        return false;
    if (!*ret_changed)
        return true;
    return opens_again(signer, &row, c->arena, err) && keyrow_encode(c->arena, &row, &fresh, err) &&
           store_doc_put(c->tx, &fresh, doc->version, err);
}

static bool record(const struct key_change *c, const struct key_rewrap *done, struct att_err *err)
{
    char subject[SUBJECT_SIZE];

    (void)snprintf(subject, sizeof subject, "sealed=%zu of=%zu", done->changed, done->rows);
    const struct site_record r = { .tenant = STORE_TENANT_SITE,
                                   .scope = "",
                                   .operation = "key.rewrap",
                                   .action = "attestd/keys/write",
                                   .principal = c->by,
                                   .subject = subject,
                                   .via = c->via };
    return site_record_append(c->tx, c->now_unix_s, &r, err);
}

bool key_rewrap_all(const struct key_change *c, struct store *store, struct signer *signer,
                    struct key_rewrap *ret, struct att_err *err)
{
    struct rows rows = { .arena = c->arena };
    struct key_rewrap done = { 0 };

    *ret = done;
    rows.docs = att_arena_alloc(c->arena, ROWS_MAX, sizeof *rows.docs);
    if (!rows.docs)
        return att_fail_memory(err, "store.signing-key");
    if (!store_scan(store, KEYROW_KIND, keep, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        bool changed = false;
        if (!rewrap_row(c, &rows.docs[i], signer, &changed, err)) {
            (void)snprintf(ret->bad, sizeof ret->bad, "%s", rows.docs[i].id);
            return false;
        }
        done.rows++;
        done.changed += changed ? 1 : 0;
    }
    bool there = false, changed = false;
    if (!rowkey_rewrap(c->tx, signer, c->now_unix_s, &there, &changed, err)) {
        (void)snprintf(ret->bad, sizeof ret->bad, ROWKEY_KIND "/" ROWKEY_ID);
        return false;
    }
    done.rows += there ? 1 : 0;
    done.changed += changed ? 1 : 0;
    if (done.changed > 0 && !record(c, &done, err))
        return false;
    *ret = done;
    return true;
}
