/* layers: base */
/* base64: the three kinds against a bit loop that knows nothing of the tables, and every way to be wrong. */
#include "base/base64.h"

#include <attest/arena.h>

#include "base/buf.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases run = { .name = "unit.base.base64" };

static const struct {
    const char *name, *text;
    bool strict, lenient, standard;
    const char *want;
    size_t len;
} rows[] = {
    /* RFC 4648 10 */
    { "empty", "", true, true, true, "", 0 },
    { "f", "Zg==", false, true, true, "f", 1 },
    { "fo", "Zm8=", false, true, true, "fo", 2 },
    { "foo", "Zm9v", true, true, true, "foo", 3 },
    { "foob", "Zm9vYg==", false, true, true, "foob", 4 },
    { "foobar", "Zm9vYmFy", true, true, true, "foobar", 6 },
    { "f without padding", "Zg", true, true, false, "f", 1 },
    { "fo without padding", "Zm8", true, true, false, "fo", 2 },
    { "url alphabet", "-_-_", true, true, false, "\xfb\xff\xbf", 3 },
    { "standard alphabet", "+/+/", false, true, true, "\xfb\xff\xbf", 3 },
    { "both alphabets", "-/+_", false, true, false, "\xfb\xff\xbf", 3 },
    { "unused bits set, two characters", "Zh", false, true, false, "f", 1 },
    { "unused bits set, three characters", "Zm9", false, true, false, "fo", 2 },
    { "unused bits set, padded", "Zh==", false, true, false, "f", 1 },
    { "last unused bit set, padded", "Zm9=", false, true, false, "fo", 2 },
    { "one character", "Z", false, false, false, NULL, 0 },
    { "five characters", "Zm9vY", false, false, false, NULL, 0 },
    { "padding alone", "=", false, false, false, NULL, 0 },
    { "four of padding", "====", false, false, false, NULL, 0 },
    { "three of padding", "Z===", false, false, false, NULL, 0 },
    { "padding too short", "Zg=", false, false, false, NULL, 0 },
    { "padding too long", "Zm8==", false, false, false, NULL, 0 },
    { "padding behind a whole group", "Zm9v=", false, false, false, NULL, 0 },
    { "a group of padding", "Zm9v====", false, false, false, NULL, 0 },
    { "padding inside", "Zg==Zg==", false, false, false, NULL, 0 },
    { "padding in the middle", "Zm=v", false, false, false, NULL, 0 },
    { "space", "Zm9 ", false, false, false, NULL, 0 },
    { "space before", " Zm9v", false, false, false, NULL, 0 },
    { "new line behind", "Zm9v\n", false, false, false, NULL, 0 },
    { "line break inside", "Zm9v\r\nYmFy", false, false, false, NULL, 0 },
    { "bracket", "Zm9v)AAA", false, false, false, NULL, 0 },
    { "byte above ASCII", "Zm9\xe9", false, false, false, NULL, 0 },
};

static void check_rows(void)
{
    static const struct {
        enum att_base64 kind;
        const char *name;
    } kinds[] = { { ATT_BASE64_STRICT, "strict" },
                  { ATT_BASE64_LENIENT, "lenient" },
                  { ATT_BASE64_STANDARD, "standard" } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct att_arena *a = att_arena_new(1 << 16);
            struct att_err err = { 0 };
            struct att_span got = att_str("untouched");
            bool want = k == 0 ? rows[i].strict : k == 1 ? rows[i].lenient : rows[i].standard;
            size_t len = strlen(rows[i].text);
            uint8_t *exact = malloc(len ? len : 1);
            memcpy(exact, rows[i].text, len);
            bool ok = att_base64_decode(a, kinds[k].kind, att_span_of(exact, len), "x.y", &got, &err);
            if (want)
                cases_check(&run, ok && att_span_eq(got, att_span_of(rows[i].want, rows[i].len)),
                            "%s, %s: %s", rows[i].name, kinds[k].name, err.text);
            else
                cases_check(&run,
                            !ok && err.code == ATT_BASE64_INVALID && !strcmp(err.where, "x.y") &&
                                err.found[0] && att_span_is(got, "untouched"),
                            "%s, %s: %d %s", rows[i].name, kinds[k].name, ok, err.text);
            free(exact);
            att_arena_free(a);
        }
    }
}

/* The sentence that clients know, with the first wrong character and its place, wherever it stands. */
static void check_sentence(void)
{
    for (size_t len = 1; len < 14; len++) {
        for (size_t at = 0; at < len; at++) {
            char text[16] = "AAAAAAAAAAAAAA";
            char want[80];
            struct att_arena *a = att_arena_new(1 << 16);
            struct att_err err = { 0 };
            struct att_span got;
            text[at] = ')';
            (void)snprintf(want, sizeof want, "Unknown base64 character: 41 (')') in quote at offset %zu",
                           at);
            bool ok = att_base64_decode(a, ATT_BASE64_LENIENT, att_span_of(text, len), "quote", &got, &err);
            cases_check(&run, !ok && !strcmp(err.text, want), "%zu of %zu: %s", at, len, err.text);
            att_arena_free(a);
        }
    }
    struct att_arena *a = att_arena_new(64);
    struct att_err err = { .code = ATT_POLICY_DENIED, .text = "before" };
    struct att_span got;
    cases_check(&run,
                !att_base64_decode(a, ATT_BASE64_STRICT, att_str("(((("), "q", &got, &err) &&
                    !strcmp(err.text, "before"),
                "the first failure keeps its sentence");
    err = (struct att_err){ 0 };
    static char many[400];
    memset(many, 'A', sizeof many);
    cases_check(&run,
                !att_base64_decode(a, ATT_BASE64_STRICT, att_span_of(many, 400), "q", &got, &err) &&
                    err.code == ATT_OUT_OF_MEMORY,
                "no memory: %s", err.text);
    att_arena_free(a);
}

