#include "codec/utf8.h"

/* One row per kind of first byte; the second byte's range is what keeps overlong forms and surrogates out. */
static const struct {
    uint8_t first_min, first_max, second_min, second_max, length;
} rows[] = {
    { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
    { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
    { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t att_utf8_length(struct att_span text)
{
    if (text.len == 0)
        return 0;
    uint8_t first = text.ptr[0];
    if (first < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (first < rows[i].first_min || first > rows[i].first_max)
            continue;
        if (text.len < rows[i].length || text.ptr[1] < rows[i].second_min || text.ptr[1] > rows[i].second_max)
            return 0;
        for (size_t k = 2; k < rows[i].length; k++) {
            if ((text.ptr[k] & 0xc0) != 0x80)
                return 0;
        }
        return rows[i].length;
    }
    return 0;
}

bool att_utf8_valid(struct att_span text)
{
    while (text.len > 0) {
        size_t n = att_utf8_length(text);
        if (n == 0)
            return false;
        text = att_span_of(text.ptr + n, text.len - n);
    }
    return true;
}

size_t att_utf8_put(uint8_t ret[4], uint32_t character)
{
    if (character < 0x80) {
        ret[0] = (uint8_t)character;
        return 1;
    }
    if (character < 0x800) {
        ret[0] = (uint8_t)(0xc0 | character >> 6);
        ret[1] = (uint8_t)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        ret[0] = (uint8_t)(0xe0 | character >> 12);
        ret[1] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
        ret[2] = (uint8_t)(0x80 | (character & 0x3f));
        return 3;
    }
    ret[0] = (uint8_t)(0xf0 | character >> 18);
    ret[1] = (uint8_t)(0x80 | (character >> 12 & 0x3f));
    ret[2] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
    ret[3] = (uint8_t)(0x80 | (character & 0x3f));
    return 4;
}
