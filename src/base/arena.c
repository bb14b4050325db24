/* The arena: blocks in a list, bump allocation, a ceiling over all. With ATT_ARENA_DEBUG every piece is a
 * block of its own, so that the address sanitizer sees an overrun of one piece into the next. */
#include <attest/arena.h>

#include "base/secret.h"

#include <stdlib.h>

struct block {
    struct block *next;
    size_t size; /* usable bytes */
    size_t used;
    _Alignas(max_align_t) uint8_t bytes[];
};

struct att_arena {
    struct block *blocks; /* newest first */
    size_t ceiling;
    size_t handed_out;
    bool full; /* the ceiling refused something */
};

enum { BLOCK_BYTES = 16 * 1024, ALIGN = _Alignof(max_align_t) };

static struct block *block_new(size_t size)
{
    size_t whole = 0;

    if (__builtin_add_overflow(sizeof(struct block), size, &whole))
        return NULL;
    struct block *b = malloc(whole);
    if (b)
        *b = (struct block){ .size = size };
    return b;
}

static void block_free(struct block *b)
{
    att_wipe(b->bytes, b->used);
    free(b);
}

struct att_arena *att_arena_new(size_t ceiling_bytes)
{
    struct att_arena *a = malloc(sizeof *a);
    if (a)
        *a = (struct att_arena){ .ceiling = ceiling_bytes };
    return a;
}

void att_arena_reset(struct att_arena *a)
{
    while (a->blocks && a->blocks->next) {
        struct block *b = a->blocks;
        a->blocks = b->next;
        block_free(b);
    }
    if (a->blocks) {
        att_wipe(a->blocks->bytes, a->blocks->used);
        a->blocks->used = 0;
    }
    a->handed_out = 0;
    a->full = false;
}

bool att_arena_full(const struct att_arena *a)
{
    return a->full;
}

void att_arena_free(struct att_arena *a)
{
    if (!a)
        return;
    while (a->blocks) {
        struct block *b = a->blocks;
        a->blocks = b->next;
        block_free(b);
    }
    free(a);
}

static struct block *block_with_room(struct att_arena *a, size_t bytes)
{
#ifndef ATT_ARENA_DEBUG
    if (a->blocks && a->blocks->size - a->blocks->used >= bytes)
        return a->blocks;
    struct block *b = block_new(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
#else
    struct block *b = block_new(bytes);
#endif
    if (!b)
        return NULL;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

void *att_arena_alloc(struct att_arena *a, size_t count, size_t size)
{
    size_t bytes = 0;
    size_t charged = 0;

    bool wraps = __builtin_mul_overflow(count, size, &bytes) ||
                 __builtin_add_overflow(bytes, (size_t)ALIGN - 1, &charged);
    /* What alignment costs counts too: else pieces of one byte would take ALIGN times the ceiling. */
    charged = charged / ALIGN * ALIGN;
    if (wraps || charged > a->ceiling - a->handed_out) {
        a->full = true;
        return NULL;
    }
#ifndef ATT_ARENA_DEBUG
    size_t taken = charged;
#else
    size_t taken = bytes; /* nothing behind the piece, so that one byte too far is seen */
#endif
    struct block *b = block_with_room(a, taken);
    if (!b)
        return NULL;
    void *out = b->bytes + b->used;
    memset(out, 0, bytes);
    b->used += taken;
    a->handed_out += charged;
    return out;
}

char *att_arena_dup(struct att_arena *a, struct att_span bytes)
{
    if (bytes.len == SIZE_MAX)
        return NULL;
    char *out = att_arena_alloc(a, bytes.len + 1, 1);
    if (out && bytes.len > 0)
        memcpy(out, bytes.ptr, bytes.len);
    return out;
}
