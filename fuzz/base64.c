/* layers: base */
/* Any bytes as base64 of the three kinds. STRICT and STANDARD have one text per content: writing gives the input
 * back. LENIENT takes all that they take, to the same bytes. */
#include "base/base64.h"

#include <attest/arena.h>

#include "base/buf.h"

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool decode(struct att_arena *a, enum att_base64 kind, struct att_span text, struct att_span *ret)
{
    struct att_err err = { 0 };

    if (att_base64_decode(a, kind, text, "fuzz", ret, &err)) {
        MUST(err.code == ATT_OK && ret->len <= text.len / 4 * 3 + 2);
        return true;
    }
    MUST(err.code == ATT_BASE64_INVALID && err.text[0] && err.found[0] && err.expected[0]);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_span text = att_span_of(data, size);
    struct att_span strictly, leniently, standardly;
    struct att_arena *a = att_arena_new(16 << 20);

    if (!a || size > 1 << 20) {
        att_arena_free(a);
        return 0;
    }
    bool strict = decode(a, ATT_BASE64_STRICT, text, &strictly);
    bool lenient = decode(a, ATT_BASE64_LENIENT, text, &leniently);
    bool standard = decode(a, ATT_BASE64_STANDARD, text, &standardly);
    struct att_buf b = { 0 };

    MUST(lenient || (!strict && !standard));
    if (strict) {
        MUST(att_span_eq(strictly, leniently));
        att_base64url_put(&b, strictly);
        MUST(att_span_eq(att_buf_span(&b), text) && att_base64url_size(strictly.len) == size);
    }
    att_buf_clear(&b);
    if (standard) {
        MUST(att_span_eq(standardly, leniently));
        att_base64_put(&b, standardly);
        MUST(att_span_eq(att_buf_span(&b), text));
    }
    att_buf_clear(&b);
    /* And the other way round: the input as content. */
    struct att_span back;
    att_base64url_put(&b, text);
    MUST(!b.failed && decode(a, ATT_BASE64_STRICT, att_buf_span(&b), &back) && att_span_eq(back, text));
    att_buf_clear(&b);
    att_base64_put(&b, text);
    MUST(!b.failed && decode(a, ATT_BASE64_STANDARD, att_buf_span(&b), &back) && att_span_eq(back, text));
    att_buf_free(&b);
    att_arena_free(a);
    return 0;
}
