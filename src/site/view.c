/* Sorted arrays of entries, and the views that they make up. */
#include "base/err.h"
#include "site/internal.h"

#include <stdio.h>
#include <stdlib.h>

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare(const struct site_entry *a, const char *text, uint64_t number, const char *tenant,
                   const char *key)
{
    int order = strcmp(a->text, text);

    if (order == 0)
        order = compare_numbers(a->number, number);
    if (order == 0)
        order = strcmp(a->object->tenant, tenant);
    return order ? order : strcmp(a->object->key, key);
}

static int compare_entries(const void *a, const void *b)
{
    const struct site_entry *y = b;

    return compare(a, y->text, y->number, y->object->tenant, y->object->key);
}

static size_t lower_bound(const struct site_index *x, const char *text, uint64_t number, const char *tenant,
                          const char *key)
{
    size_t low = 0;
    size_t high = x->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&x->entries[middle], text, number, tenant, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t site_index_find(const struct site_index *x, const char *text, uint64_t number)
{
    return lower_bound(x, text, number, "", "");
}

bool site_assignments_next(struct site_assignments *i, const struct site_assignment **ret)
{
    const struct site_index *x = i->index;

    if (i->at >= x->count)
        return false;
    const struct site_assignment *a = (const struct site_assignment *)x->entries[i->at].object;
    if (strcmp(a->principal, i->principal) != 0 || strcmp(a->o.tenant, i->tenant) != 0 ||
        strncmp(a->o.key, i->keys, strlen(i->keys)) != 0)
        return false;
    i->at++;
    *ret = a;
    return true;
}

void site_assignments_at(struct site_assignments *i, struct att_span scope)
{
    int len = snprintf(i->keys, sizeof i->keys, "%.*s/providers/microsoft.authorization/roleassignments/",
                       (int)(scope.len < STORE_ID_BYTES_MAX ? scope.len : STORE_ID_BYTES_MAX),
                       (const char *)scope.ptr);

    /* What does not fit is longer than any key. */
    i->at = len < 0 || (size_t)len >= sizeof i->keys
                ? i->index->count
                : lower_bound(i->index, i->principal, 0, i->tenant, i->keys);
}

/* Where an object stands. The key comes last: it holds the reference, so an object whose other entries could not be made
 * is not owned by the view. */
struct place {
    enum site_index_id index;
    struct site_entry entry;
};
enum { PLACES_MAX = 2 + SITE_CREDENTIALS_MAX };

static bool stands_at(const struct place *places, size_t count, const struct place *p)
{
    for (size_t i = 0; i < count; i++)
        if (places[i].index == p->index && places[i].entry.number == p->entry.number)
            return true;
    return false;
}

static size_t principal_places(const struct site_principal *p, struct place ret[PLACES_MAX])
{
    size_t count = 0;

    ret[count++] = (struct place){ SITE_BY_CLIENT, { p->client_id, 0, &p->o } };
    for (size_t i = 0; i < p->credential_count; i++) {
        struct place place = { SITE_BY_UID, { "", p->credentials[i].uid, &p->o } };
        if (p->credentials[i].kind == SITE_UNIX_USER && !stands_at(ret, count, &place))
            ret[count++] = place;
    }
    return count;
}

static size_t places_of(const struct site_object *o, struct place ret[PLACES_MAX])
{
    size_t count = 0;

    if (o->kind == SITE_PROVIDER) /* the last segment of its key is its name in lower case */
        ret[count++] = (struct place){ SITE_BY_NAME, { strrchr(o->key, '/') + 1, 0, o } };
    if (o->kind == SITE_ASSIGNMENT)
        ret[count++] =
            (struct place){ SITE_BY_ASSIGNEE, { ((const struct site_assignment *)o)->principal, 0, o } };
    if (o->kind == SITE_PRINCIPAL)
        count = principal_places((const struct site_principal *)o, ret);
    ret[count++] = (struct place){ (enum site_index_id)o->kind, { o->key, 0, o } };
    return count;
}

/* Room for one more entry, in an array of its own. */
static bool make_room(struct site_index *x, struct att_err *err)
{
    if (x->own && x->count < x->room)
        return true;
    size_t room = x->count + x->count / 8 + 16;
    struct site_entry *entries = malloc(room * sizeof *entries);
    if (!entries)
        return att_fail_memory(err, "site.index");
    if (x->count > 0)
        memcpy(entries, x->entries, x->count * sizeof *entries);
    if (x->own)
        free(x->entries);
    *x = (struct site_index){ entries, x->count, room, true };
    return true;
}

bool site_view_append(struct site_view *v, const struct site_object *o, struct att_err *err)
{
    struct place places[PLACES_MAX];
    size_t count = places_of(o, places);

    for (size_t i = 0; i < count; i++) {
        struct site_index *x = &v->index[places[i].index];
        if (!make_room(x, err))
            return false;
        x->entries[x->count++] = places[i].entry;
    }
    return true;
}

void site_view_sort(struct site_view *v)
{
    for (size_t i = 0; i < SITE_INDEXES; i++)
        if (v->index[i].count > 1)
            qsort(v->index[i].entries, v->index[i].count, sizeof(struct site_entry), compare_entries);
}

static size_t find_entry(const struct site_index *x, const struct site_entry *e)
{
    return lower_bound(x, e->text, e->number, e->object->tenant, e->object->key);
}

bool site_view_add(struct site_view *v, const struct site_object *o, struct att_err *err)
{
    struct place places[PLACES_MAX];
    size_t count = places_of(o, places);

    for (size_t i = 0; i < count; i++) {
        struct site_index *x = &v->index[places[i].index];
        if (!make_room(x, err))
            return false;
        size_t at = find_entry(x, &places[i].entry);
        memmove(x->entries + at + 1, x->entries + at, (x->count - at) * sizeof *x->entries);
        x->entries[at] = places[i].entry;
        x->count++;
    }
    return true;
}

bool site_view_remove(struct site_view *v, const struct site_object *o, struct att_err *err)
{
    struct place places[PLACES_MAX];
    size_t count = places_of(o, places);

    for (size_t i = 0; i < count; i++) {
        struct site_index *x = &v->index[places[i].index];
        size_t at = find_entry(x, &places[i].entry);
        if (at == x->count || x->entries[at].object != o)
            return att_fail(err, ATT_INTERNAL, "site.index", "the object in each of its indexes",
                            "not in one");
        if (!x->own && !make_room(x, err))
            return false;
        memmove(x->entries + at, x->entries + at + 1, (x->count - at - 1) * sizeof *x->entries);
        x->count--;
    }
    return true;
}

bool site_view_replace(struct site_view *v, const struct site_object *old, const struct site_object *fresh,
                       struct att_err *err)
{
    struct place places[PLACES_MAX];
    size_t count = places_of(fresh, places);

    for (size_t i = 0; i < count; i++) {
        struct site_index *x = &v->index[places[i].index];
        size_t at = find_entry(x, &places[i].entry);
        if (at == x->count || x->entries[at].object != old)
            return att_fail(err, ATT_INTERNAL, "site.index", "the object in each of its indexes",
                            "not in one");
        if (!x->own && !make_room(x, err))
            return false;
        x->entries[at] = places[i].entry;
    }
    return true;
}

const struct site_object *site_view_get(const struct site_view *v, enum site_kind kind, const char *key)
{
    const struct site_index *x = &v->index[kind];
    size_t at = lower_bound(x, key, 0, "", "");

    return at < x->count && strcmp(x->entries[at].text, key) == 0 ? x->entries[at].object : NULL;
}

const struct site_object *site_view_get_span(const struct site_view *v, enum site_kind kind,
                                             struct att_span key)
{
    char text[STORE_ID_BYTES_MAX + 1];

    if (key.len == 0 || key.len >= sizeof text || memchr(key.ptr, '\0', key.len))
        return NULL;
    memcpy(text, key.ptr, key.len);
    text[key.len] = '\0';
    return site_view_get(v, kind, text);
}

/* Is the key behind `prefix` "/"? -1 when it sorts before all that are, 1 behind them. */
static int compare_below(const char *key, const char *prefix, size_t prefix_len)
{
    int order = strncmp(key, prefix, prefix_len);

    if (order != 0)
        return order;
    uint8_t next = (uint8_t)key[prefix_len];
    return (next > '/') - (next < '/');
}

static size_t first_not_less(const struct site_index *x, const char *prefix, size_t prefix_len, int least)
{
    size_t low = 0;
    size_t high = x->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_below(x->entries[middle].text, prefix, prefix_len) < least)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void site_index_below(const struct site_index *x, const char *prefix, size_t *ret_first, size_t *ret_end)
{
    size_t len = strlen(prefix);

    *ret_first = first_not_less(x, prefix, len, 0);
    *ret_end = first_not_less(x, prefix, len, 1);
}

void site_view_drop(struct site_view *v)
{
    for (size_t i = 0; i < SITE_INDEXES; i++)
        if (v->index[i].own)
            free(v->index[i].entries);
    *v = (struct site_view){ 0 };
}

void site_view_release(struct site_view *v)
{
    for (size_t kind = 0; kind < SITE_KINDS; kind++)
        for (size_t i = 0; i < v->index[kind].count; i++)
            site_unref(v->index[kind].entries[i].object);
    site_view_drop(v);
}
