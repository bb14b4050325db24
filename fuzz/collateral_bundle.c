/* layers: attest codec base */
/* The payload of a file of collateral. A fuzzer cannot sign, so a payload is given to the reader behind the signature; what it
 * takes is written again byte for byte. */
#include <stdlib.h>

#include "attest/bundle_parts.h"
#include "base/base64.h"
#include "base/buf.h"

static const char header[] = "{\"alg\":\"ES256\",\"typ\":\"attestd-collateral\"}";

static void check(struct att_arena *arena, const struct att_bundle *b, const uint8_t *data, size_t size)
{
    struct att_buf want = { 0 };
    struct att_span input;
    struct att_err err = { 0 };

    if (!att_bundle_input(arena, b, att_str(header), &input, &err)) {
        if (err.code != ATT_OUT_OF_MEMORY)
            __builtin_trap();
        return;
    }
    att_base64url_put(&want, att_str(header));
    att_buf_putc(&want, '.');
    att_base64url_put(&want, att_span_of(data, size));
    if (want.failed || !att_span_eq(att_buf_span(&want), input))
        __builtin_trap();
    att_buf_free(&want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_arena *arena = att_arena_new((size_t)16 << 20);
    struct att_bundle b = { .created_unix_s = 4711 };
    struct att_err err = { 0 };

    if (!arena)
        abort();
    if (att_bundle_content(arena, att_span_of(data, size), NULL, &b, &err))
        check(arena, &b, data, size);
    else if (b.created_unix_s != 4711 || err.code == ATT_OK || !err.where[0] || !err.text[0])
        __builtin_trap();
    att_arena_free(arena);
    return 0;
}
