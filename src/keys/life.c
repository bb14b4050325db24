/* The life of keys, as their rows say it: a question of the time alone. */
#include "keys/keyrow.h"

#include <string.h>

/* In order of the moment, then of the name, so that all processes agree. */
static bool later(const struct keyrow *a, const struct keyrow *b)
{
    if (a->activate_unix_s != b->activate_unix_s)
        return a->activate_unix_s > b->activate_unix_s;
    return strcmp(a->kid, b->kid) > 0;
}

const struct keyrow *keyrows_signing(const struct keyrows *rows, const char *alg, int64_t now_unix_s)
{
    const struct keyrow *signs = NULL, *oldest = NULL;

    for (size_t i = 0; i < rows->count; i++) {
        const struct keyrow *row = &rows->row[i];
        if (strcmp(row->alg, alg) != 0)
            continue;
        if (!oldest || later(oldest, row))
            oldest = row;
        if (row->activate_unix_s <= now_unix_s && (!signs || later(row, signs)))
            signs = row;
    }
    return signs ? signs : oldest;
}

const struct keyrow *keyrows_newest(const struct keyrows *rows, const char *alg)
{
    return keyrows_signing(rows, alg, KEYSET_NEVER);
}

int64_t keyrows_until(const struct keyrows *rows, const struct keyrow *row)
{
    const struct keyrow *next = NULL;

    for (size_t i = 0; i < rows->count; i++) {
        const struct keyrow *other = &rows->row[i];
        if (strcmp(other->alg, row->alg) == 0 && later(other, row) && (!next || later(next, other)))
            next = other;
    }
    return next ? next->activate_unix_s : KEYSET_NEVER;
}

int64_t keyrows_remove(const struct keyrows *rows, const struct keyrow *row, uint32_t keep_s)
{
    int64_t until = keyrows_until(rows, row);

    if (keep_s == 0 || until > KEYSET_NEVER - (int64_t)keep_s)
        return KEYSET_NEVER;
    return until + (int64_t)keep_s;
}
