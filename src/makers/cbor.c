#include "makers/cbor.h"

void mk_cbor_head(struct att_buf *out, enum mk_cbor_major major, uint64_t argument)
{
    unsigned width = argument < 24            ? 0
                     : argument <= UINT8_MAX  ? 1
                     : argument <= UINT16_MAX ? 2
                     : argument <= UINT32_MAX ? 4
                                              : 8;
    unsigned info = width == 0   ? (unsigned)argument
                    : width == 1 ? 24
                    : width == 2 ? 25
                    : width == 4 ? 26
                                 : 27;

    att_buf_fill(out, (uint8_t)((unsigned)major << 5 | info), 1);
    for (unsigned i = width; i > 0; i--)
        att_buf_fill(out, (uint8_t)(argument >> 8 * (i - 1)), 1);
}

void mk_cbor_int(struct att_buf *out, int64_t value)
{
    if (value < 0)
        mk_cbor_head(out, MK_CBOR_NEGATIVE, (uint64_t)(-1 - value));
    else
        mk_cbor_head(out, MK_CBOR_UINT, (uint64_t)value);
}

void mk_cbor_bytes(struct att_buf *out, struct att_span content)
{
    mk_cbor_head(out, MK_CBOR_BYTES, content.len);
    att_buf_put(out, content);
}

void mk_cbor_text(struct att_buf *out, const char *content)
{
    mk_cbor_head(out, MK_CBOR_TEXT, strlen(content));
    att_buf_puts(out, content);
}
