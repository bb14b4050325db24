/* layers: attest codec base */
/* Intel's list of evaluation numbers in its envelope: what is read is in order, each number once, none of them 0. */
#include <attest/collateral.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_arena *arena = att_arena_new((size_t)8 << 20);
    const struct att_tcb_number *rows = NULL;
    struct att_err err = { 0 };
    size_t count = 4711;

    if (!arena)
        abort();
    bool ok = att_tcb_numbers_read(arena, att_span_of(data, size), &rows, &count, &err);
    if (ok != (err.code == ATT_OK) || (!ok && (count != 4711 || rows || !err.where[0] || !err.text[0])))
        __builtin_trap();
    if (ok && (count == 0 || count > 256))
        __builtin_trap();
    for (size_t i = 0; ok && i < count; i++)
        if (rows[i].number == 0 || (i > 0 && rows[i - 1].number <= rows[i].number))
            __builtin_trap();
    att_arena_free(arena);
    return 0;
}
