/* layers: evidence/common base */
/* The SGX extension of PCK certificates: no byte may follow what was read, and a refusal changes nothing. */
#include <stdlib.h>

#include "evidence/common/dcap_pck_extension.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dcap_pck_extension e = { .sgx_type = 77 };
    struct att_err err = { 0 };

    if (!dcap_pck_extension_read(att_span_of(data, size), "x", &e, &err)) {
        if (err.code != ATT_PCK_EXTENSION_MALFORMED || !err.where[0] || !err.found[0] || e.sgx_type != 77)
            __builtin_trap();
        return 0;
    }
    if (e.sgx_type > 2 || err.code != ATT_OK)
        __builtin_trap();
    uint8_t *longer = malloc(size + 1);
    if (!longer)
        abort();
    memcpy(longer, data, size);
    longer[size] = 0;
    if (dcap_pck_extension_read(att_span_of(longer, size + 1), "x", &e, &err))
        __builtin_trap();
    free(longer);
    return 0;
}
