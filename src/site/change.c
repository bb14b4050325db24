/* Changes: one transaction of the store and, beside it, a view as it will be. */
#include "access/roles.h"
#include "base/err.h"
#include "site/internal.h"

#include <stdlib.h>

static void borrow_view(struct site_view *v, const struct site_view *from)
{
    *v = *from;
    for (size_t i = 0; i < SITE_INDEXES; i++)
        v->index[i].own = false;
}

/* What another process has committed is read before anything is judged by it. */
static bool catch_up(struct site *s, struct store_tx *tx, struct att_err *err)
{
    uint64_t generation = 0;

    if (!store_tx_generation(tx, &generation, err))
        return false;
    return (s->generation_known && generation == s->generation) || site_load(s, tx, err);
}

bool site_change_begin(struct site *s, int64_t now_unix_s, struct site_change **ret, struct att_err *err)
{
    struct store_tx *tx = NULL;

    if (s->changing)
        return att_fail(err, ATT_INTERNAL, "site.change", "one change at a time", "one that has not ended");
    struct site_change *c = calloc(1, sizeof *c);
    struct att_arena *arena = att_arena_new(SITE_ARENA_BYTES_MAX);
    if (!c || !arena) {
        free(c);
        att_arena_free(arena);
        return att_fail_memory(err, "site.change");
    }
    if (!store_begin(s->store, &tx, err) || !catch_up(s, tx, err)) {
        store_rollback(tx);
        att_arena_free(arena);
        free(c);
        return false;
    }
    *c = (struct site_change){ .site = s, .tx = tx, .now_unix_s = now_unix_s, .arena = arena };
    borrow_view(&c->view, &s->view);
    s->changing = true;
    *ret = c;
    return true;
}

/* -- what has changed ------------------------------------------------------------------------------------- */

static int compare_row(const struct site_changed *row, enum site_kind kind, const char *key)
{
    return row->kind != kind ? (row->kind > kind) - (row->kind < kind) : strcmp(row->key, key);
}

