/* store/memory/once.h - what may happen once: pairs of space and id, each until a time. */
#ifndef STORE_MEMORY_ONCE_H
#define STORE_MEMORY_ONCE_H

#include "store/store.h"

struct memory_once_row {
    char *space, *id; /* one allocation, which `space` begins */
    int64_t until_unix_s;
};

struct memory_once {
    struct memory_once_row *rows; /* by space, id */
    size_t count, room;
    size_t next; /* where the search for forgotten rows goes on */
};

/* As store_once has it. False: no memory; nothing is remembered then. */
ATT_CHECK bool memory_once_take(struct memory_once *o, const char *space, const char *id,
                                int64_t until_unix_s, int64_t now_unix_s, bool *ret_first);
void memory_once_free(struct memory_once *o);

#endif
