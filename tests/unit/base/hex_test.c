/* layers: base */
#include "base/hex.h"

#include "base/buf.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases run = { .name = "unit.base.hex" };

static void check_pairs(void)
{
    unsigned wrong = 0;

    /* Every pair of bytes, against what the C library makes of it. */
    for (unsigned v = 0; v < 65536; v++) {
        uint8_t text[2] = { (uint8_t)(v >> 8), (uint8_t)v };
        char copy[3] = { (char)text[0], (char)text[1], 0 };
        uint8_t got = 0xee;
        char *end = NULL;
        bool ok = att_hex_read(att_span_of(text, 2), &got, 1);
        unsigned long want = strtoul(copy, &end, 16);
        static const char digits[] = "0123456789abcdefABCDEF";
        bool valid = text[0] && text[1] && strchr(digits, text[0]) && strchr(digits, text[1]);
        wrong += ok != valid || (ok && (got != want || end != copy + 2)) || (!ok && got != 0xee);
    }
    cases_check(&run, wrong == 0, "pairs: %u wrong", wrong);
}

static void check_lengths(void)
{
    static const char text[] = "00112233445566778899aabbccddeeffAABB";

    for (size_t chars = 0; chars < sizeof text; chars++) {
        for (size_t len = 0; len < 20; len++) {
            uint8_t got[20];
            memset(got, 0xee, sizeof got);
            uint8_t *exact = malloc(chars ? chars : 1);
            memcpy(exact, text, chars);
            bool ok = att_hex_read(att_span_of(exact, chars), got, len);
            bool rest = true;
            for (size_t i = ok ? len : 0; i < sizeof got; i++)
                rest = rest && got[i] == 0xee;
            cases_check(&run, ok == (chars == 2 * len) && rest, "%zu characters for %zu bytes", chars, len);
            free(exact);
        }
    }
    uint8_t got[3] = { 7, 7, 7 };
    cases_check(&run, !att_hex_read(att_str("0011g2"), got, 3) && got[0] == 7 && got[1] == 7,
                "nothing of a wrong text");
    cases_check(&run, !att_hex_read(att_str("00"), got, SIZE_MAX / 2 + 2), "a length that wraps");
}

static void check_writing(void)
{
    uint8_t bytes[256];
    char want[513];
    char got[513];
    struct att_buf b = { 0 };

    for (unsigned i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
        (void)snprintf(want + 2 * i, 3, "%02x", i);
    }
    att_hex_put(&b, att_span_of(bytes, 256));
    att_hex_text(got, att_span_of(bytes, 256));
    cases_check(&run, att_span_is(att_buf_span(&b), want) && !strcmp(got, want), "all bytes");
    att_hex_text(got, (struct att_span){ 0 });
    cases_check(&run, got[0] == 0, "no bytes");
    att_buf_free(&b);
    b = (struct att_buf){ .max = 511 };
    att_hex_put(&b, att_span_of(bytes, 256));
    cases_check(&run, b.failed && b.len == 0, "no room");
    att_buf_free(&b);
    b = (struct att_buf){ 0 };
    att_hex_put(&b, att_span_of(bytes, SIZE_MAX / 2 + 1)); /* refused before a byte is read */
    cases_check(&run, b.failed && b.len == 0, "a length that wraps");
    att_buf_free(&b);
}

int main(void)
{
    check_pairs();
    check_lengths();
    check_writing();
    return cases_report(&run);
}
