/* layers: base */
/* The arena: zeroed, aligned, disjoint pieces; a ceiling to the byte that counts alignment; sizes that overflow. */
#include <attest/arena.h>

#include "support/cases.h"

#include <stdalign.h>
#include <stdlib.h>

static struct cases run = { .name = "unit.base.arena" };

enum { ALIGN = alignof(max_align_t) };

static void check_pieces(void)
{
    enum { PIECES = 2000 };
    static uint8_t *at[PIECES];
    static size_t size[PIECES];
    struct att_arena *a = att_arena_new(64 << 20);

    for (int round = 0; round < 3; round++) {
        bool zeroed = true, aligned = true, kept = true;
        for (unsigned i = 0; i < PIECES; i++) {
            size[i] = i % 100 == 99 ? 20000 + i : i * 7 % 300;
            at[i] = att_arena_alloc(a, size[i], 1);
            for (size_t k = 0; k < size[i]; k++)
                zeroed = zeroed && at[i][k] == 0;
            aligned = aligned && (uintptr_t)at[i] % ALIGN == 0;
            memset(at[i], (int)(i % 251), size[i]);
        }
        for (unsigned i = 0; i < PIECES; i++) {
            for (size_t k = 0; k < size[i]; k++)
                kept = kept && at[i][k] == i % 251;
        }
        cases_check(&run, zeroed && aligned && kept, "round %d: zeroed %d aligned %d kept %d", round, zeroed,
                    aligned, kept);
        att_arena_reset(a);
    }
    att_arena_free(a);
    att_arena_free(NULL);
}

static size_t pieces_until_full(size_t ceiling, size_t bytes)
{
    struct att_arena *a = att_arena_new(ceiling);
    size_t n = 0;

    while (n <= ceiling && att_arena_alloc(a, bytes, 1))
        n++;
    att_arena_free(a);
    return n;
}

static void check_ceiling(void)
{
    cases_check(&run, pieces_until_full(1024, ALIGN) == 1024 / ALIGN, "whole pieces");
    cases_check(&run, pieces_until_full(1024, 1) == 1024 / ALIGN, "single bytes cost what they take: %zu",
                pieces_until_full(1024, 1));
    cases_check(&run, pieces_until_full(1024, 1024) == 1 && pieces_until_full(1024, 1025) == 0,
                "all at once");
    cases_check(&run, pieces_until_full(0, 1) == 0, "nothing");
    for (size_t ceiling = 1000; ceiling < 1000 + ALIGN; ceiling++)
        cases_check(&run, pieces_until_full(ceiling, 1) == ceiling / ALIGN,
                    "what is left is less than a piece: %zu", ceiling);
    /* Reset gives everything back, and a refusal takes nothing. */
    struct att_arena *a = att_arena_new(1024);
    bool right = true;
    for (int i = 0; i < 5; i++) {
        right =
            right && !att_arena_alloc(a, 1, 1040) && att_arena_alloc(a, 1, 1024) && !att_arena_alloc(a, 1, 1);
        att_arena_reset(a);
    }
    cases_check(&run, right, "reset gives back");
    /* Whose fault a refusal was: that of the ceiling is remembered until the reset. */
    cases_check(&run, !att_arena_full(a) && att_arena_alloc(a, 1, 16) && !att_arena_full(a), "not full");
    cases_check(&run, !att_arena_alloc(a, 1, 1024) && att_arena_full(a), "full");
    cases_check(&run, att_arena_alloc(a, 1, 16) && att_arena_full(a), "still full, with room for less");
    att_arena_reset(a);
    cases_check(&run, !att_arena_full(a), "empty again");
    cases_check(&run, !att_arena_alloc(a, SIZE_MAX, SIZE_MAX) && att_arena_full(a),
                "a size that wraps is over any ceiling");
    att_arena_free(a);
}

static void check_overflow(void)
{
    static const struct {
        size_t count, size;
    } rows[] = {
        { SIZE_MAX, 1 },           { 1, SIZE_MAX },      { SIZE_MAX, SIZE_MAX },    { SIZE_MAX / 2 + 1, 2 },
        { SIZE_MAX / 16 + 2, 16 }, { SIZE_MAX - 14, 1 }, { SIZE_MAX / 28 + 1, 28 },
    };
    static const size_t ceilings[] = { 0, 1024, SIZE_MAX };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct att_arena *a = att_arena_new(ceilings[k]);
            cases_check(&run, !att_arena_alloc(a, rows[i].count, rows[i].size), "%zu * %zu under %zu",
                        rows[i].count, rows[i].size, ceilings[k]);
            att_arena_free(a);
        }
    }
    /* Fits the ceiling and itself, but not together with the block's own header. */
    struct att_arena *a = att_arena_new(SIZE_MAX);
    cases_check(&run, !att_arena_alloc(a, SIZE_MAX - 31, 1), "header of a block");
    struct att_span all = { (const uint8_t *)"", SIZE_MAX };
    cases_check(&run, !att_arena_dup(a, all), "a copy and its NUL");
    att_arena_free(a);
}

static void check_dup(void)
{
    struct att_arena *a = att_arena_new(1024);
    const char *copy = att_arena_dup(a, att_span_of("ab\0c", 4));
    cases_check(&run, copy && memcmp(copy, "ab\0c", 5) == 0, "copy with a NUL behind");
    copy = att_arena_dup(a, (struct att_span){ 0 });
    cases_check(&run, copy && copy[0] == 0, "copy of nothing");
    static const uint8_t many[1024];
    cases_check(&run, !att_arena_dup(a, att_span_of(many, sizeof many)), "no room for the NUL");
    att_arena_free(a);
}

int main(void)
{
    check_pieces();
    check_ceiling();
    check_overflow();
    check_dup();
    return cases_report(&run);
}
