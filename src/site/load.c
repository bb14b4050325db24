/* Reading everything. A row that cannot be used is an error: a site that has lost one would deny what it must allow, or
 * allow what it must deny. */
#include "base/err.h"
#include "site/internal.h"

#include <stdlib.h>

struct loader {
    const struct site *site;
    const struct site_view *old;
    struct site_view view;
    struct att_arena *arena;
    enum site_kind kind;
    bool left_behind;
};

static bool broken(enum site_kind kind, const char *id, struct att_err *err)
{
    return site_row_broken(site_rows[kind]->name, id, err);
}

static bool same_row(const struct site_object *o, const struct store_doc *doc, const uint8_t *digest)
{
    return o && o->version == doc->version && o->changed_unix_s == doc->changed_unix_s &&
           strcmp(o->tenant, doc->tenant) == 0 &&
           memcmp(site_object_digest(o), digest, SITE_DIGEST_BYTES) == 0;
}

static bool read_row(struct loader *l, const struct store_doc *doc, const void **ret, struct att_err *err)
{
    uint8_t digest[SITE_DIGEST_BYTES];
    const void *decoded = NULL;

    if (!site_digest(doc->body, digest, err))
        return false;
    const struct site_object *old = site_view_get(l->old, l->kind, doc->id);
    if (same_row(old, doc, digest)) {
        *ret = site_ref(old);
        return true;
    }
    att_arena_reset(l->arena);
    struct store_doc plain = *doc;
    if (site_seals(l->site, doc->kind) && !site_unseal(l->site->row_key, l->arena, doc, &plain, err))
        return false;
    return site_row_decode(l->kind, &plain, l->arena, &decoded, err) &&
           site_object_new(decoded, digest, ret, err);
}

static bool each_row(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct loader *l = ctx;
    const void *object = NULL;

    if (!read_row(l, doc, &object, err))
        return broken(l->kind, doc->id, err);
    if (site_view_append(&l->view, object, err))
        return true;
    site_unref(object);
    return false;
}

/* What is unique is so, and every object lies in something. */
static bool rules_hold(const struct site_view *v, struct att_err *err)
{
    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        const struct site_index *x = &v->index[kind];
        for (size_t i = 0; i < x->count; i++) {
            const struct site_object *o = x->entries[i].object;
            if (i > 0 && strcmp(x->entries[i - 1].text, o->key) == 0) {
                att_fail(err, ATT_NAME_TAKEN, "site.key", "one row for each id", "two, of two tenants");
                return broken(o->kind, o->key, err);
            }
            /* Two equal assignments would do no harm, and are not worth a search each. */
            if (!site_rule_parent(v, o, err) || (o->kind != SITE_ASSIGNMENT && !site_rule_unique(v, o, err)))
                return broken(o->kind, o->key, err);
        }
    }
    return true;
}

/* A provider of which only a policy, a connection or a setting is another becomes a new object: what was derived from it is old. */
static bool renew_provider(struct loader *l, const struct site_object *child, struct att_err *err)
{
    struct att_span key = site_key_parent(child->key, site_rows[child->kind]->parent_segments);
    const struct site_object *p = site_view_get_span(&l->view, SITE_PROVIDER, key);
    const void *fresh = NULL;

    if (!p || p != site_view_get(l->old, SITE_PROVIDER, p->key))
        return true;
    if (!site_object_new(p, site_object_digest(p), &fresh, err))
        return false;
    if (!site_view_replace(&l->view, p, fresh, err)) {
        site_unref(fresh);
        return false;
    }
    site_unref(p);
    return true;
}

/* Walks two sorted arrays: what is in one of them only, or is another object. */
static bool renew_for(struct loader *l, enum site_kind kind, struct att_err *err)
{
    const struct site_index *a = &l->old->index[kind];
    const struct site_index *b = &l->view.index[kind];
    size_t i = 0;
    size_t k = 0;

    while (i < a->count || k < b->count) {
        const struct site_object *was = i < a->count ? a->entries[i].object : NULL;
        const struct site_object *is = k < b->count ? b->entries[k].object : NULL;
        int order = !was ? 1 : !is ? -1 : strcmp(was->key, is->key);
        i += order <= 0;
        k += order >= 0;
        if (was != is && !renew_provider(l, order <= 0 ? was : is, err))
            return false;
    }
    return true;
}

/* Only of kinds of which a program beside this one may leave rows. These have one entry in the view, their key. */
static bool drop_left_behind(struct site_view *v)
{
    bool any = false;

    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        struct site_index *x = &v->index[kind];
        size_t kept = 0;
        for (size_t i = 0; site_rows[kind]->may_be_left && i < x->count; i++) {
            if (!site_rule_left_behind(v, x->entries[i].object)) {
                x->entries[kept++] = x->entries[i];
                continue;
            }
            site_unref(x->entries[i].object);
            any = true;
        }
        if (site_rows[kind]->may_be_left)
            x->count = kept;
    }
    return any;
}

static bool renew_providers(struct loader *l, struct att_err *err)
{
    for (unsigned kind = 0; kind < SITE_KINDS; kind++)
        if (site_rows[kind]->part_of_provider && !renew_for(l, (enum site_kind)kind, err))
            return false;
    return true;
}

static bool read_all(struct loader *l, struct store *store, struct att_err *err)
{
    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        l->kind = (enum site_kind)kind;
        if (!store_scan(store, site_rows[kind]->name, each_row, l, err))
            return false;
    }
    site_view_sort(&l->view);
    l->left_behind = drop_left_behind(&l->view);
    return rules_hold(&l->view, err) && renew_providers(l, err);
}

bool site_load(struct site *s, struct store_tx *tx, struct att_err *err)
{
    struct loader l = { .site = s, .old = &s->view, .arena = att_arena_new(SITE_ARENA_BYTES_MAX) };
    uint64_t generation = 0;

    if (!l.arena)
        return att_fail_memory(err, "site");
    bool loaded = store_tx_generation(tx, &generation, err) && read_all(&l, s->store, err);
    if (loaded) {
        for (size_t i = 0; i < SITE_INDEXES; i++)
            l.view.index[i].own = true; /* an empty one takes the place of an old one, too */
        site_publish(s, &l.view);
        s->generation = generation;
        s->generation_known = true;
        s->left_behind = l.left_behind;
    }
    site_view_release(&l.view); /* the old one, or what was read until it failed */
    att_arena_free(l.arena);
    return loaded;
}
