/* attest/arena.h - the memory of one piece of work.
 *
 * Results of libattest live in an arena that the caller gives: allocate freely, free all at once. It has a
 * ceiling, so that an attacker's sizes end in an error and not in the machine's memory. Everything is wiped
 * when freed.
 *
 * Example:
 *     struct att_arena *arena = att_arena_new(1 << 20);           at most 1 MiB in all
 *     if (arena && att_token_decode(arena, text, NULL, &token, &err))
 *         show(token.payload);                                    points into the arena
 *     att_arena_free(arena);                                      and now it does not
 *
 * Units: bytes. Ownership: whoever made an arena frees it; what it handed out dies with it or with a reset.
 * Errors: NULL; the function of libattest that met it refuses with OUT_OF_MEMORY.
 * Threads: one arena, one thread at a time.
 */
#ifndef ATTEST_ARENA_H
#define ATTEST_ARENA_H

#include <attest/span.h>

#ifdef __cplusplus
extern "C" {
#endif

struct att_arena;

/* NULL when memory runs out. `ceiling_bytes` counts what is handed out, each piece rounded up to alignment (16 bytes
 * on the machines we know), not bookkeeping. Caller frees. */
ATT_API struct att_arena *att_arena_new(size_t ceiling_bytes);
/* Wipes and frees; NULL is fine. */
ATT_API void att_arena_free(struct att_arena *a);
/* Wipes and empties it for the next piece of work; keeps the first block. */
ATT_API void att_arena_reset(struct att_arena *a);
/* count * size zeroed bytes, aligned for any type; NULL when the ceiling or memory is reached. */
ATT_API ATT_CHECK void *att_arena_alloc(struct att_arena *a, size_t count, size_t size);
/* Was something refused because of the ceiling, and not because the machine has no more? Until the next reset. */
ATT_API bool att_arena_full(const struct att_arena *a);
/* A copy with a NUL behind it (not counted); NULL as above. */
ATT_API ATT_CHECK char *att_arena_dup(struct att_arena *a, struct att_span bytes);

#ifdef __cplusplus
}
#endif
#endif