/* Every byte in every place of a last group: taken exactly when it is a digit of the alphabet and leaves no bits. */
static void check_alphabets(void)
{
    static const char *const digits[] = {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    };
    static const enum att_base64 kinds[] = { ATT_BASE64_STRICT, ATT_BASE64_LENIENT, ATT_BASE64_STANDARD };
    unsigned wrong = 0;

    for (size_t k = 0; k < 3; k++) {
        for (unsigned c = 0; c < 256; c++) {
            for (size_t at = 0; at < 8; at++) {
                struct att_arena *a = att_arena_new(256);
                struct att_err err = { 0 };
                struct att_span got;
                uint8_t text[8] = { 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A' };
                text[at] = (uint8_t)c;
                bool ok = att_base64_decode(a, kinds[k], att_span_of(text, 8), "q", &got, &err);
                /* '=' in the last place leaves "AA" + no bits: fine where padding is. */
                bool want = (c && strchr(digits[k], (int)c)) || (c == '=' && at == 7 && k > 0);
                wrong += ok != want;
                att_arena_free(a);
            }
        }
    }
    cases_check(&run, wrong == 0, "alphabets: %u wrong", wrong);
}

/* Every last digit of a short group: canonical only when the bits that no byte uses are zero. */
static void check_unused_bits(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (unsigned v = 0; v < 64; v++) {
        for (size_t len = 2; len < 4; len++) {
            struct att_arena *a = att_arena_new(256);
            struct att_err err = { 0 };
            struct att_span got;
            char text[] = "AAA";
            text[len - 1] = digits[v];
            bool canonical = v % (len == 2 ? 16 : 4) == 0;
            bool strict = att_base64_decode(a, ATT_BASE64_STRICT, att_span_of(text, len), "q", &got, &err);
            struct att_err none = { 0 };
            bool lenient = att_base64_decode(a, ATT_BASE64_LENIENT, att_span_of(text, len), "q", &got, &none);
            cases_check(&run,
                        strict == canonical && lenient && got.len == len - 1 &&
                            got.ptr[len - 2] == (uint8_t)(len == 2 ? v >> 4 : v >> 2),
                        "%s: strict %d", text, strict);
            att_arena_free(a);
        }
    }
}

static size_t encode_by_bits(const uint8_t *bytes, size_t len, const char *last_two, bool pad, char *out)
{
    size_t n = 0;
    for (size_t bit = 0; bit < 8 * len; bit += 6) {
        unsigned v = 0;
        for (size_t i = bit; i < bit + 6; i++)
            v = v << 1 | (i < 8 * len ? (unsigned)bytes[i / 8] >> (7 - i % 8) & 1u : 0);
        out[n++] = (char)(v < 26   ? 'A' + v
                          : v < 52 ? 'a' + v - 26
                          : v < 62 ? '0' + v - 52
                                   : (unsigned char)last_two[v - 62]);
    }
    while (pad && n % 4)
        out[n++] = '=';
    return n;
}

static void check_round_trips(void)
{
    uint64_t state = 0x2545f4914f6cdd1du;

    for (size_t len = 0; len < 300; len++) {
        uint8_t bytes[300];
        char want[500];
        struct att_arena *a = att_arena_new(1 << 16);
        for (size_t i = 0; i < len; i++) {
            state = state * UINT64_C(6364136223846793005) + 1;
            bytes[i] = (uint8_t)(state >> 33);
        }
        for (int standard = 0; standard < 2; standard++) {
            struct att_buf b = { 0 };
            struct att_err err = { 0 };
            struct att_span strictly = { 0 };
            struct att_span leniently = { 0 };
            size_t n = encode_by_bits(bytes, len, standard ? "+/" : "-_", standard, want);
            if (standard)
                att_base64_put(&b, att_span_of(bytes, len));
            else
                att_base64url_put(&b, att_span_of(bytes, len));
            cases_check(&run, !b.failed && att_span_eq(att_buf_span(&b), att_span_of(want, n)),
                        "%zu bytes, standard %d: %.*s", len, standard, (int)b.len, (const char *)b.ptr);
            if (!standard)
                cases_check(&run, att_base64url_size(len) == n, "size of %zu bytes", len);
            enum att_base64 kind = standard ? ATT_BASE64_STANDARD : ATT_BASE64_STRICT;
            bool ok = att_base64_decode(a, kind, att_buf_span(&b), "q", &strictly, &err) &&
                      att_base64_decode(a, ATT_BASE64_LENIENT, att_buf_span(&b), "q", &leniently, &err);
            cases_check(&run,
                        ok && att_span_eq(strictly, att_span_of(bytes, len)) &&
                            att_span_eq(leniently, strictly),
                        "back from %zu bytes, standard %d: %s", len, standard, err.text);
            att_buf_free(&b);
        }
        att_arena_free(a);
    }
    struct att_buf b = { .max = 7 };
    att_base64url_put(&b, att_str("foobar"));
    cases_check(&run, b.failed && b.len == 0, "no room");
    att_buf_free(&b);
}

int main(void)
{
    check_rows();
    check_sentence();
    check_alphabets();
    check_unused_bits();
    check_round_trips();
    return cases_report(&run);
}