/* Where the row is, or belongs. */
static size_t row_at(const struct site_change *c, enum site_kind kind, const char *key)
{
    size_t low = 0;
    size_t high = c->row_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_row(&c->rows[middle], kind, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct site_changed *row_find(struct site_change *c, enum site_kind kind, const char *key)
{
    size_t at = row_at(c, kind, key);

    return at < c->row_count && compare_row(&c->rows[at], kind, key) == 0 ? &c->rows[at] : NULL;
}

static struct site_changed *row_add(struct site_change *c, const struct site_object *o)
{
    if (c->row_count == c->row_room) {
        size_t room = 2 * c->row_room + 8;
        struct site_changed *rows = realloc(c->rows, room * sizeof *rows);
        if (!rows)
            return NULL;
        c->rows = rows;
        c->row_room = room;
    }
    char *key = strdup(o->key);
    if (!key)
        return NULL;
    size_t at = row_at(c, o->kind, key);
    memmove(c->rows + at + 1, c->rows + at, (c->row_count - at) * sizeof *c->rows);
    c->rows[at] = (struct site_changed){ .kind = o->kind, .key = key };
    c->row_count++;
    return &c->rows[at];
}

/* The reference goes to the change. */
static bool spend(struct site_change *c, const struct site_object *o)
{
    if (c->spent_count == c->spent_room) {
        size_t room = 2 * c->spent_room + 8;
        const struct site_object **spent = realloc(c->spent, room * sizeof(const struct site_object *));
        if (!spent)
            return false;
        c->spent = spent;
        c->spent_room = room;
    }
    c->spent[c->spent_count++] = o;
    return true;
}

/* `now` takes the place of `was` in the view and in the list of what has changed; either may be NULL. The reference
 * on `now` goes to the list. */
static bool apply(struct site_change *c, const struct site_object *was, const struct site_object *now,
                  bool derived, struct att_err *err)
{
    const struct site_object *any = now ? now : was;
    struct site_changed *row = row_find(c, any->kind, any->key);

    if (!row) {
        row = row_add(c, any);
        if (!row) {
            site_unref(now);
            return att_fail_memory(err, "site.change");
        }
        row->before = was;
        row->derived = true;
    }
    if (row->after && !spend(c, row->after)) {
        site_unref(now);
        return att_fail_memory(err, "site.change");
    }
    row->after = now;
    row->derived = row->derived && derived;
    /* On failure the change is not committed, and its view is not looked at again. */
    return (!was || site_view_remove(&c->view, was, err)) && (!now || site_view_add(&c->view, now, err));
}

/* Something below a provider is another: the provider becomes a new object, to which nothing is attached yet. */
static bool renew_provider(struct site_change *c, const char *child_key, enum site_kind child,
                           struct att_err *err)
{
    struct att_span key = site_key_parent(child_key, site_rows[child]->parent_segments);
    const struct site_object *p = site_view_get_span(&c->view, SITE_PROVIDER, key);
    const void *fresh = NULL;

    if (!p || row_find(c, SITE_PROVIDER, p->key)) /* new already */
        return true;
    return site_object_new(p, site_object_digest(p), &fresh, err) && apply(c, p, fresh, true, err);
}

/* -- putting and deleting --------------------------------------------------------------------------------- */

static bool version_is(const struct site_object *o, uint64_t replaces, struct att_err *err)
{
    uint64_t version = o ? o->version : 0;

    if (version == replaces)
        return true;
    return att_fail(err, ATT_STORE_CONFLICT, "site.version", "the version that was read",
                    "%llu instead of %llu", (unsigned long long)version, (unsigned long long)replaces);
}

/* What stands in the store; nothing when that is the plain body. */
static bool seal_body(struct site_change *c, const struct store_doc *doc, struct att_buf *ret,
                      struct att_err *err)
{
    return !site_seals(c->site, doc->kind) ||
           site_seal(c->site->row_key, doc->kind, doc->id, c->arena, doc->body, ret, err);
}

/* The object as it will be, from the caller's: as the encoder writes it and the decoder reads it, so that memory and
 * store cannot differ. */
static bool make_object(struct site_change *c, const struct site_object *o, const struct site_object *was,
                        const char *changed_by, struct att_buf *body, struct att_buf *sealed,
                        const void **ret, struct att_err *err)
{
    size_t bytes = site_rows[o->kind]->bytes;
    uint8_t digest[SITE_DIGEST_BYTES];
    const void *decoded = NULL;
    struct site_object head = *o;

    head.created_unix_s = was ? was->created_unix_s : c->now_unix_s;
    head.created_by = was ? was->created_by : changed_by;
    head.changed_by = changed_by;
    uint8_t *copy = att_arena_alloc(c->arena, 1, bytes);
    if (!copy)
        return att_fail_memory(err, "site.put");
    memcpy(copy, o, bytes);
    memcpy(copy, &head, sizeof head);
    if (!site_row_encode(copy, c->arena, body, err))
        return false;
    struct store_doc doc = {
        .tenant = o->tenant,
        .kind = site_rows[o->kind]->name,
        .id = o->key,
        .version = (was ? was->version : 0) + 1,
        .changed_unix_s = c->now_unix_s,
        .body = att_buf_span(body),
    };
    return site_row_decode(o->kind, &doc, c->arena, &decoded, err) && seal_body(c, &doc, sealed, err) &&
           site_digest(att_buf_span(sealed->len > 0 ? sealed : body), digest, err) &&
           site_object_new(decoded, digest, ret, err);
}

static bool role_known(const struct site_object *o, struct att_err *err)
{
    const struct site_assignment *a = (const struct site_assignment *)o;

    if (o->kind != SITE_ASSIGNMENT || access_role_by_guid(att_str(a->role)))
        return true;
    return att_fail(err, ATT_ROLE_UNKNOWN, "site.assignment.role", "the GUID of a role definition", "%s",
                    a->role);
}

static bool write_row(struct site_change *c, const struct site_object *o, struct att_span body,
                      uint64_t replaces, struct att_err *err)
{
    struct store_doc doc = {
        .tenant = o->tenant,
        .kind = site_rows[o->kind]->name,
        .id = o->key,
        .changed_unix_s = c->now_unix_s,
        .body = body,
    };

    c->wrote = true;
    return store_doc_put(c->tx, &doc, replaces, err);
}

static bool put(struct site_change *c, const struct site_object *o, uint64_t replaces, const char *changed_by,
                struct att_buf *body, struct att_buf *sealed, struct att_err *err)
{
    const void *made = NULL;

    if ((unsigned)o->kind >= SITE_KINDS || !o->key || !o->tenant)
        return att_fail(err, ATT_INTERNAL, "site.put", "an object with kind, tenant and key", "one without");
    const struct site_object *was = site_view_get(&c->view, o->kind, o->key);
    if (!version_is(was, replaces, err))
        return false;
    if (was && strcmp(was->tenant, o->tenant) != 0)
        return att_fail(err, ATT_IMMUTABLE_PROPERTY, "site.tenant", "the tenant that it has", "another");
    if (!make_object(c, o, was, changed_by, body, sealed, &made, err))
        return false;
    const struct site_object *fresh = made;
    if (!site_rule_parent(&c->view, fresh, err) || !site_rule_unique(&c->view, fresh, err) ||
        !role_known(fresh, err) || (!was && !site_leftovers_drop(c, fresh, err)) ||
        !write_row(c, fresh, att_buf_span(sealed->len > 0 ? sealed : body), replaces, err)) {
        site_unref(made);
        return false;
    }
    return apply(c, was, fresh, false, err) &&
           (!site_rows[fresh->kind]->part_of_provider || renew_provider(c, fresh->key, fresh->kind, err));
}

bool site_put(struct site_change *c, const void *object, uint64_t replaces, const char *changed_by,
              struct att_err *err)
{
    struct att_buf body = { .max = STORE_BODY_BYTES_MAX + 1 }, sealed = body;

    att_arena_reset(c->arena);
    bool done = put(c, object, replaces, changed_by, &body, &sealed, err);
    att_buf_free(&body);
    att_buf_free(&sealed);
    c->failed = c->failed || !done;
    return done;
}

static bool take_out(struct site_change *c, enum site_kind kind, const char *key, uint64_t replaces,
                     struct att_err *err)
{
    const struct site_object *was = site_view_get(&c->view, kind, key);

    if (!was || replaces == 0)
        return att_fail(err, ATT_STORE_CONFLICT, "site.version", "the version that was read", "%s",
                        was ? "none named" : "no such object");
    if (!version_is(was, replaces, err))
        return false;
    c->wrote = true;
    if (!store_doc_delete(c->tx, was->tenant, site_rows[kind]->name, was->key, replaces, err))
        return false;
    if (site_rows[kind]->part_of_provider && !renew_provider(c, was->key, kind, err))
        return false;
    return apply(c, was, NULL, false, err);
}

bool site_delete(struct site_change *c, enum site_kind kind, const char *key, uint64_t replaces,
                 struct att_err *err)
{
    bool done = take_out(c, kind, key, replaces, err);

    c->failed = c->failed || !done;
    return done;
}

const void *site_change_get(struct site_change *c, enum site_kind kind, const char *key)
{
    return site_view_get(&c->view, kind, key);
}
