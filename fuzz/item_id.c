/* layers: attest base */
/* Names of items: what is read is written again as it was. */
#include <attest/collateral.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_collateral_want w = { .evaluation_number = 4711 };
    struct att_err err = { 0 };
    char again[ATT_ITEM_ID_SIZE];
    char *id = malloc(size + 1);

    if (!id)
        abort();
    if (size > 0)
        memcpy(id, data, size);
    id[size] = '\0';
    if (att_item_of_id(id, &w, &err)) {
        if (strcmp(att_item_id(&w, again), id) != 0 || w.kind == ATT_ITEM_NONE ||
            w.kind >= ATT_ITEM_KIND_COUNT)
            __builtin_trap();
    } else if (err.code != ATT_PARAMETER_INVALID || w.evaluation_number != 4711 || !err.text[0]) {
        __builtin_trap();
    }
    free(id);
    return 0;
}
