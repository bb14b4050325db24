/* layers: codec base */
/* Any bytes as DER elements, walked to the depth limit. DER has one encoding for everything: what was taken, written
 * again from tag and content, is what was there; the typed readers agree with that. */
#include "codec/der.h"

#include <attest/limits.h>

#include "base/buf.h"

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_element(struct att_buf *b, uint8_t tag, struct att_span content)
{
    size_t n = content.len;
    unsigned bytes = n < 0x80 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : n < 0x1000000 ? 3 : 4;

    att_buf_putc(b, (char)tag);
    att_buf_putc(b, (char)(bytes ? 0x80 | bytes : n));
    for (unsigned i = bytes; i > 0; i--)
        att_buf_putc(b, (char)(n >> 8 * (i - 1)));
    att_buf_put(b, content);
}

static void check_typed(struct att_span element, uint8_t tag, struct att_span content)
{
    struct att_reader r = att_reader_of(element);
    struct att_span got;
    uint64_t number = 0;
    bool flag = false;

    MUST(att_der_take(&r, tag, &got) && got.ptr == content.ptr && got.len == content.len && att_all_read(&r));
    r = att_reader_of(element);
    MUST(!att_der_take(&r, (uint8_t)(tag ^ 1), &got) && r.failed);
    r = att_reader_of(element);
    MUST(att_der_take_octets(&r, content.len, &got) == (tag == ATT_DER_OCTET_STRING));
    r = att_reader_of(element);
    MUST(!att_der_take_octets(&r, content.len + 1, &got));
    r = att_reader_of(element);
    if (att_der_take_bool(&r, &flag))
        MUST(tag == ATT_DER_BOOLEAN && content.len == 1 && content.ptr[0] == (flag ? 0xff : 0));
    r = att_reader_of(element);
    if (att_der_take_uint(&r, ATT_DER_INTEGER, UINT64_MAX, &number)) {
        uint8_t back[9] = { 0 };
        for (size_t i = 0; i < 8; i++)
            back[8 - i] = (uint8_t)(number >> 8 * i);
        size_t skip = 0;
        while (skip < 8 && back[skip] == 0 && !(back[skip + 1] & 0x80))
            skip++;
        MUST(tag == ATT_DER_INTEGER && att_span_eq(content, att_span_of(back + skip, 9 - skip)));
        r = att_reader_of(element);
        MUST(number == 0 || !att_der_take_uint(&r, ATT_DER_INTEGER, number - 1, &number));
    }
}

static void walk(struct att_span der, size_t depth)
{
    struct att_reader r = att_reader_of(der);

    while (r.left > 0) {
        const uint8_t *start = r.cur;
        size_t before = r.left;
        struct att_span content = { 0 };
        uint8_t tag = 0;
        if (!att_der_next(&r, &tag, &content)) {
            MUST(r.failed && !att_all_read(&r) && !att_der_next(&r, &tag, &content));
            return;
        }
        struct att_span element = att_span_of(start, before - r.left);
        struct att_buf again = { 0 };
        put_element(&again, tag, content);
        MUST(att_span_eq(element, att_buf_span(&again)));
        att_buf_free(&again);
        check_typed(element, tag, content);
        if (tag & 0x20 && depth > 0)
            walk(content, depth - 1);
    }
    MUST(att_all_read(&r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    walk(att_span_of(data, size), att_limits_default.der_depth_max);
    return 0;
}
