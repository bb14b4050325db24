/* layers: codec base */
/* Every sequence of up to three bytes, and the edges of four, against RFC 3629 read as arithmetic: decode,
 * range, shortest form. */
#include "codec/utf8.h"
#include "support/cases.h"

static struct cases run = { .name = "unit.codec.utf8" };

/* Another way to the same answer than the table: decode by the lead byte, then ask whether the value belongs
 * to it. */
static size_t length_by_value(const uint8_t *s, size_t len)
{
    size_t n = s[0] < 0x80             ? 1
               : (s[0] & 0xe0) == 0xc0 ? 2
               : (s[0] & 0xf0) == 0xe0 ? 3
               : (s[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (n == 0 || n > len)
        return 0;
    uint32_t value = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (s[i] & 0x3fu);
    }
    return value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff) ? 0 : n;
}

int main(void)
{
    unsigned wrong = 0;

    for (uint32_t v = 0; v < 1u << 24; v++) {
        const uint8_t s[4] = { (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v, 0x80 };
        size_t len = 1 + v % 4;
        wrong += att_utf8_length(att_span_of(s, len)) != length_by_value(s, len);
        wrong += att_utf8_length(att_span_of(s, 4)) != length_by_value(s, 4);
    }
    cases_check(&run, wrong == 0, "lengths: %u of 2^25 wrong", wrong);
    wrong = 0;
    for (uint32_t last = 0; last < 256; last++) {
        const uint8_t s[4] = { 0xf0, 0x9f, 0x98, (uint8_t)last };
        wrong += att_utf8_length(att_span_of(s, 4)) != length_by_value(s, 4);
    }
    cases_check(&run, wrong == 0, "fourth byte: %u wrong", wrong);
    wrong = 0;
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint8_t s[4];
        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        size_t n = att_utf8_put(s, c);
        wrong += length_by_value(s, n) != n;
        uint32_t value = n == 1 ? s[0] : s[0] & (0x7fu >> n);
        for (size_t i = 1; i < n; i++)
            value = value << 6 | (s[i] & 0x3fu);
        wrong += value != c;
    }
    cases_check(&run, wrong == 0, "put: %u wrong", wrong);
    cases_check(&run, att_utf8_length((struct att_span){ 0 }) == 0, "nothing is no character");
    cases_check(&run, att_utf8_valid((struct att_span){ 0 }), "nothing is valid text");
    cases_check(&run, att_utf8_valid(att_str("a\xc3\xa9\xf0\x9f\x98\x80z")), "valid text");
    cases_check(&run, !att_utf8_valid(att_str("a\xc3\xa9\xf0\x9f\x98")), "cut text");
    cases_check(&run, !att_utf8_valid(att_str("a\x80")), "lone continuation");
    return cases_report(&run);
}
