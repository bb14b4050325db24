/* Rows of kinds that a program beside this one does not know: it deletes what they lie in, and they stay. They are not read
 * (load.c); here they go, in the change that puts something in their place, so that nobody inherits them. */
#include "base/err.h"
#include "site/internal.h"

#include <stdlib.h>

enum { LEFT_MAX = 64 }; /* of one provider; more would be somebody's who writes into the store by hand */

struct left {
    char *tenant, *id;
    uint64_t version;
};
struct leftovers {
    const char *provider; /* below which they lie */
    struct left rows[LEFT_MAX];
    size_t count;
};

static void leftovers_free(struct leftovers *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->rows[i].tenant);
        free(l->rows[i].id);
    }
}

static bool each_row(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct leftovers *l = ctx;
    size_t len = strlen(l->provider);

    if (strncmp(doc->id, l->provider, len) != 0 || doc->id[len] != '/')
        return true;
    if (l->count == LEFT_MAX)
        return att_fail(err, ATT_STORE_FAILED, "site.leftover", "few rows of a provider that is gone",
                        "more than %d", LEFT_MAX);
    struct left *row = &l->rows[l->count];
    *row = (struct left){ strdup(doc->tenant), strdup(doc->id), doc->version };
    l->count++;
    return (row->tenant && row->id) || att_fail_memory(err, "site.leftover");
}

static bool drop_below(struct site_change *c, const char *kind, const char *provider, struct att_err *err)
{
    struct leftovers l = { .provider = provider };
    bool ok = store_scan(c->site->store, kind, each_row, &l, err);

    for (size_t i = 0; ok && i < l.count; i++) {
        c->wrote = true;
        ok = store_doc_delete(c->tx, l.rows[i].tenant, kind, l.rows[i].id, l.rows[i].version, err);
    }
    leftovers_free(&l);
    return ok;
}

static bool drop_one(struct site_change *c, const struct site_object *fresh, struct att_err *err)
{
    const char *kind = site_rows[fresh->kind]->name;
    struct store_doc doc;
    bool found = false;

    if (!store_doc_get(c->tx, c->arena, fresh->tenant, kind, fresh->key, &doc, &found, err))
        return false;
    if (!found)
        return true;
    c->wrote = true;
    return store_doc_delete(c->tx, fresh->tenant, kind, fresh->key, doc.version, err);
}

bool site_leftovers_drop(struct site_change *c, const struct site_object *fresh, struct att_err *err)
{
    /* What another process has left was seen when this change began, at the latest. */
    if (!c->site->left_behind)
        return true;
    if (site_rows[fresh->kind]->may_be_left)
        return drop_one(c, fresh, err);
    if (fresh->kind != SITE_PROVIDER)
        return true;
    for (unsigned kind = 0; kind < SITE_KINDS; kind++)
        if (site_rows[kind]->may_be_left && !drop_below(c, site_rows[kind]->name, fresh->key, err))
            return false;
    return true;
}
