/* Opening, and reading: lookups under the lock, references handed out. */
#include "site/site.h"

#include "base/err.h"
#include "base/secret.h"
#include "site/internal.h"

#include <stdlib.h>

/* Data-plane threads read all the time; a writer that waits for a gap between them would wait for ever. */
static bool lock_init(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attr;

    if (pthread_rwlockattr_init(&attr) != 0)
        return false;
    bool made = pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0 &&
                pthread_rwlock_init(lock, &attr) == 0;
    pthread_rwlockattr_destroy(&attr);
    return made;
}

/* The lock is never taken twice by a thread and always set up: a failure would be a broken program. */
static void read_lock(struct site *s)
{
    (void)pthread_rwlock_rdlock(&s->lock);
}

static void unlock(struct site *s)
{
    (void)pthread_rwlock_unlock(&s->lock);
}

/* Inside a transaction no other process commits, so the kinds fit together. */
static bool load(struct site *s, struct att_err *err)
{
    struct store_tx *tx = NULL;

    if (!store_begin(s->store, &tx, err))
        return false;
    bool loaded = site_load(s, tx, err);
    store_rollback(tx);
    return loaded;
}

bool site_open(struct store *store, struct site **ret, struct att_err *err)
{
    return site_open_sealed(store, NULL, ret, err);
}

bool site_open_sealed(struct store *store, const uint8_t *row_key, struct site **ret, struct att_err *err)
{
    struct site *s = calloc(1, sizeof *s);

    if (!s || !lock_init(&s->lock)) {
        free(s);
        return att_fail_memory(err, "site");
    }
    s->store = store;
    s->sealing = row_key != NULL;
    if (row_key)
        memcpy(s->row_key, row_key, sizeof s->row_key);
    if (!load(s, err)) {
        site_close(s);
        return false;
    }
    *ret = s;
    return true;
}

void site_close(struct site *s)
{
    if (!s)
        return;
    site_view_release(&s->view);
    (void)pthread_rwlock_destroy(&s->lock);
    att_wipe(s->row_key, sizeof s->row_key);
    free(s);
}

bool site_refresh(struct site *s, struct att_err *err)
{
    uint64_t generation = 0;

    if (!store_generation(s->store, &generation, err))
        return false;
    return (s->generation_known && generation == s->generation) || load(s, err);
}

uint64_t site_generation(const struct site *s)
{
    return s->generation;
}

void site_publish(struct site *s, struct site_view *v)
{
    (void)pthread_rwlock_wrlock(&s->lock);
    for (size_t i = 0; i < SITE_INDEXES; i++) {
        if (!v->index[i].own)
            continue;
        struct site_index old = s->view.index[i];
        s->view.index[i] = v->index[i];
        v->index[i] = old;
    }
    unlock(s);
}

const void *site_get(struct site *s, enum site_kind kind, const char *key)
{
    read_lock(s);
    const void *found = site_ref(site_view_get(&s->view, kind, key));
    unlock(s);
    return found;
}

/* The one object that has an entry with this text and number; NULL when there is none or more than one. */
static const struct site_object *only_entry(const struct site_index *x, const char *text, uint64_t number)
{
    size_t at = site_index_find(x, text, number);
    const struct site_object *found = NULL;

    for (; at < x->count && x->entries[at].number == number && strcmp(x->entries[at].text, text) == 0; at++) {
        if (found)
            return NULL;
        found = x->entries[at].object;
    }
    return found;
}

static const void *lookup(struct site *s, enum site_index_id index, const char *text, uint64_t number)
{
    read_lock(s);
    const void *found = site_ref(only_entry(&s->view.index[index], text, number));
    unlock(s);
    return found;
}

const struct site_provider *site_provider_by_name(struct site *s, const char *name)
{
    char lower[64];
    size_t len = strnlen(name, sizeof lower);

    if (len == sizeof lower) /* longer than any name */
        return NULL;
    for (size_t i = 0; i <= len; i++)
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    return lookup(s, SITE_BY_NAME, lower, 0);
}

const struct site_principal *site_principal_by_client(struct site *s, const char *client_id)
{
    return lookup(s, SITE_BY_CLIENT, client_id, 0);
}

const struct site_principal *site_principal_by_uid(struct site *s, uint32_t uid)
{
    return lookup(s, SITE_BY_UID, "", uid);
}

bool site_list(struct site *s, enum site_kind kind, const char *prefix, struct site_list *ret,
               struct att_err *err)
{
    struct site_list list = { 0 };
    size_t first = 0;
    size_t end = 0;

    read_lock(s);
    const struct site_index *x = &s->view.index[kind];
    const struct site_object *itself = site_view_get(&s->view, kind, prefix);
    site_index_below(x, prefix, &first, &end);
    list.objects = calloc(end - first + 1, sizeof *list.objects);
    if (list.objects && itself) /* sorts before all that is below it */
        list.objects[list.count++] = site_ref(itself);
    for (size_t i = first; list.objects && i < end; i++)
        list.objects[list.count++] = site_ref(x->entries[i].object);
    unlock(s);
    if (!list.objects)
        return att_fail_memory(err, "site.list");
    *ret = list;
    return true;
}

void site_list_free(struct site_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        site_unref(list->objects[i]);
    free(list->objects);
    *list = (struct site_list){ 0 };
}
