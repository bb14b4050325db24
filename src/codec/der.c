#include "codec/der.h"

static bool refuse(struct att_reader *r)
{
    r->failed = true;
    return false;
}

/* X.690 8.1.2, 10.2: one identifier byte. In the universal class the tag says whether the encoding is
 * constructed: only EXTERNAL, SEQUENCE, SET, EMBEDDED PDV and CHARACTER STRING are; DER never builds a string
 * from parts. */
static bool tag_allowed(uint8_t tag)
{
    static const uint32_t constructed = 1u << 8 | 1u << 11 | 1u << 16 | 1u << 17 | 1u << 29;
    static const uint32_t unassigned = 1u << 0 | 1u << 15; /* 0 ends indefinite lengths, which DER has not */
    unsigned number = tag & 0x1f;

    if (number == 0x1f)
        return false; /* continues in further bytes */
    if (tag >> 6 != 0)
        return true; /* the context says what it is */
    if (unassigned >> number & 1)
        return false;
    return (constructed >> number & 1) == (tag >> 5 & 1u);
}

/* X.690 8.1.3, 10.1: definite, in as few bytes as possible. Four bytes of length are more than any limit
 * here. */
static bool take_length(struct att_reader *r, size_t *ret)
{
    uint8_t first = att_take_u8(r);
    if (first < 0x80) {
        *ret = first;
        return !r->failed;
    }
    size_t count = first & 0x7f;
    struct att_span bytes = att_take(r, count);
    if (r->failed || count == 0 || count > 4 || bytes.ptr[0] == 0)
        return refuse(r);
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length = length << 8 | bytes.ptr[i];
    if (length < 0x80)
        return refuse(r);
    *ret = length;
    return true;
}

bool att_der_next(struct att_reader *r, uint8_t *ret_tag, struct att_span *ret_content)
{
    size_t length = 0;

    uint8_t tag = att_take_u8(r);
    if (r->failed || !tag_allowed(tag))
        return refuse(r);
    if (!take_length(r, &length))
        return false;
    struct att_span content = att_take(r, length);
    if (r->failed)
        return false;
    *ret_tag = tag;
    *ret_content = content;
    return true;
}

bool att_der_take(struct att_reader *r, uint8_t tag, struct att_span *ret_content)
{
    struct att_span content;
    uint8_t found = 0;

    if (!att_der_next(r, &found, &content))
        return false;
    if (found != tag)
        return refuse(r);
    *ret_content = content;
    return true;
}

bool att_der_take_uint(struct att_reader *r, uint8_t tag, uint64_t max, uint64_t *ret)
{
    struct att_span content;
    uint64_t value = 0;

    if (!att_der_take(r, tag, &content))
        return false;
    if (content.len == 0 || content.ptr[0] & 0x80) /* nothing, or negative */
        return refuse(r);
    if (content.ptr[0] == 0 && content.len > 1) {
        if (!(content.ptr[1] & 0x80)) /* X.690 8.3.2: the first nine bits are not all alike */
            return refuse(r);
        content = att_span_of(content.ptr + 1, content.len - 1);
    }
    if (content.len > sizeof value)
        return refuse(r);
    for (size_t i = 0; i < content.len; i++)
        value = value << 8 | content.ptr[i];
    if (value > max)
        return refuse(r);
    *ret = value;
    return true;
}

bool att_der_take_bool(struct att_reader *r, bool *ret)
{
    struct att_span content;

    if (!att_der_take(r, ATT_DER_BOOLEAN, &content))
        return false;
    if (content.len != 1 || (content.ptr[0] != 0x00 && content.ptr[0] != 0xff)) /* X.690 11.1 */
        return refuse(r);
    *ret = content.ptr[0] == 0xff;
    return true;
}

bool att_der_take_octets(struct att_reader *r, size_t len, struct att_span *ret)
{
    struct att_span content;

    if (!att_der_take(r, ATT_DER_OCTET_STRING, &content))
        return false;
    if (content.len != len)
        return refuse(r);
    *ret = content;
    return true;
}
