#include "eventlog/utf16.h"

#include "base/buf.h"
#include "base/reader.h"
#include "codec/utf8.h"

/* The next character; 0 for whatever is none, NUL included. */
static uint32_t take(struct att_reader *r)
{
    uint32_t high = att_take_u16le(r);

    if (high < 0xd800 || high > 0xdfff)
        return high;
    uint32_t low = att_take_u16le(r);
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return 0;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

bool utf16_valid(struct att_span text)
{
    struct att_reader r = att_reader_of(text);

    while (r.left > 0) {
        if (take(&r) == 0)
            return false;
    }
    return !r.failed;
}

void utf16_put(struct att_buf *b, struct att_span text)
{
    struct att_reader r = att_reader_of(text);
    uint8_t *to = att_buf_room(b, text.len / 2 * 3); /* two bytes make three at most, four make four */

    while (to && r.left > 0 && !r.failed) {
        uint8_t bytes[4];
        size_t n = att_utf8_put(bytes, take(&r));
        memcpy(to, bytes, n);
        to += n;
        b->len += n;
    }
}

static char lower(uint32_t c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is(struct att_span text, const char *ascii, bool fold)
{
    size_t n = strlen(ascii);

    if (text.len != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = text.ptr[2 * i];
        uint32_t want = (uint8_t)ascii[i];
        if (text.ptr[2 * i + 1] != 0 || (fold ? lower(c) != lower(want) : c != want))
            return false;
    }
    return true;
}

bool utf16_is(struct att_span text, const char *ascii)
{
    return is(text, ascii, false);
}

bool utf16_is_fold(struct att_span text, const char *ascii)
{
    return is(text, ascii, true);
}
