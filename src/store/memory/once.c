#include "store/memory/once.h"

#include "store/rows.h"

#include <stdlib.h>

static size_t find(const struct memory_once *o, const char *space, const char *id, bool *ret_there)
{
    size_t low = 0, high = o->count;

    *ret_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(o->rows[middle].space, space);
        if (order == 0)
            order = strcmp(o->rows[middle].id, id);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
        *ret_there = *ret_there || order == 0;
    }
    return low;
}

static bool row_new(const char *space, const char *id, int64_t until_unix_s, struct memory_once_row *ret)
{
    size_t first = strlen(space) + 1, second = strlen(id) + 1;
    char *copy = malloc(first + second);

    if (!copy)
        return false;
    memcpy(copy, space, first);
    memcpy(copy + first, id, second);
    *ret = (struct memory_once_row){ copy, copy + first, until_unix_s };
    return true;
}

static bool reserve(struct memory_once *o)
{
    if (o->count < o->room)
        return true;
    size_t more = o->room ? 2 * o->room : 64;
    struct memory_once_row *grown = reallocarray(o->rows, more, sizeof *grown);
    if (!grown)
        return false;
    o->rows = grown;
    o->room = more;
    return true;
}

static void take_out(struct memory_once *o, size_t at)
{
    free(o->rows[at].space);
    o->count--;
    memmove(&o->rows[at], &o->rows[at + 1], (o->count - at) * sizeof *o->rows);
}

/* Looks at the next few rows, round and round: each call adds one at most, so those past their time do not pile up. */
static void forget(struct memory_once *o, int64_t now_unix_s)
{
    for (unsigned i = 0; i < STORE_ONCE_FORGOTTEN_MAX && o->count > 0; i++) {
        if (o->next >= o->count)
            o->next = 0;
        if (o->rows[o->next].until_unix_s < now_unix_s)
            take_out(o, o->next);
        else
            o->next++;
    }
}

bool memory_once_take(struct memory_once *o, const char *space, const char *id, int64_t until_unix_s,
                      int64_t now_unix_s, bool *ret_first)
{
    struct memory_once_row row = { 0 };
    bool there = false;

    forget(o, now_unix_s);
    size_t at = find(o, space, id, &there);
    bool first = !there || o->rows[at].until_unix_s < now_unix_s;
    if (there && first)
        o->rows[at].until_unix_s = until_unix_s;
    if (!there) {
        if (!reserve(o) || !row_new(space, id, until_unix_s, &row))
            return false;
        memmove(&o->rows[at + 1], &o->rows[at], (o->count - at) * sizeof *o->rows);
        o->rows[at] = row;
        o->count++;
    }
    *ret_first = first;
    return true;
}

void memory_once_free(struct memory_once *o)
{
    while (o->count > 0)
        free(o->rows[--o->count].space);
    free(o->rows);
}
