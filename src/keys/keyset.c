#include "keys/keyset.h"

#include "base/err.h"
#include "keys/internal.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SET_ARENA_BYTES = 1 << 20 };

struct made {
    struct keyset set; /* first: its address is the reader's */
    atomic_uint refs;
    struct att_arena *arena;
};

static struct made *made_of(const struct keyset *k)
{
    return (struct made *)(void *)(uintptr_t)k;
}

const struct keyset *keyset_ref(const struct keyset *k)
{
    atomic_fetch_add_explicit(&made_of(k)->refs, 1, memory_order_relaxed);
    return k;
}

void keyset_unref(const struct keyset *k)
{
    if (!k || atomic_fetch_sub_explicit(&made_of(k)->refs, 1, memory_order_acq_rel) != 1)
        return;
    att_arena_free(made_of(k)->arena);
    free(made_of(k));
}

static bool later(const struct keyset_key *a, const struct keyset_key *b)
{
    if (a->activate_unix_s != b->activate_unix_s)
        return a->activate_unix_s > b->activate_unix_s;
    return strcmp(a->kid, b->kid) > 0;
}

/* As keyrows_signing, of what is published. */
static const struct keyset_key *signing_of(const struct keyset *k, const char *alg, int64_t now_unix_s)
{
    const struct keyset_key *signs = NULL, *oldest = NULL;

    for (size_t i = 0; i < k->count; i++) {
        const struct keyset_key *key = &k->keys[i];
        if (strcmp(key->alg, alg) != 0)
            continue;
        if (!oldest || later(oldest, key))
            oldest = key;
        if (key->activate_unix_s <= now_unix_s && (!signs || later(key, signs)))
            signs = key;
    }
    return signs ? signs : oldest;
}

const struct keyset_key *keyset_signing(const struct keyset *k, int64_t now_unix_s)
{
    return signing_of(k, k->alg, now_unix_s);
}

const struct keyset_key *keyset_find(const struct keyset *k, const char *kid)
{
    for (size_t i = 0; i < k->count; i++) {
        if (strcmp(k->keys[i].kid, kid) == 0)
            return &k->keys[i];
    }
    return NULL;
}

static bool over(int64_t moment, int64_t now_unix_s)
{
    return moment != KEYSET_NEVER && moment <= now_unix_s;
}

bool keyset_outdated(const struct keyset *k, int64_t now_unix_s)
{
    const struct keyset_key *first = k->count > 0 ? signing_of(k, k->keys[0].alg, now_unix_s) : NULL;

    for (size_t i = 0; i < k->count; i++) {
        if (over(k->keys[i].remove_unix_s, now_unix_s))
            return true;
    }
    return first && first != &k->keys[0];
}

/* -- making ----------------------------------------------------------------------------------------------- */

/* One key on its way into a set. */
struct entry {
    struct keyset_key key;
    bool other; /* than RS256 */
    bool signs; /* of those of its algorithm */
};

/* RS256 first, and the key that signs before all others, since some clients take the first key; then newest first. */
static int before(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;

    if (a->other != b->other)
        return a->other ? 1 : -1;
    if (a->signs != b->signs)
        return a->signs ? -1 : 1;
    return later(&a->key, &b->key) ? -1 : 1;
}

static bool copy_key(struct att_arena *arena, const struct keyrow *row, struct keyset_key *ret)
{
    const char *spki = att_arena_dup(arena, row->spki);

    ret->kid = att_arena_dup(arena, att_str(row->kid));
    ret->alg = att_arena_dup(arena, att_str(row->alg));
    ret->spki = att_span_of(spki, row->spki.len);
    ret->made_unix_s = row->made_unix_s;
    ret->activate_unix_s = row->activate_unix_s;
    return spki && ret->kid && ret->alg;
}

static bool fill(struct made *m, const struct keyring_options *o, const struct keyrows *rows, int64_t now)
{
    struct entry *all = att_arena_alloc(m->arena, rows->count + 1, sizeof *all);
    struct keyset_key *keys = att_arena_alloc(m->arena, rows->count + 1, sizeof *keys);
    size_t count = 0;

    m->set.alg = att_arena_dup(m->arena, att_str(o->alg));
    if (!all || !keys || !m->set.alg)
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct keyrow *row = &rows->row[i];
        struct entry e = { .other = strcmp(row->alg, "RS256") != 0 };
        e.key.until_unix_s = keyrows_until(rows, row);
        e.key.remove_unix_s = keyrows_remove(rows, row, o->schedule.keep_s);
        if (over(e.key.remove_unix_s, now))
            continue;
        e.signs = keyrows_signing(rows, row->alg, now) == row;
        if (!copy_key(m->arena, row, &e.key))
            return false;
        all[count++] = e;
    }
    qsort(all, count, sizeof *all, before);
    for (size_t i = 0; i < count; i++)
        keys[i] = all[i].key;
    m->set.keys = keys;
    m->set.count = count;
    return true;
}

bool keyset_new(const struct keyring_options *options, const struct keyrows *rows, int64_t now_unix_s,
                uint64_t number, const struct keyset **ret, struct att_err *err)
{
    struct made *m = calloc(1, sizeof *m);

    if (!m)
        return att_fail_memory(err, "keyset");
    m->arena = att_arena_new(SET_ARENA_BYTES);
    m->set.number = number;
    atomic_init(&m->refs, 1);
    if (!m->arena || !fill(m, options, rows, now_unix_s)) {
        keyset_unref(&m->set);
        return att_fail_memory(err, "keyset");
    }
    *ret = &m->set;
    return true;
}
