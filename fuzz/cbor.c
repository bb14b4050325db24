/* layers: codec base */
/* Any bytes as CBOR. There is one encoding for all that is taken (floating-point numbers apart, which are copied): what was read
 * item by item, written again, is what was there. Skipping an item and reading it end in the same place. */
#include "codec/cbor.h"

#include "base/buf.h"

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_head(struct att_buf *b, unsigned major, uint64_t n)
{
    unsigned width = n < 24 ? 0 : n <= UINT8_MAX ? 1 : n <= UINT16_MAX ? 2 : n <= UINT32_MAX ? 4 : 8;
    unsigned info = width == 0 ? (unsigned)n : width == 1 ? 24 : width == 2 ? 25 : width == 4 ? 26 : 27;

    att_buf_fill(b, (uint8_t)(major << 5 | info), 1);
    for (unsigned i = width; i > 0; i--)
        att_buf_fill(b, (uint8_t)(n >> 8 * (i - 1)), 1);
}

static void put_string(struct att_buf *b, unsigned major, struct att_span s)
{
    put_head(b, major, s.len);
    att_buf_put(b, s);
}

/* One item; returns how many follow as parts of it. */
static uint64_t copy_item(struct att_cbor *c, struct att_buf *b)
{
    struct att_span s = { 0 };
    uint64_t n = 0;
    size_t count = 0;
    uint8_t v = 0;

    enum att_cbor_type type = att_cbor_peek(c);
    switch (type) {
    case ATT_CBOR_UINT:
        MUST(att_cbor_take_uint(c, "t", &n, NULL));
        put_head(b, 0, n);
        return 0;
    case ATT_CBOR_NEGATIVE: {
        int64_t i = 0;
        if (!att_cbor_take_int(c, "t", &i, NULL)) { /* below -2^63 */
            MUST(att_cbor_skip(c, "t", &s, NULL) && s.len == 9 && s.ptr[1] & 0x80);
            att_buf_put(b, s);
            return 0;
        }
        MUST(i < 0);
        put_head(b, 1, (uint64_t)(-1 - i));
        return 0;
    }
    case ATT_CBOR_BYTES:
        MUST(att_cbor_take_bytes(c, "t", &s, NULL));
        put_string(b, 2, s);
        return 0;
    case ATT_CBOR_TEXT:
        MUST(att_cbor_take_text(c, "t", &s, NULL));
        put_string(b, 3, s);
        return 0;
    case ATT_CBOR_ARRAY:
        MUST(att_cbor_take_array(c, "t", &count, NULL));
        put_head(b, 4, count);
        return count;
    case ATT_CBOR_MAP: {
        struct att_span keys[ATT_CBOR_KEYS_MAX];
        size_t unique = 0;
        bool keyed = att_cbor_keys(c, "t", keys, &unique, NULL);
        MUST(att_cbor_take_map(c, "t", &count, NULL) && (!keyed || unique == count));
        put_head(b, 5, count);
        return 2 * (uint64_t)count;
    }
    case ATT_CBOR_TAG:
        MUST(att_cbor_take_tag(c, "t", &n, NULL));
        put_head(b, 6, n);
        return 1;
    case ATT_CBOR_SIMPLE:
        MUST(att_cbor_take_simple(c, "t", &v, NULL) && v >= 20 && v <= 23);
        put_head(b, 7, v);
        return 0;
    case ATT_CBOR_FLOAT:
        MUST(att_cbor_skip(c, "t", &s, NULL) && (s.len == 3 || s.len == 5 || s.len == 9));
        att_buf_put(b, s);
        return 0;
    case ATT_CBOR_END:
        break;
    }
    MUST(false);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_cbor_limits limits = { .bytes_max = 4096, .items_max = 500, .depth_max = ATT_CBOR_DEPTH_MAX };
    struct att_span doc = att_span_of(data, size);
    struct att_buf again = { 0 };
    struct att_err err = { 0 };
    struct att_cbor c, skipped;

    if (!att_cbor_open(doc, &limits, "t", &c, &err)) {
        MUST(err.code == ATT_CBOR_MALFORMED && err.found[0] && err.expected[0]);
        return 0;
    }
    skipped = c;
    MUST(size > 0 && att_cbor_skip(&skipped, "t", NULL, NULL) && att_cbor_done(&skipped, "t", NULL));
    uint64_t items = 1;
    for (unsigned n = 0; items > 0; n++) {
        MUST(n < limits.items_max);
        items += copy_item(&c, &again);
        items--;
    }
    MUST(att_cbor_done(&c, "t", NULL) && att_span_eq(doc, att_buf_span(&again)));
    att_buf_free(&again);
    /* Cut anywhere, it is not well-formed. */
    MUST(!att_cbor_open(att_span_of(data, size - 1), &limits, "t", &c, NULL));
    return 0;
}
