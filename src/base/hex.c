#include "base/hex.h"

#include "base/buf.h"

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool att_hex_read(struct att_span text, uint8_t *ret, size_t len)
{
    if (text.len / 2 != len || text.len % 2 != 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (nibble(text.ptr[2 * i]) < 0 || nibble(text.ptr[2 * i + 1]) < 0)
            return false;
    }
    for (size_t i = 0; i < len; i++)
        ret[i] = (uint8_t)(nibble(text.ptr[2 * i]) << 4 | nibble(text.ptr[2 * i + 1]));
    return true;
}

static void put(char *to, struct att_span bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        to[2 * i] = digits[bytes.ptr[i] >> 4];
        to[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
}

void att_hex_put(struct att_buf *b, struct att_span bytes)
{
    if (bytes.len > SIZE_MAX / 2) {
        b->failed = true;
        return;
    }
    uint8_t *to = att_buf_room(b, 2 * bytes.len);
    if (!to)
        return;
    put((char *)to, bytes);
    b->len += 2 * bytes.len;
}

void att_hex_text(char *ret, struct att_span bytes)
{
    put(ret, bytes);
    ret[2 * bytes.len] = '\0';
}
