/* layers: attest codec base */
/* An Open Enclave report is 16 bytes and a quote: it is read exactly when what follows the header is read as a quote,
 * and what is shown of it is one JSON object. */
#include <attest/attest.h>
#include <stdlib.h>

#include "codec/json.h"

static struct att_lib *lib; /* made once: the target has one thread */

static bool header_fits(const uint8_t *data, size_t size)
{
    static const uint8_t start[8] = { 1, 0, 0, 0, 2, 0, 0, 0 };
    uint64_t length = 0;

    if (size < 16 || memcmp(data, start, 8) != 0)
        return false;
    for (unsigned i = 0; i < 8; i++)
        length |= (uint64_t)data[8 + i] << 8 * i;
    return length == size - 16;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_err err = { 0 }, inner = { 0 };
    struct att_span json, quote_json;
    struct att_json doc;

    if (!lib && !att_lib_new(NULL, &lib, &err))
        abort();
    struct att_arena *a = att_arena_new(att_limits_default.arena_bytes_max);
    if (!a)
        abort();
    bool report = att_describe(lib, a, "open-enclave", att_span_of(data, size), &json, &err);
    bool quote = header_fits(data, size) &&
                 att_describe(lib, a, "sgx", att_span_of(data + 16, size - 16), &quote_json, &inner);
    if (report != quote || (report && !att_span_eq(json, quote_json)))
        __builtin_trap();
    if (report && (!att_json_parse(a, json, NULL, &doc, &inner) ||
                   att_json_type(&doc, ATT_JSON_ROOT) != ATT_JSON_OBJECT))
        __builtin_trap();
    if (!report && (err.code == ATT_OK || !err.where[0] || !err.text[0]))
        __builtin_trap();
    att_arena_free(a);
    return 0;
}
